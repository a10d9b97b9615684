#include "floe/kernels/cpu/epilogue.h"

namespace floe::cpu {
namespace {

simd::Activation activation_of(const std::string& n) {
  using A = simd::Activation;
  if (n == "Relu") return A::kRelu;
  if (n == "Relu6") return A::kRelu6;
  if (n == "LeakyRelu") return A::kLeakyRelu;
  if (n == "Elu") return A::kElu;
  if (n == "Selu") return A::kSelu;
  if (n == "Swish") return A::kSwish;
  if (n == "HardSwish") return A::kHardSwish;
  if (n == "HardSigmoid") return A::kHardSigmoid;
  if (n == "Sigmoid") return A::kSigmoid;
  if (n == "Tanh") return A::kTanh;
  if (n == "Gelu") return A::kGelu;
  if (n == "GeluTanh") return A::kGeluTanh;
  if (n == "Softplus") return A::kSoftplus;
  return A::kNone;
}

}  // namespace

EpilogueSpec EpilogueSpec::of(const KernelInit& k) {
  EpilogueSpec e;
  if (!k.attrs.has("activation")) return e;
  int at = 2;
  if (k.attr<bool>("bias")) e.bias = at++;
  if (k.attr<bool>("residual")) e.residual = at++;
  e.activation = k.attr<std::string>("activation");
  e.simd_activation = activation_of(e.activation);
  e.alpha = k.attr<float>("alpha");
  return e;
}

simd::Epilogue EpilogueSpec::at(const KernelContext& c, int64_t channels) const {
  simd::Epilogue e;
  if (bias >= 0) e.bias = c.in<float>(bias);
  if (residual >= 0) e.residual = c.in<float>(residual), e.residual_stride = channels;
  e.activation = simd_activation;
  e.alpha = alpha;
  return e;
}

}  // namespace floe::cpu
