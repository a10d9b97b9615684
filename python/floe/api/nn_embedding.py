"""tf.nn: rows of tables."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c


def _clip(rows, ids, max_norm):
    """Rows whose norm is larger than max_norm, scaled down to it."""
    if max_norm is None:
        return rows
    skip = ids.shape.rank if ids.shape.rank is not None else raw_ops.Rank(input=ids)
    axes = list(range(skip, rows.shape.rank)) if isinstance(skip, int) else c.arange(skip, c.rank_of(rows))
    return clip_by_norm(rows, max_norm, axes)


def clip_by_norm(t, norm, axes):
    squares = c.reduce_sum(c.square(t), axes, keepdims=True)
    positive = c.greater(squares, c.zeros_like(squares))
    safe = c.where(positive, squares, c.ones_like(squares))
    norms = c.where(positive, c.sqrt(safe), squares)
    return c.div(c.mul(t, c.cast(norm, t.dtype)), c.maximum(norms, c.cast(norm, t.dtype)))


def _gather(params, ids):
    handle = getattr(params, "handle", None)
    if handle is not None:
        return raw_ops.ResourceGather(resource=handle, indices=ids, dtype=params.dtype)
    return c.gather(params, ids)


def _partitioned(params, ids, strategy):
    n = len(params)
    flat = c.reshape(ids, [-1])
    if strategy == "mod":
        place, new = c.mod(flat, n), c.floordiv(flat, n)
    elif strategy == "div":
        sizes = [p.shape[0] for p in params]
        total = sum(sizes)
        per, extra = total // n, total % n
        border = extra * (per + 1)
        place = c.maximum(c.floordiv(flat, per + 1), c.floordiv(c.sub(flat, extra), per))
        inside = c.less(flat, border)
        new = c.where(inside, c.mod(flat, per + 1), c.mod(c.sub(flat, extra), per))
    else:
        raise ValueError(
            f"Unrecognized partition strategy: {strategy}. Must be one of either `mod` or `div`."
        )
    place = c.cast(place, dtypes.int32)
    parts = raw_ops.DynamicPartition(data=new, partitions=place, num_partitions=n)
    order = raw_ops.DynamicPartition(
        data=c.arange(0, raw_ops.Size(input=flat)), partitions=place, num_partitions=n
    )
    rows = raw_ops.DynamicStitch(indices=order, data=[_gather(p, i) for p, i in zip(params, parts)])
    return c.reshape(rows, c.concat([c.shape_tensor(ids), c.part(c.shape_tensor(params[0]), 1, None)], 0))


def lookup(params, ids, strategy, max_norm, name):
    if params is None:
        raise ValueError("params must be specified")
    if isinstance(params, (list, tuple)) and not params:
        raise ValueError("Length of params must be greater than 0")
    if not isinstance(params, (list, tuple)):
        params = [params]
    ids = c.tensor(ids)
    params = [p if hasattr(p, "handle") else c.tensor(p) for p in params]
    rows = _gather(params[0], ids) if len(params) == 1 else _partitioned(params, ids, strategy)
    rows = _clip(rows, ids, max_norm)
    return c.identity(rows, name) if name else rows


@export("nn.embedding_lookup")
def embedding_lookup(params, ids, max_norm=None, name=None):
    """The rows of `params` (one table, or several split by "div") that `ids` numbers."""
    return lookup(params, ids, "div", max_norm, name)


@export("compat.v1.nn.embedding_lookup")
def embedding_lookup_v1(
    params, ids, partition_strategy="mod", name=None, validate_indices=True, max_norm=None
):
    """The rows of `params`, one table or several with the rows spread by "mod" or "div"."""
    return lookup(params, ids, partition_strategy, max_norm, name)


def _is_sparse(x):
    return all(hasattr(x, n) for n in ("indices", "values", "dense_shape"))


def _sparse(params, sp_ids, sp_weights, strategy, combiner, max_norm, name):
    combiner = "mean" if combiner is None else combiner
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}")
    if not _is_sparse(sp_ids):
        return _ragged(params, sp_ids, sp_weights, strategy, combiner, max_norm, name)
    if sp_weights is not None and not _is_sparse(sp_weights):
        raise TypeError(f"sp_weights must be either None or SparseTensor, got {type(sp_weights)}")
    rows = c.squeeze(c.part(sp_ids.indices, 0, 1, 1), [1])
    weights = None if sp_weights is None else sp_weights.values
    return _combine(
        params, sp_ids.values, c.cast(rows, dtypes.int32), weights, strategy, combiner, max_norm, name
    )


def _ragged(params, ids, weights, strategy, combiner, max_norm, name):
    if not hasattr(ids, "value_rowids"):
        raise TypeError(f"sp_ids must be SparseTensor, got {type(ids)}")
    rows = c.cast(ids.value_rowids(), dtypes.int32)
    flat = None if weights is None else weights.values
    return _combine(params, ids.values, rows, flat, strategy, combiner, max_norm, name)


def _combine(params, ids, rows, weights, strategy, combiner, max_norm, name):
    unique, where = raw_ops.Unique(x=ids)
    table = lookup(params, unique, strategy, max_norm, None)
    if weights is None:
        op = {"sum": "SparseSegmentSum", "mean": "SparseSegmentMean", "sqrtn": "SparseSegmentSqrtN"}[combiner]
        return getattr(raw_ops, op)(data=table, indices=where, segment_ids=rows, name=name)
    embeddings = c.gather(table, where)
    if embeddings.dtype in (dtypes.float16, dtypes.bfloat16):
        embeddings = c.cast(embeddings, dtypes.float32)
    weights = c.cast(weights, embeddings.dtype)
    column = c.reshape(
        weights,
        c.concat([c.shape_tensor(weights), c.ones_like(c.part(c.shape_tensor(embeddings), 1, None))], 0),
    )
    total = raw_ops.SegmentSum(data=c.mul(embeddings, column), segment_ids=rows)
    if combiner == "sum":
        return c.identity(total, name)
    if combiner == "mean":
        return c.div_no_nan(total, raw_ops.SegmentSum(data=column, segment_ids=rows), name)
    return c.div_no_nan(total, c.sqrt(raw_ops.SegmentSum(data=c.square(column), segment_ids=rows)), name)


@export("nn.embedding_lookup_sparse")
def embedding_lookup_sparse(
    params, sp_ids, sp_weights, combiner=None, max_norm=None, name=None, allow_fast_lookup=False
):
    """The "sum", "mean" or "sqrtn" of the rows that each row of sp_ids numbers, weighted."""
    return _sparse(params, sp_ids, sp_weights, "div", combiner, max_norm, name)


@export("compat.v1.nn.embedding_lookup_sparse")
def embedding_lookup_sparse_v1(
    params,
    sp_ids,
    sp_weights,
    partition_strategy="mod",
    name=None,
    combiner=None,
    max_norm=None,
    allow_fast_lookup=False,
):
    """The "sum", "mean" or "sqrtn" of the rows that each row of sp_ids numbers, weighted."""
    return _sparse(params, sp_ids, sp_weights, partition_strategy, combiner, max_norm, name)


def _safe(params, ids, weights, combiner, default_id, strategy, max_norm, name):
    if params is None:
        raise ValueError(f"Missing embedding_weights {params}.")
    shape = ids.dense_shape
    outer = c.part(shape, 0, -1)
    count = c.reduce_prod(outer, [0])
    flat_shape = c.stack([count, c.item(shape, -1)])
    indices, dense = raw_ops.SparseReshape(input_indices=ids.indices, input_shape=shape, new_shape=flat_shape)
    values, w = ids.values, None if weights is None else weights.values
    keep = c.greater_equal(values, c.zeros_like(values))
    if w is not None and combiner != "sum":
        keep = c.logical_and(keep, c.greater(w, c.zeros_like(w)))
    kept = c.squeeze(raw_ops.Where(condition=keep), [1])
    indices, values = c.gather(indices, kept), c.gather(values, kept)
    filled = raw_ops.SparseFillEmptyRows(
        indices=indices, values=values, dense_shape=dense, default_value=c.cast(default_id or 0, values.dtype)
    )
    make = c.public("SparseTensor")
    w = None if w is None else c.gather(w, kept)
    if w is not None:
        full = raw_ops.SparseFillEmptyRows(
            indices=indices, values=w, dense_shape=dense, default_value=c.cast(1, w.dtype)
        )
        w = make(full.output_indices, full.output_values, dense)
    result = _sparse(
        params,
        make(filled.output_indices, filled.output_values, dense),
        w,
        strategy,
        combiner,
        max_norm,
        None,
    )
    if default_id is None:
        empty = c.expand_dims(filled.empty_row_indicator, 1)
        result = c.where(empty, c.zeros_like(result), result)
    tail = c.part(c.shape_tensor(result), 1, None)
    return c.reshape(result, c.concat([c.cast(outer, dtypes.int32), tail], 0), name)


@export("nn.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse(
    embedding_weights,
    sparse_ids,
    sparse_weights=None,
    combiner="mean",
    default_id=None,
    max_norm=None,
    name=None,
    allow_fast_lookup=False,
):
    """embedding_lookup_sparse without negative ids and weights; rows without ids get default_id's or 0."""
    return _safe(embedding_weights, sparse_ids, sparse_weights, combiner, default_id, "div", max_norm, name)


@export("compat.v1.nn.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse_v1(
    embedding_weights,
    sparse_ids,
    sparse_weights=None,
    combiner="mean",
    default_id=None,
    name=None,
    partition_strategy="div",
    max_norm=None,
    allow_fast_lookup=False,
):
    """embedding_lookup_sparse without negative ids and weights; rows without ids get default_id's or 0."""
    return _safe(
        embedding_weights,
        sparse_ids,
        sparse_weights,
        combiner,
        default_id,
        partition_strategy,
        max_norm,
        name,
    )
