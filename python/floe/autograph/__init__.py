"""tf.autograph: Python control flow over tensors.

The source of a traced function is rewritten (by diastatic-malt, imported when the first function is traced), so that
its `if`, `while`, `for`, ... become calls of `operators`, which decide at run time between Python and the graph.
"""

from ..export import lookup as _lookup
from ..export import names_in as _names_in


def traceable(function, options=None):
    """The function as it is called while a graph is recorded: converted. `options`: Features to switch on."""
    from .calls import traceable as convert

    return convert(function, options)


def inherited(function):
    """A function handed to a Floe function (tf.map_fn, ...): converted where the caller is converted code."""
    from . import context

    if not callable(function) or context.status() != context.ENABLED or context.is_artifact(function):
        return function
    from .calls import callback

    return callback(function)


__getattr__ = _lookup("autograph", __name__)


def __dir__():
    return _names_in("autograph")
