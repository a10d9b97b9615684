"""From a resource handle to the Python object around it."""

import weakref

_by_handle = weakref.WeakValueDictionary()


def register(variable):
    _by_handle[variable.handle._id] = variable


def variable_of(handle):
    """The variable of a handle, or None."""
    return _by_handle.get(handle._id)
