#include "floe/ops/strings/tensor_message.h"

#include <complex>
#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "floe/base/text.h"
#include "floe/error.h"

namespace floe {
namespace {

constexpr auto kBytesWire = protozero::pbf_wire_type::length_delimited;
// What a few bytes may grow to by repeating a value.
constexpr size_t kLargestRepeat = size_t(1) << 30;

struct BadTensor {
  std::string what;
};

// Fields of TensorProto.
enum Field : protozero::pbf_tag_type {
  kDtype = 1,
  kShape = 2,
  kContent = 4,
  kFloats = 5,
  kDoubles = 6,
  kInts = 7,
  kStrings = 8,
  kComplexFloats = 9,
  kInt64s = 10,
  kBools = 11,
  kComplexDoubles = 12,
  kHalves = 13,
  kUint32s = 16,
  kUint64s = 17,
};

Field value_field(DType t) {
  switch (t) {
    case DType::kFloat32:
      return kFloats;
    case DType::kFloat64:
      return kDoubles;
    case DType::kString:
      return kStrings;
    case DType::kComplex64:
      return kComplexFloats;
    case DType::kComplex128:
      return kComplexDoubles;
    case DType::kInt64:
      return kInt64s;
    case DType::kBool:
      return kBools;
    case DType::kFloat16:
    case DType::kBfloat16:
      return kHalves;
    case DType::kUint32:
      return kUint32s;
    case DType::kUint64:
      return kUint64s;
    default:
      return kInts;
  }
}

protozero::pbf_reader sub_reader(protozero::pbf_reader& r) {
  auto v = r.get_view();
  return protozero::pbf_reader(v.data(), v.size());
}

Shape read_shape_message(protozero::pbf_reader r) {
  Shape shape;
  while (r.next()) {
    if (r.tag() != 2 || r.wire_type() != kBytesWire) {
      r.skip();
      continue;
    }
    int64_t size = 0;
    auto dim = sub_reader(r);
    while (dim.next()) {
      if (dim.tag() == 1 && dim.wire_type() == protozero::pbf_wire_type::varint)
        size = dim.get_int64();
      else
        dim.skip();
    }
    if (size < 0) throw BadTensor{cat("dimension ", shape.rank(), " of the shape is ", size)};
    if (shape.rank() == 254) throw BadTensor{"the shape has more than 254 dimensions"};
    shape.push_back(size);
  }
  return shape;
}

// One repeated field of numbers, packed or not.
template <class N>
void read_fixed(protozero::pbf_reader& r, std::vector<N>& values) {
  constexpr auto wire =
      sizeof(N) == 4 ? protozero::pbf_wire_type::fixed32 : protozero::pbf_wire_type::fixed64;
  if (r.wire_type() == wire) {
    if constexpr (sizeof(N) == 4)
      values.push_back(r.get_float());
    else
      values.push_back(r.get_double());
  } else if (r.wire_type() == kBytesWire) {
    auto v = r.get_view();
    if (v.size() % sizeof(N)) throw BadTensor{"a list of numbers ends inside a number"};
    size_t at = values.size();
    values.resize(at + v.size() / sizeof(N));
    if (v.size()) std::memcpy(values.data() + at, v.data(), v.size());
  } else {
    r.skip();
  }
}

void read_varints(protozero::pbf_reader& r, std::vector<uint64_t>& values) {
  if (r.wire_type() == protozero::pbf_wire_type::varint) {
    values.push_back(r.get_uint64());
  } else if (r.wire_type() == kBytesWire) {
    for (uint64_t v : r.get_packed_uint64()) values.push_back(v);
  } else {
    r.skip();
  }
}

struct TensorValues {
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<uint64_t> ints;
  std::vector<std::string_view> strings;
};

TensorValues read_value_field(std::string_view bytes, Field field) {
  TensorValues v;
  protozero::pbf_reader r(bytes.data(), bytes.size());
  while (r.next()) {
    if (r.tag() != field) {
      r.skip();
    } else if (field == kFloats || field == kComplexFloats) {
      read_fixed(r, v.floats);
    } else if (field == kDoubles || field == kComplexDoubles) {
      read_fixed(r, v.doubles);
    } else if (field != kStrings) {
      read_varints(r, v.ints);
    } else if (r.wire_type() == kBytesWire) {
      auto s = r.get_view();
      v.strings.emplace_back(s.data(), s.size());
    } else {
      r.skip();
    }
  }
  return v;
}

// Fills `t` from `count` values; the last one is repeated, none at all means zeros.
template <class T, class Get>
void fill_values(Tensor& t, size_t count, Get get) {
  T* to = static_cast<T*>(t.mutable_raw());
  size_t n = size_t(t.num_elements()), given = std::min(n, count);
  for (size_t i = 0; i < given; ++i) to[i] = get(i);
  std::fill(to + given, to + n, given ? T(to[given - 1]) : T());
}

Tensor from_value_field(DType dtype, const Shape& shape, std::string_view bytes) {
  TensorValues v = read_value_field(bytes, value_field(dtype));
  size_t given = v.floats.size() + v.doubles.size() + v.ints.size() + v.strings.size();
  size_t n = size_t(shape.num_elements());
  if (n > given && n > kLargestRepeat / dtype_size(dtype))
    throw BadTensor{cat("the shape ", shape.str(), " is too large for ", given, " values")};
  Tensor t(dtype, shape);
  switch (dtype) {
    case DType::kFloat32:
      fill_values<float>(t, v.floats.size(), [&](size_t i) { return v.floats[i]; });
      break;
    case DType::kFloat64:
      fill_values<double>(t, v.doubles.size(), [&](size_t i) { return v.doubles[i]; });
      break;
    case DType::kComplex64:
      fill_values<std::complex<float>>(t, v.floats.size() / 2, [&](size_t i) {
        return std::complex(v.floats[2 * i], v.floats[2 * i + 1]);
      });
      break;
    case DType::kComplex128:
      fill_values<std::complex<double>>(t, v.doubles.size() / 2, [&](size_t i) {
        return std::complex(v.doubles[2 * i], v.doubles[2 * i + 1]);
      });
      break;
    case DType::kString:
      fill_values<std::string>(t, v.strings.size(), [&](size_t i) { return std::string(v.strings[i]); });
      break;
    case DType::kBool:
      fill_values<bool>(t, v.ints.size(), [&](size_t i) { return v.ints[i] != 0; });
      break;
    default: {
      auto value = [&](size_t i) { return v.ints[i]; };
      size_t size = dtype_size(dtype);
      if (size == 1) fill_values<uint8_t>(t, v.ints.size(), value);
      if (size == 2) fill_values<uint16_t>(t, v.ints.size(), value);
      if (size == 4) fill_values<uint32_t>(t, v.ints.size(), value);
      if (size == 8) fill_values<uint64_t>(t, v.ints.size(), value);
    }
  }
  return t;
}

Tensor from_content_field(DType dtype, const Shape& shape, std::string_view content) {
  size_t n = size_t(shape.num_elements());
  if (dtype != DType::kString) {
    if (content.size() % dtype_size(dtype) || content.size() / dtype_size(dtype) != n)
      throw BadTensor{cat("tensor_content has ", content.size(), " bytes, ", dtype_name(dtype), " ",
                          shape.str(), " has ", n, " elements")};
    if (dtype == DType::kBool)
      for (char b : content)
        if (uint8_t(b) > 1) throw BadTensor{"a bool in tensor_content is neither 0 nor 1"};
    Tensor t(dtype, shape);
    std::memcpy(t.mutable_raw(), content.data(), content.size());
    return t;
  }
  if (n > content.size())
    throw BadTensor{cat("tensor_content of ", content.size(), " bytes cannot hold ", n, " strings")};
  const char *p = content.data(), *end = p + content.size();
  std::vector<uint64_t> sizes(n);
  for (uint64_t& size : sizes) size = protozero::decode_varint(&p, end);
  Tensor t(dtype, shape);
  std::string* to = t.mutable_data<std::string>();
  for (uint64_t size : sizes) {
    if (size > uint64_t(end - p)) throw BadTensor{"a string is longer than tensor_content"};
    (to++)->assign(p, size);
    p += size;
  }
  if (p != end) throw BadTensor{"tensor_content is longer than its strings"};
  return t;
}

Tensor read_tensor(std::string_view bytes) {
  int64_t number = 0;
  Shape shape;
  std::string_view content;
  protozero::pbf_reader r(bytes.data(), bytes.size());
  while (r.next()) {
    if (r.tag() == kDtype && r.wire_type() == protozero::pbf_wire_type::varint) {
      number = r.get_int64();
    } else if (r.tag() == kShape && r.wire_type() == kBytesWire) {
      shape = read_shape_message(sub_reader(r));
    } else if (r.tag() == kContent && r.wire_type() == kBytesWire) {
      auto v = r.get_view();
      content = {v.data(), v.size()};
    } else {
      r.skip();
    }
  }
  if (number <= 0 || number > 127 || !is_known_dtype(int(number)))
    throw BadTensor{cat("dtype ", number, " is not known")};
  DType dtype = DType(number);
  if (!is_pod(dtype) && dtype != DType::kString)
    throw BadTensor{cat("dtype ", dtype_name(dtype), " is not supported")};
  int64_t bytes_needed;
  if (__builtin_mul_overflow(shape.num_elements(), int64_t(dtype_size(dtype)), &bytes_needed))
    throw BadTensor{cat("the shape ", shape.str(), " is too large")};
  return content.empty() ? from_value_field(dtype, shape, bytes) : from_content_field(dtype, shape, content);
}

}  // namespace

std::string write_tensor_message(const Tensor& t) {
  std::string bytes;
  protozero::pbf_writer w(bytes);
  w.add_int32(kDtype, int32_t(t.dtype()));
  std::string shape;
  protozero::pbf_writer dims(shape);
  for (int64_t d : t.shape()) {
    std::string dim;
    if (d) protozero::pbf_writer(dim).add_int64(1, d);
    dims.add_message(2, dim);
  }
  w.add_message(kShape, shape);
  if (t.dtype() == DType::kString) {
    for (const std::string& s : t.flat<std::string>()) w.add_bytes(kStrings, s);
  } else if (t.nbytes()) {
    w.add_bytes(kContent, static_cast<const char*>(t.raw()), t.nbytes());
  }
  return bytes;
}

Tensor read_tensor_message(std::string_view bytes, TensorMessageError& error) {
  try {
    return read_tensor(bytes);
  } catch (const protozero::exception&) {
    error = {TensorMessageError::kNotAMessage, ""};
  } catch (const BadTensor& e) {
    error = {TensorMessageError::kNotATensor, e.what};
  } catch (const InvalidArgument& e) {
    error = {TensorMessageError::kNotATensor, e.what()};
  }
  return Tensor();
}

}  // namespace floe
