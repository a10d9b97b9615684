"""Audio front ends: from WAV bytes or samples to features."""

import struct

import numpy as np
import tensorflow as tf

from .common import Case, conv, dense, feed, graph, named, rng


def tone(count, rate):
    t = np.arange(count) / rate
    noise = rng("tone").standard_normal(count) * 0.02
    return (0.4 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 1234 * t) + noise).astype(np.float32)


def wav(count, rate, channels=1):
    samples = np.round(tone(count, rate) * 32767).astype(np.int16)
    samples = np.stack([samples // (c + 1) for c in range(channels)], 1)
    samples[-1] = 257  # the stored string must not end with NUL
    data = samples.tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(data),
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        rate,
        rate * 2 * channels,
        2 * channels,
        16,
        b"data",
        len(data),
    )
    return head + data


@graph()
def audio_mfcc():
    contents = feed("wav_data", tf.string, [])
    decoded = tf.raw_ops.DecodeWav(contents=contents, desired_channels=1, desired_samples=4000)
    spectrogram = tf.raw_ops.AudioSpectrogram(
        input=decoded.audio, window_size=480, stride=320, magnitude_squared=True
    )
    mfcc = tf.raw_ops.Mfcc(spectrogram=spectrogram, sample_rate=decoded.sample_rate, dct_coefficient_count=20)
    x = tf.reshape(mfcc, [-1, 12, 20, 1])
    x = tf.nn.max_pool2d(conv("c1", x, 6), 2, 2, "SAME")
    y = tf.nn.softmax(dense("d", tf.reshape(x, [-1, 6 * 10 * 6]), 4), name="labels_softmax")
    return [
        Case(
            {contents: np.bytes_(wav(n, 8000))},
            [y, named("mfcc", mfcc), decoded.sample_rate],
            k,
            note="keyword spotting from WAV bytes; shorter files are padded, longer ones cut",
        )
        for k, n in (("short", 3000), ("long", 4500))
    ]


@graph()
def audio_wav():
    contents = feed("wav_data", tf.string, [])
    all_of_it = tf.audio.decode_wav(contents)
    one = tf.audio.decode_wav(contents, desired_channels=1, desired_samples=50)
    back = tf.audio.encode_wav(all_of_it.audio, all_of_it.sample_rate)
    again = tf.audio.decode_wav(back)
    return [
        Case(
            {contents: np.bytes_(wav(200, 16000, 2))},
            [
                named("audio", all_of_it.audio),
                named("rate", all_of_it.sample_rate),
                named("one", one.audio),
                named("length", tf.strings.length(back)),
                named("again", again.audio),
            ],
            "stereo",
            note="DecodeWav, EncodeWav",
        ),
        Case(
            {contents: np.bytes_(b"RIFF\x10")},
            [named("rate2", all_of_it.sample_rate)],
            "broken",
            fails=True,
            note="a WAV that is cut off",
        ),
    ]


@graph()
def audio_log_mel():
    x = feed("samples", tf.float32, [None, None])
    stft = tf.signal.stft(x, 256, 128, 256)
    magnitude = tf.abs(stft)
    mel = tf.signal.linear_to_mel_weight_matrix(20, 129, 8000, 60.0, 3800.0)
    log_mel = tf.math.log(tf.tensordot(magnitude, mel, 1) + 1e-6)
    mfcc = tf.signal.mfccs_from_log_mel_spectrograms(log_mel)[..., :13]
    return Case(
        {x: np.stack([tone(2000, 8000), tone(2000, 8000)[::-1]])},
        [named("log_mel", log_mel), named("mfcc", mfcc), named("phase", tf.math.angle(stft[:, 3:5, 10:20]))],
        note="tf.signal: frames, window, RFFT, mel matrix built in the graph, DCT",
    )


@graph()
def audio_istft():
    x = feed("samples", tf.float32, [None])
    s = tf.signal.stft(x, 128, 64, 128, pad_end=True)
    y = tf.signal.inverse_stft(
        s * tf.cast(0.5, tf.complex64), 128, 64, 128, window_fn=tf.signal.inverse_stft_window_fn(64)
    )
    f = tf.signal.fft(tf.cast(x[:60], tf.complex64))
    return Case(
        {x: tone(600, 8000)},
        [
            named("y", y),
            named("fft", f),
            named("real", tf.math.real(tf.signal.ifft(f))),
            named("odd", tf.signal.rfft(x[:75])),
            named("back", tf.signal.irfft(tf.signal.rfft(x[:75]), [75])),
        ],
        note="inverse STFT, FFT and IFFT of odd and composite lengths",
    )


@graph()
def audio_raw_frames():
    x = feed("samples", tf.int16, [None])
    y = tf.cast(x, tf.float32) / 32768.0
    y -= tf.reduce_mean(y)
    emphasised = tf.concat([y[:1], y[1:] - 0.97 * y[:-1]], 0)
    frames = tf.signal.frame(emphasised, 64, 32, pad_end=True)
    energy = tf.math.log(tf.maximum(tf.reduce_sum(tf.square(frames), -1), 1e-10))
    return Case(
        {x: np.round(tone(300, 8000) * 32767).astype(np.int16)},
        [named("frames", frames), named("energy", energy)],
        note="int16 samples, pre-emphasis, framing",
    )
