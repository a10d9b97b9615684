#include "floe/generate/names.h"

#include <cstdio>

namespace floe::generate {
namespace {

// Keywords, and `assert`, which is a macro.
constexpr std::string_view kReserved =
    " alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char char16_t "
    "char32_t char8_t class co_await co_return co_yield compl concept const const_cast consteval "
    "constexpr constinit continue decltype default delete do double dynamic_cast else enum explicit "
    "export extern false float for friend goto if inline int long mutable namespace new noexcept not "
    "not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires "
    "return short signed sizeof static static_assert static_cast struct switch template this "
    "thread_local throw true try typedef typeid typename union unsigned using virtual void volatile "
    "wchar_t while xor xor_eq ";

constexpr std::string_view kOneWord[] = {"MatMul", "ArgMax", "ArgMin"};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
char lower(char c) { return is_upper(c) ? char(c - 'A' + 'a') : c; }

}  // namespace

std::string safe_name(std::string_view name) {
  bool reserved = kReserved.find(" " + std::string(name) + " ") != kReserved.npos;
  return std::string(name) + (reserved ? "_" : "");
}

std::string function_name(std::string_view op) {
  std::string words(op);
  for (std::string_view w : kOneWord)
    for (size_t at = words.find(w); at != words.npos; at = words.find(w, at + w.size()))
      for (size_t i = 1; i < w.size(); ++i) words[at + i] = lower(words[at + i]);
  std::string name;
  for (size_t i = 0; i < words.size(); ++i) {
    char c = words[i];
    bool after_lower = i > 0 && is_lower(words[i - 1]);
    bool before_lower = i + 1 < words.size() && is_lower(words[i + 1]);
    if (i > 0 && is_upper(c) && (after_lower || before_lower) && name.back() != '_') name += '_';
    name += c == '>' || c == '.' ? '_' : lower(c);
  }
  return safe_name(name);
}

std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 32 || c == 127) {
      char octal[5];
      std::snprintf(octal, sizeof octal, "\\%03o", unsigned(static_cast<unsigned char>(c)));
      out += octal;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace floe::generate
