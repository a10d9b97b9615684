"""Tapes, forward mode, custom gradients and tf.gradients, eagerly and in functions."""

import logging

import numpy as np
import pytest

import floe as tf

eagerly_and_traced = pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "function"])


@eagerly_and_traced
def test_persistent_and_nested_tapes(run):
    @run
    def f(x):
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = x**3
            slope = inner.gradient(y, x)
        return slope, outer.gradient(slope, x), outer.gradient(y, {"x": [x]})

    slope, curve, nested = f(tf.constant(2.0))
    assert slope.numpy() == 12 and curve.numpy() == 12 and nested["x"][0].numpy() == 12


def test_a_tape_answers_once():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x).numpy() == 6
    for again in (tape.gradient, tape.jacobian):
        with pytest.raises(
            RuntimeError, match="A non-persistent GradientTape can only be used to compute one set"
        ):
            again(y, x)


def test_control_of_recording():
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        with tape.stop_recording():
            z = x * x
    assert tape.gradient(y, x).numpy() == 6 and tape.gradient(z, x) is None
    with tape:
        tape.watch(x)
        w = x * 5.0
        with pytest.raises(ValueError, match="Tape is still recording"):
            tape.__enter__()
    assert tape.gradient(w, x).numpy() == 5
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.reset()
        tape.watch(x)
        z = x * 2.0
    assert tape.gradient(z, x).numpy() == 2


def test_watched_variables():
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, trainable=False)
    with tf.GradientTape() as tape:
        y = v * w
    assert [x.name for x in tape.watched_variables()] == ["v:0"]
    assert tape.gradient(y, [v, w])[0].numpy() == 2
    assert [x.name for x in tape.watched_variables()] == ["v:0"]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        y = v * w
    assert tape.gradient(y, v) is None


@pytest.mark.parametrize("zero", ["zero", tf.UnconnectedGradients.ZERO])
def test_unconnected_gradients(zero):
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.constant(2.0) * 2.0
    assert tape.gradient(y, x) is None
    np.testing.assert_array_equal(tape.gradient(y, x, unconnected_gradients=zero), [0, 0])
    np.testing.assert_array_equal(tape.jacobian(y, x, unconnected_gradients=zero), [0, 0])
    with pytest.raises(ValueError, match="Unknown value for unconnected_gradients: 'other'"):
        tape.gradient(y, x, unconnected_gradients="other")


def test_integers_have_no_gradient(caplog):
    x = tf.constant(7)
    with caplog.at_level(logging.WARNING, "tensorflow"), tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x) is None
    assert "The dtype of the watched tensor must be floating (e.g. tf.float32), got tf.int32" in caplog.text


def test_bad_targets_and_sources():
    x = tf.constant(1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with pytest.raises(ValueError, match="Passed in object a of type 'str', not tf.Tensor"):
            tape.watch("a")
        y = x * x
        z = tf.raw_ops.PreventGradient(input=x, message="not here")
    with pytest.raises(TypeError, match="Argument `target` should be a list or nested structure of Tensors"):
        tape.gradient(None, x)
    with pytest.raises(TypeError, match="found None"):
        tape.gradient(y, [x, None])
    with pytest.raises(LookupError, match="Gradient explicitly disabled. Reason: not here"):
        tape.gradient(z, x)


@eagerly_and_traced
def test_slices(run):
    v = tf.Variable(tf.ones([4, 2]))

    @run
    def f():
        with tf.GradientTape(persistent=True) as tape:
            rows = tf.gather(v, [0, 2, 0])
            both = tf.reduce_sum(rows) + tf.reduce_sum(v)
        return tape.gradient(rows, v), tape.gradient(both, v)

    slices, dense = f()
    assert isinstance(slices, tf.IndexedSlices)
    np.testing.assert_array_equal(tf.convert_to_tensor(slices), [[2, 2], [0, 0], [1, 1], [0, 0]])
    np.testing.assert_array_equal(dense, [[3, 3], [1, 1], [2, 2], [1, 1]])


def squares(x):
    return x * x * tf.reduce_sum(x)


def rows(x):
    return tf.stack([x[:, 0] ** 2, x[:, 1] * x[:, 0], x[:, 1]], 1)


@pytest.mark.parametrize("shape", [[3], [None], None, [20]])
def test_jacobian(shape):
    n = 20 if shape == [20] else 3

    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = squares(x)
        return tape.jacobian(y, x)

    x = np.arange(1, n + 1, dtype=np.float32)
    want = np.diag(2 * x * x.sum()) + np.repeat((x * x)[:, None], n, 1)
    traced = tf.function(f, input_signature=[tf.TensorSpec(shape)])
    for found in (f(tf.constant(x)), traced(x)):
        np.testing.assert_allclose(found, want, rtol=1e-6)


@pytest.mark.parametrize("shape", [[2, 2], [None, 2]])
def test_batch_jacobian(shape):
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = rows(x)
        return tape.batch_jacobian(y, x)

    x = np.array([[1, 2], [3, 4]], np.float32)
    want = [[[2 * a, 0], [b, a], [0, 1]] for a, b in x]
    for found in (f(tf.constant(x)), tf.function(f, input_signature=[tf.TensorSpec(shape)])(x)):
        np.testing.assert_array_equal(found, want)
        assert found.shape == [2, 3, 2]


def test_batch_jacobian_of_other_shapes():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x[:1]
        z = tf.reduce_sum(x, 1)
    with pytest.raises(
        ValueError, match="Need first dimension of target shape .* and source shape .* to match"
    ):
        tape.batch_jacobian(y, x)
    with pytest.raises(ValueError, match="must have rank at least 2"):
        tape.batch_jacobian(z, x)


@eagerly_and_traced
def test_forward_mode(run):
    v = tf.Variable([1.0, 2.0])

    @run
    def f(x, t):
        with tf.autodiff.ForwardAccumulator([x, v], [t, tf.ones([2])]) as acc:
            y = x * x * v
            other = tf.constant(1.0)
        return acc.jvp({"y": y}), acc.jvp(other, unconnected_gradients="zero")

    x, t = tf.constant([3.0, 4.0]), tf.constant([1.0, 0.0])
    moved, zero = f(x, t)
    np.testing.assert_array_equal(moved["y"], [2 * 3 * 1 + 9, 16])
    assert zero.numpy() == 0


def test_forward_over_backward_and_back():
    x, one = tf.constant(2.0), tf.constant(1.0)
    with tf.autodiff.ForwardAccumulator(x, one) as acc:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**3
        slope = tape.gradient(y, x)
    assert acc.jvp(slope).numpy() == 12
    with tf.GradientTape() as tape:
        tape.watch(x)
        with tf.autodiff.ForwardAccumulator(x, one) as acc:
            y = x**3
        moved = acc.jvp(y)
    assert moved.numpy() == 12 and tape.gradient(moved, x).numpy() == 12
    with tf.autodiff.ForwardAccumulator(x, one) as outer:
        with tf.autodiff.ForwardAccumulator(x, one) as inner:
            y = x**3
        moved = inner.jvp(y)
    assert outer.jvp(moved).numpy() == 12 and outer.jvp(tf.constant(1.0)) is None
    with outer, pytest.raises(ValueError, match="Accumulator is already recording."):
        outer.__enter__()


@tf.custom_gradient
def cube(x):
    return x**3, lambda dy: dy * 3 * x**2


@eagerly_and_traced
def test_custom_gradient_of_second_order(run):
    @run
    def f(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = cube(x)
            slope = inner.gradient(y, x)
        return y, slope, outer.gradient(slope, x)

    assert [t.numpy() for t in f(tf.constant(2.0))] == [8, 12, 12]


@eagerly_and_traced
def test_custom_gradient_with_variables_and_keywords(run):
    v = tf.Variable(3.0)

    @tf.custom_gradient
    def f(x, scale=1.0):
        def grad(dy, variables=None):
            return dy * 100.0, [dy * 1000.0 for _ in variables]

        return x * v * scale, grad

    @run
    def g(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x, scale=4.0)
        return y, tape.gradient(y, [x, v])

    y, (by_x, by_v) = g(tf.constant(2.0))
    assert y.numpy() == 24 and by_x.numpy() == 100 and by_v.numpy() == 1000


def test_custom_gradient_errors():
    v = tf.Variable(3.0)
    without = tf.custom_gradient(lambda x: (x * v, lambda dy: dy))
    with pytest.raises(TypeError, match="grad_fn must accept keyword argument 'variables'"):
        without(tf.constant(1.0))
    few = tf.custom_gradient(lambda x, y: (x * y, lambda dy: dy))
    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = few(x, x)
    with pytest.raises(
        ValueError, match="custom_gradient function expected to return 2 gradients, but returned 1"
    ):
        tape.gradient(y, x)


def test_custom_gradient_of_methods():
    class Model:
        @tf.custom_gradient
        def f(self, x):
            return x + 1.0, lambda dy: dy * 7.0

    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = Model().f(x)
    assert y.numpy() == 2 and tape.gradient(y, x).numpy() == 7 and cube.__name__ == "cube"


@eagerly_and_traced
def test_recompute_grad(run):
    v, calls = tf.Variable(3.0), []

    @tf.recompute_grad
    def f(x, k=1.0):
        calls.append(1)
        return x * x * v * k

    @run
    def g(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = f(x, k=2.0)
            found = tape.gradient(y, [x, v])
        return found, outer.gradient(found[0], x)

    (by_x, by_v), second = g(tf.constant(2.0))
    assert by_x.numpy() == 24 and by_v.numpy() == 8 and second.numpy() == 12 and len(calls) == 2


def test_gradients_in_graphs():
    with tf.Graph().as_default():
        a = tf.constant(1.0)
        b = 2.0 * a
        whole = tf.gradients(a + b, [a, b])
        parts = tf.gradients(a + b, [a, b], stop_gradients=[a, b])
        scaled = tf.gradients(b, a, grad_ys=[5.0])
        assert tf.gradients(a, tf.constant(1.0)) == [None]
        assert scaled[0].name.startswith("gradients")
        with pytest.raises(ValueError, match="Length mismatch. Passed 2 grad_ys for 1 ys"):
            tf.gradients(b, a, grad_ys=[1.0, 1.0])
        with tf.compat.v1.Session() as session:
            assert session.run([whole, parts, scaled]) == [[3, 1], [1, 1], [10]]
    with pytest.raises(RuntimeError, match="tf.gradients is not supported when eager execution is enabled"):
        tf.gradients(tf.constant(1.0), tf.constant(1.0))


def powers(x, v):
    return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x * v), (0, 1.0))[1]


def chosen(x, v):
    return tf.cond(x > 0, lambda: x * x * x * v * v * v, lambda: x)


@pytest.mark.parametrize("f", [powers, chosen])
def test_tapes_around_conditionals_and_loops_of_functions(f):
    v = tf.Variable(3.0)

    @tf.function
    def g(x):
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(x)
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(x)
                y = f(x, v)
            first = tape.gradient(y, [x, v])
            again = tape.gradient(y, x)
        return first, again, outer.gradient(first[0], x), outer.gradient(y, x)

    first, again, second, whole = g(tf.constant(2.0))
    assert [t.numpy() for t in first] == [324, 216] and again.numpy() == 324
    assert second.numpy() == 324 and whole.numpy() == 324


@pytest.mark.parametrize("f", [powers, chosen])
def test_gradients_by_constants_that_loops_use(f):
    @tf.function
    def g():
        x = tf.constant(2.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x, 1.0)
        return tape.gradient(y, x), tf.gradients(y, x)[0]

    assert [t.numpy() for t in g()] == [12, 12]
