"""Floe under the name tensorflow: `python -m floe script.py` runs programs written for TensorFlow unchanged."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import os
import re
import sys
import types

from . import export, inside, version

_HERE = os.path.dirname(os.path.abspath(__file__))
_SITE = os.path.join(_HERE, "_site")

# Modules of TensorFlow's inside that programs import, and the names that they take from there.
_INSIDE = {
    "tensorflow.python.framework.graph_util": "graph_util",
    "tensorflow.python.framework.graph_util_impl": "graph_util",
    "tensorflow.python.framework.ops": "",
    "tensorflow.python.framework.dtypes": "dtypes",
    "tensorflow.python.framework.errors": "errors",
    "tensorflow.python.framework.errors_impl": "errors",
    "tensorflow.python.framework.constant_op": "",
    "tensorflow.python.framework.tensor_shape": "",
    "tensorflow.python.framework.tensor_util": "",
    "tensorflow.python.framework.tensor_spec": "",
    "tensorflow.python.framework.test_util": "test",
    "tensorflow.python.framework.importer": "",
    "tensorflow.python.framework.function": "",
    "tensorflow.python.framework.random_seed": "random",
    "tensorflow.python.eager.context": "",
    "tensorflow.python.eager.backprop": "",
    "tensorflow.python.eager.def_function": "",
    "tensorflow.python.eager.polymorphic_function": "",
    "tensorflow.python.platform.gfile": "compat.v1.gfile",
    "tensorflow.python.platform.test": "test",
    "tensorflow.python.platform.tf_logging": "compat.v1.logging",
    "tensorflow.python.client.session": "compat.v1",
    "tensorflow.python.ops.array_ops": "",
    "tensorflow.python.ops.math_ops": "math",
    "tensorflow.python.ops.nn_ops": "nn",
    "tensorflow.python.ops.nn": "nn",
    "tensorflow.python.ops.random_ops": "random",
    "tensorflow.python.ops.string_ops": "strings",
    "tensorflow.python.ops.image_ops": "image",
    "tensorflow.python.ops.linalg_ops": "linalg",
    "tensorflow.python.ops.control_flow_ops": "",
    "tensorflow.python.ops.cond": "",
    "tensorflow.python.ops.while_loop": "",
    "tensorflow.python.ops.variables": "",
    "tensorflow.python.ops.variable_scope": "compat.v1",
    "tensorflow.python.ops.gradients_impl": "",
    "tensorflow.python.ops.script_ops": "",
    "tensorflow.python.util.nest": "nest",
    "tensorflow.python.util.compat": "compat",
    "tensorflow.core.framework.graph_pb2": "compat.v1",
    "tensorflow.core.framework.node_def_pb2": "compat.v1",
    "tensorflow.core.framework.attr_value_pb2": "compat.v1",
    "tensorflow.core.framework.tensor_pb2": "messages",
    "tensorflow.core.framework.tensor_shape_pb2": "messages",
    "tensorflow.core.framework.types_pb2": "messages",
    "tensorflow.core.framework.versions_pb2": "messages",
    "tensorflow.core.protobuf.config_pb2": "compat.v1",
    "tensorflow.core.protobuf.meta_graph_pb2": "compat.v1",
    "tensorflow.core.protobuf.saved_model_pb2": "messages",
}

# The modules of TensorFlow's messages; a message that Floe does not know is missing there as an attribute.
_PROTO = re.compile(r"tensorflow\.core\.(example|framework|protobuf|util)\.\w+_pb2")


class _Alias(types.ModuleType):
    """A module of TensorFlow's name whose attributes are those of one of Floe's."""

    def __init__(self, name, target):
        super().__init__(name, getattr(target, "__doc__", None))
        self.__dict__["__path__"] = []
        self.__dict__["_target"] = target
        if name == "tensorflow":
            self.__dict__["__version__"] = version.VERSION
            self.__dict__["__git_version__"] = version.GIT_VERSION
            self.__dict__["__file__"] = getattr(target, "__file__", None)

    def __getattr__(self, name):
        try:
            value = getattr(self._target, name)
        except AttributeError:
            if name.startswith("__"):
                raise AttributeError(
                    f"module {self.__name__!r} has no attribute {name!r}", name=name
                ) from None
            raise self._missing(name) from None
        if isinstance(value, types.ModuleType) and value.__name__.startswith("floe"):
            # tensorflow.math is found in sys.modules under its own name too.
            return importlib.import_module(f"{self.__name__}.{name}")
        return value

    def _missing(self, name):
        import difflib

        near = difflib.get_close_matches(name, dir(self._target), 1)
        hint = f" The nearest name it has is {near[0]!r}." if near else ""
        return AttributeError(
            f"module {self.__name__!r} has no attribute {name!r}: Floe runs in TensorFlow's place and does not have "
            f"{self.__name__.removeprefix('tensorflow').lstrip('.') or 'tf'}.{name}.{hint}",
            name=name,
        )

    def __setattr__(self, name, value):
        self.__dict__[name] = value
        if not isinstance(value, types.ModuleType) and not name.startswith("__"):
            setattr(self._target, name, value)

    def __dir__(self):
        return dir(self._target)


def _public(name):
    """Floe's module of a public name; None when it has none."""
    try:
        return importlib.import_module(f"floe.{name}" if name else "floe")
    except ModuleNotFoundError:
        return None


def _target(name):
    """Floe's module for a module of TensorFlow's; None when there is none."""
    if name == "tensorflow":
        return importlib.import_module("floe")
    public = _INSIDE.get(name)
    known = None if public is None else _public(public)
    if inside.exists(name):
        return inside.Inside(name, known)
    if known is not None:
        return known
    if name.startswith("tensorflow.compat.v2"):
        return _target("tensorflow" + name[len("tensorflow.compat.v2") :])
    if _PROTO.fullmatch(name):
        return importlib.import_module("floe.messages")
    rest = name[len("tensorflow.") :]
    if any(k.startswith(name + ".") for k in _INSIDE):
        return types.ModuleType(f"floe.{rest}")
    try:
        return importlib.import_module(f"floe.{rest}")
    except ImportError:
        pass
    try:
        found = export.resolve(rest)
    except KeyError:
        return None
    return found if isinstance(found, types.ModuleType) else None


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow" and not name.startswith("tensorflow."):
            return None
        if _target(name) is None:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True, origin="floe")

    def create_module(self, spec):
        return _Alias(spec.name, _target(spec.name))

    def exec_module(self, module):
        pass

    def find_distributions(self, context=None):
        name = getattr(context, "name", None)
        return iter([_Distribution()]) if name in ("tensorflow", "tensorflow-cpu", None) else iter(())


class _Distribution(importlib.metadata.Distribution):
    """What importlib.metadata finds under the name tensorflow."""

    def read_text(self, filename):
        if filename in ("METADATA", "PKG-INFO"):
            return f"Metadata-Version: 2.1\nName: tensorflow\nVersion: {version.VERSION}\n"
        return None

    def locate_file(self, path):
        return os.path.join(_HERE, path)


_finder = _Finder()


def install_as_tensorflow():
    """From now on `import tensorflow` gives Floe, in this process and in Python processes that it starts.

    Call it before TensorFlow is imported; that TensorFlow is installed changes nothing.
    """
    if _finder in sys.meta_path:
        return
    real = sys.modules.get("tensorflow")
    if real is not None and not isinstance(real, _Alias):
        raise RuntimeError(
            "TensorFlow is imported already. Call floe.install_as_tensorflow() before anything imports tensorflow."
        )
    sys.meta_path.insert(0, _finder)
    _stand_in_for_protobuf()
    # Processes that start from here run _site/sitecustomize.py first.
    roots = [_SITE, os.path.dirname(_HERE)]
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [*[r for r in roots if r not in known], *[k for k in known if k]]
    )


def _stand_in_for_protobuf():
    """google.protobuf's functions take Floe's messages too, whether it is installed or not."""
    from . import messages, text_format

    try:
        import google.protobuf  # noqa: F401
        from google.protobuf import message as real_message
        from google.protobuf import text_format as real_text
    except ImportError:
        google = sys.modules.setdefault("google", types.ModuleType("google"))
        protobuf = types.ModuleType("google.protobuf")
        google.protobuf, protobuf.__path__, protobuf.__version__ = protobuf, [], "6.31.1"
        if not hasattr(google, "__path__"):
            google.__path__ = []
        message = types.ModuleType("google.protobuf.message")
        message.DecodeError, message.EncodeError, message.Error = (
            messages.DecodeError,
            messages.EncodeError,
            messages.Error,
        )
        protobuf.text_format, protobuf.message = text_format, message
        protobuf.json_format = _json_format()
        sys.modules.update(
            {
                "google.protobuf": protobuf,
                "google.protobuf.message": message,
                "google.protobuf.text_format": text_format,
                "google.protobuf.json_format": protobuf.json_format,
            }
        )
        return
    for name in ("Merge", "Parse", "MessageToString", "PrintMessage"):
        if hasattr(real_text, name) and hasattr(text_format, name):
            setattr(real_text, name, _either(getattr(text_format, name), getattr(real_text, name)))
    if not issubclass(messages.DecodeError, real_message.DecodeError):
        messages.DecodeError.__bases__ = (messages.Error, real_message.DecodeError)


def _is_ours(x):
    return hasattr(x, "DESCRIPTOR") and type(x).__module__.partition(".")[0] in ("floe", "_floe")


def _either(ours, theirs):
    def call(*args, **kwargs):
        return (ours if any(_is_ours(a) for a in args) else theirs)(*args, **kwargs)

    call.__name__ = theirs.__name__
    return call


def _json_format():
    m = types.ModuleType("google.protobuf.json_format")

    def MessageToDict(message, **kwargs):  # noqa: N802
        from .message_json import to_dict

        return to_dict(message, **kwargs)

    def MessageToJson(message, indent=2, **kwargs):  # noqa: N802
        import json

        return json.dumps(MessageToDict(message, **kwargs), indent=indent)

    m.MessageToDict, m.MessageToJson = MessageToDict, MessageToJson
    return m
