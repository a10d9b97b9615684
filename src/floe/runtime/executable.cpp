#include "floe/runtime/executable.h"

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/graph/passes/channels_last.h"
#include "floe/graph/passes/passes.h"
#include "floe/graph/raise.h"
#include "floe/graph/supported.h"
#include "floe/runtime/sliced.h"
#include "floe/tensor/allocator.h"

namespace floe {
namespace {
constexpr size_t kMaxPlans = 64;
constexpr size_t kMaxGrowingPlans = 16;
constexpr int64_t kMinSlicedBatch = 4;
}  // namespace

void optimize(FunctionBody& b, const ExecutableOptions& options) {
  lower_references(b);
  raise_control_flow(b);
  check_calls(b);
  inline_calls(b);
  check_supported(b, b.name.empty() ? "" : cat("Function '", b.name, "'"));
  simplify_controls(b);
  specialize(b, {});
  if (!options.reference_only) {
    if (channels_last(b)) specialize(b, {});
    simplify(b);
    unfold_batch_norm(b);
    fold_scale(b);
    fold_pad(b);
  }
  align_constants(*b.graph);
}

void optimize_for_shapes(FunctionBody& b, std::span<const Shape> shapes, const ExecutableOptions& options) {
  specialize(b, shapes);
  if (options.reference_only) return;
  if (fuse_loops(b)) specialize(b, shapes);
  simplify(b);
  fuse_patterns(b);
  lower_products(b);
  fuse_epilogues(b);
  fuse_elementwise(b);
}

Executable::Executable(std::unique_ptr<FunctionBody> body, std::shared_ptr<CallableCache> callables,
                       ExecutableOptions options)
    : body_(std::move(body)), callables_(std::move(callables)), options_(options) {
  optimize(*body_, options_);
}

void Executable::check_inputs(std::span<const Tensor> inputs) const {
  if (inputs.size() != body_->args.size()) {
    std::string names = join(body_->input_names, ", ");
    throw InvalidArgument(cat("The function takes ", body_->args.size(), " input(s)",
                              names.empty() ? "" : " (", names, names.empty() ? "" : ")", ", ", inputs.size(),
                              " were given"));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Node* a = body_->args[i];
    if (!inputs[i]) throw InvalidArgument(cat("Input '", body_->input_names[i], "' is missing"));
    if (inputs[i].dtype() != a->output_types[0])
      throw InvalidArgument(cat("Input '", body_->input_names[i], "' must be ",
                                dtype_name(a->output_types[0]), " ", a->output_shapes[0].str(), ", found ",
                                dtype_name(inputs[i].dtype()), " ", inputs[i].shape().str()));
    if (!a->output_shapes[0].is_compatible_with(inputs[i].shape()))
      throw InvalidArgument(cat("Cannot feed value of shape ", inputs[i].shape().tuple_str(), " for Tensor '",
                                body_->input_names[i], "', which has shape '",
                                a->output_shapes[0].tuple_str(), "'"));
  }
}

std::shared_ptr<const Runner> Executable::find(std::span<const Tensor> inputs) const {
  int threads = num_threads();
  std::shared_lock lock(mutex_);
  for (auto& e : plans_) {
    if (e->threads != threads) continue;
    if (e->any_shape) return e->plan;
    bool same = true;
    for (size_t i = 0; i < inputs.size() && same; ++i) same = e->shapes[i] == inputs[i].shape();
    if (same) return e->plan;
  }
  return nullptr;
}

std::shared_ptr<const Runner> Executable::plan(std::span<const Shape> shapes) const {
  int threads = num_threads();
  std::lock_guard compiling(compiling_);
  {
    std::shared_lock lock(mutex_);
    for (auto& e : plans_)
      if (e->threads == threads &&
          std::equal(shapes.begin(), shapes.end(), e->shapes.begin(), e->shapes.end()))
        return e->plan;
  }
  auto entry = std::make_shared<Entry>();
  auto body = clone(*body_);
  // Shapes that never come back (a loop that grows its tensors) are not worth a plan each: one plan that
  // finds its shapes while running serves them all.
  if (options_.shapes_may_grow && plans_.size() >= kMaxGrowingPlans) {
    entry->any_shape = true;
    entry->threads = threads;
    entry->plan = std::make_shared<const Plan>(*body, callables_, threads, options_.reference_only);
    std::unique_lock lock(mutex_);
    plans_.push_back(entry);
    return entry->plan;
  }
  entry->shapes.assign(shapes.begin(), shapes.end());
  entry->threads = threads;
  entry->plan = make_runner(std::move(body), shapes, threads);
  if (!options_.shapes_may_grow) release_cached_memory();  // what planning used and let go
  std::unique_lock lock(mutex_);
  if (plans_.size() >= kMaxPlans) plans_.erase(plans_.begin());
  plans_.push_back(entry);
  return entry->plan;
}

std::shared_ptr<const Runner> Executable::make_runner(std::unique_ptr<FunctionBody> body,
                                                      std::span<const Shape> shapes, int threads) const {
  auto make = [&](const FunctionBody& part, std::span<const Shape> part_shapes, int part_threads) {
    auto b = clone(part);
    optimize_for_shapes(*b, part_shapes, options_);
    return std::make_shared<const Plan>(*b, callables_, part_threads, options_.reference_only);
  };
  if (!options_.reference_only && !shapes.empty() && shapes[0].rank() > 0 &&
      shapes[0][0] >= kMinSlicedBatch) {
    auto whole = clone(*body);
    specialize(*whole, shapes);
    BatchSplit split = split_batch(*whole);
    if (split.front) {
      SlicedPlan::Options o{shapes[0][0], slice_size(split.bytes_per_sample, shapes[0][0], threads), threads};
      return std::make_shared<const SlicedPlan>(std::move(split), o, make);
    }
  }
  return make(*body, shapes, threads);
}

void Executable::run(RunState& state, std::span<Tensor> inputs, std::vector<Tensor>& outputs) const {
  check_inputs(inputs);
  std::shared_ptr<const Runner> p = find(inputs);
  if (!p) {
    std::vector<Shape> shapes;
    for (const Tensor& t : inputs) shapes.push_back(t.shape());
    p = plan(shapes);
  }
  p->run(state, inputs, outputs);
}

}  // namespace floe
