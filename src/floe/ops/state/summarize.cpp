#include "floe/ops/state/summarize.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "floe/base/text.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

struct SummaryWriter {
  const Tensor& t;
  int64_t limit;
  int64_t at = 0;
  std::string text;

  void dimension(int d) {
    if (at >= limit) return;
    int64_t n = t.dim(d);
    if (d == t.rank() - 1) {
      for (int64_t i = 0; i < n; ++i) {
        if (at >= limit) {
          if (d) text += "...";
          return;
        }
        if (i) text += ' ';
        text += value_text(t, at++);
      }
      return;
    }
    for (int64_t i = 0; i < n && at < limit; ++i) {
      text += '[';
      dimension(d + 1);
      text += ']';
    }
  }
};

template <class F>
std::string short_number(F v, int digits, int more) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  char buffer[40];
  auto print = [&](int n) {
    return std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::general, n).ptr;
  };
  char* end = print(digits);
  F back = 0;
  std::from_chars(buffer, end, back);
  if (back != v) end = print(more);
  return std::string(buffer, end);
}

}  // namespace

std::string short_float(float v) { return short_number<float>(v, 6, 9); }
std::string short_double(double v) { return short_number<double>(v, 15, 17); }

std::string c_escape(std::string_view s) {
  std::string out;
  for (char ch : s) {
    unsigned char c = static_cast<unsigned char>(ch);
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\'':
        out += "\\'";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        if (c >= 0x20 && c < 0x7f) {
          out += ch;
        } else {
          char buffer[8];
          std::snprintf(buffer, sizeof buffer, "\\%03o", unsigned(c));
          out += buffer;
        }
    }
  }
  return out;
}

std::string value_text(const Tensor& t, int64_t i) {
  if (t.dtype() == DType::kString) return c_escape(t.data<std::string>()[i]);
  if (t.dtype() == DType::kBool) return t.data<bool>()[i] ? "1" : "0";
  if (!is_pod(t.dtype()) || is_complex(t.dtype())) return "?";
  std::string s;
  dispatch(RealTypes{}, t.dtype(), [&]<class T>() {
    T v = t.data<T>()[i];
    if constexpr (std::is_integral_v<T>)
      s = cat(int64_t(v) < 0 && std::is_unsigned_v<T> ? std::to_string(uint64_t(v))
                                                      : std::to_string(int64_t(v)));
    else if constexpr (std::is_same_v<T, double>)
      s = short_double(v);
    else
      s = short_float(float(v));
  });
  return s;
}

std::string summarize(const Tensor& t, int64_t limit) {
  int64_t n = t.num_elements();
  if (limit < 0 || limit > n) limit = n;
  SummaryWriter w{t, limit, 0, {}};
  if (t.rank())
    w.dimension(0);
  else if (limit)
    w.text = value_text(t, 0);
  return n > limit ? w.text + "..." : w.text;
}

}  // namespace floe
