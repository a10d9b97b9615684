// Small text helpers for messages.
#pragma once

#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace floe {

namespace text_internal {
inline void put(std::string& s, std::string_view v) { s += v; }
inline void put(std::string& s, const char* v) { s += v; }
inline void put(std::string& s, const std::string& v) { s += v; }
inline void put(std::string& s, char v) { s += v; }
inline void put(std::string& s, bool v) { s += v ? "true" : "false"; }
template <class T>
  requires std::is_arithmetic_v<T>
void put(std::string& s, T v) {
  char buf[40];
  auto r = std::to_chars(buf, buf + sizeof buf, v);
  s.append(buf, r.ptr);
}
}  // namespace text_internal

/// Joins strings and numbers into one string.
template <class... A>
std::string cat(const A&... a) {
  std::string s;
  (text_internal::put(s, a), ...);
  return s;
}

std::string join(std::span<const std::string> parts, std::string_view sep);

std::vector<std::string> split(std::string_view s, char sep);

/// The candidate most like `name` (edit distance), or "" if none is close.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

/// Up to `n` candidates, the most alike first.
std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> candidates,
                                       size_t n);

/// " Did you mean 'x'?" or "" when nothing is close.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

/// 1234567 -> "1,234,567".
std::string with_commas(int64_t v);

/// 1536 -> "1.5 KiB".
std::string human_bytes(uint64_t bytes);

}  // namespace floe
