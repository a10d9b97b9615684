"""and, or, not, ==, !=."""

from ... import raw_ops
from ...tensor import convert_to_tensor
from . import values
from .conditionals import choose
from .returns import note_negation


def and_(a, b):
    """`a() and b()`."""
    first = a()
    if not values.staged(first):
        return first and b()
    return _lazy(first, b, lambda: first, "and")


def or_(a, b):
    """`a() or b()`."""
    first = a()
    if not values.staged(first):
        return first or b()
    return _lazy(first, lambda: first, b, "or")


def _lazy(first, if_true, if_false, word):
    cond = values.condition(first, f"`{word}`")
    return choose(cond, lambda f, _: (f(),), (if_true, if_false), (word,))[0]


def not_(a):
    """`not a`."""
    if not values.staged(a):
        return not a
    result = raw_ops.LogicalNot(x=convert_to_tensor(a))
    note_negation(result, a)
    return result


def eq(a, b):
    """`a == b`, compared element by element where one is a tensor."""
    return raw_ops.Equal(x=a, y=b) if values.is_tensor(a) or values.is_tensor(b) else a == b


def not_eq(a, b):
    """`a != b`, compared element by element where one is a tensor."""
    return raw_ops.NotEqual(x=a, y=b) if values.is_tensor(a) or values.is_tensor(b) else a != b
