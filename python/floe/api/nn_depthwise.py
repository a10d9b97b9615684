"""tf.nn: depthwise and separable convolutions."""

from .. import raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument
from .nn_conv import explicit, sequence


def _depthwise(x, filter, strides, padding, data_format, dilations, name):
    data_format = data_format or "NHWC"
    axis = 1 if data_format == "NCHW" else 3
    padding, pads = explicit(padding)
    x = c.tensor(x)
    return raw_ops.DepthwiseConv2dNative(
        input=x,
        filter=c.tensor(filter, x.dtype),
        strides=list(strides),
        padding=padding,
        explicit_paddings=pads,
        data_format=data_format,
        dilations=sequence(dilations, 2, axis, "dilations"),
        name=name,
    )


@export("nn.depthwise_conv2d")
def depthwise_conv2d(input, filter, strides, padding, data_format=None, dilations=None, name=None):
    """A convolution of each channel by its own filters [height, width, in, multiplier]."""
    return _depthwise(input, filter, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.depthwise_conv2d")
def depthwise_conv2d_v1(
    input, filter, strides, padding, rate=None, name=None, data_format=None, dilations=None
):
    """A convolution of each channel by its own filters [height, width, in, multiplier]."""
    rate = deprecated_argument("dilations", dilations, "rate", rate)
    return _depthwise(input, filter, strides, padding, data_format, rate, name)


@export("compat.v1.nn.depthwise_conv2d_native")
def depthwise_conv2d_native(
    input, filter, strides, padding, data_format="NHWC", dilations=(1, 1, 1, 1), name=None
):
    """A convolution of each channel by its own filters [height, width, in, multiplier]."""
    return _depthwise(input, filter, strides, padding, data_format, list(dilations), name)


@export(
    "nn.depthwise_conv2d_backprop_input",
    "compat.v1.nn.depthwise_conv2d_native_backprop_input",
)
def depthwise_conv2d_backprop_input(
    input_sizes,
    filter,
    out_backprop,
    strides,
    padding,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
    name=None,
):
    """The gradient of depthwise_conv2d for its input."""
    padding, pads = explicit(padding)
    return raw_ops.DepthwiseConv2dNativeBackpropInput(
        input_sizes=input_sizes,
        filter=filter,
        out_backprop=out_backprop,
        strides=list(strides),
        padding=padding,
        explicit_paddings=pads,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )


@export(
    "nn.depthwise_conv2d_backprop_filter",
    "compat.v1.nn.depthwise_conv2d_native_backprop_filter",
)
def depthwise_conv2d_backprop_filter(
    input,
    filter_sizes,
    out_backprop,
    strides,
    padding,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
    name=None,
):
    """The gradient of depthwise_conv2d for its filter."""
    padding, pads = explicit(padding)
    return raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=input,
        filter_sizes=filter_sizes,
        out_backprop=out_backprop,
        strides=list(strides),
        padding=padding,
        explicit_paddings=pads,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )


def _separable(x, depthwise, pointwise, strides, padding, data_format, dilations, name):
    pointwise = c.tensor(pointwise)
    shape = pointwise.shape
    if shape.rank is not None and (shape[0], shape[1]) != (1, 1):
        raise ValueError(f"`pointwise_filter` must be a 4-D tensor with shape [1, 1, ...]. Received: {shape}")
    y = _depthwise(x, depthwise, strides, padding, data_format, dilations, None)
    return raw_ops.Conv2D(
        input=y,
        filter=pointwise,
        strides=[1, 1, 1, 1],
        padding="VALID",
        data_format=data_format or "NHWC",
        name=name,
    )


@export("nn.separable_conv2d")
def separable_conv2d(
    input, depthwise_filter, pointwise_filter, strides, padding, data_format=None, dilations=None, name=None
):
    """depthwise_conv2d, then a 1x1 convolution that mixes the channels."""
    return _separable(
        input, depthwise_filter, pointwise_filter, strides, padding, data_format, dilations, name
    )


@export("compat.v1.nn.separable_conv2d")
def separable_conv2d_v1(
    input,
    depthwise_filter,
    pointwise_filter,
    strides,
    padding,
    rate=None,
    name=None,
    data_format=None,
    dilations=None,
):
    """depthwise_conv2d, then a 1x1 convolution that mixes the channels."""
    rate = deprecated_argument("dilations", dilations, "rate", rate)
    return _separable(input, depthwise_filter, pointwise_filter, strides, padding, data_format, rate, name)
