"""tf.random: seeded numbers agree with TensorFlow's."""

SEEDED = True

_G = "tf.random.Generator.from_seed(7)"

CASES = [
    "tf.random.normal([3])", "tf.random.normal([2, 2], 5.0, 2.0)", "tf.random.normal([2], dtype=tf.float64, seed=3)",
    "[tf.random.normal([2]) for _ in range(3)]", "[tf.random.normal([2], seed=1) for _ in range(3)]",
    "tf.random.truncated_normal([3], stddev=3.0)", "tf.random.uniform([3])", "tf.random.uniform([3], 2.0, 5.0)", "tf.random.uniform([3], maxval=9.0)",
    "tf.random.uniform([3], 0, 10, tf.int32)", "tf.random.uniform([3], -5, 5, dtype=tf.int64, seed=2)", "tf.random.uniform([], seed=4)",
    "[tf.random.uniform([2], seed=1), tf.random.uniform([2], seed=2), tf.random.uniform([1], seed=1)]",
    "[tf.random.uniform([2], seed=1), tf.random.uniform([2], seed=1, dtype=tf.float64), tf.random.uniform([2], seed=1)]",
    "tf.random.uniform(tf.constant([2]))", "tf.random.shuffle(tf.range(10))", "tf.random.shuffle([[1], [2], [3]], seed=5)",
    "tf.random.categorical([[0.1, 0.5, 0.9]], 5)", "tf.random.categorical([[0.1, 0.5, 0.9]], 5, dtype=tf.int32, seed=9)",
    "tf.random.gamma([3], [0.5, 2.0])", "tf.random.gamma([2], 1.5, beta=2.0, seed=1)", "tf.random.poisson([3], [1.0, 5.0])",
    "tf.random.poisson([3], 20.0, dtype=tf.int32, seed=1)",
    "[tf.random.set_seed(42), tf.random.uniform([1]), tf.random.normal([1]), tf.random.set_seed(42), tf.random.uniform([1]), tf.random.normal([1])][1:3]",
    "[tf.random.set_seed(42), tf.random.uniform([1], seed=1), tf.random.set_seed(42), tf.random.uniform([1], seed=1)][1::2]",
    "tf.random.stateless_uniform([3], [1, 2])", "tf.random.stateless_uniform([3], [1, 2], 5.0, 10.0)", "tf.random.stateless_uniform([3], [1, 2], 0, 10, tf.int32)",
    "tf.random.stateless_uniform([3], [1, 2], None, None, tf.int32)", "tf.random.stateless_uniform([2], (1, 2), None, None, dtype=tf.uint64)",
    "tf.random.stateless_uniform([3], [1, 2], alg='philox')", "tf.random.stateless_normal([3], [1, 2])", "tf.random.stateless_normal([3], [1, 2], 1.0, 3.0, tf.float64)",
    "tf.random.stateless_truncated_normal([3], [1, 2])", "tf.random.stateless_categorical([[0.1, 0.5, 0.9]], 4, [1, 2])",
    "tf.random.stateless_gamma([4, 2], [1, 2], [0.5, 3.0], beta=2.0)", "tf.random.stateless_poisson([4, 2], [1, 2], [0.5, 30.0])",
    "tf.random.stateless_binomial([4, 2], [1, 2], [50.0, 90.0], 0.5)", "tf.random.experimental.stateless_shuffle(tf.range(9), [1, 2])",
    "tf.random.split([1, 2])", "tf.random.split([1, 2], 3)", "tf.random.fold_in([1, 2], 3)", "tf.random.fold_in([1, 2], np.int64(3))",
    "tf.random.create_rng_state(1, 'philox')", "tf.random.create_rng_state([1, 2], 'threefry')", "tf.random.create_rng_state(2**64 + 5, 'philox')",
    "tf.random.create_rng_state(-1, tf.random.Algorithm.PHILOX)", "tf.random.create_rng_state([1, 2, 3, 4], 1)",
    "tf.compat.v1.random_uniform([2], seed=1)", "tf.compat.v1.random_normal([2])", "tf.compat.v1.random.poisson(2.0, [2], seed=1)",
    "[tf.compat.v1.set_random_seed(3), tf.compat.v1.get_seed(4), tf.compat.v1.get_seed(None)][1:]", "tf.compat.v1.multinomial([[0.1, 0.5, 0.9]], 5)",
    ("tf.random.uniform([2], dtype=tf.int32)", "Must specify maxval for integer dtype tf.int32"),
    ("tf.random.uniform([2], 3, 1, dtype=tf.int32)", "Need minval < maxval, got 3 >= 1"),
    ("tf.random.normal([2], dtype=tf.int32)", "Cannot convert 0.0 to EagerTensor of dtype int32"),
    ("tf.random.uniform([-2])", "Dimension -2 must be >= 0"),
    ("tf.random.stateless_uniform([2], [1, 2], dtype=tf.int32)", "argument `minval` and `maxval` must be both None or not None. Got `minval`=0 and `maxval`=None."),
    ("tf.random.stateless_uniform([2], [1])", "seed must have shape [2], not [1]"),
    ("tf.random.create_rng_state(1, 'foo')", "Argument `alg` got unsupported value foo. Supported values are philox for the Philox algorithm"),
]  # fmt: skip

# What needs variables.
GENERATOR = [
    f"{_G}.normal([3])", f"{_G}.normal([2], 1.0, 2.0, tf.float64)", f"{_G}.uniform([3])", f"{_G}.uniform([3], 2, 9, tf.int32)", f"{_G}.uniform([2], None, None, tf.int64)",
    f"{_G}.truncated_normal([3])", f"{_G}.uniform_full_int([2])", f"{_G}.make_seeds(2)", f"{_G}.key", f"{_G}.skip(3)", f"{_G}.algorithm",
    f"(lambda g: [g.normal([2]), g.normal([2]), g.uniform([1])])({_G})", f"(lambda g: [g.reset_from_seed(3), g.normal([2])][1:])({_G})",
    f"[g.normal([2]) for g in {_G}.split(2)]", "tf.random.Generator.from_key_counter(3, [1, 2], 'philox').normal([2])",
    "tf.random.Generator.from_state([-1, 2, 3], 'philox').skip(2)", "tf.random.Generator.from_seed([1, 2, 3]).normal([2])",
    "(lambda g: [g.skip(5), g.normal([2])])(tf.random.Generator.from_state([-1, 2, 3], 'philox'))",
    ("tf.random.Generator.from_state([1, 2], 'philox')", "Shapes (2,) and [3] are incompatible"),
    f"(lambda g: [g.binomial([3, 2], [50.0, 90.0], [0.5, 0.4]), g.skip(0)])({_G})",
    ("tf.random.stateless_binomial([4], [1, 2], 50.0, [0.5])", "Shape passed in must end with broadcasted shape."),
    ("tf.random.Generator()", ""),
]  # fmt: skip
CASES += GENERATOR
