"""tf.nn, tf.image, tf.signal, ... answer as TensorFlow does."""

import importlib

import pytest
from golden import check, load

import floe as tf

AREAS = ("image", "nn")


def _cases():
    for area in AREAS:
        goldens = load(area)
        for name, case in importlib.import_module("cases_" + area).CASES.items():
            yield pytest.param(area, name, case, goldens, id=f"{area}-{name}")


@pytest.mark.parametrize(("area", "name", "case", "goldens"), list(_cases()))
def test_as_tensorflow(area, name, case, goldens):
    check(area, name, case, tf, goldens)
