"""tf.io: numbers, text and tensors as bytes."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument


def _raw(data, out_type, little_endian, fixed_length, name):
    if fixed_length is not None:
        return raw_ops.DecodePaddedRaw(
            input_bytes=data,
            fixed_length=fixed_length,
            out_type=out_type,
            little_endian=little_endian,
            name=name,
        )
    return raw_ops.DecodeRaw(bytes=data, out_type=out_type, little_endian=little_endian, name=name)


@export("io.decode_raw")
def decode_raw(input_bytes, out_type, little_endian=True, fixed_length=None, name=None):
    """The bytes of each string as numbers; with fixed_length cut or padded with zeros to so many bytes."""
    return _raw(input_bytes, out_type, little_endian, fixed_length, name)


@export("compat.v1.io.decode_raw", "compat.v1.decode_raw")
def decode_raw_v1(input_bytes=None, out_type=None, little_endian=True, name=None, bytes=None):
    """The bytes of each string as numbers."""
    data = deprecated_argument("input_bytes", input_bytes, "bytes", bytes)
    if out_type is None:
        raise ValueError("decode_raw_v1() missing 1 positional argument: 'out_type'")
    return _raw(data, out_type, little_endian, None, name)


@export("io.encode_base64", "compat.v1.encode_base64")
def encode_base64(input, pad=False, name=None):
    """Web-safe base64 of each string."""
    return raw_ops.EncodeBase64(input=input, pad=pad, name=name)


@export("io.decode_base64", "compat.v1.decode_base64")
def decode_base64(input, name=None):
    """The strings that web-safe base64 stands for."""
    return raw_ops.DecodeBase64(input=input, name=name)


@export("io.decode_compressed", "compat.v1.decode_compressed")
def decode_compressed(bytes, compression_type="", name=None):
    """The strings without their compression: "ZLIB", "GZIP" or none."""
    return raw_ops.DecodeCompressed(bytes=bytes, compression_type=compression_type, name=name)


@export("io.decode_json_example", "compat.v1.decode_json_example")
def decode_json_example(json_examples, name=None):
    """Examples in JSON as serialized tf.train.Example messages."""
    return raw_ops.DecodeJSONExample(json_examples=json_examples, name=name)


@export("io.parse_tensor", "compat.v1.parse_tensor")
def parse_tensor(serialized, out_type, name=None):
    """The tensor of a serialized TensorProto, whose type must be out_type."""
    return raw_ops.ParseTensor(serialized=serialized, out_type=out_type, name=name)


@export("io.serialize_tensor", "compat.v1.serialize_tensor")
def serialize_tensor(tensor, name=None):
    """The tensor as a serialized TensorProto."""
    return raw_ops.SerializeTensor(tensor=tensor, name=name)


def _csv(records, defaults, delimiter, quotes, na_value, columns, name):
    defaults = [
        c.tensor([], dtypes.string) if isinstance(d, list) and not d else _default(d) for d in defaults
    ]
    return raw_ops.DecodeCSV(
        records=records,
        record_defaults=defaults,
        field_delim=delimiter,
        use_quote_delim=quotes,
        na_value=na_value,
        select_cols=columns or [],
        name=name,
    )


def _default(value):
    if isinstance(value, dtypes.DType):
        return c.zeros([0], value) if value != dtypes.string else c.tensor([], dtypes.string)
    return c.tensor(value)


@export("io.decode_csv")
def decode_csv(
    records, record_defaults, field_delim=",", use_quote_delim=True, na_value="", select_cols=None, name=None
):
    """A list of columns; each default has the column's type, and an empty one makes it required."""
    return _csv(records, record_defaults, field_delim, use_quote_delim, na_value, select_cols, name)


@export("compat.v1.io.decode_csv", "compat.v1.decode_csv")
def decode_csv_v1(
    records, record_defaults, field_delim=",", use_quote_delim=True, name=None, na_value="", select_cols=None
):
    """A list of columns; each default has the column's type, and an empty one makes it required."""
    return _csv(records, record_defaults, field_delim, use_quote_delim, na_value, select_cols, name)
