"""tf.sparse: arithmetic and reductions."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from ..tensor_shape import TensorShape
from .sparse_tensor import SparseTensor, as_sparse, is_sparse
from .support import either

_made = SparseTensor._made


@export("sparse.add")
def add(a, b, threshold=0):
    """a + b; two SparseTensors give one, without the sums below `threshold`. One of them may be dense: so is the sum."""
    if not is_sparse(a) and not is_sparse(b):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if is_sparse(a) and is_sparse(b):
        a, b = as_sparse(a), as_sparse(b)
        real = a.dtype.real_dtype.base_dtype
        parts = raw_ops.SparseAdd(
            a_indices=a.indices,
            a_values=a.values,
            a_shape=a.dense_shape,
            b_indices=b.indices,
            b_values=b.values,
            b_shape=b.dense_shape,
            thresh=convert_to_tensor(threshold, real),
        )
        return _made(*parts, a.shape.merge_with(b.shape) if a.shape.is_compatible_with(b.shape) else None)
    if is_sparse(b):
        a, b = b, a
    a = as_sparse(a)
    return raw_ops.SparseTensorDenseAdd(
        a_indices=a.indices, a_values=a.values, a_shape=a.dense_shape, b=convert_to_tensor(b, a.dtype)
    )


@export("compat.v1.sparse_add", "compat.v1.sparse.add")
def add_v1(a, b, threshold=None, thresh=None):
    """As sparse.add."""
    found = either("threshold", threshold, "thresh", thresh)
    return add(a, b, 0 if found is None else found)


def _pairwise(op):
    def call(sp_a, sp_b, name=None):
        a, b = as_sparse(sp_a), as_sparse(sp_b)
        indices, values = getattr(raw_ops, op)(
            a_indices=a.indices,
            a_values=a.values,
            a_shape=a.dense_shape,
            b_indices=b.indices,
            b_values=b.values,
            b_shape=b.dense_shape,
            name=name,
        )
        return _made(indices, values, a.dense_shape, a._static)

    return call


@export("sparse.maximum", "compat.v1.sparse_maximum")
def maximum(sp_a, sp_b, name=None):
    """The larger of two SparseTensors, where either has a value."""
    return _pairwise("SparseSparseMaximum")(sp_a, sp_b, name)


@export("sparse.minimum", "compat.v1.sparse_minimum")
def minimum(sp_a, sp_b, name=None):
    """The smaller of two SparseTensors, where either has a value."""
    return _pairwise("SparseSparseMinimum")(sp_a, sp_b, name)


@export("sparse.softmax", "compat.v1.sparse_softmax")
def softmax(sp_input, name=None):
    """The softmax over the values that each row of the last dimension has."""
    x = as_sparse(sp_input)
    values = raw_ops.SparseSoftmax(
        sp_indices=x.indices, sp_values=x.values, sp_shape=x.dense_shape, name=name
    )
    return _made(x.indices, values, x.dense_shape, x._static)


@export("sparse.sparse_dense_matmul", "compat.v1.sparse_tensor_dense_matmul", "compat.v1.sparse.matmul")
def sparse_dense_matmul(sp_a, b, adjoint_a=False, adjoint_b=False, name=None):
    """The product of a sparse and a dense matrix (in either order), as a dense matrix."""
    if is_sparse(b):
        # (a b)' = b' a'
        product = sparse_dense_matmul(b, sp_a, not adjoint_b, not adjoint_a)
        conjugate = product.dtype.is_complex
        op = raw_ops.ConjugateTranspose if conjugate else raw_ops.Transpose
        return op(x=product, perm=[1, 0], name=name)
    a = as_sparse(sp_a)
    b = convert_to_tensor(b)
    return raw_ops.SparseTensorDenseMatMul(
        a_indices=a.indices,
        a_values=a.values,
        a_shape=a.dense_shape,
        b=b,
        adjoint_a=adjoint_a,
        adjoint_b=adjoint_b,
        name=name,
    )


def _axes(x, axis):
    if axis is not None:
        return axis
    rank = x.shape.ndims
    if rank is None:
        return raw_ops.Range(start=0, limit=raw_ops.Size(input=x.dense_shape), delta=1)
    return np.arange(rank, dtype=np.int32)


def _static(x, axis, keepdims):
    sizes = x.shape
    if sizes.ndims is None:
        return TensorShape(None)
    if axis is None:
        return TensorShape([1] * sizes.ndims if keepdims else [])
    if not isinstance(axis, (int, list, tuple)):
        return TensorShape(None)
    gone = {a % sizes.ndims for a in ([axis] if isinstance(axis, int) else axis)}
    known = sizes.as_list()
    return TensorShape([1 if i in gone else n for i, n in enumerate(known) if keepdims or i not in gone])


def _scatters(x, axis):
    """Whether a sum may be scattered, for which gradients are defined."""
    if x.shape.ndims is None or not (x.dtype.is_floating or x.dtype.is_complex):
        return False
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    rank = x.shape.ndims
    return axis is None or all(isinstance(a, int) and -rank <= a < rank for a in axes)


def _scattered(x, axis, keepdims, name):
    rank = x.shape.ndims
    gone = range(rank) if axis is None else axis if isinstance(axis, (list, tuple)) else [axis]
    gone = sorted({a % rank for a in gone})
    kept = np.array([i for i in range(rank) if i not in gone], np.int32)
    if kept.size:
        dense = raw_ops.ScatterNd(
            indices=raw_ops.GatherV2(params=x.indices, indices=kept, axis=1),
            updates=x.values,
            shape=raw_ops.GatherV2(params=x.dense_shape, indices=kept, axis=0),
            name=name,
        )
    else:
        dense = raw_ops.Sum(input=x.values, axis=0, name=name)
    for a in gone if keepdims else ():
        dense = raw_ops.ExpandDims(input=dense, axis=a)
    return dense


def _reduce(op, sp_input, axis, keepdims, output_is_sparse, name):
    x = as_sparse(sp_input)
    arguments = {
        "input_indices": x.indices,
        "input_shape": x.dense_shape,
        "reduction_axes": raw_ops.Cast(x=_axes(x, axis), DstT=dtypes.int32),
        "keep_dims": bool(keepdims),
    }
    if op == "SparseReduceSum" and _scatters(x, axis):
        dense = _scattered(x, axis, keepdims, name)
    else:
        dense = getattr(raw_ops, op)(input_values=x.values, name=name, **arguments)
    if not hasattr(dense, "numpy") and dense.shape.ndims is None:
        dense.set_shape(_static(x, axis, keepdims))
    if not output_is_sparse:
        return dense
    ones = raw_ops.Fill(dims=raw_ops.Shape(input=x.values), value=1)
    count = raw_ops.SparseReduceSum(input_values=ones, **arguments)
    where = raw_ops.Where(condition=raw_ops.Greater(x=count, y=0))
    values = raw_ops.GatherNd(params=dense, indices=where)
    return _made(where, values, raw_ops.Shape(input=dense, out_type=dtypes.int64), dense.shape)


@export("sparse.reduce_sum")
def reduce_sum(sp_input, axis=None, keepdims=None, output_is_sparse=False, name=None):
    """Sums over some axes (all), as a dense tensor or (output_is_sparse) where there was something to add."""
    return _reduce("SparseReduceSum", sp_input, axis, keepdims, output_is_sparse, name)


@export("sparse.reduce_max")
def reduce_max(sp_input, axis=None, keepdims=None, output_is_sparse=False, name=None):
    """Maxima over some axes (all) of the values that are there."""
    return _reduce("SparseReduceMax", sp_input, axis, keepdims, output_is_sparse, name)


def _v1(op, sparse):
    def call(sp_input, axis=None, keepdims=None, reduction_axes=None, keep_dims=None):
        axis = either("axis", axis, "reduction_axes", reduction_axes)
        keep = either("keepdims", keepdims, "keep_dims", keep_dims)
        return _reduce(op, sp_input, axis, keep, sparse, None)

    call.__doc__ = f"{op}, {'as a SparseTensor' if sparse else 'as a dense tensor'}."
    return call


sparse_reduce_sum = export("compat.v1.sparse_reduce_sum", "compat.v1.sparse.reduce_sum")(
    _v1("SparseReduceSum", False)
)
sparse_reduce_sum_sparse = export("compat.v1.sparse_reduce_sum_sparse", "compat.v1.sparse.reduce_sum_sparse")(
    _v1("SparseReduceSum", True)
)
sparse_reduce_max = export("compat.v1.sparse_reduce_max", "compat.v1.sparse.reduce_max")(
    _v1("SparseReduceMax", False)
)
sparse_reduce_max_sparse = export("compat.v1.sparse_reduce_max_sparse", "compat.v1.sparse.reduce_max_sparse")(
    _v1("SparseReduceMax", True)
)


def _segment(op, what):
    def call(data, indices, segment_ids, num_segments=None, name=None, sparse_gradient=False):
        arguments = {"data": data, "indices": indices, "segment_ids": segment_ids, "name": name}
        if sparse_gradient:
            arguments["sparse_gradient"] = True
        if num_segments is not None:
            return getattr(raw_ops, op + "WithNumSegments")(num_segments=num_segments, **arguments)
        return getattr(raw_ops, op)(**arguments)

    def call_v1(data, indices, segment_ids, name=None, num_segments=None, sparse_gradient=False):
        return call(data, indices, segment_ids, num_segments, name, sparse_gradient)

    for f in (call, call_v1):
        f.__doc__ = f"The {what} of the rows data[indices] of each segment; `segment_ids` is sorted."
    return call, call_v1


_SUM, _MEAN, _SQRT_N = (
    _segment("SparseSegmentSum", "sum"),
    _segment("SparseSegmentMean", "mean"),
    _segment("SparseSegmentSqrtN", "sum, divided by the root of the count,"),
)
segment_sum = export("sparse.segment_sum")(_SUM[0])
segment_mean = export("sparse.segment_mean")(_MEAN[0])
segment_sqrt_n = export("sparse.segment_sqrt_n")(_SQRT_N[0])
segment_sum_v1 = export("compat.v1.sparse_segment_sum", "compat.v1.sparse.segment_sum")(_SUM[1])
segment_mean_v1 = export("compat.v1.sparse_segment_mean", "compat.v1.sparse.segment_mean")(_MEAN[1])
segment_sqrt_n_v1 = export("compat.v1.sparse_segment_sqrt_n", "compat.v1.sparse.segment_sqrt_n")(_SQRT_N[1])


@export("sparse.bincount")
def bincount(values, weights=None, axis=0, minlength=None, maxlength=None, binary_output=False, name=None):
    """How often 0, 1, 2, ... occur (in each row, for axis -1), as a SparseTensor of the counts that are not 0."""
    if axis not in (0, -1, None):
        raise ValueError(
            f"Unsupported value for argument axis={axis}. Only 0 and -1 are currently supported."
        )
    if weights is not None and binary_output:
        raise ValueError(
            "Arguments `binary_output` and `weights` are mutually exclusive. Please specify only one."
        )
    rows, ids = None, None
    if is_sparse(values):
        values = as_sparse(values)
        ids, shape = values.values, values.dense_shape
        if axis == -1 and values.shape.ndims == 2:
            rows, n_rows = values.indices[:, 0], shape[0]
        weights = weights.values if is_sparse(weights) else weights
    elif hasattr(values, "nested_row_splits"):
        ids = values.flat_values
        if axis == -1:
            rows, n_rows = (
                raw_ops.Cast(x=values.value_rowids(), DstT=dtypes.int64),
                values.nrows(dtypes.int64),
            )
        weights = weights.flat_values if hasattr(weights, "flat_values") else weights
    else:
        values = convert_to_tensor(values)
        ids = raw_ops.Reshape(tensor=values, shape=[-1])
        if axis == -1 and values.shape.ndims == 2:
            size = raw_ops.Shape(input=values, out_type=dtypes.int64)
            n_rows = size[0]
            every = raw_ops.Range(start=np.int64(0), limit=n_rows, delta=np.int64(1))
            rows = raw_ops.Reshape(
                tensor=raw_ops.BroadcastTo(input=raw_ops.ExpandDims(input=every, axis=1), shape=size),
                shape=[-1],
            )
        if weights is not None:
            weights = raw_ops.Reshape(tensor=convert_to_tensor(weights), shape=[-1])
    counted = ids.dtype if ids.dtype == dtypes.int64 else dtypes.int32
    ids = raw_ops.Cast(x=ids, DstT=dtypes.int64)
    if weights is None:
        w = raw_ops.Fill(dims=raw_ops.Shape(input=ids), value=convert_to_tensor(1, counted))
    else:
        w = convert_to_tensor(weights)
    if maxlength is not None:
        kept = raw_ops.Reshape(
            tensor=raw_ops.Where(condition=raw_ops.Less(x=ids, y=np.int64(maxlength))), shape=[-1]
        )
        ids, w = (raw_ops.GatherV2(params=t, indices=kept, axis=0) for t in (ids, w))
        rows = rows if rows is None else raw_ops.GatherV2(params=rows, indices=kept, axis=0)
    top = raw_ops.Max(
        input=raw_ops.ConcatV2(values=[ids, np.array([(minlength or 0) - 1], np.int64)], axis=0), axis=0
    )
    length = top + 1
    if maxlength is not None:
        length = convert_to_tensor(np.int64(maxlength))
    one_row = rows is None
    if one_row:
        rows, n_rows = raw_ops.ZerosLike(x=ids), convert_to_tensor(np.int64(1))
    flat = rows * length + ids
    total = n_rows * length
    sums = raw_ops.UnsortedSegmentSum(data=w, segment_ids=flat, num_segments=total)
    counts = raw_ops.UnsortedSegmentSum(
        data=raw_ops.Fill(dims=raw_ops.Shape(input=ids), value=1), segment_ids=flat, num_segments=total
    )
    where = raw_ops.Where(condition=raw_ops.Greater(x=counts, y=0))
    place = raw_ops.Reshape(tensor=where, shape=[-1])
    found = raw_ops.GatherV2(params=sums, indices=place, axis=0)
    if binary_output:
        found = raw_ops.OnesLike(x=found)
    if one_row:
        return _made(where, found, raw_ops.Reshape(tensor=length, shape=[1]))
    indices = raw_ops.Pack(
        values=[raw_ops.FloorDiv(x=place, y=length), raw_ops.FloorMod(x=place, y=length)], axis=1
    )
    return _made(indices, found, raw_ops.Pack(values=[n_rows, length], axis=0))


@export("sparse.sampled_addmm")
def sampled_addmm(indices, values, dense_shape, mat1, mat2, beta=1.0, alpha=1.0, output_type=dtypes.float32):
    """(indices, alpha * (mat1 mat2) + beta * values at the indices, dense_shape): a product where it is asked for."""
    indices = convert_to_tensor(indices, dtypes.int64)
    rows = raw_ops.GatherV2(params=mat1, indices=indices[:, 0], axis=0)
    columns = raw_ops.GatherV2(params=mat2, indices=indices[:, 1], axis=1)
    product = raw_ops.Sum(input=rows * raw_ops.Transpose(x=columns, perm=[1, 0]), axis=1)
    dense = convert_to_tensor(dense_shape)
    return indices, convert_to_tensor(alpha, output_type) * product + beta * convert_to_tensor(values), dense
