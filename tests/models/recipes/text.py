"""Strings, hash tables, sparse embeddings, parsed examples."""

import numpy as np
import tensorflow as tf

from .common import Case, dense, feed, graph, named, v1, weight


@graph()
def table_lookup():
    keys, words = feed("ids", tf.int64, [None]), feed("words", tf.string, [None])
    names = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            tf.constant([3, 1, 7], tf.int64), tf.constant(["three", "one", "seven"])
        ),
        b"unknown",
        name="names",
    )
    ids = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="vocabulary")
    fill = tf.raw_ops.InitializeTableV2(
        table_handle=ids, keys=["a", "b", "c"], values=tf.constant([0, 1, 2], tf.int64), name="fill"
    )
    found = tf.raw_ops.LookupTableFindV2(
        table_handle=ids, keys=words, default_value=tf.constant(-1, tf.int64)
    )
    size = tf.raw_ops.LookupTableSizeV2(table_handle=ids)
    init = [
        op.name for op in tf.compat.v1.get_default_graph().get_operations() if "LookupTableImport" in op.type
    ]
    outs = [named("names_out", names.lookup(keys)), named("ids_out", found), named("size", size)]
    values = {keys: np.int64([7, 2, 3]), words: np.array([b"c", b"x", b"a"])}
    return [
        Case(
            values,
            outs,
            init=(*init, fill.name),
            note="two tables of either initializing op; the init operations run before, in the same session",
        ),
        Case(
            values, outs[1:2], "uninitialized", fails=True, note="the same without running the initializers"
        ),
    ]


@graph()
def string_ops():
    s = feed("s", tf.string, [None])
    t = tf.strings
    split = tf.raw_ops.StringSplit(input=s, delimiter=" ", skip_empty=True)
    split2 = tf.raw_ops.StringSplitV2(input=s, sep="", maxsplit=2)
    ngrams = tf.raw_ops.StringNGrams(
        data=["a", "b", "c", "d", "e"],
        data_splits=[0, 3, 5],
        separator="-",
        ngram_widths=[1, 2],
        left_pad="<",
        right_pad=">",
        pad_width=1,
        preserve_short_sequences=False,
    )
    codes = tf.raw_ops.UnicodeDecode(input=s, input_encoding="UTF-8")
    words = np.array([b"  The quick Fox", "gr\u00fc\u00dfe an  \u4e16\u754c".encode(), b"", b"x1y22z"])
    outs = {
        "indices": split.indices,
        "values": split.values,
        "shape": split.shape,
        "values2": split2.values,
        "shape2": split2.shape,
        "ngrams": ngrams.ngrams,
        "ngram_splits": ngrams.ngrams_splits,
        "lower": t.lower(s),
        "lower8": t.lower(s, encoding="utf-8"),
        "upper": t.upper(s),
        "strip": t.strip(s),
        "length": t.length(s),
        "characters": t.length(s, unit="UTF8_CHAR"),
        "join": t.join([s, s], "|"),
        "reduce": t.reduce_join(s, separator="/"),
        "replace": t.regex_replace(s, "[0-9]+", "<\\0>"),
        "first": t.regex_replace(s, "(\\w)(\\w)", "\\2\\1", replace_global=False),
        "match": t.regex_full_match(s, ".*Fox"),
        "substr": t.substr(s[:2], 2, 4),
        "substr8": t.substr(s[1:2], 2, 3, unit="UTF8_CHAR"),
        "bucket": t.to_hash_bucket_fast(s, 1000),
        "strong": t.to_hash_bucket_strong(s, 1000, [1, 2]),
        "code_splits": codes.row_splits,
        "codes": codes.char_values,
        "base64": tf.io.encode_base64(s),
        "back": tf.io.decode_base64(tf.io.encode_base64(s)),
        "equal": tf.equal(s, "x1y22z"),
        "unique": tf.unique(tf.concat([s, s], 0))[1],
    }
    return Case(
        {s: words}, [named(k, v) for k, v in outs.items()], note="string ops, with UTF-8 and empty strings"
    )


@graph()
def string_numbers():
    s, f, i = feed("s", tf.string, [None]), feed("f", tf.float32, [None]), feed("i", tf.int32, [None])
    t = tf.strings
    outs = {
        "numbers": t.to_number(s),
        "doubles": t.to_number(s, tf.float64),
        "plain": t.as_string(f),
        "fixed": t.as_string(f, precision=2),
        "scientific": t.as_string(f, precision=3, scientific=True),
        "shortest": t.as_string(f, shortest=True, width=8),
        "zeros": t.as_string(i, width=5, fill="0"),
        "bools": t.as_string(i > 0),
        "format": t.format("i={} f={}", (i, f[:2])),
        "ints": t.to_number(t.as_string(i), tf.int32),
    }
    return Case(
        {
            s: np.array([b"1.5", b"-2e3", b" 7 ", b"inf"]),
            f: np.float32([0.1, -1234.5, 1e-7, 3]),
            i: np.int32([0, -7, 123]),
        },
        [named(k, v) for k, v in outs.items()],
        note="strings to numbers and back",
    )


@graph()
def string_number_error():
    s = feed("s", tf.string, [None])
    return Case(
        {s: np.array([b"12x"])},
        [named("y", tf.strings.to_number(s))],
        fails=True,
        note="StringToNumber of something else",
    )


@graph()
def text_classifier():
    s = feed("text", tf.string, [None])
    clean = tf.strings.regex_replace(tf.strings.lower(s), "[^a-z ]", "")
    tokens = v1.string_split(clean)
    ids = tf.SparseTensor(
        tokens.indices, tf.strings.to_hash_bucket_fast(tokens.values, 50), tokens.dense_shape
    )
    table = weight("table", 50, 6)
    mean = v1.nn.safe_embedding_lookup_sparse([table], ids, combiner="mean")
    sqrtn = v1.nn.embedding_lookup_sparse([table], ids, None, combiner="sqrtn")
    padded = tf.sparse.to_dense(ids, default_value=-1)
    y = tf.nn.softmax(dense("d", mean, 3))
    return Case(
        {s: np.array([b"A fine day, really fine", b"no", b"", b"three little words"])},
        [named("y", y), named("padded", padded), named("sqrtn", sqrtn)],
        note="split, hash, sparse embeddings with an empty row, as canned estimators write it",
    )


def example(**features):
    feature = {}
    for k, v in features.items():
        if isinstance(v[0], float):
            feature[k] = tf.train.Feature(float_list=tf.train.FloatList(value=v))
        elif isinstance(v[0], int):
            feature[k] = tf.train.Feature(int64_list=tf.train.Int64List(value=v))
        else:
            feature[k] = tf.train.Feature(bytes_list=tf.train.BytesList(value=v))
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString(deterministic=True)


def examples():
    return np.array(
        [
            example(age=[33.0], words=[b"a", b"bc"], ids=[4, 5, 6], pair=[1.0, 2.0]),
            example(words=[b"d"], pair=[3.0, 4.5], extra=[1]),
            example(age=[1.5], ids=[9], pair=[0.0, -1.0]),
        ]
    )


@graph()
def parse_example():
    s = feed("examples", tf.string, [None])
    spec = {
        "age": tf.io.FixedLenFeature([], tf.float32, 40.0),
        "pair": tf.io.FixedLenFeature([2], tf.float32),
        "words": tf.io.VarLenFeature(tf.string),
        "ids": tf.io.RaggedFeature(tf.int64),
        "seq": tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
    }
    p = tf.io.parse_example(s, spec)
    return Case(
        {s: examples()},
        [
            named("age", p["age"]),
            named("pair", p["pair"]),
            named("word_index", p["words"].indices),
            named("words", p["words"].values),
            named("word_shape", p["words"].dense_shape),
            named("ids", p["ids"].values),
            named("splits", p["ids"].row_splits),
            named("seq", p["seq"]),
        ],
        note="ParseExampleV2 with defaults, sparse, ragged and sequence features",
    )


@graph()
def parse_example_missing():
    s = feed("examples", tf.string, [None])
    p = tf.io.parse_example(s, {"extra": tf.io.FixedLenFeature([], tf.int64)})
    return Case(
        {s: examples()}, [named("extra", p["extra"])], fails=True, note="a required feature is missing"
    )


@graph()
def parse_example_v1():
    s = feed("examples", tf.string, [None])
    p = tf.raw_ops.ParseExample(
        serialized=s,
        names=[],
        sparse_keys=["ids", "words"],
        dense_keys=["age", "pair"],
        dense_defaults=[[7.0], tf.zeros([0])],
        sparse_types=[tf.int64, tf.string],
        dense_shapes=[[1], [2]],
    )
    outs = [*p.sparse_indices, *p.sparse_values, *p.sparse_shapes, *p.dense_values]
    return Case(
        {s: examples()}, [named(f"y{i}", t) for i, t in enumerate(outs)], note="ParseExample as of TF1"
    )


@graph()
def linear_columns():
    s, age = feed("category", tf.string, [None]), feed("age", tf.float32, [None])
    buckets = tf.raw_ops.Bucketize(input=age, boundaries=[18.0, 30.0, 65.0])
    one_hot = tf.one_hot(buckets, 4)
    hashed = tf.one_hot(tf.strings.to_hash_bucket_fast(s, 8), 8)
    y = dense("d", tf.concat([one_hot, hashed, age[:, None] / 100.0], 1), 2)
    return Case(
        {s: np.array([b"red", b"blue"]), age: np.float32([18.0, 70.5])},
        [named("y", y)],
        note="feature columns: buckets, hashed categories",
    )
