"""Norms of vectors and matrices."""

import numpy as np

from .. import raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .math_reduce import reduce_max, reduce_sum
from .support import either, scoped

_MATRIX_NORMS = ["euclidean", "fro", 1, 2, np.inf]


def _check(ord, axis):
    matrix = isinstance(axis, (tuple, list))
    if matrix:
        axis = tuple(axis)
        if len(axis) != 2 or not all(isinstance(a, (int, np.integer)) for a in axis) or axis[0] == axis[1]:
            raise ValueError(f"'axis' must be None, an integer, or a tuple of 2 unique integers, got {axis}")
        if isinstance(ord, (list, tuple)) or ord not in _MATRIX_NORMS:
            raise ValueError(f"'ord' must be a supported matrix norm in {_MATRIX_NORMS}, got {ord}")
        return axis, True
    if axis is not None and not isinstance(axis, (int, np.integer)):
        raise ValueError("'axis' must be None, an integer, or a tuple of 2 unique integers")
    if not (ord in ("euclidean", 1, 2, np.inf) or not isinstance(ord, str) and ord > 0):
        raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
    return axis, False


@export("linalg.norm", "norm")
@scoped("norm")
def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None):
    """The norm of all elements, of vectors along an axis, or of matrices in two axes."""
    axis, matrix = _check(ord, axis)
    x = convert_to_tensor(tensor)
    keep = bool(keepdims)
    if ord in ("fro", "euclidean", 2) and not (matrix and ord == 2):
        squares = raw_ops.Mul(x=x, y=raw_ops.Conj(input=x) if x.dtype.is_complex else x)
        total = reduce_sum(squares, axis, True)
        out = raw_ops.Sqrt(x=total)
    elif matrix and ord == 2:
        out = _spectral(x, axis)
    else:
        out = _sums(x, ord, axis, matrix)
    if not keep:
        out = raw_ops.Reshape(tensor=out, shape=np.zeros(0, np.int32)) if axis is None else (
            raw_ops.Squeeze(input=out, axis=[axis] if not matrix else list(axis)))  # fmt: skip
    return out


def _magnitude(x):
    return raw_ops.ComplexAbs(x=x, Tout=x.dtype.real_dtype) if x.dtype.is_complex else raw_ops.Abs(x=x)


def _sums(x, ord, axis, matrix):
    x = _magnitude(x)
    if matrix and ord == 1:
        return reduce_max(reduce_sum(x, axis[0], True), axis[-1], True)
    if matrix:
        return reduce_max(reduce_sum(x, axis[1], True), axis[0], True)
    if ord == 1:
        return reduce_sum(x, axis, True)
    if ord == np.inf:
        return reduce_max(x, axis, True)
    power = convert_to_tensor(ord, x.dtype)
    total = reduce_sum(raw_ops.Pow(x=x, y=power), axis, True)
    return raw_ops.Pow(x=total, y=convert_to_tensor(1.0 / ord, x.dtype))


def _spectral(x, axis):
    """The greatest singular value of the matrices in two axes, which are kept."""
    n = x.ndim
    if n is not None:
        axis = [a % n for a in axis]
        order = [i for i in range(n) if i not in axis] + axis
        back = [order.index(i) for i in range(n)]
    else:
        rank = raw_ops.Rank(input=x)
        axis = raw_ops.FloorMod(x=np.array(axis, np.int32), y=rank)
        rest = raw_ops.ListDiff(x=raw_ops.Range(start=0, limit=rank, delta=1), y=axis)[0]
        order = raw_ops.ConcatV2(values=[rest, axis], axis=0)
        back = raw_ops.InvertPermutation(x=order)
    s = raw_ops.Svd(input=raw_ops.Transpose(x=x, perm=order), compute_uv=False)[0]
    top = raw_ops.ExpandDims(input=reduce_max(s, -1, True), axis=-1)
    return raw_ops.Transpose(x=top, perm=back)


@export("compat.v1.norm", "compat.v1.linalg.norm")
def v1_norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None, keep_dims=None):
    """The norm of all elements, of vectors along an axis, or of matrices in two axes."""
    return norm(tensor, ord, axis, either("keepdims", keepdims, "keep_dims", keep_dims), name)


@export("linalg.normalize")
@scoped("normalize")
def normalize(tensor, ord="euclidean", axis=None, name=None):
    """The tensor divided by its norm, and the norm (with the axes kept)."""
    x = convert_to_tensor(tensor)
    length = norm(x, ord, axis, keepdims=True)
    if length.dtype != x.dtype:
        length = raw_ops.Cast(x=length, DstT=x.dtype)
    return raw_ops.RealDiv(x=x, y=length, name=name), length
