"""tf.nn, tf.image, tf.signal, ... answer as TensorFlow does."""

import importlib

import pytest
from golden import check, load, recorded

import floe as tf

AREAS = ("data", "gradients", "image", "io", "nn", "signal", "strings", "train")


def _cases():
    for area in AREAS:
        goldens = load(area)
        module = importlib.import_module("cases_" + area)
        tolerance = getattr(module, "TOLERANCE", (1e-5, 1e-6))
        for name, case in module.CASES.items():
            yield pytest.param(name, case, goldens, tolerance, id=f"{area}-{name}")


@pytest.mark.parametrize(("name", "case", "goldens", "tolerance"), list(_cases()))
def test_as_tensorflow(name, case, goldens, tolerance):
    check(name, case, tf, goldens, tolerance)


EAGER_ONLY = (
    "data-",
    "gradients-",
    "train-",
    "error",
    "random_",
    "mutable",
    "dense_table",
    "table",
    "vocabulary",
    "ctc_unique",
)


@pytest.mark.parametrize(
    ("name", "case", "goldens", "tolerance"), [c for c in _cases() if not any(w in c.id for w in EAGER_ONLY)]
)
def test_while_recording(name, case, goldens, tolerance):
    check(name, recorded(case), tf, goldens, tolerance)
