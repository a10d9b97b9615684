"""Cases of tf.nn."""

import numpy as np

R = np.random.RandomState(7)
X1 = R.randn(2, 9, 3).astype(np.float32)
X2 = R.randn(2, 7, 8, 3).astype(np.float32)
X3 = R.randn(1, 4, 5, 6, 2).astype(np.float32)
F1 = R.randn(3, 3, 4).astype(np.float32)
F2 = R.randn(3, 2, 3, 4).astype(np.float32)
F3 = R.randn(2, 3, 2, 2, 3).astype(np.float32)
D2 = R.randn(3, 2, 3, 2).astype(np.float32)
P2 = R.randn(1, 1, 6, 4).astype(np.float32)
M = R.randn(4, 5).astype(np.float32)
M3 = R.randn(2, 3, 4).astype(np.float32)
V = np.array([-3.0, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0], np.float32)
LABELS = np.array([[0, 1, 0, 0, 1]] * 4, np.float32)
DIST = np.abs(R.randn(4, 5)).astype(np.float32)
DIST /= DIST.sum(1, keepdims=True)
A3 = np.array([0.1, 0.2, 0.3], np.float32)
TABLE = R.randn(7, 3).astype(np.float32)

CASES = {}
for _n in (
    "relu",
    "relu6",
    "elu",
    "selu",
    "softplus",
    "softsign",
    "silu",
    "swish",
    "gelu",
    "leaky_relu",
    "crelu",
):
    CASES[_n] = lambda tf, n=_n: getattr(tf.nn, n)(V)
CASES |= {
    "tanh": lambda tf: [tf.nn.tanh(V), tf.nn.sigmoid(V)],
    "relu_f64": lambda tf: tf.nn.relu(V.astype(np.float64)),
    "leaky_int": lambda tf: tf.nn.leaky_relu([-5, 3], alpha=0.1),
    "gelu_approximate": lambda tf: tf.nn.gelu(V, approximate=True),
    "gelu_int_error": lambda tf: tf.nn.gelu([1, 2]),
    "silu_beta": lambda tf: tf.nn.silu(V, beta=2.0),
    "softmax": lambda tf: tf.nn.softmax(M),
    "softmax_axis": lambda tf: [tf.nn.softmax(M3, axis=a) for a in (0, 1, 2, -2)],
    "softmax_axis_error": lambda tf: tf.nn.softmax(M, axis=5),
    "log_softmax_axis": lambda tf: [tf.nn.log_softmax(M3, axis=a) for a in (0, 1, -1)],
    "softmax_v1": lambda tf: tf.compat.v1.nn.softmax(M, dim=0),
    "softmax_1d": lambda tf: tf.nn.softmax([1.0, 2.0]),
    "bias_add": lambda tf: tf.nn.bias_add(X2, [1.0, 2.0, 3.0]),
    "bias_add_nc": lambda tf: tf.nn.bias_add(X1, np.arange(9.0, dtype=np.float32), data_format="NC.."),
    "bias_add_format_error": lambda tf: tf.nn.bias_add(X1, [1.0], data_format="HWC"),
    "xw_plus_b": lambda tf: tf.compat.v1.nn.xw_plus_b(M, M.T, [1.0, 2.0, 3.0, 4.0]),
    "relu_layer": lambda tf: tf.compat.v1.nn.relu_layer(M, M.T, [1.0, 2.0, 3.0, 4.0]),
    # Convolutions.
    "conv1d": lambda tf: tf.nn.conv1d(X1, F1, 2, "SAME"),
    "conv1d_valid_dilated": lambda tf: tf.nn.conv1d(X1, F1, [1], "VALID", dilations=2),
    "conv1d_batch2": lambda tf: tf.nn.conv1d(X1[None], F1, 1, "VALID"),
    "conv1d_v1": lambda tf: tf.compat.v1.nn.conv1d(X1, F1, 1, "SAME"),
    "conv2d": lambda tf: tf.nn.conv2d(X2, F2, [1, 2, 1, 1], "SAME"),
    "conv2d_int_strides": lambda tf: tf.nn.conv2d(X2, F2, 2, "VALID"),
    "conv2d_two_strides": lambda tf: tf.nn.conv2d(X2, F2, [2, 1], "VALID", dilations=[1, 2]),
    "conv2d_explicit": lambda tf: tf.nn.conv2d(X2, F2, 1, [[0, 0], [1, 2], [0, 1], [0, 0]]),
    "conv2d_batch2": lambda tf: tf.nn.conv2d(X2[None], F2, 1, "SAME"),
    "conv2d_batch0": lambda tf: tf.nn.conv2d(X2[:, None], F2, 1, "SAME"),
    "conv2d_v1": lambda tf: tf.compat.v1.nn.conv2d(X2, filters=F2, strides=[1, 1, 1, 1], padding="VALID"),
    "conv2d_list": lambda tf: tf.nn.conv2d(
        tf.constant([[[[1.0], [2.0]], [[3.0], [4.0]]]]), [[[[2.0]]]], 1, "SAME"
    ),
    "conv2d_strides_error": lambda tf: tf.nn.conv2d(X2, F2, [1, 2, 3], "SAME"),
    "conv2d_format_error": lambda tf: tf.nn.conv2d(X2, F2, 1, "SAME", data_format="HWC"),
    "conv2d_depth_error": lambda tf: tf.nn.conv2d(X2, F2[:, :, :2], 1, "SAME"),
    "conv2d_transpose": lambda tf: tf.nn.conv2d_transpose(X2, F2.transpose(0, 1, 3, 2), [2, 14, 16, 4], 2),
    "conv2d_backprop": lambda tf: [
        tf.compat.v1.nn.conv2d_backprop_input(
            [2, 7, 8, 3], F2, np.ones([2, 7, 8, 4], np.float32), [1] * 4, "SAME"
        ),
        tf.compat.v1.nn.conv2d_backprop_filter(
            X2, F2.shape, np.ones([2, 7, 8, 4], np.float32), [1] * 4, "SAME"
        ),
    ],
    "conv1d_transpose": lambda tf: tf.nn.conv1d_transpose(X1, F1.transpose(0, 2, 1), [2, 18, 4], 2),
    "conv3d": lambda tf: tf.nn.conv3d(X3, F3, [1, 1, 1, 1, 1], "SAME"),
    "conv3d_strides": lambda tf: tf.nn.conv3d(X3, F3, [1, 1, 2, 2, 1], "VALID"),
    "conv3d_transpose": lambda tf: tf.nn.conv3d_transpose(
        X3, F3.transpose(0, 1, 2, 4, 3), [1, 4, 5, 6, 3], [1, 1, 1, 1, 1]
    ),
    "conv_transpose": lambda tf: tf.nn.conv_transpose(X1, F1.transpose(0, 2, 1), [2, 9, 4], 1),
    "convolution": lambda tf: [
        tf.nn.convolution(X1, F1),
        tf.nn.convolution(X2, F2, padding="SAME", dilations=2),
    ],
    "convolution_v1": lambda tf: tf.compat.v1.nn.convolution(X2, F2, "VALID", dilation_rate=[2, 1]),
    "atrous_conv2d": lambda tf: tf.nn.atrous_conv2d(X2, F2, 2, "SAME"),
    "atrous_conv2d_transpose": lambda tf: tf.nn.atrous_conv2d_transpose(
        X2, F2.transpose(0, 1, 3, 2), [2, 7, 8, 4], 2, "SAME"
    ),
    "depthwise": lambda tf: tf.nn.depthwise_conv2d(X2, D2, [1, 1, 1, 1], "SAME"),
    "depthwise_dilated": lambda tf: tf.nn.depthwise_conv2d(X2, D2, [1, 1, 1, 1], "VALID", dilations=[2, 2]),
    "depthwise_v1": lambda tf: tf.compat.v1.nn.depthwise_conv2d(X2, D2, [1, 2, 2, 1], "SAME", rate=[1, 1]),
    "separable": lambda tf: tf.nn.separable_conv2d(X2, D2, P2, [1, 1, 1, 1], "SAME"),
    "separable_v1": lambda tf: tf.compat.v1.nn.separable_conv2d(
        X2, D2, P2, [1, 1, 1, 1], "VALID", rate=[2, 2]
    ),
    "dilation2d": lambda tf: tf.nn.dilation2d(X2, F2[..., 0], [1, 1, 1, 1], "SAME", "NHWC", [1, 2, 2, 1]),
    "erosion2d": lambda tf: tf.nn.erosion2d(X2, F2[..., 0], [1, 1, 1, 1], "VALID", "NHWC", [1, 1, 1, 1]),
    "erosion2d_v1": lambda tf: tf.compat.v1.nn.erosion2d(X2, F2[..., 0], [1] * 4, [1] * 4, "SAME"),
    # Pools.
    "max_pool": lambda tf: [tf.nn.max_pool(x, 2, 2, "SAME") for x in (X1, X2, X3)],
    "avg_pool": lambda tf: [tf.nn.avg_pool(x, 3, 1, "VALID") for x in (X1, X2, X3)],
    "pool2d": lambda tf: [
        tf.nn.max_pool2d(X2, [2, 3], [1, 2], "SAME"),
        tf.nn.avg_pool2d(X2, [3, 2], 2, "SAME"),
    ],
    "pool1d": lambda tf: [tf.nn.max_pool1d(X1, 3, 2, "VALID"), tf.nn.avg_pool1d(X1, [3], [2], "SAME")],
    "pool3d": lambda tf: [tf.nn.max_pool3d(X3, 2, 1, "VALID"), tf.nn.avg_pool3d(X3, [1, 2, 2], 2, "SAME")],
    "max_pool_explicit": lambda tf: tf.nn.max_pool(X2, 3, 2, [[0, 0], [1, 1], [1, 1], [0, 0]]),
    "max_pool_v1": lambda tf: tf.compat.v1.nn.max_pool(X2, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
    "avg_pool_v1": lambda tf: tf.compat.v1.nn.avg_pool(X2, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
    "max_pool_rank_error": lambda tf: tf.nn.max_pool(M, 2, 2, "SAME"),
    "max_pool_ksize_error": lambda tf: tf.nn.max_pool2d(X2, 0, 2, "SAME"),
    "with_argmax": lambda tf: tf.nn.max_pool_with_argmax(X2, 2, 2, "SAME"),
    "with_argmax_v1": lambda tf: tf.compat.v1.nn.max_pool_with_argmax(
        X2, [1, 2, 2, 1], [1, 2, 2, 1], "VALID", output_dtype=tf.int32, include_batch_in_index=True
    ),
    "pool_max": lambda tf: tf.nn.pool(X2, [2, 2], "MAX", padding="SAME"),
    "pool_dilated": lambda tf: [
        tf.nn.pool(X2, [2, 2], "MAX", padding="VALID", dilations=[2, 1]),
        tf.nn.pool(X2, [2, 3], "AVG", padding="VALID", dilations=[2, 2]),
    ],
    "pool_dilated_same_error": lambda tf: tf.nn.pool(X2, [2, 3], "AVG", padding="SAME", dilations=[2, 2]),
    "pool_v1": lambda tf: tf.compat.v1.nn.pool(X2, [2, 2], "AVG", "SAME", strides=[2, 2]),
    "pool_strides_error": lambda tf: tf.nn.pool(X2, [2, 2], "MAX", strides=[2, 2], dilations=[2, 2]),
    # Space.
    "space_to_batch": lambda tf: tf.nn.space_to_batch(X2[:, :6], [2, 4], [[0, 0], [0, 0]]),
    "space_to_batch_v1": lambda tf: tf.compat.v1.space_to_batch(X2[:, :6], [[0, 0], [0, 0]], 2),
    "batch_to_space": lambda tf: tf.batch_to_space(np.tile(X2, (2, 1, 1, 1)), [2, 2], [[0, 1], [2, 0]]),
    "depth": lambda tf: [tf.nn.space_to_depth(X2[:, :6], 2), tf.nn.depth_to_space(np.tile(X2, 4), 2)],
    "depth_v1": lambda tf: tf.compat.v1.space_to_depth(X2[:, :6], 2, data_format="NHWC"),
    "with_space_to_batch": lambda tf: tf.nn.with_space_to_batch(
        X2, [2, 3], "SAME", lambda x, n, p: tf.nn.conv2d(x, F2, n - 1, p), filter_shape=[3, 2]
    ),
    # Normalization.
    "moments": lambda tf: [tf.nn.moments(X2, [0, 1, 2]), tf.nn.moments(X2, [1, 2], keepdims=True)],
    "moments_half": lambda tf: tf.nn.moments(X2.astype(np.float16), [0, 1, 2]),
    "moments_v1": lambda tf: tf.compat.v1.nn.moments(M, [0], keep_dims=True),
    "weighted_moments": lambda tf: [
        tf.nn.weighted_moments(M, [0], np.abs(M)),
        tf.nn.weighted_moments(M, [1], np.abs(M[0:1]), keepdims=True),
    ],
    "sufficient": lambda tf: [
        tf.nn.sufficient_statistics(M, [0]),
        tf.nn.sufficient_statistics(M, [0, 1], shift=0.5),
    ],
    "normalize_moments": lambda tf: tf.nn.normalize_moments(4.0, [2.0, 3.0], [5.0, 9.0], 0.5),
    "batch_normalization": lambda tf: [
        tf.nn.batch_normalization(X2, A3, A3 + 1, None, None, 1e-3),
        tf.nn.batch_normalization(X2, A3, A3 * 2, A3 * 3, A3 + 2, 1e-3),
    ],
    "fused_batch_norm": lambda tf: tf.compat.v1.nn.fused_batch_norm(X2, [1.0, 2.0, 3.0], [0.0, 1.0, 2.0]),
    "fused_batch_norm_inference": lambda tf: tf.compat.v1.nn.fused_batch_norm(
        X2,
        [1.0, 2.0, 3.0],
        [0.0, 1.0, 2.0],
        mean=[0.1, 0.1, 0.2],
        variance=[1.0, 2.0, 1.0],
        is_training=False,
    ),
    "l2_normalize": lambda tf: [
        tf.nn.l2_normalize(M),
        tf.nn.l2_normalize(M, axis=1),
        tf.math.l2_normalize(M, [0]),
    ],
    "l2_normalize_complex": lambda tf: tf.nn.l2_normalize(M + 1j * M[::-1], axis=0),
    "lrn": lambda tf: tf.nn.lrn(X2, depth_radius=1, bias=2.0, alpha=0.5),
    "zero_fraction": lambda tf: [tf.nn.zero_fraction([0, 1, 0, 3]), tf.nn.zero_fraction(V)],
    # Dropout without chance.
    "dropout_0": lambda tf: [tf.nn.dropout(M, 0), tf.compat.v1.nn.dropout(M, keep_prob=1.0)],
    "dropout_rate_error": lambda tf: tf.nn.dropout(M, 1.5),
    "dropout_int_error": lambda tf: tf.nn.dropout([1, 2], 0.5),
    "dropout_none_error": lambda tf: tf.compat.v1.nn.dropout(M),
    "general_dropout": lambda tf: tf.nn.experimental.general_dropout(
        M, 0.4, lambda shape, dtype: tf.constant(np.abs(M) / 2)
    ),
    "general_dropout_noise": lambda tf: tf.nn.experimental.general_dropout(
        M,
        tf.constant(0.4),
        lambda shape, dtype: tf.constant([[0.1], [0.5], [0.3], [0.9]]),
        noise_shape=[None, 1],
    ),
    # Losses.
    "l2_loss": lambda tf: tf.nn.l2_loss(M),
    "sigmoid_ce": lambda tf: tf.nn.sigmoid_cross_entropy_with_logits(labels=LABELS, logits=M),
    "sigmoid_ce_shape_error": lambda tf: tf.nn.sigmoid_cross_entropy_with_logits(labels=LABELS[:2], logits=M),
    "sigmoid_ce_none_error": lambda tf: tf.nn.sigmoid_cross_entropy_with_logits(labels=LABELS),
    "weighted_ce": lambda tf: tf.nn.weighted_cross_entropy_with_logits(LABELS, M, 2.5),
    "weighted_ce_v1": lambda tf: tf.compat.v1.nn.weighted_cross_entropy_with_logits(
        targets=LABELS, logits=M, pos_weight=0.5
    ),
    "softmax_ce": lambda tf: tf.nn.softmax_cross_entropy_with_logits(labels=DIST, logits=M),
    "softmax_ce_axis": lambda tf: [
        tf.nn.softmax_cross_entropy_with_logits(labels=DIST, logits=M, axis=0),
        tf.nn.softmax_cross_entropy_with_logits(labels=np.abs(M3), logits=M3, axis=1),
    ],
    "softmax_ce_half": lambda tf: tf.nn.softmax_cross_entropy_with_logits(
        labels=DIST.astype(np.float16), logits=M.astype(np.float16)
    ),
    "softmax_ce_v1": lambda tf: [
        tf.compat.v1.nn.softmax_cross_entropy_with_logits(labels=DIST, logits=M),
        tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2(labels=DIST, logits=M, dim=0),
    ],
    "sparse_ce": lambda tf: [
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 4, 2, 1], logits=M),
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[[0, 1, 2], [3, 2, 1]], logits=M3),
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=2, logits=M[0]),
    ],
    "sparse_ce_rank_error": lambda tf: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[[1]], logits=M),
    "sparse_ce_shape_error": lambda tf: tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=[1, 2], logits=M
    ),
    "log_poisson": lambda tf: [
        tf.nn.log_poisson_loss(np.abs(M) * 3, M),
        tf.nn.log_poisson_loss(np.abs(M) * 3, M, compute_full_loss=True),
    ],
    "average_loss": lambda tf: [
        tf.nn.compute_average_loss([1.0, 2.0, 3.0]),
        tf.nn.compute_average_loss([1.0, 2.0], sample_weight=[2.0, 0.5], global_batch_size=4),
    ],
    # Tables and ranks.
    "top_k": lambda tf: [tf.nn.top_k(M, 3), tf.math.top_k([1, 5, 2], 2)],
    "top_k_error": lambda tf: tf.nn.top_k(M, 9),
    "in_top_k": lambda tf: [tf.nn.in_top_k([0, 4, 2, 1], M, 2), tf.compat.v1.nn.in_top_k(M, [0, 4, 2, 1], 3)],
    "approx_max_k": lambda tf: tf.nn.approx_max_k(M, 5)[0],
    "embedding": lambda tf: [
        tf.nn.embedding_lookup(TABLE, [[0, 3], [6, 6]]),
        tf.nn.embedding_lookup(TABLE, 2),
    ],
    "embedding_norm": lambda tf: tf.nn.embedding_lookup(TABLE, [1, 5], max_norm=0.5),
    "embedding_parts": lambda tf: [
        tf.nn.embedding_lookup([TABLE[:4], TABLE[4:]], [0, 6, 3, 4]),
        tf.compat.v1.nn.embedding_lookup([TABLE[::2], TABLE[1::2]], [[0, 6, 3], [4, 1, 1]]),
    ],
    "embedding_none_error": lambda tf: tf.nn.embedding_lookup(None, [1]),
    "ctc_greedy": lambda tf: tf.nn.ctc_greedy_decoder(R0, [5, 3]),
    "ctc_beam": lambda tf: tf.nn.ctc_beam_search_decoder(R0, [5, 4], beam_width=8, top_paths=2),
    "collapse_repeated": lambda tf: tf.nn.collapse_repeated(
        [[1, 1, 2, 2, 1], [3, 3, 3, 4, 4], [5, 6, 6, 7, 0]], [5, 5, 2]
    ),
}
R0 = R.randn(5, 2, 4).astype(np.float32)


def _sparse(tf, values, dtype=None):
    return tf.SparseTensor([[0, 0], [0, 1], [1, 0], [2, 2]], values, [3, 3])


for _c in ("sum", "mean", "sqrtn"):
    CASES[f"embedding_sparse_{_c}"] = lambda tf, c=_c: [
        tf.nn.embedding_lookup_sparse(TABLE, _sparse(tf, np.array([1, 3, 0, 6])), None, combiner=c),
        tf.nn.embedding_lookup_sparse(
            TABLE,
            _sparse(tf, np.array([1, 3, 0, 6])),
            _sparse(tf, np.array([0.5, 2.0, 1.0, 0.1], np.float32)),
            combiner=c,
        ),
    ]
CASES["safe_embedding"] = lambda tf: [
    tf.nn.safe_embedding_lookup_sparse(TABLE, tf.SparseTensor([[0, 0], [2, 1]], np.array([1, -1]), [4, 3])),
    tf.nn.safe_embedding_lookup_sparse(
        TABLE, tf.SparseTensor([[0, 0], [2, 1]], np.array([1, 2]), [4, 3]), default_id=5, combiner="sum"
    ),
]

for _name, _args in {
    "dense": ([[1, 2, 0], [3, 0, 0]], [2, 1], [5, 4]),
    "repeated": ([[1, 1, 2], [3, 3, 0]], [3, 2], [5, 5]),
    "empty": ([[1, 2, 0], [3, 0, 0]], [2, 0], [5, 4]),
}.items():
    CASES[f"ctc_loss_{_name}"] = lambda tf, a=_args: tf.nn.ctc_loss(a[0], R0, a[1], a[2])
CASES |= {
    "ctc_loss_blank": lambda tf: [
        tf.nn.ctc_loss([[1, 2, 0], [0, 0, 0]], R0, [2, 1], [5, 4], blank_index=-1),
        tf.nn.ctc_loss([[1, 3, 0], [0, 0, 0]], R0.transpose(1, 0, 2), [2, 1], [5, 4], False, blank_index=2),
    ],
    "ctc_loss_sparse": lambda tf: [
        tf.nn.ctc_loss(
            tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1, 2, 1], [2, 2]), R0, None, [5, 4], blank_index=0
        ),
        tf.compat.v1.nn.ctc_loss(tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1, 2, 1], [2, 2]), R0, [5, 4]),
    ],
    "ctc_unique": lambda tf: tf.nn.ctc_unique_labels([[3, 4, 4, 3], [5, 5, 5, 5]]),
}


def _sampled(tf):
    return (
        tf.constant([1, 3, 6], tf.int64),
        tf.constant([[0.3], [0.2], [0.1], [0.4]]),
        tf.constant([0.5, 0.2, 0.1]),
    )


for _loss in ("nce_loss", "sampled_softmax_loss"):
    for _drop in (False, True):
        CASES[f"{_loss}_{_drop}"] = lambda tf, n=_loss, d=_drop: [
            getattr(m, n)(
                t,
                np.arange(7, dtype=np.float32),
                np.array([[0], [3], [5], [6]], np.int64),
                M[:, :3],
                3,
                7,
                sampled_values=_sampled(tf),
                remove_accidental_hits=d,
            )
            for m, t in ((tf.nn, TABLE), (tf.compat.v1.nn, [TABLE[:4], TABLE[4:]]))
        ]
