"""tf.io: serialized tf.train.Examples."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor_shape import TensorShape
from . import compose as c
from .io_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    RaggedFeature,
    SparseFeature,
    VarLenFeature,
)

_KINDS = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature, RaggedFeature)


class Plan:
    """What the op has to read for a dict of features."""

    def __init__(self, features):
        if not features:
            raise ValueError(
                "Argument `features` cannot be None." if features is None else "Missing: `features` was {}."
            )
        self.sparse, self.dense, self.ragged = {}, {}, {}
        for key in sorted(features):
            self._add(key, features[key])

    @classmethod
    def empty(cls):
        plan = cls.__new__(cls)
        plan.sparse, plan.dense, plan.ragged = {}, {}, {}
        return plan

    def _add(self, key, f):
        if not isinstance(f, _KINDS):
            kinds = ", ".join(k.__name__ for k in _KINDS)
            raise ValueError(
                f"Unsupported {type(f).__name__} {f!s} for key {key!r}. Expected one of {kinds}."
            )
        if not isinstance(f, RaggedFeature) and not f.dtype:
            raise ValueError(f"Missing type for feature {key}. Received feature={f}.")
        if isinstance(f, VarLenFeature):
            self._sparse(key, f.dtype)
        elif isinstance(f, SparseFeature):
            keys = f.index_key if isinstance(f.index_key, (list, tuple)) else [f.index_key]
            for k in sorted(keys):
                self._sparse(k, dtypes.int64)
            self._sparse(f.value_key, f.dtype)
        elif isinstance(f, RaggedFeature):
            if f.partitions:
                raise NotImplementedError(
                    f"RaggedFeature {key!r} has partitions, which Floe does not read; parse the partitions as "
                    "features of their own and build the tensor with RaggedTensor.from_row_splits."
                )
            self.ragged[f.value_key or key] = (dtypes.as_dtype(f.dtype), dtypes.as_dtype(f.row_splits_dtype))
        else:
            self._dense(key, f)

    def _sparse(self, key, dtype):
        dtype = dtypes.as_dtype(dtype)
        if self.sparse.setdefault(key, dtype) != dtype:
            raise ValueError(f"Conflicting type {self.sparse[key]} vs {dtype} for feature {key}.")

    def _dense(self, key, f):
        if f.shape is None:
            raise ValueError(f"Missing shape for feature {key}. Received feature={f}.")
        dtype, shape = dtypes.as_dtype(f.dtype), TensorShape(f.shape)
        if isinstance(f, FixedLenFeature):
            if shape.rank and any(n is None for n in shape.as_list()):
                raise ValueError(
                    f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature. "
                    f"Received feature={f}."
                )
            self.dense[key] = (shape, _default(f.default_value, dtype, shape))
            return
        if not f.allow_missing:
            raise ValueError(
                f"Unsupported: FixedLenSequenceFeature requires allow_missing to be True. Received feature={f} for key={key}."
            )
        padding = f.default_value
        if padding is None:
            padding = "" if dtype == dtypes.string else 0
        self.dense[key] = (TensorShape([None, *shape]), c.tensor(padding, dtype))


def _default(value, dtype, shape):
    if value is None:
        return c.tensor([], dtype)
    return c.reshape(c.tensor(value, dtype), shape.as_list())


def _sparse_feature(f, tensors, make):
    keys = list(f.index_key) if isinstance(f.index_key, (list, tuple)) else [f.index_key]
    sizes = list(f.size) if isinstance(f.size, (list, tuple)) else [f.size]
    values = tensors[f.value_key]
    outer = c.last(values.indices, 0, -1)
    columns = [c.expand_dims(tensors[k].values, 1) for k in keys]
    indices = c.concat([outer, *columns], 1)
    shape = c.concat([c.part(values.dense_shape, 0, -1), c.tensor(sizes, dtypes.int64)], 0)
    flat = values.values
    if not f.already_sorted:
        indices, flat = raw_ops.SparseReorder(input_indices=indices, input_values=flat, input_shape=shape)
    return make(indices, flat, shape)


def _parse(serialized, features, names, name):
    plan = Plan(features)
    serialized = c.tensor(serialized, dtypes.string)
    result = raw_ops.ParseExampleV2(
        serialized=serialized,
        names=c.tensor([], dtypes.string) if names is None else c.tensor(names, dtypes.string),
        sparse_keys=keys_tensor(plan.sparse),
        dense_keys=keys_tensor(plan.dense),
        ragged_keys=keys_tensor(plan.ragged),
        dense_defaults=[default for _, default in plan.dense.values()],
        num_sparse=len(plan.sparse),
        sparse_types=list(plan.sparse.values()),
        ragged_value_types=[v for v, _ in plan.ragged.values()],
        ragged_split_types=[s for _, s in plan.ragged.values()],
        dense_shapes=[shape for shape, _ in plan.dense.values()],
        name=name,
    )
    sparse = zip(result.sparse_indices, result.sparse_values, result.sparse_shapes)
    ragged = zip(result.ragged_values, result.ragged_row_splits)
    return outputs(features, plan, sparse, result.dense_values, ragged, serialized.shape.rank != 0)


def outputs(features, plan, sparse, dense, ragged, batched):
    """A dict of the tensors that the op gave."""
    if plan.sparse:
        make = c.public("SparseTensor")
        sparse = {k: make(*p) for k, p in zip(plan.sparse, sparse)}
    dense, ragged = dict(zip(plan.dense, dense)), dict(zip(plan.ragged, ragged))
    return {k: _output(k, f, sparse, dense, ragged, batched) for k, f in features.items()}


def keys_tensor(names):
    return c.tensor(np.array(list(names), object), dtypes.string) if names else c.tensor([], dtypes.string)


def _output(key, f, sparse, dense, ragged, batched):
    if isinstance(f, VarLenFeature):
        return sparse[key]
    if isinstance(f, SparseFeature):
        return _sparse_feature(f, sparse, c.public("SparseTensor"))
    if isinstance(f, RaggedFeature):
        values, splits = ragged[f.value_key or key]
        if not batched:
            return values
        return c.public("RaggedTensor").from_row_splits(values, splits, validate=False)
    return dense[key]


@export("io.parse_example")
def parse_example(serialized, features, example_names=None, name=None):
    """A dict of tensors from a vector of (or one) serialized Examples."""
    return _parse(serialized, features, example_names, name)


@export("compat.v1.io.parse_example", "compat.v1.parse_example")
def parse_example_v1(serialized, features, name=None, example_names=None):
    """A dict of tensors from a vector of serialized Examples."""
    return _parse(serialized, features, example_names, name)


def _single(serialized, features, names, name):
    if not features:
        raise ValueError("Missing features.")
    serialized = c.tensor(serialized, dtypes.string)
    if serialized.shape.rank not in (None, 0):
        raise ValueError(f"Input serialized must be a scalar. Received: {serialized.shape}")
    return _parse(serialized, features, names, name)


@export("io.parse_single_example")
def parse_single_example(serialized, features, example_names=None, name=None):
    """A dict of tensors from one serialized Example."""
    return _single(serialized, features, example_names, name)


@export("compat.v1.io.parse_single_example", "compat.v1.parse_single_example")
def parse_single_example_v1(serialized, features, name=None, example_names=None):
    """A dict of tensors from one serialized Example."""
    return _single(serialized, features, example_names, name)
