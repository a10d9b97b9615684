// Binary arithmetic with broadcasting.
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

// Integers wrap around: computed unsigned, since signed overflow is undefined.
struct AddFn {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(uint64_t(a) + uint64_t(b));
    else
      return a + b;
  }
};
struct SubFn {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(uint64_t(a) - uint64_t(b));
    else
      return a - b;
  }
};
struct MulFn {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(uint64_t(a) * uint64_t(b));
    else
      return a * b;
  }
};
struct MulNoNanFn {
  template <class T>
  T operator()(T a, T b) const {
    return b == T(0) ? T(0) : a * b;
  }
};
struct SquaredDifferenceFn {
  template <class T>
  T operator()(T a, T b) const {
    T d = SubFn{}(a, b);
    if constexpr (is_complex_v<T>)
      return d * std::conj(d);
    else
      return MulFn{}(d, d);
  }
};
// NaN wins on either side.
struct MaximumFn {
  template <class T>
  T operator()(T a, T b) const {
    return a < b || b != b ? b : a;
  }
};
struct MinimumFn {
  template <class T>
  T operator()(T a, T b) const {
    return b < a || b != b ? b : a;
  }
};

void add_samples(Samples& s) {
  binary_samples(s);
  special_pairs(s);
  s.fails("to be a int32 tensor", {s.random({2}, DType::kInt32), s.random({2})});
}

void extremes(Samples& s) {
  constexpr int32_t lo = INT32_MIN, hi = INT32_MAX;
  s.add({Samples::i32({lo, lo, hi, hi, -1}), Samples::i32({lo, -1, hi, 1, -1})});
}

void gradient_of_sum(GradientContext& g) {
  for (int i : {0, 1})
    if (g.needs(i)) g.set_sum(i, g.grad());
}

FLOE_OP("Add", op) {
  op.in("x:T, y:T")
      .out("z:T")
      .attrs("T:{bfloat16,half,float,double,uint8,int8,int16,int32,int64,complex64,complex128,string}");
  op.infer(infer_broadcast).elementwise();
  op.kernel([](const KernelInit& k) -> KernelFn {
    if (k.input_type(0) != DType::kString) return binary_kernel<AddFn, NumberTypes>(k);
    return [](KernelContext& c) {
      broadcast_binary<std::string, std::string>(
          c, [](const std::string& a, const std::string& b) { return a + b; });
    };
  });
  op.samples([](Samples& s) {
    add_samples(s);
    s.add({s.random({2, 3}, DType::kString), s.random({3}, DType::kString)});
    s.add({s.random({0}, DType::kString), s.random({1}, DType::kString)});
  });
  op.gradient(gradient_of_sum);
}

FLOE_OP("AddV2", op) {
  op.in("x:T, y:T")
      .out("z:T")
      .attrs(
          "T:{bfloat16,half,float,double,uint8,uint16,uint32,uint64,int8,int16,int32,int64,complex64,"
          "complex128}");
  op.infer(infer_broadcast).kernel(binary_kernel<AddFn, NumberTypes>).elementwise().commutative();
  op.samples([](Samples& s) {
    add_samples(s);
    extremes(s);
  });
  op.gradient(gradient_of_sum);
}

FLOE_OP("Sub", op) {
  op.in("x:T, y:T")
      .out("z:T")
      .attrs(
          "T:{bfloat16,half,float,double,uint8,int8,uint16,int16,int32,int64,complex64,complex128,uint32,"
          "uint64}");
  op.infer(infer_broadcast).kernel(binary_kernel<SubFn, NumberTypes>).elementwise();
  op.samples([](Samples& s) {
    add_samples(s);
    extremes(s);
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0)) g.set_sum(0, g.grad());
    if (g.needs(1)) g.set_sum(1, -g.grad());
  });
}

FLOE_OP("Mul", op) {
  op.in("x:T, y:T")
      .out("z:T")
      .attrs(
          "T:{bfloat16,half,float,double,uint8,int8,uint16,int16,int32,uint32,uint64,int64,complex64,"
          "complex128}");
  op.infer(infer_broadcast).kernel(binary_kernel<MulFn, NumberTypes>).elementwise().commutative();
  op.samples([](Samples& s) {
    add_samples(s);
    extremes(s);
  });
  op.gradient([](GradientContext& g) {
    for (int i : {0, 1})
      if (g.needs(i)) g.set_sum(i, g.grad() * grad::conj(g.input(1 - i)));
  });
}

FLOE_OP("MulNoNan", op) {
  op.in("x:T, y:T").out("z:T").attrs(kFloatComplexAttr);
  op.infer(infer_broadcast).kernel(binary_kernel<MulNoNanFn, FloatComplexTypes>).elementwise();
  op.samples(add_samples);
  op.gradient([](GradientContext& g) {
    if (g.needs(0)) g.set_sum(0, grad::op("MulNoNan", {g.grad(), g.input(1)}));
    if (g.needs(1)) g.set_sum(1, grad::op("MulNoNan", {g.input(0), g.grad()}));
  });
}

FLOE_OP("SquaredDifference", op) {
  op.in("x:T, y:T").out("z:T").attrs("T:{bfloat16,half,float,double,int32,int64,complex64,complex128}");
  op.infer(infer_broadcast)
      .kernel(binary_kernel<SquaredDifferenceFn, SignedNumberTypes>)
      .elementwise()
      .commutative();
  op.samples(add_samples);
  op.gradient([](GradientContext& g) {
    Tensor d = 2.0 * g.grad() * (g.input(0) - g.input(1));
    if (g.needs(0)) g.set_sum(0, d);
    if (g.needs(1)) g.set_sum(1, -d);
  });
}

// Where both are equal, the gradient goes to the first.
void gradient_of_choice(GradientContext& g, const Tensor& first) {
  Tensor dy = g.grad(), zero = grad::like(dy, 0);
  if (g.needs(0)) g.set_sum(0, grad::where(first, dy, zero));
  if (g.needs(1)) g.set_sum(1, grad::where(first, zero, dy));
}

FLOE_OP("Maximum", op) {
  op.in("x:T, y:T")
      .out("z:T")
      .attrs("T:{bfloat16,half,float,double,int8,uint8,int16,uint16,int32,uint32,int64,uint64}");
  op.infer(infer_broadcast).kernel(binary_kernel<MaximumFn, RealTypes>).elementwise();
  op.samples(add_samples);
  op.gradient([](GradientContext& g) { gradient_of_choice(g, g.input(0) >= g.input(1)); });
}

FLOE_OP("Minimum", op) {
  op.in("x:T, y:T")
      .out("z:T")
      .attrs("T:{bfloat16,half,float,double,int8,uint8,int16,uint16,int32,uint32,int64,uint64}");
  op.infer(infer_broadcast).kernel(binary_kernel<MinimumFn, RealTypes>).elementwise();
  op.samples(add_samples);
  op.gradient([](GradientContext& g) { gradient_of_choice(g, g.input(0) <= g.input(1)); });
}

}  // namespace
}  // namespace floe
