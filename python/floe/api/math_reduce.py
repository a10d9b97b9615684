"""tf.math: reductions and scans along axes."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .support import all_axes, base, either, is_typed, scoped, vector


def _reduce(op, x, axis, keepdims, name):
    x = convert_to_tensor(x, dtypes.bool if op in ("All", "Any") and not is_typed(x) else None)
    if axis is None and x.ndim is None and not keepdims:
        x, axis = raw_ops.Reshape(tensor=x, shape=[-1]), 0
    axis = all_axes(x) if axis is None else axis if not isinstance(axis, (list, tuple)) else vector(axis)
    return getattr(raw_ops, op)(input=x, axis=axis, keep_dims=bool(keepdims), name=name)


def _reduction(op, what):
    def call(input_tensor, axis=None, keepdims=False, name=None):
        return _reduce(op, input_tensor, axis, keepdims, name)

    call.__name__ = call.__qualname__ = "reduce_" + raw_ops._snake(op)
    call.__doc__ = f"{what} along the axes (all of them by default); `keepdims` leaves them with length 1."
    return call


def _v1(function):
    """The signature that reductions had in TensorFlow 1."""

    def call(input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None, keep_dims=None):
        axis = either("axis", axis, "reduction_indices", reduction_indices)
        keepdims = either("keepdims", keepdims, "keep_dims", keep_dims)
        return function(input_tensor, axis, bool(keepdims), name)

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = function.__doc__
    return call


reduce_sum = export("math.reduce_sum", "reduce_sum")(_reduction("Sum", "The sum"))
reduce_mean = export("math.reduce_mean", "reduce_mean")(_reduction("Mean", "The mean"))
reduce_prod = export("math.reduce_prod", "reduce_prod")(_reduction("Prod", "The product"))
reduce_max = export("math.reduce_max", "reduce_max")(_reduction("Max", "The maximum"))
reduce_min = export("math.reduce_min", "reduce_min")(_reduction("Min", "The minimum"))
reduce_all = export("math.reduce_all", "reduce_all")(_reduction("All", "Whether all are true"))
reduce_any = export("math.reduce_any", "reduce_any")(_reduction("Any", "Whether any is true"))
reduce_euclidean_norm = export("math.reduce_euclidean_norm")(
    _reduction("EuclideanNorm", "The root of the sum of squares")
)


@export("math.reduce_logsumexp", "reduce_logsumexp")
@scoped("ReduceLogSumExp", whole=True)
def reduce_logsumexp(input_tensor, axis=None, keepdims=False, name=None):
    """log(sum(exp(x))) along the axes, without overflow."""
    x = convert_to_tensor(input_tensor)
    top = _reduce("Max", x, axis, True, None)
    finite = raw_ops.IsFinite(x=top)
    top = raw_ops.StopGradient(input=raw_ops.SelectV2(condition=finite, t=top, e=raw_ops.ZerosLike(x=top)))
    total = _reduce("Sum", raw_ops.Exp(x=raw_ops.Sub(x=x, y=top)), axis, keepdims, None)
    result = raw_ops.Log(x=total)
    if not keepdims:
        scalar = result.ndim == 0
        top = raw_ops.Reshape(
            tensor=top, shape=np.zeros(0, np.int32) if scalar else raw_ops.Shape(input=result)
        )
    return raw_ops.AddV2(x=result, y=top, name=name or "ReduceLogSumExp")


@export("math.reduce_variance")
@scoped("reduce_variance")
def reduce_variance(input_tensor, axis=None, keepdims=False, name=None):
    """The variance (divided by n) along the axes; of complex numbers a real tensor."""
    x = convert_to_tensor(input_tensor)
    mean = _reduce("Mean", x, axis, True, None)
    if mean.dtype.is_integer:
        raise TypeError(f"Input must be either real or complex. Received integer type {mean.dtype}.")
    diff = raw_ops.Sub(x=x, y=mean)
    if diff.dtype.is_complex:
        squared = raw_ops.Mul(x=diff, y=raw_ops.Conj(input=diff))
        squared = raw_ops.Real(input=squared, Tout=diff.dtype.real_dtype)
    else:
        squared = raw_ops.Square(x=diff)
    return _reduce("Mean", squared, axis, keepdims, name)


@export("math.reduce_std")
@scoped("reduce_std")
def reduce_std(input_tensor, axis=None, keepdims=False, name=None):
    """The standard deviation (divided by n) along the axes; of complex numbers a real tensor."""
    return raw_ops.Sqrt(x=reduce_variance(input_tensor, axis, keepdims), name=name)


v1_reduce_sum = export("compat.v1.reduce_sum", "compat.v1.math.reduce_sum")(_v1(reduce_sum))
v1_reduce_mean = export("compat.v1.reduce_mean", "compat.v1.math.reduce_mean")(_v1(reduce_mean))
v1_reduce_prod = export("compat.v1.reduce_prod", "compat.v1.math.reduce_prod")(_v1(reduce_prod))
v1_reduce_max = export("compat.v1.reduce_max", "compat.v1.math.reduce_max")(_v1(reduce_max))
v1_reduce_min = export("compat.v1.reduce_min", "compat.v1.math.reduce_min")(_v1(reduce_min))
v1_reduce_all = export("compat.v1.reduce_all", "compat.v1.math.reduce_all")(_v1(reduce_all))
v1_reduce_any = export("compat.v1.reduce_any", "compat.v1.math.reduce_any")(_v1(reduce_any))
v1_reduce_logsumexp = export("compat.v1.reduce_logsumexp", "compat.v1.math.reduce_logsumexp")(
    _v1(reduce_logsumexp)
)


@export("math.count_nonzero")
@scoped("count_nonzero")
def count_nonzero(input, axis=None, keepdims=None, dtype=dtypes.int64, name=None):
    """How many elements along the axes are not zero (not the empty string)."""
    x = convert_to_tensor(input)
    zero = convert_to_tensor("" if x.dtype == dtypes.string else False if x.dtype.is_bool else 0, x.dtype)
    found = raw_ops.Cast(x=raw_ops.NotEqual(x=x, y=zero), DstT=dtypes.int64)
    total = _reduce("Sum", found, axis, keepdims, None)
    return raw_ops.Cast(x=total, DstT=dtypes.as_dtype(dtype), name=name)


@export("compat.v1.count_nonzero", "compat.v1.math.count_nonzero")
def v1_count_nonzero(
    input_tensor=None,
    axis=None,
    keepdims=None,
    dtype=dtypes.int64,
    name=None,
    reduction_indices=None,
    keep_dims=None,
    input=None,
):
    """How many elements along the axes are not zero (not the empty string)."""
    keepdims = either("keepdims", keepdims, "keep_dims", keep_dims)
    x = either("input", input, "input_tensor", input_tensor)
    axis = either("axis", axis, "reduction_indices", reduction_indices)
    return count_nonzero(x, axis, keepdims, dtype, name)


def _arg(op, input, axis, output_type, name):
    return getattr(raw_ops, op)(
        input=input,
        dimension=0 if axis is None else axis,
        output_type=dtypes.as_dtype(output_type),
        name=name,
    )


@export("math.argmax", "argmax")
def argmax(input, axis=None, output_type=dtypes.int64, name=None):
    """The index of the greatest element along an axis (0 by default); of equals the first."""
    return _arg("ArgMax", input, axis, output_type, name)


@export("math.argmin", "argmin")
def argmin(input, axis=None, output_type=dtypes.int64, name=None):
    """The index of the smallest element along an axis (0 by default); of equals the first."""
    return _arg("ArgMin", input, axis, output_type, name)


@export("compat.v1.argmax", "compat.v1.math.argmax")
def v1_argmax(input, axis=None, name=None, dimension=None, output_type=dtypes.int64):
    """The index of the greatest element along an axis (0 by default); of equals the first."""
    return _arg("ArgMax", input, either("axis", axis, "dimension", dimension), output_type, name)


@export("compat.v1.argmin", "compat.v1.math.argmin")
def v1_argmin(input, axis=None, name=None, dimension=None, output_type=dtypes.int64):
    """The index of the smallest element along an axis (0 by default); of equals the first."""
    return _arg("ArgMin", input, either("axis", axis, "dimension", dimension), output_type, name)


@export("compat.v1.arg_max")
def arg_max(input, dimension, output_type=dtypes.int64, name=None):
    """The index of the greatest element along a dimension."""
    return _arg("ArgMax", input, dimension, output_type, name)


@export("compat.v1.arg_min")
def arg_min(input, dimension, output_type=dtypes.int64, name=None):
    """The index of the smallest element along a dimension."""
    return _arg("ArgMin", input, dimension, output_type, name)


def _scan(op, what):
    def call(x, axis=0, exclusive=False, reverse=False, name=None):
        return getattr(raw_ops, op)(x=x, axis=axis, exclusive=exclusive, reverse=reverse, name=name)

    call.__name__ = call.__qualname__ = raw_ops._snake(op)
    call.__doc__ = (
        f"{what} along an axis; `exclusive` leaves the element itself out, `reverse` begins at the end."
    )
    return call


cumsum = export("math.cumsum", "cumsum")(_scan("Cumsum", "Running sums"))
cumprod = export("math.cumprod", "compat.v1.cumprod")(_scan("Cumprod", "Running products"))
cumulative_logsumexp = export("math.cumulative_logsumexp")(
    _scan("CumulativeLogsumexp", "Running log(sum(exp(x)))")
)


@export("math.lbeta", "compat.v1.lbeta")
@scoped("lbeta")
def lbeta(x, name=None):
    """log |Beta(x)|, reduced along the last axis."""
    x = convert_to_tensor(x)
    one_by_one = _reduce("Sum", raw_ops.Lgamma(x=x), [-1], False, None)
    together = raw_ops.Lgamma(x=_reduce("Sum", x, [-1], False, None))
    return raw_ops.Sub(x=one_by_one, y=together, name=name)


def _monotonic(x, op, name):
    """Whether every step between neighbours of the flattened x satisfies `op` against zero."""
    x = raw_ops.Reshape(tensor=convert_to_tensor(x), shape=[-1])
    if not (x.dtype.is_floating or x.dtype.is_integer or x.dtype.is_quantized):
        raise TypeError(f"Expected x to be numeric, instead found: {x}")
    ends = {"strides": [1], "begin_mask": 0, "end_mask": 0}
    later = raw_ops.StridedSlice(input=x, begin=[1], end=[0], **{**ends, "end_mask": 1})
    earlier = raw_ops.StridedSlice(input=x, begin=[0], end=[-1], **ends)
    step = raw_ops.Sub(x=later, y=earlier)
    return _reduce(
        "All", getattr(raw_ops, op)(x=step, y=convert_to_tensor(0, base(x.dtype))), None, False, name
    )


@export(
    "math.is_non_decreasing", "compat.v1.is_non_decreasing", "compat.v1.debugging.is_non_decreasing"
)  # fmt: skip
@scoped("is_non_decreasing")
def is_non_decreasing(x, name=None):
    """Whether the flattened x never falls; true when it has fewer than two elements."""
    return _monotonic(x, "GreaterEqual", name)


@export(
    "math.is_strictly_increasing", "compat.v1.is_strictly_increasing", "compat.v1.debugging.is_strictly_increasing"
)  # fmt: skip
@scoped("is_strictly_increasing")
def is_strictly_increasing(x, name=None):
    """Whether the flattened x rises at every step; true when it has fewer than two elements."""
    return _monotonic(x, "Greater", name)
