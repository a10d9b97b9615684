import numpy as np
import pytest

import floe as tf

v1 = tf.compat.v1


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as g:
        yield g


def test_names_of_variables_and_operations():
    with v1.variable_scope("s") as s:
        b = v1.get_variable("b", [4], initializer=v1.zeros_initializer())
        assert (b.name, b.op.name, b.initializer.name) == ("s/b:0", "s/b", "s/b/Assign")
        assert tf.constant(1.0).name == "s/Const:0"
    with v1.variable_scope("s", reuse=True) as again:
        assert v1.get_variable("b") is b
        assert (again.name, again.original_name_scope) == ("s", "s_1/")
        assert tf.constant(1.0).name == "s_1/Const:0"
    with tf.name_scope("names"):
        assert v1.get_variable("free", []).name == "free:0"
        with v1.variable_scope(s, reuse=v1.AUTO_REUSE):
            assert v1.get_variable("b", [4]) is b
            assert v1.get_variable("new", [1]).name == "s/new:0"
        assert tf.Variable(1.0, name="v").name == "names/v:0"
    assert [v.name for v in s.global_variables()] == ["s/b:0", "s/new:0"]


def test_default_names_are_unique():
    names = []
    for _ in range(2):
        with v1.variable_scope(None, default_name="dense"):
            names.append(v1.get_variable("k", [1]).name)
    with v1.variable_scope("x"), v1.variable_scope(None, "dense"):
        names.append(v1.get_variable("k", [1]).name)
    assert names == ["dense/k:0", "dense_1/k:0", "x/dense/k:0"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": "b"}, "Variable b already exists, disallowed. Did you mean to set reuse=True"),
        ({"name": "c"}, "Variable c did not get an initializer, so its `shape` argument must be specified."),
        (
            {"name": "c", "shape": [1], "initializer": [1.0]},
            "If initializer is a constant, do not specify shape.",
        ),
        ({"name": "c", "shape": [None, 1]}, "The initializer passed is not valid."),
    ],
)
def test_what_cannot_be_made(arguments, text):
    v1.get_variable("b", [1])
    with pytest.raises(ValueError) as e:
        v1.get_variable(**arguments)
    assert text in str(e.value)


def test_what_cannot_be_shared():
    v1.get_variable("weights", [1])
    with v1.variable_scope("", reuse=True):
        with pytest.raises(
            ValueError, match="Variable weight does not exist, or was not.*nearest names are 'weights'"
        ):
            v1.get_variable("weight")
        with pytest.raises(ValueError, match=r"specified shape \(2,\) and found shape \(1,\)"):
            v1.get_variable("weights", [2])
        with pytest.raises(ValueError, match="specified dtype float64 and found dtype float32"):
            v1.get_variable("weights", dtype=tf.float64)


def test_scopes_have_defaults():
    with v1.variable_scope(
        "s", initializer=v1.constant_initializer(3.0), dtype=tf.float64, regularizer=tf.reduce_sum
    ):
        a = v1.get_variable("a", [2])
        with v1.variable_scope("t", initializer=v1.ones_initializer()):
            b = v1.get_variable("b", [2], regularizer=v1.no_regularizer)
    losses = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    with v1.Session() as sess:
        sess.run(v1.global_variables_initializer())
        assert sess.run([a, b, losses[0]])[2] == 6.0 and len(losses) == 1
        assert b.eval().dtype == np.float64 and b.eval().tolist() == [1.0, 1.0]


def test_getters_are_asked():
    asked = []

    def getter(next_getter, name, *args, **kwargs):
        asked.append(name)
        return next_getter(name, *args, **kwargs) * 2.0

    with v1.variable_scope("s", custom_getter=getter), v1.variable_scope("t", custom_getter=getter):
        doubled = v1.get_variable("v", [], initializer=v1.ones_initializer())
    with v1.Session() as sess:
        sess.run(v1.global_variables_initializer())
        assert sess.run(doubled) == 4.0 and asked == ["s/t/v", "s/t/v"]


def test_templates_share_their_variables():
    def layer(x):
        return x * v1.get_variable("w", [], initializer=v1.constant_initializer(5.0))

    shared = v1.make_template("layer", layer)
    a, b = shared(1.0), shared(2.0)
    with v1.Session() as sess:
        sess.run(v1.global_variables_initializer())
        assert sess.run([a, b]) == [5.0, 10.0]
    assert [v.name for v in v1.global_variables()] == ["layer/w:0"]


def test_variables_from_variables():
    a = tf.Variable(3.0, name="a")
    b = tf.Variable(a.initialized_value() * 2.0, name="b")
    v1.get_variable("local", [], collections=[v1.GraphKeys.LOCAL_VARIABLES])
    missing = v1.report_uninitialized_variables()
    with v1.Session() as sess:
        assert sess.run(missing).tolist() == [b"a", b"b", b"local"]
        sess.run(b.initializer)
        assert sess.run(b) == 6.0
        sess.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
        assert sess.run(missing).tolist() == []


@pytest.mark.parametrize(
    ("initializer", "check"),
    [
        (v1.zeros_initializer(), lambda x: not x.any()),
        (v1.ones_initializer(), lambda x: (x == 1).all()),
        (v1.constant_initializer([1.0, 2.0]), lambda x: x.flat[0] == 1 and (x.flat[1:] == 2).all()),
        (v1.random_uniform_initializer(-2.0, 3.0), lambda x: x.min() >= -2 and x.max() < 3 and x.std() > 1),
        (
            v1.random_normal_initializer(5.0, 0.1),
            lambda x: abs(x.mean() - 5) < 0.05 and abs(x.std() - 0.1) < 0.02,
        ),
        (
            v1.truncated_normal_initializer(0.0, 1.0),
            lambda x: abs(x).max() <= 2 and abs(x.std() - 0.88) < 0.1,
        ),
        (v1.glorot_uniform_initializer(), lambda x: abs(x).max() <= (6 / 70) ** 0.5),
        (v1.initializers.he_normal(), lambda x: abs(x.var() - 2 / 40) < 0.01),
        (
            v1.variance_scaling_initializer(mode="fan_out", distribution="uniform"),
            lambda x: abs(x).max() <= 0.1**0.5,
        ),
        (v1.orthogonal_initializer(), lambda x: np.allclose(x.T @ x, np.eye(30), atol=1e-4)),
        (v1.initializers.identity(2.0), lambda x: (x == 2 * np.eye(40, 30)).all()),
    ],
)
def test_initializers(initializer, check):
    v = v1.get_variable("v", [40, 30], initializer=initializer)
    with v1.Session() as sess:
        sess.run(v.initializer)
        assert check(sess.run(v))
    made = type(initializer).from_config(initializer.get_config())
    assert made.get_config() == initializer.get_config()
