"""Eager ops that wait: what Python sees of them is what op by op gives."""

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import floe as tf
from floe import _floe

X = np.linspace(-1, 1, 128 * 64, dtype="f4").reshape(128, 64)


@pytest.fixture(autouse=True)
def deferred():
    _floe.set_eager_deferred(True)
    yield
    _floe.set_eager_deferred(True)


def pending():
    return tf.constant(X) * 2.0


def plans():
    return _floe.eager_queue_stats()[2]


@pytest.mark.parametrize(
    "look",
    [
        lambda t: t.numpy(),
        np.asarray,
        np.array,
        lambda t: np.asarray(memoryview(t)),
        lambda t: np.from_dlpack(t),
        lambda t: tf.experimental.dlpack.from_dlpack(tf.experimental.dlpack.to_dlpack(t)).numpy(),
        lambda t: copy.copy(t).numpy(),
        lambda t: copy.deepcopy(t).numpy(),
        lambda t: pickle.loads(pickle.dumps(t)).numpy(),
        lambda t: tf.identity(t).numpy(),
        lambda t: tf.Variable(t).numpy(),
        lambda t: tf.function(lambda a: a + 0.0)(t).numpy(),
        lambda t: tf.function(lambda: t + 0.0)().numpy(),
        lambda t: tf.py_function(lambda a: a.numpy(), [t], tf.float32).numpy(),
        lambda t: tf.numpy_function(lambda a: a, [t], tf.float32).numpy(),
        lambda t: np.stack([row.numpy() for row in t]),
        lambda t: np.array(t.numpy().tolist(), "f4"),
        lambda t: tf.make_ndarray(tf.make_tensor_proto(t)),
    ],
)
def test_looks(look):
    for _ in range(3):
        np.testing.assert_array_equal(look(pending()), X * 2)


def test_numpy_is_private():
    t = pending()
    a = t.numpy()
    a[:] = 7
    np.testing.assert_array_equal(t.numpy(), X * 2)


def test_texts_and_scalars():
    for _ in range(3):
        total = tf.reduce_sum(tf.ones([128, 64]) * 0.5)
        assert float(total) == 4096.0
        total = tf.reduce_sum(tf.ones([128, 64]) * 0.5)
        assert bool(total > 0) and int(total) == 4096 and f"{total:.1f}" == "4096.0"
        if not tf.reduce_any(pending() > 1.0):
            raise AssertionError
        assert repr(tf.reduce_max(pending())) == "<tf.Tensor: shape=(), dtype=float32, numpy=2.0>"
        assert "shape=(128, 64), dtype=float32" in str(pending())


def training(steps):
    w = tf.Variable(np.full((64, 32), 0.01, "f4"))
    m = tf.Variable(tf.zeros_like(w))
    x = tf.constant(X)
    losses = []
    for step in range(1, steps + 1):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.nn.relu(tf.matmul(x, w)) - 0.3) ** 2)
        g = tape.gradient(loss, w)
        m.assign(0.9 * m + 0.1 * g)
        w.assign_sub(0.05 * m / (1.0 - 0.9**step))
        losses.append(float(loss))
    return losses, w.numpy()


def test_training_agrees_and_is_planned_once():
    before = plans()
    losses, w = training(12)
    assert plans() - before <= 3  # the step count is a number, not structure
    _floe.set_eager_deferred(False)
    want_losses, want = training(12)
    np.testing.assert_allclose(losses, want_losses, rtol=1e-5)
    np.testing.assert_allclose(w, want, rtol=1e-4, atol=1e-6)


def test_slices():
    for mode in (True, False):
        _floe.set_eager_deferred(mode)
        for i in range(4):
            t = pending()
            np.testing.assert_array_equal(t[i : i + 100, ::2].numpy(), (X * 2)[i : i + 100, ::2])
            np.testing.assert_array_equal((t[i] + t[-1]).numpy(), X[i] * 2 + X[-1] * 2)
            np.testing.assert_array_equal(t[:, tf.newaxis, 3:].numpy(), (X * 2)[:, None, 3:])
        with pytest.raises(tf.errors.InvalidArgumentError):
            pending()[128]


def test_switching_with_values_that_wait():
    t = pending()
    _floe.set_eager_deferred(False)
    np.testing.assert_array_equal((t + 1.0).numpy(), X * 2 + 1)


def test_read_in_threads():
    shared = pending()
    found = []

    def work():
        own = tf.constant(X) + shared
        found.append(own.numpy())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    other = (shared * 2.0).numpy()
    for t in threads:
        t.join(60)
        assert not t.is_alive()
    np.testing.assert_array_equal(other, X * 4)
    for f in found:
        np.testing.assert_array_equal(f, X + X * 2)


def test_made_in_a_thread_that_ended():
    made = []
    thread = threading.Thread(target=lambda: made.append(pending()))
    thread.start()
    thread.join()
    np.testing.assert_array_equal((made[0] + 1.0).numpy(), X * 2 + 1)


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("look", [True, False])
def test_memory_stays_flat(look):
    x = tf.constant(X)
    v = tf.Variable(x)

    def steps(n):
        for i in range(n):
            v.assign(0.5 * v + x * float(i % 3))
            if look:
                float(tf.reduce_sum(v))

    steps(6000)
    gc.collect()
    before = resident()
    steps(10000)
    gc.collect()
    assert resident() - before < 24 << 20
    assert np.isfinite(v.numpy()).all()


def run(code, **env):
    p = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=dict(os.environ, **env)
    )
    return p.returncode, p.stdout.strip(), p.stderr


HEAD = "import os, sys, threading, numpy as np, floe as tf; x = tf.constant(np.ones((128, 64), 'f4'))\n"


def test_exit_with_values_that_wait():
    code, out, err = run(HEAD + "y = x * 2.0; z = tf.Variable(y); z.assign_add(y); print('end')")
    assert (code, out, err) == (0, "end", "")


def test_exit_of_a_thread_with_values_that_wait():
    code, out, err = run(
        HEAD + "kept = []\nt = threading.Thread(target=lambda: kept.append(x * 2.0)); t.start(); t.join()\n"
        "print('end')"
    )
    assert (code, out, err) == (0, "end", "")


def test_fork():
    code, out, err = run(
        HEAD + "tf.config.threading.set_intra_op_parallelism_threads(1)\n"
        "y = x * 2.0\npid = os.fork()\n"
        "z = float(tf.reduce_sum(y * 2.0))\n"
        "if pid == 0: os._exit(0 if z == 4 * 8192 else 3)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), z)"
    )
    assert (code, out, err) == (0, f"0 {4 * 8192.0}", "")


def test_environment_turns_it_off():
    code, out, err = run(
        HEAD + "y = x * 2.0; y.numpy(); print(tf._floe.eager_queue_stats()[3])", FLOE_EAGER="sync"
    )
    assert (code, out, err) == (0, "0", "")
