"""Tensors: what tf.Tensor offers, on top of the core's classes."""

import numpy as _np

from . import _floe, dtypes
from .errors import OperatorNotAllowedInGraphError
from .tensor_shape import Dimension, TensorShape, as_shape

Tensor = _floe.Tensor
EagerTensor = _floe.EagerTensor
_CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


_GRAPH_ONLY = ("name", "op", "graph", "value_index")


def _values(t):
    return t._view() if t._nbytes() or t.ndim else t.numpy()


def _numpy_repr(t):
    if not t.dtype.is_numpy_compatible:
        return "<unprintable>"
    try:
        return repr(t.numpy().item() if not t.ndim and t.dtype != dtypes.string else t.numpy())
    except ImportError:
        return repr(_readable(t))


def _readable(t):
    """bfloat16 values as float32, for printing where NumPy has no bfloat16."""
    return _floe.invoke("Cast", [t], {"DstT": dtypes.float32})[0].numpy()


def _eager_repr(self):
    text = _numpy_repr(self)
    sep = "\n" if "\n" in text else ""
    return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={sep}{text}>"


def _eager_str(self):
    if not self.dtype.is_numpy_compatible:
        text = "<unprintable>"
    else:
        try:
            text = str(self.numpy())
        except ImportError:
            text = str(_readable(self))
    sep = "\n" if "\n" in text else ""
    return f"tf.Tensor({sep}{text}, shape={self.shape}, dtype={self.dtype.name})"


def _eager_format(self, spec):
    return format(self.numpy(), spec) if not self.ndim else format(str(self.numpy()), spec)


def _eager_iter(self):
    if not self.ndim:
        raise TypeError("Cannot iterate over a scalar tensor.")
    return (self._row(i) for i in range(len(self)))


def _set_shape(self, shape):
    if not self.shape.is_compatible_with(shape):
        raise ValueError(
            f"Tensor's shape {self.shape} is not compatible with supplied shape {as_shape(shape)}."
        )


def _not_eager(name, hint=""):
    def method(self, *args, **kwargs):
        raise NotImplementedError(f"{name} is {hint or 'undefined when eager execution is enabled.'}")

    return method


def _no_hash(self):
    raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")


class Reference:
    """A tensor as a key: equal when it is the same tensor."""

    def __init__(self, wrapped):
        self._wrapped = wrapped

    def deref(self):
        return self._wrapped

    def __eq__(self, other):
        return isinstance(other, Reference) and other._wrapped is self._wrapped

    def __hash__(self):
        return id(self._wrapped)

    def __repr__(self):
        return f"<Reference wrapping {self._wrapped!r}>"


def _restore(array, name):
    return _floe.to_tensor(array, dtypes.as_dtype(name).as_datatype_enum)


def _reduce(self):
    return _restore, (self.numpy(), self.dtype.name)


Tensor.__hash__ = _no_hash
Tensor.ref = lambda self: Reference(self)
Tensor.get_shape = lambda self: self.shape
Tensor.set_shape = _set_shape
EagerTensor.__repr__ = _eager_repr
EagerTensor.__str__ = _eager_str
EagerTensor.__format__ = _eager_format
EagerTensor.__iter__ = _eager_iter
EagerTensor.__reduce__ = _reduce
EagerTensor.__copy__ = lambda self: self
EagerTensor.__deepcopy__ = lambda self, memo: self
EagerTensor.device = property(lambda self: _CPU)
EagerTensor.backing_device = property(lambda self: _CPU)
EagerTensor.cpu = lambda self: self
EagerTensor.consumers = _not_eager("Tensor.consumers")
EagerTensor.eval = _not_eager(
    "eval", "not supported when eager execution is enabled, is .numpy() what you're looking for?"
)
_NUMPY_NAMES = {"T", "astype", "ravel", "transpose", "reshape", "clip", "size", "tolist", "data"}


def _missing(self, name):
    kind = type(self).__name__
    if name in _GRAPH_ONLY:
        raise AttributeError(
            f"Tensor.{name} is undefined when eager execution is enabled.", name=name, obj=self
        )
    if name in _NUMPY_NAMES:
        raise AttributeError(
            f"{kind} object has no attribute '{name}'. If you are looking for numpy-related methods, call them on "
            f".numpy(), or use the function of the same purpose, such as tf.reshape, tf.transpose or tf.cast.",
            name=name,
            obj=self,
        )
    raise AttributeError(f"'{kind}' object has no attribute '{name}'", name=name, obj=self)


EagerTensor.__getattr__ = _missing
Tensor.__module__ = EagerTensor.__module__ = "floe"


SymbolicTensor = _floe.SymbolicTensor


def _symbolic_op(self):
    return self._graph._operation(self._node_id)


def _graph_mode(self, what):
    op = self.op
    where = op.graph._core.location(op._id)
    place = f", made at {where}" if where else ""
    return (
        f"{what}: {self.name!r} ({self.dtype.name}{place}) is a symbolic tensor in graph mode and has no value "
        "before the graph runs. Use tf.py_function to run Python code on values inside of a graph, "
        "tf.config.run_functions_eagerly(True) to run functions without graphs, or return the tensor and call "
        ".numpy() on the result."
    )


class NoValueInGraphModeError(AttributeError, NotImplementedError):
    """Asked of a symbolic tensor what only values have. Both classes that TensorFlow uses for it."""

    # So that AutoGraph, which adds the user's lines to the text, can make another of the class.
    __init__ = Exception.__init__


def _symbolic_getattr(self, name):
    if name in ("numpy", "__array_interface__", "__array_struct__"):
        raise NoValueInGraphModeError(
            _graph_mode(self, f"'{type(self).__name__}' object has no attribute '{name}'")
        )
    return _missing(self, name)


def _symbolic_str(self):
    shape = "" if self.shape.ndims is None else f", shape={self.shape}"
    device = f", device={self.device}" if self.device else ""
    return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name}{device})'


def _symbolic_len(self):
    raise TypeError(
        f"len is not well defined for a symbolic Tensor ({self.name}). "
        "Please call `x.shape` rather than `len(x)` for shape information."
    )


def _symbolic_iter(self):
    _not_allowed(self, "Iterating over a symbolic `tf.Tensor`")
    if self.shape.ndims is None:
        raise TypeError("Cannot iterate over a tensor with unknown shape.")
    if self.shape.ndims == 0:
        raise TypeError("Cannot iterate over a scalar tensor.")
    if self.shape.dims[0].value is None:
        raise TypeError("Cannot iterate over a tensor with unknown first dimension.")
    return iter([self[i] for i in range(self.shape.dims[0].value)])


def _not_allowed(self, task):
    from . import function_context

    known = self.shape.ndims and self.shape.dims[0].value is not None
    if task.startswith("Iterating") and known and not function_context.in_v1_graph():
        return
    raise OperatorNotAllowedInGraphError(
        f"{task} is not allowed. You can attempt the following resolutions to the problem: If you are running in Graph "
        "mode, use Eager execution mode or decorate this function with @tf.function. If you are using AutoGraph, you "
        "can try decorating this function with @tf.function. If that does not work, then you may be using an "
        "unsupported feature or your source code may not be visible to AutoGraph. "
        + _graph_mode(self, "Its value is not known")
    )


def _symbolic_bool(self):
    _not_allowed(self, "Using a symbolic `tf.Tensor` as a Python `bool`")


def _symbolic_array(self, dtype=None, copy=None):
    raise NotImplementedError(
        f"Cannot convert a symbolic tf.Tensor ({self.name}) to a numpy array. This error may indicate that you're "
        "trying to pass a Tensor to a NumPy call, which is not supported. "
        + _graph_mode(self, "It has no value")
    )


def _symbolic_set_shape(self, shape):
    merged = self.shape.merge_with(shape)
    self._graph._core.set_shape((self._node_id, self.value_index), merged)


def _symbolic_eval(self, feed_dict=None, session=None):
    from .api.session import _eval

    return _eval(self, feed_dict, session)


def _symbolic_index(self):
    raise TypeError(
        f"'{type(self).__name__}' object cannot be interpreted as an integer. "
        + _graph_mode(self, "It has no value")
    )


SymbolicTensor.op = property(_symbolic_op)
SymbolicTensor.graph = property(lambda self: self._graph)
SymbolicTensor.device = property(lambda self: self.op.device)
SymbolicTensor.ndim = property(lambda self: self.shape.rank)
SymbolicTensor.consumers = lambda self: [
    self._graph._operation(i) for i in self._graph._core.consumers((self._node_id, self.value_index))
]
SymbolicTensor.eval = _symbolic_eval
SymbolicTensor.set_shape = _symbolic_set_shape
SymbolicTensor.__getattr__ = _symbolic_getattr
SymbolicTensor.__repr__ = lambda self: f"<tf.Tensor {self.name!r} shape={self.shape} dtype={self.dtype.name}>"
SymbolicTensor.__str__ = _symbolic_str
SymbolicTensor.__len__ = _symbolic_len
SymbolicTensor.__iter__ = _symbolic_iter
SymbolicTensor.__bool__ = _symbolic_bool
SymbolicTensor.__array__ = _symbolic_array
SymbolicTensor.__index__ = _symbolic_index
SymbolicTensor.__array_priority__ = EagerTensor.__array_priority__ = 100
SymbolicTensor.__module__ = "floe"


class TensorSpec:
    """Shape, dtype and name of a tensor that is not there yet."""

    __slots__ = ("_shape", "_dtype", "_name")

    def __init__(self, shape, dtype=dtypes.float32, name=None):
        self._shape = as_shape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._name = name

    @classmethod
    def from_tensor(cls, tensor, name=None):
        symbolic = None if isinstance(tensor, EagerTensor) else tensor.op.name
        return cls(tensor.shape, tensor.dtype, name or symbolic)

    @classmethod
    def from_spec(cls, spec, name=None):
        return cls(spec.shape, spec.dtype, name or spec.name)

    @property
    def shape(self):
        return self._shape

    @property
    def dtype(self):
        return self._dtype

    @property
    def name(self):
        return self._name

    def is_compatible_with(self, value):
        if not isinstance(value, (Tensor, TensorSpec)):
            try:
                value = convert_to_tensor(value, self._dtype)
            except (TypeError, ValueError):
                return False
        return self._dtype == value.dtype and self._shape.is_compatible_with(value.shape)

    @property
    def value_type(self):
        return Tensor

    def is_subtype_of(self, other):
        """Whether every tensor that fits this spec fits the other."""
        return (
            isinstance(other, TensorSpec)
            and self._dtype == other._dtype
            and self._shape.is_subtype_of(other._shape)
            and other._name in (None, self._name)
        )

    def most_specific_common_supertype(self, others):
        """The spec that these all fit, or None."""
        shape = self._shape
        for other in others:
            if not isinstance(other, TensorSpec) or other._dtype != self._dtype:
                return None
            shape = shape.most_specific_compatible_shape(other._shape)
        names = {self._name, *(o._name for o in others)}
        return TensorSpec(shape, self._dtype, self._name if len(names) == 1 else None)

    def most_specific_compatible_type(self, other):
        """The spec that both fit; ValueError where there is none."""
        found = self.most_specific_common_supertype([other])
        if found is None:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        return found

    def __eq__(self, other):
        return (
            isinstance(other, TensorSpec)
            and self._shape == other._shape
            and self._dtype == other._dtype
            and self._name == other._name
        )

    def __hash__(self):
        return hash((self._shape, self._dtype))

    def __reduce__(self):
        return TensorSpec, (self._shape, self._dtype, self._name)

    def __repr__(self):
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"


def _number(dtype):
    return 0 if dtype is None else dtypes.as_dtype(dtype).base_dtype.as_datatype_enum


def constant(value, dtype=None, shape=None, name="Const"):
    """A tensor with the given values; a Const node where a graph is being recorded."""
    return _constant(value, dtype, shape, name, allow_broadcast=True)


def eager_value(value, dtype=None):
    """The value as a tensor that has its numbers, also where a graph is being recorded."""
    return _floe.to_tensor(value, _number(dtype))


def _constant(value, dtype, shape, name, allow_broadcast):
    graph = _floe.current_graph()
    if isinstance(value, SymbolicTensor):
        raise TypeError(f"Expected a value for a constant, got the symbolic tensor {value!r}.")
    if isinstance(value, EagerTensor) and dtype is not None and value.dtype != dtype:
        t = _floe.invoke_now("Cast", [value], {"DstT": dtypes.as_dtype(dtype)})[0]
    elif hasattr(value, "__tf_tensor__") and not isinstance(value, Tensor):
        t = convert_to_tensor(value, dtype)
    else:
        try:
            t = _floe.to_tensor(value, _number(dtype))
        except ValueError as e:
            if graph is not None and "non-rectangular" in str(e):
                raise ValueError(
                    f"setting an array element with a sequence. The requested array has an inhomogeneous shape. {e}"
                ) from None
            raise
    if shape is not None:
        shape = as_shape(shape)
        if (
            t.shape.num_elements() not in (1, shape.num_elements())
            or not allow_broadcast
            and (t.shape.num_elements() != shape.num_elements())
        ):
            if graph is not None:
                raise TypeError(
                    f"Expected Tensor's shape: {shape}, but got {t.shape}. Give as many elements as the shape has, or "
                    "a single one."
                )
            raise TypeError(
                f"Eager execution of tf.constant with unsupported shape. Tensor {t.numpy()} (converted from {value}) has "
                f"{t.shape.num_elements()} elements, but got `shape` {shape} with {shape.num_elements()} elements)."
            )
        t = _floe.broadcast_fill(t, shape)
    if graph is None or isinstance(t, SymbolicTensor):
        return t
    return graph._core.constant(t, name or "Const")


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None, preferred_dtype=None, as_ref=False):
    """The value as a tensor: NumPy arrays, numbers, nested lists, strings, tensors, variables."""
    hint = dtype_hint if dtype_hint is not None else preferred_dtype
    if isinstance(value, Tensor):
        if dtype is not None and value.dtype != dtypes.as_dtype(dtype).base_dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {dtypes.as_dtype(dtype).name} for Tensor with dtype "
                f"{value.dtype.name}: {value!r}"
            )
        if isinstance(value, EagerTensor):
            g = _floe.current_graph()
            return value if g is None else g._core.bring_in(value)
        return value
    return _floe.to_input(value, _number(dtype), _number(hint), name or "Const")


_conversions = []


def register_tensor_conversion_function(base_type, conversion_func, priority=100):
    """From now on objects of `base_type` become tensors by conversion_func(value, dtype, name, as_ref)."""
    if not callable(conversion_func):
        raise TypeError("Argument `conversion_func` must be callable.")
    _conversions.append((priority, len(_conversions), base_type, conversion_func))
    _conversions.sort(key=lambda c: c[:2])


def _holds_tensors(value, depth=0):
    if isinstance(value, (list, tuple)):
        return depth < 50 and any(_holds_tensors(v, depth + 1) for v in value)
    return isinstance(value, Tensor) or hasattr(value, "__tf_tensor__")


def _convert(value, dtype, hint, name):
    """For the core: what it cannot make a tensor of by itself, else None."""
    if type(value) is _np.ndarray and value.dtype != object:
        return None
    method = getattr(value, "__tf_tensor__", None)
    if method is not None and not isinstance(value, type):
        return method(dtype, name or None)
    for _, _, base, function in _conversions:
        if isinstance(value, base):
            result = function(value, dtype=dtype, name=name or None, as_ref=False)
            if result is not NotImplemented:
                return result
    if isinstance(value, (list, tuple)) and _holds_tensors(value):
        return _packed(value, dtype, hint)
    if isinstance(value, TensorShape):
        if not value.is_fully_defined():
            raise ValueError(f"Cannot convert a partially known TensorShape {value} to a Tensor.")
        return _shape_tensor(value, None if dtype is None else dtypes.as_dtype(dtype))
    if isinstance(value, Dimension):
        return convert_to_tensor(value.value, dtype)
    if isinstance(value, dtypes.DType):
        return None
    return None


def _shape_tensor(shape, dtype):
    if dtype not in (None, dtypes.int32, dtypes.int64):
        raise TypeError(
            f"Cannot convert TensorShape {shape} to dtype {dtype}. Allowed dtypes are tf.int32 and tf.int64."
        )
    large = any(d > 2**31 - 1 for d in shape.as_list())
    if large and dtype == dtypes.int32:
        raise ValueError(
            f"Cannot convert TensorShape {shape} to dtype int32; a dimension is too large. Consider using tf.int64."
        )
    if dtype is None:
        dtype = dtypes.int64 if large else dtypes.int32
    return convert_to_tensor(_np.array(shape.as_list(), dtype.as_numpy_dtype))


def _packed(value, dtype, hint):
    if not isinstance(value, (list, tuple)):
        return convert_to_tensor(value, dtype, hint)
    if dtype is None:
        dtype = _first_type(value)
    items = [_packed(v, dtype, hint) for v in value]
    from . import raw_ops

    return raw_ops.Pack(values=items, axis=0)


def _first_type(value):
    if isinstance(value, (list, tuple)):
        for v in value:
            t = _first_type(v)
            if t is not None:
                return t
        return None
    if isinstance(value, Tensor) or hasattr(value, "__tf_tensor__"):
        return value.dtype
    return None


def is_tensor(x):
    """True for tensors of any kind, and for variables."""
    return isinstance(x, Tensor) or getattr(type(x), "_is_tensor", False)


def make_ndarray(tensor):
    """The array that a TensorProto holds."""
    t = _floe.tensor_from_proto(tensor)
    array = _np.asarray(t.numpy())
    return array.astype(object) if t.dtype == dtypes.string else array


def make_tensor_proto(values, dtype=None, shape=None, verify_shape=False):
    """The TensorProto that holds the values."""
    t = _floe.to_tensor(values, _number(dtype))
    return _floe.tensor_to_proto(t if shape is None else _floe.broadcast_fill(t, as_shape(shape)))
