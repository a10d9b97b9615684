"""tf.io: files and graphs."""

import os as _os

from . import _floe, gfile  # noqa: F401
from .export import export
from .export import lookup as _lookup


@export("io.write_graph", "compat.v1.train.write_graph")
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


__getattr__ = _lookup("io", __name__)
