"""Tensors, TensorShape and DType: values, NumPy, printing, errors."""

import copy
import pickle

import numpy as np
import pytest

import floe as tf


def test_print():
    t = tf.constant([1.0, 2.0])
    assert repr(t) == "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>"
    assert str(t) == "tf.Tensor([1. 2.], shape=(2,), dtype=float32)"
    assert repr(tf.constant(3)) == "<tf.Tensor: shape=(), dtype=int32, numpy=3>"
    assert repr(tf.constant("a")) == "<tf.Tensor: shape=(), dtype=string, numpy=b'a'>"
    assert repr(tf.constant(1, shape=[2, 2])).startswith(
        "<tf.Tensor: shape=(2, 2), dtype=int32, numpy=\narray([[1, 1],"
    )
    assert f"{tf.constant(3.5):.2f} {tf.constant(3)} {t}" == "3.50 3 [1. 2.]"


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (3, tf.int32),
        (2**31, tf.int64),
        ([1, 2.5], tf.float32),
        ([], tf.float32),
        (True, tf.bool),
        ([1, True], tf.int32),
        (1j, tf.complex128),
        ("a", tf.string),
        ([b"a", "bé"], tf.string),
        (np.float64(3), tf.float64),
        (np.uint64(3), tf.uint64),
        (np.zeros((2, 0)), tf.float64),
        (np.array([1, 2], ">f4"), tf.float32),
        (np.array(["a", "bb"]), tf.string),
        ([np.int8(1), np.int8(2)], tf.int8),
    ],
)
def test_types_of_values(value, dtype):
    t = tf.constant(value)
    assert t.dtype is dtype
    assert t.shape == np.shape(value)
    if dtype != tf.string:
        np.testing.assert_array_equal(t.numpy(), np.asarray(value))


@pytest.mark.parametrize("dtype", [d for d in "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
                                   "complex64 complex128 bool".split()])  # fmt: skip
def test_every_dtype_round_trips(dtype):
    a = np.array([[0, 1], [2, 3]]).astype(dtype)
    t = tf.convert_to_tensor(a)
    assert t.dtype.name == dtype and t.numpy().dtype == dtype
    np.testing.assert_array_equal(t.numpy(), a)
    np.testing.assert_array_equal(tf.constant(a.tolist(), dtype).numpy(), a)


def test_bfloat16():
    t = tf.constant([1, 2.5], tf.bfloat16)
    assert t.dtype == "bfloat16" and "2.5" in repr(t)
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert t.numpy().dtype == ml_dtypes.bfloat16
    assert tf.constant(np.array([1, 2], ml_dtypes.bfloat16)).dtype is tf.bfloat16


@pytest.mark.parametrize(
    ("value", "dtype", "error", "text"),
    [
        (2**70, None, ValueError, "Can't convert Python sequence with out-of-range integer to Tensor."),
        ([1, "a"], None, ValueError, "Can't convert Python sequence with mixed types to Tensor."),
        ([[1], [2, 3]], None, ValueError, "Can't convert non-rectangular Python sequence to Tensor."),
        ([1, [2]], None, ValueError, "Can't convert non-rectangular Python sequence to Tensor."),
        (
            None,
            None,
            ValueError,
            "Attempt to convert a value (None) with an unsupported type (<class 'NoneType'>)",
        ),
        (3.5, "int32", TypeError, "Cannot convert 3.5 to EagerTensor of dtype int32"),
        ("a", "float32", TypeError, "Cannot convert 'a' to EagerTensor of dtype float"),
        (np.datetime64("2020-01-01"), None, ValueError, "Failed to convert a NumPy array to a Tensor"),
    ],
)
def test_wrong_values(value, dtype, error, text):
    with pytest.raises(error) as e:
        tf.constant(value, dtype)
    assert text in str(e.value)


def test_convert_to_tensor():
    t = tf.constant([1.0])
    assert tf.convert_to_tensor(t) is t and tf.convert_to_tensor(t, tf.float32) is t
    with pytest.raises(
        ValueError, match="Tensor conversion requested dtype float64 for Tensor with dtype float32"
    ):
        tf.convert_to_tensor(t, tf.float64)
    assert tf.convert_to_tensor([1, 2], dtype_hint=tf.float32).dtype is tf.float32
    assert tf.convert_to_tensor(np.zeros(2), tf.float32).dtype is tf.float32
    a = np.zeros(5000, np.float32)
    t = tf.convert_to_tensor(a)
    a[0] = 1
    assert t.numpy()[0] == 0


def test_numpy_is_private():
    t = tf.constant(np.zeros(5000, np.float32))
    a = t.numpy()
    a[0] = 1
    assert t.numpy()[0] == 0 and a.flags.writeable
    fresh = tf.raw_ops.Fill(dims=[5000], value=1.0).numpy()
    fresh[0] = 5
    assert fresh[0] == 5 and fresh[1] == 1


def test_array_protocols():
    t = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(np.asarray(t), [[1, 2], [3, 4]])
    assert np.asarray(t, np.float64).dtype == np.float64
    assert not np.asarray(t, copy=False).flags.writeable if np.__version__ >= "2" else True
    m = memoryview(t)
    assert m.shape == (2, 2) and m.format == "f" and m.readonly and m.tolist() == [[1, 2], [3, 4]]
    assert bytes(tf.constant([1, 2], tf.uint8)) == b"\x01\x02"
    np.testing.assert_array_equal(np.from_dlpack(t), t.numpy())
    assert t.__dlpack_device__() == (1, 0)


def test_python_protocols():
    t = tf.constant([1.0, 2.0])
    assert len(t) == 2 and [x.numpy() for x in t] == [1.0, 2.0]
    assert int(tf.constant(3.7)) == 3 and float(tf.constant(2)) == 2.0 and complex(tf.constant(2.0)) == 2
    assert [10, 20, 30][tf.constant(1)] == 20
    assert bool(tf.constant(3)) and not bool(tf.constant(0)) and bool(tf.constant("a"))
    with pytest.raises(ValueError, match="truth value of an array"):
        bool(t)
    with pytest.raises(TypeError, match=r"Scalar tensor has no `len\(\)`"):
        len(tf.constant(3))
    with pytest.raises(TypeError, match="Cannot iterate over a scalar tensor."):
        list(tf.constant(3))
    with pytest.raises(TypeError, match="Tensor is unhashable"):
        hash(t)
    with pytest.raises(AttributeError, match="Tensor.name is undefined when eager execution is enabled."):
        t.name  # noqa: B018
    assert t.ref() == t.ref() and t.ref().deref() is t
    assert t.device.endswith("CPU:0") and t.ndim == 1 and t.get_shape() == [2]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(t)).numpy(), t.numpy())
    assert copy.deepcopy(t) is t and isinstance(t, tf.Tensor) and tf.is_tensor(t)


def test_shapes():
    s = tf.TensorShape([2, None])
    assert repr(s) == "TensorShape([2, None])" and str(s) == "(2, None)" and str(tf.TensorShape(3)) == "(3,)"
    assert s == [2, None] and s == (2, None) and s != [2, 3] and s[0] == 2 and s[1:] == [None]
    assert s.as_list() == [2, None] and s.rank == s.ndims == len(s) == 2
    assert s.is_compatible_with([2, 3]) and not s.is_compatible_with([3, 3])
    assert s.merge_with([None, 3]) == [2, 3] and s + [4] == [2, None, 4] and [4] + s == [4, 2, None]
    assert tf.TensorShape([2, 3]).num_elements() == 6 and s.num_elements() is None
    assert list(tf.TensorShape([2, 3])) == [2, 3] and not tf.TensorShape(None)
    assert tf.TensorShape(None)[0] is None and tf.TensorShape(None)[1:3] == [None, None]
    assert s.as_proto().dim[1].size == -1 and tf.TensorShape(s.as_proto()) == s
    for bad, error, text in (
        ("a", TypeError, "Dimension value must be integer|Failed to convert"),
        ([-1], ValueError, "Dimension -1 must be >= 0"),
        ([2.5], TypeError, "Dimension value must be integer or None or have an __index__ method"),
    ):
        with pytest.raises(error, match=text):
            tf.TensorShape(bad)
    with pytest.raises(ValueError, match=r"Shapes \(2, None\) and \(3, 3\) are not compatible"):
        s.merge_with([3, 3])
    with pytest.raises(ValueError, match=r"as_list\(\) is not defined on an unknown TensorShape."):
        tf.TensorShape(None).as_list()


def test_dtypes():
    assert repr(tf.float32) == "tf.float32" and str(tf.float32) == "<dtype: 'float32'>"
    assert tf.float32 == np.float32 == tf.float32 and tf.float32 == "float32" and tf.float32 == 1
    assert tf.float32 != "int32" and tf.float32 != "foo" and tf.float32 != None  # noqa: E711
    assert np.dtype("int64") == tf.int64 and tf.int64 == np.dtype("int64") and np.dtype("int8") != tf.int64
    assert tf.as_dtype("half") is tf.float16 is tf.half and tf.as_dtype(float) is tf.float32
    assert tf.as_dtype(np.dtype("int16")) is tf.int16 and tf.as_dtype(bool) is tf.bool
    assert repr(tf.as_dtype(101)) == "tf.float32_ref"
    assert tf.float32.as_numpy_dtype is np.float32 and tf.string.as_numpy_dtype is object
    assert (tf.float32.size, tf.string.size, tf.float32.as_datatype_enum) == (4, 0, 1)
    assert (
        tf.float32.is_floating and tf.uint8.is_unsigned and tf.qint8.is_quantized and tf.complex64.is_complex
    )
    assert tf.int8.min == -128 and tf.int8.max == 127 and tf.uint8.limits == (0, 255)
    assert pickle.loads(pickle.dumps(tf.float32)) is tf.float32
    for bad in ("foo", None, int, str, 999):
        with pytest.raises(TypeError, match="Cannot convert the argument `type_value`"):
            tf.as_dtype(bad)


def test_tensor_spec():
    s = tf.TensorSpec([None, 3], tf.float32, "x")
    assert repr(s) == "TensorSpec(shape=(None, 3), dtype=tf.float32, name='x')"
    assert s.is_compatible_with(np.zeros((2, 3), np.float32)) and not s.is_compatible_with(np.zeros((2, 4)))
    assert s == tf.TensorSpec([None, 3], name="x") and pickle.loads(pickle.dumps(s)) == s


def test_errors():
    e = tf.errors.InvalidArgumentError(None, None, "text")
    assert isinstance(e, tf.errors.OpError) and isinstance(e, Exception) and not isinstance(e, ValueError)
    assert (str(e), e.message, e.error_code, e.op, e.node_def) == ("text", "text", 3, None, None)
    assert str(pickle.loads(pickle.dumps(e))) == "text"


def test_tensor_proto():
    p = tf.make_tensor_proto([[1.0, 2.0]])
    assert p.dtype == 1 and [d.size for d in p.tensor_shape.dim] == [1, 2]
    np.testing.assert_array_equal(tf.make_ndarray(p), [[1, 2]])


def test_small_types_have_names():
    types = tf.dtypes.experimental
    assert types.float8_e5m2.name == "float8_e5m2" and types.int4 == "int4" and types.int4.is_integer
    with pytest.raises((TypeError, ValueError)):
        tf.constant([1, 2], types.float8_e4m3fn)


def test_constants_of_graphs():
    with tf.Graph().as_default():
        c = tf.compat.v1.constant([1, 2, 3], shape=[5])
        assert tf.compat.v1.Session().run(c).tolist() == [1, 2, 3, 3, 3]
        with pytest.raises(ValueError, match="^Too many elements provided. Takes at most 2, but got 3"):
            tf.compat.v1.constant([1, 2, 3], shape=[2])
        with pytest.raises(TypeError, match=r"^Expected Tensor's shape: \(2,\), but got \(\)"):
            tf.compat.v1.constant(3, shape=[2], verify_shape=True)
        with pytest.raises(TypeError, match=r"^Expected Tensor's shape: \(5,\), but got \(3,\)"):
            tf.constant([1, 2, 3], shape=[5])
        with pytest.raises(ValueError, match="^setting an array element with a sequence"):
            tf.constant([[1, 2], [3]])


def test_shapes_as_tensors():
    assert tf.convert_to_tensor(tf.TensorShape([2, 3])).dtype == tf.int32
    assert tf.convert_to_tensor(tf.TensorShape([2**31, 3])).dtype == tf.int64
    with pytest.raises(ValueError, match="a dimension is too large. Consider using tf.int64"):
        tf.convert_to_tensor(tf.TensorShape([2**31]), tf.int32)
    with pytest.raises(TypeError, match="^Cannot convert TensorShape"):
        tf.convert_to_tensor(tf.TensorShape([1]), tf.float32)


def test_gradients_with_values_in_lists():
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.float32, [2, 2])
        (g,) = tf.gradients(2.0 * x, x, [[[1.0, 2.0], [3.0, 4.0]]])
        assert tf.compat.v1.Session().run(g, {x: [[0, 0], [0, 0]]}).tolist() == [[2, 4], [6, 8]]


def test_slices_of_unknown_size_and_masks_along_open_axes():
    t = tf.constant([1, 2, 3])
    d = tf.compat.v1.Dimension(None)
    assert t[d:d:d].numpy().tolist() == [1, 2, 3]
    f = tf.function(lambda axis: tf.boolean_mask([[1, 2], [3, 4]], [True, False], axis=axis), autograph=False)
    f = f.get_concrete_function(tf.TensorSpec([], tf.int32))
    assert f(tf.constant(0)).numpy().tolist() == [[1, 2]] and f(tf.constant(1)).numpy().tolist() == [[1], [3]]
