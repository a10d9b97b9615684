import numpy as np
import pytest

import floe as tf

v1 = tf.compat.v1


@pytest.fixture()
def wrapped():
    def f(x):
        v = v1.get_variable("v", initializer=lambda: tf.constant(2.0))
        w = tf.Variable(3.0, name="w")
        y = tf.identity(x * v + w, name="y")
        return y, v.assign_add(1.0)

    return v1.wrap_function(f, [tf.TensorSpec([None], tf.float32, name="x")])


def test_variables_are_made_once_and_kept(wrapped):
    assert [v.name for v in wrapped.variables] == ["v:0", "w:0"]
    for n in range(2):
        y, v = wrapped(tf.constant([1.0, 2.0]))
        np.testing.assert_array_equal(y, np.array([1.0, 2.0]) * (2 + n) + 3)
        assert v.numpy() == wrapped.variables[0].numpy() == 3 + n


def test_gradients(wrapped):
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = wrapped(x)[0]
    gx, gv, gw = tape.gradient(y, [x, *wrapped.trainable_variables])
    assert (gx.numpy().tolist(), gv.numpy(), gw.numpy()) == ([2.0, 2.0], 3.0, 2.0)


def test_pieces_run_only_what_they_need(wrapped):
    piece = wrapped.prune("x:0", "y:0")
    assert piece(tf.constant([1.0])).numpy() == [5.0]
    assert wrapped.variables[0].numpy() == 2.0
    wrapped.variables[1].assign(10.0)
    assert piece(tf.constant([1.0])).numpy() == [12.0]


def test_tensors_and_variables_of_outside():
    scale, offset = tf.Variable(10.0), tf.constant(7.0)
    f = v1.wrap_function(lambda x: x * scale + offset, [tf.TensorSpec([], tf.float32)])
    assert f(2.0).numpy() == 27.0
    scale.assign(20.0)
    assert f(2.0).numpy() == 47.0
    outer = tf.function(lambda x: f(x) + 1.0)
    assert outer(tf.constant(2.0)).numpy() == 48.0
    assert [v is scale for v in f.variables] == [True]
