"""tf.strings: what gives rows of different lengths."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument


def _string(x):
    return x if hasattr(x, "with_flat_values") else c.tensor(x, dtypes.string)


def rows(input, run):
    """Applies run, which makes ragged rows (a list of them) of a vector of strings, to any shape."""
    x = _string(input)
    if hasattr(x, "with_flat_values"):
        return [x.with_flat_values(r) for r in rows(x.flat_values, run)]
    if x.shape.rank is None:
        raise ValueError("Rank of `input` must be statically known.")
    if x.shape.rank == 0:
        return [r.values for r in run(c.reshape(x, [1]))]
    if x.shape.rank == 1:
        return run(x)
    ragged = c.public("RaggedTensor").from_tensor(x, ragged_rank=x.shape.rank - 1)
    return rows(ragged, run)


def from_splits(values, splits):
    return c.public("RaggedTensor").from_row_splits(values=values, row_splits=splits, validate=False)


@export("strings.split")
def split(input, sep=None, maxsplit=-1, name=None):
    """The parts between separators (runs of spaces by default) as ragged rows."""
    sep = "" if sep is None else sep

    def run(x):
        indices, values, shape = raw_ops.StringSplitV2(input=x, sep=sep, maxsplit=maxsplit)
        row_ids = c.last(indices, 0, None, shrink=True)
        make = c.public("RaggedTensor").from_value_rowids
        return [make(values=values, value_rowids=row_ids, nrows=c.item(shape, 0), validate=False)]

    return rows(input, run)[0]


@export("compat.v1.strings.split")
def split_v1(input=None, sep=None, maxsplit=-1, result_type="SparseTensor", source=None, name=None):
    """The parts between separators as a SparseTensor (or "RaggedTensor")."""
    x = _string(deprecated_argument("input", input, "source", source))
    if x.shape.rank == 0:
        x = c.expand_dims(x, 0)
    if result_type == "SparseTensor":
        if x.shape.rank == 1:
            sep = "" if sep is None else sep
            parts = raw_ops.StringSplitV2(input=x, sep=sep, maxsplit=maxsplit, name=name)
            return c.public("SparseTensor")(*parts)
        return split(x, sep, maxsplit).to_sparse()
    if result_type == "RaggedTensor":
        return split(x, sep, maxsplit)
    raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")


@export("compat.v1.string_split")
def string_split(source, sep=None, skip_empty=True, delimiter=None, result_type="SparseTensor", name=None):
    """The parts between any of the characters of `delimiter` as a SparseTensor (or "RaggedTensor")."""
    delimiter = deprecated_argument("delimiter", delimiter, "sep", sep)
    indices, values, shape = raw_ops.StringSplit(
        input=_string(source), delimiter=" " if delimiter is None else delimiter, skip_empty=skip_empty
    )
    if result_type == "SparseTensor":
        return c.public("SparseTensor")(indices, values, shape)
    if result_type == "RaggedTensor":
        make = c.public("RaggedTensor").from_value_rowids
        row_ids = c.last(indices, 0, None, shrink=True)
        return make(values=values, value_rowids=row_ids, nrows=c.item(shape, 0), validate=False)
    raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")


@export("strings.bytes_split")
def bytes_split(input, name=None):
    """The bytes of each string as ragged rows."""

    def run(x):
        splits = c.concat([[0], raw_ops.Cumsum(x=raw_ops.StringLength(input=x), axis=0)], 0)
        joined = raw_ops.ReduceJoin(inputs=x, reduction_indices=[0])
        count = c.item(splits, -1)
        at = c.arange(0, count)
        each = raw_ops.Substr(input=c.fill(c.stack([count]), joined), pos=at, len=c.ones_like(at))
        return [from_splits(each, c.cast(splits, dtypes.int64))]

    return rows(input, run)[0]


@export("strings.ngrams")
def ngrams(
    data,
    ngram_width,
    separator=" ",
    pad_values=None,
    padding_width=None,
    preserve_short_sequences=False,
    name=None,
):
    """The runs of ngram_width neighbouring strings in the last dimension, joined."""
    left, right = "", ""
    if pad_values is not None:
        left, right = (pad_values, pad_values) if isinstance(pad_values, (str, bytes)) else pad_values
        if not isinstance(left, (str, bytes)) or not isinstance(right, (str, bytes)):
            raise TypeError("pad_values must be a string, tuple of strings, or None.")
    if isinstance(ngram_width, int):
        widths = [ngram_width]
    else:
        widths = list(ngram_width)
        if not all(isinstance(w, int) for w in widths):
            raise TypeError(f"ngram_width must be an integer or tuple of integers. Got {ngram_width}")
    if any(w < 1 for w in widths):
        raise ValueError(f"All ngram_widths must be greater than 0. Got {ngram_width}")
    if padding_width is not None:
        if pad_values is None:
            raise ValueError("pad_values must be provided if padding_width is set.")
        if padding_width < 1:
            raise ValueError(f"padding_width must be greater than 0. Got {padding_width}")
    elif pad_values is None:
        padding_width = 0
    else:
        padding_width = -1
    x = _string(data)
    was_1d = not hasattr(x, "flat_values") and x.shape.rank == 1
    if not hasattr(x, "flat_values"):
        if x.shape.rank == 0:
            raise ValueError("`data` must have rank>0")
        x = c.expand_dims(x, 0) if was_1d else x
        ragged = c.public("RaggedTensor").from_tensor(x, ragged_rank=x.shape.rank - 1)
        dense = True
    else:
        ragged, dense = x, False
    inner = ragged
    output, splits = raw_ops.StringNGrams(
        data=inner.flat_values,
        data_splits=inner.nested_row_splits[-1],
        separator=separator,
        ngram_widths=widths,
        left_pad=left,
        right_pad=right,
        pad_width=padding_width,
        preserve_short_sequences=preserve_short_sequences,
        name=name,
    )
    result = c.public("RaggedTensor").from_nested_row_splits(
        output, [*inner.nested_row_splits[:-1], splits], validate=False
    )
    if not dense:
        return result
    result = result.to_tensor()
    return c.squeeze(result, [0]) if was_1d else result
