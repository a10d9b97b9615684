"""tensorflow.python.framework.ops: what it adds to the public names."""

from ..graph import get_default_graph
from ..tensor import EagerTensor, Tensor, convert_to_tensor  # noqa: F401
from . import public

_count = [0]


def convert_n_to_tensor(values, dtype=None, name=None, preferred_dtype=None):
    """convert_to_tensor for each of a list."""
    return [convert_to_tensor(v, dtype, name=name) for v in values]


def get_default_session():
    """tf.compat.v1.get_default_session()."""
    return public("compat.v1.get_default_session")()


def uid():
    """A number that grows with each call."""
    _count[0] += 1
    return _count[0]


def is_dense_tensor_like(t):
    """Whether this is a tensor or a variable."""
    return isinstance(t, (Tensor, public("Variable")))


def name_from_scope_name(name):
    """A scope's name without the slash at its end."""
    return name[:-1] if name and name.endswith("/") else name


def get_to_proto_function(collection_name):
    """None: collections are kept as they are."""


def get_name_scope():
    """The name scope that is open, without a slash at its end."""
    return get_default_graph().get_name_scope()
