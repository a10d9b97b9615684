"""tf.debugging: checks of types, ranks and shapes, and settings."""

import collections.abc

import numpy as np

from .. import dtypes, raw_ops
from ..export import export, resolve
from ..graph import executing_eagerly
from ..tensor import Tensor, convert_to_tensor
from .debug_values import Assert
from .support import is_typed, value_of


def _name(x):
    return "" if executing_eagerly() or not hasattr(x, "op") else x.name


def _lead(message):
    return f"{message}.  " if message else ""


def _static_rank(rank):
    """The rank as a number, or None when only the graph will know it."""
    known = value_of(rank)
    if known is None:
        return None
    if known.ndim:
        raise ValueError("Rank must be a scalar.")
    if known.dtype.kind not in "iu":
        raise TypeError(f"Rank must be an integer, found {rank!r}.")
    return int(known)


def _nothing(name):
    return None if executing_eagerly() else raw_ops.NoOp(name=name or "static_checks_determined_all_ok")


def _rank_check(x, rank, words, op, holds, data, summarize, message, name):
    x = convert_to_tensor(x)
    wanted, found = _static_rank(rank), x.ndim
    if wanted is not None and found is not None:
        if not holds(found, wanted):
            raise ValueError(f"{_lead(message)}Tensor {_name(x)} must have rank {words}{wanted}.  Received rank {found}, "
                             f"shape {x.shape}")  # fmt: skip
        return _nothing(name)
    rank = convert_to_tensor(rank, dtypes.int32)
    if data is None:
        data = [f"{_lead(message)}Tensor {_name(x)} must have rank {words}", rank, "Received shape: ",
                raw_ops.Shape(input=x)]  # fmt: skip
    return Assert(getattr(raw_ops, op)(x=raw_ops.Rank(input=x), y=rank), data, summarize, name)


def _is(a, b):
    return a == b


def _least(a, b):
    return a >= b


@export("debugging.assert_rank", "assert_rank")
def assert_rank(x, rank, message=None, name=None):
    """ValueError unless x has this rank; an op checks it where only the graph will know."""
    return _rank_check(x, rank, "", "Equal", _is, None, None, message, name or "assert_rank")


@export("compat.v1.assert_rank", "compat.v1.debugging.assert_rank")
def v1_assert_rank(x, rank, data=None, summarize=None, message=None, name=None):
    """ValueError unless x has this rank; an op checks it where only the graph will know."""
    return _rank_check(x, rank, "", "Equal", _is, data, summarize, message, name or "assert_rank")


@export("debugging.assert_rank_at_least")
def assert_rank_at_least(x, rank, message=None, name=None):
    """ValueError unless x has at least this rank; an op checks it where only the graph will know."""
    return v1_assert_rank_at_least(x, rank, message=message, name=name)


@export("compat.v1.assert_rank_at_least", "compat.v1.debugging.assert_rank_at_least")
def v1_assert_rank_at_least(x, rank, data=None, summarize=None, message=None, name=None):
    """ValueError unless x has at least this rank; an op checks it where only the graph will know."""
    name = name or "assert_rank_at_least"
    return _rank_check(x, rank, "at least ", "GreaterEqual", _least, data, summarize, message, name)


@export("debugging.assert_rank_in")
def assert_rank_in(x, ranks, message=None, name=None):
    """ValueError unless x has one of these ranks; an op checks it where only the graph will know."""
    return v1_assert_rank_in(x, ranks, message=message, name=name)


@export("compat.v1.assert_rank_in", "compat.v1.debugging.assert_rank_in")
def v1_assert_rank_in(x, ranks, data=None, summarize=None, message=None, name=None):
    """ValueError unless x has one of these ranks; an op checks it where only the graph will know."""
    x = convert_to_tensor(x)
    wanted = tuple(_static_rank(r) for r in ranks)
    found = x.ndim
    if found is not None and None not in wanted:
        if found not in wanted:
            raise ValueError(f"{_lead(message)}Tensor {_name(x)} must have rank in {wanted}.  Received rank {found}, "
                             f"shape {x.shape}")  # fmt: skip
        return _nothing(name)
    ranks = raw_ops.Pack(values=[convert_to_tensor(r, dtypes.int32) for r in ranks], axis=0)
    if data is None:
        data = [
            f"{_lead(message)}Tensor {_name(x)} must have rank in",
            ranks,
            "Received shape: ",
            raw_ops.Shape(input=x),
        ]
    same = raw_ops.Equal(x=raw_ops.Rank(input=x), y=ranks)
    return Assert(raw_ops.Any(input=same, axis=0), data, summarize, name or "assert_rank_in")


def _scalar(tensor, message):
    tensor = convert_to_tensor(tensor)
    if tensor.ndim != 0:
        what = "" if executing_eagerly() else f" for {tensor.name}"
        raise ValueError(f"{message or ''}Expected scalar shape{what}, saw shape: {tensor.shape}.")
    return tensor


@export("debugging.assert_scalar")
def assert_scalar(tensor, message=None, name=None):
    """ValueError unless the tensor is a scalar."""
    _scalar(tensor, message)


@export("compat.v1.assert_scalar", "compat.v1.debugging.assert_scalar")
def v1_assert_scalar(tensor, name=None, message=None):
    """The tensor; ValueError unless it is a scalar."""
    return _scalar(tensor, message)


@export("debugging.assert_integer")
def assert_integer(x, message=None, name=None):
    """TypeError unless x holds integers."""
    x = convert_to_tensor(x)
    if not x.dtype.is_integer:
        what = "tensor of dtype" if executing_eagerly() else f"{x.name} of dtype"
        raise TypeError(f'{_lead(message)}Expected "x" to be integer type.  Found: {what} {x.dtype}')
    return _nothing(name)


v1_assert_integer = export("compat.v1.assert_integer", "compat.v1.debugging.assert_integer")(assert_integer)


@export("debugging.assert_type")
def assert_type(tensor, tf_type, message=None, name=None):
    """TypeError unless the tensor has this type."""
    tf_type = dtypes.as_dtype(tf_type)
    if not hasattr(tensor, "dense_shape"):
        tensor = convert_to_tensor(tensor)
    if tensor.dtype != tf_type:
        raise TypeError(
            f"{_lead(message)}{_name(tensor) or 'tensor'} must be of type {tf_type!r}; got {tensor.dtype!r}"
        )
    return _nothing(name)


v1_assert_type = export("compat.v1.assert_type", "compat.v1.debugging.assert_type")(assert_type)


@export("debugging.assert_proper_iterable", "compat.v1.assert_proper_iterable")
def assert_proper_iterable(values):
    """TypeError for what cannot be iterated over, and for tensors, arrays and strings."""
    single = (str, bytes, np.ndarray, Tensor)
    if isinstance(values, single) or hasattr(values, "dense_shape"):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


@export("debugging.assert_same_float_dtype", "compat.v1.assert_same_float_dtype")
def assert_same_float_dtype(tensors=None, dtype=None):
    """The floating-point type that all tensors have; ValueError when they differ or it is no such type."""
    known = None
    for t in tensors or []:
        if t is None:
            continue
        if dtype is None:
            dtype, known = t.dtype.base_dtype, t
        elif t.dtype.base_dtype != dtypes.as_dtype(dtype):
            than = f" as {known!s}" if known is not None else ""
            raise ValueError(
                f"{t}, type={t.dtype}, must be of the same type ({dtypes.as_dtype(dtype)}){than}."
            )
    dtype = dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"Expected floating point type, got {dtype}.")
    return dtype


@export("debugging.is_numeric_tensor", "compat.v1.is_numeric_tensor")
def is_numeric_tensor(tensor):
    """Whether it is a tensor of numbers."""
    if not is_typed(tensor):
        return False
    d = tensor.dtype.base_dtype
    return d.is_floating or d.is_integer or d.is_complex or d.is_quantized


_MANY = ("...", "*")


def _dimensions(shape):
    """The symbols of a shape, and whether any number of dimensions comes before or after them."""
    shape = tuple(shape) if isinstance(shape, collections.abc.Iterable) else (shape,)
    if "".join(map(str, shape)) in _MANY:
        return (), "first"
    if shape and shape[0] in _MANY:
        return shape[1:], "first"
    if shape and shape[-1] in _MANY:
        return shape[:-1], "last"
    return shape, None


@export("debugging.assert_shapes")
def assert_shapes(shapes, data=None, summarize=None, message=None, name=None):
    """ValueError unless the tensors have their shapes: numbers, names that must agree, None or "." for any."""
    pairs = list(shapes.items()) if isinstance(shapes, dict) else list(shapes)
    known = {}
    checks = []
    for x, shape in pairs:
        x = x if hasattr(x, "dense_shape") else convert_to_tensor(x)
        dims, rest = _dimensions(shape)
        _check_rank(x, dims, rest, message)
        _check_dims(x, dims, rest, known, checks, data, summarize, message)
    if executing_eagerly():
        return None
    return resolve("group")(*checks, name=name or "assert_shapes") if checks else _nothing(name)


def _check_rank(x, dims, rest, message):
    rank = x.ndim
    if rank is None:
        return
    text = f"{_lead(message)}Tensor {_name(x)} must have rank "
    found = f".  Received rank {rank}, shape {x.shape}"
    if rest is not None:
        if rank < len(dims):
            raise ValueError(f"{text}at least {len(dims)}{found}")
    elif len(dims) == 1:
        if rank not in (0, 1):
            raise ValueError(f"{text}in (0, 1){found}")
    elif rank != len(dims):
        raise ValueError(f"{text}{len(dims)}{found}")


def _check_dims(x, dims, rest, known, checks, data, summarize, message):
    rank = x.ndim
    if rank == 0:
        return
    for i, symbol in enumerate(dims):
        if symbol in (None, "."):
            continue
        at = i - len(dims) if rest == "first" else i
        size = None if rank is None else x.shape[at]
        size = _size(x, at) if size is None else size
        place = f"{_name(x) or f'shape={x.shape} dtype={x.dtype.name}'} dimension {at if rank is None else at % rank}"
        if isinstance(symbol, (int, np.integer)) or isinstance(symbol, str) and symbol.isdigit():
            where = f"Specified explicitly.  Tensor {place}"
            _require(x, size, int(symbol), where, checks, data, summarize, message)
        elif symbol in known:
            wanted, origin = known[symbol]
            _require(x, size, wanted, f"{origin}.  Tensor {place}", checks, data, summarize, message)
        else:
            known[symbol] = size, f"Specified by tensor {place}"


def _size(x, at):
    place = at if at >= 0 else raw_ops.AddV2(x=raw_ops.Rank(input=x), y=at)
    return raw_ops.GatherV2(params=raw_ops.Shape(input=x), indices=place, axis=0)


def _require(x, size, wanted, where, checks, data, summarize, message):
    if isinstance(size, int) and isinstance(wanted, int):
        if size != wanted:
            raise ValueError(
                f"{_lead(message)}{where} must have size {wanted}.  Received size {size}, shape {x.shape}"
            )
        return
    if data is None:
        data = [f"{_lead(message)}{where} must have size", wanted, "Received shape: ", raw_ops.Shape(input=x)]
    checks.append(Assert(raw_ops.Equal(x=size, y=wanted), data, summarize))


v1_assert_shapes = export("compat.v1.assert_shapes", "compat.v1.debugging.assert_shapes")(assert_shapes)

_placement = False
_filtering = True


@export("debugging.set_log_device_placement")
def set_log_device_placement(enabled):
    """Whether the device of each op is to be logged; with one device there is nothing to log."""
    global _placement
    _placement = bool(enabled)


@export("debugging.get_log_device_placement")
def get_log_device_placement():
    """What set_log_device_placement was called with."""
    return _placement


@export("debugging.enable_traceback_filtering")
def enable_traceback_filtering():
    """Tracebacks leave out the library's own frames."""
    global _filtering
    _filtering = True


@export("debugging.disable_traceback_filtering")
def disable_traceback_filtering():
    """Tracebacks show the library's own frames too."""
    global _filtering
    _filtering = False


@export("debugging.is_traceback_filtering_enabled")
def is_traceback_filtering_enabled():
    """Whether tracebacks leave out the library's own frames."""
    return _filtering
