"""tf.random.Generator: random numbers with a state in a variable."""

from .. import dtypes, raw_ops
from ..export import export, resolve
from ..graph import executing_eagerly
from ..tensor import convert_to_tensor
from .random_stateless import Algorithm, algorithm_number, unsupported
from .support import is_typed, shape_vector, value_of

_WORD = 2**64
_COUNTER = {1: 2, 2: 1, 3: 2}
_STEP = 256  # counters that each number is given, as in TensorFlow


def _counter_size(alg):
    if alg not in _COUNTER:
        raise unsupported(alg)
    return _COUNTER[alg]


def _signed(n):
    return n - _WORD if isinstance(n, int) and n >= _WORD // 2 else n


def _state_vector(values):
    if isinstance(values, (list, tuple)):
        values = [_signed(int(v)) if not is_typed(v) else v for v in values]
    x = convert_to_tensor(values, dtypes.int64) if isinstance(values, list) else convert_to_tensor(values)
    return x if x.dtype == dtypes.int64 else raw_ops.Cast(x=x, DstT=dtypes.int64)


@export("random.create_rng_state", "random.experimental.create_rng_state")
def create_rng_state(seed, alg):
    """The state (counter and key, a vector of int64) that a generator starts with for a seed."""
    size = _counter_size(algorithm_number(alg)) + 1
    if isinstance(seed, int):
        seed = [seed >> 64 * i & _WORD - 1 for i in range(size)]
    state = raw_ops.Reshape(tensor=_state_vector(seed), shape=[-1])
    n = state.shape[0]
    if n is not None and n < size:
        state = raw_ops.Pad(input=state, paddings=[[size - n, 0]])
    return raw_ops.StridedSlice(input=state, begin=[0], end=[size], strides=[1])


@export("random.Generator", "random.experimental.Generator")
class Generator:
    """Random numbers from a state that is kept in a variable: `Generator.from_seed(1).normal([3])`."""

    def __init__(self, copy_from=None, state=None, alg=None):
        if copy_from is not None:
            assert alg is None and state is None
            self._alg = copy_from.algorithm
            self._state_var = self._variable(convert_to_tensor(copy_from.state))
            return
        assert alg is not None and state is not None
        self._alg = algorithm_number(alg)
        variable = hasattr(state, "assign")
        state = state if variable else _state_vector(state)
        state.shape.assert_is_compatible_with([_counter_size(int(self._alg)) + 1])
        self._state_var = state if variable else self._variable(state)

    @staticmethod
    def _variable(state):
        return resolve("Variable")(state, dtype=dtypes.int64, trainable=False, name="StateVar")

    @classmethod
    def from_state(cls, state, alg):
        """A generator with this state."""
        return cls(alg=alg, state=state)

    @classmethod
    def from_seed(cls, seed, alg=None):
        """A generator for a seed: a number, or a vector of them."""
        alg = algorithm_number(Algorithm.PHILOX if alg is None else alg)
        return cls(state=create_rng_state(seed, alg), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        """A generator whose numbers differ from run to run."""
        import secrets

        alg = algorithm_number(Algorithm.PHILOX if alg is None else alg)
        return cls(state=[secrets.randbits(64) for _ in range(_counter_size(alg) + 1)], alg=alg)

    @classmethod
    def from_key_counter(cls, key, counter, alg):
        """A generator with this key (a number) and this counter (a vector)."""
        alg = algorithm_number(alg)
        return cls(state=_joined(key, counter, alg), alg=alg)

    def reset(self, state):
        """Sets the state."""
        state = _state_vector(state)
        state.shape.assert_is_compatible_with([_counter_size(int(self._alg)) + 1])
        self._state_var.assign(state)

    def reset_from_seed(self, seed):
        """Sets the state to what it would be for a seed."""
        self._state_var.assign(create_rng_state(seed, self._alg))

    def reset_from_key_counter(self, key, counter):
        """Sets the state to this key (a number) and this counter (a vector)."""
        self._state_var.assign(_joined(key, counter, self._alg))

    @property
    def state(self):
        """The variable with the counter and the key."""
        return self._state_var

    @property
    def algorithm(self):
        """The number of the algorithm."""
        return self._alg

    @property
    def key(self):
        """The key, a part of the state."""
        n = _counter_size(int(self._alg))
        return raw_ops.StridedSlice(
            input=convert_to_tensor(self._state_var), begin=[n], end=[n + 1], strides=[1], shrink_axis_mask=1
        )

    def skip(self, delta):
        """Leaves out as many numbers; gives the state from before."""
        before = convert_to_tensor(self._state_var)
        step = raw_ops.Mul(
            x=raw_ops.Cast(x=delta, DstT=dtypes.int64), y=convert_to_tensor(_STEP, dtypes.int64)
        )
        low, *rest = raw_ops.Unpack(value=before, num=_counter_size(int(self._alg)) + 1)
        moved = raw_ops.AddV2(x=low, y=step)
        if len(rest) == 2:
            carry = raw_ops.Less(
                x=raw_ops.Bitcast(input=moved, type=dtypes.uint64),
                y=raw_ops.Bitcast(input=low, type=dtypes.uint64),
            )
            rest[0] = raw_ops.AddV2(x=rest[0], y=raw_ops.Cast(x=carry, DstT=dtypes.int64))
        self._state_var.assign(raw_ops.Pack(values=[moved, *rest], axis=0))
        return before

    def _source(self, shape):
        known = value_of(shape)
        count = int(known.prod()) if known is not None else raw_ops.Prod(input=shape, axis=[0])
        before = raw_ops.Bitcast(input=self.skip(count), type=dtypes.uint64)
        n = _counter_size(int(self._alg))
        counter = raw_ops.StridedSlice(input=before, begin=[0], end=[n], strides=[1])
        key = raw_ops.StridedSlice(input=before, begin=[n], end=[n + 1], strides=[1])
        return {"shape": shape, "key": key, "counter": counter, "alg": self._alg}

    def _affine(self, op, shape, factor, offset, dtype, name):
        numbers = getattr(raw_ops, op)(dtype=dtype, **self._source(shape_vector(shape)))
        return raw_ops.AddV2(x=raw_ops.Mul(x=numbers, y=factor), y=offset, name=name)

    def normal(self, shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None):
        """Normally distributed numbers."""
        dtype = dtypes.as_dtype(dtype)
        mean, stddev = convert_to_tensor(mean, dtype), convert_to_tensor(stddev, dtype)
        return self._affine("StatelessRandomNormalV2", shape, stddev, mean, dtype, name or "stateful_normal")

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype=dtypes.float32, name=None):
        """Normally distributed numbers at most two standard deviations from the mean."""
        dtype = dtypes.as_dtype(dtype)
        mean, stddev = convert_to_tensor(mean, dtype), convert_to_tensor(stddev, dtype)
        return self._affine(
            "StatelessTruncatedNormalV2", shape, stddev, mean, dtype, name or "truncated_normal"
        )

    def uniform(self, shape, minval=0, maxval=None, dtype=dtypes.float32, name=None):
        """Numbers spread evenly over [minval, maxval); integers over all their values if both are None."""
        dtype = dtypes.as_dtype(dtype)
        if dtype.is_integer:
            if (minval is None) != (maxval is None):
                raise ValueError(f"For integer dtype {dtype}, minval and maxval must be both `None` or both non-`None`; got "
                                 f"minval={minval} and maxval={maxval}")  # fmt: skip
            if minval is None:
                return self.uniform_full_int(shape, dtype, name or "stateful_uniform")
        low, high = (
            convert_to_tensor(minval, dtype),
            convert_to_tensor(1 if maxval is None else maxval, dtype),
        )
        name = name or "stateful_uniform"
        if dtype.is_integer:
            source = self._source(shape_vector(shape))
            return raw_ops.StatelessRandomUniformIntV2(minval=low, maxval=high, name=name, **source)
        return self._affine("StatelessRandomUniformV2", shape, raw_ops.Sub(x=high, y=low), low, dtype, name)

    def uniform_full_int(self, shape, dtype=dtypes.uint64, name=None):
        """Integers spread evenly over all values of their type."""
        return raw_ops.StatelessRandomUniformFullIntV2(
            dtype=dtypes.as_dtype(dtype),
            name=name or "stateful_uniform_full_int",
            **self._source(shape_vector(shape)),
        )

    def binomial(self, shape, counts, probs, dtype=dtypes.int32, name=None):
        """How many of `counts` tries succeed with the probability `probs`; both broadcast to `shape`."""
        probs = convert_to_tensor(probs)
        return raw_ops.StatefulRandomBinomial(
            resource=self._state_var.handle,
            algorithm=convert_to_tensor(self._alg, dtypes.int64),
            shape=shape_vector(shape),
            counts=convert_to_tensor(counts, None if is_typed(counts) else probs.dtype),
            probs=probs,
            dtype=dtypes.as_dtype(dtype),
            name=name or "binomial",
        )

    def make_seeds(self, count=1):
        """Seeds for stateless functions: [2, count]."""
        keys = self.uniform_full_int([count], dtypes.int64)
        return raw_ops.Pack(values=[keys, raw_ops.ZerosLike(x=keys)], axis=0)

    def split(self, count=1):
        """Generators that are independent of each other and of this one."""
        keys = self.uniform_full_int([count], dtypes.int64)
        zeros = [0] * _counter_size(int(self._alg))
        return [
            Generator.from_key_counter(k, zeros, self._alg) for k in raw_ops.Unpack(value=keys, num=count)
        ]


def _joined(key, counter, alg):
    counter = _state_vector(counter)
    counter.shape.assert_is_compatible_with([_counter_size(int(alg))])
    key = raw_ops.Reshape(tensor=_state_vector(key if is_typed(key) else [key]), shape=[1])
    return raw_ops.ConcatV2(values=[counter, key], axis=0)


_global = None


@export("random.get_global_generator", "random.experimental.get_global_generator")
def get_global_generator():
    """The program's generator; the first call makes it."""
    global _global
    if _global is None:
        if not executing_eagerly():
            with resolve("init_scope")():
                _global = Generator.from_non_deterministic_state()
        else:
            _global = Generator.from_non_deterministic_state()
    return _global


@export("random.set_global_generator", "random.experimental.set_global_generator")
def set_global_generator(generator):
    """Makes a generator the program's."""
    global _global
    _global = generator
