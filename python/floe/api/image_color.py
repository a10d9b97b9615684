"""tf.image: colors and number types."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .types import saturate_cast

_SMALL_FLOATS = (dtypes.float16, dtypes.float32)


@export("image.convert_image_dtype")
def convert_image_dtype(image, dtype, saturate=False, name=None):
    """The image in another type: floats in [0, 1] stand for the whole range of an integer type."""
    x = c.tensor(image)
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating and not dtype.is_integer:
        raise AttributeError("dtype must be either floating point or integer")
    if not x.dtype.is_floating and not x.dtype.is_integer:
        raise AttributeError("image dtype must be either floating point or integer")
    y = x if dtype == x.dtype else _convert(x, dtype, saturate)
    return c.identity(y, name) if name or y is x else y


def _convert(x, dtype, saturate):
    to = saturate_cast if saturate else c.cast
    if x.dtype.is_integer and dtype.is_integer:
        have, want = x.dtype.max, dtype.max
        if have > want:
            scale = (have + 1) // (want + 1)
            return to(c.floordiv(x, c.tensor(scale, x.dtype)), dtype)
        scale = (want + 1) // (have + 1)
        return c.mul(to(x, dtype), c.tensor(scale, dtype))
    if x.dtype.is_floating and dtype.is_floating:
        return c.cast(x, dtype)
    if x.dtype.is_integer:
        return c.mul(c.cast(x, dtype), c.tensor(1.0 / x.dtype.max, dtype))
    return to(c.mul(x, c.tensor(dtype.max + 0.5, x.dtype)), dtype)


def as_float(x):
    """The image in a type that the color ops take, and its own type."""
    x = c.tensor(x)
    return (x if x.dtype in _SMALL_FLOATS else convert_image_dtype(x, dtypes.float32)), x.dtype


def require_channels(images, n, name):
    x = c.tensor(images)
    if x.shape.rank is not None and x.shape.rank and x.shape[-1] not in (None, n):
        raise ValueError(f"{name} must have {n} channels in its last dimension. Received: {x.shape}")
    return x


@export("image.rgb_to_grayscale")
def rgb_to_grayscale(images, name=None):
    """[..., 3] to [..., 1]."""
    x = c.tensor(images)
    flat = convert_image_dtype(x, dtypes.float32)
    weights = np.array([0.2989, 0.5870, 0.1140], np.float32)
    gray = _per_pixel(flat, weights.reshape(3, 1))
    return convert_image_dtype(gray, x.dtype, name=name)


def _per_pixel(x, matrix):
    """Each pixel's channels times a matrix."""
    rank = x.shape.rank
    shape = c.shape_tensor(x) if rank is None else c.dims(x)
    y = raw_ops.MatMul(a=c.reshape(x, [-1, matrix.shape[0]]), b=c.cast(c.tensor(matrix), x.dtype))
    if rank is None:
        return c.reshape(y, c.concat([c.part(shape, 0, -1), [matrix.shape[1]]], 0))
    return c.reshape(y, [*shape[:-1], matrix.shape[1]])


@export("image.grayscale_to_rgb")
def grayscale_to_rgb(images, name=None):
    """[..., 1] to [..., 3], the three channels alike."""
    x = c.tensor(images)
    if x.shape.rank is not None and x.shape.rank < 1:
        raise ValueError("A grayscale image must be at least two-dimensional.")
    if x.shape.rank is not None and x.shape[-1] not in (None, 1):
        raise ValueError("Last dimension of a grayscale image should be size 1.")
    rank = c.rank_of(x)
    if isinstance(rank, int):
        y = c.tile(x, [1] * (rank - 1) + [3])
    else:
        y = c.tile(x, c.concat([c.fill(c.stack([c.sub(rank, 1)]), 1), [3]], 0))
    return c.identity(y, name) if name else y


@export("image.rgb_to_hsv")
def rgb_to_hsv(images, name=None):
    """[..., red green blue] to [..., hue saturation value], all in [0, 1]."""
    return raw_ops.RGBToHSV(images=images, name=name)


@export("image.hsv_to_rgb")
def hsv_to_rgb(images, name=None):
    """[..., hue saturation value] to [..., red green blue], all in [0, 1]."""
    return raw_ops.HSVToRGB(images=images, name=name)


_RGB_TO_YIQ = [
    [0.299, 0.59590059, 0.2115],
    [0.587, -0.27455667, -0.52273617],
    [0.114, -0.32134392, 0.31119955],
]
_YIQ_TO_RGB = [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
_RGB_TO_YUV = [
    [0.299, -0.14714119, 0.61497538],
    [0.587, -0.28886916, -0.51496512],
    [0.114, 0.43601035, -0.10001026],
]
_YUV_TO_RGB = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


def _color(images, matrix):
    return _per_pixel(c.tensor(images), np.array(matrix, np.float64))


@export("image.rgb_to_yiq")
def rgb_to_yiq(images):
    """RGB in [0, 1] to YIQ."""
    return _color(images, _RGB_TO_YIQ)


@export("image.yiq_to_rgb")
def yiq_to_rgb(images):
    """YIQ to RGB."""
    return _color(images, _YIQ_TO_RGB)


@export("image.rgb_to_yuv")
def rgb_to_yuv(images):
    """RGB in [0, 1] to YUV."""
    return _color(images, _RGB_TO_YUV)


@export("image.yuv_to_rgb")
def yuv_to_rgb(images):
    """YUV to RGB."""
    return _color(images, _YUV_TO_RGB)
