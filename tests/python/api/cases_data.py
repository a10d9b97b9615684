"""Cases of tf.data."""

import numpy as np

X = np.arange(12, dtype=np.float32).reshape(4, 3)


def _all(dataset):
    return list(dataset.as_numpy_iterator())


def _tensors(dataset):
    return [list(dataset), repr(dataset.element_spec)]


def _ragged_rows():
    yield [1]
    yield [2, 3]
    yield []


def _pairs(n):
    for i in range(n):
        yield i, {"b": [i] * 2}


def _lengths(tf):
    D = tf.data.Dataset
    r = D.range(10)
    made = [
        r,
        r.repeat(),
        r.repeat(3),
        r.take(4),
        r.take(-1),
        r.skip(3),
        r.skip(-1),
        r.batch(3),
        r.batch(3, True),
    ]
    made += [
        r.filter(lambda x: x > 1),
        r.concatenate(r),
        D.zip(r, D.range(4)),
        r.enumerate(),
        r.shard(3, 0),
        r.cache(),
    ]
    made += [
        r.batch(2).unbatch(),
        r.repeat(0),
        r.shuffle(3),
        r.prefetch(1),
        D.from_tensors(1),
        D.counter(),
        r.window(2),
    ]
    return [d.cardinality() for d in made[:-1]]


def _joined(dataset):
    return np.array(_all(dataset))


CASES = {
    "range": lambda tf: [
        _all(tf.data.Dataset.range(*a)) for a in ((3,), (2, 5), (1, 9, 3), (5, 0, -2), (0,))
    ],
    "range_type": lambda tf: _tensors(tf.data.Dataset.range(3, output_type=tf.int32)),
    "range_error": lambda tf: tf.data.Dataset.range(),
    "range_float_error": lambda tf: tf.data.Dataset.range(1.5),
    "tensors": lambda tf: _tensors(tf.data.Dataset.from_tensors({"a": X, "b": (1, "x")})),
    "slices": lambda tf: [
        _tensors(tf.data.Dataset.from_tensor_slices(X)),
        _tensors(tf.data.Dataset.from_tensor_slices((X, ["a", "b", "c", "d"]))),
        _tensors(tf.data.Dataset.from_tensor_slices({"x": X, "y": [1, 2, 3, 4]})),
    ],
    "slices_size_error": lambda tf: tf.data.Dataset.from_tensor_slices(([1, 2], [1, 2, 3])),
    "slices_scalar_error": lambda tf: tf.data.Dataset.from_tensor_slices(3),
    "generator": lambda tf: [
        _tensors(
            tf.data.Dataset.from_generator(_ragged_rows, output_signature=tf.TensorSpec([None], tf.int32))
        ),
        _tensors(tf.data.Dataset.from_generator(_ragged_rows, output_types=tf.int64)),
        _tensors(
            tf.data.Dataset.from_generator(
                _pairs, output_types=(tf.int32, {"b": tf.float32}), output_shapes=([], {"b": [2]}), args=(2,)
            )
        ),
    ],
    "generator_shape_error": lambda tf: _all(
        tf.data.Dataset.from_generator(_ragged_rows, output_signature=tf.TensorSpec([], tf.int32))
    ),
    "generator_type_error": lambda tf: _all(
        tf.data.Dataset.from_generator(lambda: iter(["a"]), output_signature=tf.TensorSpec([], tf.int32))
    ),
    "generator_callable_error": lambda tf: tf.data.Dataset.from_generator([1], output_types=tf.int32),
    "map": lambda tf: [
        _all(tf.data.Dataset.range(3).map(lambda x: tf.math.square(x))),
        _all(tf.data.Dataset.range(2).map(lambda x: {"a": x, "b": (x, [x, x])})),
        _all(tf.data.Dataset.range(2).map(lambda x: [x, tf.cast(x, tf.float32)])),
        _all(
            tf.data.Dataset.zip(tf.data.Dataset.range(3), tf.data.Dataset.range(3)).map(
                lambda a, b: tf.math.multiply(a, b)
            )
        ),
    ],
    "map_callable_error": lambda tf: tf.data.Dataset.range(3).map(3),
    "filter": lambda tf: _all(tf.data.Dataset.range(6).filter(lambda x: tf.equal(x % 2, 0))),
    "filter_type_error": lambda tf: _all(tf.data.Dataset.range(3).filter(lambda x: x)),
    "batch": lambda tf: [
        _all(tf.data.Dataset.range(7).batch(3)),
        _all(tf.data.Dataset.range(7).batch(3, drop_remainder=True)),
        _all(tf.data.Dataset.from_tensor_slices((X, [1, 2, 3, 4])).batch(2)),
    ],
    "batch_spec": lambda tf: [
        repr(tf.data.Dataset.range(7).batch(3)),
        repr(tf.data.Dataset.range(7).batch(3, True).element_spec),
        repr(tf.data.Dataset.from_tensor_slices(X).batch(2)),
    ],
    "batch_shape_error": lambda tf: _all(
        tf.data.Dataset.from_generator(_ragged_rows, output_signature=tf.TensorSpec([None], tf.int32)).batch(
            2
        )
    ),
    "batch_zero_error": lambda tf: tf.data.Dataset.range(3).batch(0),
    "padded_batch": lambda tf: [
        _all(
            tf.data.Dataset.from_generator(
                _ragged_rows, output_signature=tf.TensorSpec([None], tf.int32)
            ).padded_batch(2)
        ),
        _all(
            tf.data.Dataset.from_generator(
                _ragged_rows, output_signature=tf.TensorSpec([None], tf.int32)
            ).padded_batch(2, padded_shapes=[4], padding_values=-1)
        ),
        _all(tf.data.Dataset.range(4).padded_batch(3, drop_remainder=True)),
    ],
    "padded_small_error": lambda tf: _all(
        tf.data.Dataset.from_generator(
            _ragged_rows, output_signature=tf.TensorSpec([None], tf.int32)
        ).padded_batch(2, padded_shapes=[1])
    ),
    "unbatch": lambda tf: _tensors(tf.data.Dataset.range(5).batch(2).unbatch()),
    "unbatch_error": lambda tf: tf.data.Dataset.range(5).unbatch(),
    "rebatch": lambda tf: _all(tf.data.Dataset.range(7).batch(3).rebatch(2)),
    "order": lambda tf: [
        _all(tf.data.Dataset.range(3).repeat(2)),
        _all(tf.data.Dataset.range(3).repeat().take(7)),
        _all(tf.data.Dataset.range(5).skip(2)),
        _all(tf.data.Dataset.range(7).shard(3, 1)),
        _all(tf.data.Dataset.range(2).concatenate(tf.data.Dataset.range(5, 7))),
        _all(tf.data.Dataset.range(2).enumerate(start=5)),
        _all(tf.data.Dataset.range(9).take_while(lambda x: tf.less(x, 4))),
        _all(tf.data.Dataset.range(3).cache().prefetch(2)),
        _all(tf.data.Dataset.from_tensor_slices([1, 2, 1, 3, 2]).unique()),
        _all(tf.data.Dataset.counter(3, 2).take(3)),
    ],
    "concatenate_error": lambda tf: tf.data.Dataset.range(3).concatenate(tf.data.Dataset.from_tensors("a")),
    "zip": lambda tf: [
        _all(tf.data.Dataset.zip((tf.data.Dataset.range(3), {"a": tf.data.Dataset.range(5, 9)}))),
        repr(tf.data.Dataset.zip((tf.data.Dataset.range(3), {"a": tf.data.Dataset.range(5, 9)}))),
    ],
    "zip_list_error": lambda tf: tf.data.Dataset.zip([tf.data.Dataset.range(3)]),
    "zip_kind_error": lambda tf: tf.data.Dataset.zip(3),
    "flat_map": lambda tf: [
        _all(tf.data.Dataset.range(4).flat_map(lambda x: tf.data.Dataset.range(x))),
        _all(tf.data.Dataset.from_tensor_slices(X).flat_map(tf.data.Dataset.from_tensor_slices)),
    ],
    "interleave": lambda tf: [
        _all(
            tf.data.Dataset.range(1, 5).interleave(
                lambda x: tf.data.Dataset.from_tensors(x).repeat(4), cycle_length=c, block_length=b
            )
        )
        for c, b in ((1, 1), (2, 1), (3, 2), (2, 3), (9, 1))
    ],
    "window": lambda tf: [
        [_all(w) for w in tf.data.Dataset.range(7).window(*a)]
        for a in ((3,), (3, 1), (2, 3), (2, 1, 2), (3, 2, 1, True), (2, 5))
    ],
    "window_batch": lambda tf: _all(
        tf.data.Dataset.range(10).window(3, shift=2, drop_remainder=True).flat_map(lambda w: w.batch(3))
    ),
    "reduce": lambda tf: [
        tf.data.Dataset.range(5).reduce(np.int64(0), lambda s, x: tf.add(s, x)),
        tf.data.Dataset.range(5).reduce((np.int64(0), 0), lambda s, x: (tf.add(s[0], x), tf.add(s[1], 1))),
    ],
    "scan": lambda tf: _all(
        tf.data.Dataset.range(4).scan(np.int64(1), lambda s, x: (tf.add(s, x), tf.multiply(s, x)))
    ),
    "single": lambda tf: tf.data.Dataset.from_tensors(5).get_single_element(),
    "single_error": lambda tf: tf.data.Dataset.range(3).get_single_element(),
    "choose": lambda tf: _all(
        tf.data.Dataset.choose_from_datasets(
            [tf.data.Dataset.range(3), tf.data.Dataset.range(10, 13)],
            tf.data.Dataset.from_tensor_slices(np.array([0, 1, 1, 0], np.int64)),
        )
    ),
    "cardinality": _lengths,
    "length": lambda tf: [len(tf.data.Dataset.range(5)), bool(tf.data.Dataset.range(0))],
    "length_infinite_error": lambda tf: len(tf.data.Dataset.range(5).repeat()),
    "length_unknown_error": lambda tf: len(tf.data.Dataset.range(5).filter(lambda x: x > 1)),
    "get_next": lambda tf: iter(tf.data.Dataset.range(3)).get_next(),
    "get_next_error": lambda tf: iter(tf.data.Dataset.range(0)).get_next(),
    "repr": lambda tf: [
        repr(d)
        for d in (
            tf.data.Dataset.range(3),
            tf.data.Dataset.range(3).shuffle(2).repeat(2).take(1).skip(1).prefetch(1),
            tf.data.Dataset.range(3).shuffle(2),
            tf.data.Dataset.range(3).cache(),
            tf.data.Dataset.range(3).window(2),
            tf.data.Dataset.range(3).enumerate(),
            tf.data.Dataset.range(3).with_options(tf.data.Options()),
        )
    ],
    "map_spec": lambda tf: [
        repr(
            tf.data.Dataset.from_tensor_slices(X).map(
                lambda x: (tf.reduce_sum(x), {"b": tf.cast(x, tf.int32)})
            )
        ),
        repr(tf.data.Dataset.range(3).batch(2).map(lambda x: tf.expand_dims(x, 0))),
        repr(tf.data.Dataset.range(3).flat_map(lambda x: tf.data.Dataset.from_tensors((x, 1.0)))),
    ],
    "v1_outputs": lambda tf: [
        repr(
            tf.compat.v1.data.get_output_types(tf.data.Dataset.from_tensor_slices((X, {"a": [1, 2, 3, 4]})))
        ),
        repr(
            tf.compat.v1.data.get_output_shapes(tf.data.Dataset.from_tensor_slices((X, {"a": [1, 2, 3, 4]})))
        ),
        tf.compat.v1.data.get_output_classes(tf.data.Dataset.range(3)) is tf.Tensor,
    ],
    "shuffle_error": lambda tf: tf.data.Dataset.range(3).shuffle(0),
    "options_error": lambda tf: setattr(tf.data.Options(), "speed", 3),
}


def _orders(tf, seed, size):
    tf.random.set_seed(77)
    once = tf.data.Dataset.range(20).shuffle(size, seed=seed)
    fixed = tf.data.Dataset.range(20).shuffle(size, seed=seed, reshuffle_each_iteration=False)
    return [_joined(once), _joined(once), _joined(once.repeat(3)), _joined(fixed.repeat(2))]


for _seed in (1, 42):
    for _size in (3, 10, 100):
        CASES[f"random_shuffle_{_seed}_{_size}"] = lambda tf, s=_seed, n=_size: _orders(tf, s, n)


def _global_seed(tf):
    tf.random.set_seed(7)
    return [
        _joined(tf.data.Dataset.range(10).shuffle(5)),
        _joined(tf.data.Dataset.range(10).shuffle(5, seed=3)),
    ]


CASES["random_global"] = _global_seed
CASES["random_numbers"] = lambda tf: [tf.random.set_seed(5), _joined(tf.data.Dataset.random(seed=4).take(6))]
