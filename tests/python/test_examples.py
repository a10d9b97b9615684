"""The examples run as they are."""

import os
import subprocess
import sys

import conftest
import pytest


@pytest.mark.parametrize(
    ("name", "says"),
    [("run_model.py", "98.9% of 360 digits are right"), ("frozen_graph.py", "hidden units fire")],
)
def test_example(name, says):
    path = conftest.ROOT / "examples" / "python" / name
    p = subprocess.run(
        [sys.executable, str(path)], cwd=conftest.ROOT, capture_output=True, text=True, env=os.environ
    )
    assert p.returncode == 0, p.stderr
    assert says in p.stdout
