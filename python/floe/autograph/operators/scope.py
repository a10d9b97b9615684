"""The scope of a converted function."""

import contextlib
import sys

from malt.operators.variables import UndefinedReturnValue

from .. import context
from ..options import Feature
from .returns import finish


class FunctionScope:
    """Entered around the body of a converted function."""

    def __init__(self, function_name, scope_name, options):
        self.name = scope_name
        self.options = options
        self.callopts = options.call_options()
        self._function_name = function_name
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        if self.options.user_requested:
            self._stack.enter_context(context.within(context.ENABLED))
        if self.options.uses(Feature.NAME_SCOPES):
            from ...graph import _recording

            g = _recording()
            if g is not None:
                name = self._function_name
                self._stack.enter_context(g.name_scope(f"fn{name}" if name.startswith("_") else name))
        return self

    def __exit__(self, *exc):
        self._stack.close()

    def ret(self, value, did_return):
        """What the function returns."""
        finish(did_return)
        return None if isinstance(value, UndefinedReturnValue) else value


def caught():
    """The exception that the running `except` clause caught."""
    return sys.exc_info()[1]


def with_function_scope(thunk, scope_name, options):
    """A lambda's body in its scope."""
    with FunctionScope("lambda_", scope_name, options) as scope:
        return thunk(scope)
