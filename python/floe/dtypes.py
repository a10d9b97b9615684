"""Element types: `floe.float32` and the others, as tf.DType."""

import builtins as _builtins

import numpy as _np

_NUMBERS = {
    "float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "string": 7, "complex64": 8,
    "int64": 9, "bool": 10, "qint8": 11, "quint8": 12, "qint32": 13, "bfloat16": 14, "qint16": 15, "quint16": 16,
    "uint16": 17, "complex128": 18, "float16": 19, "resource": 20, "variant": 21, "uint32": 22, "uint64": 23,
    "float8_e5m2": 24, "float8_e4m3fn": 25, "int4": 29, "uint4": 30,
}  # fmt: skip
# Types of tensors in files that no operation computes with; NumPy has them from ml_dtypes.
_SMALL = ("float8_e5m2", "float8_e4m3fn", "int4", "uint4")
_SIZES = {
    "float32": 4, "float64": 8, "int32": 4, "uint8": 1, "int16": 2, "int8": 1, "complex64": 8, "int64": 8, "bool": 1,
    "qint8": 1, "quint8": 1, "qint32": 4, "bfloat16": 2, "qint16": 2, "quint16": 2, "uint16": 2, "complex128": 16,
    "float16": 2, "uint32": 4, "uint64": 8, "float8_e5m2": 1, "float8_e4m3fn": 1, "int4": 1, "uint4": 1,
}  # fmt: skip
_QUANTIZED = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16", "qint32": "int32"}
_ALIASES = {"half": "float16", "double": "float64", "float": "float32"}


class DType:
    """The type of a tensor's elements. One object per type: comparing with `is` works."""

    __slots__ = ("_type_enum", "_name")

    def __new__(cls, type_enum):
        if type_enum in _BY_NUMBER:
            return _BY_NUMBER[type_enum]
        known = type_enum % 100 if isinstance(type_enum, int) and 100 < type_enum < 200 else None
        if known not in _BY_NUMBER:
            raise TypeError(f"{type_enum} is not a valid DataType.")
        self = object.__new__(cls)
        self._type_enum = type_enum
        self._name = _BY_NUMBER[known]._name + "_ref"
        _BY_NUMBER[type_enum] = self
        return self

    @property
    def name(self):
        return self._name

    @property
    def as_datatype_enum(self):
        return self._type_enum

    @property
    def base_dtype(self):
        return DType(self._type_enum - 100) if self._is_ref_dtype else self

    @property
    def _is_ref_dtype(self):
        return self._type_enum > 100

    @property
    def size(self):
        return _SIZES.get(self.base_dtype._name, 0)

    @property
    def as_numpy_dtype(self):
        name = self.base_dtype._name
        if name == "bfloat16" or name in _SMALL:
            import ml_dtypes

            return getattr(ml_dtypes, name)
        if name in _QUANTIZED:
            return _np.dtype([(name, _QUANTIZED[name])])
        if name in ("string", "resource", "variant"):
            return object
        return _np.bool_ if name == "bool" else getattr(_np, name)

    @property
    def real_dtype(self):
        return {"complex64": float32, "complex128": float64}.get(self._name, self.base_dtype)

    @property
    def is_bool(self):
        return self.base_dtype._name == "bool"

    @property
    def is_complex(self):
        return self.base_dtype._name.startswith("complex")

    @property
    def is_floating(self):
        return "float" in self._name

    @property
    def is_integer(self):
        return self.base_dtype._name.startswith(("int", "uint"))

    @property
    def is_quantized(self):
        return self.base_dtype._name in _QUANTIZED

    @property
    def is_unsigned(self):
        return self.base_dtype._name.startswith("uint")

    @property
    def is_numpy_compatible(self):
        return self._name not in ("resource", "variant")

    @property
    def min(self):
        return self._extreme("min", "minimum")

    @property
    def max(self):
        return self._extreme("max", "maximum")

    def _extreme(self, which, word):
        if self.is_quantized or not (self.is_floating or self.is_integer):
            raise TypeError(f"Cannot find {word} value of {self} with type {self}.")
        if self._name == "bfloat16" or self._name in _SMALL:
            import ml_dtypes

            info = ml_dtypes.finfo if self.is_floating else ml_dtypes.iinfo
            return getattr(info(self.as_numpy_dtype), which)
        info = _np.finfo if self.is_floating else _np.iinfo
        return getattr(info(self.as_numpy_dtype), which)

    @property
    def limits(self):
        if self.is_floating:
            return (0, 1)
        return (0, int(self.max))

    def is_compatible_with(self, other):
        return self._type_enum in (
            as_dtype(other).as_datatype_enum,
            as_dtype(other).base_dtype.as_datatype_enum,
        )

    def __eq__(self, other):
        if other is self:
            return True
        if other is None:
            return False
        try:
            return as_dtype(other)._type_enum == self._type_enum
        except TypeError:
            return False

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return self._type_enum

    def __int__(self):
        return self._type_enum

    def __repr__(self):
        return "tf." + self._name

    def __str__(self):
        return f"<dtype: '{self._name}'>"

    def __reduce__(self):
        return as_dtype, (self._name,)


_BY_NUMBER = {}
_BY_NAME = {}


def _define(name, number):
    d = object.__new__(DType)
    d._type_enum = number
    d._name = name
    _BY_NUMBER[number] = _BY_NAME[name] = d
    return d


for _name, _number in _NUMBERS.items():
    globals()[_name] = _define(_name, _number)
for _alias, _name in _ALIASES.items():
    _BY_NAME[_alias] = _BY_NAME[_name]
half = _BY_NAME["half"]
double = _BY_NAME["double"]
float32, float64, string = _BY_NAME["float32"], _BY_NAME["float64"], _BY_NAME["string"]
_BY_PYTHON = {float: float32, _builtins.bool: _BY_NAME["bool"], object: string}


def _lookup(value):
    if isinstance(value, str):
        name = value.removesuffix("_ref")
        found = _BY_NAME.get(name)
        if found is None and name.startswith("DT_"):
            from . import messages

            number = messages.DATA_TYPES.get(name)
            found = _BY_NUMBER.get(number)
        return DType(found._type_enum + 100) if found is not None and name != value else found
    if isinstance(value, int) and not isinstance(value, _builtins.bool):
        try:
            return DType(value)
        except TypeError:
            return None
    if value in _BY_PYTHON:
        return _BY_PYTHON[value]
    # By identity: NumPy's int64 equals int.
    if any(value is t for t in (int, str, bytes, complex, None)):
        return None
    try:
        d = _np.dtype(value)
    except TypeError:
        return None
    if d.fields:
        return _BY_NAME.get(next(iter(d.fields)))
    return string if d.kind in "OSU" else _BY_NAME.get(d.newbyteorder("=").name)


def as_dtype(type_value):
    """The DType for a DType, a name ("float32"), a NumPy type or an enum value."""
    if isinstance(type_value, DType):
        return type_value
    try:
        found = _lookup(type_value)
    except TypeError:
        found = None
    if found is None:
        raise TypeError(f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType.")
    return found


def __getattr__(name):
    from .export import lookup

    return lookup("dtypes", __name__)(name)
