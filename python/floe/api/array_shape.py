"""Shapes of tensors, tensors made from shapes, and tensors put into other shapes."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..graph import executing_eagerly
from ..tensor import Tensor, constant, convert_to_tensor
from ..tensor_shape import TensorShape, as_shape
from .support import either, is_typed, scoped, shape_vector, typed, value_of, vector


def _static(value, dtype, name):
    return constant(np.array(value, dtypes.as_dtype(dtype).as_numpy_dtype), name=name)


@export("shape")
def shape(input, out_type=None, name=None):
    """The shape as a vector of int32 (or `out_type`)."""
    out_type = dtypes.int32 if out_type is None else dtypes.as_dtype(out_type)
    if hasattr(input, "dense_shape"):
        return raw_ops.Cast(x=input.dense_shape, DstT=out_type)
    input = convert_to_tensor(input)
    if input.shape.is_fully_defined():
        return _static(input.shape.as_list(), out_type, name or "Shape")
    return raw_ops.Shape(input=input, out_type=out_type, name=name)


@export("compat.v1.shape")
def v1_shape(input, name=None, out_type=None):
    """The shape as a vector of int32 (or `out_type`)."""
    return shape(input, out_type, name)


@export("shape_n")
def shape_n(input, out_type=dtypes.int32, name=None):
    """The shapes of several tensors."""
    return raw_ops.ShapeN(input=list(input), out_type=dtypes.as_dtype(out_type), name=name)


@export("size")
def size(input, out_type=None, name=None):
    """The number of elements as int32 (or `out_type`)."""
    out_type = dtypes.int32 if out_type is None else dtypes.as_dtype(out_type)
    if hasattr(input, "dense_shape"):
        return raw_ops.Prod(input=raw_ops.Cast(x=input.dense_shape, DstT=out_type), axis=0, name=name)
    input = convert_to_tensor(input)
    n = input.shape.num_elements()
    if n is not None:
        return _static(n, out_type, name or "Size")
    return raw_ops.Size(input=input, out_type=out_type, name=name)


@export("compat.v1.size")
def v1_size(input, name=None, out_type=None):
    """The number of elements as int32 (or `out_type`)."""
    return size(input, out_type, name)


@export("rank")
def rank(input, name=None):
    """The number of dimensions, an int32."""
    if hasattr(input, "dense_shape"):
        return raw_ops.Size(input=input.dense_shape, name=name or "Rank")
    input = convert_to_tensor(input)
    if input.ndim is not None:
        return _static(input.ndim, dtypes.int32, name or "Rank")
    return raw_ops.Rank(input=input, name=name)


@export("reshape")
def reshape(tensor, shape, name=None):
    """The same elements in another shape; one dimension may be -1 (what is left)."""
    if type(shape) is not list or not shape or any(type(n) is not int for n in shape):
        shape = vector(shape)
        if shape.ndim == 0:
            shape = raw_ops.Reshape(tensor=shape, shape=[1])
    return raw_ops.Reshape(tensor=tensor, shape=shape, name=name)


@export("squeeze")
def squeeze(input, axis=None, name=None):
    """Without the dimensions of length 1, or without those in `axis`."""
    if axis is not None and np.isscalar(axis):
        axis = [axis]
    return raw_ops.Squeeze(input=input, axis=[] if axis is None else [int(a) for a in axis], name=name)


@export("compat.v1.squeeze")
def v1_squeeze(input, axis=None, name=None, squeeze_dims=None):
    """Without the dimensions of length 1, or without those in `axis`."""
    return squeeze(input, either("axis", axis, "squeeze_dims", squeeze_dims), name)


@export("expand_dims")
def expand_dims(input, axis, name=None):
    """With a dimension of length 1 at `axis`."""
    return raw_ops.ExpandDims(input=input, axis=axis, name=name)


@export("compat.v1.expand_dims")
def v1_expand_dims(input, axis=None, name=None, dim=None):
    """With a dimension of length 1 at `axis`."""
    axis = either("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    return expand_dims(input, axis, name)


@export("transpose")
def transpose(a, perm=None, conjugate=False, name="transpose"):
    """The dimensions in another order (reversed by default); `conjugate` conjugates complex numbers too."""
    a = convert_to_tensor(a)
    if perm is None:
        n = a.ndim
        if n is not None:
            perm = np.arange(n - 1, -1, -1, dtype=np.int32)
        else:
            last = raw_ops.Sub(x=raw_ops.Rank(input=a), y=1)
            perm = raw_ops.Sub(x=last, y=raw_ops.Range(start=0, limit=raw_ops.Rank(input=a), delta=1))
    op = raw_ops.ConjugateTranspose if conjugate and a.dtype.is_complex else raw_ops.Transpose
    return op(x=a, perm=vector(perm), name=name)


@export("compat.v1.transpose")
def v1_transpose(a, perm=None, name="transpose", conjugate=False):
    """The dimensions in another order (reversed by default); `conjugate` conjugates complex numbers too."""
    return transpose(a, perm, conjugate, name)


@export("identity")
def identity(input, name=None):
    """A tensor with the same value."""
    if hasattr(input, "indices") and hasattr(input, "values"):
        return type(input)(identity(input.indices), identity(input.values, name), input.dense_shape)
    return raw_ops.Identity(input=input, name=name)


@export("identity_n")
def identity_n(input, name=None):
    """Tensors with the same values."""
    return raw_ops.IdentityN(input=list(input), name=name)


@export("stop_gradient")
def stop_gradient(input, name=None):
    """The same value, through which no gradient flows."""
    return raw_ops.StopGradient(input=input, name=name)


@export("guarantee_const")
def guarantee_const(input, name=None):
    """The same value, promised never to change."""
    return raw_ops.GuaranteeConst(input=input, name=name)


@export("ensure_shape")
def ensure_shape(x, shape, name=None):
    """x, whose shape is checked against `shape` (None stands for any length) when it is known."""
    return raw_ops.EnsureShape(input=x, shape=as_shape(shape), name=name)


@export("broadcast_to")
def broadcast_to(input, shape, name=None):
    """input repeated along the dimensions that it has too few or only one of."""
    return raw_ops.BroadcastTo(input=input, shape=shape_vector(shape), name=name)


@export("broadcast_static_shape")
def broadcast_static_shape(shape_x, shape_y):
    """The TensorShape that two TensorShapes broadcast to; ValueError when they do not."""
    x, y = as_shape(shape_x), as_shape(shape_y)
    if x.rank is None or y.rank is None:
        return TensorShape(None)
    n = max(x.rank, y.rank)
    pairs = zip([1] * (n - x.rank) + x.as_list(), [1] * (n - y.rank) + y.as_list())
    return TensorShape([_broadcast_dim(a, b, x, y) for a, b in pairs])


def _broadcast_dim(a, b, x, y):
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is None or b is None:
        return (
            a
            if b is None and a is not None and a > 1
            else b
            if a is None and b is not None and b > 1
            else None
        )
    raise ValueError(f"Incompatible shapes for broadcasting. Two shapes are compatible if for each dimension pair they "
                     f"are either equal or one of them is 1. Received: {x} and {y}.")  # fmt: skip


@export("broadcast_dynamic_shape")
def broadcast_dynamic_shape(shape_x, shape_y):
    """The shape, as a vector, that two shapes broadcast to."""
    x, y = typed(*(vector(s) if isinstance(s, (TensorShape, list, tuple)) else s for s in (shape_x, shape_y)))
    return raw_ops.BroadcastArgs(s0=x, s1=y)


def _filled(number, shape, dtype, name):
    dtype = dtypes.as_dtype(dtype).base_dtype
    value = (
        {"string": "", "bool": False}.get(dtype.name, 0) if not number else True if dtype.is_bool else number
    )
    known = value_of(shape)
    if known is not None and known.size == 0:
        known = np.zeros(0, np.int32)
    if known is not None and executing_eagerly():
        return raw_ops.Fill(dims=np.atleast_1d(known), value=convert_to_tensor(value, dtype))
    if known is not None and known.prod() < 1000:
        return constant(np.full(np.atleast_1d(known), value, dtype.as_numpy_dtype), dtype, name=name)
    return raw_ops.Fill(dims=shape_vector(shape), value=convert_to_tensor(value, dtype), name=name)


@export("zeros")
def zeros(shape, dtype=dtypes.float32, name=None, layout=None):
    """Zeros (empty strings, False) of a shape."""
    return _filled(0, shape, dtype, name or "zeros")


@export("ones")
def ones(shape, dtype=dtypes.float32, name=None, layout=None):
    """Ones (True) of a shape."""
    return _filled(1, shape, dtype, name or "ones")


@export("fill")
def fill(dims, value, name=None, layout=None):
    """One value in every place of a shape."""
    return raw_ops.Fill(dims=vector(dims), value=value, name=name)


def _like(number, x, dtype, name):
    x = convert_to_tensor(x)
    dtype = x.dtype.base_dtype if dtype is None else dtypes.as_dtype(dtype)
    if x.dtype == dtypes.variant and number == 0 or dtype == x.dtype and number == 0:
        return raw_ops.ZerosLike(x=x, name=name)
    if x.shape.is_fully_defined():
        return _filled(number, x.shape, dtype, name)
    return _filled(number, raw_ops.Shape(input=x), dtype, name)


@export("zeros_like")
def zeros_like(input, dtype=None, name=None, layout=None):
    """Zeros in the shape (and type) of a tensor."""
    return _like(0, input, dtype, name or "zeros_like")


@export("ones_like")
def ones_like(input, dtype=None, name=None, layout=None):
    """Ones in the shape (and type) of a tensor."""
    return _like(1, input, dtype, name or "ones_like")


@export("compat.v1.zeros_like")
def v1_zeros_like(tensor, dtype=None, name=None, optimize=True):
    """Zeros in the shape (and type) of a tensor."""
    return _like(0, tensor, dtype, name or "zeros_like")


@export("compat.v1.ones_like")
def v1_ones_like(tensor, dtype=None, name=None, optimize=True):
    """Ones in the shape (and type) of a tensor."""
    return _like(1, tensor, dtype, name or "ones_like")


@export("range")
def range(start, limit=None, delta=1, dtype=None, name="range"):
    """The numbers start, start + delta, ... before limit; `range(n)` counts from 0."""
    if limit is None:
        start, limit = 0, start
    ends = (start, limit, delta)
    if dtype is not None:
        dtype = dtypes.as_dtype(dtype)
        ends = [raw_ops.Cast(x=v, DstT=dtype) if is_typed(v) and v.dtype != dtype else convert_to_tensor(v, dtype)
                if not isinstance(v, np.generic) else convert_to_tensor(v.item(), dtype) for v in ends]  # fmt: skip
    else:
        ends = [convert_to_tensor(v) for v in ends]
        order = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]
        if all(v.dtype in order for v in ends):
            widest = max((v.dtype for v in ends), key=order.index)
            ends = [v if v.dtype == widest else raw_ops.Cast(x=v, DstT=widest) for v in ends]
    return raw_ops.Range(start=ends[0], limit=ends[1], delta=ends[2], name=name)


@export("linspace", "compat.v1.lin_space")
@scoped("linspace")
def linspace(start, stop, num, name=None, axis=0):
    """`num` numbers from start to stop, both included, in equal steps along a new axis."""
    start = convert_to_tensor(start)
    stop = convert_to_tensor(stop, start.dtype)
    num = raw_ops.Cast(x=num, DstT=dtypes.int32) if is_typed(num) and num.dtype != dtypes.int32 else num
    num = convert_to_tensor(num, dtypes.int32)
    both = raw_ops.BroadcastArgs(s0=raw_ops.Shape(input=start), s1=raw_ops.Shape(input=stop))
    start, stop = (
        raw_ops.ExpandDims(input=raw_ops.BroadcastTo(input=v, shape=both), axis=axis) for v in (start, stop)
    )
    steps = raw_ops.Maximum(x=raw_ops.Sub(x=num, y=1), y=1)
    dtype = start.dtype
    wide = dtype if dtype.is_floating else dtypes.float64
    start, stop, count = (raw_ops.Cast(x=v, DstT=wide) for v in (start, stop, steps))
    delta = raw_ops.RealDiv(x=raw_ops.Sub(x=stop, y=start), y=count)
    end = raw_ops.SelectV2(condition=raw_ops.GreaterEqual(x=num, y=0), t=steps, e=-1)
    inner = raw_ops.Cast(x=raw_ops.Range(start=1, limit=end, delta=1), DstT=wide)
    shape = raw_ops.Shape(input=start)
    n = raw_ops.Size(input=shape)
    at = raw_ops.FloorMod(x=convert_to_tensor(axis, dtypes.int32), y=n)
    here = raw_ops.Equal(x=raw_ops.Range(start=0, limit=n, delta=1), y=at)
    middle = raw_ops.Maximum(x=raw_ops.Sub(x=num, y=2), y=0)
    inner = raw_ops.Reshape(tensor=inner, shape=raw_ops.SelectV2(condition=here, t=middle, e=1))
    inner = raw_ops.AddV2(x=start, y=raw_ops.Mul(x=delta, y=inner))
    whole = raw_ops.ConcatV2(values=[start, inner, stop], axis=axis)
    size = raw_ops.SelectV2(condition=here, t=num, e=shape)
    return raw_ops.Slice(input=whole, begin=raw_ops.ZerosLike(x=shape), size=size, name=name)


@export("eye", "linalg.eye")
@scoped("eye")
def eye(num_rows, num_columns=None, batch_shape=None, dtype=dtypes.float32, name=None):
    """The identity matrix, as often as `batch_shape` says."""
    dtype = dtypes.as_dtype(dtype)
    num_columns = num_rows if num_columns is None else num_columns
    rows, columns = value_of(num_rows), value_of(num_columns)
    if rows is not None and columns is not None:
        least = int(min(rows, columns))
        square = rows == columns
    else:
        least, square = raw_ops.Minimum(x=num_rows, y=num_columns), False
    lead = [] if batch_shape is None else batch_shape
    known = value_of(lead)
    if known is not None:
        lead = [int(n) for n in known]
        diagonal_shape, shape = [*lead, least], [*lead, num_rows, num_columns]
    else:
        lead = vector(lead)
        diagonal_shape = raw_ops.ConcatV2(values=[lead, vector([least], lead.dtype)], axis=0)
        shape = raw_ops.ConcatV2(values=[lead, vector([num_rows, num_columns], lead.dtype)], axis=0)
    diagonal = ones(diagonal_shape, dtype)
    if square:
        return raw_ops.MatrixDiag(diagonal=diagonal, name=name)
    return raw_ops.MatrixSetDiag(input=zeros(shape, dtype), diagonal=diagonal, name=name)


def _one_hot_type(on_value, off_value, dtype):
    given = [
        v.dtype if is_typed(v) else convert_to_tensor(v).dtype for v in (on_value, off_value) if v is not None
    ]
    if dtype is not None:
        for value, word in ((on_value, "on_value"), (off_value, "off_value")):
            if value is not None:
                found = convert_to_tensor(value, None if is_typed(value) else dtype).dtype
                if found != dtype:
                    raise TypeError(f"dtype {found} of {word} does not match dtype parameter {dtype}")
        return dtype
    if len(given) == 2 and given[0] != given[1]:
        raise TypeError(f"dtype {given[0]} of on_value does not match dtype {given[1]} of off_value")
    return given[0] if given else dtypes.float32


@export("one_hot")
@scoped("one_hot", whole=True)
def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None):
    """`on_value` (1) where a new axis of length `depth` is at the index, `off_value` (0) elsewhere."""
    dtype = _one_hot_type(on_value, off_value, None if dtype is None else dtypes.as_dtype(dtype))
    on = convert_to_tensor(1 if on_value is None else on_value, dtype) if dtype != dtypes.bool else (
        convert_to_tensor(True if on_value is None else on_value, dtype))  # fmt: skip
    off = convert_to_tensor({dtypes.bool: False}.get(dtype, 0) if off_value is None else off_value, dtype)
    return raw_ops.OneHot(
        indices=indices,
        depth=raw_ops.Cast(x=depth, DstT=dtypes.int32)
        if is_typed(depth) and depth.dtype != dtypes.int32
        else depth,
        on_value=on,
        off_value=off,
        axis=-1 if axis is None else axis,
        name=name or "one_hot",
    )


@export("sequence_mask")
@scoped("SequenceMask")
def sequence_mask(lengths, maxlen=None, dtype=dtypes.bool, name=None):
    """For each length a row of that many ones and then zeros, `maxlen` (the greatest length) in all."""
    lengths = convert_to_tensor(lengths)
    if maxlen is None:
        maxlen = raw_ops.Maximum(
            x=raw_ops.Max(input=raw_ops.Reshape(tensor=lengths, shape=[-1]), axis=0),
            y=convert_to_tensor(0, lengths.dtype),
        )
    else:
        maxlen = convert_to_tensor(maxlen)
    if maxlen.ndim not in (None, 0):
        raise ValueError(f"Argument `maxlen` must be scalar for sequence_mask, received `maxlen` = {maxlen} with shape "
                         f"'{maxlen.shape}' instead")  # fmt: skip
    row = raw_ops.Range(
        start=convert_to_tensor(0, maxlen.dtype), limit=maxlen, delta=convert_to_tensor(1, maxlen.dtype)
    )
    column = raw_ops.ExpandDims(input=lengths, axis=-1)
    column = column if column.dtype == maxlen.dtype else raw_ops.Cast(x=column, DstT=maxlen.dtype)
    mask = raw_ops.Less(x=row, y=column, name=name)
    dtype = dtypes.as_dtype(dtype)
    return mask if dtype == dtypes.bool else raw_ops.Cast(x=mask, DstT=dtype)


@export("bitcast")
def bitcast(input, type, name=None):
    """The same bytes read as another type; the last dimension grows or goes where the sizes differ."""
    return raw_ops.Bitcast(input=input, type=dtypes.as_dtype(type), name=name)


@export("get_static_value")
def get_static_value(tensor, partial=False):
    """The value as an array when it is known before the graph runs, else None."""
    if tensor is None or not isinstance(tensor, Tensor) and not is_typed(tensor):
        return None if tensor is None else np.asarray(tensor)
    value = value_of(tensor)
    if value is None and partial and tensor.op.type == "Pack":
        parts = [value_of(x) for x in tensor.op.inputs]
        return np.array([p if p is None else p.item() for p in parts], object)
    return value if value is None or value.ndim else value[()]


@export("required_space_to_batch_paddings")
@scoped("required_space_to_batch_paddings")
def required_space_to_batch_paddings(input_shape, block_shape, base_paddings=None, name=None):
    """Paddings and crops with which `input_shape` divides into blocks."""
    input_shape, block_shape = vector(input_shape, dtypes.int32), vector(block_shape, dtypes.int32)
    n = block_shape.shape[0]
    if base_paddings is None:
        base_paddings = np.zeros((n, 2), np.int32)
    base = convert_to_tensor(base_paddings, dtypes.int32)
    start, end = raw_ops.Unpack(value=base, num=2, axis=1)
    full = raw_ops.AddV2(x=raw_ops.AddV2(x=input_shape, y=start), y=end)
    extra = raw_ops.FloorMod(
        x=raw_ops.Sub(x=block_shape, y=raw_ops.FloorMod(x=full, y=block_shape)), y=block_shape
    )
    paddings = raw_ops.Pack(values=[start, raw_ops.AddV2(x=end, y=extra)], axis=1, name="paddings")
    crops = raw_ops.Pack(values=[raw_ops.ZerosLike(x=extra), extra], axis=1, name="crops")
    return paddings, crops


@export("is_symbolic_tensor")
def is_symbolic_tensor(tensor):
    """Whether the tensor is an output of a graph, without a value of its own."""
    return isinstance(tensor, Tensor) and not hasattr(tensor, "numpy")
