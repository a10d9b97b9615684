"""Tensor arrays, sparse and ragged tensors answer as TensorFlow's do."""

import importlib

import pytest
from golden import check, load

import floe as tf

AREAS = ("tensor_array",)


def _cases():
    for area in AREAS:
        goldens = load(area)
        for name, case in importlib.import_module("cases_" + area).CASES.items():
            yield pytest.param(name, case, goldens, id=f"{area}-{name}")


@pytest.mark.parametrize(("name", "case", "goldens"), list(_cases()))
def test_as_tensorflow(name, case, goldens):
    check(name, case, tf, goldens, (1e-5, 1e-6))
