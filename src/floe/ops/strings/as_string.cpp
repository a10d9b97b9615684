// AsString and StringToNumber.
#include <locale.h>

#include <cstdio>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/strings/parse_number.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

// Wider than any column that makes sense; keeps a damaged file from asking for gigabytes.
constexpr int64_t kLargestWidth = 100000;

std::string number_format(const KernelInit& k) {
  DType t = k.input_type(0);
  bool scientific = k.attr<bool>("scientific"), shortest = k.attr<bool>("shortest");
  int64_t precision = k.attr<int64_t>("precision"), width = k.attr<int64_t>("width");
  const std::string& fill = k.attr<std::string>("fill");
  if (!is_floating(t) && !is_complex(t)) {
    if (scientific || shortest)
      k.fail(cat("scientific and shortest format not supported for datatype ", dtype_name(t)));
    if (precision >= 0) k.fail(cat("precision not supported for datatype ", dtype_name(t)));
  }
  if (fill.size() > 1) k.fail("Fill string must be one or fewer characters");
  if (scientific && shortest) k.fail("Cannot select both scientific and shortest notation");
  if (width > kLargestWidth || precision > kLargestWidth)
    k.fail(cat("width and precision must be at most ", kLargestWidth));
  std::string f = "%";
  if (!fill.empty()) {
    if (std::string_view(" +-0#").find(fill[0]) == std::string_view::npos)
      k.fail(cat("Fill argument not supported: \"", fill, "\""));
    f += fill;
  }
  if (width > -1) f += cat(width);
  if (precision > -1) f += cat(".", precision);
  return f;
}

// Numbers are written with a point, whatever the program's locale says.
class PlainLocale {
 public:
  PlainLocale() {
    static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
    before_ = uselocale(plain);
  }
  ~PlainLocale() { uselocale(before_); }
  PlainLocale(const PlainLocale&) = delete;
  PlainLocale& operator=(const PlainLocale&) = delete;

 private:
  locale_t before_;
};

std::string print_with(const std::string& format, auto... v) {
  char small[64];
  int n = std::snprintf(small, sizeof small, format.c_str(), v...);
  if (n < int(sizeof small)) return std::string(small, size_t(std::max(n, 0)));
  std::string s(size_t(n) + 1, '\0');
  std::snprintf(s.data(), s.size(), format.c_str(), v...);
  s.pop_back();
  return s;
}

using PrintTypes =
    Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t, uint16_t, uint32_t,
          uint64_t, std::complex<float>, std::complex<double>, bool, std::string>;

template <class T>
KernelFn as_string(const KernelInit& k, std::string format) {
  const char* real = k.attr<bool>("scientific") ? "e" : k.attr<bool>("shortest") ? "g" : "f";
  if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>)
    format = cat("(", format, real, ",", format, real, ")");
  else if constexpr (std::is_same_v<T, std::string>)
    format += "s";
  else if constexpr (!std::is_integral_v<T>)
    format += real;
  else
    format += std::is_signed_v<T> ? "lld" : "llu";
  return [format](KernelContext& c) {
    PlainLocale plain;
    const T* in = c.in<T>(0);
    std::string* out = c.out<std::string>(0);
    for (int64_t i = 0, n = c.input(0).num_elements(); i < n; ++i) {
      if constexpr (std::is_same_v<T, bool>)
        out[i] = in[i] ? "true" : "false";
      else if constexpr (std::is_same_v<T, std::string>)
        out[i] = print_with(format, in[i].c_str());
      else if constexpr (std::is_integral_v<T>)
        out[i] = std::is_signed_v<T> ? print_with(format, (long long)(in[i]))
                                     : print_with(format, (unsigned long long)(in[i]));
      else if constexpr (requires { in[i].imag(); })
        out[i] = print_with(format, double(in[i].real()), double(in[i].imag()));
      else
        out[i] = print_with(format, double(compute_t<T>(in[i])));
    }
  };
}

FLOE_OP("AsString", op) {
  op.in("input:T")
      .out("output:string")
      .attrs(
          "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64,complex64,"
          "complex128,bool,"
          "variant,string}; precision:int=-1; scientific:bool=false; shortest:bool=false; width:int=-1; "
          "fill:string=''");
  op.infer(infer_unchanged);
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string format = number_format(k);
    KernelFn fn;
    dispatch(PrintTypes{}, k.input_type(0), [&]<class T>() { fn = as_string<T>(k, format); });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    Tensor x = Samples::numbers({7}, {1.5, -2.25, 1e10, 1e-7, INFINITY, NAN, 0});
    s.add({x}, {{"scientific", true}});
    s.add({x}, {{"shortest", true}});
    s.add({x}, {{"precision", int64_t(2)}, {"width", int64_t(12)}});
    s.add({x}, {{"precision", int64_t(0)}, {"width", int64_t(12)}, {"fill", std::string("0")}});
    s.add({x}, {{"fill", std::string("+")}});
    s.add({Samples::i32({5, -7, 12345})}, {{"width", int64_t(4)}, {"fill", std::string("0")}});
    s.add({Samples::i32({5, -7, 12345})}, {{"width", int64_t(4)}, {"fill", std::string("-")}});
    s.add({Samples::numbers({2}, {1.5, -2.25}, DType::kComplex64)}, {{"precision", int64_t(1)}});
    s.add({Tensor::vec<std::string>({"a", "bcd"})}, {{"width", int64_t(3)}});
    s.add({Samples::i64({INT64_MIN, INT64_MAX})});
    s.add({Tensor::scalar(2.5f)});
    s.add({s.random({0, 2})});
    s.fails("Fill argument not supported", {Samples::i32({5})}, {{"fill", std::string("x")}});
    s.fails("Fill string must be one or fewer characters", {Samples::i32({5})},
            {{"fill", std::string("00")}});
    s.fails("precision not supported for datatype", {Samples::i32({5})}, {{"precision", int64_t(2)}});
    s.fails("scientific and shortest format not supported", {Samples::i32({5})}, {{"scientific", true}});
    s.fails("Cannot select both scientific and shortest", {x}, {{"scientific", true}, {"shortest", true}});
  });
  op.no_gradient();
}

FLOE_OP("StringToNumber", op) {
  op.in("string_tensor:string")
      .out("output:out_type")
      .attrs("out_type:{float,double,int32,int64,uint32,uint64}=float");
  op.infer(infer_unchanged).fails_on_values();
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(Types<float, double, int32_t, int64_t, uint32_t, uint64_t>{}, k.output_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        const std::string* in = c.in<std::string>(0);
        T* out = c.out<T>(0);
        for (int64_t i = 0, n = c.input(0).num_elements(); i < n; ++i)
          if (!parse_number(in[i], out[i]))
            c.fail(cat("StringToNumberOp could not correctly convert string: ", in[i]));
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("out_type", [&](DType t) {
      s.add({Tensor::vec<std::string>({"1", " 42 ", "0", "7\n"})}, {{"out_type", t}});
      s.fails("could not correctly convert string: x1", {Tensor::vec<std::string>({"x1"})},
              {{"out_type", t}});
    });
    for (DType t : {DType::kFloat32, DType::kFloat64})
      s.add({Tensor::vec<std::string>({"1.5", "-2e3", "inf", "-Infinity", "NaN", "+3.25", "1e-50", "1e50",
                                       "1e400", ".5", "5.", "3.4028236e38", "1e-400", "0x1p3"})},
            {{"out_type", t}});
    s.add({Tensor::vec<std::string>({"-2147483648", "2147483647"})}, {{"out_type", DType::kInt32}});
    s.add({Tensor::scalar("-9223372036854775808")}, {{"out_type", DType::kInt64}});
    s.fails("could not correctly convert string: 2147483648", {Tensor::scalar("2147483648")},
            {{"out_type", DType::kInt32}});
    s.fails("could not correctly convert string: 1.5", {Tensor::scalar("1.5")},
            {{"out_type", DType::kInt32}});
    s.fails("could not correctly convert string: ", {Tensor::scalar("")});
    s.fails("could not correctly convert string: 1 2", {Tensor::scalar("1 2")});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
