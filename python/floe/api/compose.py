"""What the API's functions are composed of: ops under short names, static shapes and values."""

import numpy as np

from .. import dtypes, raw_ops
from ..tensor import SymbolicTensor, Tensor, convert_to_tensor, make_ndarray


def tensor(x, dtype=None, name=None):
    return convert_to_tensor(x, dtype=dtype, name=name)


def _binary(op):
    def call(x, y, name=None):
        return getattr(raw_ops, op)(x=x, y=y, name=name)

    return call


def _unary(op):
    def call(x, name=None):
        return getattr(raw_ops, op)(x=x, name=name)

    return call


add, sub, mul = _binary("AddV2"), _binary("Sub"), _binary("Mul")
div, floordiv, mod = _binary("RealDiv"), _binary("FloorDiv"), _binary("FloorMod")
maximum, minimum, power = _binary("Maximum"), _binary("Minimum"), _binary("Pow")
equal, not_equal = _binary("Equal"), _binary("NotEqual")
less, less_equal = _binary("Less"), _binary("LessEqual")
greater, greater_equal = _binary("Greater"), _binary("GreaterEqual")
logical_and, logical_or = _binary("LogicalAnd"), _binary("LogicalOr")
squared_difference, div_no_nan = _binary("SquaredDifference"), _binary("DivNoNan")
neg, absolute, exp, log, log1p = _unary("Neg"), _unary("Abs"), _unary("Exp"), _unary("Log"), _unary("Log1p")
sqrt, rsqrt, square = _unary("Sqrt"), _unary("Rsqrt"), _unary("Square")
sin, cos, floor, rint = _unary("Sin"), _unary("Cos"), _unary("Floor"), _unary("Round")
sigmoid, tanh, logical_not = _unary("Sigmoid"), _unary("Tanh"), _unary("LogicalNot")
zeros_like, ones_like = _unary("ZerosLike"), _unary("OnesLike")


def identity(x, name=None):
    return raw_ops.Identity(input=x, name=name)


def stop_gradient(x):
    return raw_ops.StopGradient(input=x)


def cast(x, dtype, name=None):
    x = tensor(x)
    dtype = dtypes.as_dtype(dtype)
    return x if x.dtype == dtype else raw_ops.Cast(x=x, DstT=dtype, name=name)


def reshape(x, shape, name=None):
    return raw_ops.Reshape(tensor=x, shape=as_shape_input(shape), name=name)


def transpose(x, perm, name=None):
    return raw_ops.Transpose(x=x, perm=perm, name=name)


def concat(values, axis, name=None):
    values = list(values)
    return (
        identity(values[0], name)
        if len(values) == 1
        else raw_ops.ConcatV2(values=values, axis=axis, name=name)
    )


def stack(values, axis=0, name=None):
    return raw_ops.Pack(values=list(values), axis=axis, name=name)


def unstack(x, num, axis=0):
    return raw_ops.Unpack(value=x, num=num, axis=axis)


def expand_dims(x, axis):
    return raw_ops.ExpandDims(input=x, axis=axis)


def squeeze(x, axis, name=None):
    return raw_ops.Squeeze(input=x, axis=list(axis), name=name)


def slice_(x, begin, size):
    return raw_ops.Slice(input=x, begin=as_shape_input(begin), size=as_shape_input(size))


def part(x, start, stop, axis=0):
    """x[start:stop] along one axis counted from the front; None stands for the end."""
    n = axis + 1
    begin_mask = end_mask = (1 << axis) - 1
    begin, end = [0] * axis, [0] * axis
    if start is None:
        begin_mask |= 1 << axis
    if stop is None:
        end_mask |= 1 << axis
    return raw_ops.StridedSlice(
        input=x,
        begin=as_shape_input([*begin, 0 if start is None else start]),
        end=as_shape_input([*end, 0 if stop is None else stop]),
        strides=[1] * n,
        begin_mask=begin_mask,
        end_mask=end_mask,
    )


def last(x, start, stop, shrink=False):
    """x[..., start:stop], or x[..., start] with `shrink`."""
    to_end = stop is None and not shrink
    return raw_ops.StridedSlice(
        input=x,
        begin=as_shape_input([0, start]),
        end=as_shape_input([0, start + 1 if shrink else 0 if to_end else stop]),
        strides=[1, 1],
        ellipsis_mask=1,
        end_mask=2 if to_end else 0,
        shrink_axis_mask=2 if shrink else 0,
    )


def item(x, index):
    """x[index] of the first axis."""
    return raw_ops.StridedSlice(
        input=x, begin=[index], end=[index + 1], strides=[1], shrink_axis_mask=1, end_mask=int(index == -1)
    )


def gather(params, indices, axis=0, batch_dims=0, name=None):
    return raw_ops.GatherV2(params=params, indices=indices, axis=axis, batch_dims=batch_dims, name=name)


def reverse(x, axis, name=None):
    return raw_ops.ReverseV2(tensor=x, axis=axis, name=name)


def tile(x, multiples):
    return raw_ops.Tile(input=x, multiples=as_shape_input(multiples))


def pad(x, paddings, value=None, name=None):
    paddings = stack([as_shape_input(p) for p in paddings]) if isinstance(paddings, list) else paddings
    if value is None:
        return raw_ops.Pad(input=x, paddings=paddings, name=name)
    return raw_ops.PadV2(input=x, paddings=paddings, constant_values=value, name=name)


def fill(shape, value):
    return raw_ops.Fill(dims=as_shape_input(shape), value=value)


def zeros(shape, dtype=dtypes.float32):
    return fill(shape, tensor(np.zeros((), dtypes.as_dtype(dtype).as_numpy_dtype), dtype))


def arange(start, stop=None, step=1, dtype=None):
    if stop is None:
        start, stop = 0, start
    if dtype is not None:
        start, stop, step = (cast(v, dtype) for v in (start, stop, step))
    return raw_ops.Range(start=start, limit=stop, delta=step)


def where(condition, x, y, name=None):
    return raw_ops.SelectV2(condition=condition, t=x, e=y, name=name)


def matmul(a, b, transpose_a=False, transpose_b=False, name=None):
    return raw_ops.BatchMatMulV2(x=a, y=b, adj_x=transpose_a, adj_y=transpose_b, name=name)


def one_hot(indices, depth, on=1.0, off=0.0, axis=-1, dtype=dtypes.float32):
    return raw_ops.OneHot(
        indices=indices, depth=depth, on_value=tensor(on, dtype), off_value=tensor(off, dtype), axis=axis
    )


def _reduction(op):
    def call(x, axis=None, keepdims=False, name=None):
        x = tensor(x)
        return getattr(raw_ops, op)(
            input=x, axis=all_axes(x) if axis is None else axis, keep_dims=keepdims, name=name
        )

    return call


reduce_sum, reduce_mean, reduce_prod = _reduction("Sum"), _reduction("Mean"), _reduction("Prod")
reduce_max, reduce_min = _reduction("Max"), _reduction("Min")
reduce_all, reduce_any = _reduction("All"), _reduction("Any")


def all_axes(x):
    rank = x.shape.rank
    return arange(raw_ops.Rank(input=x)) if rank is None else np.arange(rank, dtype=np.int32)


def shape_tensor(x, dtype=dtypes.int32):
    return raw_ops.Shape(input=x, out_type=dtype)


def dims(x):
    """The sizes of x of known rank: numbers where they are known, scalar tensors where they are not."""
    static = x.shape.as_list()
    if None not in static:
        return static
    dynamic = unstack(shape_tensor(x), len(static))
    return [dynamic[i] if n is None else n for i, n in enumerate(static)]


def rank_of(x):
    """The rank as a number where it is known, else as a tensor."""
    return raw_ops.Rank(input=x) if x.shape.rank is None else x.shape.rank


def as_shape_input(values):
    """A list of numbers and scalar tensors as one vector."""
    if isinstance(values, Tensor) or not any(isinstance(v, Tensor) for v in values):
        if not isinstance(values, (Tensor, np.ndarray)):
            values = np.array([-1 if v is None else v for v in values], np.int32).reshape(-1)
        return values
    types = [v.dtype for v in values if isinstance(v, Tensor)]
    dtype = dtypes.int64 if dtypes.int64 in types else dtypes.int32
    return stack([cast(v, dtype) if isinstance(v, Tensor) else tensor(v, dtype) for v in values])


def static_value(x):
    """The value as an array when it can be known now, else None."""
    if x is None:
        return None
    if not isinstance(x, Tensor):
        return None if _holds_tensor(x) else np.asarray(x)
    if not isinstance(x, SymbolicTensor):
        return np.asarray(x.numpy())
    return make_ndarray(x.op.get_attr("value")) if x.op.type == "Const" else None


def _holds_tensor(x):
    return isinstance(x, (list, tuple)) and any(isinstance(v, Tensor) or _holds_tensor(v) for v in x)


def require(condition, text, *data):
    """An InvalidArgumentError, as of a failed tf.debugging.Assert, where the condition is known to be false."""
    if not condition:
        from ..errors import InvalidArgumentError

        values = "\n".join([*([repr(text.encode())] if text else []), *data])
        raise InvalidArgumentError(
            None,
            None,
            f"Expected 'tf.Tensor(False, shape=(), dtype=bool)' to be true. Summarized data: {values}",
        )


def public(name):
    """Something that another part of the API exports."""
    from ..export import resolve

    return resolve(name)
