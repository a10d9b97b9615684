"""tensorflow.python.framework.tensor_util: what it adds to the public names."""

from ..tensor import Tensor
from . import public


def constant_value(tensor, partial=False):
    """tf.get_static_value."""
    return public("get_static_value")(tensor, partial)


def is_tf_type(x):
    """Whether this is a tensor or like one."""
    return isinstance(x, Tensor) or public("is_tensor")(x)


is_tensor = is_tf_type
