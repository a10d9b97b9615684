"""tf.sparse: making, changing and joining sparse tensors."""

import numpy as np

from .. import dtypes, nest, raw_ops
from ..export import export
from ..tensor import Tensor, convert_to_tensor
from ..tensor_shape import TensorShape
from .sparse_tensor import SparseTensor, agree, as_sparse, is_sparse, shape_in
from .support import value_of

_made = SparseTensor._made


def _zero(dtype):
    return convert_to_tensor("" if dtype == dtypes.string else False if dtype == dtypes.bool else 0, dtype)


@export("sparse.from_dense")
def from_dense(tensor, name=None):
    """The elements that are not 0, as a SparseTensor."""
    tensor = convert_to_tensor(tensor)
    indices = raw_ops.Where(condition=raw_ops.NotEqual(x=tensor, y=_zero(tensor.dtype)))
    values = raw_ops.GatherNd(params=tensor, indices=indices)
    shape = raw_ops.Shape(input=tensor, out_type=dtypes.int64)
    return _made(indices, values, shape, tensor.shape)


@export("sparse.to_dense", "compat.v1.sparse_tensor_to_dense")
def to_dense(sp_input, default_value=None, validate_indices=True, name=None):
    """A tensor with default_value (0) where the SparseTensor has no value."""
    sp_input = as_sparse(sp_input)
    if default_value is None:
        default_value = _zero(sp_input.dtype)
    return sparse_to_dense(
        sp_input.indices, sp_input.dense_shape, sp_input.values, default_value, validate_indices, name
    )


@export("compat.v1.sparse_to_dense")
def sparse_to_dense(
    sparse_indices, output_shape, sparse_values, default_value=0, validate_indices=True, name=None
):
    """A tensor of `output_shape` with values at some indices (a number, a vector or a matrix), default_value elsewhere."""
    values = convert_to_tensor(sparse_values)
    return raw_ops.SparseToDense(
        sparse_indices=sparse_indices,
        output_shape=output_shape,
        sparse_values=values,
        default_value=convert_to_tensor(default_value, values.dtype),
        validate_indices=validate_indices,
        name=name,
    )


@export("sparse.reorder", "compat.v1.sparse_reorder")
def reorder(sp_input, name=None):
    """The values in the order of their indices."""
    sp_input = as_sparse(sp_input)
    indices, values = raw_ops.SparseReorder(
        input_indices=sp_input.indices,
        input_values=sp_input.values,
        input_shape=sp_input.dense_shape,
        name=name,
    )
    return _made(indices, values, sp_input.dense_shape, sp_input._static)


@export("sparse.reshape", "compat.v1.sparse_reshape")
def reshape(sp_input, shape, name=None):
    """The same values in another shape; one size may be -1."""
    sp_input = as_sparse(sp_input)
    shape = raw_ops.Cast(
        x=convert_to_tensor(shape if not isinstance(shape, TensorShape) else shape.as_list()),
        DstT=dtypes.int64,
    )
    indices, sizes = raw_ops.SparseReshape(
        input_indices=sp_input.indices, input_shape=sp_input.dense_shape, new_shape=shape, name=name
    )
    return _made(indices, sp_input.values, sizes, _reshaped(sp_input.shape, value_of(shape)))


def _reshaped(old, new):
    if new is None:
        return None
    new = [int(n) for n in new]
    if -1 in new and old.is_fully_defined():
        rest = int(np.prod([n for n in new if n != -1]))
        new[new.index(-1)] = old.num_elements() // rest if rest else 0
    return TensorShape([None if n < 0 else n for n in new])


@export("sparse.transpose", "compat.v1.sparse_transpose")
def transpose(sp_input, perm=None, name=None):
    """The axes in another order: backwards, or as `perm` says."""
    sp_input = as_sparse(sp_input)
    if perm is None:
        rank = sp_input.shape.ndims
        if rank is not None:
            perm = np.arange(rank - 1, -1, -1)
        else:
            n = raw_ops.Size(input=sp_input.dense_shape)
            perm = raw_ops.Range(start=n - 1, limit=-1, delta=-1)
    perm = raw_ops.Cast(x=perm, DstT=dtypes.int32)
    known = value_of(perm)
    indices = raw_ops.GatherV2(params=sp_input.indices, indices=perm, axis=1)
    sizes = raw_ops.GatherV2(params=sp_input.dense_shape, indices=perm, axis=0)
    static = None
    if known is not None and sp_input.shape.ndims == len(known):
        static = TensorShape([sp_input.shape.as_list()[i] for i in known])
    return reorder(_made(indices, sp_input.values, sizes, static), name)


@export("sparse.concat")
def concat(axis, sp_inputs, expand_nonconcat_dims=False, name=None):
    """The SparseTensors one after the other along an axis; the other sizes are equal, or are made the largest."""
    sp_inputs = _several(sp_inputs)
    if len(sp_inputs) == 1:
        return sp_inputs[0]
    shapes = [s.dense_shape for s in sp_inputs]
    if expand_nonconcat_dims:
        largest = shapes[0]
        for s in shapes[1:]:
            largest = raw_ops.Maximum(x=largest, y=s)
        shapes = [
            raw_ops.ConcatV2(
                values=[
                    largest[:axis],
                    s[-1:] if axis == -1 else s[axis : axis + 1],
                    largest[:0] if axis == -1 else largest[axis + 1 :],
                ],
                axis=0,
            )
            for s in shapes
        ]
    parts = raw_ops.SparseConcat(
        indices=[s.indices for s in sp_inputs],
        values=[s.values for s in sp_inputs],
        shapes=shapes,
        concat_dim=axis,
        name=name,
    )
    return _made(*parts, _joined(sp_inputs, axis, expand_nonconcat_dims))


def _several(sp_inputs):
    if is_sparse(sp_inputs):
        sp_inputs = [sp_inputs]
    return [as_sparse(s) for s in sp_inputs]


def _joined(inputs, axis, expand):
    shapes = [s.shape for s in inputs]
    if expand or any(s.ndims is None for s in shapes) or len({s.ndims for s in shapes}) > 1:
        return None
    sizes = [s.as_list() for s in shapes]
    out = [next((r[i] for r in sizes if r[i] is not None), None) for i in range(shapes[0].ndims)]
    if not -len(out) <= axis < len(out):
        return None
    along = [r[axis] for r in sizes]
    out[axis] = None if None in along else sum(along)
    return TensorShape(out)


@export("compat.v1.sparse_concat", "compat.v1.sparse.concat")
def concat_v1(
    axis, sp_inputs, name=None, expand_nonconcat_dim=False, concat_dim=None, expand_nonconcat_dims=None
):
    """As sparse.concat."""
    axis = concat_dim if axis is None else axis
    expand = expand_nonconcat_dim if expand_nonconcat_dims is None else expand_nonconcat_dims
    return concat(axis, sp_inputs, expand, name)


@export("sparse.slice", "compat.v1.sparse_slice")
def slice(sp_input, start, size, name=None):
    """The part that begins at `start` with `size` elements in every dimension."""
    sp_input = as_sparse(sp_input)
    parts = raw_ops.SparseSlice(
        indices=sp_input.indices,
        values=sp_input.values,
        shape=sp_input.dense_shape,
        start=raw_ops.Cast(x=start, DstT=dtypes.int64),
        size=raw_ops.Cast(x=size, DstT=dtypes.int64),
        name=name,
    )
    return _made(*parts)


@export("sparse.split")
def split(sp_input=None, num_split=None, axis=None, name=None):
    """num_split SparseTensors, parts along an axis."""
    if num_split is None:
        raise ValueError("num_split is required for sparse_split() calls.")
    if axis is None:
        raise ValueError("axis is required for sparse_split() calls.")
    sp_input = as_sparse(sp_input)
    indices, values, shapes = raw_ops.SparseSplit(
        split_dim=convert_to_tensor(axis, dtypes.int64),
        indices=sp_input.indices,
        values=sp_input.values,
        shape=sp_input.dense_shape,
        num_split=num_split,
        name=name,
    )
    return [_made(*parts) for parts in zip(indices, values, shapes)]


@export("compat.v1.sparse_split", "compat.v1.sparse.split")
def split_v1(keyword_required=None, sp_input=None, num_split=None, axis=None, name=None, split_dim=None):
    """As sparse.split, with keywords."""
    if keyword_required is not None:
        raise ValueError("Keyword arguments are required for this function.")
    if sp_input is None:
        raise ValueError("sp_input is required")
    return split(sp_input, num_split, split_dim if axis is None else axis, name)


@export("sparse.retain", "compat.v1.sparse_retain")
def retain(sp_input, to_retain):
    """The values where the vector of booleans is true."""
    sp_input = as_sparse(sp_input)
    to_retain = convert_to_tensor(to_retain)
    to_retain.shape.assert_has_rank(1)
    agree(to_retain.shape, 0, sp_input.values.shape)
    rows = raw_ops.Reshape(tensor=raw_ops.Where(condition=to_retain), shape=[-1])
    return _made(
        raw_ops.GatherV2(params=sp_input.indices, indices=rows, axis=0),
        raw_ops.GatherV2(params=sp_input.values, indices=rows, axis=0),
        raw_ops.Identity(input=sp_input.dense_shape),
        sp_input._static,
    )


@export("sparse.expand_dims")
def expand_dims(sp_input, axis=None, name=None):
    """With a dimension of size 1 before `axis` (at the end)."""
    sp_input = as_sparse(sp_input)
    rank = sp_input.shape.ndims
    if rank is None:
        raise ValueError("sparse.expand_dims needs a SparseTensor of known rank.")
    axis = -1 if axis is None else axis
    if not -1 - rank <= axis <= rank:
        raise ValueError(f"Axis ({axis}) out of range [{-1 - rank}, {rank}].")
    axis = axis + rank + 1 if axis < 0 else axis
    n = raw_ops.Shape(input=sp_input.indices, out_type=dtypes.int64)[0]
    new = raw_ops.Fill(dims=raw_ops.Pack(values=[n, np.int64(1)], axis=0), value=np.int64(0))
    indices = raw_ops.ConcatV2(
        values=[sp_input.indices[:, :axis], new, sp_input.indices[:, axis:]], axis=1, name=name
    )
    sizes = raw_ops.ConcatV2(
        values=[sp_input.dense_shape[:axis], np.array([1], np.int64), sp_input.dense_shape[axis:]], axis=0
    )
    known = sp_input.shape.as_list()
    return _made(indices, sp_input.values, sizes, TensorShape([*known[:axis], 1, *known[axis:]]))


@export("sparse.fill_empty_rows", "compat.v1.sparse_fill_empty_rows")
def fill_empty_rows(sp_input, default_value, name=None):
    """(the matrix with default_value at the start of every row that was empty, which rows were)"""
    sp_input = as_sparse(sp_input)
    default_value = convert_to_tensor(default_value, sp_input.values.dtype)
    n = raw_ops.Shape(input=sp_input.values)[0]
    # Which value stands where; the values are gathered, for gradients to reach them.
    indices, places, empty, _ = raw_ops.SparseFillEmptyRows(
        indices=sp_input.indices,
        values=raw_ops.Range(start=0, limit=n, delta=1),
        dense_shape=sp_input.dense_shape,
        default_value=n,
        name=name,
    )
    every = raw_ops.ConcatV2(
        values=[sp_input.values, raw_ops.Reshape(tensor=default_value, shape=[1])], axis=0
    )
    values = raw_ops.GatherV2(params=every, indices=places, axis=0)
    return _made(indices, values, sp_input.dense_shape, sp_input._static), empty


@export("sparse.reset_shape", "compat.v1.sparse_reset_shape")
def reset_shape(sp_input, new_shape=None):
    """The same indices in a tensor of another size: new_shape, or as small as they allow."""
    sp_input = as_sparse(sp_input)
    indices, values = (raw_ops.Identity(input=t) for t in (sp_input.indices, sp_input.values))
    if new_shape is None:
        top = raw_ops.Max(input=sp_input.indices, axis=0)
        least = raw_ops.Maximum(x=np.int64(0), y=top + 1)
        return _made(indices, values, least)
    new = raw_ops.Cast(x=convert_to_tensor(new_shape), DstT=dtypes.int64)
    new.shape.assert_has_rank(1)
    old, static = sp_input.shape, shape_in(new)
    agree(new.shape, 0, sp_input.dense_shape.shape)
    if old.is_fully_defined() and static.is_fully_defined():
        if any(a > b for a, b in zip(old.as_list(), static.as_list())):
            raise ValueError(
                "Requested new_shape should have dimension sizes >= sp_input.shape.  Found new_shape "
                f"({static}), sp_input.shape ({old})."
            )
    else:
        from .debug_values import assert_less_equal

        assert_less_equal(sp_input.dense_shape, new, message="Requested dimension should be <= new_shape")
    return _made(indices, values, new)


@export("sparse.to_indicator", "compat.v1.sparse_to_indicator")
def to_indicator(sp_input, vocab_size, name=None):
    """[..., vocab_size] of booleans: which ids (the values) occur in each row."""
    sp_input = as_sparse(sp_input)
    ones = raw_ops.Fill(dims=raw_ops.Shape(input=sp_input.values), value=True)
    merged = merge(sp_input, sp_input.with_values(ones), vocab_size, name)
    return to_dense(merged, False, validate_indices=False)


@export("compat.v1.sparse_merge", "compat.v1.sparse.merge")
def merge(sp_ids, sp_values, vocab_size, name=None, already_sorted=False):
    """Values at the places that ids name: the last index of each value is its id. Both share their indices."""
    if not isinstance(vocab_size, (list, tuple)) and not isinstance(vocab_size, Tensor):
        vocab_size = [vocab_size]
        sp_ids = [sp_ids]
    elif not isinstance(sp_ids, (list, tuple)):
        sp_ids, vocab_size = [sp_ids], [vocab_size]
    ids = [as_sparse(s) for s in sp_ids]
    if len(ids) != len(vocab_size):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    columns = [raw_ops.ExpandDims(input=raw_ops.Cast(x=s.values, DstT=dtypes.int64), axis=1) for s in ids]
    indices = raw_ops.ConcatV2(values=[ids[0].indices[:, :-1], *columns], axis=1)
    sizes = [raw_ops.Reshape(tensor=raw_ops.Cast(x=v, DstT=dtypes.int64), shape=[1]) for v in vocab_size]
    shape = raw_ops.ConcatV2(values=[ids[0].dense_shape[:-1], *sizes], axis=0)
    result = _made(indices, as_sparse(sp_values).values, shape)
    return result if already_sorted else reorder(result)


@export("sparse.eye")
def eye(num_rows, num_columns=None, dtype=dtypes.float32, name=None):
    """Ones on the diagonal."""
    rows = raw_ops.Cast(x=num_rows, DstT=dtypes.int64)
    columns = rows if num_columns is None else raw_ops.Cast(x=num_columns, DstT=dtypes.int64)
    n = raw_ops.Minimum(x=rows, y=columns)
    i = raw_ops.Range(start=np.int64(0), limit=n, delta=np.int64(1))
    ones = raw_ops.Fill(
        dims=raw_ops.Reshape(tensor=n, shape=[1]),
        value=convert_to_tensor(True if dtypes.as_dtype(dtype) == dtypes.bool else 1, dtype),
    )
    return _made(raw_ops.Pack(values=[i, i], axis=1), ones, raw_ops.Pack(values=[rows, columns], axis=0))


@export("sparse.mask", "compat.v1.sparse_mask")
def mask(a, mask_indices, name=None):
    """IndexedSlices without those of the rows `mask_indices`."""
    from .indexed_slices import IndexedSlices

    rows = convert_to_tensor(mask_indices, a.indices.dtype)
    kept, where = raw_ops.ListDiff(x=a.indices, y=rows)
    return IndexedSlices(raw_ops.GatherV2(params=a.values, indices=where, axis=0), kept, a.dense_shape)


@export("sparse.map_values")
def map_values(op, *args, **kwargs):
    """op(*args) on the values of the SparseTensors among the arguments, which share their indices."""
    found = []

    def swap(x):
        if isinstance(x, SparseTensor):
            found.append(x)
            return x.values
        return x

    inner, named = nest.map_structure(swap, args), nest.map_structure(swap, kwargs)
    if not found:
        raise ValueError("No SparseTensor in argument list of map_values")
    first = found[0]
    for other in found[1:]:
        _same_indices(first, other)
    return first.with_values(op(*inner, **named))


def _same_indices(a, b):
    from .debug_values import assert_equal

    if a.indices is b.indices and a.dense_shape is b.dense_shape:
        return
    text = "Expected indices to be the same for all SparseTensors of map_values"
    assert_equal(a.indices, b.indices, message=text)
    assert_equal(a.dense_shape, b.dense_shape, message=text)
