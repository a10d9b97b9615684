"""tf.TypeSpec and what its subclasses share; the specs of composites are nests of TensorSpecs."""

from ..export import export
from ..tensor import Tensor, TensorSpec, convert_to_tensor
from ..tensor_shape import TensorShape


def merged(a, b):
    """The most special shape that covers both."""
    if a.ndims is None or b.ndims is None or a.ndims != b.ndims:
        return TensorShape(None)
    return TensorShape([x if x == y else None for x, y in zip(a.as_list(), b.as_list())])


class _SpecType(type):
    def __instancecheck__(cls, instance):
        if cls is TypeSpec and isinstance(instance, TensorSpec):
            return True
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass):
        return cls is TypeSpec and subclass is TensorSpec or super().__subclasscheck__(subclass)


@export("TypeSpec")
class TypeSpec(metaclass=_SpecType):
    """The kind of a value that is not there yet."""

    __slots__ = ()

    @property
    def value_type(self):
        """The class of the values."""
        raise NotImplementedError(f"{type(self).__name__}.value_type")

    def _key(self):
        raise NotImplementedError(f"{type(self).__name__}._key")

    def _serialize(self):
        return self._key()

    def is_compatible_with(self, spec_or_value):
        """Whether a value (or another spec) is of this kind, as far as is known."""
        other = spec_or_value
        if not isinstance(other, TypeSpec):
            try:
                other = type_spec_from_value(other)
            except TypeError:
                return False
        return type(other) is type(self) and all(_fits(a, b) for a, b in zip(self._key(), other._key()))

    def is_subtype_of(self, other):
        """Whether every value of this kind is one of the other's."""
        return type(other) is type(self) and all(_within(a, b) for a, b in zip(self._key(), other._key()))

    def most_specific_common_supertype(self, others):
        """The most special kind that covers this one and the others, or None."""
        key = list(self._key())
        for o in others:
            if type(o) is not type(self):
                return None
            for i, (a, b) in enumerate(zip(key, o._key())):
                if isinstance(a, TensorShape) and isinstance(b, TensorShape):
                    key[i] = merged(a, b)
                elif a != b:
                    return None
        return type(self)(*key)

    def most_specific_compatible_type(self, other):
        """The most special kind that covers both."""
        found = self.most_specific_common_supertype([other])
        if found is None:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        return found

    def stand_in(self):
        """A value of placeholders, for the graph that is being recorded."""
        from ..graph import placeholder

        return self._from_components([placeholder(s.dtype, s.shape) for s in self._to_components()])

    def __eq__(self, other):
        return type(other) is type(self) and self._key() == other._key()

    def __hash__(self):
        return hash((type(self), str(self._key())))

    def __reduce__(self):
        return type(self), self._key()

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(repr(x) for x in self._key())})"


def _fits(a, b):
    return a.is_compatible_with(b) if isinstance(a, TensorShape) and isinstance(b, TensorShape) else a == b


def _within(a, b):
    if not isinstance(a, TensorShape) or not isinstance(b, TensorShape):
        return a == b
    if b.ndims is None:
        return True
    return a.ndims == b.ndims and all(y is None or x == y for x, y in zip(a.as_list(), b.as_list()))


@export("NoneTensorSpec")
class NoneTensorSpec(TypeSpec):
    """The kind of None where a value may be missing."""

    __slots__ = ()

    value_type = property(lambda self: type(None))

    def _key(self):
        return ()

    def _to_components(self):
        return []

    def _from_components(self, parts):
        return None

    def stand_in(self):
        return None


@export("type_spec_from_value")
def type_spec_from_value(value):
    """The spec of a tensor, a composite, a dataset or what becomes a tensor."""
    if isinstance(value, TypeSpec):
        return value
    if value is None:
        return NoneTensorSpec()
    spec = getattr(value, "_type_spec", None)
    if spec is not None:
        return spec
    if hasattr(value, "element_spec") and hasattr(value, "_variant_tensor"):
        return value.element_spec
    if not isinstance(value, Tensor):
        try:
            value = convert_to_tensor(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"Could not build a TypeSpec for {value} of unsupported type {type(value)}."
            ) from None
    return TensorSpec(value.shape, value.dtype)
