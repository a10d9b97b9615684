// Activations that kernels apply to their result, by name.
#pragma once

#include <span>
#include <string>

#include "floe/op/kernel.h"

namespace floe {

/// What an epilogue may do to a value x:
///   "" Relu Relu6 LeakyRelu(alpha) Elu Selu Sigmoid Tanh Softplus   the ops of these names
///   Swish x*sigmoid(x)   HardSigmoid relu6(x+3)/6   HardSwish x*HardSigmoid(x)   Gelu by erf   GeluTanh by
///   tanh
std::span<const char* const> activation_names();

/// The activation by plain op calls (the reference for fused kernels).
Tensor apply_activation(const std::string& name, float alpha, const Tensor& x, RunState& state);

}  // namespace floe
