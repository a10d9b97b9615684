"""Tensors: what tf.Tensor offers, on top of the core's classes."""

import numpy as _np

from . import _floe, dtypes
from .errors import OperatorNotAllowedInGraphError
from .tensor_shape import as_shape

Tensor = _floe.Tensor
EagerTensor = _floe.EagerTensor
_CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


def _undefined(name):
    def get(self):
        raise AttributeError(f"Tensor.{name} is undefined when eager execution is enabled.")

    return property(get)


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


for _name in ("name", "op", "graph", "value_index"):
    setattr(EagerTensor, _name, _undefined(_name))
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
Tensor.__module__ = EagerTensor.__module__ = "floe"


class SymbolicTensor(Tensor):
    """An output of an operation in a graph: it has a name and a shape, but no value."""

    __slots__ = ("_op", "_index")
    __array_priority__ = 100

    def __init__(self, op, index):
        super().__init__()
        self._op = op
        self._index = index

    @property
    def op(self):
        return self._op

    @property
    def value_index(self):
        return self._index

    @property
    def graph(self):
        return self._op.graph

    @property
    def name(self):
        return f"{self._op.name}:{self._index}"

    @property
    def dtype(self):
        return self.graph._core.output_dtype((self._op._id, self._index)) or dtypes.float32

    @property
    def shape(self):
        return self.graph._core.output_shape((self._op._id, self._index))

    @property
    def ndim(self):
        return self.shape.ndims

    @property
    def device(self):
        return self._op.device

    def consumers(self):
        return [self.graph._operation(i) for i in self.graph._core.consumers((self._op._id, self._index))]

    def eval(self, feed_dict=None, session=None):
        raise ValueError("Cannot evaluate tensor using `eval()`: No default session is registered.")

    def __repr__(self):
        return f"<tf.Tensor {self.name!r} shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self):
        shape = "" if self.shape.ndims is None else f", shape={self.shape}"
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name})'

    def __len__(self):
        raise TypeError(
            f"len is not well defined for a symbolic Tensor ({self.name}). "
            "Please call `x.shape` rather than `len(x)` for shape information."
        )

    def __iter__(self):
        raise TypeError("Cannot iterate over a tensor with unknown first dimension.")

    def __bool__(self):
        raise OperatorNotAllowedInGraphError(
            "Using a symbolic `tf.Tensor` as a Python `bool` is not allowed. "
            f"{self.name} has no value before the graph runs: prune() the graph to it and call the result."
        )

    def __array__(self, dtype=None, copy=None):
        raise NotImplementedError(
            f"Cannot convert a symbolic tf.Tensor ({self.name}) to a numpy array. This error may indicate that you're "
            "trying to pass a Tensor to a NumPy call, which is not supported."
        )


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
    t = value if isinstance(value, SymbolicTensor) else _floe.to_tensor(value, _number(dtype))
    if shape is not None and not isinstance(t, SymbolicTensor):
        shape = as_shape(shape)
        if t.shape.num_elements() not in (1, shape.num_elements()):
            raise TypeError(
                f"Eager execution of tf.constant with unsupported shape. Tensor {t.numpy()} (converted from {value}) has "
                f"{t.shape.num_elements()} elements, but got `shape` {shape} with {shape.num_elements()} elements)."
            )
        t = _floe.broadcast_fill(t, shape)
    from . import graph

    g = graph._recording()
    return g._constant(t, name) if g is not None and isinstance(t, EagerTensor) else t


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """The value as a tensor: NumPy arrays, numbers, nested lists, strings, tensors."""
    if isinstance(value, SymbolicTensor):
        if dtype is not None and value.dtype != dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {dtypes.as_dtype(dtype).name} for Tensor with dtype "
                f"{value.dtype.name}: {value!r}"
            )
        return value
    if isinstance(value, EagerTensor) and (dtype is None or value.dtype == dtype):
        t = value
    else:
        t = _floe.to_tensor(value, _number(dtype), _number(dtype_hint))
    from . import graph

    g = graph._recording()
    return t if g is None else g._constant(t, name or "Const")


def is_tensor(x):
    """True for tensors of any kind."""
    return isinstance(x, Tensor)


def make_ndarray(tensor):
    """The array that a TensorProto holds."""
    return _np.asarray(_floe.tensor_from_proto(tensor).numpy())


def make_tensor_proto(values, dtype=None, shape=None, verify_shape=False):
    """The TensorProto that holds the values."""
    t = _floe.to_tensor(values, _number(dtype))
    return _floe.tensor_to_proto(t if shape is None else _floe.broadcast_fill(t, as_shape(shape)))
