"""tf.signal: cosine transforms."""

import math

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .signal_fft import irfft, rfft
from .signal_frames import frame, overlap_and_add
from .signal_window import vorbis_window


def _check(kind, n, axis, norm):
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if kind not in (1, 2, 3, 4):
        raise ValueError("Types I, II, III and IV (I)DCT are supported.")
    if kind == 1 and norm == "ortho":
        raise ValueError("Normalization is not supported for the Type-I DCT.")
    if n is not None and n < 1:
        raise ValueError("n should be a positive integer or None")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")


def _double(n):
    return 2 * n if isinstance(n, int) else c.mul(n, 2)


def _real(x, dtype):
    return raw_ops.Real(input=x, Tout=dtype)


def _half_turns(n, dtype, factor, offset=0.0):
    """factor * pi * (i + offset) / n for i < n."""
    index = c.add(c.cast(c.arange(0, n), dtype), c.tensor(offset, dtype))
    return c.div(c.mul(c.tensor(factor * np.pi, dtype), index), c.cast(n, dtype))


def _phase(angles):
    out = dtypes.complex128 if angles.dtype == dtypes.float64 else dtypes.complex64
    return raw_ops.Complex(real=c.cos(angles), imag=c.sin(angles), Tout=out)


@export("signal.dct")
def dct(input, type=2, n=None, axis=-1, norm=None, name=None):
    """The cosine transform (types 1 to 4) over the last dimension, cut or padded to n."""
    _check(type, n, axis, norm)
    x = c.tensor(input, None if hasattr(input, "dtype") else dtypes.float32)
    if n is not None:
        size = c.dims(x)[-1]
        if isinstance(size, int) and n <= size:
            x = c.last(x, 0, n)
        else:
            more = n - size if isinstance(size, int) else c.maximum(c.sub(n, size), 0)
            x = c.last(x, 0, n) if not isinstance(size, int) else x
            x = c.pad(x, [[0, 0]] * (x.shape.rank - 1) + [[0, more]])
    size = c.dims(x)[-1]
    y = (_dct1, _dct2, _dct3, _dct4)[type - 1](x, size, norm)
    return c.identity(y, name) if name else y


def _dct1(x, size, norm):
    if isinstance(size, int) and size <= 1:
        raise ValueError("Type-I DCT requires the dimension to be greater than one.")
    mirrored = c.concat([x, c.reverse(c.last(x, 1, -1), [x.shape.rank - 1])], -1)
    return _real(rfft(mirrored), x.dtype)


def _dct2(x, size, norm):
    scale = c.mul(c.tensor(2.0, _complex_of(x.dtype)), _phase(c.neg(_half_turns(size, x.dtype, 0.5))))
    spectrum = c.last(rfft(x, [_double(size)]), 0, size)
    y = _real(c.mul(spectrum, scale), x.dtype)
    if norm != "ortho":
        return y
    half = c.tensor(0.5, x.dtype)
    n1 = c.mul(half, c.rsqrt(c.cast(size, x.dtype)))
    n2 = c.mul(n1, c.tensor(math.sqrt(2.0), x.dtype))
    return c.mul(y, _first_and_rest(n1, n2, size))


def _first_and_rest(first, rest, size):
    rest = c.expand_dims(rest, 0)
    return c.concat(
        [c.expand_dims(first, 0), c.tile(rest, [size - 1 if isinstance(size, int) else c.sub(size, 1)])], 0
    )


def _complex_of(dtype):
    return dtypes.complex128 if dtype == dtypes.float64 else dtypes.complex64


def _as_complex(x):
    return c.cast(x, _complex_of(x.dtype))


def _dct3(x, size, norm):
    if norm == "ortho":
        n1 = c.sqrt(c.cast(size, x.dtype))
        n2 = c.mul(n1, c.tensor(math.sqrt(0.5), x.dtype))
        x = c.mul(x, _first_and_rest(n1, n2, size))
    else:
        x = c.mul(x, c.cast(size, x.dtype))
    scale = c.mul(c.tensor(2.0, _complex_of(x.dtype)), _phase(_half_turns(size, x.dtype, 0.5)))
    return c.last(irfft(c.mul(_as_complex(x), scale), [_double(size)]), 0, size)


def _dct4(x, size, norm):
    full = _dct2(c.pad(x, [[0, 0]] * (x.shape.rank - 1) + [[0, size]]), _double(size), None)
    n = x.shape.rank - 1
    y = raw_ops.StridedSlice(
        input=full,
        begin=[0] * n + [1],
        end=[0] * (n + 1),
        strides=[1] * n + [2],
        begin_mask=(1 << n) - 1,
        end_mask=(1 << (n + 1)) - 1,
    )
    if norm == "ortho":
        y = c.mul(y, c.mul(c.tensor(math.sqrt(0.5), x.dtype), c.rsqrt(c.cast(size, x.dtype))))
    return y


@export("signal.idct")
def idct(input, type=2, n=None, axis=-1, norm=None, name=None):
    """The inverse cosine transform up to a factor of 2 * size (2 * (size - 1) for type 1); exact for "ortho"."""
    _check(type, n, axis, norm)
    return dct(input, {1: 1, 2: 3, 3: 2, 4: 4}[type], n=n, axis=axis, norm=norm, name=name)


@export("signal.mdct")
def mdct(signals, frame_length, window_fn=vorbis_window, pad_end=False, norm=None, name=None):
    """[..., samples] to [..., frames, frame_length // 2]: the modified cosine transform."""
    x = c.tensor(signals)
    if x.shape.rank is not None and x.shape.rank < 1:
        raise ValueError(f"Shape {x.shape} must have rank at least 1")
    static = c.static_value(frame_length)
    if static is None:
        raise ValueError("The frame length must be known when mdct is called.")
    length = int(static)
    if length % 4:
        raise ValueError("The frame length must be a multiple of 4.")
    step = length // 2
    frames = frame(x, length, step, pad_end=pad_end)
    if window_fn is not None:
        frames = c.mul(frames, window_fn(length, dtype=frames.dtype))
    else:
        frames = c.mul(frames, c.tensor(math.sqrt(0.5), frames.dtype))
    q = length // 4
    a, b, cc, d = (c.last(frames, i * q, (i + 1) * q) for i in range(4))
    axis = [frames.shape.rank - 1]
    first = c.sub(c.neg(c.reverse(cc, axis)), d)
    second = c.sub(a, c.reverse(b, axis))
    return dct(c.concat([first, second], -1), type=4, norm=norm, name=name)


@export("signal.inverse_mdct")
def inverse_mdct(mdcts, window_fn=vorbis_window, norm=None, name=None):
    """[..., frames, half of the frame length] to [..., samples]: the inverse of mdct."""
    x = c.tensor(mdcts)
    if x.shape.rank is not None and x.shape.rank < 2:
        raise ValueError(f"Shape {x.shape} must have rank at least 2")
    half = c.dims(x)[-1]
    y = idct(x, type=4, norm=norm)
    if norm is None:
        y = c.mul(y, c.div(c.tensor(0.5, y.dtype), c.cast(half, y.dtype)))
    q = half // 2
    first, second = c.last(y, 0, q), c.last(y, q, None)
    axis = [y.shape.rank - 1]
    real = c.concat([second, c.neg(c.reverse(second, axis)), c.neg(c.reverse(first, axis)), c.neg(first)], -1)
    if window_fn is not None:
        real = c.mul(real, window_fn(2 * half, dtype=real.dtype))
    else:
        real = c.mul(real, c.tensor(math.sqrt(0.5), real.dtype))
    return overlap_and_add(real, half, name)
