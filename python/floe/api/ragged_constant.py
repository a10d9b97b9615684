"""tf.ragged.constant."""

import numpy as np

from .. import dtypes
from ..export import export
from ..tensor import convert_to_tensor
from .context import eager_mode
from .ragged_operators import RaggedTensor, RaggedTensorValue


def _nested(x):
    return isinstance(x, (list, tuple)) or isinstance(x, np.ndarray) and x.ndim > 0


def _depths(x):
    """(depth of the scalars or None, the deepest nesting)"""
    if not _nested(x):
        return 0, 0
    scalar, deepest = None, 1
    for item in x:
        s, d = _depths(item)
        if s is not None:
            if scalar is not None and scalar != s + 1:
                raise ValueError("all scalar values must have the same nesting depth")
            scalar = s + 1
        deepest = max(deepest, d + 1)
    return scalar, deepest


def _inner_shape(rows, depth):
    """The common shape of what stands below the ragged dimensions."""
    if depth == 0 or not rows:
        return ()
    shapes = set()
    for r in rows:
        a = np.shape(r)
        shapes.add(a)
    return shapes.pop() if len(shapes) == 1 else ()


def _build(pylist, dtype, ragged_rank, inner_shape, make):
    if isinstance(pylist, np.ndarray):
        pylist = pylist.tolist()
    scalar, deepest = _depths(pylist)
    if scalar is not None and deepest > scalar:
        raise ValueError(f"Invalid pylist={pylist}: empty list nesting is greater than scalar value nesting")
    if ragged_rank is not None and deepest < ragged_rank:
        raise ValueError(f"Invalid pylist={pylist}: nesting is too shallow for ragged_rank={ragged_rank}")
    if inner_shape is not None and ragged_rank is not None:
        expected = ragged_rank + 1 + len(inner_shape)
        if scalar is not None and expected != scalar or scalar is None and expected < deepest:
            raise ValueError(
                f"Invalid pylist={pylist}: incompatible with ragged_rank={ragged_rank} and dim(inner_shape)="
                f"{len(inner_shape)}"
            )
    if not deepest or ragged_rank == 0:
        return _array(pylist, dtype)
    if ragged_rank is None:
        given = 0 if inner_shape is None else len(inner_shape)
        ragged_rank = max(1, deepest - 1 - given)
        if inner_shape is not None and deepest - 1 - given < 1:
            return _array(pylist, dtype)
        if inner_shape is None and deepest == 1:
            return _array(pylist, dtype)
    nested, rows = [], pylist
    for _ in range(ragged_rank):
        lengths = [len(r) for r in rows]
        nested.append(np.cumsum([0, *lengths]))
        rows = [x for r in rows for x in r]
    if inner_shape is None:
        inner_shape = _inner_shape(rows, deepest - ragged_rank - 1)
    if inner_shape and not rows:
        rows = np.zeros((0, *inner_shape), "float32" if dtype is None else dtype.as_numpy_dtype)
    return make(_array(rows, dtype), nested)


def _array(values, dtype):
    try:
        t = (
            convert_to_tensor(values, dtype)
            if not isinstance(values, np.ndarray)
            else convert_to_tensor(values)
        )
    except ValueError as e:
        raise ValueError(f"Can't convert non-rectangular Python sequence to Tensor. {e}") from None
    if dtype is not None and t.dtype != dtype:
        t = convert_to_tensor(values.astype(dtype.as_numpy_dtype))
    return t


@export("ragged.constant")
def constant(
    pylist, dtype=None, ragged_rank=None, inner_shape=None, name=None, row_splits_dtype=dtypes.int64
):
    """Nested lists of one depth as a ragged tensor; the innermost dimensions of equal size may be uniform (inner_shape)."""
    splits = dtypes.as_dtype(row_splits_dtype)
    dtype = None if dtype is None else dtypes.as_dtype(dtype)

    def make(flat, nested):
        for s in reversed(nested):
            flat = RaggedTensor._made(flat, convert_to_tensor(s.astype(splits.as_numpy_dtype)))
        return flat

    return _build(pylist, dtype, ragged_rank, inner_shape, make)


@export("compat.v1.ragged.constant_value")
def constant_value(pylist, dtype=None, ragged_rank=None, inner_shape=None, row_splits_dtype="int64"):
    """Nested lists of one depth as a RaggedTensorValue."""
    splits = np.dtype(row_splits_dtype)
    wanted = None if dtype is None else dtypes.as_dtype(dtype)

    def make(flat, nested):
        value = flat.numpy()
        for s in reversed(nested):
            value = RaggedTensorValue(value, s.astype(splits))
        return value

    with eager_mode():
        result = _build(pylist, wanted, ragged_rank, inner_shape, make)
        return result if isinstance(result, RaggedTensorValue) else result.numpy()
