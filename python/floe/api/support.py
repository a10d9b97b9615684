"""What the functions of the API share: conversions, static shapes and values, makers of plain op functions."""

import functools
import inspect

import numpy as np

from .. import dtypes, raw_ops
from .._floe import current_graph
from ..tensor import Tensor, convert_to_tensor, make_ndarray
from ..tensor_shape import TensorShape

INT_MAX = 2**31 - 1


def plain(op, doc):
    """A public function that is the op itself: its inputs and attributes in order, then `name`."""
    if not raw_ops._floe.has_op(op):

        def call(x, name=None):
            return getattr(raw_ops, op)(x=x, name=name)

        call.__name__ = call.__qualname__ = op
    else:
        call = raw_ops._make(op, positional=True)
    call.__doc__ = doc
    return call


def scoped(default, whole=False):
    """Puts the ops of a composed function into a name scope of the graph: what `name` says, or `default`.

    With `whole` the function gets the scope as its `name`: the op that is given it has the scope's own name.
    """

    def mark(function):
        place = list(inspect.signature(function).parameters).index("name")

        @functools.wraps(function)
        def call(*args, **kwargs):
            g = current_graph()
            if g is None:
                return function(*args, **kwargs)
            name = args[place] if len(args) > place else kwargs.pop("name", None)
            args, rest = args[:place], args[place + 1 :]
            with g.name_scope(name or default) as scope:
                inner = scope if whole else None
                return (
                    function(*args, inner, *rest, **kwargs) if rest else function(*args, name=inner, **kwargs)
                )

        return call

    return mark


def typed(*values, dtype=None):
    """The values as tensors; those that bring no type take the first tensor's, else the first value's."""
    if all(isinstance(v, Tensor) for v in values):
        return list(values)
    if dtype is None:
        dtype = next((v.dtype for v in values if is_typed(v)), None)
    out = []
    for v in values:
        out.append(convert_to_tensor(v) if is_typed(v) else convert_to_tensor(v, dtype))
        dtype = dtype or out[0].dtype
    return out


def is_typed(value):
    """Whether a value brings its own type, as tensors and variables do."""
    return isinstance(value, Tensor) or isinstance(getattr(value, "dtype", None), dtypes.DType)


def base(dtype):
    return dtypes.as_dtype(dtype).base_dtype


def vector(values, dtype=None):
    """A shape, a list of numbers and scalar tensors, or an array, as a tensor."""
    if isinstance(values, TensorShape):
        if not values.is_fully_defined():
            raise ValueError(f"Cannot convert a partially known TensorShape {values} to a Tensor.")
        values = values.as_list()
        big = any(n > INT_MAX for n in values)
        return convert_to_tensor(values, dtype or (dtypes.int64 if big else dtypes.int32))
    if not isinstance(values, (list, tuple)) or not any(is_typed(v) for v in values):
        if isinstance(values, (list, tuple)) and not values:
            dtype = dtype or dtypes.int32
        return convert_to_tensor(values, dtype)
    types = [v.dtype for v in values if is_typed(v)]
    dtype = dtype or (dtypes.int64 if dtypes.int64 in types else types[0])
    parts = [raw_ops.Cast(x=v, DstT=dtype) if is_typed(v) and v.dtype != dtype else v for v in values]
    return raw_ops.Pack(values=[convert_to_tensor(p, dtype) for p in parts], axis=0)


def shape_vector(shape):
    """What a function takes as `shape`, as a vector; a lone number is a vector of one."""
    shape = vector(shape)
    if shape.ndim == 0:
        shape = raw_ops.Reshape(tensor=shape, shape=[1])
    return shape if shape.dtype in (dtypes.int32, dtypes.int64) else raw_ops.Cast(x=shape, DstT=dtypes.int32)


def sizes(x):
    """The sizes of x: numbers where they are known, scalar tensors where they are not. The rank is known."""
    known = x.shape.as_list()
    if None not in known:
        return known
    found = raw_ops.Unpack(value=raw_ops.Shape(input=x), num=len(known))
    return [found[i] if n is None else n for i, n in enumerate(known)]


def all_axes(x):
    """Every axis of x, as an array or (of unknown rank) as a tensor."""
    rank = x.ndim
    if rank is None:
        return raw_ops.Range(start=0, limit=raw_ops.Rank(input=x), delta=1)
    return _first_axes(rank)


@functools.cache
def _first_axes(rank):
    return np.arange(rank, dtype=np.int32)


def value_of(x):
    """The value as an array when it is known before the graph runs, else None."""
    if x is None:
        return None
    if isinstance(x, TensorShape):
        return np.array(x.as_list(), np.int32) if x.is_fully_defined() else None
    if not is_typed(x):
        return None if _holds_tensor(x) else np.asarray(x)
    if not isinstance(x, Tensor):
        return None
    if hasattr(x, "numpy"):
        return np.asarray(x.numpy())
    return _folded(x.op, x.value_index)


def _holds_tensor(x):
    return isinstance(x, (list, tuple)) and any(is_typed(v) or _holds_tensor(v) for v in x)


def _folded(op, index):
    """Values that follow from shapes and constants alone."""
    f = _FOLD.get(op.type)
    return f(op, index) if f is not None else None


def _fold_shape(op, index):
    s = op.inputs[index].shape
    return np.array(s.as_list(), op.outputs[index].dtype.as_numpy_dtype) if s.is_fully_defined() else None


def _fold_size(op, index):
    n = op.inputs[0].shape.num_elements()
    return None if n is None else np.array(n, op.outputs[0].dtype.as_numpy_dtype)


def _fold_rank(op, index):
    n = op.inputs[0].shape.rank
    return None if n is None else np.array(n, np.int32)


def _inputs_of(op):
    values = [value_of(x) for x in op.inputs]
    return None if any(v is None for v in values) else values


def _fold_pack(op, index):
    v = _inputs_of(op)
    return None if v is None else np.stack(v, op.get_attr("axis"))


def _fold_concat(op, index):
    v = _inputs_of(op)
    return None if v is None else np.concatenate(v[:-1], int(v[-1]))


def _fold_range(op, index):
    v = _inputs_of(op)
    return None if v is None else np.arange(*v, dtype=op.outputs[0].dtype.as_numpy_dtype)


def _fold_cast(op, index):
    v = _inputs_of(op)
    return None if v is None else v[0].astype(op.outputs[0].dtype.as_numpy_dtype)


def _fold_fill(op, index):
    v = _inputs_of(op)
    return None if v is None else np.full(v[0], v[1], v[1].dtype)


def _fold_identity(op, index):
    return value_of(op.inputs[0])


_FOLD = {
    "Const": lambda op, index: make_ndarray(op.get_attr("value")),
    "Shape": _fold_shape,
    "ShapeN": _fold_shape,
    "Size": _fold_size,
    "Rank": _fold_rank,
    "Pack": _fold_pack,
    "ConcatV2": _fold_concat,
    "Range": _fold_range,
    "Cast": _fold_cast,
    "Fill": _fold_fill,
    "Identity": _fold_identity,
}


def either(new_name, new, old_name, old):
    """The value of an argument that has an old name too."""
    if old is not None:
        if new is not None:
            raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'.")
        return old
    return new
