"""tf.audio."""

from .. import raw_ops
from ..export import export


@export("audio.decode_wav")
def decode_wav(contents, desired_channels=-1, desired_samples=-1, name=None):
    """16-bit WAV bytes as (float32 [samples, channels] in [-1, 1], sample rate)."""
    return raw_ops.DecodeWav(
        contents=contents, desired_channels=desired_channels, desired_samples=desired_samples, name=name
    )


@export("audio.encode_wav")
def encode_wav(audio, sample_rate, name=None):
    """float32 [samples, channels] in [-1, 1] as 16-bit WAV bytes."""
    return raw_ops.EncodeWav(audio=audio, sample_rate=sample_rate, name=name)
