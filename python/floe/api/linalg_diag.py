"""Diagonals, bands and transposition of matrices."""

import numpy as np

from .. import raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .math_reduce import reduce_sum
from .support import scoped


@export("linalg.diag", "compat.v1.linalg.diag", "compat.v1.matrix_diag")
def diag(diagonal, name="diag", k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT"):
    """Matrices with the given diagonals (k: one, or the lowest and the highest) and `padding_value` elsewhere."""
    diagonal = convert_to_tensor(diagonal)
    padding = False if diagonal.dtype.is_bool and padding_value == 0 else padding_value
    return raw_ops.MatrixDiagV3(
        diagonal=diagonal,
        k=k,
        num_rows=num_rows,
        num_cols=num_cols,
        padding_value=convert_to_tensor(padding, diagonal.dtype),
        align=align,
        name=name,
    )


@export("linalg.diag_part", "compat.v1.linalg.diag_part", "compat.v1.matrix_diag_part")
def diag_part(input, name="diag_part", k=0, padding_value=0, align="RIGHT_LEFT"):
    """The diagonals of matrices (k: one, or the lowest and the highest), padded to one length."""
    input = convert_to_tensor(input)
    padding = False if input.dtype.is_bool and padding_value == 0 else padding_value
    return raw_ops.MatrixDiagPartV3(
        input=input, k=k, padding_value=convert_to_tensor(padding, input.dtype), align=align, name=name
    )


@export("linalg.set_diag", "compat.v1.matrix_set_diag")
def set_diag(input, diagonal, name="set_diag", k=0, align="RIGHT_LEFT"):
    """Matrices with these diagonals put in the place of their own."""
    return raw_ops.MatrixSetDiagV3(input=input, diagonal=diagonal, k=k, align=align, name=name)


@export("linalg.tensor_diag", "compat.v1.diag")
def tensor_diag(diagonal, name=None):
    """A tensor of twice the rank with the given tensor on its diagonal."""
    return raw_ops.Diag(diagonal=diagonal, name=name)


@export("linalg.tensor_diag_part", "compat.v1.diag_part")
def tensor_diag_part(input, name=None):
    """The diagonal of a tensor of even rank: half the rank."""
    return raw_ops.DiagPart(input=input, name=name)


@export("linalg.band_part", "compat.v1.matrix_band_part")
def band_part(input, num_lower, num_upper, name=None):
    """Matrices with zeros outside of a band of so many diagonals below and above (-1: all)."""
    return raw_ops.MatrixBandPart(input=input, num_lower=num_lower, num_upper=num_upper, name=name)


@export("linalg.trace", "compat.v1.trace")
@scoped("Trace", whole=True)
def trace(x, name=None):
    """The sums of the main diagonals of matrices."""
    return reduce_sum(diag_part(x), [-1], name=name or "Trace")


@export("linalg.matrix_transpose", "compat.v1.matrix_transpose", "compat.v1.linalg.transpose")
@scoped("matrix_transpose")
def matrix_transpose(a, name="matrix_transpose", conjugate=False):
    """The last two dimensions changed round; `conjugate` conjugates complex numbers too."""
    a = convert_to_tensor(a)
    op = raw_ops.ConjugateTranspose if conjugate and a.dtype.is_complex else raw_ops.Transpose
    n = a.ndim
    if n is None:
        rank = raw_ops.Rank(input=a)
        batch = raw_ops.Range(start=0, limit=raw_ops.Sub(x=rank, y=2), delta=1)
        ends = raw_ops.Sub(x=rank, y=np.array([1, 2], np.int32))
        return op(x=a, perm=raw_ops.ConcatV2(values=[batch, ends], axis=0), name=name)
    if n < 2:
        raise ValueError(
            f"Argument `a` should be a (batch) matrix with rank >= 2.  Received `a` = {a} with shape: {a.shape}"
        )
    return op(x=a, perm=[*range(n - 2), n - 1, n - 2], name=name)


@export("linalg.adjoint")
@scoped("adjoint")
def adjoint(matrix, name=None):
    """The last two dimensions changed round, of complex numbers the conjugates."""
    return matrix_transpose(matrix, name or "adjoint", conjugate=True)
