// Cast: numbers of one type as numbers of another.
#include <bit>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

using CastTypes = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t,
                        uint16_t, uint32_t, uint64_t, bool, std::complex<float>, std::complex<double>>;

// Out of range (and NaN) gives the lowest value, as the instructions of x86 do.
template <class I, class F>
I float_to_signed(F x) {
  constexpr F limit = F(uint64_t(1) << (8 * sizeof(I) - 1));
  return x >= -limit && x < limit ? I(x) : std::numeric_limits<I>::min();
}

template <class To, class F>
To float_to_integer(F x) {
  if constexpr (sizeof(To) < 4 || std::is_same_v<To, int32_t>) {
    return To(float_to_signed<int32_t>(x));
  } else if constexpr (std::is_same_v<To, int64_t>) {
    return float_to_signed<int64_t>(x);
  } else if constexpr (std::is_same_v<To, uint32_t>) {
    return x >= F(-2147483648.0) && x < F(4294967296.0) ? uint32_t(int64_t(x)) : uint32_t(1) << 31;
  } else {
    constexpr F half = F(uint64_t(1) << 63);
    if (x >= half && x < 2 * half) return uint64_t(x - half) + (uint64_t(1) << 63);
    return uint64_t(float_to_signed<int64_t>(x));
  }
}

template <class To, class From>
To cast_one(From x) {
  if constexpr (is_complex_v<From>) {
    if constexpr (is_complex_v<To>)
      return To(x);
    else
      return cast_one<To>(x.real());
  } else if constexpr (!std::is_same_v<compute_t<From>, From>) {
    return cast_one<To>(float(x));
  } else if constexpr (is_complex_v<To>) {
    return To(typename To::value_type(x));
  } else if constexpr (!std::is_same_v<compute_t<To>, To>) {
    return To(float(x));
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return float_to_integer<To>(x);
  } else {
    return To(x);
  }
}

template <class T>
constexpr int mantissa_bits() {
  if constexpr (std::is_same_v<T, double>) return 52;
  if constexpr (std::is_same_v<T, float>) return 23;
  if constexpr (std::is_same_v<T, float16>) return 10;
  if constexpr (std::is_same_v<T, bfloat16>) return 7;
  return 0;
}

// With Truncate the bits that do not fit are cut off instead of rounded.
template <class To, class From>
From cut_bits(From x) {
  constexpr int drop = mantissa_bits<From>() - mantissa_bits<To>();
  if constexpr (mantissa_bits<To>() == 0 || drop <= 0) {
    return x;
  } else {
    if (x != x) return x;
    using Bits = std::conditional_t<sizeof(From) == 8, uint64_t,
                                    std::conditional_t<sizeof(From) == 4, uint32_t, uint16_t>>;
    return std::bit_cast<From>(Bits(std::bit_cast<Bits>(x) & ~((Bits(1) << drop) - 1)));
  }
}

KernelFn cast_kernel(const KernelInit& k) {
  DType from = k.attr<DType>("SrcT"), to = k.attr<DType>("DstT");
  if (from == to) return [](KernelContext& c) { c.set_output(0, c.take(0)); };
  if (!is_pod(from) || !is_pod(to))
    throw Unimplemented(cat(op_prefix("Cast", k.node), "Cast ", dtype_name(from), " to ", dtype_name(to),
                            " is not supported; use StringToNumber or AsString for text"));
  bool truncate = k.attr<bool>("Truncate");
  KernelFn fn;
  dispatch(CastTypes{}, from, [&]<class From>() {
    dispatch(CastTypes{}, to, [&]<class To>() {
      if (truncate && mantissa_bits<From>() > mantissa_bits<To>() && mantissa_bits<To>() > 0)
        fn = [](KernelContext& c) {
          map_unary<From, To>(c, 1, [](From x) { return cast_one<To>(cut_bits<To>(x)); });
        };
      else
        fn = [](KernelContext& c) { map_unary<From, To>(c, 0.5, [](From x) { return cast_one<To>(x); }); };
    });
  });
  return fn;
}

FLOE_OP("Cast", op) {
  op.in("x:SrcT").out("y:DstT").attrs("SrcT:type; DstT:type; Truncate:bool=false");
  op.infer(infer_unchanged).kernel(cast_kernel).elementwise();
  op.samples([](Samples& s) {
    std::vector<DType> types;
    s.each_type("SrcT", [&](DType t) {
      if (t != DType::kString) types.push_back(t);
    });
    for (DType from : types)
      for (DType to : types) s.add({s.random({5}, from)}, {{"DstT", to}});
    Tensor wild = Samples::numbers({9}, {NAN, INFINITY, -INFINITY, -1.7, 300.5, -300.5, 1e20, -1e20, 2.5});
    for (DType to : types) s.add({wild}, {{"DstT", to}});
    Tensor fine = Samples::numbers({5}, {1.00390625 + 0.001953125, 1.9999, 1e20, 70000, -1.9999});
    for (DType to : {DType::kBfloat16, DType::kFloat16}) s.add({fine}, {{"DstT", to}, {"Truncate", true}});
    s.add({Samples::numbers({3}, {1.0000000001, 1.99999999999, 0.1}, DType::kFloat64)},
          {{"DstT", DType::kFloat32}, {"Truncate", true}});
    s.add({s.random({}, DType::kInt64)}, {{"DstT", DType::kFloat32}});
    s.add({s.random({0, 3})}, {{"DstT", DType::kInt32}});
    for (DType q : {DType::kQint8, DType::kQuint8, DType::kQint32, DType::kQint16, DType::kQuint16})
      s.add({Samples::numbers({4}, {1.7, 100, 3, 0})}, {{"DstT", q}});
    s.fails("Cast string to int32 is not supported", {s.random({2}, DType::kString)},
            {{"DstT", DType::kInt32}});
  });
  op.gradient([](GradientContext& g) {
    auto continuous = [](DType t) { return is_floating(t) || is_complex(t); };
    DType from = g.input(0).dtype();
    if (continuous(from) && continuous(g.output().dtype())) g.set(0, grad::cast(g.grad(), from));
  });
}

}  // namespace
}  // namespace floe
