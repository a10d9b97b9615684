"""tf.nn: losses."""

import math

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument

_HALF = (dtypes.float16, dtypes.bfloat16)


@export("nn.l2_loss")
def l2_loss(t, name=None):
    """sum(t ** 2) / 2."""
    return raw_ops.L2Loss(t=t, name=name)


def require_named(function, labels, logits):
    if labels is None or logits is None:
        raise ValueError(f"Both `labels` and `logits` must be provided for {function}")


@export("nn.sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None):
    """The cross entropy of each independent class; the shape is that of the logits."""
    require_named("sigmoid_cross_entropy_with_logits", labels, logits)
    logits = c.tensor(logits)
    labels = c.tensor(labels, logits.dtype)
    if not labels.shape.is_compatible_with(logits.shape):
        raise ValueError(
            f"`logits` and `labels` must have the same shape, received ({logits.shape} vs {labels.shape})."
        )
    positive = c.greater_equal(logits, c.zeros_like(logits))
    relu_logits = c.where(positive, logits, c.zeros_like(logits))
    negative = c.where(positive, c.neg(logits), logits)
    return c.add(c.sub(relu_logits, c.mul(logits, labels)), c.log1p(c.exp(negative)), name)


def _weighted(labels, logits, weight, name):
    logits = c.tensor(logits)
    labels = c.tensor(labels, logits.dtype)
    weight = c.tensor(weight, logits.dtype)
    if not labels.shape.is_compatible_with(logits.shape):
        raise ValueError(
            f"`logits` and `labels` must have the same shape, received ({logits.shape} vs {labels.shape})."
        )
    one = c.tensor(1, logits.dtype)
    log_weight = c.add(one, c.mul(c.sub(weight, one), labels))
    soft = c.add(c.log1p(c.exp(c.neg(c.absolute(logits)))), raw_ops.Relu(features=c.neg(logits)))
    return c.add(c.mul(c.sub(one, labels), logits), c.mul(log_weight, soft), name)


@export("nn.weighted_cross_entropy_with_logits")
def weighted_cross_entropy_with_logits(labels, logits, pos_weight, name=None):
    """sigmoid_cross_entropy_with_logits with positive labels weighted by pos_weight."""
    return _weighted(labels, logits, pos_weight, name)


@export("compat.v1.nn.weighted_cross_entropy_with_logits")
def weighted_cross_entropy_with_logits_v1(labels=None, logits=None, pos_weight=None, name=None, targets=None):
    """sigmoid_cross_entropy_with_logits with positive labels weighted by pos_weight."""
    labels = deprecated_argument("labels", labels, "targets", targets)
    return _weighted(labels, logits, pos_weight, name)


def _rows(x):
    """x as a matrix of rows along its last dimension."""
    last = c.dims(x)[-1] if x.shape.rank is not None else c.item(c.shape_tensor(x), -1)
    return c.reshape(x, [-1, last])


def _softmax_cross_entropy(labels, logits, axis, name):
    logits = c.tensor(logits)
    labels = c.tensor(labels)
    low = logits.dtype in _HALF
    precise = c.cast(logits, dtypes.float32) if low else logits
    labels = c.cast(labels, precise.dtype)
    rank = precise.shape.rank
    perm = None
    if axis != -1 and not (rank is not None and axis % rank == rank - 1):
        perm = list(range(rank))
        perm.append(perm.pop(axis))
        precise, labels = c.transpose(precise, perm), c.transpose(labels, perm)
    flat = precise
    if rank != 2:
        flat, labels = _rows(precise), _rows(labels)
    cost = raw_ops.SoftmaxCrossEntropyWithLogits(features=flat, labels=labels).loss
    if rank != 2:
        outer = c.part(c.shape_tensor(precise), 0, -1) if rank is None else c.dims(precise)[:-1]
        cost = c.reshape(cost, outer)
    return c.cast(cost, logits.dtype) if low else c.identity(cost, name) if name else cost


@export("nn.softmax_cross_entropy_with_logits")
def softmax_cross_entropy_with_logits(labels, logits, axis=-1, name=None):
    """The cross entropy of softmax(logits) and the labels, which are distributions over `axis`."""
    require_named("softmax_cross_entropy_with_logits", labels, logits)
    return _softmax_cross_entropy(labels, logits, axis, name)


@export("compat.v1.nn.softmax_cross_entropy_with_logits")
def softmax_cross_entropy_with_logits_v1(labels=None, logits=None, dim=-1, name=None, axis=None):
    """The cross entropy of softmax(logits) and the labels; no gradient flows to the labels."""
    require_named("softmax_cross_entropy_with_logits", labels, logits)
    if axis is not None and dim != -1:
        raise ValueError("Cannot specify both 'dim' and 'axis'.")
    return _softmax_cross_entropy(c.stop_gradient(labels), logits, dim if axis is None else axis, name)


@export("compat.v1.nn.softmax_cross_entropy_with_logits_v2")
def softmax_cross_entropy_with_logits_v2(labels, logits, axis=None, name=None, dim=None):
    """The cross entropy of softmax(logits) and the labels, which are distributions over `axis`."""
    axis = deprecated_argument("axis", axis, "dim", dim)
    return _softmax_cross_entropy(labels, logits, -1 if axis is None else axis, name)


@export("nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits(labels, logits, name=None):
    """The cross entropy of softmax(logits) and the classes that `labels` numbers."""
    return _sparse_softmax_cross_entropy(labels, logits, name)


@export("compat.v1.nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits_v1(labels=None, logits=None, name=None):
    """The cross entropy of softmax(logits) and the classes that `labels` numbers."""
    require_named("sparse_softmax_cross_entropy_with_logits", labels, logits)
    return _sparse_softmax_cross_entropy(labels, logits, name)


def _sparse_softmax_cross_entropy(labels, logits, name):
    labels, logits = c.tensor(labels), c.tensor(logits)
    precise = c.cast(logits, dtypes.float32) if logits.dtype in _HALF else logits
    lr, r = labels.shape.rank, logits.shape.rank
    if r == 0:
        raise ValueError(f"`logits` cannot be a scalar. Received logits={logits}`")
    if r is not None and lr is not None and lr != r - 1:
        raise ValueError(
            "`labels.shape.rank` must equal `logits.shape.rank - 1`. "
            f"Received: labels.shape={labels.shape} of rank {lr} and logits.shape={logits.shape} of rank {r}"
        )
    if r is not None and not labels.shape.is_compatible_with(logits.shape[:-1]):
        raise ValueError(
            "`labels.shape` must equal `logits.shape` except for the last dimension. "
            f"Received: labels.shape={labels.shape} and logits.shape={logits.shape}"
        )
    if r == 2:
        cost = raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=precise, labels=labels, name=name).loss
    else:
        classes = c.item(c.shape_tensor(precise), -1) if r is None else c.dims(precise)[-1]
        flat = raw_ops.SparseSoftmaxCrossEntropyWithLogits(
            features=c.reshape(precise, [-1, classes]), labels=c.reshape(labels, [-1])
        ).loss
        cost = c.reshape(flat, c.shape_tensor(labels), name)
    return c.cast(cost, logits.dtype)


@export("nn.log_poisson_loss")
def log_poisson_loss(targets, log_input, compute_full_loss=False, name=None):
    """exp(log_input) - log_input * targets, with Stirling's term for the full loss."""
    log_input = c.tensor(log_input)
    targets = c.tensor(targets, log_input.dtype)
    if not targets.shape.is_compatible_with(log_input.shape):
        raise ValueError(
            "`log_input` and `targets` must have the same shape, "
            f"received ({log_input.shape} vs {targets.shape})."
        )
    result = c.sub(c.exp(log_input), c.mul(log_input, targets))
    if compute_full_loss:
        factor = c.tensor(0.5, targets.dtype)
        two_pi = c.tensor(2 * math.pi, targets.dtype)
        stirling = c.add(
            c.sub(c.mul(targets, c.log(targets)), targets), c.mul(factor, c.log(c.mul(two_pi, targets)))
        )
        inside = c.logical_and(
            c.greater_equal(targets, c.zeros_like(targets)), c.less_equal(targets, c.ones_like(targets))
        )
        result = c.add(result, c.where(inside, c.zeros_like(targets), stirling))
    return c.identity(result, name) if name else result


@export("nn.compute_average_loss")
def compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None):
    """The sum of the losses, weighted, divided by the batch size."""
    loss = c.tensor(per_example_loss)
    dtype = loss.dtype
    if sample_weight is not None:
        sample_weight = c.tensor(sample_weight)
        loss = scale_by_weights(loss, sample_weight)
    loss = c.cast(loss, dtype)
    if global_batch_size is None:
        sizes = c.dims(loss)
        global_batch_size = sizes[0] if sizes else 1
    else:
        static = c.static_value(global_batch_size)
        if static is not None:
            if static.ndim:
                raise ValueError(f"global_batch_size must be scalar but got shape {static.shape}")
            if not np.issubdtype(static.dtype, np.integer):
                raise TypeError(f"global_batch_size must be an int, got {type(global_batch_size)}.")
            if static < 0:
                raise ValueError("global_batch_size must be non-negative.")
    return c.div(c.reduce_sum(loss), c.cast(global_batch_size, dtype))


def scale_by_weights(losses, weights):
    """losses * weights, where weights may lack (or have too many) trailing dimensions of size 1."""
    a, b = losses.shape.rank, weights.shape.rank
    if a is not None and b is not None:
        if b == a + 1 and weights.shape[-1] == 1:
            weights = c.squeeze(weights, [-1])
        elif b == a - 1:
            weights = c.expand_dims(weights, -1)
    return c.mul(losses, c.cast(weights, losses.dtype))


@export("nn.scale_regularization_loss")
def scale_regularization_loss(regularization_loss):
    """The loss divided by the number of replicas, of which there is one."""
    return c.reduce_sum(regularization_loss)
