"""The seeds of random ops: the program's, a graph's, an op's, as tf.random.set_seed describes them."""

import random as _random

from . import _floe
from .graph import executing_eagerly, get_default_graph

DEFAULT_GRAPH_SEED = 87654321
_LARGEST = 2**31 - 1

_seed = None
_numbers = None


def global_seed():
    """What tf.random.set_seed was called with, or None."""
    return _seed


def set_global_seed(seed):
    """Sets the program's seed; every random op begins its numbers anew."""
    global _seed, _numbers
    try:
        hash(seed)
    except TypeError:
        seed = int(seed)
    _seed, _numbers = seed, _random.Random(seed)
    _floe.restart_random_numbers()


def _truncated(seed):
    return int(seed) % _LARGEST


def _graph_seed(graph):
    """A graph's own seed; a function's graph has that of what it is traced in."""
    while graph is not None:
        if graph.seed is not None:
            return graph.seed
        if not graph.building_function:
            return None
        graph = getattr(graph, "outer_graph", None)
    return _seed


def get_seed(op_seed):
    """The two seeds of an op that was given `op_seed` (or None): (None, None) if nobody has set any."""
    eager = executing_eagerly()
    graph = None if eager else get_default_graph()
    program = _seed if eager else _graph_seed(graph)
    if program is None:
        return (None, None) if op_seed is None else (DEFAULT_GRAPH_SEED, _truncated(op_seed))
    if op_seed is None:
        if eager:
            op_seed = _numbers.randint(0, _LARGEST)
        else:
            op_seed = graph._last_seed
            graph._last_seed += 1
    seeds = _truncated(program), _truncated(op_seed)
    return (0, _LARGEST) if seeds == (0, 0) else seeds
