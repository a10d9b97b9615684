// Softmax cross entropy of float32 logits.
#include "floe/base/threads.h"
#include "floe/kernels/cpu/simd/elementwise.h"
#include "floe/kernels/cpu/simd/rows.h"
#include "floe/op/kernel.h"

namespace floe::cpu {
namespace {

using simd::EwOp;

// back = exp(log_p), which was in it.
void exponentials(float* back, int64_t n) {
  simd::run_elementwise_op(EwOp::kExp, back, {back, false}, {}, {}, n);
}

FLOE_KERNEL("SoftmaxCrossEntropyWithLogits", 10, k) {
  if (k.input_type(0) != DType::kFloat32) return {};
  KernelFn reference = k.def.kernel(k);
  return [reference](KernelContext& c) {
    const Shape& shape = c.output(1).shape();
    int64_t n = shape[1];
    if (n == 0 || !(c.input(0).shape() == shape) || !(c.input(1).shape() == shape)) return reference(c);
    const float *x = c.in<float>(0), *labels = c.in<float>(1);
    float *loss = c.out<float>(0), *back = c.out<float>(1);
    parallel_for(c.threads(), shape[0], double(n), [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; ++r) {
        const float* label = labels + r * n;
        float* b = back + r * n;
        simd::softmax_rows(x + r * n, 1, n, n, b, n, true);
        float sum = 0;
        for (int64_t i = 0; i < n; ++i)
          if (label[i] != 0) sum -= label[i] * b[i];
        loss[r] = sum;
        exponentials(b, n);
        for (int64_t i = 0; i < n; ++i) b[i] -= label[i];
      }
    });
  };
}

template <class I>
KernelFn sparse_cross_entropy_kernel(KernelFn reference) {
  return [reference](KernelContext& c) {
    int64_t rows = c.input(0).dim(0), n = c.input(0).dim(1);
    const I* labels = c.in<I>(1);
    for (int64_t r = 0; r < rows; ++r)
      if (labels[r] < 0 || int64_t(labels[r]) >= n) return reference(c);
    const float* x = c.in<float>(0);
    float *loss = c.out<float>(0), *back = c.out<float>(1);
    parallel_for(c.threads(), rows, double(n), [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; ++r) {
        float* b = back + r * n;
        simd::softmax_rows(x + r * n, 1, n, n, b, n, true);
        loss[r] = -b[labels[r]];
        exponentials(b, n);
        b[labels[r]] -= 1;
      }
    });
  };
}

FLOE_KERNEL("SparseSoftmaxCrossEntropyWithLogits", 10, k) {
  if (k.input_type(0) != DType::kFloat32) return {};
  KernelFn reference = k.def.kernel(k);
  return k.input_type(1) == DType::kInt32 ? sparse_cross_entropy_kernel<int32_t>(reference)
                                          : sparse_cross_entropy_kernel<int64_t>(reference);
}

}  // namespace
}  // namespace floe::cpu
