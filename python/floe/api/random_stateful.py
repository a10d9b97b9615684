"""tf.random: numbers that depend on the program's seed and each op's own."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..random_seed import get_seed as _get_seed
from ..random_seed import set_global_seed
from ..tensor import convert_to_tensor
from .support import is_typed, scoped, shape_vector

get_seed = export("compat.v1.get_seed", "compat.v1.random.get_seed")(_get_seed)


@export("random.set_seed")
def set_seed(seed):
    """Sets the program's seed, from which random ops without a seed of their own derive theirs."""
    set_global_seed(seed)


@export("compat.v1.set_random_seed", "compat.v1.random.set_random_seed")
def set_random_seed(seed):
    """Sets the seed of the default graph, or in eager mode the program's."""
    from ..graph import executing_eagerly, get_default_graph

    if executing_eagerly():
        set_global_seed(seed)
    else:
        get_default_graph().seed = seed


def _seeds(seed):
    first, second = _get_seed(seed)
    return {"seed": first or 0, "seed2": second or 0}


def _affine(numbers, factor, offset, name):
    return raw_ops.AddV2(x=raw_ops.Mul(x=numbers, y=factor), y=offset, name=name)


@export("random.normal", "compat.v1.random_normal")
@scoped("random_normal", whole=True)
def normal(shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, seed=None, name=None):
    """Normally distributed numbers."""
    dtype = dtypes.as_dtype(dtype)
    mean, stddev = convert_to_tensor(mean, dtype), convert_to_tensor(stddev, dtype)
    numbers = raw_ops.RandomStandardNormal(shape=shape_vector(shape), dtype=dtype, **_seeds(seed))
    return _affine(numbers, stddev, mean, name or "random_normal")


@export("random.truncated_normal", "compat.v1.truncated_normal")
@scoped("truncated_normal", whole=True)
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, seed=None, name=None):
    """Normally distributed numbers at most two standard deviations from the mean."""
    dtype = dtypes.as_dtype(dtype)
    mean, stddev = convert_to_tensor(mean, dtype), convert_to_tensor(stddev, dtype)
    numbers = raw_ops.TruncatedNormal(shape=shape_vector(shape), dtype=dtype, **_seeds(seed))
    return _affine(numbers, stddev, mean, name or "truncated_normal")


@export("random.uniform", "compat.v1.random_uniform")
@scoped("random_uniform", whole=True)
def uniform(shape, minval=0, maxval=None, dtype=dtypes.float32, seed=None, name=None):
    """Numbers spread evenly over [minval, maxval), by default [0, 1); integers need a maxval."""
    dtype = dtypes.as_dtype(dtype)
    allowed = ("float16", "bfloat16", "float32", "float64", "int32", "int64")
    if dtype.name not in allowed:
        raise ValueError(f"Argument `dtype` got invalid value {dtype}. Accepted dtypes are "
                         f"{tuple(dtypes.as_dtype(n) for n in allowed)}.")  # fmt: skip
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        maxval = 1
    name = name or "random_uniform"
    shape = shape_vector(shape)
    plain = [not is_typed(v) and np.ndim(v) == 0 for v in (minval, maxval)]
    from_zero, to_one = plain[0] and minval == 0, plain[1] and maxval == 1
    seeds = _seeds(seed)
    if dtype.is_integer:
        low, high = convert_to_tensor(minval, dtype), convert_to_tensor(maxval, dtype)
        return raw_ops.RandomUniformInt(shape=shape, minval=low, maxval=high, name=name, **seeds)
    if from_zero and to_one:
        return raw_ops.RandomUniform(shape=shape, dtype=dtype, name=name, **seeds)
    numbers = raw_ops.RandomUniform(shape=shape, dtype=dtype, **seeds)
    low, high = convert_to_tensor(minval, dtype), convert_to_tensor(maxval, dtype)
    if from_zero:
        return raw_ops.Mul(x=numbers, y=high, name=name)
    return _affine(numbers, raw_ops.Sub(x=high, y=low), low, name)


@export("random.shuffle", "compat.v1.random_shuffle")
def shuffle(value, seed=None, name=None):
    """The slices along the first dimension in a random order."""
    return raw_ops.RandomShuffle(value=value, name=name, **_seeds(seed))


@export("random.categorical")
@scoped("categorical", whole=True)
def categorical(logits, num_samples, dtype=None, seed=None, name=None):
    """For each row of logits `num_samples` numbers of classes."""
    dtype = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    return raw_ops.Multinomial(
        logits=logits, num_samples=num_samples, output_dtype=dtype, name=name or "categorical", **_seeds(seed)
    )


@export("compat.v1.multinomial", "compat.v1.random.multinomial")
def multinomial(logits, num_samples, seed=None, name=None, output_dtype=None):
    """For each row of logits `num_samples` numbers of classes."""
    return categorical(logits, num_samples, output_dtype, seed, name or "multinomial")


@export("random.gamma", "compat.v1.random_gamma")
@scoped("random_gamma", whole=True)
def gamma(shape, alpha, beta=None, dtype=dtypes.float32, seed=None, name=None):
    """Numbers of gamma distributions with the parameters alpha and beta: shape + (their shape)."""
    dtype = dtypes.as_dtype(dtype)
    shape = shape_vector(shape)
    alpha = convert_to_tensor(alpha, dtype)
    beta = convert_to_tensor(1 if beta is None else beta, dtype)
    both = raw_ops.BroadcastArgs(s0=raw_ops.Shape(input=alpha), s1=raw_ops.Shape(input=beta))
    numbers = raw_ops.RandomGamma(
        shape=shape, alpha=raw_ops.BroadcastTo(input=alpha, shape=both), **_seeds(seed)
    )
    tiny = convert_to_tensor(
        float(np.finfo(np.float32 if dtype.name == "bfloat16" else dtype.as_numpy_dtype).tiny), dtype
    )
    return raw_ops.Maximum(x=tiny, y=raw_ops.RealDiv(x=numbers, y=beta), name=name or "random_gamma")


@export("random.poisson")
@scoped("random_poisson", whole=True)
def poisson(shape, lam, dtype=dtypes.float32, seed=None, name=None):
    """Numbers of Poisson distributions with the rate lam: shape + (lam's shape)."""
    return raw_ops.RandomPoissonV2(
        shape=shape_vector(shape),
        rate=lam,
        dtype=dtypes.as_dtype(dtype),
        name=name or "random_poisson",
        **_seeds(seed),
    )


@export("compat.v1.random_poisson", "compat.v1.random.poisson")
def v1_poisson(lam, shape, dtype=dtypes.float32, seed=None, name=None):
    """Numbers of Poisson distributions with the rate lam: shape + (lam's shape)."""
    return poisson(shape, lam, dtype, seed, name)


def _sampler(op, what):
    def call(true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None):
        return getattr(raw_ops, op)(
            true_classes=true_classes,
            num_true=num_true,
            num_sampled=num_sampled,
            unique=unique,
            range_max=range_max,
            name=name,
            **_seeds(seed),
        )

    call.__name__ = call.__qualname__ = raw_ops._snake(op)
    call.__doc__ = f"Class numbers drawn {what}, and how often the true and the drawn ones are expected."
    return call


uniform_candidate_sampler = export("random.uniform_candidate_sampler", "nn.uniform_candidate_sampler")(
    _sampler("UniformCandidateSampler", "evenly")
)
log_uniform_candidate_sampler = export(
    "random.log_uniform_candidate_sampler", "nn.log_uniform_candidate_sampler"
)(_sampler("LogUniformCandidateSampler", "from a log-uniform (Zipfian) distribution"))
learned_unigram_candidate_sampler = export(
    "random.learned_unigram_candidate_sampler", "nn.learned_unigram_candidate_sampler"
)(_sampler("LearnedUnigramCandidateSampler", "from the distribution of what was seen"))


@export("random.all_candidate_sampler", "nn.all_candidate_sampler")
def all_candidate_sampler(true_classes, num_true, num_sampled, unique, seed=None, name=None):
    """All classes 0 .. num_sampled - 1."""
    return raw_ops.AllCandidateSampler(
        true_classes=true_classes,
        num_true=num_true,
        num_sampled=num_sampled,
        unique=unique,
        name=name,
        **_seeds(seed),
    )


@export("random.fixed_unigram_candidate_sampler", "nn.fixed_unigram_candidate_sampler")
def fixed_unigram_candidate_sampler(
    true_classes,
    num_true,
    num_sampled,
    unique,
    range_max,
    vocab_file="",
    distortion=1.0,
    num_reserved_ids=0,
    num_shards=1,
    shard=0,
    unigrams=(),
    seed=None,
    name=None,
):
    """Class numbers drawn from a distribution given by a file or a list of weights."""
    return raw_ops.FixedUnigramCandidateSampler(
        true_classes=true_classes,
        num_true=num_true,
        num_sampled=num_sampled,
        unique=unique,
        range_max=range_max,
        vocab_file=vocab_file,
        distortion=distortion,
        num_reserved_ids=num_reserved_ids,
        num_shards=num_shards,
        shard=shard,
        unigrams=list(unigrams),
        name=name,
        **_seeds(seed),
    )
