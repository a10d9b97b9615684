"""Attention, layer normalization, the ways to write GELU, Einsum and batched products."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from .common import Case, dense, feed, graph, keras_model, named, normal, weight


def encoder_block(x, heads, width):
    a = layers.MultiHeadAttention(heads, width // heads)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(x + a)
    f = layers.Dense(2 * width, activation="gelu")(x)
    return layers.LayerNormalization(epsilon=1e-6)(x + layers.Dense(width)(f))


@keras_model()
def encoder():
    ids = keras.Input((12,), dtype="int32")
    x = layers.Embedding(30, 16)(ids)
    for _ in range(2):
        x = encoder_block(x, 4, 16)
    model = keras.Model(ids, layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(x)))
    return model, np.arange(24, dtype=np.int32).reshape(2, 12) % 30, "two encoder blocks of Keras"


@keras_model()
def decoder_masked():
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(30, 16, mask_zero=True)(ids)
    a = layers.MultiHeadAttention(2, 8)(x, x, use_causal_mask=True)
    y = layers.Dense(30)(layers.LayerNormalization()(x + a))
    return (
        keras.Model(ids, y),
        np.int32([[4, 8, 15, 16, 0], [23, 2, 0, 0, 0]]),
        "causal mask and padding mask",
    )


def layer_norm(name, x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    gamma = tf.constant(1 + normal(name + "g", int(x.shape[-1]), scale=0.1))
    beta = tf.constant(normal(name + "b", int(x.shape[-1]), scale=0.1))
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-12)


@graph()
def bert_layer():
    ids, mask = feed("ids", tf.int32, [None, None]), feed("mask", tf.int32, [None, None])
    batch, length = tf.shape(ids)[0], tf.shape(ids)[1]
    width, heads = 16, 2
    flat = tf.gather(weight("words", 40, width), tf.reshape(ids, [-1]))
    position = tf.slice(weight("positions", 32, width), [0, 0], [length, -1])
    x = layer_norm("ln0", tf.reshape(flat, [batch, length, width]) + position[None])
    x2 = tf.reshape(x, [-1, width])

    def split(name):
        y = tf.reshape(dense(name, x2, width), [batch, length, heads, width // heads])
        return tf.transpose(y, [0, 2, 1, 3])

    q, k, v = split("q"), split("k"), split("v")
    scores = tf.matmul(q, k, transpose_b=True) * (width // heads) ** -0.5
    scores += (1.0 - tf.cast(mask[:, None, None, :], tf.float32)) * -10000.0
    context = tf.transpose(tf.matmul(tf.nn.softmax(scores), v), [0, 2, 1, 3])
    y = layer_norm("ln1", dense("o", tf.reshape(context, [-1, width]), width) + x2)
    h = dense("f1", y, 32)
    h = h * 0.5 * (1.0 + tf.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * tf.pow(h, 3))))
    y = layer_norm("ln2", dense("f2", h, width) + y)
    pooled = dense(
        "pool", tf.squeeze(tf.reshape(y, [batch, length, width])[:, 0:1, :], axis=1), width, tf.tanh
    )
    return Case(
        {ids: np.int32([[1, 2, 3, 4], [9, 39, 0, 0]]), mask: np.int32([[1, 1, 1, 1], [1, 1, 0, 0]])},
        [named("sequence", y), named("pooled", pooled)],
        note="a layer as BERT's code writes it: tanh GELU with Pow, mask by addition, pooled first token",
    )


@graph()
def gelu_forms():
    x = feed("x", tf.float32, [None, 8])
    erf = 0.5 * x * (1.0 + tf.math.erf(x / np.sqrt(2.0).astype(np.float32)))
    values = normal("x", 3, 8, scale=2.0)
    values[0, :3] = np.inf, -np.inf, 30.0
    return Case(
        {x: values},
        [
            named("erf", erf),
            named("erfc", tf.nn.gelu(x)),
            named("tanh", tf.nn.gelu(x, approximate=True)),
            named("swish", tf.nn.swish(x)),
        ],
        note="GELU through Erf, Erfc and Tanh; swish; infinities included",
    )


@graph()
def einsum_forms():
    a, b = feed("a", tf.float32, [None, 3, 4]), feed("b", tf.float32, [None, 4, 2])
    w = weight("w", 4, 2, 5)
    e = tf.einsum
    return Case(
        {a: normal("a", 2, 3, 4), b: normal("b", 2, 4, 2)},
        [
            named("matmul", e("bij,bjk->bik", a, b)),
            named("heads", e("bsd,dhk->bhsk", a, w)),
            named("outer", e("bij,bjk->bijk", a, b)),
            named("sum", e("bij->j", a)),
            named("swap", e("bij->jib", a)),
            named("trace", e("bii->b", a[:, :, :3])),
            named("diagonal", e("bii->bi", a[:, :, :3])),
            named("dots", e("...ij,...jk->...ik", a[:, None], b[:1, None])),
            named("scalar", e("i,i->", a[0, 0], b[0, :, 0])),
        ],
        note="Einsum: contraction, outer product, sums, repeated labels, ellipsis",
    )


@graph()
def batch_matmul():
    a, b = feed("a", tf.float32, [None, 1, 3, 4]), feed("b", tf.float32, [None, 4, 2])
    c = tf.constant(normal("c", 5, 2, 4))
    return Case(
        {a: normal("a", 2, 1, 3, 4), b: normal("b", 5, 4, 2)},
        [
            named("broadcast", tf.matmul(a, b)),
            named("adjoint", tf.matmul(a, c, adjoint_b=True)),
            named("both", tf.matmul(b, c, transpose_a=True, transpose_b=True)),
            named("v1", tf.raw_ops.BatchMatMul(x=b, y=c, adj_x=False, adj_y=False)),
            named("v3", tf.raw_ops.BatchMatMulV3(x=b, y=c, Tout=tf.float32)),
        ],
        note="BatchMatMul of all ages, with broadcasting and adjoints",
    )


@graph()
def layer_norm_written_out():
    x = feed("x", tf.float32, [None, 5, 8])
    mean = tf.reduce_mean(x, -1, keepdims=True)
    variance = tf.reduce_mean(tf.math.squared_difference(x, tf.stop_gradient(mean)), -1, keepdims=True)
    y = (x - mean) * tf.math.rsqrt(variance + 1e-3)
    rms = x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) + 1e-6)
    return Case(
        {x: normal("x", 2, 5, 8)}, [named("y", y), named("rms", rms)], note="layer and RMS normalization"
    )
