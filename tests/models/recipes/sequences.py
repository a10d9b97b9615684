"""Recurrent networks of TF1: cells over TensorArrays, decoders with attention, text from pictures."""

import numpy as np
import tensorflow as tf

from .common import Case, conv, dense, feed, graph, named, normal, rng, v1, weight


class Gru:
    """v1's GRUCell: both gates from one product, candidate from the reset state."""

    trainable = True

    def __init__(self, name, depth, units):
        self.state_size = self.output_size = units
        self.gates = weight(name + "/gates", depth + units, 2 * units)
        self.candidate = weight(name + "/candidate", depth + units, units)

    def zero_state(self, batch, dtype):
        return tf.zeros([batch, self.state_size], dtype)

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return self.zero_state(batch_size, dtype)

    def __call__(self, inputs, state, scope=None):
        r, u = tf.split(tf.sigmoid(tf.matmul(tf.concat([inputs, state], 1), self.gates) + 1.0), 2, 1)
        c = tf.tanh(tf.matmul(tf.concat([inputs, r * state], 1), self.candidate))
        state = u * state + (1 - u) * c
        return state, state


class Stack:
    """MultiRNNCell: the states are a tuple."""

    trainable = True

    def __init__(self, *cells):
        self.cells = cells
        self.state_size = tuple(c.state_size for c in cells)
        self.output_size = cells[-1].output_size

    def zero_state(self, batch, dtype):
        return tuple(c.zero_state(batch, dtype) for c in self.cells)

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return self.zero_state(batch_size, dtype)

    def __call__(self, inputs, states, scope=None):
        new = []
        for cell, state in zip(self.cells, states):
            inputs, state = cell(inputs, state)
            new.append(state)
        return inputs, tuple(new)


@graph("v1", "fn")
def gru_bidirectional():
    x, lengths = feed("x", tf.float32, [None, None, 4]), feed("lengths", tf.int64, [None])
    (forward, backward), (a, b) = v1.nn.bidirectional_dynamic_rnn(
        Stack(Gru("fw0", 4, 5), Gru("fw1", 5, 3)),
        Stack(Gru("bw0", 4, 5), Gru("bw1", 5, 3)),
        x,
        sequence_length=lengths,
        dtype=tf.float32,
        swap_memory=True,
    )
    return Case(
        {x: normal("x", 3, 7, 4), lengths: np.int64([7, 0, 3])},
        [named("y", tf.concat([forward, backward], 2)), named("a", a[1]), named("b", b[0])],
        note="v1 bidirectional_dynamic_rnn, two layers of GRU cells, one sequence of length zero",
    )


@graph("v1")
def rnn_time_major():
    x = feed("x", tf.float32, [None, 2, 4])
    state = feed("state", tf.float32, [2, 3])
    y, last = v1.nn.dynamic_rnn(Gru("cell", 4, 3), x, initial_state=state, time_major=True)
    unrolled, end = v1.nn.static_rnn(
        Gru("other", 3, 2), tf.unstack(y[:3], 3), dtype=tf.float32, sequence_length=tf.constant([3, 1])
    )
    return Case(
        {x: normal("x", 5, 2, 4), state: normal("s", 2, 3)},
        [named("y", y), named("last", last), named("unrolled", tf.stack(unrolled)), named("end", end)],
        note="time-major dynamic_rnn with a fed state, then a static_rnn with lengths: conditions in a row",
    )


@graph("v1", "fn")
def raw_rnn():
    x, lengths = feed("x", tf.float32, [None, None, 3]), feed("lengths", tf.int32, [None])
    cell, units = Gru("cell", 3, 4), 4
    time = tf.shape(x)[1]
    inputs = tf.TensorArray(tf.float32, time, clear_after_read=False).unstack(tf.transpose(x, [1, 0, 2]))

    def step(t, output, state, loop_state):
        emit = output
        next_state = cell.zero_state(tf.shape(x)[0], tf.float32) if output is None else state
        seen = tf.zeros([], tf.int32) if loop_state is None else loop_state + 1
        finished = t >= lengths
        next_input = tf.cond(
            tf.reduce_all(finished),
            lambda: tf.zeros([tf.shape(x)[0], 3]),
            lambda: inputs.read(t),
        )
        next_input.set_shape([None, 3])
        return finished, next_input, next_state, emit, seen

    outputs, state, seen = v1.nn.raw_rnn(cell, step)
    y = outputs.stack()
    y.set_shape([None, None, units])
    return Case(
        {x: normal("x", 3, 6, 3), lengths: np.int32([4, 2, 5])},
        [named("y", y), named("state", state), named("seen", seen)],
        note="v1 raw_rnn: a condition that reads a TensorArray inside the loop, a loop state",
    )


@graph("v1", "fn")
def attention_decoder():
    source = feed("source", tf.int32, [None, None])
    words, units, end, most = 9, 6, 1, 8
    table = weight("embedding", words, units)
    embedded = tf.nn.embedding_lookup(table, source)
    lengths = tf.reduce_sum(tf.cast(source > 0, tf.int32), 1)
    memory, state = v1.nn.dynamic_rnn(
        Gru("encoder", units, units), embedded, sequence_length=lengths, dtype=tf.float32
    )
    keys = tf.tensordot(memory, weight("keys", units, units), 1)
    mask = tf.sequence_mask(lengths, tf.shape(source)[1], tf.float32)
    v, cell = weight("v", units), Gru("decoder", 2 * units, units)
    batch = tf.shape(source)[0]

    def step(t, token, state, finished, tokens, weights):
        query = dense("query", state, units)
        score = tf.reduce_sum(v * tf.tanh(keys + query[:, None]), 2)
        align = tf.nn.softmax(score + (1.0 - mask) * -1e9)
        context = tf.squeeze(tf.matmul(align[:, None], memory), 1)
        out, new = cell(tf.concat([tf.gather(table, token), context], 1), state)
        state = tf.where(tf.tile(finished[:, None], [1, units]), state, new)
        token = tf.cast(tf.argmax(dense("vocabulary", out, words), 1), tf.int32)
        token = tf.where(finished, tf.zeros_like(token), token)
        return (
            t + 1,
            token,
            state,
            finished | tf.equal(token, end),
            tokens.write(t, token),
            weights.write(t, align),
        )

    t, _, _, finished, tokens, weights = tf.while_loop(
        lambda t, _, __, finished, *___: (t < most) & ~tf.reduce_all(finished),
        step,
        [
            0,
            tf.fill([batch], 2),
            state,
            tf.zeros([batch], tf.bool),
            tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[None]),
            tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[None, None]),
        ],
    )
    return Case(
        {source: np.int32([[3, 4, 5, 6, 0], [7, 8, 0, 0, 0], [2, 2, 2, 2, 2]])},
        [
            named("tokens", tf.transpose(tokens.stack())),
            named("weights", tf.transpose(weights.stack(), [1, 0, 2])),
            named("steps", t),
            named("finished", finished),
        ],
        note="sequence to sequence: attention in a greedy decoder that stops when all have ended",
    )


@graph("v1")
def text_from_picture():
    image, widths = feed("image", tf.uint8, [None, 16, None, 1]), feed("widths", tf.int32, [None])
    x = tf.image.convert_image_dtype(image, tf.float32) - 0.5
    x = tf.nn.max_pool2d(conv("c1", x, 6), 2, 2, "SAME")
    x = conv("c2", x, 8, stride=2)
    x = tf.nn.max_pool2d(x, [4, 1], [4, 1], "VALID")
    x = tf.squeeze(x, 1)
    lengths = (widths + 3) // 4
    (a, b), _ = v1.nn.bidirectional_dynamic_rnn(
        Gru("fw", 8, 6), Gru("bw", 8, 6), x, sequence_length=lengths, dtype=tf.float32
    )
    logits = tf.transpose(tf.tensordot(tf.concat([a, b], 2), weight("out", 12, 5), 1) * 4.0, [1, 0, 2])
    (greedy,), negated = tf.nn.ctc_greedy_decoder(logits, lengths, merge_repeated=True)
    beams, scores = tf.nn.ctc_beam_search_decoder(logits, lengths, beam_width=6, top_paths=2)
    letters = tf.constant(["a", "b", "c", "d"])
    best = tf.sparse.to_dense(beams[0], default_value=-1)
    text = tf.strings.reduce_join(
        tf.where(best >= 0, tf.gather(letters, tf.maximum(best, 0)), tf.fill(tf.shape(best), "")), -1
    )
    picture = rng("ocr").integers(0, 256, (2, 16, 40, 1)).astype(np.uint8)
    return Case(
        {image: picture, widths: np.int32([40, 22])},
        [
            named("text", text),
            named("scores", scores),
            named("greedy", tf.sparse.to_dense(greedy, default_value=-1)),
            named("negated", negated),
            named("second", beams[1].values),
        ],
        note="convolutions, bidirectional GRU, CTC greedy and beam decoding, letters",
    )
