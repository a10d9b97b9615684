"""tf.io: serialized tf.train.SequenceExamples."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor_shape import TensorShape
from . import compose as c
from .io_features import FixedLenSequenceFeature, RaggedFeature, VarLenFeature
from .io_parse import Plan, keys_tensor, outputs


class _Lists:
    """What the op has to read for the feature lists."""

    def __init__(self, features):
        self.sparse, self.dense, self.ragged, self.missing = {}, {}, {}, []
        for key in sorted(features or {}):
            f = features[key]
            if isinstance(f, VarLenFeature):
                self.sparse[key] = dtypes.as_dtype(f.dtype)
            elif isinstance(f, RaggedFeature):
                if f.partitions:
                    raise NotImplementedError(
                        f"RaggedFeature {key!r} has partitions, which Floe does not read."
                    )
                self.ragged[f.value_key or key] = (
                    dtypes.as_dtype(f.dtype),
                    dtypes.as_dtype(f.row_splits_dtype),
                )
            elif isinstance(f, FixedLenSequenceFeature):
                self.dense[key] = (dtypes.as_dtype(f.dtype), TensorShape(f.shape))
                self.missing.append(bool(f.allow_missing))
            else:
                raise ValueError(
                    f"Unsupported {type(f).__name__} {f!s} for key {key!r}. Expected one of VarLenFeature, "
                    "FixedLenSequenceFeature, RaggedFeature."
                )


def _parse(serialized, context_features, sequence_features, names, name):
    if not (context_features or sequence_features):
        raise ValueError(
            "Both `context_features` and `sequence_features` argument are None, but at least one should have values."
        )
    context = Plan(context_features) if context_features else Plan.empty()
    lists = _Lists(sequence_features)
    r = raw_ops.ParseSequenceExampleV2(
        serialized=serialized,
        debug_name=c.tensor([], dtypes.string) if names is None else c.tensor(names, dtypes.string),
        context_sparse_keys=keys_tensor(context.sparse),
        context_dense_keys=keys_tensor(context.dense),
        context_ragged_keys=keys_tensor(context.ragged),
        feature_list_sparse_keys=keys_tensor(lists.sparse),
        feature_list_dense_keys=keys_tensor(lists.dense),
        feature_list_ragged_keys=keys_tensor(lists.ragged),
        feature_list_dense_missing_assumed_empty=np.array(lists.missing, bool),
        context_dense_defaults=[default for _, default in context.dense.values()],
        Ncontext_sparse=len(context.sparse),
        Nfeature_list_sparse=len(lists.sparse),
        Nfeature_list_dense=len(lists.dense),
        context_sparse_types=list(context.sparse.values()),
        context_ragged_value_types=[v for v, _ in context.ragged.values()],
        context_ragged_split_types=[s for _, s in context.ragged.values()],
        context_dense_shapes=[shape for shape, _ in context.dense.values()],
        feature_list_dense_types=[t for t, _ in lists.dense.values()],
        feature_list_sparse_types=list(lists.sparse.values()),
        feature_list_ragged_value_types=[v for v, _ in lists.ragged.values()],
        feature_list_ragged_split_types=[s for _, s in lists.ragged.values()],
        feature_list_dense_shapes=[shape for _, shape in lists.dense.values()],
        name=name,
    )
    sparse = zip(r.context_sparse_indices, r.context_sparse_values, r.context_sparse_shapes)
    ragged = zip(r.context_ragged_values, r.context_ragged_row_splits)
    batched = serialized.shape.rank != 0
    made = outputs(context_features or {}, context, sparse, r.context_dense_values, ragged, batched)
    return made, *_sequences(sequence_features or {}, lists, r, batched)


def _sequences(features, lists, r, batched):
    """(tensors, lengths) of the feature lists."""
    make, ragged_of = c.public("SparseTensor"), c.public("RaggedTensor").from_row_splits
    made = {}
    parts = zip(r.feature_list_sparse_indices, r.feature_list_sparse_values, r.feature_list_sparse_shapes)
    made |= {k: make(*p) for k, p in zip(lists.sparse, parts)}
    made |= dict(zip(lists.dense, r.feature_list_dense_values))
    splits = zip(
        r.feature_list_ragged_values, r.feature_list_ragged_inner_splits, r.feature_list_ragged_outer_splits
    )
    ragged = {}
    for key, (values, inner, outer) in zip(lists.ragged, splits):
        rows = ragged_of(values, inner, validate=False)
        ragged[key] = ragged_of(rows, outer, validate=False) if batched else rows
    tensors = {
        k: ragged[f.value_key or k] if isinstance(f, RaggedFeature) else made[k] for k, f in features.items()
    }
    return tensors, dict(zip(lists.dense, r.feature_list_dense_lengths))


@export("io.parse_sequence_example")
def parse_sequence_example(
    serialized, context_features=None, sequence_features=None, example_names=None, name=None
):
    """(context, feature lists, lengths of the dense ones), three dicts, of a vector of SequenceExamples."""
    serialized = c.tensor(serialized, dtypes.string)
    return _parse(serialized, context_features, sequence_features, example_names, name)


@export("io.parse_single_sequence_example", "compat.v1.parse_single_sequence_example")
def parse_single_sequence_example(
    serialized, context_features=None, sequence_features=None, example_name=None, name=None
):
    """(context, feature lists), two dicts, of one SequenceExample."""
    serialized = c.tensor(serialized, dtypes.string)
    if serialized.shape.rank not in (None, 0):
        raise ValueError(f"Input serialized must be a scalar. Received: {serialized.shape}")
    return _parse(serialized, context_features, sequence_features, example_name, name)[:2]
