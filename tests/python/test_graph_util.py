import numpy as np
import pytest

import floe as tf

v1 = tf.compat.v1
util = v1.graph_util


@pytest.fixture()
def trained():
    """A graph with variables, and a session that has values for them."""
    with tf.Graph().as_default() as g:
        x = v1.placeholder(tf.float32, [None, 2], name="x")
        i = v1.placeholder(tf.int32, [None], name="i")
        table = v1.get_variable("table", [5, 3])
        w = v1.get_variable("w", [2, 3])
        rows = tf.nn.embedding_lookup(table, i)
        y = tf.add(tf.matmul(x, w), rows, name="y")
        tf.identity(w.assign_add(tf.ones([2, 3])), name="step")
        with v1.Session() as sess:
            sess.run(v1.global_variables_initializer())
            yield g, sess, y


FEEDS = {"x:0": np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), "i:0": np.array([4, 0], np.int32)}


def test_variables_become_constants(trained):
    g, sess, y = trained
    expected = sess.run(y, FEEDS)
    frozen = util.convert_variables_to_constants(sess, g.as_graph_def(), ["y"])
    assert not {n.op for n in frozen.node} & {
        "VarHandleOp",
        "ReadVariableOp",
        "ResourceGather",
        "AssignVariableOp",
    }
    with tf.Graph().as_default() as other:
        out = tf.import_graph_def(frozen, return_elements=["y:0"], name="")[0]
        with v1.Session(graph=other) as fresh:
            np.testing.assert_array_equal(fresh.run(out, FEEDS), expected)
    small = util.remove_training_nodes(frozen)
    assert len(small.node) < len(frozen.node)
    with tf.Graph().as_default() as other:
        tf.import_graph_def(small, name="")
        with v1.Session(graph=other) as fresh:
            np.testing.assert_array_equal(fresh.run("y:0", FEEDS), expected)


def test_some_variables_stay(trained):
    g, sess, _ = trained
    frozen = util.convert_variables_to_constants(
        sess, g.as_graph_def(), ["y"], variable_names_blacklist=["table"]
    )
    assert [n.name for n in frozen.node if n.op == "VarHandleOp"] == ["table"]


def test_what_changes_variables_cannot_be_frozen(trained):
    g, sess, _ = trained
    with pytest.raises(
        ValueError, match="uses the variable 'w' in a way that a constant cannot stand in for"
    ):
        util.convert_variables_to_constants(sess, g.as_graph_def(), ["step"])


def test_pieces_of_graphs(trained):
    g, _, _ = trained
    piece = util.extract_sub_graph(g.as_graph_def(), ["MatMul"])
    assert {n.op for n in piece.node} == {"Placeholder", "VarHandleOp", "ReadVariableOp", "MatMul"}
    with pytest.raises(AssertionError, match="nope is not in graph"):
        util.extract_sub_graph(g.as_graph_def(), ["nope"])
    with pytest.raises(TypeError, match="dest_nodes must be"):
        util.extract_sub_graph(g.as_graph_def(), "y")
    assert util.tensor_shape_from_node_def_name(g, "x").as_list() == [None, 2]


def test_feeding_a_variable_feeds_its_readers():
    v1.disable_resource_variables()
    try:
        with tf.Graph().as_default(), v1.Session() as sess:
            v = v1.Variable([1.0, 2.0])
            double = v * 2.0
            assert sess.run(double, {v: [5.0, 6.0]}).tolist() == [10.0, 12.0]
    finally:
        v1.enable_resource_variables()
