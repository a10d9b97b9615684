"""tf.nn: losses over a sample of the classes."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .nn_embedding import lookup
from .nn_loss import sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits


def _row_dots(x, y):
    """The product of row i of x with each of y[i]."""
    return c.squeeze(c.matmul(c.expand_dims(x, 1), y, transpose_b=True), [1])


def _logits(
    weights,
    biases,
    labels,
    inputs,
    sampled_values,
    num_sampled,
    num_classes,
    num_true,
    log_q,
    drop_hits,
    strategy,
    seed,
):
    """(logits, labels) of the true and of the sampled classes."""
    weights = weights if isinstance(weights, (list, tuple)) else [weights]
    labels = c.cast(labels, dtypes.int64)
    if sampled_values is None:
        sampled_values = c.public("random.log_uniform_candidate_sampler")(
            true_classes=labels,
            num_true=num_true,
            num_sampled=num_sampled,
            unique=True,
            range_max=num_classes,
            seed=seed,
        )
    sampled, true_expected, sampled_expected = (c.stop_gradient(s) for s in sampled_values)
    sampled = c.cast(sampled, dtypes.int64)
    flat = c.reshape(labels, [-1])
    count = raw_ops.Size(input=flat)
    both = c.concat([flat, sampled], 0)
    all_w, all_b = lookup(weights, both, strategy, None, None), lookup(biases, both, strategy, None, None)
    true_w, sampled_w = c.part(all_w, None, count), c.part(all_w, count, None)
    true_b, sampled_b = c.part(all_b, None, count), c.part(all_b, count, None)
    inputs = c.tensor(inputs)
    sampled_logits = c.add(c.matmul(inputs, sampled_w, transpose_b=True), sampled_b)
    width = c.dims(true_w)[1]
    true_logits = _row_dots(inputs, c.reshape(true_w, [-1, num_true, width]))
    true_logits = c.add(true_logits, c.reshape(true_b, [-1, num_true]))
    if drop_hits:
        hit = c.equal(c.expand_dims(c.reshape(labels, [-1, num_true]), 2), c.reshape(sampled, [1, 1, -1]))
        lowest = c.tensor(sampled_logits.dtype.min, sampled_logits.dtype)
        lost = c.mul(c.cast(c.reduce_any(hit, [1]), sampled_logits.dtype), lowest)
        sampled_logits = c.add(sampled_logits, lost)
    if log_q:
        true_logits = c.sub(true_logits, c.log(true_expected))
        sampled_logits = c.sub(sampled_logits, c.log(sampled_expected))
    ones = c.div(c.ones_like(true_logits), c.tensor(float(num_true), true_logits.dtype))
    return c.concat([true_logits, sampled_logits], 1), c.concat([ones, c.zeros_like(sampled_logits)], 1)


def _nce(weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values, drop, strategy):
    logits, targets = _logits(
        weights,
        biases,
        labels,
        inputs,
        sampled_values,
        num_sampled,
        num_classes,
        num_true,
        True,
        drop,
        strategy,
        None,
    )
    return c.reduce_sum(sigmoid_cross_entropy_with_logits(labels=targets, logits=logits), [1])


@export("nn.nce_loss")
def nce_loss(
    weights,
    biases,
    labels,
    inputs,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    remove_accidental_hits=False,
    name="nce_loss",
):
    """The noise-contrastive estimate of a loss over many classes."""
    args = (weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values)
    return _nce(*args, remove_accidental_hits, "div")


@export("compat.v1.nn.nce_loss")
def nce_loss_v1(
    weights,
    biases,
    labels,
    inputs,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    remove_accidental_hits=False,
    partition_strategy="mod",
    name="nce_loss",
):
    """The noise-contrastive estimate of a loss over many classes."""
    args = (weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values)
    return _nce(*args, remove_accidental_hits, partition_strategy)


def _sampled_softmax(
    weights, biases, labels, inputs, num_sampled, num_classes, num_true, values, drop, strategy, seed
):
    logits, targets = _logits(
        weights,
        biases,
        labels,
        inputs,
        values,
        num_sampled,
        num_classes,
        num_true,
        True,
        drop,
        strategy,
        seed,
    )
    return softmax_cross_entropy_with_logits(labels=c.stop_gradient(targets), logits=logits)


@export("nn.sampled_softmax_loss")
def sampled_softmax_loss(
    weights,
    biases,
    labels,
    inputs,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    remove_accidental_hits=True,
    seed=None,
    name="sampled_softmax_loss",
):
    """The softmax cross entropy over the true classes and a sample of the others."""
    args = (weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values)
    return _sampled_softmax(*args, remove_accidental_hits, "div", seed)


@export("compat.v1.nn.sampled_softmax_loss")
def sampled_softmax_loss_v1(
    weights,
    biases,
    labels,
    inputs,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    remove_accidental_hits=True,
    partition_strategy="mod",
    name="sampled_softmax_loss",
    seed=None,
):
    """The softmax cross entropy over the true classes and a sample of the others."""
    args = (weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values)
    return _sampled_softmax(*args, remove_accidental_hits, partition_strategy, seed)
