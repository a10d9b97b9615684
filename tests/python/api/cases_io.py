"""Cases of tf.io, tf.sets, tf.lookup, tf.quantization."""

import struct

import numpy as np


def _varint(n):
    out = b""
    while True:
        n, low = n >> 7, n & 127
        out += bytes([low | (128 if n else 0)])
        if not n:
            return out


def _field(number, data):
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _feature(values):
    if isinstance(values[0], bytes):
        return _field(1, b"".join(_field(1, v) for v in values))
    if isinstance(values[0], float):
        return _field(2, _field(1, b"".join(struct.pack("<f", v) for v in values)))
    return _field(3, _field(1, b"".join(_varint(v) for v in values)))


def _map(entries):
    return b"".join(_field(1, _field(1, k.encode()) + _field(2, v)) for k, v in entries.items())


def example(**features):
    """A serialized Example."""
    return _field(1, _map({k: _feature(v) for k, v in features.items()}))


def sequence(context, **lists):
    """A serialized SequenceExample."""
    rows = {k: b"".join(_field(1, _feature(v)) for v in values) for k, values in lists.items()}
    return example(**context) + _field(2, _map(rows))


A = example(a=[1, 2], b=[0.5], c=[b"x", b"yy"], i=[4, 1], v=[1.5, 2.5])
B = example(a=[3, 4], c=[b"z"], i=[0], v=[9.0])
S = sequence({"n": [3], "w": [b"p", b"q"]}, t=[[1, 2], [3, 4]], u=[[b"a"], [b"b", b"c"], [b"d"]])
Z = sequence({"n": [5]}, t=[[7, 8]], u=[[b"z"]])
X = np.array([-1.2, -0.3, 0.0, 0.4, 2.5], np.float32)


def _features(tf):
    return {
        "a": tf.io.FixedLenFeature([2], tf.int64),
        "b": tf.io.FixedLenFeature([], tf.float32, default_value=7.0),
        "c": tf.io.VarLenFeature(tf.string),
    }


def _sparse_matrix(tf):
    return tf.SparseTensor([[0, 1], [2, 0], [2, 2]], [1.0, 2.0, 3.0], [3, 4])


def _table(tf, value_dtype=None):
    init = tf.lookup.KeyValueTensorInitializer(["a", "b", "c"], [1, 2, 3], value_dtype=value_dtype)
    return tf.lookup.StaticHashTable(init, -1)


def _mutable(tf, default=-1):
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, default)
    return table


def _inserted(tf):
    t = _mutable(tf)
    t.insert(["p", "q", "p"], [1, 2, 3])
    t.remove(tf.constant(["q", "z"]))
    return [
        t.size(),
        t.lookup(tf.constant(["p", "q"])),
        t[tf.constant("p")],
        t.lookup(tf.constant(["q"]), dynamic_default_values=tf.constant([5], tf.int64)),
    ]


def _vectors(tf):
    t = tf.lookup.experimental.MutableHashTable(tf.int64, tf.float32, [0.0, 0.0])
    t.insert([1, 2], [[1.0, 2.0], [3.0, 4.0]])
    return [t.lookup(tf.constant([2, 7], tf.int64)), t.size()]


def _dense(tf):
    t = tf.lookup.experimental.DenseHashTable(tf.int64, tf.float32, 0.5, empty_key=0, deleted_key=-1)
    t.insert([3, 4], [1.5, 2.5])
    t.erase(tf.constant([4], tf.int64))
    return [t.lookup(tf.constant([3, 4], tf.int64)), t.size()]


def _vocabulary(tf):
    init = tf.lookup.KeyValueTensorInitializer(["a", "b"], [0, 1], value_dtype=tf.int64)
    t = tf.lookup.StaticVocabularyTable(init, 3)
    return [t.lookup(tf.constant(["a", "zz", "b", "q"])), t.size()]


CASES = {
    "raw": lambda tf: [
        tf.io.decode_raw(["ab", "cd"], tf.uint8),
        tf.io.decode_raw(b"\1\0\2\0", tf.int16),
        tf.io.decode_raw(b"\1\0\2\0", tf.int16, little_endian=False),
        tf.io.decode_raw(["abc", "defgh"], tf.uint8, fixed_length=4),
        tf.compat.v1.decode_raw(b"ab", tf.uint8),
    ],
    "raw_length_error": lambda tf: tf.io.decode_raw(b"abc", tf.int16),
    "base64": lambda tf: [
        tf.io.encode_base64(["hello", "a"]),
        tf.io.encode_base64("a", pad=True),
        tf.io.decode_base64(["aGVsbG8", "YQ=="]),
    ],
    "base64_error": lambda tf: tf.io.decode_base64("!!"),
    "tensor": lambda tf: [
        tf.io.parse_tensor(tf.io.serialize_tensor(X), tf.float32),
        tf.io.parse_tensor(tf.io.serialize_tensor(tf.constant([["a", "b"]])), tf.string),
    ],
    "tensor_type_error": lambda tf: tf.io.parse_tensor(tf.io.serialize_tensor(X), tf.int32),
    "csv": lambda tf: [
        tf.io.decode_csv(["1,2.5,x", '3,,"y,z"'], [[0], [9.0], [""]]),
        tf.io.decode_csv("a;b", [[""], ["d"]], field_delim=";"),
        tf.io.decode_csv(["1,2,3"], [[0], [0]], select_cols=[0, 2]),
        tf.compat.v1.decode_csv(["NA,1"], [[5], [6]], na_value="NA"),
    ],
    "csv_missing_error": lambda tf: tf.io.decode_csv([",1"], [tf.constant([], tf.int32), [0]]),
    "features": lambda tf: [
        repr(tf.io.FixedLenFeature([2], tf.int64)),
        repr(tf.io.VarLenFeature(tf.string)),
        repr(tf.io.SparseFeature("i", "v", tf.int64, 10)),
        repr(tf.io.RaggedFeature(tf.int64)),
        repr(tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True)),
    ],
    "example_dense": lambda tf: [
        tf.io.parse_example(
            [A, B],
            {"a": tf.io.FixedLenFeature([2], tf.int64), "b": tf.io.FixedLenFeature([], tf.float32, 7.0)},
        ),
        tf.io.parse_single_example(A, {"a": tf.io.FixedLenFeature([2], tf.int64)}),
        tf.compat.v1.parse_example(
            [A, B], {"c": tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True)}
        ),
    ],
    "example": lambda tf: tf.io.parse_example([A, B], _features(tf)),
    "example_single": lambda tf: tf.io.parse_single_example(A, _features(tf)),
    "example_sparse": lambda tf: tf.io.parse_example(
        [A, B], {"s": tf.io.SparseFeature("i", "v", tf.float32, 6)}
    ),
    "example_ragged": lambda tf: tf.io.parse_example(
        [A, B],
        {
            "c": tf.io.RaggedFeature(tf.string),
            "k": tf.io.RaggedFeature(tf.int64, value_key="a", row_splits_dtype=tf.int64),
            "b": tf.io.FixedLenFeature([], tf.float32, 1.0),
        },
    ),
    "example_missing_error": lambda tf: tf.io.parse_example(
        [A, B], {"b": tf.io.FixedLenFeature([], tf.float32)}
    ),
    "example_none_error": lambda tf: tf.io.parse_example([A], None),
    "example_kind_error": lambda tf: tf.io.parse_example([A], {"a": 3}),
    "example_garbage_error": lambda tf: tf.io.parse_example(
        [b"abc"], {"a": tf.io.FixedLenFeature([2], tf.int64)}
    ),
    "example_sequence_error": lambda tf: tf.io.parse_example(
        [A], {"a": tf.io.FixedLenSequenceFeature([], tf.int64)}
    ),
    "sequence": lambda tf: tf.io.parse_sequence_example(
        [S, Z],
        {"n": tf.io.FixedLenFeature([], tf.int64)},
        {"t": tf.io.FixedLenSequenceFeature([2], tf.int64)},
    ),
    "sequence_context": lambda tf: tf.io.parse_single_sequence_example(
        S, context_features={"n": tf.io.FixedLenFeature([1], tf.int64)}
    ),
    "sequence_sparse": lambda tf: tf.io.parse_sequence_example(
        [S, Z], {"w": tf.io.VarLenFeature(tf.string)}, {"u": tf.io.VarLenFeature(tf.string)}
    ),
    "sequence_ragged": lambda tf: tf.io.parse_sequence_example(
        [S, Z], {"w": tf.io.RaggedFeature(tf.string)}, {"u": tf.io.RaggedFeature(tf.string)}
    ),
    "sequence_single": lambda tf: tf.io.parse_single_sequence_example(
        S, None, {"u": tf.io.VarLenFeature(tf.string), "t": tf.io.FixedLenSequenceFeature([2], tf.int64)}
    ),
    "sequence_none_error": lambda tf: tf.io.parse_sequence_example([S]),
    "sparse_strings": lambda tf: [
        tf.io.parse_tensor(tf.io.serialize_sparse(_sparse_matrix(tf))[i], t)
        for i, t in enumerate((tf.int64, tf.float32, tf.int64))
    ],
    "sparse_rows": lambda tf: [
        tf.io.deserialize_many_sparse(tf.io.serialize_many_sparse(_sparse_matrix(tf)), tf.float32),
        tf.compat.v1.deserialize_many_sparse(
            tf.stack([tf.io.serialize_sparse(tf.SparseTensor([[n]], [n * 1.5], [n + 2])) for n in (1, 3)]),
            tf.float32,
        ),
    ],
    "read_error": lambda tf: tf.io.read_file("/nowhere/at/all"),
    # Sets.
    "sets": lambda tf: [
        tf.sets.intersection([[1, 2, 3], [4, 5, 6]], [[1, 3, 9], [7, 8, 5]]),
        tf.sets.union([[1, 2], [3, 3]], [[2, 5], [3, 4]]),
        tf.sets.difference([[1, 2], [3, 4]], [[2, 5], [3, 9]]),
        tf.sets.difference([[1, 2], [3, 4]], [[2, 5], [3, 9]], aminusb=False),
    ],
    "sets_sparse": lambda tf: [
        tf.sets.union(tf.constant([[1, 2], [3, 3]]), tf.SparseTensor([[0, 0], [1, 0]], [7, 8], [2, 1])),
        tf.sets.difference(tf.SparseTensor([[0, 0], [1, 0]], [7, 8], [2, 1]), tf.constant([[7, 2], [3, 3]])),
        tf.sets.size(tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [7, 7, 8], [2, 2])),
    ],
    "sets_size_error": lambda tf: tf.sets.size(tf.constant([[1]])),
    "sets_type_error": lambda tf: tf.sets.union([[1]], [["a"]]),
    # Tables.
    "table": lambda tf: [
        _table(tf).lookup(tf.constant(["a", "z", "c"])),
        _table(tf)[tf.constant([["b"]])],
        _table(tf).size(),
        _table(tf, tf.int64).lookup(tf.constant("b")),
    ],
    "table_dtypes": lambda tf: [_table(tf).key_dtype.name, _table(tf).value_dtype.name],
    "table_key_error": lambda tf: _table(tf).lookup(tf.constant([1])),
    "table_default_error": lambda tf: tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["a"], [1]), "x"
    ),
    "table_twice_error": lambda tf: tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["a", "a"], [1, 2]), -1
    ),
    "table_sparse": lambda tf: _table(tf).lookup(tf.SparseTensor([[0, 1], [1, 0]], ["b", "q"], [2, 2])),
    "table_ragged": lambda tf: _table(tf).lookup(tf.ragged.constant([["a"], ["b", "q"]])),
    "mutable": _inserted,
    "mutable_vectors": _vectors,
    "mutable_shape_error": lambda tf: _mutable(tf).insert(["a"], [1, 2]),
    "dense_table": _dense,
    "dense_empty_key_error": lambda tf: tf.lookup.experimental.DenseHashTable(
        tf.string, tf.int64, 0, "e", "d"
    ).insert(["x", "e"], [1, 1]),
    "dense_deleted_key_error": lambda tf: tf.lookup.experimental.DenseHashTable(
        tf.int64, tf.int64, 0, 1, 2
    ).lookup(tf.constant([2], tf.int64)),
    "dense_equal_keys_error": lambda tf: tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, 0, 1, 1),
    "vocabulary": _vocabulary,
    "vocabulary_error": lambda tf: tf.lookup.StaticVocabularyTable(None, 0),
    "text_file_error": lambda tf: tf.lookup.TextFileInitializer("f", tf.int32, -1, tf.string, 0),
    # Quantization.
    "quantize": lambda tf: [
        tf.quantization.dequantize(tf.quantization.quantize(X, -2.0, 3.0, tf.quint8)[0], -2.0, 3.0),
        tf.quantization.quantize(X, -2.0, 3.0, tf.qint8, mode="SCALED")[1:],
        tf.quantization.dequantize(
            tf.quantization.quantize(X, -2.0, 3.0, tf.qint8, mode="SCALED", narrow_range=True).output,
            -3.0,
            3.0,
            mode="SCALED",
            narrow_range=True,
        ),
    ],
    "quantize_and_dequantize": lambda tf: [
        tf.quantization.quantize_and_dequantize(X, -2.0, 3.0, range_given=True),
        tf.quantization.quantize_and_dequantize_v2(X, 0.0, 0.0, num_bits=4),
    ],
    "fake_quant": lambda tf: [
        tf.quantization.fake_quant_with_min_max_args(X, min=-1, max=2, num_bits=4),
        tf.quantization.fake_quant_with_min_max_vars(X, -1.0, 2.0),
        tf.quantization.fake_quant_with_min_max_vars_per_channel(
            [X, X * 2], [-1.0] * 5, [1.0] * 5, num_bits=3
        ),
    ],
}
