"""tf.math: reductions of segments."""

from .. import raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .support import scoped, value_of, vector


def _sorted(op, what):
    def call(data, segment_ids, name=None):
        return getattr(raw_ops, op)(data=data, segment_ids=segment_ids, name=name)

    call.__name__ = call.__qualname__ = raw_ops._snake(op)
    call.__doc__ = f"The {what} of the rows of each segment; `segment_ids` is sorted and starts at 0."
    return call


def _unsorted(op, what):
    def call(data, segment_ids, num_segments, name=None):
        return getattr(raw_ops, op)(data=data, segment_ids=segment_ids, num_segments=num_segments, name=name)

    call.__name__ = call.__qualname__ = raw_ops._snake(op)
    call.__doc__ = f"The {what} of the elements of each segment, in any order; negative ids are left out."
    return call


segment_max = export("math.segment_max", "compat.v1.segment_max")(_sorted("SegmentMax", "maximum"))
segment_mean = export("math.segment_mean", "compat.v1.segment_mean")(_sorted("SegmentMean", "mean"))
segment_min = export("math.segment_min", "compat.v1.segment_min")(_sorted("SegmentMin", "minimum"))
segment_prod = export("math.segment_prod", "compat.v1.segment_prod")(_sorted("SegmentProd", "product"))
segment_sum = export("math.segment_sum", "compat.v1.segment_sum")(_sorted("SegmentSum", "sum"))
unsorted_segment_max = export("math.unsorted_segment_max", "compat.v1.unsorted_segment_max")(
    _unsorted("UnsortedSegmentMax", "maximum")
)
unsorted_segment_min = export("math.unsorted_segment_min", "compat.v1.unsorted_segment_min")(
    _unsorted("UnsortedSegmentMin", "minimum")
)
unsorted_segment_prod = export("math.unsorted_segment_prod", "compat.v1.unsorted_segment_prod")(
    _unsorted("UnsortedSegmentProd", "product")
)
unsorted_segment_sum = export("math.unsorted_segment_sum", "compat.v1.unsorted_segment_sum")(
    _unsorted("UnsortedSegmentSum", "sum")
)


def _counts(data, segment_ids, num_segments):
    """How many rows each segment has, at least 1, shaped to divide the segments' sums."""
    ones = raw_ops.Fill(dims=raw_ops.Shape(input=segment_ids), value=convert_to_tensor(1, data.dtype))
    n = raw_ops.UnsortedSegmentSum(data=ones, segment_ids=segment_ids, num_segments=num_segments)
    one = convert_to_tensor(1, num_segments.dtype)
    if data.ndim is None or segment_ids.ndim is None:
        inner = raw_ops.Sub(x=raw_ops.Rank(input=data), y=raw_ops.Rank(input=segment_ids))
        ones = raw_ops.Fill(dims=raw_ops.Reshape(tensor=inner, shape=[1]), value=one)
        shape = raw_ops.ConcatV2(values=[raw_ops.Reshape(tensor=num_segments, shape=[1]), ones], axis=0)
    else:
        known = value_of(num_segments)
        rows = num_segments if known is None else int(known)
        shape = vector([rows] + [1] * (data.ndim - segment_ids.ndim))
    return raw_ops.Maximum(x=raw_ops.Reshape(tensor=n, shape=shape), y=convert_to_tensor(1, data.dtype))


def _divided(data, segment_ids, num_segments, root, name):
    data, segment_ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
    num_segments = convert_to_tensor(num_segments)
    n = _counts(data, segment_ids, num_segments)
    total = raw_ops.UnsortedSegmentSum(data=data, segment_ids=segment_ids, num_segments=num_segments)
    return raw_ops.RealDiv(x=total, y=raw_ops.Sqrt(x=n) if root else n, name=name)


@export("math.unsorted_segment_mean", "compat.v1.unsorted_segment_mean")
@scoped("UnsortedSegmentMean")
def unsorted_segment_mean(data, segment_ids, num_segments, name=None):
    """The mean of the elements of each segment, in any order; 0 of an empty one."""
    return _divided(data, segment_ids, num_segments, False, name or "UnsortedSegmentMean")


@export("math.unsorted_segment_sqrt_n", "compat.v1.unsorted_segment_sqrt_n")
@scoped("UnsortedSegmentSqrtN")
def unsorted_segment_sqrt_n(data, segment_ids, num_segments, name=None):
    """The sum of the elements of each segment divided by the root of their number."""
    return _divided(data, segment_ids, num_segments, True, name or "UnsortedSegmentSqrtN")
