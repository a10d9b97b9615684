"""tf.nn: connectionist temporal classification, loss."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c


def _is_sparse(x):
    return hasattr(x, "dense_shape")


def _loss(indices, values, inputs, lengths, collapse, merge, ignore_longer, time_major):
    inputs = c.tensor(inputs)
    low = inputs.dtype in (dtypes.float16, dtypes.bfloat16)
    inputs = c.cast(inputs, dtypes.float32) if low else inputs
    if not time_major:
        inputs = c.transpose(inputs, [1, 0, 2])
    return raw_ops.CTCLoss(
        inputs=inputs,
        labels_indices=indices,
        labels_values=c.cast(values, dtypes.int32),
        sequence_length=lengths,
        preprocess_collapse_repeated=collapse,
        ctc_merge_repeated=merge,
        ignore_longer_outputs_than_inputs=ignore_longer,
    ).loss


@export("compat.v1.nn.ctc_loss")
def ctc_loss_v1(
    labels,
    inputs=None,
    sequence_length=None,
    preprocess_collapse_repeated=False,
    ctc_merge_repeated=True,
    ignore_longer_outputs_than_inputs=False,
    time_major=True,
    logits=None,
):
    """The loss of each sequence; labels are a SparseTensor of int32 and the blank is the last class."""
    if not _is_sparse(labels):
        raise TypeError(
            f"Expected argument `labels` to be a SparseTensor. Received labels={labels} of type: {type(labels)}"
        )
    return _loss(
        labels.indices,
        labels.values,
        inputs if logits is None else logits,
        sequence_length,
        preprocess_collapse_repeated,
        ctc_merge_repeated,
        ignore_longer_outputs_than_inputs,
        time_major,
    )


def _blank_last(logits, blank):
    """The logits with the class `blank` moved to the end."""
    return c.concat(
        [c.last(logits, 0, blank), c.last(logits, blank + 1, None), c.last(logits, blank, blank + 1)], 2
    )


def _sparse_labels(labels, lengths):
    """The first `lengths` labels of each row, at least one, as the indices and values of a SparseTensor."""
    labels = c.tensor(labels, None if hasattr(labels, "dtype") else dtypes.int32)
    columns = c.expand_dims(c.arange(0, c.dims(labels)[1]), 0)
    here = c.less(columns, c.expand_dims(c.maximum(c.cast(lengths, dtypes.int32), 1), 1))
    at = raw_ops.Where(condition=here)
    return at, raw_ops.GatherNd(params=labels, indices=at)


def _all_blank(logits, lengths):
    """The loss of sequences without labels."""
    log_p = c.last(raw_ops.LogSoftmax(logits=logits), -1, None, shrink=True)
    steps = c.expand_dims(c.arange(0, c.dims(logits)[0]), 1)
    counted = c.where(c.less(steps, c.expand_dims(lengths, 0)), log_p, c.zeros_like(log_p))
    return c.neg(c.reduce_sum(counted, [0]))


@export("nn.ctc_loss", "compat.v1.nn.ctc_loss_v2")
def ctc_loss(
    labels,
    logits,
    label_length,
    logit_length,
    logits_time_major=True,
    unique=None,
    blank_index=None,
    name=None,
):
    """The loss of each sequence; labels are dense with label_length, or a SparseTensor (blank_index is then needed)."""
    if _is_sparse(labels):
        if blank_index is None:
            raise ValueError("Argument `blank_index` must be provided when labels is a SparseTensor.")
        indices, values = labels.indices, labels.values
    else:
        label_length = c.cast(label_length, dtypes.int32)
        indices, values = _sparse_labels(labels, label_length)
    logits = c.tensor(logits)
    if not logits_time_major:
        logits = c.transpose(logits, [1, 0, 2])
    classes = c.dims(logits)[2]
    blank = 0 if blank_index is None else blank_index
    if blank < 0:
        blank += classes
    last = classes - 1 if isinstance(classes, int) else c.sub(classes, 1)
    if not isinstance(last, int) or blank != last:
        logits = _blank_last(logits, blank)
        after = c.cast(c.greater(values, c.cast(blank, values.dtype)), values.dtype)
        values = c.sub(values, after)
    logit_length = c.cast(logit_length, dtypes.int32)
    if _is_sparse(labels):
        loss = _loss(indices, values, logits, logit_length, False, True, False, True)
    else:
        loss = _loss(indices, values, logits, logit_length, False, True, True, True)
        impossible = c.tensor(float("inf"), loss.dtype)
        loss = c.where(c.greater(label_length, logit_length), impossible, loss)
        loss = c.where(c.equal(label_length, 0), _all_blank(logits, logit_length), loss)
    return c.identity(loss, name) if name else loss


@export("nn.ctc_unique_labels")
def ctc_unique_labels(labels, name=None):
    """(the different labels of each row padded with 0, the place of each label among them)."""
    labels = c.cast(labels, dtypes.int64)
    batch, length = c.dims(labels)
    rows = c.unstack(labels, batch)
    ids, places = [], []
    for row in rows:
        unique, index = raw_ops.Unique(x=row)
        more = c.sub(length, raw_ops.Size(input=unique))
        ids.append(c.pad(unique, [[0, more]]))
        places.append(index)
    return [c.stack(ids), c.stack(places)]
