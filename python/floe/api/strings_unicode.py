"""tf.strings: Unicode."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .strings_basic import each
from .strings_ragged import from_splits, rows


@export("strings.unicode_script")
def unicode_script(input, name=None):
    """The number of the script (ICU's UScriptCode) of each code point."""
    return each(input, lambda x: raw_ops.UnicodeScript(input=x, name=name))


@export("strings.unicode_transcode")
def unicode_transcode(
    input,
    input_encoding,
    output_encoding,
    errors="replace",
    replacement_char=65533,
    replace_control_characters=False,
    name=None,
):
    """Each string in another encoding: UTF-8, UTF-16-BE or UTF-32-BE."""

    def run(x):
        return raw_ops.UnicodeTranscode(
            input=x,
            input_encoding=input_encoding,
            output_encoding=output_encoding,
            errors=errors,
            replacement_char=replacement_char,
            replace_control_characters=replace_control_characters,
            name=name,
        )

    return each(input, run)


def _decode(input, encoding, errors, replacement, control, offsets):
    def run(x):
        op = raw_ops.UnicodeDecodeWithOffsets if offsets else raw_ops.UnicodeDecode
        result = op(
            input=x,
            input_encoding=encoding,
            errors=errors,
            replacement_char=replacement,
            replace_control_characters=control,
        )
        made = [from_splits(result.char_values, result.row_splits)]
        if offsets:
            made.append(from_splits(result.char_to_byte_starts, result.row_splits))
        return made

    return rows(input, run)


@export("strings.unicode_decode")
def unicode_decode(
    input,
    input_encoding,
    errors="replace",
    replacement_char=65533,
    replace_control_characters=False,
    name=None,
):
    """The code points of each string as ragged rows of int32."""
    return _decode(input, input_encoding, errors, replacement_char, replace_control_characters, False)[0]


@export("strings.unicode_decode_with_offsets")
def unicode_decode_with_offsets(
    input,
    input_encoding,
    errors="replace",
    replacement_char=65533,
    replace_control_characters=False,
    name=None,
):
    """(code points, the byte at which each one starts)."""
    return tuple(_decode(input, input_encoding, errors, replacement_char, replace_control_characters, True))


def _encode_rows(points, encoding, errors, replacement):
    x = points if hasattr(points, "flat_values") else c.tensor(points, _kind(points))
    args = dict(output_encoding=encoding, errors=errors, replacement_char=replacement)
    if not hasattr(x, "flat_values"):
        if x.shape.rank == 0:
            raise ValueError("input_tensor's rank must be at least 1.")
        if x.shape.rank == 1:
            splits = c.stack([0, raw_ops.Size(input=x)])
            encoded = raw_ops.UnicodeEncode(input_values=x, input_splits=c.cast(splits, dtypes.int64), **args)
            return c.reshape(encoded, [])
        x = c.public("RaggedTensor").from_tensor(x, ragged_rank=x.shape.rank - 1)
        dense = True
    else:
        dense = False
    if x.ragged_rank > 1:
        made = x.with_values(_encode_rows(x.values, encoding, errors, replacement))
        return made.to_tensor() if dense else made
    return raw_ops.UnicodeEncode(input_values=x.values, input_splits=x.row_splits, **args)


def _kind(points):
    return None if hasattr(points, "dtype") else dtypes.int32


@export("strings.unicode_encode")
def unicode_encode(input, output_encoding, errors="replace", replacement_char=65533, name=None):
    """The strings that rows of code points spell."""
    return _encode_rows(input, output_encoding, errors, replacement_char)


def _split(input, encoding, errors, replacement, offsets):
    parts = _decode(input, encoding, errors, replacement, False, offsets)
    points = parts[0]
    flat = points.flat_values if hasattr(points, "flat_values") else points
    count = raw_ops.Size(input=flat, out_type=dtypes.int64)
    splits = c.arange(c.tensor(0, dtypes.int64), c.add(count, 1), c.tensor(1, dtypes.int64))
    letters = raw_ops.UnicodeEncode(input_values=flat, input_splits=splits, output_encoding=encoding)
    parts[0] = points.with_flat_values(letters) if hasattr(points, "with_flat_values") else letters
    return parts


@export("strings.unicode_split")
def unicode_split(input, input_encoding, errors="replace", replacement_char=65533, name=None):
    """The characters of each string as ragged rows of strings."""
    return _split(input, input_encoding, errors, replacement_char, False)[0]


@export("strings.unicode_split_with_offsets")
def unicode_split_with_offsets(input, input_encoding, errors="replace", replacement_char=65533, name=None):
    """(characters, the byte at which each one starts)."""
    return tuple(_split(input, input_encoding, errors, replacement_char, True))
