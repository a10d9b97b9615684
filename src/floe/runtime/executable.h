// A function body ready to be called with tensors of any shape: optimised once, planned per input shapes.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "floe/graph/graph.h"
#include "floe/op/kernel.h"
#include "floe/runtime/callable.h"
#include "floe/runtime/plan.h"

namespace floe {

struct ExecutableOptions {
  /// Only the plain reference kernels and no fusion: the truth the tuned ones are tested against.
  bool reference_only = false;
  /// Called with ever new shapes, as the body of a loop may be: after some plans, one serves all shapes.
  bool shapes_may_grow = false;
};

class Executable {
 public:
  Executable(std::unique_ptr<FunctionBody> body, std::shared_ptr<CallableCache> callables,
             ExecutableOptions options = {});

  /// Consumes `inputs`.
  void run(RunState& state, std::span<Tensor> inputs, std::vector<Tensor>& outputs) const;
  /// The plan for these shapes, made if there is none yet.
  std::shared_ptr<const Runner> plan(std::span<const Shape> shapes) const;
  const FunctionBody& body() const { return *body_; }

 private:
  struct Entry {
    std::vector<Shape> shapes;
    int threads = 1;
    bool any_shape = false;
    std::shared_ptr<const Runner> plan;
  };
  std::shared_ptr<const Runner> find(std::span<const Tensor> inputs) const;
  std::shared_ptr<const Runner> make_runner(std::unique_ptr<FunctionBody> body, std::span<const Shape> shapes,
                                            int threads) const;
  void check_inputs(std::span<const Tensor> inputs) const;

  std::unique_ptr<FunctionBody> body_;
  std::shared_ptr<CallableCache> callables_;
  ExecutableOptions options_;
  mutable std::shared_mutex mutex_;
  mutable std::mutex compiling_;
  mutable std::vector<std::shared_ptr<Entry>> plans_;
};

/// Shape-independent passes, run once per body.
void optimize(FunctionBody& body, const ExecutableOptions& options);
/// Passes that need the shapes, run per plan.
void optimize_for_shapes(FunctionBody& body, std::span<const Shape> shapes, const ExecutableOptions& options);

}  // namespace floe
