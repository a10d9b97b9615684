"""tf.nn: activations."""

from .. import raw_ops
from ..export import export
from . import compose as c


@export("nn.relu")
def relu(features, name=None):
    """max(features, 0)."""
    return raw_ops.Relu(features=features, name=name)


@export("nn.relu6")
def relu6(features, name=None):
    """min(max(features, 0), 6)."""
    return raw_ops.Relu6(features=features, name=name)


@export("nn.leaky_relu")
def leaky_relu(features, alpha=0.2, name=None):
    """features where positive, alpha * features elsewhere; integers are computed as float32."""
    features = c.tensor(features)
    if features.dtype.is_integer:
        features = c.cast(features, "float32")
    return raw_ops.LeakyRelu(features=features, alpha=alpha, name=name)


@export("nn.elu")
def elu(features, name=None):
    """features where positive, exp(features) - 1 elsewhere."""
    return raw_ops.Elu(features=features, name=name)


@export("nn.selu")
def selu(features, name=None):
    """The scaled exponential linear unit, for inputs of mean 0 and variance 1."""
    return raw_ops.Selu(features=features, name=name)


@export("nn.gelu")
def gelu(features, approximate=False, name=None):
    """x * P(X <= x) for a standard normal X; with `approximate` by tanh."""
    features = c.tensor(features)
    if not features.dtype.is_floating:
        raise ValueError(
            f"`features.dtype` must be a floating point tensor. Received:features.dtype={features.dtype}"
        )
    half, one = c.tensor(0.5, features.dtype), c.tensor(1.0, features.dtype)
    if approximate:
        cubic = c.mul(c.tensor(0.044715, features.dtype), c.power(features, c.tensor(3.0, features.dtype)))
        inner = c.mul(c.tensor(0.7978845608028654, features.dtype), c.add(features, cubic))
        return c.mul(c.mul(half, features), c.add(one, c.tanh(inner)), name)
    scaled = c.div(features, c.tensor(1.4142135623730951, features.dtype))
    return c.mul(c.mul(half, features), c.add(one, raw_ops.Erf(x=scaled)), name)


@export("nn.silu", "nn.swish")
def silu(features, beta=1.0):
    """features * sigmoid(beta * features)."""
    features = c.tensor(features)
    beta = c.cast(c.tensor(beta), features.dtype)
    return c.mul(features, c.sigmoid(c.mul(beta, features)))


def _crelu(features, axis, name):
    return raw_ops.Relu(features=c.concat([features, c.neg(features)], axis), name=name)


@export("nn.crelu")
def crelu(features, axis=-1, name=None):
    """relu of features and of -features, side by side along `axis`."""
    return _crelu(c.tensor(features), axis, name)


@export("compat.v1.nn.crelu")
def crelu_v1(features, name=None, axis=-1):
    """relu of features and of -features, side by side along `axis`."""
    return _crelu(c.tensor(features), axis, name)


@export("nn.softplus", "math.softplus")
def softplus(features, name=None):
    """log(exp(features) + 1)."""
    return raw_ops.Softplus(features=features, name=name)


@export("nn.softsign", "math.softsign")
def softsign(features, name=None):
    """features / (abs(features) + 1)."""
    return raw_ops.Softsign(features=features, name=name)


@export("nn.tanh")
def tanh(x, name=None):
    """The hyperbolic tangent."""
    return raw_ops.Tanh(x=x, name=name)


@export("nn.sigmoid")
def sigmoid(x, name=None):
    """1 / (1 + exp(-x))."""
    return raw_ops.Sigmoid(x=x, name=name)


@export("compat.v1.nn.relu_layer")
def relu_layer(x, weights, biases, name=None):
    """relu(x @ weights + biases)."""
    product = raw_ops.BiasAdd(value=raw_ops.MatMul(a=x, b=weights), bias=biases)
    return raw_ops.Relu(features=product, name=name)


@export("compat.v1.nn.xw_plus_b")
def xw_plus_b(x, weights, biases, name=None):
    """x @ weights + biases."""
    return raw_ops.BiasAdd(value=raw_ops.MatMul(a=x, b=weights), bias=biases, name=name)


def _along_last(op, logits, axis, name):
    logits = c.tensor(logits)
    axis = -1 if axis is None else axis
    rank = logits.shape.rank
    if rank == 0 or axis == -1 or rank is not None and axis == rank - 1:
        return getattr(raw_ops, op)(logits=logits, name=name)
    static = c.static_value(axis)
    if rank is None or static is None:
        rank = raw_ops.Rank(input=logits)
        axis = c.mod(axis, rank)
        head, tail = c.arange(0, axis), c.arange(c.add(axis, 1), c.sub(rank, 1))
        perm = c.concat([head, [c.sub(rank, 1)], tail, [axis]], 0)
    else:
        axis = int(static)
        if not -rank <= axis < rank:
            from ..errors import InvalidArgumentError

            raise InvalidArgumentError(
                None,
                None,
                f"`dim` must be in the range [{-rank}, {rank}) where {rank} is the number of dimensions in "
                f"the input. Received: dim={axis}",
            )
        perm = list(range(rank))
        perm[axis], perm[-1] = perm[-1], perm[axis]
    swapped = getattr(raw_ops, op)(logits=c.transpose(logits, perm))
    return c.transpose(swapped, perm, name)


@export("nn.softmax", "math.softmax")
def softmax(logits, axis=None, name=None):
    """exp(logits) scaled to the sum 1 along an axis (the last one)."""
    return _along_last("Softmax", logits, axis, name)


@export("nn.log_softmax", "math.log_softmax")
def log_softmax(logits, axis=None, name=None):
    """log(softmax(logits)) along an axis (the last one)."""
    return _along_last("LogSoftmax", logits, axis, name)


def deprecated_argument(new_name, new, old_name, old):
    """The value of an argument that has an old name too."""
    if old is None:
        return new
    if new is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'.")
    return old


@export("compat.v1.nn.softmax", "compat.v1.math.softmax")
def softmax_v1(logits, axis=None, name=None, dim=None):
    """exp(logits) scaled to the sum 1 along an axis (the last one)."""
    return _along_last("Softmax", logits, deprecated_argument("axis", axis, "dim", dim), name)


@export("compat.v1.nn.log_softmax", "compat.v1.math.log_softmax")
def log_softmax_v1(logits, axis=None, name=None, dim=None):
    """log(softmax(logits)) along an axis (the last one)."""
    return _along_last("LogSoftmax", logits, deprecated_argument("axis", axis, "dim", dim), name)


@export("nn.bias_add")
def bias_add(value, bias, data_format=None, name=None):
    """value + bias, a vector over the channels ("N...C" or "NC...")."""
    if data_format is None or data_format.startswith("N") and data_format.endswith("C"):
        layout = "NHWC"
    elif data_format.startswith("NC"):
        layout = "NCHW"
    else:
        raise ValueError(
            f"`data_format` must be of the form `N...C` or `NC...`. Received: data_format={data_format}"
        )
    value = c.tensor(value)
    return raw_ops.BiasAdd(value=value, bias=c.tensor(bias, value.dtype), data_format=layout, name=name)
