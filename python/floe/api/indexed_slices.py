"""tf.IndexedSlices."""

from .. import raw_ops
from ..export import export
from ..tensor import SymbolicTensor, TensorSpec, convert_to_tensor
from ..tensor_shape import TensorShape


@export("IndexedSlices")
class IndexedSlices:
    """Rows of a larger tensor: row indices[i] of a tensor of shape dense_shape is (or gets) values[i]."""

    _is_tensor = True

    def __init__(self, values, indices, dense_shape=None):
        self._values, self._indices, self._dense_shape = values, indices, dense_shape

    @property
    def values(self):
        return self._values

    @property
    def indices(self):
        return self._indices

    @property
    def dense_shape(self):
        return self._dense_shape

    @property
    def dtype(self):
        return self._values.dtype

    @property
    def shape(self):
        if self._dense_shape is None:
            return TensorShape(None)
        if isinstance(self._dense_shape, SymbolicTensor):
            t = self._dense_shape
            return t.graph._core.known_elements((t._node_id, t.value_index))
        return TensorShape(self._dense_shape.numpy().tolist())

    def get_shape(self):
        return self.shape

    @property
    def name(self):
        return self._values.name

    @property
    def device(self):
        return self._values.device

    @property
    def op(self):
        return self._values.op

    @property
    def graph(self):
        return self._values.graph

    def consumers(self):
        return self._values.consumers()

    def _to_components(self):
        return [self._values, self._indices] + ([] if self._dense_shape is None else [self._dense_shape])

    def _from_components(self, parts):
        return IndexedSlices(*parts)

    def __neg__(self):
        return IndexedSlices(-self._values, self._indices, self._dense_shape)

    def __tf_tensor__(self, dtype=None, name=None):
        if dtype is not None and dtype != self.dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with dtype {self.dtype.name}"
            )
        if self._dense_shape is None:
            raise ValueError(
                "Tensor conversion requested for IndexedSlices for input without dense_shape. Tensor conversion requires "
                "the dense_shape"
            )
        rows = convert_to_tensor(self._dense_shape)[0]
        return raw_ops.UnsortedSegmentSum(data=self._values, segment_ids=self._indices, num_segments=rows)

    @property
    def _type_spec(self):
        inner = self._values.shape[1:] if self.shape.ndims is None else self.shape[1:]
        first = [None] if self.shape.ndims is None else self.shape[:1]
        dense = None if self._dense_shape is None else self._dense_shape.dtype
        return IndexedSlicesSpec(
            TensorShape(first).concatenate(inner), self.dtype, self._indices.dtype, dense, self._indices.shape
        )

    def __repr__(self):
        shape = f", dense_shape={self._dense_shape!s}" if self._dense_shape is not None else ""
        return f"IndexedSlices(indices={self._indices!s}, values={self._values!s}{shape})"

    __str__ = __repr__


@export("IndexedSlicesSpec")
class IndexedSlicesSpec:
    """What is known of IndexedSlices that are not there yet."""

    def __init__(
        self, shape=None, dtype="float32", indices_dtype="int64", dense_shape_dtype=None, indices_shape=None
    ):
        from .. import dtypes
        from ..tensor_shape import as_shape

        self.shape, self.dtype = as_shape(shape), dtypes.as_dtype(dtype)
        self.indices_dtype = dtypes.as_dtype(indices_dtype)
        self.dense_shape_dtype = None if dense_shape_dtype is None else dtypes.as_dtype(dense_shape_dtype)
        self.indices_shape = as_shape(indices_shape)

    @property
    def value_type(self):
        return IndexedSlices

    @property
    def components(self):
        inner = self.shape.as_list()[1:] if self.shape.ndims is not None else None
        values = TensorSpec(None if inner is None else [None, *inner], self.dtype)
        return values, TensorSpec(self.indices_shape, self.indices_dtype)

    def __repr__(self):
        return (
            f"IndexedSlicesSpec({self.shape}, {self.dtype!r}, {self.indices_dtype!r}, {self.dense_shape_dtype}, "
            f"{self.indices_shape!r})"
        )


@export("compat.v1.convert_to_tensor_or_indexed_slices")
def convert_to_tensor_or_indexed_slices(value, dtype=None, name=None):
    """IndexedSlices as they are, anything else as a tensor."""
    return value if isinstance(value, IndexedSlices) else convert_to_tensor(value, dtype, name=name)
