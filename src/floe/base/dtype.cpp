#include "floe/dtype.h"

#include <memory>

namespace floe {

namespace {
struct Info {
  DType type;
  const char* name;
  const char* enum_name;
  size_t size;
};
constexpr Info kInfo[] = {
    {DType::kInvalid, "invalid", "DT_INVALID", 0},
    {DType::kFloat32, "float32", "DT_FLOAT", 4},
    {DType::kFloat64, "float64", "DT_DOUBLE", 8},
    {DType::kInt32, "int32", "DT_INT32", 4},
    {DType::kUint8, "uint8", "DT_UINT8", 1},
    {DType::kInt16, "int16", "DT_INT16", 2},
    {DType::kInt8, "int8", "DT_INT8", 1},
    {DType::kString, "string", "DT_STRING", sizeof(std::string)},
    {DType::kComplex64, "complex64", "DT_COMPLEX64", 8},
    {DType::kInt64, "int64", "DT_INT64", 8},
    {DType::kBool, "bool", "DT_BOOL", 1},
    {DType::kQint8, "qint8", "DT_QINT8", 1},
    {DType::kQuint8, "quint8", "DT_QUINT8", 1},
    {DType::kQint32, "qint32", "DT_QINT32", 4},
    {DType::kBfloat16, "bfloat16", "DT_BFLOAT16", 2},
    {DType::kQint16, "qint16", "DT_QINT16", 2},
    {DType::kQuint16, "quint16", "DT_QUINT16", 2},
    {DType::kUint16, "uint16", "DT_UINT16", 2},
    {DType::kComplex128, "complex128", "DT_COMPLEX128", 16},
    {DType::kFloat16, "float16", "DT_HALF", 2},
    {DType::kResource, "resource", "DT_RESOURCE", sizeof(std::shared_ptr<void>)},
    {DType::kVariant, "variant", "DT_VARIANT", sizeof(std::shared_ptr<void>)},
    {DType::kUint32, "uint32", "DT_UINT32", 4},
    {DType::kUint64, "uint64", "DT_UINT64", 8},
};
constexpr int kCount = int(sizeof kInfo / sizeof kInfo[0]);
const Info& info(DType t) { return kInfo[int(t) < kCount ? int(t) : 0]; }
}  // namespace

size_t dtype_size(DType t) { return info(t).size; }
const char* dtype_name(DType t) { return info(t).name; }
const char* dtype_enum_name(DType t) { return info(t).enum_name; }
bool is_known_dtype(int v) { return v > 0 && v < kCount; }

DType parse_dtype(std::string_view name) {
  for (const Info& i : kInfo)
    if (name == i.name || name == i.enum_name) return i.type;
  if (name == "float") return DType::kFloat32;
  if (name == "double") return DType::kFloat64;
  if (name == "half") return DType::kFloat16;
  if (name == "str" || name == "bytes") return DType::kString;
  return DType::kInvalid;
}

bool is_floating(DType t) {
  return t == DType::kFloat32 || t == DType::kFloat64 || t == DType::kFloat16 || t == DType::kBfloat16;
}
bool is_complex(DType t) { return t == DType::kComplex64 || t == DType::kComplex128; }
bool is_integer(DType t) {
  switch (t) {
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kInt64:
    case DType::kUint8:
    case DType::kUint16:
    case DType::kUint32:
    case DType::kUint64:
      return true;
    default:
      return false;
  }
}
bool is_quantized(DType t) {
  return t == DType::kQint8 || t == DType::kQuint8 || t == DType::kQint16 || t == DType::kQuint16 ||
         t == DType::kQint32;
}
bool is_pod(DType t) {
  return t != DType::kString && t != DType::kResource && t != DType::kVariant && t != DType::kInvalid;
}

float16::float16(float f) {
  uint32_t u = std::bit_cast<uint32_t>(f);
  uint32_t sign = (u >> 16) & 0x8000;
  u &= 0x7fffffff;
  if (u > 0x7f800000) {  // NaN
    bits = uint16_t(sign | 0x7e00 | ((u >> 13) & 0x3ff));
  } else if (u >= 0x477ff000) {  // rounds to infinity
    bits = uint16_t(sign | 0x7c00);
  } else if (u < 0x38800000) {  // subnormal: let the adder round
    float v = std::bit_cast<float>(u) + 0.5f;
    bits = uint16_t(sign | (std::bit_cast<uint32_t>(v) - 0x3f000000));
  } else {
    uint32_t odd = (u >> 13) & 1;
    bits = uint16_t(sign | ((u + 0xc8000000 + 0xfff + odd) >> 13));
  }
}

float16::operator float() const {
  uint32_t sign = uint32_t(bits & 0x8000) << 16, e = (bits >> 10) & 31, m = bits & 0x3ff;
  if (e == 31) return std::bit_cast<float>(sign | 0x7f800000 | (m << 13));
  if (e == 0) {
    float v = float(m) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(v) | sign);
  }
  return std::bit_cast<float>(sign | ((e + 112) << 23) | (m << 13));
}

}  // namespace floe
