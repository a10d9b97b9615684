"""Public functions that also take sparse and ragged tensors.

Before the classes' modules are loaded, which install the handlers, no such tensor exists and nothing is looked at.
"""

import functools
import types

from .composite_names import NAMES

_handlers = {}
_kinds = {}  # by class
_wrapped = {}


def _kind(x):
    k = _kinds.get(type(x))
    if k or type(x) not in (list, tuple):
        return k
    for y in x:
        k = _kinds.get(type(y))
        if k:
            return k
    return None


def _kind_of(args, kwargs):
    for x in args:
        k = _kind(x)
        if k:
            return k
    for x in kwargs.values():
        k = _kind(x)
        if k:
            return k
    return None


def _answer(function, names, kind, args, kwargs):
    for n in names:
        handler = _handlers.get((kind, n))
        if handler is not None:
            return handler(function, *args, **kwargs)
    return function(*args, **kwargs)


def _general(function, names):
    def call(*args, **kwargs):
        if _handlers:
            kind = _kind_of(args, kwargs)
            if kind:
                return _answer(function, names, kind, args, kwargs)
        return function(*args, **kwargs)

    return call


def _unary(function, names):
    def call(x, name=None):
        if _handlers:
            kind = _kind(x)
            if kind:
                return _answer(function, names, kind, (x,), {"name": name})
        return function(x) if name is None else function(x, name=name)

    return call


def _binary(function, names):
    def call(x, y, name=None):
        if _handlers:
            kind = _kind(x) or _kind(y)
            if kind:
                return _answer(function, names, kind, (x, y), {"name": name})
        return function(x, y) if name is None else function(x, y, name=name)

    return call


# What plain operations take: these need no packing of arguments.
_SHORT = {("x", "name"): _unary, ("x", "y", "name"): _binary}


def wrap(name, function):
    """The function as it is found under a public name: itself, or with the handlers in front."""
    if name not in NAMES or not callable(function):
        return function
    known = _wrapped.get(function)
    if known is not None:
        found, names = known
        names.add(name)
        return found
    names = {name}
    make = _general
    if not isinstance(function, types.FunctionType) and hasattr(function, "__signature__"):
        make = _SHORT.get(tuple(function.__signature__.parameters), _general)
    call = functools.update_wrapper(make(function, names), function)
    _wrapped[function] = call, names
    return call


def handle(cls, names, handler):
    """handler(function, *args, **kwargs) answers for public functions that get a tensor of this class."""
    kind = _kinds[cls] = cls.__name__
    for name in names:
        if name not in NAMES:
            raise ValueError(f"composite_names.py does not have {name!r}")
        _handlers[kind, name] = handler
