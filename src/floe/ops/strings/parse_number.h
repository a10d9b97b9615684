// Numbers written as text, as TensorFlow reads them: blanks around are fine, anything else after is not.
#pragma once

#include <charconv>
#include <cmath>
#include <string_view>
#include <type_traits>

namespace floe {

inline std::string_view trim_blanks(std::string_view s) {
  auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

template <class T>
bool parse_number(std::string_view s, T& v) {
  s = trim_blanks(s);
  if (!s.empty() && s.front() == '+') {
    s.remove_prefix(1);
    if (!s.empty() && (s.front() == '-' || s.front() == '+')) return false;
  }
  if (s.empty()) return false;
  const char* end = s.data() + s.size();
  if constexpr (std::is_integral_v<T>) {
    auto r = std::from_chars(s.data(), end, v);
    return r.ec == std::errc() && r.ptr == end;
  } else {
    bool negative = s.front() == '-';
    std::string_view digits = negative ? s.substr(1) : s;
    if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
      auto r = std::from_chars(digits.data() + 2, end, v, std::chars_format::hex);
      if (negative) v = -v;
      return r.ec == std::errc() && r.ptr == end;
    }
    if (digits.find('(') != digits.npos) return false;
    auto r = std::from_chars(s.data(), end, v);
    if (r.ec == std::errc()) return r.ptr == end;
    if (r.ec != std::errc::result_out_of_range || r.ptr != end) return false;
    long double wide = 0;
    if (std::from_chars(s.data(), end, wide).ec == std::errc()) {
      v = T(wide);
      return true;
    }
    size_t e = s.find_first_of("eE");
    bool tiny = e != s.npos && e + 1 < s.size() && s[e + 1] == '-';
    v = tiny ? T(0) : T(INFINITY);
    if (negative) v = -v;
    return true;
  }
}

}  // namespace floe
