"""tf.image: other sizes."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .image_geometry import batched, number, pad_to_bounding_box, unbatched


@export("image.ResizeMethod")
class ResizeMethod:
    """Names of the ways to interpolate, for tf.image.resize."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


@export("compat.v1.image.ResizeMethod")
class ResizeMethodV1:
    """Numbers of the ways to interpolate, for compat.v1.image.resize."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


_RANK_ERROR = "'images' must have either 3 or 4 dimensions."
_KERNELS = {
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
    "gaussian": "gaussian",
    "mitchellcubic": "mitchellcubic",
}


def _sizes(size):
    try:
        size = c.cast(
            c.tensor(c.as_shape_input(size) if isinstance(size, (list, tuple)) else size, None), dtypes.int32
        )
    except (TypeError, ValueError):
        raise ValueError("'size' must be a 1-D int32 Tensor") from None
    if size.shape.rank != 1 or size.shape[0] not in (None, 2):
        raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
    return size


def _common(images, size, run, preserve_aspect_ratio, skip_if_same, name):
    x = c.tensor(images)
    if x.shape.rank is None:
        raise ValueError("'images' contains no shape.")
    x, was_3d = batched(x, _RANK_ERROR)
    size = _sizes(size)
    static = c.static_value(size)
    _, height, width, _ = c.dims(x)
    if preserve_aspect_ratio:
        size = _keep_aspect(size, height, width)
        static = c.static_value(size)
    if skip_if_same and static is not None and static.tolist() == [height, width]:
        return unbatched(x, was_3d)
    y = run(x, size)
    y = unbatched(y, was_3d)
    return c.identity(y, name) if name else y


def _keep_aspect(size, height, width):
    current = c.cast(c.tensor(c.as_shape_input([height, width])), dtypes.float32)
    scale = c.reduce_min(c.div(c.cast(size, dtypes.float32), current), [0])
    return c.cast(c.rint(c.mul(scale, current)), dtypes.int32)


def _scale_and_translate(x, size, kernel, antialias):
    current = c.cast(c.part(c.shape_tensor(x), 1, 3), dtypes.float32)
    return raw_ops.ScaleAndTranslate(
        images=x,
        size=size,
        scale=c.div(c.cast(size, dtypes.float32), current),
        translation=np.zeros(2, np.float32),
        kernel_type=kernel,
        antialias=antialias,
    )


def _unknown_method(method, known):
    return ValueError(
        f"Resize method is not implemented: {method}. The methods are {', '.join(map(str, known))}."
    )


def _run_v2(method, antialias):
    def run(x, size):
        if method == "bilinear":
            if antialias:
                return _scale_and_translate(x, size, "triangle", True)
            return raw_ops.ResizeBilinear(images=x, size=size, half_pixel_centers=True)
        if method == "nearest":
            return raw_ops.ResizeNearestNeighbor(images=x, size=size, half_pixel_centers=True)
        if method == "bicubic":
            if antialias:
                return _scale_and_translate(x, size, "keyscubic", True)
            return raw_ops.ResizeBicubic(images=x, size=size, half_pixel_centers=True)
        if method == "area":
            return raw_ops.ResizeArea(images=x, size=size)
        if method in _KERNELS:
            return _scale_and_translate(x, size, _KERNELS[method], antialias)
        raise _unknown_method(method, ["bilinear", "nearest", "bicubic", "area", *_KERNELS])

    return run


@export("image.resize")
def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False, name=None):
    """The images in another size, float32 unless `method` is "nearest"; half-pixel centers."""
    return _common(images, size, _run_v2(method, antialias), preserve_aspect_ratio, False, name)


def _run_v1(method, align_corners):
    def run(x, size):
        ops = {
            0: raw_ops.ResizeBilinear,
            1: raw_ops.ResizeNearestNeighbor,
            2: raw_ops.ResizeBicubic,
            3: raw_ops.ResizeArea,
            "bilinear": raw_ops.ResizeBilinear,
            "nearest": raw_ops.ResizeNearestNeighbor,
            "bicubic": raw_ops.ResizeBicubic,
            "area": raw_ops.ResizeArea,
        }
        if method not in ops:
            raise _unknown_method(method, [m for m in ops if isinstance(m, str)])
        return ops[method](images=x, size=size, align_corners=align_corners)

    return run


@export("compat.v1.image.resize", "compat.v1.image.resize_images")
def resize_v1(images, size, method=0, align_corners=False, preserve_aspect_ratio=False, name=None):
    """The images in another size; images that have it already are given back as they are."""
    return _common(images, size, _run_v1(method, align_corners), preserve_aspect_ratio, True, name)


def _with_pad(image, target_height, target_width, resize_to):
    x, was_3d = batched(image)
    th, tw = number(target_height), number(target_width)
    for what, v in (("target_width", tw), ("target_height", th)):
        if isinstance(v, int) and v <= 0:
            raise ValueError(f"{what} must be > 0.")
    _, height, width, _ = c.dims(x)
    f = [c.cast(v, dtypes.float32) for v in (height, width, th, tw)]
    ratio = c.maximum(c.div(f[1], f[3]), c.div(f[0], f[2]))
    rh, rw = c.div(f[0], ratio), c.div(f[1], ratio)
    size = c.cast(c.floor(c.stack([rh, rw])), dtypes.int32)
    zero = c.tensor(0.0)
    two = c.tensor(2.0)
    top = c.cast(c.maximum(zero, c.floor(c.div(c.sub(f[2], rh), two))), dtypes.int32)
    left = c.cast(c.maximum(zero, c.floor(c.div(c.sub(f[3], rw), two))), dtypes.int32)
    return unbatched(pad_to_bounding_box(resize_to(x, size), top, left, th, tw), was_3d)


@export("image.resize_with_pad")
def resize_with_pad(image, target_height, target_width, method="bilinear", antialias=False):
    """The image resized with its aspect kept, then padded with zeros to the size."""
    return _with_pad(
        image, target_height, target_width, lambda x, s: resize(x, s, method, antialias=antialias)
    )


@export("compat.v1.image.resize_image_with_pad")
def resize_image_with_pad(image, target_height, target_width, method=0, align_corners=False):
    """The image resized with its aspect kept, then padded with zeros to the size."""
    return _with_pad(image, target_height, target_width, lambda x, s: resize_v1(x, s, method, align_corners))


@export("compat.v1.image.resize_bilinear")
def resize_bilinear(images, size, align_corners=False, name=None, half_pixel_centers=False):
    """[batch, height, width, channels] in another size, by linear interpolation; float32."""
    return raw_ops.ResizeBilinear(
        images=images,
        size=size,
        align_corners=align_corners,
        half_pixel_centers=half_pixel_centers,
        name=name,
    )


@export("compat.v1.image.resize_nearest_neighbor")
def resize_nearest_neighbor(images, size, align_corners=False, name=None, half_pixel_centers=False):
    """[batch, height, width, channels] in another size, by the nearest pixel."""
    return raw_ops.ResizeNearestNeighbor(
        images=images,
        size=size,
        align_corners=align_corners,
        half_pixel_centers=half_pixel_centers,
        name=name,
    )


@export("compat.v1.image.resize_bicubic")
def resize_bicubic(images, size, align_corners=False, name=None, half_pixel_centers=False):
    """[batch, height, width, channels] in another size, by cubic interpolation; float32."""
    return raw_ops.ResizeBicubic(
        images=images,
        size=size,
        align_corners=align_corners,
        half_pixel_centers=half_pixel_centers,
        name=name,
    )


@export("compat.v1.image.resize_area")
def resize_area(images, size, align_corners=False, name=None):
    """[batch, height, width, channels] in another size, by the mean of the covered area; float32."""
    return raw_ops.ResizeArea(images=images, size=size, align_corners=align_corners, name=name)
