"""tf.random: numbers that follow from the seed that is passed alone."""

import enum

import numpy as np

from .. import dtypes, raw_ops
from ..errors import UnimplementedError
from ..export import export
from ..tensor import convert_to_tensor
from .support import is_typed, scoped, shape_vector


@export("random.Algorithm", "random.experimental.Algorithm")
class Algorithm(enum.Enum):
    """How random bits are made; AUTO_SELECT takes Philox on CPUs."""

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


def unsupported(alg):
    return ValueError(
        f"Argument `alg` got unsupported value {alg}. Supported values are philox for the Philox algorithm, threefry for "
        "the ThreeFry algorithm, and auto_select for auto-selection."
    )


def algorithm_number(alg):
    """The number of an Algorithm, of its name or of a number."""
    if is_typed(alg):
        return alg
    if isinstance(alg, Algorithm):
        return alg.value
    if isinstance(alg, str):
        plain = alg.strip().lower().replace("-", "").replace("_", "")
        found = {"philox": 1, "threefry": 2, "autoselect": 3}.get(plain)
        if found is None:
            raise unsupported(alg)
        return found
    if isinstance(alg, int):
        return alg
    raise TypeError(f"Can't convert argument `alg` (of value {alg} and type {type(alg)}) to int.")


def _key_counter(seed, alg):
    alg = algorithm_number("auto_select" if alg is None else alg)
    if not is_typed(alg):
        if alg not in (1, 2, 3):
            raise unsupported(alg)
        if alg == 2:
            raise UnimplementedError(None, None, "The ThreeFry algorithm is not implemented; 'philox' is.")
    key, counter = raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    return {"key": key, "counter": counter, "alg": alg}


def _affine(numbers, factor, offset, name):
    return raw_ops.AddV2(x=raw_ops.Mul(x=numbers, y=factor), y=offset, name=name)


@export("random.stateless_uniform")
@scoped("stateless_random_uniform", whole=True)
def stateless_uniform(shape, seed, minval=0, maxval=None, dtype=dtypes.float32, name=None, alg="auto_select"):
    """Numbers spread evenly over [minval, maxval); integers over all their values if both are None."""
    dtype = dtypes.as_dtype(dtype)
    allowed = ("float16", "bfloat16", "float32", "float64", "int32", "int64", "uint32", "uint64")
    if dtype.name not in allowed:
        raise ValueError(f"Argument `dtype` got invalid value {dtype}. Accepted dtypes are "
                         f"{tuple(dtypes.as_dtype(n) for n in allowed)}.")  # fmt: skip
    if dtype.is_integer:
        if (minval is None) != (maxval is None):
            raise ValueError(f"For integer `dtype` argument {dtype}, argument `minval` and `maxval` must be both None or "
                             f"not None. Got `minval`={minval} and `maxval`={maxval}.")  # fmt: skip
        if minval is not None and dtype.is_unsigned:
            raise ValueError(f"Argument `dtype` got invalid value {dtype} when argument `minval` is not None. Please "
                             "don't use unsigned integers in this case.")  # fmt: skip
    elif maxval is None:
        maxval = 1
    name = name or "stateless_random_uniform"
    shape = shape_vector(shape)
    source = _key_counter(seed, alg)
    if dtype.is_integer and minval is None:
        return raw_ops.StatelessRandomUniformFullIntV2(shape=shape, dtype=dtype, name=name, **source)
    low, high = convert_to_tensor(minval, dtype), convert_to_tensor(maxval, dtype)
    if dtype.is_integer:
        return raw_ops.StatelessRandomUniformIntV2(shape=shape, minval=low, maxval=high, name=name, **source)
    numbers = raw_ops.StatelessRandomUniformV2(shape=shape, dtype=dtype, **source)
    return _affine(numbers, raw_ops.Sub(x=high, y=low), low, name)


def _normal(op, default, shape, seed, mean, stddev, dtype, name, alg):
    dtype = dtypes.as_dtype(dtype)
    mean, stddev = convert_to_tensor(mean, dtype), convert_to_tensor(stddev, dtype)
    numbers = getattr(raw_ops, op)(shape=shape_vector(shape), dtype=dtype, **_key_counter(seed, alg))
    return _affine(numbers, stddev, mean, name or default)


@export("random.stateless_normal")
@scoped("stateless_random_normal", whole=True)
def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None, alg="auto_select"):
    """Normally distributed numbers."""
    return _normal(
        "StatelessRandomNormalV2", "stateless_random_normal", shape, seed, mean, stddev, dtype, name, alg
    )


@export("random.stateless_truncated_normal")
@scoped("stateless_truncated_normal", whole=True)
def stateless_truncated_normal(
    shape, seed, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None, alg="auto_select"
):
    """Normally distributed numbers at most two standard deviations from the mean."""
    return _normal(
        "StatelessTruncatedNormalV2",
        "stateless_truncated_normal",
        shape,
        seed,
        mean,
        stddev,
        dtype,
        name,
        alg,
    )


@export("random.stateless_categorical")
@scoped("stateless_categorical", whole=True)
def stateless_categorical(logits, num_samples, seed, dtype=dtypes.int64, name=None):
    """For each row of logits `num_samples` numbers of classes."""
    return raw_ops.StatelessMultinomial(
        logits=logits,
        num_samples=num_samples,
        seed=seed,
        output_dtype=dtypes.as_dtype(dtype),
        name=name or "stateless_categorical",
    )


@export("compat.v1.random.stateless_multinomial")
def stateless_multinomial(logits, num_samples, seed, output_dtype=dtypes.int64, name=None):
    """For each row of logits `num_samples` numbers of classes."""
    return stateless_categorical(logits, num_samples, seed, output_dtype, name)


@export("random.stateless_gamma")
@scoped("stateless_random_gamma", whole=True)
def stateless_gamma(shape, seed, alpha, beta=None, dtype=dtypes.float32, name=None):
    """Numbers of gamma distributions with the parameters alpha and beta, which broadcast to `shape`."""
    dtype = dtypes.as_dtype(dtype)
    alpha = convert_to_tensor(alpha, dtype)
    beta = convert_to_tensor(1 if beta is None else beta, dtype)
    both = raw_ops.BroadcastArgs(s0=raw_ops.Shape(input=alpha), s1=raw_ops.Shape(input=beta))
    alpha = raw_ops.BroadcastTo(input=alpha, shape=both)
    source = _key_counter(seed, "auto_select")
    numbers = raw_ops.StatelessRandomGammaV3(shape=shape_vector(shape), alpha=alpha, **source)
    tiny = float(np.finfo(np.float32 if dtype.name == "bfloat16" else dtype.as_numpy_dtype).tiny)
    return raw_ops.Maximum(
        x=convert_to_tensor(tiny, dtype),
        y=raw_ops.RealDiv(x=numbers, y=beta),
        name=name or "stateless_random_gamma",
    )


@export("random.stateless_poisson")
@scoped("stateless_random_poisson", whole=True)
def stateless_poisson(shape, seed, lam, dtype=dtypes.int32, name=None):
    """Numbers of Poisson distributions with the rates lam, which broadcast to `shape`."""
    return raw_ops.StatelessRandomPoisson(
        shape=shape_vector(shape),
        seed=seed,
        lam=lam,
        dtype=dtypes.as_dtype(dtype),
        name=name or "stateless_random_poisson",
    )


@export("random.stateless_binomial")
@scoped("stateless_random_binomial", whole=True)
def stateless_binomial(shape, seed, counts, probs, output_dtype=dtypes.int32, name=None):
    """How many of `counts` tries succeed with the probability `probs`; both broadcast to `shape`."""
    probs = convert_to_tensor(probs)
    return raw_ops.StatelessRandomBinomial(
        shape=shape_vector(shape),
        seed=seed,
        counts=convert_to_tensor(counts, None if is_typed(counts) else probs.dtype),
        probs=probs,
        dtype=dtypes.as_dtype(output_dtype),
        name=name or "stateless_random_binomial",
    )


@export("random.stateless_parameterized_truncated_normal")
@scoped("stateless_parameterized_truncated_normal", whole=True)
def stateless_parameterized_truncated_normal(
    shape, seed, means=0.0, stddevs=1.0, minvals=-2.0, maxvals=2.0, name=None
):
    """Normally distributed numbers between limits; the parameters broadcast to `shape`."""
    return raw_ops.StatelessParameterizedTruncatedNormal(
        shape=shape_vector(shape),
        seed=seed,
        means=means,
        stddevs=stddevs,
        minvals=minvals,
        maxvals=maxvals,
        name=name or "stateless_parameterized_truncated_normal",
    )


@export("random.experimental.stateless_shuffle")
def stateless_shuffle(value, seed, alg="auto_select", name=None):
    """The slices along the first dimension in an order that follows from the seed."""
    return raw_ops.StatelessShuffle(value=value, name=name, **_key_counter(seed, alg))


@export("random.split", "random.experimental.stateless_split")
def split(seed, num=2, alg="auto_select"):
    """A seed as `num` new seeds: [num, 2]."""
    seed = convert_to_tensor(seed)
    return stateless_uniform([num, 2], seed, None, None, seed.dtype, alg=alg)


@export("random.fold_in", "random.experimental.stateless_fold_in")
def fold_in(seed, data, alg="auto_select"):
    """A new seed from a seed and a number."""
    data = convert_to_tensor(data)
    first = stateless_uniform([], seed, None, None, data.dtype, alg=alg)
    return raw_ops.Pack(values=[first, data], axis=0)


@export("random.experimental.index_shuffle")
def index_shuffle(index, seed, max_index):
    """The place of `index` in a permutation of 0 .. max_index that follows from the seed."""
    seed = convert_to_tensor(seed)
    paddings = [[1, 0]] + [[0, 0]] * ((seed.ndim or 1) - 1)
    seed = raw_ops.PadV2(
        input=seed, paddings=paddings, constant_values=convert_to_tensor(498247692, seed.dtype)
    )
    return raw_ops.RandomIndexShuffle(index=index, seed=seed, max_index=max_index, rounds=4)
