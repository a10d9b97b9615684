#include "floe/format/message_value.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/message.h"

namespace floe {

Ref<StringOwner> StringOwner::share(std::shared_ptr<const void> source) {
  auto owner = block(0);
  owner->source_ = std::move(source);
  return owner;
}

Ref<StringOwner> StringOwner::block(size_t size) {
  void* memory = ::operator new(sizeof(StringOwner) + size);
  return Ref<StringOwner>::adopt(new (memory) StringOwner());
}

void StringOwner::destroy() {
  this->~StringOwner();
  ::operator delete(this);
}

Bytes StringValue::bytes() const {
  if (!owner_) return {view_, nullptr};
  if (owner_->source()) return {view_, owner_->source()};
  return {view_, std::shared_ptr<const void>(view_.data(), [keep = owner_](const void*) {})};
}

void throw_out_of_range(const std::string& value) { throw InvalidArgument("Value out of range: " + value); }

namespace {

[[noreturn]] void throw_wrong_kind(const FieldType& f, const char* got) {
  throw InvalidArgument(cat("Field '", f.name, "' takes ", kind_name(f.kind), ", got ", got, "."));
}

uint64_t int_bits(const FieldType& f, int64_t v) {
  auto check = [&](int64_t lo, int64_t hi) {
    if (v < lo || v > hi) throw_out_of_range(cat(v));
  };
  switch (f.kind) {
    case Kind::kInt32:
    case Kind::kEnum:
      check(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
      return uint64_t(v);
    case Kind::kInt64:
      return uint64_t(v);
    case Kind::kUint32:
      check(0, std::numeric_limits<uint32_t>::max());
      return uint64_t(v);
    case Kind::kUint64:
      check(0, std::numeric_limits<int64_t>::max());
      return uint64_t(v);
    case Kind::kBool:
      return v != 0;
    case Kind::kFloat:
      return std::bit_cast<uint32_t>(float(v));
    case Kind::kDouble:
      return std::bit_cast<uint64_t>(double(v));
    default:
      throw_wrong_kind(f, "a number");
  }
}

uint64_t uint_bits(const FieldType& f, uint64_t v) {
  if (f.kind == Kind::kUint64) return v;
  if (f.kind == Kind::kDouble) return std::bit_cast<uint64_t>(double(v));
  if (f.kind == Kind::kFloat) return std::bit_cast<uint32_t>(float(v));
  if (v > uint64_t(std::numeric_limits<int64_t>::max())) throw_out_of_range(cat(v));
  return int_bits(f, int64_t(v));
}

uint64_t double_bits(const FieldType& f, double v) {
  if (f.kind == Kind::kDouble) return std::bit_cast<uint64_t>(v);
  if (f.kind == Kind::kFloat) return std::bit_cast<uint32_t>(static_cast<float>(v));
  throw_wrong_kind(f, "a floating-point number");
}

uint64_t label_bits(const FieldType& f, std::string_view label) {
  if (f.kind != Kind::kEnum) throw_wrong_kind(f, "a string");
  if (const EnumValue* v = f.enum_type->by_name(label)) return uint64_t(int64_t(v->number));
  std::vector<std::string> names;
  for (const EnumValue& v : f.enum_type->values) names.emplace_back(v.name);
  throw InvalidArgument(cat("Enum type \"", f.enum_type->full_name, "\" has no value named ", label, ".",
                            did_you_mean(label, names)));
}

}  // namespace

uint64_t to_bits(const FieldType& f, const Scalar& v) {
  if (auto* b = std::get_if<bool>(&v)) return int_bits(f, *b);
  if (auto* i = std::get_if<int64_t>(&v)) return int_bits(f, *i);
  if (auto* u = std::get_if<uint64_t>(&v)) return uint_bits(f, *u);
  if (auto* d = std::get_if<double>(&v)) return double_bits(f, *d);
  if (auto* s = std::get_if<std::string_view>(&v)) return label_bits(f, *s);
  throw_wrong_kind(f, "nothing");
}

Scalar from_bits(const FieldType& f, uint64_t bits) {
  switch (f.kind) {
    case Kind::kBool:
      return bits != 0;
    case Kind::kUint32:
    case Kind::kUint64:
      return bits;
    case Kind::kFloat:
      return double(std::bit_cast<float>(uint32_t(bits)));
    case Kind::kDouble:
      return std::bit_cast<double>(bits);
    default:
      return int64_t(bits);
  }
}

Repeated make_list(Kind k) {
  switch (k) {
    case Kind::kInt32:
    case Kind::kEnum:
      return std::vector<int32_t>();
    case Kind::kInt64:
      return std::vector<int64_t>();
    case Kind::kUint32:
      return std::vector<uint32_t>();
    case Kind::kUint64:
      return std::vector<uint64_t>();
    case Kind::kBool:
      return std::vector<uint8_t>();
    case Kind::kFloat:
      return std::vector<float>();
    case Kind::kDouble:
      return std::vector<double>();
    case Kind::kString:
    case Kind::kBytes:
      return std::vector<StringValue>();
    case Kind::kMessage:
      return std::vector<MessagePtr>();
  }
  throw Internal("unknown kind of field");
}

size_t list_size(const Repeated& r) {
  return std::visit([](auto& v) { return v.size(); }, r);
}

void append_bits(Repeated& r, uint64_t bits) {
  std::visit(
      [&]<class T>(std::vector<T>& v) {
        if constexpr (std::is_same_v<T, float>)
          v.push_back(std::bit_cast<float>(uint32_t(bits)));
        else if constexpr (std::is_same_v<T, double>)
          v.push_back(std::bit_cast<double>(bits));
        else if constexpr (std::is_arithmetic_v<T>)
          v.push_back(T(bits));
        else
          throw Internal("a list of numbers was expected");
      },
      r);
}

uint64_t bits_at(const Repeated& r, size_t i) {
  return std::visit(
      [&]<class T>(const std::vector<T>& v) -> uint64_t {
        if constexpr (std::is_same_v<T, float>)
          return std::bit_cast<uint32_t>(v[i]);
        else if constexpr (std::is_same_v<T, double>)
          return std::bit_cast<uint64_t>(v[i]);
        else if constexpr (std::is_arithmetic_v<T>)
          return uint64_t(v[i]);
        else
          throw Internal("a list of numbers was expected");
      },
      r);
}

bool key_less(Kind k, const MapEntry& a, const MapEntry& b) {
  switch (k) {
    case Kind::kString:
      return a.text.view() < b.text.view();
    case Kind::kUint32:
    case Kind::kUint64:
      return a.number < b.number;
    default:
      return int64_t(a.number) < int64_t(b.number);
  }
}

void append_entry(const FieldType& f, MapValue& map, MapEntry e) {
  if (!map.entries.empty() && !key_less(f.map_key().kind, map.entries.back(), e)) map.ordered = false;
  map.entries.push_back(std::move(e));
}

void order_map(const FieldType& f, MapValue& map) {
  if (map.ordered) return;
  Kind kind = f.map_key().kind;
  auto& v = map.entries;
  auto less = [&](const MapEntry& a, const MapEntry& b) { return key_less(kind, a, b); };
  std::stable_sort(v.begin(), v.end(), less);
  size_t n = 0;
  for (size_t i = 0; i < v.size(); ++i) {
    if (i + 1 < v.size() && !less(v[i], v[i + 1])) continue;
    if (n != i) v[n] = std::move(v[i]);
    ++n;
  }
  v.erase(v.begin() + ptrdiff_t(n), v.end());
  map.ordered = true;
}

void check_utf8(const FieldType& f, std::string_view s) {
  if (f.kind != Kind::kString || valid_utf8(s)) return;
  throw InvalidArgument(cat("Field '", f.name, "' takes text, got bytes that are not valid UTF-8."));
}

bool valid_utf8(std::string_view s) {
  const auto* p = reinterpret_cast<const uint8_t*>(s.data());
  const uint8_t* end = p + s.size();
  while (p < end) {
    uint64_t eight;
    if (end - p >= 8 && (std::memcpy(&eight, p, 8), (eight & 0x8080808080808080u) == 0)) {
      p += 8;
      continue;
    }
    uint8_t c = *p++;
    if (c < 0x80) continue;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4 || end - p < more) return false;
    // The second byte rules out overlong forms, surrogates and numbers beyond U+10FFFF.
    uint8_t lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    uint8_t hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (*p < lo || *p > hi) return false;
    for (int i = 1; i < more; ++i)
      if ((p[i] & 0xc0) != 0x80) return false;
    p += more;
  }
  return true;
}

}  // namespace floe
