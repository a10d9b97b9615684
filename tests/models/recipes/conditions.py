"""Conditions: nested, fetched in part, without Merge, with dead tensors; case and switch_case."""

import numpy as np
import tensorflow as tf

from .common import Case, conv, dense, feed, graph, named, normal, v1


@graph("v1", "fn")
def cond_plain():
    p, x, y = feed("p", tf.bool, []), feed("x", tf.float32, [None]), feed("y", tf.float32, [None])
    a, b = tf.cond(p, lambda: (x + y, tf.reduce_max(x)), lambda: (x - y, tf.reduce_min(y)))
    return [
        Case(
            {p: np.bool_(k), x: normal("x", 3), y: normal("y", 3)},
            [named("a", a), named("b", b)],
            str(k).lower(),
            note="condition with two results",
        )
        for k in (True, False)
    ]


@graph("v1", "fn")
def cond_nested():
    x = feed("x", tf.float32, [None])
    s = tf.reduce_sum(x)

    def positive():
        return tf.cond(
            s > 10.0, lambda: tf.sqrt(x * x), lambda: tf.cond(s > 5.0, lambda: x * 2.0, lambda: x + s)
        )

    y = tf.cond(s > 0.0, positive, lambda: tf.cond(s < -5.0, lambda: -x, lambda: tf.zeros_like(x)))
    return [
        Case({x: np.float32(v)}, [named("y", y)], k, note="conditions in conditions, one way through")
        for k, v in dict(
            large=[9, -2, 7], middle=[4, 2, 0], small=[1, 0, 2], low=[-9, 1, 0], zero=[-1, 0, 1]
        ).items()
    ]


@graph("v1", "fn")
def cond_partial():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [2])
    a, b, c = tf.cond(p, lambda: (x * 2.0, tf.exp(x), x[0]), lambda: (x * 3.0, tf.math.log(x), x[1]))
    del b
    return [
        Case(
            {p: np.bool_(True), x: np.float32([-1, 4])},
            [named("a", a)],
            "first",
            note="one of three results fetched: the other Merges are pruned",
        ),
        Case(
            {p: np.bool_(False), x: np.float32([-1, 4])}, [named("c", c)], "last", note="another of the three"
        ),
    ]


@graph("v1", "fn")
def cond_side_outputs():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [None, 4])
    shared = tf.nn.relu(x)

    def left():
        h = tf.reshape(shared, [-1, 2, 2, 1])
        h = conv("c", h, 3)
        return dense("d", tf.reduce_mean(h, [1, 2]), 4)

    y = tf.cond(p, left, lambda: shared)
    z = tf.cond(p, lambda: y + 1.0, lambda: y - 1.0)
    w = tf.cond(tf.logical_not(p), lambda: z, lambda: shared)
    return [
        Case(
            {p: np.bool_(k), x: normal("x", 2, 4)},
            [named("y", y), named("z", z), named("w", w)],
            str(k).lower(),
            note="captures shared by branches and the outside; conditions in a row; a negated one",
        )
        for k in (True, False)
    ]


@graph("v1", "fn")
def cond_constants():
    p = feed("p", tf.bool, [])
    a, b = tf.cond(
        p,
        lambda: (tf.constant([1.0, 2.0]), tf.constant(b"yes")),
        lambda: (tf.constant([3.0, 4.0]), tf.constant(b"no")),
    )
    return [
        Case(
            {p: np.bool_(k)},
            [named("a", a), named("b", b)],
            str(k).lower(),
            note="constants in branches (held by control edges of the pivot), one of them a string",
        )
        for k in (True, False)
    ]


@graph("v1", "fn")
def cond_shapes():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [None, 2])
    y = tf.cond(p, lambda: tf.concat([x, x], 0), lambda: x[:1])
    return [
        Case(
            {p: np.bool_(k), x: normal("x", 3, 2)},
            [named("y", y), named("shape", tf.shape(y))],
            str(k).lower(),
            note="branches with results of other sizes",
        )
        for k in (True, False)
    ]


@graph("v1")
def cond_assert():
    x, limit = feed("x", tf.float32, [None]), feed("limit", tf.float32, [])
    check = v1.Assert(tf.reduce_all(x < limit), ["x is too large:", x, limit], summarize=2)
    with tf.control_dependencies([check, v1.assert_equal(tf.rank(x), 1)]):
        y = named("y", x * 2.0)
    return [
        Case(
            {x: np.float32([1, 2, 3]), limit: np.float32(5)},
            [y],
            "holds",
            note="v1.Assert: a condition with a pivot, an Assert on one side, and a Merge only of its guard",
        ),
        Case(
            {x: np.float32([1, 2, 3]), limit: np.float32(2)},
            [y],
            "fails",
            fails=True,
            note="the same assertion, failing",
        ),
    ]


@graph("v1")
def cond_assert_branch():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [None])
    no, yes = v1.raw_ops.Switch(data=p, pred=p)
    with tf.control_dependencies([tf.identity(yes, name="pivot_t")]):
        inside, _ = v1.raw_ops.Switch(data=x, pred=p)[1], no
        guard = tf.raw_ops.Assert(
            condition=tf.reduce_all(inside > 0.0), data=[tf.constant("must be positive"), inside]
        )
    with tf.control_dependencies([guard]):
        checked = tf.identity(inside)
    y = v1.raw_ops.Merge(inputs=[v1.raw_ops.Switch(data=-x, pred=p)[0], checked])[0]
    y = named("y", y)
    return [
        Case({p: np.bool_(True), x: np.float32([1, 2])}, [y], "holds", note="an Assert inside one branch"),
        Case({p: np.bool_(False), x: np.float32([-1, 2])}, [y], "other", note="the Assert is dead: no error"),
        Case({p: np.bool_(True), x: np.float32([-1, 2])}, [y], "fails", fails=True, note="the Assert fails"),
    ]


@graph("v1")
def merge_index():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [2])
    no, yes = v1.raw_ops.Switch(data=x, pred=p)
    y, index = v1.raw_ops.Merge(inputs=[no + 1.0, yes * 2.0])
    return [
        Case(
            {p: np.bool_(k), x: np.float32([1, 5])},
            [named("y", y), named("index", index)],
            str(k).lower(),
            note="Merge:1, the index of the live input, is fetched",
        )
        for k in (True, False)
    ]


@graph("v1")
def merge_direct():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [2])
    no, yes = v1.raw_ops.Switch(data=x, pred=p, name="switch")
    y, index = v1.raw_ops.Merge(inputs=[tf.negative(no), yes], name="merge")
    del y, index
    return [
        Case(
            {p: np.bool_(k), x: np.float32([1, 5])},
            ["merge:0", "merge:1"],
            str(k).lower(),
            note="both outputs of Merge fetched by their own names",
        )
        for k in (True, False)
    ]


@graph("v1")
def merge_one_sided():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [2])
    _, yes = v1.raw_ops.Switch(data=x, pred=p)
    _, yes2 = v1.raw_ops.Switch(data=x * 2.0, pred=tf.logical_not(p))
    y, index = v1.raw_ops.Merge(inputs=[tf.exp(yes), tf.sqrt(yes2)])
    return [
        Case(
            {p: np.bool_(k), x: np.float32([1, 4])},
            [named("y", y), named("index", index)],
            str(k).lower(),
            note="Merge of the true sides of two Switches whose predicates exclude each other",
        )
        for k in (True, False)
    ]


@graph("v1")
def merge_three():
    i, x = feed("i", tf.int32, []), feed("x", tf.float32, [2])
    _, low = v1.raw_ops.Switch(data=x, pred=i < 1)
    rest, _ = v1.raw_ops.Switch(data=x, pred=i < 1)
    high, middle = v1.raw_ops.Switch(data=rest, pred=v1.raw_ops.Switch(data=i < 2, pred=i < 1)[0])
    y, index = v1.raw_ops.Merge(inputs=[low, middle * 10.0, high * 100.0])
    return [
        Case(
            {i: np.int32(k), x: np.float32([1, 4])},
            [named("y", y), named("index", index)],
            f"i{k}",
            note="Merge of three inputs behind nested Switches",
        )
        for k in range(3)
    ]


@graph("v1")
def switch_output():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [2])
    no, yes = v1.raw_ops.Switch(data=x, pred=p, name="switch")
    del no
    after = named("after", tf.exp(yes))
    values = {p: np.bool_(True), x: np.float32([1, 2])}
    return [
        Case(values, ["switch:1", after], "live", note="the live output of a Switch is fetched"),
        Case(values, ["switch:0"], "dead", fails=True, note="the dead output of a Switch is fetched"),
        Case(
            {**values, p: np.bool_(False)},
            [after],
            "dead_after",
            fails=True,
            note="a tensor behind the dead output is fetched",
        ),
    ]


@graph("v1")
def switch_control():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [2])
    no, yes = v1.raw_ops.Switch(data=p, pred=p)
    t, f = tf.identity(yes, name="switch_t"), tf.identity(no, name="switch_f")
    with tf.control_dependencies([t]):
        a = tf.constant([10.0, 20.0])
    with tf.control_dependencies([f]):
        b = tf.constant([1.0, 2.0])
    y = v1.raw_ops.Merge(inputs=[b, a])[0] + x
    return [
        Case(
            {p: np.bool_(k), x: np.float32([1, 5])},
            [named("y", y)],
            str(k).lower(),
            note="branches that are alive only through control edges",
        )
        for k in (True, False)
    ]


@graph("v1")
def switch_folded():
    x = feed("x", tf.float32, [2])
    training = v1.placeholder_with_default(False, [], name="training")
    dropped = tf.cond(training, lambda: tf.nn.dropout(x, 0.5), lambda: tf.identity(x))
    const = v1.raw_ops.Switch(data=x, pred=tf.constant(False))
    y = v1.raw_ops.Merge(inputs=[const[0], const[1]])[0]
    return Case(
        {x: np.float32([1, 5])},
        [named("dropped", dropped), named("y", y)],
        note="the training switch of old networks: a default of False, and a constant predicate",
    )


@graph("v1", "fn")
def case_chain():
    x = feed("x", tf.float32, [])
    y = v1.case(
        [(x < 0.0, lambda: tf.constant(-1.0)), (x < 1.0, lambda: x * 10.0)], default=lambda: tf.sqrt(x)
    )
    z = v1.case(
        {x > 5.0: lambda: x - 5.0, x < -5.0: lambda: x + 5.0}, default=lambda: 0.0 * x, exclusive=True
    )
    return [
        Case({x: np.float32(v)}, [named("y", y), named("z", z)], k, note="v1.case, plain and exclusive")
        for k, v in dict(low=-7, middle=0.5, high=9).items()
    ]


@graph("v1", "fn")
def switch_case():
    i, x = feed("i", tf.int32, []), feed("x", tf.float32, [None])
    y, n = tf.switch_case(
        i,
        [
            lambda: (x + 1.0, tf.size(x)),
            lambda: (x[::-1], tf.constant(1)),
            lambda: (tf.concat([x, x], 0), tf.constant(2)),
        ],
    )
    return [
        Case(
            {i: np.int32(k), x: normal("x", 3)},
            [named("y", y), named("n", n)],
            s,
            note="tf.switch_case; an index out of range takes the last branch",
        )
        for k, s in ((0, "i0"), (1, "i1"), (2, "i2"), (7, "over"), (-1, "under"))
    ]
