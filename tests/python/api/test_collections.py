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
