// Matrix products by oneDNN, with batch dimensions, either operand transposed, and fused post-ops.
#pragma once

#include "floe/kernels/cpu/dnnl.h"
#include "floe/kernels/cpu/epilogue.h"

namespace floe::cpu {

/// c[batch, m, n] = a[batch_a, m, k] * b[batch_b, k, n]; batch dimensions of 1 are repeated.
struct MatMulShape {
  std::vector<int64_t> batch, batch_a, batch_b;  // equal lengths
  int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
};

class DnnlMatMul {
 public:
  /// Null when oneDNN cannot do it with this epilogue. With `packed_b`, b's layout is oneDNN's choice.
  static std::shared_ptr<DnnlMatMul> make(const MatMulShape& s, const EpilogueSpec& e, bool packed_b,
                                          int threads);
  void run(const float* a, const Tensor& b, const float* bias, const float* residual, float* c) const;

 private:
  DnnlMatMul() = default;
  int threads_ = 1;
  bool packed_ = false, has_residual_ = false;
  std::string key_, activation_;
  int64_t outputs_ = 0;
  dnnl::matmul primitive_, in_place_;
  dnnl::memory::desc a_, b_, b_user_, c_, bias_, scratch_;
};

}  // namespace floe::cpu
