"""Transforms, filters of one and three dimensions, layouts and small types."""

import numpy as np
import tensorflow as tf

from .audio import tone
from .common import Case, conv, feed, graph, named, normal, v1, weight


@graph()
def spectra():
    x = feed("x", tf.float32, [None, 12, 10])
    s = tf.signal.rfft2d(x)
    c = tf.complex(x, x[:, ::-1])
    f = tf.signal.fft2d(c)
    cube = tf.signal.fft3d(tf.cast(tf.reshape(x[:2], [2, 3, 4, 10]), tf.complex64))
    filtered = tf.signal.irfft2d(s * tf.cast(tf.exp(-tf.range(6, dtype=tf.float32)), tf.complex64), [12, 10])
    d = tf.signal.dct(x, 2, norm="ortho")
    frames = tf.signal.frame(tf.reshape(x, [-1, 120]), 20, 10)
    hilbert = tf.signal.ifft(
        tf.signal.fft(c) * tf.cast(tf.constant([1.0] + [2.0] * 4 + [1.0] + [0.0] * 4), tf.complex64)
    )
    return Case(
        {x: normal("x", 2, 12, 10)},
        [
            named("power", tf.square(tf.abs(s))),
            named("f", f),
            named("shifted", tf.signal.fftshift(f, [1, 2])),
            named("cube", cube),
            named("filtered", filtered),
            named("dct", d),
            named("idct", tf.signal.idct(d, 2, norm="ortho")),
            named("d3", tf.signal.idct(tf.signal.dct(x, 3), 3)),
            named("mdct", tf.signal.inverse_mdct(tf.signal.mdct(tf.reshape(x, [-1, 120]), 24))),
            named("added", tf.signal.overlap_and_add(frames, 10)),
            named("hilbert", tf.math.imag(hilbert)),
            named("conj", tf.math.conj(f) * f),
        ],
        note="transforms in one, two and three dimensions, cosine transforms, overlap and add",
    )


@graph("v1", "fn")
def noise_gate():
    """Spectral subtraction frame by frame, with a recurrent mask."""
    x = feed("samples", tf.float32, [None])
    s = tf.signal.stft(x, 64, 32, 64, window_fn=tf.signal.hamming_window)
    magnitude = tf.abs(s)
    floor = tf.scan(
        lambda a, m: tf.where(m < a, 0.5 * a + 0.5 * m, a * 1.02), magnitude, initializer=magnitude[0]
    )
    h = tf.nn.elu(tf.nn.conv1d(tf.math.log1p(magnitude)[None], weight("k", 3, 33, 12), 1, "SAME"))
    mask = tf.sigmoid(tf.nn.conv1d(h, weight("o", 1, 12, 33), 1, "VALID"))[0]
    clean = s * tf.complex(mask * tf.maximum(1.0 - floor / (magnitude + 1e-6), 0.0), tf.zeros_like(mask))
    y = tf.signal.inverse_stft(clean, 64, 32, 64, window_fn=tf.signal.inverse_stft_window_fn(32))
    level = 20.0 * tf.math.log(tf.sqrt(tf.reduce_mean(tf.square(y))) + 1e-9) / tf.math.log(10.0)
    wav = tf.audio.encode_wav(tf.clip_by_value(y, -1.0, 1.0)[:, None], 8000)
    back, rate = tf.audio.decode_wav(wav)
    return Case(
        {x: tone(500, 8000)},
        [named("y", y), named("level", level), named("back", back), named("rate", rate)],
        note="STFT, a scan over frames, a mask from convolutions, the inverse, WAV there and back",
    )


@graph()
def wave_net():
    """Causal dilated convolutions over time, gated, with skips."""
    x = feed("x", tf.float32, [None, None, 4])
    h, skips = tf.nn.conv1d(x, weight("in", 1, 4, 6), 1, "SAME"), []
    for i, rate in enumerate((1, 2, 4)):
        padded = tf.pad(h, [[0, 0], [rate, 0], [0, 0]])
        c = tf.nn.convolution(padded, weight(f"w{i}", 2, 6, 12), padding="VALID", dilations=[rate])
        a, g = tf.split(c, 2, 2)
        out = tf.tanh(a) * tf.sigmoid(g)
        skips.append(tf.nn.conv1d(out, weight(f"s{i}", 1, 6, 8), 1, "SAME"))
        h += tf.nn.conv1d(out, weight(f"r{i}", 1, 6, 6), 1, "SAME")
    up = tf.nn.conv1d_transpose(
        tf.nn.relu(tf.add_n(skips)),
        weight("up", 4, 3, 8),
        tf.stack([tf.shape(x)[0], tf.shape(x)[1] * 2, 3]),
        2,
        "SAME",
    )
    pooled = tf.nn.avg_pool1d(up, 3, 2, "SAME")
    return Case(
        {x: normal("x", 2, 11, 4)},
        [named("up", up), named("pooled", pooled)],
        note="one-dimensional convolutions by ExpandDims and Squeeze, dilation, transposed to twice the length",
    )


@graph()
def volumes():
    x = feed("x", tf.float32, [None, 6, 7, 8, 2])
    c = tf.nn.relu(tf.nn.conv3d(x, weight("c", 3, 3, 3, 2, 4), [1, 1, 2, 2, 1], "SAME"))
    d = tf.nn.bias_add(tf.nn.conv3d(c, weight("d", 2, 2, 2, 4, 3), [1, 1, 1, 1, 1], "VALID"), normal("b", 3))
    p = tf.nn.max_pool3d(d, 2, 1, "SAME") + tf.nn.avg_pool3d(d, [1, 2, 2], 1, "SAME")
    up = tf.nn.conv3d_transpose(
        p, weight("u", 2, 2, 2, 2, 3), tf.stack([tf.shape(x)[0], 10, 6, 6, 2]), 2, "SAME"
    )
    wide = tf.nn.conv3d(x, weight("w", 3, 3, 3, 2, 2), [1] * 5, "VALID")
    n, *_ = v1.nn.fused_batch_norm(
        tf.reshape(wide, [-1, 4, 5 * 6, 2]),
        normal("g", 2),
        normal("h", 2),
        normal("m", 2),
        normal("v", 2) ** 2 + 1.0,
        is_training=False,
    )
    return Case(
        {x: normal("x", 1, 6, 7, 8, 2)},
        [named("p", p), named("up", up), named("n", n)],
        note="three-dimensional convolutions, pools, transposed, dilated",
    )


@graph()
def pieces():
    """Grouped and separable convolutions, batches made from space, patches, shuffled channels."""
    x = feed("x", tf.float32, [None, 12, 10, 8])
    grouped = tf.nn.conv2d(x, weight("g", 3, 3, 4, 6), 1, "SAME")
    shuffled = tf.reshape(
        tf.transpose(tf.reshape(grouped, [-1, 12, 10, 2, 3]), [0, 1, 2, 4, 3]), tf.shape(grouped)
    )
    separable = tf.nn.separable_conv2d(
        x, weight("d", 3, 3, 8, 2), weight("p", 1, 1, 16, 5), [1, 2, 2, 1], "SAME"
    )
    parts = tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]])
    atrous = tf.batch_to_space(
        tf.nn.conv2d(parts, weight("a", 3, 3, 8, 4), 1, "SAME"), [2, 2], [[0, 0], [1, 0]]
    )
    patches = tf.image.extract_patches(x[..., :2], [1, 3, 3, 1], [1, 2, 2, 1], [1, 2, 1, 1], "VALID")
    explicit = tf.nn.conv2d(
        x, weight("e", 3, 2, 8, 3), [2, 1], [[0, 0], [2, 1], [0, 2], [0, 0]], dilations=[1, 2]
    )
    se = tf.sigmoid(
        conv(
            "se2",
            conv("se1", tf.reduce_mean(x, [1, 2], keepdims=True), 2, size=1),
            8,
            size=1,
            activation=None,
        )
    )
    shuffle = tf.nn.depth_to_space(x * se, 2)
    return Case(
        {x: normal("x", 2, 12, 10, 8)},
        [
            named("shuffled", shuffled),
            named("separable", separable),
            named("atrous", atrous),
            named("patches", patches),
            named("explicit", explicit),
            named("shuffle", shuffle),
        ],
        note="grouped, separable, explicit padding, SpaceToBatch, patches, squeeze and excite",
    )


@graph("v1", "fn")
def small_types():
    """bfloat16 and half through a loop and a condition, products in both."""
    x = feed("x", tf.float32, [None, 6])
    b, h = tf.cast(x, tf.bfloat16), tf.cast(x, tf.float16)
    wb, wh = (
        tf.cast(weight("wb", 6, 6), tf.bfloat16),
        tf.constant(normal("wh", 6, 6, scale=0.4).astype(np.float16)),
    )
    _, b = tf.while_loop(lambda i, _: i < 2, lambda i, y: (i + 1, tf.nn.relu(tf.matmul(y, wb))), [0, b])
    h = tf.cond(tf.reduce_sum(h) > 0, lambda: tf.nn.softmax(tf.matmul(h, wh)), lambda: tf.matmul(h, wh) * 0.5)
    top, index = tf.math.top_k(tf.cast(h, tf.float32), 2)
    image = tf.reshape(tf.concat([h, h], 1), [-1, 2, 2, 3])
    c = tf.nn.conv2d(image, tf.constant(normal("k", 2, 2, 3, 2, scale=0.3).astype(np.float16)), 1, "SAME")
    return Case(
        {x: normal("x", 3, 6)},
        [
            named("b", tf.cast(b, tf.float32)),
            named("h", h),
            named("c", tf.cast(c, tf.float32)),
            named("index", index),
            named("mean", tf.reduce_mean(tf.cast(b, tf.float64))),
        ],
        note="bfloat16 in a loop, half in a condition and a convolution",
    )


@graph("v1", "fn")
def cases_of_functions():
    """Functions that call functions, a case inside a loop, empty batches."""
    x, kind = feed("x", tf.float32, [None, 3]), feed("kind", tf.int32, [])
    w = weight("w", 3, 3)

    @tf.function
    def inner(v):
        return tf.tanh(tf.matmul(v, w)), tf.shape(v)[0]

    @tf.function
    def outer(v):
        y, n = inner(v)
        z, _ = inner(y + 1.0)
        return z * tf.cast(n, tf.float32)

    def body(i, y):
        y = tf.switch_case(
            (kind + i) % 3,
            [lambda: y + 1.0, lambda: tf.nn.elu(y) * 2.0, lambda: tf.cumsum(y, 1, reverse=True)],
        )
        return i + 1, y

    _, y = tf.while_loop(lambda i, y: (i < 4) & (tf.reduce_sum(tf.abs(y)) < 1e4), body, [0, outer(x)])
    parts = tf.dynamic_partition(y, tf.range(tf.shape(y)[0]) % 2, 2)
    whole = tf.dynamic_stitch([tf.range(tf.shape(p)[0]) * 2 + i for i, p in enumerate(parts)], parts)
    picked = tf.map_fn(
        lambda row: tf.case([(row[0] > 1.0, lambda: row), (row[1] > 1.0, lambda: -row)], lambda: row * 0.0), y
    )
    outs = [named("y", y), named("whole", whole), named("picked", picked)]
    return [
        Case(
            {x: normal("x", 4, 3), kind: np.int32(1)},
            outs,
            "four",
            "functions in functions, a case in a loop",
        ),
        Case({x: normal("x", 0, 3), kind: np.int32(0)}, outs, "none", "the same with no rows"),
    ]
