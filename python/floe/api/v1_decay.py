"""tf.compat.v1.train: learning rates that change with the step."""

import functools
import math

from .. import _floe, dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from . import context


def _schedule(function):
    """In eager mode a schedule is a function to be called at each step; in a graph, a tensor."""

    @functools.wraps(function)
    def make(*args, **kwargs):
        if _floe.recording():
            with context.name_scope(kwargs.get("name") or _NAMES[function.__name__]):
                return function(*args, **kwargs)
        return functools.partial(function, *args, **kwargs)

    return make


_NAMES = {
    "exponential_decay": "ExponentialDecay",
    "natural_exp_decay": "NaturalExpDecay",
    "inverse_time_decay": "InverseTimeDecay",
    "polynomial_decay": "PolynomialDecay",
    "piecewise_constant": "PiecewiseConstant",
    "cosine_decay": "CosineDecay",
    "cosine_decay_restarts": "SGDRDecay",
    "linear_cosine_decay": "LinearCosineDecay",
}


def _given(global_step):
    if global_step is None:
        raise ValueError(
            "Argument `global_step` is required: it says at which step the learning rate is wanted."
        )
    return convert_to_tensor(global_step)


def _prepared(learning_rate, global_step, *numbers):
    rate = convert_to_tensor(learning_rate, dtype_hint=dtypes.float32)
    step = raw_ops.Cast(x=_given(global_step), DstT=rate.dtype)
    return rate, step, *[_like(n, rate) for n in numbers]


def _like(number, rate):
    t = convert_to_tensor(number, dtype_hint=rate.dtype)
    return t if t.dtype == rate.dtype else raw_ops.Cast(x=t, DstT=rate.dtype)


def _fraction(step, decay_steps, staircase):
    p = step / decay_steps
    return raw_ops.Floor(x=p) if staircase else p


@export("compat.v1.train.exponential_decay")
@_schedule
def exponential_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None):
    """learning_rate * decay_rate ** (global_step / decay_steps)."""
    rate, step, steps, base = _prepared(learning_rate, global_step, decay_steps, decay_rate)
    return rate * base ** _fraction(step, steps, staircase)


@export("compat.v1.train.natural_exp_decay")
@_schedule
def natural_exp_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None):
    """learning_rate * exp(-decay_rate * global_step / decay_steps)."""
    rate, step, steps, factor = _prepared(learning_rate, global_step, decay_steps, decay_rate)
    return rate * raw_ops.Exp(x=-factor * _fraction(step, steps, staircase))


@export("compat.v1.train.inverse_time_decay")
@_schedule
def inverse_time_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None):
    """learning_rate / (1 + decay_rate * global_step / decay_steps)."""
    rate, step, steps, factor = _prepared(learning_rate, global_step, decay_steps, decay_rate)
    return rate / (factor * _fraction(step, steps, staircase) + 1.0)


@export("compat.v1.train.polynomial_decay")
@_schedule
def polynomial_decay(
    learning_rate, global_step, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False, name=None
):
    """From learning_rate to end_learning_rate in decay_steps, and there (or, with cycle, down again)."""
    rate, step, steps, end = _prepared(learning_rate, global_step, decay_steps, end_learning_rate)
    if cycle:
        rounds = raw_ops.Ceil(x=step / steps)
        steps = steps * raw_ops.Maximum(x=rounds, y=convert_to_tensor(1.0, rate.dtype))
    else:
        step = raw_ops.Minimum(x=step, y=steps)
    return (rate - end) * (1.0 - step / steps) ** _like(power, rate) + end


def _piecewise_constant(x, boundaries, values, name=None):
    """values[i] between boundaries[i - 1] (excluded) and boundaries[i]."""
    if len(boundaries) != len(values) - 1:
        raise ValueError(
            "The length of boundaries should be 1 less than the length of values: "
            f"{len(boundaries)} boundaries, {len(values)} values."
        )
    x = _given(x)
    levels = [convert_to_tensor(v, dtype_hint=dtypes.float32) for v in values]
    result = levels[-1]
    for boundary, level in zip(reversed(boundaries), reversed(levels[:-1])):
        edge = convert_to_tensor(boundary, dtype_hint=x.dtype)
        if edge.dtype != x.dtype:
            edge = raw_ops.Cast(x=edge, DstT=x.dtype)
        result = raw_ops.SelectV2(condition=raw_ops.LessEqual(x=x, y=edge), t=level, e=result)
    return result


_piecewise_constant.__name__ = "piecewise_constant"
piecewise_constant = export("compat.v1.train.piecewise_constant", "compat.v1.train.piecewise_constant_decay")(
    _schedule(_piecewise_constant)
)


def _half_cosine(fraction):
    return 0.5 * (1.0 + raw_ops.Cos(x=fraction * math.pi))


@export("compat.v1.train.cosine_decay")
@_schedule
def cosine_decay(learning_rate, global_step, decay_steps, alpha=0.0, name=None):
    """Half a cosine from learning_rate to alpha * learning_rate."""
    rate, step, steps = _prepared(learning_rate, global_step, decay_steps)
    fraction = raw_ops.Minimum(x=step, y=steps) / steps
    return rate * ((1 - alpha) * _half_cosine(fraction) + alpha)


@export("compat.v1.train.cosine_decay_restarts")
@_schedule
def cosine_decay_restarts(
    learning_rate, global_step, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name=None
):
    """Half cosines one after the other: each t_mul times as long, from m_mul times the rate."""
    rate, step, steps = _prepared(learning_rate, global_step, first_decay_steps)
    completed = step / steps
    if t_mul == 1.0:
        restart = raw_ops.Floor(x=completed)
        completed = completed - restart
    else:
        restart = raw_ops.Floor(x=raw_ops.Log(x=1.0 - completed * (1.0 - t_mul)) / math.log(t_mul))
        power = _like(t_mul, rate) ** restart
        completed = (completed - (1.0 - power) / (1.0 - t_mul)) / power
    height = _like(m_mul, rate) ** restart
    return rate * ((1 - alpha) * height * _half_cosine(completed) + alpha)


@export("compat.v1.train.linear_cosine_decay")
@_schedule
def linear_cosine_decay(
    learning_rate, global_step, decay_steps, num_periods=0.5, alpha=0.0, beta=0.001, name=None
):
    """A cosine under a falling line."""
    rate, step, steps = _prepared(learning_rate, global_step, decay_steps)
    step = raw_ops.Minimum(x=step, y=steps)
    line = (steps - step) / steps
    wave = _half_cosine(2.0 * num_periods * (step / steps))
    return rate * ((alpha + line) * wave + beta)
