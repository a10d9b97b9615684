// Gradients of piecewise linear activations of float32, a tile at a time: gradient times slope.
#include "floe/base/threads.h"
#include "floe/kernels/cpu/simd/elementwise.h"
#include "floe/op/kernel.h"

namespace floe::cpu {
namespace {

using simd::EwOp;

constexpr int64_t kTile = 1024;

// slope(x, n, into) writes the slopes at n values of x.
template <class F>
KernelFn slope_kernel(F slope) {
  return [slope](KernelContext& c) {
    const float *g = c.in<float>(0), *x = c.in<float>(1);
    float* y = c.out<float>(0);
    parallel_for(c.threads(), c.output(0).num_elements(), 0.2, [&](int64_t from, int64_t to) {
      float slopes[kTile];
      for (int64_t i = from; i < to; i += kTile) {
        int64_t n = std::min(kTile, to - i);
        slope(x + i, n, slopes);
        simd::run_elementwise_op(EwOp::kMul, y + i, {g + i, false}, {slopes, false}, {}, n);
      }
    });
  };
}

void above_zero(const float* x, int64_t n, float* into) {
  static const float zero = 0;
  simd::run_elementwise_op(EwOp::kGreater, into, {x, false}, {&zero, true}, {}, n);
}

FLOE_KERNEL("ReluGrad", 10, k) {
  if (k.input_type(0) != DType::kFloat32) return {};
  return slope_kernel(above_zero);
}

FLOE_KERNEL("Relu6Grad", 10, k) {
  if (k.input_type(0) != DType::kFloat32) return {};
  return slope_kernel([](const float* x, int64_t n, float* into) {
    static const float six = 6;
    float below[kTile];
    above_zero(x, n, into);
    simd::run_elementwise_op(EwOp::kLess, below, {x, false}, {&six, true}, {}, n);
    simd::run_elementwise_op(EwOp::kMul, into, {into, false}, {below, false}, {}, n);
  });
}

FLOE_KERNEL("LeakyReluGrad", 10, k) {
  if (k.input_type(0) != DType::kFloat32) return {};
  float alpha = k.attr<float>("alpha");
  return slope_kernel([alpha](const float* x, int64_t n, float* into) {
    static const float one = 1;
    above_zero(x, n, into);
    simd::run_elementwise_op(EwOp::kSelect, into, {into, false}, {&one, true}, {&alpha, true}, n);
  });
}

}  // namespace
}  // namespace floe::cpu
