"""tensorflow.python.framework.constant_op: its constant is tf.constant."""

from ..tensor import constant  # noqa: F401
