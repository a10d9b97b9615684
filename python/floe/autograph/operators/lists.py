"""Lists that grow in loops, with Feature.LISTS: an empty list literal becomes a list of tensors in the graph."""

import collections
import operator

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


def new_list(iterable=None):
    """A list literal."""
    elements = list(iterable or ())
    if elements or not _floe.recording():
        return elements
    return raw_ops.EmptyTensorList(element_shape=-1, max_num_elements=-1, element_dtype=dtypes.variant)


def list_append(list_, x):
    """list_.append(x); gives the list."""
    if is_tensor_list(list_):
        return raw_ops.TensorListPushBack(input_handle=list_, tensor=convert_to_tensor(x))
    if is_tensor_array(list_):
        return list_.write(list_.size(), x)
    list_.append(x)
    return list_


def list_pop(list_, i, opts):
    """(the list, list_.pop(i))"""
    if is_tensor_list(list_):
        if i is not None:
            raise NotImplementedError("tensor lists only support removing from the end")
        if opts.element_dtype is None:
            raise ValueError(
                "cannot pop from a list without knowing its element type; use set_element_type to annotate it"
            )
        return raw_ops.TensorListPopBack(
            input_handle=list_, element_shape=_shape(opts.element_shape), element_dtype=opts.element_dtype
        )
    if is_tensor_array(list_):
        raise NotImplementedError("TensorArray does not support item removal")
    x = list_.pop() if i is None else list_.pop(i)
    return list_, x


def list_stack(list_, opts):
    """tf.stack(list_) of a list of either kind."""
    if is_tensor_list(list_):
        if opts.element_dtype is None:
            raise ValueError(
                "cannot stack a list without knowing its element type; use set_element_type to annotate it"
            )
        return raw_ops.TensorListStack(
            input_handle=list_, element_shape=-1, element_dtype=opts.element_dtype, num_elements=-1
        )
    if is_tensor_array(list_):
        return list_.stack()
    return opts.original_call(list_)


def get_item(target, i, opts):
    """target[i]"""
    if is_tensor_array(target):
        return target.read(i)
    if is_tensor_list(target):
        if opts.element_dtype is None:
            raise ValueError(
                "cannot retrieve from a list without knowing its element type; use set_element_type to annotate it"
            )
        return raw_ops.TensorListGetItem(
            input_handle=target, index=i, element_shape=-1, element_dtype=opts.element_dtype
        )
    return target[i]


def set_item(target, i, x):
    """target[i] = x; gives the target."""
    if is_tensor_array(target):
        return target.write(i, x)
    if is_tensor_list(target):
        return raw_ops.TensorListSetItem(input_handle=target, index=i, item=x)
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
