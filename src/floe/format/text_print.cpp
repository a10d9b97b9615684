// Writes the text form of messages.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/format/message.h"
#include "floe/format/schema.h"

namespace floe {

namespace {

void put_general(std::string& out, double v, int precision) {
  char buf[40];
  auto r = std::to_chars(buf, buf + sizeof buf, v, std::chars_format::general, precision);
  out.append(buf, r.ptr);
}

double read_back(const std::string& s) {
  double v = 0;
  std::from_chars(s.data(), s.data() + s.size(), v);
  return v;
}

bool put_special(std::string& out, double v) {
  if (std::isfinite(v)) return false;
  out += std::isnan(v) ? "nan" : v < 0 ? "-inf" : "inf";
  return true;
}

// Python's repr of a float: the shortest digits, plain between 1e-4 and 1e16, always a sign of being one.
void put_repr(std::string& out, double v) {
  char buf[40];
  auto r = std::to_chars(buf, buf + sizeof buf, v, std::chars_format::scientific);
  std::string_view s(buf, size_t(r.ptr - buf));
  size_t e = s.find('e');
  int exponent = 0;
  std::from_chars(s.data() + e + (s[e + 1] == '+' ? 2 : 1), s.data() + s.size(), exponent);
  if (exponent < -4 || exponent >= 16) {
    out += s;
    return;
  }
  if (s[0] == '-') out += '-', s.remove_prefix(1), --e;
  std::string digits(s.substr(0, e));
  std::erase(digits, '.');
  if (exponent < 0) {
    out += "0.";
    out.append(size_t(-exponent - 1), '0');
    out += digits;
    return;
  }
  size_t whole = size_t(exponent) + 1;
  if (digits.size() < whole + 1) digits.append(whole + 1 - digits.size(), '0');
  digits.insert(whole, ".");
  out += digits;
}

std::string shortest_float(float v, int longer) {
  std::string s;
  for (int precision = 6; precision <= 9; precision += longer) {
    s.clear();
    put_general(s, v, precision);
    if (float(read_back(s)) == v) break;
  }
  return s;
}

void put_float(std::string& out, float v, TextStyle style) {
  if (put_special(out, v)) return;
  if (style == TextStyle::kStr)
    out += shortest_float(v, 3);
  else
    put_repr(out, read_back(shortest_float(v, 1)));
}

void put_double(std::string& out, double v, TextStyle style) {
  if (put_special(out, v)) return;
  if (style == TextStyle::kTextFormat) return put_repr(out, v);
  std::string s;
  put_general(s, v, 15);
  if (read_back(s) != v) {
    s.clear();
    put_general(s, v, 17);
  }
  out += s;
}

void put_quoted(std::string& out, std::string_view s, bool keep_high) {
  out += '"';
  for (char ch : s) {
    auto c = uint8_t(ch);
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '"':
      case '\'':
      case '\\':
        out += '\\';
        out += ch;
        break;
      default:
        if (c < 0x20 || c == 0x7f || (c >= 0x80 && !keep_high)) {
          const char octal[] = {'\\', char('0' + (c >> 6)), char('0' + (c >> 3 & 7)), char('0' + (c & 7))};
          out.append(octal, 4);
        } else {
          out += ch;
        }
    }
  }
  out += '"';
}

}  // namespace

class TextPrinter {
 public:
  explicit TextPrinter(TextStyle style) : style_(style) {}

  void print(const Message& m) {
    if (style_ == TextStyle::kTextFormat && m.type().full_name == "google.protobuf.Any" && print_any(m))
      return;
    for (const Slot& s : m.slots_) {
      if (!Message::present(s)) continue;
      const FieldType& f = m.type().fields[s.field];
      if (auto* map = std::get_if<std::unique_ptr<MapValue>>(&s.value)) {
        for (const MapEntry& e : (*map)->entries) print_entry(f, e);
      } else if (auto* list = std::get_if<std::unique_ptr<Repeated>>(&s.value)) {
        print_list(f, **list);
      } else if (auto* sub = std::get_if<MessagePtr>(&s.value)) {
        print_nested(f.name, **sub);
      } else if (auto* text = std::get_if<StringValue>(&s.value)) {
        print_string(f, text->view());
      } else {
        print_number(f, std::get<uint64_t>(s.value));
      }
    }
  }

  std::string take() { return std::move(out_); }

 private:
  // Messages inside of Any are not bounded by the parser's depth.
  static constexpr int kMaxAnyDepth = 10;

  // An Any of a known type shows what is in it.
  bool print_any(const Message& any) {
    std::string_view url = any.get_string("type_url");
    size_t slash = url.rfind('/');
    const MessageType* type = slash == url.npos ? nullptr : schema::find_message(url.substr(slash + 1));
    if (!type || any_depth_ == kMaxAnyDepth) return false;
    MessagePtr inner;
    try {
      inner = Message::parse(*type, any.get_bytes("value"));
    } catch (const Error&) {
      return false;
    }
    ++any_depth_;
    print_nested(cat("[", url, "]"), *inner);
    --any_depth_;
    return true;
  }

  void start(std::string_view name, std::string_view after) {
    out_.append(indent_, ' ');
    out_ += name;
    out_ += after;
  }

  void print_nested(std::string_view name, const Message& m) {
    start(name, " {\n");
    indent_ += 2;
    print(m);
    indent_ -= 2;
    start("}\n", "");
  }

  void print_string(const FieldType& f, std::string_view s) {
    start(f.name, ": ");
    put_quoted(out_, s, f.kind == Kind::kString);
    out_ += '\n';
  }

  void print_number(const FieldType& f, uint64_t bits) {
    start(f.name, ": ");
    switch (f.kind) {
      case Kind::kFloat:
        put_float(out_, std::bit_cast<float>(uint32_t(bits)), style_);
        break;
      case Kind::kDouble:
        put_double(out_, std::bit_cast<double>(bits), style_);
        break;
      case Kind::kBool:
        out_ += bits ? "true" : "false";
        break;
      case Kind::kUint32:
      case Kind::kUint64:
        out_ += cat(bits);
        break;
      case Kind::kEnum:
        if (const EnumValue* v = f.enum_type->by_number(int32_t(bits))) {
          out_ += v->name;
          break;
        }
        [[fallthrough]];
      default:
        out_ += cat(int64_t(bits));
    }
    out_ += '\n';
  }

  void print_single(const FieldType& f, const Single& v) {
    if (auto* m = std::get_if<MessagePtr>(&v)) return print_nested(f.name, **m);
    if (auto* s = std::get_if<StringValue>(&v)) return print_string(f, s->view());
    print_number(f, std::get<uint64_t>(v));
  }

  // text_format leaves out keys and values that are zero or "", str() does not.
  bool shown(const FieldType& f, bool set) const { return set || f.presence || style_ == TextStyle::kStr; }

  static bool is_default(const Single& v) {
    if (auto* s = std::get_if<StringValue>(&v)) return s->view().empty();
    auto* bits = std::get_if<uint64_t>(&v);
    return bits && *bits == 0;
  }

  void print_entry(const FieldType& f, const MapEntry& e) {
    start(f.name, " {\n");
    indent_ += 2;
    const FieldType &kf = f.map_key(), &vf = f.map_value();
    if (kf.is_string() && shown(kf, !e.text.view().empty()))
      print_string(kf, e.text.view());
    else if (!kf.is_string() && shown(kf, e.number != 0))
      print_number(kf, e.number);
    if (shown(vf, !is_default(e.value))) print_single(vf, e.value);
    indent_ -= 2;
    start("}\n", "");
  }

  void print_list(const FieldType& f, const Repeated& list) {
    if (auto* v = std::get_if<std::vector<MessagePtr>>(&list)) {
      for (const MessagePtr& m : *v) print_nested(f.name, *m);
    } else if (auto* s = std::get_if<std::vector<StringValue>>(&list)) {
      for (const StringValue& t : *s) print_string(f, t.view());
    } else {
      for (size_t i = 0, n = list_size(list); i < n; ++i) print_number(f, bits_at(list, i));
    }
  }

  TextStyle style_;
  std::string out_;
  size_t indent_ = 0;
  int any_depth_ = 0;
};

std::string Message::print_text(TextStyle style) const {
  TextPrinter p(style);
  p.print(*this);
  return p.take();
}

}  // namespace floe
