"""Functions take TensorFlow's arguments in TensorFlow's order with TensorFlow's defaults."""

import json
import pathlib

import pytest
from signatures import described

from floe.export import resolve

GOLDEN = json.loads((pathlib.Path(__file__).parents[2] / "goldens" / "api" / "signatures.json").read_text())


@pytest.mark.parametrize("name", GOLDEN)
def test_signature(name):
    assert described(resolve(name)) == GOLDEN[name]
