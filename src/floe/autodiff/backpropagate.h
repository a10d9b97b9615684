// From records of ops to gradients.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "floe/runtime/context.h"

namespace floe {

/// `records` in the order the ops were called.
std::vector<Gradient> backpropagate(std::span<const OpRecordPtr> records, std::span<const Tensor> targets,
                                    std::span<const Tensor> sources, std::span<const Gradient> target_grads);

/// Records of the nodes of a graph that lie between `xs` and `ys`, in order.
std::vector<OpRecordPtr> records_between(RecordedGraph& g, std::span<const Tensor> ys,
                                         std::span<const Tensor> xs, std::span<const Tensor> stop);

/// A rule that needs more than the op's inputs and outputs: control flow, rules given by users. Takes
/// precedence over the op's own.
using RecordGradient = std::function<std::vector<Gradient>(
    const OpRecord& record, std::span<const Gradient> grads, const std::vector<bool>& needed)>;
void set_gradient(const std::string& op, RecordGradient rule);

/// An op without a rule. TensorFlow's class for it is LookupError.
struct NoGradientDefined : NotFound {
  using NotFound::NotFound;
};

}  // namespace floe
