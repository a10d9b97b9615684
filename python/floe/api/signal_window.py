"""tf.signal: windows."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c


def _length(window_length):
    n = c.tensor(window_length)
    if n.shape.rank not in (None, 0):
        raise ValueError(f"Shape {n.shape} must have rank 0")
    return c.cast(n, dtypes.int32)


def _check(dtype, name):
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"dtype must be a floating point type. Found {dtype}")
    return dtype


def _raised_cosine(default, a, b, window_length, periodic, dtype, name):
    dtype = _check(dtype, default)
    n = _length(window_length)
    periodic = c.cast(c.tensor(periodic, dtypes.bool), dtypes.int32)
    even = c.sub(1, c.mod(n, 2))
    last = c.cast(c.sub(c.add(n, c.mul(periodic, even)), 1), dtype)
    count = c.cast(c.arange(0, n), dtype)
    arg = c.div(c.mul(c.tensor(2 * np.pi, dtype), count), last)
    window = c.sub(c.tensor(a, dtype), c.mul(c.tensor(b, dtype), c.cos(arg)))
    return c.where(c.equal(n, 1), c.ones_like(window), window, name)


@export("signal.hann_window")
def hann_window(window_length, periodic=True, dtype=dtypes.float32, name=None):
    """0.5 - 0.5 * cos(2 * pi * i / n), where n is the length, or 1 less if not periodic."""
    return _raised_cosine("hann_window", 0.5, 0.5, window_length, periodic, dtype, name)


@export("signal.hamming_window")
def hamming_window(window_length, periodic=True, dtype=dtypes.float32, name=None):
    """0.54 - 0.46 * cos(2 * pi * i / n), where n is the length, or 1 less if not periodic."""
    return _raised_cosine("hamming_window", 0.54, 0.46, window_length, periodic, dtype, name)


@export("signal.vorbis_window")
def vorbis_window(window_length, dtype=dtypes.float32, name=None):
    """The window of the Vorbis codec, for mdct; the length is even."""
    dtype = _check(dtype, "vorbis_window")
    n = _length(window_length)
    arg = c.cast(c.arange(0, n), dtype)
    half, pi = c.tensor(0.5, dtype), c.tensor(np.pi, dtype)
    inner = c.sin(c.mul(c.div(pi, c.cast(n, dtype)), c.add(arg, half)))
    return c.sin(c.mul(c.tensor(np.pi / 2.0, dtype), c.square(inner)), name)


@export("signal.kaiser_window")
def kaiser_window(window_length, beta=12.0, dtype=dtypes.float32, name=None):
    """The Kaiser window; a larger beta makes it narrower."""
    dtype = _check(dtype, "kaiser_window")
    n = c.cast(_length(window_length), dtype)
    beta = c.cast(beta, dtype)
    one = c.tensor(1.0, dtype)
    arg = c.sub(
        c.cast(c.arange(0, c.cast(n, dtypes.int32)), dtype), c.div(c.sub(n, one), c.tensor(2.0, dtype))
    )
    two_arg = c.div(c.mul(c.tensor(2.0, dtype), arg), c.sub(n, one))
    num = c.mul(beta, c.sqrt(c.maximum(c.sub(one, c.square(two_arg)), c.tensor(0.0, dtype))))
    shape = c.exp(c.sub(num, beta))
    window = c.mul(shape, c.div(raw_ops.BesselI0e(x=num), raw_ops.BesselI0e(x=beta)))
    return c.where(c.equal(n, one), c.ones_like(window), window, name)


@export("signal.kaiser_bessel_derived_window")
def kaiser_bessel_derived_window(window_length, beta=12.0, dtype=dtypes.float32, name=None):
    """The window that the Kaiser window's running sum makes, for mdct; the length is even."""
    dtype = _check(dtype, "kaiser_bessel_derived_window")
    half = c.floordiv(_length(window_length), 2)
    kaiser = kaiser_window(c.add(half, 1), beta, dtype)
    total = raw_ops.Cumsum(x=kaiser, axis=0)
    window = c.sqrt(c.div(c.part(total, None, -1), c.item(total, -1)))
    return c.concat([window, c.reverse(window, [0])], 0, name)
