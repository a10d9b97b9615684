"""Cases of tf.SparseTensor, tf.sparse."""

import numpy as np

D = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 3.0]], np.float32)
E = np.array([[4.0, 0.0, 0.0], [-2.0, 0.0, 5.0]], np.float32)
C = np.array([[0.0, 1.0 + 2.0j], [3.0 - 1.0j, 0.0]], np.complex64)
T = np.arange(24).reshape(2, 3, 4) * (np.arange(24).reshape(2, 3, 4) % 3 == 0)
M = np.arange(6, dtype=np.float32).reshape(3, 2)


def d(tf):
    return tf.sparse.from_dense(D)


def e(tf):
    return tf.sparse.from_dense(E)


def _mixed(tf):
    return tf.SparseTensor([[1, 2], [0, 1], [1, 0]], [3.0, 1.0, 2.0], [2, 3])


def _function(tf):
    @tf.function
    def f(s):
        return tf.sparse.to_dense(tf.sparse.reorder(s)), tf.sparse.reorder(s), s * 2.0

    return f(_mixed(tf))


def _signature(tf):
    @tf.function(input_signature=[tf.SparseTensorSpec([None, None], tf.float32)])
    def f(s):
        return tf.sparse.reduce_sum(s, 1)

    return f(d(tf)), f(tf.sparse.from_dense([[1.0]]))


def _cond(tf):
    @tf.function
    def f(p, a, b):
        return tf.cond(p, lambda: a, lambda: b)

    return f(tf.constant(False), d(tf), e(tf))


def _loop(tf):
    @tf.function
    def f(s):
        return tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * 2.0), (0, s))[1]

    return f(d(tf))


def _session(tf):
    with tf.Graph().as_default():
        s = tf.compat.v1.sparse_placeholder(tf.float32, [2, 3])
        y = tf.sparse.to_dense(s)
        value = tf.compat.v1.SparseTensorValue([[0, 1], [1, 2]], [7.0, 8.0], [2, 3])
        with tf.compat.v1.Session() as sess:
            a, b = sess.run([y, s], {s: value})
            return a, b.indices, b.values, b.dense_shape, type(b).__name__, str(s.shape)


def _gradient(tf, use):
    v = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = use(tf.SparseTensor([[0, 1], [1, 0], [1, 2]], v, [2, 3]))
    return y, tape.gradient(y, v)


CASES = {
    "new": lambda tf: [_mixed(tf), str(_mixed(tf).shape), _mixed(tf).dtype.name, _mixed(tf).dense_shape],
    "repr": lambda tf: [repr(d(tf)), str(d(tf)), repr(tf.SparseTensorSpec([2, None], tf.int32))],
    "from_dense": lambda tf: [
        d(tf),
        tf.sparse.from_dense(T),
        tf.sparse.from_dense([["a", ""]]),
        str(d(tf).shape),
    ],
    "to_dense": lambda tf: [tf.sparse.to_dense(d(tf)), tf.sparse.to_dense(d(tf), default_value=-1.0)],
    "with_values": lambda tf: d(tf).with_values([7, 8, 9]),
    "operators": lambda tf: [d(tf) * 2.0, d(tf) / 2.0, d(tf) * [[2.0, 3.0, 4.0]]],
    "int_divide": lambda tf: tf.sparse.from_dense([[1, 0, 3]]) / 2,
    "unary": lambda tf: [
        tf.abs(e(tf)),
        tf.square(e(tf)),
        tf.negative(e(tf)),
        tf.sign(e(tf)),
        tf.math.tanh(e(tf)),
    ],
    "shape": lambda tf: [tf.shape(d(tf)), tf.rank(d(tf)), tf.size(d(tf)), tf.shape(d(tf), tf.int64)],
    "cast": lambda tf: [tf.cast(d(tf), tf.int32), tf.identity(d(tf))],
    "add": lambda tf: [tf.sparse.add(d(tf), e(tf)), tf.sparse.add(d(tf), E), tf.sparse.add(E, d(tf))],
    "add_threshold": lambda tf: [
        tf.sparse.add(d(tf), e(tf), 1.5),
        tf.compat.v1.sparse_add(d(tf), e(tf), thresh=1.5),
    ],
    "maximum": lambda tf: [tf.sparse.maximum(d(tf), e(tf)), tf.sparse.minimum(d(tf), e(tf))],
    "reorder": lambda tf: tf.sparse.reorder(_mixed(tf)),
    "reshape": lambda tf: [
        tf.sparse.reshape(d(tf), [3, 2]),
        tf.sparse.reshape(tf.sparse.from_dense(T), [4, -1]),
    ],
    "transpose": lambda tf: [
        tf.sparse.transpose(d(tf)),
        tf.sparse.transpose(tf.sparse.from_dense(T), [1, 0, 2]),
        str(tf.sparse.transpose(d(tf)).shape),
    ],
    "concat": lambda tf: [
        tf.sparse.concat(1, [d(tf), e(tf)]),
        tf.sparse.concat(-2, [d(tf), e(tf)]),
        str(tf.sparse.concat(1, [d(tf), e(tf)]).shape),
    ],
    "concat_expand": lambda tf: tf.sparse.concat(
        0, [d(tf), tf.sparse.from_dense([[1.0]])], expand_nonconcat_dims=True
    ),
    "slice": lambda tf: [
        tf.sparse.slice(d(tf), [0, 1], [2, 2]),
        tf.sparse.slice(tf.sparse.from_dense(T), [1, 0, 1], [1, 2, 9]),
    ],
    "split": lambda tf: [
        tf.sparse.split(d(tf), num_split=2, axis=0),
        tf.compat.v1.sparse_split(sp_input=d(tf), num_split=2, axis=1),
    ],
    "retain": lambda tf: tf.sparse.retain(d(tf), [True, False, True]),
    "expand_dims": lambda tf: [
        tf.sparse.expand_dims(d(tf)),
        tf.sparse.expand_dims(d(tf), 0),
        tf.sparse.expand_dims(d(tf), 1),
        tf.sparse.expand_dims(d(tf), -2),
    ],
    "fill_empty_rows": lambda tf: tf.sparse.fill_empty_rows(
        tf.SparseTensor([[0, 1], [3, 0]], [1, 2], [5, 3]), 9
    ),
    "reset_shape": lambda tf: [
        tf.sparse.reset_shape(tf.SparseTensor([[0, 1]], [1], [5, 3])),
        tf.sparse.reset_shape(d(tf), [5, 6]),
    ],
    "to_indicator": lambda tf: tf.sparse.to_indicator(tf.sparse.from_dense([[1, 0, 3], [0, 2, 0]]), 5),
    "merge": lambda tf: tf.compat.v1.sparse_merge(
        tf.SparseTensor([[0, 0], [1, 0], [1, 1]], [3, 0, 2], [2, 2]),
        tf.SparseTensor([[0, 0], [1, 0], [1, 1]], [0.5, 0.25, 4.0], [2, 2]),
        5,
    ),
    "eye": lambda tf: [tf.sparse.eye(2), tf.sparse.eye(2, 3, dtype=tf.int32), tf.sparse.eye(3, 2)],
    "mask": lambda tf: (lambda r: [r.values, r.indices])(
        tf.sparse.mask(tf.IndexedSlices(tf.constant(M), tf.constant([1, 5, 7])), [5])
    ),
    "map_values": lambda tf: [
        tf.sparse.map_values(tf.square, d(tf)),
        tf.sparse.map_values(tf.add, d(tf), 5.0),
        tf.sparse.map_values(tf.add, d(tf), d(tf)),
    ],
    "softmax": lambda tf: tf.sparse.softmax(e(tf)),
    "matmul": lambda tf: [
        tf.sparse.sparse_dense_matmul(d(tf), M),
        tf.sparse.sparse_dense_matmul(d(tf), M[:2], adjoint_a=True),
        tf.sparse.sparse_dense_matmul(M, d(tf)),
        tf.sparse.sparse_dense_matmul(D, d(tf), adjoint_b=True),
        tf.sparse.sparse_dense_matmul(tf.sparse.from_dense(C), C, adjoint_a=True),
        tf.sparse.sparse_dense_matmul(C, tf.sparse.from_dense(C), adjoint_a=True),
    ],
    "reduce": lambda tf: [
        f(x, axis=a, keepdims=k)
        for f in (tf.sparse.reduce_sum, tf.sparse.reduce_max)
        for x in (d(tf), tf.sparse.from_dense(T))
        for a, k in ((None, None), (1, None), (-1, True), ([0, 1], False))
    ],
    "reduce_sparse": lambda tf: [
        tf.sparse.reduce_sum(d(tf), axis=0, output_is_sparse=True),
        tf.compat.v1.sparse_reduce_max_sparse(tf.sparse.from_dense(T), axis=1, keepdims=True),
    ],
    "segment": lambda tf: [
        tf.sparse.segment_sum(M, [0, 1, 2], [0, 0, 1]),
        tf.sparse.segment_mean(M, [0, 1, 2], [0, 0, 1]),
        tf.sparse.segment_sqrt_n(M, [0, 1, 2], [0, 0, 2], num_segments=4),
        tf.compat.v1.sparse_segment_sum(M, [2, 1], [0, 1], num_segments=3),
    ],
    "bincount": lambda tf: [
        tf.sparse.bincount([1, 1, 3]),
        tf.sparse.bincount(np.array([1, 4], np.int64)),
        tf.sparse.bincount([[1, 1, 3], [0, 3, 2]], axis=-1),
        tf.sparse.bincount([[1, 1, 3], [0, 3, 2]], axis=-1, minlength=6),
        tf.sparse.bincount([[1, 1, 3], [0, 3, 2]], axis=-1, maxlength=3, binary_output=True),
        tf.sparse.bincount([1, 1, 3], weights=[0.5, 0.25, 2.0]),
        tf.sparse.bincount(tf.sparse.from_dense([[1, 1, 3], [0, 3, 2]]), axis=-1),
    ],
    "is_tensor": lambda tf: [tf.is_tensor(d(tf))],
    "spec": lambda tf: [
        tf.SparseTensorSpec([2, 3]).is_compatible_with(d(tf)),
        tf.SparseTensorSpec([2, 4]).is_compatible_with(d(tf)),
        repr(tf.type_spec_from_value(d(tf))),
        isinstance(tf.SparseTensorSpec(), tf.TypeSpec),
        isinstance(tf.TensorSpec([1]), tf.TypeSpec),
        tf.SparseTensorSpec([1]) == tf.SparseTensorSpec([1]),
    ],
    "function": _function,
    "signature": _signature,
    "cond": _cond,
    "while": _loop,
    "session": _session,
    "gradient_to_dense": lambda tf: _gradient(tf, lambda s: tf.sparse.to_dense(s) ** 2),
    "gradient_matmul": lambda tf: _gradient(tf, lambda s: tf.sparse.sparse_dense_matmul(s, M)),
    "gradient_fill": lambda tf: _gradient(tf, lambda s: tf.sparse.fill_empty_rows(s, 5.0)[0].values ** 2),
    "gradient_reduce": lambda tf: _gradient(tf, lambda s: tf.sparse.reduce_sum(s, 1) ** 2),
    "error_indices": lambda tf: tf.SparseTensor([[0, 0]], [1, 2], [2, 2]),
    "error_rank": lambda tf: tf.SparseTensor([0], [1], [2]),
    "error_values": lambda tf: tf.SparseTensor([[0]], [[1]], [2]),
    "error_dense_rank": lambda tf: tf.SparseTensor([[0]], [1], [2, 2]),
    "error_reorder": lambda tf: tf.sparse.reorder(3),
    "error_add": lambda tf: tf.sparse.add(D, E),
    "error_plus": lambda tf: d(tf) + d(tf),
    "error_reshape": lambda tf: tf.sparse.reshape(d(tf), [4, 2]),
    "error_convert": lambda tf: tf.convert_to_tensor(d(tf)),
    "error_matmul": lambda tf: tf.sparse.sparse_dense_matmul(d(tf), D),
    "error_out_of_bounds": lambda tf: tf.sparse.to_dense(tf.SparseTensor([[5, 0]], [1.0], [2, 2])),
    "error_unsorted": lambda tf: tf.sparse.to_dense(_mixed(tf)),
    "error_map": lambda tf: tf.sparse.map_values(tf.square, 3),
    "error_reset": lambda tf: tf.sparse.reset_shape(d(tf), [1, 1]),
}
