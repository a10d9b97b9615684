"""Public functions that also take sparse and ragged tensors.

Nothing is looked at before the first such tensor can exist: the classes' modules install the handlers when they are
loaded, and from then on the functions are found with a look at their arguments in front.
"""

import functools
import sys

from .. import export as _export

_handlers = {}
_wrapped = {}


def _kind(x):
    return getattr(type(x), "_dispatch_kind", None)


def _kind_of(args, kwargs):
    for x in args:
        k = getattr(type(x), "_dispatch_kind", None)
        if k:
            return k
        if type(x) in (list, tuple):
            for y in x:
                k = getattr(type(y), "_dispatch_kind", None)
                if k:
                    return k
    for x in kwargs.values():
        k = _kind(x)
        if k:
            return k
        if type(x) in (list, tuple):
            for y in x:
                k = _kind(y)
                if k:
                    return k
    return None


def wrap(name, function):
    """The function as it is found under a public name: itself, or with handlers in front."""
    found = _handlers.get(name)
    if found is None or not callable(function):
        return function
    known = _wrapped.get((name, function))
    if known is not None:
        return known

    @functools.wraps(function)
    def call(*args, **kwargs):
        kind = _kind_of(args, kwargs)
        handler = found.get(kind) if kind else None
        return function(*args, **kwargs) if handler is None else handler(function, *args, **kwargs)

    _wrapped[name, function] = call
    return call


def handle(kind, names, handler):
    """handler(function, *args, **kwargs) answers for public functions that get a tensor of this kind."""
    for name in names:
        _handlers.setdefault(name, {})[kind] = handler


def install():
    """Puts the handlers before the functions that were found already."""
    _export.wrap = wrap
    for name in _handlers:
        for full in (name, f"compat.v1.{name}"):
            prefix, _, last = full.rpartition(".")
            module = sys.modules.get(f"floe.{prefix}" if prefix else "floe")
            if module is not None and last in module.__dict__:
                module.__dict__[last] = wrap(name, module.__dict__[last])
