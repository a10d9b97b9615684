"""tf.nn: moving space to batch and to depth."""

import numpy as np

from .. import raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument


@export("nn.space_to_batch", "space_to_batch")
def space_to_batch(input, block_shape, paddings, name=None):
    """Pads, then moves blocks of the spatial dimensions into the batch dimension."""
    return raw_ops.SpaceToBatchND(input=input, block_shape=block_shape, paddings=paddings, name=name)


@export("compat.v1.nn.space_to_batch", "compat.v1.space_to_batch")
def space_to_batch_v1(input, paddings, block_size=None, name=None, block_shape=None):
    """Pads, then moves blocks of the height and width into the batch dimension."""
    block = deprecated_argument("block_shape", block_shape, "block_size", block_size)
    block = [block, block] if isinstance(block, (int, np.integer)) else block
    return raw_ops.SpaceToBatchND(input=input, block_shape=block, paddings=paddings, name=name)


@export("space_to_batch_nd")
def space_to_batch_nd(input, block_shape, paddings, name=None):
    """Pads, then moves blocks of the spatial dimensions into the batch dimension."""
    return raw_ops.SpaceToBatchND(input=input, block_shape=block_shape, paddings=paddings, name=name)


@export("batch_to_space")
def batch_to_space(input, block_shape, crops, name=None):
    """The inverse of space_to_batch; then crops."""
    if isinstance(block_shape, (int, np.integer)):
        block_shape = [block_shape, block_shape]
    return raw_ops.BatchToSpaceND(input=input, block_shape=block_shape, crops=crops, name=name)


@export("compat.v1.batch_to_space")
def batch_to_space_v1(input, crops, block_size, name=None, block_shape=None):
    """The inverse of space_to_batch; then crops."""
    block = deprecated_argument("block_shape", block_shape, "block_size", block_size)
    return batch_to_space(input, block, crops, name)


@export("compat.v1.batch_to_space_nd")
def batch_to_space_nd(input, block_shape, crops, name=None):
    """The inverse of space_to_batch_nd; then crops."""
    return raw_ops.BatchToSpaceND(input=input, block_shape=block_shape, crops=crops, name=name)


@export("nn.space_to_depth")
def space_to_depth(input, block_size, data_format="NHWC", name=None):
    """Moves blocks of block_size x block_size pixels into the channels."""
    return raw_ops.SpaceToDepth(input=input, block_size=block_size, data_format=data_format, name=name)


@export("compat.v1.nn.space_to_depth", "compat.v1.space_to_depth")
def space_to_depth_v1(input, block_size, name=None, data_format="NHWC"):
    """Moves blocks of block_size x block_size pixels into the channels."""
    return space_to_depth(input, block_size, data_format, name)


@export("nn.depth_to_space")
def depth_to_space(input, block_size, data_format="NHWC", name=None):
    """Moves channels into blocks of block_size x block_size pixels."""
    return raw_ops.DepthToSpace(input=input, block_size=block_size, data_format=data_format, name=name)


@export("compat.v1.nn.depth_to_space", "compat.v1.depth_to_space")
def depth_to_space_v1(input, block_size, name=None, data_format="NHWC"):
    """Moves channels into blocks of block_size x block_size pixels."""
    return depth_to_space(input, block_size, data_format, name)


def _base_paddings(padding, filter_shape, rates):
    if padding == "SAME":
        if filter_shape is None:
            raise ValueError("`filter_shape` must be specified for padding='SAME'.")
        extra = (np.asarray(filter_shape)[: len(rates)] - 1) * rates
        return np.stack([extra // 2, extra - extra // 2], 1)
    if padding == "VALID":
        return np.zeros((len(rates), 2), np.int32)
    raise ValueError(f"`padding` must be one of 'SAME' or 'VALID'. Received: padding={padding}")


@export("nn.with_space_to_batch")
def with_space_to_batch(
    input, dilation_rate, padding, op, filter_shape=None, spatial_dims=None, data_format=None
):
    """Calls op(x, number of spatial dimensions, padding) with blocks of dilation_rate moved into the batch, as a convolution with holes."""
    x = c.tensor(input)
    rates = np.asarray(c.static_value(dilation_rate), np.int32)
    if rates.ndim != 1 or not rates.size:
        raise ValueError(f"`rate` must be a 1-D tensor of at least one element. Received: {dilation_rate}")
    if (rates < 1).any():
        raise ValueError(f"`dilation_rate` must be positive. Received: dilation_rate={rates}")
    n = len(rates)
    first = data_format is not None and data_format.startswith("NC")
    if spatial_dims is None:
        spatial_dims = range(2, n + 2) if first else range(1, n + 1)
    spatial = sorted(spatial_dims)
    if (rates == 1).all():
        return op(x, n, padding)
    stop = spatial[-1] + 1
    block = np.ones(stop - 1, np.int32)
    base = np.zeros((stop - 1, 2), np.int32)
    for axis, rate, amount in zip(spatial, rates, _base_paddings(padding, filter_shape, rates)):
        block[axis - 1], base[axis - 1] = rate, amount
    sizes = c.dims(x)
    paddings, crops = [], []
    for i in range(stop - 1):
        full = (
            c.add(sizes[i + 1], int(base[i].sum()))
            if not isinstance(sizes[i + 1], int)
            else sizes[i + 1] + base[i].sum()
        )
        rate = int(block[i])
        more = (
            (-full) % rate
            if not hasattr(full, "dtype") or isinstance(full, np.integer)
            else c.mod(c.neg(full), rate)
        )
        right = (
            int(base[i][1] + more) if isinstance(more, (int, np.integer)) else c.add(more, int(base[i][1]))
        )
        paddings.append([int(base[i][0]), right])
        crops.append([0, int(more) if isinstance(more, (int, np.integer)) else more])
    moved = raw_ops.SpaceToBatchND(input=x, block_shape=block, paddings=_pairs(paddings))
    return raw_ops.BatchToSpaceND(input=op(moved, n, "VALID"), block_shape=block, crops=_pairs(crops))


def _pairs(pairs):
    return c.stack([c.tensor(c.as_shape_input(p)) for p in pairs])
