"""tf.print writes what TensorFlow writes."""

import collections
import sys

import numpy as np
import pytest

import floe as tf

Pair = collections.namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    ("inputs", "options", "text"),
    [
        (lambda t: ("hello", t, 3), {}, "hello [1.5 2] 3\n"),
        (
            lambda t: ([t, t], {"a": t, "b": "s"}, Pair(1, t)),
            {},
            "[[1.5 2], [1.5 2]] {'a': [1.5 2], 'b': 's'} Pair(a=1, b=[1.5 2])\n",
        ),
        (lambda t: ("a", "b"), {"sep": "|", "end": "!\n"}, "a|b!\n"),
        (lambda t: (tf.range(10),), {}, "[0 1 2 ... 7 8 9]\n"),
        (lambda t: (tf.range(10),), {"summarize": -1}, "[0 1 2 3 4 5 6 7 8 9]\n"),
        (lambda t: (tf.constant("x"), tf.constant(["y"])), {}, '"x" ["y"]\n'),
        (lambda t: ("{}", tf.constant(True), None, np.array([1])), {}, "{} 1 None array([1])\n"),
        (lambda t: (), {}, "\n"),
    ],
)
def test_text(capfd, inputs, options, text):
    tf.print(*inputs(tf.constant([1.5, 2.0])), output_stream=sys.__stdout__, **options)
    assert capfd.readouterr().out == text


def test_streams(capfd, tmp_path):
    tf.print("x")
    assert capfd.readouterr().err == "x\n"
    tf.print("x", output_stream=f"file://{tmp_path}/out")
    assert (tmp_path / "out").read_text() == "x\n"
    with pytest.raises(ValueError, match="Unsupported output stream, logging level, or file.bad"):
        tf.print("x", output_stream="bad")
    with pytest.raises(ValueError, match="Unrecognized keyword arguments for tf.print"):
        tf.print("x", foo=1)
