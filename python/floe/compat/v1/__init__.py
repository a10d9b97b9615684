"""tf.compat.v1: what graphs of TensorFlow 1 are opened with."""

import floe as _floe_package

from ... import (
    config,
    dtypes,
    errors,
    messages,
    nest,
    raw_ops,
)
from ...export import lookup as _lookup
from ...export import names_in as _names_in
from ...graph import (
    Graph,
    Operation,
    executing_eagerly,
    get_default_graph,
    import_graph_def,
    placeholder,
)
from ...tensor import (
    Tensor,
    TensorSpec,
    convert_to_tensor,
    is_tensor,
    make_ndarray,
    make_tensor_proto,
)
from ...tensor_shape import Dimension, TensorShape
from ...wrap_function import wrap_function
from . import gfile

_MESSAGES = (
    "AttrValue",
    "ConfigProto",
    "GPUOptions",
    "GraphDef",
    "GraphOptions",
    "MetaGraphDef",
    "NodeDef",
    "RunOptions",
    "TensorShapeProto",
    "VersionDef",
)

__all__ = [
    "Dimension", "Graph", "Operation", "Tensor", "TensorShape", "TensorSpec", "config", "constant",
    "convert_to_tensor", "dtypes", "errors", "executing_eagerly", "get_default_graph", "gfile", "import_graph_def",
    "is_tensor", "make_ndarray", "make_tensor_proto", "nest", "placeholder", "raw_ops", "wrap_function",
    *_MESSAGES,
]  # fmt: skip


def __getattr__(name):
    if name in _MESSAGES:
        return messages.get(name)
    if name in ("version", "__version__", "text_format") or name in dtypes._BY_NAME:
        return getattr(_floe_package, name)
    return _exported(name)


def __dir__():
    return sorted({*globals(), *__all__, *_names_in("compat.v1")})


_exported = _lookup("compat.v1", __name__)
