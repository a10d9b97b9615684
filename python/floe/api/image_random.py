"""tf.image: chance."""

import numpy as np

from .. import dtypes
from ..export import export
from . import compose as c
from .image_adjust import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_jpeg_quality,
    adjust_saturation,
)
from .image_geometry import at_least_3d


def _stateful(seed):
    def draw(shape, low, high, dtype=dtypes.float32):
        return c.public("random.uniform")(shape, low, high, dtype=dtype, seed=seed)

    return draw


def _stateless(seed):
    def draw(shape, low, high, dtype=dtypes.float32):
        return c.public("random.stateless_uniform")(shape, seed=seed, minval=low, maxval=high, dtype=dtype)

    return draw


def _brightness(image, max_delta, draw):
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_brightness(image, draw([], -max_delta, max_delta))


@export("image.random_brightness")
def random_brightness(image, max_delta, seed=None):
    """adjust_brightness by a number from [-max_delta, max_delta)."""
    return _brightness(image, max_delta, _stateful(seed))


@export("image.stateless_random_brightness")
def stateless_random_brightness(image, max_delta, seed):
    """random_brightness as a function of `seed`, two integers."""
    return _brightness(image, max_delta, _stateless(seed))


def _check_range(lower, upper):
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")


def _contrast(image, lower, upper, draw):
    _check_range(lower, upper)
    return adjust_contrast(image, draw([], lower, upper))


@export("image.random_contrast")
def random_contrast(image, lower, upper, seed=None):
    """adjust_contrast by a number from [lower, upper)."""
    return _contrast(image, lower, upper, _stateful(seed))


@export("image.stateless_random_contrast")
def stateless_random_contrast(image, lower, upper, seed):
    """random_contrast as a function of `seed`, two integers."""
    return _contrast(image, lower, upper, _stateless(seed))


def _saturation(image, lower, upper, draw):
    _check_range(lower, upper)
    return adjust_saturation(image, draw([], lower, upper))


@export("image.random_saturation")
def random_saturation(image, lower, upper, seed=None):
    """adjust_saturation by a number from [lower, upper)."""
    return _saturation(image, lower, upper, _stateful(seed))


@export("image.stateless_random_saturation")
def stateless_random_saturation(image, lower, upper, seed=None):
    """random_saturation as a function of `seed`, two integers."""
    return _saturation(image, lower, upper, _stateless(seed))


def _hue(image, max_delta, draw):
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_hue(image, draw([], -max_delta, max_delta))


@export("image.random_hue")
def random_hue(image, max_delta, seed=None):
    """adjust_hue by a number from [-max_delta, max_delta)."""
    return _hue(image, max_delta, _stateful(seed))


@export("image.stateless_random_hue")
def stateless_random_hue(image, max_delta, seed):
    """random_hue as a function of `seed`, two integers."""
    return _hue(image, max_delta, _stateless(seed))


def _jpeg(image, low, high, draw):
    if low < 0 or high < 0 or low > 100 or high > 100:
        raise ValueError("jpeg encoding range must be between 0 and 100.")
    if low >= high:
        raise ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.")
    return adjust_jpeg_quality(image, draw([], low, high, dtypes.int32))


@export("image.random_jpeg_quality")
def random_jpeg_quality(image, min_jpeg_quality, max_jpeg_quality, seed=None):
    """adjust_jpeg_quality by a number from [min_jpeg_quality, max_jpeg_quality)."""
    return _jpeg(image, min_jpeg_quality, max_jpeg_quality, _stateful(seed))


@export("image.stateless_random_jpeg_quality")
def stateless_random_jpeg_quality(image, min_jpeg_quality, max_jpeg_quality, seed):
    """random_jpeg_quality as a function of `seed`, two integers."""
    return _jpeg(image, min_jpeg_quality, max_jpeg_quality, _stateless(seed))


def _flip(image, axis, draw):
    x = at_least_3d(image)
    if x.shape.rank == 3:
        number = draw([], 0, 1.0)
        return c.where(c.less(number, c.tensor(0.5)), c.reverse(x, [axis - 1]), x)
    if x.shape.rank != 4:
        raise ValueError(f"'image' (shape {x.shape}) must have either 3 or 4 dimensions.")
    numbers = draw(c.as_shape_input(c.dims(x)[:1]), 0, 1.0)
    chosen = c.greater(c.reshape(numbers, [-1, 1, 1, 1]), c.tensor(0.5))
    return c.where(chosen, c.reverse(x, [axis]), x)


@export("image.random_flip_left_right")
def random_flip_left_right(image, seed=None):
    """Each image mirrored left to right with probability 1/2."""
    return _flip(image, 2, _stateful(seed))


@export("image.random_flip_up_down")
def random_flip_up_down(image, seed=None):
    """Each image mirrored top to bottom with probability 1/2."""
    return _flip(image, 1, _stateful(seed))


@export("image.stateless_random_flip_left_right")
def stateless_random_flip_left_right(image, seed):
    """random_flip_left_right as a function of `seed`, two integers."""
    return _flip(image, 2, _stateless(seed))


@export("image.stateless_random_flip_up_down")
def stateless_random_flip_up_down(image, seed):
    """random_flip_up_down as a function of `seed`, two integers."""
    return _flip(image, 1, _stateless(seed))


def _crop(value, size, draw, name):
    x = c.tensor(value)
    size = c.cast(c.tensor(c.as_shape_input(size) if isinstance(size, (list, tuple)) else size), dtypes.int32)
    shape = c.shape_tensor(x)
    static = c.static_value(size)
    if static is not None and x.shape.is_fully_defined():
        have, want = x.shape.as_list(), static.tolist()
        fits = all(n >= s for n, s in zip(have, want))
        c.require(fits, "Need value.shape >= size, got ", str(have)[1:-1], str(want)[1:-1])
    limit = c.add(c.sub(shape, size), 1)
    highest = np.iinfo(np.int32).max
    offset = c.mod(draw(c.shape_tensor(shape), 0, highest, dtypes.int32), limit)
    y = c.slice_(x, offset, size)
    return c.identity(y, name) if name else y


@export("image.random_crop", "compat.v1.random_crop")
def random_crop(value, size, seed=None, name=None):
    """A part of the size, from anywhere in the tensor."""
    return _crop(value, size, _stateful(seed), name)


@export("image.stateless_random_crop")
def stateless_random_crop(value, size, seed, name=None):
    """random_crop as a function of `seed`, two integers."""
    return _crop(value, size, _stateless(seed), name)
