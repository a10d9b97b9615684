"""Square brackets on ragged tensors."""

from .. import raw_ops
from ..tensor import Tensor, convert_to_tensor
from .ragged_tensor import RaggedTensor, known


def getitem(rt, key):
    """rt[key]: integers and slices of rows, slices of what is within, newaxis, ellipsis."""
    keys = list(key) if isinstance(key, (tuple, list)) else [key]
    return _rows(rt, keys)


def _expanded(x, keys):
    """Ellipsis as the whole slices that it stands for."""
    where = [i for i, k in enumerate(keys) if k is Ellipsis]
    if not where:
        return keys
    i = where[0]
    rank = x.shape.ndims
    if rank is None:
        raise ValueError("Ellipsis not supported for unknown shape RaggedTensors")
    used = sum(k is not None and k is not Ellipsis for k in keys)
    return [*keys[:i], *[slice(None)] * max(rank - used, 0), *keys[i + 1 :]]


def _whole(k):
    return isinstance(k, slice) and k.start is None and k.stop is None and k.step in (None, 1)


def _rows(x, keys):
    if not keys:
        return x
    if not isinstance(x, RaggedTensor):
        return x[tuple(keys)]
    keys = _expanded(x, keys)
    if not keys:
        return x
    first, rest = keys[0], keys[1:]
    if first is None:
        inner = _rows(x, rest)
        n = inner.nrows() if isinstance(inner, RaggedTensor) else raw_ops.Shape(input=inner)[0]
        return RaggedTensor.from_uniform_row_length(inner, n, nrows=1)
    if isinstance(first, slice):
        return _columns(x if _whole(first) else _row_slice(x, first), rest)
    if isinstance(first, Tensor) and first.shape.ndims not in (0, None):
        raise TypeError(f"Only integers, slices (`:`), ellipsis and newaxis are valid indices, got {first!r}")
    n, i = known(x.nrows()), known(first)
    if n is not None and i is not None and not -n <= i < n:
        raise IndexError(f"Row key {i} out of bounds")
    starts, limits = x.row_starts()[first], x.row_limits()[first]
    return _rows(x.values[starts:limits], rest)


def _row_slice(x, s):
    starts, limits = x.row_starts()[s], x.row_limits()[s]
    if s.step is not None and not (isinstance(s.step, int) and s.step == 1):
        return gather_pieces(x, starts, limits)
    zero = convert_to_tensor([0], starts.dtype)
    first = raw_ops.ConcatV2(values=[starts, zero], axis=0)[0]
    last = raw_ops.ConcatV2(values=[limits[-1:], raw_ops.Reshape(tensor=first, shape=[1])], axis=0)[0]
    head = raw_ops.Reshape(tensor=first, shape=[1])
    splits = raw_ops.ConcatV2(values=[head, limits], axis=0) - first
    return RaggedTensor._made(x.values[first:last], splits, x._uniform)


def gather_pieces(x, starts, limits):
    """Rows values[starts[i]:limits[i]]."""
    from .ragged_ops import gather

    rows = raw_ops.RaggedRange(
        starts=starts, limits=limits, deltas=convert_to_tensor(1, starts.dtype), Tsplits=starts.dtype
    )
    return RaggedTensor._made(gather(x.values, rows.rt_dense_values), rows.rt_nested_splits)


def _columns(x, keys):
    """Keys for the dimensions after the first."""
    if not keys:
        return x
    if not isinstance(x, RaggedTensor):
        return x[(slice(None), *keys)]
    first, rest = keys[0], keys[1:]
    if first is None:
        from .ragged_ops import expand_dims

        return _columns(expand_dims(x, 1), [slice(None), *rest]) if rest else expand_dims(x, 1)
    if not isinstance(first, slice):
        if x._uniform is None:
            raise ValueError("Cannot index into an inner ragged dimension.")
        from .ragged_ops import gather

        at = convert_to_tensor(first, x.row_splits.dtype)
        length = x.uniform_row_length
        at = raw_ops.FloorMod(x=at, y=length)
        return _columns(gather(x.values, x.row_starts() + at), rest)
    if not _whole(first):
        x = _column_slice(x, first)
    return x.with_values(_columns(x.values, rest)) if rest else x


def _column_slice(x, s):
    dtype = x.row_splits.dtype
    starts, limits, lengths = x.row_starts(), x.row_limits(), x.row_lengths()
    step = 1 if s.step is None else s.step
    if step == 0:
        raise ValueError("slice step cannot be zero")
    forward = step > 0

    def place(value, default):
        if value is None:
            return default
        value = convert_to_tensor(value, dtype)
        low, high = (starts, limits) if forward else (starts - 1, limits - 1)
        at = raw_ops.SelectV2(condition=raw_ops.Less(x=value, y=0), t=value + lengths, e=value + lengths * 0)
        return raw_ops.Maximum(x=low, y=raw_ops.Minimum(x=high, y=starts + at))

    begin = place(s.start, starts if forward else limits - 1)
    end = place(s.stop, limits if forward else starts - 1)
    from .ragged_ops import gather

    rows = raw_ops.RaggedRange(starts=begin, limits=end, deltas=convert_to_tensor(step, dtype), Tsplits=dtype)
    return RaggedTensor._made(gather(x.values, rows.rt_dense_values), rows.rt_nested_splits)
