// Fused elementwise chains and single elementwise ops of float32, by the SIMD tile interpreter.
#include <unordered_map>

#include "floe/base/threads.h"
#include "floe/kernels/cpu/simd/elementwise.h"
#include "floe/op/elementwise_code.h"

namespace floe::cpu {
namespace {

simd::EwOp simd_op(std::string_view n) {
  using E = simd::EwOp;
  static const std::unordered_map<std::string_view, E> table = {{"Identity", E::kCopy},
                                                                {"Abs", E::kAbs},
                                                                {"Neg", E::kNeg},
                                                                {"Sign", E::kSign},
                                                                {"Square", E::kSquare},
                                                                {"Sqrt", E::kSqrt},
                                                                {"Rsqrt", E::kRsqrt},
                                                                {"Reciprocal", E::kReciprocal},
                                                                {"Exp", E::kExp},
                                                                {"Expm1", E::kExpm1},
                                                                {"Log", E::kLog},
                                                                {"Log1p", E::kLog1p},
                                                                {"Sin", E::kSin},
                                                                {"Cos", E::kCos},
                                                                {"Tan", E::kTan},
                                                                {"Asin", E::kAsin},
                                                                {"Acos", E::kAcos},
                                                                {"Atan", E::kAtan},
                                                                {"Sinh", E::kSinh},
                                                                {"Cosh", E::kCosh},
                                                                {"Tanh", E::kTanh},
                                                                {"Asinh", E::kAsinh},
                                                                {"Acosh", E::kAcosh},
                                                                {"Atanh", E::kAtanh},
                                                                {"Erf", E::kErf},
                                                                {"Erfc", E::kErfc},
                                                                {"Sigmoid", E::kSigmoid},
                                                                {"Floor", E::kFloor},
                                                                {"Ceil", E::kCeil},
                                                                {"Round", E::kRound},
                                                                {"Rint", E::kRound},
                                                                {"Relu", E::kRelu},
                                                                {"Relu6", E::kRelu6},
                                                                {"Elu", E::kElu},
                                                                {"Selu", E::kSelu},
                                                                {"Softplus", E::kSoftplus},
                                                                {"Softsign", E::kSoftsign},
                                                                {"IsNan", E::kIsNan},
                                                                {"IsInf", E::kIsInf},
                                                                {"IsFinite", E::kIsFinite},
                                                                {"LogicalNot", E::kLogicalNot},
                                                                {"AddV2", E::kAdd},
                                                                {"Add", E::kAdd},
                                                                {"BiasAdd", E::kAdd},
                                                                {"Sub", E::kSub},
                                                                {"Mul", E::kMul},
                                                                {"RealDiv", E::kDiv},
                                                                {"Div", E::kDiv},
                                                                {"DivNoNan", E::kDivNoNan},
                                                                {"Maximum", E::kMaximum},
                                                                {"Minimum", E::kMinimum},
                                                                {"Pow", E::kPow},
                                                                {"SquaredDifference", E::kSquaredDifference},
                                                                {"FloorDiv", E::kFloorDiv},
                                                                {"FloorMod", E::kFloorMod},
                                                                {"Atan2", E::kAtan2},
                                                                {"LeakyRelu", E::kLeakyRelu},
                                                                {"Less", E::kLess},
                                                                {"LessEqual", E::kLessEqual},
                                                                {"Greater", E::kGreater},
                                                                {"GreaterEqual", E::kGreaterEqual},
                                                                {"Equal", E::kEqual},
                                                                {"NotEqual", E::kNotEqual},
                                                                {"LogicalAnd", E::kLogicalAnd},
                                                                {"LogicalOr", E::kLogicalOr},
                                                                {"SelectV2", E::kSelect},
                                                                {"ClipByValue", E::kClip}};
  return table.at(n);
}

double cost_of(simd::EwOp op) {
  using E = simd::EwOp;
  switch (op) {
    case E::kExp:
    case E::kTanh:
    case E::kErf:
    case E::kSigmoid:
    case E::kLog:
      return 0.2;
    case E::kPow:
    case E::kSin:
    case E::kCos:
    case E::kErfc:
      return 1;
    default:
      return 0.05;
  }
}

// How an operand of shape `in` runs along an output of shape `out`; false when no kind fits.
bool classify(const Shape& in, const Shape& out, const float* data, simd::EwOperand& o) {
  if (in.num_elements() == 1) return o = simd::EwOperand::scalar(data), true;
  if (in.num_elements() == out.num_elements()) return o = simd::EwOperand::dense(data), true;
  // Dimensions of the operand against the output: equal (E), repeated (R); 1 against 1 is either.
  int rank = out.rank(), pad = rank - in.rank();
  int64_t inner = 1, repeat = 1, outer = 1, outermost = 1;
  int d = rank - 1;
  auto equal = [&](int i) { return i >= pad && in[i - pad] == out[i]; };
  for (; d >= 0 && equal(d); --d) inner *= out[d];
  for (; d >= 0 && (!equal(d) || out[d] == 1); --d) repeat *= out[d];
  for (; d >= 0 && equal(d); --d) outer *= out[d];
  for (; d >= 0; --d) outermost *= out[d];
  if (outermost != 1) return false;
  if (inner == 1) return o = simd::EwOperand::column(data, repeat), true;
  o = simd::EwOperand::row(data, inner, outer == 1 ? 0 : repeat);
  return true;
}

struct Program {
  simd::EwProgram code;
  double cost = 0;
};

void run(const Program& p, KernelContext& c) {
  const Shape& out = c.output(0).shape();
  int64_t n = c.output(0).num_elements();
  if (n == 0) return;
  simd::EwOperand operands[simd::kMaxSlots];
  std::vector<Tensor> expanded;
  for (int i = 0; i < c.num_inputs(); ++i) {
    const Tensor& t = c.input(i);
    if (!classify(t.shape(), out, t.data<float>(), operands[i])) {
      Tensor dims(DType::kInt64, Shape{out.rank()});
      std::copy(out.begin(), out.end(), dims.mutable_data<int64_t>());
      expanded.push_back(invoke(get_op("BroadcastTo"), {t, dims}, {}, c.state())[0]);
      operands[i] = simd::EwOperand::dense(expanded.back().data<float>());
    }
  }
  for (int i = 0; i < c.num_outputs(); ++i)
    operands[c.num_inputs() + i] = simd::EwOperand::dense(c.out<float>(i));
  parallel_for(c.threads(), n, p.cost,
               [&](int64_t from, int64_t to) { simd::run_elementwise(p.code, operands, from, to); });
}

FLOE_KERNEL("_FloeElementwise", 10, k) {
  ElementwiseCode code = ElementwiseCode::from_attr(k.attr<std::vector<int64_t>>("code"));
  auto p = std::make_shared<Program>();
  p->code.inputs = uint8_t(k.num_inputs());
  p->code.outputs = uint8_t(k.num_outputs());
  p->code.temporaries = uint8_t(code.temporaries);
  if (k.num_inputs() + k.num_outputs() + code.temporaries > simd::kMaxSlots) return {};
  for (const auto& in : code.instructions) {
    simd::EwInstr i;
    i.op = simd_op(elementwise_ops()[size_t(in.op)].name);
    i.dst = uint8_t(in.dst);
    i.a = uint8_t(in.args[0]);
    i.b = uint8_t(in.args[1]);
    i.c = uint8_t(in.args[2]);
    p->code.code.push_back(i);
    p->cost += cost_of(i.op);
  }
  return [p](KernelContext& c) { run(*p, c); };
}

// Single ops whose plain loops call the C library for every element: where nothing was fused, as in eager
// mode and where shapes are known at run time only.
KernelFn unary_kernel(const KernelInit& k) {
  if (k.input_type(0) != DType::kFloat32) return {};
  simd::EwOp op = simd_op(k.def.name);
  return [op](KernelContext& c) {
    const float* x = c.in<float>(0);
    float* y = c.out<float>(0);
    parallel_for(c.threads(), c.output(0).num_elements(), cost_of(op), [&](int64_t from, int64_t to) {
      simd::run_elementwise_op(op, y + from, {x + from, false}, {}, {}, to - from);
    });
  };
}

FLOE_KERNEL("Exp", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Expm1", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Log", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Log1p", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Sin", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Cos", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Tanh", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Erf", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Sigmoid", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Elu", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Selu", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Softplus", 10, k) { return unary_kernel(k); }
FLOE_KERNEL("Rsqrt", 10, k) { return unary_kernel(k); }

FLOE_KERNEL("Pow", 10, k) {
  if (k.input_type(0) != DType::kFloat32) return {};
  auto p = std::make_shared<Program>();
  p->code.inputs = 2;
  p->code.outputs = 1;
  p->code.code.push_back({simd::EwOp::kPow, 2, 0, 1});
  p->cost = cost_of(simd::EwOp::kPow);
  return [p](KernelContext& c) { run(*p, c); };
}

}  // namespace
}  // namespace floe::cpu
