"""tf.TensorArray."""

import numpy as np

from .. import _floe, dtypes, raw_ops
from ..errors import InvalidArgumentError, OutOfRangeError
from ..export import export
from ..tensor import Tensor, TensorSpec, convert_to_tensor
from ..tensor_shape import TensorShape, as_shape
from .support import value_of


def _dims(shape):
    """A shape as the list operations take it."""
    if shape.ndims is None:
        return np.int32(-1)
    return np.array([-1 if d is None else d for d in shape.as_list()], np.int32)


def _tail(shape, front=()):
    return TensorShape(None) if shape.ndims is None else TensorShape([*front, *shape.as_list()[1:]])


class _Values:
    """Elements of an array outside of graphs: the tensors themselves."""

    def __init__(self, size, dtype, dynamic_size, clear, infer_shape, element_shape):
        if size is None:
            raise ValueError("Size must be declared for TensorArrays when eager execution is enabled.")
        self.items = [None] * int(size)
        self.dtype, self.dynamic_size, self.clear, self.infer = dtype, dynamic_size, clear, infer_shape
        self.element_shape = element_shape
        self.read_before = set()
        self.packed = None

    def like(self, items):
        new = object.__new__(_Values)
        new.__dict__.update(self.__dict__, items=items, read_before=set(), packed=None)
        return new

    def _filled(self, i):
        x = self.items[i]
        if x is None:
            if not self.element_shape.is_fully_defined():
                raise ValueError(
                    f"Cannot convert a partially known TensorShape {self.element_shape} to a Tensor: element {i} of the "
                    "TensorArray was never written. Write it first, or give the array an element_shape."
                )
            shape = self.element_shape.as_list()
            zero = "" if self.dtype == dtypes.string else 0
            x = raw_ops.Fill(
                dims=convert_to_tensor(shape, dtypes.int32), value=convert_to_tensor(zero, self.dtype)
            )
            self.items[i] = x
            self.packed = None
        return x

    def read(self, index, name):
        i = int(index)
        if i < 0:
            raise OutOfRangeError(None, None, f"Reading from negative indices (index {i}) is not allowed.")
        if i >= len(self.items):
            raise OutOfRangeError(
                None, None, f"Tried to read from index {i} but array size is: {len(self.items)} "
            )
        if self.items[i] is None and i in self.read_before:
            raise InvalidArgumentError(
                None,
                None,
                f"Could not read index {i} twice because it was cleared after a previous read (perhaps try setting "
                "clear_after_read = false?)",
            )
        x = self._filled(i)
        if self.clear:
            self.items[i] = None
            self.read_before.add(i)
        return x

    def write(self, index, value, name):
        i = int(index)
        if i < 0:
            raise OutOfRangeError(None, None, f"Writing to negative indices (index {i}) is not allowed.")
        if i >= len(self.items) and not self.dynamic_size:
            raise OutOfRangeError(
                None,
                None,
                f"Tried to write to index {i} but array is not resizeable and size is: {len(self.items)} ",
            )
        if not isinstance(value, Tensor):
            value = convert_to_tensor(value, dtype_hint=self.dtype)
        if value.dtype != self.dtype:
            raise InvalidArgumentError(
                None,
                None,
                f"TensorArray dtype is {self.dtype.name} but Op is trying to write dtype {value.dtype.name} ",
            )
        self._check(value.shape)
        self.items.extend([None] * (i + 1 - len(self.items)))
        self.items[i] = value
        self.packed = None
        return self

    def _check(self, shape):
        if not self.element_shape.is_compatible_with(shape):
            raise ValueError(f"Incompatible shape for value ({shape}), expected ({self.element_shape})")
        if self.infer:
            self.element_shape = self.element_shape.merge_with(shape)

    def _all(self):
        return [self._filled(i) for i in range(len(self.items))]

    def stack(self, name):
        if not self.items:
            return convert_to_tensor([], self.dtype) if not self.element_shape.ndims else self._none()
        return raw_ops.Pack(values=self._all(), axis=0, name=name)

    def _none(self):
        value = "" if self.dtype == dtypes.string else 0
        return raw_ops.Fill(
            dims=convert_to_tensor([0, *self.element_shape.as_list()], dtypes.int32),
            value=convert_to_tensor(value, self.dtype),
        )

    def gather(self, indices, name):
        rows = [int(i) for i in convert_to_tensor(indices)]
        if not rows:
            return (
                self._none() if self.element_shape.is_fully_defined() else convert_to_tensor([], self.dtype)
            )
        return raw_ops.Pack(values=[self._filled(i) for i in rows], axis=0, name=name)

    def concat(self, name):
        parts = self._all()
        if len(parts) == 1:
            return raw_ops.Identity(input=parts[0], name=name)
        return raw_ops.ConcatV2(values=parts, axis=0, name=name)

    def _rows(self, value):
        value = convert_to_tensor(value, dtype_hint=self.dtype)
        if value.shape.ndims == 0:
            raise ValueError("Argument `axis` = 0 not in range [0, 0)")
        n = value.shape.as_list()[0]
        return raw_ops.Unpack(value=value, num=n, axis=0) if n else []

    def unstack(self, value, name):
        rows = list(self._rows(value))
        if len(rows) > len(self.items) and not self.dynamic_size:
            raise ValueError(
                f"Cannot unstack {len(rows)} tensors into a TensorArray of static size {len(self.items)} "
            )
        self.items, self.packed = rows, None
        if rows:
            self._check(rows[0].shape)
        return self

    def scatter(self, indices, value, name):
        for i, x in zip(convert_to_tensor(indices), self._rows(value)):
            self.write(i, x, None)
        return self

    def split(self, value, lengths, name):
        value = convert_to_tensor(value, dtype_hint=self.dtype)
        sizes = [int(n) for n in convert_to_tensor(lengths)]
        if sum(sizes) != value.shape.as_list()[0]:
            raise InvalidArgumentError(
                None,
                None,
                f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is {sum(sizes)} and value's "
                f"shape is: {value.shape.as_list()} ",
            )
        if len(sizes) > len(self.items) and not self.dynamic_size:
            raise InvalidArgumentError(
                None,
                None,
                "TensorArray's size is not equal to the size of lengths "
                f"({len(self.items)} vs. {len(sizes)}), and the TensorArray is not marked as dynamically resizeable.",
            )
        self.packed = None
        parts = raw_ops.SplitV(value=value, size_splits=sizes, axis=0, num_split=len(sizes)) if sizes else []
        self.items = list(parts)
        if self.infer and parts:
            self.element_shape = self.element_shape.merge_with(_tail(value.shape, [None]))
        return self

    def size(self, name):
        return convert_to_tensor(len(self.items), dtypes.int32)

    def flow(self):
        """The elements as a list that graphs can take."""
        if self.packed is None:
            if _floe.recording():
                raise NotImplementedError(
                    "Attempting to build a graph-mode TF2-style TensorArray from either an eager-mode TensorArray or a "
                    "TF1-style TensorArray.  This is not currently supported.  You may be attempting to capture a "
                    "TensorArray inside a tf.function or tf.data map function. Instead, construct a new TensorArray "
                    "inside the function."
                )
            t = raw_ops.TensorListReserve(
                element_shape=_dims(self.element_shape),
                num_elements=len(self.items),
                element_dtype=self.dtype,
            )
            for i, x in enumerate(self.items):
                if x is not None:
                    t = raw_ops.TensorListSetItem(input_handle=t, index=i, item=x)
            self.packed = t
        return self.packed


class _List:
    """Elements of an array in a graph: a tensor list, of which every write makes another."""

    def __init__(self, size, dtype, dynamic_size, infer_shape, element_shape, flow, name):
        if flow is None and size is None:
            raise ValueError("Argument `size` must be provided if argument `flow` is not provided.")
        if flow is not None and size is not None:
            raise ValueError("Cannot provide both `flow` and `size` arguments at the same time.")
        if flow is not None and element_shape.ndims is not None and infer_shape is None:
            raise ValueError("`element_shape` needs `infer_shape`.")
        self.dtype, self.dynamic_size, self.infer = dtype, dynamic_size, infer_shape
        # Shared by all arrays that come from this one: what a loop's body learns holds after the loop.
        self.shape_box = [element_shape]
        self.static_size = size
        if flow is None:
            flow = raw_ops.TensorListReserve(
                element_shape=_dims(element_shape), num_elements=size, element_dtype=dtype, name=name
            )
        self.list = flow

    @property
    def element_shape(self):
        return self.shape_box[0]

    def like(self, flow):
        new = object.__new__(_List)
        new.__dict__.update(self.__dict__, list=flow)
        return new

    def _check(self, shape):
        if not shape.is_compatible_with(self.element_shape):
            raise ValueError(f"Inconsistent shapes: saw {shape} but expected {self.element_shape} ")
        if self.infer:
            self.shape_box[0] = self.element_shape.merge_with(shape)

    def _converted(self, value):
        value = value if isinstance(value, Tensor) else convert_to_tensor(value, dtype_hint=self.dtype)
        if value.dtype != self.dtype:
            raise ValueError(
                f"Input value {value} has dtype {value.dtype!r}, but expected dtype {self.dtype!r}."
            )
        return value

    def _result(self, t, shape):
        if isinstance(t, _floe.SymbolicTensor) and shape.ndims is not None:
            t.set_shape(shape)
        return t

    def read(self, index, name):
        t = raw_ops.TensorListGetItem(
            input_handle=self.list,
            index=index,
            element_shape=_dims(self.element_shape),
            element_dtype=self.dtype,
            name=name or "TensorArrayV2Read/TensorListGetItem",
        )
        return self._result(t, self.element_shape)

    def write(self, index, value, name):
        value = self._converted(value)
        self._check(value.shape)
        return self.like(
            raw_ops.TensorListSetItem(
                input_handle=self.list,
                index=index,
                item=value,
                resize_if_index_out_of_bounds=bool(self.dynamic_size),
                name=name or "TensorArrayV2Write/TensorListSetItem",
            )
        )

    def stack(self, name):
        n = -1
        known = None if self.dynamic_size else value_of(self.static_size)
        if known is not None:
            n = int(known)
        t = raw_ops.TensorListStack(
            input_handle=self.list,
            element_shape=_dims(self.element_shape),
            element_dtype=self.dtype,
            num_elements=n,
            name=name or "TensorArrayV2Stack/TensorListStack",
        )
        s = self.element_shape
        return t if s.ndims is None else self._result(t, TensorShape([None if n < 0 else n, *s.as_list()]))

    def gather(self, indices, name):
        return raw_ops.TensorListGather(
            input_handle=self.list,
            indices=convert_to_tensor(indices, dtypes.int32),
            element_shape=_dims(self.element_shape),
            element_dtype=self.dtype,
            name=name,
        )

    def concat(self, name):
        if self.element_shape.ndims and self.element_shape.is_fully_defined():
            rest = self.element_shape.as_list()[1:]
            return raw_ops.Reshape(tensor=self.stack(None), shape=np.array([-1, *rest], np.int32), name=name)
        shape = _tail(self.element_shape, [None]) if self.element_shape.ndims else TensorShape(None)
        t, _ = raw_ops.TensorListConcatV2(
            input_handle=self.list,
            element_shape=_dims(shape),
            leading_dims=convert_to_tensor([], dtypes.int64),
            element_dtype=self.dtype,
            name=name,
        )
        return self._result(t, shape)

    def unstack(self, value, name):
        value = self._converted(value)
        self._check(_tail(value.shape))
        new = self.like(
            raw_ops.TensorListFromTensor(
                tensor=value, element_shape=_dims(_tail(value.shape)), name=name or "TensorArrayUnstack"
            )
        )
        new.static_size = None if value.shape.ndims is None else value.shape.as_list()[0]
        return new

    def scatter(self, indices, value, name):
        value = self._converted(value)
        self._check(_tail(value.shape))
        return self.like(
            raw_ops.TensorListScatterIntoExistingList(
                input_handle=self.list,
                tensor=value,
                indices=convert_to_tensor(indices, dtypes.int32),
                name=name or "TensorArrayV2Scatter/TensorListScatterIntoExistingList",
            )
        )

    def split(self, value, lengths, name):
        value = self._converted(value)
        self._check(_tail(value.shape, [None]))
        return self.like(
            raw_ops.TensorListSplit(
                tensor=value,
                element_shape=_dims(self.element_shape),
                lengths=convert_to_tensor(lengths, dtypes.int64),
                name=name or "TensorArraySplit",
            )
        )

    def size(self, name):
        if not self.dynamic_size and self.static_size is not None:
            return convert_to_tensor(self.static_size, dtypes.int32)
        return raw_ops.TensorListLength(input_handle=self.list, name=name)

    def flow(self):
        return self.list


@export("TensorArray")
class TensorArray:
    """Tensors by number, written one after the other. Keep what write(), scatter() and the like return.

    In graphs it may be a loop variable of tf.while_loop and a result of tf.cond.
    """

    def __init__(
        self,
        dtype,
        size=None,
        dynamic_size=None,
        clear_after_read=None,
        tensor_array_name=None,
        handle=None,
        flow=None,
        infer_shape=True,
        element_shape=None,
        colocate_with_first_write_call=True,
        name=None,
    ):
        dtype = dtypes.as_dtype(dtype).base_dtype
        shape = as_shape(element_shape)
        if flow is not None and flow.dtype != dtypes.variant:
            flow = None
        if flow is None and not _floe.recording():
            if handle is not None:
                raise ValueError("TensorArray handles are not supported when eager execution is enabled.")
            clear = True if clear_after_read is None else clear_after_read
            self._of = _Values(size, dtype, bool(dynamic_size), clear, bool(infer_shape), shape)
        else:
            self._of = _List(
                size,
                dtype,
                dynamic_size,
                infer_shape,
                shape,
                flow,
                name or tensor_array_name or "TensorArrayV2",
            )

    @classmethod
    def _made(cls, of):
        new = object.__new__(cls)
        new._of = of
        return new

    def _after(self, of):
        return self if of is self._of else TensorArray._made(of)

    @property
    def flow(self):
        """The tensor that stands for the array in graphs."""
        return self._of.flow()

    @property
    def handle(self):
        return None

    @property
    def dtype(self):
        return self._of.dtype

    @property
    def dynamic_size(self):
        return self._of.dynamic_size

    @property
    def element_shape(self):
        """The shape of the elements, as far as it is known."""
        return self._of.element_shape

    def identity(self):
        """An array with the same elements, made after the control dependencies."""
        if isinstance(self._of, _Values):
            return self
        return TensorArray._made(self._of.like(raw_ops.Identity(input=self._of.list)))

    def grad(self, source, flow=None, name=None):
        raise NotImplementedError(
            "TensorArray.grad is not supported when executing eagerly; eager's gradient implementation does not use/need "
            "this function to compute gradients of operations that use TensorArrays."
        )

    def read(self, index, name=None):
        """The element of this number; it is cleared afterwards unless clear_after_read is False."""
        return self._of.read(index, name)

    def write(self, index, value, name=None):
        """The array with element `index` set."""
        return self._after(self._of.write(index, value, name))

    def stack(self, name=None):
        """All elements as one tensor [size, ...]."""
        return self._of.stack(name)

    def gather(self, indices, name=None):
        """Some elements as one tensor [len(indices), ...]."""
        return self._of.gather(indices, name)

    def concat(self, name=None):
        """All elements one after the other along their first axis."""
        return self._of.concat(name)

    def unstack(self, value, name=None):
        """The array with the rows of `value` as its elements."""
        return self._after(self._of.unstack(value, name))

    def scatter(self, indices, value, name=None):
        """The array with element indices[i] set to value[i]."""
        return self._after(self._of.scatter(indices, value, name))

    def split(self, value, lengths, name=None):
        """The array with pieces of `value` of these lengths as its elements."""
        return self._after(self._of.split(value, lengths, name))

    def size(self, name=None):
        """The number of elements, int32."""
        return self._of.size(name)

    def close(self, name=None):
        """Nothing: arrays go when nobody has them."""
        return raw_ops.NoOp(name=name) if _floe.recording() else None

    def mark_used(self):
        """Nothing: unused arrays are no mistake."""

    def _to_components(self):
        return [self._of.flow()]

    def _from_components(self, parts):
        (flow,) = parts
        of = self._of
        if isinstance(of, _List):
            return TensorArray._made(of.like(flow))
        if flow is of.packed:
            return self
        new = _List(None, of.dtype, of.dynamic_size, of.infer, of.element_shape, flow, None)
        new.static_size = None if of.dynamic_size else len(of.items)
        return TensorArray._made(new)

    def _static_key(self):
        return self.dtype, bool(self.dynamic_size), self._of.infer, str(self.element_shape)


@export("TensorArraySpec")
class TensorArraySpec:
    """The kind of a TensorArray that is not there yet."""

    def __init__(self, element_shape=None, dtype=dtypes.float32, dynamic_size=False, infer_shape=True):
        self._element_shape = as_shape(element_shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._dynamic_size, self._infer_shape = bool(dynamic_size), bool(infer_shape)

    @property
    def value_type(self):
        return TensorArray

    shape = property(lambda self: TensorShape([]))
    dtype = property(lambda self: self._dtype)

    @classmethod
    def from_value(cls, value):
        return cls(value.element_shape, value.dtype, value.dynamic_size, value._of.infer)

    def is_compatible_with(self, other):
        """Whether an array (or another spec) is of this kind."""
        if isinstance(other, TensorArray):
            other = TensorArraySpec.from_value(other)
        return (
            isinstance(other, TensorArraySpec)
            and self._dtype == other._dtype
            and self._dynamic_size == other._dynamic_size
            and self._element_shape.is_compatible_with(other._element_shape)
        )

    def _to_components(self):
        return [TensorSpec([], dtypes.variant)]

    def _from_components(self, parts):
        of = _List(
            None, self._dtype, self._dynamic_size, self._infer_shape, self._element_shape, parts[0], None
        )
        return TensorArray._made(of)

    def _static_key(self):
        return self._dtype, self._dynamic_size, self._infer_shape, str(self._element_shape)

    def _key(self):
        return self._element_shape, self._dtype, self._dynamic_size, self._infer_shape

    def __eq__(self, other):
        return isinstance(other, TensorArraySpec) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key()[1:])

    def __repr__(self):
        return "TensorArraySpec({!r}, {!r}, {}, {})".format(*self._key())
