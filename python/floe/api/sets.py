"""tf.sets: the last dimension as sets."""

from .. import raw_ops
from ..export import export
from . import compose as c


def _is_sparse(x):
    return hasattr(x, "dense_shape")


def _parts(n, x):
    return {f"set{n}_indices": x.indices, f"set{n}_values": x.values, f"set{n}_shape": x.dense_shape}


def _operation(a, b, operation, validate):
    a, b = (x if _is_sparse(x) else c.tensor(x) for x in (a, b))
    if a.dtype != b.dtype:
        raise TypeError(f"Types don't match, {a.dtype} vs {b.dtype}.")
    if _is_sparse(a) and not _is_sparse(b):
        a, b = b, a
        operation = {"a-b": "b-a", "b-a": "a-b"}.get(operation, operation)
    args = dict(set_operation=operation, validate_indices=validate)
    if _is_sparse(a):
        result = raw_ops.SparseToSparseSetOperation(**_parts(1, a), **_parts(2, b), **args)
    elif _is_sparse(b):
        result = raw_ops.DenseToSparseSetOperation(set1=a, **_parts(2, b), **args)
    else:
        result = raw_ops.DenseToDenseSetOperation(set1=a, set2=b, **args)
    return c.public("SparseTensor")(*result)


@export("sets.intersection", "compat.v1.sets.set_intersection")
def intersection(a, b, validate_indices=True):
    """What is in both sets of each row, as a SparseTensor."""
    return _operation(a, b, "intersection", validate_indices)


@export("sets.difference", "compat.v1.sets.set_difference")
def difference(a, b, aminusb=True, validate_indices=True):
    """What is in a but not in b (or the other way round), as a SparseTensor."""
    return _operation(a, b, "a-b" if aminusb else "b-a", validate_indices)


@export("sets.union", "compat.v1.sets.set_union")
def union(a, b, validate_indices=True):
    """What is in either set of each row, as a SparseTensor."""
    return _operation(a, b, "union", validate_indices)


@export("sets.size", "compat.v1.sets.set_size")
def size(a, validate_indices=True):
    """The number of different elements of each row of a SparseTensor."""
    if not _is_sparse(a):
        raise TypeError(f"Expected `SparseTensor`, got {a!s}.")
    if a.values.dtype.is_integer and a.values.dtype.name in ("uint32", "uint64"):
        raise TypeError(f"Invalid dtype {a.values.dtype}.")
    return raw_ops.SetSize(
        set_indices=a.indices,
        set_values=a.values,
        set_shape=a.dense_shape,
        validate_indices=validate_indices,
    )
