"""Errors of traced functions, told in terms of the user's source."""

import os
import sys
import traceback

import malt
from malt.pyct import error_utils, errors

from ..errors import OperatorNotAllowedInGraphError, OpError
from . import locations

_HIDDEN = (
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
    os.path.dirname(os.path.abspath(malt.__file__)) + os.sep,
)


class AutoGraphError(errors.PyCTError):
    """Base of the errors of the conversion."""


class ConversionError(AutoGraphError):
    """A function cannot be converted."""


class StagingError(AutoGraphError):
    """An exception in converted code whose class cannot be made from a message."""


class _Metadata(error_utils.ErrorMetadataBase):
    """Where in the user's code an exception was raised."""

    def create_exception(self, source_error):
        cls = type(source_error)
        text = self.get_message()
        if isinstance(source_error, OpError):
            try:
                return cls(source_error.node_def, source_error.op, text, source_error.experimental_payloads)
            except TypeError:
                return StagingError(text)
        if isinstance(source_error, (errors.PyCTError, OperatorNotAllowedInGraphError, RecursionError)):
            return cls(text)
        return super().create_exception(source_error) or StagingError(text)

    def to_exception(self, source_error):
        exc = super().to_exception(source_error)
        return exc.with_traceback(source_error.__traceback__)


def attach(e, converted):
    """Notes on an exception that left a converted function where that was in the user's source."""
    earlier = getattr(e, "ag_error_metadata", None)
    message = f"{type(e).__name__}: {e}" if earlier is None else None
    frames = getattr(e, "raised_at", None) or [
        f for f in traceback.extract_tb(sys.exc_info()[2])[1:] if _is_users(f.filename)
    ]
    if frames:
        e.ag_error_metadata = _Metadata(frames, earlier, message, converted.ag_source_map, __file__)


def raised_here(error):
    """The error, to be raised later on, as if it were raised by the converted line that runs now."""
    frame = locations.running()
    if frame is not None:
        code = frame.f_code
        error.raised_at = [traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name)]
    return error


def _is_users(filename):
    return not os.path.abspath(filename).startswith(_HIDDEN)
