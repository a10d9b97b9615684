"""The notes' code, completed to whole programs, under `python -m floe`."""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent / "notes"
EXPECTED = {
    "switch_modes": [
        "eager first: True 6",
        "graph: False",
        "run: 32.0",
        "run again: [43.0, array([3., 4.], dtype=float32)]",
        "eager again: True 5",
    ],
    "numpy_both_ways": [
        "private: 1.0 1.0",
        "by itself: [[7.0, 10.0], [15.0, 22.0]] 10.0",
        "graph: True True True",
        "says where: True True",
    ],
    "static_function": [
        "same type: [1. 2.] [-2. -4.]",
        "types differ: TypeError True True",
        "goes on: 2",
    ],
    "eager_in_graph": ["inside: EagerTensor True", "run: [13. 25.]"],
    "three_ways": ["learns: True", "the same: True True"],
}


@pytest.mark.parametrize("mode", ["deferred", "sync"])
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_note(name, mode):
    env = {**os.environ, "FLOE_EAGER": mode}
    r = subprocess.run(
        [sys.executable, "-m", "floe", str(HERE / f"{name}.py")],
        capture_output=True,
        text=True,
        timeout=120,
        env=env,
    )
    assert r.returncode == 0, r.stderr
    assert [line.replace("np.float32(43.0)", "43.0") for line in r.stdout.splitlines()] == EXPECTED[name]
