"""Counting: tf.math.bincount, tf.math.confusion_matrix; and ops that are public as they are."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .debug_values import assert_less, assert_non_negative
from .math_reduce import reduce_max
from .support import is_typed, plain, scoped, value_of, vector

timestamp = export("timestamp")(plain("Timestamp", "The seconds since 1970, a float64."))


def _length(arr, minlength, maxlength):
    """One more than the greatest element, within the limits."""
    some = raw_ops.Cast(x=raw_ops.Greater(x=raw_ops.Size(input=arr), y=0), DstT=arr.dtype)
    n = raw_ops.Mul(x=some, y=raw_ops.AddV2(x=reduce_max(arr), y=convert_to_tensor(1, arr.dtype)))
    if minlength is not None:
        n = raw_ops.Maximum(x=convert_to_tensor(minlength, arr.dtype), y=n)
    if maxlength is not None:
        n = raw_ops.Minimum(x=convert_to_tensor(maxlength, arr.dtype), y=n)
    return n


@export("math.bincount")
@scoped("bincount")
def bincount(
    arr,
    weights=None,
    minlength=None,
    maxlength=None,
    dtype=dtypes.int32,
    name=None,
    axis=None,
    binary_output=False,
):
    """How often 0, 1, 2, ... occur in a tensor, or (axis -1) in each of its rows; `weights` are added up instead of 1."""
    if weights is not None and binary_output:
        raise ValueError(
            "Arguments `binary_output` and `weights` are mutually exclusive. Please specify only one."
        )
    arr = convert_to_tensor(arr)
    if not arr.dtype.is_integer:
        arr = raw_ops.Cast(x=arr, DstT=dtypes.int32)
    if axis not in (None, 0, -1):
        raise ValueError(
            f"Unsupported value for argument axis={axis}. Only 0 and -1 are currently supported."
        )
    n = _length(arr, minlength, maxlength)
    weights = None if weights is None else convert_to_tensor(weights)
    if axis != -1:
        arr = raw_ops.Reshape(tensor=arr, shape=[-1])
        weights = weights if weights is None else raw_ops.Reshape(tensor=weights, shape=[-1])
    if weights is None:
        weights = convert_to_tensor(np.zeros(0, dtypes.as_dtype(dtype).as_numpy_dtype))
    return raw_ops.DenseBincount(input=arr, size=n, weights=weights, binary_output=binary_output)


@export("compat.v1.bincount", "compat.v1.math.bincount")
def v1_bincount(arr, weights=None, minlength=None, maxlength=None, dtype=dtypes.int32):
    """How often 0, 1, 2, ... occur in a tensor; `weights` are added up instead of 1."""
    return bincount(arr, weights, minlength, maxlength, dtype)


def _squeezed(labels, predictions):
    """A last dimension of 1 that only one of the two has is dropped."""
    a, b = labels.ndim, predictions.ndim
    if a is not None and b is not None:
        if b - a == 1 and predictions.shape[-1] in (1, None):
            predictions = raw_ops.Squeeze(input=predictions, axis=[-1])
        elif a - b == 1 and labels.shape[-1] in (1, None):
            labels = raw_ops.Squeeze(input=labels, axis=[-1])
    return labels, predictions


@export("math.confusion_matrix")
@scoped("confusion_matrix")
def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype=dtypes.int32, name=None):
    """How often (or with which weight) each label (row) was predicted as each class (column)."""
    labels, predictions = _squeezed(convert_to_tensor(labels), convert_to_tensor(predictions))
    labels, predictions = (
        _checked(x, what) for x, what in ((labels, "`labels`"), (predictions, "`predictions`"))
    )
    if num_classes is None:
        greatest = raw_ops.Maximum(x=reduce_max(predictions), y=reduce_max(labels))
        num_classes = raw_ops.AddV2(x=greatest, y=convert_to_tensor(1, dtypes.int64))
    else:
        known = value_of(num_classes)
        num_classes = convert_to_tensor(
            num_classes if known is None else int(known),
            None if is_typed(num_classes) and known is None else dtypes.int64,
        )
        if num_classes.dtype != dtypes.int64:
            num_classes = raw_ops.Cast(x=num_classes, DstT=dtypes.int64)
        labels = _after(assert_less(labels, num_classes, message="`labels` out of bound"), labels)
        predictions = _after(
            assert_less(predictions, num_classes, message="`predictions` out of bound"), predictions
        )
    dtype = dtypes.as_dtype(dtype)
    if weights is None:
        weights = raw_ops.Fill(dims=raw_ops.Shape(input=predictions), value=convert_to_tensor(1, dtype))
    else:
        weights = convert_to_tensor(weights)
        predictions.shape.assert_is_compatible_with(weights.shape)
        weights = weights if weights.dtype == dtype else raw_ops.Cast(x=weights, DstT=dtype)
    places = raw_ops.Pack(values=[labels, predictions], axis=1)
    return raw_ops.ScatterNd(indices=places, updates=weights, shape=vector([num_classes, num_classes]))


def _checked(x, what):
    x = x if x.dtype == dtypes.int64 else raw_ops.Cast(x=x, DstT=dtypes.int64)
    return _after(assert_non_negative(x, message=f"{what} contains negative values"), x)


def _after(check, x):
    """x, behind the check of a graph."""
    if check is None:
        return x
    from ..export import resolve

    with resolve("control_dependencies")([check]):
        return raw_ops.Identity(input=x)


@export("compat.v1.confusion_matrix", "compat.v1.math.confusion_matrix")
def v1_confusion_matrix(labels, predictions, num_classes=None, dtype=dtypes.int32, name=None, weights=None):
    """How often (or with which weight) each label (row) was predicted as each class (column)."""
    return confusion_matrix(labels, predictions, num_classes, weights, dtype, name)


@export("math.sobol_sample")
def sobol_sample(dim, num_results, skip=0, dtype=dtypes.float32, name=None):
    """Points of the Sobol sequence in the unit cube: [num_results, dim]."""
    return raw_ops.SobolSample(
        dim=dim, num_results=num_results, skip=skip, dtype=dtypes.as_dtype(dtype), name=name
    )


@export("random_index_shuffle")
def random_index_shuffle(index, seed, max_index, rounds=4, name=None):
    """The place of `index` in a permutation of 0 .. max_index that follows from the seed."""
    return raw_ops.RandomIndexShuffle(index=index, seed=seed, max_index=max_index, rounds=rounds, name=name)


@export("compat.v1.sparse_matmul")
def sparse_matmul(
    a, b, transpose_a=False, transpose_b=False, a_is_sparse=False, b_is_sparse=False, name=None
):
    """The product of matrices with many zeros."""
    return raw_ops.SparseMatMul(
        a=a,
        b=b,
        transpose_a=transpose_a,
        transpose_b=transpose_b,
        a_is_sparse=a_is_sparse,
        b_is_sparse=b_is_sparse,
        name=name,
    )


@export("compat.v1.Print")
def Print(input_, data, message=None, first_n=None, summarize=None, name=None):
    """input_; the op writes the data to the standard error stream when it runs."""
    return raw_ops.Print(
        input=input_,
        data=[convert_to_tensor(x) for x in data],
        message=message or "",
        first_n=-1 if first_n is None else first_n,
        summarize=3 if summarize is None else summarize,
        name=name,
    )
