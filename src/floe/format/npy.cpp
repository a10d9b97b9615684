#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/npy.h"
#include "floe/io.h"
#include "floe/op/kernel.h"

namespace floe {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read and written as little endian");

struct NpyType {
  const char* text;
  DType type;
};
constexpr NpyType kTypes[] = {{"f4", DType::kFloat32},   {"f8", DType::kFloat64},    {"f2", DType::kFloat16},
                              {"i1", DType::kInt8},      {"i2", DType::kInt16},      {"i4", DType::kInt32},
                              {"i8", DType::kInt64},     {"u1", DType::kUint8},      {"u2", DType::kUint16},
                              {"u4", DType::kUint32},    {"u8", DType::kUint64},     {"b1", DType::kBool},
                              {"c8", DType::kComplex64}, {"c16", DType::kComplex128}};

struct Header {
  std::string descr;
  bool fortran = false;
  Shape shape;
};

[[noreturn]] void damaged(const std::string& path, const std::string& what) {
  throw DataLoss(cat(path, ": damaged .npy file: ", what));
}

// The value behind 'key': in NumPy's header, a Python dictionary.
std::string_view entry(const std::string& path, std::string_view h, std::string_view key) {
  size_t at = h.find(cat("'", key, "'"));
  if (at == h.npos) damaged(path, cat("its header has no '", key, "'"));
  at = h.find(':', at);
  if (at == h.npos) damaged(path, "its header ends early");
  at = h.find_first_not_of(' ', at + 1);
  return at == h.npos ? std::string_view() : h.substr(at);
}

Header parse_header(const std::string& path, std::string_view h) {
  Header r;
  std::string_view d = entry(path, h, "descr");
  if (d.empty() || d[0] != '\'') throw Unimplemented(cat(path, ": holds records; expected a plain array"));
  size_t end = d.find('\'', 1);
  if (end == d.npos) damaged(path, "its header ends early");
  r.descr = std::string(d.substr(1, end - 1));
  r.fortran = entry(path, h, "fortran_order").rfind("True", 0) == 0;
  std::string_view s = entry(path, h, "shape");
  if (s.empty() || s[0] != '(') damaged(path, "its header has no shape");
  s.remove_prefix(1);
  while (true) {
    while (!s.empty() && (s[0] == ' ' || s[0] == ',')) s.remove_prefix(1);
    if (s.empty()) damaged(path, "its header ends early");
    if (s[0] == ')') break;
    int64_t v = -1;
    auto p = std::from_chars(s.data(), s.data() + s.size(), v);
    if (p.ec != std::errc() || v < 0 || r.shape.rank() >= 32) damaged(path, "its shape cannot be read");
    r.shape.push_back(v);
    s.remove_prefix(size_t(p.ptr - s.data()));
  }
  return r;
}

// From Fortran's order to C's.
Tensor transposed(const Tensor& t) {
  int rank = t.rank();
  std::vector<int64_t> reversed(t.shape().begin(), t.shape().end());
  std::reverse(reversed.begin(), reversed.end());
  Tensor perm(DType::kInt32, Shape{rank});
  for (int i = 0; i < rank; ++i) perm.mutable_data<int32_t>()[i] = rank - 1 - i;
  ResourceManager none;
  RunState state;
  state.resources = &none;
  return invoke(get_op("Transpose"), {t.reshaped(Shape(reversed)), perm}, {}, state)[0];
}

Tensor parse_strings(const std::string& path, const Header& h, std::string_view data) {
  uint64_t width = 0;
  auto r = std::from_chars(h.descr.data() + 2, h.descr.data() + h.descr.size(), width);
  uint64_t n = uint64_t(h.shape.num_elements());
  if (r.ec != std::errc() || (width && n > data.size() / width) || n * width != data.size())
    damaged(path, cat("its shape ", h.shape.tuple_str(), " of ", h.descr, " does not fit its ", data.size(),
                      " bytes"));
  if (h.fortran && h.shape.rank() > 1)
    throw Unimplemented(cat(path, ": strings in Fortran order are not supported"));
  if (!width && n > (1 << 24)) damaged(path, "too many empty strings");
  Tensor t(DType::kString, h.shape);
  for (uint64_t i = 0; i < n; ++i) {
    std::string_view s = data.substr(i * width, width);
    while (!s.empty() && s.back() == 0) s.remove_suffix(1);
    t.mutable_data<std::string>()[i] = std::string(s);
  }
  return t;
}

}  // namespace

Tensor parse_npy(std::string_view b, const std::string& path) {
  if (b.substr(0, 6) != "\x93NUMPY") throw InvalidArgument(cat(path, ": not a .npy file"));
  if (b.size() < 12) damaged(path, "it ends within its header");
  bool wide = b[6] > 1;
  uint32_t length = uint8_t(b[8]) | uint32_t(uint8_t(b[9])) << 8;
  if (wide) length |= uint32_t(uint8_t(b[10])) << 16 | uint32_t(uint8_t(b[11])) << 24;
  size_t start = wide ? 12 : 10;
  if (length > b.size() - start) damaged(path, "it ends within its header");
  Header h = parse_header(path, b.substr(start, length));
  std::string_view data = b.substr(start + length);
  if (h.descr.substr(0, 2) == "|S") return parse_strings(path, h, data);
  DType type = DType::kInvalid;
  for (const NpyType& c : kTypes)
    if (h.descr.size() > 1 && h.descr.substr(1) == c.text) type = c.type;
  if (type == DType::kInvalid)
    throw Unimplemented(
        cat(path, ": elements of type '", h.descr, "' are not supported; save numbers or bools"));
  int64_t n = h.shape.num_elements();
  if (uint64_t(n) > data.size() / dtype_size(type) || size_t(n) * dtype_size(type) != data.size())
    damaged(path, cat("its shape ", h.shape.tuple_str(), " of ", h.descr, " does not fit its ", data.size(),
                      " bytes"));
  Tensor t(type, h.shape);
  if (!data.empty()) std::memcpy(t.mutable_raw(), data.data(), data.size());
  if (h.descr[0] == '>') {
    size_t size = is_complex(type) ? dtype_size(type) / 2 : dtype_size(type);
    char* p = static_cast<char*>(t.mutable_raw());
    for (size_t i = 0; i < data.size(); i += size) std::reverse(p + i, p + i + size);
  }
  return h.fortran && h.shape.rank() > 1 ? transposed(t) : t;
}

Tensor read_npy(const std::string& path) {
  Bytes file = map_file(path);
  return parse_npy(file.view, path);
}

void write_npy(const std::string& path, const Tensor& t) {
  const char* code = nullptr;
  for (const NpyType& c : kTypes)
    if (c.type == t.dtype()) code = c.text;
  if (!code)
    throw InvalidArgument(cat(path, ": a tensor of ", dtype_name(t.dtype()), " cannot be written as .npy"));
  std::string header = cat("{'descr': '", dtype_size(t.dtype()) == 1 ? "|" : "<", code,
                           "', 'fortran_order': False, 'shape': ", t.shape().tuple_str(), ", }");
  while ((10 + header.size() + 1) % 64) header += ' ';
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += char(header.size() & 255);
  out += char(header.size() >> 8);
  out += header;
  out.append(static_cast<const char*>(t.raw()), t.nbytes());
  write_file(path, out);
}

Tensor read_image(const std::string& path, int channels) {
  Bytes file = map_file(path);
  ResourceManager none;
  RunState state;
  state.resources = &none;
  try {
    return invoke(get_op("DecodeImage"), {Tensor::scalar(std::string(file.view))},
                  {{"channels", int64_t(channels)}, {"expand_animations", false}}, state)[0];
  } catch (const Error& e) {
    throw_error(e.code(), cat(path, ": ", e.what()));
  }
}

}  // namespace floe
