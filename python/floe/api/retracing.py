"""The warning that a tf.function is recorded too often."""

import collections
import logging
import sys

from .. import nest
from . import function_types as types

_LAST_CALLS = 10
_MANY = 5
_WARNINGS = 2
_PACKAGE = __file__.rpartition("/")[0].rpartition("/")[0]


class Retracing:
    """What the last calls of one function did. A function made anew starts anew."""

    def __init__(self, function):
        self._function = function
        self._traced = collections.deque(maxlen=_LAST_CALLS)
        self._calls = 0
        self._warned = 0
        self._previous = None

    def called(self, traced, inputs, signature):
        """Notes a call that the core could not answer by itself; warns where most of them were recorded."""
        self._calls += 1
        self._traced.append(traced)
        if not traced:
            return
        previous, self._previous = self._previous, _types(inputs, signature)
        count = sum(self._traced)
        if count < _MANY or self._warned >= _WARNINGS:
            return
        self._warned += 1
        logging.getLogger("tensorflow").warning(
            f"{count} out of the last {len(self._traced)} calls to {self._function} triggered tf.function retracing. "
            f"{_difference(previous, self._previous)} The call was made at {_call_site()}. Tracing is expensive: pass "
            "tensors instead of Python values that differ from call to call, give the function an input_signature, or "
            "reduce_retracing=True where only shapes differ."
        )


def _types(inputs, signature):
    """(name, type as text) of each argument."""
    named = [*zip(signature.names(len(inputs.args)), inputs.args), *sorted(inputs.kwargs.items())]
    return {
        name: types.describe(
            nest.map_structure(types.canonical, value) if nest.is_nested(value) else types.canonical(value)
        )
        for name, value in named
    }


def _difference(old, new):
    changed = [
        f"Argument '{name}' was {old[name]} in the trace before and is {text} now."
        for name, text in new.items()
        if name in (old or {}) and old[name] != text
    ]
    return " ".join(changed) or "The arguments' structure or the objects among them changed."


def _call_site():
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return "an unknown place" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
