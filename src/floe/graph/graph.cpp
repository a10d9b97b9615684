#include "floe/graph/graph.h"

#include <algorithm>
#include <unordered_set>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"

namespace floe {

std::string endpoint_name(const Endpoint& e) {
  return e.index ? cat(e.node->name, ":", e.index) : e.node->name;
}

void FunctionLibrary::add(std::shared_ptr<const FunctionBody> body) {
  std::lock_guard lock(mutex_);
  bodies_[body->name] = std::move(body);
}

void FunctionLibrary::add_lazy(const std::string& name, Maker maker) {
  std::lock_guard lock(mutex_);
  makers_[name] = std::move(maker);
}

void FunctionLibrary::clear() {
  decltype(bodies_) bodies;
  decltype(makers_) makers;
  std::lock_guard lock(mutex_);
  bodies.swap(bodies_);
  makers.swap(makers_);
}

bool FunctionLibrary::has(const std::string& name) const {
  std::lock_guard lock(mutex_);
  return bodies_.count(name) || makers_.count(name);
}

std::shared_ptr<const FunctionBody> FunctionLibrary::find(const FuncRef& ref) const {
  std::lock_guard lock(mutex_);
  std::string key = ref.name;
  if (ref.attrs)
    for (auto& [k, v] : *ref.attrs)
      if (std::holds_alternative<DType>(v) || std::holds_alternative<std::vector<DType>>(v))
        key += cat(",", k, "=", attr_str(v));
  if (auto it = bodies_.find(key); it != bodies_.end()) return it->second;
  if (auto it = bodies_.find(ref.name); it != bodies_.end()) return it->second;
  auto it = makers_.find(ref.name);
  if (it == makers_.end()) return nullptr;
  return bodies_[key] = it->second(ref);
}

std::vector<std::string> FunctionLibrary::names() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> v;
  for (auto& [n, b] : makers_) v.push_back(n);
  for (auto& [n, b] : bodies_)
    if (n.find(',') == n.npos && !makers_.count(n)) v.push_back(n);
  return v;
}

Node* Graph::insert(std::unique_ptr<Node> n) {
  n->id = int(nodes_.size());
  if (n->name.empty() || by_name_.count(n->name))
    n->name = unique_name(n->name.empty() ? n->op_name : n->name);
  by_name_[n->name] = n.get();
  nodes_.push_back(std::move(n));
  return nodes_.back().get();
}

Node* Graph::add(const OpDef& op, std::string_view name, std::vector<Endpoint> inputs, AttrMap attrs,
                 std::vector<Node*> controls) {
  auto n = std::make_unique<Node>();
  n->name = std::string(name);
  n->op_name = op.name;
  n->op = &op;
  n->attrs = std::move(attrs);
  n->inputs = std::move(inputs);
  n->controls = std::move(controls);
  n->output_types = arg_types(op, op.outputs, n->attrs, name);
  return insert(std::move(n));
}

Node* Graph::add(std::string_view op_name, std::string_view name, std::vector<Endpoint> inputs,
                 AttrMap attrs) {
  const OpDef& op = get_op(op_name);
  std::vector<DType> types;
  for (const Endpoint& e : inputs) types.push_back(e.node->output_types[size_t(e.index)]);
  infer_type_attrs(op, types, attrs, name);
  return add(op, name, std::move(inputs), normalize_attrs(op, std::move(attrs), name));
}

Node* Graph::add_unknown(std::string_view op, std::string_view name, AttrMap attrs) {
  auto n = std::make_unique<Node>();
  n->name = std::string(name);
  n->op_name = std::string(op);
  n->attrs = std::move(attrs);
  return insert(std::move(n));
}

Node* Graph::add_constant(std::string_view name, Tensor value) {
  DType t = value.dtype();
  Shape s = value.shape();
  Node* n = add(get_op("Const"), name, {}, {{"dtype", t}, {"value", std::move(value)}});
  n->output_shapes = {s};
  return n;
}

Node* Graph::find(std::string_view name) const {
  auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::string Graph::unique_name(std::string_view base) const {
  std::string b(base);
  if (!by_name_.count(b)) return b;
  int& k = suffix_[b];
  std::string s;
  do s = cat(b, "_", ++k);
  while (by_name_.count(s));
  return s;
}

void Graph::replace_uses(Endpoint from, Endpoint to) {
  for (auto& n : nodes_)
    if (n)
      for (Endpoint& e : n->inputs)
        if (e == from) e = to;
}

void Graph::remove(Node* n) {
  by_name_.erase(n->name);
  nodes_[size_t(n->id)].reset();
}

void Graph::compact() {
  std::erase_if(nodes_, [](auto& n) { return !n; });
  for (size_t i = 0; i < nodes_.size(); ++i) nodes_[i]->id = int(i);
}

std::vector<Node*> topological_order(std::span<Node* const> roots) {
  // Depth first without recursion: graphs from files may be deep.
  enum : char { kNew, kOpen, kDone };
  std::unordered_map<Node*, char> state;
  std::vector<Node*> needed;
  struct Item {
    Node* node;
    size_t next;
  };
  std::vector<Item> stack;
  auto child = [](Node* n, size_t i) {
    return i < n->inputs.size() ? n->inputs[i].node : n->controls[i - n->inputs.size()];
  };
  for (Node* root : roots) {
    if (state[root] != kNew) continue;
    stack.push_back({root, 0});
    state[root] = kOpen;
    while (!stack.empty()) {
      Item& top = stack.back();
      Node* n = top.node;
      if (top.next == n->inputs.size() + n->controls.size()) {
        state[n] = kDone;
        needed.push_back(n);
        stack.pop_back();
        continue;
      }
      Node* c = child(n, top.next++);
      char& s = state[c];
      if (s == kDone) continue;
      if (s == kOpen) {
        std::string names;
        bool in = false;
        for (Item& i : stack)
          if (in || i.node == c) {
            in = true;
            if (names.size() < 400) names += cat(i.node->name, " <- ");
          }
        throw InvalidArgument(cat("The graph has a cycle: ", names, c->name));
      }
      s = kOpen;
      stack.push_back({c, 0});
    }
  }
  // Program order where the data leaves a choice: a heap of ready nodes by id.
  std::unordered_map<Node*, int> waiting;
  std::unordered_map<Node*, std::vector<Node*>> users;
  for (Node* n : needed) {
    std::unordered_set<Node*> deps;
    for (size_t i = 0; i < n->inputs.size() + n->controls.size(); ++i) deps.insert(child(n, i));
    waiting[n] = int(deps.size());
    for (Node* d : deps) users[d].push_back(n);
  }
  auto later = [](Node* a, Node* b) { return a->id > b->id; };
  std::vector<Node*> ready, order;
  for (Node* n : needed)
    if (!waiting[n]) ready.push_back(n);
  std::make_heap(ready.begin(), ready.end(), later);
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), later);
    Node* n = ready.back();
    ready.pop_back();
    order.push_back(n);
    for (Node* u : users[n])
      if (--waiting[u] == 0) {
        ready.push_back(u);
        std::push_heap(ready.begin(), ready.end(), later);
      }
  }
  return order;
}

Tensor constant_value(const Endpoint& e) {
  if (!e.node || !e.node->is("Const")) return {};
  const AttrValue* v = e.node->attrs.find("value");
  const Tensor* t = v ? std::get_if<Tensor>(v) : nullptr;
  return t ? t->aligned() : Tensor();
}

void align_constants(Graph& g) {
  // The product's kernels pack a constant right-hand side once and never read it again.
  std::unordered_set<const Node*> packed, read;
  for (auto& n : g.nodes()) {
    if (!n) continue;
    for (size_t i = 0; i < n->inputs.size(); ++i)
      (n->is("MatMul") && i == 1 && n->output_types[0] == DType::kFloat32 ? packed : read)
          .insert(n->inputs[i].node);
  }
  for (auto& n : g.nodes()) {
    if (!n || !n->is("Const") || (packed.count(n.get()) && !read.count(n.get()))) continue;
    const Tensor& t = n->attrs.get<Tensor>("value");
    if (!t.is_concrete()) continue;
    Tensor a = t.aligned();
    if (a.shares_memory(t)) continue;
    drop_mapped_pages(t.raw(), t.nbytes());
    n->attrs.set("value", a);
  }
}

void infer_node(Node& n, std::span<const Tensor> values, std::span<const Shape> partial) {
  if (!n.op) {
    n.output_shapes.assign(n.output_types.size(), Shape::unknown());
    return;
  }
  std::vector<Shape> shapes;
  std::vector<DType> types;
  for (const Endpoint& e : n.inputs) {
    const Node* from = e.node;
    shapes.push_back(size_t(e.index) < from->output_shapes.size() ? from->output_shapes[size_t(e.index)]
                                                                  : Shape::unknown());
    types.push_back(size_t(e.index) < from->output_types.size() ? from->output_types[size_t(e.index)]
                                                                : DType::kInvalid);
  }
  InferContext c(*n.op, n.attrs, shapes, types, values, n.name);
  c.partial_values = partial;
  if (n.op->infer) n.op->infer(c);
  n.output_shapes.assign(c.output_shapes().begin(), c.output_shapes().end());
}

}  // namespace floe
