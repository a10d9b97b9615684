"""tf.nn: moments and normalization."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument

_HALF = (dtypes.float16, dtypes.bfloat16)


def _axes(axes):
    return [axes] if isinstance(axes, (int, np.integer)) else axes


def _static_axes(x, axes):
    static = c.static_value(axes)
    return (
        None
        if static is None or x.shape.rank is None
        else [int(a) % x.shape.rank for a in static.reshape(-1)]
    )


@export("nn.moments")
def moments(x, axes, shift=None, keepdims=False, name=None):
    """The mean and variance over `axes`; `shift` is ignored."""
    x = c.tensor(x)
    y = c.cast(x, dtypes.float32) if x.dtype in _HALF else x
    axes = _axes(axes)
    mean = c.reduce_mean(y, axes, keepdims=True)
    variance = c.reduce_mean(c.squared_difference(y, c.stop_gradient(mean)), axes, keepdims=True)
    if not keepdims:
        gone = _static_axes(x, axes)
        if gone is None:
            mean, variance = c.reduce_sum(mean, axes), c.reduce_sum(variance, axes)
        elif gone:
            mean, variance = c.squeeze(mean, gone), c.squeeze(variance, gone)
    return c.cast(mean, x.dtype), c.cast(variance, x.dtype)


@export("compat.v1.nn.moments")
def moments_v1(x, axes, shift=None, name=None, keep_dims=None, keepdims=None):
    """The mean and variance over `axes`; `shift` is ignored."""
    return moments(
        x, axes, shift, bool(deprecated_argument("keepdims", keepdims, "keep_dims", keep_dims)), name
    )


@export("nn.sufficient_statistics")
def sufficient_statistics(x, axes, shift=None, keepdims=False, name=None):
    """(count, sum, sum of squares, shift) over `axes`, for normalize_moments."""
    axes = list(set(_axes(axes)))
    x = c.tensor(x)
    sizes = c.dims(x)
    count = c.cast(c.reduce_prod(c.tensor(c.as_shape_input([sizes[a] for a in axes])), [0]), x.dtype)
    if shift is not None:
        shift = c.tensor(shift, x.dtype)
        m, v = c.sub(x, shift), c.squared_difference(x, shift)
    else:
        m, v = x, c.square(x)
    return count, c.reduce_sum(m, axes, keepdims), c.reduce_sum(v, axes, keepdims), shift


@export("compat.v1.nn.sufficient_statistics")
def sufficient_statistics_v1(x, axes, shift=None, keep_dims=None, name=None, keepdims=None):
    """(count, sum, sum of squares, shift) over `axes`, for normalize_moments."""
    keep = bool(deprecated_argument("keepdims", keepdims, "keep_dims", keep_dims))
    return sufficient_statistics(x, axes, shift, keep, name)


@export("nn.normalize_moments")
def normalize_moments(counts, mean_ss, variance_ss, shift, name=None):
    """The mean and variance from what sufficient_statistics gives."""
    divisor = raw_ops.Reciprocal(x=counts)
    shifted = c.mul(mean_ss, divisor)
    mean = shifted if shift is None else c.add(shifted, shift)
    return mean, c.sub(c.mul(variance_ss, divisor), c.square(shifted))


@export("nn.weighted_moments")
def weighted_moments(x, axes, frequency_weights, keepdims=False, name=None):
    """The mean and variance over `axes` with a weight for each element."""
    axes = _axes(axes)
    x, weights = c.tensor(x), c.tensor(frequency_weights)
    low = x.dtype in _HALF
    y = c.cast(x, dtypes.float32) if low else x
    weights = c.cast(weights, y.dtype)
    weighted = c.reduce_sum(c.mul(weights, y), axes, keepdims=True)
    ones = c.add(c.zeros_like(y), weights)
    total = c.reduce_sum(ones, axes, keepdims=True)
    mean = c.div(weighted, total)
    spread = c.reduce_sum(c.mul(weights, c.squared_difference(y, c.stop_gradient(mean))), axes, keepdims=True)
    variance = c.div(spread, total)
    if not keepdims:
        gone = _static_axes(x, axes)
        mean, variance = (c.squeeze(mean, gone), c.squeeze(variance, gone)) if gone else (mean, variance)
    return c.cast(mean, x.dtype), c.cast(variance, x.dtype)


@export("compat.v1.nn.weighted_moments")
def weighted_moments_v1(x, axes, frequency_weights, name=None, keep_dims=None, keepdims=None):
    """The mean and variance over `axes` with a weight for each element."""
    keep = bool(deprecated_argument("keepdims", keepdims, "keep_dims", keep_dims))
    return weighted_moments(x, axes, frequency_weights, keep, name)


@export("nn.batch_normalization")
def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """scale * (x - mean) / sqrt(variance + variance_epsilon) + offset."""
    x = c.tensor(x)
    factor = c.rsqrt(c.add(variance, variance_epsilon))
    if scale is not None:
        factor = c.mul(factor, scale)
    bias = c.neg(c.mul(mean, factor)) if offset is None else c.sub(offset, c.mul(mean, factor))
    return c.add(c.mul(x, c.cast(factor, x.dtype)), c.cast(bias, x.dtype), name)


def _global(x, mean, variance, beta, gamma, epsilon, scaled, name):
    return batch_normalization(x, mean, variance, beta, gamma if scaled else None, epsilon, name)


@export("nn.batch_norm_with_global_normalization")
def batch_norm_with_global_normalization(
    input, mean, variance, beta, gamma, variance_epsilon, scale_after_normalization, name=None
):
    """batch_normalization under its older name."""
    return _global(input, mean, variance, beta, gamma, variance_epsilon, scale_after_normalization, name)


@export("compat.v1.nn.batch_norm_with_global_normalization")
def batch_norm_with_global_normalization_v1(
    t=None,
    m=None,
    v=None,
    beta=None,
    gamma=None,
    variance_epsilon=None,
    scale_after_normalization=None,
    name=None,
    input=None,
    mean=None,
    variance=None,
):
    """batch_normalization under its older name."""
    x = deprecated_argument("input", input, "t", t)
    mean = deprecated_argument("mean", mean, "m", m)
    variance = deprecated_argument("variance", variance, "v", v)
    return _global(x, mean, variance, beta, gamma, variance_epsilon, scale_after_normalization, name)


@export("compat.v1.nn.fused_batch_norm")
def fused_batch_norm(
    x,
    scale,
    offset,
    mean=None,
    variance=None,
    epsilon=0.001,
    data_format="NHWC",
    is_training=True,
    name=None,
    exponential_avg_factor=1.0,
):
    """(y, mean, variance) of a batch normalization over all dimensions but the channels."""
    if (not is_training or exponential_avg_factor != 1.0) and (mean is None or variance is None):
        raise ValueError(
            "Both `mean` and `variance` must be a 1D tensor when `is_training` is False or `exponential_avg_factor` "
            f"!= 1.0. Received: `mean` {mean!r} and `variance` {variance!r}"
        )
    scale = c.tensor(scale, dtypes.float32)
    empty = np.zeros(0, np.float32)
    y, batch_mean, batch_variance = raw_ops.FusedBatchNormV3(
        x=x,
        scale=scale,
        offset=c.tensor(offset, dtypes.float32),
        mean=empty if mean is None else mean,
        variance=empty if variance is None else variance,
        epsilon=max(epsilon, 1.001e-5),
        exponential_avg_factor=exponential_avg_factor,
        data_format=data_format,
        is_training=is_training,
        name=name,
    )[:3]
    return y, batch_mean, batch_variance


def _l2_normalize(x, axis, epsilon, name):
    x = c.tensor(x)
    if x.dtype.is_complex:
        squares = c.reduce_sum(
            c.square(raw_ops.ComplexAbs(x=x, Tout=x.dtype.real_dtype)), axis, keepdims=True
        )
        inverse = c.rsqrt(c.maximum(squares, epsilon))
        return c.mul(c.cast(inverse, x.dtype), x, name)
    squares = c.reduce_sum(c.square(x), axis, keepdims=True)
    return c.mul(x, c.rsqrt(c.maximum(squares, epsilon)), name)


@export("nn.l2_normalize", "math.l2_normalize", "linalg.l2_normalize")
def l2_normalize(x, axis=None, epsilon=1e-12, name=None, dim=None):
    """x / sqrt(max(sum(x ** 2), epsilon)) along `axis`."""
    return _l2_normalize(x, deprecated_argument("axis", axis, "dim", dim), epsilon, name)


@export("nn.local_response_normalization", "nn.lrn")
def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5, name=None):
    """input / (bias + alpha * sum over neighbouring channels of input ** 2) ** beta."""
    return raw_ops.LRN(input=input, depth_radius=depth_radius, bias=bias, alpha=alpha, beta=beta, name=name)


@export("nn.zero_fraction", "math.zero_fraction")
def zero_fraction(value, name=None):
    """The share of zeros, as float32."""
    value = c.tensor(value)
    size = raw_ops.Size(input=value, out_type=dtypes.int64)
    nonzero = c.reduce_sum(c.cast(c.not_equal(value, c.zeros_like(value)), dtypes.int64))
    return c.div(c.cast(c.sub(size, nonzero), dtypes.float32), c.cast(size, dtypes.float32), name)
