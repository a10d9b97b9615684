// Calls of functions replaced by their bodies.
#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/op/kernel.h"

namespace floe {
namespace {

constexpr int kMaxDepth = 100;
constexpr size_t kMaxAdded = 50'000;  // nodes; what is left then runs as calls

bool is_call(const Node& n) { return n.is("PartitionedCall") || n.is("StatefulPartitionedCall"); }

bool is_effect(const Node& n) { return !n.op || (n.op->stateful && !n.is("NoOp")); }

// Puts the body in place of `call`; returns what its outputs became.
std::vector<Endpoint> splice(FunctionBody& b, Node* call, const FunctionBody& fn, std::vector<Node*>& added,
                             std::unordered_set<const Node*>& awaited) {
  Graph& g = *b.graph;
  std::unordered_map<const Node*, Endpoint> args;
  for (size_t i = 0; i < fn.args.size(); ++i) args[fn.args[i]] = call->inputs[i];
  std::unordered_map<const Node*, Node*> copies;
  for (auto& n : fn.graph->nodes()) {
    if (!n || args.count(n.get())) continue;
    std::string name = cat(call->name, "/", n->name);
    Node* c = n->op ? g.add(*n->op, name, {}, n->attrs) : g.add_unknown(n->op_name, name, n->attrs);
    c->output_types = n->output_types;
    c->output_shapes = n->output_shapes;
    copies[n.get()] = c;
    added.push_back(c);
  }
  auto map = [&](const Endpoint& e) {
    auto it = args.find(e.node);
    return it != args.end() ? it->second : Endpoint{copies.at(e.node), e.index};
  };
  std::vector<Node*> effects;
  for (auto& n : fn.graph->nodes()) {
    if (!n || args.count(n.get())) continue;
    Node* c = copies.at(n.get());
    for (const Endpoint& e : n->inputs) c->inputs.push_back(map(e));
    for (Node* x : n->controls)
      if (auto it = copies.find(x); it != copies.end()) c->controls.push_back(it->second);
    if (is_effect(*c)) {
      c->controls.insert(c->controls.end(), call->controls.begin(), call->controls.end());
      effects.push_back(c);
    }
  }
  // Who waited for the call waits for its effects. Those of a stateful call run even if no value is used.
  std::vector<Node*> last;
  for (Node* n : fn.control_results)
    if (auto it = copies.find(n); it != copies.end()) last.push_back(it->second);
  if (last.empty()) last = effects;
  last.insert(last.end(), call->controls.begin(), call->controls.end());
  for (const Node* n : added) awaited.insert(n->controls.begin(), n->controls.end());
  bool walk = awaited.erase(call) > 0;
  if (walk) awaited.insert(last.begin(), last.end());
  for (auto& n : g.nodes()) {
    if (!walk) break;
    if (!n) continue;
    bool had = std::erase(n->controls, call) > 0;
    if (had)
      for (Node* e : last)
        if (std::find(n->controls.begin(), n->controls.end(), e) == n->controls.end() && e != n.get())
          n->controls.push_back(e);
  }
  if (std::erase(b.control_results, call) > 0)
    b.control_results.insert(b.control_results.end(), last.begin(), last.end());
  std::vector<Endpoint> results;
  for (const Endpoint& e : fn.results) results.push_back(map(e));
  // Asserts and prints inside a called function happen although nobody reads them.
  if (call->is("StatefulPartitionedCall"))
    for (Node* e : fn.control_results)
      if (auto it = copies.find(e); it != copies.end() && is_effect(*it->second))
        b.control_results.push_back(it->second);
  return results;
}

// Which call each call was made by.
using Callers = std::unordered_map<const Node*, const Node*>;

const std::string& callee(const Node& call) { return call.attrs.get<FuncRef>("f").name; }

// "f -> g -> f" when the function of `call` is under way already, else "".
std::string circle(const FunctionBody& b, const Callers& callers, const Node& call) {
  const std::string& name = callee(call);
  std::vector<std::string> chain{name};
  bool found = false;
  for (auto it = callers.find(&call); it != callers.end() && !found; it = callers.find(it->second)) {
    chain.push_back(callee(*it->second));
    found = chain.back() == name;
  }
  if (!found && b.name == name) {
    chain.push_back(name);
    found = true;
  }
  std::reverse(chain.begin(), chain.end());
  return found ? join(chain, " -> ") : "";
}

}  // namespace

void inline_calls(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  std::unordered_map<const Node*, int> depth;
  Callers callers;
  std::map<std::string, std::string> endless;  // by name of the call
  const size_t max_nodes = b.graph->size() + kMaxAdded;
  std::vector<Node*> work;
  for (auto& n : b.graph->nodes())
    if (n && is_call(*n)) work.push_back(n.get());
  std::unordered_set<const Node*> awaited;  // nodes that stand in somebody's control inputs
  for (auto& n : b.graph->nodes())
    if (n) awaited.insert(n->controls.begin(), n->controls.end());
  bool any = !work.empty();
  std::unordered_map<const Node*, std::vector<Endpoint>> outputs;
  std::unordered_set<const FunctionBody*> checked;
  while (!work.empty()) {
    Node* call = work.back();
    work.pop_back();
    const FuncRef& ref = call->attrs.get<FuncRef>("f");
    auto fn = b.graph->library ? b.graph->library->find(ref) : nullptr;
    if (!fn || depth[call] >= kMaxDepth || b.graph->size() > max_nodes) continue;
    if (std::string chain = circle(b, callers, *call); !chain.empty()) {
      endless[call->name] = std::move(chain);
      continue;
    }
    if (has_conditional_dataflow(*fn)) continue;
    if (checked.insert(fn.get()).second) check_calls(*fn);
    std::vector<Node*> added;
    outputs[call] = splice(b, call, *fn, added, awaited);
    for (Node* n : added)
      if (is_call(*n)) {
        depth[n] = depth[call] + 1;
        callers[n] = call;
        work.push_back(n);
      }
  }
  if (!any) return;
  auto resolve = [&](Endpoint& e) {
    for (int i = 0; i < 10000; ++i) {
      auto it = outputs.find(e.node);
      if (it == outputs.end()) return;
      if (size_t(e.index) >= it->second.size())
        throw InvalidArgument(cat("'", e.node->name, "' has no output ", e.index));
      e = it->second[size_t(e.index)];
    }
  };
  for (auto& n : b.graph->nodes())
    if (n)
      for (Endpoint& e : n->inputs) resolve(e);
  for (Endpoint& e : b.results) resolve(e);
  prune(b);
  for (auto& [name, chain] : endless)
    if (const Node* call = b.graph->find(name))
      throw InvalidArgument(cat(op_prefix(call->op_name, name), "function '", callee(*call),
                                "' calls itself without end: ", chain));
}

}  // namespace floe
