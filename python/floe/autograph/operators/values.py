"""Values of variables on their way through graph branches and loops."""

import numpy as np
from malt.operators.variables import Undefined, UndefinedReturnValue

from ... import _floe, dtypes, nest, raw_ops
from ...api.control_flow import _value
from ...api.variable import Variable
from ...tensor import Tensor, convert_to_tensor
from .. import locations

_PYTHON_VALUES = (bool, int, float, complex, str, bytes, np.ndarray, np.generic)


def is_tensor(x):
    """Whether a value is one of the graph's (or of eager mode) rather than Python's."""
    return isinstance(x, (Tensor, Variable))


def staged(x):
    """Whether control flow that depends on x becomes graph operations."""
    return is_tensor(x) and _floe.recording()


def condition(x, what):
    """x as the boolean scalar that decides a branch or a loop."""
    t = convert_to_tensor(x)
    hint = "to check for None, use `is not None`"
    if t.dtype != dtypes.bool:
        raise ValueError(
            f"condition of {what} expected to be `tf.bool` scalar, got {t}; to use as boolean Tensor, use `tf.cast`; {hint}"
        )
    if t.shape.ndims is None:
        return raw_ops.Reshape(tensor=t, shape=[])
    if t.shape.ndims:
        if t.shape.num_elements() != 1:
            raise ValueError(
                f"condition of {what} expected to be `tf.bool` scalar, got {t}; {hint}; for one value of all elements, use "
                "tf.reduce_all or tf.reduce_any"
            )
        return raw_ops.Reshape(tensor=t, shape=[])
    return t


def as_tensors(name, value):
    """A nest with tensors for its leaves; None stays."""

    def leaf(x):
        try:
            return _value(x)
        except (TypeError, ValueError) as e:
            raise TypeError(
                f"{e}\n'{name}' is a {type(x).__name__}: in graph branches and loops variables hold tensors, numbers, or "
                "lists, tuples and dicts of them."
            ) from None

    return nest.map_structure(leaf, value, expand_composites=True)


def plain_as_tensor(x):
    """Python's numbers and NumPy's arrays as the tensors they become; nothing is recorded."""
    return _floe.to_tensor(x) if isinstance(x, _PYTHON_VALUES) else x


def is_undefined(x):
    return isinstance(x, (Undefined, UndefinedReturnValue))


def is_open(value):
    """Whether some leaf of a variable has no value yet."""
    return any(x is None or is_undefined(x) for x in nest.flatten(value))


def described(value):
    """dtype, shape and structure of a variable's value, as text."""
    if is_undefined(value):
        return "no value"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {described(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        marks = "[]" if isinstance(value, list) else "()"
        inside = ", ".join(described(v) for v in value)
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{marks[0]}{inside}{comma}{marks[1]}"
    if value is None:
        return "None"
    if isinstance(value, Variable) or hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{dtypes.as_dtype(value.dtype).name} {value.shape}"
    if isinstance(value, _PYTHON_VALUES):
        t = plain_as_tensor(value)
        return f"{t.dtype.name} {t.shape} (the Python {type(value).__name__} {str(value)[:40]})"
    return type(value).__name__


def place(name, value, *blocks):
    """ "file:line" where a variable got its value: the assignment in the blocks, else the node, else the block."""
    for b in blocks:
        where = locations.of_expression(b) or locations.of_assignment(b, name)
        if where:
            return where
    if name.startswith("retval_"):
        # It comes from a `return` further up.
        where = locations.of_earlier_assignment(name, blocks)
        if where:
            return where
    for x in nest.flatten(value, expand_composites=True):
        if isinstance(x, Tensor) and hasattr(x, "_node_id"):
            where = x.graph._core.location(x._node_id)
            if where:
                return where
    return next((w for w in map(locations.of_code, blocks) if w), "") or locations.here()


def spoken(name):
    """A variable in a sentence."""
    return "the return value" if name.startswith("retval_") else f"'{name}'"
