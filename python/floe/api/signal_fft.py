"""tf.signal: Fourier transforms."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import Tensor
from . import compose as c


@export("signal.fft", "compat.v1.fft")
def fft(input, name=None):
    """The discrete Fourier transform over the last dimension."""
    return raw_ops.FFT(input=input, name=name)


@export("signal.ifft", "compat.v1.ifft")
def ifft(input, name=None):
    """The inverse discrete Fourier transform over the last dimension."""
    return raw_ops.IFFT(input=input, name=name)


@export("signal.fft2d", "compat.v1.fft2d")
def fft2d(input, name=None):
    """The discrete Fourier transform over the last 2 dimensions."""
    return raw_ops.FFT2D(input=input, name=name)


@export("signal.ifft2d", "compat.v1.ifft2d")
def ifft2d(input, name=None):
    """The inverse discrete Fourier transform over the last 2 dimensions."""
    return raw_ops.IFFT2D(input=input, name=name)


@export("signal.fft3d", "compat.v1.fft3d")
def fft3d(input, name=None):
    """The discrete Fourier transform over the last 3 dimensions."""
    return raw_ops.FFT3D(input=input, name=name)


@export("signal.ifft3d", "compat.v1.ifft3d")
def ifft3d(input, name=None):
    """The inverse discrete Fourier transform over the last 3 dimensions."""
    return raw_ops.IFFT3D(input=input, name=name)


def _padded(x, n, length, halved):
    """x with the last n dimensions padded with zeros to the length (the last one to its half plus 1 if halved)."""
    static = c.static_value(length)
    if static is None:
        wanted = c.unstack(c.tensor(length), n)
        if halved:
            wanted[-1] = c.add(c.floordiv(wanted[-1], 2), 1)
    else:
        wanted = static.reshape(-1).tolist()
        if halved:
            wanted[-1] = wanted[-1] // 2 + 1 if wanted[-1] > 0 else 0
    have = c.dims(x)
    more, needed = [], False
    for size, want in zip(have[-n:], wanted):
        if isinstance(size, int) and isinstance(want, int):
            more.append(max(want - size, 0))
            needed = needed or want > size
        else:
            more.append(c.maximum(c.sub(want, size), 0))
            needed = True
    if not needed:
        return x
    return c.pad(x, [[0, 0]] * (len(have) - n) + [[0, m] for m in more])


def _real_forward(op, n, x, length, name):
    x = x if isinstance(x, Tensor) else c.tensor(x, dtypes.float32)
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"`input_tensor` must be float32 or float64. Received: {x.dtype}")
    out = dtypes.complex128 if x.dtype == dtypes.float64 else dtypes.complex64
    if length is None:
        length = c.as_shape_input(c.dims(x)[-n:])
    else:
        length = (
            c.as_shape_input(length) if isinstance(length, (list, tuple)) else c.tensor(length, dtypes.int32)
        )
        x = _padded(x, n, length, False)
    return getattr(raw_ops, op)(input=x, fft_length=length, Tcomplex=out, name=name)


def _real_backward(op, n, x, length, name):
    x = c.tensor(x)
    real = dtypes.float64 if x.dtype == dtypes.complex128 else dtypes.float32
    if length is None:
        sizes = c.dims(x)[-n:]
        last = sizes[-1]
        double = max(2 * (last - 1), 0) if isinstance(last, int) else c.maximum(c.mul(c.sub(last, 1), 2), 0)
        length = c.as_shape_input([*sizes[:-1], double])
    else:
        length = (
            c.as_shape_input(length) if isinstance(length, (list, tuple)) else c.tensor(length, dtypes.int32)
        )
        x = _padded(x, n, length, True)
    return getattr(raw_ops, op)(input=x, fft_length=length, Treal=real, name=name)


@export("signal.rfft")
def rfft(input_tensor, fft_length=None, name=None):
    """The Fourier transform of real numbers: the length // 2 + 1 frequencies from 0 on."""
    return _real_forward("RFFT", 1, input_tensor, fft_length, name)


@export("signal.rfft2d")
def rfft2d(input_tensor, fft_length=None, name=None):
    """rfft over the last 2 dimensions."""
    return _real_forward("RFFT2D", 2, input_tensor, fft_length, name)


@export("signal.rfft3d")
def rfft3d(input_tensor, fft_length=None, name=None):
    """rfft over the last 3 dimensions."""
    return _real_forward("RFFT3D", 3, input_tensor, fft_length, name)


@export("signal.irfft")
def irfft(input_tensor, fft_length=None, name=None):
    """The inverse of rfft; the length is 2 * (frequencies - 1) unless given."""
    return _real_backward("IRFFT", 1, input_tensor, fft_length, name)


@export("signal.irfft2d")
def irfft2d(input_tensor, fft_length=None, name=None):
    """The inverse of rfft2d."""
    return _real_backward("IRFFT2D", 2, input_tensor, fft_length, name)


@export("signal.irfft3d")
def irfft3d(input_tensor, fft_length=None, name=None):
    """The inverse of rfft3d."""
    return _real_backward("IRFFT3D", 3, input_tensor, fft_length, name)


def _along(x, axis, run):
    """run on x with an axis moved to the end, and back."""
    rank = x.shape.rank
    axis %= rank
    if axis == rank - 1:
        return run(x)
    perm = list(range(rank))
    perm[axis], perm[-1] = perm[-1], perm[axis]
    return c.transpose(run(c.transpose(x, perm)), perm)


def _to_length(x, n):
    """The last dimension cut or padded with zeros to n."""
    return _padded(c.last(x, 0, n), 1, [n], False)


def _lengths(x, fft_length, axes):
    axes = (
        list(range(x.shape.rank)) if axes is None else [int(a) % x.shape.rank for a in c.static_value(axes)]
    )
    if fft_length is None:
        return axes, [c.dims(x)[a] for a in axes]
    return axes, [int(n) for n in c.static_value(fft_length)]


def _norm(y, norm, sizes, inverse):
    if norm in (None, "backward"):
        return y
    if norm not in ("forward", "ortho"):
        raise ValueError(f"Invalid norm: {norm}. Expected one of 'backward', 'forward', 'ortho'.")
    total = float(np.prod(sizes))
    factor = total ** (0.5 if norm == "ortho" else 1.0)
    return c.mul(y, c.tensor(factor if inverse else 1 / factor, y.dtype))


def _complex(x):
    if x.dtype.is_complex:
        return x
    return c.cast(x, dtypes.complex128 if x.dtype == dtypes.float64 else dtypes.complex64)


def _nd(x, fft_length, axes, norm, op, inverse):
    x = _complex(c.tensor(x))
    axes, sizes = _lengths(x, fft_length, axes)
    for axis, n in zip(axes, sizes):
        x = _along(x, axis, lambda v, n=n: getattr(raw_ops, op)(input=_to_length(v, n)))
    return _norm(x, norm, sizes, inverse)


@export("signal.fftnd")
def fftnd(input_tensor, fft_length=None, axes=None, norm=None, name=None):
    """The discrete Fourier transform over several axes, cut or padded to fft_length."""
    y = _nd(input_tensor, fft_length, axes, norm, "FFT", False)
    return c.identity(y, name) if name else y


@export("signal.ifftnd")
def ifftnd(input_tensor, fft_length=None, axes=None, norm=None, name=None):
    """The inverse discrete Fourier transform over several axes."""
    y = _nd(input_tensor, fft_length, axes, norm, "IFFT", True)
    return c.identity(y, name) if name else y


@export("signal.rfftnd")
def rfftnd(input_tensor, fft_length=None, axes=None, norm=None, name=None):
    """rfft over the last of the axes, then the Fourier transform over the others."""
    x = input_tensor if isinstance(input_tensor, Tensor) else c.tensor(input_tensor, dtypes.float32)
    axes, sizes = _lengths(x, fft_length, axes)
    x = _along(x, axes[-1], lambda v: rfft(_to_length(v, sizes[-1]), [sizes[-1]]))
    for axis, n in zip(axes[:-1], sizes[:-1]):
        x = _along(x, axis, lambda v, n=n: raw_ops.FFT(input=_to_length(v, n)))
    y = _norm(x, norm, sizes, False)
    return c.identity(y, name) if name else y


@export("signal.irfftnd")
def irfftnd(input_tensor, fft_length=None, axes=None, norm=None, name=None):
    """The inverse of rfftnd."""
    x = c.tensor(input_tensor)
    given = fft_length is not None
    axes, sizes = _lengths(x, fft_length, axes)
    if not given:
        sizes[-1] = 2 * (sizes[-1] - 1)
    for axis, n in zip(axes[:-1], sizes[:-1]):
        x = _along(x, axis, lambda v, n=n: raw_ops.IFFT(input=_to_length(v, n)))
    x = _along(x, axes[-1], lambda v: irfft(_to_length(v, sizes[-1] // 2 + 1), [sizes[-1]]))
    y = _norm(x, norm, sizes, True)
    return c.identity(y, name) if name else y


def _shift(x, axes, forward, name):
    x = c.tensor(x)
    sizes = c.dims(x)
    if axes is None:
        axes = list(range(len(sizes)))
    elif isinstance(axes, (int, np.integer)):
        axes = [int(axes)]
    else:
        axes = [int(a) for a in c.static_value(axes).reshape(-1)]
    by = []
    for a in axes:
        n = sizes[a]
        half = n // 2 if isinstance(n, int) else c.floordiv(n, 2)
        by.append(half if forward else -half if isinstance(half, int) else c.neg(half))
    return raw_ops.Roll(input=x, shift=c.as_shape_input(by), axis=axes, name=name)


@export("signal.fftshift")
def fftshift(x, axes=None, name=None):
    """Moves the frequency 0 to the middle of the axes (all of them)."""
    return _shift(x, axes, True, name)


@export("signal.ifftshift")
def ifftshift(x, axes=None, name=None):
    """The inverse of fftshift."""
    return _shift(x, axes, False, name)
