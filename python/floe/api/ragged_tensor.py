"""tf.RaggedTensor."""

import numpy as np

from .. import dtypes, raw_ops
from ..tensor import EagerTensor, SymbolicTensor, Tensor, TensorSpec, convert_to_tensor
from ..tensor_shape import TensorShape, as_shape
from . import ragged_partition as parts_of
from .support import value_of
from .type_specs import TypeSpec


def as_values(x, name=None):
    return x if isinstance(x, RaggedTensor) else convert_to_tensor(x, name=name)


def ragged_or_tensor(x, dtype=None, name=None):
    """Ragged tensors as they are, anything else as a tensor."""
    if isinstance(x, RaggedTensor):
        return x
    if isinstance(x, RaggedTensorValue):
        return RaggedTensor.from_row_splits(ragged_or_tensor(x.values), x.row_splits, validate=False)
    return convert_to_tensor(x, dtype)


class RaggedTensor:
    """Rows of different lengths: row i is values[row_splits[i]:row_splits[i + 1]]; values may be ragged too."""

    _is_tensor = True
    _above_tensors = True
    __array_priority__ = 200
    __hash__ = None

    def __init__(self, values, row_partition, internal=False):
        raise ValueError(
            "RaggedTensor constructor is private; please use one of the factory methods instead (e.g., "
            "RaggedTensor.from_row_lengths())"
        )

    @classmethod
    def _made(cls, values, splits, uniform=None, rowids=None):
        new = object.__new__(cls)
        new._values, new._splits, new._uniform, new._rowids = values, splits, uniform, rowids
        return new

    @classmethod
    def from_row_splits(cls, values, row_splits, name=None, validate=True):
        """Row i is values[row_splits[i]:row_splits[i + 1]]."""
        values, splits = as_values(values), parts_of.indices(row_splits, "row_splits")
        if splits.shape.as_list() == [0]:
            raise ValueError("row_splits tensor may not be empty.")
        if validate:
            parts_of.check_splits(splits, values)
        return cls._made(values, splits)

    @classmethod
    def from_row_lengths(cls, values, row_lengths, name=None, validate=True):
        """Row i is the next row_lengths[i] values."""
        values, lengths = as_values(values), parts_of.indices(row_lengths, "row_lengths")
        if validate:
            parts_of.check_lengths(lengths, values)
        return cls._made(values, parts_of.splits_of_lengths(lengths))

    @classmethod
    def from_value_rowids(cls, values, value_rowids, nrows=None, name=None, validate=True):
        """values[i] is in row value_rowids[i]; the ids do not fall."""
        values, rowids = as_values(values), parts_of.indices(value_rowids, "value_rowids")
        if nrows is not None:
            parts_of.check_known_rows(rowids, nrows)
            nrows = raw_ops.Cast(x=nrows, DstT=rowids.dtype)
        if validate:
            parts_of.check_rowids(rowids, values)
        splits = parts_of.splits_of_rowids(rowids, nrows)
        return cls._made(values, splits, rowids=rowids)

    @classmethod
    def from_row_starts(cls, values, row_starts, name=None, validate=True):
        """Row i begins at row_starts[i] and ends where the next begins."""
        values, starts = as_values(values), parts_of.indices(row_starts, "row_starts")
        if validate:
            parts_of.check_starts(starts)
        n = parts_of.count(values, starts.dtype)
        splits = raw_ops.ConcatV2(values=[starts, raw_ops.Reshape(tensor=n, shape=[1])], axis=0)
        return cls._made(values, splits)

    @classmethod
    def from_row_limits(cls, values, row_limits, name=None, validate=True):
        """Row i ends before row_limits[i] and begins where the one before ends."""
        limits = parts_of.indices(row_limits, "row_limits")
        zero = convert_to_tensor([0], limits.dtype)
        return cls.from_row_splits(values, raw_ops.ConcatV2(values=[zero, limits], axis=0), validate=validate)

    @classmethod
    def from_uniform_row_length(cls, values, uniform_row_length, nrows=None, validate=True, name=None):
        """Rows that all have the same length."""
        values = as_values(values)
        length, splits, known = parts_of.uniform_splits(values, uniform_row_length, nrows)
        return cls._made(values, splits, uniform=known if known is not None else length)

    @classmethod
    def from_nested_row_splits(cls, flat_values, nested_row_splits, name=None, validate=True):
        """As from_row_splits, for several ragged dimensions; the outermost comes first."""
        return cls._nested(cls.from_row_splits, flat_values, nested_row_splits, "nested_row_splits", validate)

    @classmethod
    def from_nested_row_lengths(cls, flat_values, nested_row_lengths, name=None, validate=True):
        """As from_row_lengths, for several ragged dimensions; the outermost comes first."""
        return cls._nested(
            cls.from_row_lengths, flat_values, nested_row_lengths, "nested_row_lengths", validate
        )

    @classmethod
    def _nested(cls, make, values, nested, name, validate):
        if isinstance(nested, Tensor):
            raise TypeError(f"Argument `{name}` must be a list of Tensors. Received {nested}.")
        for p in reversed(list(nested)):
            values = make(values, p, validate=validate)
        return values

    @classmethod
    def from_nested_value_rowids(
        cls, flat_values, nested_value_rowids, nested_nrows=None, name=None, validate=True
    ):
        """As from_value_rowids, for several ragged dimensions; the outermost comes first."""
        if isinstance(nested_value_rowids, Tensor):
            raise TypeError(
                f"Argument `nested_value_rowids` must be a list of Tensors. Received {nested_value_rowids}."
            )
        rows = [None] * len(nested_value_rowids) if nested_nrows is None else list(nested_nrows)
        if len(rows) != len(nested_value_rowids):
            raise ValueError(
                "Argument `nested_nrows` must have the same length as argument `nested_value_rowids`. len(nested_nrows) = "
                f"{len(rows)} vs. len(nested_values_rowids) = {len(nested_value_rowids)}."
            )
        values = flat_values
        for ids, n in zip(reversed(list(nested_value_rowids)), reversed(rows)):
            values = cls.from_value_rowids(values, ids, n, validate=validate)
        return values

    @classmethod
    def from_tensor(
        cls, tensor, lengths=None, padding=None, ragged_rank=1, name=None, row_splits_dtype=dtypes.int64
    ):
        """A tensor's rows: whole, or of these `lengths`, or without the `padding` at their ends."""
        from .ragged_convert import from_tensor

        return from_tensor(tensor, lengths, padding, ragged_rank, row_splits_dtype)

    @classmethod
    def from_sparse(cls, st_input, name=None, row_splits_dtype=dtypes.int64):
        """The rows of a SparseTensor of rank 2 whose values stand at the rows' beginnings."""
        from .ragged_convert import from_sparse

        return from_sparse(st_input, row_splits_dtype)

    @property
    def dtype(self):
        return self._values.dtype

    @property
    def values(self):
        """The rows one after the other, a tensor or a ragged tensor."""
        return self._values

    @property
    def flat_values(self):
        """The innermost values, a tensor."""
        v = self._values
        return v.flat_values if isinstance(v, RaggedTensor) else v

    @property
    def row_splits(self):
        return self._splits

    @property
    def nested_row_splits(self):
        """row_splits of all ragged dimensions; the outermost comes first."""
        v = self._values
        return (self._splits, *(v.nested_row_splits if isinstance(v, RaggedTensor) else ()))

    @property
    def ragged_rank(self):
        return len(self.nested_row_splits)

    @property
    def uniform_row_length(self):
        """The length of all rows as a tensor, or None."""
        return None if self._uniform is None else convert_to_tensor(self._uniform, self._splits.dtype)

    @property
    def shape(self):
        """The static shape; ragged dimensions are None."""
        n = self._splits.shape.as_list()[0] if self._splits.shape.ndims else None
        inner = self._values.shape
        if inner.ndims is None:
            return TensorShape(None)
        width = self._uniform if isinstance(self._uniform, int) else None
        return TensorShape([None if n is None else n - 1, width, *inner.as_list()[1:]])

    def get_shape(self):
        return self.shape

    @property
    def ndim(self):
        return self.shape.ndims

    @property
    def name(self):
        return self.flat_values.name

    @property
    def op(self):
        return self.flat_values.op

    @property
    def graph(self):
        return self.flat_values.graph

    @property
    def device(self):
        return self.flat_values.device

    def consumers(self):
        """The operations that use the parts; eager tensors have none."""
        if isinstance(self._splits, EagerTensor):
            return []
        return list(dict.fromkeys(op for t in self._to_components() for op in t.consumers()))

    def nrows(self, out_type=None, name=None):
        """The number of rows."""
        n = raw_ops.Shape(input=self._splits, out_type=self._splits.dtype)[0] - 1
        return n if out_type is None else raw_ops.Cast(x=n, DstT=out_type)

    def row_lengths(self, axis=1, name=None):
        """The lengths of the rows; of the rows of an inner dimension, ragged, for axis > 1."""
        if axis == 0:
            return self.nrows()
        if axis == 1:
            return self._splits[1:] - self._splits[:-1]
        if isinstance(self._values, RaggedTensor):
            return self.with_values(self._values.row_lengths(axis - 1))
        size = raw_ops.Shape(input=self._values, out_type=self._splits.dtype)
        return self.with_values(raw_ops.BroadcastTo(input=size[axis - 1], shape=size[: axis - 1]))

    def row_starts(self, name=None):
        return self._splits[:-1]

    def row_limits(self, name=None):
        return self._splits[1:]

    def value_rowids(self, name=None):
        """The row of each value."""
        if self._rowids is None:
            rowids = parts_of.rowids_of_splits(self._splits)
            if isinstance(self._splits, SymbolicTensor) or not isinstance(rowids, EagerTensor):
                return rowids
            self._rowids = rowids
        return self._rowids

    def nested_row_lengths(self, name=None):
        v = self._values
        return (self.row_lengths(), *(v.nested_row_lengths() if isinstance(v, RaggedTensor) else ()))

    def nested_value_rowids(self, name=None):
        v = self._values
        return (self.value_rowids(), *(v.nested_value_rowids() if isinstance(v, RaggedTensor) else ()))

    def bounding_shape(self, axis=None, name=None, out_type=None):
        """The sizes of the smallest tensor that has room for all rows (of one or some axes)."""
        from .ragged_convert import bounding_shape

        return bounding_shape(self, axis, out_type)

    def with_values(self, new_values):
        """The same rows of other values."""
        new_values = as_values(new_values)
        inner = new_values.shape
        inner.with_rank_at_least(1)
        return RaggedTensor._made(new_values, self._splits, self._uniform, self._rowids)

    def with_flat_values(self, new_values):
        """The same partitions of other innermost values."""
        v = self._values
        if isinstance(v, RaggedTensor):
            new = v.with_flat_values(new_values)
        else:
            new = as_values(new_values)
        return RaggedTensor._made(new, self._splits, self._uniform, self._rowids)

    def with_row_splits_dtype(self, dtype):
        """The same rows, with row_splits of int32 or int64."""
        dtype = dtypes.as_dtype(dtype)
        if dtype not in (dtypes.int32, dtypes.int64):
            raise ValueError(f"Argument `row_splits` dtype must be int32 or int64. Received {dtype}.")
        if self._splits.dtype == dtype:
            return self
        v = self._values
        v = v.with_row_splits_dtype(dtype) if isinstance(v, RaggedTensor) else v
        uniform = self._uniform if isinstance(self._uniform, int) else None
        return RaggedTensor._made(v, raw_ops.Cast(x=self._splits, DstT=dtype), uniform)

    def merge_dims(self, outer_axis, inner_axis):
        """With the dimensions from outer_axis to inner_axis made one."""
        from .ragged_convert import merge_dims

        return merge_dims(self, outer_axis, inner_axis)

    def set_shape(self, shape):
        """Checks what is known of the shape."""
        shape = as_shape(shape)
        if not self.shape.is_compatible_with(shape):
            raise ValueError(f"Shapes {self.shape} and {shape} are incompatible")

    def to_tensor(self, default_value=None, name=None, shape=None):
        """A tensor with default_value after the ends of short rows."""
        from .ragged_convert import to_tensor

        return to_tensor(self, default_value, shape, name)

    def to_sparse(self, name=None):
        """A SparseTensor with the values at the rows' beginnings."""
        from .ragged_convert import to_sparse

        return to_sparse(self, name)

    def numpy(self):
        """An array of rows: of objects when their lengths differ."""
        if not isinstance(self._splits, EagerTensor):
            raise ValueError("RaggedTensor.numpy() is only supported in eager mode.")
        return _array(self._values, self._splits.numpy())

    def to_list(self):
        """Nested lists."""
        if not isinstance(self._splits, EagerTensor):
            raise ValueError("RaggedTensor.to_list() is only supported in eager mode.")
        v = self._values
        rows = v.to_list() if isinstance(v, RaggedTensor) else v.numpy().tolist()
        s = self._splits.numpy().tolist()
        return [rows[a:b] for a, b in zip(s[:-1], s[1:])]

    def __getitem__(self, key):
        from .ragged_index import getitem

        return getitem(self, key)

    def __iter__(self):
        if isinstance(self._splits, EagerTensor):
            n = self._splits.shape.as_list()[0] - 1
        else:
            n = self.shape.as_list()[0] if self.shape.ndims else None
            if n is None:
                raise TypeError("Cannot iterate over a ragged tensor with unknown first dimension.")
        return (self[i] for i in range(n))

    def __bool__(self):
        raise TypeError("RaggedTensor may not be used as a boolean.")

    @property
    def _type_spec(self):
        return RaggedTensorSpec.from_value(self)

    def _to_components(self):
        return [self.flat_values, *self.nested_row_splits]

    def _from_components(self, parts):
        values, splits = parts[0], parts[1:]
        if isinstance(values, TensorSpec):
            inner = values.shape.as_list()[1:] if values.shape.ndims is not None else []
            shape = [None] * (len(splits) + 1) + list(inner)
            return RaggedTensorSpec(shape, values.dtype, len(splits), splits[0].dtype)
        for s in reversed(splits):
            values = RaggedTensor._made(values, s)
        return values

    def _session_value(self, parts):
        values = parts[0]
        for s in reversed(parts[1:]):
            values = RaggedTensorValue(values, s)
        return values

    def __repr__(self):
        if isinstance(self._splits, EagerTensor):
            return f"<tf.RaggedTensor {_text(self.numpy())}>"
        return f"tf.RaggedTensor(values={self._values}, row_splits={self._splits})"

    __str__ = __repr__


def _array(values, splits):
    rows = values.numpy()
    parts = [rows[a:b] for a, b in zip(splits[:-1], splits[1:])]
    if not parts:
        return np.zeros((0, 0, *rows.shape[1:]), rows.dtype)
    if all(len(p) == len(parts[0]) for p in parts):
        return np.array(parts)
    out = np.empty(len(parts), object)
    for i, p in enumerate(parts):
        out[i] = p
    return out


def _text(x):
    if not isinstance(x, np.ndarray):
        return str(x)
    if not x.size:
        return repr(x.tolist())
    with np.printoptions(formatter={"all": _text}):
        return np.array2string(x, separator=", ")


class RaggedTensorSpec(TypeSpec):
    """Shape, dtype and number of ragged dimensions of a RaggedTensor that is not there yet."""

    __slots__ = ("_dtype", "_flat_values_spec", "_ragged_rank", "_shape", "_splits_dtype")

    def __init__(
        self,
        shape=None,
        dtype=dtypes.float32,
        ragged_rank=None,
        row_splits_dtype=dtypes.int64,
        flat_values_spec=None,
    ):
        self._shape = as_shape(shape)
        self._splits_dtype = dtypes.as_dtype(row_splits_dtype)
        self._dtype = flat_values_spec.dtype if flat_values_spec is not None else dtypes.as_dtype(dtype)
        rank = self._shape.ndims
        if ragged_rank is None:
            if rank is None:
                raise ValueError("Must specify ragged_rank or a shape with a known rank.")
            ragged_rank = rank - 1
        if not isinstance(ragged_rank, int):
            raise TypeError(f"Argument `ragged_rank` must be an int. Received {ragged_rank}.")
        if rank is not None and ragged_rank >= max(rank, 1) and rank:
            raise ValueError(f"Argument `ragged_rank` ({ragged_rank}) must be less than rank ({rank}).")
        self._ragged_rank, self._flat_values_spec = ragged_rank, flat_values_spec

    shape = property(lambda self: self._shape)
    dtype = property(lambda self: self._dtype)
    ragged_rank = property(lambda self: self._ragged_rank)
    row_splits_dtype = property(lambda self: self._splits_dtype)
    flat_values_spec = property(lambda self: self._flat_values_spec)
    value_type = property(lambda self: RaggedTensor if self._ragged_rank > 0 else Tensor)

    @classmethod
    def from_value(cls, value):
        if isinstance(value, RaggedTensor):
            return cls(value.shape, value.dtype, value.ragged_rank, value.row_splits.dtype)
        value = ragged_or_tensor(value)
        if isinstance(value, RaggedTensor):
            return cls.from_value(value)
        return cls(value.shape, value.dtype, 0)

    def _key(self):
        return self._shape, self._dtype, self._ragged_rank, self._splits_dtype

    def _batch(self, n):
        sizes = None if self._shape.ndims is None else [n, *self._shape.as_list()]
        return RaggedTensorSpec(sizes, self._dtype, self._ragged_rank + 1, self._splits_dtype)

    def _unbatch(self):
        sizes = None if self._shape.ndims is None else self._shape.as_list()[1:]
        return RaggedTensorSpec(sizes, self._dtype, self._ragged_rank - 1, self._splits_dtype)

    def is_compatible_with(self, spec_or_value):
        if self._ragged_rank == 0 and isinstance(spec_or_value, (Tensor, TensorSpec)):
            return TensorSpec(self._shape, self._dtype).is_compatible_with(spec_or_value)
        return super().is_compatible_with(spec_or_value)

    def _to_components(self):
        sizes = None if self._shape.ndims is None else self._shape.as_list()
        if self._ragged_rank == 0:
            return [TensorSpec(sizes, self._dtype)]
        flat = self._flat_values_spec
        if flat is None:
            flat = TensorSpec(None if sizes is None else [None, *sizes[self._ragged_rank + 1 :]], self._dtype)
        outer = None if sizes is None or sizes[0] is None else sizes[0] + 1
        rest = [TensorSpec([None], self._splits_dtype)] * (self._ragged_rank - 1)
        return [flat, TensorSpec([outer], self._splits_dtype), *rest]

    def _from_components(self, parts):
        if all(isinstance(p, TensorSpec) for p in parts):
            return self
        values, splits = parts[0], parts[1:]
        sizes = [None] * (len(splits) + 1) if self._shape.ndims is None else self._shape.as_list()
        for i in range(len(splits), 0, -1):
            values = RaggedTensor._made(values, splits[i - 1], sizes[i])
        return values


class RaggedTensorValue:
    """A ragged tensor's value from a session: arrays of values and of row_splits."""

    def __init__(self, values, row_splits):
        if not (
            isinstance(row_splits, (np.ndarray, np.generic)) and row_splits.dtype in (np.int64, np.int32)
        ):
            raise TypeError(
                f"Argument `row_splits` must be a Numpy array with dtype int32 or int64. Received {row_splits}."
            )
        if not isinstance(values, (np.ndarray, np.generic, RaggedTensorValue)):
            raise TypeError(
                f"Argument `values` must be a Numpy array or a RaggedTensorValue. Received {values}."
            )
        self.values, self.row_splits = values, row_splits

    @property
    def flat_values(self):
        v = self.values
        return v.flat_values if isinstance(v, RaggedTensorValue) else v

    @property
    def nested_row_splits(self):
        v = self.values
        return (self.row_splits, *(v.nested_row_splits if isinstance(v, RaggedTensorValue) else ()))

    @property
    def ragged_rank(self):
        return len(self.nested_row_splits)

    @property
    def dtype(self):
        return self.values.dtype

    @property
    def shape(self):
        return (len(self.row_splits) - 1, None, *self.values.shape[1:])

    def to_list(self):
        """Nested lists."""
        v = self.values
        rows = v.to_list() if isinstance(v, RaggedTensorValue) else v.tolist()
        s = self.row_splits.tolist()
        return [rows[a:b] for a, b in zip(s[:-1], s[1:])]

    def __repr__(self):
        return f"tf.RaggedTensorValue(values={self.values!r}, row_splits={self.row_splits!r})"

    def __str__(self):
        return f"<tf.RaggedTensorValue {self.to_list()}>"


def placeholder(dtype, ragged_rank, value_shape=None, name=None):
    """A RaggedTensor that is fed in Session.run."""
    from ..graph import placeholder as make

    inner = as_shape(value_shape)
    shape = None if inner.ndims is None else [None, *inner.as_list()]
    if not ragged_rank:
        return make(dtype, inner, name)
    values = make(dtype, shape)
    for _ in range(ragged_rank):
        values = RaggedTensor._made(values, make(dtypes.int64, [None]))
    return values


def known(x):
    """A number where it is known before the graph runs, else None."""
    v = value_of(x)
    return None if v is None else int(v)
