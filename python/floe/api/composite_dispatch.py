"""Public functions that also take sparse and ragged tensors.

Before the classes' modules are loaded, which install the handlers, no such tensor exists and nothing is looked at.
"""

import functools

from .composite_names import NAMES

_handlers = {}
_wrapped = {}


def _kind(x):
    k = getattr(type(x), "_dispatch_kind", None)
    if k or type(x) not in (list, tuple):
        return k
    for y in x:
        k = getattr(type(y), "_dispatch_kind", None)
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

    @functools.wraps(function)
    def call(*args, **kwargs):
        if _handlers:
            kind = _kind_of(args, kwargs)
            if kind:
                for n in names:
                    handler = _handlers.get((kind, n))
                    if handler is not None:
                        return handler(function, *args, **kwargs)
        return function(*args, **kwargs)

    _wrapped[function] = call, names
    return call


def handle(kind, names, handler):
    """handler(function, *args, **kwargs) answers for public functions that get a tensor of this kind."""
    for name in names:
        if name not in NAMES:
            raise ValueError(f"composite_names.py does not have {name!r}")
        _handlers[kind, name] = handler
