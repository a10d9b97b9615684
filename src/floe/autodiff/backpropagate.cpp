#include "floe/autodiff/backpropagate.h"

#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/op/gradient.h"
#include "floe/runtime/recorded_graph.h"

namespace floe {
namespace {

struct Rules {
  std::mutex mutex;
  std::unordered_map<std::string, RecordGradient> by_op;
};
Rules& rules() {
  static Rules* const r = new Rules;
  return *r;
}

RecordGradient find_rule(const std::string& op) {
  Rules& r = rules();
  std::lock_guard lock(r.mutex);
  auto it = r.by_op.find(op);
  return it == r.by_op.end() ? RecordGradient() : it->second;
}

std::vector<Gradient> differentiate(const OpRecord& r, std::span<const Gradient> grads,
                                    const std::vector<bool>& needed) {
  if (r.backward) return r.backward(grads, needed);
  if (!r.outputs.empty() && r.outputs[0].is_symbolic()) {
    const Symbol& s = symbol_of(r.outputs[0]);
    auto it = s.graph->node_gradients.find(s.endpoint.node);
    if (it != s.graph->node_gradients.end()) return it->second(grads, needed);
  }
  if (RecordGradient rule = find_rule(r.op->name)) return rule(r, grads, needed);
  if (r.op->gradient) {
    GradientContext c(*r.op, r.attrs, r.inputs, r.outputs, grads, needed);
    r.op->gradient(c);
    return std::move(c.results());
  }
  if (r.op->no_gradient) return std::vector<Gradient>(r.inputs.size());
  throw NoGradientDefined(cat(
      "No gradient defined for operation '", r.name, "' (op type: ", r.op->name,
      "). In general every operation must have an associated `@tf.RegisterGradient` for correct autodiff, "
      "which this op is lacking. If you want to pretend this operation is a constant in your program, you "
      "may "
      "insert `tf.stop_gradient`. This can be useful to silence the error in cases where you know gradients "
      "are "
      "not needed, e.g. the forward pass of tf.custom_gradient."));
}

bool any(const std::vector<bool>& v) {
  for (bool b : v)
    if (b) return true;
  return false;
}

// The record as its node is by now: gradients that were taken before may have given it more outputs.
OpRecordPtr up_to_date(const OpRecordPtr& r) {
  if (r->backward || r->outputs.empty() || !r->outputs[0] || !r->outputs[0].is_symbolic()) return r;
  const Symbol& s = symbol_of(r->outputs[0]);
  if (size_t(s.endpoint.node->num_outputs()) <= r->outputs.size()) return r;
  auto fresh = std::make_shared<OpRecord>(*r);
  fresh->attrs = s.endpoint.node->attrs;
  fresh->outputs = s.graph->symbols(s.endpoint.node);
  const auto& inputs = s.endpoint.node->inputs;
  for (size_t i = r->inputs.size(); i < inputs.size(); ++i)
    fresh->inputs.push_back(s.graph->symbol(inputs[i]));
  return fresh;
}

}  // namespace

void set_gradient(const std::string& op, RecordGradient rule) {
  Rules& r = rules();
  std::lock_guard lock(r.mutex);
  r.by_op[op] = std::move(rule);
}

std::vector<Gradient> backpropagate(std::span<const OpRecordPtr> told, std::span<const Tensor> targets,
                                    std::span<const Tensor> sources, std::span<const Gradient> target_grads) {
  std::vector<OpRecordPtr> records;
  for (const OpRecordPtr& r : told) records.push_back(up_to_date(r));
  std::unordered_set<uint64_t> reached, wanted;
  for (const Tensor& s : sources) {
    reached.insert(tensor_id(s));
    wanted.insert(tensor_id(s));
  }
  // What the sources flow into, so that no work is done for anything else.
  std::vector<std::vector<bool>> needed(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    const OpRecord& r = *records[i];
    if (!r.backward && r.op->no_gradient) continue;
    std::vector<bool> n(r.inputs.size());
    for (size_t k = 0; k < n.size(); ++k)
      n[k] = is_differentiable(r.inputs[k].dtype()) && has_tensor_id(r.inputs[k]) &&
             reached.count(tensor_id(r.inputs[k]));
    if (!any(n)) continue;
    for (const Tensor& o : r.outputs)
      if (o && is_differentiable(o.dtype())) reached.insert(tensor_id(o));
    needed[i] = std::move(n);
  }
  std::unordered_map<uint64_t, Gradient> grads;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!target_grads[i]) continue;
    Gradient& g = grads[tensor_id(targets[i])];
    g = add(g, target_grads[i]);
  }
  for (size_t i = records.size(); i-- > 0;) {
    const OpRecord& r = *records[i];
    if (needed[i].empty()) continue;
    std::vector<Gradient> out(r.outputs.size());
    bool arrived = false;
    for (size_t k = 0; k < out.size(); ++k) {
      if (!r.outputs[k] || !has_tensor_id(r.outputs[k])) continue;
      auto it = grads.find(tensor_id(r.outputs[k]));
      if (it == grads.end() || !is_differentiable(r.outputs[k].dtype())) continue;
      out[k] = it->second;
      arrived = true;
      if (!wanted.count(it->first)) grads.erase(it);
    }
    if (!arrived) continue;
    std::vector<Gradient> in = differentiate(r, out, needed[i]);
    for (size_t k = 0; k < r.inputs.size() && k < in.size(); ++k) {
      if (!needed[i][k] || !in[k]) continue;
      Gradient& g = grads[tensor_id(r.inputs[k])];
      g = add(g, in[k]);
    }
  }
  std::vector<Gradient> result;
  for (const Tensor& s : sources) {
    auto it = grads.find(tensor_id(s));
    result.push_back(it == grads.end() ? Gradient() : it->second);
  }
  return result;
}

std::vector<OpRecordPtr> records_between(RecordedGraph& g, std::span<const Tensor> ys,
                                         std::span<const Tensor> xs, std::span<const Tensor> stop) {
  std::unordered_set<const Node*> from, reached, stopped;
  for (const Tensor& t : stop) stopped.insert(symbol_of(t).endpoint.node);
  for (const Tensor& x : xs) from.insert(symbol_of(x).endpoint.node);
  std::vector<Node*> roots;
  for (const Tensor& y : ys) roots.push_back(symbol_of(y).endpoint.node);
  std::vector<OpRecordPtr> records;
  for (Node* n : topological_order(roots)) {
    bool hit = false;
    for (const Endpoint& e : n->inputs) hit = hit || reached.count(e.node);
    if (hit || from.count(n)) reached.insert(n);
    if (!hit || stopped.count(n)) continue;
    auto r = std::make_shared<OpRecord>();
    if (!n->op)
      throw NoGradientDefined(
          cat("No gradient defined for operation '", n->name, "' (op type: ", n->op_name, ")"));
    r->op = n->op;
    r->name = n->name;
    r->attrs = n->attrs;
    for (const Endpoint& e : n->inputs) r->inputs.push_back(g.symbol(e));
    r->outputs = g.symbols(n);
    records.push_back(std::move(r));
  }
  return records;
}

}  // namespace floe
