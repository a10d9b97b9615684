"""TensorArrays: read, write, scatter, gather, concat, split, size; in loops, nested loops and conditions."""

import numpy as np
import tensorflow as tf
from tensorflow.python.ops.tensor_array_ops import build_ta_with_new_flow

from .common import Case, feed, graph, named, normal


@graph("v1", "fn")
def array_basic():
    x = feed("x", tf.float32, [2])
    a = tf.TensorArray(tf.float32, 4, clear_after_read=False)
    for i in range(4):
        a = a.write(i, x * float(i))
    return Case(
        {x: normal("x", 2)},
        [
            named("read", a.read(2)),
            named("stack", a.stack()),
            named("gather", a.gather([3, 0])),
            named("size", a.size()),
            named("concat", a.concat()),
        ],
        note="write, read, stack, gather, size, concat",
    )


@graph("v1", "fn")
def array_unstack_split():
    x, lengths = feed("x", tf.float32, [None, 2]), feed("lengths", tf.int64, [None])
    a = tf.TensorArray(tf.float32, tf.shape(x)[0], clear_after_read=False).unstack(x)
    b = tf.TensorArray(tf.float32, tf.size(lengths), infer_shape=False).split(x, lengths)
    c = tf.TensorArray(tf.float32, 6, infer_shape=True, clear_after_read=False).scatter([5, 1, 3, 0, 2, 4], x)
    return Case(
        {x: normal("x", 6, 2), lengths: np.int64([3, 1, 2])},
        [
            named("last", a.read(5)),
            named("part", b.read(0)),
            named("scattered", c.stack()),
            named("one", c.read(3)),
        ],
        note="unstack, split into pieces of other sizes, scatter by index",
    )


@graph("v1", "fn")
def array_concat_ragged():
    n = feed("n", tf.int32, [])
    a = tf.TensorArray(tf.int32, 0, dynamic_size=True, infer_shape=False, element_shape=[None])
    _, a = tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a.write(i, tf.range(i + 1) * i)), [0, a])
    return Case(
        {n: np.int32(4)},
        [named("y", a.concat()), named("size", a.size())],
        note="a growing array of pieces of other lengths, joined",
    )


@graph("v1", "fn")
def array_loop():
    x = feed("x", tf.float32, [None, 3])
    n = tf.shape(x)[0]
    source = tf.TensorArray(tf.float32, n).unstack(x)
    target = tf.TensorArray(tf.float32, n, element_shape=[3])

    def body(i, state, target):
        state = state * 0.5 + source.read(n - 1 - i)
        return i + 1, state, target.write(i, tf.nn.softmax(state))

    _, state, target = tf.while_loop(lambda i, *_: i < n, body, [0, tf.zeros([3]), target])
    return Case(
        {x: normal("x", 5, 3)},
        [named("y", target.stack()), named("state", state)],
        note="read from one array, write to another, as recurrent networks do",
    )


@graph("v1", "fn")
def array_nested_loops():
    x = feed("x", tf.float32, [None, None])
    rows, columns = tf.shape(x)[0], tf.shape(x)[1]
    source = tf.TensorArray(tf.float32, rows).unstack(x)

    def outer(i, target):
        row = tf.TensorArray(tf.float32, columns, clear_after_read=False).unstack(source.read(i))
        inner = tf.TensorArray(tf.float32, columns)
        _, inner = tf.while_loop(
            lambda j, a: j < columns,
            lambda j, a: (j + 1, a.write(j, row.read(j) - row.read(columns - 1 - j))),
            [0, inner],
        )
        return i + 1, target.write(i, inner.stack())

    _, target = tf.while_loop(
        lambda i, t: i < rows, outer, [0, tf.TensorArray(tf.float32, rows, infer_shape=False)]
    )
    return Case(
        {x: normal("x", 3, 4)},
        [named("y", target.stack())],
        note="arrays made, filled and read inside an inner loop",
    )


@graph("v1", "fn")
def array_cond_loop():
    x = feed("x", tf.float32, [None])
    n = tf.size(x)
    source = tf.TensorArray(tf.float32, n).unstack(x)
    kept = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[])

    def body(i, count, kept):
        v = source.read(i)
        count, flow = tf.cond(
            v > 0.0, lambda: (count + 1, kept.write(count, v).flow), lambda: (count, kept.flow)
        )
        return i + 1, count, build_ta_with_new_flow(kept, flow)

    _, count, kept = tf.while_loop(lambda i, *_: i < n, body, [0, 0, kept])
    return Case(
        {x: np.float32([1, -2, 3, -4, 5, 6])},
        [named("kept", kept.stack()), named("count", count)],
        note="a write under a condition in a loop; the array grows",
    )


@graph("v1")
def array_v2_v3_names():
    x = feed("x", tf.float32, [3, 2])
    handle, flow = tf.raw_ops.TensorArrayV3(
        size=3,
        dtype=tf.float32,
        element_shape=[2],
        dynamic_size=False,
        clear_after_read=False,
        tensor_array_name="named",
        identical_element_shapes=True,
    )
    flow = tf.raw_ops.TensorArrayScatterV3(handle=handle, indices=[0, 1, 2], value=x, flow_in=flow)
    y = tf.raw_ops.TensorArrayReadV3(handle=handle, index=1, flow_in=flow, dtype=tf.float32)
    z = tf.raw_ops.TensorArrayGatherV3(
        handle=handle, indices=[2, 2, 0], flow_in=flow, dtype=tf.float32, element_shape=[2]
    )
    c, lengths = tf.raw_ops.TensorArrayConcatV3(handle=handle, flow_in=flow, dtype=tf.float32)
    with tf.control_dependencies([y, z, c]):
        size = tf.raw_ops.TensorArraySizeV3(handle=handle, flow_in=flow)
        with tf.control_dependencies([size]):
            closed = tf.raw_ops.TensorArrayCloseV3(handle=handle)
    with tf.control_dependencies([closed]):
        done = tf.identity(size)
    return Case(
        {x: normal("x", 3, 2)},
        [named("y", y), named("z", z), named("c", c), named("lengths", lengths), named("done", done)],
        note="the raw ops, with close at the end",
    )


@graph("v1", "fn")
def array_errors():
    i = feed("i", tf.int32, [])
    a = tf.TensorArray(tf.float32, 2).write(0, 1.0).write(1, 2.0)
    y = named("y", a.read(i))
    return [
        Case({i: np.int32(1)}, [y], "inside", note="a read inside the bounds"),
        Case({i: np.int32(5)}, [y], "outside", fails=True, note="a read outside the bounds"),
    ]


@graph("v1")
def lists():
    x = feed("x", tf.float32, [3, 2])
    ops = tf.raw_ops
    full = ops.TensorListFromTensor(tensor=x, element_shape=tf.constant([2]))
    empty = ops.EmptyTensorList(
        element_shape=tf.constant([-1]), max_num_elements=-1, element_dtype=tf.float32
    )
    pushed = ops.TensorListPushBack(
        input_handle=ops.TensorListPushBack(input_handle=empty, tensor=x[0]), tensor=x[1]
    )
    popped, last = ops.TensorListPopBack(
        input_handle=pushed, element_shape=tf.constant([2]), element_dtype=tf.float32
    )
    reserved = ops.TensorListReserve(element_shape=tf.constant([2]), num_elements=4, element_dtype=tf.float32)
    put = ops.TensorListSetItem(input_handle=reserved, index=2, item=x[2])
    stack = ops.TensorListStack(input_handle=put, element_shape=tf.constant([2]), element_dtype=tf.float32)
    return Case(
        {x: normal("x", 3, 2)},
        [
            named("last", last),
            named("length", ops.TensorListLength(input_handle=popped)),
            named("stack", stack),
            named(
                "item",
                ops.TensorListGetItem(
                    input_handle=full, index=1, element_shape=tf.constant([2]), element_dtype=tf.float32
                ),
            ),
            named("shape", ops.TensorListElementShape(input_handle=full, shape_type=tf.int32)),
            named(
                "gather",
                ops.TensorListGather(
                    input_handle=full,
                    indices=[2, 0],
                    element_shape=tf.constant([2]),
                    element_dtype=tf.float32,
                ),
            ),
            named(
                "concat",
                ops.TensorListConcatV2(
                    input_handle=pushed,
                    element_shape=tf.constant([-1]),
                    leading_dims=tf.constant([], tf.int64),
                    element_dtype=tf.float32,
                )[0],
            ),
        ],
        note="the tensor list ops one by one; elements never written read as zeros",
    )
