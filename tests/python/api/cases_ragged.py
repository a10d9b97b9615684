"""Cases of tf.RaggedTensor, tf.ragged."""

import numpy as np

EAGER = """
r
str(r)
str(r.shape)
str(r2.shape)
r.numpy()
r2.to_list()
repr(r2)
[x for x in r]
list(r2)[0]
repr(R([["a"], ["b", "c"]]))
repr(tf.RaggedTensor.from_tensor([[1, 0, 2], [3, 0, 0]]))
repr(R([[[1, 2]], [[3, 4], [5, 6]]], ragged_rank=1))
str(R([[[1, 2]], [[3, 4], [5, 6]]], ragged_rank=1).shape)
str(tf.RaggedTensor.from_uniform_row_length([1, 2, 3, 4], 2).shape)
repr(tf.type_spec_from_value(r))
repr(tf.RaggedTensorSpec([None, None], tf.int32))
repr(tf.RaggedTensorSpec([None, None, 3], tf.float32, 1))
tf.RaggedTensorSpec([3, None], tf.int32).is_compatible_with(r)
tf.RaggedTensorSpec([3, None], tf.float32).is_compatible_with(r)
tf.is_tensor(r)
r.consumers()
r.ragged_rank
r.dtype.name
tf.function(lambda x: x + 1)(r)
tf.function(lambda x: tf.reduce_sum(x, 1))(r2)
tf.function(lambda x: x.to_tensor(), input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])(r)
tf.function(lambda p: tf.cond(p, lambda: r, lambda: r * 2))(tf.constant(False))
tf.function(lambda x: tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (0, x))[1])(r)
tf.map_fn(lambda x: x + 1, r, fn_output_signature=tf.RaggedTensorSpec([None], tf.int32))
tf.compat.v1.ragged.RaggedTensorValue(np.array([1, 2]), np.array([0, 2])).to_list()
grad(lambda x: x.to_tensor() ** 2)
grad(lambda x: tf.reduce_sum(x, 1) ** 2)
grad(lambda x: x.to_sparse().values ** 2)
grad(lambda x: x.to_tensor(9.0, shape=[2, 1]) ** 2)
tf.RaggedTensor.from_row_lengths([[1.0, 2.0], [3.0, 4.0]], [0, 2]).to_tensor([7.0, 8.0])
tf.function(lambda: tf.reduce_sum(tf.TensorArray(tf.float32, 1).write(0, 1.0).stack()))()
grad(lambda x: x[1:] * 2.0)
grad(lambda x: tf.concat([x, x * x], 1))
bool(r)
hash(r)
tf.ragged.stack([r, [[1], [2], [3]]], axis=2)
r[:, 0]
r2[:, 0]
r[5]
r[0:2, 1]
r @ r
r + R([[1, 2, 3], [], [1]])
r + [[10, 20, 30]]
tf.reduce_sum(r, 2)
tf.RaggedTensor(1, 2)
tf.RaggedTensor.from_row_splits([1, 2, 3], [0, 1, 4])
tf.RaggedTensor.from_row_splits([1, 2, 3], [1, 1, 3])
tf.RaggedTensor.from_row_splits([1, 2, 3], [0, 2, 1, 3])
tf.RaggedTensor.from_row_splits([1, 2, 3], [])
tf.RaggedTensor.from_row_splits([1.0], [0.0, 1.0])
tf.RaggedTensor.from_row_lengths([1, 2, 3], [2, 0, 3])
tf.RaggedTensor.from_row_lengths([1, 2, 3], [-1, 4])
tf.RaggedTensor.from_row_starts([1, 2, 3], [1, 2])
tf.RaggedTensor.from_value_rowids([1, 2, 3], [0, 2, 1])
tf.RaggedTensor.from_value_rowids([1, 2, 3], [0, 0, 2], nrows=2)
tf.RaggedTensor.from_uniform_row_length([1, 2, 3], 2)
tf.ragged.constant([[1, [2]]])
tf.ragged.constant([[1, 2], [3]], ragged_rank=0)
"""
BOTH = """
r[0]
r[1:]
r[:, 1:]
r[-1]
r[-2:]
r[:0]
r2[0]
r2[0, 1]
r2[1:, :1]
r2[:, :, 1:]
r[..., :1]
r[:, -1:]
r[:, ::2]
r[:, ::-1]
r[tf.newaxis]
r[:, tf.newaxis]
r[0, 1]
r[::2]
r[::-1]
r[tf.constant(1)]
tf.RaggedTensor.from_uniform_row_length(r, 3)[:, 1]
r == r
r == 1
r != R([[1, 3], [], [3]])
r + 1
1 + r
r + r
r - r * 2
r / 2
-rf
abs(-rf)
r < 2
r + [[10], [20], [30]]
tf.constant([[1], [2], [3]]) + r
tf.constant(2) * r
r2 + [[[10]], [[20]], [[30]]]
tf.range(3) + tf.RaggedTensor.from_tensor([[1, 2, 3]])
r**2
r // 2
r % 2
~(r > 1)
(r > 1) & (r < 3)
r.values
r.row_splits
r.flat_values
r.row_lengths()
r2.row_lengths(2)
r.nrows()
r.nrows(tf.int32)
r.row_starts()
r.row_limits()
r.value_rowids()
r.bounding_shape()
r2.bounding_shape()
r.bounding_shape(axis=1)
r2.nested_row_lengths()
r2.nested_value_rowids()
r.to_tensor()
r.to_tensor(-1)
r.to_tensor(shape=[None, 4])
r.to_tensor(shape=[2, 1])
r2.to_tensor()
R([["a"], ["b", "c"]]).to_tensor("z")
r.to_sparse()
r2.to_sparse()
r.with_values([7, 8, 9])
r2.with_flat_values([7, 8, 9, 10])
r.with_row_splits_dtype(tf.int32)
r.merge_dims(0, 1)
r2.merge_dims(0, 1)
r2.merge_dims(1, 2)
r2.merge_dims(0, 2)
tf.RaggedTensor.from_tensor([[1, 0, 2], [3, 0, 0]])
tf.RaggedTensor.from_tensor([[1, 0, 2], [3, 0, 0]], padding=0)
tf.RaggedTensor.from_tensor([[1, 0, 2], [3, 0, 0]], lengths=[1, 2])
tf.RaggedTensor.from_tensor(np.ones((2, 3, 4)), ragged_rank=2)
tf.RaggedTensor.from_tensor([[[1, 0], [0, 0]], [[2, 3], [4, 0]]], padding=0, ragged_rank=2)
tf.RaggedTensor.from_sparse(tf.sparse.from_dense([[1, 0], [2, 3]]))
tf.RaggedTensor.from_row_splits([1, 2, 3], [0, 1, 3])
tf.RaggedTensor.from_row_lengths([1, 2, 3], [2, 0, 1])
tf.RaggedTensor.from_row_starts([1, 2, 3], [0, 2])
tf.RaggedTensor.from_row_limits([1, 2, 3], [2, 3])
tf.RaggedTensor.from_value_rowids([1, 2, 3], [0, 0, 2])
tf.RaggedTensor.from_value_rowids([1, 2, 3], [0, 0, 2], nrows=5)
tf.RaggedTensor.from_uniform_row_length([1, 2, 3, 4], 2)
tf.RaggedTensor.from_nested_row_splits([1, 2, 3], [[0, 1], [0, 3]])
tf.RaggedTensor.from_nested_row_lengths([1, 2, 3], [[1], [3]])
tf.RaggedTensor.from_nested_value_rowids([1, 2, 3], [[0], [0, 0, 0]])
tf.ragged.constant([1, 2])
tf.ragged.constant(5)
tf.ragged.constant([])
tf.ragged.constant([[], []])
tf.ragged.constant([[[1, 2]], [[3, 4], [5, 6]]], ragged_rank=1)
tf.ragged.constant([[[1, 2]], [[3, 4], [5, 6]]], inner_shape=(2,))
tf.ragged.constant([[1], [2]], dtype=tf.float32, row_splits_dtype=tf.int32)
tf.ragged.constant(np.array([[1, 2], [3, 4]]))
tf.ragged.constant([[[], []], []])
tf.ragged.range([3, 0, 2])
tf.ragged.range([1, 2], [4, 3])
tf.ragged.range([0], [5], [2])
tf.ragged.range([0.0], 1.0, 0.25)
tf.ragged.stack([[1, 2], [3]])
tf.ragged.stack([r, r])
tf.ragged.stack([r, r], axis=1)
tf.stack([r, r])
tf.concat([r, r], 0)
tf.concat([r, r], 1)
tf.concat([r, [[9, 9]]], 0)
tf.concat([r2, r2], axis=2)
tf.concat([r, R([[9], [8], [7]])], axis=1)
tf.gather(r, [2, 0])
tf.gather(r, 0)
tf.gather(r, [[2, 0], [1, 1]])
tf.gather([1, 2, 3], r - 1)
tf.gather(r, R([[0, 2], [1]]))
tf.gather(r2, [2, 0])
tf.expand_dims(r, 0)
tf.expand_dims(r, 1)
tf.expand_dims(r, 2)
tf.expand_dims(r2, -1)
tf.tile(r, [2, 1])
tf.tile(r, [1, 2])
tf.size(r)
tf.size(r2)
tf.rank(r2)
tf.reduce_sum(r)
tf.reduce_sum(r, 0)
tf.reduce_sum(r, 1)
tf.reduce_sum(r, axis=1, keepdims=True)
tf.reduce_mean(rf, 1)
tf.reduce_mean(rf)
tf.reduce_max(rf, axis=0)
tf.reduce_min(rf, axis=1)
tf.reduce_sum(r2, 2)
tf.reduce_sum(r2, 1)
tf.reduce_sum(r2, 0)
tf.reduce_sum(r2, [1, 2])
tf.reduce_sum(r2, [0, 2])
tf.reduce_any(r > 1, 1)
tf.reduce_all(r > 1, 1)
tf.reduce_prod(r, 1)
tf.math.reduce_variance(rf, 1)
tf.math.reduce_std(rf, 1)
tf.ragged.boolean_mask([[1, 2, 3], [4, 5, 6]], [[True, False, True], [False, False, True]])
tf.ragged.boolean_mask(r, [True, False, True])
tf.ragged.boolean_mask(r, R([[True, False], [], [True]]))
tf.ragged.boolean_mask(r2, R([[True, False], [], [True]]))
tf.ragged.map_flat_values(tf.square, r)
tf.ragged.map_flat_values(tf.add, r, 10)
tf.ragged.map_flat_values(tf.add, r, r)
tf.ragged.row_splits_to_segment_ids([0, 2, 2, 3])
tf.ragged.segment_ids_to_row_splits([0, 0, 2])
tf.ragged.segment_ids_to_row_splits([0, 0, 2], num_segments=5)
tf.ragged.stack_dynamic_partitions([1, 2, 3], [1, 0, 1], 2)
tf.where(r > 1, r, 0 * r)
tf.where(r > 1, r, 0)
tf.where(r > 1)
tf.cast(r, tf.float32)
tf.zeros_like(r)
tf.ones_like(rf)
tf.identity(r)
tf.square(r)
tf.math.log(rf)
tf.add(r, 1)
tf.add(x=r, y=1)
tf.maximum(r, 2)
tf.equal(r, r)
tf.sign(r)
tf.clip_by_value(r, 1, 2)
tf.strings.length(R([["a", "bb"]]))
tf.strings.join([R([["a"], ["b"]]), "x"])
tf.strings.upper(R([["a"], []]))
tf.add_n([r, r])
tf.one_hot(r, 3)
tf.reverse(r, [0])
tf.reverse(r, [1])
tf.squeeze(tf.expand_dims(r, 0), 0)
tf.nn.softmax(rf)
tf.nn.relu(-rf)
tf.nn.dropout(rf, 0.0)
tf.nn.embedding_lookup(tf.constant([[1.0], [2.0], [3.0], [4.0]]), r)
tf.split(r, 3)
tf.split(r, [1, 2])
tf.matmul(R([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], ragged_rank=1), tf.ones([2, 2, 1]))
tf.math.unsorted_segment_sum(r, [0, 1, 0], 2)
"""


def _gradient(tf, f):
    values = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        y = f(tf.RaggedTensor.from_row_lengths(values, [2, 0, 1]))
        flat = y.flat_values if hasattr(y, "flat_values") else y
        total = tf.reduce_sum(flat)
    return y, tf.convert_to_tensor(tape.gradient(total, values))


def _case(text):
    def run(tf):
        make = tf.ragged.constant
        names = {
            "tf": tf,
            "np": np,
            "R": make,
            "r": make([[1, 2], [], [3]]),
            "r2": make([[[1], [2, 3]], [], [[4]]]),
            "rf": make([[1.0, 2.0], [3.0]]),
            "grad": lambda f: _gradient(tf, f),
        }
        return eval(text, names)

    return run


CASES = {f"eager {t}": _case(t) for t in EAGER.strip().splitlines()}
CASES.update({t: _case(t) for t in BOTH.strip().splitlines()})
