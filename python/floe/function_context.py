"""Which way the program runs now."""

from . import _floe


def in_v1_graph():
    """True while a graph that is not a function's is being recorded."""
    g = _floe.current_graph()
    return g is not None and not g.building_function
