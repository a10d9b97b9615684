"""Nested structures of lists, tuples, dicts and named tuples, as tf.nest."""

import collections.abc as _abc

_DONT_MATCH = "The two structures don't have the same nested structure."


def is_nested(seq):
    """True for lists, tuples, dicts, named tuples and other sequences but strings."""
    if isinstance(seq, (str, bytes, bytearray)):
        return False
    if isinstance(seq, (list, tuple, dict)):
        return True
    cls = type(seq)
    if hasattr(cls, "__attrs_attrs__") or _is_flattened_class(cls):
        return True
    return isinstance(seq, (_abc.Sequence, _abc.Mapping)) and not _is_leaf_class(type(seq))


def _is_leaf_class(cls):
    return cls.__module__.partition(".")[0] in ("floe", "numpy", "_floe") or issubclass(cls, memoryview)


def _is_namedtuple(s):
    return isinstance(s, tuple) and hasattr(s, "_fields")


def children(s):
    """What a nest holds, in order; dicts by sorted keys."""
    if isinstance(s, _abc.Mapping):
        return [s[k] for k in _sorted_keys(s)]
    if isinstance(s, (list, tuple)):
        return list(s)
    if _is_flattened_class(type(s)):
        return list(s.__tf_flatten__()[1])
    if hasattr(type(s), "__attrs_attrs__"):
        return [getattr(s, a.name) for a in type(s).__attrs_attrs__]
    return list(s)


def _sorted_keys(s):
    try:
        return sorted(s)
    except TypeError:
        raise TypeError(f"nest only supports dicts with sortable keys, found {list(s)}") from None


def _is_flattened_class(cls):
    return hasattr(cls, "__tf_flatten__") and hasattr(cls, "__tf_unflatten__")


def is_composite(x):
    """True for objects made of tensors (slices, ragged and sparse tensors): with expand_composites they are nests."""
    return hasattr(type(x), "_to_components")


def flatten(structure, expand_composites=False):
    """The leaves, from left to right."""
    out = []
    _flatten(structure, out, expand_composites)
    return out


def _flatten(s, out, composites):
    if is_nested(s):
        for x in children(s):
            _flatten(x, out, composites)
    elif composites and is_composite(s):
        for x in s._to_components():
            _flatten(x, out, composites)
    else:
        out.append(s)


def _like(s, values):
    if isinstance(s, _abc.Mapping):
        by_key = dict(zip(_sorted_keys(s), values))
        if isinstance(s, dict) and hasattr(s, "default_factory"):
            return type(s)(s.default_factory, [(k, by_key[k]) for k in s])
        return type(s)([(k, by_key[k]) for k in s]) if type(s) is not dict else {k: by_key[k] for k in s}
    if _is_namedtuple(s) or hasattr(type(s), "__attrs_attrs__"):
        return type(s)(*values)
    if not isinstance(s, (list, tuple)) and _is_flattened_class(type(s)):
        return type(s).__tf_unflatten__(s.__tf_flatten__()[0], tuple(values))
    if isinstance(s, range):
        return list(values)
    return type(s)(values)


def _pack(s, flat, composites=False):
    if is_nested(s):
        return _like(s, [_pack(x, flat, composites) for x in children(s)])
    if composites and is_composite(s):
        return s._from_components([_pack(x, flat, composites) for x in s._to_components()])
    return next(flat)


def pack_sequence_as(structure, flat_sequence, expand_composites=False):
    """The leaves put back into a structure like the given one."""
    if not is_nested(flat_sequence):
        raise TypeError(
            f"Attempted to pack value:\n  {flat_sequence!r}\ninto a structure, "
            f"but found incompatible type `{type(flat_sequence)}` instead."
        )
    if not is_nested(structure) and not (expand_composites and is_composite(structure)):
        if len(flat_sequence) != 1:
            raise ValueError(
                f"The target structure is of type `{type(structure)}`\n  {structure!r}\nHowever the input is a sequence "
                f"({type(flat_sequence)}) of length {len(flat_sequence)}.\n  {flat_sequence!r}\n"
                "nest cannot guarantee that it is safe to map one to the other."
            )
        return flat_sequence[0]
    n = len(flatten(structure, expand_composites))
    if n != len(flat_sequence):
        raise ValueError(
            f"Could not pack sequence. Structure had {n} atoms, but flat_sequence had {len(flat_sequence)} items.  "
            f"Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    return _pack(structure, iter(flat_sequence), expand_composites)


def _described(s):
    return f"type={type(s).__name__} str={s}"


def _same_sequence_type(a, b):
    if isinstance(a, _abc.Mapping) and isinstance(b, _abc.Mapping):
        return True
    if _is_namedtuple(a) and _is_namedtuple(b):
        return type(a).__name__ == type(b).__name__ and a._fields == b._fields
    return type(a) is type(b)


def _difference(a, b, check_types):
    """The error class and text for the first difference, or None."""
    if is_nested(a) != is_nested(b):
        first, second = (a, b) if is_nested(a) else (b, a)
        return (
            ValueError,
            f'Substructure "{_described(first)}" is a sequence, while substructure "{_described(second)}" is not',
        )
    if not is_nested(a):
        return None
    if check_types and not _same_sequence_type(a, b):
        return TypeError, (
            f"The two namedtuples don't have the same sequence type. First structure {_described(a)} has type "
            f"{type(a).__name__}, while second structure {_described(b)} has type {type(b).__name__}"
        )
    if len(a) != len(b):
        return ValueError, (
            "The two structures don't have the same number of elements. "
            f"First structure: {_described(a)}. Second structure: {_described(b)}"
        )
    if isinstance(a, _abc.Mapping) and isinstance(b, _abc.Mapping) and set(a) != set(b):
        return ValueError, (
            "The two dictionaries don't have the same set of keys. "
            f"First structure has keys {_described(list(a))}, while second structure has keys {_described(list(b))}"
        )
    for x, y in zip(children(a), children(b)):
        found = _difference(x, y, check_types)
        if found:
            return found
    return None


def assert_same_structure(nest1, nest2, check_types=True, expand_composites=False):
    """Raises TypeError or ValueError when the structures differ."""
    found = _difference(nest1, nest2, check_types)
    if not found:
        return
    error, text = found
    dots = [str(map_structure(lambda _: _DOT, s)) for s in (nest1, nest2)]
    raise error(
        f"{_DONT_MATCH}\n\nFirst structure: {_described(nest1)}\n\nSecond structure: {_described(nest2)}\n\n"
        f"More specifically: {text}\nEntire first structure:\n{dots[0]}\nEntire second structure:\n{dots[1]}"
    )


class _Dot:
    def __repr__(self):
        return "."


_DOT = _Dot()


def map_structure(func, *structure, **kwargs):
    """Calls `func` on every leaf (of each structure) and keeps the structure."""
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types = kwargs.pop("check_types", True)
    composites = kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(
            f"Only valid keyword arguments are `check_types` and `expand_composites`, not: `{list(kwargs)}`"
        )
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types)
    leaves = [func(*x) for x in zip(*[flatten(s, composites) for s in structure])]
    return pack_sequence_as(structure[0], leaves, composites)
