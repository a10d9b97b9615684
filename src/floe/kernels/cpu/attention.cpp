// Fused attention and layer normalization.
#include "floe/kernels/cpu/simd/attention.h"
#include "floe/base/threads.h"
#include "floe/kernels/cpu/simd/rows.h"
#include "floe/op/kernel.h"
#include "floe/tensor/allocator.h"

namespace floe::cpu {
namespace {

simd::AttentionArgs::Matrix matrix(const Tensor& t) {
  int64_t heads = t.dim(2), size = t.dim(3);
  return {t.data<float>(), t.dim(1) * heads * size, heads * size, size};
}

// A mask of [batch | 1, heads | 1, queries | 1, keys], added to the scores.
simd::AttentionArgs::Matrix mask_matrix(const Tensor& t) {
  int64_t dims[4] = {1, 1, 1, 1};
  for (int i = 0; i < t.rank(); ++i) dims[4 - t.rank() + i] = t.dim(i);
  int64_t row = dims[2] == 1 ? 0 : dims[3], head = dims[1] == 1 ? 0 : dims[2] * dims[3],
          batch = dims[0] == 1 ? 0 : dims[1] * dims[2] * dims[3];
  return {t.data<float>(), batch, row, head};
}

FLOE_KERNEL("_FloeAttention", 10, k) {
  float scale = k.attr<float>("scale");
  return [scale](KernelContext& c) {
    const Tensor &q = c.input(0), &v = c.input(2);
    simd::AttentionArgs a;
    a.batch = q.dim(0);
    a.queries = q.dim(1);
    a.heads = q.dim(2);
    a.size = q.dim(3);
    a.keys = c.input(1).dim(1);
    a.value_size = v.dim(3);
    a.scale = scale;
    a.q = matrix(q);
    a.k = matrix(c.input(1));
    a.v = matrix(v);
    if (c.num_inputs() > 3) a.mask = mask_matrix(c.input(3));
    a.y = c.out<float>(0);
    a.y_row_stride = a.heads * a.value_size;
    a.y_batch_stride = a.queries * a.y_row_stride;
    a.y_head_stride = a.value_size;
    size_t bytes = simd::attention_workspace_size(a) * sizeof(float);
    double cost = double(a.queries * a.keys) * double(a.size + a.value_size) * 0.01;
    parallel_for(c.threads(), a.batch * a.heads, cost, [&](int64_t from, int64_t to) {
      void* w = allocate_bytes(bytes);
      simd::attention(a, static_cast<float*>(w), from, to);
      free_bytes(w, bytes);
    });
  };
}

FLOE_KERNEL("_FloeLayerNorm", 10, k) {
  float epsilon = k.attr<float>("epsilon");
  return [epsilon](KernelContext& c) {
    simd::LayerNormArgs a;
    a.n = c.input(0).dim(-1);
    if (a.n == 0) return;
    a.x = c.in<float>(0);
    a.x_stride = a.y_stride = a.n;
    a.gamma = c.in<float>(1);
    a.beta = c.in<float>(2);
    a.epsilon = epsilon;
    a.y = c.out<float>(0);
    parallel_for(c.threads(), c.input(0).num_elements() / a.n, double(a.n) * 0.2,
                 [&](int64_t from, int64_t to) { simd::layer_norm_rows(a, from, to); });
  };
}

}  // namespace
}  // namespace floe::cpu
