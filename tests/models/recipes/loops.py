"""While loops: nested, with conditions, with growing shapes, with gradients."""

import numpy as np
import tensorflow as tf

from .common import Case, dense, feed, graph, named, normal, v1, weight


@graph("v1", "fn")
def while_sum():
    n, x = feed("n", tf.int32, []), feed("x", tf.float32, [None])
    i, y = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * 0.5 + x), [0, x])
    return [
        Case(
            {n: np.int32(k), x: normal("x", 4)},
            [named("count", i), named("y", y)],
            f"n{k}",
            note="simplest loop; n0 never enters the body",
        )
        for k in (0, 5)
    ]


@graph("v1", "fn")
def while_nested():
    x = feed("x", tf.float32, [None, 3])

    def outer(i, total):
        inner = tf.while_loop(
            lambda j, s: j <= i,
            lambda j, s: (j + 1, s + x * tf.cast(i * j, tf.float32)),
            [0, tf.zeros_like(x)],
        )
        deepest = tf.while_loop(lambda k, s: k < 2, lambda k, s: (k + 1, tf.tanh(s)), [0, inner[1]])
        return i + 1, total + deepest[1] + inner[1]

    i, total = tf.while_loop(lambda i, t: i < 4, outer, [0, x])
    return Case(
        {x: normal("x", 2, 3)},
        [named("i", i), named("total", total)],
        note="two inner loops one after the other; the inner bound is the outer counter",
    )


@graph("v1", "fn")
def while_three_deep():
    n = feed("n", tf.int32, [])

    def level(depth, value):
        if depth == 3:
            return value * 3 + 1
        return tf.while_loop(
            lambda i, v: i < n, lambda i, v: (i + 1, level(depth + 1, v) % 1009), [0, value]
        )[1]

    return Case(
        {n: np.int32(3)}, [named("y", level(0, tf.constant(1)))], note="three nested loops over integers"
    )


@graph("v1", "fn")
def while_collatz():
    x = feed("x", tf.int32, [])

    def body(x, steps):
        return tf.cond(tf.equal(x % 2, 0), lambda: x // 2, lambda: 3 * x + 1), steps + 1

    x_end, steps = tf.while_loop(lambda x, s: x > 1, body, [x, 0])
    return Case(
        {x: np.int32(27)},
        [named("end", x_end), named("steps", steps)],
        note="condition in a loop body; the number of steps depends on the data",
    )


@graph("v1", "fn")
def while_in_cond():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [None])

    def loop():
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + x), [0, x])[1]

    y = tf.cond(p, loop, lambda: -x)
    return [
        Case(
            {p: np.bool_(k), x: normal("x", 3)},
            [named("y", y)],
            str(k).lower(),
            note="a loop in one branch only",
        )
        for k in (True, False)
    ]


@graph("v1", "fn")
def while_cond_while():
    x = feed("x", tf.float32, [None, 2])

    def body(i, y):
        def often():
            return tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z * 1.5), [0, y])[1]

        y = tf.cond(tf.reduce_sum(y) > 0.0, often, lambda: y + 0.75)
        return i + 1, y

    i, y = tf.while_loop(lambda i, y: (i < 6) & (tf.reduce_max(y) < 50.0), body, [0, x])
    return Case(
        {x: normal("while_cond_while", 2, 2)},
        [named("i", i), named("y", y)],
        note="loop in a condition in a loop",
    )


@graph("v1", "fn")
def while_growing():
    n = feed("n", tf.int32, [])
    start = tf.constant([[1, 2]])
    i, rows = tf.while_loop(
        lambda i, r: i < n,
        lambda i, r: (i + 1, tf.concat([r, r[-1:] + i], 0)),
        [0, start],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
        parallel_iterations=1,
    )
    return Case(
        {n: np.int32(4)}, [named("rows", rows)], note="a loop variable whose shape grows; one at a time"
    )


@graph("v1", "fn")
def while_swap():
    a, b = feed("a", tf.float32, [2]), feed("b", tf.float32, [2])
    _, x, y, c = tf.while_loop(
        lambda i, x, y, c: i < 3, lambda i, x, y, c: (i + 1, y, x, c), [0, a, b, a - b]
    )
    return Case(
        {a: normal("a", 2), b: normal("b", 2)},
        [named("x", x), named("y", y), named("c", c)],
        note="loop variables that trade places, and one that passes through",
    )


@graph("v1", "fn")
def while_unused_outputs():
    x = feed("x", tf.float32, [2, 2])
    m = weight("m", 2, 2)
    i, y, z, trace = tf.while_loop(
        lambda i, y, z, t: i < 3,
        lambda i, y, z, t: (i + 1, tf.matmul(y, m), z + tf.exp(y), t + tf.reduce_sum(z)),
        [0, x, tf.ones_like(x), 0.0],
    )
    del i, z, trace
    return Case({x: normal("x", 2, 2)}, [named("y", y)], note="only one of four loop variables is fetched")


@graph("v1", "fn")
def while_effects():
    x = feed("x", tf.float32, [None])

    def body(i, y):
        with tf.control_dependencies([tf.debugging.assert_less(i, 10, message="too many steps")]):
            return i + 1, tf.cumsum(tf.identity(y))

    _, y = tf.while_loop(lambda i, y: tf.reduce_all(y < 1000.0), body, [0, x])
    y_out = named("y", y)
    return [
        Case({x: np.float32([100, 200, 300])}, [y_out], "fine", note="an assertion in a loop body"),
        Case({x: np.float32([1e-6, 0, 0])}, [y_out], "fails", fails=True, note="the assertion fails"),
    ]


@graph("v1", "fn")
def map_fn():
    x = feed("x", tf.float32, [None, 3])
    y = tf.map_fn(lambda r: tf.reduce_sum(r) * r, x)
    z = tf.map_fn(
        lambda r: (tf.argmax(r), r[0] > 0), x, fn_output_signature=(tf.int64, tf.bool), parallel_iterations=4
    )
    return Case(
        {x: normal("x", 5, 3)},
        [named("y", y), named("z0", z[0]), named("z1", z[1])],
        note="tf.map_fn with one and with two outputs of other dtypes",
    )


@graph("v1", "fn")
def scan_fold():
    x = feed("x", tf.float32, [None, 2])
    s = tf.scan(lambda a, r: a * 0.9 + r, x)
    r = tf.scan(lambda a, r: (a[0] + r, a[1] * r), x, initializer=(tf.zeros([2]), tf.ones([2])), reverse=True)
    f = tf.foldl(lambda a, r: a - r, x)
    g = tf.foldr(lambda a, r: a * 0.5 + r, x, initializer=tf.ones([2]))
    return Case(
        {x: normal("x", 6, 2)},
        [named("s", s), named("r0", r[0]), named("r1", r[1]), named("f", f), named("g", g)],
        note="tf.scan, foldl, foldr, forward and in reverse",
    )


@graph("v1", "fn")
def beam_search():
    start = feed("start", tf.int32, [None])
    beams, vocab, steps = 3, 7, 5
    table, out = weight("table", vocab, 8), weight("out", 8, vocab)
    batch = tf.shape(start)[0]
    tokens = tf.tile(start[:, None, None], [1, beams, 1])
    scores = tf.tile(tf.constant([[0.0, -1e9, -1e9]]), [batch, 1])
    done = tf.zeros([batch, beams], tf.bool)

    def body(i, tokens, scores, done):
        state = tf.reduce_sum(tf.gather(table, tokens), 2)
        logits = tf.nn.log_softmax(tf.reshape(tf.matmul(tf.reshape(state, [-1, 8]), out), [-1, beams, vocab]))
        only_end = tf.one_hot(tf.zeros_like(tokens[:, :, 0]), vocab, on_value=0.0, off_value=-1e9)
        logits = tf.where(done[..., None], only_end, logits)
        best, index = tf.math.top_k(tf.reshape(scores[..., None] + logits, [-1, beams * vocab]), beams)
        beam, token = index // vocab, index % vocab
        tokens = tf.concat([tf.gather(tokens, beam, batch_dims=1), token[..., None]], 2)
        done = tf.gather(done, beam, batch_dims=1) | tf.equal(token, 0)
        return i + 1, tokens, best, done

    i, tokens, scores, done = tf.while_loop(
        lambda i, t, s, d: (i < steps) & ~tf.reduce_all(d),
        body,
        [0, tokens, scores, done],
        shape_invariants=[
            tf.TensorShape([]),
            tf.TensorShape([None, beams, None]),
            tf.TensorShape([None, beams]),
            tf.TensorShape([None, beams]),
        ],
    )
    return Case(
        {start: np.int32([1, 4])},
        [named("tokens", tokens), named("scores", scores), named("length", i)],
        note="beam search: top_k, gathers by beam, growing sequences, early stop",
    )


@graph("v1", "fn")
def while_gradient():
    x = feed("x", tf.float32, [2, 3])
    w = weight("w", 3, 3)
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.tanh(tf.matmul(y, w))), [0, x])
    (g,) = tf.gradients(tf.reduce_sum(y * y), [x])
    return Case(
        {x: normal("x", 2, 3)},
        [named("y", y), named("g", g)],
        note="the gradient of a loop: stacks in TF1 form, tensor lists in TF2 form",
    )


@graph("v1")
def dynamic_rnn():
    x, lengths = feed("x", tf.float32, [None, None, 4]), feed("lengths", tf.int32, [None])
    units = 5

    class Cell:
        state_size = output_size = units
        trainable = True

        def zero_state(self, batch, dtype):
            return tf.zeros([batch, units], dtype)

        def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
            return self.zero_state(batch_size, dtype)

        def __call__(self, inputs, state, scope=None):
            h = dense("cell", tf.concat([inputs, state], 1), units, tf.tanh)
            return h, h

    y, state = v1.nn.dynamic_rnn(Cell(), x, sequence_length=lengths, dtype=tf.float32)
    return Case(
        {x: normal("x", 3, 6, 4), lengths: np.int32([6, 2, 4])},
        [named("y", y), named("state", state)],
        note="v1 dynamic_rnn with sequence lengths: conditions and TensorArrays in a loop",
    )


@graph("v1")
def lstm_dynamic():
    x, lengths = feed("x", tf.float32, [None, None, 4]), feed("lengths", tf.int32, [None])
    units = 5

    class Cell:
        state_size = (units, units)
        output_size = units
        trainable = True

        def __init__(self, name, depth):
            self.kernel = weight(name + "/kernel", depth + units, 4 * units)
            self.bias = tf.constant(normal(name, 4 * units, scale=0.1), name=name + "/bias")

        def zero_state(self, batch, dtype):
            return tf.zeros([batch, units], dtype), tf.zeros([batch, units], dtype)

        def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
            return self.zero_state(batch_size, dtype)

        def __call__(self, inputs, state, scope=None):
            c, h = state
            gates = tf.nn.bias_add(tf.matmul(tf.concat([inputs, h], 1), self.kernel), self.bias)
            i, j, f, o = tf.split(gates, 4, 1)
            c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
            h = tf.tanh(c) * tf.sigmoid(o)
            return h, (c, h)

    forward, _ = v1.nn.dynamic_rnn(Cell("a", 4), x, sequence_length=lengths, dtype=tf.float32, scope="fw")
    backward, _ = v1.nn.dynamic_rnn(
        Cell("b", units),
        tf.reverse_sequence(forward, lengths, seq_axis=1),
        sequence_length=lengths,
        dtype=tf.float32,
        scope="bw",
    )
    y = tf.reverse_sequence(backward, lengths, seq_axis=1)
    return Case(
        {x: normal("x", 2, 5, 4), lengths: np.int32([5, 3])},
        [named("y", y)],
        note="BasicLSTMCell written out, two stacked dynamic_rnn, ReverseSequence between them",
    )
