"""python -m floe: TensorFlow programs run unchanged; floe check and floe explain on scripts."""

import json
import os
import shutil
import subprocess
import sys

import pytest


def run(args, cwd, code=0):
    r = subprocess.run([sys.executable, *args], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert r.returncode == code, r.stderr
    return r


@pytest.fixture
def script(tmp_path):
    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def test_script_with_arguments(script, tmp_path):
    path = script(
        "import sys\n"
        "import tensorflow as tf\n"
        "import tensorflow.compat.v1 as tf1\n"
        "from tensorflow.python.framework import graph_util\n"
        "from tensorflow.math import add\n"
        "print(tf.__version__, sys.argv[1:], int(add(1, 2)), __name__)\n"
        "print(tf1.placeholder.__name__, graph_util.__name__)\n"
    )
    out = run(["-m", "floe", path, "a", "b"], tmp_path).stdout.splitlines()
    assert out[0] == "2.21.0 ['a', 'b'] 3 __main__"
    assert out[1].startswith("placeholder tensorflow.python.framework.graph_util")


def test_module_and_code(script, tmp_path):
    script("import tensorflow as tf\nprint(int(tf.constant(7)))\n", "mod.py")
    assert run(["-m", "floe", "-m", "mod"], tmp_path).stdout == "7\n"
    assert (
        run(["-m", "floe", "-c", "import tensorflow as t; print(int(t.constant(8)))"], tmp_path).stdout
        == "8\n"
    )


def test_versions_and_specs(script, tmp_path):
    path = script(
        "import importlib.metadata, importlib.util\n"
        "print(importlib.metadata.version('tensorflow'), importlib.util.find_spec('tensorflow') is not None)\n"
        "print(importlib.util.find_spec('tensorflow.no_such_module'))\n"
    )
    assert run(["-m", "floe", path], tmp_path).stdout == "2.21.0 True\nNone\n"


def test_child_processes(script, tmp_path):
    path = script(
        "import multiprocessing, subprocess, sys\n"
        "def work(q):\n"
        "    import tensorflow as tf\n"
        "    q.put(int(tf.constant(5) + 1))\n"
        "if __name__ == '__main__':\n"
        "    c = multiprocessing.get_context('spawn')\n"
        "    q = c.Queue()\n"
        "    p = c.Process(target=work, args=(q,))\n"
        "    p.start(); print(q.get(timeout=60)); p.join()\n"
        "    print(subprocess.check_output([sys.executable, '-c',\n"
        "        'import tensorflow as tf; print(tf.__version__)'], text=True).strip())\n"
    )
    assert run(["-m", "floe", path], tmp_path).stdout == "6\n2.21.0\n"


def test_missing_symbol(script, tmp_path):
    path = script("import tensorflow as tf\ntf.reduce_sun([1])\n")
    error = run(["-m", "floe", path], tmp_path, code=1).stderr
    assert "AttributeError: module 'tensorflow' has no attribute 'reduce_sun'" in error
    assert "'reduce_sum'" in error


def test_usage(tmp_path):
    assert "no such file" in run(["-m", "floe", "nothing.py"], tmp_path, code=66).stderr
    run(["-m", "floe"], tmp_path, code=64)


def test_too_late(tmp_path):
    code = (
        "import sys, types\n"
        "sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
        "import floe\n"
        "floe.install_as_tensorflow()\n"
    )
    assert "TensorFlow is imported already" in run(["-c", code], tmp_path, code=1).stderr


def test_check(script, tmp_path):
    path = script("import tensorflow as tf\nx = tf.math.add(1, 2)\ntf.reduce_sun(x)\n")
    r = run(["-m", "floe.check", "--json", path], tmp_path, code=1)
    rows = {s["name"]: s for s in json.loads(r.stdout)["symbols"]}
    assert rows["tf.math.add"]["has"] and rows["tf.math.add"]["lines"] == [2]
    assert not rows["tf.reduce_sun"]["has"] and rows["tf.reduce_sun"]["nearest"] == "tf.reduce_sum"
    run(["-m", "floe.check", "nothing.py"], tmp_path, code=66)
    run(["-m", "floe.check", script("def (", "bad.py")], tmp_path, code=65)


def test_explain(script, tmp_path):
    path = script(
        "import tensorflow as tf\n"
        "@tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])\n"
        "def f(x):\n"
        "    y = x * 2.0\n"
        "    return tf.reduce_sum(y)\n"
    )
    traces = json.loads(run(["-m", "floe.explain", "--json", f"{path}:f"], tmp_path).stdout)
    lines = {n["op"]: n["line"] for n in traces[0]["nodes"]}
    assert lines["Mul"] == "program.py:4" and lines["Sum"] == "program.py:5"
    assert "Did you mean 'f'?" in run(["-m", "floe.explain", f"{path}:ff"], tmp_path, code=65).stderr


def test_the_command_runs_scripts_verbs(script, tmp_path):
    floe = shutil.which("floe")
    assert floe, "the floe command is not on PATH"
    path = script(
        "import tensorflow as tf\n"
        "@tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])\n"
        "def f(x):\n"
        "    return tf.sin(x)\n"
    )
    env = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    r = subprocess.run([floe, "check", path], capture_output=True, text=True, timeout=120, env=env)
    assert r.returncode == 0, r.stderr
    assert "yes  tf.sin  (line 4)" in r.stdout
    r = subprocess.run([floe, "explain", f"{path}:f"], capture_output=True, text=True, timeout=120, env=env)
    assert r.returncode == 0, r.stderr
    assert "program.py:4" in r.stdout and "Sin" in r.stdout


def test_a_python_without_the_package_is_said(script, tmp_path):
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -E -S "$@"\n')
    python.chmod(0o755)
    env = {**os.environ, "VIRTUAL_ENV": str(tmp_path / "env")}
    path = script("import tensorflow as tf\n")
    r = subprocess.run(
        [shutil.which("floe"), "check", path], capture_output=True, text=True, timeout=120, env=env
    )
    assert r.returncode == 2
    assert "needs the floe package" in r.stderr and "Traceback" not in r.stderr
