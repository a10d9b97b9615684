// Element types. The numbers are those of TensorFlow's DataType enum, so that files need no translation.
#pragma once

#include <bit>
#include <complex>
#include <cstdint>
#include <string>
#include <string_view>

namespace floe {

enum class DType : uint8_t {
  kInvalid = 0,
  kFloat32 = 1,
  kFloat64 = 2,
  kInt32 = 3,
  kUint8 = 4,
  kInt16 = 5,
  kInt8 = 6,
  kString = 7,
  kComplex64 = 8,
  kInt64 = 9,
  kBool = 10,
  kQint8 = 11,
  kQuint8 = 12,
  kQint32 = 13,
  kBfloat16 = 14,
  kQint16 = 15,
  kQuint16 = 16,
  kUint16 = 17,
  kComplex128 = 18,
  kFloat16 = 19,
  kResource = 20,
  kVariant = 21,
  kUint32 = 22,
  kUint64 = 23,
};

/// IEEE half precision; arithmetic goes through float.
struct float16 {
  uint16_t bits = 0;
  float16() = default;
  float16(float f);  // NOLINT: numbers convert as the built-in ones do
  operator float() const;
};

/// The upper half of an IEEE single; rounds to nearest even.
struct bfloat16 {
  uint16_t bits = 0;
  bfloat16() = default;
  bfloat16(float f);  // NOLINT
  operator float() const { return std::bit_cast<float>(uint32_t(bits) << 16); }
};

inline bfloat16::bfloat16(float f) {
  uint32_t u = std::bit_cast<uint32_t>(f);
  if ((u & 0x7fffffffu) > 0x7f800000u)
    bits = uint16_t((u >> 16) | 0x40);
  else
    bits = uint16_t((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

/// Bytes of one element; for kString, kResource and kVariant the size of the C++ object that holds it.
size_t dtype_size(DType t);

/// "float32", "int64", "string", ... as `tf.DType.name` has it.
const char* dtype_name(DType t);

/// "DT_FLOAT", ... as GraphDef's text form has it.
const char* dtype_enum_name(DType t);

/// Reads "float32", "float", "half", "DT_FLOAT", ...; kInvalid when unknown.
DType parse_dtype(std::string_view name);

bool is_known_dtype(int value);
bool is_floating(DType t);
bool is_complex(DType t);
bool is_integer(DType t);
bool is_quantized(DType t);
/// Elements are plain bytes: everything but strings, resources and variants.
bool is_pod(DType t);

}  // namespace floe
