"""Cases of tf.signal, tf.audio."""

import numpy as np

R = np.random.RandomState(5)
X = R.randn(2, 40).astype(np.float32)
X64 = R.randn(30)
C = (R.randn(3, 4, 6) + 1j * R.randn(3, 4, 6)).astype(np.complex64)
M = R.randn(3, 4, 5).astype(np.float32)
W = ("hann_window", "hamming_window", "vorbis_window", "kaiser_window", "kaiser_bessel_derived_window")

TOLERANCE = (1e-5, 5e-6)

CASES = {
    "fft": lambda tf: [tf.signal.fft(C), tf.signal.ifft(C), tf.signal.fft2d(C), tf.signal.ifft2d(C)],
    "fft3d": lambda tf: [tf.signal.fft3d(C), tf.signal.ifft3d(C), tf.compat.v1.fft(C)],
    "rfft": lambda tf: [tf.signal.rfft(X), tf.signal.rfft(X, [64]), tf.signal.rfft(X64, [16])],
    "irfft": lambda tf: [tf.signal.irfft(C), tf.signal.irfft(C, [9]), tf.signal.irfft(C, [20])],
    "rfft_nd": lambda tf: [
        tf.signal.rfft2d(M),
        tf.signal.rfft2d(M, [5, 8]),
        tf.signal.rfft3d(M),
        tf.signal.irfft2d(C),
        tf.signal.irfft2d(C, [4, 9]),
        tf.signal.irfft3d(C),
    ],
    "shift": lambda tf: [
        tf.signal.fftshift(M),
        tf.signal.ifftshift(M),
        tf.signal.fftshift(M, axes=1),
        tf.signal.ifftshift(M, axes=(0, 2)),
    ],
    "windows": lambda tf: [getattr(tf.signal, w)(n) for w in W for n in (2, 8, 16)],
    "windows_odd": lambda tf: [
        f(n, periodic=p)
        for f in (tf.signal.hann_window, tf.signal.hamming_window)
        for n in (1, 5, 6)
        for p in (True, False)
    ],
    "windows_f64": lambda tf: [getattr(tf.signal, w)(8, dtype=tf.float64) for w in W],
    "window_dtype_error": lambda tf: tf.signal.hann_window(8, dtype=tf.int32),
    "frame": lambda tf: [
        tf.signal.frame(X, 8, 4),
        tf.signal.frame(X, 12, 7, pad_end=True, pad_value=2),
        tf.signal.frame(M, 2, 1, axis=1),
        tf.signal.frame(X, 50, 4),
        tf.signal.frame([1, 2, 3, 4, 5], 2, 2, pad_end=True),
    ],
    "overlap": lambda tf: [
        tf.signal.overlap_and_add(M, 2),
        tf.signal.overlap_and_add(M, 7),
        tf.signal.overlap_and_add(C, 3),
    ],
    "overlap_rank_error": lambda tf: tf.signal.overlap_and_add(X64, 2),
    "stft": lambda tf: [
        tf.signal.stft(X, 16, 8),
        tf.signal.stft(X, 12, 5, fft_length=32, pad_end=True),
        tf.signal.stft(X, 16, 8, window_fn=None),
    ],
    "inverse_stft": lambda tf: [
        tf.signal.inverse_stft(
            tf.signal.stft(X, 16, 8), 16, 8, window_fn=tf.signal.inverse_stft_window_fn(8)
        ),
        tf.signal.inverse_stft(C, 12, 3, fft_length=10),
        tf.signal.inverse_stft(C, 8, 3, window_fn=None),
    ],
    "inverse_window": lambda tf: [tf.signal.inverse_stft_window_fn(s)(12, dtype=tf.float32) for s in (3, 5)],
    "dct": lambda tf: [tf.signal.dct(X, type=t) for t in (1, 2, 3, 4)] + [tf.signal.dct(X64, type=2)],
    "dct_ortho": lambda tf: [tf.signal.dct(X, type=t, norm="ortho") for t in (2, 3, 4)],
    "dct_n": lambda tf: [tf.signal.dct(X, n=12), tf.signal.dct(X, n=50), tf.signal.dct([1.0, 2.0, 3.0], n=5)],
    "idct": lambda tf: [tf.signal.idct(X, type=t) for t in (1, 2, 3, 4)] + [tf.signal.idct(X, norm="ortho")],
    "dct_type_error": lambda tf: tf.signal.dct(X, type=5),
    "dct_norm_error": lambda tf: tf.signal.dct(X, norm="forward"),
    "dct_axis_error": lambda tf: tf.signal.dct(X, axis=0),
    "mdct": lambda tf: [
        tf.signal.mdct(X, 8),
        tf.signal.mdct(X, 8, norm="ortho", pad_end=True),
        tf.signal.mdct(X, 16, window_fn=None),
    ],
    "inverse_mdct": lambda tf: [
        tf.signal.inverse_mdct(tf.signal.mdct(X, 8)),
        tf.signal.inverse_mdct(tf.signal.mdct(X, 8, norm="ortho"), norm="ortho"),
        tf.signal.inverse_mdct(tf.signal.mdct(X, 8), window_fn=None),
    ],
    "mel": lambda tf: [
        tf.signal.linear_to_mel_weight_matrix(),
        tf.signal.linear_to_mel_weight_matrix(40, 65, 16000, 80.0, 7600.0, dtype=tf.float64),
    ],
    "mel_error": lambda tf: tf.signal.linear_to_mel_weight_matrix(upper_edge_hertz=5000.0),
    "mfcc": lambda tf: tf.signal.mfccs_from_log_mel_spectrograms(X),
    "wav": lambda tf: [
        tf.audio.encode_wav(np.clip(X.T, -1, 1), 8000),
        tf.audio.decode_wav(
            tf.audio.encode_wav(np.clip(X.T, -1, 1), 8000), desired_channels=1, desired_samples=50
        ),
    ],
}
