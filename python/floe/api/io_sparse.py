"""tf.io: SparseTensors as strings."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c


def _check(sp, out_type):
    if not hasattr(sp, "dense_shape"):
        raise TypeError(f"Input must be a SparseTensor. Received: {sp}")
    if dtypes.as_dtype(out_type) != dtypes.string:
        raise NotImplementedError(f"Floe writes sparse tensors as strings only: out_type is {out_type}.")


def _strings(indices, values, shape, name=None):
    parts = [raw_ops.SerializeTensor(tensor=x) for x in (indices, values, shape)]
    return c.stack(parts, name=name)


@export("io.serialize_sparse")
def serialize_sparse(sp_input, out_type=dtypes.string, name=None):
    """Three strings: the serialized indices, values and shape."""
    _check(sp_input, out_type)
    return _strings(sp_input.indices, sp_input.values, sp_input.dense_shape, name)


@export("compat.v1.io.serialize_sparse", "compat.v1.serialize_sparse")
def serialize_sparse_v1(sp_input, name=None, out_type=dtypes.string):
    """Three strings: the serialized indices, values and shape."""
    return serialize_sparse(sp_input, out_type, name)


@export("io.serialize_many_sparse")
def serialize_many_sparse(sp_input, out_type=dtypes.string, name=None):
    """[N, 3] strings: each row of the first dimension as serialize_sparse gives it; N must be known."""
    _check(sp_input, out_type)
    shape = c.static_value(sp_input.dense_shape)
    if shape is None:
        raise ValueError("The dense_shape of serialize_many_sparse must be known when it is called.")
    row_of = c.last(sp_input.indices, 0, None, shrink=True)
    inner = c.last(sp_input.indices, 1, None)
    rows = []
    for i in range(int(shape[0])):
        at = raw_ops.Where(condition=c.equal(row_of, c.tensor(i, dtypes.int64)))
        at = c.squeeze(at, [1])
        rows.append(
            _strings(
                c.gather(inner, at), c.gather(sp_input.values, at), c.part(sp_input.dense_shape, 1, None)
            )
        )
    return c.stack(rows, name=name)


@export("compat.v1.io.serialize_many_sparse", "compat.v1.serialize_many_sparse")
def serialize_many_sparse_v1(sp_input, name=None, out_type=dtypes.string):
    """[N, 3] strings: each row of the first dimension as serialize_sparse gives it; N must be known."""
    return serialize_many_sparse(sp_input, out_type, name)


@export("io.deserialize_many_sparse", "compat.v1.deserialize_many_sparse")
def deserialize_many_sparse(serialized_sparse, dtype, rank=None, name=None):
    """A SparseTensor of the rows that serialize_many_sparse gave, as large as the largest."""
    serialized = c.tensor(serialized_sparse, dtypes.string)
    n = serialized.shape[0] if serialized.shape.rank is not None else None
    if n is None:
        raise ValueError("The number of rows of deserialize_many_sparse must be known when it is called.")
    indices, values, shapes = [], [], []
    for i, row in enumerate(c.unstack(serialized, n)):
        at, value, shape = c.unstack(row, 3)
        at = raw_ops.ParseTensor(serialized=at, out_type=dtypes.int64)
        indices.append(
            raw_ops.PadV2(input=at, paddings=[[0, 0], [1, 0]], constant_values=c.tensor(i, dtypes.int64))
        )
        values.append(raw_ops.ParseTensor(serialized=value, out_type=dtype))
        shapes.append(raw_ops.ParseTensor(serialized=shape, out_type=dtypes.int64))
    largest = c.reduce_max(c.stack(shapes), [0])
    dense = c.concat([c.tensor([n], dtypes.int64), largest], 0)
    return c.public("SparseTensor")(c.concat(indices, 0), c.concat(values, 0), dense)
