"""Detectors: anchors, decoding, non-max suppression per image, cascades, key points, segmentation."""

import numpy as np
import tensorflow as tf

from .common import Case, conv, dense, feed, graph, named, normal, rng, v1


def boxes_and_scores(name, count, size=1.0):
    r = rng(name)
    top_left = r.uniform(0, 0.7 * size, (count, 2))
    extent = r.uniform(0.1 * size, 0.3 * size, (count, 2))
    boxes = np.concatenate([top_left, top_left + extent], 1).astype(np.float32)
    return boxes, r.uniform(0, 1, count).astype(np.float32)


@graph()
def nms_all():
    b, s = feed("b", tf.float32, [None, 4]), feed("s", tf.float32, [None])
    boxes, scores = boxes_and_scores("nms", 24)
    op = tf.raw_ops
    v4 = op.NonMaxSuppressionV4(
        boxes=b,
        scores=s,
        max_output_size=9,
        iou_threshold=0.3,
        score_threshold=0.2,
        pad_to_max_output_size=True,
    )
    v5 = op.NonMaxSuppressionV5(
        boxes=b, scores=s, max_output_size=9, iou_threshold=0.5, score_threshold=0.2, soft_nms_sigma=0.5
    )
    flipped = tf.gather(b, [2, 3, 0, 1], axis=1)
    return Case(
        {b: boxes, s: scores},
        [
            named("v1", op.NonMaxSuppression(boxes=b, scores=s, max_output_size=5, iou_threshold=0.4)),
            named(
                "v2", op.NonMaxSuppressionV2(boxes=flipped, scores=s, max_output_size=30, iou_threshold=0.2)
            ),
            named(
                "v3",
                op.NonMaxSuppressionV3(
                    boxes=b, scores=s, max_output_size=30, iou_threshold=0.5, score_threshold=0.6
                ),
            ),
            named("v4", v4[0]),
            named("v4_count", v4[1]),
            named("v5", v5[0]),
            named("v5_scores", v5[1]),
            named("v5_count", v5[2]),
            named(
                "overlaps",
                op.NonMaxSuppressionWithOverlaps(
                    overlaps=tf.matmul(b, b, transpose_b=True),
                    scores=s,
                    max_output_size=6,
                    overlap_threshold=0.9,
                    score_threshold=0.1,
                ),
            ),
        ],
        note="non-max suppression of every age; corners in either order; soft suppression",
    )


@graph()
def nms_combined():
    b, s = feed("b", tf.float32, [None, None, 1, 4]), feed("s", tf.float32, [None, None, 3])
    boxes = np.stack([boxes_and_scores(f"c{i}", 20, 1.2)[0] for i in range(2)])[:, :, None]
    scores = rng("combined").uniform(0, 1, (2, 20, 3)).astype(np.float32)
    r = tf.image.combined_non_max_suppression(b, s, 4, 7, 0.4, 0.3)
    p = tf.image.combined_non_max_suppression(b, s, 4, 30, 0.4, 0.3, pad_per_class=True, clip_boxes=False)
    return Case(
        {b: boxes, s: scores},
        [named(f"{k}{i}", t) for k, q in (("r", r), ("p", p)) for i, t in enumerate(q)],
        note="CombinedNonMaxSuppression with clipping, and padded per class without",
    )


def decode(deltas, anchors):
    """Boxes from centre and log-size offsets, as the object-detection code of TF1 writes it."""
    ymin, xmin, ymax, xmax = tf.unstack(tf.transpose(anchors))
    height, width = ymax - ymin, xmax - xmin
    ty, tx, th, tw = tf.unstack(tf.transpose(deltas))
    h, w = tf.exp(th / 5.0) * height, tf.exp(tw / 5.0) * width
    y, x = ty / 10.0 * height + (ymin + height / 2.0), tx / 10.0 * width + (xmin + width / 2.0)
    return tf.transpose(tf.stack([y - h / 2.0, x - w / 2.0, y + h / 2.0, x + w / 2.0]))


def anchors_for(name, rows, columns, scales):
    with tf.name_scope(name):
        y, x = tf.meshgrid(
            (tf.range(rows, dtype=tf.float32) + 0.5) / float(rows),
            (tf.range(columns, dtype=tf.float32) + 0.5) / float(columns),
            indexing="ij",
        )
        size = tf.constant(scales)
        center = tf.stack([tf.reshape(y, [-1, 1]) + 0 * size, tf.reshape(x, [-1, 1]) + 0 * size], 2)
        half = tf.stack([size / 2, size / 3], 1)[None]
        return tf.reshape(tf.concat([center - half, center + half], 2), [-1, 4])


@graph("v1", "fn")
def ssd():
    image = feed("image_tensor", tf.uint8, [None, None, None, 3])
    classes, per_class, total = 3, 5, 8

    def preprocess(one):
        one = tf.image.resize(one, [24, 24], antialias=False)
        return one, tf.shape(one)

    x = tf.cast(image, tf.float32)
    x, true_shapes = tf.map_fn(preprocess, x, fn_output_signature=(tf.float32, tf.int32))
    x = 2.0 / 255.0 * x - 1.0
    x = tf.reshape(x, [-1, 24, 24, 3])
    x = conv("c1", x, 8, stride=2, activation=tf.nn.relu6)
    features = [conv("c2", x, 8, stride=2, activation=tf.nn.relu6)]
    features.append(conv("c3", features[0], 8, stride=2, activation=tf.nn.relu6))
    boxes, scores, anchors = [], [], []
    for i, f in enumerate(features):
        scales = [0.3 + 0.3 * i, 0.4 + 0.3 * i]
        rows = int(f.shape[1])
        anchors.append(anchors_for(f"anchors{i}", rows, rows, scales))
        boxes.append(tf.reshape(conv(f"box{i}", f, 8, activation=None), [tf.shape(f)[0], -1, 4]))
        scores.append(
            tf.reshape(
                conv(f"class{i}", f, 2 * (classes + 1), activation=None), [tf.shape(f)[0], -1, classes + 1]
            )
        )
    anchors = tf.concat(anchors, 0)
    boxes, scores = tf.concat(boxes, 1), tf.sigmoid(tf.concat(scores, 1))[:, :, 1:]

    def one_image(args):
        deltas, score, shape = args
        decoded = decode(deltas, anchors)
        found = []
        for c in range(classes):
            per = tf.gather(score, tf.constant([c]), axis=1)[:, 0]
            limit = tf.minimum(per_class, tf.shape(decoded)[0])
            index = tf.image.non_max_suppression(decoded, per, limit, 0.5, 0.45)
            found.append(
                (
                    tf.gather(decoded, index),
                    tf.gather(per, index),
                    tf.cast(tf.ones_like(index), tf.float32) * float(c),
                )
            )
        b, s, k = (tf.concat(parts, 0) for parts in zip(*found))
        window = tf.cast(tf.concat([[0, 0], shape[:2]], 0), tf.float32) / 24.0
        ymin, xmin, ymax, xmax = tf.split(b, 4, axis=1)
        b = tf.concat(
            [
                tf.maximum(tf.minimum(ymin, window[2]), window[0]),
                tf.maximum(tf.minimum(xmin, window[3]), window[1]),
                tf.maximum(tf.minimum(ymax, window[2]), window[0]),
                tf.maximum(tf.minimum(xmax, window[3]), window[1]),
            ],
            1,
        )
        area = tf.squeeze((b[:, 2:3] - b[:, 0:1]) * (b[:, 3:4] - b[:, 1:2]), 1)
        keep = tf.reshape(tf.where(tf.greater(area, 0.0)), [-1])
        b, s, k = tf.gather(b, keep), tf.gather(s, keep), tf.gather(k, keep)
        s, order = tf.math.top_k(s, tf.size(s))
        b, k = tf.gather(b, order), tf.gather(k, order)
        count = tf.minimum(total, tf.size(s))
        pad = total - count
        return (
            tf.pad(b[:count], [[0, pad], [0, 0]]),
            tf.pad(s[:count], [[0, pad]]),
            tf.pad(k[:count], [[0, pad]]),
            count,
        )

    b, s, k, n = tf.map_fn(
        one_image,
        (boxes, scores, true_shapes),
        fn_output_signature=(tf.float32, tf.float32, tf.float32, tf.int32),
        parallel_iterations=2,
    )
    pictures = rng("ssd").integers(0, 256, (2, 30, 20, 3)).astype(np.uint8)
    return Case(
        {image: pictures},
        [
            named("detection_boxes", b),
            named("detection_scores", s),
            named("detection_classes", k + 1.0),
            named("num_detections", tf.cast(n, tf.float32)),
        ],
        note="single-shot detector after the TF1 object-detection code: map_fn over images, before and after",
    )


def pyramid_net(x):
    x = conv("p1", x, 6, activation=tf.nn.leaky_relu, padding="VALID")
    x = tf.nn.max_pool2d(x, 2, 2, "SAME")
    x = conv("p2", x, 8, padding="VALID")
    return (
        tf.nn.softmax(conv("p_prob", x, 2, size=1, activation=None)),
        conv("p_box", x, 4, size=1, activation=None),
    )


@graph("v1", "fn")
def cascade():
    image = feed("image", tf.float32, [None, None, 3])
    smallest, factor = feed("smallest", tf.float32, []), feed("factor", tf.float32, [])
    shape = tf.cast(tf.shape(image)[:2], tf.float32)
    batch = (image[None] - 127.5) * 0.0078125
    cell, stride = 10.0, 2.0

    def scaled(scale, boxes, scores):
        size = tf.cast(tf.math.ceil(shape * scale), tf.int32)
        prob, _ = pyramid_net(v1.image.resize_bilinear(batch, size))
        prob = prob[0, :, :, 1]
        where = tf.where(prob > 0.4)
        score = tf.gather_nd(prob, where)
        corner = tf.cast(where, tf.float32) * stride / scale
        found = tf.concat([corner, corner + cell / scale], 1)
        index = tf.image.non_max_suppression(found, score, 6, 0.5)
        return (
            scale * factor,
            tf.concat([boxes, tf.gather(found, index)], 0),
            tf.concat([scores, tf.gather(score, index)], 0),
        )

    first = cell / smallest
    _, boxes, scores = tf.while_loop(
        lambda scale, *_: tf.reduce_min(shape) * scale >= cell,
        scaled,
        [first, tf.zeros([0, 4]), tf.zeros([0])],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 4]), tf.TensorShape([None])],
    )

    def refine():
        crops = tf.image.crop_and_resize(
            batch, boxes / tf.tile(shape - 1.0, [2]), tf.zeros_like(scores, tf.int32), [8, 8]
        )
        h = conv("r1", crops, 6, stride=2)
        h = tf.reshape(h, [-1, 4 * 4 * 6])
        prob = tf.nn.softmax(dense("r_prob", h, 2))[:, 1]
        moved = boxes + dense("r_box", h, 4) * (boxes[:, 2:3] - boxes[:, 0:1])
        keep = prob > 0.35
        kept, kept_prob = tf.boolean_mask(moved, keep), tf.boolean_mask(prob, keep)
        index = tf.image.non_max_suppression(kept, kept_prob, 5, 0.7)
        return tf.gather(kept, index), tf.gather(kept_prob, index)

    boxes, scores = tf.cond(tf.size(scores) > 0, refine, lambda: (tf.zeros([0, 4]), tf.zeros([0])))
    picture = rng("cascade").uniform(0, 255, (40, 32, 3)).astype(np.float32)
    return [
        Case(
            {image: picture, smallest: np.float32(s), factor: np.float32(0.7)},
            [named("box", boxes), named("prob", scores)],
            k,
            note="face cascade: a loop over scales, suppression, crops to a second net under a condition",
        )
        for k, s in (("faces", 12), ("empty", 400))
    ]


@graph()
def key_points():
    x = feed("x", tf.float32, [None, 16, 16, 3])
    heat = tf.sigmoid(conv("heat", conv("c", x, 8), 4, activation=None))
    peaks = tf.equal(tf.nn.max_pool2d(heat, 3, 1, "SAME"), heat) & (heat > 0.6)
    where = tf.where(peaks)
    flat = tf.reshape(heat, [tf.shape(heat)[0], -1, 4])
    best = tf.argmax(flat, 1)
    unravelled = tf.unravel_index(tf.cast(tf.reshape(best, [-1]), tf.int32), [16, 16])
    values, index = tf.nn.top_k(tf.transpose(flat, [0, 2, 1]), 3)
    return Case(
        {x: normal("x", 1, 16, 16, 3)},
        [
            named("where", where),
            named("score", tf.gather_nd(heat, where)),
            named("best", best),
            named("yx", unravelled),
            named("top", values),
            named("top_index", index),
        ],
        note="pose net: heat maps, peaks by max pooling, Where, GatherNd, ArgMax, TopKV2",
    )


@graph()
def segmentation():
    x = feed("x", tf.float32, [1, None, None, 3])
    size = tf.shape(x)[1:3]
    y = conv("c1", v1.image.resize_bilinear(x, [17, 17], align_corners=True), 6, stride=2)
    dilated = [
        tf.nn.relu(
            tf.nn.conv2d(
                y,
                tf.constant(normal(f"a{r}", 3, 3, 6, 4, scale=0.2)),
                1,
                "SAME",
                dilations=r,
                name=f"aspp{r}",
            )
        )
        for r in (1, 2, 4)
    ]
    pooled = tf.image.resize(tf.reduce_mean(y, [1, 2], keepdims=True), tf.shape(y)[1:3])
    y = conv("head", tf.concat([*dilated, pooled], 3), 5, size=1, activation=None)
    logits = v1.image.resize_bilinear(y, size, align_corners=True)
    labels = tf.argmax(logits, 3, output_type=tf.int32)
    return Case(
        {x: normal("x", 1, 21, 30, 3)},
        [named("logits", logits), named("labels", labels)],
        note="segmentation with dilated convolutions, image pooling, align_corners",
    )
