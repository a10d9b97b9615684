#ifndef FLOE_KERNELS_CPU_SIMD_EPILOGUE_H_
#define FLOE_KERNELS_CPU_SIMD_EPILOGUE_H_

#include <cstdint>

namespace floe::simd {

enum class Activation : uint8_t {
  kNone,
  kRelu,
  kRelu6,
  kLeakyRelu,  // alpha * x below zero
  kElu,        // expm1(x) below zero
  kSelu,
  kSwish,        // x * sigmoid(x)
  kHardSwish,    // x * relu6(x + 3) / 6
  kHardSigmoid,  // relu6(x + 3) / 6
  kSigmoid,
  kTanh,
  kGelu,      // exact, through erf
  kGeluTanh,  // the tanh approximation
  kSoftplus,
};

// What a kernel does to a result before it is stored: activation(result + bias[channel] + residual).
// The residual may be the output buffer itself.
struct Epilogue {
  const float* bias = nullptr;      // one value per output channel, or null
  const float* residual = nullptr;  // same shape as the output, or null
  int64_t residual_stride = 0;      // floats between two pixels (rows) of the residual
  Activation activation = Activation::kNone;
  float alpha = 0.2f;  // for kLeakyRelu
};

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_EPILOGUE_H_
