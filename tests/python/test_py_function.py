"""tf.py_function and tf.numpy_function, eagerly, in functions and in graphs."""

import traceback

import numpy as np
import pytest

import floe as tf

both_ways = pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "function"])


@both_ways
def test_values_inside(run):
    seen = []

    def double(a):
        seen.append((isinstance(a, tf.Tensor), tf.executing_eagerly()))
        return a.numpy() * 2

    @run
    def f(x):
        return tf.py_function(double, [x], tf.float32)

    assert f(tf.constant(2.0)).numpy() == 4 and seen == [(True, True)]


def test_shapes_of_results():
    shapes = []

    @tf.function
    def f(x):
        a, b = tf.py_function(lambda a: (a, 1), [x], [tf.TensorSpec([2], tf.float32), tf.int32])
        shapes.extend([a.shape, b.shape])
        return a, b

    a, b = f([1.0, 2.0])
    assert shapes[0] == [2] and shapes[1].rank is None and a.numpy().tolist() == [1, 2] and b.numpy() == 1


@both_ways
def test_gradients(run):
    v = tf.Variable(3.0)

    @tf.function
    def inner(a):
        return a * a * a

    @run
    def f(x):
        return tf.py_function(lambda a: inner(a) * v, [x], tf.float32)

    for value in (2.0, 4.0):
        x = tf.constant(value)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = f(x)
        assert tape.gradient(y, x).numpy() == tape.gradient(y, x).numpy() == 9 * value**2


def test_gradients_of_many_calls():
    @tf.function
    def f(x):
        return tf.map_fn(lambda r: tf.py_function(lambda a: a * a, [r], tf.float32), x)

    x = tf.range(100.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    np.testing.assert_array_equal(tape.gradient(y, x), 2 * np.arange(100))


def test_graphs():
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.constant(3.0)
        y = tf.py_function(lambda a: a * a, [x], tf.float32, name="square")
        z = tf.compat.v1.py_func(np.sin, [x], tf.float32)
        assert y.op.type == "EagerPyFunc" and y.name == "square:0" and z.op.type == "PyFunc"
        assert session.run([y, tf.gradients(y, x)[0]]) == [9, 6]
        np.testing.assert_allclose(session.run(z), np.sin(np.float32(3)))


class Mine(Exception):
    pass


@both_ways
@pytest.mark.parametrize(
    "theirs, ours",
    [
        (ValueError, tf.errors.InvalidArgumentError),
        (TypeError, tf.errors.InvalidArgumentError),
        (StopIteration, tf.errors.OutOfRangeError),
        (MemoryError, tf.errors.ResourceExhaustedError),
        (NotImplementedError, tf.errors.UnimplementedError),
        (ZeroDivisionError, tf.errors.UnknownError),
        (Mine, tf.errors.UnknownError),
    ],
)
def test_exceptions(run, theirs, ours):
    @tf.autograph.experimental.do_not_convert
    def fails(a):
        raise theirs("what went wrong")

    @run
    def f(x):
        return tf.py_function(fails, [x], tf.float32)

    with pytest.raises(ours, match=f"^{theirs.__name__}: what went wrong") as e:
        f(tf.constant(1.0))
    if theirs is not MemoryError:
        assert isinstance(e.value, theirs)
    last = traceback.extract_tb(e.value.__traceback__)[-1]
    assert (
        last.filename == __file__
        and last.name == "fails"
        and 'raise theirs("what went wrong")' in str(e.value)
    )
    assert tf.executing_eagerly() and (tf.constant(1) + 1).numpy() == 2


def test_results_that_do_not_fit():
    def call(function, kind=tf.float32):
        return tf.function(lambda x: tf.py_function(function, [x], kind))(tf.constant(1.0))

    with pytest.raises(tf.errors.InvalidArgumentError, match="returns 0 values, but expects to see 1 values"):
        call(lambda a: None)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Cannot convert 'z' to EagerTensor of dtype int64"
    ):
        call(lambda a: "z", tf.int64)
    with pytest.raises(tf.errors.InvalidArgumentError, match="returns 3 values, but expects to see 2 values"):
        call(lambda a: (1, 2, 3), [tf.int64, tf.int64])
    with pytest.raises(ValueError, match="Expected func to be callable"):
        tf.py_function(1, [1], tf.int32)


def test_functions_for_their_effect():
    v = tf.Variable(1.0)

    @tf.function
    def f():
        tf.py_function(lambda: v.assign_add(1.0), [], [])
        return v.read_value()

    assert [f().numpy(), f().numpy()] == [2, 3]


def test_numpy_function():
    kinds = []

    def g(a, b):
        kinds.append(type(b))
        return np.sin(a), b + 1

    f = tf.function(lambda x, y: tf.numpy_function(g, [x, y], [tf.float32, tf.int32]))
    a, b = f(tf.constant(0.0), tf.constant([1, 2]))
    assert a.numpy() == 0 and b.numpy().tolist() == [2, 3] and kinds == [np.ndarray]
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="0-th value returned by .* is float64, but expects float32"
    ):
        tf.function(lambda x: tf.numpy_function(lambda a: np.float64(a), [x], tf.float32))(tf.constant(1.0))


def test_nests_of_arguments():
    f = tf.function(lambda x: tf.py_function(lambda d, t: d["a"] + t[1], [{"a": x}, (x, x * 2)], tf.int32))
    assert f(tf.constant(3)).numpy() == 9
