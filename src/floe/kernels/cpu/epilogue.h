// The epilogue of fused nodes: bias, residual, activation.
#pragma once

#include <string>

#include "floe/kernels/cpu/simd/epilogue.h"
#include "floe/op/kernel.h"

namespace floe::cpu {

struct EpilogueSpec {
  int bias = -1, residual = -1;  // input numbers
  std::string activation;
  simd::Activation simd_activation = simd::Activation::kNone;
  float alpha = 0.2f;

  /// Reads the attributes of _Floe ops; plain ops have an empty epilogue.
  static EpilogueSpec of(const KernelInit& k);
  /// For this run; `channels` floats per position.
  simd::Epilogue at(const KernelContext& c, int64_t channels) const;
};

}  // namespace floe::cpu
