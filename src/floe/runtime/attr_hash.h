// Hashes of what a call is made of, for the caches of eager ops.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string_view>

#include "floe/op/attr.h"

namespace floe {

inline uint64_t mix(uint64_t h, uint64_t v) { return (std::rotl(h, 5) ^ v) * 0x9e3779b97f4a7c15ull; }

/// False for attributes that are too large to be compared at each call.
inline bool hash_attrs(const AttrMap& attrs, uint64_t& h) {
  auto text = [](std::string_view s) { return std::hash<std::string_view>()(s); };
  for (const auto& [name, value] : attrs) {
    h = mix(h, text(name));
    if (auto* i = std::get_if<int64_t>(&value))
      h = mix(h, uint64_t(*i));
    else if (auto* b = std::get_if<bool>(&value))
      h = mix(h, *b);
    else if (auto* t = std::get_if<DType>(&value))
      h = mix(h, uint64_t(*t));
    else if (auto* f = std::get_if<float>(&value))
      h = mix(h, std::bit_cast<uint32_t>(*f));
    else if (auto* s = std::get_if<std::string>(&value))
      h = mix(h, text(*s));
    else if (auto* l = std::get_if<std::vector<int64_t>>(&value))
      for (int64_t v : *l) h = mix(h, uint64_t(v));
    else if (std::holds_alternative<Tensor>(value) || std::holds_alternative<std::vector<Tensor>>(value))
      return false;
  }
  return true;
}

}  // namespace floe
