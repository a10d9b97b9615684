"""tf.image and tf.io: image files."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c


@export("image.decode_jpeg", "io.decode_jpeg")
def decode_jpeg(
    contents,
    channels=0,
    ratio=1,
    fancy_upscaling=True,
    try_recover_truncated=False,
    acceptable_fraction=1,
    dct_method="",
    name=None,
):
    """JPEG bytes as uint8 [height, width, channels]."""
    return raw_ops.DecodeJpeg(
        contents=contents,
        channels=channels,
        ratio=ratio,
        fancy_upscaling=fancy_upscaling,
        try_recover_truncated=try_recover_truncated,
        acceptable_fraction=acceptable_fraction,
        dct_method=dct_method,
        name=name,
    )


@export("image.decode_and_crop_jpeg", "io.decode_and_crop_jpeg")
def decode_and_crop_jpeg(
    contents,
    crop_window,
    channels=0,
    ratio=1,
    fancy_upscaling=True,
    try_recover_truncated=False,
    acceptable_fraction=1,
    dct_method="",
    name=None,
):
    """The window [top, left, height, width] of JPEG bytes as uint8 [height, width, channels]."""
    return raw_ops.DecodeAndCropJpeg(
        contents=contents,
        crop_window=crop_window,
        channels=channels,
        ratio=ratio,
        fancy_upscaling=fancy_upscaling,
        try_recover_truncated=try_recover_truncated,
        acceptable_fraction=acceptable_fraction,
        dct_method=dct_method,
        name=name,
    )


@export("image.decode_png", "io.decode_png")
def decode_png(contents, channels=0, dtype=dtypes.uint8, name=None):
    """PNG bytes as uint8 or uint16 [height, width, channels]."""
    return raw_ops.DecodePng(contents=contents, channels=channels, dtype=dtype, name=name)


@export("image.decode_bmp", "io.decode_bmp")
def decode_bmp(contents, channels=0, name=None):
    """BMP bytes as uint8 [height, width, channels]."""
    return raw_ops.DecodeBmp(contents=contents, channels=channels, name=name)


@export("image.decode_gif", "io.decode_gif")
def decode_gif(contents, name=None):
    """GIF bytes as uint8 [frames, height, width, 3]."""
    return raw_ops.DecodeGif(contents=contents, name=name)


@export("image.decode_image", "io.decode_image")
def decode_image(contents, channels=None, dtype=dtypes.uint8, name=None, expand_animations=True):
    """BMP, GIF, JPEG or PNG bytes as an image; GIFs have frames first unless not expand_animations."""
    return raw_ops.DecodeImage(
        contents=contents,
        channels=0 if channels is None else channels,
        dtype=dtype,
        expand_animations=expand_animations,
        name=name,
    )


@export("image.encode_jpeg", "io.encode_jpeg")
def encode_jpeg(
    image,
    format="",
    quality=95,
    progressive=False,
    optimize_size=False,
    chroma_downsampling=True,
    density_unit="in",
    x_density=300,
    y_density=300,
    xmp_metadata="",
    name=None,
):
    """uint8 [height, width, channels] as JPEG bytes."""
    return raw_ops.EncodeJpeg(
        image=image,
        format=format,
        quality=quality,
        progressive=progressive,
        optimize_size=optimize_size,
        chroma_downsampling=chroma_downsampling,
        density_unit=density_unit,
        x_density=x_density,
        y_density=y_density,
        xmp_metadata=xmp_metadata,
        name=name,
    )


@export("image.encode_png", "io.encode_png")
def encode_png(image, compression=-1, name=None):
    """uint8 or uint16 [..., height, width, channels] as PNG bytes."""
    return raw_ops.EncodePng(image=image, compression=compression, name=name)


@export("image.extract_jpeg_shape", "io.extract_jpeg_shape")
def extract_jpeg_shape(contents, output_type=dtypes.int32, name=None):
    """[height, width, channels] of JPEG bytes, without decoding them."""
    return raw_ops.ExtractJpegShape(contents=contents, output_type=output_type, name=name)


@export("image.is_jpeg", "io.is_jpeg")
def is_jpeg(contents, name=None):
    """Whether the bytes begin as JPEG files do."""
    start = raw_ops.Substr(input=contents, pos=0, len=3)
    return c.equal(start, c.tensor(b"\xff\xd8\xff"), name)
