"""tf.math: elementwise functions."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .support import base, is_typed, plain, scoped, typed

acos = export("math.acos", "acos")(plain("Acos", "Arc cosine in radians; NaN outside [-1, 1]."))
acosh = export("math.acosh", "acosh")(plain("Acosh", "Inverse hyperbolic cosine; NaN below 1."))
asin = export("math.asin", "asin")(plain("Asin", "Arc sine in radians; NaN outside [-1, 1]."))
asinh = export("math.asinh", "asinh")(plain("Asinh", "Inverse hyperbolic sine."))
atan = export("math.atan", "atan")(plain("Atan", "Arc tangent in radians."))
atanh = export("math.atanh", "atanh")(plain("Atanh", "Inverse hyperbolic tangent; NaN outside [-1, 1]."))
ceil = export("math.ceil", "compat.v1.ceil")(
    plain("Ceil", "The smallest integer that is not less, as a float.")
)
cos = export("math.cos", "cos")(plain("Cos", "Cosine of radians."))
cosh = export("math.cosh", "cosh")(plain("Cosh", "Hyperbolic cosine."))
digamma = export("math.digamma", "compat.v1.digamma")(
    plain("Digamma", "Derivative of the logarithm of the gamma function.")
)
erf = export("math.erf", "compat.v1.erf")(plain("Erf", "Gauss error function."))
erfc = export("math.erfc", "compat.v1.erfc")(plain("Erfc", "1 - erf(x), exact for large x."))
erfinv = export("math.erfinv")(scoped("erfinv")(plain("Erfinv", "Inverse of erf on (-1, 1).")))
exp = export("math.exp", "exp")(plain("Exp", "e to the power of x."))
expm1 = export("math.expm1", "compat.v1.expm1")(plain("Expm1", "exp(x) - 1, exact for small x."))
floor = export("math.floor", "floor")(plain("Floor", "The largest integer that is not greater, as a float."))
invert_permutation = export("math.invert_permutation", "compat.v1.invert_permutation")(
    plain("InvertPermutation", "y with y[x[i]] = i for a vector x that permutes 0 .. n-1.")
)
is_finite = export(
    "math.is_finite", "compat.v1.is_finite", "compat.v1.debugging.is_finite"
)(plain("IsFinite", "True where x is neither infinite nor NaN."))  # fmt: skip
is_inf = export("math.is_inf", "compat.v1.is_inf", "compat.v1.debugging.is_inf")(
    plain("IsInf", "True where x is plus or minus infinity.")
)
is_nan = export("math.is_nan", "compat.v1.is_nan", "compat.v1.debugging.is_nan")(
    plain("IsNan", "True where x is not a number.")
)
lgamma = export("math.lgamma", "compat.v1.lgamma")(plain("Lgamma", "Logarithm of |gamma(x)|."))
log = export("math.log", "compat.v1.log")(plain("Log", "Natural logarithm."))
log1p = export("math.log1p", "compat.v1.log1p")(plain("Log1p", "log(1 + x), exact for small x."))
logical_not = export("math.logical_not", "logical_not")(plain("LogicalNot", "NOT x, of booleans."))
ndtri = export("math.ndtri")(
    scoped("ndtri")(plain("Ndtri", "Inverse of the standard normal distribution function."))
)
negative = export("math.negative", "negative")(plain("Neg", "-x."))
reciprocal = export("math.reciprocal", "compat.v1.reciprocal")(plain("Reciprocal", "1 / x."))
rint = export("math.rint", "compat.v1.rint")(
    plain("Rint", "The nearest integer as a float; halves go to even.")
)
rsqrt = export("math.rsqrt", "compat.v1.rsqrt")(plain("Rsqrt", "1 / sqrt(x)."))
sigmoid = export("math.sigmoid", "sigmoid")(plain("Sigmoid", "1 / (1 + exp(-x))."))
sign = export("math.sign", "sign")(plain("Sign", "-1, 0 or 1; x / |x| of complex numbers."))
sin = export("math.sin", "sin")(plain("Sin", "Sine of radians."))
sinh = export("math.sinh", "sinh")(plain("Sinh", "Hyperbolic sine."))
sqrt = export("math.sqrt", "sqrt")(plain("Sqrt", "Square root; NaN of negative numbers."))
square = export("math.square", "square")(plain("Square", "x * x."))
tan = export("math.tan", "tan")(plain("Tan", "Tangent of radians."))
tanh = export("math.tanh", "tanh")(plain("Tanh", "Hyperbolic tangent."))

floormod = export("math.floormod", "math.mod", "compat.v1.floormod", "compat.v1.mod")(
    plain("FloorMod", "Remainder of the division rounded down; it has y's sign.")
)
greater = export("math.greater", "greater")(plain("Greater", "x > y, element by element, with broadcasting."))
greater_equal = export("math.greater_equal", "greater_equal")(
    plain("GreaterEqual", "x >= y, element by element, with broadcasting.")
)
less = export("math.less", "less")(plain("Less", "x < y, element by element, with broadcasting."))
less_equal = export("math.less_equal", "less_equal")(
    plain("LessEqual", "x <= y, element by element, with broadcasting.")
)
logical_and = export("math.logical_and", "logical_and")(plain("LogicalAnd", "x AND y, of booleans."))
logical_or = export("math.logical_or", "logical_or")(plain("LogicalOr", "x OR y, of booleans."))
maximum = export("math.maximum", "maximum")(plain("Maximum", "The greater of x and y, with broadcasting."))
minimum = export("math.minimum", "minimum")(plain("Minimum", "The smaller of x and y, with broadcasting."))
multiply = export("math.multiply", "multiply")(plain("Mul", "x * y, element by element, with broadcasting."))
realdiv = export("realdiv")(plain("RealDiv", "x / y of real or complex numbers."))
squared_difference = export("math.squared_difference", "compat.v1.squared_difference")(
    plain("SquaredDifference", "(x - y) * (x - y).")
)
subtract = export("math.subtract", "subtract")(plain("Sub", "x - y, element by element, with broadcasting."))
truncatediv = export("truncatediv")(plain("TruncateDiv", "x / y of integers, rounded towards zero."))
truncatemod = export("truncatemod")(plain("TruncateMod", "Remainder of the division rounded towards zero."))
floor_div = export("compat.v1.floor_div")(plain("FloorDiv", "x / y rounded down."))
xdivy = export("math.xdivy")(scoped("xdivy")(plain("Xdivy", "x / y, and 0 where x is 0.")))
xlog1py = export("math.xlog1py")(scoped("xlog1py")(plain("Xlog1py", "x * log(1 + y), and 0 where x is 0.")))
xlogy = export("math.xlogy")(plain("Xlogy", "x * log(y), and 0 where x is 0."))


@export("math.equal", "equal")
def equal(x, y, name=None):
    """x == y, element by element, with broadcasting."""
    return raw_ops.Equal(x=x, y=y, name=name)


@export("math.not_equal", "not_equal")
def not_equal(x, y, name=None):
    """x != y, element by element, with broadcasting."""
    return raw_ops.NotEqual(x=x, y=y, name=name)


@export("math.add", "add")
def add(x, y, name=None):
    """x + y, element by element, with broadcasting; strings are put one after the other."""
    strings = isinstance(x, (str, bytes)) or getattr(x, "dtype", None) == dtypes.string
    return (raw_ops.Add if strings else raw_ops.AddV2)(x=x, y=y, name=name or "Add")


@export("math.floordiv", "compat.v1.floordiv")
def floordiv(x, y, name=None):
    """x / y rounded down."""
    return raw_ops.FloorDiv(x=x, y=y, name=name or "floordiv")


@export("math.pow", "pow")
def pow(x, y, name=None):
    """x to the power of y, element by element, with broadcasting."""
    return raw_ops.Pow(x=x, y=y, name=name)


@export("math.abs", "abs")
@scoped("Abs", whole=True)
def abs(x, name=None):
    """|x|; of complex numbers the modulus, a real tensor."""
    x = convert_to_tensor(x)
    if x.dtype.is_complex:
        return raw_ops.ComplexAbs(x=x, Tout=x.dtype.real_dtype, name=name)
    return raw_ops.Abs(x=x, name=name)


@export("math.atan2", "atan2")
def atan2(y, x, name=None):
    """The angle of the point (x, y) in radians, in (-pi, pi]."""
    return raw_ops.Atan2(y=y, x=x, name=name)


@export("math.nextafter")
def nextafter(x1, x2, name=None):
    """The floating-point number next to x1 in the direction of x2."""
    return raw_ops.NextAfter(x1=x1, x2=x2, name=name)


@export("math.divide", "divide")
def divide(x, y, name=None):
    """x / y as Python does it: integers give floating-point numbers."""
    return truediv(x, y, name)


# What the quotient of two tensors is computed in; None is the type itself.
_QUOTIENT = {
    **dict.fromkeys(("uint8", "int8", "uint16", "int16"), dtypes.float32),
    **dict.fromkeys(("uint32", "int32", "uint64", "int64"), dtypes.float64),
    **dict.fromkeys(("float16", "bfloat16", "float32", "float64", "complex64", "complex128")),
}


def _pair(x, y):
    x, y = typed(x, y)
    if x.dtype != y.dtype:
        raise TypeError(f"`x` and `y` must have the same dtype, got {x.dtype!r} != {y.dtype!r}.")
    return x, y


def _quotient(x, y, function):
    x, y = _pair(x, y)
    if x.dtype.name not in _QUOTIENT:
        known = ", ".join(f"tf.{name}" for name in _QUOTIENT)
        raise TypeError(f"Invalid dtype {x.dtype!r} in {function}. Expected one of {{{known}}}.")
    wide = _QUOTIENT[x.dtype.name]
    if wide is None:
        return x, y
    return raw_ops.Cast(x=x, DstT=wide), raw_ops.Cast(x=y, DstT=wide)


@export("math.truediv", "truediv")
@scoped("truediv", whole=True)
def truediv(x, y, name=None):
    """x / y; integers become float32 (of 8 or 16 bits) or float64 first."""
    x, y = _quotient(x, y, "tf.math.truediv")
    return raw_ops.RealDiv(x=x, y=y, name=name or "truediv")


@export("compat.v1.div")
@scoped("div", whole=True)
def div(x, y, name=None):
    """x / y; integers are divided as Python 2 did, rounded down."""
    x, y = _pair(x, y)
    real = x.dtype.is_floating or x.dtype.is_complex
    return (raw_ops.RealDiv if real else raw_ops.FloorDiv)(x=x, y=y, name=name or "div")


@export("math.divide_no_nan", "compat.v1.div_no_nan")
@scoped("div_no_nan", whole=True)
def divide_no_nan(x, y, name=None):
    """x / y, and 0 where y is 0."""
    x, y = _quotient(x, y, "tf.math.divide_no_nan")
    return raw_ops.DivNoNan(x=x, y=y, name=name or "div_no_nan")


@export("math.multiply_no_nan")
@scoped("multiply_no_nan", whole=True)
def multiply_no_nan(x, y, name=None):
    """x * y, and 0 where y is 0 even if x is infinite or NaN."""
    x, y = _pair(x, y)
    return raw_ops.MulNoNan(x=x, y=y, name=name or "multiply_no_nan")


@export("math.reciprocal_no_nan")
@scoped("reciprocal_no_nan", whole=True)
def reciprocal_no_nan(x, name=None):
    """1 / x, and 0 where x is 0."""
    x = convert_to_tensor(x)
    return raw_ops.DivNoNan(x=convert_to_tensor(1, x.dtype), y=x, name=name or "reciprocal_no_nan")


@export("math.round", "round")
def round(x, name=None):
    """The nearest integer, in x's type; halves go to even."""
    x = convert_to_tensor(x)
    return x if x.dtype.is_integer else raw_ops.Round(x=x, name=name)


@export("math.logical_xor", "compat.v1.logical_xor")
def logical_xor(x, y, name="LogicalXor"):
    """x XOR y, of booleans."""
    either = raw_ops.LogicalOr(x=x, y=y)
    both = raw_ops.LogicalAnd(x=x, y=y)
    return raw_ops.LogicalAnd(x=either, y=raw_ops.LogicalNot(x=both), name=name)


@export("math.log_sigmoid", "compat.v1.log_sigmoid")
@scoped("LogSigmoid", whole=True)
def log_sigmoid(x, name=None):
    """log(1 / (1 + exp(-x))), exact for negative x."""
    x = convert_to_tensor(x)
    return raw_ops.Neg(x=raw_ops.Softplus(features=raw_ops.Neg(x=x)), name=name or "LogSigmoid")


@export("math.erfcinv")
@scoped("erfcinv")
def erfcinv(x, name=None):
    """Inverse of erfc on (0, 2)."""
    x = convert_to_tensor(x)
    half, root = (convert_to_tensor(v, x.dtype) for v in (0.5, float(np.sqrt(0.5))))
    return raw_ops.Mul(x=raw_ops.Neg(x=raw_ops.Ndtri(x=raw_ops.Mul(x=half, y=x))), y=root, name=name)


@export("math.conj", "compat.v1.conj")
def conj(x, name=None):
    """The complex conjugate; real tensors are given back as they are."""
    if is_typed(x) and (x.dtype.is_floating or x.dtype.is_integer):
        return x
    x = convert_to_tensor(x)
    if x.dtype.is_complex or x.dtype == dtypes.variant:
        return raw_ops.Conj(input=x, name=name)
    if x.dtype.is_floating or x.dtype.is_integer:
        return x
    raise TypeError(f"Expected numeric or variant tensor, got dtype {x.dtype!r}.")


@export("math.real", "compat.v1.real")
def real(input, name=None):
    """The real part; real tensors are given back as they are."""
    input = convert_to_tensor(input)
    if input.dtype.is_complex:
        return raw_ops.Real(input=input, Tout=input.dtype.real_dtype, name=name)
    if input.dtype.is_bool or input.dtype == dtypes.string:
        raise TypeError(f"input must be a numeric tensor, but got tensor with dtype {input.dtype}")
    return input


@export("math.imag", "compat.v1.imag")
@scoped("Imag")
def imag(input, name=None):
    """The imaginary part; zeros of a real tensor."""
    input = convert_to_tensor(input)
    if input.dtype.is_complex:
        return raw_ops.Imag(input=input, Tout=input.dtype.real_dtype, name=name)
    return raw_ops.ZerosLike(x=input, name=name)


@export("math.angle", "compat.v1.angle")
@scoped("Angle")
def angle(input, name=None):
    """The argument of complex numbers in radians; 0 or pi of real ones."""
    input = convert_to_tensor(input)
    if input.dtype.is_complex:
        return raw_ops.Angle(input=input, Tout=input.dtype.real_dtype, name=name)
    zero, pi = convert_to_tensor(0, input.dtype), convert_to_tensor(np.pi, input.dtype)
    zeros = raw_ops.ZerosLike(x=input)
    return raw_ops.SelectV2(
        condition=raw_ops.Less(x=input, y=zero), t=raw_ops.AddV2(x=zeros, y=pi), e=zeros, name=name
    )


@export("dtypes.complex", "complex")
def complex(real, imag, name=None):
    """The complex tensor real + i imag; float32 gives complex64, float64 complex128."""
    real = convert_to_tensor(real)
    imag = convert_to_tensor(imag)
    pair = (real.dtype.name, imag.dtype.name)
    wide = {("float64", "float64"): "complex128", ("float32", "float32"): "complex64"}.get(pair)
    if wide is None:
        raise TypeError(
            f"The `real` and `imag` components have incorrect types: {real.dtype.name} {imag.dtype.name}. They must be "
            "consistent, and one of [tf.float32, tf.float64]"
        )
    return raw_ops.Complex(real=real, imag=imag, Tout=dtypes.as_dtype(wide), name=name or "Complex")


@export("math.scalar_mul", "scalar_mul")
@scoped("scalar_mul", whole=True)
def scalar_mul(scalar, x, name=None):
    """A scalar times a tensor (or IndexedSlices)."""
    scalar = convert_to_tensor(scalar, base(x.dtype) if is_typed(x) else None)
    if scalar.ndim not in (None, 0):
        raise ValueError(f"The input scalar must be a 0-D value. Received shape {scalar.shape}.")
    if hasattr(x, "indices") and hasattr(x, "values"):
        return type(x)(raw_ops.Mul(x=scalar, y=x.values, name=name), x.indices, x.dense_shape)
    return raw_ops.Mul(x=scalar, y=x, name=name)


@export("math.add_n", "add_n")
def add_n(inputs, name=None):
    """The sum of tensors of one shape and type."""
    wrong = "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape."
    try:
        inputs = list(inputs) if inputs is not None else []
    except TypeError:
        raise ValueError(wrong) from None
    if not inputs:
        raise ValueError(wrong)
    inputs = [convert_to_tensor(x) for x in inputs]
    if len(inputs) == 1:
        return raw_ops.Identity(input=inputs[0], name=name) if name else inputs[0]
    return raw_ops.AddN(inputs=inputs, name=name)


@export("math.accumulate_n", "compat.v1.accumulate_n")
def accumulate_n(inputs, shape=None, tensor_dtype=None, name=None):
    """The sum of tensors of one shape and type."""
    wrong = "inputs must be a list of at least one Tensor with the same dtype and shape"
    if not inputs or not isinstance(inputs, (list, tuple)):
        raise ValueError(wrong)
    inputs = [convert_to_tensor(x) for x in inputs]
    if any(x.dtype != inputs[0].dtype for x in inputs):
        raise ValueError(wrong)
    for x in inputs:
        if not x.shape.is_compatible_with(inputs[0].shape if shape is None else shape):
            raise ValueError(wrong)
    if tensor_dtype is not None and tensor_dtype != inputs[0].dtype:
        raise TypeError(f"The `tensor_dtype` argument is {tensor_dtype}, but `input` is of type {inputs[0].dtype}. "
                        "These must be equal. Try casting the input to the desired type.")  # fmt: skip
    if len(inputs) == 1:
        return raw_ops.Identity(input=inputs[0], name=name) if name else inputs[0]
    return raw_ops.AddN(inputs=inputs, name=name)


@export("math.polyval")
@scoped("polyval")
def polyval(coeffs, x, name=None):
    """The polynomial with these coefficients, the highest power first, at x."""
    if not isinstance(coeffs, list):
        raise ValueError(f"Argument coeffs must be list type. Received type {type(coeffs)}.")
    x = convert_to_tensor(x)
    if not coeffs:
        return raw_ops.ZerosLike(x=x, name=name)
    coeffs = [convert_to_tensor(c) for c in coeffs]
    p = coeffs[0]
    for c in coeffs[1:]:
        p = raw_ops.AddV2(x=c, y=raw_ops.Mul(x=p, y=x))
    return p
