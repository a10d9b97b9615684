// Tensors as text, the way NumPy and TensorFlow print them.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "floe/base/text.h"
#include "floe/tensor.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

std::string format_float(double v, bool single) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  char buf[40];
  auto r = single ? std::to_chars(buf, buf + sizeof buf, float(v)) : std::to_chars(buf, buf + sizeof buf, v);
  std::string s(buf, r.ptr);
  if (s.find_first_of(".en") == s.npos) s += ".";
  return s;
}

std::string quote(const std::string& v) {
  std::string s = "b'";
  for (unsigned char c : v) {
    char buf[8];
    if (c == '\\' || c == '\'')
      (s += '\\') += char(c);
    else if (c == '\n')
      s += "\\n";
    else if (c == '\r')
      s += "\\r";
    else if (c == '\t')
      s += "\\t";
    else if (c < 32 || c > 126)
      std::snprintf(buf, sizeof buf, "\\x%02x", c), s += buf;
    else
      s += char(c);
  }
  return s + "'";
}

std::string element(const Tensor& t, int64_t i) {
  switch (t.dtype()) {
    case DType::kFloat32:
      return format_float(t.data<float>()[i], true);
    case DType::kFloat64:
      return format_float(t.data<double>()[i], false);
    case DType::kFloat16:
      return format_float(float(t.data<float16>()[i]), true);
    case DType::kBfloat16:
      return format_float(float(t.data<bfloat16>()[i]), true);
    case DType::kBool:
      return t.data<bool>()[i] ? "True" : "False";
    case DType::kString:
      return quote(t.data<std::string>()[i]);
    case DType::kComplex64: {
      auto v = t.data<std::complex<float>>()[i];
      return cat(format_float(v.real(), true), v.imag() < 0 ? "" : "+", format_float(v.imag(), true), "j");
    }
    case DType::kComplex128: {
      auto v = t.data<std::complex<double>>()[i];
      return cat(format_float(v.real(), false), v.imag() < 0 ? "" : "+", format_float(v.imag(), false), "j");
    }
    case DType::kResource:
    case DType::kVariant: {
      const ObjectPtr& o = t.data<ObjectPtr>()[i];
      return cat("<", o ? o->type_name() : "empty", ">");
    }
    default: {
      std::string s;
      dispatch(IntTypes{}, t.dtype(), [&]<class T>() { s = std::to_string(t.data<T>()[i]); });
      return s;
    }
  }
}

void write(const Tensor& t, int dim, int64_t offset, int64_t stride, int64_t edge, std::string& s) {
  if (dim == t.rank()) {
    s += element(t, offset);
    return;
  }
  s += "[";
  int64_t n = t.dim(dim);
  stride = n ? stride / n : 0;
  for (int64_t i = 0; i < n; ++i) {
    if (i) {
      if (dim == t.rank() - 1) {
        s += " ";
      } else {
        s += std::string(size_t(t.rank() - 1 - dim), '\n');
        s += std::string(size_t(dim + 1), ' ');
      }
    }
    if (edge && n > 2 * edge && i == edge) {
      s += "...";
      i = n - edge - 1;
      continue;
    }
    write(t, dim + 1, offset + i * stride, stride, edge, s);
  }
  s += "]";
}

}  // namespace

std::string Tensor::values_str(int64_t max_elements) const {
  std::string s;
  write(*this, 0, 0, num_elements(), num_elements() > max_elements ? 3 : 0, s);
  return s;
}

std::string Tensor::str() const {
  if (!rep_) return "<no tensor>";
  return cat("tf.Tensor(", values_str(), ", shape=", shape().tuple_str(), ", dtype=", dtype_name(dtype()),
             ")");
}

}  // namespace floe
