"""What tf.function knows of its arguments: which differ enough for another trace, and how they are written."""

import inspect
import weakref

import numpy as np

from .. import dtypes, nest
from ..tensor import Tensor, TensorSpec, convert_to_tensor
from .variable import Variable

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class VariableSpec:
    """A variable among the arguments: any of the same dtype and shape takes its place."""

    __slots__ = ("shape", "dtype", "trainable", "alias_id")

    def __init__(self, shape, dtype=dtypes.float32, trainable=True, alias_id=None):
        self.shape, self.dtype, self.trainable, self.alias_id = shape, dtype, trainable, alias_id

    def __eq__(self, other):
        return isinstance(other, VariableSpec) and self._all() == other._all()

    def __hash__(self):
        return hash((self.dtype, self.trainable, self.alias_id))

    def _all(self):
        return self.shape, self.dtype, self.trainable, self.alias_id

    def __repr__(self):
        return (
            f"VariableSpec(shape={self.shape}, dtype={self.dtype!r}, trainable={self.trainable}, "
            f"alias_id={self.alias_id})"
        )


def is_array(x):
    return isinstance(x, (np.ndarray, np.generic)) and not isinstance(x, (np.str_, np.bytes_))


def is_symbol(x):
    """Whether the leaf stands for a tensor that a call brings."""
    return isinstance(x, (Tensor, TensorSpec, Variable, VariableSpec))


def canonical(x):
    return convert_to_tensor(x) if is_array(x) else x


def leaf_keys(flat):
    """For each leaf, what decides whether a trace fits it."""
    aliases = {}
    return tuple([_leaf_key(x, aliases) for x in flat])


def _leaf_key(x, aliases):
    if isinstance(x, (Tensor, TensorSpec)):
        s = x.shape
        return ("T", x.dtype, None if s.ndims is None else tuple(s.as_list()))
    if isinstance(x, Variable):
        s = x.shape
        return (
            "V",
            x.dtype,
            None if s.ndims is None else tuple(s.as_list()),
            x.trainable,
            aliases.setdefault(id(x), len(aliases)),
        )
    if isinstance(x, (bool, int, float, complex, str, bytes, type(None))):
        return ("P", type(x), x if x == x else "nan", str(x) if isinstance(x, float) else None)
    if hasattr(x, "__tf_tracing_type__") and not isinstance(x, type):
        return ("X", x.__tf_tracing_type__(None))
    try:
        hash(x)
    except TypeError:
        raise TypeError(
            f"Could not generate a generic TraceType for {x!r}.Please verify that it is immutable/hashable. Otherwise, "
            "consider implementing the Tracing Protocol for it."
        ) from None
    try:
        return ("W", weakref.ref(x))
    except TypeError:
        return ("H", type(x), x)


def is_dead(keys):
    """Whether a trace was made for an object that is gone."""
    return any(k[0] == "W" and k[1]() is None for k in keys)


def structure_key(s):
    if isinstance(s, dict):
        return (type(s), *((k, structure_key(s[k])) for k in sorted(s, key=str)))
    if nest.is_nested(s):
        return (type(s), *(structure_key(x) for x in nest.children(s)))
    if nest.is_composite(s):
        static = getattr(s, "_static_key", None)
        parts = [structure_key(x) for x in s._to_components()]
        return (class_of(s), *([] if static is None else static()), *parts)
    return None


def class_of(composite):
    """The class of a composite, or of those that a spec describes."""
    return getattr(composite, "value_type", type(composite))


def describe(x):
    """An argument's or a result's type as text."""
    if x is None or isinstance(x, (bool, int, float, complex, str, bytes)):
        return f"Literal[{x!r}]"
    if isinstance(x, (Tensor, TensorSpec)):
        return f"TensorSpec(shape={x.shape}, dtype={x.dtype!r}, name=None)"
    if isinstance(x, VariableSpec):
        return repr(x)
    if isinstance(x, Variable):
        return repr(VariableSpec(x.shape, x.dtype, x.trainable, 0))
    if isinstance(x, dict):
        return f"Dict[{_entries((k, x[k]) for k in sorted(x, key=str))}]"
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return f"{type(x).__name__}[{_entries(zip(x._fields, x))}]"
    if isinstance(x, (list, tuple)):
        return f"{'List' if isinstance(x, list) else 'Tuple'}[{', '.join(describe(v) for v in x)}]"
    if nest.is_composite(x):
        spec = getattr(x, "_type_spec", None)
        return (
            f"{type(x).__name__}({', '.join(describe(v) for v in x._to_components())})"
            if spec is None
            else repr(spec)
        )
    try:
        return f"Weakref[{weakref.ref(x)!r}]"
    except TypeError:
        return f"Literal[{x!r}]"


def _entries(pairs):
    return ", ".join(f"[{k!r}, {describe(v)}]" for k, v in pairs)


class Parameters:
    """Parameters of a trace with the type of each: (name, kind, type)."""

    def __init__(self, entries):
        self.entries = list(entries)
        self._by_name = {name: t for name, _, t in self.entries}
        self.signature = inspect.Signature([inspect.Parameter(n, kind) for n, kind, _ in self.entries])

    def bind(self, args, kwargs):
        """The leaves that the trace takes, in order; TypeError where an argument does not fit."""
        bound = self.signature.bind(*args, **kwargs).arguments
        leaves = []
        for name, _, t in self.entries:
            cast(t, bound[name], leaves)
        return leaves

    def text(self, result=None, defaults=()):
        parts, star = [], False
        kinds = [k for _, k, _ in self.entries]
        for i, (name, kind, t) in enumerate(self.entries):
            if kind is inspect.Parameter.KEYWORD_ONLY and not star:
                parts.append("*")
                star = True
            default = " = <captured_default_value>" if name in defaults else ""
            parts.append(f"{name}: {describe(t)}{default}")
            if kind is inspect.Parameter.POSITIONAL_ONLY and (
                i + 1 == len(kinds) or kinds[i + 1] is not inspect.Parameter.POSITIONAL_ONLY
            ):
                parts.append("/")
        arrow = "" if result is None else f" -> {describe(result[0])}"
        return f"({', '.join(parts)}){arrow}"


def binding_error(reason, args, kwargs, signature):
    return TypeError(
        f"Binding inputs to tf.function failed due to `{reason}`. Received args: {args} and kwargs: {kwargs} for "
        f"signature: {signature}."
    )


def cast(want, value, leaves):
    """Appends to `leaves` what a value brings to the place of a type; TypeError where it does not fit."""
    if isinstance(want, TensorSpec):
        leaves.append(cast_tensor(want, value))
    elif isinstance(want, VariableSpec):
        if not isinstance(value, Variable):
            raise TypeError(f"Can not cast {value!r} to {want!r}")
        leaves.append(value)
    elif nest.is_nested(want):
        _cast_nest(want, value, leaves)
    elif nest.is_composite(want):
        parts = nest.flatten(want, expand_composites=True)
        given = nest.flatten(value, expand_composites=True)
        if class_of(value) is not class_of(want) or len(parts) != len(given):
            raise TypeError(
                f"The two structures don't have the same nested structure: expected {describe(want)}, found {value!r}"
            )
        for p, g in zip(parts, given):
            cast(p, g, leaves)
    elif not (value is want or same_value(value, want)):
        raise TypeError(f"Can not cast {value!r} to {describe(want)}")


def _cast_nest(want, value, leaves):
    if isinstance(want, dict):
        if not isinstance(value, dict):
            raise TypeError(f"Can not cast {value!r} to a Dict type.")
        if set(want) != set(value):
            raise TypeError(f"{value!r} has different keys with the TraceType {describe(want)}.")
        pairs = [(want[k], value[k]) for k in sorted(want, key=str)]
    else:
        kind = "list" if isinstance(want, list) else "tuple"
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Can not cast {value!r} to {kind} type.")
        if len(want) != len(value):
            raise TypeError(
                f"Can not cast {value!r} to {describe(want)}: {len(want)} entries expected, {len(value)} found"
            )
        pairs = zip(nest.children(want), nest.children(value))
    for w, v in pairs:
        cast(w, v, leaves)


def cast_tensor(spec, value):
    if isinstance(value, Variable) and spec.dtype != dtypes.resource:
        value = value._read()
    if not isinstance(value, (Tensor, TensorSpec)):
        try:
            value = convert_to_tensor(value, spec.dtype)
        except ValueError as e:
            raise TypeError(str(e)) from None
    if value.dtype != spec.dtype or not spec.shape.is_compatible_with(value.shape):
        raise TypeError(f"Can not cast {describe(value)} to {describe(spec)}")
    return value


def same_value(a, b):
    try:
        return type(a) is type(b) and bool(a == b)
    except Exception:
        return False


def is_positional(parameter):
    return parameter.kind in _POSITIONAL
