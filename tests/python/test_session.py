import collections
import threading

import numpy as np
import pytest

import floe as tf

v1 = tf.compat.v1


@pytest.fixture()
def graph():
    with tf.Graph().as_default() as g:
        yield g


def here():
    import sys

    return sys._getframe(1).f_lineno


def test_fetches_in_any_nest(graph):
    x = v1.placeholder(tf.float32, [None, 3], name="x")
    y = tf.identity(x * 2.0, name="y")
    pair = collections.namedtuple("Pair", "a b")
    value = np.ones((1, 3), np.float32)
    with v1.Session() as sess:
        got = sess.run(pair(y, {"k": [x, y.op]}), {x: value})
        assert isinstance(got, pair) and got.b["k"][1] is None
        np.testing.assert_array_equal(got.a, 2 * value)
        np.testing.assert_array_equal(got.b["k"][0], value)
        ordered = sess.run(collections.OrderedDict([("z", "y:0"), ("a", "y")]), {"x:0": value})
        assert list(ordered) == ["z", "a"] and ordered["a"] is None
        assert isinstance(sess.run((y,), {x: value}), tuple)
        assert sess.run([]) == [] and sess.run({}) == {}
        slices = sess.run(tf.IndexedSlices(tf.constant([1.0]), tf.constant([0])))
        assert slices.values == [1.0] and slices.dense_shape is None


def test_any_tensor_can_be_fed(graph):
    a = tf.constant(2.0)
    b = a * 3.0
    c = b + 1.0
    with v1.Session() as sess:
        assert sess.run(c) == 7.0
        assert sess.run(c, {b: 10.0}) == 11.0
        assert sess.run([c, b, a], {a: 1.0}) == [4.0, 3.0, 1.0]
        assert sess.run(c, {(a, b): (0.0, 5.0)}) == 6.0
        text = v1.placeholder(tf.string, [None])
        assert sess.run(tf.strings.length(text), {text: ["a", "bcd"]}).tolist() == [1, 3]


def test_results_are_private(graph):
    v = tf.Variable([1.0, 2.0])
    with v1.Session() as sess:
        sess.run(v.initializer)
        first = sess.run(v)
        first[:] = 0
        assert sess.run(v).tolist() == [1.0, 2.0]
        x = v1.placeholder(tf.float32, [2])
        fed = np.ones(2, np.float32)
        got = sess.run(tf.identity(x), {x: fed})
        got[:] = 5
        assert fed.tolist() == [1.0, 1.0]


def test_sessions_have_variables_of_their_own(graph):
    v = tf.Variable(1.0)
    add = v.assign_add(1.0)
    with v1.Session() as one, v1.Session() as two:
        one.run(v1.global_variables_initializer())
        assert one.run(add) == 2.0
        with pytest.raises(tf.errors.FailedPreconditionError, match="variable Variable"):
            two.run(v)
        two.run(v1.global_variables_initializer())
        assert (one.run(v), two.run(v)) == (2.0, 1.0)
        v.load(7.0, two)
        assert (v.eval(session=one), v.eval(session=two)) == (2.0, 7.0)
        assert two.run("Variable:0") == 7.0


def test_the_graph_may_grow_between_runs(graph):
    a = tf.constant(1.0)
    with v1.Session() as sess:
        for i in range(5):
            a = a + 1.0
            assert sess.run(a) == i + 2.0
        op = a.op
        op._update_input(0, tf.constant(10.0))
        assert sess.run(a) == 11.0


def test_control_dependencies_run_first(graph):
    v = tf.Variable(0.0)
    with tf.control_dependencies([v.assign_add(1.0)]):
        read = v.read_value()
    both = tf.group(v.assign_add(10.0), name="both")
    with v1.Session() as sess:
        sess.run(v1.global_variables_initializer())
        assert [sess.run(read), sess.run(read)] == [1.0, 2.0]
        assert sess.run(both) is None
        both.run()
        assert v.eval() == 22.0


def test_unfed_placeholder_is_named_with_its_line(graph):
    x, line = v1.placeholder(tf.float32, [None, 3], name="wanted"), here()
    y = x + 1.0
    with v1.Session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError) as e:
            sess.run(y)
    assert "You must feed a value for placeholder tensor 'wanted' with dtype float and shape [?,3]" in str(
        e.value
    )
    assert f"{__file__}:{line}" in str(e.value)


@pytest.mark.parametrize(
    ("fetch", "error", "text"),
    [
        (None, TypeError, "Argument `fetch` = None has invalid type"),
        (5, TypeError, 'Argument `fetch` = 5 has invalid type "int" must be a string or Tensor'),
        (
            "layer9",
            ValueError,
            "refers to an Operation not in the graph. Did you mean 'layer3', 'layer2' or 'layer1'?",
        ),
        ("layer9:0", ValueError, "The operation, 'layer9', does not exist in the graph. Did you mean 'layer"),
        ("layer1:4", ValueError, "exists but only has 1 outputs"),
    ],
)
def test_wrong_fetches(graph, fetch, error, text):
    for i in range(1, 4):
        tf.constant(1.0, name=f"layer{i}")
    with v1.Session() as sess, pytest.raises(error) as e:
        sess.run(fetch)
    assert text in str(e.value)


@pytest.mark.parametrize(
    ("feed", "error", "text"),
    [
        (
            {"x": 1.0},
            TypeError,
            "Cannot interpret feed_dict key as Tensor: The name 'x' refers to an Operation",
        ),
        ({"xy:0": 1.0}, TypeError, "does not exist in the graph. Did you mean 'x'"),
        ({"x:0": [1.0]}, ValueError, "Cannot feed value of shape (1,) for Tensor x:0, which has shape (2,)"),
        ({"x:0": ["a", "b"]}, ValueError, "could not convert string to float"),
        (
            {"n:0": 300},
            TypeError,
            "Type of feed value 300 with type <class 'int'> is not compatible with Tensor type",
        ),
        ([1.0], TypeError, "must be a dictionary"),
    ],
)
def test_wrong_feeds(graph, feed, error, text):
    x = v1.placeholder(tf.float32, [2], name="x")
    n = v1.placeholder(tf.uint8, [], name="n")
    with v1.Session() as sess, pytest.raises(error) as e:
        sess.run([x + 1.0, n + 1], feed)
    assert text in str(e.value)


def test_feeding_a_tensor_is_refused(graph):
    x = v1.placeholder(tf.float32)
    with (
        v1.Session() as sess,
        pytest.raises(TypeError, match="The value of a feed cannot be a tf.Tensor object"),
    ):
        sess.run(x, {x: tf.constant(1.0)})


def test_failing_operations_say_where_they_were_made(graph):
    i = v1.placeholder(tf.int32)
    y, line = tf.gather([1.0, 2.0], i, name="pick"), here()
    with v1.Session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError) as e:
            sess.run(y, {i: 5})
        assert "is not in [0, 2)" in str(e.value) and f"{__file__}:{line}" in str(e.value)
        assert e.value.op.name == "pick"
        assert sess.run(y, {i: 1}) == 2.0


def test_default_sessions(graph):
    c = tf.constant(3.0)
    assert v1.get_default_session() is None
    with pytest.raises(ValueError, match="No default session is registered"):
        c.eval()
    with pytest.raises(ValueError, match="Cannot execute operation using `run\\(\\)`: No default session"):
        c.op.run()
    outer, inner = v1.Session(), v1.Session()
    with outer.as_default():
        with inner.as_default():
            assert v1.get_default_session() is inner and c.eval() == 3.0
        assert v1.get_default_session() is outer
        with tf.Graph().as_default():
            other = tf.constant(1.0)
        with pytest.raises(ValueError, match="the tensor's graph is different from the session's graph"):
            other.eval()
    seen = []
    with outer.as_default():
        t = threading.Thread(target=lambda: seen.append(v1.get_default_session()))
        t.start()
        t.join()
    assert seen == [None]
    interactive = v1.InteractiveSession()
    assert c.eval() == 3.0
    interactive.close()
    assert v1.get_default_session() is None


def test_life_of_a_session(graph):
    c = tf.constant(1.0)
    with v1.Session() as sess:
        with pytest.raises(RuntimeError, match="not re-entrant"), sess:
            pass
    with pytest.raises(RuntimeError, match="Attempted to use a closed Session."):
        sess.run(c)
    with pytest.raises(RuntimeError, match="The Session graph is empty"):
        v1.Session(graph=tf.Graph()).run([])
    for kind, arguments in (("graph", {"graph": 5}), ("config", {"config": 5}), ("target", {"target": 5})):
        with pytest.raises(TypeError, match=f"Argument `{kind}` must be a"):
            v1.Session(**arguments)
    config = v1.ConfigProto(allow_soft_placement=True)
    assert v1.Session(config=config).run(c, options=v1.RunOptions(), run_metadata=v1.RunMetadata()) == 1.0


def test_make_callable(graph):
    x = v1.placeholder(tf.float32, [2])
    y = x * 2.0
    with v1.Session() as sess:
        f = sess.make_callable([y, y.op], [x])
        got, nothing = f([1.0, 2.0])
        assert got.tolist() == [2.0, 4.0] and nothing is None
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed"):
            f()


def test_several_threads_run_one_session(graph):
    v = tf.Variable(0)
    x = v1.placeholder(tf.int32, [])
    add = v.assign_add(x)
    with v1.Session() as sess:
        sess.run(v1.global_variables_initializer())
        threads = [
            threading.Thread(target=lambda: [sess.run(add, {x: 1}) for _ in range(50)]) for _ in range(4)
        ]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sess.run(v) == 200


def test_python_runs_inside_of_graphs(graph):
    def double(a):
        assert tf.executing_eagerly()
        return a * a.numpy()

    x = v1.placeholder(tf.float32, [2])
    y = tf.py_function(double, [x], tf.float32)
    z = tf.numpy_function(lambda a: a + 1, [y], tf.float32)
    g = v1.gradients(y, x)[0]
    with v1.Session() as sess:
        assert sess.run([y, z], {x: [1.0, 3.0]})[1].tolist() == [2.0, 10.0]
        assert sess.run(g, {x: [1.0, 3.0]}).tolist() == [1.0, 3.0]


def test_rows_of_variables_change(graph):
    v = tf.Variable([1.0, 2.0, 3.0])
    with v1.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(v1.scatter_add(v, [0], [5.0])).tolist() == [6.0, 2.0, 3.0]
        assert sess.run(v1.scatter_update(v, [2, 1], [9.0, 8.0])).tolist() == [6.0, 8.0, 9.0]
        assert sess.run(v1.scatter_nd_sub(v, [[0]], [6.0])).tolist() == [0.0, 8.0, 9.0]
        assert sess.run(v1.assign_sub(v, [1.0, 1.0, 1.0])).tolist() == [-1.0, 7.0, 8.0]


def test_numbers_of_a_graph_are_checked(graph):
    x = v1.placeholder(tf.float32, [])
    y = tf.math.log(x, name="log")
    check = v1.add_check_numerics_ops()
    with v1.Session() as sess:
        sess.run([y, check], {x: 1.0})
        with pytest.raises(tf.errors.InvalidArgumentError, match="log:0 : Tensor had Inf"):
            sess.run([y, check], {x: 0.0})
