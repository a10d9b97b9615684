"""Systems of linear equations, inverses and determinants."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export, resolve
from ..tensor import convert_to_tensor
from .linalg_diag import diag_part, matrix_transpose, set_diag
from .linalg_product import matmul
from .math_reduce import reduce_max, reduce_sum
from .support import scoped, value_of


@export("linalg.inv", "compat.v1.matrix_inverse")
def inv(input, adjoint=False, name=None):
    """The inverses of square matrices (of their adjoints)."""
    return raw_ops.MatrixInverse(input=input, adjoint=adjoint, name=name)


@export("linalg.det", "compat.v1.matrix_determinant")
def det(input, name=None):
    """The determinants of square matrices."""
    return raw_ops.MatrixDeterminant(input=input, name=name)


@export("linalg.slogdet")
def slogdet(input, name=None):
    """The signs and the logarithms of the absolute values of determinants."""
    return raw_ops.LogMatrixDeterminant(input=input, name=name)


@export("linalg.logdet")
@scoped("logdet")
def logdet(matrix, name=None):
    """The logarithms of the determinants of positive definite matrices."""
    chol = raw_ops.Cholesky(input=matrix)
    diagonal = diag_part(chol)
    if diagonal.dtype.is_complex:
        diagonal = raw_ops.Real(input=diagonal, Tout=diagonal.dtype.real_dtype)
    total = reduce_sum(raw_ops.Log(x=diagonal), [-1])
    return raw_ops.Mul(x=convert_to_tensor(2.0, total.dtype), y=total, name=name)


@export("linalg.solve", "compat.v1.matrix_solve")
def solve(matrix, rhs, adjoint=False, name=None):
    """x with matrix x = rhs (with the adjoint of the matrix if `adjoint`)."""
    return raw_ops.MatrixSolve(matrix=matrix, rhs=rhs, adjoint=adjoint, name=name)


@export("linalg.triangular_solve", "compat.v1.matrix_triangular_solve")
@scoped("triangular_solve")
def triangular_solve(matrix, rhs, lower=True, adjoint=False, name=None):
    """x with matrix x = rhs for triangular matrices, of which only the one half is read."""
    return raw_ops.MatrixTriangularSolve(matrix=matrix, rhs=rhs, lower=lower, adjoint=adjoint, name=name)


@export("linalg.banded_triangular_solve")
def banded_triangular_solve(bands, rhs, lower=True, adjoint=False, name=None):
    """x with A x = rhs for triangular matrices given by their diagonals."""
    return raw_ops.BandedTriangularSolve(matrix=bands, rhs=rhs, lower=lower, adjoint=adjoint, name=name)


@export("linalg.cholesky", "compat.v1.cholesky")
def cholesky(input, name=None):
    """The lower triangular L with L L* = input, for positive definite matrices."""
    return raw_ops.Cholesky(input=input, name=name)


@export("linalg.cholesky_solve", "compat.v1.cholesky_solve")
@scoped("cholesky_solve")
def cholesky_solve(chol, rhs, name=None):
    """x with A x = rhs, where `chol` is the Cholesky factor of A."""
    y = raw_ops.MatrixTriangularSolve(matrix=chol, rhs=rhs, adjoint=False, lower=True)
    return raw_ops.MatrixTriangularSolve(matrix=chol, rhs=y, adjoint=True, lower=True, name=name)


@export("linalg.lstsq", "compat.v1.matrix_solve_ls")
@scoped("matrix_solve_ls")
def lstsq(matrix, rhs, l2_regularizer=0.0, fast=True, name=None):
    """The least-squares solution of matrix x = rhs, of many the one with the smallest norm.

    `fast` solves the normal equations by Cholesky (with the regularizer), otherwise singular values are found.
    """
    matrix, rhs = convert_to_tensor(matrix), convert_to_tensor(rhs)
    if not fast:
        eps = float(np.finfo(matrix.dtype.as_numpy_dtype).eps)
        return matmul(pinv(matrix, rcond=10 * eps), rhs, name=name)

    def tall():
        gram = _regularized(matmul(matrix, matrix, adjoint_a=True), l2_regularizer)
        return cholesky_solve(raw_ops.Cholesky(input=gram), matmul(matrix, rhs, adjoint_a=True), name=name)

    def wide():
        gram = _regularized(matmul(matrix, matrix, adjoint_b=True), l2_regularizer)
        return matmul(matrix, cholesky_solve(raw_ops.Cholesky(input=gram), rhs), adjoint_a=True, name=name)

    rows, columns = matrix.shape[-2], matrix.shape[-1]
    if rows is not None and columns is not None:
        return tall() if rows >= columns else wide()
    rows, columns = raw_ops.Unpack(value=_ends(raw_ops.Shape(input=matrix)), num=2)
    return resolve("cond")(raw_ops.GreaterEqual(x=rows, y=columns), tall, wide)


def _ends(shape):
    return raw_ops.StridedSlice(input=shape, begin=[-2], end=[0], strides=[1], end_mask=1)


def _regularized(gram, l2_regularizer):
    known = value_of(l2_regularizer)
    if known is not None and known == 0:
        return gram
    extra = raw_ops.Cast(x=l2_regularizer, DstT=gram.dtype)
    return set_diag(gram, raw_ops.AddV2(x=diag_part(gram), y=extra))


@export("linalg.tridiagonal_solve")
@scoped("tridiagonal_solve")
def tridiagonal_solve(
    diagonals,
    rhs,
    diagonals_format="compact",
    transpose_rhs=False,
    conjugate_rhs=False,
    name=None,
    partial_pivoting=True,
    perturb_singular=False,
):
    """x with A x = rhs for matrices with three diagonals, given together, one by one, or as whole matrices."""
    if perturb_singular and not partial_pivoting:
        raise ValueError("partial_pivoting must be True if perturb_singular is True.")
    diagonals = _diagonals(diagonals, diagonals_format)
    rhs = convert_to_tensor(rhs)
    ranks = rhs.ndim, diagonals.ndim
    vectors = None not in ranks and ranks[0] == ranks[1] - 1
    if vectors:
        rhs = raw_ops.ExpandDims(input=rhs, axis=-1)
    elif transpose_rhs:
        rhs = matrix_transpose(rhs, conjugate=conjugate_rhs)
    if conjugate_rhs and rhs.dtype.is_complex and (vectors or not transpose_rhs):
        rhs = raw_ops.Conj(input=rhs)
    arguments = {"perturb_singular": True} if perturb_singular else {}
    x = raw_ops.TridiagonalSolve(
        diagonals=diagonals, rhs=rhs, partial_pivoting=partial_pivoting, name=name, **arguments
    )
    return raw_ops.Squeeze(input=x, axis=[-1]) if vectors else x


def _diagonals(diagonals, form):
    """[..., 3, n]: the diagonals above, on and below the main one."""
    if form == "compact":
        return convert_to_tensor(diagonals)
    if form == "matrix":
        return diag_part(diagonals, k=(-1, 1), padding_value=0, align="LEFT_RIGHT")
    if form != "sequence":
        raise ValueError(f"Unrecognized diagonals_format: {form}")
    if len(diagonals) != 3:
        raise ValueError(f"Expected diagonals to be a sequence of length 3, got {len(diagonals)}.")
    above, main, below = (convert_to_tensor(d) for d in diagonals)
    n = main.shape[-1]
    pad = [[0, 0]] * (main.ndim - 1)
    if above.shape[-1] == n - 1:
        above = raw_ops.Pad(input=above, paddings=[*pad, [0, 1]])
    if below.shape[-1] == n - 1:
        below = raw_ops.Pad(input=below, paddings=[*pad, [1, 0]])
    return raw_ops.Pack(values=[above, main, below], axis=-2)


@export("linalg.tridiagonal_matmul")
@scoped("tridiagonal_matmul")
def tridiagonal_matmul(diagonals, rhs, diagonals_format="compact", name=None):
    """The product of a matrix with three diagonals and rhs."""
    d = _diagonals(diagonals, diagonals_format)
    above, main, below = raw_ops.Unpack(value=d, num=3, axis=-2)
    parts = [raw_ops.ExpandDims(input=x, axis=-2) for x in (above, main, below)]
    return raw_ops.TridiagonalMatMul(
        superdiag=parts[0], maindiag=parts[1], subdiag=parts[2], rhs=rhs, name=name
    )


@export("linalg.lu")
def lu(input, output_idx_type=dtypes.int32, name=None):
    """L and U in one matrix (lu), and the order of the rows (p)."""
    return raw_ops.Lu(input=input, output_idx_type=dtypes.as_dtype(output_idx_type), name=name)


def _triangles(lower_upper):
    ones = raw_ops.OnesLike(x=diag_part(lower_upper))
    lower = set_diag(raw_ops.MatrixBandPart(input=lower_upper, num_lower=-1, num_upper=0), ones)
    return lower, raw_ops.MatrixBandPart(input=lower_upper, num_lower=0, num_upper=-1)


@export("linalg.lu_reconstruct")
@scoped("lu_reconstruct")
def lu_reconstruct(lower_upper, perm, validate_args=False, name=None):
    """The matrices that were decomposed into L, U and an order of rows."""
    lower_upper, perm = convert_to_tensor(lower_upper), convert_to_tensor(perm)
    lower, upper = _triangles(lower_upper)
    return _permuted(matmul(lower, upper), perm, inverse=True)


def _permuted(x, perm, inverse=False):
    """The rows of matrices in another order, or put back from there."""
    n = perm.ndim
    if n == 1:
        order = raw_ops.InvertPermutation(x=perm) if inverse else perm
        return raw_ops.GatherV2(params=x, indices=order, axis=-2)
    length = _last(raw_ops.Shape(input=perm))
    if n is not None:
        order = raw_ops.TopKV2(input=raw_ops.Neg(x=perm), k=length, sorted=True)[1] if inverse else perm
        return raw_ops.GatherV2(params=x, indices=order, axis=n - 1, batch_dims=n - 1)
    one, zero = convert_to_tensor(1, x.dtype), convert_to_tensor(0, x.dtype)
    exchange = raw_ops.OneHot(indices=perm, depth=length, on_value=one, off_value=zero)
    return matmul(exchange, x, transpose_a=inverse)


def _last(x):
    return raw_ops.StridedSlice(input=x, begin=[-1], end=[0], strides=[1], shrink_axis_mask=1, end_mask=1)


@export("linalg.lu_solve")
@scoped("lu_solve")
def lu_solve(lower_upper, perm, rhs, validate_args=False, name=None):
    """x with A x = rhs, where A was decomposed into L, U and an order of rows."""
    lower_upper, perm, rhs = (convert_to_tensor(x) for x in (lower_upper, perm, rhs))
    lower, upper = _triangles(lower_upper)
    picked = _permuted(rhs, perm)
    y = raw_ops.MatrixTriangularSolve(matrix=lower, rhs=picked, lower=True)
    return raw_ops.MatrixTriangularSolve(matrix=upper, rhs=y, lower=False, name=name)


@export("linalg.lu_matrix_inverse")
@scoped("lu_matrix_inverse")
def lu_matrix_inverse(lower_upper, perm, validate_args=False, name=None):
    """The inverses of the matrices that were decomposed into L, U and an order of rows."""
    lower_upper, perm = convert_to_tensor(lower_upper), convert_to_tensor(perm)
    identity = raw_ops.MatrixDiag(diagonal=raw_ops.OnesLike(x=diag_part(lower_upper)))
    return lu_solve(lower_upper, perm, identity, name=name)


@export("linalg.pinv")
@scoped("pinv")
def pinv(a, rcond=None, validate_args=False, name=None):
    """The pseudo-inverses of matrices; singular values up to rcond times the greatest count as 0."""
    a = convert_to_tensor(a)
    if not (a.dtype.is_floating or a.dtype.is_complex):
        raise TypeError(f"Input `a` must have `float`-like `dtype` (saw {a.dtype.name}).")
    real = a.dtype.real_dtype
    if rcond is None:
        eps = 10.0 * float(np.finfo(real.as_numpy_dtype).eps)
        known = [] if a.ndim is None else a.shape.as_list()[-2:]
        if known and None not in known:
            rcond = max(known) * eps
        else:
            n = raw_ops.Cast(x=reduce_max(_ends(raw_ops.Shape(input=a))), DstT=real)
            rcond = raw_ops.Mul(x=n, y=convert_to_tensor(eps, real))
    rcond = convert_to_tensor(rcond, real)
    s, u, v = raw_ops.Svd(input=a, full_matrices=False, compute_uv=True)
    cutoff = raw_ops.Mul(x=rcond, y=reduce_max(s, -1))
    large = raw_ops.Greater(x=s, y=raw_ops.ExpandDims(input=cutoff, axis=-1))
    infinite = convert_to_tensor(np.inf, real)
    s = raw_ops.SelectV2(condition=large, t=s, e=infinite)
    s = raw_ops.ExpandDims(input=s, axis=-2)
    s = raw_ops.Cast(x=s, DstT=a.dtype) if a.dtype.is_complex else s
    return matmul(raw_ops.RealDiv(x=v, y=s), u, adjoint_b=True, name=name)


@export("linalg.matrix_rank")
@scoped("matrix_rank")
def matrix_rank(a, tol=None, validate_args=False, name=None):
    """How many singular values are greater than tol (a multiple of the greatest by default)."""
    a = convert_to_tensor(a)
    s = raw_ops.Svd(input=a, compute_uv=False)[0]
    if tol is None:
        n = raw_ops.Cast(x=reduce_max(_ends(raw_ops.Shape(input=a))), DstT=s.dtype)
        eps = convert_to_tensor(np.finfo(s.dtype.as_numpy_dtype).eps, s.dtype)
        tol = raw_ops.Mul(x=raw_ops.Mul(x=eps, y=n), y=reduce_max(s, -1, True))
    return reduce_sum(raw_ops.Cast(x=raw_ops.Greater(x=s, y=tol), DstT=dtypes.int32), -1, name=name)
