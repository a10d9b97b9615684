"""tf.io: files and graphs."""

import os as _os

from . import _floe, gfile  # noqa: F401
from . import errors as _errors
from .export import lookup as _lookup
from .tensor import Tensor as _Tensor


def write_graph(graph_or_graph_def, logdir, name, as_text=True):
    """Writes a GraphDef (or a graph's) as text or binary; returns the path."""
    d = (
        graph_or_graph_def.as_graph_def()
        if hasattr(graph_or_graph_def, "as_graph_def")
        else graph_or_graph_def
    )
    logdir = _os.fspath(logdir)
    gfile.makedirs(logdir)
    path = _os.path.join(logdir, name)
    _floe.write_message(d, path, as_text)
    return path


def read_file(filename, name=None):
    """The contents of a file as a string tensor."""
    from . import raw_ops

    return raw_ops.ReadFile(filename=filename, name=name)


def write_file(filename, contents, name=None):
    """Writes a string tensor (or bytes) to a file."""
    path = filename.numpy().decode() if isinstance(filename, _Tensor) else _os.fspath(filename)
    data = contents.numpy() if isinstance(contents, _Tensor) else contents
    try:
        _os.makedirs(_os.path.dirname(_os.path.abspath(path)), exist_ok=True)
        _floe.write_file(path, data.encode() if isinstance(data, str) else data)
    except OSError as e:
        raise _errors._of_os_error(e, path) from None


__getattr__ = _lookup("io", __name__)
