#ifndef FLOE_KERNELS_CPU_SIMD_ATTENTION_H_
#define FLOE_KERNELS_CPU_SIMD_ATTENTION_H_

#include <cstddef>
#include <cstdint>

namespace floe::simd {

// y = softmax(q * k^T * scale + mask) * v for every batch entry and head, float32. The strides describe the
// layout, so that [batch, length, heads, size] needs no transposition; sizes within a head are contiguous.
struct AttentionArgs {
  int64_t batch = 1, heads = 1, queries = 0, keys = 0;
  int64_t size = 0;        // of a query and a key
  int64_t value_size = 0;  // of a value and a result
  float scale = 1.0f;

  struct Matrix {
    const float* data = nullptr;
    int64_t batch_stride = 0, row_stride = 0, head_stride = 0;
  };
  Matrix q, k, v;
  Matrix mask;  // added to the scores, [queries, keys] with unit stride over keys; strides may be 0; optional
  float* y = nullptr;  // must not overlap k or v; may be q where the layouts agree and value_size == size
  int64_t y_batch_stride = 0, y_row_stride = 0, y_head_stride = 0;
};

// Floats of scratch memory that each call running at the same time needs.
size_t attention_workspace_size(const AttentionArgs& args);

// Units [begin, end) of batch * heads; unit = batch entry * heads + head.
void attention(const AttentionArgs& args, float* workspace, int64_t unit_begin, int64_t unit_end);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_ATTENTION_H_
