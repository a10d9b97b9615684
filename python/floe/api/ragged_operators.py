"""Ragged tensors in Python's operators and in the functions of the API."""

from .. import dtypes, raw_ops
from ..errors import UnimplementedError
from ..tensor import convert_to_tensor
from . import composite_dispatch as dispatch
from . import ragged_math, ragged_ops
from .operators import _abs, _add, _div, _logical, _truediv, _xor
from .ragged_convert import axis_of
from .ragged_tensor import RaggedTensor


def _op(name):
    return raw_ops._make(name, positional=True)


def _operator(function, name):
    def forward(self, other):
        return ragged_math.elementwise(2)(function, self, other)

    def backward(self, other):
        return ragged_math.elementwise(2)(function, other, self)

    setattr(RaggedTensor, f"__{name}__", forward)
    setattr(RaggedTensor, f"__r{name}__", backward)


for _function, _name in (
    (_add, "add"),
    (_op("Sub"), "sub"),
    (_op("Mul"), "mul"),
    (_truediv, "truediv"),
    (_div, "div"),
    (_op("FloorDiv"), "floordiv"),
    (_op("FloorMod"), "mod"),
    (_op("Pow"), "pow"),
    (_logical("LogicalAnd", "BitwiseAnd"), "and"),
    (_logical("LogicalOr", "BitwiseOr"), "or"),
    (_xor, "xor"),
):
    _operator(_function, _name)


def _comparison(op, name):
    function = _op(op)

    def compare(self, other):
        return ragged_math.elementwise(2)(function, self, other)

    setattr(RaggedTensor, name, compare)


for _name, _method in (
    ("Less", "__lt__"),
    ("LessEqual", "__le__"),
    ("Greater", "__gt__"),
    ("GreaterEqual", "__ge__"),
):
    _comparison(_name, _method)


def _equality(op, name):
    function = _op(op)

    def compare(self, other):
        if other is None:
            return op == "NotEqual"
        return ragged_math.elementwise(2)(function, self, other)

    setattr(RaggedTensor, name, compare)


_equality("Equal", "__eq__")
_equality("NotEqual", "__ne__")


def _hash(self):
    raise TypeError("RaggedTensor is unhashable.")


def _unary(function):
    return lambda self: self.with_flat_values(function(self.flat_values))


RaggedTensor.__hash__ = _hash
RaggedTensor.__neg__ = _unary(lambda x: raw_ops.Neg(x=x))
RaggedTensor.__abs__ = _unary(_abs)
RaggedTensor.__pos__ = lambda self: self
RaggedTensor.__invert__ = _unary(
    lambda x: raw_ops.LogicalNot(x=x) if x.dtype == dtypes.bool else raw_ops.Invert(x=x)
)

_UNARY = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "conj", "cos", "cosh", "digamma", "erf", "erfc",
    "erfcinv", "erfinv", "exp", "expm1", "floor", "imag", "is_finite", "is_inf", "is_nan", "lgamma", "log",
    "log1p", "log_sigmoid", "logical_not", "ndtri", "negative", "real", "reciprocal", "reciprocal_no_nan", "rint",
    "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "softplus", "softsign", "sqrt", "square", "tan", "tanh",
    "angle", "bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e", "nextafter",
)  # fmt: skip
_BINARY = (
    "add", "subtract", "multiply", "divide", "divide_no_nan", "floordiv", "floormod", "mod", "truediv", "pow", "maximum",
    "minimum", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or",
    "logical_xor", "squared_difference", "atan2", "multiply_no_nan", "xdivy", "xlogy", "xlog1py", "complex", "div",
)  # fmt: skip
_OTHER_UNARY = (
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


def _softmax(function, logits, axis=None, name=None, **old):
    axis = axis_of(-1 if axis is None else axis, logits.shape.ndims)
    if axis != logits.ragged_rank or logits.flat_values.shape.ndims != 1:
        return logits.with_flat_values(function(logits.flat_values))
    level = logits
    while isinstance(level.values, RaggedTensor):
        level = level.values
    rows = level.value_rowids()
    top = raw_ops.UnsortedSegmentMax(data=level.values, segment_ids=rows, num_segments=level.nrows())
    e = raw_ops.Exp(
        x=level.values - raw_ops.GatherV2(params=raw_ops.StopGradient(input=top), indices=rows, axis=0)
    )
    total = raw_ops.UnsortedSegmentSum(data=e, segment_ids=rows, num_segments=level.nrows())
    return logits.with_flat_values(e / raw_ops.GatherV2(params=total, indices=rows, axis=0))


def _where(function, condition, x=None, y=None, name=None):
    if x is None and y is None:
        rows = condition.with_row_splits_dtype(dtypes.int64).to_sparse()
        return ragged_ops.gather(
            rows.indices, raw_ops.Reshape(tensor=raw_ops.Where(condition=rows.values), shape=[-1])
        )
    if not isinstance(condition, RaggedTensor):
        condition = convert_to_tensor(condition)
    kind = next((v.dtype for v in (x, y) if hasattr(v, "dtype")), None)
    x, y = (v if isinstance(v, RaggedTensor) else convert_to_tensor(v, kind) for v in (x, y))
    first, flat = ragged_math.operands([condition, x, y])
    return first.with_flat_values(raw_ops.SelectV2(condition=flat[0], t=flat[1], e=flat[2]))


def _size(function, input, name=None, out_type=dtypes.int32):
    return raw_ops.Size(input=input.flat_values, out_type=dtypes.as_dtype(out_type))


def _rank(function, input, name=None):
    return convert_to_tensor(input.shape.ndims)


def _shape(function, input, out_type=None, name=None):
    raise UnimplementedError(
        None, None, "tf.shape of a ragged tensor: use bounding_shape(), row_lengths() or nrows()."
    )


def _without(function):
    """A handler that does not need the function it stands for."""
    return lambda _, *args, **kwargs: function(*args, **kwargs)


def _expand_dims(function, input, axis=None, name=None, dim=None):
    return ragged_ops.expand_dims(input, dim if axis is None else axis)


def _expand_dims_v1(function, input, axis=None, name=None, dim=None):
    return _expand_dims(function, input, axis, name, dim)


def _map_fn(function, fn, elems, dtype=None, *args, fn_output_signature=None, **kwargs):
    from .ragged_map import map_fn

    return map_fn(function, fn, elems, dtype, fn_output_signature, args, kwargs)


def _matmul(function, a, b, transpose_a=False, transpose_b=False, *args, **kwargs):
    from .ragged_map import matmul

    return matmul(function, a, b, transpose_a, transpose_b, args, kwargs)


def _segment(op):
    def call(function, data, segment_ids, num_segments, name=None):
        return ragged_math._segments(
            op, data, convert_to_tensor(segment_ids), convert_to_tensor(num_segments, dtypes.int64)
        )

    return call


def _add_n(function, inputs, name=None):
    return ragged_math.elementwise_list(function, inputs)


def _register():
    flat, pair = ragged_math.on_flat, ragged_math.elementwise(2)
    for n in _UNARY:
        dispatch.handle("ragged", (n, f"math.{n}"), flat)
    for n in _BINARY:
        dispatch.handle("ragged", (n, f"math.{n}"), pair)
    dispatch.handle("ragged", _OTHER_UNARY, flat)
    dispatch.handle(
        "ragged",
        [f"bitwise.bitwise_{n}" for n in ("and", "or", "xor")]
        + ["bitwise.left_shift", "bitwise.right_shift"],
        pair,
    )
    for n, handler in ragged_math.REDUCTIONS.items():
        dispatch.handle("ragged", (n, f"math.{n}"), handler)
    for op in ("sum", "prod", "max", "min"):
        dispatch.handle(
            "ragged", (f"math.unsorted_segment_{op}",), _segment(f"UnsortedSegment{op.capitalize()}")
        )
    for names, handler in (
        (("math.add_n", "add_n"), _add_n),
        (("strings.join",), ragged_math.elementwise_list),
        (("nn.softmax", "math.softmax"), _softmax),
        (("where", "compat.v1.where"), _where),
        (("size",), _size),
        (("rank",), _rank),
        (("shape",), _shape),
        (("concat",), _without(ragged_ops.concat)),
        (("stack",), _without(ragged_ops.stack)),
        (("gather",), _without(ragged_ops.gather_axis)),
        (("expand_dims",), _expand_dims),
        (("tile",), _without(ragged_ops.tile)),
        (("reverse",), _without(ragged_ops.reverse)),
        (("squeeze",), _without(ragged_ops.squeeze)),
        (("split",), _without(ragged_ops.split)),
        (("one_hot",), flat),
        (("map_fn",), _map_fn),
        (("matmul", "linalg.matmul"), _matmul),
    ):
        dispatch.handle("ragged", names, handler)
    dispatch.install()


_register()
