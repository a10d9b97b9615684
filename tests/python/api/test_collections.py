"""Tensor arrays, sparse and ragged tensors answer as TensorFlow's do."""

import importlib

import pytest
from golden import check, load, recorded

import floe as tf

AREAS = ("ragged", "sparse", "tensor_array")


def _cases():
    for area in AREAS:
        goldens = load(area)
        for name, case in importlib.import_module("cases_" + area).CASES.items():
            yield pytest.param(name, case, goldens, id=f"{area}-{name}")


@pytest.mark.parametrize(("name", "case", "goldens"), list(_cases()))
def test_as_tensorflow(name, case, goldens):
    check(name, case, tf, goldens, (1e-5, 1e-6))


EAGER_ONLY = (
    "ragged-eager",
    "tensor_array-",
    "error",
    "gradient",
    "repr",
    "session",
    "spec",
    "function",
    "signature",
)


@pytest.mark.parametrize(
    ("name", "case", "goldens"), [c for c in _cases() if not any(w in c.id for w in EAGER_ONLY)]
)
def test_while_recording(name, case, goldens):
    check(name, recorded(case), tf, goldens, (1e-5, 1e-6))


def test_functions_fetched_before_the_first_ragged_tensor():
    import subprocess
    import sys

    code = "import floe as tf; f = tf.square; print(f(tf.ragged.constant([[1, 2], [3]])).to_list(), tf.nn.tanh(tf.sparse.eye(1)).values)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.startswith("[[1, 4], [9]] tf.Tensor([0.76159")


def test_printing_of_ragged_tensors(capfd):
    r = tf.ragged.constant([["a"], ["b", "c"]])
    tf.print(r, 5, tf.constant("x"), tf.ragged.constant([[1, 2], []]))
    assert capfd.readouterr().err == "[['a'], ['b', 'c']] 5 \"x\" [[1, 2], []]\n"


def test_datasets_of_ragged_tensors():
    rows = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1, 2], [], [3]]))
    assert repr(rows.element_spec) == "RaggedTensorSpec(TensorShape([None]), tf.int32, 0, tf.int64)"
    assert [x.numpy().tolist() for x in rows] == [[1, 2], [], [3]]


def test_sessions_of_ragged_tensors():
    with tf.Graph().as_default(), tf.compat.v1.Session() as s:
        r = tf.compat.v1.ragged.placeholder(tf.float32, 1, [])
        value = tf.compat.v1.ragged.constant_value([[1.0, 2.0], [3.0]], dtype="float32")
        assert s.run(r * 2.0, {r: value}).to_list() == [[2.0, 4.0], [6.0]]
        assert hash(r) == id(r) and r == r


def test_specs_stand_for_values_in_functions():
    f = tf.function(lambda s: tf.sparse.reduce_sum(s)).get_concrete_function(tf.SparseTensorSpec([2, 3]))
    assert f(tf.sparse.from_dense([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])) == 6.0
    count = []
    g = tf.function(lambda a: count.append(1) or a.write(0, 1).stack())
    assert g(tf.TensorArray(tf.int32, 1)) == 1 and g(tf.TensorArray(tf.int32, 1)) == 1
    assert len(count) == 1
    with pytest.raises(ValueError, match="has dtype tf.int32, but expected dtype tf.float32"):
        tf.function(lambda a: a.write(0, tf.constant(1)).stack())(tf.TensorArray(tf.float32, 1))
