"""tf.signal.fftnd and its kin: TensorFlow's CPU package has no kernels for them, so NumPy is the truth."""

import numpy as np
import pytest

import floe as tf

R = np.random.RandomState(5)
C = (R.randn(3, 4, 6) + 1j * R.randn(3, 4, 6)).astype(np.complex64)
M = R.randn(3, 4, 5).astype(np.float32)


@pytest.mark.parametrize("norm", [None, "backward", "forward", "ortho"])
@pytest.mark.parametrize(
    ("lengths", "axes"),
    [([3, 4, 6], [0, 1, 2]), ([5, 4], [0, 2]), ([2, 7], [1, 0]), ([9], [1]), (None, None)],
)
def test_fftnd(lengths, axes, norm):
    for ours, numpys in ((tf.signal.fftnd, np.fft.fftn), (tf.signal.ifftnd, np.fft.ifftn)):
        got = ours(C, fft_length=lengths, axes=axes, norm=norm).numpy()
        assert got.dtype == np.complex64
        np.testing.assert_allclose(got, numpys(C, lengths, axes, norm), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("norm", [None, "forward", "ortho"])
@pytest.mark.parametrize(("lengths", "axes"), [([3, 4, 6], [0, 1, 2]), ([5, 4], [0, 2]), ([7], [1])])
def test_rfftnd(lengths, axes, norm):
    got = tf.signal.rfftnd(M, fft_length=lengths, axes=axes, norm=norm).numpy()
    np.testing.assert_allclose(got, np.fft.rfftn(M, lengths, axes, norm), rtol=1e-4, atol=1e-4)
    got = tf.signal.irfftnd(C, fft_length=lengths, axes=axes, norm=norm).numpy()
    np.testing.assert_allclose(got, np.fft.irfftn(C, lengths, axes, norm), rtol=1e-4, atol=1e-4)
