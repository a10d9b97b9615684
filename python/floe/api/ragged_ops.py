"""tf.ragged and array operations on ragged tensors."""

import numpy as np

from .. import dtypes, nest, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .ragged_convert import axis_of
from .ragged_partition import splits_of_lengths
from .ragged_tensor import RaggedTensor, known, ragged_or_tensor
from .support import value_of

_made = RaggedTensor._made


def _is(x):
    return isinstance(x, RaggedTensor)


def gather(params, indices):
    """Rows of a tensor or a ragged tensor, by indices of any rank, ragged or not."""
    if _is(indices):
        return indices.with_values(gather(params, indices.values))
    if not _is(params):
        return raw_ops.GatherV2(params=params, indices=indices, axis=0)
    indices = convert_to_tensor(indices)
    if indices.shape.ndims == 0:
        return params[indices]
    if indices.shape.ndims != 1:
        size = raw_ops.Shape(input=indices, out_type=params.row_splits.dtype)
        flat = gather(params, raw_ops.Reshape(tensor=indices, shape=[-1]))
        for k in range(indices.shape.ndims - 1, 0, -1):
            rows = raw_ops.Prod(input=size[:k], axis=0)
            flat = RaggedTensor.from_uniform_row_length(flat, size[k], rows, validate=False)
        return flat
    from .ragged_index import gather_pieces

    starts = raw_ops.GatherV2(params=params.row_starts(), indices=indices, axis=0)
    limits = raw_ops.GatherV2(params=params.row_limits(), indices=indices, axis=0)
    found = gather_pieces(params, starts, limits)
    return _made(found.values, found.row_splits, params._uniform)


def gather_axis(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    """tf.gather with a ragged argument."""
    if batch_dims:
        return _gather_batched(ragged_or_tensor(params), ragged_or_tensor(indices), batch_dims, axis)
    params, indices = ragged_or_tensor(params), ragged_or_tensor(indices)
    if axis in (None, 0):
        return gather(params, indices)
    if not _is(params):
        raise ValueError("tf.gather with ragged indices works along axis 0 of a tensor.")
    axis = axis_of(axis, params.shape.ndims)
    if axis == 0:
        return gather(params, indices)
    if axis == 1:
        raise ValueError("tf.gather of a ragged tensor along axis 1 needs batch_dims=1.")
    inner = params.values
    return params.with_values(
        gather_axis(inner, indices, axis=axis - 1)
        if _is(inner)
        else raw_ops.GatherV2(params=inner, indices=indices, axis=axis - 1)
    )


def _gather_batched(params, indices, batch_dims, axis):
    if batch_dims != 1 or axis not in (None, 1) or not (_is(params) or _is(indices)):
        raise ValueError(
            f"tf.gather of ragged tensors supports batch_dims=1 along axis 1, not batch_dims={batch_dims}, axis={axis}."
        )
    if not _is(params):
        params = RaggedTensor.from_tensor(params, row_splits_dtype=indices.row_splits.dtype)
    if not _is(indices):
        indices = RaggedTensor.from_tensor(indices, row_splits_dtype=params.row_splits.dtype)
    first = gather(params.row_starts(), indices.value_rowids())
    at = raw_ops.Cast(x=indices.values, DstT=first.dtype) + first
    return indices.with_values(gather(params.values, at))


def expand_dims(input, axis):
    rank = input.shape.ndims
    axis = axis_of(axis, None if rank is None else rank + 1)
    if axis == 0:
        return RaggedTensor.from_uniform_row_length(input, input.nrows(), 1, validate=False)
    if axis == 1:
        return RaggedTensor.from_uniform_row_length(input, 1, input.nrows(), validate=False)
    v = input.values
    inner = expand_dims(v, axis - 1) if _is(v) else raw_ops.ExpandDims(input=v, axis=axis - 1)
    return input.with_values(inner)


def _like(values):
    """All ragged, with as many ragged dimensions as the one that has most."""
    values = [ragged_or_tensor(v) for v in values]
    rank = max([v.ragged_rank for v in values if _is(v)] or [0])
    splits = next((v.row_splits.dtype for v in values if _is(v)), dtypes.int64)
    if any(_is(v) and v.row_splits.dtype != splits for v in values):
        splits = dtypes.int64
    return [_as_deep(v, rank, splits) for v in values]


def _as_deep(v, rank, splits):
    if not rank:
        return v
    if not _is(v):
        return RaggedTensor.from_tensor(v, ragged_rank=rank, row_splits_dtype=splits)
    v = v.with_row_splits_dtype(splits)
    if v.ragged_rank < rank:
        v = v.with_values(_as_deep(v.values, rank - 1, splits))
    return v


def concat(values, axis, name=None):
    """The ragged tensors one after the other along an axis."""
    if not isinstance(values, (list, tuple)):
        values = [values]
    values = _like(values)
    if not values:
        raise ValueError("rt_inputs may not be empty.")
    return _concat(values, axis_of(axis, values[0].shape.ndims))


def _concat(values, axis):
    if len(values) == 1:
        return values[0]
    if not _is(values[0]):
        return raw_ops.ConcatV2(values=values, axis=axis)
    if axis == 0:
        inner = _concat([v.values for v in values], 0)
        splits, n = [values[0].row_splits], values[0].row_splits[-1]
        for v in values[1:]:
            splits.append(v.row_splits[1:] + n)
            n = n + v.row_splits[-1]
        return _made(inner, raw_ops.ConcatV2(values=splits, axis=0), _common_width(values))
    if axis > 1:
        for v in values[1:]:
            _same_rows(values[0], v, "Inputs must have identical ragged splits")
        return values[0].with_values(_concat([v.values for v in values], axis - 1))
    k, n = len(values), values[0].nrows()
    every = _concat(values, 0)
    steps = raw_ops.Range(
        start=convert_to_tensor(0, n.dtype), limit=n * k, delta=convert_to_tensor(1, n.dtype)
    )
    order = raw_ops.Reshape(
        tensor=raw_ops.Transpose(x=raw_ops.Reshape(tensor=steps, shape=[k, -1]), perm=[1, 0]), shape=[-1]
    )
    mixed = gather(every, order)
    return _made(mixed.values, mixed.row_splits[::k])


def _common_width(values):
    widths = {v._uniform if isinstance(v._uniform, int) else None for v in values}
    return widths.pop() if len(widths) == 1 else None


@export("ragged.stack")
def stack(values, axis=0, name=None):
    """Tensors and ragged tensors of one rank as the rows (or inner rows) of a new ragged tensor."""
    if not isinstance(values, (list, tuple)):
        values = [values]
    values = [ragged_or_tensor(v) for v in values]
    if not values:
        raise ValueError("rt_inputs may not be empty.")
    rank = values[0].shape.ndims
    axis = axis_of(axis, None if rank is None else rank + 1)
    if all(not _is(v) for v in values) and rank == 1 and axis == 0:
        sizes = [raw_ops.Shape(input=v)[0] for v in values]
        flat = raw_ops.ConcatV2(values=values, axis=0) if len(values) > 1 else values[0]
        return _made(flat, splits_of_lengths(raw_ops.Pack(values=sizes, axis=0)))
    if rank == 0:
        return RaggedTensor.from_tensor(raw_ops.Pack(values=values, axis=0)[None])[0]
    if all(not _is(v) for v in values):
        values = [RaggedTensor.from_tensor(v) for v in values]
    values = _like(values)
    return _concat([expand_dims(v, axis) for v in values], axis)


def tile(input, multiples, name=None):
    counts = value_of(multiples)
    if counts is None:
        raise ValueError(
            "tf.tile of a ragged tensor needs multiples that are known while the graph is recorded."
        )
    x = input
    for axis, m in enumerate(counts.tolist()):
        if m != 1:
            x = _concat([x] * m, axis) if m else _empty(x, axis)
    return x


def _empty(x, axis):
    return x[(slice(None),) * axis + (slice(0, 0),)]


def reverse(tensor, axis, name=None):
    axes = sorted({axis_of(int(a), tensor.shape.ndims) for a in np.asarray(axis).reshape(-1)})
    for a in axes:
        tensor = tensor[(slice(None),) * a + (slice(None, None, -1),)]
    return tensor


def squeeze(input, axis=None, name=None, squeeze_dims=None):
    axis = squeeze_dims if axis is None else axis
    if axis is None:
        raise ValueError("Ragged.squeeze must have an axis argument.")
    for a in sorted({axis_of(a, input.shape.ndims) for a in nest.flatten(axis)}, reverse=True):
        input = _squeezed(input, a)
    return input


def _squeezed(x, axis):
    if not _is(x):
        return raw_ops.Squeeze(input=x, axis=[axis])
    if axis == 0:
        return x.values
    if axis == 1:
        return x.values
    return x.with_values(_squeezed(x.values, axis - 1))


def split(value, num_or_size_splits, axis=0, num=None, name="split"):
    axis = axis_of(axis, value.shape.ndims)
    sizes = known(num_or_size_splits) if not isinstance(num_or_size_splits, (list, tuple)) else None
    if sizes is not None:
        n = value.shape.as_list()[0] if axis == 0 else value._uniform
        if not isinstance(n, int) or n % sizes:
            raise ValueError(f"A ragged tensor of {n} rows cannot be split into {sizes} parts of one size.")
        lengths = [n // sizes] * sizes
    else:
        lengths = [int(x) for x in num_or_size_splits]
    ends = np.cumsum([0, *lengths]).tolist()
    return [value[(slice(None),) * axis + (slice(a, b),)] for a, b in zip(ends[:-1], ends[1:])]


@export("ragged.boolean_mask")
def boolean_mask(data, mask, name=None):
    """What stands where the mask is true, in the rows where it stood."""
    data = ragged_or_tensor(data)
    mask = ragged_or_tensor(mask)
    if mask.dtype != dtypes.bool:
        raise TypeError(f"mask must be bool, got {mask.dtype.name}")
    if mask.shape.ndims is None:
        raise ValueError("mask.shape.ndims must be known statically.")
    if mask.shape.ndims == 0:
        raise ValueError("mask cannot be scalar.")
    return _masked(data, mask)


def _masked(data, mask):
    if not _is(mask) and mask.shape.ndims > 1:
        splits = data.row_splits.dtype if _is(data) else dtypes.int64
        mask = RaggedTensor.from_tensor(mask, row_splits_dtype=splits)
    if not _is(mask):
        rows = raw_ops.Reshape(tensor=raw_ops.Where(condition=mask), shape=[-1])
        return gather(data, rows)
    if not _is(data):
        data = RaggedTensor.from_tensor(data, row_splits_dtype=mask.row_splits.dtype)
    _same_rows(data, mask)
    if isinstance(mask.values, RaggedTensor) or mask.values.shape.ndims > 1:
        return data.with_values(_masked(data.values, mask.values))
    kept = raw_ops.UnsortedSegmentSum(
        data=raw_ops.Cast(x=mask.values, DstT=mask.row_splits.dtype),
        segment_ids=mask.value_rowids(),
        num_segments=mask.nrows(),
    )
    return _made(_masked(data.values, mask.values), splits_of_lengths(kept))


def _same_rows(a, b, text=""):
    from .debug_values import assert_equal

    if a.row_splits is not b.row_splits:
        assert_equal(
            raw_ops.Cast(x=a.row_splits, DstT=dtypes.int64),
            raw_ops.Cast(x=b.row_splits, DstT=dtypes.int64),
            message=text,
        )


@export("ragged.map_flat_values")
def map_flat_values(op, *args, **kwargs):
    """op(*args) on the flat values of the ragged tensors among the arguments, which share their rows."""
    found = [x for x in nest.flatten((args, kwargs)) if _is(x)]
    if not found:
        return op(*args, **kwargs)
    first = found[0]
    for other in found[1:]:
        same_partitions(first, other)
    inner = nest.map_structure(lambda x: x.flat_values if _is(x) else x, (args, kwargs))
    result = op(*inner[0], **inner[1])
    if result.shape.ndims == 0:
        raise ValueError(
            "tf.ragged.map_flat_values requires that the output of `op` have the same outer-dimension size as "
            "flat_values of any ragged inputs. (output shape: (); expected outer dimension size: "
            f"{first.flat_values.shape.as_list()[0]})"
        )
    n, want = result.shape.as_list()[0], first.flat_values.shape.as_list()[0]
    if n is not None and want is not None and n != want:
        raise ValueError(
            "tf.ragged.map_flat_values requires that the output of `op` have the same outer-dimension size as "
            f"flat_values of any ragged inputs. (output shape: {result.shape}; expected outer dimension size: {want})"
        )
    return first.with_flat_values(result)


def same_partitions(a, b):
    if a.ragged_rank != b.ragged_rank:
        raise ValueError(
            f"All ragged inputs must have the same ragged_rank, found {a.ragged_rank} and {b.ragged_rank}."
        )
    while _is(a):
        _same_rows(a, b)
        a, b = a.values, b.values


@export("ragged.range")
def ragged_range(starts, limits=None, deltas=1, dtype=None, name=None, row_splits_dtype=dtypes.int64):
    """Row i is range(starts[i], limits[i], deltas[i]); with one argument: range(starts[i])."""
    if limits is None:
        starts, limits = 0, starts
    starts, limits, deltas = (convert_to_tensor(x, dtype) for x in (starts, limits, deltas))
    order = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)
    kind = max((x.dtype for x in (starts, limits, deltas)), key=lambda d: order.index(d) if d in order else 0)
    parts = [x if x.dtype == kind else raw_ops.Cast(x=x, DstT=kind) for x in (starts, limits, deltas)]
    rows = raw_ops.RaggedRange(
        starts=parts[0],
        limits=parts[1],
        deltas=parts[2],
        Tsplits=dtypes.as_dtype(row_splits_dtype),
        name=name,
    )
    return RaggedTensor.from_row_splits(rows.rt_dense_values, rows.rt_nested_splits, validate=False)


@export("ragged.row_splits_to_segment_ids")
def row_splits_to_segment_ids(splits, name=None, out_type=None):
    """The row of each value."""
    from .ragged_partition import indices, rowids_of_splits

    ids = rowids_of_splits(indices(splits, "splits"))
    return ids if out_type is None else raw_ops.Cast(x=ids, DstT=out_type)


@export("ragged.segment_ids_to_row_splits")
def segment_ids_to_row_splits(segment_ids, num_segments=None, out_type=None, name=None):
    """row_splits from the row of each value."""
    from .ragged_partition import indices, splits_of_rowids

    ids = indices(segment_ids, "segment_ids")
    n = None if num_segments is None else raw_ops.Cast(x=num_segments, DstT=ids.dtype)
    splits = splits_of_rowids(ids, n)
    return splits if out_type is None else raw_ops.Cast(x=splits, DstT=out_type)


@export("ragged.stack_dynamic_partitions")
def stack_dynamic_partitions(data, partitions, num_partitions, name=None):
    """Row i has what `partitions` puts into part i, in order."""
    data, partitions = ragged_or_tensor(data), ragged_or_tensor(partitions)
    rank = partitions.shape.ndims
    if rank is None:
        raise ValueError("partitions must have known rank.")
    if rank == 0:
        data = expand_dims(data, 0) if _is(data) else data[None]
        partitions = partitions[None]
    while partitions.shape.ndims > 1:
        from .ragged_convert import _merged

        data, partitions = _merged(data, 0, 1), _merged(partitions, 0, 1)
    kind = partitions.dtype if partitions.dtype in (dtypes.int32, dtypes.int64) else dtypes.int64
    n = raw_ops.Cast(x=num_partitions, DstT=kind)
    ids = raw_ops.Cast(x=partitions, DstT=kind)
    from .array_sort import argsort

    order = argsort(ids, stable=True)
    return RaggedTensor.from_value_rowids(
        gather(data, order), raw_ops.GatherV2(params=ids, indices=order, axis=0), n, validate=False
    )


from . import ragged_operators  # noqa: E402, F401
