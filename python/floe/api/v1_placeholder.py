"""tf.compat.v1.placeholder_with_default."""

from .. import raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from ..tensor_shape import as_shape


@export("compat.v1.placeholder_with_default")
def placeholder_with_default(input, shape, name=None):
    """The input, unless a session feeds another value of this shape."""
    return raw_ops.PlaceholderWithDefault(input=convert_to_tensor(input), shape=as_shape(shape), name=name)
