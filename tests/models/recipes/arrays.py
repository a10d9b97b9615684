"""Shapes, indexing, segments, reductions, linear algebra, all dtypes."""

import numpy as np
import tensorflow as tf

from .common import Case, feed, graph, named, normal, rng


@graph()
def segments():
    ids, x = feed("ids", tf.int32, [None]), feed("x", tf.float32, [None, 2])
    values, index, counts = tf.unique_with_counts(ids)
    m = tf.math
    ordered = tf.sort(ids)
    outs = {
        "values": values,
        "index": index,
        "counts": counts,
        "sum": m.unsorted_segment_sum(x, index, tf.size(values)),
        "max": m.unsorted_segment_max(x, ids, 6),
        "min": m.unsorted_segment_min(x, ids, 6),
        "mean": m.unsorted_segment_mean(x, ids, 6),
        "prod": m.unsorted_segment_prod(x, ids, 6),
        "segment_sum": m.segment_sum(x, ordered),
        "segment_mean": m.segment_mean(x, ordered),
        "bincount": m.bincount(ids, minlength=3),
        "weighted": m.bincount(ids, weights=x[:, 0]),
    }
    return Case(
        {ids: np.int32([4, 0, 4, 2, 0, 4]), x: normal("x", 6, 2)},
        [named(k, v) for k, v in outs.items()],
        note="Unique and segment sums",
    )


@graph()
def indexing():
    x, i = feed("x", tf.float32, [None, 4, 3]), feed("i", tf.int32, [None])
    outs = {
        "cumsum": tf.cumsum(x, 1),
        "cumsum_exclusive": tf.cumsum(x, 0, exclusive=True, reverse=True),
        "cumprod": tf.math.cumprod(x, 2),
        "one_hot": tf.one_hot(i, 4),
        "one_hot_axis": tf.one_hot(i, 3, on_value=5, off_value=-1, axis=0, dtype=tf.int32),
        "reverse": tf.reverse(x, [0, 2]),
        "reverse_sequence": tf.reverse_sequence(x, i + 1, seq_axis=1, batch_axis=0),
        "strided": x[::-1, 1:4:2, tf.newaxis, ..., 0],
        "ellipsis": x[..., -1:],
        "shrink": x[1],
        "negative": x[-2:, ::-2],
        "gather_axis": tf.gather(x, i, axis=1),
        "gather_batch": tf.gather(x, i[:, None], batch_dims=1, axis=1),
        "gather_nd": tf.gather_nd(x, tf.stack([i, i], 1)),
        "scatter": tf.scatter_nd(i[:, None], x[:, 0], [5, 3]),
        "update": tf.tensor_scatter_nd_update(x, [[0]], x[1:2]),
        "add": tf.tensor_scatter_nd_add(x, [[1], [1]], x[:2]),
        "where": tf.where(x > 0.5),
        "mask": tf.boolean_mask(x, x[:, 0, 0] > 0.0),
        "roll": tf.roll(x, [1, -1], [0, 2]),
        "tile": tf.tile(x, [1, 2, 1]),
        "pad": tf.pad(x, [[0, 1], [1, 0], [0, 0]], constant_values=9.0),
        "mirror": tf.pad(x, [[0, 0], [2, 1], [1, 1]], "SYMMETRIC"),
        "reflect": tf.pad(x, [[0, 0], [2, 1], [1, 1]], "REFLECT"),
        "split": tf.split(x, [1, 2, 1], 1)[1],
        "unstack": tf.unstack(x, axis=2)[2],
        "sort": tf.sort(x, 1, "DESCENDING"),
        "argsort": tf.argsort(x, 1),
        "stack": tf.stack([x, -x], 2),
        "search": tf.searchsorted(tf.sort(x[0]), x[1]),
        "meshgrid": tf.meshgrid(i, i)[1],
        "invert": tf.math.invert_permutation(i),
        "size": tf.size(x),
        "rank": tf.rank(x),
        "broadcast": tf.broadcast_to(x[:, :1], [3, 4, 3]),
        "repeat": tf.repeat(i, [1, 0, 2]),
    }
    return Case(
        {x: normal("x", 3, 4, 3), i: np.int32([2, 0, 1])},
        [named(k, v) for k, v in outs.items()],
        note="cumulative sums, one-hot, reversing, slicing, gathering, scattering, padding",
    )


@graph()
def dynamic_shapes():
    x = feed("x", tf.float32, None)
    shape = tf.shape(x)
    flat = tf.reshape(x, [shape[0], tf.reduce_prod(shape[1:])])
    big = tf.shape(x, out_type=tf.int64)
    outs = {
        "flat": flat,
        "zeros": tf.zeros_like(x),
        "fill": tf.fill(shape[:1] * 2, 0.5),
        "range": tf.range(0, shape[0] * 3, 2),
        "ones": tf.ones(big[-1:]),
        "eye": tf.eye(shape[0]),
        "shape_n": tf.raw_ops.ShapeN(input=[x, flat])[1],
        "squeeze": tf.squeeze(x),
        "mean": tf.reduce_mean(x, tf.range(1, tf.rank(x))),
        "linspace": tf.linspace(0.0, 1.0, shape[0]),
        "size": tf.reduce_max(big),
    }
    fetches = [named(k, v) for k, v in outs.items()]
    return [
        Case({x: normal("a", *s)}, fetches, n, note="shapes computed from shapes, rank unknown")
        for n, s in (("rank2", (3, 4)), ("rank4", (2, 1, 3, 2)))
    ]


@graph()
def reductions():
    x, b = feed("x", tf.float32, [None, 3, 4]), feed("b", tf.bool, [None, 2])
    r = tf.math
    outs = {
        "sum": r.reduce_sum(x, [0, 2]),
        "mean": r.reduce_mean(x, -1, keepdims=True),
        "max": r.reduce_max(x, 1),
        "min": r.reduce_min(x),
        "prod": r.reduce_prod(x, 2),
        "all": r.reduce_all(b, 1),
        "any": r.reduce_any(b),
        "logsumexp": r.reduce_logsumexp(x, 1),
        "std": r.reduce_std(x, 2),
        "norm": tf.norm(x, axis=2),
        "argmax": tf.argmax(x, 2),
        "argmin": tf.argmin(x, 0, tf.int32),
        "euclid": r.reduce_euclidean_norm(x, 0),
        "count": r.count_nonzero(b),
        "in_top": r.in_top_k([1, 0], x[0, :2], 2),
        "empty": r.reduce_max(x[:0], 0),
        "empty_mean": r.reduce_mean(x[:0], 0),
        "integer": r.reduce_mean(tf.cast(x * 10.0, tf.int32), 1),
        "top": r.top_k(x, 2).values,
        "top_index": r.top_k(x, 2).indices,
        "l2": tf.nn.l2_loss(x),
    }
    return Case(
        {x: normal("x", 2, 3, 4), b: np.array([[True, False], [True, True]])},
        [named(k, v) for k, v in outs.items()],
        note="reductions; over nothing, too",
    )


@graph()
def unary_math():
    x = feed("x", tf.float32, [None])
    m = tf.math
    names = (
        "abs acos acosh asin asinh atan atanh ceil cos cosh digamma erf erfc erfinv exp expm1 floor "
        "is_finite is_inf is_nan lgamma log log1p log_sigmoid negative reciprocal rint round rsqrt sigmoid sign sin sinh "
        "softplus sqrt square tan tanh ndtri bessel_i0e bessel_i1e"
    ).split()
    values = np.float32(
        [-2.5, -1.0, -0.5, -0.0, 0.0, 1e-4, 0.3, 0.5, 1.0, 1.5, 2.5, 20.0, np.inf, -np.inf, np.nan]
    )
    return Case(
        {x: values},
        [named(n, getattr(m, n)(x)) for n in names],
        note="functions of one argument, at the edges of their domains",
    )


@graph()
def binary_math():
    x, y = feed("x", tf.float32, [None]), feed("y", tf.float32, [None])
    i, j = feed("i", tf.int32, [None]), feed("j", tf.int32, [None])
    m = tf.math
    floats = (
        "add subtract multiply divide floordiv floormod pow maximum minimum squared_difference "
        "divide_no_nan multiply_no_nan atan2 xlogy xdivy xlog1py greater less_equal equal not_equal "
        "nextafter".split()
    )
    ints = "add subtract multiply floordiv floormod truediv maximum less greater_equal".split()
    b = tf.bitwise
    outs = {n: getattr(m, n)(x, y) for n in floats} | {"i_" + n: getattr(m, n)(i, j) for n in ints}
    outs |= {
        "and": b.bitwise_and(i, j),
        "or": b.bitwise_or(i, j),
        "xor": b.bitwise_xor(i, j),
        "left": b.left_shift(i, tf.abs(j) % 8),
        "right": b.right_shift(i, tf.abs(j) % 8),
        "invert": b.invert(i),
        "truncate_div": tf.truncatediv(i, j),
        "truncate_mod": tf.truncatemod(i, j),
        "truncate_mod_f": tf.truncatemod(x, y),
        "logical": m.logical_xor(x > 0, y > 0),
        "i_pow": m.pow(i, tf.abs(j) % 4),
        "wide": m.add(x[:, None], y[None]),
    }
    a = np.float32([-7.5, -2.0, -0.0, 0.0, 1.5, 3.0, np.inf, np.nan, 5.0])
    c = np.float32([2.0, -3.0, 0.0, 0.0, -0.5, 2.0, 2.0, 1.0, 0.0])
    return Case(
        {x: a, y: c, i: np.int32([-7, 7, -7, 7, 0, 2**31 - 1]), j: np.int32([2, -2, -2, 3, 5, 1])},
        [named(k, v) for k, v in outs.items()],
        note="functions of two arguments: signs, zeros, NaN, overflow",
    )


@graph()
def all_dtypes():
    x = feed("x", tf.float32, [None])
    outs = []
    for t in (tf.float64, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64):
        v = tf.cast(x, t)
        outs.append(named(t.name, tf.concat([v + v, v * v - v, tf.maximum(v, tf.constant(2, t))], 0)))
    h = tf.cast(x, tf.half)
    outs.append(named("half", tf.concat([h + h, tf.exp(h), h / tf.constant(3.0, tf.half)], 0)))
    b = tf.cast(x, tf.bfloat16)
    outs.append(
        named(
            "bfloat16", tf.cast(tf.concat([b + b, b * b, b / tf.constant(3.0, tf.bfloat16)], 0), tf.float32)
        )
    )
    c = tf.complex(x, x * 0.5)
    outs += [
        named("complex", c * c + tf.math.conj(c)),
        named("abs", tf.abs(c)),
        named("angle", tf.math.angle(c)),
        named("complex128", tf.exp(tf.cast(c, tf.complex128))),
        named("bool", tf.cast(x, tf.bool)),
    ]
    return Case({x: np.float32([0, 1, 2.7, 3.2, 100])}, outs, note="casts and arithmetic in every dtype")


@graph()
def linear_algebra():
    x = feed("x", tf.float64, [None, 3, 3])
    l = tf.linalg
    spd = tf.matmul(x, x, transpose_b=True) + tf.eye(3, dtype=tf.float64)
    outs = {
        "cholesky": l.cholesky(spd),
        "det": l.det(x),
        "inv": l.inv(x),
        "solve": l.solve(x, x[:, :, :2]),
        "values": l.eigvalsh(spd),
        "singular": l.svd(x, compute_uv=False),
        "r": tf.abs(l.qr(x)[1]),
        "band": l.band_part(x, 1, 0),
        "diag": l.diag(x[:, 0]),
        "diag_part": l.diag_part(x),
        "set_diag": l.set_diag(x, x[:, 0]),
        "triangular": l.triangular_solve(l.cholesky(spd), x),
        "trace": l.trace(x),
        "cross": l.cross(x[:, 0], x[:, 1]),
        "logdet": l.logdet(spd),
        "adjoint": l.adjoint(x),
    }
    return Case(
        {x: rng("la").standard_normal((2, 3, 3))},
        [named(k, v) for k, v in outs.items()],
        note="linear algebra in double",
    )


@graph()
def errors_by_value():
    x, i = feed("x", tf.float32, [None]), feed("i", tf.int32, [None])
    y, z = named("y", tf.gather(x, i)), named("z", tf.reshape(x, i))
    k = named("k", tf.debugging.check_numerics(x, "x is broken"))
    return [
        Case(
            {x: normal("x", 3), i: np.int32([0, 7])}, [y], "gather", fails=True, note="an index out of range"
        ),
        Case(
            {x: normal("x", 3), i: np.int32([2, 2])},
            [z],
            "reshape",
            fails=True,
            note="a shape that does not fit",
        ),
        Case({x: np.float32([1, np.nan])}, [k], "nan", fails=True, note="CheckNumerics"),
    ]


@graph()
def rarely_written():
    x, i = feed("x", tf.float32, [None, 2]), feed("i", tf.int32, [None])
    op = tf.raw_ops
    outs = {
        "bincount": op.Bincount(arr=i, size=5, weights=tf.zeros([0])),
        "clip": op.ClipByValue(t=x, clip_value_min=-0.5, clip_value_max=0.5),
        "sparse_sum": op.SparseSegmentSum(data=x, indices=i, segment_ids=tf.range(tf.size(i)) // 2),
        "sparse_sum_n": op.SparseSegmentSumWithNumSegments(
            data=x, indices=i, segment_ids=[0, 0, 3, 3], num_segments=5
        ),
        "upper": op.UpperBound(sorted_inputs=[[0.0, 1.0, 1.0, 2.0]], values=[[1.0, -1.0, 9.0]]),
        "lower": op.LowerBound(
            sorted_inputs=[[0.0, 1.0, 1.0, 2.0]], values=[[1.0, -1.0, 9.0]], out_type=tf.int64
        ),
        "fold": tf.raw_ops.AccumulateNV2(inputs=[x, x, x], shape=[3, 2]),
        "bitcast": tf.bitcast(x, tf.int32),
        "ensure": tf.ensure_shape(x, [3, None]),
        "prevent": op.PreventGradient(input=x, message="no"),
        "guarantee": op.GuaranteeConst(input=x),
        "immutable": op.Snapshot(input=x),
        "dynamic": tf.dynamic_stitch([[0, 2], [1, 3]], [x[:2], x[1:]]),
        "partition": tf.dynamic_partition(x, [1, 0, 1], 2)[1],
    }
    return Case(
        {x: normal("x", 3, 2), i: np.int32([2, 0, 1, 1])},
        [named(k, v) for k, v in outs.items()],
        note="ops that few graphs hold",
    )
