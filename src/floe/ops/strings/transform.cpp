// Ops that turn each string into another: joining, trimming, case, parts, lengths.
#include <utf8proc.h>

#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/broadcast.h"
#include "floe/ops/strings/parse_number.h"
#include "floe/ops/strings/utf8.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

template <class F>
void map_text(KernelContext& c, F&& f) {
  const std::string* in = c.in<std::string>(0);
  std::string* out = c.out<std::string>(0);
  for (int64_t i = 0, n = c.input(0).num_elements(); i < n; ++i) out[i] = f(in[i]);
}

FLOE_OP("StringJoin", op) {
  op.in("inputs:N*string").out("output:string").attrs("N:int>=0; separator:string=''");
  op.infer([](InferContext& c) {
    Shape s;
    bool scalars_only = true;
    for (int i = 0; i < c.num_inputs(); ++i) {
      const Shape& in = c.shape(i);
      if (in.rank() == 0) continue;
      if (!scalars_only && !s.is_compatible_with(in))
        c.fail(cat("Input shapes do not match: ", s.str(), " and ", in.str()));
      s = scalars_only ? in : merge_shapes(s, in);
      scalars_only = false;
    }
    c.set_output(0, s);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string separator = k.attr<std::string>("separator");
    return [separator](KernelContext& c) {
      Shape shape;
      for (int i = 0; i < c.num_inputs(); ++i)
        if (c.input(i).rank()) shape = c.input(i).shape();
      for (int i = 0; i < c.num_inputs(); ++i)
        if (c.input(i).rank() && !(c.input(i).shape() == shape))
          c.fail(cat("Input shapes do not match: ", shape.str(), " and ", c.input(i).shape().str()));
      Tensor& out = c.allocate(0, DType::kString, shape);
      for (int64_t j = 0; j < out.num_elements(); ++j)
        for (int i = 0; i < c.num_inputs(); ++i) {
          std::string& to = out.mutable_data<std::string>()[j];
          if (i) to += separator;
          to += c.in<std::string>(i)[c.input(i).rank() ? j : 0];
        }
    };
  });
  op.dynamic_outputs();
  op.samples([](Samples& s) {
    s.add({s.random({2, 3}, DType::kString), s.random({2, 3}, DType::kString), Tensor::scalar("x")});
    s.add({s.random({3}, DType::kString), s.random({3}, DType::kString)}, {{"separator", std::string(", ")}});
    s.add({Tensor::scalar("a"), Tensor::scalar("b")});
    s.add({s.random({0}, DType::kString)});
    s.fails("Input shapes do not match: [3] and [2]",
            {s.random({3}, DType::kString), s.random({2}, DType::kString)});
  });
  op.no_gradient();
}

FLOE_OP("StringStrip", op) {
  op.in("input:string").out("output:string").infer(infer_unchanged);
  op.compute([](KernelContext& c) {
    map_text(c, [](const std::string& s) { return std::string(trim_blanks(s)); });
  });
  op.samples([](Samples& s) { s.add({Tensor::vec<std::string>({" a b ", "\t\n", "", "x", "\v\fy\r"})}); });
}

FLOE_OP("StringLength", op) {
  op.in("input:string").out("output:int32").attrs("unit:{'BYTE','UTF8_CHAR'}='BYTE'").infer(infer_unchanged);
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool bytes = k.attr<std::string>("unit") == "BYTE";
    return [bytes](KernelContext& c) {
      const std::string* in = c.in<std::string>(0);
      int32_t* out = c.out<int32_t>(0);
      for (int64_t i = 0, n = c.input(0).num_elements(); i < n; ++i)
        out[i] =
            int32_t(bytes ? in[i].size()
                          : in[i].size() - size_t(std::count_if(in[i].begin(), in[i].end(), is_trail_byte)));
    };
  });
  op.samples([](Samples& s) {
    for (const char* unit : {"BYTE", "UTF8_CHAR"}) {
      s.add({s.random({3, 4}, DType::kString)}, {{"unit", std::string(unit)}});
      s.add({Tensor::scalar("\xf0\x9f\x99\x82\xc3\xa9x")}, {{"unit", std::string(unit)}});
    }
  });
}

// Letters whose upper case is several characters (Unicode's SpecialCasing, without conditions).
std::u32string_view long_upper(char32_t c) {
  switch (c) {
    case 0xdf:
      return U"SS";
    case 0x149:
      return U"\x2bcN";
    case 0x1f0:
      return U"J\x30c";
    case 0x390:
      return U"\x399\x308\x301";
    case 0x3b0:
      return U"\x3a5\x308\x301";
    case 0x587:
      return U"\x535\x552";
    case 0xfb00:
      return U"FF";
    case 0xfb01:
      return U"FI";
    case 0xfb02:
      return U"FL";
    case 0xfb03:
      return U"FFI";
    case 0xfb04:
      return U"FFL";
    case 0xfb05:
    case 0xfb06:
      return U"ST";
    default:
      return {};
  }
}

bool is_letter(char32_t c) {
  auto category = utf8proc_category(utf8proc_int32_t(c));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
         category == UTF8PROC_CATEGORY_LT;
}

std::string change_case(const std::string& s, bool upper) {
  std::string out;
  char32_t before = 0;
  for (size_t at = 0; at < s.size();) {
    char32_t c = 0xfffd;
    if (!next_utf8(s, at, c)) c = 0xfffd;
    if (upper) {
      std::u32string_view many = long_upper(c);
      if (many.empty())
        put_utf8(out, char32_t(utf8proc_toupper(utf8proc_int32_t(c))));
      else
        for (char32_t x : many) put_utf8(out, x);
    } else if (c == 0x130) {
      out += "i\xcc\x87";
    } else if (c == 0x3a3) {  // sigma has a form of its own at the end of a word
      size_t next = at;
      char32_t after = 0;
      bool more = next < s.size() && next_utf8(s, next, after) && is_letter(after);
      put_utf8(out, is_letter(before) && !more ? 0x3c2 : 0x3c3);
    } else {
      put_utf8(out, char32_t(utf8proc_tolower(utf8proc_int32_t(c))));
    }
    before = c;
  }
  return out;
}

template <bool kUpper>
void define_case(OpBuilder& op) {
  op.in("input:string").out("output:string").attrs("encoding:string=''").infer(infer_unchanged);
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string encoding = k.attr<std::string>("encoding");
    if (!encoding.empty() && encoding != "utf-8") k.fail("only utf-8 or '' (no encoding) is supported");
    if (!encoding.empty())
      return
          [](KernelContext& c) { map_text(c, [](const std::string& s) { return change_case(s, kUpper); }); };
    return [](KernelContext& c) {
      map_text(c, [](std::string s) {
        for (char& x : s)
          if (kUpper ? x >= 'a' && x <= 'z' : x >= 'A' && x <= 'Z') x ^= 0x20;
        return s;
      });
    };
  });
  op.samples([](Samples& s) {
    Tensor x = Tensor::vec<std::string>({"Hello WORLD 1", "\xc3\x89t\xc3\xa9",
                                         "stra\xc3\x9f"
                                         "e",
                                         "\xce\xa3\xce\x91\xce\xa3 \xce\xa3", "\xef\xac\x81", "\xc4\xb0", "",
                                         "\xd0\x96\xd0\xb6"});
    s.add({x});
    s.add({x}, {{"encoding", std::string("utf-8")}});
    s.fails("only utf-8 or ''", {x}, {{"encoding", std::string("latin1")}});
  });
}
FLOE_OP("StringLower", op) { define_case<false>(op); }
FLOE_OP("StringUpper", op) { define_case<true>(op); }

// Byte offsets of the UTF-8 characters, the end included.
std::vector<int64_t> character_starts(std::string_view s) {
  std::vector<int64_t> at;
  for (size_t i = 0; i < s.size(); ++i)
    if (i == 0 || !is_trail_byte(s[i])) at.push_back(int64_t(i));
  at.push_back(int64_t(s.size()));
  return at;
}

template <class T>
KernelFn substr_kernel(bool bytes) {
  return [bytes](KernelContext& c) {
    const Tensor &in = c.input(0), &pos = c.input(1), &len = c.input(2);
    if (!(pos.shape() == len.shape()))
      c.fail(cat("pos and len should have the same shape, got: ", pos.shape().str(), " vs. ",
                 len.shape().str()));
    Shape shapes[2] = {in.shape(), pos.shape()};
    std::string* out = c.out<std::string>(0);
    for_rows2(make_broadcast(c.output(0).shape(), shapes),
              [&](int64_t o, int64_t a, int64_t b, int64_t n, int64_t sa, int64_t sb) {
                for (int64_t i = 0; i < n; ++i) {
                  const std::string& s = in.data<std::string>()[a + i * sa];
                  int64_t at = pos.data<T>()[b + i * sb], size = len.data<T>()[b + i * sb];
                  std::vector<int64_t> starts;
                  if (!bytes) starts = character_starts(s);
                  int64_t whole = bytes ? int64_t(s.size()) : int64_t(starts.size()) - 1;
                  if (at < -whole || at > whole)
                    c.fail(cat("pos ", at, " out of range for string b'", s, "' at index ", o + i));
                  if (at < 0) at += whole;
                  int64_t end = size < 0 ? at : at + std::min(size, whole - at);
                  int64_t from = bytes ? at : starts[size_t(at)], to = bytes ? end : starts[size_t(end)];
                  out[o + i] = s.substr(size_t(from), size_t(to - from));
                }
              });
  };
}

FLOE_OP("Substr", op) {
  op.in("input:string, pos:T, len:T")
      .out("output:string")
      .attrs("T:{int32,int64}; unit:{'BYTE','UTF8_CHAR'}='BYTE'");
  op.infer([](InferContext& c) {
    if (!c.shape(1).is_compatible_with(c.shape(2)))
      c.fail(
          cat("pos and len should have the same shape, got: ", c.shape(1).str(), " vs. ", c.shape(2).str()));
    try {
      c.set_output(0, broadcast_shapes(c.shape(0), c.shape(1)));
    } catch (const InvalidArgument& e) {
      c.fail(e.what());
    }
  });
  op.kernel([](const KernelInit& k) {
    bool bytes = k.attr<std::string>("unit") == "BYTE";
    return k.input_type(1) == DType::kInt32 ? substr_kernel<int32_t>(bytes) : substr_kernel<int64_t>(bytes);
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor x = Tensor::of<std::string>({2, 2}, {"Hello", "W\xc3\xa9ird", "abcdef", "\xf0\x9f\x99\x82xyz"});
    for (const char* unit : {"BYTE", "UTF8_CHAR"}) {
      AttrMap a{{"unit", std::string(unit)}};
      s.add({x, Tensor::scalar(int32_t(1)), Tensor::scalar(int32_t(3))}, a);
      s.add({x, Tensor::scalar(int64_t(-2)), Tensor::scalar(int64_t(30))}, a);
      s.add({x, Samples::i32({0, 1, 2, 3}).reshaped({2, 2}), Samples::i32({1, 2, 0, 4}).reshaped({2, 2})}, a);
      s.add({x, Samples::i32({0, 1}), Samples::i32({1, 2})}, a);
      s.add({Tensor::scalar("thirteen"), Samples::i32({1, 5}), Samples::i32({3, 2})}, a);
      s.fails("pos 9 out of range for string", {x, Tensor::scalar(int32_t(9)), Tensor::scalar(int32_t(3))},
              a);
    }
    s.fails("pos and len should have the same shape", {x, Samples::i32({0, 1}), Samples::i32({1, 2, 3})});
  });
}

}  // namespace
}  // namespace floe
