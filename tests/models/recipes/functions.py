"""Calls of functions that stay calls: the graph carries a function library."""

import numpy as np
import tensorflow as tf

from .common import Case, dense, feed, graph, named, normal


@graph("fn")
def call_plain():
    x = feed("x", tf.float32, [None, 3])

    @tf.function
    def inner(a):
        return tf.nn.relu(a) * 2.0

    @tf.function
    def outer(a, b):
        return inner(a) + inner(b), dense("d", a, 2)

    y, z = outer(x, -x)
    return Case(
        {x: normal("x", 2, 3)}, [named("y", y), named("z", z)], note="PartitionedCall within PartitionedCall"
    )


@graph("fn")
def call_stateful():
    x = feed("x", tf.float32, [None])

    @tf.function
    def checked(a):
        tf.debugging.assert_greater(a, 0.0, message="not positive")
        tf.print("checked", a, output_stream="file:///dev/null")
        return tf.math.log(a)

    y = named("y", checked(x))
    return [
        Case({x: np.float32([1, 2])}, [y], "fine", note="StatefulPartitionedCall with an assertion inside"),
        Case({x: np.float32([1, -2])}, [y], "fails", fails=True, note="the assertion inside the call fails"),
    ]


@graph("fn")
def call_control_flow():
    x, n = feed("x", tf.float32, [None]), feed("n", tf.int32, [])

    @tf.function
    def step(a, i):
        return tf.cond(tf.equal(i % 2, 0), lambda: a * 2.0, lambda: a - 1.0)

    @tf.function
    def loop(a, n):
        return tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, step(a, i)), [0, a])[1]

    return Case(
        {x: normal("x", 3), n: np.int32(5)},
        [named("y", loop(x, n))],
        note="a call that holds a loop whose body calls a function with a condition",
    )


@graph("fn")
def call_many_outputs():
    x = feed("x", tf.float32, [4])

    @tf.function
    def parts(a):
        return {"halves": tf.split(a, 2), "order": tf.argsort(a), "unused": tf.exp(a), "same": a}

    r = parts(x)
    return Case(
        {x: normal("x", 4)},
        [named("h1", r["halves"][1]), named("order", r["order"]), named("same", r["same"])],
        note="outputs out of order, one unused, one that is the argument itself",
    )


@graph("fn")
def if_stateful():
    p, x = feed("p", tf.bool, []), feed("x", tf.float32, [None])

    def careful():
        with tf.control_dependencies([tf.debugging.assert_positive(x)]):
            return tf.sqrt(x)

    y = tf.cond(p, careful, lambda: x * x)
    return [
        Case(
            {p: np.bool_(k), x: np.float32([4, 9])},
            [named("y", y)],
            str(k).lower(),
            note="If, not StatelessIf: one branch has an assertion",
        )
        for k in (True, False)
    ]


@graph("fn")
def if_number():
    """If takes any scalar for its predicate: a number is true unless zero, a string unless empty."""
    i, s = feed("i", tf.int32, []), feed("s", tf.string, [])

    @tf.function
    def yes(a):
        return a + 1

    @tf.function
    def no(a):
        return a - 1

    a = tf.constant(10)
    then, other = yes.get_concrete_function(a), no.get_concrete_function(a)
    for f in (then, other):
        f.add_to_graph()
    y = tf.raw_ops.StatelessIf(cond=i, input=[a], Tout=[tf.int32], then_branch=then, else_branch=other)[0]
    z = tf.raw_ops.If(cond=s, input=[a], Tout=[tf.int32], then_branch=then, else_branch=other)[0]
    return [
        Case(
            {i: np.int32(k), s: np.bytes_(t)},
            [named("y", y), named("z", z)],
            name,
            note="predicates that are numbers and strings",
        )
        for name, k, t in (("on", 3, b"x"), ("off", 0, b""))
    ]


@graph("fn")
def case_stateful():
    i, x = feed("i", tf.int32, []), feed("x", tf.float32, [None])

    def careful():
        with tf.control_dependencies([tf.debugging.assert_non_negative(x)]):
            return tf.sqrt(x)

    y = tf.switch_case(i, [careful, lambda: x * 2.0], default=lambda: tf.zeros_like(x))
    return [
        Case(
            {i: np.int32(k), x: np.float32([4, 9])}, [named("y", y)], f"i{k}", note="Case, not StatelessCase"
        )
        for k in (0, 1, 5)
    ]


@graph("fn")
def variables():
    x = feed("x", tf.float32, [None, 2])
    handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[2, 3], shared_name="w")
    tf.raw_ops.AssignVariableOp(resource=handle, value=tf.constant(normal("w", 2, 3)), name="fill")
    y = tf.matmul(x, tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32))
    z = tf.raw_ops.ResourceGather(resource=handle, indices=[1, 0, 1], dtype=tf.float32)
    return Case(
        {x: normal("x", 4, 2)},
        [named("y", y), named("z", z)],
        init=("fill",),
        note="a graph that was not frozen: a variable, filled by an operation that runs before",
    )
