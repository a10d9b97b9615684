"""tf.clip_by_*."""

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .math_reduce import reduce_sum
from .support import scoped


def _like(x, values, name=None):
    """values in the form of x: IndexedSlices stay IndexedSlices."""
    if hasattr(x, "indices") and hasattr(x, "values"):
        return type(x)(values, x.indices, x.dense_shape)
    return values


def _values(x):
    return x.values if hasattr(x, "indices") and hasattr(x, "values") else convert_to_tensor(x)


@export("clip_by_value")
@scoped("clip_by_value", whole=True)
def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """t with what is smaller or greater than the limits replaced by them."""
    values = _values(t)
    low = raw_ops.Minimum(x=values, y=clip_value_max)
    values.shape.assert_is_compatible_with(low.shape)
    clipped = raw_ops.Maximum(x=low, y=clip_value_min, name=name or "clip_by_value")
    values.shape.assert_is_compatible_with(clipped.shape)
    return _like(t, clipped)


@export("clip_by_norm")
@scoped("clip_by_norm", whole=True)
def clip_by_norm(t, clip_norm, axes=None, name=None):
    """t scaled down so that its Euclidean norm (along the axes) is at most clip_norm."""
    values = _values(t)
    squares = reduce_sum(raw_ops.Mul(x=values, y=values), axes, keepdims=True)
    positive = raw_ops.Greater(x=squares, y=convert_to_tensor(0, squares.dtype))
    safe = raw_ops.SelectV2(condition=positive, t=squares, e=raw_ops.OnesLike(x=squares))
    norm = raw_ops.SelectV2(condition=positive, t=raw_ops.Sqrt(x=safe), e=squares)
    scaled = raw_ops.Mul(x=values, y=clip_norm)
    values.shape.assert_is_compatible_with(scaled.shape)
    divided = raw_ops.RealDiv(x=scaled, y=raw_ops.Maximum(x=norm, y=clip_norm))
    return _like(t, raw_ops.Identity(input=divided, name=name or "clip_by_norm"))


@export("linalg.global_norm", "compat.v1.global_norm")
@scoped("global_norm")
def global_norm(t_list, name=None):
    """The Euclidean norm of all tensors of a list together; None entries are left out."""
    _check_list(t_list)
    values = [_values(t) for t in t_list if t is not None]
    if not values:
        return None
    halves = [raw_ops.L2Loss(t=v) for v in values]
    half = reduce_sum(raw_ops.Pack(values=halves, axis=0))
    return raw_ops.Sqrt(x=raw_ops.Mul(x=half, y=convert_to_tensor(2.0, half.dtype)), name=name)


def _check_list(t_list):
    import collections.abc

    if not isinstance(t_list, collections.abc.Sequence) or isinstance(t_list, str):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")


@export("clip_by_global_norm")
@scoped("clip_by_global_norm")
def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """The tensors scaled down so that the norm of all together is at most clip_norm, and the norm before."""
    _check_list(t_list)
    t_list = list(t_list)
    norm = global_norm(t_list, name) if use_norm is None else convert_to_tensor(use_norm)
    if norm is None:
        return t_list, None
    one = convert_to_tensor(1.0, norm.dtype)
    clip_norm = convert_to_tensor(clip_norm, norm.dtype)
    scale = raw_ops.Mul(
        x=clip_norm,
        y=raw_ops.Minimum(x=raw_ops.RealDiv(x=one, y=norm), y=raw_ops.RealDiv(x=one, y=clip_norm)),
    )
    scale = raw_ops.AddV2(x=scale, y=raw_ops.Sub(x=norm, y=norm))
    return [t if t is None else _like(t, _scaled(_values(t), scale)) for t in t_list], norm


def _scaled(values, scale):
    if values.dtype != scale.dtype:
        scale = raw_ops.Cast(x=scale, DstT=values.dtype)
    return raw_ops.Identity(input=raw_ops.Mul(x=values, y=scale))


@export("compat.v1.clip_by_average_norm")
@scoped("clip_by_average_norm", whole=True)
def clip_by_average_norm(t, clip_norm, name=None):
    """t scaled down so that its Euclidean norm divided by its number of elements is at most clip_norm."""
    values = convert_to_tensor(t)
    squares = reduce_sum(raw_ops.Mul(x=values, y=values))
    inverse = raw_ops.Mul(
        x=raw_ops.Rsqrt(x=squares), y=raw_ops.Cast(x=raw_ops.Size(input=values), DstT=dtypes.float32)
    )
    one = convert_to_tensor(1.0, values.dtype)
    least = raw_ops.Minimum(x=inverse, y=raw_ops.RealDiv(x=one, y=convert_to_tensor(clip_norm, values.dtype)))
    scale = raw_ops.Mul(x=convert_to_tensor(clip_norm, values.dtype), y=least)
    return raw_ops.Identity(input=raw_ops.Mul(x=values, y=scale), name=name)
