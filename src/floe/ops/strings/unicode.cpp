// Code points of strings and back.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/strings/utf8.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

enum class Encoding { kUtf8, kUtf16Be, kUtf16Le, kUtf32Be, kUtf32Le, kAscii, kLatin1 };

Encoding parse_encoding(const KernelInit& k, const char* attr) {
  std::string name;
  for (char c : k.attr<std::string>(attr))
    if (std::isalnum(static_cast<unsigned char>(c)))
      name += char(std::toupper(static_cast<unsigned char>(c)));
  if (name == "UTF8") return Encoding::kUtf8;
  if (name == "UTF16BE") return Encoding::kUtf16Be;
  if (name == "UTF16LE") return Encoding::kUtf16Le;
  if (name == "UTF32BE") return Encoding::kUtf32Be;
  if (name == "UTF32LE") return Encoding::kUtf32Le;
  if (name == "USASCII" || name == "ASCII") return Encoding::kAscii;
  if (name == "ISO88591" || name == "LATIN1") return Encoding::kLatin1;
  k.fail(cat("Could not create converter for input encoding: ", k.attr<std::string>(attr),
             "; known are UTF-8, UTF-16-BE, UTF-16-LE, UTF-32-BE, UTF-32-LE, US-ASCII and ISO-8859-1"));
}

// Reads one character of `s` and moves on; false when it is broken.
bool next_character(Encoding e, std::string_view s, size_t& at, char32_t& c) {
  auto unit = [&](size_t i, size_t n, bool little) {
    char32_t v = 0;
    for (size_t k = 0; k < n; ++k) v = v << 8 | uint8_t(s[i + (little ? n - 1 - k : k)]);
    return v;
  };
  size_t left = s.size() - at;
  switch (e) {
    case Encoding::kUtf8:
      return next_utf8(s, at, c);
    case Encoding::kAscii:
    case Encoding::kLatin1:
      c = uint8_t(s[at++]);
      return e == Encoding::kLatin1 || c < 0x80;
    case Encoding::kUtf32Be:
    case Encoding::kUtf32Le:
      if (left < 4) return at = s.size(), false;
      c = unit(at, 4, e == Encoding::kUtf32Le);
      at += 4;
      return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    default: {
      bool little = e == Encoding::kUtf16Le;
      if (left < 2) return at = s.size(), false;
      c = unit(at, 2, little);
      at += 2;
      if (c < 0xd800 || c > 0xdfff) return true;
      if (c > 0xdbff || left < 4) return false;
      char32_t low = unit(at, 2, little);
      if (low < 0xdc00 || low > 0xdfff) return false;
      at += 2;
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
      return true;
    }
  }
}

void put_character(Encoding e, std::string& s, char32_t c) {
  auto put = [&](char32_t v, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) s += char(v >> (8 * i));
  };
  if (e == Encoding::kUtf8) return put_utf8(s, c);
  if (e == Encoding::kUtf32Be) return put(c, 4);
  if (c < 0x10000) return put(c, 2);
  put(0xd800 + ((c - 0x10000) >> 10), 2);
  put(0xdc00 + (c & 0x3ff), 2);
}

// What is done about broken input and about control characters.
struct UnicodePolicy {
  enum { kStrict, kReplace, kIgnore } errors = kReplace;
  char32_t replacement = 0xfffd;
  bool replace_control = false;
};

UnicodePolicy parse_policy(const KernelInit& k) {
  UnicodePolicy p;
  const std::string& errors = k.attr<std::string>("errors");
  p.errors = errors == "strict"   ? UnicodePolicy::kStrict
             : errors == "ignore" ? UnicodePolicy::kIgnore
                                  : UnicodePolicy::kReplace;
  int64_t r = k.attr<int64_t>("replacement_char");
  if (r < 0 || r > 0x10ffff || (r >= 0xd800 && r <= 0xdfff))
    k.fail(cat("replacement_char out of unicode codepoint range, got ", r));
  p.replacement = char32_t(r);
  p.replace_control = k.attrs.has("replace_control_characters") && k.attr<bool>("replace_control_characters");
  return p;
}

// put(character, byte offset) for everything in `s`.
template <class F>
void each_character(KernelContext& c, Encoding e, const UnicodePolicy& p, std::string_view s, F&& put) {
  for (size_t at = 0; at < s.size();) {
    size_t from = at;
    char32_t x = 0;
    if (!next_character(e, s, at, x)) {
      if (p.errors == UnicodePolicy::kStrict) c.fail("Invalid formatting on input string");
      if (p.errors == UnicodePolicy::kReplace) put(p.replacement, from);
    } else {
      put(p.replace_control && x <= 0x1f ? p.replacement : x, from);
    }
  }
}

template <class T>
KernelFn decode_kernel(const KernelInit& k) {
  Encoding e = parse_encoding(k, "input_encoding");
  UnicodePolicy p = parse_policy(k);
  return [=](KernelContext& c) {
    auto in = c.input(0).flat<std::string>();
    std::vector<int32_t> characters;
    std::vector<int64_t> starts;
    Tensor& row_splits = c.allocate(0, dtype_of_v<T>, {int64_t(in.size()) + 1});
    T* splits = row_splits.template mutable_data<T>();
    *splits++ = 0;
    for (const std::string& s : in) {
      each_character(c, e, p, s, [&](char32_t x, size_t at) {
        characters.push_back(int32_t(x));
        starts.push_back(int64_t(at));
      });
      *splits++ = T(characters.size());
    }
    c.set_output(1, Tensor::vec(characters));
    if (c.num_outputs() > 2) c.set_output(2, Tensor::vec(starts));
  };
}

constexpr const char* kDecodeAttrs =
    "input_encoding:string; errors:{'strict','replace','ignore'}='replace'; replacement_char:int=65533; "
    "replace_control_characters:bool=false; Tsplits:{int32,int64}=int64";

void define_decode(OpBuilder& op, const char* out, bool offsets) {
  op.in("input:string").out(out).attrs(kDecodeAttrs);
  op.infer([](InferContext& c) {
    int64_t n = c.shape(0).is_fully_defined() ? c.shape(0).num_elements() + 1 : -1;
    c.set_output(0, {n});
    for (int i = 1; i < c.num_outputs(); ++i) c.set_output(i, {-1});
  });
  op.kernel([](const KernelInit& k) {
    return k.output_type(0) == DType::kInt32 ? decode_kernel<int32_t>(k) : decode_kernel<int64_t>(k);
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([offsets](Samples& s) {
    auto attrs = [](const char* encoding, const char* errors) {
      return AttrMap{{"input_encoding", std::string(encoding)}, {"errors", std::string(errors)}};
    };
    Tensor good = Tensor::of<std::string>({2, 2}, {"G\xc3\xb6"
                                                   "del",
                                                   "", "\xf0\x9f\x98\x8a!", "a\tb"});
    Tensor bad =
        Tensor::vec<std::string>({"\xff"
                                  "a\xc3",
                                  "\xe2\x82x", "\xed\xa0\x80", "\xf0\x80\x80\x80"});
    s.add({good}, attrs("UTF-8", "strict"));
    s.add({bad}, attrs("UTF-8", "replace"));
    s.add({bad}, attrs("UTF-8", "ignore"));
    AttrMap a = attrs("UTF-8", "replace");
    a.set("replace_control_characters", true);
    a.set("replacement_char", int64_t(32));
    s.add({good}, a);
    // TensorFlow 2.21 ends the process when splits are int32 and offsets are asked for.
    a.set("Tsplits", DType::kInt32);
    if (!offsets) s.add({good}, a);
    s.add({Tensor::vec<std::string>({std::string("\0a\xd8\x3d\xde\x0a", 6)})}, attrs("UTF-16-BE", "replace"));
    s.add({Tensor::vec<std::string>({std::string("\0\0\0a\0\1\xf6\x0a", 8)})}, attrs("UTF-32-BE", "replace"));
    s.add({Tensor::scalar("ab\xe9")}, attrs("ISO-8859-1", "replace"));
    s.fails("Invalid formatting on input string", {bad}, attrs("UTF-8", "strict"));
    s.fails("Could not create converter for input encoding: foo", {good}, attrs("foo", "strict"));
  });
}
FLOE_OP("UnicodeDecode", op) { define_decode(op, "row_splits:Tsplits, char_values:int32", false); }
FLOE_OP("UnicodeDecodeWithOffsets", op) {
  define_decode(op, "row_splits:Tsplits, char_values:int32, char_to_byte_starts:int64", true);
}

FLOE_OP("UnicodeTranscode", op) {
  op.in("input:string").out("output:string").infer(infer_unchanged).fails_on_values();
  op.attrs(
      "input_encoding:string; output_encoding:{'UTF-8','UTF-16-BE','UTF-32-BE'}; "
      "errors:{'strict','replace','ignore'}='replace'; replacement_char:int=65533; "
      "replace_control_characters:bool=false");
  op.kernel([](const KernelInit& k) -> KernelFn {
    Encoding from = parse_encoding(k, "input_encoding"), to = parse_encoding(k, "output_encoding");
    UnicodePolicy p = parse_policy(k);
    return [=](KernelContext& c) {
      std::string* out = c.out<std::string>(0);
      for (const std::string& s : c.input(0).flat<std::string>()) {
        out->clear();
        each_character(c, from, p, s, [&](char32_t x, size_t) { put_character(to, *out, x); });
        ++out;
      }
    };
  });
  op.samples([](Samples& s) {
    Tensor x =
        Tensor::vec<std::string>({"G\xc3\xb6"
                                  "del",
                                  "", "\xf0\x9f\x98\x8a!",
                                  "a\xff"
                                  "b"});
    for (const char* to : {"UTF-8", "UTF-16-BE", "UTF-32-BE"})
      s.add({x}, {{"input_encoding", std::string("UTF-8")}, {"output_encoding", std::string(to)}});
    s.fails("Invalid formatting on input string", {x},
            {{"input_encoding", std::string("UTF-8")},
             {"output_encoding", std::string("UTF-8")},
             {"errors", std::string("strict")}});
  });
}

template <class T>
KernelFn encode_kernel(const KernelInit& k) {
  Encoding to = parse_encoding(k, "output_encoding");
  UnicodePolicy p = parse_policy(k);
  return [=](KernelContext& c) {
    auto in = c.input(0).flat<int32_t>();
    auto splits = c.input(1).flat<T>();
    std::string* out = c.out<std::string>(0);
    if (splits.empty() || splits[0] != 0) c.fail("First value in input_splits must be zero.");
    if (size_t(splits.back()) != in.size())
      c.fail("Last value in input_splits must be equal to the number of values in input_values");
    for (size_t i = 0; i + 1 < splits.size(); ++i) {
      if (splits[i + 1] < splits[i]) c.fail("Values in input_splits must be equal or in ascending order.");
      if (size_t(splits[i + 1]) > in.size())
        c.fail("Values in input_splits must be less than or equal to input_tensor length.");
      out[i].clear();
      for (T j = splits[i]; j < splits[i + 1]; ++j) {
        char32_t x = char32_t(in[size_t(j)]);
        bool bad = x > 0x10ffff || (x >= 0xd800 && x <= 0xdfff);
        if (bad && p.errors == UnicodePolicy::kStrict)
          c.fail("Code point is out of range for Unicode, or a noncharacter.");
        if (bad && p.errors == UnicodePolicy::kIgnore) continue;
        put_character(to, out[i], bad ? p.replacement : x);
      }
    }
  };
}

FLOE_OP("UnicodeEncode", op) {
  op.in("input_values:int32, input_splits:Tsplits").out("output:string").fails_on_values();
  op.attrs(
      "errors:{'ignore','replace','strict'}='replace'; output_encoding:{'UTF-8','UTF-16-BE','UTF-32-BE'}; "
      "replacement_char:int=65533; Tsplits:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    c.with_rank(0, 1);
    Shape splits = c.with_rank(1, 1);
    c.set_output(0, {splits[0] < 0 ? -1 : std::max<int64_t>(splits[0] - 1, 0)});
  });
  op.kernel([](const KernelInit& k) {
    return k.input_type(1) == DType::kInt32 ? encode_kernel<int32_t>(k) : encode_kernel<int64_t>(k);
  });
  op.samples([](Samples& s) {
    Tensor x = Samples::i32({72, 233, 0x1f60a, 0xd800, 0xfffe, 0x110000, 33});
    for (const char* to : {"UTF-8", "UTF-16-BE", "UTF-32-BE"})
      for (const char* errors : {"replace", "ignore"})
        s.add({x, Samples::i64({0, 2, 2, 7})},
              {{"output_encoding", std::string(to)}, {"errors", std::string(errors)}});
    AttrMap a{{"output_encoding", std::string("UTF-8")}, {"errors", std::string("strict")}};
    s.fails("Code point is out of range for Unicode, or a noncharacter.", {x, Samples::i32({0, 7})}, a);
    s.fails("First value in input_splits must be zero.", {x, Samples::i32({1, 7})}, a);
  });
}

}  // namespace
}  // namespace floe
