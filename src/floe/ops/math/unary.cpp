// Elementary functions of one variable.
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

struct NegFn {
  static constexpr double kCost = 0.3;
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>)
      return T(0 - uint64_t(x));
    else
      return -x;
  }
};
struct AbsFn {
  static constexpr double kCost = 0.3;
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>)
      return x < 0 ? T(0 - uint64_t(x)) : x;
    else
      return std::abs(x);
  }
};
struct SignFn {
  static constexpr double kCost = 0.5;
  template <class T>
  T operator()(T x) const {
    if constexpr (is_complex_v<T>) {
      auto r = std::abs(x);
      return r == 0 ? T(0) : x / r;
    } else if constexpr (std::is_floating_point_v<T>) {
      return x != x ? x : T((x > 0) - (x < 0));
    } else {
      return T((x > 0) - (x < 0));
    }
  }
};
struct SquareFn {
  static constexpr double kCost = 0.3;
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>)
      return T(uint64_t(x) * uint64_t(x));
    else
      return x * x;
  }
};
struct SqrtFn {
  static constexpr double kCost = 1;
  template <class T>
  T operator()(T x) const {
    return std::sqrt(x);
  }
};
struct RsqrtFn {
  static constexpr double kCost = 1.5;
  template <class T>
  T operator()(T x) const {
    return T(1) / std::sqrt(x);
  }
};
struct ReciprocalFn {
  static constexpr double kCost = 1;
  template <class T>
  T operator()(T x) const {
    return T(1) / x;
  }
};
struct ExpFn {
  static constexpr double kCost = 8;
  template <class T>
  T operator()(T x) const {
    return std::exp(x);
  }
};
struct Expm1Fn {
  static constexpr double kCost = 10;
  template <class T>
  T operator()(T x) const {
    if constexpr (is_complex_v<T>) {
      auto s = std::sin(x.imag() / 2);
      return {std::expm1(x.real()) * std::cos(x.imag()) - 2 * s * s, std::exp(x.real()) * std::sin(x.imag())};
    } else {
      return std::expm1(x);
    }
  }
};
struct LogFn {
  static constexpr double kCost = 8;
  template <class T>
  T operator()(T x) const {
    return std::log(x);
  }
};
struct Log1pFn {
  static constexpr double kCost = 10;
  template <class T>
  T operator()(T x) const {
    if constexpr (is_complex_v<T>) {
      // |1 + z|^2 - 1 = 2 re + |z|^2 keeps small z exact.
      auto re = x.real(), im = x.imag();
      if (std::abs(x) < 0.5) return {std::log1p(re * (2 + re) + im * im) / 2, std::atan2(im, 1 + re)};
      return std::log(T(1) + x);
    } else {
      return std::log1p(x);
    }
  }
};
struct SigmoidFn {
  static constexpr double kCost = 10;
  template <class T>
  T operator()(T x) const {
    return T(1) / (T(1) + std::exp(-x));
  }
};

#define FLOE_STD_FN(NAME, FN, COST)       \
  struct NAME {                           \
    static constexpr double kCost = COST; \
    template <class T>                    \
    T operator()(T x) const {             \
      return std::FN(x);                  \
    }                                     \
  }
FLOE_STD_FN(SinFn, sin, 15);
FLOE_STD_FN(CosFn, cos, 15);
FLOE_STD_FN(TanFn, tan, 20);
FLOE_STD_FN(AsinFn, asin, 15);
FLOE_STD_FN(AcosFn, acos, 15);
FLOE_STD_FN(AtanFn, atan, 15);
FLOE_STD_FN(SinhFn, sinh, 15);
FLOE_STD_FN(CoshFn, cosh, 15);
FLOE_STD_FN(TanhFn, tanh, 15);
FLOE_STD_FN(AsinhFn, asinh, 20);
FLOE_STD_FN(AcoshFn, acosh, 20);
FLOE_STD_FN(AtanhFn, atanh, 20);
FLOE_STD_FN(FloorFn, floor, 0.5);
FLOE_STD_FN(CeilFn, ceil, 0.5);
FLOE_STD_FN(RintFn, nearbyint, 0.5);
#undef FLOE_STD_FN

// Half to even, as the default rounding mode of IEEE arithmetic.
struct RoundFn {
  static constexpr double kCost = 0.5;
  template <class T>
  T operator()(T x) const {
    if constexpr (is_complex_v<T>)
      return {std::nearbyint(x.real()), std::nearbyint(x.imag())};
    else if constexpr (std::is_floating_point_v<T>)
      return std::nearbyint(x);
    else
      return x;
  }
};

Tensor inverse_root(const Tensor& x) { return grad::op("Reciprocal", {grad::op("Sqrt", {x})}); }

constexpr const char* kSignedAttr =
    "T:{bfloat16,half,float,double,int8,int16,int32,int64,complex64,complex128}";

FLOE_OP("Neg", op) {
  define_unary<NegFn, SignedNumberTypes>(op, kSignedAttr, -9, 9);
  op.gradient([](GradientContext& g) { g.set(0, -g.grad()); });
}
FLOE_OP("Sign", op) {
  define_unary<SignFn, SignedNumberTypes>(op, kSignedAttr, -9, 9);
  set_zero_derivative(op);
}
FLOE_OP("Abs", op) {
  define_unary<AbsFn, Types<float, double, float16, bfloat16, int8_t, int16_t, int32_t, int64_t>>(
      op, "T:{bfloat16,half,float,double,int8,int16,int32,int64}", -9, 9);
  op.gradient([](GradientContext& g) { g.set(0, g.grad() * grad::op("Sign", {g.input(0)})); });
}
FLOE_OP("Square", op) {
  define_unary<SquareFn, NumberTypes>(
      op,
      "T:{bfloat16,half,float,double,int8,int16,int32,int64,uint8,uint16,uint32,uint64,complex64,complex128}",
      0, 9);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return 2.0 * x; });
}
FLOE_OP("Sqrt", op) {
  define_unary<SqrtFn, FloatComplexTypes>(op, kFloatComplexAttr, 0, 9);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("SqrtGrad", {g.output(), g.grad()})); });
}
FLOE_OP("Rsqrt", op) {
  define_unary<RsqrtFn, FloatComplexTypes>(op, kFloatComplexAttr, 0.1, 9);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("RsqrtGrad", {g.output(), g.grad()})); });
}
FLOE_OP("Exp", op) {
  define_unary<ExpFn, FloatComplexTypes>(op, kFloatComplexAttr, -4, 4);
  set_derivative(op, [](const Tensor&, const Tensor& y) { return y; });
}
FLOE_OP("Expm1", op) {
  define_unary<Expm1Fn, FloatComplexTypes>(op, kFloatComplexAttr, -2, 2);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return grad::op("Exp", {x}); });
}
FLOE_OP("Log", op) {
  define_unary<LogFn, FloatComplexTypes>(op, kFloatComplexAttr, 0.1, 9);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return grad::op("Reciprocal", {x}); });
}
FLOE_OP("Log1p", op) {
  define_unary<Log1pFn, FloatComplexTypes>(op, kFloatComplexAttr, -0.5, 2);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return grad::op("Reciprocal", {1.0 + x}); });
}
FLOE_OP("Sin", op) {
  define_unary<SinFn, FloatComplexTypes>(op, kFloatComplexAttr, -4, 4);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return grad::op("Cos", {x}); });
}
FLOE_OP("Cos", op) {
  define_unary<CosFn, FloatComplexTypes>(op, kFloatComplexAttr, -4, 4);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return -grad::op("Sin", {x}); });
}
FLOE_OP("Tan", op) {
  define_unary<TanFn, FloatComplexTypes>(op, kFloatComplexAttr, -1, 1);
  set_derivative(op, [](const Tensor& x, const Tensor&) {
    return grad::op("Square", {grad::op("Reciprocal", {grad::op("Cos", {x})})});
  });
}
FLOE_OP("Asin", op) {
  define_unary<AsinFn, FloatComplexTypes>(op, kFloatComplexAttr, -1, 1);
  set_derivative(op,
                 [](const Tensor& x, const Tensor&) { return inverse_root(1.0 - grad::op("Square", {x})); });
}
FLOE_OP("Acos", op) {
  define_unary<AcosFn, FloatComplexTypes>(op, kFloatComplexAttr, -1, 1);
  set_derivative(op,
                 [](const Tensor& x, const Tensor&) { return -inverse_root(1.0 - grad::op("Square", {x})); });
}
FLOE_OP("Atan", op) {
  define_unary<AtanFn, FloatComplexTypes>(op, kFloatComplexAttr, -3, 3);
  set_derivative(op, [](const Tensor& x, const Tensor&) {
    return grad::op("Reciprocal", {1.0 + grad::op("Square", {x})});
  });
}
FLOE_OP("Sinh", op) {
  define_unary<SinhFn, FloatComplexTypes>(op, kFloatComplexAttr, -3, 3);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return grad::op("Cosh", {x}); });
}
FLOE_OP("Cosh", op) {
  define_unary<CoshFn, FloatComplexTypes>(op, kFloatComplexAttr, -3, 3);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return grad::op("Sinh", {x}); });
}
FLOE_OP("Tanh", op) {
  define_unary<TanhFn, FloatComplexTypes>(op, kFloatComplexAttr, -3, 3);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("TanhGrad", {grad::conj(g.output()), g.grad()})); });
}
FLOE_OP("Asinh", op) {
  define_unary<AsinhFn, FloatComplexTypes>(op, kFloatComplexAttr, -3, 3);
  set_derivative(
      op, [](const Tensor&, const Tensor& y) { return grad::op("Reciprocal", {grad::op("Cosh", {y})}); });
}
FLOE_OP("Acosh", op) {
  define_unary<AcoshFn, FloatComplexTypes>(op, kFloatComplexAttr, 1.1, 5);
  set_derivative(
      op, [](const Tensor&, const Tensor& y) { return grad::op("Reciprocal", {grad::op("Sinh", {y})}); });
}
FLOE_OP("Atanh", op) {
  define_unary<AtanhFn, FloatComplexTypes>(op, kFloatComplexAttr, -0.9, 0.9);
  set_derivative(op, [](const Tensor& x, const Tensor&) {
    return grad::op("Reciprocal", {1.0 - grad::op("Square", {x})});
  });
}
FLOE_OP("Sigmoid", op) {
  define_unary<SigmoidFn, FloatComplexTypes>(op, kFloatComplexAttr, -5, 5);
  op.gradient(
      [](GradientContext& g) { g.set(0, grad::op("SigmoidGrad", {grad::conj(g.output()), g.grad()})); });
}
FLOE_OP("Floor", op) {
  define_unary<FloorFn, FloatTypes>(op, kFloatAttr, -5, 5);
  op.no_gradient();
}
FLOE_OP("Ceil", op) {
  define_unary<CeilFn, FloatTypes>(op, kFloatAttr, -5, 5);
  op.no_gradient();
}

FLOE_OP("Rint", op) {
  define_unary<RintFn, FloatTypes>(op, kFloatAttr, -5, 5);
  op.samples([](Samples& s) {
    s.add({Samples::numbers({6}, {0.5, 1.5, 2.5, -0.5, -1.5, 1e9})});
    s.add({s.uniform({2, 3}, -5, 5, DType::kFloat64)});
    s.add({special_values()});
  });
  op.no_gradient();
}

FLOE_OP("Round", op) {
  define_unary<RoundFn, SignedNumberTypes>(op, kSignedAttr, -5, 5);
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16})
      s.add({Samples::numbers({8}, {0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, -2.6}, t)});
    s.add({special_values()});
  });
  op.no_gradient();
}

void reciprocal_samples(Samples& s) {
  for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kComplex64,
                  DType::kComplex128})
    s.add({s.uniform({2, 3}, 0.5, 4, t)});
  s.add({s.uniform({}, 1, 2)});
  s.add({s.uniform({0}, 1, 2)});
  s.add({special_values()});
}
FLOE_OP("Reciprocal", op) {
  define_unary<ReciprocalFn, FloatComplexTypes>(op, kSignedAttr, 0.5, 4);
  op.samples(reciprocal_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("ReciprocalGrad", {g.output(), g.grad()})); });
}
FLOE_OP("Inv", op) {
  define_unary<ReciprocalFn, FloatComplexTypes>(op, kSignedAttr, 0.5, 4);
  op.samples(reciprocal_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("InvGrad", {g.output(), g.grad()})); });
}

template <class F>
void define_predicate(OpBuilder& op, F f) {
  op.in("x:T").out("y:bool").attrs(kFloatAttr).infer(infer_unchanged).elementwise();
  op.kernel([f](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = [f](KernelContext& c) { map_unary<T, bool>(c, 0.5, [f](T x) { return f(compute_t<T>(x)); }); };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({special_values(t)}); });
    s.add({s.random({})});
    s.add({s.random({0, 2})});
  });
}
FLOE_OP("IsNan", op) {
  define_predicate(op, [](auto x) { return std::isnan(x); });
  op.no_gradient();
}
FLOE_OP("IsInf", op) {
  define_predicate(op, [](auto x) { return std::isinf(x); });
  op.no_gradient();
}
FLOE_OP("IsFinite", op) {
  define_predicate(op, [](auto x) { return std::isfinite(x); });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
