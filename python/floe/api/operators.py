"""Python's operators on tensors."""

import numpy as np

from .. import _floe, dtypes, raw_ops
from ..export import export
from ..tensor import EagerTensor, SymbolicTensor, Tensor, convert_to_tensor
from ..tensor_shape import Dimension

_op = raw_ops._make
_ADD, _SUB, _MUL = _op("AddV2", True), _op("Sub", True), _op("Mul", True)
_REAL_DIV, _FLOOR_DIV, _FLOOR_MOD, _POW = (
    _op("RealDiv", True),
    _op("FloorDiv", True),
    _op("FloorMod", True),
    _op("Pow", True),
)
_STRIDED_SLICE = _op("StridedSlice", True)
_QUOTIENT_TYPE = {
    dtypes.uint8: dtypes.float32,
    dtypes.int8: dtypes.float32,
    dtypes.uint16: dtypes.float32,
    dtypes.int16: dtypes.float32,
    dtypes.int32: dtypes.float64,
    dtypes.int64: dtypes.float64,
    dtypes.uint32: dtypes.float64,
    dtypes.uint64: dtypes.float64,
    dtypes.bool: None,
}


_NODE_NAMES = {"and": "and_", "or": "or_"}


def _other(x, y, name=None):
    """The other operand as a tensor of x's type; NotImplemented where it should try its own operator."""
    if isinstance(y, Tensor):
        return y
    try:
        if _is_typed(y):
            return convert_to_tensor(y, dtype_hint=x.dtype.base_dtype, name=name)
        return convert_to_tensor(y, x.dtype.base_dtype, name=name)
    except (TypeError, ValueError):
        if hasattr(type(y), "__rop__"):
            return NotImplemented
        raise


def _is_typed(y):
    return not isinstance(y, (np.ndarray, np.generic)) and hasattr(y, "dtype")


def _defers(x, y, reflected):
    """Whether y's own operator should be tried: it is of a class that stands above plain tensors."""
    return getattr(type(y), "_above_tensors", False) and hasattr(type(y), reflected)


def _binary(function, name):
    reflected = f"__r{name}__"
    node = _NODE_NAMES.get(name, name)

    def forward(self, other):
        if _defers(self, other, reflected):
            return NotImplemented
        if isinstance(self, SymbolicTensor):
            return function(self, _other(self, other, f"{node}/y"), name=node)
        return function(self, _other(self, other))

    def backward(self, other):
        if isinstance(self, SymbolicTensor):
            return function(_other(self, other, f"{node}/x"), self, name=node)
        return function(_other(self, other), self)

    # The core calls these where it has no shorter way.
    if not _floe.set_operator(name, forward, backward):
        setattr(Tensor, f"__{name}__", forward)
        setattr(Tensor, reflected, backward)


def _logical(bool_op, int_op):
    on_bool, on_int = _op(bool_op, True), _op(int_op, True)

    def function(x, y, name=None):
        return on_bool(x, y, name=name) if x.dtype == dtypes.bool else on_int(x, y, name=name)

    return function


def _truediv(x, y, name=None):
    if x.dtype.base_dtype != y.dtype.base_dtype:
        raise TypeError(f"`x` and `y` must have the same dtype, got {x.dtype.name!r} != {y.dtype.name!r}.")
    if x.dtype in _QUOTIENT_TYPE:
        to = _QUOTIENT_TYPE[x.dtype]
        if to is None:
            raise TypeError(f"Invalid dtype {x.dtype.name!r} in __truediv__.")
        x, y = raw_ops.Cast(x=x, DstT=to), raw_ops.Cast(x=y, DstT=to)
    return _REAL_DIV(x, y, name=name)


def _div(x, y, name=None):
    return _truediv(x, y, name) if x.dtype.is_floating or x.dtype.is_complex else _FLOOR_DIV(x, y, name=name)


def _add(x, y, name=None):
    return raw_ops.Add(x=x, y=y, name=name) if x.dtype == dtypes.string else _ADD(x, y, name=name)


def _matmul(x, y, name=None):
    from .linalg_product import matmul

    return matmul(x, y, name=name)


def _comparison(op, name):
    function = _op(op, True)

    def compare(self, other):
        if _defers(self, other, name):
            return NotImplemented
        return function(self, _other(self, other))

    setattr(Tensor, name, compare)


_tensor_equality = [True]


def _equality(op, name, unequal):
    function = _op(op)

    def compare(self, other):
        if other is None:
            return unequal
        if not _tensor_equality[0] or (isinstance(self, SymbolicTensor) and not self.graph.building_function):
            return (self is other) is not unequal
        if _defers(self, other, name):
            return NotImplemented
        try:
            return function(x=self, y=_other(self, other), incompatible_shape_error=False)
        except (TypeError, ValueError):
            if isinstance(other, (str, bytes)) or self.dtype != dtypes.string and _no_tensor(other):
                return unequal
            raise

    setattr(Tensor, name, compare)


def _no_tensor(value):
    try:
        convert_to_tensor(value)
    except (TypeError, ValueError):
        return True
    return False


for _function, _name in (
    (_add, "add"),
    (_SUB, "sub"),
    (_MUL, "mul"),
    (_truediv, "truediv"),
    (_div, "div"),
    (_FLOOR_DIV, "floordiv"),
    (_FLOOR_MOD, "mod"),
    (_POW, "pow"),
    (_matmul, "matmul"),
    (_logical("LogicalAnd", "BitwiseAnd"), "and"),
    (_logical("LogicalOr", "BitwiseOr"), "or"),
):
    _binary(_function, _name)


def _xor(x, y, name=None):
    if x.dtype != dtypes.bool:
        return raw_ops.BitwiseXor(x=x, y=y, name=name)
    return raw_ops.LogicalAnd(
        x=raw_ops.LogicalOr(x=x, y=y), y=raw_ops.LogicalNot(x=raw_ops.LogicalAnd(x=x, y=y))
    )


_binary(_xor, "xor")
for _operator, _name in (
    ("Less", "__lt__"),
    ("LessEqual", "__le__"),
    ("Greater", "__gt__"),
    ("GreaterEqual", "__ge__"),
):
    _comparison(_operator, _name)
_equality("Equal", "__eq__", False)
_equality("NotEqual", "__ne__", True)


def _abs(x):
    return raw_ops.ComplexAbs(x=x, Tout=x.dtype.real_dtype) if x.dtype.is_complex else raw_ops.Abs(x=x)


Tensor.__neg__ = lambda self: raw_ops.Neg(x=self)
Tensor.__pos__ = lambda self: self
Tensor.__abs__ = _abs
Tensor.__invert__ = lambda self: (
    raw_ops.LogicalNot(x=self) if self.dtype == dtypes.bool else raw_ops.Invert(x=self)
)
Tensor.__hash__ = lambda self: _hash(self)


def _hash(t):
    if _tensor_equality[0] and (isinstance(t, EagerTensor) or t.graph.building_function):
        raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")
    return id(t)


@export("compat.v1.enable_tensor_equality")
def enable_tensor_equality():
    """== compares values from now on, as in TensorFlow 2."""
    _tensor_equality[0] = True


@export("compat.v1.disable_tensor_equality")
def disable_tensor_equality():
    """== compares identity from now on, as in TensorFlow 1."""
    _tensor_equality[0] = False


_INDEX_ERROR = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are valid "
    "indices"
)


def _check_index(i):
    if isinstance(i, (Tensor,)) or hasattr(i, "__tf_tensor__"):
        if i.dtype in (dtypes.int16, dtypes.int32, dtypes.int64) and i.shape.ndims in (0, None):
            return
        raise TypeError(f"{_INDEX_ERROR}, got {i!r}")
    if (
        isinstance(i, (bool, np.bool_))
        or not isinstance(i, (int, np.integer, Dimension))
        and not hasattr(i, "__index__")
    ):
        raise TypeError(f"{_INDEX_ERROR}, got {i!r}")
    if isinstance(i, np.ndarray) and i.ndim:
        raise TypeError(f"{_INDEX_ERROR}, got {i!r}")


def _vector(values):
    if all(isinstance(v, int) for v in values):
        small = all(-(2**31) <= v < 2**31 for v in values)
        return np.array(values, np.int32 if small else np.int64)
    wide = any(isinstance(v, Tensor) and v.dtype == dtypes.int64 for v in values)
    to = dtypes.int64 if wide else dtypes.int32
    items = [
        raw_ops.Cast(x=v, DstT=to) if isinstance(v, Tensor) and v.dtype != to else convert_to_tensor(v, to)
        for v in values
    ]
    return raw_ops.Pack(values=items, axis=0)


def _plain(i):
    if isinstance(i, Tensor):
        return i
    if hasattr(i, "__tf_tensor__"):
        return convert_to_tensor(i)
    return int(i)


def _unknown(part):
    return isinstance(part, Dimension) and part.value is None


def slice_arguments(key):
    """begin, end, strides and the masks of StridedSlice for what stands between square brackets."""
    if not isinstance(key, (list, tuple)):
        key = (key,)
    begin, end, strides = [], [], []
    masks = {"begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0}
    for k, s in enumerate(key):
        bit = 1 << k
        if isinstance(s, slice):
            # A dimension of unknown size leaves its place open.
            s = slice(*(None if _unknown(part) else part for part in (s.start, s.stop, s.step)))
            for part in (s.start, s.stop, s.step):
                if part is not None:
                    _check_index(part)
            begin.append(0 if s.start is None else _plain(s.start))
            end.append(0 if s.stop is None else _plain(s.stop))
            strides.append(1 if s.step is None else _plain(s.step))
            if s.start is None:
                masks["begin_mask"] |= bit
            if s.stop is None:
                masks["end_mask"] |= bit
            continue
        if s is Ellipsis:
            masks["ellipsis_mask"] |= bit
        elif s is None:
            masks["new_axis_mask"] |= bit
        else:
            _check_index(s)
            i = _plain(s)
            begin.append(i)
            # After -1 comes the end, which no number names.
            end.append(i + 1)
            strides.append(1)
            masks["shrink_axis_mask"] |= bit
            continue
        begin.append(0)
        end.append(0)
        strides.append(1)
    parts = [_vector(x) for x in (begin, end, strides)]
    if len({p.dtype if isinstance(p, Tensor) else dtypes.as_dtype(p.dtype) for p in parts}) > 1:
        parts = [raw_ops.Cast(x=p, DstT=dtypes.int64) for p in parts]
    return parts, masks


def _getitem(self, key):
    if isinstance(key, (Tensor, np.ndarray)) and dtypes.as_dtype(key.dtype) == dtypes.bool and key.ndim:
        from .array_index import boolean_mask

        return boolean_mask(self, key)
    (begin, end, strides), masks = slice_arguments(key)
    return raw_ops.StridedSlice(input=self, begin=begin, end=end, strides=strides, **masks)


Tensor.__getitem__ = _getitem
newaxis = export("newaxis")(None)
