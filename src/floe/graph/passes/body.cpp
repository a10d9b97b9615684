// Copying, ordering and pruning of function bodies.
#include <unordered_map>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"

namespace floe {
namespace {

Node* copy_node(Graph& to, const Node& n) {
  Node* c = n.op ? to.add(*n.op, n.name, {}, n.attrs) : to.add_unknown(n.op_name, n.name, n.attrs);
  c->output_types = n.output_types;
  c->output_shapes = n.output_shapes;
  c->device = n.device;
  return c;
}

}  // namespace

std::unique_ptr<FunctionBody> extract(const Graph& g, std::span<const Endpoint> feeds,
                                      std::span<const Endpoint> fetches, std::span<Node* const> targets) {
  auto is_fed = [&](const Endpoint& e) {
    for (const Endpoint& f : feeds)
      if (f == e) return true;
    return false;
  };
  auto all_fed = [&](const Node* n) {
    if (n->output_types.empty()) return false;
    for (int i = 0; i < n->num_outputs(); ++i)
      if (!is_fed({const_cast<Node*>(n), i})) return false;
    return true;
  };
  // What is needed; edges may go round in circles (loops of TensorFlow 1), so no recursion on order.
  std::unordered_set<const Node*> needed;
  std::vector<Node*> work;
  auto want = [&](Node* n) {
    if (needed.insert(n).second) work.push_back(n);
  };
  for (const Endpoint& e : fetches)
    if (!is_fed(e)) want(e.node);
  for (Node* n : targets) want(n);
  while (!work.empty()) {
    Node* n = work.back();
    work.pop_back();
    for (const Endpoint& e : n->inputs)
      if (!is_fed(e)) want(e.node);
    for (Node* c : n->controls)
      if (!all_fed(c)) want(c);
  }
  auto body = std::make_unique<FunctionBody>();
  body->graph = std::make_unique<Graph>();
  body->graph->library = g.library;
  for (size_t i = 0; i < feeds.size(); ++i) {
    Node* from = feeds[i].node;
    DType t = from->output_types[size_t(feeds[i].index)];
    std::string name = endpoint_name(feeds[i]);
    Node* a = body->graph->add(get_op("_Arg"), name, {}, {{"T", t}, {"index", int64_t(i)}});
    Shape s = Shape::unknown();
    if (from->is("Placeholder") || from->is("PlaceholderWithDefault") || from->is("PlaceholderV2"))
      s = from->attrs.get_or<Shape>("shape", s);
    // Old writers leave the scalar shape where they mean "any".
    if (from->is("Placeholder") && s.rank() == 0) s = Shape::unknown();
    if (from->is("_Arg") && !from->output_shapes.empty()) s = from->output_shapes[0];
    a->output_shapes = {s};
    body->args.push_back(a);
    body->input_names.push_back(name);
  }
  std::unordered_map<const Node*, Node*> copies;
  for (auto& n : g.nodes())
    if (n && needed.count(n.get())) copies[n.get()] = copy_node(*body->graph, *n);
  auto map = [&](const Endpoint& e) -> Endpoint {
    for (size_t i = 0; i < feeds.size(); ++i)
      if (feeds[i] == e) return {body->args[i], 0};
    return {copies.at(e.node), e.index};
  };
  for (auto& [from, to] : copies) {
    for (const Endpoint& e : from->inputs) to->inputs.push_back(map(e));
    for (Node* c : from->controls)
      if (auto it = copies.find(c); it != copies.end()) to->controls.push_back(it->second);
  }
  for (const Endpoint& e : fetches) {
    body->results.push_back(map(e));
    body->output_names.push_back(endpoint_name(e));
  }
  for (Node* n : targets) body->control_results.push_back(copies.at(n));
  return body;
}

std::unique_ptr<FunctionBody> clone(const FunctionBody& b) {
  auto c = std::make_unique<FunctionBody>();
  c->name = b.name;
  c->input_names = b.input_names;
  c->output_names = b.output_names;
  c->attrs = b.attrs;
  c->graph = std::make_unique<Graph>();
  c->graph->library = b.graph->library;
  std::unordered_map<const Node*, Node*> copies;
  for (auto& n : b.graph->nodes())
    if (n) copies[n.get()] = copy_node(*c->graph, *n);
  for (auto& [from, to] : copies) {
    for (const Endpoint& e : from->inputs) to->inputs.push_back({copies.at(e.node), e.index});
    for (Node* x : from->controls) to->controls.push_back(copies.at(x));
  }
  for (Node* a : b.args) c->args.push_back(copies.at(a));
  for (const Endpoint& e : b.results) c->results.push_back({copies.at(e.node), e.index});
  for (Node* n : b.control_results) c->control_results.push_back(copies.at(n));
  return c;
}

std::vector<Node*> execution_order(const FunctionBody& b) {
  std::vector<Node*> roots(b.args.begin(), b.args.end());
  for (const Endpoint& e : b.results) roots.push_back(e.node);
  roots.insert(roots.end(), b.control_results.begin(), b.control_results.end());
  return topological_order(roots);
}

void prune(FunctionBody& b) {
  std::vector<Node*> order = execution_order(b);
  std::unordered_set<const Node*> keep(order.begin(), order.end());
  std::vector<Node*> dead;
  for (auto& n : b.graph->nodes())
    if (n && !keep.count(n.get())) dead.push_back(n.get());
  for (Node* n : dead) b.graph->remove(n);
  b.graph->compact();
}

bool has_conditional_dataflow(const FunctionBody& b) {
  for (auto& n : b.graph->nodes())
    if (n &&
        (n->is("Switch") || n->is("RefSwitch") || n->is("_SwitchN") || n->is("Merge") || n->is("RefMerge")))
      return true;
  return false;
}

bool is_checked_at_run_time(const Node& n) {
  return (n.is("Reshape") || n.is("BroadcastTo")) && !n.inputs[1].node->is("Const");
}

std::vector<std::vector<int>> count_uses(const FunctionBody& b) {
  std::vector<std::vector<int>> uses(b.graph->nodes().size());
  auto use = [&](const Endpoint& e) {
    auto& v = uses[size_t(e.node->id)];
    if (int(v.size()) <= e.index) v.resize(size_t(e.index) + 1);
    ++v[size_t(e.index)];
  };
  for (auto& n : b.graph->nodes())
    if (n) {
      uses[size_t(n->id)].resize(std::max(uses[size_t(n->id)].size(), size_t(n->num_outputs())));
      for (const Endpoint& e : n->inputs) use(e);
    }
  for (const Endpoint& e : b.results) use(e);
  return uses;
}

}  // namespace floe
