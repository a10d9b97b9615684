"""tf.nn: grayscale dilation and erosion."""

from .. import raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument


def _check(data_format):
    if data_format != "NHWC":
        raise ValueError(
            f"`data_format` values other  than 'NHWC' are not supported. Received: data_format={data_format}"
        )


def _dilation(x, filters, strides, rates, padding, name):
    x = c.tensor(x)
    return raw_ops.Dilation2D(
        input=x,
        filter=c.tensor(filters, x.dtype),
        strides=list(strides),
        rates=list(rates),
        padding=padding,
        name=name,
    )


def _erosion(x, filters, strides, rates, padding, name):
    flipped = c.reverse(filters, [0, 1])
    return c.neg(_dilation(c.neg(x), flipped, strides, rates, padding, None), name)


@export("nn.dilation2d")
def dilation2d(input, filters, strides, padding, data_format, dilations, name=None):
    """The maximum over each window of input + filters."""
    _check(data_format)
    return _dilation(input, filters, strides, dilations, padding, name)


@export("compat.v1.nn.dilation2d")
def dilation2d_v1(
    input, filter=None, strides=None, rates=None, padding=None, name=None, filters=None, dilations=None
):
    """The maximum over each window of input + filter."""
    filter = deprecated_argument("filters", filters, "filter", filter)
    rates = deprecated_argument("dilations", dilations, "rates", rates)
    return _dilation(input, filter, strides, rates, padding, name)


@export("nn.erosion2d")
def erosion2d(value, filters, strides, padding, data_format, dilations, name=None):
    """The minimum over each window of value - filters."""
    _check(data_format)
    return _erosion(value, filters, strides, dilations, padding, name)


@export("compat.v1.nn.erosion2d")
def erosion2d_v1(value, kernel, strides, rates, padding, name=None):
    """The minimum over each window of value - kernel."""
    return _erosion(value, kernel, strides, rates, padding, name)
