#include "floe/format/tensor_proto.h"

#include <algorithm>
#include <complex>
#include <cstring>
#include <protozero/varint.hpp>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/schema.h"

namespace floe {

namespace {

// Below this a copy costs less than keeping a view.
constexpr size_t kViewFrom = 1024;
// What a few bytes of file may grow to by repeating a value.
constexpr size_t kRepeatLimit = size_t(1) << 30;
constexpr int kMaxRank = 254;

[[noreturn]] void fail(const std::string& what) {
  throw InvalidArgument("Cannot parse tensor from proto: " + what);
}

DType read_dtype(const Message& p) {
  int64_t number = p.get_int("dtype");
  if (number > 0 && number < 128 && is_known_dtype(int(number))) return DType(number);
  const EnumValue* v = schema::DataType.by_number(int32_t(number));
  throw Unimplemented(
      cat("Cannot parse tensor from proto: dtype ", v ? v->name : "?", " (", number, ") is not supported."));
}

Shape read_shape(const Message& p) {
  const Message& s = p.get_message("tensor_shape");
  size_t n = s.size("dim");
  if (n > size_t(kMaxRank))
    fail(cat("the shape has ", n, " dimensions, at most ", kMaxRank, " are allowed."));
  Shape shape;
  for (size_t i = 0; i < n; ++i) {
    int64_t d = s.get_message("dim", i).get_int("size");
    if (d < 0) fail(cat("dimension ", i, " of the shape is ", d, "."));
    shape.push_back(d);
  }
  return shape;
}

size_t byte_count(DType dtype, const Shape& shape) {
  int64_t n;
  try {
    n = shape.num_elements();
  } catch (const InvalidArgument&) {
    n = -1;
  }
  size_t bytes;
  if (n < 0 || __builtin_mul_overflow(size_t(n), std::max<size_t>(dtype_size(dtype), 1), &bytes) ||
      bytes > size_t(PTRDIFF_MAX))
    fail(cat("the shape ", shape.str(), " is too large (more than 2**63 - 1 bytes)."));
  return bytes;
}

void check_room(DType dtype, const Shape& shape, size_t bytes, size_t values) {
  if (bytes > kRepeatLimit && size_t(shape.num_elements()) > values)
    throw ResourceExhausted(cat("Cannot parse tensor from proto: ", dtype_name(dtype), " ", shape.str(),
                                " takes ", human_bytes(bytes), ", but only ", values,
                                " values are given for it."));
}

bool is_bool_content(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return uint8_t(c) <= 1; });
}

Tensor strings_from_content(const Shape& shape, std::string_view content) {
  auto n = size_t(shape.num_elements());
  if (n > content.size())
    fail(cat("tensor_content of ", content.size(), " bytes cannot hold ", n, " strings."));
  const char *p = content.data(), *end = p + content.size();
  std::vector<uint64_t> lengths(n);
  uint64_t total = 0;
  try {
    for (uint64_t& length : lengths) {
      length = protozero::decode_varint(&p, end);
      if (length > content.size()) fail("a string is longer than tensor_content.");
      total += length;
    }
  } catch (const protozero::exception&) {
    fail("tensor_content ends inside the lengths of its strings.");
  }
  if (total != uint64_t(end - p))
    fail(cat("the strings take ", total, " bytes, tensor_content has ", end - p, " for them."));
  Tensor t(DType::kString, shape);
  auto* to = t.mutable_data<std::string>();
  for (size_t i = 0; i < n; ++i) {
    to[i].assign(p, lengths[i]);
    p += lengths[i];
  }
  return t;
}

Tensor from_content(DType dtype, const Shape& shape, const Message& p) {
  std::string_view content = p.get_string("tensor_content");
  if (dtype == DType::kString) return strings_from_content(shape, content);
  if (!is_pod(dtype)) fail(cat("a ", dtype_name(dtype), " tensor cannot have tensor_content."));
  size_t bytes = byte_count(dtype, shape);
  if (bytes != content.size())
    fail(cat(dtype_name(dtype), " ", shape.str(), " takes ", bytes, " bytes, tensor_content has ",
             content.size(), "."));
  if (dtype == DType::kBool && !is_bool_content(content))
    fail("a bool in tensor_content is neither 0 nor 1.");
  if (bytes >= kViewFrom) {
    Bytes b = p.get_bytes("tensor_content");
    return Tensor::wrap(dtype, shape, const_cast<char*>(b.view.data()), b.owner);
  }
  Tensor t(dtype, shape);
  if (bytes) std::memcpy(t.mutable_raw(), content.data(), bytes);
  return t;
}

// Fills `t` from `count` values; the last one is repeated, none at all means zeros.
template <class T, class Get>
Tensor fill(DType dtype, const Shape& shape, size_t count, Get get) {
  check_room(dtype, shape, byte_count(dtype, shape), count);
  Tensor t(dtype, shape);
  auto n = size_t(t.num_elements());
  T* to = static_cast<T*>(t.mutable_raw());
  size_t given = std::min(n, count);
  for (size_t i = 0; i < given; ++i) to[i] = get(i);
  T last = given ? to[given - 1] : T();
  std::fill(to + given, to + n, last);
  return t;
}

template <class T, class From>
Tensor from_list(DType dtype, const Shape& shape, const Message& p, const char* field) {
  std::span<const From> v = p.values<From>(field);
  return fill<T>(dtype, shape, v.size(), [&](size_t i) { return T(v[i]); });
}

template <class T>
Tensor from_pairs(DType dtype, const Shape& shape, const Message& p, const char* field) {
  auto v = p.values<T>(field);
  return fill<std::complex<T>>(dtype, shape, v.size() / 2,
                               [&](size_t i) { return std::complex<T>(v[2 * i], v[2 * i + 1]); });
}

Tensor from_values(DType dtype, const Shape& shape, const Message& p) {
  switch (dtype) {
    case DType::kFloat32:
      return from_list<float, float>(dtype, shape, p, "float_val");
    case DType::kFloat64:
      return from_list<double, double>(dtype, shape, p, "double_val");
    case DType::kInt64:
      return from_list<int64_t, int64_t>(dtype, shape, p, "int64_val");
    case DType::kUint64:
      return from_list<uint64_t, uint64_t>(dtype, shape, p, "uint64_val");
    case DType::kUint32:
      return from_list<uint32_t, uint32_t>(dtype, shape, p, "uint32_val");
    case DType::kBool:
      return from_list<bool, uint8_t>(dtype, shape, p, "bool_val");
    case DType::kFloat16:
    case DType::kBfloat16:
      return from_list<uint16_t, int32_t>(dtype, shape, p, "half_val");
    case DType::kInt32:
    case DType::kQint32:
      return from_list<int32_t, int32_t>(dtype, shape, p, "int_val");
    case DType::kInt16:
    case DType::kUint16:
    case DType::kQint16:
    case DType::kQuint16:
      return from_list<uint16_t, int32_t>(dtype, shape, p, "int_val");
    case DType::kInt8:
    case DType::kUint8:
    case DType::kQint8:
    case DType::kQuint8:
      return from_list<uint8_t, int32_t>(dtype, shape, p, "int_val");
    case DType::kComplex64:
      return from_pairs<float>(dtype, shape, p, "scomplex_val");
    case DType::kComplex128:
      return from_pairs<double>(dtype, shape, p, "dcomplex_val");
    case DType::kString:
      return fill<std::string>(dtype, shape, p.size("string_val"),
                               [&](size_t i) { return std::string(p.get_string("string_val", i)); });
    default:
      break;
  }
  std::string_view held;
  if (p.size("variant_val")) held = p.get_message("variant_val", 0).get_string("type_name");
  throw Unimplemented(cat("Cannot parse tensor from proto: constants of dtype ", dtype_name(dtype),
                          held.empty() ? "" : cat(" (", held, ")"), " are not supported."));
}

bool all_equal(const Tensor& t, size_t size) {
  auto* p = static_cast<const char*>(t.raw());
  return std::memcmp(p, p + size, t.nbytes() - size) == 0;
}

void add_first(Message& p, const Tensor& t) {
  const void* v = t.raw();
  auto read = [&]<class T>(T) {
    T x;
    std::memcpy(&x, v, sizeof x);
    return x;
  };
  switch (t.dtype()) {
    case DType::kFloat32:
      return p.set_values("float_val", std::vector<float>{read(float())});
    case DType::kFloat64:
      return p.set_values("double_val", std::vector<double>{read(double())});
    case DType::kInt64:
      return p.set_values("int64_val", std::vector<int64_t>{read(int64_t())});
    case DType::kUint64:
      return p.set_values("uint64_val", std::vector<uint64_t>{read(uint64_t())});
    case DType::kUint32:
      return p.set_values("uint32_val", std::vector<uint32_t>{read(uint32_t())});
    case DType::kBool:
      return p.set_values("bool_val", std::vector<uint8_t>{read(uint8_t())});
    case DType::kFloat16:
    case DType::kBfloat16:
      return p.set_values("half_val", std::vector<int32_t>{read(uint16_t())});
    case DType::kComplex64: {
      auto c = read(std::complex<float>());
      return p.set_values("scomplex_val", std::vector<float>{c.real(), c.imag()});
    }
    case DType::kComplex128: {
      auto c = read(std::complex<double>());
      return p.set_values("dcomplex_val", std::vector<double>{c.real(), c.imag()});
    }
    case DType::kInt16:
    case DType::kQint16:
      return p.set_values("int_val", std::vector<int32_t>{read(int16_t())});
    case DType::kUint16:
    case DType::kQuint16:
      return p.set_values("int_val", std::vector<int32_t>{read(uint16_t())});
    case DType::kInt8:
    case DType::kQint8:
      return p.set_values("int_val", std::vector<int32_t>{read(int8_t())});
    case DType::kUint8:
    case DType::kQuint8:
      return p.set_values("int_val", std::vector<int32_t>{read(uint8_t())});
    default:
      return p.set_values("int_val", std::vector<int32_t>{read(int32_t())});
  }
}

}  // namespace

Tensor tensor_from_proto(const Message& p) {
  DType dtype = read_dtype(p);
  Shape shape = read_shape(p);
  byte_count(dtype, shape);
  if (!p.get_string("tensor_content").empty()) return from_content(dtype, shape, p);
  return from_values(dtype, shape, p);
}

MessagePtr tensor_to_proto(const Tensor& t) {
  if (!is_pod(t.dtype()) && t.dtype() != DType::kString)
    throw Unimplemented(cat("A ", dtype_name(t.dtype()), " tensor cannot be written to a file."));
  MessagePtr p = Message::make(schema::TensorProto);
  p->set_int("dtype", int64_t(t.dtype()));
  Message& shape = p->mutable_message("tensor_shape");
  for (int64_t d : t.shape()) shape.add_message("dim").set_int("size", d);
  size_t size = dtype_size(t.dtype());
  if (t.num_elements() == 0) return p;
  if (t.dtype() == DType::kString) {
    for (const std::string& s : t.flat<std::string>()) p->add_string("string_val", s);
  } else if (all_equal(t, size)) {
    add_first(*p, t);
  } else if (t.dtype() == DType::kBool) {
    auto* v = static_cast<const uint8_t*>(t.raw());
    p->set_values("bool_val", std::vector<uint8_t>(v, v + t.num_elements()));
  } else {
    std::string_view content(static_cast<const char*>(t.raw()), t.nbytes());
    if (content.size() < kViewFrom)
      p->set_string("tensor_content", content);
    else
      p->set_bytes("tensor_content",
                   {content, std::shared_ptr<const void>(content.data(), [keep = t](const void*) {})});
  }
  return p;
}

}  // namespace floe
