"""Reductions of ragged tensors, and elementwise operations with tensors beside them."""

from .. import dtypes, nest, raw_ops
from ..tensor import Tensor, convert_to_tensor
from .ragged_convert import axis_of
from .ragged_ops import expand_dims, same_partitions
from .ragged_partition import splits_of_lengths
from .ragged_tensor import RaggedTensor, ragged_or_tensor

_made = RaggedTensor._made


def _is(x):
    return isinstance(x, RaggedTensor)


def _segments(op, data, ids, n):
    """The reduction of the rows of each segment; ragged rows are lined up at their beginnings."""
    if not _is(data):
        return getattr(raw_ops, op)(data=data, segment_ids=ids, num_segments=n)
    kind = data.row_splits.dtype
    lengths = data.row_lengths()
    longest = raw_ops.UnsortedSegmentMax(data=lengths, segment_ids=ids, num_segments=n)
    longest = raw_ops.Maximum(x=longest, y=convert_to_tensor(0, kind))
    splits = splits_of_lengths(longest)
    rows = data.value_rowids()
    total = raw_ops.Shape(input=rows, out_type=kind)[0]
    place = raw_ops.Range(start=convert_to_tensor(0, kind), limit=total, delta=convert_to_tensor(1, kind))
    within = place - raw_ops.GatherV2(params=data.row_starts(), indices=rows, axis=0)
    segment = raw_ops.GatherV2(params=raw_ops.Cast(x=ids, DstT=kind), indices=rows, axis=0)
    target = raw_ops.GatherV2(params=splits, indices=segment, axis=0) + within
    return _made(_segments(op, data.values, target, splits[-1]), splits)


def _along(op, dense_op, x, axis):
    if not _is(x):
        return getattr(raw_ops, dense_op)(input=x, axis=axis)
    kind = x.row_splits.dtype
    if axis == 0:
        ids = raw_ops.Fill(
            dims=raw_ops.Reshape(tensor=x.nrows(), shape=[1]), value=convert_to_tensor(0, kind)
        )
        return _segments(op, x, ids, convert_to_tensor(1, kind)).values
    if axis == 1:
        return _segments(op, x.values, x.value_rowids(), x.nrows())
    return x.with_values(_along(op, dense_op, x.values, axis - 1))


def _axes(x, axis):
    rank = x.shape.ndims
    if isinstance(axis, Tensor) or hasattr(axis, "tolist"):
        axis = (axis.numpy() if isinstance(axis, Tensor) else axis).tolist()
    return sorted({axis_of(a, rank) for a in nest.flatten(axis)}, reverse=True)


def reduce(op, dense_op, x, axis, keepdims):
    """Along one or some axes, or (None) over all values."""
    if axis is None:
        flat = x.flat_values
        every = list(range(flat.shape.ndims))
        result = getattr(raw_ops, dense_op)(input=flat, axis=every)
        if keepdims:
            for _ in range(x.shape.ndims):
                result = raw_ops.ExpandDims(input=result, axis=0)
        return result
    for a in _axes(x, axis):
        x = _along(op, dense_op, x, a)
        if keepdims:
            x = expand_dims(x, a) if _is(x) else raw_ops.ExpandDims(input=x, axis=a)
    return x


def _reduction(op, dense_op):
    def call(function, input_tensor, axis=None, keepdims=None, name=None, **old):
        axis = old.get("reduction_indices", axis) if axis is None else axis
        keepdims = old.get("keep_dims", keepdims) if keepdims is None else keepdims
        return reduce(op, dense_op, input_tensor, axis, keepdims)

    return call


def _flat(x, f):
    return x.with_flat_values(f(x.flat_values)) if _is(x) else f(x)


def _both(a, b, f):
    return a.with_flat_values(f(a.flat_values, b.flat_values)) if _is(a) else f(a, b)


def _mean(x, axis, keepdims):
    total = reduce("UnsortedSegmentSum", "Sum", x, axis, keepdims)
    ones = x.with_flat_values(raw_ops.OnesLike(x=x.flat_values))
    return _both(total, reduce("UnsortedSegmentSum", "Sum", ones, axis, keepdims), lambda a, b: a / b)


def reduce_mean(function, input_tensor, axis=None, keepdims=None, name=None):
    return _mean(input_tensor, axis, keepdims)


def _variance(x, axis, keepdims):
    x = x if x.dtype.is_floating else x.with_flat_values(raw_ops.Cast(x=x.flat_values, DstT=dtypes.float32))
    square = _mean(x.with_flat_values(raw_ops.Square(x=x.flat_values)), axis, keepdims)
    mean = _flat(_mean(x, axis, keepdims), lambda v: raw_ops.Square(x=v))
    return _both(square, mean, lambda a, b: raw_ops.Maximum(x=a - b, y=convert_to_tensor(0, a.dtype)))


def reduce_variance(function, input_tensor, axis=None, keepdims=False, name=None):
    return _variance(input_tensor, axis, keepdims)


def reduce_std(function, input_tensor, axis=None, keepdims=False, name=None):
    return _flat(_variance(input_tensor, axis, keepdims), lambda v: raw_ops.Sqrt(x=v))


def _logical(op, dense_op):
    def call(function, input_tensor, axis=None, keepdims=None, name=None):
        number = input_tensor.with_flat_values(raw_ops.Cast(x=input_tensor.flat_values, DstT=dtypes.int32))
        result = reduce(op, dense_op, number, axis, keepdims)
        return _flat(result, lambda v: raw_ops.NotEqual(x=v, y=0))

    return call


REDUCTIONS = {
    "reduce_sum": _reduction("UnsortedSegmentSum", "Sum"),
    "reduce_prod": _reduction("UnsortedSegmentProd", "Prod"),
    "reduce_max": _reduction("UnsortedSegmentMax", "Max"),
    "reduce_min": _reduction("UnsortedSegmentMin", "Min"),
    "reduce_mean": reduce_mean,
    "reduce_variance": reduce_variance,
    "reduce_std": reduce_std,
    "reduce_any": _logical("UnsortedSegmentSum", "Sum"),
    "reduce_all": _logical("UnsortedSegmentProd", "Prod"),
}


def _spread(x, like):
    """A tensor of lower or equal rank as what stands beside the flat values of a ragged tensor."""
    rank = like.shape.ndims
    if x.shape.ndims is None or rank is None:
        raise ValueError("Unable to broadcast: unknown rank")
    if x.shape.ndims > rank:
        raise ValueError(
            f"A tensor of rank {x.shape.ndims} cannot be broadcast to a ragged tensor of rank {rank}."
        )
    if x.shape.ndims < rank:
        size = raw_ops.Shape(input=x)
        ones = convert_to_tensor([1] * (rank - x.shape.ndims), size.dtype)
        x = raw_ops.Reshape(tensor=x, shape=raw_ops.ConcatV2(values=[ones, size], axis=0))
        x.set_shape([1] * (rank - len(x.shape.as_list())) + x.shape.as_list())
    level = like
    while _is(level):
        x = _spread_rows(x, level)
        level = level.values
    return x


def _spread_rows(x, level):
    """x [rows or 1, columns or 1, ...] as [values or 1, ...]."""
    from .debug_values import assert_equal

    kind = level.row_splits.dtype
    rows, columns = x.shape.as_list()[:2]
    if columns == 1:
        x = raw_ops.Squeeze(input=x, axis=[1])
        return x if rows == 1 else raw_ops.GatherV2(params=x, indices=level.value_rowids(), axis=0)
    size = raw_ops.Shape(input=x, out_type=kind)
    n = level.nrows()
    if rows == 1:
        target = raw_ops.ConcatV2(values=[raw_ops.Reshape(tensor=n, shape=[1]), size[1:]], axis=0)
        x = raw_ops.BroadcastTo(input=x, shape=target)
    one = convert_to_tensor(1, kind)
    wanted = raw_ops.Range(start=convert_to_tensor(0, kind), limit=n + one, delta=one) * size[1]
    assert_equal(wanted, level.row_splits, message="")
    shape = raw_ops.ConcatV2(values=[convert_to_tensor([-1], kind), size[2:]], axis=0)
    return raw_ops.Reshape(tensor=x, shape=shape)


def operands(args):
    """(the ragged tensor whose rows the result has, arguments in the place of these)"""
    kind = next(a.dtype for a in args if _is(a))
    args = [a if _is(a) or isinstance(a, Tensor) else _typed(a, kind) for a in args]
    first = max((a for a in args if _is(a)), key=lambda a: a.ragged_rank)
    out = []
    for a in args:
        if _is(a):
            if a is not first:
                same_partitions(first, a)
            out.append(a.flat_values)
        elif a.shape.ndims == 0:
            out.append(a)
        else:
            out.append(_spread(a, first))
    return first, out


def _typed(a, kind):
    return ragged_or_tensor(a) if getattr(a, "dtype", None) is not None else convert_to_tensor(a, kind)


def elementwise(count):
    """A handler for functions whose first `count` arguments are operands."""

    def call(function, *args, **kwargs):
        names = []
        if len(args) < count:
            import inspect

            parameters = list(inspect.signature(function).parameters)
            names = [p for p in parameters[len(args) : count] if p in kwargs]
        given = [*args[:count], *(kwargs[n] for n in names)]
        first, flat = operands(given)
        own = flat[: len(args)]
        named = dict(zip(names, flat[len(own) :]))
        return first.with_flat_values(function(*own, *args[count:], **{**kwargs, **named}))

    return call


def elementwise_list(function, inputs, *args, **kwargs):
    first, flat = operands(list(inputs))
    return first.with_flat_values(function(flat, *args, **kwargs))


def on_flat(function, *args, **kwargs):
    """A handler for functions of the flat values of the only ragged argument."""
    found = [x for x in (*args, *kwargs.values()) if _is(x)]
    flat = [x.flat_values if _is(x) else x for x in args]
    named = {k: x.flat_values if _is(x) else x for k, x in kwargs.items()}
    return found[0].with_flat_values(function(*flat, **named))
