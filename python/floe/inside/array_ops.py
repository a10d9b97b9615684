"""tensorflow.python.ops.array_ops: what it adds to the public names."""

from .. import raw_ops
from ..tensor import constant  # noqa: F401
from . import public


def shape_internal(input, name=None, optimize=True, out_type=None):
    """tf.shape."""
    return public("shape")(input, out_type or public("int32"), name)


def size_internal(input, name=None, optimize=True, out_type=None):
    """tf.size."""
    return public("size")(input, out_type or public("int32"), name)


def rank_internal(input, name=None, optimize=True):
    """tf.rank."""
    return public("rank")(input, name)


def batch_to_space_nd(input, block_shape, crops, name=None):
    """tf.batch_to_space for any number of spatial dimensions."""
    return raw_ops.BatchToSpaceND(input=input, block_shape=block_shape, crops=crops, name=name)


def space_to_batch_nd(input, block_shape, paddings, name=None):
    """tf.space_to_batch for any number of spatial dimensions."""
    return raw_ops.SpaceToBatchND(input=input, block_shape=block_shape, paddings=paddings, name=name)
