"""tf.nn: dropout."""

import numpy as np

from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument


def _noise_shape(x, noise_shape):
    if noise_shape is None:
        return c.shape_tensor(x)
    if isinstance(noise_shape, (list, tuple)) or hasattr(noise_shape, "as_list"):
        given = list(noise_shape)
        if x.shape.rank is not None and len(given) == x.shape.rank:
            sizes = c.dims(x)
            return [sizes[i] if n is None else n for i, n in enumerate(given)]
    return noise_shape


def _dropout(x, rate, uniform, noise_shape, name):
    static = isinstance(rate, (int, float, np.floating))
    if static and not 0 <= rate < 1:
        raise ValueError(
            f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}"
        )
    x = c.tensor(x)
    if not x.dtype.is_floating:
        raise ValueError(
            f"`x.dtype` must be a floating point tensor as `x` will be scaled. Received: x.dtype={x.dtype}"
        )
    if static and rate == 0:
        return x
    if static:
        scaled = c.mul(x, c.tensor(1 / (1 - rate), x.dtype))
    else:
        rate = c.tensor(rate)
        if rate.shape.rank not in (None, 0):
            raise ValueError(f"`rate` must be a scalar tensor. Received: rate={rate}")
        if rate.dtype != x.dtype:
            if not rate.dtype.is_compatible_with(x.dtype):
                raise ValueError(
                    f"`x.dtype` must be compatible with `rate.dtype`. Received: x.dtype={x.dtype} and "
                    f"rate.dtype={rate.dtype}"
                )
            rate = c.cast(rate, x.dtype)
        scaled = c.div(x, c.sub(c.tensor(1, x.dtype), rate))
    random = uniform(shape=_noise_shape(x, noise_shape), dtype=x.dtype)
    keep = c.greater_equal(random, c.tensor(rate, x.dtype) if static else rate)
    return c.where(keep, scaled, c.zeros_like(scaled), name)


@export("nn.dropout")
def dropout(x, rate, noise_shape=None, seed=None, name=None):
    """Sets elements to 0 with probability `rate` and scales the others by 1 / (1 - rate)."""

    def uniform(shape, dtype):
        return c.public("random.uniform")(shape=c.as_shape_input(shape), dtype=dtype, seed=seed)

    return _dropout(x, rate, uniform, noise_shape, name)


@export("compat.v1.nn.dropout")
def dropout_v1(x, keep_prob=None, noise_shape=None, seed=None, name=None, rate=None):
    """Keeps elements with probability keep_prob (or 1 - rate) and scales them by its inverse."""
    try:
        keep = 1 - keep_prob if keep_prob is not None else None
    except TypeError:
        raise ValueError(
            f"`keep_prob` must be a floating point number or Tensor. Received: keep_prob={keep_prob}"
        ) from None
    rate = deprecated_argument("rate", rate, "keep_prob", keep)
    if rate is None:
        raise ValueError(f"`rate` must be provided. Received: rate={rate}")
    return dropout(x, rate, noise_shape, seed, name)


@export("nn.experimental.stateless_dropout")
def stateless_dropout(x, rate, seed, rng_alg=None, noise_shape=None, name=None):
    """dropout whose random numbers are a function of `seed`, two integers."""

    def uniform(shape, dtype):
        return c.public("random.stateless_uniform")(
            shape=c.as_shape_input(shape), seed=seed, dtype=dtype, alg=rng_alg or "auto_select"
        )

    return _dropout(x, rate, uniform, noise_shape, name)


@export("nn.experimental.general_dropout")
def general_dropout(x, rate, uniform_sampler, noise_shape=None, name=None):
    """dropout whose random numbers in [0, 1) come from uniform_sampler(shape=..., dtype=...)."""
    return _dropout(x, rate, uniform_sampler, noise_shape, name)
