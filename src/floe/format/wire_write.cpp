// Writes the binary form of messages.
#include <bit>
#include <protozero/varint.hpp>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/message.h"

namespace floe {

namespace {
constexpr uint32_t kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5;

size_t varint_size(uint64_t v) { return size_t(protozero::length_of_varint(v)); }

uint32_t tag_of(const FieldType& f) {
  uint32_t wire = kVarint;
  if (f.wire == Wire::kLength || f.packed)
    wire = kLength;
  else if (f.wire == Wire::kFixed32)
    wire = kFixed32;
  else if (f.wire == Wire::kFixed64)
    wire = kFixed64;
  return f.number << 3 | wire;
}

uint64_t encoded(const FieldType& f, uint64_t bits) {
  return f.wire == Wire::kZigzag ? protozero::encode_zigzag64(int64_t(bits)) : bits;
}

size_t number_size(const FieldType& f, uint64_t bits) {
  if (f.wire == Wire::kFixed32) return 4;
  if (f.wire == Wire::kFixed64) return 8;
  return varint_size(encoded(f, bits));
}
}  // namespace

// Lengths come before contents, so a first walk collects the length of every nested message and packed
// list in the order in which the second walk needs them.
class WireWriter {
 public:
  size_t measure(const Message& m) {
    size_t total = 0;
    for (const Slot& s : m.slots_)
      if (Message::present(s)) total += measure_slot(m.type().fields[s.field], s);
    if (m.unknown_)
      for (const StringValue& p : *m.unknown_) total += p.view().size();
    return total;
  }

  void write(const Message& m, char*& out) {
    for (const Slot& s : m.slots_)
      if (Message::present(s)) write_slot(m.type().fields[s.field], s, out);
    if (m.unknown_)
      for (const StringValue& p : *m.unknown_) put(p.view(), out);
  }

 private:
  size_t reserve_length() {
    lengths_.push_back(0);
    return lengths_.size() - 1;
  }

  size_t measure_nested(const Message& m) {
    if (++depth_ > kMaxDepth)
      throw InvalidArgument(cat("Messages nested deeper than ", kMaxDepth, " levels cannot be written."));
    size_t at = reserve_length();
    size_t n = measure(m);
    lengths_[at] = n;
    --depth_;
    return varint_size(n) + n;
  }

  size_t measure_single(const FieldType& f, const Single& v) {
    size_t tag = varint_size(tag_of(f));
    if (auto* m = std::get_if<MessagePtr>(&v)) return tag + measure_nested(**m);
    if (auto* s = std::get_if<StringValue>(&v)) return tag + varint_size(s->view().size()) + s->view().size();
    return tag + number_size(f, std::get<uint64_t>(v));
  }

  size_t measure_entry(const FieldType& f, const MapEntry& e) {
    size_t at = reserve_length();
    const FieldType& kf = f.map_key();
    size_t n = 1 + (kf.is_string() ? varint_size(e.text.view().size()) + e.text.view().size()
                                   : number_size(kf, e.number));
    n += measure_single(f.map_value(), e.value);
    lengths_[at] = n;
    return varint_size(n) + n;
  }

  size_t measure_list(const FieldType& f, const Repeated& list) {
    size_t tag = varint_size(tag_of(f)), count = list_size(list), total = 0;
    if (auto* v = std::get_if<std::vector<MessagePtr>>(&list)) {
      for (const MessagePtr& m : *v) total += tag + measure_nested(*m);
      return total;
    }
    if (auto* v = std::get_if<std::vector<StringValue>>(&list)) {
      for (const StringValue& s : *v) total += tag + varint_size(s.view().size()) + s.view().size();
      return total;
    }
    if (f.wire == Wire::kFixed32 || f.wire == Wire::kFixed64)
      total = count * number_size(f, 0);
    else
      for (size_t i = 0; i < count; ++i) total += number_size(f, bits_at(list, i));
    if (!f.packed) return total + tag * count;
    lengths_.push_back(total);
    return tag + varint_size(total) + total;
  }

  size_t measure_slot(const FieldType& f, const Slot& s) {
    if (auto* m = std::get_if<std::unique_ptr<MapValue>>(&s.value)) {
      size_t total = 0;
      for (const MapEntry& e : (*m)->entries) total += varint_size(tag_of(f)) + measure_entry(f, e);
      return total;
    }
    if (auto* r = std::get_if<std::unique_ptr<Repeated>>(&s.value)) return measure_list(f, **r);
    size_t tag = varint_size(tag_of(f));
    if (auto* m = std::get_if<MessagePtr>(&s.value)) return tag + measure_nested(**m);
    if (auto* t = std::get_if<StringValue>(&s.value))
      return tag + varint_size(t->view().size()) + t->view().size();
    return tag + number_size(f, std::get<uint64_t>(s.value));
  }

  static void put(std::string_view s, char*& out) {
    if (!s.empty()) std::memcpy(out, s.data(), s.size());
    out += s.size();
  }
  static void put_varint(uint64_t v, char*& out) { out += protozero::add_varint_to_buffer(out, v); }
  static void put_string(std::string_view s, char*& out) {
    put_varint(s.size(), out);
    put(s, out);
  }
  static void put_number(const FieldType& f, uint64_t bits, char*& out) {
    if (f.wire == Wire::kFixed32) {
      auto v = uint32_t(bits);
      put({reinterpret_cast<const char*>(&v), sizeof v}, out);
    } else if (f.wire == Wire::kFixed64) {
      put({reinterpret_cast<const char*>(&bits), sizeof bits}, out);
    } else {
      put_varint(encoded(f, bits), out);
    }
  }

  void put_nested(const Message& m, char*& out) {
    put_varint(lengths_[next_++], out);
    write(m, out);
  }

  void write_single(const FieldType& f, const Single& v, char*& out) {
    put_varint(tag_of(f), out);
    if (auto* m = std::get_if<MessagePtr>(&v)) return put_nested(**m, out);
    if (auto* s = std::get_if<StringValue>(&v)) return put_string(s->view(), out);
    put_number(f, std::get<uint64_t>(v), out);
  }

  void write_entry(const FieldType& f, const MapEntry& e, char*& out) {
    put_varint(tag_of(f), out);
    put_varint(lengths_[next_++], out);
    const FieldType& kf = f.map_key();
    put_varint(tag_of(kf), out);
    if (kf.is_string())
      put_string(e.text.view(), out);
    else
      put_number(kf, e.number, out);
    write_single(f.map_value(), e.value, out);
  }

  void write_list(const FieldType& f, const Repeated& list, char*& out) {
    uint32_t tag = tag_of(f);
    if (auto* v = std::get_if<std::vector<MessagePtr>>(&list)) {
      for (const MessagePtr& m : *v) put_varint(tag, out), put_nested(*m, out);
      return;
    }
    if (auto* v = std::get_if<std::vector<StringValue>>(&list)) {
      for (const StringValue& s : *v) put_varint(tag, out), put_string(s.view(), out);
      return;
    }
    if (f.packed) {
      put_varint(tag, out);
      put_varint(lengths_[next_++], out);
    }
    for (size_t i = 0, n = list_size(list); i < n; ++i) {
      if (!f.packed) put_varint(tag, out);
      put_number(f, bits_at(list, i), out);
    }
  }

  void write_slot(const FieldType& f, const Slot& s, char*& out) {
    if (auto* m = std::get_if<std::unique_ptr<MapValue>>(&s.value)) {
      for (const MapEntry& e : (*m)->entries) write_entry(f, e, out);
      return;
    }
    if (auto* r = std::get_if<std::unique_ptr<Repeated>>(&s.value)) return write_list(f, **r, out);
    put_varint(tag_of(f), out);
    if (auto* m = std::get_if<MessagePtr>(&s.value)) return put_nested(**m, out);
    if (auto* t = std::get_if<StringValue>(&s.value)) return put_string(t->view(), out);
    put_number(f, std::get<uint64_t>(s.value), out);
  }

  // No reader accepts more (map entries, which readers count as a level, are not counted here).
  static constexpr int kMaxDepth = 100;

  std::vector<size_t> lengths_;
  int depth_ = 0;
  size_t next_ = 0;
};

size_t Message::byte_size() const { return WireWriter().measure(*this); }

void Message::serialize_to(std::string& out) const {
  WireWriter w;
  size_t had = out.size(), n = w.measure(*this);
  constexpr size_t kLimit = size_t(1) << 31;
  if (n >= kLimit)
    throw InvalidArgument(
        cat("The ", type_->name, " takes ", human_bytes(n),
            " in binary form; protocol buffers end at 2 GiB. Keep large weights outside of it."));
  out.resize(had + n);
  char* p = out.data() + had;
  w.write(*this, p);
}

std::string Message::serialize() const {
  std::string s;
  serialize_to(s);
  return s;
}

}  // namespace floe
