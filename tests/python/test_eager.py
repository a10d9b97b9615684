"""Eager tensors as Python and NumPy see them."""

import copy
import pickle

import numpy as np
import pytest

import floe as tf

TYPES = "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 complex128".split()


@pytest.mark.parametrize("name", [*TYPES, "bfloat16"])
def test_round_trips(name):
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(tf.as_dtype(name).as_numpy_dtype)
    for source in (array, array.T, array[:, ::2], array[0, 1], np.asfortranarray(array), array[:0]):
        t = tf.constant(source)
        assert t.dtype.name == name and t.numpy().dtype == array.dtype and t.shape == list(source.shape)
        np.testing.assert_array_equal(t.numpy(), source)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(t)).numpy(), source)


@pytest.mark.parametrize("size", [4, 100000])
def test_nobody_sees_anothers_writes(size):
    a = np.zeros(size)
    t, u = tf.constant(a), tf.convert_to_tensor(a)
    a[0] = 1
    assert t[0].numpy() == 0 and u[0].numpy() == 0
    b = t.numpy()
    b[0] = 2
    assert t[0].numpy() == 0 and t.numpy()[0] == 0
    c = np.array(t)
    c[0] = 3
    assert t[0].numpy() == 0 and np.asarray(t, np.float32).dtype == np.float32
    x = tf.constant(np.ones(size)) + 0.0
    y = x + 1.0
    x.numpy()[:] = 9
    assert y[0].numpy() == 2 and x[0].numpy() == 1


def test_dlpack():
    t = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    d = tf.experimental.dlpack
    np.testing.assert_array_equal(d.from_dlpack(d.to_dlpack(t)), t)
    np.testing.assert_array_equal(d.from_dlpack(np.arange(3)), np.arange(3))
    np.testing.assert_array_equal(np.from_dlpack(t), t)
    with pytest.raises(TypeError, match="The argument to `to_dlpack` must be a TF tensor"):
        d.to_dlpack(np.arange(3))


@pytest.mark.parametrize("name", ["astype", "T", "reshape", "ravel", "tolist"])
def test_names_of_numpy(name):
    with pytest.raises(
        AttributeError, match=f"EagerTensor object has no attribute '{name}'. If you are looking for numpy"
    ):
        getattr(tf.constant(1), name)
    assert not hasattr(tf.constant(1), "nothing")


@pytest.mark.parametrize("name", ["name", "op", "graph"])
def test_names_of_graphs(name):
    with pytest.raises(AttributeError, match=f"Tensor.{name} is undefined when eager execution is enabled."):
        getattr(tf.constant(1), name)


def test_copies_and_kinds():
    t = tf.constant([1])
    assert copy.deepcopy(t) is t and copy.copy(t) is t
    slices = tf.IndexedSlices(tf.constant([1]), tf.constant([0]))
    assert [tf.is_tensor(x) for x in (t, tf.Variable(1), slices, 1, np.ones(1))] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_specs():
    spec = tf.TensorSpec([1, None], tf.int32, "a")
    assert spec.is_subtype_of(tf.TensorSpec(None, tf.int32)) and not spec.is_subtype_of(
        tf.TensorSpec([1, 2], tf.int32)
    )
    assert tf.TensorSpec([1]).most_specific_compatible_type(tf.TensorSpec([2])) == tf.TensorSpec([None])
    assert tf.TensorSpec([1]).most_specific_common_supertype([tf.TensorSpec([1], tf.int32)]) is None
    with pytest.raises(ValueError, match="No TypeSpec is compatible with both"):
        tf.TensorSpec([1]).most_specific_compatible_type(spec)
