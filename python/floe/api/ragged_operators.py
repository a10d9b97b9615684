"""Ragged tensors in Python's operators and in the functions of the API."""

from .. import dtypes, raw_ops
from ..errors import UnimplementedError
from ..export import export
from ..tensor import SymbolicTensor, convert_to_tensor
from . import composite_dispatch as dispatch
from . import composite_names as names
from . import ragged_math, ragged_ops
from .operators import _abs, _add, _div, _logical, _truediv, _xor
from .ragged_convert import axis_of
from .ragged_tensor import RaggedTensor, RaggedTensorSpec, RaggedTensorValue, placeholder

# Found here, so that nobody has the classes without their operators.
RaggedTensor = export("RaggedTensor")(RaggedTensor)
RaggedTensorSpec = export("RaggedTensorSpec")(RaggedTensorSpec)
RaggedTensorValue = export("compat.v1.ragged.RaggedTensorValue")(RaggedTensorValue)
placeholder = export("compat.v1.ragged.placeholder")(placeholder)


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


def _by_identity(x):
    """In a graph that is no function's, ragged tensors are compared and hashed as objects, as tensors are there."""
    t = x.row_splits
    return isinstance(t, SymbolicTensor) and not t.graph.building_function


def _equality(op, name):
    function = _op(op)

    def compare(self, other):
        if other is None:
            return op == "NotEqual"
        if _by_identity(self):
            return (self is other) is (op == "Equal")
        return ragged_math.elementwise(2)(function, self, other)

    setattr(RaggedTensor, name, compare)


_equality("Equal", "__eq__")
_equality("NotEqual", "__ne__")


def _hash(self):
    if _by_identity(self):
        return id(self)
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


def _brackets(strings):
    return raw_ops.StringJoin(inputs=["[", strings, "]"])


def as_text(x):
    """A ragged tensor as nested lists, a string."""
    flat = x.flat_values
    if flat.dtype == dtypes.string:
        flat = raw_ops.StringJoin(inputs=["'", flat, "'"])
    else:
        flat = raw_ops.AsString(input=flat)
    for _ in range(flat.shape.ndims - 1):
        flat = _brackets(raw_ops.ReduceJoin(inputs=flat, reduction_indices=[-1], separator=", "))
    levels = [x]
    while isinstance(levels[-1].values, RaggedTensor):
        levels.append(levels[-1].values)
    for level in reversed(levels):
        joined = raw_ops.UnsortedSegmentJoin(
            inputs=flat, segment_ids=level.value_rowids(), num_segments=level.nrows(), separator=", "
        )
        flat = _brackets(joined)
    return _brackets(raw_ops.ReduceJoin(inputs=flat, reduction_indices=[0], separator=", "))


def _print(function, *inputs, **kwargs):
    from .printing import _template, _unused

    sep, summarize = kwargs.pop("sep", " "), kwargs.pop("summarize", 3)
    texts = []
    for x in inputs:
        if isinstance(x, RaggedTensor):
            texts.append(as_text(x))
            continue
        mark = _unused([x])
        template, tensors = _template([x], mark, sep)
        if tensors:
            texts.append(
                raw_ops.StringFormat(inputs=tensors, template=template, placeholder=mark, summarize=summarize)
            )
        else:
            texts.append(convert_to_tensor(template))
    return function(raw_ops.StringJoin(inputs=texts, separator=sep), **kwargs)


def _add_n(function, inputs, name=None):
    return ragged_math.elementwise_list(function, inputs)


def _register():
    flat, pair = ragged_math.on_flat, ragged_math.elementwise(2)
    for n in names.UNARY:
        dispatch.handle(RaggedTensor, (n, f"math.{n}"), flat)
    for n in names.BINARY:
        dispatch.handle(RaggedTensor, (n, f"math.{n}"), pair)
    dispatch.handle(RaggedTensor, names.OF_VALUES, flat)
    dispatch.handle(RaggedTensor, names.BITWISE, pair)
    for n, handler in ragged_math.REDUCTIONS.items():
        dispatch.handle(RaggedTensor, (n, f"math.{n}"), handler)
    for op in ("sum", "prod", "max", "min"):
        dispatch.handle(
            RaggedTensor, (f"math.unsorted_segment_{op}",), _segment(f"UnsortedSegment{op.capitalize()}")
        )
    for found, handler in (
        (("math.add_n", "add_n"), _add_n),
        (("print",), _print),
        (("strings.join",), ragged_math.elementwise_list),
        (("nn.softmax", "math.softmax"), _softmax),
        (("where",), _where),
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
        dispatch.handle(RaggedTensor, found, handler)


_register()
