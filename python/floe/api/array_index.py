"""Picking, searching and writing elements."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .support import is_typed, scoped, sizes, typed, value_of, vector


@export("gather")
def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    """The slices of params at the indices along an axis (the one after the batch dimensions by default)."""
    if axis is None:
        axis = batch_dims
    if hasattr(params, "sparse_read") and batch_dims == 0 and value_of(axis) == 0:
        return params.sparse_read(indices, name=name)
    return raw_ops.GatherV2(params=params, indices=indices, axis=axis, batch_dims=batch_dims, name=name)


@export("compat.v1.gather")
def v1_gather(params, indices, validate_indices=None, name=None, axis=None, batch_dims=0):
    """The slices of params at the indices along an axis."""
    return gather(params, indices, validate_indices, axis, batch_dims, name)


@export("compat.v1.batch_gather")
@scoped("BatchGather")
def batch_gather(params, indices, name=None):
    """The slices of params at the indices, where all dimensions of indices but the last are batches."""
    indices = convert_to_tensor(indices)
    n = indices.ndim
    if n is None:
        raise ValueError("batch_gather does not allow indices with unknown shape.")
    return gather(params, indices, batch_dims=n - 1, axis=n - 1, name=name)


@export("gather_nd")
def gather_nd(params, indices, batch_dims=0, name=None, bad_indices_policy=""):
    """The elements or slices of params whose coordinates are the rows of indices."""
    batch = value_of(batch_dims)
    if batch is None or batch != 0:
        return _batch_gather_nd(params, indices, batch, name)
    if hasattr(params, "gather_nd"):
        return params.gather_nd(indices, name=name)
    if bad_indices_policy:
        return raw_ops.GatherNd(
            params=params, indices=indices, bad_indices_policy=bad_indices_policy, name=name
        )
    return raw_ops.GatherNd(params=params, indices=indices, name=name)


@scoped("BatchGatherND")
def _batch_gather_nd(params, indices, batch, name):
    if not isinstance(batch, np.ndarray) or batch.ndim or batch.dtype.kind not in "iu":
        raise TypeError(f"Argument `batch_dims` must be an int; got {batch}")
    batch = int(batch)
    params, indices = convert_to_tensor(params), convert_to_tensor(indices)
    n = indices.ndim
    if n is None:
        raise ValueError("tf.gather_nd does not allow indices with unknown rank.")
    if batch < 0:
        batch += n
    if batch < 0 or batch >= n:
        raise ValueError(f"Argument `batch_dims` = {batch} must be less than rank(`indices`) = {n}")
    if params.ndim is not None and batch >= params.ndim:
        raise ValueError(f"Argument `batch_dims` = {batch} must be less than rank(`params`) = {params.ndim}")
    lengths = sizes(indices)[:-1]
    shape = vector([*lengths, 1])
    parts = [indices]
    for i in range(batch):
        counted = raw_ops.Cast(x=raw_ops.Range(start=0, limit=lengths[i], delta=1), DstT=indices.dtype)
        line = [1] * n
        line[i] = -1
        parts.insert(i, raw_ops.BroadcastTo(input=raw_ops.Reshape(tensor=counted, shape=line), shape=shape))
    full = raw_ops.ConcatV2(values=parts, axis=-1)
    return raw_ops.GatherNd(params=params, indices=full, name=name)


@export("compat.v1.gather_nd")
def v1_gather_nd(params, indices, name=None, batch_dims=0, bad_indices_policy=""):
    """The elements or slices of params whose coordinates are the rows of indices."""
    return gather_nd(params, indices, batch_dims, name, bad_indices_policy)


def _item(x, i):
    return raw_ops.StridedSlice(
        input=x, begin=[i], end=[i + 1], strides=[1], shrink_axis_mask=1, end_mask=int(i == -1)
    )


def _span(x, begin, end):
    return raw_ops.StridedSlice(
        input=x, begin=[begin], end=[0 if end is None else end], strides=[1], end_mask=int(end is None)
    )


def _policy(op, bad_indices_policy, **arguments):
    if bad_indices_policy:
        arguments["bad_indices_policy"] = bad_indices_policy
    return getattr(raw_ops, op)(**arguments)


@export("scatter_nd")
def scatter_nd(indices, updates, shape, bad_indices_policy="", name=None):
    """Zeros of a shape to which the updates are added at the coordinates in the rows of indices."""
    indices = convert_to_tensor(indices)
    shape = vector(shape)
    if shape.dtype != indices.dtype:
        shape = raw_ops.Cast(x=shape, DstT=indices.dtype)
    return _policy("ScatterNd", bad_indices_policy, indices=indices, updates=updates, shape=shape, name=name)


def _tensor_scatter(op, what):
    def call(tensor, indices, updates, bad_indices_policy="", name=None):
        return _policy(op, bad_indices_policy, tensor=tensor, indices=indices, updates=updates, name=name)

    call.__name__ = call.__qualname__ = raw_ops._snake(op)
    call.__doc__ = f"A copy of tensor in which the updates {what} at the coordinates in the rows of indices."
    return call


tensor_scatter_nd_add = export("tensor_scatter_nd_add", "compat.v1.tensor_scatter_add")(
    _tensor_scatter("TensorScatterAdd", "are added")
)
tensor_scatter_nd_sub = export("tensor_scatter_nd_sub", "compat.v1.tensor_scatter_sub")(
    _tensor_scatter("TensorScatterSub", "are subtracted")
)
tensor_scatter_nd_max = export("tensor_scatter_nd_max")(_tensor_scatter("TensorScatterMax", "win if greater"))
tensor_scatter_nd_min = export("tensor_scatter_nd_min")(_tensor_scatter("TensorScatterMin", "win if smaller"))


@export("tensor_scatter_nd_update", "compat.v1.tensor_scatter_update")
def tensor_scatter_nd_update(tensor, indices, updates, name=None):
    """A copy of tensor with the updates at the coordinates in the rows of indices."""
    return raw_ops.TensorScatterUpdate(tensor=tensor, indices=indices, updates=updates, name=name)


@export("boolean_mask")
@scoped("boolean_mask")
def boolean_mask(tensor, mask, axis=None, name="boolean_mask"):
    """The slices of tensor (from `axis` on) where mask is true."""
    tensor = convert_to_tensor(tensor)
    mask = convert_to_tensor(mask, None if is_typed(mask) else dtypes.bool)
    n = mask.ndim
    if n is None:
        raise ValueError("Number of mask dimensions must be specified, even if some dimensions are None.  "
                         "E.g. shape=[None] is ok, but shape=None is not.")  # fmt: skip
    if n == 0:
        raise ValueError("mask cannot be scalar.")
    axis = 0 if axis is None else axis
    known = value_of(axis)
    if known is None:
        return _masked_at(tensor, mask, axis, name)
    axis = int(known)
    if axis < 0:
        axis += tensor.ndim
    if tensor.ndim is not None:
        part = tensor.shape[axis : axis + n]
        if not part.is_compatible_with(mask.shape):
            raise ValueError(f"Shapes {part} and {mask.shape} are incompatible")
    where = raw_ops.Shape(input=tensor)
    leading = raw_ops.Prod(input=_span(where, axis, axis + n), axis=[0])
    flat = raw_ops.ConcatV2(
        values=[
            _span(where, 0, axis),
            raw_ops.Reshape(tensor=leading, shape=[1]),
            _span(where, axis + n, None),
        ],
        axis=0,
    )
    if tensor.ndim is not None:
        static = tensor.shape.as_list()
        inner = static[axis : axis + n]
        length = None if None in inner else int(np.prod(inner))
        static[axis : axis + n] = [length]
        if static.count(None) <= 1:
            flat = [-1 if d is None else d for d in static]
    flat = raw_ops.Reshape(tensor=tensor, shape=flat)
    picked = raw_ops.Where(condition=raw_ops.Reshape(tensor=mask, shape=[-1]))
    picked = raw_ops.Squeeze(input=picked, axis=[1])
    return raw_ops.GatherV2(params=flat, indices=picked, axis=axis, name=name)


def _masked_at(tensor, mask, axis, name):
    """boolean_mask along an axis that is known only when the graph runs; the mask is a vector."""
    if mask.ndim != 1:
        raise ValueError("An axis that is not known yet needs a mask of one dimension.")
    picked = raw_ops.Squeeze(input=raw_ops.Where(condition=mask), axis=[1])
    return raw_ops.GatherV2(params=tensor, indices=picked, axis=axis, name=name)


@export("compat.v1.boolean_mask")
def v1_boolean_mask(tensor, mask, name="boolean_mask", axis=None):
    """The slices of tensor (from `axis` on) where mask is true."""
    return boolean_mask(tensor, mask, axis, name)


@export("slice")
def slice(input_, begin, size, name=None):
    """The part that begins at `begin` and has the shape `size` (-1: to the end)."""
    begin, size = typed(vector(begin), vector(size))
    if begin.dtype != size.dtype:
        begin, size = (raw_ops.Cast(x=v, DstT=dtypes.int64) for v in (begin, size))
    return raw_ops.Slice(input=input_, begin=begin, size=size, name=name)


@export("strided_slice")
def strided_slice(
    input_,
    begin,
    end,
    strides=None,
    begin_mask=0,
    end_mask=0,
    ellipsis_mask=0,
    new_axis_mask=0,
    shrink_axis_mask=0,
    var=None,
    name=None,
):
    """The part from begin to end in steps; the masks say what NumPy's notation would leave out."""
    begin, end = vector(begin), vector(end)
    strides = raw_ops.OnesLike(x=begin) if strides is None else vector(strides)
    if strides.dtype != begin.dtype:
        begin, end, strides = (raw_ops.Cast(x=v, DstT=dtypes.int64) for v in (begin, end, strides))
    return raw_ops.StridedSlice(
        input=input_,
        begin=begin,
        end=end,
        strides=strides,
        begin_mask=begin_mask,
        end_mask=end_mask,
        ellipsis_mask=ellipsis_mask,
        new_axis_mask=new_axis_mask,
        shrink_axis_mask=shrink_axis_mask,
        name=name,
    )


@export("where", "compat.v1.where_v2")
def where(condition, x=None, y=None, name=None):
    """x where the condition holds and y elsewhere; with the condition alone the coordinates where it holds."""
    if (x is None) != (y is None):
        raise ValueError("x and y must both be non-None or both be None.")
    if x is None:
        condition = convert_to_tensor(condition)
        return raw_ops.Where(condition=condition, name=name)
    condition = convert_to_tensor(condition, None if is_typed(condition) else dtypes.bool)
    return raw_ops.SelectV2(condition=condition, t=x, e=y, name=name)


@export("compat.v1.where")
def v1_where(condition, x=None, y=None, name=None):
    """x where the condition holds and y elsewhere, without broadcasting but of a vector condition."""
    if (x is None) != (y is None):
        raise ValueError("x and y must both be non-None or both be None.")
    if x is None:
        return raw_ops.Where(condition=convert_to_tensor(condition), name=name)
    condition = convert_to_tensor(condition, None if is_typed(condition) else dtypes.bool)
    return raw_ops.Select(condition=condition, x=x, y=y, name=name)


@export("unique")
def unique(x, out_idx=dtypes.int32, name=None):
    """The different elements of a vector in order (y), and where each element went (idx)."""
    return raw_ops.Unique(x=x, out_idx=dtypes.as_dtype(out_idx), name=name)


@export("unique_with_counts")
def unique_with_counts(x, out_idx=dtypes.int32, name=None):
    """The different elements of a vector in order, where each element went, and how often each occurs."""
    return raw_ops.UniqueWithCounts(x=x, out_idx=dtypes.as_dtype(out_idx), name=name)


@export("compat.v1.setdiff1d")
def setdiff1d(x, y, index_dtype=dtypes.int32, name=None):
    """The elements of x that are not in y (out) and their places in x (idx)."""
    return raw_ops.ListDiff(x=x, y=y, out_idx=dtypes.as_dtype(index_dtype), name=name)


@export("unravel_index")
def unravel_index(indices, dims, name=None):
    """The coordinates of flat indices in an array of these dimensions."""
    return raw_ops.UnravelIndex(indices=indices, dims=dims, name=name)


@export("searchsorted")
def searchsorted(sorted_sequence, values, side="left", out_type=dtypes.int32, name=None):
    """Where the values would go into the sorted rows: before their equals ("left") or after them."""
    if side not in ("left", "right"):
        raise ValueError(f"Argument `side` must be either 'right' or 'left'. Received: `side` = '{side}'.")
    rows, values = typed(sorted_sequence, values)
    wanted = raw_ops.Shape(input=values) if not values.shape.is_fully_defined() else vector(values.shape)
    rows, flat = _two_dimensional(rows), _two_dimensional(values)
    op = raw_ops.LowerBound if side == "left" else raw_ops.UpperBound
    found = op(sorted_inputs=rows, values=flat, out_type=dtypes.as_dtype(out_type))
    return raw_ops.Reshape(tensor=found, shape=wanted, name=name)


def _two_dimensional(x):
    if x.ndim and x.shape[-1] is not None:
        return raw_ops.Reshape(tensor=x, shape=[-1, x.shape[-1]])
    return raw_ops.Reshape(tensor=x, shape=vector([-1, _item(raw_ops.Shape(input=x), -1)]))


@export("edit_distance")
def edit_distance(hypothesis, truth, normalize=True, name="edit_distance"):
    """The Levenshtein distance between the sequences of two SparseTensors, by the length of truth if normalized."""
    for value, word in ((hypothesis, "Hypothesis"), (truth, "Truth")):
        if not hasattr(value, "dense_shape"):
            raise TypeError(f"{word} must be a SparseTensor.")
    return raw_ops.EditDistance(
        hypothesis_indices=hypothesis.indices,
        hypothesis_values=hypothesis.values,
        hypothesis_shape=hypothesis.dense_shape,
        truth_indices=truth.indices,
        truth_values=truth.values,
        truth_shape=truth.dense_shape,
        normalize=normalize,
        name=name,
    )
