"""tf.SparseTensor."""

import collections

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import EagerTensor, SymbolicTensor, Tensor, TensorSpec, convert_to_tensor
from ..tensor_shape import TensorShape, as_shape
from . import composite_dispatch, composite_names
from .support import value_of
from .type_specs import TypeSpec

SparseTensorValue = collections.namedtuple("SparseTensorValue", ["indices", "values", "dense_shape"])
SparseTensorValue = export("compat.v1.SparseTensorValue")(SparseTensorValue)


def shape_in(t):
    """The shape that a tensor of sizes holds, as far as it is known before it runs."""
    if isinstance(t, SymbolicTensor):
        known = value_of(t)
        if known is None:
            return t.graph._core.known_elements((t._node_id, t.value_index))
        return TensorShape([None if n < 0 else int(n) for n in known])
    if isinstance(t, EagerTensor):
        return TensorShape([None if n < 0 else n for n in t.numpy().tolist()])
    return TensorShape(None)


def agree(shape, axis, vector):
    """Raises ValueError when a size is known to differ from a vector's length."""
    a, b = (None if s.ndims is None else s.as_list()[i] for s, i in ((shape, axis), (vector, 0)))
    if a is not None and b is not None and a != b:
        raise ValueError(f"Dimensions {a} and {b} are not compatible")


@export("SparseTensor", "sparse.SparseTensor")
class SparseTensor:
    """Values at some indices [n, rank] of a tensor of shape dense_shape that is 0 elsewhere.

    Most operations expect the indices in the order of the elements: see tf.sparse.reorder.
    """

    _is_tensor = True
    _above_tensors = True

    def __init__(self, indices, values, dense_shape):
        indices = convert_to_tensor(indices, dtypes.int64)
        values = convert_to_tensor(values)
        dense_shape = convert_to_tensor(dense_shape, dtypes.int64)
        rows = indices.shape.with_rank(2)
        n = values.shape.with_rank(1)
        rank = dense_shape.shape.with_rank(1)
        agree(rows, 0, n)
        agree(rows, 1, rank)
        self._set(indices, values, dense_shape, None)

    def _set(self, indices, values, dense_shape, static):
        self._indices, self._values, self._dense_shape, self._static = indices, values, dense_shape, static

    @classmethod
    def _made(cls, indices, values, dense_shape, static=None):
        new = object.__new__(cls)
        new._set(indices, values, dense_shape, static)
        return new

    @classmethod
    def from_value(cls, sparse_tensor_value):
        """From a SparseTensorValue or another SparseTensor."""
        if not isinstance(sparse_tensor_value, (SparseTensor, SparseTensorValue)):
            raise TypeError(
                f"Argument sparse_tensor_value={sparse_tensor_value} is not a SparseTensor or SparseTensorValue."
            )
        v = sparse_tensor_value
        return SparseTensor(v.indices, v.values, v.dense_shape)

    @property
    def indices(self):
        return self._indices

    @property
    def values(self):
        return self._values

    @property
    def dense_shape(self):
        return self._dense_shape

    @property
    def dtype(self):
        return self._values.dtype

    @property
    def shape(self):
        """The static shape."""
        found = shape_in(self._dense_shape)
        return found if self._static is None else found.merge_with(self._static)

    def get_shape(self):
        return self.shape

    def set_shape(self, shape):
        """Adds what is known of the shape."""
        self._static = self.shape.merge_with(shape)

    @property
    def op(self):
        return self._values.op

    @property
    def graph(self):
        return self._indices.graph

    @property
    def name(self):
        return self._values.name

    @property
    def device(self):
        return self._values.device

    def consumers(self):
        """The operations that use the parts; eager tensors have none."""
        if isinstance(self._values, EagerTensor):
            return []
        parts = (self._indices, self._values, self._dense_shape)
        return list(dict.fromkeys(op for t in parts for op in t.consumers()))

    def with_values(self, new_values):
        """The same indices with other values."""
        return SparseTensor(self._indices, new_values, self._dense_shape)

    def eval(self, feed_dict=None, session=None):
        """The SparseTensorValue, from a session."""
        from .session import get_default_session

        graph = self.graph
        session = session or get_default_session()
        if session is None:
            raise ValueError(
                "Cannot evaluate tensor using `eval()`: No default session is registered. Use `with "
                "sess.as_default()` or pass an explicit session to `eval(session=sess)`"
            )
        if session.graph is not graph:
            raise ValueError("Cannot use the default session to evaluate tensor: it is of another graph.")
        return session.run(self, feed_dict)

    def _numpy(self):
        from .sparse_ops import to_dense

        return to_dense(self).numpy()

    @property
    def _type_spec(self):
        return SparseTensorSpec(self.shape, self.dtype)

    def _to_components(self):
        return [self._indices, self._values, self._dense_shape]

    def _from_components(self, parts):
        if isinstance(parts[1], TensorSpec):
            rank = parts[2].shape.num_elements()
            return SparseTensorSpec(None if rank is None else [None] * rank, parts[1].dtype)
        return SparseTensor._made(*parts)

    def _session_value(self, parts):
        return SparseTensorValue(*parts)

    def __mul__(self, y):
        return _with_dense("SparseDenseCwiseMul", self, y)

    def __truediv__(self, y):
        return _true_divide(self, y)

    def __div__(self, y):
        return _true_divide(self, y)

    def __repr__(self):
        return f"SparseTensor(indices={self._indices!s}, values={self._values!s}, dense_shape={self._dense_shape!s})"

    __str__ = __repr__


def _with_dense(op, x, y, name=None):
    y = convert_to_tensor(y, dtype_hint=x.dtype)
    values = getattr(raw_ops, op)(
        sp_indices=x.indices, sp_values=x.values, sp_shape=x.dense_shape, dense=y, name=name
    )
    return SparseTensor._made(x.indices, values, x.dense_shape, x._static)


def _true_divide(x, y):
    y = convert_to_tensor(y, dtype_hint=x.dtype)
    if x.dtype != y.dtype:
        raise TypeError(f"`x` and `y` must have the same dtype, got {x.dtype!r} != {y.dtype!r}.")
    if x.dtype.is_integer:
        to = dtypes.float32 if x.dtype.size < 4 else dtypes.float64
        x = x.with_values(raw_ops.Cast(x=x.values, DstT=to))
        y = raw_ops.Cast(x=y, DstT=to)
    return _with_dense("SparseDenseCwiseDiv", x, y)


@export("SparseTensorSpec")
class SparseTensorSpec(TypeSpec):
    """Shape and dtype of a SparseTensor that is not there yet."""

    __slots__ = ("_dtype", "_shape")

    def __init__(self, shape=None, dtype=dtypes.float32):
        self._shape = as_shape(shape)
        self._dtype = dtypes.as_dtype(dtype)

    shape = property(lambda self: self._shape)
    dtype = property(lambda self: self._dtype)
    value_type = property(lambda self: SparseTensor)

    @classmethod
    def from_value(cls, value):
        if isinstance(value, SparseTensor):
            return cls(value.shape, value.dtype)
        if isinstance(value, SparseTensorValue):
            return cls(list(value.dense_shape), dtypes.as_dtype(convert_to_tensor(value.values).dtype))
        raise TypeError("Expected SparseTensor or SparseTensorValue")

    def _key(self):
        return self._shape, self._dtype

    def _batch(self, n):
        sizes = self._shape
        return SparseTensorSpec(None if sizes.ndims is None else [n, *sizes.as_list()], self._dtype)

    def _unbatch(self):
        sizes = self._shape
        return SparseTensorSpec(None if sizes.ndims is None else sizes.as_list()[1:], self._dtype)

    def _to_components(self):
        rank = self._shape.ndims
        return [
            TensorSpec([None, rank], dtypes.int64),
            TensorSpec([None], self._dtype),
            TensorSpec([rank], dtypes.int64),
        ]

    def _from_components(self, parts):
        if all(isinstance(p, TensorSpec) for p in parts):
            return self
        return SparseTensor._made(*parts, static=self._shape)


def is_sparse(x):
    return isinstance(x, (SparseTensor, SparseTensorValue))


def as_sparse(x):
    """The SparseTensor of an argument."""
    if isinstance(x, SparseTensorValue):
        return SparseTensor.from_value(x)
    if not isinstance(x, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    return x


@export("compat.v1.convert_to_tensor_or_sparse_tensor")
def convert_to_tensor_or_sparse_tensor(value, dtype=None, name=None):
    """SparseTensors (and SparseTensorValues) as SparseTensors, anything else as a tensor."""
    if not is_sparse(value):
        return convert_to_tensor(value, dtype, name=name)
    value = as_sparse(value)
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
        raise RuntimeError(
            f"Sparse dtype mismatch. Requested: {dtypes.as_dtype(dtype).name},  Actual: {value.dtype.name}"
        )
    return value


@export("compat.v1.sparse_placeholder", "compat.v1.sparse.placeholder")
def sparse_placeholder(dtype, shape=None, name=None):
    """A SparseTensor that is fed in Session.run; unknown sizes of `shape` are None."""
    from ..graph import placeholder

    base = "" if name is None else name + "/"
    rank, static = None, None
    if shape is None:
        sizes = placeholder(dtypes.int64, shape=[None], name=base + "shape" if base else None)
    elif isinstance(shape, Tensor):
        sizes, rank = shape, shape.shape.as_list()[0]
        static = shape_in(sizes)
    else:
        static = as_shape(shape)
        rank = static.ndims
        if rank is None or not static.is_fully_defined():
            sizes = placeholder(dtypes.int64, shape=[rank], name=base + "shape" if base else None)
        else:
            sizes = convert_to_tensor(static.as_list(), dtypes.int64)
    return SparseTensor._made(
        placeholder(dtypes.int64, shape=[None, rank], name=base + "indices" if base else None),
        placeholder(dtype, shape=[None], name=base + "values" if base else None),
        sizes,
        static,
    )


def _on_values(function, x, *args, **kwargs):
    return SparseTensor._made(x.indices, function(x.values, *args, **kwargs), x.dense_shape, x._static)


def _shape(function, input, out_type=None, name=None):
    out = dtypes.int32 if out_type is None else dtypes.as_dtype(out_type)
    return raw_ops.Cast(x=input.dense_shape, DstT=out, name=name)


def _rank(function, input, name=None):
    return raw_ops.Size(input=input.dense_shape, name=name)


def _size(function, input, name=None, out_type=dtypes.int32):
    n = raw_ops.Prod(input=input.dense_shape, axis=0)
    return raw_ops.Cast(x=n, DstT=out_type, name=name)


def _identity(function, input, name=None):
    return SparseTensor._made(*[raw_ops.Identity(input=t) for t in input._to_components()], input._static)


composite_dispatch.handle(SparseTensor, composite_names.SPARSE, _on_values)
composite_dispatch.handle(SparseTensor, ("shape",), _shape)
composite_dispatch.handle(SparseTensor, ("rank",), _rank)
composite_dispatch.handle(SparseTensor, ("size",), _size)
composite_dispatch.handle(SparseTensor, ("identity",), _identity)
