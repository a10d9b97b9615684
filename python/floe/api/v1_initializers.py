"""Initial values of variables: tf.compat.v1's initializers, and the five that tf has beside Keras."""

import math

from .. import _floe, dtypes, raw_ops
from ..export import export
from ..tensor import constant, convert_to_tensor
from . import random_stateful as random
from .array_shape import reshape


def _scalar_of(value, dtype, shape):
    return raw_ops.Fill(dims=convert_to_tensor(shape, dtypes.int32), value=constant(value, dtype))


class Initializer:
    """Gives initial values: called with a shape and a dtype."""

    _settings = ()

    def __call__(self, shape, dtype=None, partition_info=None):
        raise NotImplementedError

    def get_config(self):
        """What from_config makes an equal initializer from."""
        config = {name: getattr(self, name) for name in self._settings}
        if hasattr(self, "dtype"):
            config["dtype"] = self.dtype.name
        return config

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def _type(self, dtype):
        return self.dtype if dtype is None else dtypes.as_dtype(dtype)


def _floating(dtype):
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"Argument `dtype` is expected to be floating point. Received: {dtype}.")
    return dtype


@export("compat.v1.zeros_initializer", "compat.v1.initializers.zeros")
class Zeros(Initializer):
    """All zero."""

    def __init__(self, dtype=dtypes.float32):
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        dtype = self._type(dtype)
        zero = "" if dtype == dtypes.string else False if dtype.is_bool else 0
        return _scalar_of(zero, dtype, shape)


@export("compat.v1.ones_initializer", "compat.v1.initializers.ones")
class Ones(Initializer):
    """All one."""

    def __init__(self, dtype=dtypes.float32):
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        dtype = self._type(dtype)
        return _scalar_of(True if dtype.is_bool else 1, dtype, shape)


@export("compat.v1.constant_initializer", "compat.v1.initializers.constant")
class Constant(Initializer):
    """One value everywhere, or a list of values in the order of the tensor's elements."""

    def __init__(self, value=0, dtype=dtypes.float32, verify_shape=False):
        if not (isinstance(value, (int, float, complex, str, bytes, list, tuple)) or hasattr(value, "dtype")):
            raise TypeError(
                f"Invalid type for initial value={value} of type: {type(value).__name__}. Expected Python scalar, list or "
                "tuple of values, or numpy.ndarray."
            )
        self.value, self.dtype, self._verify_shape = value, dtypes.as_dtype(dtype), verify_shape

    def __call__(self, shape, dtype=None, partition_info=None, verify_shape=None):
        values = constant(self.value, self._type(dtype))
        verify = self._verify_shape if verify_shape is None else verify_shape
        if verify and not values.shape.is_compatible_with(shape):
            raise TypeError(
                f"Expected Tensor {self.value} (converted from {self.value}) with shape {tuple(shape)}, but got shape "
                f"{values.shape}."
            )
        if not _floe.recording():
            return constant(self.value, self._type(dtype), shape)
        given, wanted = values.shape.num_elements(), _size(shape)
        if given == 1:
            return _scalar_of(
                self.value if not values.shape.rank else _only(self.value), self._type(dtype), shape
            )
        if wanted is not None and given > wanted:
            raise ValueError(
                f"Too many elements provided. Needed at most {wanted}, but received {given}: the initializer's value does "
                f"not fit shape {tuple(shape)}."
            )
        if wanted is not None and given < wanted:
            flat = reshape(values, [-1])
            last = raw_ops.Fill(dims=constant([wanted - given], dtypes.int32), value=flat[-1])
            values = raw_ops.ConcatV2(values=[flat, last], axis=0)
        return reshape(values, shape)

    def get_config(self):
        return {"value": self.value, "dtype": self.dtype.name}


def _only(value):
    while isinstance(value, (list, tuple)):
        value = value[0]
    return value.item() if hasattr(value, "item") else value


def _size(shape):
    try:
        return math.prod(int(d) for d in shape)
    except TypeError:
        return None


@export("compat.v1.random_uniform_initializer", "compat.v1.initializers.random_uniform")
class RandomUniform(Initializer):
    """Uniform between minval and maxval (1 for floating types)."""

    _settings = ("minval", "maxval", "seed")

    def __init__(self, minval=0.0, maxval=None, seed=None, dtype=dtypes.float32):
        self.minval, self.maxval, self.seed, self.dtype = minval, maxval, seed, dtypes.as_dtype(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        return random.uniform(shape, self.minval, self.maxval, self._type(dtype), seed=self.seed)


@export("compat.v1.random_normal_initializer", "compat.v1.initializers.random_normal")
class RandomNormal(Initializer):
    """Normal, with mean and standard deviation."""

    _settings = ("mean", "stddev", "seed")

    def __init__(self, mean=0.0, stddev=1.0, seed=None, dtype=dtypes.float32):
        self.mean, self.stddev, self.seed, self.dtype = mean, stddev, seed, _floating(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        return random.normal(shape, self.mean, self.stddev, self._type(dtype), seed=self.seed)


@export("compat.v1.truncated_normal_initializer", "compat.v1.initializers.truncated_normal")
class TruncatedNormal(Initializer):
    """Normal, without values more than two standard deviations away from the mean."""

    _settings = ("mean", "stddev", "seed")

    def __init__(self, mean=0.0, stddev=1.0, seed=None, dtype=dtypes.float32):
        self.mean, self.stddev, self.seed, self.dtype = mean, stddev, seed, _floating(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        return random.truncated_normal(shape, self.mean, self.stddev, self._type(dtype), seed=self.seed)


@export("compat.v1.uniform_unit_scaling_initializer", "compat.v1.initializers.uniform_unit_scaling")
class UniformUnitScaling(Initializer):
    """Uniform, so that a product with the weights keeps the scale of its input."""

    _settings = ("factor", "seed")

    def __init__(self, factor=1.0, seed=None, dtype=dtypes.float32):
        self.factor, self.seed, self.dtype = factor, seed, _floating(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        inputs = max(math.prod(shape[:-1]), 1.0)
        limit = math.sqrt(3 / inputs) * self.factor
        return random.uniform(shape, -limit, limit, self._type(dtype), seed=self.seed)


def _fans(shape):
    """How many inputs and outputs a unit with weights of this shape has."""
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


@export("compat.v1.variance_scaling_initializer", "compat.v1.initializers.variance_scaling")
class VarianceScaling(Initializer):
    """Random values with variance scale / n, n being fan_in, fan_out or their average (fan_avg)."""

    _settings = ("scale", "mode", "distribution", "seed")

    def __init__(
        self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None, dtype=dtypes.float32
    ):
        if scale <= 0.0:
            raise ValueError(f"Argument `scale` must be a positive float. Received: {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(
                f"Argument `mode` should be one of ('fan_in', 'fan_out', 'fan_avg'). Received: {mode}"
            )
        distribution = distribution.lower()
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                "Argument `distribution` should be one of ('normal', uniform', 'truncated_normal', 'untruncated_normal'). "
                f"Received: {distribution}"
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.seed, self.dtype = seed, _floating(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        dtype = self._type(dtype)
        whole = partition_info.full_shape if partition_info is not None else shape
        fan_in, fan_out = _fans(list(whole))
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution in ("normal", "truncated_normal"):
            # What is cut off makes the deviation smaller by this factor.
            deviation = math.sqrt(variance) / 0.87962566103423978
            return random.truncated_normal(shape, 0.0, deviation, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, seed=self.seed)
        limit = math.sqrt(3.0 * variance)
        return random.uniform(shape, -limit, limit, dtype, seed=self.seed)


@export("compat.v1.glorot_uniform_initializer", "compat.v1.initializers.glorot_uniform")
class GlorotUniform(VarianceScaling):
    """Uniform with limit sqrt(6 / (fan_in + fan_out))."""

    def __init__(self, seed=None, dtype=dtypes.float32):
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)

    def get_config(self):
        return {"seed": self.seed, "dtype": self.dtype.name}


@export("compat.v1.glorot_normal_initializer", "compat.v1.initializers.glorot_normal")
class GlorotNormal(VarianceScaling):
    """Truncated normal with variance 2 / (fan_in + fan_out)."""

    def __init__(self, seed=None, dtype=dtypes.float32):
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)

    def get_config(self):
        return {"seed": self.seed, "dtype": self.dtype.name}


@export("compat.v1.initializers.he_normal")
def he_normal(seed=None):
    """Truncated normal with variance 2 / fan_in."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


@export("compat.v1.initializers.he_uniform")
def he_uniform(seed=None):
    """Uniform with limit sqrt(6 / fan_in)."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


@export("compat.v1.initializers.lecun_normal")
def lecun_normal(seed=None):
    """Truncated normal with variance 1 / fan_in."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


@export("compat.v1.initializers.lecun_uniform")
def lecun_uniform(seed=None):
    """Uniform with limit sqrt(3 / fan_in)."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


@export("compat.v1.orthogonal_initializer", "compat.v1.initializers.orthogonal")
class Orthogonal(Initializer):
    """An orthogonal matrix (rows or columns of one), from the QR decomposition of random normal numbers."""

    _settings = ("gain", "seed")

    def __init__(self, gain=1.0, seed=None, dtype=dtypes.float32):
        self.gain, self.seed, self.dtype = gain, seed, _floating(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        dtype = self._type(dtype)
        if len(shape) < 2:
            raise ValueError(
                f"The tensor to initialize, specified by argument `shape` must be at least two-dimensional. Received shape="
                f"{shape}"
            )
        rows, columns = math.prod(shape[:-1]), int(shape[-1])
        tall = (max(rows, columns), min(rows, columns))
        q, r = raw_ops.Qr(input=random.normal(tall, dtype=dtype, seed=self.seed), full_matrices=False)
        q = q * raw_ops.Sign(x=raw_ops.MatrixDiagPart(input=r))
        if rows < columns:
            q = raw_ops.Transpose(x=q, perm=[1, 0])
        return self.gain * reshape(q, shape)


@export("compat.v1.initializers.identity")
class Identity(Initializer):
    """The identity matrix times gain."""

    _settings = ("gain",)

    def __init__(self, gain=1.0, dtype=dtypes.float32):
        self.gain, self.dtype = gain, _floating(dtype)

    def __call__(self, shape, dtype=None, partition_info=None):
        if len(shape) != 2:
            raise ValueError(
                f"The tensor to initialize, specified by argument `shape` must be two-dimensional. Received shape={shape}"
            )
        from .array_shape import eye

        return self.gain * eye(int(shape[0]), int(shape[1]), dtype=self._type(dtype))


class _Later(Initializer):
    """tf's initializers: the dtype is given when they are called."""

    def __call__(self, shape, dtype=dtypes.float32, **kwargs):
        unknown = set(kwargs) - {"partition_shape", "partition_offset", "layout"}
        if unknown:
            raise TypeError(f"Unknown keyword arguments: {', '.join(sorted(unknown))}.")
        return self._values(shape, dtypes.as_dtype(dtype))


@export("zeros_initializer")
class ZerosV2(_Later):
    """All zero."""

    def _values(self, shape, dtype):
        return Zeros()(shape, dtype)


@export("ones_initializer")
class OnesV2(_Later):
    """All one."""

    def _values(self, shape, dtype):
        return Ones()(shape, dtype)


@export("constant_initializer")
class ConstantV2(_Later):
    """One value everywhere, or as many values as the tensor has elements."""

    def __init__(self, value=0, support_partition=False):
        Constant(value)
        self.value = value

    _settings = ("value",)

    def _values(self, shape, dtype):
        return constant(self.value, dtype, shape)

    def __call__(self, shape, dtype=None, **kwargs):
        if dtype is None:
            return constant(self.value, None, shape)
        return super().__call__(shape, dtype, **kwargs)


@export("random_uniform_initializer")
class RandomUniformV2(_Later):
    """Uniform between minval and maxval."""

    _settings = ("minval", "maxval", "seed")

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def _values(self, shape, dtype):
        return random.uniform(shape, self.minval, self.maxval, dtype, seed=self.seed)


@export("random_normal_initializer")
class RandomNormalV2(_Later):
    """Normal, with mean and standard deviation."""

    _settings = ("mean", "stddev", "seed")

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def _values(self, shape, dtype):
        return random.normal(shape, self.mean, self.stddev, dtype, seed=self.seed)
