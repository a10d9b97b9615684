"""Graph mode for the whole program, and back; TensorFlow 1's world."""

import threading

import numpy as np
import pytest

import floe as tf

v1 = tf.compat.v1


@pytest.fixture()
def graph_mode():
    eager = tf.constant([1.0, 2.0]) + 1.0
    v1.disable_v2_behavior()
    try:
        yield eager
    finally:
        v1.reset_default_graph()
        v1.enable_v2_behavior()


def test_there_and_back(graph_mode):
    assert not tf.executing_eagerly()
    x = v1.placeholder(tf.float32, [None, 2], name="x")
    y = x * graph_mode.numpy()
    with v1.Session() as sess:
        assert sess.run(y, {x: [[1.0, 1.0]]}).tolist() == [[2.0, 3.0]]
    v1.enable_v2_behavior()
    assert tf.executing_eagerly()
    v = tf.Variable(3.0)
    assert v.assign_add(1.0).numpy() == 4.0
    assert bool(tf.reduce_all(graph_mode == [2.0, 3.0]))
    assert tf.zeros([2, 3]).shape[1] == 3 and str(tf.zeros([2, 3]).shape) == "(2, 3)"
    v1.disable_eager_execution()
    with v1.Session() as sess:
        assert sess.run(y, {x: [[2.0, 2.0]]}).tolist() == [[4.0, 6.0]]


def test_shapes_have_dimensions(graph_mode):
    x = v1.placeholder(tf.float32, [None, 3])
    assert str(x.shape) == "(?, 3)" and repr(x.shape) == "TensorShape([Dimension(None), Dimension(3)])"
    assert [d.value for d in x.shape] == [None, 3]
    assert (x.shape[1] * 2).value == 6 and (x.shape[0] + 1).value is None
    assert int(x.get_shape()[-1]) == 3 and x.shape.as_list() == [None, 3]
    assert x.shape[1] > 2 and x.shape[1] == 3
    w = tf.Variable(tf.zeros([x.shape[1], 4]))
    assert tf.matmul(x, w).shape.as_list() == [None, 4]


def test_tensors_are_compared_by_identity(graph_mode):
    a, b = tf.constant(1.0), tf.constant(1.0)
    assert a == a and not a == b and len({a, b}) == 2
    with pytest.raises(TypeError, match="Using a symbolic `tf.Tensor` as a Python `bool`"):
        bool(tf.constant(True))
    with pytest.raises(TypeError, match="Iterating over a symbolic"):
        list(tf.constant([1.0]))
    with pytest.raises(AttributeError, match="graph mode"):
        a.numpy()


def test_threads_follow_the_program(graph_mode):
    seen = []

    def work():
        seen.append(tf.executing_eagerly())
        with tf.Graph().as_default() as g:
            c = tf.constant(5.0)
            seen.append((c.graph is g, v1.Session().run(c)))

    t = threading.Thread(target=work)
    t.start()
    t.join()
    assert seen == [False, (True, 5.0)]


def test_graphs_nest(graph_mode):
    outer = v1.get_default_graph()
    with tf.Graph().as_default() as a:
        with tf.Graph().as_default() as b:
            assert v1.get_default_graph() is b
        inside = tf.constant(1.0)
        assert v1.get_default_graph() is a and inside.graph is a
    assert v1.get_default_graph() is outer
    with pytest.raises(ValueError, match="must be from the same graph"):
        tf.constant(1.0) + inside


def test_note_4(graph_mode):
    """Eager code in a static graph."""

    def my_py_func(X, Y):
        return np.maximum(X.numpy(), Y.numpy()) * X

    x = v1.placeholder(tf.float32, [2])
    z = tf.py_function(my_py_func, [x, x * x], tf.float32)
    loss = tf.reduce_sum(z * 3.0)
    with v1.Session() as sess:
        value, gradient = sess.run([loss, v1.gradients(loss, x)[0]], {x: [2.0, 0.5]})
    assert value == 3.0 * (8.0 + 0.25) and gradient.tolist() == [12.0, 1.5]


def test_control_flow_and_gradients(graph_mode):
    p = v1.placeholder(tf.float32, [])
    v = v1.get_variable("v", initializer=2.0)
    chosen = v1.cond(p > 0.0, lambda: v * p, lambda: v * v)
    loop = v1.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * p * v), [0, 1.0])
    g = v1.gradients(chosen, [p, v]), v1.gradients(loop[1], [p, v])

    @tf.custom_gradient
    def tenfold(x):
        return x * x, lambda dy: dy * 10.0

    @tf.function
    def f(a):
        return a * 2.0 if a > 0.0 else a

    with v1.Session() as sess:
        sess.run(v1.global_variables_initializer())
        assert sess.run(g, {p: 3.0}) == ([2.0, 3.0], [216.0, 324.0])
        assert sess.run(g[0], {p: -3.0}) == [0.0, 4.0]
        assert sess.run(v1.gradients(tenfold(p), p), {p: 3.0}) == [10.0]
        assert sess.run(f(p), {p: 4.0}) == 8.0


def test_graph_mode_block():
    with tf.graph_mode() as g:
        x = v1.placeholder(tf.float32, [])
        y = x + 1.0
        assert not tf.executing_eagerly() and y.graph is g
    assert tf.executing_eagerly()
    with v1.Session(graph=g) as sess:
        assert sess.run(y, {x: 1.0}) == 2.0


def test_a_whole_program(graph_mode):
    rng = np.random.RandomState(0)
    data = rng.rand(64, 3).astype(np.float32)
    labels = data @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 0.25
    v1.set_random_seed(1)
    x, y = v1.placeholder(tf.float32, [None, 3], "x"), v1.placeholder(tf.float32, [None, 1], "y")
    with v1.variable_scope("layer"):
        w = v1.get_variable("w", [x.shape[1].value, 1])
        b = v1.get_variable("b", [1], initializer=v1.zeros_initializer())
        out = tf.add(tf.matmul(x, w), b, name="out")
    loss = tf.reduce_mean(tf.square(out - y))
    step = v1.train.get_or_create_global_step()
    rate = v1.train.exponential_decay(0.2, step, 100, 0.9)
    train = v1.train.AdamOptimizer(rate).minimize(loss, global_step=step)
    with v1.Session(config=v1.ConfigProto(allow_soft_placement=True)) as sess:
        sess.run(v1.global_variables_initializer())
        first = sess.run(loss, {x: data, y: labels})
        for _ in range(150):
            sess.run(train, feed_dict={x: data, y: labels})
        last = sess.run(loss, {x: data, y: labels})
        assert last < 1e-3 < first and v1.train.global_step(sess, step) == 150
        np.testing.assert_allclose(sess.run("layer/out:0", {"x:0": data}), labels, atol=0.1)
    with pytest.raises(tf.errors.UnimplementedError, match="cannot write the checkpoint 'here'"):
        v1.train.Saver().save(sess, "here")


def test_placeholder_with_default(graph_mode):
    p = v1.placeholder_with_default([1.0, 2.0], [None], name="p")
    with v1.Session() as sess:
        assert sess.run(p * 2.0).tolist() == [2.0, 4.0]
        assert sess.run(p * 2.0, {p: [5.0]}).tolist() == [10.0]


def test_import_in_scopes(graph_mode):
    with tf.Graph().as_default() as g:
        a = v1.placeholder(tf.float32, [], name="a")
        tf.add(a, tf.constant(1.0, name="one"), name="sum")
    def_ = g.as_graph_def()
    mine = tf.constant(10.0)
    with tf.name_scope("outer"):
        total, one = tf.import_graph_def(def_, {"a:0": mine}, ["sum:0", "one"], name="in")
    assert (total.name, one.name) == ("outer/in/sum:0", "outer/in/one")
    with v1.Session() as sess:
        assert sess.run(total) == 11.0


def test_coordinator():
    coord = v1.train.Coordinator()
    count = []

    def work():
        with coord.stop_on_exception():
            while not coord.should_stop():
                count.append(1)
                if len(count) > 10:
                    raise KeyError("enough")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads:
        t.start()
    with pytest.raises(KeyError, match="enough"):
        coord.join(threads)
    assert coord.joined and coord.should_stop()


def test_optimizers_in_eager_mode():
    v = tf.Variable([1.0, 2.0])
    optimizer = v1.train.AdamOptimizer(0.5)
    optimizer.minimize(lambda: tf.reduce_sum(v * v))
    np.testing.assert_allclose(v.numpy(), [0.5, 1.5], atol=1e-5)
    with pytest.raises(
        RuntimeError, match="`loss` passed to Optimizer.compute_gradients should be a function"
    ):
        optimizer.minimize(tf.constant(1.0))
    assert len(optimizer.variables()) == 4


def test_operations_in_branches(graph_mode):
    v = v1.Variable(1.0)
    p = v1.placeholder(tf.bool, [])
    step = v1.cond(p, lambda: v.assign_add(1.0).op, tf.no_op)
    alone = v1.cond(p, lambda: [v + 1.0], lambda: [v + 2.0])
    assert len(v1.cond(p, lambda: [v + 1.0], lambda: [v + 2.0], strict=True)) == 1
    with v1.Session() as sess:
        sess.run(v.initializer)
        for taken in (True, False, True):
            sess.run(step, {p: taken})
        assert sess.run(v) == 3.0
        assert sess.run(alone, {p: False}) == 5.0


def test_steps_and_functions_in_eager_mode():
    v1.reset_default_graph()
    step = v1.train.get_or_create_global_step()
    assert v1.train.get_global_step() is step
    v = tf.Variable([1.0, 2.0])
    optimizer = v1.train.AdamOptimizer(0.1)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(v * v)
        optimizer.apply_gradients([(tape.gradient(loss, v), v)])
        return loss

    assert train().numpy() == 5.0
    np.testing.assert_allclose(v.numpy(), [0.9, 1.9], atol=1e-5)
    assert [x.name for x in optimizer.variables()] == [
        "Variable/Adam:0",
        "Variable/Adam_1:0",
        "beta1_power:0",
        "beta2_power:0",
    ]
    v1.train.GradientDescentOptimizer(0.5).apply_gradients([(tf.ones([2]), v)], global_step=step)
    assert step.numpy() == 1 and v1.train.exponential_decay(0.1, step, 1, 0.5)().numpy() == np.float32(0.05)
    v1.reset_default_graph()


def test_devices_of_operations(graph_mode):
    with v1.device("/cpu:0"):
        c, p = tf.constant(1.0), v1.placeholder(tf.float32)
        assert (c.device, p.op.device, (c + p).device) == ("/device:CPU:0",) * 3
    assert tf.constant(1.0).device == ""
