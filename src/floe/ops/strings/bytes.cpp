// Raw bytes and base64.
#include <algorithm>
#include <cstring>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

size_t swap_unit(DType t) { return is_complex(t) ? dtype_size(t) / 2 : dtype_size(t); }

void copy_numbers(char* to, std::string_view from, DType t, bool swap) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
  if (size_t n = swap_unit(t); swap && n > 1)
    for (size_t i = 0; i + n <= from.size(); i += n) std::reverse(to + i, to + i + n);
}

FLOE_OP("DecodeRaw", op) {
  op.in("bytes:string")
      .out("output:out_type")
      .attrs(
          "out_type:{half,float,double,int32,uint16,uint8,int16,int8,int64,complex64,complex128,bool,"
          "bfloat16}; "
          "little_endian:bool=true");
  op.infer([](InferContext& c) {
    c.set_output(0, c.shape(0).has_rank() ? c.shape(0).concat({-1}) : Shape::unknown());
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType t = k.output_type(0);
    bool swap = !k.attr<bool>("little_endian");
    return [t, swap](KernelContext& c) {
      auto in = c.input(0).flat<std::string>();
      size_t size = in.empty() ? 0 : in[0].size();
      for (size_t i = 1; i < in.size(); ++i)
        if (in[i].size() != size)
          c.fail(cat("DecodeRaw requires input strings to all be the same size, but element ", i,
                     " has size ", size, " != ", in[i].size()));
      if (size % dtype_size(t))
        c.fail(cat("Input to DecodeRaw has length ", size, " that is not a multiple of ", dtype_size(t),
                   ", the size of ", dtype_name(t)));
      Tensor& out = c.allocate(0, t, c.input(0).shape().concat({int64_t(size / dtype_size(t))}));
      char* to = static_cast<char*>(out.mutable_raw());
      for (const std::string& s : in) {
        copy_numbers(to, s, t, swap);
        if (t == DType::kBool)
          for (size_t i = 0; i < size; ++i) to[i] = to[i] != 0;
        to += size;
      }
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor x = Tensor::vec<std::string>({"abcdefgh12345678", "ABCDEFGHqrstuvwx"});
    s.each_type("out_type", [&](DType t) {
      if (t == DType::kBool) return;
      for (bool little : {true, false}) s.add({x}, {{"out_type", t}, {"little_endian", little}});
    });
    s.add({Tensor::scalar(std::string("\0\1\1\0", 4))}, {{"out_type", DType::kBool}});
    s.add({Tensor(DType::kString, {0, 2})}, {{"out_type", DType::kFloat32}});
    s.fails("requires input strings to all be the same size", {Tensor::vec<std::string>({"ab", "abc"})},
            {{"out_type", DType::kInt8}});
    s.fails("has length 3 that is not a multiple of 4", {Tensor::scalar("abc")},
            {{"out_type", DType::kFloat32}});
  });
  op.no_gradient();
}

FLOE_OP("DecodePaddedRaw", op) {
  op.in("input_bytes:string, fixed_length:int32")
      .out("output:out_type")
      .attrs(
          "out_type:{half,float,double,int32,uint16,uint8,int16,int8,int64,bfloat16}; "
          "little_endian:bool=true");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    int64_t count = -1;
    if (auto n = c.int_value(1)) {
      int64_t unit = int64_t(dtype_size(c.output_dtype(0)));
      if (n->at(0) <= 0) c.fail(cat("fixed_length (", n->at(0), ") must be greater than zero."));
      if (n->at(0) % unit)
        c.fail(cat("fixed_length (", n->at(0), ") must be a multiple of the size of out_type (", unit, ")"));
      count = n->at(0) / unit;
    }
    c.set_output(0, c.shape(0).has_rank() ? c.shape(0).concat({count}) : Shape::unknown());
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType t = k.output_type(0);
    bool swap = !k.attr<bool>("little_endian");
    return [t, swap](KernelContext& c) {
      size_t size = size_t(c.scalar<int32_t>(1));
      char* to = static_cast<char*>(c.output(0).mutable_raw());
      std::string padded;
      for (const std::string& s : c.input(0).flat<std::string>()) {
        padded = s;
        padded.resize(size, '\0');
        copy_numbers(to, padded, t, swap);
        to += size;
      }
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor x = Tensor::vec<std::string>({"abcdefgh12345678", "ABC", ""});
    auto n = [](int32_t v) { return Tensor::scalar(v); };
    s.each_type("out_type", [&](DType t) {
      if (t == DType::kFloat16) return;  // TensorFlow has no kernel for it
      for (bool little : {true, false}) s.add({x, n(8)}, {{"out_type", t}, {"little_endian", little}});
    });
    s.add({Tensor::scalar("ab"), n(3)}, {{"out_type", DType::kUint8}});
    s.add({Tensor(DType::kString, {0, 2}), n(4)}, {{"out_type", DType::kFloat32}});
    s.fails("fixed_length (0) must be greater than zero.", {x, n(0)}, {{"out_type", DType::kUint8}});
    s.fails("fixed_length (3) must be a multiple of the size of out_type (2)", {x, n(3)},
            {{"out_type", DType::kInt16}});
  });
  op.no_gradient();
}

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode_base64(std::string_view s, bool pad) {
  std::string out;
  for (size_t i = 0; i < s.size(); i += 3) {
    size_t n = std::min<size_t>(3, s.size() - i);
    uint32_t v = 0;
    for (size_t k = 0; k < 3; ++k) v = v << 8 | (k < n ? uint8_t(s[i + k]) : 0);
    for (size_t k = 0; k <= n; ++k) out += kLetters[v >> (18 - 6 * k) & 63];
    if (pad) out.append(3 - n, '=');
  }
  return out;
}

bool decode_base64(std::string_view s, std::string& out) {
  for (int i = 0; i < 2 && !s.empty() && s.back() == '='; ++i) s.remove_suffix(1);
  if (s.size() % 4 == 1) return false;
  uint32_t v = 0;
  int bits = 0;
  for (char c : s) {
    size_t digit = kLetters.find(c);
    if (digit == kLetters.npos) return false;
    v = v << 6 | uint32_t(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += char(v >> bits);
    }
  }
  return true;
}

FLOE_OP("EncodeBase64", op) {
  op.in("input:string").out("output:string").attrs("pad:bool=false").infer(infer_unchanged);
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool pad = k.attr<bool>("pad");
    return [pad](KernelContext& c) {
      std::string* out = c.out<std::string>(0);
      for (const std::string& s : c.input(0).flat<std::string>()) *out++ = encode_base64(s, pad);
    };
  });
  op.samples([](Samples& s) {
    Tensor x = Tensor::vec<std::string>({"", "a", "ab", "abc", "\xff\xfe\xfd\xfc", "hello world"});
    for (bool pad : {false, true}) s.add({x}, {{"pad", pad}});
  });
  op.no_gradient();
}

FLOE_OP("DecodeBase64", op) {
  op.in("input:string").out("output:string").infer(infer_unchanged).fails_on_values();
  op.compute([](KernelContext& c) {
    std::string* out = c.out<std::string>(0);
    for (const std::string& s : c.input(0).flat<std::string>()) {
      out->clear();
      if (!decode_base64(s, *out++)) c.fail(cat("Invalid character found in base64: ", s.substr(0, 64)));
    }
  });
  op.samples([](Samples& s) {
    s.add({Tensor::vec<std::string>({"", "YQ", "YQ==", "YWI", "YWI=", "YWJj", "__79_A"})});
    s.fails("Invalid character found in base64", {Tensor::scalar("a+b/")});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
