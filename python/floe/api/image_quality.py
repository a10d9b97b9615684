"""tf.image: how far images differ, from each other and from pixel to pixel."""

import math

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .image_color import convert_image_dtype


@export("image.total_variation")
def total_variation(images, name=None):
    """The sum of the absolute differences of neighbouring pixels, for each image."""
    x = c.tensor(images)
    if x.shape.rank not in (3, 4):
        raise ValueError("'images' must be either 3 or 4-dimensional.")
    h = x.shape.rank - 3
    dy = c.sub(c.part(x, 1, None, h), c.part(x, None, -1, h))
    dx = c.sub(c.part(x, 1, None, h + 1), c.part(x, None, -1, h + 1))
    axes = [h, h + 1, h + 2] if h else None
    return c.add(c.reduce_sum(c.absolute(dy), axes), c.reduce_sum(c.absolute(dx), axes), name)


@export("image.image_gradients")
def image_gradients(image):
    """(dy, dx) of [batch, height, width, channels]: the difference to the next row and column, 0 at the end."""
    x = c.tensor(image)
    if x.shape.rank != 4:
        raise ValueError(f"image_gradients expects a 4D tensor [batch_size, h, w, d], not {x.shape}.")
    dy = c.sub(c.part(x, 1, None, 1), c.part(x, None, -1, 1))
    dx = c.sub(c.part(x, 1, None, 2), c.part(x, None, -1, 2))
    return (
        c.pad(dy, np.array([[0, 0], [0, 1], [0, 0], [0, 0]], np.int32)),
        c.pad(dx, np.array([[0, 0], [0, 0], [0, 1], [0, 0]], np.int32)),
    )


@export("image.sobel_edges")
def sobel_edges(image):
    """[batch, height, width, channels] to [..., 2]: Sobel's dy and dx."""
    x = c.tensor(image)
    sizes = c.dims(x)
    dy = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], np.float32)
    kernels = np.stack([dy, dy.T], -1)[:, :, None, :]
    kernels = c.cast(c.tensor(kernels), x.dtype)
    kernels = c.tile(kernels, [1, 1, sizes[-1], 1])
    padded = raw_ops.MirrorPad(input=x, paddings=[[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    y = raw_ops.DepthwiseConv2dNative(input=padded, filter=kernels, strides=[1, 1, 1, 1], padding="VALID")
    return c.reshape(y, [*sizes, 2])


def _check_shapes(a, b):
    if a.shape.rank is None or b.shape.rank is None:
        return
    if a.shape.rank < 3:
        raise ValueError(f"Shape {a.shape} must have rank at least 3")
    if b.shape.rank < 3:
        raise ValueError(f"Shape {b.shape} must have rank at least 3")
    if not a.shape[-3:].is_compatible_with(b.shape[-3:]):
        raise ValueError(f"Shapes {a.shape[-3:]} and {b.shape[-3:]} are incompatible")
    for x, y in zip(reversed(a.shape.as_list()[:-3]), reversed(b.shape.as_list()[:-3])):
        if None not in (x, y) and 1 not in (x, y) and x != y:
            raise ValueError(f"Two images are not compatible: {a.shape} and {b.shape}")


@export("image.psnr")
def psnr(a, b, max_val, name=None):
    """The peak signal-to-noise ratio of images in decibels; max_val is the span of the values."""
    a, b = c.tensor(a), c.tensor(b)
    max_val = convert_image_dtype(c.cast(max_val, a.dtype), dtypes.float32)
    x, y = convert_image_dtype(a, dtypes.float32), convert_image_dtype(b, dtypes.float32)
    mse = c.reduce_mean(c.squared_difference(x, y), [-3, -2, -1])
    _check_shapes(a, b)
    ten = c.tensor(10.0)
    peak = c.div(c.mul(c.tensor(20.0), c.log(max_val)), c.log(ten))
    noise = c.mul(c.tensor(np.float32(10 / math.log(10))), c.log(mse))
    return c.sub(peak, noise, name)


def _gaussian(size, sigma):
    size = c.tensor(size, dtypes.int32)
    sigma = c.tensor(sigma, dtypes.float32)
    coords = c.cast(c.arange(0, size), sigma.dtype)
    coords = c.sub(coords, c.div(c.cast(c.sub(size, 1), sigma.dtype), c.tensor(2.0)))
    g = c.mul(c.square(coords), c.div(c.tensor(-0.5), c.square(sigma)))
    g = c.add(c.reshape(g, [1, -1]), c.reshape(g, [-1, 1]))
    g = raw_ops.Softmax(logits=c.reshape(g, [1, -1]))
    return c.reshape(g, c.stack([size, size, c.tensor(1), c.tensor(1)]))


def _ssim_per_channel(x, y, max_val, size, sigma, k1, k2, index_map=False):
    """(ssim, contrast-structure) for each channel."""
    sizes = c.dims(x)
    kernel = c.tile(_gaussian(size, sigma), [1, 1, sizes[-1], 1])

    def blur(v):
        shape = c.dims(v)
        flat = c.reshape(v, [-1, *shape[-3:]])
        z = raw_ops.DepthwiseConv2dNative(input=flat, filter=kernel, strides=[1, 1, 1, 1], padding="VALID")
        return c.reshape(z, [*shape[:-3], *c.dims(z)[1:]])

    c1, c2 = c.square(c.mul(c.tensor(k1), max_val)), c.square(c.mul(c.tensor(k2), max_val))
    mx, my = blur(x), blur(y)
    num0 = c.mul(c.mul(mx, my), c.tensor(2.0))
    den0 = c.add(c.square(mx), c.square(my))
    luminance = c.div(c.add(num0, c1), c.add(den0, c1))
    num1 = c.mul(blur(c.mul(x, y)), c.tensor(2.0))
    den1 = blur(c.add(c.square(x), c.square(y)))
    cs = c.div(c.add(c.sub(num1, num0), c2), c.add(c.sub(den1, den0), c2))
    ssim_map = c.mul(luminance, cs)
    if index_map:
        return ssim_map, cs
    return c.reduce_mean(ssim_map, [-3, -2]), c.reduce_mean(cs, [-3, -2])


def _prepare(img1, img2, max_val):
    a, b = c.tensor(img1), c.tensor(img2)
    _check_shapes(a, b)
    peak = convert_image_dtype(c.cast(max_val, a.dtype), dtypes.float32)
    return convert_image_dtype(a, dtypes.float32), convert_image_dtype(b, dtypes.float32), peak


def _check_size(x, size):
    size, shape = c.static_value(size), x.shape.as_list()[-3:]
    if size is not None:
        fits = all(n is None or n >= size for n in shape[:2])
        c.require(fits, "", str(shape)[1:-1], str(size))


@export("image.ssim")
def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, return_index_map=False):
    """The structural similarity of images, in [-1, 1]; max_val is the span of the values."""
    a, b, peak = _prepare(img1, img2, max_val)
    _check_size(a, filter_size)
    values, _ = _ssim_per_channel(a, b, peak, filter_size, filter_sigma, k1, k2, return_index_map)
    return c.reduce_mean(values, [-1])


def _halve(x):
    """The mean of 2 x 2 pixels; odd sizes get the last row or column twice."""
    shape = c.dims(x)
    flat = c.reshape(x, [-1, *shape[-3:]])
    height, width = shape[-3], shape[-2]
    extra = [n % 2 if isinstance(n, int) else c.mod(n, 2) for n in (height, width)]
    if any(not isinstance(n, int) or n for n in extra):
        paddings = c.stack(
            [c.tensor(c.as_shape_input(p)) for p in ([0, 0], [0, extra[0]], [0, extra[1]], [0, 0])]
        )
        flat = raw_ops.MirrorPad(input=flat, paddings=paddings, mode="SYMMETRIC")
    y = raw_ops.AvgPool(value=flat, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    return c.reshape(y, [*shape[:-3], *c.dims(y)[1:]])


@export("image.ssim_multiscale")
def ssim_multiscale(
    img1,
    img2,
    max_val,
    power_factors=(0.0448, 0.2856, 0.3001, 0.2363, 0.1333),
    filter_size=11,
    filter_sigma=1.5,
    k1=0.01,
    k2=0.03,
):
    """The product over scales of the similarities, each to its power."""
    a, b, peak = _prepare(img1, img2, max_val)
    scores = []
    for k in range(len(power_factors)):
        if k:
            a, b = _halve(a), _halve(b)
        _check_size(a, filter_size)
        whole, cs = _ssim_per_channel(a, b, peak, filter_size, filter_sigma, k1, k2)
        scores.append(raw_ops.Relu(features=cs if k + 1 < len(power_factors) else whole))
    powers = np.array(list(power_factors), np.float32)
    product = c.reduce_prod(c.power(c.stack(scores, -1), powers), [-1])
    return c.reduce_mean(product, [-1])
