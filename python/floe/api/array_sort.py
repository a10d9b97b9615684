"""Sorting and histograms."""

from .. import dtypes, raw_ops
from ..errors import InvalidArgumentError
from ..export import export
from ..tensor import convert_to_tensor
from .support import scoped, value_of


def _descending(values, sorted_values):
    return raw_ops.TopKV2(
        input=values,
        k=raw_ops.StridedSlice(
            input=raw_ops.Shape(input=values),
            begin=[-1],
            end=[0],
            strides=[1],
            shrink_axis_mask=1,
            end_mask=1,
        ),
        sorted=True,
    )[0 if sorted_values else 1]


def _turned(x):
    """x with the order of its values turned round."""
    if x.dtype.is_unsigned:
        return raw_ops.Sub(x=convert_to_tensor(x.dtype.max, x.dtype), y=x)
    if x.dtype.is_integer:
        return raw_ops.Sub(x=convert_to_tensor(-1, x.dtype), y=x)
    return raw_ops.Neg(x=x)


def _sorted(values, axis, direction, sorted_values, name):
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"Argument `direction` should be one of 'ASCENDING' or 'DESCENDING'. Received: "
                         f"direction={direction}")  # fmt: skip
    known = value_of(axis)
    if known is None or known.dtype.kind not in "iu":
        raise ValueError("axis must be constant")
    axis = int(known)
    x = convert_to_tensor(values)
    n = x.ndim
    if n == 0 or n is not None and not -n <= axis < n:
        raise InvalidArgumentError(
            None,
            None,
            f"slice index {axis} of dimension 0 out of bounds. `axis` is for values of the shape {x.shape}.",
        )
    perm = None
    if axis != -1 and axis + 1 != n:
        perm = _swapped(x, axis)
        x = raw_ops.Transpose(x=x, perm=perm)
    ascending = direction == "ASCENDING"
    out = _descending(_turned(x) if ascending else x, sorted_values)
    if ascending and sorted_values:
        out = _turned(out)
    return (
        raw_ops.Identity(input=out, name=name)
        if perm is None
        else raw_ops.Transpose(x=out, perm=perm, name=name)
    )


def _swapped(x, axis):
    """The order of dimensions with `axis` and the last one changed round."""
    n = x.ndim
    if n is not None:
        perm = list(range(n))
        perm[axis], perm[-1] = perm[-1], perm[axis]
        return perm
    n = raw_ops.Rank(input=x)
    at = raw_ops.Range(start=0, limit=n, delta=1)
    last = raw_ops.Sub(x=n, y=1)
    place = convert_to_tensor(axis, dtypes.int32) if axis >= 0 else raw_ops.AddV2(x=n, y=axis)
    perm = raw_ops.SelectV2(condition=raw_ops.Equal(x=at, y=place), t=last, e=at)
    return raw_ops.SelectV2(condition=raw_ops.Equal(x=at, y=last), t=place, e=perm)


@export("sort")
@scoped("sort")
def sort(values, axis=-1, direction="ASCENDING", name=None):
    """The values in order along an axis."""
    return _sorted(values, axis, direction, True, name or "sort")


@export("argsort")
@scoped("argsort")
def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    """The indices (int32) that put the values in order along an axis; equals keep their order."""
    return _sorted(values, axis, direction, False, name or "argsort")


@export("histogram_fixed_width")
@scoped("histogram_fixed_width", whole=True)
def histogram_fixed_width(values, value_range, nbins=100, dtype=dtypes.int32, name=None):
    """How many values lie in each of `nbins` equal bins; those outside count in the first and the last."""
    return raw_ops.HistogramFixedWidth(
        values=values, value_range=value_range, nbins=nbins, dtype=dtypes.as_dtype(dtype), name=name
    )


@export("histogram_fixed_width_bins")
@scoped("histogram_fixed_width_bins")
def histogram_fixed_width_bins(values, value_range, nbins=100, dtype=dtypes.int32, name=None):
    """The number of the bin of `nbins` equal ones that each value lies in."""
    values = convert_to_tensor(values)
    flat = raw_ops.Reshape(tensor=values, shape=[-1])
    low, high = raw_ops.Unpack(value=convert_to_tensor(value_range, values.dtype), num=2)
    count = convert_to_tensor(nbins, dtypes.int32)
    n = raw_ops.Cast(x=count, DstT=values.dtype)
    place = raw_ops.RealDiv(x=raw_ops.Sub(x=flat, y=low), y=raw_ops.Sub(x=high, y=low))
    bins = raw_ops.Cast(x=raw_ops.Floor(x=raw_ops.Mul(x=n, y=place)), DstT=dtypes.int32)
    bins = raw_ops.Maximum(x=raw_ops.Minimum(x=bins, y=raw_ops.Sub(x=count, y=1)), y=0)
    bins = raw_ops.Cast(x=bins, DstT=dtypes.as_dtype(dtype))
    return raw_ops.Reshape(tensor=bins, shape=raw_ops.Shape(input=values), name=name)
