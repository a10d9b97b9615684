"""tf.nn: connectionist temporal classification, decoders."""

from .. import raw_ops
from ..export import export
from . import compose as c


def _sparse(indices, values, shape):
    return c.public("SparseTensor")(indices, values, shape)


@export("nn.ctc_greedy_decoder")
def ctc_greedy_decoder(inputs, sequence_length, merge_repeated=True, blank_index=None):
    """The best class of each step, without blanks: ([a SparseTensor], negative sum of logits)."""
    indices, values, shape, log_probability = raw_ops.CTCGreedyDecoder(
        inputs=inputs,
        sequence_length=sequence_length,
        merge_repeated=merge_repeated,
        blank_index=-1 if blank_index is None else blank_index,
    )
    return [_sparse(indices, values, shape)], log_probability


def _beam(inputs, sequence_length, beam_width, top_paths, merge_repeated):
    indices, values, shapes, log_probabilities = raw_ops.CTCBeamSearchDecoder(
        inputs=inputs,
        sequence_length=sequence_length,
        beam_width=beam_width,
        top_paths=top_paths,
        merge_repeated=merge_repeated,
    )
    return [_sparse(*part) for part in zip(indices, values, shapes)], log_probabilities


@export("nn.ctc_beam_search_decoder", "compat.v1.nn.ctc_beam_search_decoder_v2")
def ctc_beam_search_decoder(inputs, sequence_length, beam_width=100, top_paths=1):
    """The `top_paths` likeliest sequences: (SparseTensors, log probabilities)."""
    return _beam(inputs, sequence_length, beam_width, top_paths, False)


@export("compat.v1.nn.ctc_beam_search_decoder")
def ctc_beam_search_decoder_v1(inputs, sequence_length, beam_width=100, top_paths=1, merge_repeated=True):
    """The `top_paths` likeliest sequences: (SparseTensors, log probabilities)."""
    return _beam(inputs, sequence_length, beam_width, top_paths, merge_repeated)


@export("nn.collapse_repeated")
def collapse_repeated(labels, seq_length, name=None):
    """Merges equal neighbours of each row: (labels padded with 0, new lengths)."""
    labels = c.tensor(labels, "int32" if not hasattr(labels, "dtype") else None)
    seq_length = c.tensor(seq_length)
    batch, length = c.dims(labels)
    changed = c.not_equal(c.part(labels, 1, None, 1), c.part(labels, None, -1, 1))
    first = c.ones_like(c.part(labels, 0, 1, 1))
    keep = c.concat([c.cast(first, "bool"), changed], 1)
    steps = c.arange(0, length)
    keep = c.logical_and(keep, c.less(steps, c.expand_dims(c.cast(seq_length, "int32"), 1)))
    lengths = c.reduce_sum(c.cast(keep, "int32"), [1])
    longest = c.reduce_max(lengths, [0])
    position = c.sub(raw_ops.Cumsum(x=c.cast(keep, "int32"), axis=1), 1)
    rows = c.add(c.zeros_like(labels), c.expand_dims(c.cast(c.arange(0, batch), labels.dtype), 1))
    at = raw_ops.Where(condition=c.reshape(keep, [-1]))
    at = c.squeeze(at, [1])
    where = c.stack([c.cast(rows, "int32"), position], 2)
    where = c.gather(c.reshape(where, [-1, 2]), at)
    values = c.gather(c.reshape(labels, [-1]), at)
    collapsed = raw_ops.ScatterNd(indices=where, updates=values, shape=c.stack([c.tensor(batch), longest]))
    return collapsed, c.cast(lengths, seq_length.dtype)
