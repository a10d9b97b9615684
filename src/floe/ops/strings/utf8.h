// UTF-8 as ICU reads it: a broken sequence counts as one bad character per maximal part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace floe {

/// Reads the character at s[at] and moves on. False for a broken sequence (c is not set then).
inline bool next_utf8(std::string_view s, size_t& at, char32_t& c) {
  auto byte = [&](size_t i) { return i < s.size() ? uint8_t(s[i]) : 0; };
  uint8_t lead = byte(at++);
  if (lead < 0x80) {
    c = lead;
    return true;
  }
  int more = lead >= 0xc2 && lead <= 0xdf   ? 1
             : lead >= 0xe0 && lead <= 0xef ? 2
             : lead >= 0xf0 && lead <= 0xf4 ? 3
                                            : 0;
  if (!more) return false;
  uint8_t lo = lead == 0xe0   ? 0xa0
               : lead == 0xf0 ? 0x90
                              : 0x80,
          hi = lead == 0xed   ? 0x9f
               : lead == 0xf4 ? 0x8f
                              : 0xbf;
  char32_t v = lead & (0x3f >> more);
  for (int i = 0; i < more; ++i) {
    uint8_t b = byte(at);
    if (at >= s.size() || b < lo || b > hi) return false;
    v = v << 6 | (b & 0x3f);
    lo = 0x80, hi = 0xbf;
    ++at;
  }
  c = v;
  return true;
}

inline void put_utf8(std::string& s, char32_t c) {
  if (c < 0x80) {
    s += char(c);
  } else if (c < 0x800) {
    s += char(0xc0 | c >> 6);
    s += char(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    s += char(0xe0 | c >> 12);
    s += char(0x80 | (c >> 6 & 0x3f));
    s += char(0x80 | (c & 0x3f));
  } else {
    s += char(0xf0 | c >> 18);
    s += char(0x80 | (c >> 12 & 0x3f));
    s += char(0x80 | (c >> 6 & 0x3f));
    s += char(0x80 | (c & 0x3f));
  }
}

/// True for bytes that go on with a character, as TensorFlow counts UTF8_CHAR.
inline bool is_trail_byte(char c) { return (uint8_t(c) & 0xc0) == 0x80; }

}  // namespace floe
