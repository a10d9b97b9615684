"""TensorFlow's protocol buffer messages: one class per type, made at its first use."""

import sys as _sys

from . import _floe

DATA_TYPES = dict(_floe.data_types())


class Error(Exception):
    """Base of the errors of messages."""


class DecodeError(Error):
    """Bytes that are not the message they are read as."""


class EncodeError(Error):
    """A message that cannot be written."""


class EnumDescriptor:
    def __init__(self, full_name, values):
        self.full_name = full_name
        self.name = full_name.rpartition(".")[2]
        self.values_by_name = dict(values)

    def __repr__(self):
        return f"<EnumDescriptor {self.full_name}>"


class FieldDescriptor:
    """What a message knows of one of its fields."""

    def __init__(self, owner, name, number, kind, repeated, is_map, message, enum, oneof):
        self.containing_type = owner
        self.name = name
        self.full_name = f"{owner.full_name}.{name}"
        self.number = number
        self.kind = kind
        self.is_repeated = repeated
        self.is_map = is_map
        self._message = message
        self._enum = enum
        self.containing_oneof = oneof

    @property
    def message_type(self):
        return _class(self._message).DESCRIPTOR if self._message else None

    def __repr__(self):
        return f"<FieldDescriptor {self.full_name}>"


class Descriptor:
    """What a message class knows of itself."""

    def __init__(self, full_name, fields):
        self.full_name = full_name
        self.name = full_name.rpartition(".")[2]
        self.fields = [FieldDescriptor(self, *f) for f in fields]
        self.fields_by_name = {f.name: f for f in self.fields}
        self.fields_by_number = {f.number: f for f in self.fields}

    def __repr__(self):
        return f"<Descriptor {self.full_name}>"


def _from_string(cls, s):
    message = cls()
    message.ParseFromString(s)
    return message


def _set_state(self, state):
    self.ParseFromString(state)


def _reduce(self):
    return _restore, (type(self).DESCRIPTOR.full_name, self.SerializeToString())


def _restore(full_name, data):
    return _class(full_name).FromString(data)


def _deepcopy(self, memo):
    return self._clone()


def _dir(self):
    return sorted(set(object.__dir__(self)) | set(type(self).DESCRIPTOR.fields_by_name))


_classes = {}


class _ClassOf:
    """A nested class (`AttrValue.ListValue`) that is made when somebody asks for it."""

    def __init__(self, full_name):
        self._full_name = full_name

    def __get__(self, instance, owner):
        return _class(self._full_name)


def _class(full_name):
    cls = _classes.get(full_name)
    return cls if cls is not None else _make_class(full_name)


def _make_class(full_name):
    capsule = _floe.message_type(full_name)
    if capsule is None:
        raise AttributeError(f"There is no message {full_name}")
    fields = _floe.message_fields(capsule)
    descriptor = Descriptor(full_name, fields)
    local = full_name.removeprefix("tensorflow.")
    namespace = {
        "__slots__": (),
        "__module__": __name__,
        "__qualname__": local,
        "__doc__": f"The message {full_name}.",
        "__hash__": None,
        "__reduce__": _reduce,
        "__setstate__": _set_state,
        "__deepcopy__": _deepcopy,
        "__copy__": lambda self: self._clone(),
        "__dir__": _dir,
        "FromString": classmethod(_from_string),
        "DESCRIPTOR": descriptor,
        "_type": capsule,
    }
    for f in descriptor.fields:
        namespace[f.name.upper() + "_FIELD_NUMBER"] = f.number
        for nested in (f._message, f._enum):
            if nested and nested.startswith(full_name + "."):
                inner = nested[len(full_name) + 1 :]
                if nested == f._enum:
                    values = _floe.enum_values(capsule, nested)
                    namespace[inner] = _Enum(nested, values)
                    namespace.update(values)
                elif "." not in inner:
                    namespace[inner] = _ClassOf(nested)
    cls = type(descriptor.name, (_floe.Message,), namespace)
    _classes[full_name] = cls
    return cls


class _Enum:
    """Names and numbers of an enum, as protobuf's enum wrappers."""

    def __init__(self, full_name, values):
        self.DESCRIPTOR = EnumDescriptor(full_name, values)
        self._values = dict(values)
        self.__dict__.update(self._values)

    def Name(self, number):
        for name, n in self._values.items():
            if n == number:
                return name
        raise ValueError(f"Enum {self.DESCRIPTOR.name} has no name defined for value {number}")

    def Value(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise ValueError(f"Enum {self.DESCRIPTOR.name} has no value defined for name {name!r}") from None

    def keys(self):
        return list(self._values)

    def values(self):
        return list(self._values.values())

    def items(self):
        return list(self._values.items())


DataType = _Enum("tensorflow.DataType", DATA_TYPES.items())


def get(name):
    """The class of a message by its name without the package: "GraphDef"."""
    return _class("tensorflow." + name)


def __getattr__(name):
    if name in DATA_TYPES:
        return DATA_TYPES[name]
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        cls = _class("tensorflow." + name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    setattr(_sys.modules[__name__], name, cls)
    return cls
