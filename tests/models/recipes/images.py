"""Decoding and resizing in the graph."""

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from .common import Case, conv, feed, graph, named, normal, rng, v1


def picture(height, width, channels=3):
    y, x = np.mgrid[:height, :width]
    waves = [128 + 100 * np.sin(x / (3 + c) + y / (5 - c)) for c in range(channels)]
    noise = rng("picture").integers(-20, 20, (height, width, channels))
    return np.clip(np.stack(waves, 2) + noise, 0, 255).astype(np.uint8)


def encoded(kind, image, **options):
    with context.eager_mode():
        return np.bytes_(getattr(tf.io, "encode_" + kind)(image, **options).numpy())


def bmp(image):
    height, width, channels = image.shape
    row = -(-width * channels // 4) * 4
    rows = np.zeros((height, row), np.uint8)
    rows[:, : width * channels] = image[::-1, :, ::-1].reshape(height, -1)
    rows[-1, -1] |= 1
    size = 54 + rows.size
    head = b"BM" + np.array([size, 0, 54], "<u4").tobytes()
    info = np.array([40, width, height], "<u4").tobytes() + np.array([1, 8 * channels], "<u2").tobytes()
    return np.bytes_(
        head + info + np.array([0, rows.size, 2835, 2835, 0, 0], "<u4").tobytes() + rows.tobytes()
    )


@graph()
def image_png():
    contents = feed("contents", tf.string, [])
    op = tf.raw_ops
    gray = encoded("png", picture(9, 7, 1))
    rgba = encoded("png", picture(9, 7, 4))
    deep = encoded("png", picture(5, 6, 3).astype(np.uint16) * 257)
    outs = [
        named("rgb", op.DecodePng(contents=contents, channels=3)),
        named("gray", op.DecodePng(contents=contents, channels=1)),
        named("deep", op.DecodePng(contents=contents, channels=0, dtype=tf.uint16)),
        named("any", op.DecodeImage(contents=contents, channels=4)),
    ]
    return [
        Case({contents: c}, outs, k, note="PNG decoded to other numbers of channels and to 16 bits")
        for k, c in (("gray", gray), ("rgba", rgba), ("deep", deep))
    ]


@graph()
def image_jpeg():
    contents = feed("contents", tf.string, [])
    op = tf.raw_ops
    outs = [
        named("rgb", op.DecodeJpeg(contents=contents, channels=3, dct_method="INTEGER_ACCURATE")),
        named("gray", op.DecodeJpeg(contents=contents, channels=1, dct_method="INTEGER_ACCURATE")),
        named("shape", tf.shape(op.DecodeJpeg(contents=contents, channels=3, ratio=2))),
        named("stored", op.ExtractJpegShape(contents=contents)),
    ]
    return [
        Case(
            {contents: encoded("jpeg", picture(19, 26, n), quality=q, chroma_downsampling=c)},
            outs,
            k,
            note="JPEG; decoders may differ in the last bit",
        )
        for k, n, q, c in (("plain", 3, 95, False), ("subsampled", 3, 80, True), ("gray", 1, 90, False))
    ]


@graph()
def image_bmp_gif():
    b, g = feed("bmp", tf.string, []), feed("gif", tf.string, [])
    gif = (
        b"GIF89a\x02\x00\x02\x00\x91\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\xff\x00\x00\x00"
        b"\x21\xf9\x04\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x03\x4c\x12\x05\x00\x3b"
    )
    return Case(
        {b: bmp(picture(5, 7)), g: np.bytes_(gif)},
        [
            named("b", tf.raw_ops.DecodeBmp(contents=b, channels=3)),
            named("g", tf.raw_ops.DecodeGif(contents=g)),
            named("any", tf.io.decode_image(b, expand_animations=False)),
        ],
        note="BMP with padded rows; a tiny GIF",
    )


@graph()
def image_broken():
    contents = feed("contents", tf.string, [])
    y = named("y", tf.io.decode_png(contents, 3))
    return [
        Case(
            {contents: np.bytes_(c)},
            [y],
            k,
            fails=True,
            note="what decoding says to bytes that are no picture",
        )
        for k, c in (("text", b"not a picture"), ("cut", encoded("png", picture(9, 7))[:60]), ("empty", b""))
    ]


@graph()
def image_classifier():
    contents = feed("contents", tf.string, [])
    x = tf.cast(tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE"), tf.float32)
    x = v1.image.resize_bilinear(tf.expand_dims(x, 0), [16, 16])
    x = tf.squeeze(tf.multiply(tf.subtract(x, 128.0), 1 / 128.0), axis=0)
    x = tf.image.per_image_standardization(x)[None]
    y = tf.nn.softmax(tf.reduce_mean(conv("c", conv("b", x, 6, stride=2), 4), [1, 2]))
    return Case(
        {contents: encoded("jpeg", picture(30, 22))},
        [named("y", y), named("best", tf.argmax(y, 1))],
        note="the classic input of retrained networks: JPEG bytes in, probabilities out",
    )


@graph()
def image_batch():
    contents = feed("contents", tf.string, [None])
    x = tf.map_fn(
        lambda c: tf.image.resize(tf.image.convert_image_dtype(tf.io.decode_png(c, 3), tf.float32), [6, 5]),
        contents,
        fn_output_signature=tf.float32,
    )
    codes = np.array([encoded("png", picture(h, w)) for h, w in ((8, 9), (4, 4), (11, 3))])
    return Case({contents: codes}, [named("x", x)], note="a batch of encoded pictures of other sizes, map_fn")


@graph()
def resize_modes():
    x = feed("x", tf.float32, [None, None, None, 2])
    outs = []
    for name, op in (
        ("bilinear", tf.raw_ops.ResizeBilinear),
        ("nearest", tf.raw_ops.ResizeNearestNeighbor),
        ("bicubic", tf.raw_ops.ResizeBicubic),
    ):
        for mode, flags in (
            ("legacy", {}),
            ("corners", {"align_corners": True}),
            ("centers", {"half_pixel_centers": True}),
        ):
            for size in ([7, 4], [3, 11]):
                outs.append(named(f"{name}_{mode}_{size[0]}", op(images=x, size=size, **flags)))
    outs.append(named("area", tf.raw_ops.ResizeArea(images=x, size=[2, 3])))
    outs.append(named("antialias", tf.image.resize(x, [3, 2], "lanczos3", antialias=True)))
    return Case({x: normal("x", 1, 5, 6, 2)}, outs, note="all coordinate conventions, up and down")


@graph()
def resize_dtypes():
    x = feed("x", tf.uint8, [None, 4, 5, 1])
    return Case(
        {x: picture(4, 5, 1)[None]},
        [
            named("bilinear", v1.image.resize_bilinear(x, [6, 3])),
            named("nearest", v1.image.resize_nearest_neighbor(x, [6, 3])),
            named("half", v1.image.resize_bilinear(tf.cast(x, tf.half), [6, 3], half_pixel_centers=True)),
            named(
                "crop",
                tf.image.crop_and_resize(
                    x, [[0.1, 0.1, 0.9, 0.8], [0.5, 0.2, 1.3, -0.2]], [0, 0], [3, 3], extrapolation_value=7.0
                ),
            ),
            named(
                "crop_nearest",
                tf.image.crop_and_resize(x, [[0.0, 0.0, 1.0, 1.0]], [0], [2, 2], method="nearest"),
            ),
        ],
        note="resizing bytes and halves; crops that leave the picture",
    )


@graph()
def image_adjust():
    x = feed("x", tf.float32, [None, 6, 5, 3])
    i = tf.image
    return Case(
        {x: picture(6, 5)[None].astype(np.float32) / 255},
        [
            named("saturation", i.adjust_saturation(x, 0.6)),
            named("hue", i.adjust_hue(x, 0.1)),
            named("contrast", i.adjust_contrast(x, 1.4)),
            named("gray", i.rgb_to_grayscale(x)),
            named("hsv", i.rgb_to_hsv(x)),
            named("flip", i.flip_left_right(x)),
            named("rotate", i.rot90(x, 1)),
            named("central", i.central_crop(x[0], 0.5)),
            named("pad", i.pad_to_bounding_box(x, 1, 2, 9, 9)),
            named(
                "boxes",
                tf.raw_ops.DrawBoundingBoxesV2(
                    images=x, boxes=[[[0.1, 0.1, 0.8, 0.9]]], colors=[[1.0, 0.0, 0.5]]
                ),
            ),
            named("space", tf.nn.space_to_depth(i.resize_with_crop_or_pad(x, 4, 4), 2)),
            named("patches", i.extract_patches(x, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")),
        ],
        note="colour, flips, crops, patches",
    )
