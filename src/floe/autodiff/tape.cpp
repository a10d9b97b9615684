#include <algorithm>
#include <unordered_set>

#include "floe/autodiff.h"
#include "floe/autodiff/backpropagate.h"
#include "floe/autodiff/function_gradient.h"
#include "floe/base/text.h"
#include "floe/op/gradient.h"
#include "floe/runtime/recorded_graph.h"

namespace floe {
namespace {

std::vector<Gradient> starts(const std::vector<Tensor>& targets, const std::vector<Tensor>& given) {
  if (!given.empty() && given.size() != targets.size())
    throw InvalidArgument(
        cat("There are ", targets.size(), " targets and ", given.size(), " output gradients"));
  std::vector<Gradient> v;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!is_floating(targets[i].dtype()) && !is_complex(targets[i].dtype()) &&
        targets[i].dtype() != DType::kVariant)
      v.emplace_back();
    else
      v.emplace_back(!given.empty() && given[i] ? given[i] : grad::ones_like(targets[i]));
  }
  return v;
}

Gradient zeros_for(const Tensor& source) {
  if (source.dtype() != DType::kResource) return grad::zeros_like(source);
  throw InvalidArgument("zeros of a variable are made from its value");
}

void fill(std::vector<Gradient>& grads, const std::vector<Tensor>& sources, Unconnected unconnected) {
  if (unconnected == Unconnected::kNone) return;
  for (size_t i = 0; i < grads.size(); ++i)
    if (!grads[i]) grads[i] = zeros_for(sources[i]);
}

}  // namespace

struct GradientTape::Impl : OpObserver {
  bool keep = false, watch_variables = true, open = false, used = false;
  std::unordered_set<uint64_t> ids;
  std::unordered_set<uint64_t> variable_ids;
  std::vector<Tensor> variables, held;
  std::vector<OpRecordPtr> records;

  bool watches(std::span<const Tensor> inputs) const override {
    for (const Tensor& t : inputs)
      if (t && has_tensor_id(t) && ids.count(tensor_id(t))) return true;
    return false;
  }
  void add(const OpRecordPtr& r) override {
    if (!r->backward && r->op->no_gradient) return;
    bool flows = false;
    for (const Tensor& t : r->inputs)
      flows = flows || (t && is_differentiable(t.dtype()) && has_tensor_id(t) && ids.count(tensor_id(t)));
    if (!flows) return;
    for (const Tensor& t : r->outputs)
      if (t && is_differentiable(t.dtype())) ids.insert(tensor_id(t));
    records.push_back(r);
  }
  void variable_accessed(const Tensor& handle) override {
    if (watch_variables) watch_variable(handle);
  }
  void watch_variable(const Tensor& handle) {
    if (!variable_ids.insert(tensor_id(handle)).second) return;
    variables.push_back(handle);
    ids.insert(tensor_id(handle));
  }
  bool persistent() const override { return keep; }
};

GradientTape::GradientTape(bool persistent, bool watch_accessed_variables) : impl_(std::make_unique<Impl>()) {
  init_autodiff();
  impl_->keep = persistent;
  impl_->watch_variables = watch_accessed_variables;
  start();
}
GradientTape::~GradientTape() { remove_observer(impl_.get()); }

void GradientTape::watch(const Tensor& t) {
  if (!t) throw InvalidArgument("watch: the tensor is missing");
  if (t.dtype() == DType::kResource) return impl_->watch_variable(t);
  impl_->held.push_back(t);
  impl_->ids.insert(tensor_id(t));
}
const std::vector<Tensor>& GradientTape::watched_variables() const { return impl_->variables; }
void GradientTape::stop() {
  remove_observer(impl_.get());
  impl_->open = false;
}
void GradientTape::start() {
  if (!impl_->open) push_observer(impl_.get());
  impl_->open = true;
}
bool GradientTape::is_open() const { return impl_->open; }
void GradientTape::reset() {
  impl_->ids.clear();
  impl_->variable_ids.clear();
  impl_->variables.clear();
  impl_->held.clear();
  impl_->records.clear();
  impl_->used = false;
}

std::vector<Gradient> GradientTape::gradient(const std::vector<Tensor>& targets,
                                             const std::vector<Tensor>& sources,
                                             const std::vector<Tensor>& output_gradients,
                                             Unconnected unconnected) {
  if (impl_->used)
    throw FailedPrecondition(
        "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)");
  if (impl_->open && !impl_->keep) stop();
  impl_->used = !impl_->keep;
  std::vector<OpRecordPtr> records = impl_->records;
  if (!impl_->keep) impl_->records.clear();
  std::vector<Gradient> grads = backpropagate(records, targets, sources, starts(targets, output_gradients));
  fill(grads, sources, unconnected);
  return grads;
}

std::vector<Gradient> GradientTape::gradient_again(const std::vector<Tensor>& targets,
                                                   const std::vector<Tensor>& sources,
                                                   const std::vector<Tensor>& output_gradients) {
  std::vector<OpRecordPtr> records = impl_->records;
  return backpropagate(records, targets, sources, starts(targets, output_gradients));
}

std::vector<Gradient> gradients(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                                const std::vector<Tensor>& output_gradients, Unconnected unconnected,
                                const std::vector<Tensor>& stop) {
  init_autodiff();
  const auto& g = current_graph();
  if (!g)
    throw FailedPrecondition(
        "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead.");
  // Tensors of the graph; what comes from outside is captured.
  auto inside = [&](const std::vector<Tensor>& v) {
    std::vector<Tensor> r;
    for (const Tensor& t : v) r.push_back(g->owns(t) ? t : g->symbol(g->bring_in(t)));
    return r;
  };
  std::vector<Tensor> y = inside(ys), x = inside(xs), s = inside(stop);
  std::vector<OpRecordPtr> records = records_between(*g, y, x, s);
  std::vector<Gradient> grads = backpropagate(records, y, x, starts(y, output_gradients));
  fill(grads, x, unconnected);
  return grads;
}

}  // namespace floe
