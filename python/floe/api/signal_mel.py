"""tf.signal: the mel scale."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .signal_dct import dct


def _mel(hertz, dtype):
    return c.mul(
        c.tensor(1127.0, dtype), c.log(c.add(c.tensor(1.0, dtype), c.div(hertz, c.tensor(700.0, dtype))))
    )


def _check(num_mel_bins, sample_rate, lower, upper, dtype):
    if num_mel_bins <= 0:
        raise ValueError(f"num_mel_bins must be positive. Got: {num_mel_bins}")
    if lower < 0.0:
        raise ValueError(f"lower_edge_hertz must be non-negative. Got: {lower}")
    if lower >= upper:
        raise ValueError(f"lower_edge_hertz {lower:.1f} >= upper_edge_hertz {upper:.1f}")
    rate = c.static_value(sample_rate)
    if rate is not None:
        rate = rate.item()
        if rate <= 0.0:
            raise ValueError(f"sample_rate must be positive. Got: {rate}")
        if upper > rate / 2:
            raise ValueError(
                "upper_edge_hertz must not be larger than the Nyquist frequency (sample_rate / 2). "
                f"Got {upper} for sample_rate: {rate}"
            )
    if not dtype.is_floating:
        raise ValueError(f"dtype must be a floating point type. Got: {dtype}")


@export("signal.linear_to_mel_weight_matrix")
def linear_to_mel_weight_matrix(
    num_mel_bins=20,
    num_spectrogram_bins=129,
    sample_rate=8000,
    lower_edge_hertz=125.0,
    upper_edge_hertz=3800.0,
    dtype=dtypes.float32,
    name=None,
):
    """[num_spectrogram_bins, num_mel_bins]: the weight of each frequency in each triangular mel band."""
    dtype = dtypes.as_dtype(dtype)
    _check(num_mel_bins, sample_rate, lower_edge_hertz, upper_edge_hertz, dtype)
    nyquist = c.div(c.cast(sample_rate, dtype), c.tensor(2.0, dtype))
    zero = c.tensor(0.0, dtype)
    frequencies = c.part(raw_ops.LinSpace(start=zero, stop=nyquist, num=num_spectrogram_bins), 1, None)
    spectrogram = c.expand_dims(_mel(frequencies, dtype), 1)
    lower, upper = (
        _mel(c.tensor(lower_edge_hertz, dtype), dtype),
        _mel(c.tensor(upper_edge_hertz, dtype), dtype),
    )
    edges = raw_ops.LinSpace(start=lower, stop=upper, num=num_mel_bins + 2)
    low, center, high = (c.reshape(c.part(edges, i, num_mel_bins + i), [1, num_mel_bins]) for i in range(3))
    rising = c.div(c.sub(spectrogram, low), c.sub(center, low))
    falling = c.div(c.sub(high, spectrogram), c.sub(high, center))
    weights = c.maximum(zero, c.minimum(rising, falling))
    return c.pad(weights, [[1, 0], [0, 0]], name=name)


@export("signal.mfccs_from_log_mel_spectrograms")
def mfccs_from_log_mel_spectrograms(log_mel_spectrograms, name=None):
    """[..., mel bins] log-mel spectrograms to as many MFCCs."""
    x = c.tensor(log_mel_spectrograms)
    bins = c.dims(x)[-1]
    if isinstance(bins, int) and bins == 0:
        raise ValueError(f"num_mel_bins must be positive. Got: {x.shape}")
    scale = c.rsqrt(c.mul(c.cast(bins, x.dtype), c.tensor(2.0, x.dtype)))
    return c.mul(dct(x, type=2), scale, name)
