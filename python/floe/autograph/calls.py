"""Calls out of converted code: which functions are converted in their turn."""

import functools
import inspect
import logging
import os
import sys
import weakref

from malt.operators import py_builtins
from malt.pyct import errors as malt_errors
from malt.pyct import inspect_utils

from . import context, errors
from .options import STANDARD, ConversionOptions
from .transpiler import convert

_LIBRARIES = frozenset(
    "floe tensorflow keras tf_keras numpy pandas matplotlib PIL collections copy cProfile inspect ipdb linecache mock "
    "pathlib pdb posixpath pstats re threading urllib malt tensorflow_probability unittest pytest".split()
)
_LIBRARY_PREFIXES = ("absl.logging", "tensorflow_datasets.core")

_as_they_are = weakref.WeakKeyDictionary()


def _is_library(name):
    return name.partition(".")[0] in _LIBRARIES or name.startswith(_LIBRARY_PREFIXES)


def _module(f):
    """Where the code of a callable is, whatever functools.wraps says."""
    code = f.__func__ if inspect.ismethod(f) else f
    return getattr(code, "__globals__", {}).get("__name__") or getattr(f, "__module__", None) or ""


def _left_alone(f):
    """Whether a function runs as it is: a library's, a class, a generator."""
    if isinstance(f, type) or type(f) is functools._lru_cache_wrapper:
        return True
    if _is_library(_module(f)):
        return True
    if inspect.isgeneratorfunction(f) or inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f):
        return True
    if inspect.ismethod(f):
        owner = inspect_utils.getmethodclass(f)
        if owner is None:
            return False
        cases = getattr(sys.modules.get("unittest"), "TestCase", ())
        return issubclass(owner, cases) or _is_library(inspect_utils.getdefiningclass(f, owner).__module__)
    return not inspect.isfunction(f) and _is_library(_module(type(f).__call__))


def _remembered(f, options):
    try:
        return options in _as_they_are.get(f.__func__ if inspect.ismethod(f) else f, ())
    except TypeError:
        return False


def _remember(f, options):
    try:
        _as_they_are.setdefault(f.__func__ if inspect.ismethod(f) else f, set()).add(options)
    except TypeError:
        pass


def _plain(f, args, kwargs):
    return f(*args, **kwargs) if kwargs else f(*args)


def _target(f, args):
    """The Python function behind a callable, and its arguments; None where there is none."""
    if inspect.ismethod(f):
        return f.__func__, (f.__self__, *args)
    if inspect.isfunction(f):
        return f, args
    call = type(f).__call__ if callable(f) else None
    return (call, (f, *args)) if inspect.isfunction(call) else (None, args)


def _builtin(f, args, kwargs, scope):
    from .operators import builtins

    in_caller = {
        eval: lambda: py_builtins.eval_in_original_context(f, args, scope),
        super: lambda: py_builtins.super_in_original_context(f, args, scope),
        globals: lambda: py_builtins.globals_in_original_context(scope),
        locals: lambda: py_builtins.locals_in_original_context(scope),
    }.get(f)
    return in_caller() if in_caller else _plain(builtins.OVERLOADS.get(f, f), args, kwargs)


def converted_call(f, args, kwargs, caller_fn_scope=None, options=None):
    """f(*args, **kwargs), converted where that is wanted and possible."""
    options = options or caller_fn_scope.callopts
    if context.status() == context.DISABLED or _remembered(f, options) or context.is_artifact(f):
        return _plain(f, args, kwargs)
    if isinstance(f, functools.partial):
        return converted_call(
            f.func, f.args + tuple(args), {**f.keywords, **(kwargs or {})}, caller_fn_scope, options
        )
    if inspect_utils.isbuiltin(f):
        return _builtin(f, args, kwargs, caller_fn_scope)
    if not options.internal_convert_user_code or (not options.user_requested and _left_alone(f)):
        _remember(f, options)
        return _plain(f, args, kwargs)
    target, full = _target(f, args)
    if target is None or isinstance(f, type) or target.__code__.co_filename == "<string>":
        _remember(f, options)
        return _plain(f, args, kwargs)
    try:
        converted = convert(target, options)
    except Exception as e:
        if int(os.environ.get("AUTOGRAPH_STRICT_CONVERSION", "0")) > 0:
            raise
        _warn(f, e)
        _remember(f, options)
        return _plain(f, args, kwargs)
    try:
        return _plain(converted, full, kwargs)
    except Exception as e:
        errors.attach(e, converted)
        raise


def _warn(f, e):
    """Says once that a function runs as it is."""
    if isinstance(e, (malt_errors.InaccessibleSourceCodeError, OSError)):
        cause = f"its source code is not available ({e}): define it in a file"
    else:
        cause = str(e)
    logging.getLogger("tensorflow").warning(
        "AutoGraph could not transform %s and will run it as-is.\nCause: %s\nTo silence this warning, decorate the "
        "function with @tf.autograph.experimental.do_not_convert",
        f,
        cause,
    )


def _told(f, args, kwargs, options):
    """Calls f converted; its exceptions say where in the user's code they come from."""
    try:
        return converted_call(f, args, kwargs, options=options)
    except Exception as e:
        told = getattr(e, "ag_error_metadata", None)
        if told is None:
            raise
        error = told.to_exception(e)
    raise error


def traceable(function, features=None):
    """What tf.function records: the converted function."""
    options = ConversionOptions(user_requested=True, optional_features=features)
    bound = getattr(function, "__wrapped_method__", None)

    @functools.wraps(function)
    def run(*args, **kwargs):
        f, own = (function, args) if bound is None else (bound[0], (bound[1](), *args))
        with context.within(context.ENABLED):
            return _told(f, own, kwargs, options)

    return run


def callback(function):
    """A function called by Floe on behalf of converted code."""

    @functools.wraps(function, updated=())
    def run(*args, **kwargs):
        with context.within(context.ENABLED):
            return _told(function, args, kwargs, STANDARD)

    return context.artifact(run)


def to_graph(entity, recursive=True, features=None):
    """A converted function that can be called by itself."""
    options = ConversionOptions(recursive, True, features)
    function = getattr(entity, "__func__", entity)
    if not inspect.isfunction(function):
        raise errors.ConversionError(
            f"converting {entity}: ValueError: Cannot apply autograph to a function that doesn't expose a __code__ object. If "
            "this is a @tf.function, try passing f.python_function instead."
        )
    try:
        return context.artifact(convert(function, options))
    except Exception as e:
        raise errors.ConversionError(f"converting {entity}: {type(e).__name__}: {e}") from None
