"""floe.load: what it finds by itself, what it accepts, what it says when something is wrong."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import floe as tf


@pytest.fixture()
def two_inputs():
    g = tf.Graph()
    with g.as_default():
        a = tf.compat.v1.placeholder(tf.float32, [None], "a")
        b = tf.compat.v1.placeholder(tf.float32, [None], "scope/b")
        tf.raw_ops.Sub(x=a, y=b, name="difference")
        tf.raw_ops.AddV2(x=a, y=b, name="total")
    return g.as_graph_def()


def test_finds_inputs_and_outputs(assets, images, expected):
    f = tf.load(assets / "digits.pb")
    assert f.inputs == [tf.TensorSpec([None, 8, 8, 1], tf.float32, "x:0")]
    assert f.outputs == [tf.TensorSpec([None, 10], tf.float32, "Identity:0")]
    for x in (images, tf.constant(images), images.tolist(), images.astype(np.float64)):
        np.testing.assert_allclose(f(x).numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(f(x=images).numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(f({"x:0": images}).numpy(), expected, atol=1e-5)


def test_bytes_and_messages(assets, digits, images, expected):
    for model in ((assets / "digits.pb").read_bytes(), digits, str(digits).encode()):
        np.testing.assert_allclose(tf.load(model)(images).numpy(), expected, atol=1e-5)


def test_structures(assets, images):
    path = assets / "digits.pb"
    assert isinstance(tf.load(path, "x", "Identity")(images), tf.Tensor)
    assert isinstance(tf.load(path, ["x"], ["Identity"])(images), list)
    out = tf.load(path, outputs={"p": "Identity:0", "logits": ("digits_1/digit_1/BiasAdd:0",)})(images)
    assert set(out) == {"p", "logits"} and isinstance(out["logits"], tuple)


def test_several_inputs(two_inputs):
    f = tf.load(two_inputs, outputs="difference")
    a, b = np.array([5.0], np.float32), np.array([3.0], np.float32)
    for out in (
        f(a, b),
        f([a, b]),
        f(a=a, b=b),
        f(a, b=b),
        f({"a": a, "scope/b": b}),
        f(**{"scope/b:0": b, "a:0": a}),
    ):
        assert out.numpy() == [2.0]
    named = tf.load(two_inputs, inputs={"first": "scope/b", "second": "a"}, outputs="difference")
    assert named(first=a, second=b).numpy() == [-2.0]
    with pytest.raises(TypeError, match="no value for 'scope/b:0'"):
        f(a=a)
    with pytest.raises(TypeError, match="there is no input 'c'"):
        f(a=a, c=b)
    with pytest.raises(TypeError, match="'a:0' is given twice"):
        f(a, a=b)
    with pytest.raises(TypeError, match="takes 2 argument"):
        f(a, b, a)


def test_wrong_arguments(assets, images):
    f = tf.load(assets / "digits.pb")
    with pytest.raises(ValueError, match=r"Cannot feed value of shape \(4, 8, 8\) for Tensor x:0"):
        f(images[..., 0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="takes float32, the tensor given is float64"):
        f(tf.constant(images.astype(np.float64)))
    with pytest.raises((TypeError, ValueError), match="Input 'x:0'"):
        f("text")
    with pytest.raises(TypeError, match="takes 1 argument"):
        f()


def test_wrong_files(tmp_path, assets):
    with pytest.raises(tf.errors.NotFoundError, match="nowhere.pb"):
        tf.load(tmp_path / "nowhere.pb")
    (tmp_path / "empty.pb").write_bytes(b"")
    (tmp_path / "cut.pb").write_bytes((assets / "digits.pb").read_bytes()[:100_000])
    (tmp_path / "picture.pb").write_bytes(next((assets / "digits").glob("*.png")).read_bytes())
    (tmp_path / "folder").mkdir()
    for name in ("empty.pb", "cut.pb", "picture.pb", "folder"):
        with pytest.raises(tf.errors.OpError, match=name):
            tf.load(tmp_path / name)
    with pytest.raises(tf.errors.NotFoundError, match="Identity"):
        tf.load(assets / "digits.pb", outputs="Identitty")
    with pytest.raises(tf.errors.InvalidArgumentError, match="1 output"):
        tf.load(assets / "digits.pb", outputs="Identity:3")


def test_unsupported_op_is_named():
    g = tf.compat.v1.GraphDef(node=[{"name": "strange", "op": "MyCustomOp"}])
    with pytest.raises(tf.errors.UnimplementedError, match="MyCustomOp.*strange"):
        tf.load(g, outputs="strange:0")


def test_explain(assets):
    f = tf.load(assets / "digits.pb")
    text = f.explain([2, 8, 8, 1])
    assert "Softmax" in text and text == f.explain(np.zeros((2, 8, 8, 1)))
    with pytest.raises(ValueError, match="full shapes"):
        f.explain([None, 8, 8, 1])


def test_outputs_do_not_alias_arrays(assets):
    f = tf.load(assets / "digits.pb", inputs="x", outputs=["x:0"])
    a = np.zeros((40, 8, 8, 1), np.float32)
    out = f(a)[0]
    a[:] = 1
    assert out.numpy().max() == 0


def test_arrays_of_odd_layout(assets, images, expected):
    f = tf.load(assets / "digits.pb")
    wide = np.zeros((4, 8, 8, 2), np.float32)
    wide[..., :1] = images
    np.testing.assert_allclose(f(wide[..., :1]).numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(f(np.asfortranarray(images)).numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(f(images.astype(">f4")).numpy(), expected, atol=1e-5)


def test_threads_and_lifetimes(assets, images, expected):
    f = tf.load(assets / "digits.pb")
    wrong = []

    def work(call=f):
        for _ in range(20):
            if not np.allclose(call(images).numpy(), expected, atol=1e-5):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    out = f(images)
    del f
    gc.collect()
    np.testing.assert_allclose(out.numpy(), expected, atol=1e-5)


def test_thread_settings(assets, images, expected):
    tf.config.threading.set_intra_op_parallelism_threads(2)
    assert tf.config.threading.get_intra_op_parallelism_threads() == 2
    np.testing.assert_allclose(tf.load(assets / "digits.pb")(images).numpy(), expected, atol=1e-5)
    tf.config.threading.set_intra_op_parallelism_threads(0)
    tf.config.threading.set_inter_op_parallelism_threads(0)
    with pytest.raises(ValueError, match="must be >= 0"):
        tf.config.threading.set_intra_op_parallelism_threads(-1)


def test_calls_do_not_leak(assets, images):
    def peak():
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    f = tf.load(assets / "digits.pb")
    for _ in range(50):
        f(images).numpy()
    before = peak()
    for _ in range(500):
        f(images).numpy()
    assert peak() - before < 4_000_000


ENDLESS = """
import floe as tf
g = tf.compat.v1.GraphDef()
from floe import text_format
text_format.Parse('''%s''', g)
f = tf.load(g, inputs="n", outputs="loop:0")
print("running", flush=True)
f(2_000_000_000)
"""
LOOP = """
node { name: "n" op: "Placeholder" attr { key: "dtype" value { type: DT_INT32 } } attr { key: "shape" value { shape { } } } }
node { name: "zero" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
  attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 0 } } } }
node { name: "loop" op: "StatelessWhile" input: "zero" input: "n"
  attr { key: "T" value { list { type: DT_INT32 type: DT_INT32 } } }
  attr { key: "cond" value { func { name: "more" } } } attr { key: "body" value { func { name: "step" } } } }
library {
  function {
    signature { name: "more" input_arg { name: "i" type: DT_INT32 } input_arg { name: "n" type: DT_INT32 }
      output_arg { name: "r" type: DT_BOOL } }
    node_def { name: "less" op: "Less" input: "i" input: "n" attr { key: "T" value { type: DT_INT32 } } }
    ret { key: "r" value: "less:z:0" }
  }
  function {
    signature { name: "step" input_arg { name: "i" type: DT_INT32 } input_arg { name: "n" type: DT_INT32 }
      output_arg { name: "j" type: DT_INT32 } output_arg { name: "m" type: DT_INT32 } }
    node_def { name: "one" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
      attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 1 } } } }
    node_def { name: "add" op: "AddV2" input: "i" input: "one:output:0" attr { key: "T" value { type: DT_INT32 } } }
    ret { key: "j" value: "add:z:0" }
    ret { key: "m" value: "n" }
  }
}
"""


def test_interrupt_ends_a_run():
    p = subprocess.Popen(
        [sys.executable, "-c", ENDLESS % LOOP],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Shells start background jobs with Ctrl-C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert p.stdout.readline() == "running\n", p.stderr.read()
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
    try:
        _, err = p.communicate(timeout=60)
    finally:
        p.kill()
    assert "KeyboardInterrupt" in err


def test_import_is_quiet():
    p = subprocess.run([sys.executable, "-c", "import floe"], capture_output=True, text=True)
    assert (p.returncode, p.stdout, p.stderr) == (0, "", "")
