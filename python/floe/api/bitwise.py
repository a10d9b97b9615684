"""tf.bitwise."""

from .. import raw_ops
from ..export import export


@export("bitwise.bitwise_and")
def bitwise_and(x, y, name=None):
    """x AND y, bit by bit; integer tensors of one type, broadcast against each other."""
    return raw_ops.BitwiseAnd(x=x, y=y, name=name)


@export("bitwise.bitwise_or")
def bitwise_or(x, y, name=None):
    """x OR y, bit by bit; integer tensors of one type, broadcast against each other."""
    return raw_ops.BitwiseOr(x=x, y=y, name=name)


@export("bitwise.bitwise_xor")
def bitwise_xor(x, y, name=None):
    """x XOR y, bit by bit; integer tensors of one type, broadcast against each other."""
    return raw_ops.BitwiseXor(x=x, y=y, name=name)


@export("bitwise.invert")
def invert(x, name=None):
    """Every bit flipped."""
    return raw_ops.Invert(x=x, name=name)


@export("bitwise.left_shift")
def left_shift(x, y, name=None):
    """x shifted left by y bits."""
    return raw_ops.LeftShift(x=x, y=y, name=name)


@export("bitwise.right_shift")
def right_shift(x, y, name=None):
    """x shifted right by y bits; the sign is kept."""
    return raw_ops.RightShift(x=x, y=y, name=name)
