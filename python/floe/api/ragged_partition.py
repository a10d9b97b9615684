"""Row partitions of ragged tensors: splits, lengths, ids, and the checks of those that users give."""

import numpy as np

from .. import dtypes, raw_ops
from ..tensor import Tensor, convert_to_tensor
from .support import value_of


def indices(x, name):
    """A partition's tensor: int64, or int32 where it is one already."""
    if isinstance(x, (list, tuple)) and not any(isinstance(v, Tensor) for v in x):
        x = np.asarray(x)
        x = x.astype(np.int64) if x.dtype.kind in "iu" or not x.size else x
    x = convert_to_tensor(x)
    if x.dtype not in (dtypes.int32, dtypes.int64):
        raise ValueError(f"{name} must have dtype int32 or int64")
    x.shape.assert_has_rank(1)
    return x


def count(values, dtype):
    """How many rows `values` has."""
    if hasattr(values, "nested_row_splits"):
        return values.nrows(dtype)
    return raw_ops.Shape(input=values, out_type=dtype)[0]


def _checks():
    from . import debug_values

    return debug_values


def _same_count(n, values, dtype):
    _checks().assert_equal(
        n,
        count(values, dtype),
        message="Arguments to _from_row_partition do not form a valid RaggedTensor",
    )


def check_splits(splits, values):
    text = "Arguments to from_row_splits do not form a valid RaggedTensor"
    _checks().assert_equal(splits[0], convert_to_tensor(0, splits.dtype), message=text + ":zero")
    _checks().assert_non_negative(splits[1:] - splits[:-1], message=text + ":monotonic")
    _same_count(splits[-1], values, splits.dtype)


def check_lengths(lengths, values):
    text = "Arguments to from_row_lengths do not form a valid RowPartition"
    _checks().assert_non_negative(lengths, message=text)
    _same_count(raw_ops.Sum(input=lengths, axis=0), values, lengths.dtype)


def check_starts(starts):
    known = starts.shape.as_list()[0]
    if known == 0:
        return
    text = "Arguments to from_row_starts do not form a valid RaggedTensor"
    _checks().assert_equal(starts[0], convert_to_tensor(0, starts.dtype), message=text)


def check_known_rows(rowids, nrows):
    n, ids = value_of(nrows), value_of(rowids)
    if n is not None and int(n) < 0:
        raise ValueError(f"Expected nrows >= 0; got {int(n)}")
    if n is not None and ids is not None and ids.size and int(ids[-1]) >= int(n):
        raise ValueError(
            f"Expected nrows >= value_rowids[-1] + 1; got nrows={int(n)}, value_rowids[-1]={int(ids[-1])}"
        )


def check_rowids(rowids, values):
    text = "Arguments to from_value_rowids do not form a valid RowPartition"
    _checks().assert_non_negative(rowids[1:] - rowids[:-1], message=text)
    _checks().assert_non_negative(rowids[:1], message=text)
    n = raw_ops.Shape(input=rowids, out_type=rowids.dtype)[0]
    _same_count(n, values, rowids.dtype)


def splits_of_lengths(lengths):
    zero = convert_to_tensor([0], lengths.dtype)
    return raw_ops.ConcatV2(values=[zero, raw_ops.Cumsum(x=lengths, axis=0)], axis=0)


def splits_of_rowids(rowids, nrows):
    """Splits from the row of each value; as many rows as the last needs where nrows is None."""
    if nrows is None:
        top = raw_ops.ConcatV2(values=[convert_to_tensor([-1], rowids.dtype), rowids[-1:]], axis=0)
        nrows = raw_ops.Max(input=top, axis=0) + convert_to_tensor(1, rowids.dtype)
    ones = raw_ops.OnesLike(x=rowids)
    return splits_of_lengths(raw_ops.UnsortedSegmentSum(data=ones, segment_ids=rowids, num_segments=nrows))


def rowids_of_splits(splits):
    """The row of each value: how many rows ended before it."""
    one = convert_to_tensor(1, splits.dtype)
    n = splits[-1]
    ends = raw_ops.UnsortedSegmentSum(
        data=raw_ops.OnesLike(x=splits[1:]), segment_ids=splits[1:], num_segments=n + one
    )
    return raw_ops.Cumsum(x=ends, axis=0)[:-1]


def uniform_splits(values, length, nrows):
    """(length, splits, length when known) of rows that all have the same length."""
    dtype = getattr(values, "row_splits", None)
    dtype = dtypes.int64 if dtype is None else dtype.dtype
    if isinstance(length, Tensor) and length.dtype in (dtypes.int32, dtypes.int64) and dtype != length.dtype:
        dtype = dtype if hasattr(values, "row_splits") else length.dtype
    length = raw_ops.Cast(x=length, DstT=dtype)
    n = count(values, dtype)
    known, total = value_of(length), value_of(n)
    known = None if known is None else int(known)
    if known is not None and known < 0:
        raise ValueError(f"uniform_row_length must be non-negative; got {known}")
    if nrows is not None:
        rows = raw_ops.Cast(x=nrows, DstT=dtype)
    elif known == 0:
        rows = convert_to_tensor(0, dtype)
    else:
        rows = raw_ops.FloorDiv(x=n, y=length)
    fixed = value_of(rows)
    if None not in (known, total if total is None else 0, fixed if fixed is None else 0):
        if known * int(fixed) != int(total):
            raise ValueError(
                f"uniform_row_length={known} times nrows={int(fixed)} must equal nvals={int(total)}"
            )
    one = convert_to_tensor(1, dtype)
    steps = raw_ops.Range(start=convert_to_tensor(0, dtype), limit=rows + one, delta=one)
    return length, steps * length, known
