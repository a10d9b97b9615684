"""tf.experimental.dlpack: tensors in exchange with other libraries, without copies where they allow it."""

import numpy as np

from ..export import export
from ..tensor import EagerTensor, convert_to_tensor

_CPU = (1, 0)


@export("experimental.dlpack.to_dlpack")
def to_dlpack(tf_tensor):
    """A DLPack capsule of the tensor, for the from_dlpack of another library, which takes it once."""
    if not isinstance(tf_tensor, EagerTensor):
        raise TypeError(
            f"The argument to `to_dlpack` must be a TF tensor, not Python object: {type(tf_tensor)}"
        )
    return tf_tensor.__dlpack__()


@export("experimental.dlpack.from_dlpack")
def from_dlpack(dlcapsule):
    """The tensor of a DLPack capsule, or of an object with the method __dlpack__."""
    source = dlcapsule if hasattr(dlcapsule, "__dlpack__") else _Source(dlcapsule)
    return convert_to_tensor(np.from_dlpack(source))


class _Source:
    def __init__(self, capsule):
        self._capsule = capsule

    def __dlpack__(self, **kwargs):
        return self._capsule

    def __dlpack_device__(self):
        return _CPU
