"""tf.image: flips, turns, crops and borders."""

import numpy as np

from .. import raw_ops
from ..export import export
from ..tensor import Tensor
from . import compose as c


def check(condition, message):
    """Raises ValueError when the condition is known to be false."""
    if not isinstance(condition, Tensor):
        if not condition:
            raise ValueError(message)
        return
    static = c.static_value(condition)
    if static is not None and not static:
        raise ValueError(message)


def image_tensor(image, dtype=None, ranks=(3, 4), name="image"):
    x = c.tensor(image, dtype)
    if x.shape.rank is not None and x.shape.rank not in ranks:
        raise ValueError(f"'{name}' (shape {x.shape}) must have either 3 or 4 dimensions.")
    return x


def at_least_3d(image):
    x = c.tensor(image)
    if x.shape.rank is not None and x.shape.rank < 3:
        raise ValueError(f"'image' (shape {x.shape}) must be at least three-dimensional.")
    if x.shape.rank is not None and any(n == 0 for n in x.shape.as_list()):
        raise ValueError(f"inner 3 dims of 'image.shape' must be > 0: {x.shape}")
    return x


def batched(image, ranks_error="'image' must have either 3 or 4 dimensions."):
    """A 4-D image and whether it had no batch dimension."""
    x = c.tensor(image)
    if x.shape.rank is None:
        return raw_ops.EnsureShape(input=c.expand_dims(x, 0), shape=[None] * 4), True
    if x.shape.rank == 3:
        return c.expand_dims(x, 0), True
    if x.shape.rank != 4:
        raise ValueError(ranks_error)
    return x, False


def unbatched(x, was_3d):
    return c.squeeze(x, [0]) if was_3d else x


def _flip(image, axis, name):
    x = at_least_3d(image)
    if x.shape.rank not in (None, 3, 4):
        raise ValueError(f"'image' (shape {x.shape})must have either 3 or 4 dimensions.")
    rank = c.rank_of(x)
    at = rank + axis if isinstance(rank, int) else c.add(rank, axis)
    return c.reverse(x, [at] if isinstance(at, int) else c.stack([at]))


@export("image.flip_left_right")
def flip_left_right(image):
    """[..., height, width, channels] mirrored left to right."""
    return _flip(image, -2, "flip_left_right")


@export("image.flip_up_down")
def flip_up_down(image):
    """[..., height, width, channels] mirrored top to bottom."""
    return _flip(image, -3, "flip_up_down")


def _swap(x):
    rank = x.shape.rank
    if rank is None:
        n = raw_ops.Rank(input=x)
        outer = c.arange(0, c.sub(n, 3))
        perm = c.concat([outer, c.add([-2, -3, -1], n)], 0)
    else:
        perm = [*range(rank - 3), rank - 2, rank - 3, rank - 1]
    return c.transpose(x, perm)


@export("image.transpose")
def transpose(image, name=None):
    """Height and width swapped."""
    x = at_least_3d(image)
    if x.shape.rank not in (None, 3, 4):
        raise ValueError(f"'image' (shape {x.shape}) must have either 3 or 4 dimensions.")
    y = _swap(x)
    return c.identity(y, name) if name else y


@export("compat.v1.image.transpose", "compat.v1.image.transpose_image")
def transpose_image(image, name=None):
    """Height and width swapped."""
    return transpose(image, name)


@export("image.rot90")
def rot90(image, k=1, name=None):
    """Turned counter-clockwise k times by 90 degrees."""
    x = at_least_3d(image)
    if x.shape.rank not in (None, 3, 4):
        raise ValueError(f"'image' (shape {x.shape}) must have either 3 or 4 dimensions.")
    turned = [
        lambda: c.identity(x),
        lambda: c.reverse(_swap(x), [-3]),
        lambda: c.reverse(x, [-3, -2]),
        lambda: _swap(c.reverse(x, [-3])),
    ]
    static = c.static_value(k)
    if static is None:
        return c.public("switch_case")(c.mod(k, 4), turned, name=name or "rot90")
    y = turned[int(static) % 4]()
    return c.identity(y, name) if name else y


def _known(*values):
    return all(isinstance(v, (int, np.integer)) for v in values)


def number(v):
    """A Python number where it is known."""
    static = c.static_value(v)
    return v if static is None else static.item()


def plus(a, b):
    return a + b if _known(a, b) else c.add(a, b)


def minus(a, b):
    return a - b if _known(a, b) else c.sub(a, b)


def _at_least(a, b):
    return a >= b if _known(a, b) else c.greater_equal(a, b)


@export("image.crop_to_bounding_box")
def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """The part of the image from an offset on."""
    x, was_3d = batched(image)
    top, left = number(offset_height), number(offset_width)
    th, tw = number(target_height), number(target_width)
    _, height, width, _ = c.dims(x)
    check(_at_least(left, 0), "offset_width must be >= 0.")
    check(_at_least(top, 0), "offset_height must be >= 0.")
    check(_at_least(tw, 1), "target_width must be > 0.")
    check(_at_least(th, 1), "target_height must be > 0.")
    check(_at_least(width, plus(tw, left)), "width must be >= target + offset.")
    check(_at_least(height, plus(th, top)), "height must be >= target + offset.")
    return unbatched(c.slice_(x, [0, top, left, 0], [-1, th, tw, -1]), was_3d)


def _pad(image, top, left, th, tw, check_sizes=True):
    x, was_3d = batched(image)
    top, left, th, tw = (number(v) for v in (top, left, th, tw))
    _, height, width, _ = c.dims(x)
    after_width = minus(minus(tw, left), width)
    after_height = minus(minus(th, top), height)
    if check_sizes:
        check(_at_least(top, 0), "offset_height must be >= 0")
        check(_at_least(left, 0), "offset_width must be >= 0")
        check(_at_least(after_width, 0), "width must be <= target - offset")
        check(_at_least(after_height, 0), "height must be <= target - offset")
    y = c.pad(x, [[0, 0], [top, after_height], [left, after_width], [0, 0]])
    return unbatched(y, was_3d)


@export("image.pad_to_bounding_box")
def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """The image at an offset in a larger one of zeros."""
    return _pad(image, offset_height, offset_width, target_height, target_width)


@export("image.central_crop")
def central_crop(image, central_fraction):
    """The middle of the image: central_fraction, in (0, 1], of its height and width."""
    x = c.tensor(image)
    static = c.static_value(central_fraction)
    if static is not None:
        central_fraction = static.item()
        if central_fraction <= 0.0 or central_fraction > 1.0:
            raise ValueError("central_fraction must be within (0, 1]")
        if central_fraction == 1.0:
            return x
    if x.shape.rank not in (None, 3, 4):
        raise ValueError(
            f"`image` should either be a Tensor with rank = 3 or rank = 4. Had rank = {x.shape.rank}."
        )
    h_axis = x.shape.rank - 3
    sizes = c.dims(x)
    begins, counts = [], []
    for size in sizes[h_axis : h_axis + 2]:
        if _known(size) and static is not None:
            start = int((size - size * central_fraction) / 2)
        else:
            s = c.cast(size, "float64")
            start = c.cast(
                c.div(c.sub(s, c.mul(s, c.cast(central_fraction, "float64"))), c.tensor(2.0, "float64")),
                "int32",
            )
        begins.append(start)
        counts.append(size - start * 2 if _known(size, start) else c.sub(size, c.mul(start, 2)))
    lead = [0] * h_axis
    return c.slice_(x, [*lead, *begins, 0], [*([-1] * h_axis), *counts, -1])


def _half_positive(v):
    return max(v // 2, 0) if _known(v) else c.maximum(c.floordiv(v, 2), 0)


def _lower(a, b):
    return min(a, b) if _known(a, b) else c.minimum(a, b)


@export("image.resize_with_crop_or_pad", "compat.v1.image.resize_image_with_crop_or_pad")
def resize_with_crop_or_pad(image, target_height, target_width):
    """The image cut or padded with zeros, evenly on both sides, to a size."""
    x, was_3d = batched(image)
    th, tw = number(target_height), number(target_width)
    check(_at_least(tw, 1), "target_width must be > 0.")
    check(_at_least(th, 1), "target_height must be > 0.")
    _, height, width, _ = c.dims(x)
    dw, dh = minus(tw, width), minus(th, height)
    crop_left, crop_top = _half_positive(minus(0, dw)), _half_positive(minus(0, dh))
    pad_left, pad_top = _half_positive(dw), _half_positive(dh)
    cropped = c.slice_(x, [0, crop_top, crop_left, 0], [-1, _lower(th, height), _lower(tw, width), -1])
    return unbatched(_pad(cropped, pad_top, pad_left, th, tw, check_sizes=False), was_3d)


@export("image.extract_patches")
def extract_patches(images, sizes, strides, rates, padding, name=None):
    """Each window of the images as the channels of one pixel."""
    return raw_ops.ExtractImagePatches(
        images=images,
        ksizes=list(sizes),
        strides=list(strides),
        rates=list(rates),
        padding=padding,
        name=name,
    )


@export("compat.v1.image.extract_image_patches", "compat.v1.extract_image_patches")
def extract_image_patches(images, ksizes=None, strides=None, rates=None, padding=None, name=None, sizes=None):
    """Each window of the images as the channels of one pixel."""
    return extract_patches(images, ksizes if sizes is None else sizes, strides, rates, padding, name)
