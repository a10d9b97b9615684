"""Gradients through functions of tf.nn, tf.image, tf.signal and tf.quantization."""

import cases_image as I
import cases_nn as N
import cases_signal as S
import numpy as np


def _gradient(tf, function, x):
    v = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = tf.reduce_sum(function(tf, v))
    g = tape.gradient(y, v)
    return tf.math.unsorted_segment_sum(g.values, g.indices, x.shape[0]) if hasattr(g, "indices") else g


FUNCTIONS = {
    "conv2d": (lambda tf, x: tf.nn.conv2d(x, N.F2, 2, "SAME"), N.X2),
    "conv1d": (lambda tf, x: tf.nn.conv1d(x, N.F1, 1, "SAME"), N.X1),
    "conv3d": (lambda tf, x: tf.nn.conv3d(x, N.F3, [1] * 5, "SAME"), N.X3),
    "depthwise": (lambda tf, x: tf.nn.depthwise_conv2d(x, N.D2, [1] * 4, "SAME", dilations=[2, 2]), N.X2),
    "sep": (lambda tf, x: tf.nn.separable_conv2d(x, N.D2, N.P2, [1] * 4, "SAME"), N.X2),
    "convT": (lambda tf, x: tf.nn.conv2d_transpose(x, N.F2.transpose(0, 1, 3, 2), [2, 14, 16, 4], 2), N.X2),
    "maxpool": (lambda tf, x: tf.nn.max_pool(x, 2, 2, "SAME"), N.X2),
    "avg": (lambda tf, x: tf.nn.avg_pool(x, 3, 1, "VALID"), N.X2),
    "argmax": (lambda tf, x: tf.nn.max_pool_with_argmax(x, 2, 2, "SAME")[0], N.X2),
    "dilation": (lambda tf, x: tf.nn.dilation2d(x, N.F2[..., 0], [1] * 4, "SAME", "NHWC", [1] * 4), N.X2),
    "fbn": (lambda tf, x: tf.compat.v1.nn.fused_batch_norm(x, [1.0, 2.0, 3.0], [0.0, 1.0, 2.0])[0], N.X2),
    "bn": (lambda tf, x: tf.nn.batch_normalization(x, *tf.nn.moments(x, [0, 1, 2]), None, None, 1e-3), N.X2),
    "l2n": (lambda tf, x: tf.nn.l2_normalize(x, 1), N.M),
    "lrn": (lambda tf, x: tf.nn.lrn(x), N.X2),
    "gelu": (lambda tf, x: tf.nn.gelu(x), N.M),
    "gelua": (lambda tf, x: tf.nn.gelu(x, True), N.M),
    "silu": (lambda tf, x: tf.nn.silu(x), N.M),
    "selu": (lambda tf, x: tf.nn.selu(x), N.M),
    "leaky": (lambda tf, x: tf.nn.leaky_relu(x), N.M),
    "crelu": (lambda tf, x: tf.nn.crelu(x), N.M),
    "softplus": (lambda tf, x: tf.nn.softplus(x), N.M),
    "softsign": (lambda tf, x: tf.nn.softsign(x), N.M),
    "softmax": (lambda tf, x: tf.nn.softmax(x, 0) * N.M3, N.M3),
    "lsm": (lambda tf, x: tf.nn.log_softmax(x, 1) * N.M3, N.M3),
    "sce": (lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(N.DIST, x), N.M),
    "sce0": (lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(N.DIST, x, axis=0), N.M),
    "ssce": (lambda tf, x: tf.nn.sparse_softmax_cross_entropy_with_logits([0, 4, 2, 1], x), N.M),
    "sig": (lambda tf, x: tf.nn.sigmoid_cross_entropy_with_logits(N.LABELS, x), N.M),
    "wce": (lambda tf, x: tf.nn.weighted_cross_entropy_with_logits(N.LABELS, x, 2.0), N.M),
    "lp": (lambda tf, x: tf.nn.log_poisson_loss(np.abs(N.M) * 3, x, True), N.M),
    "l2": (lambda tf, x: tf.nn.l2_loss(x), N.M),
    "topk": (lambda tf, x: tf.nn.top_k(x, 2)[0], N.M),
    "emb": (lambda tf, x: tf.nn.embedding_lookup(x, [1, 2, 1], max_norm=1.0), N.TABLE),
    "embp": (lambda tf, x: tf.nn.embedding_lookup([x, x], [1, 9, 1]), N.TABLE),
    "ctc": (lambda tf, x: tf.nn.ctc_loss([[1, 2, 0], [3, 0, 0]], x, [2, 1], [5, 4]), N.R0),
    "ctc0": (lambda tf, x: tf.nn.ctc_loss([[1, 2, 0], [3, 0, 0]], x, [2, 0], [5, 4], blank_index=3), N.R0),
    "s2b": (lambda tf, x: tf.nn.space_to_batch(x[:, :6], [2, 4], [[0, 0], [0, 0]]) * 2.0, N.X2),
    "s2d": (lambda tf, x: tf.nn.space_to_depth(x[:, :6], 2) * 2.0, N.X2),
    "gd": (
        lambda tf, x: tf.nn.experimental.general_dropout(
            x, 0.4, lambda shape, dtype: tf.constant(np.abs(N.M) / 2)
        ),
        N.M,
    ),
    "resize": (lambda tf, x: tf.image.resize(x, [4, 5]) * 2.0, I.F),
    "resizeaa": (lambda tf, x: tf.image.resize(x, [4, 5], antialias=True) * 2.0, I.F),
    "cubic": (lambda tf, x: tf.image.resize(x, [4, 5], "bicubic"), I.F),
    "nearest": (lambda tf, x: tf.image.resize(x, [4, 5], "nearest") * 2.0, I.F),
    "crop": (lambda tf, x: tf.image.crop_and_resize(x, I.BOXES[:3], [0, 1, 0], [4, 5]), I.B),
    "flip": (lambda tf, x: tf.image.flip_left_right(x) * I.F, I.F),
    "std": (lambda tf, x: tf.image.per_image_standardization(x) * I.F[::-1], I.F),
    "ssim": (lambda tf, x: tf.image.ssim(x, I.BIG2, 1.0), I.BIG),
    "psnr": (lambda tf, x: tf.image.psnr(x, I.BIG2, 1.0), I.BIG),
    "tv": (lambda tf, x: tf.image.total_variation(x), I.F),
    "sobel": (lambda tf, x: tf.image.sobel_edges(x) ** 2, I.B),
    "hsv": (lambda tf, x: tf.image.rgb_to_hsv(x), I.F),
    "gray": (lambda tf, x: tf.image.rgb_to_grayscale(x), I.F),
    "patches": (
        lambda tf, x: tf.image.extract_patches(x, [1, 3, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME") * 2.0,
        I.B,
    ),
    "stft": (lambda tf, x: tf.abs(tf.signal.stft(x, 16, 8)), S.X),
    "dct": (lambda tf, x: tf.signal.dct(x) ** 2, S.X),
    "mdct": (lambda tf, x: tf.signal.mdct(x, 8) ** 2, S.X),
    "frame": (lambda tf, x: tf.signal.frame(x, 8, 3) * 2.0, S.X),
    "ola": (lambda tf, x: tf.signal.overlap_and_add(x, 2) ** 2, S.M),
    "irfft": (lambda tf, x: tf.signal.irfft(tf.signal.rfft(x)) ** 2, S.X),
    "rfft2": (lambda tf, x: tf.abs(tf.signal.rfft2d(x)), S.M),
    "fq": (lambda tf, x: tf.quantization.fake_quant_with_min_max_args(x, min=-1, max=1), N.M),
    "qdq": (lambda tf, x: tf.quantization.quantize_and_dequantize_v2(x, -1.0, 1.0, range_given=True), N.M),
}
TOLERANCE = (1e-4, 2e-5)
CASES = {n: lambda tf, f=f, x=x: _gradient(tf, f, x) for n, (f, x) in FUNCTIONS.items()}
