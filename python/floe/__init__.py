"""Floe: TensorFlow's models, without TensorFlow.

    import floe

    f = floe.load("model.pb")
    y = f(x)

`import floe as tf` follows TensorFlow's names.
"""

import importlib as _importlib

from . import dtypes, errors
from ._open import _floe
from .dtypes import DType, as_dtype
from .export import lookup as _lookup
from .export import names_in as _names_in
from .graph import Graph, Operation, executing_eagerly, import_graph_def
from .tensor import (
    Tensor,
    TensorSpec,
    constant,
    convert_to_tensor,
    is_tensor,
    make_ndarray,
    make_tensor_proto,
)
from .tensor_shape import TensorShape
from .version import VERSION as __version__


def _register():
    from .messages import DecodeError, _class
    from .text_format import ParseError

    by_number = [None] + [dtypes._BY_NUMBER[i] for i in range(1, 24)]
    _floe.register(by_number, TensorShape, errors._CLASSES, DecodeError, ParseError, _class)


_register()
from .api import operators as _operators  # noqa: E402, F401

bfloat16 = dtypes.bfloat16
bool = dtypes.bool
complex128 = dtypes.complex128
complex64 = dtypes.complex64
double = dtypes.double
float16 = dtypes.float16
float32 = dtypes.float32
float64 = dtypes.float64
half = dtypes.half
int16 = dtypes.int16
int32 = dtypes.int32
int64 = dtypes.int64
int8 = dtypes.int8
qint16 = dtypes.qint16
qint32 = dtypes.qint32
qint8 = dtypes.qint8
quint16 = dtypes.quint16
quint8 = dtypes.quint8
resource = dtypes.resource
string = dtypes.string
uint16 = dtypes.uint16
uint32 = dtypes.uint32
uint64 = dtypes.uint64
uint8 = dtypes.uint8
variant = dtypes.variant

# Loaded when somebody asks for them.
_SUBMODULES = (
    "compat", "config", "gfile", "graph_util", "io", "messages", "nest", "raw_ops", "text_format", "train", "version",
)  # fmt: skip

__all__ = [
    "DType", "Graph", "Operation", "Tensor", "TensorShape", "TensorSpec", "as_dtype", "bfloat16", "bool", "complex128",
    "complex64", "constant", "convert_to_tensor", "double", "dtypes", "errors", "executing_eagerly", "float16",
    "float32", "float64", "half", "import_graph_def", "int16", "int32", "int64", "int8", "is_tensor", "load",
    "make_ndarray", "make_tensor_proto", "qint16", "qint32", "qint8", "quint16", "quint8", "resource", "string",
    "uint16", "uint32", "uint64", "uint8", "variant", "__version__", *_SUBMODULES,
]  # fmt: skip


def __getattr__(name):
    if name in _SUBMODULES:
        return _importlib.import_module("." + name, __name__)
    if name == "load":
        from .loading import load

        globals()["load"] = load
        return load
    if name == "install_as_tensorflow":
        from .standin import install_as_tensorflow

        return install_as_tensorflow
    return _exported(name)


def __dir__():
    return sorted({*globals(), *__all__, *_names_in("")})


_exported = _lookup("", __name__)
