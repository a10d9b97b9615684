"""Values that stand for variables which get theirs later."""

from ... import nest, raw_ops
from ...tensor import convert_to_tensor
from ...tensor_shape import TensorShape, as_shape
from . import values


def stand_in(value, invariant):
    """Zeros of the kind of a nest, and the shape invariant that they need."""
    if nest.is_nested(value):
        pairs = [stand_in(v, None) for v in nest.flatten(value)]
        shapes = [s for _, s in pairs]
        filled = nest.pack_sequence_as(value, [v for v, _ in pairs])
        if all(s is None for s in shapes):
            return filled, None
        shapes = [s if s is not None else values.plain_as_tensor(v).shape for v, s in pairs]
        return filled, nest.pack_sequence_as(value, shapes) if not isinstance(value, dict) else shapes
    if isinstance(value, (bool, int, float)):
        return type(value)(0), None
    if not values.is_tensor(value):
        raise TypeError(
            f"Found an unsupported type '{type(value).__name__}' while creating placeholder for {value}. Supported types "
            "include Tensor, int, float, bool, list, tuple or dict."
        )
    shape = value.shape if invariant is None else as_shape(invariant)
    dtype = value.dtype
    if shape.ndims is None or value.shape.ndims is None:
        return zeros([], dtype), TensorShape(None)
    known = [s if s is not None else i or 0 for s, i in zip(value.shape.as_list(), shape.as_list())]
    return zeros(known, dtype), None if value.shape.is_fully_defined() else shape


def zeros(shape, dtype):
    if dtype.name == "string":
        return raw_ops.Fill(dims=shape or convert_to_tensor([], "int32"), value="")
    zero = raw_ops.Cast(x=0, DstT=dtype)
    return raw_ops.Fill(dims=shape, value=zero) if shape else zero
