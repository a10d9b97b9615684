"""tf.signal: frames and short-time Fourier transforms."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .signal_fft import irfft, rfft
from .signal_window import hann_window


def _scalar(x, name):
    t = c.tensor(x)
    if t.shape.rank not in (None, 0):
        raise ValueError(f"Shape {t.shape} must have rank 0")
    static = c.static_value(t)
    return t if static is None else int(static)


@export("signal.frame")
def frame(signal, frame_length, frame_step, pad_end=False, pad_value=0, axis=-1, name=None):
    """[..., samples, ...] to [..., frames, frame_length, ...], a frame for each step."""
    x = c.tensor(signal)
    rank = x.shape.rank
    axis = int(c.static_value(axis))
    if not -rank <= axis < rank:
        raise ValueError(f"axis must be in [{-rank}, {rank}), found {axis}")
    axis %= rank
    length, step = _scalar(frame_length, "frame_length"), _scalar(frame_step, "frame_step")
    sizes = c.dims(x)
    n = sizes[axis]
    known = all(isinstance(v, int) for v in (n, length, step))
    if pad_end:
        frames = -(-n // step) if known else c.neg(c.floordiv(c.neg(n), step))
        if known:
            more = max(0, length + step * (frames - 1) - n)
        else:
            more = c.maximum(0, c.sub(c.add(length, c.mul(step, c.sub(frames, 1))), n))
        paddings = [[0, more if i == axis else 0] for i in range(rank)]
        x = c.pad(x, paddings, c.cast(pad_value, x.dtype))
    elif known:
        frames = max(0, 1 + (n - length) // step)
    else:
        frames = c.maximum(0, c.add(1, c.floordiv(c.sub(n, length), step)))
    starts = c.mul(c.arange(0, frames), step)
    at = c.add(c.expand_dims(starts, 1), c.expand_dims(c.arange(0, length), 0))
    return c.gather(x, at, axis=axis, name=name)


@export("signal.overlap_and_add")
def overlap_and_add(signal, frame_step, name=None):
    """[..., frames, frame_length] to [..., samples]: the frames added up, frame_step apart."""
    x = c.tensor(signal)
    if x.shape.rank is not None and x.shape.rank < 2:
        raise ValueError(f"Shape {x.shape} must have rank at least 2")
    step = c.tensor(frame_step)
    if step.shape.rank not in (None, 0):
        raise ValueError(f"Shape {step.shape} must have rank 0")
    if not step.dtype.is_integer:
        raise ValueError(f"frame_step must be an integer. Got {step.dtype}")
    sizes = c.dims(x)
    outer, (frames, length) = sizes[:-2], sizes[-2:]
    step = _scalar(step, "frame_step")
    known = all(isinstance(v, int) for v in (frames, length, step))
    total = length + step * (frames - 1) if known else c.add(length, c.mul(step, c.sub(frames, 1)))
    at = c.add(c.expand_dims(c.mul(c.arange(0, frames), step), 1), c.expand_dims(c.arange(0, length), 0))
    n = c.cast(c.reduce_prod(c.tensor(c.as_shape_input([1, *outer])), [0]), dtypes.int32)
    flat = c.reshape(x, c.concat([c.expand_dims(n, 0), [-1]], 0))
    rows = raw_ops.UnsortedSegmentSum(
        data=c.transpose(flat, [1, 0]), segment_ids=c.reshape(at, [-1]), num_segments=total
    )
    return c.reshape(c.transpose(rows, [1, 0]), [*outer, total], name)


def _next_power_of_2(n):
    if isinstance(n, int):
        return 1 << (n - 1).bit_length() if n > 0 else 1
    bits = c.div(c.log(c.cast(n, dtypes.float64)), c.tensor(np.log(2.0), dtypes.float64))
    return c.cast(c.power(c.tensor(2.0, dtypes.float64), raw_ops.Ceil(x=bits)), dtypes.int32)


@export("signal.stft")
def stft(signals, frame_length, frame_step, fft_length=None, window_fn=hann_window, pad_end=False, name=None):
    """[..., samples] to [..., frames, fft_length // 2 + 1]: the rfft of each windowed frame."""
    x = c.tensor(signals)
    if x.shape.rank is not None and x.shape.rank < 1:
        raise ValueError(f"Shape {x.shape} must have rank at least 1")
    length = _scalar(frame_length, "frame_length")
    fft_length = _next_power_of_2(length) if fft_length is None else _scalar(fft_length, "fft_length")
    frames = frame(x, length, frame_step, pad_end=pad_end)
    if window_fn is not None:
        frames = c.mul(frames, window_fn(length, dtype=frames.dtype))
    return rfft(frames, [fft_length], name)


@export("signal.inverse_stft_window_fn")
def inverse_stft_window_fn(frame_step, forward_window_fn=hann_window, name=None):
    """The window_fn of inverse_stft that undoes forward_window_fn."""

    def window(frame_length, dtype):
        step, length = c.tensor(frame_step), c.tensor(frame_length)
        forward = forward_window_fn(length, dtype=dtype)
        denominator = c.square(forward)
        overlaps = c.neg(c.floordiv(c.neg(length), step))
        more = c.sub(c.mul(overlaps, step), length)
        denominator = c.pad(denominator, [[0, more]])
        folded = c.reduce_sum(c.reshape(denominator, [overlaps, step]), [0], keepdims=True)
        full = c.reshape(c.tile(folded, [overlaps, 1]), [-1])
        return c.div(forward, c.part(full, 0, length))

    return window


@export("signal.inverse_stft")
def inverse_stft(stfts, frame_length, frame_step, fft_length=None, window_fn=hann_window, name=None):
    """[..., frames, frequencies] to [..., samples]: the inverse of stft."""
    x = c.tensor(stfts)
    if x.shape.rank is not None and x.shape.rank < 2:
        raise ValueError(f"Shape {x.shape} must have rank at least 2")
    length = _scalar(frame_length, "frame_length")
    fft_length = _next_power_of_2(length) if fft_length is None else _scalar(fft_length, "fft_length")
    frames = irfft(x, [fft_length])
    kept = (
        min(length, fft_length)
        if isinstance(length, int) and isinstance(fft_length, int)
        else c.minimum(length, fft_length)
    )
    frames = c.last(frames, 0, kept)
    if not isinstance(kept, int) or kept < length:
        rank = frames.shape.rank
        more = length - kept if isinstance(kept, int) else c.sub(length, kept)
        frames = c.pad(frames, [[0, 0]] * (rank - 1) + [[0, more]])
    if window_fn is not None:
        frames = c.mul(frames, window_fn(length, dtype=frames.dtype))
    return overlap_and_add(frames, frame_step, name)
