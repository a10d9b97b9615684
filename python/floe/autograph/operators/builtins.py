"""Python's built-in functions and `assert` over tensors."""

import builtins as py

from ... import _floe, dtypes, raw_ops
from ...tensor import Tensor, convert_to_tensor
from . import lists, values

_UNSET = object()


def assert_stmt(test, message):
    """`assert test, message()`: a tf.Assert where test is a tensor of the graph."""
    if not values.staged(test):
        assert test, message()
        return
    from ...api.debug_values import Assert

    data = message()
    if data is None:
        data = "Assertion error"
    Assert(convert_to_tensor(test), data if isinstance(data, list) else [data])


def abs_(x):
    return raw_ops.Abs(x=convert_to_tensor(x)) if values.staged(x) else py.abs(x)


def float_(x=0):
    if not values.staged(x):
        return py.float(x)
    t = convert_to_tensor(x)
    if t.dtype == dtypes.string:
        return raw_ops.StringToNumber(string_tensor=t, out_type=dtypes.float32)
    return raw_ops.Cast(x=t, DstT=dtypes.float32)


def int_(x=0, base=_UNSET):
    if not values.staged(x):
        return py.int(x) if base is _UNSET else py.int(x, base)
    if base not in (_UNSET, 10):
        raise NotImplementedError(f"base {base} not supported for int")
    t = convert_to_tensor(x)
    if t.dtype == dtypes.string:
        return raw_ops.StringToNumber(string_tensor=t, out_type=dtypes.int32)
    return raw_ops.Cast(x=t, DstT=dtypes.int32)


def len_(s):
    if lists.is_tensor_array(s):
        return s.size()
    if lists.is_tensor_list(s):
        return raw_ops.TensorListLength(input_handle=s)
    if isinstance(s, Tensor) and not hasattr(s, "numpy"):
        return length(s)
    return py.len(s)


def length(t):
    """The first dimension of a tensor of the graph: a number where it is known."""
    if t.shape.ndims == 0:
        raise ValueError(f"len requires a non-scalar tensor, got one of shape {t.shape}: {t}")
    if t.shape.ndims and t.shape[0] is not None:
        return t.shape[0]
    shape = raw_ops.Shape(input=t)
    return raw_ops.StridedSlice(
        input=shape,
        begin=[0],
        end=[1],
        strides=[1],
        begin_mask=0,
        end_mask=0,
        ellipsis_mask=0,
        new_axis_mask=0,
        shrink_axis_mask=1,
    )


def print_(*objects, **kwargs):
    if not any(values.staged(x) for x in objects):
        return py.print(*objects, **kwargs)
    unknown = set(kwargs) - {"sep", "end", "file", "flush"}
    if unknown:
        raise ValueError(f"invalid keyword arguments: {tuple(unknown)}")
    from ...api.py_function import py_function

    tensors = [i for i, x in enumerate(objects) if values.is_tensor(x)]

    def show(*given):
        shown = list(objects)
        for i, x in zip(tensors, given):
            v = x.numpy()
            shown[i] = v.decode("utf-8") if isinstance(v, bytes) else v
        py.print(*shown, **{"flush": True, **kwargs})
        return 1

    return py_function(show, [convert_to_tensor(objects[i]) for i in tensors], dtypes.int32)


def _extreme(own, reduce_op, pair_op, args, kwargs):
    if not any(values.staged(a) for a in args):
        return own(*args, **kwargs)
    if kwargs:
        raise ValueError(f"{own.__name__}: keyword arguments are not supported for tensors: {list(kwargs)}")
    tensors = [convert_to_tensor(a) for a in args]
    if len(tensors) == 1:
        t = tensors[0]
        if t.shape.ndims is not None and t.shape.ndims != 1:
            raise ValueError(
                f"{own.__name__} expects a rank-1 tensor or several scalars, got a tensor of shape {t.shape}"
            )
        return reduce_op(input=t, axis=[0], keep_dims=False)
    for t in tensors:
        if t.shape.ndims:
            raise ValueError(f"{own.__name__} of several tensors expects scalars, got one of shape {t.shape}")
    result = tensors[0]
    for t in tensors[1:]:
        result = pair_op(x=result, y=t)
    return result


def min_(*args, **kwargs):
    return _extreme(py.min, raw_ops.Min, raw_ops.Minimum, args, kwargs)


def max_(*args, **kwargs):
    return _extreme(py.max, raw_ops.Max, raw_ops.Maximum, args, kwargs)


def range_(start_or_stop, stop=_UNSET, step=_UNSET):
    given = [x for x in (start_or_stop, stop, step) if x is not _UNSET]
    if not any(values.staged(x) for x in given):
        return py.range(*given)
    start, limit = (0, start_or_stop) if stop is _UNSET else (start_or_stop, stop)
    delta = 1 if step is _UNSET else step
    if step is not _UNSET and not values.is_tensor(step) or step is _UNSET:
        # As with Python, a range that leads nowhere is empty rather than an error.
        limit = (raw_ops.Maximum if delta > 0 else raw_ops.Minimum)(x=start, y=limit)
    dtype = next(convert_to_tensor(x).dtype for x in given if values.is_tensor(x))
    as_typed = [convert_to_tensor(x, None if values.is_tensor(x) else dtype) for x in (start, limit, delta)]
    return raw_ops.Range(start=as_typed[0], limit=as_typed[1], delta=as_typed[2])


def _is_dataset(x):
    from ...api.data_dataset import Dataset

    return isinstance(x, Dataset)


def enumerate_(s, start=0):
    return s.enumerate(start) if _floe.recording() and _is_dataset(s) else py.enumerate(s, start)


def zip_(*iterables, **kwargs):
    if iterables and _floe.recording() and all(_is_dataset(s) for s in iterables):
        return type(iterables[0]).zip(tuple(iterables))
    return py.zip(*iterables, **kwargs)


def map_(fn, *iterables):
    if len(iterables) == 1 and _floe.recording() and _is_dataset(iterables[0]):
        return iterables[0].map(fn)
    return py.map(fn, *iterables)


def filter_(function, iterable):
    if _floe.recording() and _is_dataset(iterable):
        return iterable.filter(function)
    return py.filter(function, iterable)


def sorted_(iterable, *, key=None, reverse=False):
    if not values.staged(iterable):
        return py.sorted(iterable, key=key, reverse=reverse)
    t = convert_to_tensor(iterable)
    if t.shape.ndims is not None and t.shape.ndims != 1:
        raise ValueError("sort only supports only 1D tensors")
    from ...export import resolve

    direction = "DESCENDING" if reverse else "ASCENDING"
    if key is None:
        return resolve("sort")(t, direction=direction)
    order = resolve("argsort")(resolve("vectorized_map")(key, t), direction=direction)
    return raw_ops.GatherV2(params=t, indices=order, axis=0)


def iter_(source, *sentinel):
    if not sentinel and _floe.recording() and _is_dataset(source):
        from .datasets import Source

        return Source(source)
    return py.iter(source, *sentinel)


def next_(iterator, *default):
    from ...api.data_dataset import Iterator

    if not _floe.recording():
        return py.next(iterator, *default)
    from .datasets import Source, following

    if default or not isinstance(iterator, (Iterator, Source)):
        return py.next(iterator, *default)
    return following(iterator)


OVERLOADS = {
    py.abs: abs_,
    py.float: float_,
    py.int: int_,
    py.len: len_,
    py.print: print_,
    py.min: min_,
    py.max: max_,
    py.range: range_,
    py.enumerate: enumerate_,
    py.iter: iter_,
    py.zip: zip_,
    py.map: map_,
    py.filter: filter_,
    py.sorted: sorted_,
    py.next: next_,
}
