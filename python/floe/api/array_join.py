"""Joining, cutting, repeating and padding tensors."""

import builtins

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..graph import executing_eagerly
from ..tensor import convert_to_tensor
from .array_shape import sequence_mask
from .support import either, is_typed, scoped, typed, value_of, vector


def _tensors(values):
    """A list's elements as tensors of the type that the first typed one has."""
    return typed(*values)


@export("concat")
def concat(values, axis, name="concat"):
    """The tensors one after the other along an axis."""
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    if len(values) == 1:
        axis = convert_to_tensor(axis)
        if axis.ndim not in (None, 0):
            raise ValueError(f"Shape {axis.shape} must be a scalar, not the axis of one tensor.")
        return raw_ops.Identity(input=values[0], name=name)
    return raw_ops.ConcatV2(values=_tensors(values), axis=axis, name=name)


@export("stack")
def stack(values, axis=0, name="stack"):
    """Tensors of one shape along a new axis."""
    if not isinstance(values, (list, tuple)):
        if is_typed(values):
            n = values.shape[0] if values.ndim else None
            if n is None:
                raise TypeError("Cannot iterate over a tensor with unknown first dimension.")
            values = raw_ops.Unpack(value=values, num=n)
        else:
            values = list(values)
    if not len(values) and axis == 0:
        return convert_to_tensor(values, name=name)
    values = _tensors(values)
    if values and values[0].ndim is not None:
        n = values[0].ndim + 1
        if axis < -n or axis >= n:
            raise ValueError(f"Argument `axis` = {axis} not in range [{-n}, {n})")
    return raw_ops.Pack(values=values, axis=axis, name=name)


@export("parallel_stack")
def parallel_stack(values, name="parallel_stack"):
    """Tensors of one shape along a new first axis; only in graphs."""
    if executing_eagerly():
        raise RuntimeError("tf.parallel_stack() is not compatible with eager execution.")
    return raw_ops.Pack(values=_tensors(values), axis=0, name=name)


@export("unstack")
def unstack(value, num=None, axis=0, name="unstack"):
    """The slices along an axis, as a list."""
    value = convert_to_tensor(value)
    if num is None:
        n = value.ndim
        if n is not None:
            if axis < -n or axis >= n:
                raise ValueError(f"Argument `axis` = {axis} not in range [{-n}, {n})")
            num = value.shape[axis]
        if num is None:
            raise ValueError(f"Cannot infer argument `num` from shape {value.shape}")
    return raw_ops.Unpack(value=value, num=num, axis=axis, name=name)


@export("split")
def split(value, num_or_size_splits, axis=0, num=None, name="split"):
    """Parts along an axis: a number of equal ones, or parts of given lengths (one may be -1)."""
    if isinstance(num_or_size_splits, (builtins.int, np.integer)):
        return raw_ops.Split(axis=axis, value=value, num_split=builtins.int(num_or_size_splits), name=name)
    if hasattr(num_or_size_splits, "value") and isinstance(num_or_size_splits.value, builtins.int):
        return raw_ops.Split(axis=axis, value=value, num_split=num_or_size_splits.value, name=name)
    lengths = vector(num_or_size_splits)
    if lengths.ndim == 0:
        raise ValueError("Rank-0 tensors are not supported as the num_or_size_splits argument to split. "
                         f"Argument provided: {num_or_size_splits}")  # fmt: skip
    if num is None:
        num = lengths.shape[0] if lengths.ndim else None
        if num is None:
            raise ValueError(f"Cannot infer argument `num` from shape {num_or_size_splits}")
    return raw_ops.SplitV(value=value, size_splits=lengths, axis=axis, num_split=num, name=name)


@export("tile")
def tile(input, multiples, name=None):
    """The tensor repeated so many times along each dimension."""
    return raw_ops.Tile(input=input, multiples=vector(multiples), name=name)


@export("pad")
def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    """The tensor with something before and after each dimension: a value, or its own edge mirrored."""
    mode = mode.upper()
    paddings = _pairs(paddings)
    if mode == "CONSTANT":
        if not is_typed(constant_values) and np.all(constant_values == 0):
            return raw_ops.Pad(input=tensor, paddings=paddings, name=name)
        return raw_ops.PadV2(input=tensor, paddings=paddings, constant_values=constant_values, name=name)
    if mode in ("REFLECT", "SYMMETRIC"):
        return raw_ops.MirrorPad(input=tensor, paddings=paddings, mode=mode, name=name)
    raise ValueError(
        f"Value of argument `mode` expected to be one of CONSTANT, REFLECT, or SYMMETRIC. Received `mode` = {mode}"
    )


def _pairs(paddings):
    if isinstance(paddings, (list, tuple)) and any(isinstance(p, (list, tuple)) for p in paddings):
        if value_of(paddings) is None:
            return raw_ops.Pack(values=typed(*(vector(p) for p in paddings)), axis=0)
    return paddings


@export("compat.v1.pad")
def v1_pad(tensor, paddings, mode="CONSTANT", name=None, constant_values=0):
    """The tensor with something before and after each dimension: a value, or its own edge mirrored."""
    return pad(tensor, paddings, mode, constant_values, name)


@export("meshgrid")
def meshgrid(*args, **kwargs):
    """For N vectors N tensors of rank N: the coordinates of a grid. `indexing` "xy" swaps the first two axes."""
    indexing = kwargs.pop("indexing", "xy")
    kwargs.pop("name", None)
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` parameter must be either 'xy' or 'ij', got '{indexing}'")
    if not args:
        return []
    n = len(args)
    vectors = [convert_to_tensor(x) for x in args]
    place = list(builtins.range(n))
    if indexing == "xy" and n > 1:
        place[:2] = 1, 0
    lengths = [
        raw_ops.Size(input=x) if x.shape.num_elements() is None else x.shape.num_elements() for x in vectors
    ]
    whole = [None] * n
    for i, at in enumerate(place):
        whole[at] = lengths[i]
    whole = vector(whole)
    grid = []
    for x, at in zip(vectors, place):
        line = [1] * n
        line[at] = -1
        grid.append(raw_ops.BroadcastTo(input=raw_ops.Reshape(tensor=x, shape=line), shape=whole))
    return grid


@export("repeat")
@scoped("Repeat")
def repeat(input, repeats, axis=None, name=None):
    """Each element (or slice along an axis) repeated; without an axis the tensor is flattened."""
    input = convert_to_tensor(input)
    if axis is None:
        input, axis = raw_ops.Reshape(tensor=input, shape=[-1]), 0
    repeats = convert_to_tensor(repeats, None if is_typed(repeats) else dtypes.int32)
    if repeats.dtype not in (dtypes.int32, dtypes.int64):
        repeats = raw_ops.Cast(x=repeats, DstT=dtypes.int32)
    rank = input.ndim
    if rank is not None:
        if not -rank <= axis < rank:
            raise ValueError(f"axis={axis} is not in [{-rank}, {rank})")
        axis %= rank
    n = input.shape[axis] if rank is not None and input.shape[axis] is not None else None
    n = raw_ops.GatherV2(params=raw_ops.Shape(input=input), indices=axis, axis=0) if n is None else n
    if repeats.ndim == 0:
        repeats = raw_ops.Reshape(tensor=repeats, shape=[1])
    elif repeats.ndim == 1 and isinstance(n, int) and repeats.shape[0] not in (None, 1, n):
        raise ValueError(
            f"Dimensions {n} and {repeats.shape[0]} are not compatible: `repeats` is for axis {axis}."
        )
    repeats = raw_ops.BroadcastTo(input=repeats, shape=vector([n]))
    mask = sequence_mask(repeats)
    rows = raw_ops.ExpandDims(input=raw_ops.Range(start=0, limit=n, delta=1), axis=1)
    rows = raw_ops.BroadcastTo(input=rows, shape=raw_ops.Shape(input=mask))
    picked = raw_ops.GatherV2(
        params=raw_ops.Reshape(tensor=rows, shape=[-1]),
        indices=raw_ops.Reshape(
            tensor=raw_ops.Where(condition=raw_ops.Reshape(tensor=mask, shape=[-1])), shape=[-1]
        ),
        axis=0,
    )
    return raw_ops.GatherV2(params=input, indices=picked, axis=axis, name=name)


@export("reverse", "compat.v1.reverse_v2")
def reverse(tensor, axis, name=None):
    """The order turned round along the axes of a list."""
    return raw_ops.ReverseV2(tensor=tensor, axis=axis, name=name)


@export("reverse_sequence")
def reverse_sequence(input, seq_lengths, seq_axis=None, batch_axis=None, name=None):
    """The first seq_lengths[i] elements of row i turned round."""
    return raw_ops.ReverseSequence(
        input=input, seq_lengths=seq_lengths, seq_dim=seq_axis, batch_dim=batch_axis or 0, name=name
    )


@export("compat.v1.reverse_sequence")
def v1_reverse_sequence(
    input, seq_lengths, seq_axis=None, batch_axis=None, name=None, seq_dim=None, batch_dim=None
):
    """The first seq_lengths[i] elements of row i turned round."""
    seq_axis = either("seq_axis", seq_axis, "seq_dim", seq_dim)
    return reverse_sequence(
        input, seq_lengths, seq_axis, either("batch_axis", batch_axis, "batch_dim", batch_dim), name
    )


@export("roll")
def roll(input, shift, axis, name=None):
    """The elements moved along the axes; what leaves at one end comes in at the other."""
    return raw_ops.Roll(input=input, shift=shift, axis=axis, name=name)


@export("dynamic_partition")
def dynamic_partition(data, partitions, num_partitions, name=None):
    """The slices of data in `num_partitions` tensors, by their number in `partitions`."""
    return raw_ops.DynamicPartition(
        data=data, partitions=partitions, num_partitions=num_partitions, name=name
    )


@export("dynamic_stitch")
def dynamic_stitch(indices, data, name=None):
    """One tensor of the slices of several, each at its index; of several at one index the last counts."""
    return raw_ops.DynamicStitch(indices=list(indices), data=list(data), name=name)


@export("fingerprint")
def fingerprint(data, method="farmhash64", name=None):
    """A hash of 8 bytes for each row of data."""
    return raw_ops.Fingerprint(data=data, method=method, name=name)
