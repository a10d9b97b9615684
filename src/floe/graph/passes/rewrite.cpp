#include "floe/graph/passes/rewrite.h"

#include <algorithm>

#include "floe/op/kernel.h"

namespace floe {

Uses::Uses(FunctionBody& body) : body_(&body) {
  for (auto& n : body.graph->nodes())
    if (n) added(n.get());
  for (const Endpoint& e : body.results) ++entries_[key(e)].results;
}

void Uses::added(Node* n) {
  for (const Endpoint& e : n->inputs) entries_[key(e)].readers.push_back(n);
}

void Uses::removed(Node* n) {
  for (const Endpoint& e : n->inputs) {
    auto& readers = entries_[key(e)].readers;
    if (auto it = std::find(readers.begin(), readers.end(), n); it != readers.end()) readers.erase(it);
  }
}

const std::vector<Node*>& Uses::of(const Endpoint& e) const {
  static const std::vector<Node*> none;
  auto it = entries_.find(key(e));
  return it == entries_.end() ? none : it->second.readers;
}

int Uses::count(const Endpoint& e) const {
  auto it = entries_.find(key(e));
  return it == entries_.end() ? 0 : int(it->second.readers.size()) + it->second.results;
}

Node* Uses::only(const Endpoint& e) const {
  auto it = entries_.find(key(e));
  if (it == entries_.end() || it->second.results || it->second.readers.size() != 1) return nullptr;
  return it->second.readers[0];
}

void Uses::replace(const Endpoint& from, const Endpoint& to) {
  auto it = entries_.find(key(from));
  if (it == entries_.end()) return;
  Entry moved = std::move(it->second);
  entries_.erase(it);
  Entry& target = entries_[key(to)];
  for (Node* n : moved.readers) {
    for (Endpoint& e : n->inputs)
      if (e == from) e = to;
    target.readers.push_back(n);
  }
  target.results += moved.results;
  if (moved.results)
    for (Endpoint& e : body_->results)
      if (e == from) e = to;
}

const Shape& shape_of(const Endpoint& e) {
  static const Shape unknown = Shape::unknown();
  return size_t(e.index) < e.node->output_shapes.size() ? e.node->output_shapes[size_t(e.index)] : unknown;
}

DType type_of(const Endpoint& e) { return e.node->output_types[size_t(e.index)]; }

Tensor float_constant(const Endpoint& e) {
  Tensor t = constant_value(e);
  return t && t.dtype() == DType::kFloat32 ? t : Tensor();
}

bool is_constant(const Endpoint& e, double v) {
  Tensor t = float_constant(e);
  if (!t || t.num_elements() == 0) return false;
  for (float x : t.flat<float>())
    if (x != float(v)) return false;
  return true;
}

bool is_channel_vector(const Shape& s, int64_t channels) {
  if (!s.is_fully_defined()) return false;
  if (s.num_elements() == 1) return true;
  return s.rank() >= 1 && s.dim(-1) == channels && s.num_elements() == channels;
}

Tensor constant_op(const char* op, const Tensor& a, const Tensor& b) {
  ResourceManager none;
  RunState state;
  state.resources = &none;
  return invoke(get_op(op), {a, b}, {}, state)[0];
}

}  // namespace floe
