"""tf.config."""

from ..export import lookup as _lookup
from . import threading

__all__ = ["threading"]

__getattr__ = _lookup("config", __name__)
