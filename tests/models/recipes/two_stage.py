"""Detectors of two stages and what surrounds them in TF1 files."""

import numpy as np
import tensorflow as tf

from .common import Case, conv, dense, feed, graph, named, normal, rng, v1, weight
from .detection import anchors_for, decode


@graph("v1", "fn")
def two_stage():
    image = feed("image_tensor", tf.uint8, [None, None, None, 3])
    proposals, classes, size = 6, 2, 32

    def preprocess(one):
        shape = tf.cast(tf.shape(one), tf.float32)
        scale = float(size) / tf.reduce_max(shape[:2])
        new = tf.cast(tf.round(shape[:2] * scale), tf.int32)
        one = v1.image.resize_images(one, new, align_corners=True)
        return tf.image.pad_to_bounding_box(one, 0, 0, size, size), tf.concat([new, [3]], 0)

    x, shapes = tf.map_fn(preprocess, tf.cast(image, tf.float32), fn_output_signature=(tf.float32, tf.int32))
    x = x - [[123.68, 116.779, 103.939]]
    x = tf.reshape(x, [-1, size, size, 3]) / 128.0
    f = conv("b1", x, 8, stride=2)
    f = conv("b2", f, 8, stride=2)
    rpn = conv("rpn", f, 8)
    anchors = anchors_for("anchors", 8, 8, [0.4, 0.7])
    scores = tf.nn.softmax(tf.reshape(conv("rpn_class", rpn, 4, size=1, activation=None), [-1, 128, 2]))
    deltas = tf.reshape(conv("rpn_box", rpn, 8, size=1, activation=None), [-1, 128, 4])

    def propose(args):
        delta, score, shape = args
        window = tf.cast(shape[:2], tf.float32) / float(size)
        box = decode(delta, anchors)
        low, high = tf.maximum(box[:, :2], 0.0), tf.minimum(box[:, 2:], window)
        box = tf.concat([low, tf.maximum(low, high)], 1)
        index = tf.image.non_max_suppression(box, score[:, 1], proposals, 0.7)
        found = tf.gather(box, index)
        pad = proposals - tf.shape(found)[0]
        return tf.pad(found, [[0, pad], [0, 0]]), tf.shape(index)[0]

    boxes, counts = tf.map_fn(propose, (deltas, scores, shapes), fn_output_signature=(tf.float32, tf.int32))
    boxes = tf.stop_gradient(tf.ensure_shape(boxes, [None, proposals, 4]))
    batch = tf.shape(boxes)[0]
    which = tf.reshape(tf.tile(tf.range(batch)[:, None], [1, proposals]), [-1])
    crops = tf.image.crop_and_resize(f, tf.reshape(boxes, [-1, 4]), which, [6, 6])
    crops = tf.nn.max_pool2d(crops, 2, 2, "VALID")
    h = tf.reduce_mean(conv("head", crops, 12), [1, 2], keepdims=True)
    flat = tf.squeeze(h, [1, 2])
    kinds = tf.reshape(tf.nn.softmax(dense("kinds", flat, classes + 1)), [-1, proposals, classes + 1])
    valid = tf.sequence_mask(counts, proposals, tf.float32)
    out = tf.image.combined_non_max_suppression(
        boxes[:, :, None], kinds[:, :, 1:] * valid[..., None], 3, 5, 0.6, 0.3, clip_boxes=False
    )

    def masks():
        m = tf.nn.conv2d_transpose(
            crops, weight("mask_up", 2, 2, 4, 8), tf.stack([tf.shape(crops)[0], 6, 6, 4]), 2, "VALID"
        )
        return tf.sigmoid(conv("mask", tf.nn.relu(m), 1, size=1, activation=None))[..., 0]

    mask = tf.cond(tf.reduce_any(counts > 3), masks, lambda: tf.zeros([tf.shape(crops)[0], 6, 6]))
    pictures = rng("two_stage").integers(0, 256, (2, 20, 28, 3)).astype(np.uint8)
    return Case(
        {image: pictures},
        [
            named("boxes", out.nmsed_boxes),
            named("scores", out.nmsed_scores),
            named("classes", out.nmsed_classes),
            named("count", out.valid_detections),
            named("proposed", boxes),
            named("mask", mask),
        ],
        note="region proposals, crops, a second network, masks under a condition",
    )


@graph()
def grid_detector():
    image = feed("image", tf.float32, [None, 32, 32, 3])

    def block(name, x, filters, stride=1):
        y = tf.nn.conv2d(x, weight(name, 3, 3, int(x.shape[-1]), filters), stride, "SAME")
        scale, shift = tf.constant(1 + normal(name + "s", filters, scale=0.1)), normal(name + "h", filters)
        y, *_ = v1.nn.fused_batch_norm(
            y, scale, shift * 0.1, mean=tf.zeros([filters]), variance=tf.ones([filters]), is_training=False
        )
        return tf.maximum(0.1 * y, y)

    a = block("a", image, 8, 2)
    b = block("b", a, 8, 2)
    route = tf.nn.space_to_depth(block("pass", a, 4), 2)
    c = tf.concat([route, b], 3)
    c = block("c", tf.pad(c, [[0, 0], [1, 0], [1, 0], [0, 0]]), 12, 2)
    up = v1.image.resize_nearest_neighbor(c, tf.shape(b)[1:3] + [0, 0])
    d = tf.concat([up[:, :8, :8], b], 3)
    outs = []
    for name, f, cells in (("large", c, 5), ("small", d, 8)):
        raw = tf.reshape(conv(name, f, 14, size=1, activation=None), [-1, cells, cells, 2, 7])
        xy, wh, sure, kind = tf.split(raw, [2, 2, 1, 2], -1)
        rows = tf.tile(tf.range(cells)[:, None], [1, cells])
        grid = tf.stack([tf.transpose(rows), rows], -1)[None, :, :, None]
        xy = (tf.sigmoid(xy) + tf.cast(grid, tf.float32)) / float(cells)
        wh = tf.exp(tf.clip_by_value(wh, -4.0, 4.0)) * [[0.1, 0.2], [0.4, 0.3]]
        box = tf.concat([xy - wh / 2.0, xy + wh / 2.0], -1)
        outs.append(tf.concat([box, tf.sigmoid(sure), tf.nn.softmax(kind)], -1))
    found = tf.concat([tf.reshape(o, [-1, int(o.shape[1]) ** 2 * 2, 7]) for o in outs], 1)
    first = found[0]
    index, score = tf.image.non_max_suppression_with_scores(
        first[:, :4], first[:, 4], 7, 0.4, score_threshold=0.2, soft_nms_sigma=0.5
    )
    padded, valid = tf.image.non_max_suppression_padded(
        first[:, :4], first[:, 4], 9, 0.3, pad_to_max_output_size=True
    )
    return Case(
        {image: rng("grid").uniform(0, 1, (2, 32, 32, 3)).astype(np.float32)},
        [
            named("found", found),
            named("index", index),
            named("score", score),
            named("padded", padded),
            named("valid", valid),
        ],
        note="one pass over two grids: SpaceToDepth route, leaky units as Maximum, soft suppression",
    )


@graph("v1", "fn")
def phase_train():
    """A graph frozen with its training switch in place."""
    x = feed("x", tf.float32, [None, 8, 8, 3])
    training = v1.placeholder_with_default(False, [], "phase_train")
    keep = v1.placeholder_with_default(tf.constant(1.0), [], "keep_prob")
    y = conv("c", x, 6, activation=None)
    mean, variance = tf.constant(normal("m", 6, scale=0.1)), tf.constant(normal("v", 6) ** 2 + 0.5)
    gamma, beta = tf.constant(normal("g", 6) + 1.0), tf.constant(normal("b", 6))
    batch_mean, batch_variance = tf.nn.moments(y, [0, 1, 2])
    m, v = tf.cond(training, lambda: (batch_mean, batch_variance), lambda: (mean, variance))
    y = tf.nn.relu(tf.nn.batch_normalization(y, m, v, beta, gamma, 1e-3))
    z = tf.cond(
        training,
        lambda: v1.nn.fused_batch_norm(y, gamma, beta, is_training=True)[0],
        lambda: v1.nn.fused_batch_norm(y, gamma, beta, mean, variance, is_training=False)[0],
    )
    pos, alpha = tf.nn.relu(z), tf.constant(normal("alpha", 6, scale=0.2))
    z = pos + alpha * (z - tf.abs(z)) * 0.5
    flat = tf.reshape(z, [-1, 8 * 8 * 6])
    noise = tf.floor(keep + tf.random.uniform(tf.shape(flat), seed=3))
    flat = flat / keep * noise
    e = tf.nn.l2_normalize(dense("e", flat, 5), 1, epsilon=1e-10)
    feeds = {x: normal("x", 2, 8, 8, 3)}
    return [
        Case(feeds, [named("embeddings", e)], "default", "a training switch and a dropout that are off"),
        Case({**feeds, training: np.bool_(True)}, [named("embeddings", e)], "on", "batch statistics"),
    ]
