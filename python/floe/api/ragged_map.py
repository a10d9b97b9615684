"""tf.map_fn and tf.matmul of ragged tensors."""

import numpy as np

from .. import _floe, nest, raw_ops
from ..tensor import TensorSpec, convert_to_tensor
from ..tensor_shape import as_shape
from .ragged_ops import stack
from .ragged_tensor import RaggedTensor, RaggedTensorSpec, ragged_or_tensor


def _rows_of(x):
    return x.nrows() if isinstance(x, RaggedTensor) else raw_ops.Shape(input=x, out_type=np.int64)[0]


def map_fn(function, fn, elems, dtype, signature, args, kwargs):
    """fn of every row; rows of different lengths come back as a ragged tensor where the signature says so."""
    signature = dtype if signature is None else signature
    elems = nest.map_structure(ragged_or_tensor, elems)
    n = _rows_of(nest.flatten(elems)[0])

    def call(i):
        return fn(nest.map_structure(lambda x: x[i], elems))

    flat = nest.flatten(signature)
    if any(isinstance(s, RaggedTensorSpec) for s in flat):
        return _collected(call, n, signature)
    if signature is None:
        signature = nest.flatten(elems)[0].dtype
    one = convert_to_tensor(1, n.dtype)
    steps = raw_ops.Range(start=convert_to_tensor(0, n.dtype), limit=n, delta=one)
    return function(call, steps, *args, fn_output_signature=signature, **kwargs)


def _collected(call, n, signature):
    if _floe.recording():
        raise NotImplementedError(
            f"tf.map_fn inside of a graph cannot return ragged rows ({signature}): use tf.ragged.map_flat_values, "
            "or return tensors and build the ragged tensor from them."
        )
    results = [call(i) for i in range(int(n))]
    if not results:
        return nest.map_structure(_empty, signature)
    columns = zip(*[nest.flatten(r) for r in results])
    out = []
    for s, rows in zip(nest.flatten(signature), columns):
        if isinstance(s, RaggedTensorSpec):
            out.append(stack(list(rows)).with_row_splits_dtype(s.row_splits_dtype))
        else:
            out.append(raw_ops.Pack(values=rows, axis=0))
    return nest.pack_sequence_as(signature, out)


def _empty(spec):
    if isinstance(spec, RaggedTensorSpec):
        values = np.zeros([0], spec.dtype.as_numpy_dtype)
        for _ in range(spec.ragged_rank + 1):
            values = RaggedTensor.from_row_splits(values, np.array([0], np.int64))
        return values
    shape = as_shape(spec.shape if isinstance(spec, TensorSpec) else [])
    dtype = spec.dtype if isinstance(spec, TensorSpec) else spec
    return convert_to_tensor(np.zeros([0, *[n or 0 for n in shape.as_list()]], dtype.as_numpy_dtype))


def matmul(function, a, b, transpose_a, transpose_b, args, kwargs):
    """The products of the matrices in the rows of two batches."""
    a, b = ragged_or_tensor(a), ragged_or_tensor(b)
    if a.shape.ndims != b.shape.ndims:
        raise ValueError(f"a and b must have the same rank, found {a.shape} and {b.shape}.")
    padded = [x.to_tensor() if isinstance(x, RaggedTensor) else x for x in (a, b)]
    product = function(*padded, transpose_a, transpose_b, *args, **kwargs)
    rows = a if isinstance(a, RaggedTensor) and not transpose_a else b
    if rows is b and not (isinstance(b, RaggedTensor) and transpose_b):
        return product
    return RaggedTensor.from_tensor(product, lengths=rows.row_lengths())
