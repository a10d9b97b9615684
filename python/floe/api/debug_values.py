"""tf.debugging: checks of values."""

import numpy as np

from .. import raw_ops
from ..errors import InvalidArgumentError
from ..export import export
from ..graph import executing_eagerly
from ..tensor import Tensor, convert_to_tensor
from .math_reduce import reduce_all
from .support import either, is_typed, typed, value_of

_SHOWN = 3


def _summary(x, count):
    """The first values of a tensor, as the Assert op writes them."""
    flat = np.asarray(x).reshape(-1)
    shown = [str(v) if not isinstance(v, np.bool_) else str(int(v)) for v in flat[:count]]
    return ", ".join(shown) + (", ..." if flat.size > count else "")


def _text_of(x, summarize):
    if isinstance(x, (str, bytes)):
        return repr(x.encode() if isinstance(x, str) else x)
    if not isinstance(x, Tensor):
        x = convert_to_tensor(x)
    if x.dtype.name == "string":
        values = [repr(v) for v in np.asarray(x.numpy(), object).reshape(-1)[: summarize or None]]
        return values[0] if not x.ndim else f"{values}"
    return _summary(x.numpy(), summarize or _SHOWN)


@export("debugging.Assert", "Assert")
def Assert(condition, data, summarize=None, name=None):
    """Raises InvalidArgumentError with the data unless the condition holds; in a graph, the op that does so."""
    if executing_eagerly():
        known = condition if isinstance(condition, bool) else convert_to_tensor(condition)
        holds = known if isinstance(known, bool) else bool(np.all(known.numpy()))
        if holds:
            return None
        shown = _SHOWN if summarize is None else summarize
        data = "\n".join(_text_of(x, None if shown < 0 else shown) for x in data)
        raise InvalidArgumentError(
            None, None, f"Expected '{condition!s}' to be true. Summarized data: {data}"
        )
    data = [convert_to_tensor(x) for x in data]
    return raw_ops.Assert(
        condition=convert_to_tensor(condition),
        data=data,
        summarize=_SHOWN if summarize is None else summarize,
        name=name or "Assert",
    )


def _first(x, count):
    return np.asarray(x).reshape(-1)[:count]


def _difference(x, y, holds, sign, message, summarize):
    """What TensorFlow prints when two tensors are not as they should be."""
    count = _SHOWN if summarize is None else summarize
    lines = [message] if message else []
    lines.append(f"Condition x {sign} y did not hold.")
    a, b, same = (np.asarray(t.numpy()) for t in (x, y, holds))
    count = None if count < 0 else count
    if x.shape == y.shape:
        where = np.argwhere(~same)[:count] if same.ndim else np.zeros((1, 0), np.int64)
        at = tuple(where.T)
        lines.append(f"Indices of first {len(where)} different values:\n{where}")
        lines.append(f"Corresponding x values:\n{np.atleast_1d(a[at] if a.ndim else a)}")
        lines.append(f"Corresponding y values:\n{np.atleast_1d(b[at] if b.ndim else b)}")
    for letter, values in (("x", a), ("y", b)):
        shown = _first(values, count)
        lines.append(f"First {len(shown)} elements of {letter}:\n{shown}")
    return "\n".join(lines)


def _compare(op, sign, function, x, y, data, summarize, message, name):
    x, y = typed(x, y)
    message = "" if message is None else message
    holds = getattr(raw_ops, op)(x=x, y=y)
    if executing_eagerly():
        if np.all(holds.numpy()):
            return None
        if data is not None:
            lines = [d if isinstance(d, str) else _text_of(d, summarize) for d in data]
            raise InvalidArgumentError(None, None, "\n".join(lines))
        raise InvalidArgumentError(None, None, _difference(x, y, holds, sign, message, summarize))
    if data is None:
        data = [f"{message}\nCondition x {sign} y did not hold element-wise:" if message else
                f"Condition x {sign} y did not hold element-wise:", f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]  # fmt: skip
    known = [value_of(v) for v in (x, y)]
    if all(v is not None for v in known) and not _COMPARE[op](*known).all():
        text = "\n".join(d if isinstance(d, str) else str(d) for d in data)
        raise InvalidArgumentError(None, None, text)
    return Assert(reduce_all(holds), data, summarize, name or function)


_COMPARE = {
    "Equal": np.equal,
    "NotEqual": np.not_equal,
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
}


def _comparison(op, sign, function, message_first=True):
    if message_first:

        def call(x, y, message=None, summarize=None, name=None):
            return _compare(op, sign, function, x, y, None, summarize, message, name)

    else:

        def call(x, y, summarize=None, message=None, name=None):
            return _compare(op, sign, function, x, y, None, summarize, message, name)

    return _described(call, function, sign)


def _v1_comparison(op, sign, function):
    def call(x, y, data=None, summarize=None, message=None, name=None):
        return _compare(op, sign, function, x, y, data, summarize, message, name)

    return _described(call, function, sign)


def _described(call, function, sign):
    call.__name__ = call.__qualname__ = function
    call.__doc__ = (
        f"InvalidArgumentError unless x {sign} y for all elements; in a graph, the op that checks it."
    )
    return call


assert_equal = export("debugging.assert_equal", "assert_equal")(_comparison("Equal", "==", "assert_equal"))
assert_none_equal = export("debugging.assert_none_equal")(
    _comparison("NotEqual", "!=", "assert_none_equal", False)
)
assert_less = export("debugging.assert_less", "assert_less")(_comparison("Less", "<", "assert_less"))
assert_less_equal = export("debugging.assert_less_equal")(_comparison("LessEqual", "<=", "assert_less_equal"))
assert_greater = export("debugging.assert_greater", "assert_greater")(
    _comparison("Greater", ">", "assert_greater")
)
assert_greater_equal = export("debugging.assert_greater_equal")(
    _comparison("GreaterEqual", ">=", "assert_greater_equal")
)
v1_assert_equal = export("compat.v1.assert_equal", "compat.v1.debugging.assert_equal")(
    _v1_comparison("Equal", "==", "assert_equal")
)
v1_assert_none_equal = export("compat.v1.assert_none_equal", "compat.v1.debugging.assert_none_equal")(
    _v1_comparison("NotEqual", "!=", "assert_none_equal")
)
v1_assert_less = export("compat.v1.assert_less", "compat.v1.debugging.assert_less")(
    _v1_comparison("Less", "<", "assert_less")
)
v1_assert_less_equal = export("compat.v1.assert_less_equal", "compat.v1.debugging.assert_less_equal")(
    _v1_comparison("LessEqual", "<=", "assert_less_equal")
)
v1_assert_greater = export("compat.v1.assert_greater", "compat.v1.debugging.assert_greater")(
    _v1_comparison("Greater", ">", "assert_greater")
)
v1_assert_greater_equal = export(
    "compat.v1.assert_greater_equal", "compat.v1.debugging.assert_greater_equal"
)(_v1_comparison("GreaterEqual", ">=", "assert_greater_equal"))


def _sign_check(op, sign, function, x, data, summarize, message, name):
    x = convert_to_tensor(x)
    zero = convert_to_tensor(0, x.dtype)
    lead = f"{message}.  " if message else ""
    if executing_eagerly():
        holds = getattr(raw_ops, op)(x=x, y=zero)
        if np.all(holds.numpy()):
            return None
        if data is None:
            shown = [str(v) for v in _first(x.numpy(), summarize or None)]
            where = f"x (shape={x.shape} dtype={x.dtype.name}) = \n{shown}"
            between = "" if op == "LessEqual" else "\n"
            text = f"{lead}\nCondition x {sign} 0 did not hold element-wise:{between}{where}"
            raise InvalidArgumentError(None, None, text)
        raise InvalidArgumentError(
            None, None, "\n".join(d if isinstance(d, str) else _text_of(d, None) for d in data)
        )
    if data is None:
        data = [f"{lead}Condition x {sign} 0 did not hold element-wise:", f"x ({x.name}) = ", x]
    return _compare(op, sign, function, x, zero, data, summarize, message, name)


def _against_zero(op, sign, function):
    def call(x, message=None, summarize=None, name=None):
        return _sign_check(op, sign, function, x, None, summarize, message, name)

    return _described_sign(call, function, sign)


def _v1_against_zero(op, sign, function):
    def call(x, data=None, summarize=None, message=None, name=None):
        return _sign_check(op, sign, function, x, data, summarize, message, name)

    return _described_sign(call, function, sign)


def _described_sign(call, function, sign):
    call.__name__ = call.__qualname__ = function
    call.__doc__ = (
        f"InvalidArgumentError unless x {sign} 0 for all elements; in a graph, the op that checks it."
    )
    return call


assert_negative = export("debugging.assert_negative")(_against_zero("Less", "<", "assert_negative"))
assert_positive = export("debugging.assert_positive")(_against_zero("Greater", ">", "assert_positive"))
assert_non_negative = export("debugging.assert_non_negative")(
    _against_zero("GreaterEqual", ">=", "assert_non_negative")
)
assert_non_positive = export("debugging.assert_non_positive")(
    _against_zero("LessEqual", "<=", "assert_non_positive")
)
v1_assert_negative = export("compat.v1.assert_negative", "compat.v1.debugging.assert_negative")(
    _v1_against_zero("Less", "<", "assert_negative")
)
v1_assert_positive = export("compat.v1.assert_positive", "compat.v1.debugging.assert_positive")(
    _v1_against_zero("Greater", ">", "assert_positive")
)
v1_assert_non_negative = export("compat.v1.assert_non_negative", "compat.v1.debugging.assert_non_negative")(
    _v1_against_zero("GreaterEqual", ">=", "assert_non_negative")
)
v1_assert_non_positive = export("compat.v1.assert_non_positive", "compat.v1.debugging.assert_non_positive")(
    _v1_against_zero("LessEqual", "<=", "assert_non_positive")
)


def _near(x, y, rtol, atol, data, summarize, message, name):
    x, y = typed(x, y)
    real = x.dtype.real_dtype
    precision = 1e-2 if real.name == "bfloat16" else 10 * float(np.finfo(real.as_numpy_dtype).eps)
    rtol = convert_to_tensor(precision if rtol is None else rtol, None if is_typed(rtol) else real)
    atol = convert_to_tensor(precision if atol is None else atol, None if is_typed(atol) else real)
    size = raw_ops.ComplexAbs if x.dtype.is_complex else raw_ops.Abs
    wide = {"Tout": real} if x.dtype.is_complex else {}
    bound = raw_ops.AddV2(x=atol, y=raw_ops.Mul(x=rtol, y=size(x=y, **wide)))
    holds = reduce_all(raw_ops.Less(x=size(x=raw_ops.Sub(x=x, y=y), **wide), y=bound))
    if data is None:
        names = [f"shape={t.shape} dtype={t.dtype.name}" if executing_eagerly() else t.name for t in (x, y)]
        data = [message or "", f"x and y not equal to tolerance rtol = {rtol!s}, atol = {atol!s}",
                f"x ({names[0]}) = ", x, f"y ({names[1]}) = ", y]  # fmt: skip
    return Assert(holds, data, summarize, name or "assert_near")


@export("debugging.assert_near")
def assert_near(x, y, rtol=None, atol=None, message=None, summarize=None, name=None):
    """InvalidArgumentError unless |x - y| < atol + rtol |y| for all elements."""
    return _near(x, y, rtol, atol, None, summarize, message, name)


@export("compat.v1.assert_near", "compat.v1.debugging.assert_near")
def v1_assert_near(x, y, rtol=None, atol=None, data=None, summarize=None, message=None, name=None):
    """InvalidArgumentError unless |x - y| < atol + rtol |y| for all elements."""
    return _near(x, y, rtol, atol, data, summarize, message, name)


@export("debugging.check_numerics", "compat.v1.check_numerics")
def check_numerics(tensor, message, name=None):
    """The tensor; InvalidArgumentError with the message when it holds NaN or infinity."""
    return raw_ops.CheckNumerics(tensor=tensor, message=message, name=name)


@export("debugging.assert_all_finite")
def assert_all_finite(x, message, name=None):
    """x; InvalidArgumentError with the message when it holds NaN or infinity."""
    return raw_ops.Identity(input=check_numerics(x, message), name=name or "VerifyFinite")


@export("compat.v1.verify_tensor_all_finite", "compat.v1.debugging.assert_all_finite")
def verify_tensor_all_finite(t=None, msg=None, name=None, x=None, message=None):
    """t; InvalidArgumentError with the message when it holds NaN or infinity."""
    return assert_all_finite(either("x", x, "t", t), either("message", message, "msg", msg), name)
