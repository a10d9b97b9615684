"""tensorflow.python.ops.math_ops: what it adds to the public names."""

from .. import raw_ops
from ..tensor import convert_to_tensor
from . import public


def _as_indexed_slices(x, optimize=True):
    """A tensor as IndexedSlices that name all its rows."""
    x = convert_to_tensor(x)
    rows = raw_ops.StridedSlice(
        input=raw_ops.Shape(input=x), begin=[0], end=[1], strides=[1], shrink_axis_mask=1
    )
    indices = raw_ops.Range(start=0, limit=rows, delta=1)
    return public("IndexedSlices")(x, indices, raw_ops.Shape(input=x))
