"""tf.train."""

from .export import lookup as _lookup
from .io import write_graph

__all__ = ["write_graph"]

__getattr__ = _lookup("train", __name__)
