#include "floe/autodiff/function_gradient.h"

#include "floe/autodiff/backpropagate.h"
#include "floe/base/text.h"
#include "floe/op/gradient.h"

namespace floe {
namespace {

// What a function keeps for its gradients. The forward functions share it: they are levels of the same.
struct Levels {
  std::weak_ptr<ConcreteFunction> base;
  std::vector<std::shared_ptr<const Differentiated>> made;
};

std::shared_ptr<const Differentiated> build(ConcreteFunction& f) {
  auto d = std::make_shared<Differentiated>();
  const auto& g = f.recorded();
  GraphScope around(g);
  auto b = RecordedGraph::make(cat("gradient_", g->name()), RecordedGraph::Kind::kFunction);
  GraphScope inside(b);
  d->results = f.results().size();
  std::vector<Tensor> ys, xs;
  std::vector<Gradient> starts;
  std::vector<Endpoint> args, outs;
  for (size_t i = 0; i < f.results().size(); ++i) {
    Tensor y = g->symbol(f.results()[i]);
    if (!is_differentiable(y.dtype()) || y.dtype() == DType::kResource) continue;
    Tensor dy = b->add_input(y.dtype(), y.shape(), cat("gradient_", i));
    args.push_back(symbol_of(dy).endpoint);
    d->graded.push_back(int(i));
    ys.push_back(y);
    starts.push_back(dy);
  }
  std::vector<int> input_of;
  std::vector<Endpoint> inputs = f.all_inputs();
  for (size_t i = 0; i < inputs.size(); ++i) {
    Tensor x = g->symbol(inputs[i]);
    if (!is_differentiable(x.dtype())) continue;
    xs.push_back(x);
    input_of.push_back(int(i));
  }
  std::vector<OpRecordPtr> records = records_between(*g, ys, xs, {});
  std::vector<Gradient> grads = backpropagate(records, ys, xs, starts);
  for (size_t i = 0; i < grads.size(); ++i) {
    if (!grads[i]) continue;
    d->outputs.push_back({input_of[i], grads[i].is_slices()});
    if (grads[i].is_slices()) {
      const IndexedSlices& s = grads[i].slices();
      outs.push_back(b->bring_in(s.values));
      outs.push_back(b->bring_in(s.indices));
      outs.push_back(b->bring_in(s.dense_shape ? s.dense_shape : grad::shape_of(s.values)));
    } else {
      outs.push_back(b->bring_in(grads[i].dense()));
    }
  }
  std::vector<Endpoint> results = f.results();
  std::vector<RecordedGraph::Capture> kept;
  for (const auto& c : b->captures()) {
    if (c.value) {
      kept.push_back(c);
      continue;
    }
    results.push_back(c.endpoint);
    args.push_back(c.inner);
  }
  d->forward =
      ConcreteFunction::make(g, f.inputs(), std::move(results), cat("forward_", g->name()), f.capture_list());
  d->backward = ConcreteFunction::make(b, std::move(args), std::move(outs), cat("backward_", g->name()),
                                       std::move(kept));
  return d;
}

std::shared_ptr<Levels> levels_of(ConcreteFunction& f) {
  std::lock_guard lock(f.gradient_mutex);
  if (!f.gradient_data) {
    auto l = std::make_shared<Levels>();
    l->base = f.weak_from_this();
    f.gradient_data = l;
  }
  return std::static_pointer_cast<Levels>(f.gradient_data);
}

// How many outputs a call needs so that gradients given for `outputs` can be passed on, as a level.
size_t level_for(const Levels& l, size_t base_results, std::span<const Gradient> grads) {
  size_t last = 0;
  for (size_t i = 0; i < grads.size(); ++i)
    if (grads[i]) last = i + 1;
  size_t level = 1, have = base_results;
  while (last > have && level <= l.made.size()) have = l.made[level++ - 1]->forward->results().size();
  return level;
}

std::vector<Tensor> watched_call(ConcreteFunction& f, std::vector<Tensor> inputs) {
  size_t level = 0;
  for (OpObserver* o : observers())
    if (o->watches(inputs)) level += o->persistent() ? 2 : 1;
  auto d = differentiated(f, level);
  OpRecord r;
  r.name = f.name();
  r.inputs = inputs;
  auto keep = f.shared_from_this();
  const auto& g = current_graph();
  if (g) g->called.push_back(keep);
  std::vector<Tensor> outputs =
      g ? g->symbols(d->forward->record_call(inputs)) : d->forward->run(std::move(inputs));
  for (Tensor& t : outputs)
    if (t.is_concrete() && t.rep()->refs.load() != 1) t = t.alias();
  r.outputs = outputs;
  r.backward = [keep, outputs, n = r.inputs.size()](std::span<const Gradient> grads,
                                                    const std::vector<bool>&) {
    return call_gradient(*keep, outputs, grads, n);
  };
  outputs.resize(f.results().size());
  record_custom(std::move(r));
  return outputs;
}

std::vector<Gradient> gradient_of_call(const OpRecord& r, std::span<const Gradient> grads,
                                       const std::vector<bool>&) {
  const Symbol& s = symbol_of(r.outputs[0]);
  Node* n = s.endpoint.node;
  auto f = function_of(n->attrs.get<FuncRef>("f"), *s.graph);
  auto levels = levels_of(*f);
  auto base = levels->base.lock();
  if (!base) throw Internal(cat("function '", f->name(), "' of a recorded call is gone"));
  size_t level = level_for(*levels, base->results().size(), grads);
  auto d = differentiated(*base, level);
  if (size_t(n->num_outputs()) < d->forward->results().size()) {
    d->forward->extend_call(n, s.graph->graph());
    s.graph->called.push_back(d->forward);
    s.graph->called.push_back(base);
  }
  std::vector<Tensor> outputs = s.graph->symbols(n);
  return d->call(grads, outputs, r.inputs.size());
}

}  // namespace

std::shared_ptr<const Differentiated> differentiated(ConcreteFunction& f, size_t level) {
  auto levels = levels_of(f);
  auto base = levels->base.lock();
  if (!base) throw Internal(cat("function '", f.name(), "' is gone"));
  std::lock_guard lock(base->gradient_mutex);
  while (levels->made.size() < level) {
    ConcreteFunction& from = levels->made.empty() ? *base : *levels->made.back()->forward;
    auto d = build(from);
    d->forward->gradient_data = levels;
    levels->made.push_back(std::move(d));
  }
  return levels->made[level - 1];
}

std::vector<Gradient> Differentiated::call(std::span<const Gradient> grads, std::span<const Tensor> outputs_,
                                           size_t num_inputs) const {
  std::vector<Tensor> args;
  for (int i : graded)
    args.push_back(size_t(i) < grads.size() && grads[size_t(i)] ? grads[size_t(i)].dense()
                                                                : grad::zeros_like(outputs_[size_t(i)]));
  for (size_t i = results; i < forward->results().size(); ++i) args.push_back(outputs_[i]);
  std::vector<Tensor> out = backward->call(std::move(args));
  std::vector<Gradient> result(num_inputs);
  size_t at = 0;
  for (const Output& o : outputs) {
    if (o.slices) {
      result[size_t(o.input)] = IndexedSlices{out[at], out[at + 1], out[at + 2]};
      at += 3;
    } else {
      result[size_t(o.input)] = out[at++];
    }
  }
  return result;
}

std::vector<Gradient> call_gradient(ConcreteFunction& f, std::span<const Tensor> outputs,
                                    std::span<const Gradient> grads, size_t num_inputs) {
  auto levels = levels_of(f);
  size_t level = level_for(*levels, f.results().size(), grads);
  auto d = differentiated(f, level);
  if (outputs.size() < d->forward->results().size())
    throw FailedPrecondition(cat("The gradient of the gradient of function '", f.name(),
                                 "' was asked for, but no tape was open for it when the function was called. "
                                 "Open the outer GradientTape "
                                 "before the call, or make it persistent."));
  return d->call(grads, outputs, num_inputs);
}

std::shared_ptr<ConcreteFunction> function_of(const FuncRef& ref, const RecordedGraph& g) {
  if (auto f = ConcreteFunction::find(ref.name)) return f;
  auto body = g.graph().library ? g.graph().library->find(ref) : nullptr;
  if (!body) throw NotFound(cat("Function '", ref.name, "' is not in the graph's library"));
  GraphScope none(nullptr);
  auto f = ConcreteFunction::from_body(*body);
  const_cast<RecordedGraph&>(g).called.push_back(f);
  return f;
}

void init_control_gradients();

void init_autodiff() {
  static const bool once = [] {
    ConcreteFunction::set_watched_call(&watched_call);
    set_gradient("PartitionedCall", gradient_of_call);
    set_gradient("StatefulPartitionedCall", gradient_of_call);
    init_control_gradients();
    return true;
  }();
  (void)once;
}

}  // namespace floe
