"""tf.quantization."""

from .. import dtypes, raw_ops
from ..export import export


def _axis(axis):
    return -1 if axis is None else axis


@export("quantization.quantize", "compat.v1.quantize")
def quantize(
    input,
    min_range,
    max_range,
    T,
    mode="MIN_COMBINED",
    round_mode="HALF_AWAY_FROM_ZERO",
    name=None,
    narrow_range=False,
    axis=None,
    ensure_minimum_range=0.01,
):
    """float32 as a quantized type: (output, output_min, output_max)."""
    return raw_ops.QuantizeV2(
        input=input,
        min_range=min_range,
        max_range=max_range,
        T=T,
        mode=mode,
        round_mode=round_mode,
        narrow_range=narrow_range,
        axis=_axis(axis),
        ensure_minimum_range=ensure_minimum_range,
        name=name,
    )


@export("compat.v1.quantize_v2")
def quantize_v2(
    input,
    min_range,
    max_range,
    T,
    mode="MIN_COMBINED",
    name=None,
    round_mode="HALF_AWAY_FROM_ZERO",
    narrow_range=False,
    axis=None,
    ensure_minimum_range=0.01,
):
    """float32 as a quantized type: (output, output_min, output_max)."""
    return quantize(
        input, min_range, max_range, T, mode, round_mode, name, narrow_range, axis, ensure_minimum_range
    )


@export("quantization.dequantize", "compat.v1.dequantize")
def dequantize(
    input,
    min_range,
    max_range,
    mode="MIN_COMBINED",
    name=None,
    axis=None,
    narrow_range=False,
    dtype=dtypes.float32,
):
    """A quantized tensor as float32 or bfloat16."""
    return raw_ops.Dequantize(
        input=input,
        min_range=min_range,
        max_range=max_range,
        mode=mode,
        narrow_range=narrow_range,
        axis=_axis(axis),
        dtype=dtype,
        name=name,
    )


def _and_back(op, args, axis, name):
    keys = (
        "input",
        "input_min",
        "input_max",
        "signed_input",
        "num_bits",
        "range_given",
        "round_mode",
        "narrow_range",
    )
    return getattr(raw_ops, op)(**dict(zip(keys, args)), axis=_axis(axis), name=name)


@export("quantization.quantize_and_dequantize")
def quantize_and_dequantize(
    input,
    input_min,
    input_max,
    signed_input=True,
    num_bits=8,
    range_given=False,
    round_mode="HALF_TO_EVEN",
    name=None,
    narrow_range=False,
    axis=None,
):
    """The numbers rounded as if they were quantized; the gradient passes through."""
    args = (input, input_min, input_max, signed_input, num_bits, range_given, round_mode, narrow_range)
    return _and_back("QuantizeAndDequantizeV2", args, axis, name)


@export("quantization.quantize_and_dequantize_v2")
def quantize_and_dequantize_v2(
    input,
    input_min,
    input_max,
    signed_input=True,
    num_bits=8,
    range_given=False,
    round_mode="HALF_TO_EVEN",
    name=None,
    narrow_range=False,
    axis=None,
):
    """The numbers rounded as if they were quantized; the gradient is 0 outside of the range."""
    args = (input, input_min, input_max, signed_input, num_bits, range_given, round_mode, narrow_range)
    return _and_back("QuantizeAndDequantizeV4", args, axis, name)


@export("quantization.fake_quant_with_min_max_args", "compat.v1.fake_quant_with_min_max_args")
def fake_quant_with_min_max_args(inputs, min=-6, max=6, num_bits=8, narrow_range=False, name=None):
    """float32 rounded to 2 ** num_bits steps between min and max."""
    return raw_ops.FakeQuantWithMinMaxArgs(
        inputs=inputs, min=min, max=max, num_bits=num_bits, narrow_range=narrow_range, name=name
    )


@export(
    "quantization.fake_quant_with_min_max_args_gradient", "compat.v1.fake_quant_with_min_max_args_gradient"
)
def fake_quant_with_min_max_args_gradient(
    gradients, inputs, min=-6, max=6, num_bits=8, narrow_range=False, name=None
):
    """The gradient of fake_quant_with_min_max_args."""
    return raw_ops.FakeQuantWithMinMaxArgsGradient(
        gradients=gradients,
        inputs=inputs,
        min=min,
        max=max,
        num_bits=num_bits,
        narrow_range=narrow_range,
        name=name,
    )


@export("quantization.fake_quant_with_min_max_vars", "compat.v1.fake_quant_with_min_max_vars")
def fake_quant_with_min_max_vars(inputs, min, max, num_bits=8, narrow_range=False, name=None):
    """float32 rounded to 2 ** num_bits steps between two scalar tensors."""
    return raw_ops.FakeQuantWithMinMaxVars(
        inputs=inputs, min=min, max=max, num_bits=num_bits, narrow_range=narrow_range, name=name
    )


@export(
    "quantization.fake_quant_with_min_max_vars_gradient", "compat.v1.fake_quant_with_min_max_vars_gradient"
)
def fake_quant_with_min_max_vars_gradient(
    gradients, inputs, min, max, num_bits=8, narrow_range=False, name=None
):
    """The gradients of fake_quant_with_min_max_vars for the inputs, min and max."""
    return raw_ops.FakeQuantWithMinMaxVarsGradient(
        gradients=gradients,
        inputs=inputs,
        min=min,
        max=max,
        num_bits=num_bits,
        narrow_range=narrow_range,
        name=name,
    )


@export(
    "quantization.fake_quant_with_min_max_vars_per_channel",
    "compat.v1.fake_quant_with_min_max_vars_per_channel",
)
def fake_quant_with_min_max_vars_per_channel(inputs, min, max, num_bits=8, narrow_range=False, name=None):
    """fake_quant_with_min_max_vars with a range for each channel of the last dimension."""
    return raw_ops.FakeQuantWithMinMaxVarsPerChannel(
        inputs=inputs, min=min, max=max, num_bits=num_bits, narrow_range=narrow_range, name=name
    )


@export(
    "quantization.fake_quant_with_min_max_vars_per_channel_gradient",
    "compat.v1.fake_quant_with_min_max_vars_per_channel_gradient",
)
def fake_quant_with_min_max_vars_per_channel_gradient(
    gradients, inputs, min, max, num_bits=8, narrow_range=False, name=None
):
    """The gradients of fake_quant_with_min_max_vars_per_channel for the inputs, min and max."""
    return raw_ops.FakeQuantWithMinMaxVarsPerChannelGradient(
        gradients=gradients,
        inputs=inputs,
        min=min,
        max=max,
        num_bits=num_bits,
        narrow_range=narrow_range,
        name=name,
    )
