"""Ragged tensors to and from tensors and sparse tensors."""

import numpy as np

from .. import dtypes, raw_ops
from ..tensor import Tensor, convert_to_tensor
from ..tensor_shape import TensorShape, as_shape
from .ragged_tensor import RaggedTensor
from .sparse_tensor import SparseTensor
from .support import vector


def _splits_type(dtype):
    dtype = dtypes.as_dtype(dtype)
    if dtype not in (dtypes.int32, dtypes.int64):
        raise ValueError(f"Argument `row_splits` dtype must be int32 or int64. Received {dtype}.")
    return dtype


def from_tensor(tensor, lengths, padding, ragged_rank, row_splits_dtype):
    dtype = _splits_type(row_splits_dtype)
    if lengths is not None and padding is not None:
        raise ValueError("Specify argument `lengths` or `padding`, but not both.")
    if not isinstance(ragged_rank, int):
        raise TypeError(f"Argument `ragged_rank` must be an int. Received {ragged_rank}.")
    if ragged_rank <= 0:
        raise ValueError(f"Argument `ragged_rank` must be greater than 0. Received {ragged_rank}.")
    tensor = convert_to_tensor(tensor)
    rank = tensor.shape.ndims
    if rank is not None and rank <= ragged_rank:
        tensor.shape.with_rank_at_least(ragged_rank + 1)
    if isinstance(lengths, (list, tuple)) and lengths and not _numbers(lengths):
        return _from_nested_lengths(tensor, lengths)
    if ragged_rank > 1:
        return _from_deep(tensor, lengths, padding, ragged_rank, dtype)
    size = raw_ops.Shape(input=tensor, out_type=dtype)
    known = tensor.shape.as_list() if rank is not None else [None, None]
    flat = raw_ops.Reshape(
        tensor=tensor, shape=raw_ops.ConcatV2(values=[convert_to_tensor([-1], dtype), size[2:]], axis=0)
    )
    if padding is not None:
        lengths = _unpadded(tensor, padding, dtype)
    if lengths is None:
        width = known[1] if known[1] is not None else size[1]
        return RaggedTensor.from_uniform_row_length(
            flat, convert_to_tensor(width, dtype), size[0], validate=False
        )
    lengths = raw_ops.Cast(x=convert_to_tensor(lengths), DstT=dtype)
    lengths.shape.assert_has_rank(1)
    lengths = raw_ops.Minimum(x=lengths, y=size[1])
    lengths = raw_ops.Maximum(x=lengths, y=convert_to_tensor(0, dtype))
    limits = raw_ops.Range(
        start=convert_to_tensor(0, dtype), limit=size[0], delta=convert_to_tensor(1, dtype)
    )
    rows = raw_ops.RaggedRange(
        starts=limits * size[1],
        limits=limits * size[1] + lengths,
        deltas=convert_to_tensor(1, dtype),
        Tsplits=dtype,
    )
    values = raw_ops.GatherV2(params=flat, indices=rows.rt_dense_values, axis=0)
    return RaggedTensor._made(values, rows.rt_nested_splits)


def _numbers(lengths):
    return all(
        isinstance(x, (int, np.integer)) or isinstance(x, Tensor) and not x.shape.ndims for x in lengths
    )


def _from_nested_lengths(tensor, nested):
    """Lengths of each of several ragged dimensions."""
    rt = from_tensor(tensor, nested[0], None, 1, dtypes.int64)
    return rt if len(nested) == 1 else rt.with_values(_from_nested_lengths(rt.values, nested[1:]))


def _from_deep(tensor, lengths, padding, ragged_rank, dtype):
    size = raw_ops.Shape(input=tensor, out_type=dtype)
    rows = raw_ops.Reshape(
        tensor=tensor,
        shape=raw_ops.ConcatV2(
            values=[raw_ops.Reshape(tensor=size[0] * size[1], shape=[1]), size[2:]], axis=0
        ),
    )
    known = tensor.shape.as_list() if tensor.shape.ndims is not None else [None, None]
    inner = from_tensor(rows, lengths, padding, ragged_rank - 1, dtype)
    width = known[1] if known[1] is not None else size[1]
    return RaggedTensor.from_uniform_row_length(
        inner, convert_to_tensor(width, dtype), size[0], validate=False
    )


def _unpadded(tensor, padding, dtype):
    """The lengths of the rows without the padding at their ends."""
    padding = convert_to_tensor(padding, tensor.dtype)
    other = raw_ops.NotEqual(x=tensor, y=padding)
    rank = tensor.shape.ndims
    if rank > 2:
        other = raw_ops.Any(input=other, axis=np.arange(2, rank, dtype=np.int32))
    size = raw_ops.Shape(input=tensor, out_type=dtype)
    place = raw_ops.Range(
        start=convert_to_tensor(1, dtype),
        limit=size[1] + convert_to_tensor(1, dtype),
        delta=convert_to_tensor(1, dtype),
    )
    return raw_ops.Max(
        input=raw_ops.ConcatV2(
            values=[
                raw_ops.Cast(x=other, DstT=dtype) * place,
                raw_ops.Fill(
                    dims=raw_ops.Pack(values=[size[0], convert_to_tensor(1, dtype)], axis=0),
                    value=convert_to_tensor(0, dtype),
                ),
            ],
            axis=1,
        ),
        axis=1,
    )


def from_sparse(st_input, row_splits_dtype):
    if not hasattr(st_input, "dense_shape"):
        raise TypeError(
            f"Argument `st_input` must be of type SparseTensor, but is of type {type(st_input).__name__}."
        )
    dtype = _splits_type(row_splits_dtype)
    rank = st_input.shape.ndims
    if rank is not None and rank != 2:
        raise ValueError(f"Shape {st_input.shape} must have rank 2")
    from .debug_values import assert_equal

    rows, columns = st_input.indices[:, 0], st_input.indices[:, 1]
    rt = RaggedTensor.from_value_rowids(
        st_input.values,
        raw_ops.Cast(x=rows, DstT=dtype),
        raw_ops.Cast(x=st_input.dense_shape[0], DstT=dtype),
        validate=False,
    )
    starts = raw_ops.GatherV2(params=rt.row_starts(), indices=rows, axis=0)
    place = raw_ops.Range(
        start=convert_to_tensor(0, dtype),
        limit=raw_ops.Shape(input=columns, out_type=dtype)[0],
        delta=convert_to_tensor(1, dtype),
    )
    assert_equal(
        raw_ops.Cast(x=columns, DstT=dtype),
        place - starts,
        message="SparseTensor is not right-ragged: the values of each row must stand at its beginning, in order",
    )
    return rt


def to_tensor(rt, default_value, shape, name):
    default = "" if rt.dtype == dtypes.string else False if rt.dtype == dtypes.bool else 0
    default = convert_to_tensor(default if default_value is None else default_value, rt.dtype)
    if default.shape.ndims and default.shape.ndims > rt.flat_values.shape.ndims - 1:
        raise ValueError(
            f"default_value's shape {default.shape} must be that of the values in flat_values, {rt.flat_values.shape}[1:]."
        )
    static = None
    if shape is None:
        wanted = convert_to_tensor(-1, dtypes.int64)
    elif isinstance(shape, Tensor):
        wanted = shape
    else:
        static = as_shape(shape)
        if static.ndims is None:
            wanted, static = convert_to_tensor(-1, dtypes.int64), None
        else:
            if static.ndims != rt.shape.ndims:
                raise ValueError(f"rt_input.shape={rt.shape} and shape={static} must have the same rank.")
            wanted = vector([-1 if n is None else n for n in static.as_list()], dtypes.int64)
    result = _padded(rt, default, wanted, name)
    if not hasattr(result, "numpy"):
        known = rt.shape if static is None else _first_known(static, rt.shape)
        result.set_shape(known)
    return result


def _padded(rt, default, shape, name):
    arguments = {
        "row_partition_tensors": list(rt.nested_row_splits),
        "row_partition_types": ["ROW_SPLITS"] * rt.ragged_rank,
    }
    flat = rt.flat_values
    if not (flat.dtype.is_floating or flat.dtype.is_complex):
        return raw_ops.RaggedTensorToTensor(
            shape=shape, values=flat, default_value=default, name=name, **arguments
        )
    # Places first, then a gather, for which gradients are defined.
    size = raw_ops.Shape(input=flat, out_type=dtypes.int64)
    one = convert_to_tensor(1, dtypes.int64)
    places = raw_ops.Range(start=one, limit=size[0] + one, delta=one)
    places = raw_ops.RaggedTensorToTensor(
        shape=shape if shape.shape.ndims == 0 else shape[: rt.ragged_rank + 1],
        values=places,
        default_value=convert_to_tensor(0, dtypes.int64),
        **arguments,
    )
    row = raw_ops.BroadcastTo(
        input=default,
        shape=raw_ops.ConcatV2(values=[raw_ops.Reshape(tensor=one, shape=[1]), size[1:]], axis=0),
    )
    rows = raw_ops.ConcatV2(values=[row, flat], axis=0)
    return raw_ops.GatherV2(params=rows, indices=places, axis=0, name=name)


def _first_known(a, b):
    if b.ndims is None:
        return a
    sizes = zip(a.as_list(), b.as_list())
    return TensorShape([y if x is None else x for x, y in sizes])


def to_sparse(rt, name):
    flat = rt.flat_values
    indices, _, shape = raw_ops.RaggedTensorToSparse(
        rt_nested_splits=list(rt.nested_row_splits), rt_dense_values=flat, name=name
    )
    # The values themselves, so that gradients reach them.
    values = flat if flat.shape.ndims == 1 else raw_ops.Reshape(tensor=flat, shape=[-1])
    return SparseTensor._made(indices, values, shape)


def bounding_shape(rt, axis, out_type):
    dtype = rt.row_splits.dtype if out_type is None else dtypes.as_dtype(out_type)
    sizes = [rt.nrows()]
    level = rt
    while isinstance(level, RaggedTensor):
        padded = raw_ops.ConcatV2(
            values=[convert_to_tensor([0], rt.row_splits.dtype), level.row_lengths()], axis=0
        )
        sizes.append(raw_ops.Max(input=padded, axis=0))
        level = level.values
    outer = raw_ops.Pack(values=sizes, axis=0)
    inner = raw_ops.Shape(input=level, out_type=outer.dtype)[1:]
    box = raw_ops.Cast(x=raw_ops.ConcatV2(values=[outer, inner], axis=0), DstT=dtype)
    return box if axis is None else raw_ops.GatherV2(params=box, indices=axis, axis=0)


def axis_of(axis, rank, name="axis"):
    """The axis counted from the front."""
    if not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{name} must be an int; got {type(axis).__name__}")
    if rank is None:
        if axis < 0:
            raise ValueError(f"{name}={axis} is negative, but the rank is not known.")
        return int(axis)
    if not -rank <= axis < rank:
        raise ValueError(f"{name}={axis} out of bounds: expected {-rank}<={name}<{rank}")
    return int(axis) % rank


def merge_dims(x, outer_axis, inner_axis):
    rank = x.shape.ndims
    outer, inner = axis_of(outer_axis, rank, "outer_axis"), axis_of(inner_axis, rank, "inner_axis")
    if outer > inner:
        raise ValueError(
            f"Expected outer_axis ({outer_axis}) to be less than or equal to inner_axis ({inner_axis})"
        )
    return _merged(x, outer, inner)


def _merged(x, outer, inner):
    if outer == inner:
        return x
    if not isinstance(x, RaggedTensor):
        size = raw_ops.Shape(input=x)
        shape = raw_ops.ConcatV2(values=[size[:outer], [-1], size[inner + 1 :]], axis=0)
        return raw_ops.Reshape(tensor=x, shape=shape)
    if outer > 0:
        if outer == 1 and isinstance(x.values, RaggedTensor):
            # The rows of the values become the parts of longer rows.
            joined = raw_ops.GatherV2(params=x.values.row_splits, indices=x.row_splits, axis=0)
            once = RaggedTensor._made(x.values.values, joined)
            return _merged(once, 1, inner - 1)
        if outer == 1:
            size = raw_ops.Shape(input=x.values, out_type=x.row_splits.dtype)
            flat = _merged(x.values, 0, inner - 1)
            width = raw_ops.Prod(input=size[1:inner], axis=0)
            return RaggedTensor._made(flat, x.row_splits * width)
        return x.with_values(_merged(x.values, outer - 1, inner - 1))
    return _merged(x.values, 0, inner - 1)
