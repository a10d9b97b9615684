"""TensorFlow's modules below tensorflow.python, for programs and tests that reach into them.

Each answers with Floe's public function or class of the same meaning. Modules of this package hold what has no
public counterpart.
"""

import importlib
import types

from .. import export

_PREFIX = "tensorflow.python."
_HERE = __name__

# Inner modules whose own part is in this package.
_OWN = {
    "eager.context": "context",
    "framework.config": "config",
    "framework.constant_op": "constant_op",
    "framework.ops": "ops",
    "framework.tensor_util": "tensor_util",
    "framework.test_util": "test_util",
    "ops.array_ops": "array_ops",
    "ops.gradient_checker": "gradient_checker",
    "ops.math_ops": "math_ops",
    "ops.gradient_checker_v2": "gradient_checker_v2",
    "platform.googletest": "googletest",
    "platform.test": "googletest",
    "eager.test": "googletest",
}

# Names that TensorFlow does not publish, and the public thing that answers for them.
_SAME = {
    "BaseResourceVariable": "Variable",
    "RefVariable": "compat.v1.Variable",
    "ResourceVariable": "Variable",
    "VariableV1": "compat.v1.Variable",
    "TensorFlowTestCase": "test.TestCase",
    "cond_v2": "cond",
    "concat_v2": "concat",
    "constant_v1": "compat.v1.constant",
    "convert_n_to_tensor": "compat.v1.convert_n_to_tensor",
    "defun": "function",
    "map_fn_v2": "map_fn",
    "pack": "stack",
    "reverse_v2": "reverse",
    "set_seed": "random.set_seed",
    "switch_case": "switch_case",
    "unpack": "unstack",
    "while_loop_v2": "while_loop",
}

_raw = {}
_tables = {}
_everywhere = {}
_by_last = {}


def _known_modules():
    from ._modules import MODULES

    return MODULES


def exists(name):
    """Whether TensorFlow has this module ("tensorflow.python.ops.math_ops"), or a package above such a one."""
    rest = name[len(_PREFIX) :] if name.startswith(_PREFIX) else None
    if not rest:
        return False
    modules = _known_modules()
    return rest in modules or rest in _OWN or any(m.startswith(rest + ".") for m in modules)


def _table(rest):
    table = _tables.get(rest)
    if table is None:
        entries = (e.partition("=") for e in _known_modules().get(rest, "").split())
        table = _tables[rest] = {k: v or k for k, _, v in entries}
    return table


def _all_tables():
    if not _everywhere:
        for rest in _known_modules():
            for k, v in _table(rest).items():
                known = _everywhere.get(k)
                if known is None or (known.startswith("compat.v1.") and not v.startswith("compat.v1.")):
                    _everywhere[k] = v
    return _everywhere


def _by_last_part():
    if not _by_last:
        for name in sorted(export._entries(), key=lambda n: (n.startswith("compat."), n.count("."), n)):
            _by_last.setdefault(name.rpartition(".")[2], name)
    return _by_last


def _raw_op(name):
    from .. import raw_ops

    if not _raw:
        for op in raw_ops.__dir__():
            _raw[raw_ops._snake(op)] = op
    op = _raw.get(name)
    if op is None:
        return None
    return raw_ops._make(op, positional=True)


def public(name):
    """What users find under a public name; None when there is no such thing."""
    if name is None:
        return None
    try:
        return export.resolve(name)
    except KeyError:
        pass
    value = importlib.import_module("floe")
    for part in name.split("."):
        value = getattr(value, part, None)
        if value is None:
            return None
    return value


class Inside(types.ModuleType):
    """What `import tensorflow.python.ops.math_ops` gives."""

    def __init__(self, name, also=None):
        super().__init__(name)
        self.__dict__["__path__"] = []
        self.__dict__["_rest"] = name[len(_PREFIX) :]
        self.__dict__["_also"] = also

    def _own(self):
        own = _OWN.get(self._rest)
        return None if own is None else importlib.import_module(f"{_HERE}.{own}")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name)
        value = self._find(name)
        if value is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name)
        self.__dict__[name] = value
        return value

    def _find(self, name):
        own = self._own()
        if own is not None and name in vars(own):
            return vars(own)[name]
        generated = self._rest.rpartition(".")[2].startswith("gen_")
        if generated:
            value = _raw_op(name)
            if value is not None:
                return value
        value = public(_table(self._rest).get(name))
        if value is not None:
            return value
        if exists(f"{self.__name__}.{name}"):
            return importlib.import_module(f"{self.__name__}.{name}")
        if self._also is not None:
            value = getattr(self._also, name, None)
            if value is not None:
                return value
        for other in (_SAME.get(name), _all_tables().get(name)):
            value = public(other)
            if value is not None:
                return value
        return _raw_op(name) or public(_by_last_part().get(name))

    def __dir__(self):
        own = self._own()
        names = set(_table(self._rest)) | set(vars(own) if own is not None else ())
        return sorted(names | set(dir(self._also) if self._also is not None else ()))
