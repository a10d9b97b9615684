"""Every op by TensorFlow's name: `floe.raw_ops.Add(x=1.0, y=2.0)`. Arguments are given by keyword."""

import collections as _collections
import inspect as _inspect
import re as _re

from . import _floe, dtypes
from .graph import _recording
from .tensor import EagerTensor, SymbolicTensor, Tensor

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


def _inferred_attrs(d):
    found = set()
    for a in d["inputs"]:
        found.update(x for x in (a["type_attr"], a["type_list_attr"], a["number_attr"]) if x)
    return found


def _signature(d, attrs):
    p = _inspect.Parameter
    required = [p(a["key"], p.POSITIONAL_OR_KEYWORD) for a in d["inputs"]]
    required += [p(a["key"], p.POSITIONAL_OR_KEYWORD) for a in attrs if not a["has_default"]]
    optional = [p(a["key"], p.POSITIONAL_OR_KEYWORD, default=_default(a)) for a in attrs if a["has_default"]]
    return _inspect.Signature([*required, *optional, p("name", p.POSITIONAL_OR_KEYWORD, default=None)])


def _default(attr):
    v = attr["default"]
    return v.decode() if isinstance(v, bytes) else v


def _convert(function, arg, value, types):
    """One input: a tensor, or a list of them. `types` collects what the type attributes are bound to."""
    is_list = bool(arg["number_attr"] or arg["type_list_attr"])
    if is_list:
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Expected list for '{arg['name']}' argument to '{function}' Op, not {value!r}.")
        if arg["type_list_attr"]:
            return [_tensor(v, None) for v in value]
        typed = [v for v in value if hasattr(v, "dtype")]
        known = (
            types.get(arg["type_attr"]) or (typed and dtypes.as_dtype(typed[0].dtype)) or arg["type"] or None
        )
        out = []
        for v in value:
            out.append(_tensor(v, known))
            known = known or out[-1].dtype
        if arg["type_attr"] and known:
            types.setdefault(arg["type_attr"], known)
        return out
    known = arg["type"] or types.get(arg["type_attr"])
    t = _tensor(value, known)
    if arg["type_attr"]:
        types.setdefault(arg["type_attr"], t.dtype)
    return [t]


def _tensor(value, dtype):
    if isinstance(value, Tensor):
        return value
    return _floe.to_tensor(value, dtypes.as_dtype(dtype).base_dtype.as_datatype_enum if dtype else 0)


def _bind_typed_first(d, kwargs, types):
    """Arrays and tensors decide the types that Python numbers then take."""
    for a in d["inputs"]:
        v = kwargs.get(a["key"])
        if a["type_attr"] and not a["number_attr"] and isinstance(v, Tensor):
            types.setdefault(a["type_attr"], v.dtype)


def _pack(d, tuple_class, outputs, number):
    if not d["outputs"]:
        return None
    groups, at = [], 0
    for a in d["outputs"]:
        if a["number_attr"] or a["type_list_attr"]:
            n = number(a)
            groups.append(list(outputs[at : at + n]))
            at += n
        else:
            groups.append(outputs[at])
            at += 1
    return groups[0] if len(groups) == 1 else tuple_class(*groups)


def _make(name):
    d = _floe.describe_op(name)
    names = _RENAMED.get(name, {})
    for a in d["inputs"] + d["attrs"]:
        a["key"] = names.get(a["name"], a["name"])
    inferred = _inferred_attrs(d)
    attrs = [a for a in d["attrs"] if a["name"] not in inferred]
    function = _snake(name)
    keys = [a["key"] for a in d["inputs"]] + [a["key"] for a in attrs] + ["name"]
    required = [a["key"] for a in d["inputs"]] + [a["key"] for a in attrs if not a["has_default"]]
    outputs = [a["name"] for a in d["outputs"]]
    tuple_class = _collections.namedtuple(name, outputs) if len(outputs) > 1 else None

    def call(*args, **kwargs):
        if args:
            raise TypeError(
                f"{function} only takes keyword args (possible keys: {keys}). Please pass these args as kwargs instead."
            )
        for k in kwargs:
            if k not in keys:
                raise TypeError(f"{function}() got an unexpected keyword argument '{k}'")
        missing = [k for k in required if k not in kwargs]
        if missing:
            many = "s" if len(missing) > 1 else ""
            names = " and ".join(repr(k) for k in missing)
            raise TypeError(
                f"{function}() missing {len(missing)} required positional argument{many}: {names}"
            )
        types, inputs, given = {}, [], {}
        _bind_typed_first(d, kwargs, types)
        for a in d["inputs"]:
            tensors = _convert(function, a, kwargs[a["key"]], types)
            if a["number_attr"]:
                given[a["number_attr"]] = len(tensors)
            inputs.extend(tensors)
        for a in attrs:
            if kwargs.get(a["key"]) is not None:
                given[a["name"]] = kwargs[a["key"]]

        def number(arg):
            value = given.get(arg["number_attr"] or arg["type_list_attr"])
            return value if isinstance(value, int) else len(value) if value is not None else len(results)

        recorded = _record(name, kwargs.get("name"), inputs, given)
        if recorded is not None and not d["outputs"]:
            return recorded
        results = recorded.outputs if recorded is not None else _floe.invoke(name, inputs, given)
        return _pack(d, tuple_class, results, number)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = d["signature"]
    call.__signature__ = _signature(d, attrs)
    return call


def _record(op, name, inputs, attrs):
    """A new node where a graph is being recorded, else None."""
    g = _recording()
    if g is None:
        for t in inputs:
            if isinstance(t, SymbolicTensor):
                g = t.graph
                break
    if g is None:
        return None
    symbolic = [g._constant(t, "Const") if isinstance(t, EagerTensor) else t for t in inputs]
    return g._add(op, name or op, symbolic, attrs)


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
