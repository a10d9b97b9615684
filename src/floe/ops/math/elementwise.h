// What elementwise math ops share: loops over one or two inputs and the usual declarations.
#pragma once

#include <cmath>
#include <complex>
#include <limits>
#include <type_traits>

#include "floe/base/threads.h"
#include "floe/op/gradient.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/broadcast.h"
#include "floe/tensor/dispatch.h"

namespace floe {

using FloatComplexTypes = Types<float, double, float16, bfloat16, std::complex<float>, std::complex<double>>;
using SignedNumberTypes = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t,
                                std::complex<float>, std::complex<double>>;

inline constexpr const char* kFloatAttr = "T:{bfloat16,half,float,double}";
inline constexpr const char* kFloatComplexAttr = "T:{bfloat16,half,float,double,complex64,complex128}";
inline constexpr const char* kRealAttr =
    "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}";

template <class T>
inline constexpr bool is_complex_v =
    std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

/// out[i] = f(in[i]); `cost` is about the number of nanoseconds of one call.
template <class In, class Out, class F>
void map_unary(KernelContext& c, double cost, F f) {
  const In* x = c.in<In>(0);
  Out* y = c.out<Out>(0);
  parallel_for(c.threads(), c.output(0).num_elements(), cost, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) y[i] = f(x[i]);
  });
}

/// A unary op that keeps the type: F is called in the compute type (float for the half types).
template <class F, class TypeList>
KernelFn unary_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(0), [&]<class T>() {
    fn = [](KernelContext& c) { map_unary<T, T>(c, F::kCost, [](T x) { return T(F{}(compute_t<T>(x))); }); };
  });
  return fn;
}

/// A binary op that keeps the type.
template <class F, class TypeList>
KernelFn binary_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(0), [&]<class T>() {
    fn = [](KernelContext& c) {
      broadcast_binary<T, T>(c, [](T a, T b) { return T(F{}(compute_t<T>(a), compute_t<T>(b))); });
    };
  });
  return fn;
}

/// Values where functions of one real variable tend to differ.
inline Tensor special_values(DType t = DType::kFloat32) {
  return Samples::numbers({7}, {NAN, INFINITY, -INFINITY, 0.0, -0.0, 1, -1}, t);
}

/// Samples of a unary op: every type with values of [lo, hi], then ranks, sizes and special values.
inline void unary_samples(Samples& s, double lo, double hi) {
  s.each_type("T", [&](DType t) { s.add({s.uniform({2, 3}, lo, hi, t)}); });
  s.add({s.uniform({}, lo, hi)});
  s.add({s.uniform({0, 2}, lo, hi)});
  s.add({s.uniform({3, 1, 11}, lo, hi)});
  s.add({special_values()});
}

/// Samples of a binary op over the types of attribute T.
inline void binary_samples(Samples& s, double lo = -9, double hi = 9) {
  s.each_type("T", [&](DType t) {
    if (t != DType::kString) s.add({s.uniform({2, 3}, lo, hi, t), s.uniform({2, 3}, lo, hi, t)});
  });
  s.add({s.uniform({2, 1, 3}, lo, hi), s.uniform({4, 1}, lo, hi)});
  s.add({s.uniform({5}, lo, hi), s.uniform({}, lo, hi)});
  s.add({s.uniform({}, lo, hi), s.uniform({2, 2}, lo, hi)});
  s.add({s.uniform({0, 3}, lo, hi), s.uniform({3}, lo, hi)});
  s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}), s.random({3})});
}

/// All pairs of special values.
inline void special_pairs(Samples& s) {
  Tensor v = Samples::numbers({7}, {NAN, INFINITY, -INFINITY, 0.0, -0.0, 1.5, -1.5});
  s.add({v.reshaped({7, 1}), v});
}

/// The gradient rule of y = f(x), holomorphic where x is complex, by its derivative.
inline void set_derivative(OpBuilder& op, Tensor (*derivative)(const Tensor& x, const Tensor& y)) {
  op.gradient([derivative](GradientContext& g) {
    g.set(0, g.grad() * grad::conj(derivative(g.input(0), g.output())));
  });
}
/// Of steps: zero wherever there is a derivative.
inline void set_zero_derivative(OpBuilder& op) {
  op.gradient([](GradientContext& g) { g.set(0, grad::zeros_like(g.input(0))); });
}

template <class F, class TypeList>
void define_unary(OpBuilder& op, const char* attrs, double lo, double hi) {
  op.in("x:T").out("y:T").attrs(attrs);
  op.infer(infer_unchanged).kernel(unary_kernel<F, TypeList>).elementwise();
  op.samples([=](Samples& s) { unary_samples(s, lo, hi); });
}

}  // namespace floe
