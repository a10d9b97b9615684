"""Every op by TensorFlow's name: `floe.raw_ops.Add(x=1.0, y=2.0)`. Arguments are given by keyword."""

import collections as _collections
import inspect as _inspect
import re as _re

from . import _floe

_cache = {}

# Arguments that TensorFlow's API names otherwise than the op's declaration.
_AXIS = dict.fromkeys(
    ("All", "Any", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "Sum"), {"reduction_indices": "axis"}
)
_RENAMED = {
    **_AXIS,
    "ExpandDims": {"dim": "axis"},
    "Select": {"t": "x", "e": "y"},
    "Split": {"split_dim": "axis"},
    "SplitV": {"split_dim": "axis"},
    "Squeeze": {"squeeze_dims": "axis"},
    "Where": {"input": "condition"},
}


def _snake(name):
    s = _re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return _re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", s).lower()


def _signature(d, function):
    p = _inspect.Parameter
    inferred = set()
    for a in d["inputs"]:
        inferred.update(x for x in (a["type_attr"], a["type_list_attr"], a["number_attr"]) if x)
    names = _RENAMED.get(d["name"], {})
    attrs = [a for a in d["attrs"] if a["name"] not in inferred]
    kind = p.POSITIONAL_OR_KEYWORD
    required = [p(names.get(a["name"], a["name"]), kind) for a in d["inputs"]]
    required += [p(a["name"], kind) for a in attrs if not a["has_default"]]
    optional = [p(a["name"], kind, default=_default(a)) for a in attrs if a["has_default"]]
    return _inspect.Signature([*required, *optional, p("name", kind, default=None)])


def _default(attr):
    v = attr["default"]
    return v.decode() if isinstance(v, bytes) else v


def _make(name, positional=False):
    d = _floe.describe_op(name)
    outputs = [a["name"] for a in d["outputs"]]
    tuple_class = _collections.namedtuple(name, outputs) if len(outputs) > 1 else None
    call = _floe.op_function(name, _snake(name), _RENAMED.get(name, {}), tuple_class, positional)
    call.__name__ = call.__qualname__ = name
    call.__doc__ = d["signature"]
    call.__signature__ = _signature(d, name)
    return call


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    f = _cache.get(name)
    if f is None:
        if not _floe.has_op(name):
            import difflib

            near = difflib.get_close_matches(name, _floe.op_names(), 1)
            hint = f". Did you mean {near[0]!r}?" if near else ""
            raise AttributeError(f"module 'floe.raw_ops' has no attribute {name!r}{hint}")
        f = _cache[name] = _make(name)
    return f


def __dir__():
    return _floe.op_names()
