"""Whether calls are converted now, per thread, and which functions never are."""

import contextlib
import functools
import inspect
import threading

UNSPECIFIED, ENABLED, DISABLED = "unspecified", "enabled", "disabled"

_local = threading.local()


def status():
    """The innermost status of this thread."""
    return getattr(_local, "status", UNSPECIFIED)


@contextlib.contextmanager
def within(new_status):
    """Sets the status for what runs inside."""
    old = status()
    _local.status = new_status
    try:
        yield
    finally:
        _local.status = old


def artifact(function):
    """Marks a function that is called as it is."""
    target = function.__func__ if inspect.ismethod(function) else function
    target._autograph_artifact = True
    return function


def is_artifact(function):
    return getattr(function, "_autograph_artifact", False) is True


def unconverted(function):
    """The function, called with conversion switched off."""

    def wrapper(*args, **kwargs):
        with within(DISABLED):
            return function(*args, **kwargs)

    if inspect.isfunction(function) or inspect.ismethod(function):
        functools.update_wrapper(wrapper, function)
    return artifact(wrapper)
