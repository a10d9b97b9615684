"""tf.TensorShape."""

import operator
import sys

# tf.compat.v1.disable_v2_tensorshape: shapes hand out Dimension objects.
_v1 = [False]


def _user_asks():
    """Whether the program calls, not this package: what it makes of shapes works with numbers."""
    name = sys._getframe(2).f_globals.get("__name__", "")
    return name != "floe" and not name.startswith("floe.")


def _dimension(value):
    if value is None:
        return None
    if isinstance(value, Dimension):
        return value.value
    try:
        v = operator.index(value)
    except TypeError:
        raise TypeError(
            "Dimension value must be integer or None or have an __index__ method, "
            f"got value '{value!r}' with type '{type(value)!r}'"
        ) from None
    if v < 0:
        raise ValueError(f"Dimension {v} must be >= 0")
    return v


class Dimension:
    """One dimension of a shape, as `TensorShape.dims` lists them."""

    __slots__ = ("_value",)

    def __init__(self, value):
        self._value = _dimension(value)

    @property
    def value(self):
        return self._value

    def __eq__(self, other):
        try:
            other = _dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        return None if self._value is None or other is None else self._value == other

    def __ne__(self, other):
        equal = self.__eq__(other)
        return equal if equal is None or equal is NotImplemented else not equal

    def __hash__(self):
        return hash(self._value)

    def __index__(self):
        return self._value

    def __int__(self):
        return self._value

    def is_compatible_with(self, other):
        other = _dimension(other)
        return self._value is None or other is None or self._value == other

    def assert_is_compatible_with(self, other):
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {Dimension(other)} are not compatible")

    def merge_with(self, other):
        self.assert_is_compatible_with(other)
        return Dimension(other) if self._value is None else self

    def __repr__(self):
        return f"Dimension({self._value!r})"

    def __str__(self):
        return "?" if self._value is None else str(self._value)


def _arithmetic(name, function, wrap):
    """A method of Dimension: nothing is known of a result of something unknown."""

    def method(self, other):
        try:
            other = _dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other is None:
            return wrap(None)
        return wrap(function(self._value, other))

    setattr(Dimension, name, method)


for _name, _function in (
    ("add", operator.add),
    ("sub", operator.sub),
    ("mul", operator.mul),
    ("floordiv", operator.floordiv),
    ("mod", operator.mod),
):
    _arithmetic(f"__{_name}__", _function, Dimension)
    _arithmetic(f"__r{_name}__", lambda a, b, f=_function: f(b, a), Dimension)
for _name in ("lt", "le", "gt", "ge"):
    _arithmetic(f"__{_name}__", getattr(operator, _name), lambda x: x)


class TensorShape:
    """A shape: known, partly known (None) or of unknown rank."""

    __slots__ = ("_dims",)

    def __init__(self, dims):
        if isinstance(dims, TensorShape):
            self._dims = dims._dims
        elif dims is None:
            self._dims = None
        elif isinstance(dims, (list, tuple)):
            self._dims = tuple([_dimension(d) for d in dims])
        elif hasattr(dims, "unknown_rank"):
            self._dims = (
                None if dims.unknown_rank else tuple([None if d.size < 0 else d.size for d in dims.dim])
            )
        else:
            self._dims = self._from_other(dims)

    @staticmethod
    def _from_other(dims):
        try:
            return tuple([_dimension(d) for d in dims]) if not isinstance(dims, str) else (_dimension(dims),)
        except TypeError:
            pass
        try:
            return (_dimension(dims),)
        except TypeError:
            raise TypeError(
                f"Failed to convert '{dims!r}' to a shape: '{dims!r}'could not be converted to a dimension. A shape "
                "should either be single dimension (e.g. 10), or an iterable of dimensions (e.g. [1, 10, None])."
            ) from None

    @property
    def rank(self):
        return None if self._dims is None else len(self._dims)

    ndims = rank

    @property
    def dims(self):
        return None if self._dims is None else [Dimension(d) for d in self._dims]

    def as_list(self):
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def as_proto(self):
        from . import messages

        if self._dims is None:
            return messages.get("TensorShapeProto")(unknown_rank=True)
        return messages.get("TensorShapeProto")(dim=[{"size": -1 if d is None else d} for d in self._dims])

    def num_elements(self):
        if not self.is_fully_defined():
            return None
        n = 1
        for d in self._dims:
            n *= d
        return n

    def is_fully_defined(self):
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self):
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other):
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return True
        return len(self._dims) == len(other._dims) and all(
            a is None or b is None or a == b for a, b in zip(self._dims, other._dims)
        )

    def assert_is_compatible_with(self, other):
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def is_subtype_of(self, other):
        if not isinstance(other, TensorShape):
            return False
        if other._dims is None:
            return True
        if self._dims is None or len(self._dims) != len(other._dims):
            return False
        return all(b is None or a == b for a, b in zip(self._dims, other._dims))

    def merge_with(self, other):
        other = as_shape(other)
        if self._dims is None:
            return other
        if other._dims is None:
            return self
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        return TensorShape([b if a is None else a for a, b in zip(self._dims, other._dims)])

    def most_specific_compatible_shape(self, other):
        other = as_shape(other)
        if self._dims is None or other._dims is None or len(self._dims) != len(other._dims):
            return TensorShape(None)
        return TensorShape([a if a == b else None for a, b in zip(self._dims, other._dims)])

    def concatenate(self, other):
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return TensorShape(None)
        return TensorShape(self._dims + other._dims)

    def assert_has_rank(self, rank):
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_same_rank(self, other):
        other = as_shape(other)
        if self.rank is not None and other.rank is not None and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def with_rank(self, rank):
        self.assert_has_rank(rank)
        return TensorShape([None] * rank) if self._dims is None else self

    def with_rank_at_least(self, rank):
        if self.rank is not None and self.rank < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank):
        if self.rank is not None and self.rank > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def __getitem__(self, key):
        if self._dims is not None:
            if isinstance(key, slice):
                return TensorShape(self._dims[key])
            return Dimension(self._dims[key]) if _v1[0] and _user_asks() else self._dims[key]
        if not isinstance(key, slice):
            return Dimension(None) if _v1[0] and _user_asks() else None
        start, stop = key.start or 0, key.stop
        if key.step is not None or stop is None or start < 0 or stop < start:
            return TensorShape(None)
        return TensorShape([None] * (stop - start))

    def __len__(self):
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __iter__(self):
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self.dims if _v1[0] and _user_asks() else self._dims)

    def __bool__(self):
        return self._dims is not None

    def __eq__(self, other):
        try:
            other = as_shape(other)
        except (TypeError, ValueError):
            return NotImplemented
        return self._dims == other._dims

    def __hash__(self):
        return hash(self._dims)

    def __add__(self, other):
        return self.concatenate(other)

    def __radd__(self, other):
        return as_shape(other).concatenate(self)

    def __reduce__(self):
        return TensorShape, (self._dims,)

    def __repr__(self):
        return f"TensorShape({None if self._dims is None else self.dims if _v1[0] else list(self._dims)})"

    def __str__(self):
        if self._dims is None:
            return "<unknown>"
        if _v1[0]:
            return f"({', '.join(map(str, self.dims))}{',' if len(self._dims) == 1 else ''})"
        return str(self._dims) if len(self._dims) != 1 else f"({self._dims[0]},)"


def as_shape(shape):
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)
