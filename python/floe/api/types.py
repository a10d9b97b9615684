"""tf.dtypes: conversions between types."""

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from .clip import clip_by_value
from .support import scoped

DType = export("dtypes.DType")(dtypes.DType)
as_dtype = export("dtypes.as_dtype")(dtypes.as_dtype)
QUANTIZED_DTYPES = export("dtypes.QUANTIZED_DTYPES", "compat.v1.QUANTIZED_DTYPES")(
    frozenset(
        d
        for name in ("qint8", "quint8", "qint16", "quint16", "qint32")
        for d in (dtypes.as_dtype(name), dtypes.as_dtype(name + "_ref"))
    )
)


@export("cast", "dtypes.cast")
@scoped("Cast", whole=True)
def cast(x, dtype, name=None):
    """x in another type; fractions are cut off, true becomes 1."""
    dtype = dtypes.as_dtype(dtype).base_dtype
    if hasattr(x, "dense_shape") and hasattr(x, "indices"):
        return _cast_sparse(x, dtype, name)
    x = convert_to_tensor(x)
    if x.dtype == dtype:
        return x
    if x.dtype.is_complex and dtype.is_floating:
        x = raw_ops.Real(input=x, Tout=x.dtype.real_dtype)
        if x.dtype == dtype:
            return x
    return raw_ops.Cast(x=x, DstT=dtype, name=name)


def _cast_sparse(x, dtype, name):
    values = cast(x.values, dtype, name)
    if hasattr(x, "row_splits"):
        return x.with_values(values)
    if list(type(x).__init__.__code__.co_varnames[1:3]) == ["values", "indices"]:
        return type(x)(values, x.indices, x.dense_shape)
    return type(x)(x.indices, values, x.dense_shape)


@export("saturate_cast", "dtypes.saturate_cast")
@scoped("saturate_cast", whole=True)
def saturate_cast(value, dtype, name=None):
    """x in another type, after clipping it to the range of that type."""
    value = convert_to_tensor(value)
    dtype = dtypes.as_dtype(dtype).base_dtype
    source = value.dtype
    if source.is_complex and not dtype.is_complex:
        value = raw_ops.Real(input=value, Tout=source.real_dtype)
        source = source.real_dtype
    if dtype.is_complex:
        return cast(value, dtype, name)
    low, high = max(source.min, dtype.min), min(source.max, dtype.max)
    if source.is_floating and dtype.is_integer:
        low, high = _representable(source, dtype, low, high)
    if low != source.min or high != source.max:
        value = clip_by_value(value, convert_to_tensor(low, source), convert_to_tensor(high, source))
    return cast(value, dtype, name or "saturate_cast")


def _representable(source, dtype, low, high):
    """The limits of an integer type as numbers that the floating-point type can hold, towards zero."""
    import numpy as np

    t = source.as_numpy_dtype
    low, high = t(low), t(high)
    if int(low) < int(dtype.min):
        low = np.nextafter(low, t(0), dtype=t)
    if int(high) > int(dtype.max):
        high = np.nextafter(high, t(0), dtype=t)
    return low, high


@export("as_string", "dtypes.as_string")
def as_string(input, precision=-1, scientific=False, shortest=False, width=-1, fill="", name=None):
    """The elements written as strings."""
    return raw_ops.AsString(
        input=input,
        precision=precision,
        scientific=scientific,
        shortest=shortest,
        width=width,
        fill=fill,
        name=name,
    )


def _to(dtype, default):
    def call(x, name=default):
        return cast(x, dtype, name)

    call.__name__ = call.__qualname__ = "to_" + dtype.name
    call.__doc__ = f"x as {dtype.name}."
    return call


to_bfloat16 = export("compat.v1.to_bfloat16")(_to(dtypes.bfloat16, "ToBFloat16"))
to_complex128 = export("compat.v1.to_complex128")(_to(dtypes.complex128, "ToComplex128"))
to_complex64 = export("compat.v1.to_complex64")(_to(dtypes.complex64, "ToComplex64"))
to_double = export("compat.v1.to_double")(_to(dtypes.float64, "ToDouble"))
to_float = export("compat.v1.to_float")(_to(dtypes.float32, "ToFloat"))
to_int32 = export("compat.v1.to_int32")(_to(dtypes.int32, "ToInt32"))
to_int64 = export("compat.v1.to_int64")(_to(dtypes.int64, "ToInt64"))


float8_e5m2 = export("dtypes.experimental.float8_e5m2")(dtypes.float8_e5m2)
float8_e4m3fn = export("dtypes.experimental.float8_e4m3fn")(dtypes.float8_e4m3fn)
int4 = export("dtypes.experimental.int4")(dtypes.int4)
uint4 = export("dtypes.experimental.uint4")(dtypes.uint4)
