"""tf.train: for now, writing graphs."""

from .io import write_graph

__all__ = ["write_graph"]
