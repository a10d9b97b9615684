// Convolution by oneDNN: NHWC, weights packed once, bias and post-ops fused.
#pragma once

#include "floe/kernels/cpu/dnnl.h"
#include "floe/kernels/cpu/epilogue.h"
#include "floe/op/conv_geometry.h"

namespace floe::cpu {

class DnnlConv {
 public:
  /// Null when oneDNN cannot do it with this epilogue.
  static std::shared_ptr<DnnlConv> make(const ConvGeometry& g, const EpilogueSpec& epilogue, int threads);
  /// Packs a filter that never changes.
  void pack(const Tensor& weights) const { packed_weights(weights, true); }
  /// `weights` is TensorFlow's filter; packed layouts are kept beside it when `keep` (it never changes).
  void run(const float* x, const Tensor& weights, bool keep, const float* bias, const float* residual,
           float* y) const;

 private:
  DnnlConv() = default;
  dnnl::memory packed_weights(const Tensor& weights, bool keep) const;

  int threads_ = 1;
  std::string key_, activation_;
  int64_t outputs_ = 0;
  dnnl::convolution_forward primitive_, in_place_;  // residual as a separate input, residual already in y
  dnnl::memory::desc src_, dst_, user_weights_, weights_, bias_, residual_, scratch_;
  bool has_residual_ = false;
};

}  // namespace floe::cpu
