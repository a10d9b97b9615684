"""tf.image: brightness, contrast, gamma, hue, saturation."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .image_color import as_float, convert_image_dtype


@export("image.adjust_brightness")
def adjust_brightness(image, delta):
    """image + delta, where delta is on the scale of images in [0, 1]."""
    x, own = as_float(image)
    return convert_image_dtype(c.add(x, c.cast(delta, x.dtype)), own, saturate=True)


@export("image.adjust_contrast")
def adjust_contrast(images, contrast_factor):
    """(image - mean) * contrast_factor + mean for each channel of each image."""
    x, own = as_float(images)
    y = raw_ops.AdjustContrastv2(images=x, contrast_factor=c.cast(contrast_factor, dtypes.float32))
    return convert_image_dtype(y, own, saturate=True)


@export("image.adjust_gamma")
def adjust_gamma(image, gamma=1, gain=1):
    """gain * image ** gamma."""
    x, own = as_float(image)
    static = c.static_value(gamma)
    if static is not None and (static < 0).any():
        raise ValueError("Gamma should be a non-negative real number.")
    y = c.mul(c.cast(gain, x.dtype), c.power(x, c.cast(gamma, x.dtype)))
    return convert_image_dtype(y, own, saturate=True)


@export("image.adjust_hue")
def adjust_hue(image, delta, name=None):
    """The hue of an RGB image turned by delta, in [-1, 1]."""
    static = c.static_value(delta)
    if static is not None and (static < -1 or static > 1):
        raise ValueError("delta must be in the interval [-1, 1]")
    x, own = as_float(image)
    y = raw_ops.AdjustHue(images=x, delta=c.cast(delta, dtypes.float32))
    return convert_image_dtype(y, own, name=name)


@export("image.adjust_saturation")
def adjust_saturation(image, saturation_factor, name=None):
    """The saturation of an RGB image times saturation_factor."""
    x, own = as_float(image)
    y = raw_ops.AdjustSaturation(images=x, scale=c.cast(saturation_factor, dtypes.float32))
    return convert_image_dtype(y, own, saturate=False, name=name)


@export("image.adjust_jpeg_quality")
def adjust_jpeg_quality(image, jpeg_quality, dct_method="", name=None):
    """The image after being encoded as JPEG with a quality in [0, 100]."""
    x = c.tensor(image)
    channels = x.shape[-1] if x.shape.rank is not None else None
    small = convert_image_dtype(x, dtypes.uint8, saturate=True)
    encoded = raw_ops.EncodeJpegVariableQuality(images=small, quality=c.cast(jpeg_quality, dtypes.int32))
    decoded = raw_ops.DecodeJpeg(contents=encoded, channels=channels or 0, dct_method=dct_method)
    return convert_image_dtype(decoded, x.dtype, saturate=True, name=name)


@export("image.per_image_standardization")
def per_image_standardization(image):
    """Each image scaled to mean 0 and variance 1; float32 (float16 stays)."""
    x = c.tensor(image)
    if x.shape.rank is not None and x.shape.rank < 3:
        raise ValueError(f"'image' (shape {x.shape}) must be at least three-dimensional.")
    x = x if x.dtype in (dtypes.float16, dtypes.float32) else c.cast(x, dtypes.float32)
    axes = [-1, -2, -3]
    count = c.reduce_prod(c.part(c.shape_tensor(x), -3, None), [0])
    mean = c.reduce_mean(x, axes, keepdims=True)
    variance = c.reduce_mean(c.square(c.sub(x, mean)), axes, keepdims=True)
    lowest = c.rsqrt(c.cast(count, x.dtype))
    return c.div(c.sub(x, mean), c.maximum(c.sqrt(variance), lowest))
