"""tf.config."""

from . import threading

__all__ = ["threading"]
