"""Functions recorded with sizes that are not known yet give what they give eagerly."""

import numpy as np
import pytest

import floe as tf

R = np.random.RandomState(11)
IMAGE = R.rand(2, 13, 15, 3).astype(np.float32)
FLAT = R.rand(3, 4).astype(np.float32)
SIGNAL = R.randn(2, 50).astype(np.float32)
KERNEL = R.randn(3, 3, 3, 2).astype(np.float32)
COMPLEX = (R.randn(2, 5, 9) + 1j * R.randn(2, 5, 9)).astype(np.complex64)
CASES = {
    "conv2d": (lambda x: tf.nn.conv2d(x, KERNEL, 1, "SAME"), IMAGE),
    "conv1d": (lambda x: tf.nn.conv1d(x, KERNEL[0], 1, "SAME"), IMAGE[0]),
    "max_pool": (lambda x: tf.nn.max_pool(x, 2, 2, "SAME"), IMAGE),
    "pool": (lambda x: tf.nn.pool(x, [2, 2], "AVG", dilations=[2, 2]), IMAGE),
    "moments": (lambda x: tf.nn.moments(x, [0, 1, 2]), IMAGE),
    "sufficient": (lambda x: tf.nn.sufficient_statistics(x, [0, 1])[:3], IMAGE),
    "l2_normalize": (lambda x: tf.nn.l2_normalize(x), IMAGE),
    "softmax": (lambda x: tf.nn.softmax(x, axis=1), IMAGE),
    "softmax_cross_entropy": (lambda x: tf.nn.softmax_cross_entropy_with_logits(x, x, axis=1), IMAGE),
    "sparse_cross_entropy": (
        lambda x: (
            tf.nn.sparse_softmax_cross_entropy_with_logits(tf.zeros(x.shape[:1], tf.int32), x)
            if x.shape.is_fully_defined()
            else tf.nn.sparse_softmax_cross_entropy_with_logits(np.zeros(3, np.int32), x)
        ),
        FLAT,
    ),
    "zero_fraction": (tf.nn.zero_fraction, FLAT),
    "collapse": (lambda x: tf.nn.collapse_repeated(tf.cast(tf.round(x), tf.int32), [3, 2, 4]), FLAT),
    "flip": (tf.image.flip_left_right, IMAGE),
    "rot90": (lambda x: tf.image.rot90(x, 3), IMAGE),
    "central_crop": (lambda x: tf.image.central_crop(x, 0.4), IMAGE),
    "crop": (lambda x: tf.image.crop_to_bounding_box(x, 1, 2, 3, 4), IMAGE),
    "pad": (lambda x: tf.image.pad_to_bounding_box(x, 1, 2, 20, 30), IMAGE),
    "crop_or_pad": (lambda x: tf.image.resize_with_crop_or_pad(x, 9, 20), IMAGE),
    "resize": (lambda x: tf.image.resize(x, [7, 8], antialias=True), IMAGE),
    "resize_aspect": (lambda x: tf.image.resize(x, [7, 18], preserve_aspect_ratio=True), IMAGE),
    "resize_with_pad": (lambda x: tf.image.resize_with_pad(x, 20, 11), IMAGE),
    "grayscale": (tf.image.rgb_to_grayscale, IMAGE),
    "yuv": (tf.image.rgb_to_yuv, IMAGE),
    "standardize": (tf.image.per_image_standardization, IMAGE),
    "ssim": (lambda x: tf.image.ssim(x, x * 0.9, 1.0), IMAGE),
    "psnr": (lambda x: tf.image.psnr(x, x * 0.9, 1.0), IMAGE),
    "sobel": (tf.image.sobel_edges, IMAGE),
    "variation": (tf.image.total_variation, IMAGE),
    "gradients": (tf.image.image_gradients, IMAGE),
    "rfft": (lambda x: tf.signal.rfft(x, [64]), SIGNAL),
    "irfft2d": (tf.signal.irfft2d, COMPLEX),
    "fftshift": (tf.signal.fftshift, SIGNAL),
    "frame": (lambda x: tf.signal.frame(x, 8, 5, pad_end=True), SIGNAL),
    "stft": (lambda x: tf.signal.stft(x, 16, 8), SIGNAL),
    "inverse_stft": (lambda x: tf.signal.inverse_stft(x, 16, 8), COMPLEX),
    "overlap": (lambda x: tf.signal.overlap_and_add(x, 3), IMAGE),
    "dct": (
        lambda x: [
            tf.signal.dct(x, type=t, norm=n) for t, n in ((1, None), (2, "ortho"), (3, None), (4, "ortho"))
        ],
        SIGNAL,
    ),
    "dct_n": (lambda x: [tf.signal.dct(x, n=20), tf.signal.dct(x, n=70)], SIGNAL),
    "mfcc": (tf.signal.mfccs_from_log_mel_spectrograms, SIGNAL),
    "reduce_join": (lambda x: tf.strings.reduce_join(tf.strings.as_string(x), axis=1), FLAT),
}


def _flat(x):
    return [v for y in x for v in _flat(y)] if isinstance(x, (list, tuple)) else [x]


@pytest.mark.parametrize("name", CASES)
def test_unknown_sizes(name):
    function, x = CASES[name]
    known = [None] * (x.ndim - 1) + [x.shape[-1] if x.shape[-1] == 3 else None]
    recorded = tf.compat.v1.wrap_function(lambda v: _flat(function(v)), [tf.TensorSpec(known, x.dtype)])
    for got, want in zip(recorded(tf.constant(x)), _flat(function(tf.constant(x))), strict=True):
        assert got.dtype == want.dtype
        if got.dtype == tf.string:
            np.testing.assert_array_equal(got.numpy(), want.numpy())
        else:
            np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-5, atol=1e-5)


RANKLESS = ("moments", "l2_normalize", "zero_fraction", "softmax", "flip", "grayscale", "yuv", "standardize")
RANKLESS_3D = ("rot90", "crop", "pad", "crop_or_pad", "resize_with_pad")


@pytest.mark.parametrize("name", RANKLESS + RANKLESS_3D)
def test_unknown_rank(name):
    function, x = CASES[name]
    x = x[0] if name in RANKLESS_3D else x
    recorded = tf.compat.v1.wrap_function(lambda v: _flat(function(v)), [tf.TensorSpec(None, x.dtype)])
    for got, want in zip(recorded(tf.constant(x)), _flat(function(tf.constant(x))), strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-5, atol=1e-5)
