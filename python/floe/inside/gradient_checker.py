"""tensorflow.python.ops.gradient_checker: Jacobians of a recorded graph by gradient and by differences."""

import numpy as np

from . import public


def _session():
    return public("compat.v1.get_default_session")()


def _columns(x, complex_parts):
    """Unit steps of an array: one for each element, two where it is complex."""
    for i in range(x.size):
        for step in (1.0, 1.0j)[: 1 + complex_parts]:
            unit = np.zeros(x.size, x.dtype)
            unit[i] = step
            yield unit.reshape(x.shape)


def _reals(x):
    x = np.asarray(x).ravel()
    return np.stack([x.real, x.imag], 1).ravel() if np.iscomplexobj(x) else x


def _one(x, x_shape, y, y_shape, x_value, delta, feeds):
    gradients = public("compat.v1.gradients")
    dtype = y.dtype.real_dtype.as_numpy_dtype
    complex_x, complex_y = x.dtype.is_complex, y.dtype.is_complex
    rows = int(np.prod(x_shape)) * (1 + complex_x)
    columns = int(np.prod(y_shape)) * (1 + complex_y)
    analytic, numeric = np.zeros((rows, columns), dtype), np.zeros((rows, columns), dtype)
    with y.graph.as_default():
        seed = public("compat.v1.placeholder")(y.dtype, y_shape)
        gradient = gradients(y, x, seed)[0]
        if gradient is not None:
            gradient = public("convert_to_tensor")(gradient)
    run, feed = _session().run, {**feeds, x: x_value}
    if gradient is not None:
        units = _columns(np.zeros(y_shape, y.dtype.as_numpy_dtype), complex_y)
        for i, unit in enumerate(units):
            analytic[:, i] = _reals(run(gradient, {**feed, seed: unit}))
    for i, unit in enumerate(_columns(x_value, complex_x)):
        step = (unit * delta).astype(x_value.dtype)
        above = run(y, {**feed, x: x_value + step})
        below = run(y, {**feed, x: x_value - step})
        numeric[i, :] = _reals((above - below) / (2 * delta))
    return analytic, numeric


def compute_gradient(
    x, x_shape, y, y_shape, x_init_value=None, delta=1e-3, init_targets=None, extra_feed_dict=None
):
    """The Jacobian dy/dx by the graph's gradient and by differences (a list of pairs for a list of x)."""
    for target in init_targets or ():
        _session().run(getattr(target, "op", target))
    feeds = dict(extra_feed_dict or {})
    several = isinstance(x, list)
    xs, shapes = (x, x_shape) if several else ([x], [x_shape])
    values = x_init_value if several else [x_init_value]
    values = [
        np.asarray(v)
        if v is not None
        else np.random.random_sample(s).astype(t.dtype.as_numpy_dtype) * (1 + 1j * t.dtype.is_complex)
        for v, s, t in zip(values or [None] * len(xs), shapes, xs)
    ]
    found = []
    for i, (t, s, v) in enumerate(zip(xs, shapes, values)):
        others = {xs[j]: values[j] for j in range(len(xs)) if j != i}
        found.append(
            _one(t, s, y, y_shape, np.asarray(v, t.dtype.as_numpy_dtype), delta, {**feeds, **others})
        )
    return found if several else found[0]


def compute_gradient_error(
    x, x_shape, y, y_shape, x_init_value=None, delta=1e-3, init_targets=None, extra_feed_dict=None
):
    """The largest difference of the two Jacobians of compute_gradient."""
    pairs = compute_gradient(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    error = 0.0
    for a, b in pairs if isinstance(pairs, list) else [pairs]:
        if a.size or b.size:
            error = np.maximum(error, np.fabs(a - b).max())
    return error
