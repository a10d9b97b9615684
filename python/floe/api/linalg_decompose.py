"""Decompositions and functions of matrices."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export, resolve
from ..tensor import convert_to_tensor
from .linalg_diag import diag, diag_part
from .linalg_product import matmul
from .math_reduce import reduce_max, reduce_sum
from .support import scoped


@export("linalg.svd", "compat.v1.svd")
def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """The singular values, greatest first, and (with `compute_uv`) the left and right singular vectors."""
    s, u, v = raw_ops.Svd(input=tensor, full_matrices=full_matrices, compute_uv=compute_uv, name=name)
    return (s, u, v) if compute_uv else s


@export("linalg.qr", "compat.v1.qr")
def qr(input, full_matrices=False, name=None):
    """q with orthonormal columns and r upper triangular, whose product is the input."""
    return raw_ops.Qr(input=input, full_matrices=full_matrices, name=name)


@export("linalg.eigh", "compat.v1.self_adjoint_eig")
def eigh(tensor, name=None):
    """The eigenvalues, smallest first, and the eigenvectors of self-adjoint matrices (the lower half is read)."""
    e, v = raw_ops.SelfAdjointEigV2(input=tensor, compute_v=True, name=name)
    return e, v


@export("linalg.eigvalsh", "compat.v1.self_adjoint_eigvals")
def eigvalsh(tensor, name=None):
    """The eigenvalues of self-adjoint matrices, smallest first."""
    e, _ = raw_ops.SelfAdjointEigV2(input=tensor, compute_v=False, name=name)
    return e


def _complex_of(dtype):
    wide = dtypes.complex128 if dtype in (dtypes.float64, dtypes.complex128) else dtypes.complex64
    return wide


@export("linalg.eig", "eig")
def eig(tensor, name=None):
    """The eigenvalues and eigenvectors of square matrices, complex."""
    tensor = convert_to_tensor(tensor)
    e, v = raw_ops.Eig(input=tensor, Tout=_complex_of(tensor.dtype), compute_v=True, name=name)
    return e, v


@export("linalg.eigvals", "eigvals")
def eigvals(tensor, name=None):
    """The eigenvalues of square matrices, complex."""
    tensor = convert_to_tensor(tensor)
    e, _ = raw_ops.Eig(input=tensor, Tout=_complex_of(tensor.dtype), compute_v=False, name=name)
    return e


@export("linalg.eigh_tridiagonal")
@scoped("eigh_tridiagonal")
def eigh_tridiagonal(alpha, beta, eigvals_only=True, select="a", select_range=None, tol=None, name=None):
    """The eigenvalues of the self-adjoint matrix with the diagonal alpha and beta beside it.

    `select` "a" gives all, "i" those with an index in `select_range`, "v" those in the interval (low, high].
    """
    if select not in ("a", "i", "v"):
        raise ValueError("'select must have a value in {'a', 'i', 'v'}.")
    if not eigvals_only:
        raise NotImplementedError(
            "Calculation of eigenvectors is not implemented: pass the whole matrix to tf.linalg.eigh."
        )
    alpha, beta = convert_to_tensor(alpha), convert_to_tensor(beta)
    if alpha.dtype.is_complex:
        alpha = raw_ops.Cast(x=raw_ops.Real(input=alpha, Tout=alpha.dtype.real_dtype), DstT=alpha.dtype)
    below = raw_ops.ConcatV2(values=[raw_ops.ZerosLike(x=_head(alpha)), beta], axis=-1)
    above = raw_ops.ZerosLike(x=alpha)
    matrix = diag(raw_ops.Pack(values=[above, alpha, below], axis=-2), k=(-1, 1), align="LEFT_RIGHT")
    e = eigvalsh(matrix, name=name)
    if select == "a":
        return e
    low, high = select_range
    if select == "i":
        return raw_ops.StridedSlice(input=e, begin=[low], end=[high + 1], strides=[1])
    inside = raw_ops.LogicalAnd(x=raw_ops.Greater(x=e, y=low), y=raw_ops.LessEqual(x=e, y=high))
    return raw_ops.GatherV2(
        params=e, indices=raw_ops.Squeeze(input=raw_ops.Where(condition=inside), axis=[1]), axis=0
    )


def _head(x):
    return raw_ops.StridedSlice(input=x, begin=[0, 0], end=[0, 1], strides=[1, 1], ellipsis_mask=1)


@export("linalg.logm")
def logm(input, name=None):
    """The principal logarithms of square complex matrices."""
    return raw_ops.MatrixLogarithm(input=input, name=name)


@export("linalg.sqrtm", "matrix_square_root")
def sqrtm(input, name=None):
    """The principal square roots of square matrices."""
    return raw_ops.MatrixSquareRoot(input=input, name=name)


# Padé coefficients of exp, and the greatest 1-norm for which they reach the type's precision.
_PADE_7 = [17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0]
_PADE_13 = [
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
]  # fmt: skip


@export("linalg.expm")
@scoped("matrix_exponential")
def expm(input, name=None):
    """The exponentials of square matrices."""
    matrix = convert_to_tensor(input)
    if matrix.ndim is not None and matrix.ndim < 2:
        raise ValueError(f"Input must be at least rank 2, got {matrix.shape}")
    real = matrix.dtype.real_dtype
    double = real == dtypes.float64
    coefficients, limit = (_PADE_13, 5.371920351148152) if double else (_PADE_7, 3.925724783138660)
    size = raw_ops.ComplexAbs(x=matrix, Tout=real) if matrix.dtype.is_complex else raw_ops.Abs(x=matrix)
    norm = reduce_max(reduce_sum(size, -2, True), -1, True)
    ratio = raw_ops.RealDiv(x=norm, y=convert_to_tensor(limit, real))
    halvings = raw_ops.Ceil(x=raw_ops.RealDiv(x=raw_ops.Log(x=ratio), y=convert_to_tensor(np.log(2.0), real)))
    halvings = raw_ops.Maximum(x=halvings, y=convert_to_tensor(0.0, real))
    finite = raw_ops.IsFinite(x=halvings)
    halvings = raw_ops.SelectV2(condition=finite, t=halvings, e=raw_ops.ZerosLike(x=halvings))
    scale = raw_ops.Pow(x=convert_to_tensor(0.5, real), y=halvings)
    scaled = raw_ops.Mul(x=matrix, y=raw_ops.Cast(x=scale, DstT=matrix.dtype))
    result = _pade(scaled, coefficients)
    times = raw_ops.Cast(x=reduce_max(halvings), DstT=dtypes.int32)

    def square(i, m):
        more = raw_ops.Less(x=raw_ops.Cast(x=i, DstT=real), y=halvings)
        return raw_ops.AddV2(x=i, y=1), raw_ops.SelectV2(condition=more, t=matmul(m, m), e=m)

    loop = resolve("while_loop")
    first = convert_to_tensor(0, dtypes.int32)
    _, result = loop(lambda i, m: raw_ops.Less(x=i, y=times), square, [first, result])
    return raw_ops.Identity(input=result, name=name)


def _pade(matrix, coefficients):
    """(V - U)^-1 (V + U), where U holds the odd powers and V the even ones."""
    identity = raw_ops.MatrixDiag(diagonal=raw_ops.OnesLike(x=diag_part(matrix)))
    square = matmul(matrix, matrix)
    c = [convert_to_tensor(x, matrix.dtype) for x in coefficients]
    even, odd, power = None, None, identity
    for i in range(0, len(c), 2):
        v, u = raw_ops.Mul(x=c[i], y=power), raw_ops.Mul(x=c[i + 1], y=power)
        even = v if even is None else raw_ops.AddV2(x=even, y=v)
        odd = u if odd is None else raw_ops.AddV2(x=odd, y=u)
        power = square if i == 0 else matmul(power, square)
    odd = matmul(matrix, odd)
    return raw_ops.MatrixSolve(matrix=raw_ops.Sub(x=even, y=odd), rhs=raw_ops.AddV2(x=even, y=odd))
