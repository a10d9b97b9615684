"""Messages as JSON values, as google.protobuf.json_format writes them."""

import base64
import math


def _camel(name):
    head, *rest = name.split("_")
    return head + "".join(w[:1].upper() + w[1:] for w in rest)


def _value(field, v, options):
    if field.message_type is not None:
        return to_dict(v, **options)
    if field._enum:
        return _enum_name(field, v)
    if isinstance(v, bytes):
        return base64.b64encode(v).decode()
    if isinstance(v, float) and not math.isfinite(v):
        return "NaN" if v != v else "Infinity" if v > 0 else "-Infinity"
    if isinstance(v, int) and not isinstance(v, bool) and "64" in str(field.kind):
        return str(v)
    return v


def _enum_name(field, v):
    from . import messages

    names = {n: k for k, n in messages.DATA_TYPES.items()} if field._enum.endswith("DataType") else {}
    return names.get(v, v)


def to_dict(message, preserving_proto_field_name=False, **options):
    """The set fields of a message as a dict."""
    options["preserving_proto_field_name"] = preserving_proto_field_name
    out = {}
    for field in message.DESCRIPTOR.fields:
        key = field.name if preserving_proto_field_name else _camel(field.name)
        v = getattr(message, field.name)
        if field.is_map:
            if len(v):
                out[key] = {str(k): _map_value(field, v[k], options) for k in v}
        elif field.is_repeated:
            if len(v):
                out[key] = [_value(field, x, options) for x in v]
        elif field.message_type is not None or field.containing_oneof is not None:
            if message.HasField(field.name):
                out[key] = _value(field, v, options)
        elif v:
            out[key] = _value(field, v, options)
    return out


def _map_value(field, v, options):
    return to_dict(v, **options) if hasattr(v, "DESCRIPTOR") else v
