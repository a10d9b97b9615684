// What the ops that call functions share.
#pragma once

#include <memory>
#include <vector>

#include "floe/op/infer.h"
#include "floe/op/kernel.h"

namespace floe {

/// The function that a FuncRef names, for a node that is being prepared.
std::shared_ptr<Callable> load_function(const KernelInit& k, const FuncRef& ref);

/// TensorFlow's truth of a tensor: a scalar number that is not zero, a string that is not empty; other
/// shapes are true when they have elements.
bool truth_of(const Tensor& t);

/// Calls `f` with inputs [first, ...) of the node; the results become the node's outputs.
void call_with_inputs(KernelContext& c, const Callable& f, int first);

/// Throws Cancelled when the run was asked to end.
void check_cancelled(KernelContext& c);

/// Output shapes as the attribute `output_shapes` gives them, else unknown.
void infer_from_output_shapes(InferContext& c);

}  // namespace floe
