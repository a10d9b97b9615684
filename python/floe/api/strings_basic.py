"""tf.strings: joining, cutting, searching, numbers."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from . import types
from .nn_activation import deprecated_argument


def each(x, op):
    """op on a tensor, or on the flat values of a ragged tensor."""
    return x.with_flat_values(op(x.flat_values)) if hasattr(x, "with_flat_values") else op(x)


as_string = export("strings.as_string")(types.as_string)


@export("strings.format")
def format(template, inputs, placeholder="{}", summarize=3, name=None):
    """The template with the inputs' printed values in place of each placeholder."""
    if not isinstance(inputs, (list, tuple)):
        inputs = [inputs]
    n = template.count(placeholder)
    if n != len(inputs):
        raise ValueError(
            f"The template expects {n} tensors, but the inputs only has {len(inputs)}. "
            "Please ensure the number of placeholders in template matches inputs length."
        )
    return raw_ops.StringFormat(
        inputs=[c.tensor(x) for x in inputs],
        template=template,
        placeholder=placeholder,
        summarize=summarize,
        name=name,
    )


@export("strings.join", "compat.v1.string_join")
def join(inputs, separator="", name=None):
    """The strings of several tensors put together element by element."""
    return raw_ops.StringJoin(inputs=list(inputs), separator=separator, name=name)


def _length(input, name, unit):
    return each(input, lambda x: raw_ops.StringLength(input=x, unit=unit, name=name))


@export("strings.length")
def length(input, unit="BYTE", name=None):
    """The number of bytes, or of UTF8_CHARs."""
    return _length(input, name, unit)


@export("compat.v1.strings.length")
def length_v1(input, name=None, unit="BYTE"):
    """The number of bytes, or of UTF8_CHARs."""
    return _length(input, name, unit)


@export("strings.lower")
def lower(input, encoding="", name=None):
    """Lower case: ASCII letters only, all of them with encoding "utf-8"."""
    return each(input, lambda x: raw_ops.StringLower(input=x, encoding=encoding, name=name))


@export("strings.upper")
def upper(input, encoding="", name=None):
    """Upper case: ASCII letters only, all of them with encoding "utf-8"."""
    return each(input, lambda x: raw_ops.StringUpper(input=x, encoding=encoding, name=name))


@export("strings.strip", "compat.v1.string_strip")
def strip(input, name=None):
    """Without spaces at both ends."""
    return each(input, lambda x: raw_ops.StringStrip(input=x, name=name))


def _substr(input, pos, len, name, unit):
    return raw_ops.Substr(input=input, pos=pos, len=len, unit=unit, name=name)


@export("strings.substr")
def substr(input, pos, len, unit="BYTE", name=None):
    """The part of each string from pos on; negative positions count from the end."""
    return _substr(input, pos, len, name, unit)


@export("compat.v1.strings.substr", "compat.v1.substr")
def substr_v1(input, pos, len, name=None, unit="BYTE"):
    """The part of each string from pos on; negative positions count from the end."""
    return _substr(input, pos, len, name, unit)


def _reduce_join(inputs, axis, keepdims, separator, name):
    x = c.tensor(inputs)
    if axis is None:
        rank = x.shape.rank
        if rank is None:
            axis = c.arange(c.sub(raw_ops.Rank(input=x), 1), -1, -1)
        else:
            axis = c.arange(0, rank)
    return raw_ops.ReduceJoin(
        inputs=x, reduction_indices=axis, keep_dims=keepdims, separator=separator, name=name
    )


@export("strings.reduce_join")
def reduce_join(inputs, axis=None, keepdims=False, separator="", name=None):
    """The strings along the axes joined."""
    return _reduce_join(inputs, axis, keepdims, separator, name)


@export("compat.v1.strings.reduce_join", "compat.v1.reduce_join")
def reduce_join_v1(
    inputs, axis=None, keep_dims=None, separator="", name=None, reduction_indices=None, keepdims=None
):
    """The strings along the axes joined."""
    keep = deprecated_argument("keepdims", keepdims, "keep_dims", keep_dims)
    axis = deprecated_argument("axis", axis, "reduction_indices", reduction_indices)
    return _reduce_join(inputs, axis, bool(keep), separator, name)


@export("strings.unsorted_segment_join")
def unsorted_segment_join(inputs, segment_ids, num_segments, separator="", name=None):
    """The strings of each segment joined."""
    return raw_ops.UnsortedSegmentJoin(
        inputs=inputs, segment_ids=segment_ids, num_segments=num_segments, separator=separator, name=name
    )


@export("strings.regex_full_match")
def regex_full_match(input, pattern, name=None):
    """Whether the whole string matches the RE2 pattern."""

    def run(x):
        if isinstance(pattern, (str, bytes)):
            return raw_ops.StaticRegexFullMatch(input=x, pattern=pattern, name=name)
        return raw_ops.RegexFullMatch(input=x, pattern=pattern, name=name)

    return each(input, run)


@export("strings.regex_replace", "compat.v1.regex_replace")
def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """Matches of the RE2 pattern rewritten; \\\\1 in `rewrite` stands for the first group."""
    args = dict(pattern=pattern, rewrite=rewrite, replace_global=replace_global, name=name)
    static = isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes))
    op = raw_ops.StaticRegexReplace if static else raw_ops.RegexReplace
    return each(input, lambda x: op(input=x, **args))


@export("strings.to_hash_bucket_fast", "compat.v1.string_to_hash_bucket_fast")
def to_hash_bucket_fast(input, num_buckets, name=None):
    """FarmHash of each string modulo num_buckets."""

    def run(x):
        return raw_ops.StringToHashBucketFast(input=x, num_buckets=num_buckets, name=name)

    return each(input, run)


@export("strings.to_hash_bucket_strong", "compat.v1.string_to_hash_bucket_strong")
def to_hash_bucket_strong(input, num_buckets, key, name=None):
    """SipHash of each string, with a key of two integers, modulo num_buckets."""

    def run(x):
        return raw_ops.StringToHashBucketStrong(input=x, num_buckets=num_buckets, key=list(key), name=name)

    return each(input, run)


def _hash(input, num_buckets, name):
    def run(x):
        return raw_ops.StringToHashBucket(string_tensor=x, num_buckets=num_buckets, name=name)

    return each(input, run)


@export("strings.to_hash_bucket")
def to_hash_bucket(input, num_buckets, name=None):
    """A hash of each string modulo num_buckets."""
    return _hash(input, num_buckets, name)


@export("compat.v1.strings.to_hash_bucket", "compat.v1.string_to_hash_bucket")
def to_hash_bucket_v1(string_tensor=None, num_buckets=None, name=None, input=None):
    """A hash of each string modulo num_buckets."""
    return _hash(deprecated_argument("input", input, "string_tensor", string_tensor), num_buckets, name)


def _number(input, out_type, name):
    return each(input, lambda x: raw_ops.StringToNumber(string_tensor=x, out_type=out_type, name=name))


@export("strings.to_number")
def to_number(input, out_type=dtypes.float32, name=None):
    """Each string as a number."""
    return _number(input, out_type, name)


@export("compat.v1.strings.to_number", "compat.v1.string_to_number")
def to_number_v1(string_tensor=None, out_type=dtypes.float32, name=None, input=None):
    """Each string as a number."""
    return _number(deprecated_argument("input", input, "string_tensor", string_tensor), out_type, name)
