"""Small versions of the convolutional families, written as their TF1 and Keras code writes them."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from .common import Case, conv, dense, feed, graph, keras_model, named, normal, rng, v1, weight


def batch_norm(name, x, op="FusedBatchNormV3"):
    n = int(x.shape[-1])
    r = rng(name)
    gamma, beta, mean = (tf.constant(r.uniform(0.5, 1.5, n).astype(np.float32)) for _ in range(3))
    variance = tf.constant(r.uniform(0.2, 2.0, n).astype(np.float32))
    kernel = getattr(tf.raw_ops, op)
    return kernel(
        x=x, scale=gamma, offset=beta, mean=mean, variance=variance, epsilon=1e-3, is_training=False
    )[0]


@graph()
def mobilenet_v1():
    x = feed("input", tf.float32, [None, 24, 24, 3])

    def separable(name, x, filters, stride):
        w = tf.constant(normal(name + "dw", 3, 3, int(x.shape[-1]), 1, scale=0.4))
        x = tf.nn.relu6(
            batch_norm(
                name + "bn1", tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], "SAME"), "FusedBatchNorm"
            )
        )
        x = tf.nn.conv2d(x, weight(name + "pw", 1, 1, int(x.shape[-1]), filters), 1, "SAME")
        return tf.nn.relu6(batch_norm(name + "bn2", x, "FusedBatchNorm"))

    y = tf.nn.relu6(batch_norm("bn0", tf.nn.conv2d(x, weight("c0", 3, 3, 3, 8), 2, "SAME"), "FusedBatchNorm"))
    for i, (f, s) in enumerate(((16, 1), (16, 2), (24, 1), (24, 2))):
        y = separable(f"b{i}", y, f, s)
    y = tf.nn.avg_pool2d(y, 3, 1, "VALID")
    y = tf.squeeze(conv("logits", y, 5, size=1, activation=None), [1, 2])
    return Case(
        {x: normal("x", 2, 24, 24, 3)},
        [named("y", tf.nn.softmax(y))],
        note="MobileNet V1, FusedBatchNorm of version 1",
    )


@keras_model()
def mobilenet_v3():
    x = i = keras.Input((20, 20, 3))
    x = layers.Conv2D(8, 3, 2, padding="same", use_bias=False)(x)
    x = layers.Activation("hard_swish")(layers.BatchNormalization()(x))
    s = layers.GlobalAveragePooling2D(keepdims=True)(x)
    s = layers.Activation("hard_sigmoid")(layers.Conv2D(8, 1)(layers.Conv2D(4, 1, activation="relu")(s)))
    x = layers.Multiply()([x, s])
    y = layers.DepthwiseConv2D(5, 2, padding="same")(x)
    y = layers.Conv2D(10, 1)(layers.Activation("swish")(y))
    return (
        keras.Model(i, layers.Dense(4, "softmax")(layers.Flatten()(y))),
        normal("x", 2, 20, 20, 3),
        "squeeze and excite, hard swish, swish",
    )


@graph()
def resnet():
    x = feed("x", tf.float32, [None, 20, 20, 3])
    y = tf.pad(x, [[0, 0], [3, 3], [3, 3], [0, 0]])
    y = tf.nn.relu(batch_norm("bn0", tf.nn.conv2d(y, weight("c0", 7, 7, 3, 8), 2, "VALID")))
    y = tf.nn.max_pool2d(tf.pad(y, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 2, "VALID")
    for i in range(2):
        z = tf.nn.relu(
            batch_norm(f"bn{i}a", tf.nn.conv2d(y, weight(f"c{i}a", 1, 1, int(y.shape[-1]), 6), 1, "SAME"))
        )
        z = tf.nn.relu(batch_norm(f"bn{i}b", tf.nn.conv2d(z, weight(f"c{i}b", 3, 3, 6, 6), 1, "SAME")))
        z = batch_norm(f"bn{i}c", tf.nn.conv2d(z, weight(f"c{i}c", 1, 1, 6, 16), 1, "SAME"))
        if i == 0:
            y = batch_norm("short", tf.nn.conv2d(y, weight("shortcut", 1, 1, 8, 16), 1, "SAME"))
        y = tf.nn.relu(y + z)
    y = tf.nn.softmax(dense("d", tf.reduce_mean(y, [1, 2]), 4))
    return Case(
        {x: normal("x", 2, 20, 20, 3)},
        [named("y", y)],
        note="residual blocks, padding before strided convolution",
    )


@graph()
def inception():
    x = feed("x", tf.float32, [None, 15, 15, 3])
    y = tf.nn.lrn(conv("c0", x, 8), 4, bias=1.0, alpha=0.0001, beta=0.75)
    y = tf.nn.max_pool2d(y, 3, 2, "SAME")
    branches = [
        conv("b1", y, 4, size=1),
        conv("b3", conv("b3r", y, 4, size=1), 6),
        conv("b5", conv("b5r", y, 2, size=1), 4, size=5),
        conv("bp", tf.nn.avg_pool2d(y, 3, 1, "SAME"), 3, size=1),
    ]
    y = tf.concat(branches, 3)
    w = weight("1x7", 1, 7, 17, 6)
    y = tf.nn.relu(tf.nn.conv2d(y, w, 1, "SAME"))
    y = tf.nn.softmax(dense("d", tf.reshape(tf.nn.avg_pool2d(y, 8, 1, "VALID"), [-1, 6]), 4))
    return Case(
        {x: normal("x", 2, 15, 15, 3)},
        [named("y", y)],
        note="inception block, LRN, 1x7 convolution, average over padding",
    )


@graph()
def densenet():
    x = feed("x", tf.float32, [None, 12, 12, 4])
    y = x
    for i in range(3):
        z = tf.nn.relu(batch_norm(f"bn{i}", y))
        y = tf.concat([y, conv(f"c{i}", z, 4, activation=None)], 3)
    y = tf.nn.avg_pool2d(tf.nn.relu(batch_norm("bnt", y)), 2, 2, "VALID")
    return Case(
        {x: normal("x", 2, 12, 12, 4)},
        [named("y", y)],
        note="batch norm and ReLU before convolutions, growing concatenation",
    )


@graph()
def u_net():
    x = feed("x", tf.float32, [None, None, None, 2])
    a = conv("a", x, 4)
    b = conv("b", tf.nn.max_pool2d(a, 2, 2, "SAME"), 6)
    shape = tf.shape(a)
    up = tf.nn.conv2d_transpose(
        b,
        tf.constant(normal("up", 2, 2, 4, 6, scale=0.3)),
        tf.stack([shape[0], shape[1], shape[2], 4]),
        2,
        "SAME",
    )
    y = conv("y", tf.concat([a, up], 3), 1, size=1, activation=tf.sigmoid)
    mask = tf.cast(y > 0.5, tf.uint8)
    return Case(
        {x: normal("x", 1, 10, 8, 2)},
        [named("y", y), named("mask", mask)],
        note="U-net: transposed convolution with a size from Shape, skip connection",
    )


@graph()
def conv_transpose():
    x = feed("x", tf.float32, [None, 5, 4, 3])
    outs = []
    for size, stride, padding, height, width in (
        (3, 2, "SAME", 10, 8),
        (3, 2, "SAME", 9, 7),
        (4, 3, "VALID", 16, 13),
    ):
        w = tf.constant(normal(f"w{height}", size, size, 2, 3, scale=0.3))
        batch = tf.shape(x)[0]
        outs.append(tf.nn.conv2d_transpose(x, w, [batch, height, width, 2], stride, padding))
    return Case(
        {x: normal("x", 2, 5, 4, 3)},
        [named(f"y{i}", y) for i, y in enumerate(outs)],
        note="Conv2DBackpropInput as a layer; output sizes that are not multiples of the stride",
    )


@graph()
def dilated():
    x = feed("x", tf.float32, [None, 11, 9, 4])
    w, d = weight("w", 3, 3, 4, 5), tf.constant(normal("d", 3, 3, 4, 2, scale=0.4))
    s = tf.space_to_batch(x, [2, 2], [[2, 3], [2, 3]])
    through = tf.batch_to_space(tf.nn.conv2d(s, w, 1, "VALID"), [2, 2], [[0, 1], [0, 1]])
    depthwise = tf.batch_to_space(
        tf.nn.depthwise_conv2d(s, d, [1, 1, 1, 1], "VALID"), [2, 2], [[0, 1], [0, 1]]
    )
    return Case(
        {x: normal("x", 2, 11, 9, 4)},
        [
            named("through", through),
            named("depthwise", depthwise),
            named("direct", tf.nn.conv2d(x, w, 1, "SAME", dilations=2)),
            named("depthwise_direct", tf.nn.depthwise_conv2d(x, d, [1, 1, 1, 1], "VALID", dilations=[3, 2])),
            named("explicit", tf.nn.conv2d(x, w, [1, 2, 1, 1], [[0, 0], [2, 1], [0, 3], [0, 0]])),
            named(
                "causal",
                tf.nn.conv1d(
                    tf.pad(x[:, :, 0], [[0, 0], [4, 0], [0, 0]]),
                    weight("c", 3, 4, 2),
                    1,
                    "VALID",
                    dilations=2,
                ),
            ),
        ],
        note="dilated convolutions through SpaceToBatchND and directly; explicit padding; causal 1-d",
    )


@graph()
def conv_forms():
    x = feed("x", tf.float32, [None, 9, 8, 4])
    grouped = tf.nn.conv2d(x, tf.constant(normal("g", 3, 3, 2, 6, scale=0.3)), 1, "SAME")
    volume = tf.reshape(x, [-1, 3, 3, 8, 4])
    return Case(
        {x: normal("x", 1, 9, 8, 4)},
        [
            named("grouped", grouped),
            named("stride", tf.nn.conv2d(x, weight("s", 2, 3, 4, 3), [1, 3, 2, 1], "SAME")),
            named(
                "volume",
                tf.nn.conv3d(
                    volume, tf.constant(normal("v", 2, 3, 3, 4, 2, scale=0.2)), [1, 1, 1, 2, 1], "SAME"
                ),
            ),
            named("volume_pool", tf.nn.max_pool3d(volume, 2, 2, "SAME")),
            named("volume_mean", tf.nn.avg_pool3d(volume, 2, 1, "VALID")),
            named(
                "depth_multiplier",
                tf.nn.depthwise_conv2d(x, tf.constant(normal("m", 3, 3, 4, 3)), [1, 2, 2, 1], "SAME"),
            ),
            named(
                "dilation",
                tf.nn.dilation2d(
                    x, tf.constant(normal("dil", 2, 2, 4)), [1, 1, 1, 1], "SAME", "NHWC", [1, 1, 1, 1]
                ),
            ),
        ],
        note="grouped, strided, three-dimensional convolutions; pooling in three dimensions",
    )


@graph()
def pooling():
    x = feed("x", tf.float32, [None, 7, 6, 2])
    with_index = tf.nn.max_pool_with_argmax(x, 2, 2, "SAME")
    y = tf.nn.max_pool2d(x, 3, 2, "VALID")
    explicit = tf.raw_ops.MaxPool(
        input=x,
        ksize=[1, 3, 3, 1],
        strides=[1, 2, 2, 1],
        padding="EXPLICIT",
        explicit_paddings=[0, 0, 1, 1, 0, 1, 0, 0],
    )
    return Case(
        {x: normal("x", 2, 7, 6, 2)},
        [
            named("y", y),
            named("explicit", explicit),
            named("mean", tf.nn.avg_pool2d(x, [3, 2], [1, 2], "SAME")),
            named("values", with_index[0]),
            named("index", with_index[1]),
            named("depth", tf.nn.depth_to_space(tf.concat([x, x], 3), 2)),
            named(
                "v2", tf.raw_ops.MaxPoolV2(input=x, ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="SAME")
            ),
        ],
        note="pooling with explicit padding and with indices",
    )


@graph()
def channels_first():
    x = feed("x", tf.float32, [None, 3, 8, 8])
    y = tf.transpose(x, [0, 2, 3, 1])
    y = tf.nn.conv2d(y, weight("w", 3, 3, 3, 4), 2, "SAME")
    y = tf.transpose(tf.nn.bias_add(y, tf.constant(normal("b", 4))), [0, 3, 1, 2])
    z = tf.nn.bias_add(y, tf.constant(normal("c", 4)), data_format="NCHW")
    return Case(
        {x: normal("x", 2, 3, 8, 8)},
        [named("y", tf.nn.relu(y)), named("z", z)],
        note="channels-first data through transpositions; BiasAdd in NCHW",
    )


@graph()
def activations():
    x = feed("x", tf.float32, [None, 6])
    n = tf.nn
    outs = {
        "elu": n.elu(x),
        "selu": n.selu(x),
        "leaky": n.leaky_relu(x, 0.1),
        "softplus": n.softplus(x),
        "softsign": n.softsign(x),
        "log_softmax": n.log_softmax(x),
        "prelu": n.relu(x) + tf.constant(normal("alpha", 6)) * (x - tf.abs(x)) * 0.5,
        "normalized": n.l2_normalize(x, 1),
        "crelu": n.crelu(x),
        "clip": tf.clip_by_value(x, -0.5, 0.7),
        "sigmoid": tf.sigmoid(x),
        "relu6": n.relu6(x * 5.0),
        "moments": n.moments(x, [0])[1],
    }
    values = normal("x", 4, 6, scale=3.0)
    values[0, :4] = np.nan, np.inf, -np.inf, 0.0
    return Case(
        {x: values}, [named(k, v) for k, v in outs.items()], note="activations, with NaN and infinities"
    )


@graph()
def old_names():
    x, i = feed("x", tf.float32, [None, 4]), feed("i", tf.int32, [None])
    op = tf.raw_ops
    outs = {
        "add": op.Add(x=x, y=x),
        "gather": op.Gather(params=x, indices=i),
        "select": op.Select(condition=x > 0.0, x=x, y=-x),
        "select_rows": op.Select(condition=i > 0, x=x, y=-x),
        "div": op.Div(x=x, y=tf.constant(2.0)),
        "int_div": op.Div(x=i - 3, y=tf.constant(2)),
        "concat": op.Concat(concat_dim=1, values=[x, x]),
        "dense": op.SparseToDense(
            sparse_indices=tf.constant([1, 3], tf.int32),
            output_shape=[5],
            sparse_values=[7.0, 8.0],
            default_value=-1.0,
        ),
        "inv": op.Inv(x=x),
        "arg": v1.arg_max(x, 1),
        "diag": op.MatrixDiag(diagonal=x),
        "mod": op.Mod(x=i - 3, y=tf.constant(2)),
        "l2": op.L2Loss(t=x),
        "pad": op.Pad(input=x, paddings=[[1, 0], [0, 2]]),
        "bias": op.BiasAddV1(value=x, bias=[1.0, 2.0, 3.0, 4.0]),
    }
    return Case(
        {x: normal("x", 3, 4), i: np.int32([2, 0, 1])},
        [named(k, v) for k, v in outs.items()],
        note="ops under their old names",
    )


@graph()
def defaults():
    x = v1.placeholder_with_default(tf.constant([[1.0, 2.0], [3.0, 4.0]]), [None, 2], name="x")
    keep = v1.placeholder_with_default(1.0, [], name="keep_prob")
    y = named("y", tf.matmul(x, weight("w", 2, 3)) / keep)
    return [
        Case({}, [y], "none", note="nothing is fed: both placeholders have defaults"),
        Case(
            {x: np.float32([[0.5, -1.0]]), keep: np.float32(0.5)},
            [y],
            "fed",
            note="both defaults are overridden",
        ),
    ]


@graph()
def fed_inside():
    x = feed("x", tf.float32, [None, 3])
    hidden = tf.nn.relu(dense("a", x, 4), name="hidden")
    y = named("y", dense("b", hidden, 2))
    return Case(
        {hidden: normal("hidden", 2, 4)},
        [y],
        note="the feed replaces a tensor in the middle; the placeholder stays unfed",
    )
