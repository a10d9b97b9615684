"""The random numbers of datasets: TensorFlow's Philox streams."""

from .. import dtypes, raw_ops
from . import compose as c

_CHUNK = 256


def seeds_of(seed):
    """A pair of seeds from an op seed and the global one; two random ones where neither is set."""
    pair = c.public("compat.v1.random.get_seed")(seed)
    first, second = (0 if s is None else int(s) for s in pair)
    if pair[0] is not None and pair[1] is not None and first == second == 0:
        return 0, 2**31 - 1
    if first == second == 0:
        import random

        return random.getrandbits(31), random.getrandbits(31)
    return first, second


class Numbers:
    """A stream of uint32 numbers."""

    def __init__(self, seed, seed2):
        self._seeds = seed % 2**64, seed2 % 2**64
        self._blocks = 0
        self._ready = []

    def next(self):
        if not self._ready:
            drawn = raw_ops.StatelessRandomUniformFullIntV2(
                shape=[_CHUNK],
                key=c.tensor([self._seeds[0]], dtypes.uint64),
                counter=c.tensor([self._blocks, self._seeds[1]], dtypes.uint64),
                alg=1,
                dtype=dtypes.uint32,
            )
            self._ready = drawn.numpy().tolist()[::-1]
            self._blocks += _CHUNK // 4
        return self._ready.pop()


class Seeds:
    """Seeds for each pass over a shuffled dataset."""

    def __init__(self, seed, reshuffle):
        self._first = seeds_of(seed)
        self._numbers = Numbers(*self._first) if reshuffle else None

    def next(self):
        if self._numbers is None:
            return self._first
        return self._numbers.next(), self._numbers.next()


def shuffled(elements, size, seeds):
    """The elements in random order, each chosen from the next `size`."""
    numbers = Numbers(*seeds)
    buffer, start = [], 0
    for x in elements:
        buffer.append(x)
        if len(buffer) - start == size:
            yield _take(buffer, start, numbers)
            start += 1
            if start > 4096:
                del buffer[:start]
                start = 0
    while start < len(buffer):
        yield _take(buffer, start, numbers)
        start += 1


def _take(buffer, start, numbers):
    at = start + numbers.next() % (len(buffer) - start)
    chosen = buffer[at]
    buffer[at] = buffer[start]
    buffer[start] = None
    return chosen
