"""What serving graphs do before and after the network: requests, tables, ragged batches, whole pictures."""

import numpy as np
import tensorflow as tf

from .common import Case, conv, dense, feed, graph, named, normal, v1, weight
from .images import encoded, picture
from .text import example


def vocabulary(name, words, default=-1):
    op = tf.raw_ops
    table = op.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name=name)
    ids = tf.range(len(words), dtype=tf.int64)
    fill = op.InitializeTableV2(table_handle=table, keys=words, values=ids, name=name + "_fill")
    return lambda keys: op.LookupTableFindV2(
        table_handle=table, keys=keys, default_value=tf.constant(default, tf.int64)
    ), fill.name


@graph("v1", "fn")
def serve_pictures():
    """Serialized examples with pictures in them, decoded one by one."""
    requests = feed("requests", tf.string, [None])
    p = tf.io.parse_example(
        requests,
        {
            "image": tf.io.FixedLenFeature([], tf.string),
            "box": tf.io.FixedLenFeature([4], tf.float32, [0.0, 0.0, 1.0, 1.0]),
            "key": tf.io.FixedLenFeature([], tf.int64, -1),
        },
    )

    def one(args):
        contents, box = args
        image = tf.cond(
            tf.equal(tf.strings.substr(contents, 0, 3), b"\xff\xd8\xff"),
            lambda: tf.image.decode_jpeg(contents, channels=3),
            lambda: tf.image.decode_png(contents, channels=3),
        )
        image = tf.image.convert_image_dtype(image, tf.float32)
        image.set_shape([None, None, 3])
        image = tf.image.central_crop(image, 0.875)
        crop = tf.image.crop_and_resize(image[None], box[None], [0], [12, 12], "nearest")[0]
        image = v1.image.resize_bilinear(image[None], [12, 12], align_corners=False)[0]
        return tf.image.per_image_standardization(image), crop

    images, crops = tf.map_fn(one, (p["image"], p["box"]), fn_output_signature=(tf.float32, tf.float32))
    images, crops = (tf.ensure_shape(t, [None, 12, 12, 3]) for t in (images, crops))
    h = tf.reduce_mean(conv("c", tf.concat([images, crops], 3), 6, stride=2), [1, 2])
    score, index = tf.math.top_k(tf.nn.softmax(dense("d", h, 5)), 3)
    names = tf.constant(["ant", "bee", "cat", "dog", "eel"])
    out = tf.strings.join([tf.gather(names, index), tf.as_string(score, precision=2)], ":")
    requests_in = np.array(
        [
            example(image=[bytes(encoded("png", picture(16, 20)))], box=[0.1, 0.1, 0.6, 0.9]),
            example(image=[bytes(encoded("png", picture(9, 30, 1)))], key=[12]),
        ]
    )
    return Case(
        {requests: requests_in},
        [named("images", images), named("key", p["key"]), named("out", out), named("crops", crops)],
        note="a serving graph: examples, pictures of two kinds by condition, crops, labels",
    )


@graph()
def serve_words():
    s = feed("sentence", tf.string, [None])
    lookup, fill = vocabulary("words", ["the", "cat", "sat", "on", "mat"], 5)
    clean = tf.strings.regex_replace(tf.strings.lower(tf.strings.strip(s)), r"[^a-z ]", "")
    tokens = tf.strings.split(clean)
    ids = tokens.with_values(lookup(tokens.flat_values))
    dense_ids = ids.to_tensor(default_value=-1)
    table = weight("table", 6, 4)
    rows = ids.with_values(tf.gather(table, ids.flat_values))
    mean = tf.reduce_mean(rows, 1)
    pairs = tf.strings.ngrams(tokens, 2, separator="_")
    sparse = ids.to_sparse()
    combined = v1.nn.embedding_lookup_sparse(table, sparse, None, combiner="mean")
    safe = v1.nn.safe_embedding_lookup_sparse([table], sparse, combiner="sum")
    starts = tf.ragged.range(tf.cast(tokens.row_lengths(), tf.int32))
    bags = tf.math.bincount(dense_ids + 1, minlength=7, maxlength=7, axis=-1)
    return Case(
        {s: np.array([b"The cat sat, on the mat!", b" dog ", b"", b"mat CAT"])},
        [
            named("ids", dense_ids),
            named("mean", mean),
            named("pairs", pairs.to_tensor("-")),
            named("combined", combined),
            named("safe", safe),
            named("starts", starts.flat_values),
            named("bags", bags),
        ],
        init=(fill,),
        note="ragged tokens of sentences: table, embeddings, n-grams, to dense and to sparse",
    )


@graph()
def serve_sequences():
    s = feed("examples", tf.string, [None])
    context, features, lengths = tf.io.parse_sequence_example(
        s,
        {"label": tf.io.FixedLenFeature([], tf.int64, 7), "tags": tf.io.VarLenFeature(tf.string)},
        {
            "x": tf.io.FixedLenSequenceFeature([2], tf.float32),
            "words": tf.io.VarLenFeature(tf.string),
            "ids": tf.io.RaggedFeature(tf.int64),
        },
    )

    def feature(v):
        if isinstance(v[0], float):
            return tf.train.Feature(float_list=tf.train.FloatList(value=v))
        if isinstance(v[0], int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=v))
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=v))

    def sequence(context, **lists):
        return tf.train.SequenceExample(
            context=tf.train.Features(feature={k: feature(v) for k, v in context.items()}),
            feature_lists=tf.train.FeatureLists(
                feature_list={
                    k: tf.train.FeatureList(feature=[feature(v) for v in steps]) for k, steps in lists.items()
                }
            ),
        ).SerializeToString(deterministic=True)

    values = np.array(
        [
            sequence({"label": [3], "tags": [b"u", b"v"]}, x=[[1.0, 2.0], [3.0, 4.0]], words=[[b"a", b"bc"]]),
            sequence({}, x=[[5.0, 6.0]], words=[[b"d"], [b"e", b"f", b"g"]], ids=[[1, 2], [3]]),
        ]
    )
    return Case(
        {s: values},
        [
            named("label", context["label"]),
            named("tags", tf.sparse.to_dense(context["tags"])),
            named("x", features["x"]),
            named("words", tf.sparse.to_dense(features["words"])),
            named("ids", features["ids"].flat_values),
            named("inner", features["ids"].row_splits),
            named("length", lengths["x"]),
        ],
        note="ParseSequenceExampleV2: context and steps, dense, sparse and ragged",
    )


@graph()
def ref_variables():
    """TF1 variables that were not frozen, filled by their initializers."""
    x = feed("x", tf.float32, [None, 3])
    w = v1.get_variable("w", initializer=tf.constant(normal("w", 3, 2)), use_resource=False)
    b = v1.get_variable("b", [2], initializer=v1.initializers.constant(0.25), use_resource=False)
    count = v1.get_variable("count", [], tf.int32, v1.initializers.zeros(), use_resource=False)
    table = v1.get_variable("table", initializer=tf.constant(normal("t", 5, 2)), use_resource=False)
    with tf.control_dependencies([v1.global_variables_initializer()]):
        changes = [v1.scatter_update(table, [1, 3], tf.ones([2, 2])), v1.assign_add(b, [1.0, 2.0])]
        changes.append(v1.assign(count, 5))
    with tf.control_dependencies(changes):
        fill = tf.no_op("fill")
    y = tf.matmul(x, w) + b
    return Case(
        {x: normal("x", 2, 3)},
        [
            named("y", y),
            named("n", count + 1),
            named("rows", tf.gather(table, [0, 1, 3])),
            named("known", v1.is_variable_initialized(w)),
        ],
        init=(fill.name,),
        note="reference variables: initializers, then assign_add, assign and scatter_update, then a run",
    )


@graph()
def ref_variables_unset():
    w = v1.get_variable("w", initializer=tf.constant([1.0, 2.0]), use_resource=False)
    x = feed("x", tf.float32, [2])
    return [
        Case({x: np.float32([1, 2])}, [named("y", w * x)], fails=True, note="a variable without a value"),
        Case({x: np.float32([1, 2])}, [named("known", v1.is_variable_initialized(w))], "asked"),
    ]


@graph("v1", "fn")
def ragged_map():
    """map_fn over ragged rows, which travel through the loop as variants."""
    x, splits = feed("x", tf.float32, [None]), feed("splits", tf.int64, [None])
    rows = tf.RaggedTensor.from_row_splits(x, splits, validate=False)
    doubled = tf.map_fn(
        lambda r: tf.cumsum(r) * 2.0, rows, fn_output_signature=tf.RaggedTensorSpec([None], tf.float32)
    )
    total = tf.map_fn(tf.reduce_sum, rows, fn_output_signature=tf.float32)
    picked = tf.gather(rows, [2, 0, 0])
    return Case(
        {x: normal("x", 6), splits: np.int64([0, 3, 3, 6])},
        [
            named("doubled", doubled.flat_values),
            named("splits_out", doubled.row_splits),
            named("total", total),
            named("picked", picked.to_tensor(-1.0)),
            named("shape", rows.bounding_shape()),
        ],
        note="RaggedTensorToVariant and back around a loop, RaggedGather",
    )


@graph("v1")
def ref_order():
    """What a reference gives depends on when it is read."""
    x = feed("x", tf.float32, [])
    count = v1.get_variable("count", initializer=tf.constant(1), use_resource=False)
    w = v1.get_variable("w", initializer=tf.constant([1.0, 2.0]), use_resource=False)
    other = v1.get_variable("other", [2], use_resource=False)
    with tf.control_dependencies([v1.global_variables_initializer()]):
        fill = tf.no_op("fill")
    with tf.control_dependencies([v1.assign_sub(w, [0.5, 0.5])]):
        after = w.read_value() * 1.0
    with tf.control_dependencies([after]):
        chained = v1.assign_add(v1.assign(other, [10.0, 20.0]), [x, x])

    def body(i, total):
        with tf.control_dependencies([total]):
            added = v1.assign_add(count, i + 1)
        with tf.control_dependencies([added]):
            return i + 1, total + count.read_value()

    _, total = tf.while_loop(lambda i, _: i < 4, body, [0, 0])
    with tf.control_dependencies([chained]):
        branch = tf.cond(x > 0, lambda: v1.assign(w, w.read_value() * 3.0), lambda: w.read_value() - 1.0)
    reshaped = v1.get_variable(
        "reshaped", initializer=tf.zeros([2]), use_resource=False, validate_shape=False
    )
    with tf.control_dependencies([reshaped.initializer]):
        longer = v1.assign(reshaped, tf.range(3.0), validate_shape=False)
    outs = [
        named("after", after),
        named("chained", chained * 1.0),
        named("total", total),
        named("branch", branch),
        named("longer", longer + 1.0),
    ]
    return [
        Case(
            {x: np.float32(v)},
            outs,
            k,
            "reads before and after assignments, in a loop, in branches",
            (fill.name,),
        )
        for k, v in (("positive", 2), ("negative", -2))
    ]


@graph()
def ref_scatter():
    x = feed("x", tf.float32, [2, 2])
    t = v1.get_variable("t", initializer=tf.constant(normal("t", 5, 2)), use_resource=False)
    with tf.control_dependencies([v1.global_variables_initializer()]):
        fill = tf.no_op("fill")
    at = tf.constant([3, 1])
    steps = [
        lambda: v1.scatter_add(t, at, x),
        lambda: v1.scatter_sub(t, [0, 0], x),
        lambda: v1.scatter_mul(t, [2], x[:1]),
        lambda: v1.scatter_div(t, [4], x[1:]),
        lambda: v1.scatter_min(t, [0, 1], x),
        lambda: v1.scatter_max(t, [0, 1], -x),
        lambda: v1.scatter_nd_update(t, [[2, 1], [4, 0]], [7.0, 8.0]),
        lambda: v1.scatter_nd_add(t, [[2]], x[:1]),
        lambda: v1.scatter_nd_sub(t, [[2, 0]], [1.0]),
    ]
    done = []
    for step in steps:
        with tf.control_dependencies(done):
            done = [step()]
    return [
        Case(
            {x: normal("x", 2, 2)},
            [named("y", done[0] + 0.0)],
            note="scatters one after the other",
            init=(fill.name,),
        ),
        Case(
            {x: normal("x", 2, 2)},
            [named("bad", v1.scatter_update(t, [0, 5], x) * 1.0)],
            "outside",
            "an index that is too large",
            (fill.name,),
            True,
        ),
    ]
