#!/usr/bin/env python3
"""Writes src/floe/format/schema_data.inc from the descriptors of an installed TensorFlow.

    python scripts/make_schema.py            (in an environment that has tensorflow)

Everything that can be reached from the messages in ROOTS is written, in a fixed order.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from google.protobuf import wrappers_pb2  # noqa: E402
from google.protobuf.descriptor import FieldDescriptor as F  # noqa: E402
from tensorflow.core.framework import graph_pb2, op_def_pb2  # noqa: E402
from tensorflow.core.protobuf import (  # noqa: E402
    config_pb2,
    saved_model_pb2,
    tensor_bundle_pb2,
    trackable_object_graph_pb2,
)

ROOTS = [
    graph_pb2.GraphDef,
    op_def_pb2.OpList,
    saved_model_pb2.SavedModel,
    trackable_object_graph_pb2.TrackableObjectGraph,
    tensor_bundle_pb2.BundleHeaderProto,
    tensor_bundle_pb2.BundleEntryProto,
    config_pb2.ConfigProto,
    config_pb2.RunOptions,
    wrappers_pb2.Int64Value,
]

KINDS = {
    F.TYPE_DOUBLE: ("kDouble", "kFixed64"),
    F.TYPE_FLOAT: ("kFloat", "kFixed32"),
    F.TYPE_INT64: ("kInt64", "kVarint"),
    F.TYPE_UINT64: ("kUint64", "kVarint"),
    F.TYPE_INT32: ("kInt32", "kVarint"),
    F.TYPE_FIXED64: ("kUint64", "kFixed64"),
    F.TYPE_FIXED32: ("kUint32", "kFixed32"),
    F.TYPE_BOOL: ("kBool", "kVarint"),
    F.TYPE_STRING: ("kString", "kLength"),
    F.TYPE_MESSAGE: ("kMessage", "kLength"),
    F.TYPE_BYTES: ("kBytes", "kLength"),
    F.TYPE_UINT32: ("kUint32", "kVarint"),
    F.TYPE_ENUM: ("kEnum", "kVarint"),
    F.TYPE_SFIXED32: ("kInt32", "kFixed32"),
    F.TYPE_SFIXED64: ("kInt64", "kFixed64"),
    F.TYPE_SINT32: ("kInt32", "kZigzag"),
    F.TYPE_SINT64: ("kInt64", "kZigzag"),
}


def collect(roots):
    messages, enums = {}, {}

    def walk(message):
        if message.full_name in messages:
            return
        messages[message.full_name] = message
        for field in message.fields:
            if field.enum_type:
                enums.setdefault(field.enum_type.full_name, field.enum_type)
            if field.message_type:
                walk(field.message_type)

    for root in roots:
        walk(root.DESCRIPTOR)
    return messages, enums


def identifier(full_name):
    return full_name.removeprefix("tensorflow.").replace(".", "_")


def flag(value):
    return "1" if value else "0"


def field_row(field, numbers):
    kind, wire = KINDS[field.type]
    if not field.is_repeated and not field.message_type and field.default_value:
        sys.exit(f"{field.full_name} has a default value; the tables have no place for it")
    entry = field.message_type
    is_map = bool(entry and entry.GetOptions().map_entry)
    presence = not field.is_repeated and field.has_presence
    message = f"&kMessages[{numbers[entry.full_name]}]" if entry else "nullptr"
    enum = f"&kEnum_{identifier(field.enum_type.full_name)}" if field.enum_type else "nullptr"
    oneof = field.containing_oneof
    index = oneof.index if oneof else -1
    flags = ", ".join(flag(v) for v in (field.is_repeated, field.is_packed, is_map, presence))
    return (
        f'    {{"{field.name}", {field.number}, Kind::{kind}, Wire::{wire}, '
        f"{flags}, {index}, {message}, {enum}}},"
    )


def main():
    messages, enums = collect(ROOTS)
    numbers = {name: i for i, name in enumerate(messages)}
    out = ["// Made by scripts/make_schema.py from TensorFlow's descriptors; do not edit.", ""]
    for name, enum in enums.items():
        ident = identifier(name)
        out.append(f"constexpr EnumValue kValues_{ident}[] = {{")
        out += [f'    {{"{v.name}", {v.number}}},' for v in enum.values]
        out.append("};")
        out.append(f'constexpr EnumType kEnum_{ident} = {{"{name}", kValues_{ident}}};')
    out += ["", f"extern const MessageType kMessages[{len(messages)}];", ""]
    out.append("constexpr std::string_view kMessageNames[] = {")
    out += [f'    "{name}",' for name in messages]
    out += ["};", ""]
    for name, message in messages.items():
        ident = identifier(name)
        if message.oneofs:
            names = ", ".join(f'"{o.name}"' for o in message.oneofs)
            out.append(f"constexpr std::string_view kOneofs_{ident}[] = {{{names}}};")
        if message.fields:
            out.append(f"constexpr FieldType kFields_{ident}[] = {{")
            out += [field_row(f, numbers) for f in sorted(message.fields, key=lambda f: f.number)]
            out.append("};")
    out += ["", f"constinit const MessageType kMessages[{len(messages)}] = {{"]
    for name, message in messages.items():
        ident = identifier(name)
        fields = f"kFields_{ident}" if message.fields else "{}"
        oneofs = f"kOneofs_{ident}" if message.oneofs else "{}"
        out.append(f'    {{"{name}", "{message.name}", {fields}, {oneofs}}},')
    out.append("};")
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(here, "..", "src", "floe", "format", "schema_data.inc")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
