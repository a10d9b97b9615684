"""Lists that grow in loops, with Feature.LISTS: an empty list literal becomes a list of tensors in the graph."""

import collections
import operator
import weakref

from ... import _floe, dtypes, raw_ops
from ...tensor import Tensor, convert_to_tensor
from . import values

GetItemOpts = collections.namedtuple("GetItemOpts", ("element_dtype",))
ListPopOpts = collections.namedtuple("ListPopOpts", ("element_dtype", "element_shape"))
ListStackOpts = collections.namedtuple("ListStackOpts", ("element_dtype", "original_call"))


def is_tensor_list(x):
    return isinstance(x, Tensor) and x.dtype == dtypes.variant


def is_tensor_array(x):
    return all(hasattr(x, name) for name in ("unstack", "write", "read", "stack", "size"))


def _shape(element_shape):
    if element_shape is None:
        return -1
    from ...tensor_shape import as_shape

    s = as_shape(element_shape)
    return -1 if s.ndims is None else [-1 if d is None else d for d in s.as_list()]


class GrowingList(list):
    """A list literal: it becomes a list of tensors in the graph where a loop of the graph appends to it."""


_types = weakref.WeakKeyDictionary()


def note_type(t, dtype):
    """Remembers what a list in the graph holds."""
    if dtype is not None and is_tensor_list(t) and hasattr(t, "_node_id"):
        _types.setdefault(t.graph, {})[t._node_id, t.value_index] = dtype


def type_of(t):
    """What a list in the graph holds; None where that is not known."""
    if not is_tensor_list(t) or not hasattr(t, "_node_id"):
        return None
    return _types.get(t.graph, {}).get((t._node_id, t.value_index))


def copied(value):
    return GrowingList(value) if isinstance(value, GrowingList) else value


def in_graph(items, like):
    """A list in the graph with these items, and room for more of the kind of `like`."""
    dtype = values.plain_as_tensor(like).dtype
    result = raw_ops.EmptyTensorList(element_shape=-1, max_num_elements=-1, element_dtype=dtype)
    for x in items:
        result = raw_ops.TensorListPushBack(input_handle=result, tensor=convert_to_tensor(x, dtype))
    note_type(result, dtype)
    return result


def new_list(iterable=None):
    """A list literal."""
    return GrowingList(iterable or ()) if _floe.recording() else list(iterable or ())


def list_append(list_, x):
    """list_.append(x); gives the list."""
    if is_tensor_list(list_):
        dtype = type_of(list_)
        result = raw_ops.TensorListPushBack(input_handle=list_, tensor=convert_to_tensor(x, dtype))
        note_type(result, dtype)
        return result
    if is_tensor_array(list_):
        return list_.write(list_.size(), x)
    list_.append(x)
    return list_


def list_pop(list_, i, opts):
    """(the list, list_.pop(i))"""
    if is_tensor_list(list_):
        if i is not None:
            raise NotImplementedError("tensor lists only support removing from the end")
        dtype = opts.element_dtype or type_of(list_)
        if dtype is None:
            raise ValueError(
                "cannot pop from a list without knowing its element type; use set_element_type to annotate it"
            )
        rest, x = raw_ops.TensorListPopBack(
            input_handle=list_, element_shape=_shape(opts.element_shape), element_dtype=dtype
        )
        note_type(rest, dtype)
        return rest, x
    if is_tensor_array(list_):
        raise NotImplementedError("TensorArray does not support item removal")
    x = list_.pop() if i is None else list_.pop(i)
    return list_, x


def list_stack(list_, opts):
    """tf.stack(list_) of a list of either kind."""
    if is_tensor_list(list_):
        dtype = opts.element_dtype or type_of(list_)
        if dtype is None:
            raise ValueError(
                "cannot stack a list without knowing its element type; use set_element_type to annotate it"
            )
        return raw_ops.TensorListStack(
            input_handle=list_, element_shape=-1, element_dtype=dtype, num_elements=-1
        )
    if is_tensor_array(list_):
        return list_.stack()
    return opts.original_call(list_)


def get_item(target, i, opts):
    """target[i]"""
    if is_tensor_array(target):
        return target.read(i)
    if is_tensor_list(target):
        dtype = opts.element_dtype or type_of(target)
        if dtype is None:
            raise ValueError(
                "cannot retrieve from a list without knowing its element type; use set_element_type to annotate it"
            )
        return raw_ops.TensorListGetItem(input_handle=target, index=i, element_shape=-1, element_dtype=dtype)
    return target[i]


def set_item(target, i, x):
    """target[i] = x; gives the target."""
    if is_tensor_array(target):
        return target.write(i, x)
    if is_tensor_list(target):
        result = raw_ops.TensorListSetItem(input_handle=target, index=i, item=x)
        note_type(result, type_of(target))
        return result
    if isinstance(target, Tensor) and not isinstance(i, slice):
        if target.dtype == dtypes.string:
            raise NotImplementedError("item assignment of string tensors")
        return raw_ops.TensorScatterUpdate(
            tensor=target,
            indices=[[i]] if not values.is_tensor(i) else raw_ops.Reshape(tensor=i, shape=[1, 1]),
            updates=[x],
        )
    target[i] = x
    return target


_UPDATES = {
    "add": operator.iadd,
    "sub": operator.isub,
    "mult": operator.imul,
    "div": operator.itruediv,
    "pow": operator.ipow,
}


def update_item_with_op(target, i, x, op):
    """target[i] = target[i] op x; gives the target."""
    return set_item(target, i, _UPDATES[op](target[i], x))
