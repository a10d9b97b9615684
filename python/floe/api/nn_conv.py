"""tf.nn: convolutions."""

import numpy as np

from .. import raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument

_CHANNELS_FIRST = ("NCW", "NCHW", "NCDHW")


def _is_channels_first(data_format):
    return data_format is not None and data_format.startswith("NC")


def sequence(value, n, channel_index, name):
    """A number or a list of 1, n or n + 2 numbers as one number for every dimension."""
    if value is None:
        value = 1
    if type(value) is int:
        value = [value]
    elif not isinstance(value, (list, tuple)) or not all(type(v) is int for v in value):
        value = [int(v) for v in np.asarray(value).reshape(-1)]
    else:
        value = list(value)
    if len(value) == n + 2:
        return value
    if len(value) == 1:
        value = value * n
    elif len(value) != n:
        raise ValueError(f"{name} should be of length 1, {n} or {n + 2} but was {len(value)}")
    return [1, 1, *value] if channel_index == 1 else [1, *value, 1]


def explicit(padding):
    """The attributes `padding` and `explicit_paddings` of a string or a list of pairs."""
    if isinstance(padding, (list, tuple)):
        if all(list(p) == [0, 0] for p in padding):
            return "VALID", []
        return "EXPLICIT", [int(v) for pair in padding for v in pair]
    return padding, []


def _conv2d(x, filters, strides, padding, data_format, dilations, name):
    data_format = data_format or "NHWC"
    axis = 1 if data_format == "NCHW" else 3
    padding, pads = explicit(padding)
    x = c.tensor(x)
    rank = x.ndim
    batch = rank - 3 if rank is not None else 1
    args = dict(
        filter=c.tensor(filters, x.dtype),
        strides=sequence(strides, 2, axis, "strides"),
        padding=padding,
        explicit_paddings=pads,
        data_format=data_format,
        dilations=sequence(dilations, 2, axis, "dilations"),
    )
    if batch == 1:
        return raw_ops.Conv2D(input=x, name=name, **args)
    return with_batch_dims(x, 3, lambda v: raw_ops.Conv2D(input=v, **args), name)


def with_batch_dims(x, inner, op, name=None):
    """Runs op, which takes one batch dimension, on an input with several (or none) before `inner` others."""
    sizes = c.dims(x)
    outer = sizes[: len(sizes) - inner]
    y = op(c.reshape(x, [-1, *sizes[len(outer) :]]))
    return c.reshape(y, [*outer, *c.dims(y)[1:]], name)


@export("nn.conv2d")
def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None, name=None):
    """A 2-D convolution of [..., height, width, channels] with [height, width, in, out] filters."""
    return _conv2d(input, filters, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.conv2d")
def conv2d_v1(
    input,
    filter=None,
    strides=None,
    padding=None,
    use_cudnn_on_gpu=True,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
    name=None,
    filters=None,
):
    """A 2-D convolution of [batch, height, width, channels] with [height, width, in, out] filters."""
    filter = deprecated_argument("filters", filters, "filter", filter)
    return _conv2d(input, filter, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.conv2d_backprop_filter")
def conv2d_backprop_filter(
    input,
    filter_sizes,
    out_backprop,
    strides,
    padding,
    use_cudnn_on_gpu=True,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
    name=None,
):
    """The gradient of conv2d for its filters."""
    padding, pads = explicit(padding)
    return raw_ops.Conv2DBackpropFilter(
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


@export("compat.v1.nn.conv2d_backprop_input")
def conv2d_backprop_input(
    input_sizes,
    filter=None,
    out_backprop=None,
    strides=None,
    padding=None,
    use_cudnn_on_gpu=True,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
    name=None,
    filters=None,
):
    """The gradient of conv2d for its input."""
    padding, pads = explicit(padding)
    return raw_ops.Conv2DBackpropInput(
        input_sizes=input_sizes,
        filter=deprecated_argument("filters", filters, "filter", filter),
        out_backprop=out_backprop,
        strides=list(strides),
        padding=padding,
        explicit_paddings=pads,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )


def _conv2d_transpose(value, filters, output_shape, strides, padding, data_format, dilations, name):
    data_format = data_format or "NHWC"
    axis = 1 if data_format == "NCHW" else 3
    padding, pads = explicit(padding)
    value = c.tensor(value)
    return raw_ops.Conv2DBackpropInput(
        input_sizes=c.as_shape_input(output_shape),
        filter=c.tensor(filters, value.dtype),
        out_backprop=value,
        strides=sequence(strides, 2, axis, "strides"),
        padding=padding,
        explicit_paddings=pads,
        data_format=data_format,
        dilations=sequence(dilations, 2, axis, "dilations"),
        name=name,
    )


@export("nn.conv2d_transpose")
def conv2d_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format="NHWC", dilations=None, name=None
):
    """The transpose (gradient) of conv2d; filters are [height, width, out, in]."""
    return _conv2d_transpose(input, filters, output_shape, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.conv2d_transpose")
def conv2d_transpose_v1(
    value=None,
    filter=None,
    output_shape=None,
    strides=None,
    padding="SAME",
    data_format="NHWC",
    name=None,
    input=None,
    filters=None,
    dilations=None,
):
    """The transpose (gradient) of conv2d; filters are [height, width, out, in]."""
    value = deprecated_argument("input", input, "value", value)
    filters = deprecated_argument("filters", filters, "filter", filter)
    return _conv2d_transpose(value, filters, output_shape, strides, padding, data_format, dilations, name)


def _conv1d(x, filters, stride, padding, data_format, dilations, name):
    if data_format in (None, "NHWC", "NWC"):
        layout, axis, at = "NHWC", 2, 1
    elif data_format in ("NCHW", "NCW"):
        layout, axis, at = "NCHW", 1, 2
    else:
        raise ValueError(f"`data_format` must be 'NWC' or 'NCW'. Received: data_format={data_format}")
    x = c.tensor(x)
    stride = sequence(stride, 1, axis, "stride")
    dilations = sequence(dilations, 1, axis, "dilations")
    at_from_end = at - 3
    filters = c.expand_dims(c.tensor(filters, x.dtype), 0)
    padding, pads = explicit(padding)
    if pads:
        pads = [*pads[: 2 * at], 0, 0, *pads[2 * at :]]

    def run(v):
        return raw_ops.Conv2D(
            input=c.expand_dims(v, at),
            filter=filters,
            strides=[*stride[:at], 1, *stride[at:]],
            padding=padding,
            explicit_paddings=pads,
            data_format=layout,
            dilations=[*dilations[:at], 1, *dilations[at:]],
        )

    if x.shape.rank in (None, 3):
        return c.squeeze(run(x), [at], name)
    return c.squeeze(with_batch_dims(x, 2, run), [at_from_end - 1], name)


@export("nn.conv1d")
def conv1d(input, filters, stride, padding, data_format="NWC", dilations=None, name=None):
    """A 1-D convolution of [..., width, channels] with [width, in, out] filters."""
    return _conv1d(input, filters, stride, padding, data_format, dilations, name)


@export("compat.v1.nn.conv1d")
def conv1d_v1(
    value=None,
    filters=None,
    stride=None,
    padding=None,
    use_cudnn_on_gpu=None,
    data_format=None,
    name=None,
    input=None,
    dilations=None,
):
    """A 1-D convolution of [batch, width, channels] with [width, in, out] filters."""
    value = deprecated_argument("input", input, "value", value)
    return _conv1d(value, filters, stride, padding, data_format, dilations, name)


@export("nn.conv1d_transpose")
def conv1d_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format="NWC", dilations=None, name=None
):
    """The transpose (gradient) of conv1d; filters are [width, out, in]."""
    if data_format in (None, "NHWC", "NWC"):
        layout, axis, at = "NHWC", 2, 1
    elif data_format in ("NCHW", "NCW"):
        layout, axis, at = "NCHW", 1, 2
    else:
        raise ValueError(f"`data_format` must be 'NWC' or 'NCW'. Received: data_format={data_format}")
    input = c.tensor(input)
    strides = sequence(strides, 1, axis, "stride")
    dilations = sequence(dilations, 1, axis, "dilations")
    sizes = c.unstack(c.tensor(c.as_shape_input(output_shape)), 3)
    y = raw_ops.Conv2DBackpropInput(
        input_sizes=c.stack([*sizes[:at], c.cast(1, sizes[0].dtype), *sizes[at:]]),
        filter=c.expand_dims(c.tensor(filters, input.dtype), 0),
        out_backprop=c.expand_dims(input, at),
        strides=[*strides[:at], 1, *strides[at:]],
        padding=padding,
        data_format=layout,
        dilations=[*dilations[:at], 1, *dilations[at:]],
    )
    return c.squeeze(y, [at], name)


def _conv3d(x, filters, strides, padding, data_format, dilations, name):
    data_format = data_format or "NDHWC"
    axis = 1 if data_format == "NCDHW" else 4
    x = c.tensor(x)
    args = dict(
        filter=c.tensor(filters, x.dtype),
        strides=sequence(strides, 3, axis, "strides"),
        padding=padding,
        data_format=data_format,
        dilations=sequence(dilations, 3, axis, "dilations"),
    )
    if x.shape.rank in (None, 5):
        return raw_ops.Conv3D(input=x, name=name, **args)
    return with_batch_dims(x, 4, lambda v: raw_ops.Conv3D(input=v, **args), name)


@export("nn.conv3d")
def conv3d(input, filters, strides, padding, data_format="NDHWC", dilations=None, name=None):
    """A 3-D convolution of [..., depth, height, width, channels]."""
    return _conv3d(input, filters, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.conv3d")
def conv3d_v1(
    input,
    filter=None,
    strides=None,
    padding=None,
    data_format="NDHWC",
    dilations=(1, 1, 1, 1, 1),
    name=None,
    filters=None,
):
    """A 3-D convolution of [batch, depth, height, width, channels]."""
    filter = deprecated_argument("filters", filters, "filter", filter)
    return _conv3d(input, filter, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.conv3d_backprop_filter", "compat.v1.nn.conv3d_backprop_filter_v2")
def conv3d_backprop_filter(
    input,
    filter_sizes,
    out_backprop,
    strides,
    padding,
    data_format="NDHWC",
    dilations=(1, 1, 1, 1, 1),
    name=None,
):
    """The gradient of conv3d for its filters."""
    return raw_ops.Conv3DBackpropFilterV2(
        input=input,
        filter_sizes=filter_sizes,
        out_backprop=out_backprop,
        strides=list(strides),
        padding=padding,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )


def _conv3d_transpose(value, filters, output_shape, strides, padding, data_format, dilations, name):
    data_format = data_format or "NDHWC"
    axis = 1 if data_format == "NCDHW" else 4
    value = c.tensor(value)
    return raw_ops.Conv3DBackpropInputV2(
        input_sizes=c.as_shape_input(output_shape),
        filter=c.tensor(filters, value.dtype),
        out_backprop=value,
        strides=sequence(strides, 3, axis, "strides"),
        padding=padding,
        data_format=data_format,
        dilations=sequence(dilations, 3, axis, "dilations"),
        name=name,
    )


@export("nn.conv3d_transpose")
def conv3d_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format="NDHWC", dilations=None, name=None
):
    """The transpose (gradient) of conv3d."""
    return _conv3d_transpose(input, filters, output_shape, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.conv3d_transpose")
def conv3d_transpose_v1(
    value,
    filter=None,
    output_shape=None,
    strides=None,
    padding="SAME",
    data_format="NDHWC",
    name=None,
    input=None,
    filters=None,
    dilations=None,
):
    """The transpose (gradient) of conv3d."""
    value = deprecated_argument("input", input, "value", value)
    filters = deprecated_argument("filters", filters, "filter", filter)
    return _conv3d_transpose(value, filters, output_shape, strides, padding, data_format, dilations, name)


@export("nn.conv_transpose")
def conv_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format=None, dilations=None, name=None
):
    """The transpose of a 1-D, 2-D or 3-D convolution, chosen by the length of output_shape."""
    if output_shape is None:
        raise ValueError("`output_shape` cannot be None")
    n = output_shape.shape[0] if hasattr(output_shape, "shape") else len(output_shape)
    if n not in (3, 4, 5):
        raise ValueError(
            f"`output_shape` must be of length 3, 4 or 5. Received: output_shape={output_shape} of length {n}."
        )
    op = {3: conv1d_transpose, 4: conv2d_transpose, 5: conv3d_transpose}[n]
    layout = data_format or {3: "NWC", 4: "NHWC", 5: "NDHWC"}[n]
    return op(input, filters, output_shape, strides, padding, layout, dilations, name)


def _convolution(x, filters, strides, padding, data_format, dilations, name):
    x, filters = c.tensor(x), c.tensor(filters)
    n = filters.shape.rank - 2 if filters.shape.rank is not None else x.shape.rank - 2
    if n not in (1, 2, 3):
        raise ValueError(f"`num_spatial_dims` must be 1, 2, or 3. Received: num_spatial_dims={n}.")
    if data_format is not None and data_format not in ("NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW"):
        raise ValueError(
            f"`data_format` must be one of NWC, NCW, NHWC, NCHW, NDHWC and NCDHW. Received: {data_format}"
        )
    op = {1: _conv1d, 2: _conv2d, 3: _conv3d}[n]
    return op(x, filters, strides, padding, data_format, dilations, name)


@export("nn.convolution")
def convolution(input, filters, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    """A 1-D, 2-D or 3-D convolution, chosen by the filters' rank."""
    return _convolution(input, filters, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.convolution")
def convolution_v1(
    input,
    filter,
    padding,
    strides=None,
    dilation_rate=None,
    name=None,
    data_format=None,
    filters=None,
    dilations=None,
):
    """A 1-D, 2-D or 3-D convolution, chosen by the filter's rank."""
    rate = deprecated_argument("dilations", dilations, "dilation_rate", dilation_rate)
    filter = deprecated_argument("filters", filters, "filter", filter)
    return _convolution(input, filter, strides, padding, data_format, rate, name)


@export("nn.atrous_conv2d")
def atrous_conv2d(value, filters, rate, padding, name=None):
    """conv2d with holes: the filter takes every rate-th pixel."""
    return _conv2d(value, filters, 1, padding, "NHWC", rate, name)


@export("nn.atrous_conv2d_transpose")
def atrous_conv2d_transpose(value, filters, output_shape, rate, padding, name=None):
    """The transpose of atrous_conv2d; filters are [height, width, out, in]."""
    return _conv2d_transpose(value, filters, output_shape, 1, padding, "NHWC", rate, name)
