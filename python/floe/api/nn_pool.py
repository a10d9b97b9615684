"""tf.nn: pooling."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument
from .nn_conv import explicit, sequence


def _max2d(x, ksize, strides, padding, data_format, name):
    data_format = data_format or "NHWC"
    axis = 1 if data_format.startswith("NC") else 3
    padding, pads = explicit(padding)
    return raw_ops.MaxPool(
        input=x,
        ksize=sequence(ksize, 2, axis, "ksize"),
        strides=sequence(strides, 2, axis, "strides"),
        padding=padding,
        explicit_paddings=pads,
        data_format=data_format,
        name=name,
    )


def _avg2d(x, ksize, strides, padding, data_format, name):
    data_format = data_format or "NHWC"
    axis = 1 if data_format.startswith("NC") else 3
    return raw_ops.AvgPool(
        value=x,
        ksize=sequence(ksize, 2, axis, "ksize"),
        strides=sequence(strides, 2, axis, "strides"),
        padding=padding,
        data_format=data_format,
        name=name,
    )


def _pool3d(op, x, ksize, strides, padding, data_format, name):
    data_format = data_format or "NDHWC"
    axis = 1 if data_format.startswith("NC") else 4
    return getattr(raw_ops, op)(
        input=x,
        ksize=sequence(ksize, 3, axis, "ksize"),
        strides=sequence(strides, 3, axis, "strides"),
        padding=padding,
        data_format=data_format,
        name=name,
    )


def _pool1d(pool2d, x, ksize, strides, padding, data_format, name):
    axis = 1 if data_format == "NCW" else 2
    at = 2 if data_format == "NCW" else 1
    ksize = sequence(ksize, 1, axis, "ksize")
    strides = sequence(strides, 1, axis, "strides")
    if isinstance(padding, (list, tuple)):
        padding = [*padding[:at], [0, 0], *padding[at:]]
    y = pool2d(
        c.expand_dims(c.tensor(x), at),
        [*ksize[:at], 1, *ksize[at:]],
        [*strides[:at], 1, *strides[at:]],
        padding,
        "NCHW" if data_format == "NCW" else "NHWC",
        None,
    )
    return c.squeeze(y, [at], name)


@export("nn.max_pool1d")
def max_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """The maximum of each window of [batch, width, channels]."""
    if isinstance(padding, (list, tuple)) and data_format == "NCHW_VECT_C":
        raise ValueError("`data_format='NCHW_VECT_C'` is not supported with explicit padding.")
    return _pool1d(_max2d, input, ksize, strides, padding, data_format, name)


@export("nn.max_pool2d")
def max_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """The maximum of each window of [batch, height, width, channels]."""
    return _max2d(c.tensor(input), ksize, strides, padding, data_format, name)


@export("nn.max_pool3d")
def max_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None):
    """The maximum of each window of [batch, depth, height, width, channels]."""
    return _pool3d("MaxPool3D", c.tensor(input), ksize, strides, padding, data_format, name)


@export("nn.avg_pool1d")
def avg_pool1d(input, ksize, strides, padding, data_format="NWC", name=None):
    """The mean of each window of [batch, width, channels]."""
    return _pool1d(_avg2d, input, ksize, strides, padding, data_format, name)


@export("nn.avg_pool2d")
def avg_pool2d(input, ksize, strides, padding, data_format="NHWC", name=None):
    """The mean of each window of [batch, height, width, channels]."""
    return _avg2d(c.tensor(input), ksize, strides, padding, data_format, name)


@export("nn.avg_pool3d")
def avg_pool3d(input, ksize, strides, padding, data_format="NDHWC", name=None):
    """The mean of each window of [batch, depth, height, width, channels]."""
    return _pool3d("AvgPool3D", c.tensor(input), ksize, strides, padding, data_format, name)


_MAX = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}
_AVG = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}
_LAYOUT = {1: "NWC", 2: "NHWC", 3: "NDHWC"}


def _spatial(x, data_format):
    if x.shape.rank is not None:
        n = x.shape.rank - 2
        if n not in (1, 2, 3):
            raise ValueError(
                f"`input.shape.rank` must be 3, 4 or 5. Received: input.shape={x.shape} of rank {x.shape.rank}."
            )
        return n
    if data_format is not None:
        return len(data_format) - 2
    raise ValueError("The rank of the input must be known when `data_format` is not given.")


def _by_rank(ops, x, ksize, strides, padding, data_format, name):
    x = c.tensor(x)
    n = _spatial(x, data_format)
    return ops[n](x, ksize, strides, padding, data_format or _LAYOUT[n], name)


@export("nn.max_pool", "compat.v1.nn.max_pool_v2")
def max_pool(input, ksize, strides, padding, data_format=None, name=None):
    """The maximum of each window, over 1, 2 or 3 spatial dimensions."""
    return _by_rank(_MAX, input, ksize, strides, padding, data_format, name)


@export("nn.avg_pool", "compat.v1.nn.avg_pool_v2")
def avg_pool(input, ksize, strides, padding, data_format=None, name=None):
    """The mean of each window, over 1, 2 or 3 spatial dimensions."""
    return _by_rank(_AVG, input, ksize, strides, padding, data_format, name)


@export("compat.v1.nn.max_pool")
def max_pool_v1(value, ksize, strides, padding, data_format="NHWC", name=None, input=None):
    """The maximum of each window of [batch, height, width, channels]."""
    value = deprecated_argument("input", input, "value", value)
    return _max2d(c.tensor(value), ksize, strides, padding, data_format, name)


@export("compat.v1.nn.avg_pool", "compat.v1.nn.avg_pool2d")
def avg_pool_v1(value, ksize, strides, padding, data_format="NHWC", name=None, input=None):
    """The mean of each window of [batch, height, width, channels]."""
    value = deprecated_argument("input", input, "value", value)
    return _avg2d(c.tensor(value), ksize, strides, padding, data_format, name)


def _with_argmax(x, ksize, strides, padding, data_format, targmax, include_batch, name):
    if data_format != "NHWC":
        raise ValueError(
            f"`data_format` values other  than 'NHWC' are not supported. Received: data_format={data_format}"
        )
    return raw_ops.MaxPoolWithArgmax(
        input=x,
        ksize=sequence(ksize, 2, 3, "ksize"),
        strides=sequence(strides, 2, 3, "strides"),
        padding=padding,
        Targmax=targmax,
        include_batch_in_index=include_batch,
        name=name,
    )


@export("nn.max_pool_with_argmax")
def max_pool_with_argmax(
    input,
    ksize,
    strides,
    padding,
    data_format="NHWC",
    output_dtype=dtypes.int64,
    include_batch_in_index=False,
    name=None,
):
    """max_pool2d and the flat index of each maximum: (output, argmax)."""
    return _with_argmax(
        input, ksize, strides, padding, data_format, output_dtype, include_batch_in_index, name
    )


@export("compat.v1.nn.max_pool_with_argmax")
def max_pool_with_argmax_v1(
    input,
    ksize,
    strides,
    padding,
    data_format="NHWC",
    Targmax=None,
    name=None,
    output_dtype=None,
    include_batch_in_index=False,
):
    """max_pool2d and the flat index of each maximum: (output, argmax)."""
    if data_format != "NHWC":
        raise ValueError(
            f"`data_format` values other  than 'NHWC' are not supported. Received: data_format={data_format}"
        )
    targmax = deprecated_argument("output_dtype", output_dtype, "Targmax", Targmax)
    return _with_argmax(
        input, ksize, strides, padding, data_format, targmax or dtypes.int64, include_batch_in_index, name
    )


def _dilated_pool(x, window, kind, strides, padding, data_format, dilations, name):
    from .nn_space import with_space_to_batch

    x = c.tensor(x)
    n = len(window)
    first = data_format is not None and data_format.startswith("NC")
    spatial = list(range(2, n + 2) if first else range(1, n + 1))
    strides = [1] * n if strides is None else [strides] * n if isinstance(strides, int) else list(strides)
    dilations = (
        [1] * n if dilations is None else [dilations] * n if isinstance(dilations, int) else list(dilations)
    )
    if any(s > 1 for s in strides) and any(d > 1 for d in dilations):
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
            f"Received: strides={strides} and dilation_rate={dilations}"
        )
    if kind not in ("MAX", "AVG"):
        raise ValueError(f"`pooling_type` must be one of {{'AVG', 'MAX'}}. Received: pooling_type={kind}")
    if padding == "SAME" and any(d > 1 for d in dilations):
        raise ValueError(
            "pooling with 'SAME' padding is not implemented for `dilation_rate` > 1. "
            f"Received: padding={padding} and dilation_rate={dilations}"
        )
    ops = _MAX if kind == "MAX" else _AVG
    layout = data_format or _LAYOUT[n]

    def run(v, _, converted_padding):
        return ops[n](v, list(window), list(strides), converted_padding, layout)

    y = with_space_to_batch(
        x, dilations, padding, run, filter_shape=list(window), spatial_dims=spatial, data_format=data_format
    )
    return y if name is None else c.identity(y, name)


@export("nn.pool")
def pool(
    input,
    window_shape,
    pooling_type,
    strides=None,
    padding="VALID",
    data_format=None,
    dilations=None,
    name=None,
):
    """The maximum ("MAX") or mean ("AVG") of each window, which may have holes (dilations)."""
    return _dilated_pool(input, window_shape, pooling_type, strides, padding, data_format, dilations, name)


@export("compat.v1.nn.pool")
def pool_v1(
    input,
    window_shape,
    pooling_type,
    padding,
    dilation_rate=None,
    strides=None,
    name=None,
    data_format=None,
    dilations=None,
):
    """The maximum ("MAX") or mean ("AVG") of each window, which may have holes (dilation_rate)."""
    rate = deprecated_argument("dilations", dilations, "dilation_rate", dilation_rate)
    return _dilated_pool(input, window_shape, pooling_type, strides, padding, data_format, rate, name)
