// A plan that runs the convolutional front of a body a few samples at a time, so that activations stay in the
// cache, and the rest on the whole batch. With several threads the slices run side by side.
#pragma once

#include <memory>

#include "floe/graph/passes/batch_slices.h"
#include "floe/runtime/plan.h"

namespace floe {

class SlicedPlan : public Runner {
 public:
  struct Options {
    int64_t batch = 0, slice = 1;
    int threads = 1;
  };
  /// `make(body, shapes, threads)` prepares the plan of a part.
  using Make = std::function<std::shared_ptr<const Plan>(const FunctionBody&, std::span<const Shape>, int)>;
  SlicedPlan(BatchSplit split, const Options& options, const Make& make);

  void run(RunState& state, std::span<Tensor> inputs, std::vector<Tensor>& outputs) const override;
  std::string describe() const override;
  int64_t samples_per_slice() const { return options_.slice; }
  const Runner& slice() const { return *slice_; }
  /// Null when the slices give the results.
  const Runner* rest() const { return rest_.get(); }

 private:
  void run_slice(RunState& state, std::span<const Tensor> inputs, int64_t from, int64_t to,
                 std::vector<Tensor>& outputs) const;

  Options options_;
  std::shared_ptr<const Plan> slice_, last_, rest_;
  std::vector<DType> types_;
  std::vector<Shape> shapes_;  // of the front's results, whole batch
};

/// Samples per slice for a front that touches so many bytes per sample.
int64_t slice_size(int64_t bytes_per_sample, int64_t batch, int threads);

}  // namespace floe
