import inspect

import numpy as np
import pytest

import floe as tf

ops = tf.raw_ops


def test_single_output():
    assert ops.Add(x=1.0, y=2.0).numpy() == 3.0
    assert ops.AddV2(x=np.float64(1), y=2).dtype is tf.float64
    assert ops.AddV2(x=1, y=tf.constant(2.5)).numpy() == 3.5
    assert ops.Cast(x=[1], DstT=tf.float32).dtype is tf.float32
    assert ops.Cast(x=[1], DstT="float64").dtype is tf.float64
    np.testing.assert_array_equal(ops.ConcatV2(values=[[1], [2]], axis=0).numpy(), [1, 2])
    np.testing.assert_array_equal(ops.Pack(values=[1, 2], axis=0).numpy(), [1, 2])
    assert ops.Mean(input=[1.0, 2.0], axis=0).numpy() == 1.5
    assert ops.Squeeze(input=[[1]], axis=[0]).shape == [1]


def test_several_outputs():
    parts = ops.Split(axis=0, value=[1.0, 2.0], num_split=2)
    assert isinstance(parts, list) and [p.numpy().tolist() for p in parts] == [[1.0], [2.0]]
    top = ops.TopKV2(input=[1.0, 2.0], k=1)
    assert type(top).__name__ == "TopKV2" and top.values.numpy() == [2.0] and top.indices.numpy() == [1]
    assert [x.numpy() for x in ops.Unpack(value=[1, 2], num=2)] == [1, 2]
    assert ops.NoOp() is None


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ops.Add(1.0, 2.0), TypeError, "only takes keyword args (possible keys: ['x', 'y', 'name'])"),
        (lambda: ops.Add(x=1.0), TypeError, "add() missing 1 required positional argument: 'y'"),
        (lambda: ops.Add(x=1.0, y=2.0, z=3), TypeError, "add() got an unexpected keyword argument 'z'"),
        (lambda: ops.Add(x=1, y=2.5), TypeError, "Cannot convert 2.5 to EagerTensor of dtype int32"),
        (
            lambda: ops.AddN(inputs=1.0),
            TypeError,
            "Expected list for 'inputs' argument to 'add_n' Op, not 1.0.",
        ),
        (
            lambda: ops.MatMul(a=[[1.0]], b=[[1.0]], transpose_a=2),
            TypeError,
            "Expected bool for argument 'transpose_a' not 2.",
        ),
        (
            lambda: ops.Add(x=tf.constant(1.0), y=tf.constant(2)),
            tf.errors.InvalidArgumentError,
            "cannot compute Add as input #1(zero-based) was expected to be a float",
        ),
        (
            lambda: ops.MatMul(a=[[1.0]], b=[[1.0], [2.0]]),
            tf.errors.InvalidArgumentError,
            "Matrix size-incompatible: In[0]: [1,1], In[1]: [2,1]",
        ),
        (
            lambda: ops.Gather(params=[1, 2], indices=[5]),
            tf.errors.InvalidArgumentError,
            "indices[0] = 5 is not in [0, 2)",
        ),
        (lambda: ops.NoSuchOp, AttributeError, "NoSuchOp"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error) as e:
        call()
    assert text in str(e.value)


def test_listing():
    assert {"Add", "Conv2D", "MatMul"} <= set(dir(ops))
    s = inspect.signature(ops.Conv2D)
    assert list(s.parameters)[:4] == ["input", "filter", "strides", "padding"]
    assert s.parameters["data_format"].default == "NHWC" and s.parameters["name"].default is None


def test_recorded_in_a_graph():
    with tf.Graph().as_default() as g:
        x = tf.compat.v1.placeholder(tf.float32, [None, 3])
        y = ops.MatMul(a=x, b=np.ones((3, 2), np.float32), name="product")
    assert repr(y) == "<tf.Tensor 'product:0' shape=(None, 2) dtype=float32>"
    f = tf.load(g.as_graph_def(), outputs="product")
    np.testing.assert_array_equal(f([[1, 2, 3]]).numpy(), [[6, 6]])
