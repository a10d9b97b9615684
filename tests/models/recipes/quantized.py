"""Quantized constants and fake quantization."""

import numpy as np
import tensorflow as tf

from .common import Case, dense, feed, graph, named, normal, rng


def quantized_constant(name, values):
    """An 8-bit constant behind Dequantize, as the old transform_graph's quantize_weights writes weights."""
    low, high = min(float(values.min()), 0.0), float(values.max())
    if low == high:
        high += 1.0
    steps = np.round((values - low) * (255.0 / (high - low))).astype(np.uint8)
    proto = tf.compat.v1.make_tensor_proto(steps, tf.uint8)
    proto.dtype = tf.quint8.as_datatype_enum
    g = tf.compat.v1.get_default_graph()
    const = g.create_op(
        "Const",
        [],
        [tf.quint8],
        name=name + "_quantized_const",
        attrs={
            "value": tf.compat.v1.AttrValue(tensor=proto),
            "dtype": tf.compat.v1.AttrValue(type=tf.quint8.as_datatype_enum),
        },
    )
    return tf.raw_ops.Dequantize(
        input=const.outputs[0],
        min_range=tf.constant(low, name=name + "_quantized_min"),
        max_range=tf.constant(high, name=name + "_quantized_max"),
        mode="MIN_FIRST",
        name=name,
    )


@graph()
def quantized_weights():
    x = feed("x", tf.float32, [None, 8, 8, 3])
    w1, w2 = quantized_constant("w1", normal("w1", 3, 3, 3, 6)), quantized_constant("w2", normal("w2", 96, 5))
    y = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w1, 2, "SAME"), quantized_constant("b1", normal("b1", 6))))
    y = tf.nn.softmax(tf.matmul(tf.reshape(y, [-1, 96]), w2))
    return Case(
        {x: normal("x", 2, 8, 8, 3)},
        [named("y", y), named("w1_out", w1)],
        note="QUANTIZED constants behind Dequantize, mode MIN_FIRST",
    )


@graph()
def dequantize_modes():
    x = feed("x", tf.float32, [None])
    outs = {}
    for dtype in (tf.quint8, tf.qint8):
        for mode in ("MIN_COMBINED", "MIN_FIRST"):
            q = tf.raw_ops.QuantizeV2(input=x, min_range=-1.5, max_range=2.0, T=dtype, mode=mode)
            key = f"{dtype.name}_{mode.lower()}"
            outs[key] = tf.raw_ops.Dequantize(
                input=q.output, min_range=q.output_min, max_range=q.output_max, mode=mode
            )
            outs[key + "_int"] = tf.bitcast(q.output, tf.uint8 if dtype == tf.quint8 else tf.int8)
    stored = tf.constant(np.int8([-128, -127, -1, 0, 64, 127]))
    outs["qint8_scaled"] = tf.raw_ops.Dequantize(
        input=tf.bitcast(stored, tf.qint8), min_range=-1.5, max_range=1.0, mode="SCALED"
    )
    return Case(
        {x: np.float32([-2, -1.5, -0.3, 0, 0.01, 0.7, 1.99, 3])},
        [named(k, v) for k, v in outs.items()],
        note="QuantizeV2 and Dequantize; SCALED only dequantized, as oneDNN rounds otherwise",
    )


@graph()
def fake_quant():
    x = feed("x", tf.float32, [None, 6, 6, 3])
    q = tf.quantization
    w = q.fake_quant_with_min_max_vars_per_channel(
        tf.constant(normal("w", 3, 3, 3, 4)),
        [-1.0, -0.5, -2.0, -0.1],
        [1.0, 0.6, 2.0, 0.9],
        narrow_range=True,
    )
    y = tf.nn.conv2d(q.fake_quant_with_min_max_args(x, -3.0, 2.5), w, 1, "SAME")
    y = q.fake_quant_with_min_max_vars(tf.nn.relu6(y), 0.0, 6.0, num_bits=8)
    z = q.fake_quant_with_min_max_vars(x, 0.4, 1.1, num_bits=4)
    v = q.quantize_and_dequantize_v2(x, -1.0, 1.0, range_given=True)
    return Case(
        {x: normal("x", 1, 6, 6, 3)},
        [named("y", y), named("z", z), named("v", v)],
        note="FakeQuant ops of quantization-aware training; ranges moved so that zero is exact",
    )


@graph()
def quantized_nodes():
    x = feed("x", tf.float32, [2, 8])
    w = rng("qw").integers(0, 256, (8, 4)).astype(np.uint8)
    op = tf.raw_ops
    q = op.QuantizeV2(input=x, min_range=-3.0, max_range=3.0, T=tf.quint8, mode="MIN_FIRST")
    weights = tf.bitcast(tf.constant(w), tf.quint8)
    m = op.QuantizedMatMul(
        a=q.output,
        b=weights,
        min_a=q.output_min,
        max_a=q.output_max,
        min_b=-1.0,
        max_b=1.0,
        Toutput=tf.qint32,
    )
    span = op.RequantizationRange(input=m.out, input_min=m.min_out, input_max=m.max_out)
    r = op.Requantize(
        input=m.out,
        input_min=m.min_out,
        input_max=m.max_out,
        requested_output_min=span.output_min,
        requested_output_max=span.output_max,
        out_type=tf.quint8,
    )
    y = op.Dequantize(input=r.output, min_range=r.output_min, max_range=r.output_max, mode="MIN_FIRST")
    return Case(
        {x: normal("x", 2, 8)},
        [named("y", y), named("low", span.output_min), named("high", span.output_max)],
        note="quantize_nodes' matrix product in 8 bits: to be run, or named as unsupported",
    )


@graph()
def half_weights():
    x = feed("x", tf.float32, [None, 6])
    w = tf.cast(tf.constant(normal("w", 6, 4).astype(np.float16)), tf.float32)
    y = dense("d", tf.nn.relu(tf.matmul(x, w)), 3)
    b = tf.cast(tf.cast(tf.constant(normal("bf", 3)), tf.bfloat16), tf.float32)
    return Case(
        {x: normal("x", 2, 6)}, [named("y", y + b)], note="weights stored as half behind Cast; bfloat16 bias"
    )


@graph()
def half_network():
    x = feed("x", tf.float16, [None, 6, 6, 2])
    w = tf.constant(normal("w", 3, 3, 2, 3, scale=0.3).astype(np.float16))
    y = tf.nn.relu(tf.nn.conv2d(x, w, 1, "SAME"))
    y = tf.nn.softmax(tf.matmul(tf.reduce_mean(y, [1, 2]), tf.constant(normal("d", 3, 4).astype(np.float16))))
    z = tf.cast(tf.nn.tanh(tf.cast(x[0, 0], tf.bfloat16) * tf.constant(1.5, tf.bfloat16)), tf.float32)
    return Case(
        {x: normal("x", 2, 6, 6, 2).astype(np.float16)},
        [named("y", y), named("z", z)],
        note="a network in half precision, a piece in bfloat16",
    )
