"""tf.compat.v1.constant: values that fill up a larger shape."""

from .. import tensor
from ..export import export, resolve
from ..tensor_shape import as_shape


@export("compat.v1.constant")
def constant_v1(value, dtype=None, shape=None, name="Const", verify_shape=False):
    """A tensor with the given values; in a graph the last one fills what the shape has beyond them.

    TypeError when verify_shape is true and the shapes differ, ValueError when there are too many values.
    """
    if shape is None or resolve("executing_eagerly")() or isinstance(value, tensor.Tensor):
        return tensor._constant(value, dtype, shape, name, allow_broadcast=False)
    flat = tensor.eager_value(value, dtype)
    shape = as_shape(shape)
    have, wanted = flat.shape.num_elements(), shape.num_elements()
    if verify_shape and flat.shape.as_list() != shape.as_list():
        raise TypeError(f"Expected Tensor's shape: {shape}, but got {flat.shape}.")
    if have > wanted:
        raise ValueError(f"Too many elements provided. Takes at most {wanted}, but got {have}.")
    array = flat.numpy().reshape(-1)
    if have < wanted:
        import numpy as np

        array = np.concatenate([array, np.repeat(array[-1:], wanted - have)])
    return tensor.constant(array.reshape(shape.as_list()), flat.dtype, name=name)
