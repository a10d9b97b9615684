"""tf.Variable: making, assigning, slices, names, and its use in functions."""

import copy
import pickle

import numpy as np
import pytest

import floe as tf


def test_making():
    assert tf.Variable(lambda: 3).numpy() == 3 and tf.Variable(1, dtype=tf.float32).dtype == tf.float32
    assert repr(tf.Variable([1, 2], name="q")) == (
        "<tf.Variable 'q:0' shape=(2,) dtype=int32, numpy=array([1, 2], dtype=int32)>"
    )
    for kwargs, error, text in (
        ({}, ValueError, "The `initial_value` arg to `tf.Variable` must be specified"),
        ({"initial_value": 1.0, "constraint": 3}, ValueError, "must be None or a callable"),
        (
            {"initial_value": [1, 2], "shape": [3]},
            ValueError,
            "is not compatible with the explicitly supplied `shape`",
        ),
        (
            {"initial_value": tf.constant(1), "dtype": tf.float32},
            ValueError,
            "Tensor conversion requested dtype float32",
        ),
    ):
        with pytest.raises(error, match=text):
            tf.Variable(**kwargs)


def test_assigning():
    v = tf.Variable([1.0, 2.0])
    before, array = v.read_value(), np.array([3.0, 4.0], np.float32)
    v.assign(array)
    array[0] = 9
    v.assign_add([1, 1])
    v.assign_sub(v / 2)
    np.testing.assert_array_equal(v, [2, 2.5])
    np.testing.assert_array_equal(before, [1, 2])
    assert v.assign([0, 0], read_value=False) is None
    with pytest.raises(
        ValueError, match="Shape mismatch.The variable shape \\(2,\\), and the assigned value shape \\(1,\\)"
    ):
        v.assign([1.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot update variable with shape"):
        v.assign_add([1.0, 2.0, 3.0])
    v.numpy()[0] = 5
    np.testing.assert_array_equal(v, [0, 0])


def test_shapes_that_change():
    v = tf.Variable([1.0], shape=[None])

    @tf.function
    def f(x):
        v.assign(x)
        return tf.shape(v)

    assert v.shape == [None] and f([1.0, 2.0]).numpy() == [2] and f([1.0, 2.0, 3.0]).numpy() == [3]


@pytest.mark.parametrize(
    "key, value",
    [
        (0, [9, 9, 9]),
        (slice(None), 7),
        ((slice(None), 1), [5, 6]),
        ((Ellipsis, slice(None, None, -1)), [[1, 2, 3], [4, 5, 6]]),
        ((slice(1, 2), slice(0, 3, 2)), [[8, 8]]),
        ((1, 2), 4),
        ((None, 0), [[1, 2, 3]]),
    ],
)
@pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "function"])
def test_assigning_to_slices(key, value, run):
    v, want = tf.Variable(np.arange(6).reshape(2, 3)), np.arange(6).reshape(2, 3)
    run(lambda: v[key].assign(value).read_value())()
    want[key] = value
    np.testing.assert_array_equal(v, want)


def test_slices_that_do_not_fit():
    v = tf.Variable([1, 2, 3])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot broadcast input shape"):
        v[:2].assign([1, 2, 3])
    with pytest.raises(TypeError, match="does not support item assignment"):
        v[0] = 1


def test_scattering():
    v = tf.Variable([1.0, 2.0, 3.0])
    slices = tf.IndexedSlices(tf.constant([2.0, 2.0]), tf.constant([0, 2]))
    values = []
    for name in ("add", "sub", "mul", "div", "max", "min", "update"):
        getattr(v, f"scatter_{name}")(slices)
        values.append(v.numpy().tolist())
    assert values == [[3, 2, 5], [1, 2, 3], [2, 2, 6], [1, 2, 3], [2, 2, 3], [2, 2, 2], [2, 2, 2]]
    v.scatter_nd_max([[0]], [5.0])
    v.scatter_nd_min([[1]], [0.0])
    assert v.numpy().tolist() == [5, 0, 2]
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    w.batch_scatter_update(tf.IndexedSlices(tf.constant([[9.0], [8.0]]), tf.constant([[0], [1]])))
    assert w.numpy().tolist() == [[9, 2], [3, 8]]
    with pytest.raises(TypeError, match="must be a `tf.IndexedSlices`"):
        v.scatter_add([1])


def test_operators():
    v = tf.Variable(2.0)
    results = [v + 1, 1 - v, v * v, -v, abs(v), v / 4, v**2, v // 2, v % 2, v < 3, v == 2.0]
    assert [r.numpy() for r in results] == [3, -1, 4, -2, 2, 0.5, 4, 1, 0, True, True]
    with pytest.raises(RuntimeError, match="`variable \\+= value` with `tf.Variable`s is not supported"):
        v += 1.0
    with pytest.raises(TypeError, match="Variable is unhashable"):
        hash(v)
    assert v.ref() == v.ref() and v.ref().deref() is v and int(v) == 2 and bool(v)


def test_copies():
    v = tf.Variable([1.0], name="x", trainable=False)
    w = copy.deepcopy(v)
    w.assign([2.0])
    again = pickle.loads(pickle.dumps(v))
    assert (
        v.numpy() == 1
        and w.numpy() == 2
        and again.numpy() == 1
        and again.name == "x:0"
        and not again.trainable
    )
    assert copy.copy(v) is v


def test_names_and_creators():
    with tf.name_scope("outer"), tf.name_scope("inner"):
        assert tf.Variable(1.0, name="a").name == "outer/inner/a:0"
    order = []

    def creator(next_creator, **kwargs):
        order.append(kwargs["trainable"])
        return next_creator(**{**kwargs, "name": "other"})

    with tf.variable_creator_scope(creator):
        assert tf.Variable(1.0, name="a").name == "other:0"
    assert order == [None]


def test_what_graphs_only_have():
    v = tf.Variable(1.0)
    for use in (lambda: v.initial_value, v.eval, v.to_proto):
        with pytest.raises(RuntimeError, match="not supported when eager execution is enabled"):
            use()


def test_control_flow_in_functions():
    v = tf.Variable(0)

    @tf.function
    def f(n, flag):
        for i in tf.range(n):
            v.assign_add(i)
        if flag:
            v.assign(-v)
        return v

    assert f(tf.constant(5), tf.constant(True)).numpy() == -10 and v.numpy() == -10
