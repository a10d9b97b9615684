"""Networks written with plain op calls, for TensorFlow and for Floe: each case is a call without arguments."""

import numpy as np


class Weights:
    """Random tensors from one seed, as variables or as constants."""

    def __init__(self, tf, trainable=False):
        self.random = np.random.default_rng(7)
        self.make = tf.Variable if trainable else tf.constant

    def __call__(self, *shape):
        fan_in = max(1, int(np.prod(shape[:-1])))
        return self.make((self.random.standard_normal(shape) / np.sqrt(fan_in)).astype("f4"))

    def full(self, value, *shape):
        return self.make(np.full(shape, value, "f4"))


def mobilenetv2(tf, batch):
    """The forward pass at 224 x 224."""
    weights = Weights(tf)
    blocks = []

    def norm(channels):
        return [weights.full(v, channels) for v in (1.0, 0.1, 0.0, 1.0)]

    channels = 32
    stem = (weights(3, 3, 3, channels), norm(channels))
    for expand, out, repeats, stride in (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    ):
        for i in range(repeats):
            wide = channels * expand
            blocks.append(
                (
                    (weights(1, 1, channels, wide), norm(wide)) if expand > 1 else None,
                    (weights(3, 3, wide, 1), norm(wide), stride if i == 0 else 1),
                    (weights(1, 1, wide, out), norm(out)),
                    channels == out and (stride if i == 0 else 1) == 1,
                )
            )
            channels = out
    last = (weights(1, 1, channels, 1280), norm(1280))
    top, bias = weights(1280, 1000), weights.full(0.0, 1000)

    def normalized(x, n):
        return tf.raw_ops.FusedBatchNormV3(
            x=x, scale=n[0], offset=n[1], mean=n[2], variance=n[3], epsilon=1e-3, is_training=False
        )[0]

    def run(x):
        x = tf.nn.relu6(normalized(tf.nn.conv2d(x, stem[0], 2, "SAME"), stem[1]))
        for expand, depthwise, project, residual in blocks:
            y = x
            if expand:
                y = tf.nn.relu6(normalized(tf.nn.conv2d(y, expand[0], 1, "SAME"), expand[1]))
            s = depthwise[2]
            y = tf.nn.depthwise_conv2d(y, depthwise[0], [1, s, s, 1], "SAME")
            y = tf.nn.relu6(normalized(y, depthwise[1]))
            y = normalized(tf.nn.conv2d(y, project[0], 1, "SAME"), project[1])
            x = x + y if residual else y
        x = tf.nn.relu6(normalized(tf.nn.conv2d(x, last[0], 1, "SAME"), last[1]))
        x = tf.reduce_mean(x, axis=[1, 2])
        return tf.nn.softmax(tf.matmul(x, top) + bias)

    x = tf.constant(weights.random.random((batch, 224, 224, 3), "f4"))
    return run, (x,)


def encoder(tf, batch):
    """Four transformer layers of width 256, four heads, 128 positions."""
    weights = Weights(tf)
    width, heads, length, layers = 256, 4, 128, 4
    depth = width // heads
    all_layers = [
        {
            "qkv": [weights(width, width) for _ in range(3)],
            "out": weights(width, width),
            "up": (weights(width, 4 * width), weights.full(0.0, 4 * width)),
            "down": (weights(4 * width, width), weights.full(0.0, width)),
            "norms": [(weights.full(1.0, width), weights.full(0.0, width)) for _ in range(2)],
        }
        for _ in range(layers)
    ]

    def norm(x, scale_and_offset):
        mean = tf.reduce_mean(x, axis=-1, keepdims=True)
        centred = x - mean
        variance = tf.reduce_mean(centred * centred, axis=-1, keepdims=True)
        return centred * tf.math.rsqrt(variance + 1e-6) * scale_and_offset[0] + scale_and_offset[1]

    def split(x):
        return tf.transpose(tf.reshape(x, [batch, length, heads, depth]), [0, 2, 1, 3])

    def gelu(x):
        return 0.5 * x * (1.0 + tf.math.erf(x * 0.7071067811865476))

    def run(x):
        for layer in all_layers:
            q, k, v = (split(tf.matmul(tf.reshape(x, [-1, width]), w)) for w in layer["qkv"])
            scores = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * depth**-0.5)
            y = tf.transpose(tf.matmul(scores, v), [0, 2, 1, 3])
            y = tf.matmul(tf.reshape(y, [-1, width]), layer["out"])
            x = norm(x + tf.reshape(y, [batch, length, width]), layer["norms"][0])
            y = gelu(tf.matmul(tf.reshape(x, [-1, width]), layer["up"][0]) + layer["up"][1])
            y = tf.matmul(y, layer["down"][0]) + layer["down"][1]
            x = norm(x + tf.reshape(y, [batch, length, width]), layer["norms"][1])
        return x

    return run, (tf.constant(weights.random.standard_normal((batch, length, width)).astype("f4")),)


def training(tf, batch):
    """A step of conv32-conv32-pool-conv64-conv64-pool-dense128-dense8 on 64 x 64 x 3 with Adam."""
    weights = Weights(tf, trainable=True)
    shapes = [(3, 3, 3, 32), (3, 3, 32, 32), (3, 3, 32, 64), (3, 3, 64, 64), (16 * 16 * 64, 128), (128, 8)]
    kernels = [weights(*s) for s in shapes]
    biases = [weights.full(0.0, s[-1]) for s in shapes]
    parameters = kernels + biases
    first = [tf.Variable(tf.zeros_like(p)) for p in parameters]
    second = [tf.Variable(tf.zeros_like(p)) for p in parameters]
    count = tf.Variable(0.0)

    def logits(x):
        for i in range(4):
            x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernels[i], 1, "SAME"), biases[i]))
            if i % 2:
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.reshape(x, [batch, -1])
        x = tf.nn.relu(tf.matmul(x, kernels[4]) + biases[4])
        return tf.matmul(x, kernels[5]) + biases[5]

    def step(x, y):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits(x))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, parameters)
        count.assign_add(1.0)
        rate = 1e-3 * tf.sqrt(1.0 - tf.pow(0.999, count)) / (1.0 - tf.pow(0.9, count))
        for p, g, m, v in zip(parameters, gradients, first, second):
            m.assign_add((g - m) * 0.1)
            v.assign_add((g * g - v) * 0.001)
            p.assign_sub(rate * m / (tf.sqrt(v) + 1e-7))
        return loss

    x = tf.constant(weights.random.random((batch, 64, 64, 3), "f4"))
    y = tf.constant(weights.random.integers(0, 8, batch).astype("i4"))
    return step, (x, y)


CASES = {"mobilenetv2": mobilenetv2, "encoder": encoder, "training": training}
