"""tf.test.compute_gradient: gradients beside finite differences."""

import numpy as np

from ..export import export
from ..tensor import convert_to_tensor


def _numbers(a):
    """The values as a vector of real numbers; complex ones as pairs."""
    a = np.ascontiguousarray(a).reshape(-1)
    return a.view(a.real.dtype) if a.dtype.kind == "c" else a


def _numeric(f, x, i, delta):
    """d f / d x[i] by central differences, [outputs, inputs]."""
    base = [np.array(v) for v in x]
    n = _numbers(base[i]).size
    columns = []
    for k in range(n):
        ends = []
        for sign in (1, -1):
            moved = base[i].astype(base[i].dtype, copy=True).reshape(-1)
            real = moved.view(moved.real.dtype) if moved.dtype.kind == "c" else moved
            real[k] = real[k] + real.dtype.type(sign * delta)
            values = [convert_to_tensor(v) for v in base]
            values[i] = convert_to_tensor(moved.reshape(base[i].shape))
            ends.append(_numbers(f(*values).numpy()).astype(np.float64))
        columns.append((ends[0] - ends[1]) / (2 * delta))
    rows = _numbers(f(*[convert_to_tensor(v) for v in base]).numpy())
    kind = np.float32 if rows.dtype.itemsize < 4 or rows.dtype.kind == "V" else rows.dtype
    if not columns:
        return np.zeros((rows.size, 0), kind)
    return np.stack(columns, 1).astype(kind)


def _dense(g, like):
    if g is None:
        return np.zeros(like.shape.as_list(), like.dtype.as_numpy_dtype)
    return convert_to_tensor(g).numpy()


def _exact(f, x, i):
    from .gradients import GradientTape

    probe = f(*x)
    shape, complex_output = probe.shape.as_list(), probe.dtype.is_complex
    size = int(np.prod(shape))
    rows = []
    for k in range(size * (2 if complex_output else 1)):
        seed = np.zeros(size, probe.dtype.as_numpy_dtype)
        seed[k // 2 if complex_output else k] = 1j if complex_output and k % 2 else 1
        with GradientTape() as tape:
            tape.watch(x)
            y = f(*x)
        g = tape.gradient(y, x[i], output_gradients=convert_to_tensor(seed.reshape(shape)))
        rows.append(_numbers(_dense(g, x[i])))
    width = int(np.prod(x[i].shape.as_list())) * (2 if x[i].dtype.is_complex else 1)
    return np.stack(rows) if rows else np.zeros((0, width), x[i].dtype.real_dtype.as_numpy_dtype)


@export("test.compute_gradient")
def compute_gradient(f, x, delta=None):
    """(by rule, by finite differences): for each of the inputs x the matrix d f(*x) / d x, [outputs, inputs]."""
    if not isinstance(x, (list, tuple)):
        raise ValueError(
            "`x` must be a list or tuple of values convertible to a Tensor (arguments to `f`), not a "
            + str(type(x))
        )
    x = [convert_to_tensor(v) for v in x]
    delta = 1 / 1024 if delta is None else delta
    exact = tuple(_exact(f, x, i) for i in range(len(x)))
    return exact, tuple(_numeric(f, [v.numpy() for v in x], i, delta) for i in range(len(x)))


def _in_session(x, x_shape, y, y_shape, value, delta, targets, feeds):
    from ..graph import placeholder
    from .gradients import gradients_v1
    from .session import get_default_session

    session = get_default_session()
    if session is None:
        raise ValueError("compute_gradient needs a default session: open one with tf.compat.v1.Session().")
    if targets:
        for t in targets:
            session.run(t)
    seed = placeholder(y.dtype, y.shape)
    (dx,) = gradients_v1([y], [x], [seed])
    x_size, y_size = int(np.prod(x_shape)), int(np.prod(y_shape))
    if value is None:
        value = np.random.random_sample(x_shape)
    value = np.asarray(value, x.dtype.as_numpy_dtype)
    exact = np.zeros((x_size, y_size), np.float64)
    numeric = np.zeros((x_size, y_size), np.float64)
    feeds = dict(feeds or {})
    for k in range(y_size):
        one = np.zeros(y_size, y.dtype.as_numpy_dtype)
        one[k] = 1
        g = session.run(dx, {**feeds, x: value, seed: one.reshape(y_shape)})
        exact[:, k] = _filled(g, x_shape).reshape(-1)
    for k in range(x_size):
        ends = []
        for sign in (1, -1):
            moved = value.astype(np.float64).reshape(-1)
            moved[k] += sign * delta
            ends.append(
                session.run(y, {**feeds, x: moved.reshape(x_shape).astype(value.dtype)}).astype(np.float64)
            )
        numeric[k, :] = ((ends[0] - ends[1]) / (2 * delta)).reshape(-1)
    kind = x.dtype.as_numpy_dtype
    return exact.astype(kind), numeric.astype(kind)


def _filled(g, shape):
    """A gradient as an array, also when it is slices."""
    if hasattr(g, "indices"):
        out = np.zeros(shape, g.values.dtype)
        np.add.at(out, g.indices, g.values)
        return out
    return np.asarray(g)


@export("compat.v1.test.compute_gradient")
def compute_gradient_v1(
    x, x_shape, y, y_shape, x_init_value=None, delta=1e-3, init_targets=None, extra_feed_dict=None
):
    """(by rule, by finite differences): d y / d x in the default session, [inputs, outputs]; a list of pairs for a list."""
    if isinstance(x, (list, tuple)):
        values = x_init_value or [None] * len(x)
        return [
            compute_gradient_v1(a, s, y, y_shape, v, delta, init_targets, extra_feed_dict)
            for a, s, v in zip(x, x_shape, values)
        ]
    return _in_session(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)


@export("compat.v1.test.compute_gradient_error")
def compute_gradient_error(
    x, x_shape, y, y_shape, x_init_value=None, delta=1e-3, init_targets=None, extra_feed_dict=None
):
    """The largest difference between the two."""
    found = compute_gradient_v1(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    pairs = found if isinstance(found, list) else [found]
    return max([np.max(np.abs(a - b)) for a, b in pairs if a.size] or [0.0])


def _nodes(graph_def):
    return {n.name: n for n in graph_def.node}


def _compare(actual, expected):
    a, b = _nodes(actual), _nodes(expected)
    for name in sorted(set(a) ^ set(b)):
        raise AssertionError(
            f"Node '{name}' is in the {'actual' if name in a else 'expected'} graph only, not in the other."
        )
    for name in sorted(a):
        if str(a[name]) != str(b[name]):
            raise AssertionError(f"Node '{name}' differs.\nActual:\n{a[name]}\nExpected:\n{b[name]}")


def _graph_def(x, name):
    if type(x).__name__ != "GraphDef":
        raise TypeError(f"Expected tf.GraphDef for {name}, got {type(x).__name__}")
    return x


@export("test.assert_equal_graph_def")
def assert_equal_graph_def(expected, actual):
    """Two GraphDefs have the same nodes, in any order."""
    _compare(_graph_def(actual, "actual"), _graph_def(expected, "expected"))


@export("compat.v1.test.assert_equal_graph_def")
def assert_equal_graph_def_v1(actual, expected, checkpoint_v2=False, hash_table_shared_name=False):
    """Two GraphDefs have the same nodes, in any order."""
    assert_equal_graph_def(expected, actual)
