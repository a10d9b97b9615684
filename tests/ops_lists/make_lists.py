#!/usr/bin/env python3
"""Call TensorFlow's TensorList ops one after the other and write the calls and their answers down.

usage: make_lists.py lists.txt

A line is one item; a call is
  call OP
  attr NAME type|shape|int|bool VALUE
  in $N | in DTYPE DIMS VALUES...      $N is an earlier list
  out $N | out DTYPE DIMS VALUES...
  error PHRASE                         instead of out
"""

import os
import pathlib
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import numpy as np
import tensorflow as tf

F32, I32, I64, STR, VARIANT = tf.float32, tf.int32, tf.int64, tf.string, tf.variant
lines = []
registers = []


def dims_text(shape):
    return "[" + ",".join(str(d) for d in shape) + "]"


def tensor_text(t):
    values = np.asarray(t.numpy()).ravel()
    words = [v.decode() or '""' if t.dtype == STR else repr(v.item()) for v in values]
    return " ".join([t.dtype.name, dims_text(t.shape)] + words)


def register(t):
    registers.append(t)
    return len(registers) - 1


def item_text(t):
    for k, known in enumerate(registers):
        if known is t:
            return f"${k}"
    return tensor_text(t)


def call(op, attrs=(), **kwargs):
    """The outputs, or None when TensorFlow refuses the call."""
    lines.append(f"call {op}")
    for name in attrs:
        value = kwargs[name]
        if isinstance(value, tf.DType):
            lines.append(f"attr {name} type {value.name}")
        elif isinstance(value, bool):
            lines.append(f"attr {name} bool {int(value)}")
        elif isinstance(value, int):
            lines.append(f"attr {name} int {value}")
        else:
            lines.append(f"attr {name} shape {dims_text(-1 if d is None else d for d in value)}")
    for name, value in kwargs.items():
        if name not in attrs:
            lines.append("in " + item_text(value))
    try:
        outputs = getattr(tf.raw_ops, op)(**kwargs)
    except tf.errors.InvalidArgumentError as e:
        phrase = e.message.split("CPU:0}} ")[-1].split(" [Op:")[0]
        lines.append("error " + phrase)
        return None
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    for t in outputs:
        lines.append("out " + (f"${register(t)}" if t.dtype == VARIANT else tensor_text(t)))
    return outputs[0] if len(outputs) == 1 else outputs


def i32(*v):
    return tf.constant(list(v), I32)


def n32(v):
    return tf.constant(v, I32)


def i64(*v):
    return tf.constant(list(v), I64)


def ramp(*shape, dtype=F32):
    return tf.reshape(tf.cast(tf.range(1, 1 + int(np.prod(shape))), dtype), shape)


ANY = n32(-1)


def empty(shape=(2,), most=-1, dtype=F32):
    element_shape = ANY if shape is None else i32(*shape)
    return call(
        "EmptyTensorList",
        ["element_dtype"],
        element_shape=element_shape,
        max_num_elements=n32(most),
        element_dtype=dtype,
    )


def reserve(n=3, shape=(2,), dtype=F32):
    element_shape = ANY if shape is None else i32(*shape)
    return call(
        "TensorListReserve",
        ["element_dtype"],
        element_shape=element_shape,
        num_elements=n32(n),
        element_dtype=dtype,
    )


def push(handle, tensor):
    return call("TensorListPushBack", input_handle=handle, tensor=tensor)


def pop(handle, shape=ANY, dtype=F32):
    return call(
        "TensorListPopBack", ["element_dtype"], input_handle=handle, element_shape=shape, element_dtype=dtype
    )


def set_item(handle, index, item, grow=False):
    return call(
        "TensorListSetItem",
        ["resize_if_index_out_of_bounds"],
        input_handle=handle,
        index=n32(index),
        item=item,
        resize_if_index_out_of_bounds=grow,
    )


def get_item(handle, index, shape=ANY, dtype=F32):
    return call(
        "TensorListGetItem",
        ["element_dtype"],
        input_handle=handle,
        index=n32(index),
        element_shape=shape,
        element_dtype=dtype,
    )


def stack(handle, shape=ANY, dtype=F32, n=-1):
    return call(
        "TensorListStack",
        ["element_dtype", "num_elements"],
        input_handle=handle,
        element_shape=shape,
        element_dtype=dtype,
        num_elements=n,
    )


def length(handle):
    return call("TensorListLength", input_handle=handle)


def resize(handle, n):
    return call("TensorListResize", input_handle=handle, size=n32(n))


def from_tensor(tensor, shape=ANY):
    return call("TensorListFromTensor", tensor=tensor, element_shape=shape)


def gather(handle, indices, shape=ANY, dtype=F32):
    return call(
        "TensorListGather",
        ["element_dtype"],
        input_handle=handle,
        indices=indices,
        element_shape=shape,
        element_dtype=dtype,
    )


def scatter(tensor, indices, shape, n):
    return call(
        "TensorListScatterV2", tensor=tensor, indices=indices, element_shape=shape, num_elements=n32(n)
    )


def concat(handle, shape=ANY, leading=(), dtype=F32):
    return call(
        "TensorListConcatV2",
        ["element_dtype"],
        input_handle=handle,
        element_shape=shape,
        leading_dims=i64(*leading),
        element_dtype=dtype,
    )


def split(tensor, shape, lengths):
    return call("TensorListSplit", tensor=tensor, element_shape=shape, lengths=lengths)


def element_shape(handle, dtype):
    return call("TensorListElementShape", ["shape_type"], input_handle=handle, shape_type=dtype)


def pushes_and_pops():
    e = empty()
    length(e)
    one = push(e, ramp(2))
    two = push(one, ramp(2) * 3)
    length(e)
    length(two)
    stack(two, i32(2), n=2)
    rest = pop(two, i32(2))[0]
    length(rest)
    length(two)
    pop(pop(rest)[0])
    push(e, ramp(3))
    push(e, n32([1, 2]))
    pop(two, dtype=I32)
    pop(two, i32(3))
    full = push(empty(most=1), ramp(2))
    push(full, ramp(2))
    pop(reserve(), i32(2))
    pop(reserve(shape=(-1,)), i32(-1))
    call(
        "EmptyTensorList", ["element_dtype"], element_shape=i32(2), max_num_elements=i32(1), element_dtype=F32
    )
    call(
        "EmptyTensorList", ["element_dtype"], element_shape=n32(3), max_num_elements=n32(1), element_dtype=F32
    )
    call(
        "EmptyTensorList",
        ["element_dtype"],
        element_shape=i32(-2),
        max_num_elements=n32(1),
        element_dtype=F32,
    )


def items():
    r = reserve()
    length(r)
    reserve(-1)
    a = set_item(r, 1, ramp(2))
    get_item(a, 1, i32(2))
    get_item(a, 0, i32(2))
    get_item(r, 1, i32(2))
    stack(a, i32(2), n=3)
    b = set_item(a, 1, ramp(2) * 2)
    stack(a)
    stack(b)
    get_item(r, 5)
    get_item(r, -1)
    get_item(r, 1, i32(3))
    get_item(r, 1, dtype=I32)
    get_item(a, 1, i32(3))
    any_shape = reserve(shape=None)
    get_item(any_shape, 1)
    get_item(reserve(shape=(-1,)), 1, i32(-1))
    c = set_item(any_shape, 0, ramp(2))
    get_item(c, 1)
    stack(c)
    stack(any_shape)
    mixed = set_item(c, 1, ramp(3))
    stack(mixed)
    stack(mixed, dtype=I32)
    set_item(r, 5, ramp(2))
    set_item(r, -1, ramp(2))
    stack(set_item(r, 5, ramp(2), grow=True))
    set_item(r, 1, ramp(3))
    set_item(r, 1, n32([3, 1]))
    stack(empty(), i32(2))
    stack(empty((-1,)), i32(-1))
    stack(r, i32(2), n=5)
    stack(r, i32(3))
    for n in (0, 1, 5):
        stack(resize(a, n), i32(2))
    resize(a, -1)
    scalars = set_item(reserve(2, (), I64), 1, tf.constant(7, I64))
    stack(scalars, i32(), I64)
    words = set_item(reserve(2, (), STR), 0, tf.constant("drift"))
    stack(words, i32(), STR)
    get_item(words, 1, i32(), STR)
    element_shape(r, I64)
    element_shape(reserve(shape=(-1, 2)), I32)
    element_shape(any_shape, I32)
    element_shape(scalars, I32)


def whole_tensors():
    t = from_tensor(ramp(3, 2), i32(2))
    length(t)
    get_item(t, 2, i32(2))
    stack(t, i32(2), n=3)
    stack(set_item(t, 0, ramp(2) * 9))
    stack(t)
    gather(t, i32(2, 0, 2), i32(2))
    gather(t, i32(), i32(2))
    gather(t, i32(5))
    gather(t, i32(-1))
    gather(t, i32(0), i32(3))
    from_tensor(ramp(), ANY)
    from_tensor(ramp(3, 2), i32(3))
    stack(from_tensor(tf.zeros([0, 2]), i32(2)))
    any_shape = reserve(shape=None)
    gather(any_shape, i32())
    a = set_item(any_shape, 0, ramp(2))
    gather(a, i32(0, 1))
    gather(a, i32(2, 2))
    s = scatter(ramp(2, 2), i32(0, 2), i32(2), -1)
    length(s)
    stack(s)
    stack(scatter(ramp(2, 2), i32(2, 0), i32(2), 4))
    stack(scatter(ramp(2, 2), i32(1, 1), i32(2), 2))
    scatter(ramp(2, 2), i32(0, 5), i32(2), 3)
    scatter(ramp(2, 2), i32(0, -5), i32(2), 3)
    scatter(ramp(2, 2), i32(0, 1, 2), i32(2), 3)
    scatter(ramp(3, 2), i32(0, 1), i32(2), 3)
    scatter(ramp(2, 2), i32(0, 1), i32(3), 3)
    scatter(ramp(), i32(0, 1), i32(3), 3)
    scatter(ramp(2, 2), i32(0, 1), i32(2), -3)
    stack(call("TensorListScatter", tensor=ramp(2, 2), indices=i32(0, 3), element_shape=i32(2)))
    into = call("TensorListScatterIntoExistingList", input_handle=t, tensor=ramp(2, 2) * 7, indices=i32(0, 3))
    stack(into)
    stack(t)


def concats():
    def pair(first, second):
        list_ = set_item(reserve(2, None), 0, first)
        return list_ if second is None else set_item(list_, 1, second)

    b = pair(ramp(1, 2), ramp(2, 2))
    a = pair(ramp(1, 2), None)
    concat(b, i32(-1, 2))
    concat(b)
    concat(b, leading=(1, 1))
    concat(a, i32(-1, 2))
    concat(a, i32(-1, 2), (1, 2))
    concat(a, i32(1, 2))
    concat(b, i32(1, 2))
    concat(empty((-1, 2)))
    concat(empty((-1, -1)))
    concat(empty(()))
    concat(pair(ramp(), None))
    concat(pair(ramp(1, 2), ramp(1, 3)))
    call(
        "TensorListConcat",
        ["element_dtype", "element_shape"],
        input_handle=b,
        element_dtype=F32,
        element_shape=[None, 2],
    )
    three = set_item(resize(b, 3), 0, ramp(3, 2))
    concat(three)
    concat(three, leading=(1, 1, 2))
    concat(reserve(2, (2, 2)))
    concat(reserve(2, (-1, 2)))
    concat(b, dtype=I32)
    s = split(ramp(3, 2), i32(-1, 2), i64(1, 2))
    get_item(s, 1)
    concat(s)
    element_shape(s, I32)
    split(ramp(3, 2), i32(-1, 2), i64(1, 1))
    split(ramp(3, 2), i32(-1, 2), i64(1, 4))
    split(ramp(3, 2), i32(-1, 2), i64(-1, 4))
    split(ramp(3, 2), i32(-1, 3), i64(1, 2))
    split(ramp(), i32(-1, 3), i64(1, 2))
    split(ramp(3), ANY, tf.constant(2, I64))
    join = call(
        "TensorListConcatLists",
        ["element_dtype"],
        input_a=reserve(),
        input_b=from_tensor(ramp(2, 2), i32(2)),
        element_dtype=F32,
    )
    length(join)
    stack(join)
    call(
        "TensorListConcatLists",
        ["element_dtype"],
        input_a=reserve(),
        input_b=reserve(2, (3,)),
        element_dtype=F32,
    )
    call(
        "TensorListConcatLists",
        ["element_dtype"],
        input_a=reserve(),
        input_b=reserve(2, dtype=I32),
        element_dtype=F32,
    )


def nested():
    outer = set_item(reserve(2, (), VARIANT), 0, from_tensor(ramp(3, 2), i32(2)))
    inner = get_item(outer, 0, i32(), VARIANT)
    stack(inner)
    handles = stack(outer, i32(), VARIANT)
    length(handles)
    zeros = call("ZerosLike", x=inner)
    stack(zeros)
    lists = stack(set_item(outer, 1, empty()), i32(), VARIANT)
    both = call("TensorListPushBackBatch", input_handles=lists, tensor=ramp(2, 2))
    split_ = from_tensor(both, i32())
    stack(get_item(split_, 0, i32(), VARIANT))
    stack(get_item(split_, 1, i32(), VARIANT))
    call("TensorListPushBackBatch", input_handles=lists, tensor=ramp(3, 2))
    call("TensorListPushBackBatch", input_handles=lists, tensor=ramp(2, 3))
    call("TensorListPushBackBatch", input_handles=lists, tensor=ramp())
    call("TensorListPushBackBatch", input_handles=lists, tensor=ramp(2, 2, dtype=I32))
    call("TensorListPushBackBatch", input_handles=inner, tensor=ramp(2))


def main():
    for scenario in (pushes_and_pops, items, whole_tensors, concats, nested):
        lines.append(f"scenario {scenario.__name__}")
        scenario()
    pathlib.Path(sys.argv[1]).write_text("\n".join(lines) + "\n")
    print(sum(line.startswith("call") for line in lines), "calls")


if __name__ == "__main__":
    main()
