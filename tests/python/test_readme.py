"""README.md's Python runs as it stands; tests/install runs its C++ and its shell lines."""

import re
import subprocess
import sys

import numpy as np
import pytest
import readme


def run(source):
    p = subprocess.run([sys.executable, "-c", source], cwd=readme.ROOT, capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    assert p.stderr == ""
    return p.stdout


def test_there_are_three_blocks():
    assert len(readme.blocks("python")) == 3


def test_the_short_way_prints_the_digits():
    digits = [int(d) for d in re.findall(r"\d+", run(readme.blocks("python")[0]))]
    expected = np.load(readme.ROOT / "assets" / "digits_expected.npy")
    assert digits == expected.argmax(axis=1).tolist()


def test_the_tensorflow_way_lists_operations():
    names = run(readme.blocks("python")[1])
    assert names.startswith("['x', ") and "'Identity'" in names


def test_the_training_step_learns(tmp_path):
    # A function's source has to be in a file.
    path = tmp_path / "step.py"
    path.write_text(readme.blocks("python")[2])
    p = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    assert p.stdout == "3.0\n"


@pytest.mark.parametrize("target", sorted(set(readme.make_targets())))
def test_make_has_the_target(target):
    p = subprocess.run(["make", "-n", target], cwd=readme.ROOT, capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
