"""import_graph_def, wrap_function, prune and looking around in graphs."""

import numpy as np
import pytest

import floe as tf


@pytest.fixture()
def wrapped(digits):
    return tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(digits, name=""), [])


@pytest.fixture()
def graph(wrapped):
    return wrapped.graph


def test_operations(graph):
    ops = graph.get_operations()
    assert len(ops) == 91 and repr(ops[0]) == "<tf.Operation 'x' type=Placeholder>"
    o = graph.get_operation_by_name("Identity")
    assert o is graph.get_operation_by_name("Identity")
    assert (o.name, o.type, o.device) == ("Identity", "Identity", "")
    assert repr(o.inputs) == "(<tf.Tensor 'digits_1/digit_1/Softmax:0' shape=(None, 10) dtype=float32>,)"
    assert o.control_inputs == [graph.get_operation_by_name("NoOp")]
    assert o.values() == tuple(o.outputs) and o.outputs[0].op is o
    assert o.get_attr("T") is tf.float32
    assert o.node_def.input == ["digits_1/digit_1/Softmax", "^NoOp"]
    with pytest.raises(ValueError, match="Operation 'Identity' has no attr named 'zz'."):
        o.get_attr("zz")


def test_attributes(graph):
    conv = next(o for o in graph.get_operations() if o.type == "Conv2D")
    assert conv.get_attr("strides") == [1, 1, 1, 1]
    assert conv.get_attr("padding") == b"SAME" and conv.get_attr("use_cudnn_on_gpu") is True
    assert [d.size for d in graph.get_operation_by_name("x").get_attr("shape").dim] == [-1, 8, 8, 1]
    const = next(o for o in graph.get_operations() if o.type == "Const")
    assert tf.make_ndarray(const.get_attr("value")).dtype == np.float32


def test_symbolic_tensor(graph):
    x = graph.get_tensor_by_name("x:0")
    assert x is graph.as_graph_element("x:0") and isinstance(x, tf.Tensor)
    assert repr(x) == "<tf.Tensor 'x:0' shape=(None, 8, 8, 1) dtype=float32>"
    assert str(x) == 'Tensor("x:0", shape=(None, 8, 8, 1), dtype=float32)'
    assert x.shape == [None, 8, 8, 1] and x.dtype == "float32" and x.value_index == 0 and x.ndim == 4
    assert x.graph is graph and [c.type for c in x.consumers()] == ["Mul"]
    assert not hasattr(x, "numpy")
    with pytest.raises(TypeError, match="len is not well defined for a symbolic Tensor"):
        len(x)
    with pytest.raises(TypeError, match="Using a symbolic `tf.Tensor` as a Python `bool` is not allowed"):
        bool(x)
    with pytest.raises(NotImplementedError, match=r"Cannot convert a symbolic tf.Tensor \(x:0\)"):
        np.asarray(x)


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("nope", KeyError, "The name 'nope' refers to an Operation not in the graph."),
        (
            "nope:0",
            KeyError,
            "The name 'nope:0' refers to a Tensor which does not exist. The operation, 'nope', does not exist in the graph.",
        ),
        (
            "x:1",
            KeyError,
            "The name 'x:1' refers to a Tensor which does not exist. The operation, 'x', exists but only has 1 outputs.",
        ),
        ("x:a", ValueError, "The name 'x:a' looks a like a Tensor name, but is not a valid one."),
        (3, TypeError, "Can not convert a int into a Tensor or Operation."),
    ],
)
def test_missing_names(graph, name, error, text):
    with pytest.raises(error) as e:
        graph.as_graph_element(name)
    assert text in e.value.args[0]


def test_wrong_kind_of_name(graph):
    with pytest.raises(ValueError, match="Name 'x:0' appears to refer to a Tensor, not a Operation."):
        graph.get_operation_by_name("x:0")
    with pytest.raises(ValueError, match="The name 'x' refers to an Operation, not a Tensor."):
        graph.get_tensor_by_name("x")
    with pytest.raises(TypeError, match="Tensor names are strings"):
        graph.get_tensor_by_name(3)


def test_prune_keeps_structure(wrapped, images, expected):
    x = tf.constant(images)
    single = wrapped.prune("x:0", "Identity:0")(x)
    np.testing.assert_allclose(single.numpy(), expected, atol=1e-5)
    assert isinstance(wrapped.prune(["x:0"], ("Identity:0",))(x), tuple)
    nested = wrapped.prune(["x:0"], {"a": "Identity:0", "b": ["digits_1/digit_1/Softmax:0"]})(x)
    assert sorted(nested) == ["a", "b"] and isinstance(nested["b"], list)
    np.testing.assert_array_equal(nested["a"].numpy(), nested["b"][0].numpy())
    assert wrapped.prune("x:0", [])(x) == []
    assert wrapped.prune("x:0", "Identity")(x) is None
    assert wrapped.prune("x:0", ["Identity:0", "Identity"])(x)[1] is None
    np.testing.assert_array_equal(wrapped.prune("x:0", "x:0")(images).numpy(), images)


def test_prune_inner_feed(wrapped):
    f = wrapped.prune(["digits_1/digit_1/BiasAdd:0"], ["Identity:0"])
    p = f(np.zeros((1, 10), np.float32))[0].numpy()
    np.testing.assert_allclose(p, np.full((1, 10), 0.1), atol=1e-6)


def test_prune_call_forms(wrapped, images, expected):
    f = wrapped.prune("x:0", "Identity:0")
    np.testing.assert_allclose(f(x=images).numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(f(images.tolist()).numpy(), expected, atol=1e-5)
    assert repr(f).startswith(
        "<ConcreteFunction (x: TensorSpec(shape=(None, 8, 8, 1), dtype=tf.float32, name='x'))"
    )
    assert [t.name for t in f.inputs] == ["x:0"] and [t.name for t in f.outputs] == ["Identity:0"]
    with pytest.raises(ValueError, match="Signature specifies 1 arguments, got: 0"):
        f()
    with pytest.raises(TypeError, match="Signature specifies 1 arguments, got: 2"):
        f(images, images)
    with pytest.raises(TypeError, match="unexpected keyword argument 'y'"):
        f(y=images)


def test_prune_wrong_values(wrapped, images):
    f = wrapped.prune("x:0", "Identity:0")
    with pytest.raises(ValueError, match=r"Cannot feed value of shape \(8, 8, 1\) for Tensor x:0"):
        f(images[0])
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Input 'x:0' takes float32, the tensor given is float64"
    ):
        f(tf.constant(images.astype(np.float64)))
    with pytest.raises((TypeError, ValueError), match="Input 'x:0'"):
        f("text")


def test_prune_wrong_elements(wrapped):
    with pytest.raises(ValueError, match="All members of argument `feeds` must be tensors"):
        wrapped.prune("x", "Identity:0")
    with pytest.raises(KeyError, match="does not exist in the graph"):
        wrapped.prune("x:0", "nope:0")
    with pytest.raises(tf.errors.InvalidArgumentError, match="appears more than once in the input list"):
        wrapped.prune(["x:0", "x:0"], "Identity:0")
    with pytest.raises(tf.errors.OpError, match="'x'"):
        wrapped.prune([], "Identity:0")


def test_signature_and_input_map(digits, images, expected):
    def body(x):
        return tf.import_graph_def(digits, input_map={"x:0": x}, return_elements=["Identity:0"], name="")[0]

    f = tf.compat.v1.wrap_function(body, [tf.TensorSpec([None, 8, 8, 1], tf.float32)])
    np.testing.assert_allclose(f(images).numpy(), expected, atol=1e-5)
    assert f.inputs[0].name == "Placeholder:0"
    assert f.structured_outputs.name == "Identity:0"
    with pytest.raises(NotImplementedError, match="Keyword arguments are not supported"):
        f(x=images)
    named = tf.compat.v1.wrap_function(body, [tf.TensorSpec([None, 8, 8, 1], tf.float32, "pictures")])
    assert named.inputs[0].name == "pictures:0"


def test_structured_signature():
    f = tf.compat.v1.wrap_function(
        lambda a, b: {"s": a, "t": b}, [tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.int32)]
    )
    out = f(1.0, 2)
    assert (out["s"].numpy(), out["t"].numpy()) == (1.0, 2)
    assert tf.compat.v1.wrap_function(lambda: 3, [])().numpy() == 3


def test_names_when_importing(digits):
    g = tf.Graph()
    with g.as_default():
        elements = ["x:0", "Identity", "Identity:0"]
        first = tf.import_graph_def(digits, return_elements=elements)
        second = tf.graph_util.import_graph_def(digits, return_elements=elements)
        third = tf.compat.v1.import_graph_def(digits, return_elements=elements, name="a/b")
        assert tf.import_graph_def(digits, name="") is None
        again = tf.import_graph_def(digits, name="", return_elements=["Identity"])
    assert repr(first[0]) == "<tf.Tensor 'import/x:0' shape=(None, 8, 8, 1) dtype=float32>"
    assert repr(first[1]) == "<tf.Operation 'import/Identity' type=Identity>"
    assert (second[0].name, third[2].name, again[0].name) == ("import_1/x:0", "a/b/Identity:0", "Identity_1")
    assert len(g.get_operations()) == 5 * 91
    assert len(g.as_graph_def().node) == 5 * 91
    assert third[2].op.inputs[0].name == "a/b/digits_1/digit_1/Softmax:0"


def test_import_errors(digits):
    with tf.Graph().as_default():
        with pytest.raises(TypeError, match="Argument `graph_def` must be a GraphDef proto."):
            tf.import_graph_def(3)
        with pytest.raises(ValueError, match="Requested return node 'nope' not found in graph def"):
            tf.import_graph_def(digits, return_elements=["nope"])
        with pytest.raises(
            ValueError, match=r"Attempted to map inputs that were not found in graph_def: \[nope:0\]"
        ):
            tf.import_graph_def(digits, input_map={"nope:0": tf.constant(1.0)})
        with pytest.raises(ValueError, match="float32"):
            tf.import_graph_def(digits, input_map={"x:0": tf.constant(3)})
        twice = tf.compat.v1.GraphDef(node=[dict(name="q", op="NoOp"), dict(name="q", op="NoOp")])
        with pytest.raises(ValueError, match="'q'"):
            tf.import_graph_def(twice)
        loose = tf.compat.v1.GraphDef(node=[dict(name="q", op="NoOp", input=["^zz"])])
        with pytest.raises(ValueError, match="'zz'"):
            tf.import_graph_def(loose)


def test_two_models_in_one_function(digits, images, expected):
    def both(x):
        first = tf.import_graph_def(digits, {"x:0": x}, ["Identity:0"], name="one")[0]
        second = tf.import_graph_def(digits, {"x:0": x}, ["Identity:0"], name="two")[0]
        return first, tf.raw_ops.AddV2(x=first, y=second)

    f = tf.compat.v1.wrap_function(both, [tf.TensorSpec([None, 8, 8, 1])])
    one, total = f(images)
    np.testing.assert_allclose(one.numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(total.numpy(), 2 * expected, atol=2e-5)
    reloaded = tf.load(f.graph.as_graph_def(), inputs="Placeholder:0", outputs=f.outputs[1].name)
    np.testing.assert_allclose(reloaded(images).numpy(), total.numpy(), atol=1e-6)


def test_graph_def_comes_back(graph, digits):
    assert graph.as_graph_def() == digits


def test_finalized(digits):
    g = tf.Graph()
    g.finalize()
    with g.as_default(), pytest.raises(RuntimeError, match="Graph is finalized"):
        tf.import_graph_def(digits)


def test_eager_again_after_an_error():
    with pytest.raises(ZeroDivisionError):
        tf.compat.v1.wrap_function(lambda: 1 // 0, [])
    assert tf.executing_eagerly()


def test_op_def():
    with tf.Graph().as_default():
        op = tf.matmul([[1.0]], [[2.0]]).op
        assert op.op_def.name == "MatMul" and [a.name for a in op.op_def.input_arg] == ["a", "b"]
        assert op.op_def.input_arg[0].type_attr == "T" and not op.op_def.is_stateful


def test_count_up_to():
    with tf.Graph().as_default(), tf.compat.v1.Session() as sess:
        v = tf.Variable(0)
        count = v.count_up_to(2)
        sess.run(tf.compat.v1.global_variables_initializer())
        assert [sess.run(count), sess.run(v), sess.run(count), sess.run(v)] == [0, 1, 1, 2]
        with pytest.raises(tf.errors.OpError, match="Reached limit of 2"):
            sess.run(count)
        assert sess.run(v) == 2


def test_cross_entropy_of_labels_that_broadcast():
    with tf.Graph().as_default(), tf.compat.v1.Session() as sess:
        labels, logits = tf.compat.v1.placeholder(tf.float32), tf.compat.v1.placeholder(tf.float32)
        loss = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        feed = {labels: [[0.5], [2.0]], logits: [[1.0, 1.0], [1.0, 3.0]]}
        wide = {labels: [[0.5, 0.5], [2.0, 2.0]], logits: feed[logits]}
        assert sess.run(loss, feed).tolist() == sess.run(loss, wide).tolist()


def test_predicates_of_one_element():
    with tf.Graph().as_default(), tf.compat.v1.Session() as sess:
        pred = tf.compat.v1.placeholder(tf.bool)
        result = tf.cond(pred, lambda: 1.0, lambda: 2.0)
        assert [sess.run(result, {pred: p}) for p in (True, [[True]], False, [[False]])] == [1, 1, 2, 2]
