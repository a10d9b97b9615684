"""tf.nn: the largest values."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c


@export("nn.top_k", "math.top_k")
def top_k(input, k=1, sorted=True, index_type=dtypes.int32, name=None):
    """The k largest values of the last dimension and where they are: (values, indices)."""
    return raw_ops.TopKV2(input=input, k=k, sorted=sorted, index_type=index_type, name=name)


def _in_top_k(predictions, targets, k, name):
    targets = c.tensor(targets)
    return raw_ops.InTopKV2(predictions=predictions, targets=targets, k=c.cast(k, targets.dtype), name=name)


@export("nn.in_top_k", "math.in_top_k")
def in_top_k(targets, predictions, k, name=None):
    """Whether the target classes are among the k largest predictions of each row."""
    return _in_top_k(predictions, targets, k, name)


@export("compat.v1.nn.in_top_k", "compat.v1.math.in_top_k")
def in_top_k_v1(predictions, targets, k, name=None):
    """Whether the target classes are among the k largest predictions of each row."""
    return _in_top_k(predictions, targets, k, name)


def _approximate(operand, k, axis, largest, name):
    x = c.tensor(operand)
    rank = x.shape.rank
    at = axis % rank
    perm = [i for i in range(rank) if i != at] + [at]
    back = [perm.index(i) for i in range(rank)]
    moved = x if at == rank - 1 else c.transpose(x, perm)
    values, indices = raw_ops.TopKV2(input=moved if largest else c.neg(moved), k=k, sorted=True)
    values = values if largest else c.neg(values)
    if at != rank - 1:
        values, indices = c.transpose(values, back), c.transpose(indices, back)
    return values, indices


@export("nn.approx_max_k", "math.approx_max_k")
def approx_max_k(
    operand,
    k,
    reduction_dimension=-1,
    recall_target=0.95,
    reduction_input_size_override=-1,
    aggregate_to_topk=True,
    name=None,
):
    """The k largest values and where they are; here the answer is exact."""
    return _approximate(operand, k, reduction_dimension, True, name)


@export("nn.approx_min_k", "math.approx_min_k")
def approx_min_k(
    operand,
    k,
    reduction_dimension=-1,
    recall_target=0.95,
    reduction_input_size_override=-1,
    aggregate_to_topk=True,
    name=None,
):
    """The k smallest values and where they are; here the answer is exact."""
    return _approximate(operand, k, reduction_dimension, False, name)
