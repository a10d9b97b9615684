// The one switch from a run-time dtype to a C++ type.
#pragma once

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/tensor.h"

namespace floe {

template <class... T>
struct Types {};

using FloatTypes = Types<float, double, float16, bfloat16>;
using IntTypes = Types<int32_t, int64_t, int8_t, int16_t, uint8_t, uint16_t, uint32_t, uint64_t>;
using RealTypes = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t,
                        uint16_t, uint32_t, uint64_t>;
using ComplexTypes = Types<std::complex<float>, std::complex<double>>;
using NumberTypes = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t,
                          uint16_t, uint32_t, uint64_t, std::complex<float>, std::complex<double>>;
using IndexTypes = Types<int32_t, int64_t>;

/// The type whose memory a quantized type shares, else the type itself.
constexpr DType storage_type(DType t) {
  switch (t) {
    case DType::kQint8:
      return DType::kInt8;
    case DType::kQuint8:
      return DType::kUint8;
    case DType::kQint16:
      return DType::kInt16;
    case DType::kQuint16:
      return DType::kUint16;
    case DType::kQint32:
      return DType::kInt32;
    case DType::kResource:
      return DType::kVariant;
    default:
      return t;
  }
}

/// Calls fn.template operator()<T>() for the T in the list that `dtype` is stored as.
template <class... T, class F>
auto dispatch(Types<T...>, DType dtype, F&& fn) {
  using R = std::common_type_t<decltype(fn.template operator()<T>())...>;
  DType s = storage_type(dtype);
  if constexpr (std::is_void_v<R>) {
    bool done = ((dtype_of_v<T> == s ? (fn.template operator()<T>(), true) : false) || ...);
    if (!done) throw InvalidArgument(cat("dtype ", dtype_name(dtype), " is not supported here"));
  } else {
    R r{};
    bool done = ((dtype_of_v<T> == s ? (r = fn.template operator()<T>(), true) : false) || ...);
    if (!done) throw InvalidArgument(cat("dtype ", dtype_name(dtype), " is not supported here"));
    return r;
  }
}

/// Moving elements around does not depend on what they are, only on their size: strings and objects apart,
/// kernels that only move data run on one of these.
struct Block16 {
  uint64_t a[2];
};
template <class F>
void dispatch_moves(DType dtype, F&& fn) {
  if (dtype == DType::kString) return fn.template operator()<std::string>();
  if (!is_pod(dtype)) return fn.template operator()<ObjectPtr>();
  switch (dtype_size(dtype)) {
    case 1:
      return fn.template operator()<uint8_t>();
    case 2:
      return fn.template operator()<uint16_t>();
    case 4:
      return fn.template operator()<uint32_t>();
    case 8:
      return fn.template operator()<uint64_t>();
    default:
      return fn.template operator()<Block16>();
  }
}

/// The type arithmetic runs in: float for the half types, the type itself otherwise.
template <class T>
struct compute_type {
  using type = T;
};
template <>
struct compute_type<float16> {
  using type = float;
};
template <>
struct compute_type<bfloat16> {
  using type = float;
};
template <class T>
using compute_t = typename compute_type<T>::type;

}  // namespace floe
