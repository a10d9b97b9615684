#include "floe/op/elementwise_code.h"

#include "floe/base/text.h"

namespace floe {
namespace {

// Order is part of nothing that is stored: programs live in memory only.
constexpr ElementwiseOp kOps[] = {
    {"Identity", 1},
    {"Abs", 1},
    {"Neg", 1},
    {"Sign", 1},
    {"Square", 1},
    {"Sqrt", 1},
    {"Rsqrt", 1},
    {"Reciprocal", 1},
    {"Exp", 1},
    {"Expm1", 1},
    {"Log", 1},
    {"Log1p", 1},
    {"Sin", 1},
    {"Cos", 1},
    {"Tan", 1},
    {"Asin", 1},
    {"Acos", 1},
    {"Atan", 1},
    {"Sinh", 1},
    {"Cosh", 1},
    {"Tanh", 1},
    {"Asinh", 1},
    {"Acosh", 1},
    {"Atanh", 1},
    {"Erf", 1},
    {"Erfc", 1},
    {"Sigmoid", 1},
    {"Floor", 1},
    {"Ceil", 1},
    {"Round", 1},
    {"Rint", 1},
    {"Relu", 1},
    {"Relu6", 1},
    {"Elu", 1},
    {"Selu", 1},
    {"Softplus", 1},
    {"Softsign", 1},
    {"IsNan", 1},
    {"IsInf", 1},
    {"IsFinite", 1},
    {"LogicalNot", 1},
    {"AddV2", 2},
    {"Add", 2},
    {"BiasAdd", 2},
    {"Sub", 2},
    {"Mul", 2},
    {"RealDiv", 2},
    {"Div", 2},
    {"DivNoNan", 2},
    {"Maximum", 2},
    {"Minimum", 2},
    {"Pow", 2},
    {"SquaredDifference", 2},
    {"FloorDiv", 2},
    {"FloorMod", 2},
    {"Atan2", 2},
    {"LeakyRelu", 2},
    {"Less", 2},
    {"LessEqual", 2},
    {"Greater", 2},
    {"GreaterEqual", 2},
    {"Equal", 2},
    {"NotEqual", 2},
    {"LogicalAnd", 2},
    {"LogicalOr", 2},
    {"SelectV2", 3},
    {"ClipByValue", 3},
};

bool gives_bool(std::string_view n) {
  return n == "Less" || n == "LessEqual" || n == "Greater" || n == "GreaterEqual" || n == "Equal" ||
         n == "NotEqual" || n == "IsNan" || n == "IsInf" || n == "IsFinite" || n.rfind("Logical", 0) == 0;
}

}  // namespace

std::span<const ElementwiseOp> elementwise_ops() { return kOps; }

int find_elementwise_op(std::string_view name) {
  for (size_t i = 0; i < std::size(kOps); ++i)
    if (name == kOps[i].name) return int(i);
  return -1;
}

void ElementwiseCode::add(std::string_view op, int dst, std::initializer_list<int> args) {
  ElementwiseInstruction in;
  in.op = find_elementwise_op(op);
  if (in.op < 0) throw Internal(cat("'", op, "' cannot be part of an elementwise program"));
  in.dst = dst;
  for (int a : args) in.args[size_t(in.operands++)] = a;
  instructions.push_back(in);
}

std::vector<int64_t> ElementwiseCode::to_attr() const {
  std::vector<int64_t> v{temporaries};
  for (const auto& in : instructions) {
    v.push_back(in.op);
    v.push_back(in.dst);
    v.push_back(in.operands);
    for (int a : in.args) v.push_back(a);
  }
  return v;
}

ElementwiseCode ElementwiseCode::from_attr(const std::vector<int64_t>& v) {
  ElementwiseCode c;
  if (v.empty() || (v.size() - 1) % 6) throw InvalidArgument("an elementwise program is damaged");
  c.temporaries = int(v[0]);
  for (size_t i = 1; i < v.size(); i += 6) {
    ElementwiseInstruction in{
        int(v[i]), int(v[i + 1]), int(v[i + 2]), {int(v[i + 3]), int(v[i + 4]), int(v[i + 5])}};
    if (in.op < 0 || in.op >= int(std::size(kOps)) || in.operands != kOps[in.op].operands || in.dst < 0 ||
        in.dst > 255)
      throw InvalidArgument("an elementwise program is damaged");
    c.instructions.push_back(in);
  }
  return c;
}

Tensor run_elementwise_instruction(const ElementwiseInstruction& in, const std::vector<Tensor>& args,
                                   RunState& state) {
  auto call = [&](const char* n, std::vector<Tensor> a, AttrMap attrs = {}) {
    return invoke(get_op(n), std::move(a), std::move(attrs), state, {}, true)[0];
  };
  auto to = [&](const Tensor& t, DType d) { return t.dtype() == d ? t : call("Cast", {t}, {{"DstT", d}}); };
  std::string_view name = kOps[in.op].name;
  std::vector<Tensor> a = args;
  if (name == "LeakyRelu") {
    // As an instruction the slope is an operand: x >= 0 ? x : slope * x.
    Tensor zero = Tensor::scalar(0.0f);
    return call("SelectV2", {call("GreaterEqual", {a[0], zero}), a[0], call("Mul", {a[0], a[1]})});
  }
  if (name == "BiasAdd") name = "AddV2";
  if (name.rfind("Logical", 0) == 0)
    for (Tensor& t : a) t = to(t, DType::kBool);
  if (name == "SelectV2") a[0] = to(a[0], DType::kBool);
  Tensor r = call(std::string(name).c_str(), a);
  return gives_bool(name) ? to(r, DType::kFloat32) : r;
}

}  // namespace floe
