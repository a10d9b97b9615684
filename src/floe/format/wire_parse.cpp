// Reads the binary form of messages.
#include <algorithm>
#include <bit>
#include <cstring>
#include <protozero/varint.hpp>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/file_kind.h"
#include "floe/format/message.h"

namespace floe {

namespace {
enum WireType : uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kLength = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5
};

WireType wire_type(Wire w) {
  switch (w) {
    case Wire::kFixed32:
      return WireType::kFixed32;
    case Wire::kFixed64:
      return WireType::kFixed64;
    case Wire::kLength:
      return WireType::kLength;
    default:
      return WireType::kVarint;
  }
}

size_t fixed_size(Wire w) { return w == Wire::kFixed32 ? 4 : w == Wire::kFixed64 ? 8 : 0; }

template <class T>
T load(const char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
}  // namespace

class WireParser {
 public:
  WireParser(const Bytes& data, const ParseOptions& options)
      : begin_(data.view.data()), options_(options), end_(begin_ + data.view.size()) {
    if (data.owner) {
      owner_ = StringOwner::share(data.owner);
    } else {
      owner_ = StringOwner::block(data.view.size());
      std::copy(begin_, end_, owner_->chars());
      begin_ = owner_->chars();
      end_ = begin_ + data.view.size();
    }
  }

  void parse(Message& m) {
    message_name_ = m.type().name;
    m.touch();
    try {
      parse_message(m, begin_, end_, nullptr, 1);
    } catch (...) {
      order_maps();
      throw;
    }
    order_maps();
  }

 private:
  // Where the parser is, for messages.
  struct Frame {
    const Frame* up;
    const Message* message;
    const FieldType* field;
    size_t index;
    const MapEntry* entry;
  };

  struct Cursor {
    const char* at;
    const char* end;
    const Frame* frame;
    int depth;
  };

  [[noreturn]] void fail(const char* at, const Frame* frame, const FieldType* field,
                         const std::string& what) const {
    std::string path;
    std::string owner;
    for (const Frame* f = frame; f; f = f->up) {
      if (f->up && f->up->entry) continue;  // the `value` of a map entry is the entry
      std::string part(f->field->name);
      if (f->field->map) {
        const MapEntry* e = f->entry;
        if (f->field->map_key().is_string() && !e->text.view().empty())
          part += cat("[\"", e->text.view().substr(0, 80), "\"]");
        else if (e->number)
          part += cat("[", int64_t(e->number), "]");
      } else if (f->field->repeated) {
        part += cat("[", f->index, "]");
      }
      path = path.empty() ? part : cat(part, ".", path);
      const FieldType* name = f->message ? f->message->type().by_name("name") : nullptr;
      if (owner.empty() && name && name->kind == Kind::kString && !name->repeated)
        owner = f->message->get_string(*name).substr(0, 200);
    }
    if (field) path += cat(path.empty() ? "" : ".", field->name);
    std::string where = path.empty() ? "" : cat(" in ", path);
    if (!owner.empty()) where += cat(" ('", owner, "')");
    throw DataLoss(cat("Damaged ", message_name_, " at byte ", at - begin_, where, ": ", what));
  }

  std::string too_long(uint64_t length, const Cursor& c) const {
    if (c.end == end_)
      return cat("a length of ", length, " bytes, but the data ends after ", c.end - c.at,
                 "; it is truncated or not of this format.");
    return cat("a length of ", length, " bytes, but the message around it ends after ", c.end - c.at, ".");
  }

  uint64_t varint(Cursor& c, const FieldType* field) const {
    const char* start = c.at;
    if (c.at < c.end && uint8_t(*c.at) < 0x80) return uint8_t(*c.at++);
    try {
      return protozero::decode_varint(&c.at, c.end);
    } catch (const protozero::varint_too_long_exception&) {
      fail(start, c.frame, field, "a number of more than ten bytes.");
    } catch (const protozero::exception&) {
      fail(start, c.frame, field,
           c.end == end_ ? "the data ends inside a number; it is truncated."
                         : "the message ends inside a number.");
    }
  }

  const char* take(Cursor& c, uint64_t n, const FieldType* field) const {
    if (n > uint64_t(c.end - c.at)) fail(c.at, c.frame, field, too_long(n, c));
    return std::exchange(c.at, c.at + n);
  }

  uint64_t number(Cursor& c, const FieldType& f) const {
    switch (f.wire) {
      case Wire::kFixed32: {
        auto v = load<uint32_t>(take(c, 4, &f));
        return f.kind == Kind::kInt32 ? uint64_t(int64_t(int32_t(v))) : v;
      }
      case Wire::kFixed64:
        return load<uint64_t>(take(c, 8, &f));
      case Wire::kZigzag: {
        int64_t v = protozero::decode_zigzag64(varint(c, &f));
        return f.kind == Kind::kInt32 ? uint64_t(int64_t(int32_t(v))) : uint64_t(v);
      }
      default:
        break;
    }
    uint64_t v = varint(c, &f);
    switch (f.kind) {
      case Kind::kBool:
        return v != 0;
      case Kind::kInt32:
      case Kind::kEnum:
        return uint64_t(int64_t(int32_t(v)));
      case Kind::kUint32:
        return uint32_t(v);
      default:
        return v;
    }
  }

  StringValue string(Cursor& c, const FieldType& f) const {
    uint64_t n = varint(c, &f);
    const char* p = take(c, n, &f);
    std::string_view s(p, n);
    if (f.kind == Kind::kString && !valid_utf8(s)) fail(p, c.frame, &f, "text that is not valid UTF-8.");
    return s.empty() ? StringValue() : StringValue(s, owner_);
  }

  void packed(Cursor& c, const FieldType& f, Repeated& list) const {
    uint64_t n = varint(c, &f);
    const char* start = c.at;
    const char* p = take(c, n, &f);
    size_t size = fixed_size(f.wire);
    if (size == 0) {
      Cursor inner{p, p + n, c.frame, c.depth};
      while (inner.at < inner.end) append_bits(list, number(inner, f));
      return;
    }
    if (n % size) fail(start, c.frame, &f, cat("a list of ", n, " bytes, not a multiple of ", size, "."));
    std::visit(
        [&]<class T>(std::vector<T>& v) {
          if constexpr (std::is_arithmetic_v<T>) {
            if (sizeof(T) != size || n == 0) return;
            size_t had = v.size();
            v.resize(had + n / size);
            std::memcpy(v.data() + had, p, n);
          }
        },
        list);
  }

  void count_message(const Cursor& c, const FieldType& f) {
    if (++messages_ > options_.max_messages)
      fail(c.at, c.frame, &f, cat("more than ", with_commas(int64_t(options_.max_messages)), " messages."));
  }

  void sub_message(Cursor& c, const FieldType& f, Message& m, const Frame& frame) {
    count_message(c, f);
    const Frame* outer = std::exchange(c.frame, &frame);
    uint64_t n = varint(c, nullptr);
    if (c.depth >= options_.max_depth)
      fail(c.at, &frame, nullptr, cat("messages nested deeper than ", options_.max_depth, " levels."));
    const char* p = c.at;
    if (n > uint64_t(c.end - p) && c.end == end_)
      parse_message(m, p, end_, &frame, c.depth + 1);  // names the place inside
    take(c, n, nullptr);
    parse_message(m, p, p + n, &frame, c.depth + 1);
    c.frame = outer;
  }

  void map_entry(Cursor& c, const FieldType& f, Message& parent, MapValue& map) {
    const FieldType& vf = f.map_value();
    MapEntry e;
    if (vf.is_message())
      e.value = Message::make(*vf.message);
    else if (vf.is_string())
      e.value = StringValue();
    count_message(c, f);
    Frame frame{c.frame, &parent, &f, 0, &e};
    const Frame* outer = std::exchange(c.frame, &frame);
    uint64_t n = varint(c, nullptr);
    if (c.depth >= options_.max_depth)
      fail(c.at, &frame, nullptr, cat("messages nested deeper than ", options_.max_depth, " levels."));
    const char* p = c.at;
    if (n > uint64_t(c.end - p) && c.end == end_) parse_entry({p, end_, &frame, c.depth + 1}, f, e);
    take(c, n, nullptr);
    parse_entry({p, p + n, &frame, c.depth + 1}, f, e);
    c.frame = outer;
    bool was_ordered = map.ordered;
    append_entry(f, map, std::move(e));
    if (was_ordered && !map.ordered) unordered_.emplace_back(&parent);
  }

  void parse_entry(Cursor c, const FieldType& f, MapEntry& e) {
    const FieldType &kf = f.map_key(), &vf = f.map_value();
    const Frame value_frame{c.frame, nullptr, &vf, 0, nullptr};
    while (c.at < c.end) {
      const char* start = c.at;
      uint32_t tag = read_tag(c);
      if (tag == (1u << 3 | wire_type(kf.wire))) {
        if (kf.is_string())
          e.text = string(c, kf);
        else
          e.number = number(c, kf);
      } else if (tag == (2u << 3 | wire_type(vf.wire))) {
        if (auto* sub = std::get_if<MessagePtr>(&e.value))
          sub_message(c, vf, **sub, value_frame);
        else if (vf.is_string())
          e.value = string(c, vf);
        else
          e.value = number(c, vf);
      } else {
        skip(c, tag, start, 0);
      }
    }
  }

  // At the very end: a message may come in many pieces, and ordering after each would take quadratic time.
  void order_maps() {
    for (const MessagePtr& m : unordered_)
      for (Slot& s : m->slots_)
        if (auto* map = std::get_if<std::unique_ptr<MapValue>>(&s.value))
          order_map(m->type().fields[s.field], **map);
    unordered_.clear();
  }

  uint32_t read_tag(Cursor& c) const {
    const char* start = c.at;
    uint64_t tag = varint(c, nullptr);
    if (tag >> 32 || tag >> 3 == 0)
      fail(start, c.frame, nullptr, cat("no field can have the tag ", tag, "."));
    return uint32_t(tag);
  }

  void skip(Cursor& c, uint32_t tag, const char* start, int groups) const {
    switch (tag & 7) {
      case WireType::kVarint:
        varint(c, nullptr);
        return;
      case WireType::kFixed64:
        take(c, 8, nullptr);
        return;
      case WireType::kFixed32:
        take(c, 4, nullptr);
        return;
      case WireType::kLength: {
        uint64_t n = varint(c, nullptr);
        take(c, n, nullptr);
        return;
      }
      case WireType::kStartGroup:
        if (c.depth + groups >= options_.max_depth)
          fail(start, c.frame, nullptr, cat("groups nested deeper than ", options_.max_depth, " levels."));
        while (true) {
          if (c.at == c.end) fail(start, c.frame, nullptr, "a group without an end.");
          const char* inner = c.at;
          uint32_t t = read_tag(c);
          if (t == (tag & ~7u) + WireType::kEndGroup) return;
          skip(c, t, inner, groups + 1);
        }
      default:
        fail(start, c.frame, nullptr, cat("wire type ", tag & 7, " where field ", tag >> 3, " starts."));
    }
  }

  void keep_unknown(Message& m, const char* from, const char* to) const {
    if (!m.unknown_) m.unknown_ = std::make_unique<std::vector<StringValue>>();
    auto& parts = *m.unknown_;
    if (!parts.empty() && parts.back().owner() == owner_ &&
        parts.back().view().data() + parts.back().view().size() == from)
      parts.back() =
          StringValue({parts.back().view().data(), size_t(to - parts.back().view().data())}, owner_);
    else
      parts.emplace_back(std::string_view(from, size_t(to - from)), owner_);
  }

  void parse_message(Message& m, const char* p, const char* end, const Frame* frame, int depth) {
    Cursor c{p, end, frame, depth};
    const MessageType& type = m.type();
    while (c.at < c.end) {
      const char* start = c.at;
      uint32_t tag = read_tag(c);
      const FieldType* f = type.by_number(tag >> 3);
      uint32_t wire = tag & 7;
      if (f && wire == wire_type(f->wire)) {
        parse_field(c, m, *f);
      } else if (f && f->repeated && wire == WireType::kLength) {
        packed(c, *f, m.make_repeated(*f));
      } else {
        skip(c, tag, start, 0);
        keep_unknown(m, start, c.at);
      }
    }
  }

  void parse_field(Cursor& c, Message& m, const FieldType& f) {
    if (f.map) return map_entry(c, f, m, m.make_map(f));
    if (f.repeated) {
      Repeated& list = m.make_repeated(f);
      if (f.is_message()) {
        auto& v = std::get<std::vector<MessagePtr>>(list);
        Frame frame{c.frame, nullptr, &f, v.size(), nullptr};
        MessagePtr sub = v.emplace_back(Message::make(*f.message));
        frame.message = sub.get();
        sub_message(c, f, *sub, frame);
      } else if (f.is_string()) {
        std::get<std::vector<StringValue>>(list).push_back(string(c, f));
      } else {
        append_bits(list, number(c, f));
      }
      return;
    }
    if (f.is_message()) {
      MessagePtr sub(&m.mutable_message(f));
      Frame frame{c.frame, sub.get(), &f, 0, nullptr};
      sub_message(c, f, *sub, frame);
    } else if (f.is_string()) {
      m.store_string(f, string(c, f));
    } else {
      m.store_bits(f, number(c, f));
    }
  }

  const char* begin_;
  const ParseOptions& options_;
  const char* end_;
  Ref<StringOwner> owner_;
  std::string_view message_name_;
  size_t messages_ = 0;
  std::vector<MessagePtr> unordered_;
};

void Message::merge_from_bytes(const Bytes& data, const ParseOptions& options) {
  try {
    WireParser(data, options).parse(*this);
  } catch (const DataLoss& e) {
    FileKind kind = recognise(data.view);
    if (kind == FileKind::kUnknown || is_protocol_buffer(kind)) throw;
    throw DataLoss(cat(e.what(), " The data is ", describe(kind), "."));
  }
}

void Message::parse(const Bytes& data, const ParseOptions& options) {
  clear();
  merge_from_bytes(data, options);
}

MessagePtr Message::parse(const MessageType& type, const Bytes& data, const ParseOptions& options) {
  MessagePtr m = make(type);
  m->merge_from_bytes(data, options);
  return m;
}

}  // namespace floe
