// Storage of field values inside a Message.
#pragma once

#include <atomic>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "floe/base/file.h"
#include "floe/format/message_type.h"

namespace floe {

/// Intrusive pointer to anything with retain() and release().
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}  // NOLINT: as the built-in pointers
  explicit Ref(T* p) : p_(p) {
    if (p_) p_->retain();
  }
  Ref(const Ref& o) : Ref(o.p_) {}
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  Ref& operator=(Ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ref() {
    if (p_) p_->release();
  }
  /// Takes over a reference that the caller owns.
  static Ref adopt(T* p) {
    Ref r;
    r.p_ = p;
    return r;
  }
  T* get() const { return p_; }
  T& operator*() const { return *p_; }
  T* operator->() const { return p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }

 private:
  T* p_ = nullptr;
};

/// Keeps the bytes of string values alive: either a block of characters right behind it, or somebody
/// else's owner (a mapped file).
class StringOwner {
 public:
  static Ref<StringOwner> share(std::shared_ptr<const void> source);
  /// A block of `size` characters to fill in through chars().
  static Ref<StringOwner> block(size_t size);

  void retain() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }
  char* chars() { return reinterpret_cast<char*>(this + 1); }
  const std::shared_ptr<const void>& source() const { return source_; }

 private:
  StringOwner() = default;
  void destroy();

  std::atomic<uint32_t> refs_{1};
  std::shared_ptr<const void> source_;
};

/// A string or bytes value that shares its characters.
class StringValue {
 public:
  StringValue() = default;
  explicit StringValue(std::string_view copied) : view_(copied) {
    if (copied.empty()) return;
    owner_ = StringOwner::block(copied.size());
    std::memcpy(owner_->chars(), copied.data(), copied.size());
    view_ = {owner_->chars(), copied.size()};
  }
  StringValue(std::string_view view, Ref<StringOwner> owner) : view_(view), owner_(std::move(owner)) {}
  std::string_view view() const { return view_; }
  const Ref<StringOwner>& owner() const { return owner_; }
  Bytes bytes() const;
  bool operator==(const StringValue& o) const { return view_ == o.view_; }

 private:
  std::string_view view_;
  Ref<StringOwner> owner_;
};

using MessagePtr = Ref<Message>;

/// Elements of a repeated field. Enums are int32, bools are bytes.
using Repeated = std::variant<std::vector<int32_t>, std::vector<int64_t>, std::vector<uint32_t>,
                              std::vector<uint64_t>, std::vector<uint8_t>, std::vector<float>,
                              std::vector<double>, std::vector<StringValue>, std::vector<MessagePtr>>;

/// One value: the bits of a number (signed ones extended to 64 bits, a float as its own 32), a string
/// or a message.
using Single = std::variant<uint64_t, StringValue, MessagePtr>;

struct MapEntry {
  StringValue text;
  uint64_t number = 0;
  Single value;
};

/// Entries in the order of their keys; readers append them as they come and order them at the end.
struct MapValue {
  std::vector<MapEntry> entries;
  bool ordered = true;
};

struct Slot {
  uint16_t field;
  std::variant<uint64_t, StringValue, MessagePtr, std::unique_ptr<Repeated>, std::unique_ptr<MapValue>> value;
};

/// A number, a bool, a string or bytes; monostate means nothing. int32, int64 and enum fields give
/// int64_t; float and double fields give double.
using Scalar = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string_view>;

/// The bits that hold a number in `Single` and `Slot`. InvalidArgument when the value is of the wrong
/// kind or does not fit the field.
uint64_t to_bits(const FieldType& f, const Scalar& v);
Scalar from_bits(const FieldType& f, uint64_t bits);

/// An empty list of the right element type.
Repeated make_list(Kind k);
size_t list_size(const Repeated& r);
void append_bits(Repeated& r, uint64_t bits);
uint64_t bits_at(const Repeated& r, size_t i);

/// Orders map keys of the given kind of field.
bool key_less(Kind k, const MapEntry& a, const MapEntry& b);

void append_entry(const FieldType& f, MapValue& map, MapEntry e);
/// Sorts entries that were appended in any order; of those with the same key the last one counts.
void order_map(const FieldType& f, MapValue& map);

/// Checks what goes into a `string` field; InvalidArgument when it is not valid UTF-8.
void check_utf8(const FieldType& f, std::string_view s);
bool valid_utf8(std::string_view s);

/// "Value out of range: 5000000000", as protobuf says it.
[[noreturn]] void throw_out_of_range(const std::string& value);

}  // namespace floe
