// Programs of fused elementwise chains: which ops may take part and how a program is written into an
// attribute.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "floe/op/kernel.h"

namespace floe {

struct ElementwiseInstruction {
  int op = 0;  // index into elementwise_ops()
  int dst = 0;
  int operands = 0;
  std::array<int, 3> args{};
};

/// Slots: inputs, outputs, temporaries, in this order.
struct ElementwiseCode {
  std::vector<ElementwiseInstruction> instructions;
  int temporaries = 0;

  void add(std::string_view op, int dst, std::initializer_list<int> args);
  std::vector<int64_t> to_attr() const;
  static ElementwiseCode from_attr(const std::vector<int64_t>& v);
};

/// Ops that float32 chains may hold, by TensorFlow's name, with their number of operands.
struct ElementwiseOp {
  const char* name;
  int operands;
};
std::span<const ElementwiseOp> elementwise_ops();
/// Index into elementwise_ops(), or -1.
int find_elementwise_op(std::string_view name);

/// One instruction by a plain op call (comparisons give 0 and 1 as float).
Tensor run_elementwise_instruction(const ElementwiseInstruction& in, const std::vector<Tensor>& args,
                                   RunState& state);

}  // namespace floe
