// Reads the text form of messages.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/file_kind.h"
#include "floe/format/message.h"
#include "floe/format/schema.h"

namespace floe {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_char(char c) { return is_letter(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool put_utf8(std::string& out, uint32_t c) {
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xc0 | c >> 6);
    out += char(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += char(0xe0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  } else {
    out += char(0xf0 | c >> 18);
    out += char(0x80 | (c >> 12 & 0x3f));
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  }
  return true;
}

}  // namespace

class TextParser {
 public:
  TextParser(std::string_view text, const ParseOptions& options)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), options_(options) {
    if (text.starts_with("\xef\xbb\xbf")) at_ += 3;
  }

  void parse(Message& m) {
    skip_space();
    parse_fields(m, 0, at_, 1);
  }

 private:
  [[noreturn]] void fail(const char* where, const std::string& what) const {
    size_t line = 1;
    const char* start = begin_;
    for (const char* p = begin_; p < where; ++p)
      if (*p == '\n') ++line, start = p + 1;
    FileKind kind = recognise({begin_, size_t(end_ - begin_)});
    std::string hint = is_protocol_buffer(kind) ? cat(" The data is ", describe(kind), ".") : "";
    throw InvalidArgument(cat(line, ":", where - start + 1, ": ", what, hint));
  }

  std::string found(const char* p) const {
    if (p == end_) return "the end of the text";
    const char* q = p;
    while (q < end_ && q - p < 40 && is_name_char(*q)) ++q;
    if (q > p) return cat("'", std::string_view(p, size_t(q - p)), "'");
    auto c = uint8_t(*p);
    if (c >= 0x20 && c < 0x7f) return cat("'", *p, "'");
    constexpr char kHex[] = "0123456789abcdef";
    return cat("the byte 0x", kHex[c >> 4], kHex[c & 15]);
  }

  void skip_space() {
    while (at_ < end_) {
      if (*at_ == '#') {
        while (at_ < end_ && *at_ != '\n') ++at_;
      } else if (is_space(*at_)) {
        ++at_;
      } else {
        return;
      }
    }
  }

  bool accept(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    skip_space();
    return true;
  }

  std::string_view identifier() {
    const char* p = at_;
    if (at_ < end_ && is_letter(*at_))
      while (at_ < end_ && is_name_char(*at_)) ++at_;
    std::string_view name(p, size_t(at_ - p));
    skip_space();
    return name;
  }

  [[noreturn]] void fail_field(const char* where, const MessageType& type, std::string_view name) const {
    std::vector<std::string> names;
    for (const FieldType& f : type.fields) names.emplace_back(f.name);
    fail(where, cat("Message type \"", type.full_name, "\" has no field named \"", name, "\".",
                    did_you_mean(name, names)));
  }

  void parse_fields(Message& m, char close, const char* opened, int depth) {
    if (depth > options_.max_depth)
      fail(at_, cat("messages nested deeper than ", options_.max_depth, " levels."));
    while (true) {
      if (at_ == end_) {
        if (close == 0) return order_maps(m);
        auto line = std::count(begin_, opened, '\n') + 1;
        fail(at_, cat("expected '", close, "' for the message opened in line ", line,
                      ", found the end of the text."));
      }
      if (close != 0 && accept(close)) return order_maps(m);
      parse_field(m, depth);
      if (!accept(',')) accept(';');
    }
  }

  static void order_maps(Message& m) {
    for (Slot& s : m.slots_)
      if (auto* map = std::get_if<std::unique_ptr<MapValue>>(&s.value))
        order_map(m.type().fields[s.field], **map);
  }

  void parse_field(Message& m, int depth) {
    const char* start = at_;
    const MessageType& type = m.type();
    if (*at_ == '[') return parse_bracketed(m, depth);
    std::string_view name = identifier();
    if (name.empty())
      fail(start, cat("expected the name of a field of ", type.full_name, ", found ", found(start), "."));
    const FieldType* f = type.by_name(name);
    if (!f) fail_field(start, type, name);
    check_unset(m, *f, start);
    bool colon = accept(':');
    if (!colon && !f->is_message())
      fail(at_, cat("expected ':' after '", name, "', found ", found(at_), "."));
    if (f->repeated && accept('[')) {
      if (accept(']')) return;
      do {
        parse_value(m, *f, depth);
      } while (accept(','));
      if (!accept(']')) fail(at_, cat("expected ',' or ']', found ", found(at_), "."));
      return;
    }
    parse_value(m, *f, depth);
  }

  void check_unset(const Message& m, const FieldType& f, const char* start) const {
    if (f.repeated) return;
    if (m.is_set(f))
      fail(start, cat("Message type \"", m.type().full_name, "\" should not have multiple \"", f.name,
                      "\" fields."));
    if (f.oneof < 0) return;
    std::string_view oneof = m.type().oneofs[size_t(f.oneof)];
    if (const FieldType* other = m.which_oneof(oneof))
      fail(start,
           cat("Field \"", f.name, "\" is specified along with field \"", other->name,
               "\", another member of oneof \"", oneof, "\" for message type \"", m.type().full_name, "\"."));
  }

  // `[url/of.Type] { ... }`: the long form of an Any.
  void parse_bracketed(Message& m, int depth) {
    const char* start = at_++;
    const char* close = std::find(at_, end_, ']');
    std::string url(at_, close);
    if (close == end_ || url.size() > 1000) fail(start, "'[' without ']'.");
    std::erase_if(url, is_space);
    if (m.type().full_name != "google.protobuf.Any")
      fail(start, cat("Message type \"", m.type().full_name, "\" has no extension \"", url, "\"."));
    size_t slash = url.rfind('/');
    const MessageType* type =
        slash == url.npos ? nullptr : schema::find_message(std::string_view(url).substr(slash + 1));
    if (!type) fail(start, cat("the message type of '", url, "' is not known."));
    at_ = close + 1;
    skip_space();
    accept(':');
    MessagePtr inner = Message::make(*type);
    parse_nested(*inner, depth);
    m.set_string("type_url", url);
    m.set_bytes("value", own_bytes(inner->serialize()));
  }

  void parse_nested(Message& m, int depth) {
    const char* opened = at_;
    char close = accept('{') ? '}' : accept('<') ? '>' : 0;
    if (close == 0) fail(at_, cat("expected '{', found ", found(at_), "."));
    if (++messages_ > options_.max_messages)
      fail(opened, cat("more than ", with_commas(int64_t(options_.max_messages)), " messages."));
    parse_fields(m, close, opened, depth + 1);
  }

  void parse_value(Message& m, const FieldType& f, int depth) {
    if (f.map) return parse_entry(m, f, depth);
    if (f.is_message()) return parse_nested(f.repeated ? m.add_message(f) : m.mutable_message(f), depth);
    const char* start = at_;
    if (f.is_string()) {
      std::string s = parse_string();
      if (f.kind == Kind::kString && !valid_utf8(s))
        fail(start, cat("the text of '", f.name, "' is not valid UTF-8."));
      if (f.repeated)
        m.add(f, std::string_view(s));
      else if (s.size() > 4096)
        m.set_bytes(f, own_bytes(std::move(s)));
      else
        m.set_string(f, s);
      return;
    }
    uint64_t bits = parse_number(f);
    if (f.repeated)
      append_bits(m.make_repeated(f), bits);
    else
      m.store_bits(f, bits);
  }

  void parse_entry(Message& m, const FieldType& f, int depth) {
    MessagePtr entry = Message::make(*f.message);
    parse_nested(*entry, depth);
    const FieldType &kf = f.map_key(), &vf = f.map_value();
    MapEntry e;
    if (const Slot* s = entry->find(kf)) {
      if (kf.is_string())
        e.text = std::get<StringValue>(s->value);
      else
        e.number = std::get<uint64_t>(s->value);
    }
    if (vf.is_message())
      e.value = MessagePtr(&entry->mutable_message(vf));
    else if (vf.is_string())
      e.value = StringValue(entry->get_string(vf));
    else
      e.value = entry->bits(vf);
    append_entry(f, m.make_map(f), std::move(e));
  }

  std::string parse_string() {
    if (at_ == end_ || (*at_ != '"' && *at_ != '\''))
      fail(at_, cat("Expected string but found: ", found(at_), "."));
    std::string s;
    while (at_ < end_ && (*at_ == '"' || *at_ == '\'')) {
      parse_quoted(s);
      skip_space();
    }
    return s;
  }

  void parse_quoted(std::string& s) {
    const char* start = at_;
    char quote = *at_++;
    while (true) {
      const char* p = at_;
      while (at_ < end_ && *at_ != quote && *at_ != '\\' && *at_ != '\n') ++at_;
      s.append(p, at_);
      if (at_ == end_ || *at_ == '\n') fail(start, "a string without an end.");
      if (*at_++ == quote) return;
      parse_escape(s);
    }
  }

  void parse_escape(std::string& s) {
    const char* start = at_ - 1;
    if (at_ == end_) fail(start, "a string without an end.");
    char c = *at_++;
    constexpr std::string_view kNames = "nrtabfv\\'\"?", kMeanings = "\n\r\t\a\b\f\v\\'\"?";
    if (size_t i = kNames.find(c); i != kNames.npos) {
      s += kMeanings[i];
    } else if (c >= '0' && c <= '7') {
      unsigned v = unsigned(c - '0');
      for (int i = 0; i < 2 && at_ < end_ && *at_ >= '0' && *at_ <= '7'; ++i)
        v = v * 8 + unsigned(*at_++ - '0');
      if (v > 255) fail(start, "an octal escape beyond \\377.");
      s += char(v);
    } else if (c == 'x' || c == 'X') {
      unsigned v = 0;
      int n = 0;
      for (; n < 2 && at_ < end_ && hex_digit(*at_) >= 0; ++n) v = v * 16 + unsigned(hex_digit(*at_++));
      if (n == 0) fail(start, "'\\x' without hexadecimal digits.");
      s += char(v);
    } else if (c == 'u' || c == 'U') {
      uint32_t v = 0;
      for (int i = 0, n = c == 'u' ? 4 : 8; i < n; ++i) {
        if (at_ == end_ || hex_digit(*at_) < 0)
          fail(start, cat("'\\", c, "' needs ", n, " hexadecimal digits."));
        v = v << 4 | uint32_t(hex_digit(*at_++));
      }
      if (!put_utf8(s, v)) fail(start, "no Unicode character has this number.");
    } else {
      fail(start, cat("unknown escape '\\", c >= 0x20 && c < 0x7f ? std::string(1, c) : "", "'."));
    }
  }

  // A name or a number without its sign.
  std::string_view word() {
    const char* p = at_;
    while (at_ < end_) {
      bool exponent_sign = (*at_ == '-' || *at_ == '+') && at_ > p && is_digit(*p) && (at_[-1] | 0x20) == 'e';
      if (!is_name_char(*at_) && *at_ != '.' && !exponent_sign) break;
      ++at_;
    }
    std::string_view w(p, size_t(at_ - p));
    skip_space();
    return w;
  }

  uint64_t parse_number(const FieldType& f) {
    const char* start = at_;
    bool negative = accept('-');
    std::string_view w = word();
    switch (f.kind) {
      case Kind::kBool:
        if (!negative && (w == "true" || w == "t" || w == "True" || w == "1")) return 1;
        if (!negative && (w == "false" || w == "f" || w == "False" || w == "0")) return 0;
        fail(start, cat("Expected true or false for '", f.name, "', found ", found(start), "."));
      case Kind::kFloat:
      case Kind::kDouble:
        return to_bits(f, parse_double(f, start, negative, w));
      case Kind::kEnum:
        if (!negative && !w.empty() && is_letter(w[0])) {
          try {
            return to_bits(f, w);
          } catch (const InvalidArgument& e) {
            fail(start, e.what());
          }
        }
        [[fallthrough]];
      default:
        return parse_integer(f, start, negative, w);
    }
  }

  uint64_t parse_integer(const FieldType& f, const char* start, bool negative, std::string_view w) const {
    int base = 10;
    std::string_view digits = w;
    if (w.size() > 2 && w[0] == '0' && (w[1] | 0x20) == 'x')
      base = 16, digits.remove_prefix(2);
    else if (w.size() > 1 && w[0] == '0')
      base = 8, digits.remove_prefix(1);
    uint64_t v = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), v, base);
    if (digits.empty() || end != digits.data() + digits.size() || error == std::errc::invalid_argument)
      fail(start,
           cat("Expected ", f.kind == Kind::kEnum ? cat("a value of ", f.enum_type->full_name) : "an integer",
               " for '", f.name, "', found ", negative ? cat("'-", w, "'") : found(start), "."));
    constexpr uint64_t kLowest = uint64_t(1) << 63;
    if (error != std::errc() || (negative && v > kLowest))
      fail(start, cat("Value out of range: ", negative ? "-" : "", w));
    try {
      if (negative) return to_bits(f, int64_t(0 - v));
      return to_bits(f, v);
    } catch (const InvalidArgument& e) {
      fail(start, e.what());
    }
  }

  double parse_double(const FieldType& f, const char* start, bool negative, std::string_view w) const {
    std::string lower(w);
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = char(c | 0x20);
    double v = 0;
    if (lower == "inf" || lower == "infinity" || lower == "inff" || lower == "infinityf") {
      v = std::numeric_limits<double>::infinity();
    } else if (lower == "nan" || lower == "nanf") {
      v = std::numeric_limits<double>::quiet_NaN();
    } else {
      if (lower.ends_with('f') && !lower.starts_with("0x")) lower.pop_back();
      const char* last = lower.data() + lower.size();
      bool hex = lower.starts_with("0x");
      uint64_t n = 0;
      std::from_chars_result r =
          hex ? std::from_chars(lower.data() + 2, last, n, 16) : std::from_chars(lower.data(), last, v);
      bool digits = !lower.empty() && (is_digit(lower[0]) || lower[0] == '.');
      if (!digits || r.ptr != last || r.ec == std::errc::invalid_argument)
        fail(start, cat("Expected a number for '", f.name, "', found ", found(start), "."));
      if (hex)
        v = double(n);
      else if (r.ec == std::errc::result_out_of_range)
        v = lower.find("e-") == lower.npos ? std::numeric_limits<double>::infinity() : 0.0;
    }
    return negative ? -v : v;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  const ParseOptions& options_;
  size_t messages_ = 0;
};

void Message::parse_text(std::string_view text, const ParseOptions& options) {
  clear();
  TextParser(text, options).parse(*this);
}

void Message::merge_from_text(std::string_view text, const ParseOptions& options) {
  MessagePtr m = make(*type_);
  TextParser(text, options).parse(*m);
  merge_from(*m);
}

MessagePtr Message::parse_text(const MessageType& type, std::string_view text, const ParseOptions& options) {
  MessagePtr m = make(type);
  TextParser(text, options).parse(*m);
  return m;
}

}  // namespace floe
