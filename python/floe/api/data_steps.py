"""The steps that datasets are made of."""

from .. import dtypes
from ..errors import InvalidArgumentError
from ..tensor import TensorSpec
from . import compose as c
from . import data_structure as s

INFINITE = -1
UNKNOWN = -2


def invalid(text):
    return InvalidArgumentError(None, None, text)


def number(x, what):
    value = c.static_value(x)
    if value is None:
        raise ValueError(f"{what} must be known when the dataset is made.")
    return int(value)


def limited(n, count):
    """The smaller of two cardinalities, where count is a number."""
    return count if n == INFINITE else n if n == UNKNOWN else min(n, count)


def row_spec(spec):
    return TensorSpec(spec.shape[1:], spec.dtype) if isinstance(spec, TensorSpec) else spec._unbatch()


def signature(types, shapes):
    if shapes is None:
        return s.map_leaves(lambda t: TensorSpec(None, t), types)
    flat = iter(shape_leaves(shapes, types))
    return s.map_leaves(lambda t: TensorSpec(next(flat), t), types)


def shape_leaves(shapes, types):
    if not s.is_nest(types):
        return [shapes]
    return [x for a, b in zip(s.children(shapes), s.children(types)) for x in shape_leaves(a, b)]


def yielded(x, spec):
    """What a generator yields as tensors of the spec."""
    if s.is_nest(spec):
        x = tuple(x) if isinstance(x, list) and isinstance(spec, tuple) else x
        same = s.is_nest(x) and isinstance(x, dict) == isinstance(spec, dict) and len(x) == len(spec)
        if not same or isinstance(x, dict) and sorted(x) != sorted(spec):
            raise invalid(
                "TypeError: `generator` yielded an element that did not match the expected structure. "
                f"The expected structure was {s.map_leaves(lambda v: v.dtype, spec)}, but the yielded element was {x}."
            )
        return s.rebuild(spec, [yielded(a, b) for a, b in zip(s.children(x), s.children(spec))])
    if not isinstance(spec, TensorSpec):
        return x
    try:
        t = c.tensor(x, spec.dtype)
    except (TypeError, ValueError):
        raise invalid(
            "TypeError: `generator` yielded an element that could not be converted to the expected type. "
            f"The expected type was {spec.dtype.name}, but the yielded element was {x}."
        ) from None
    if not spec.shape.is_compatible_with(t.shape):
        raise invalid(
            f"TypeError: `generator` yielded an element of shape {t.shape} where an element of shape {spec.shape} was expected."
        )
    return t


def check_callable(function):
    if not callable(function):
        raise ValueError(
            f"Argument `func` must be a callable. Received func={function!r} (of type {type(function)})"
        )


def truth(predicate, x):
    y = c.tensor(s.call(predicate, x))
    if y.dtype != dtypes.bool or y.shape.rank != 0:
        raise ValueError(
            "Invalid `predicate`. `predicate` must return a `tf.bool` scalar tensor, but its return type is "
            f"{s.spec_of(y)}."
        )
    return bool(y.numpy())


def check_state(kinds, state):
    def check(dtype, x):
        if x.dtype != dtype:
            raise TypeError(
                "The element types for the new state must match the initial state. "
                f"Expected {dtype!r}; got {x.dtype!r}."
            )

    s.map_leaves(check, kinds, state)


def compatible(a, b):
    if s.is_nest(a) != s.is_nest(b):
        return False
    if s.is_nest(a):
        same = isinstance(a, dict) == isinstance(b, dict) and len(a) == len(b)
        return same and all(compatible(x, y) for x, y in zip(s.children(a), s.children(b)))
    return (
        a.dtype == b.dtype if isinstance(a, TensorSpec) and isinstance(b, TensorSpec) else type(a) is type(b)
    )


def merged(a, b):
    return (
        TensorSpec(a.shape.most_specific_compatible_shape(b.shape), a.dtype)
        if isinstance(a, TensorSpec)
        else a
    )


def keeping(source, kept):
    rows = []
    for x in source:
        rows.append(x)
        yield x
    kept.append(rows)


def without_errors(source):
    while True:
        try:
            yield next(source)
        except StopIteration:
            return
        except Exception:
            continue


def interleaved(source, map_func, cycle, block):
    slots, at, taken, more = [None] * cycle, 0, 0, True
    while more or any(x is not None for x in slots):
        if slots[at] is None:
            x = next(source, None) if more else None
            if x is None:
                more = False
                at, taken = (at + 1) % cycle, 0
                continue
            slots[at] = iter(map_func(x))
        y = next(slots[at], None)
        if y is None:
            slots[at] = None
            at, taken = (at + 1) % cycle, 0
            continue
        yield y
        taken += 1
        if taken == block:
            at, taken = (at + 1) % cycle, 0


def batches(count, n, drop):
    return count if count < 0 else count // n if drop else -(-count // n)
