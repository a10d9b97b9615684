"""The public functions of tf.autograph."""

import inspect
import textwrap

from ..autograph import context
from ..export import export


@export("autograph.experimental.do_not_convert")
def do_not_convert(func=None):
    """A function that AutoGraph leaves as it is, with all that it calls; also as a decorator."""
    return do_not_convert if func is None else context.unconverted(func)


@export("autograph.to_graph")
def to_graph(entity, recursive=True, experimental_optional_features=None):
    """The function with its control flow converted. Methods take `self` as their first argument."""
    from ..autograph import calls

    return calls.to_graph(entity, recursive, experimental_optional_features)


@export("compat.v1.autograph.to_graph")
def to_graph_v1(entity, recursive=True, arg_values=None, arg_types=None, experimental_optional_features=None):
    """As tf.autograph.to_graph."""
    return to_graph(entity, recursive, experimental_optional_features)


@export("autograph.to_code")
def to_code(entity, recursive=True, experimental_optional_features=None):
    """The source of the converted function."""
    converted = to_graph(entity, recursive, experimental_optional_features)
    return textwrap.dedent(inspect.getsource(converted))


@export("compat.v1.autograph.to_code")
def to_code_v1(
    entity,
    recursive=True,
    arg_values=None,
    arg_types=None,
    indentation="  ",
    experimental_optional_features=None,
):
    """As tf.autograph.to_code."""
    return to_code(entity, recursive, experimental_optional_features)


@export("autograph.set_verbosity")
def set_verbosity(level, alsologtostdout=False):
    """0: quiet. Above: more and more is logged about conversions. AUTOGRAPH_VERBOSITY sets the start value."""
    from malt.utils import ag_logging

    ag_logging.set_verbosity(level, alsologtostdout)


@export("autograph.trace")
def trace(*args):
    """Prints its arguments while a function is recorded."""
    print(*args)
