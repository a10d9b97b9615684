"""tensorflow.python.eager.context: what it adds to the public names."""

import contextlib

from ..api.context import eager_mode  # noqa: F401
from ..graph import Graph
from . import public


@contextlib.contextmanager
def graph_mode():
    """Inside, operations are recorded: into the present graph, or a new one."""
    if not public("executing_eagerly")():
        yield
        return
    with Graph().as_default():
        yield


def num_gpus():
    """0: Floe computes on CPUs."""
    return 0


def shared_name(name=None):
    """The name under which a resource is shared: the given one, or a private one when eager."""
    if name or not public("executing_eagerly")():
        return name
    return "cd2c89b7-88b7-44c8-ad83-06c2a9158347"


def async_wait():
    """Waits until everything queued has run."""


class _Context:
    """The few questions that programs ask of TensorFlow's context."""

    executing_eagerly = staticmethod(lambda: public("executing_eagerly")())
    num_gpus = staticmethod(num_gpus)
    scope_name = ""
    device_name = ""
    device_policy = None

    def ensure_initialized(self):
        """Nothing: Floe is ready when it is imported."""


_context = _Context()


def context():
    """An object that answers executing_eagerly() and num_gpus()."""
    return _context


def ensure_initialized():
    """Nothing: Floe is ready when it is imported."""


def in_graph_mode():
    """Whether operations are recorded."""
    return not public("executing_eagerly")()


def set_global_seed(seed):
    """tf.random.set_seed."""
    public("random.set_seed")(seed)
