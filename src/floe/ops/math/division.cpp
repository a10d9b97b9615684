// Quotients, remainders and powers.
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

// The quotient rounded towards zero; the one that overflows (lowest / -1) wraps around.
template <class T>
T truncated_quotient(T a, T b) {
  if constexpr (std::is_signed_v<T>)
    if (b == T(-1)) return T(0 - uint64_t(a));
  return T(a / b);
}
template <class T>
T truncated_remainder(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    if constexpr (std::is_signed_v<T>)
      if (b == T(-1)) return T(0);
    return T(a % b);
  }
}

struct DivFn {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return truncated_quotient(a, b);
    else
      return a / b;
  }
};
struct DivNoNanFn {
  template <class T>
  T operator()(T a, T b) const {
    return b == T(0) ? T(0) : a / b;
  }
};
struct TruncateDivFn {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return truncated_quotient(a, b);
    else
      return std::trunc(a / b);
  }
};
struct FloorDivFn {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      T q = truncated_quotient(a, b);
      if constexpr (std::is_signed_v<T>)
        if ((a < 0) != (b < 0) && truncated_remainder(a, b) != 0) return T(q - 1);
      return q;
    } else {
      return std::floor(a / b);
    }
  }
};
struct FloorModFn {
  template <class T>
  T operator()(T a, T b) const {
    T r = truncated_remainder(a, b);
    return r != 0 && (r < 0) != (b < 0) ? T(r + b) : r;
  }
};
struct TruncateModFn {
  template <class T>
  T operator()(T a, T b) const {
    return truncated_remainder(a, b);
  }
};
struct PowFn {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      uint64_t result = 1, base = uint64_t(a);
      for (uint64_t n = uint64_t(b); n; n >>= 1, base *= base)
        if (n & 1) result *= base;
      return T(result);
    } else {
      return std::pow(a, b);
    }
  }
};
struct XdivyFn {
  template <class T>
  T operator()(T x, T y) const {
    return x == T(0) ? T(0) : x / y;
  }
};
struct XlogyFn {
  template <class T>
  T operator()(T x, T y) const {
    return x == T(0) ? T(0) : x * std::log(y);
  }
};
struct Xlog1pyFn {
  template <class T>
  T operator()(T x, T y) const {
    if (x == T(0)) return T(0);
    if constexpr (is_complex_v<T>)
      return x * std::log(T(1) + y);
    else
      return x * std::log1p(y);
  }
};
struct Atan2Fn {
  template <class T>
  T operator()(T y, T x) const {
    return std::atan2(y, x);
  }
};

// `fn`, after a look at the second input when it is of integers.
template <class Bad>
KernelFn checked(const KernelInit& k, KernelFn fn, const char* message, Bad bad) {
  if (!is_integer(k.input_type(0))) return fn;
  return [fn = std::move(fn), message, bad](KernelContext& c) {
    const Tensor& y = c.input(1);
    if (c.output(0).num_elements())
      dispatch(IntTypes{}, y.dtype(), [&]<class T>() {
        for (T v : y.flat<T>())
          if (bad(v)) c.fail(message);
      });
    fn(c);
  };
}
template <class F, class TypeList>
KernelFn division_kernel(const KernelInit& k) {
  return checked(k, binary_kernel<F, TypeList>(k), "Integer division by zero", [](auto v) { return v == 0; });
}

void float_division_samples(Samples& s) {
  binary_samples(s, 0.5, 4);
  special_pairs(s);
}
void division_samples(Samples& s) {
  s.each_type("T", [&](DType t) {
    if (is_complex(t)) return;
    s.add({s.random({9}, t), s.uniform({9}, 1, 4, t)});
    if (t != DType::kUint8 && t != DType::kUint16 && t != DType::kUint32 && t != DType::kUint64)
      s.add({Samples::numbers({4, 1}, {7, -7, 6, -6}, t), Samples::numbers({4}, {3, -3, -1, 1}, t)});
  });
  special_pairs(s);
  s.add({Samples::i32({}), Samples::i32({0})});
  s.add({s.random({3, 1}), s.random({2})});
  s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}), s.random({3})});
  s.fails("Integer division by zero", {Samples::i32({1, 2}), Samples::i32({1, 0})});
}

constexpr const char* kDivAttr =
    "T:{bfloat16,half,float,double,uint8,int8,uint16,int16,int32,uint32,uint64,int64,complex64,complex128}";

void gradient_of_quotient(GradientContext& g, const char* divide) {
  Tensor dz = g.grad(), x = grad::conj(g.input(0)), y = grad::conj(g.input(1));
  if (g.needs(0)) g.set_sum(0, grad::op(divide, {dz, y}));
  if (g.needs(1)) g.set_sum(1, dz * grad::op(divide, {grad::op(divide, {-x, y}), y}));
}

FLOE_OP("Div", op) {
  op.in("x:T, y:T").out("z:T").attrs(kDivAttr);
  op.infer(infer_broadcast).kernel(division_kernel<DivFn, NumberTypes>).elementwise().fails_on_values();
  op.samples([](Samples& s) {
    division_samples(s);
    s.add({s.random({3}, DType::kComplex64), s.random({3}, DType::kComplex64)});
  });
  op.gradient([](GradientContext& g) { gradient_of_quotient(g, "RealDiv"); });
}

FLOE_OP("RealDiv", op) {
  op.in("x:T, y:T").out("z:T").attrs(kDivAttr);
  op.infer(infer_broadcast).kernel(division_kernel<DivFn, NumberTypes>).elementwise().fails_on_values();
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kComplex64,
                    DType::kComplex128})
      s.add({s.random({2, 3}, t), s.uniform({3}, 1, 4, t)});
    s.add({s.random({}), s.random({2, 1})});
    s.add({s.random({0, 2}), s.random({2})});
    special_pairs(s);
    s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}), s.random({3})});
  });
  op.gradient([](GradientContext& g) { gradient_of_quotient(g, "RealDiv"); });
}

FLOE_OP("DivNoNan", op) {
  op.in("x:T, y:T").out("z:T").attrs("T:{half,float,bfloat16,double,complex64,complex128}");
  op.infer(infer_broadcast).kernel(binary_kernel<DivNoNanFn, FloatComplexTypes>).elementwise();
  op.samples(float_division_samples);
  op.gradient([](GradientContext& g) { gradient_of_quotient(g, "DivNoNan"); });
}

FLOE_OP("TruncateDiv", op) {
  op.in("x:T, y:T").out("z:T").attrs(kDivAttr);
  op.infer(infer_broadcast).kernel(division_kernel<TruncateDivFn, RealTypes>).elementwise().fails_on_values();
  op.samples([](Samples& s) {
    for (DType t : {DType::kInt8, DType::kInt16, DType::kInt32, DType::kInt64, DType::kUint8, DType::kUint16,
                    DType::kUint32, DType::kUint64})
      s.add({s.random({9}, t), s.uniform({9}, 1, 4, t)});
    s.add({Samples::i32({7, -7, 7, -7}), Samples::i32({3, 3, -3, -3})});
    s.fails("Incompatible shapes: [2] vs. [3]", {Samples::i32({1, 2}), Samples::i32({1, 2, 3})});
  });
  op.no_gradient();
}

FLOE_OP("FloorDiv", op) {
  op.in("x:T, y:T").out("z:T").attrs(kDivAttr);
  op.infer(infer_broadcast).kernel(division_kernel<FloorDivFn, RealTypes>).elementwise().fails_on_values();
  op.samples(division_samples);
  op.no_gradient();
}

FLOE_OP("FloorMod", op) {
  op.in("x:T, y:T")
      .out("z:T")
      .attrs("T:{int8,int16,int32,int64,uint8,uint16,uint32,uint64,bfloat16,half,float,double}");
  op.infer(infer_broadcast).kernel(division_kernel<FloorModFn, RealTypes>).elementwise().fails_on_values();
  op.samples(division_samples);
  op.gradient([](GradientContext& g) {
    if (g.needs(0)) g.set_sum(0, g.grad());
    if (g.needs(1)) g.set_sum(1, -(g.grad() * grad::op("FloorDiv", {g.input(0), g.input(1)})));
  });
}

void truncate_mod_samples(Samples& s) {
  for (DType t : {DType::kInt32, DType::kInt64, DType::kFloat32, DType::kFloat64})
    s.add({Samples::numbers({4, 1}, {7, -7, 6, -6}, t), Samples::numbers({4}, {3, -3, -1, 1}, t)});
  special_pairs(s);
  s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}), s.random({3})});
}

FLOE_OP("TruncateMod", op) {
  op.in("x:T, y:T").out("z:T").attrs("T:{int32,int64,bfloat16,half,float,double}");
  op.infer(infer_broadcast).kernel(division_kernel<TruncateModFn, RealTypes>).elementwise().fails_on_values();
  op.samples(truncate_mod_samples);
}

FLOE_OP("Mod", op) {
  op.in("x:T, y:T").out("z:T").attrs("T:{int32,int64,half,bfloat16,float,double}");
  op.infer(infer_broadcast).kernel(division_kernel<TruncateModFn, RealTypes>).elementwise().fails_on_values();
  op.samples(truncate_mod_samples);
}

FLOE_OP("Pow", op) {
  op.in("x:T, y:T")
      .out("z:T")
      .attrs("T:{bfloat16,float,half,double,int8,int16,int32,int64,complex64,complex128}");
  op.infer(infer_broadcast).elementwise().fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    return checked(k, binary_kernel<PowFn, SignedNumberTypes>(k),
                   "Integers to negative integer powers are not allowed", [](auto v) { return v < 0; });
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.uniform({2, 3}, 1, 3, t), s.uniform({2, 3}, 0, 3, t)}); });
    s.add({Samples::i32({-3, 0, 2, 2}), Samples::i32({3, 0, 31, 33})});
    s.add({s.uniform({2, 1}, 0, 3), s.random({3})});
    s.add({s.uniform({4}, 0, 3), Tensor::scalar(0.5f)});
    special_pairs(s);
    s.fails("Integers to negative integer powers", {Samples::i32({1, 2}), Samples::i32({1, -1})});
    s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}), s.random({3})});
  });
  op.gradient([](GradientContext& g) {
    Tensor x = grad::conj(g.input(0)), y = grad::conj(g.input(1)), z = grad::conj(g.output()), dz = g.grad();
    if (g.needs(0)) g.set_sum(0, dz * y * grad::op("Pow", {x, y - 1.0}));
    if (!g.needs(1)) return;
    // 0 where the logarithm is not defined.
    Tensor zero = grad::like(x, 0);
    Tensor defined = is_complex(x.dtype()) ? grad::op("NotEqual", {x, zero}) : x > zero;
    Tensor log = grad::op("Log", {grad::where(defined, x, grad::like(x, 1))});
    g.set_sum(1, dz * z * grad::where(defined, log, zero));
  });
}

// 1 where x is not 0.
Tensor present(const Tensor& x) { return grad::cast(grad::op("NotEqual", {x, grad::like(x, 0)}), x.dtype()); }

FLOE_OP("Xdivy", op) {
  op.in("x:T, y:T").out("z:T").attrs("T:{half,bfloat16,float,double,complex64,complex128}");
  op.infer(infer_broadcast).kernel(binary_kernel<XdivyFn, FloatComplexTypes>).elementwise();
  op.samples(float_division_samples);
  op.gradient([](GradientContext& g) {
    const Tensor &x = g.input(0), &y = g.input(1);
    if (g.needs(0)) g.set_sum(0, g.grad() * grad::op("Xdivy", {present(x), y}));
    if (g.needs(1)) g.set_sum(1, g.grad() * grad::op("Xdivy", {-x, grad::op("Square", {y})}));
  });
}

FLOE_OP("Xlogy", op) {
  op.in("x:T, y:T").out("z:T").attrs("T:{half,bfloat16,float,double,complex64,complex128}");
  op.infer(infer_broadcast).kernel(binary_kernel<XlogyFn, FloatComplexTypes>).elementwise();
  op.samples(float_division_samples);
  op.gradient([](GradientContext& g) {
    const Tensor &x = g.input(0), &y = g.input(1);
    if (g.needs(0)) g.set_sum(0, g.grad() * grad::op("Xlogy", {present(x), y}));
    if (g.needs(1)) g.set_sum(1, g.grad() * grad::op("Xdivy", {x, y}));
  });
}

FLOE_OP("Xlog1py", op) {
  op.in("x:T, y:T").out("z:T").attrs("T:{half,bfloat16,float,double,complex64,complex128}");
  op.infer(infer_broadcast).kernel(binary_kernel<Xlog1pyFn, FloatComplexTypes>).elementwise();
  op.samples(float_division_samples);
  op.gradient([](GradientContext& g) {
    const Tensor &x = g.input(0), &y = g.input(1);
    if (g.needs(0)) g.set_sum(0, g.grad() * grad::op("Xlog1py", {present(x), y}));
    if (g.needs(1)) g.set_sum(1, g.grad() * grad::op("Xdivy", {x, y + 1.0}));
  });
}

FLOE_OP("Atan2", op) {
  op.in("y:T, x:T").out("z:T").attrs(kFloatAttr);
  op.infer(infer_broadcast).kernel(binary_kernel<Atan2Fn, FloatTypes>).elementwise();
  op.samples([](Samples& s) {
    binary_samples(s);
    special_pairs(s);
  });
  op.gradient([](GradientContext& g) {
    const Tensor &y = g.input(0), &x = g.input(1);
    Tensor d = g.grad() / (grad::op("Square", {x}) + grad::op("Square", {y}));
    if (g.needs(0)) g.set_sum(0, x * d);
    if (g.needs(1)) g.set_sum(1, -y * d);
  });
}

}  // namespace
}  // namespace floe
