"""Public names: `@export("math.add", "add")` above a definition says where users find it.

A name is also found under `compat.v1.`, unless something else is exported there. scripts/make_api_index.py
collects the names into _index.py, so that importing the package loads nothing but what is used.
"""

import importlib
import sys
import types


def export(*names):
    """Marks a function, a class or (`x = export("name")(value)`) a value as public under these names."""

    def mark(obj):
        return obj

    return mark


_V1 = "compat.v1"


def _entries():
    from ._index import INDEX

    return INDEX


def resolve(name):
    """The object or namespace of a dotted name ("math.add"); KeyError when there is none."""
    index = _entries()
    target = index.get(name)
    if target is None and name.startswith(_V1 + "."):
        target = index.get(name[len(_V1) + 1 :])
    if target is not None:
        module, _, attribute = target.partition(":")
        value = getattr(importlib.import_module(module, "floe"), attribute)
        from .api.composite_dispatch import wrap

        return wrap(name.removeprefix(_V1 + "."), value)
    if name in _prefixes():
        return namespace(name)
    raise KeyError(name)


_known_prefixes = None


def _prefixes():
    global _known_prefixes
    if _known_prefixes is None:
        found = set()
        for name in _entries():
            while "." in name:
                name = name.rpartition(".")[0]
                found.add(name)
                if not name.startswith("compat"):
                    found.add(f"{_V1}.{name}")
        _known_prefixes = found
    return _known_prefixes


def names_in(prefix):
    """The names directly below a prefix."""
    prefixes = [prefix + "." if prefix else ""]
    if prefix == _V1 or prefix.startswith(_V1 + "."):
        rest = prefix[len(_V1) + 1 :]
        prefixes.append(rest + "." if rest else "")
    found = set()
    for p in prefixes:
        found.update(n[len(p) :].partition(".")[0] for n in _entries() if n.startswith(p))
    return sorted(found)


def missing(module, name, prefix):
    """The AttributeError for a name that Floe does not have."""
    import difflib

    near = difflib.get_close_matches(name, names_in(prefix), 1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint}", name=name)


def lookup(prefix, module):
    """A module's `__getattr__` that finds what is exported below `prefix`."""

    def get(name):
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)
        try:
            value = resolve(f"{prefix}.{name}" if prefix else name)
        except KeyError:
            raise missing(module, name, prefix) from None
        m = sys.modules.get(module)
        if m is not None:
            m.__dict__[name] = value
        return value

    return get


class Namespace(types.ModuleType):
    """A module that exists only as a prefix of exported names (floe.math, floe.linalg, ...)."""

    def __init__(self, prefix):
        super().__init__(f"floe.{prefix}", f"tf.{prefix}")
        self.__dict__["__path__"] = []
        self.__dict__["_prefix"] = prefix
        self.__dict__["__getattr__"] = lookup(prefix, f"floe.{prefix}")

    def __dir__(self):
        return names_in(self._prefix)


def namespace(prefix):
    """The module of a prefix: a real one where the package has it."""
    full = f"floe.{prefix}"
    if full in sys.modules:
        return sys.modules[full]
    m = Namespace(prefix)
    sys.modules[full] = m
    return m


class _Finder:
    """Lets `import floe.math` and `from floe.linalg import inv` find namespaces."""

    def find_spec(self, full, path=None, target=None):
        if not full.startswith("floe.") or full[5:] not in _prefixes():
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(full, self, is_package=True)

    def create_module(self, spec):
        return Namespace(spec.name[5:])

    def exec_module(self, module):
        pass


sys.meta_path.append(_Finder())
