#include "floe/op/activation.h"

#include "floe/base/text.h"

namespace floe {

std::span<const char* const> activation_names() {
  static const char* const names[] = {
      "",     "Relu",     "Relu6", "LeakyRelu",   "Elu",       "Selu", "Sigmoid",
      "Tanh", "Softplus", "Swish", "HardSigmoid", "HardSwish", "Gelu", "GeluTanh"};
  return names;
}

Tensor apply_activation(const std::string& name, float alpha, const Tensor& x, RunState& state) {
  auto op = [&](const char* n, std::vector<Tensor> in, AttrMap attrs = {}) {
    return invoke(get_op(n), std::move(in), std::move(attrs), state, {}, true)[0];
  };
  auto number = [&](double v) {
    Tensor t(x.dtype(), Shape{});
    if (x.dtype() == DType::kFloat64)
      *t.mutable_data<double>() = v;
    else
      *t.mutable_data<float>() = float(v);
    return t;
  };
  if (name.empty()) return x;
  if (name == "LeakyRelu") return op("LeakyRelu", {x}, {{"alpha", alpha}});
  if (name == "Swish") return op("Mul", {x, op("Sigmoid", {x})});
  if (name == "HardSigmoid") return op("Mul", {op("Relu6", {op("AddV2", {x, number(3)})}), number(1.0 / 6)});
  if (name == "HardSwish") return op("Mul", {x, apply_activation("HardSigmoid", alpha, x, state)});
  if (name == "Gelu") {
    Tensor e = op("Erf", {op("Mul", {x, number(0.70710678118654752)})});
    return op("Mul", {op("Mul", {x, number(0.5)}), op("AddV2", {e, number(1)})});
  }
  if (name == "GeluTanh") {
    Tensor cube = op("Mul", {op("Mul", {x, x}), x});
    Tensor inner = op("AddV2", {x, op("Mul", {cube, number(0.044715)})});
    Tensor t = op("Tanh", {op("Mul", {inner, number(0.79788456080286536)})});
    return op("Mul", {op("Mul", {x, number(0.5)}), op("AddV2", {t, number(1)})});
  }
  return op(name.c_str(), {x});
}

}  // namespace floe
