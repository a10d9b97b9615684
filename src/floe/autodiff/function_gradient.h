// A function taken apart for its gradient: a forward function that also gives the intermediate values, and a
// backward function that takes them.
#pragma once

#include <memory>
#include <vector>

#include "floe/runtime/concrete_function.h"
#include "floe/runtime/context.h"

namespace floe {

struct Differentiated {
  /// Results: those of the function it was made from, then the intermediates.
  std::shared_ptr<ConcreteFunction> forward;
  /// Arguments: a gradient per differentiable result (see `graded`), then the intermediates.
  std::shared_ptr<ConcreteFunction> backward;
  size_t results = 0;       // of the function it was made from
  std::vector<int> graded;  // which of them take a gradient
  struct Output {
    int input;    // of all inputs
    bool slices;  // three results instead of one
  };
  std::vector<Output> outputs;

  /// Gradients per input from gradients per result and the intermediates.
  std::vector<Gradient> call(std::span<const Gradient> grads, std::span<const Tensor> outputs,
                             size_t num_inputs) const;
};

/// The levels of a function: level k can be differentiated k times. `level` counts from 1.
std::shared_ptr<const Differentiated> differentiated(ConcreteFunction& f, size_t level);

/// The gradient of a call whose outputs are those of level `levels` of f, or of f alone while nobody needs
/// more.
std::vector<Gradient> call_gradient(ConcreteFunction& f, std::span<const Tensor> outputs,
                                    std::span<const Gradient> grads, size_t num_inputs);

/// What node attribute `attr` of a graph calls.
std::shared_ptr<ConcreteFunction> function_of(const FuncRef& ref, const RecordedGraph& g);

/// Registers the gradients of calls and control flow; done once.
void init_autodiff();

}  // namespace floe
