"""Names of the public functions that also take sparse or ragged tensors."""

UNARY = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "conj", "cos", "cosh", "digamma", "erf", "erfc",
    "erfcinv", "erfinv", "exp", "expm1", "floor", "imag", "is_finite", "is_inf", "is_nan", "lgamma", "log",
    "log1p", "log_sigmoid", "logical_not", "ndtri", "negative", "real", "reciprocal", "reciprocal_no_nan", "rint",
    "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "softplus", "softsign", "sqrt", "square", "tan", "tanh",
    "angle", "bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e", "nextafter",
)  # fmt: skip
BINARY = (
    "add", "subtract", "multiply", "divide", "divide_no_nan", "floordiv", "floormod", "mod", "truediv", "pow", "maximum",
    "minimum", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or",
    "logical_xor", "squared_difference", "atan2", "multiply_no_nan", "xdivy", "xlogy", "xlog1py", "complex", "div",
)  # fmt: skip
OF_VALUES = (
    "identity", "cast", "bitcast", "zeros_like", "ones_like", "as_string", "stop_gradient", "check_numerics",
    "debugging.check_numerics", "dtypes.cast", "dtypes.saturate_cast", "saturate_cast", "dtypes.as_string",
    "dtypes.complex", "clip_by_value", "strings.as_string", "strings.length", "strings.lower", "strings.upper",
    "strings.strip", "strings.to_number", "strings.to_hash_bucket", "strings.to_hash_bucket_fast",
    "strings.to_hash_bucket_strong", "strings.regex_replace", "strings.regex_full_match", "strings.substr",
    "strings.unicode_script", "strings.unicode_transcode", "nn.relu", "nn.relu6", "nn.elu", "nn.selu",
    "nn.leaky_relu", "nn.gelu", "nn.silu", "nn.swish", "nn.sigmoid", "nn.tanh", "nn.softplus", "nn.softsign",
    "nn.dropout", "nn.embedding_lookup", "tanh", "sigmoid", "image.adjust_brightness", "image.adjust_gamma",
    "image.convert_image_dtype", "bitwise.invert", "io.decode_base64", "io.encode_base64",
    "quantization.fake_quant_with_min_max_args", "compat.v1.nn.dropout",
)  # fmt: skip
SPARSE = (
    "abs", "math.abs", "negative", "math.negative", "sign", "math.sign", "square", "math.square", "sqrt", "math.sqrt",
    "math.erf", "tanh", "math.tanh", "nn.tanh", "sin", "math.sin", "math.softsign", "nn.softsign", "math.erfinv",
)  # fmt: skip
BITWISE = (
    "bitwise.bitwise_and", "bitwise.bitwise_or", "bitwise.bitwise_xor", "bitwise.left_shift", "bitwise.right_shift",
)  # fmt: skip
REDUCTIONS = tuple(
    f"reduce_{n}" for n in ("sum", "prod", "max", "min", "mean", "variance", "std", "any", "all")
)
SEGMENTS = tuple(f"math.unsorted_segment_{n}" for n in ("sum", "prod", "max", "min"))
OTHERS = (
    "add_n", "concat", "expand_dims", "gather", "linalg.matmul", "map_fn", "math.add_n", "math.softmax", "matmul",
    "nn.softmax", "one_hot", "print", "rank", "reverse", "shape", "size", "split", "squeeze", "stack", "strings.join",
    "tile", "where",
)  # fmt: skip


def _with_math(names):
    return [x for n in names for x in (n, f"math.{n}")]


NAMES = frozenset(
    [*_with_math(UNARY + BINARY + REDUCTIONS), *OF_VALUES, *SPARSE, *BITWISE, *SEGMENTS, *OTHERS]
)
