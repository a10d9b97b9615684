#include "floe/graph/raise_copy.h"

#include <algorithm>

#include "floe/base/text.h"

namespace floe::raise {
namespace {

constexpr int kMaxChain = 200;

bool is_identity(const Node& n) { return n.is("Identity") || n.is("RefIdentity"); }

bool is_constant_enter(const Node& n) { return is_enter(n) && n.attrs.get_or<bool>("is_constant", false); }

}  // namespace

Node* constant_behind(Endpoint e) {
  for (int i = 0; i < kMaxChain; ++i) {
    Node* n = e.node;
    if (!n->controls.empty()) return nullptr;
    if (n->is("Const")) return n;
    if (n->inputs.empty() || !(is_identity(*n) || is_constant_enter(*n))) return nullptr;
    e = n->inputs[0];
  }
  return nullptr;
}

int LoopSignature::invariant(const Endpoint& source, DType dtype) {
  auto& known = invariant_slot[source.node];
  for (auto& [output, slot] : known)
    if (output == source.index) return slot;
  known.emplace_back(source.index, int(slots.size()));
  slots.push_back({LoopSlot::Kind::kInvariant, 0, source, dtype});
  return int(slots.size()) - 1;
}

LoopCopier::LoopCopier(FrameMap& map, int frame, LoopPart part, Graph& into, LoopSignature& signature,
                       Node* loop)
    : map_(map), frame_(frame), part_(part), into_(into), signature_(signature), loop_(loop) {}

bool LoopCopier::is_loop_predicate(const Endpoint& e) const {
  const Node* n = e.node;
  for (int i = 0; i < kMaxChain && is_identity(*n) && !n->inputs.empty(); ++i) n = n->inputs[0].node;
  return n->is("LoopCond") && map_.frame_of(n) == frame_;
}

LoopCopier::Role LoopCopier::role(const Node& n) const {
  if (is_free_constant(n)) return Role::kConstant;
  if (map_.frame_of(&n) != frame_) return Role::kForeign;
  if (map_.variable_of.count(&n)) return Role::kVariable;
  if (is_enter(n)) return Role::kInvariant;
  if (n.is("LoopCond")) return Role::kVerdict;
  if (is_switch(n) && n.inputs.size() == 2 && is_loop_predicate(n.inputs[1])) return Role::kGate;
  return Role::kPlain;
}

std::vector<Node*> LoopCopier::order_from(const std::vector<Endpoint>& values,
                                          const std::vector<Node*>& controls) const {
  enum : char { kNew, kOpen, kDone };
  std::unordered_map<const Node*, char> state;
  std::vector<Node*> order;
  struct Item {
    Node* node;
    size_t next, count;
  };
  std::vector<Item> stack;
  auto children = [&](const Node& n) -> size_t {
    switch (role(n)) {
      case Role::kPlain:
        return n.inputs.size() + n.controls.size();
      case Role::kGate:
        return 1;
      default:
        return 0;
    }
  };
  auto start = [&](Node* n) {
    char& s = state[n];
    if (s == kOpen)
      throw InvalidArgument(
          cat("The loop '", frame().name, "' needs its own result: '", n->name, "' needs itself"));
    if (s == kDone) return;
    s = kOpen;
    stack.push_back({n, 0, children(*n)});
  };
  auto visit = [&](Node* root) {
    if (state[root] == kNew) start(root);
    while (!stack.empty()) {
      Item& top = stack.back();
      if (top.next == top.count) {
        state[top.node] = kDone;
        order.push_back(top.node);
        stack.pop_back();
        continue;
      }
      Node* n = top.node;
      size_t i = top.next++;
      start(i < n->inputs.size() ? n->inputs[i].node : n->controls[i - n->inputs.size()]);
    }
  };
  for (const Endpoint& e : values) visit(e.node);
  for (Node* n : controls) visit(n);
  return order;
}

Node* LoopCopier::arg(int slot) {
  if (args_.size() <= size_t(slot)) args_.resize(size_t(slot) + 1);
  Node*& a = args_[size_t(slot)];
  if (a) return a;
  const LoopSlot& s = signature_.slots[size_t(slot)];
  std::string name;
  switch (s.kind) {
    case LoopSlot::Kind::kVariable:
      name = frame().variables[size_t(s.variable)].merge->name;
      break;
    case LoopSlot::Kind::kIndex:
      name = cat(frame().variables[size_t(s.variable)].merge->name, "/value_index");
      break;
    case LoopSlot::Kind::kInvariant:
      name = cat(s.source.node->name, s.source.index ? cat("_", s.source.index) : std::string());
      break;
  }
  a = into_.add(get_op("_Arg"), name, {}, {{"T", s.dtype}, {"index", int64_t(slot)}});
  a->output_shapes = {Shape::unknown()};
  return a;
}

Endpoint LoopCopier::constant(Node* c) {
  if (part_ == LoopPart::kAfter) return {c, 0};
  Node*& copy = constants_[c];
  if (!copy) {
    copy = into_.add(*c->op, c->name, {}, c->attrs);
    copy->output_shapes = c->output_shapes;
  }
  return {copy, 0};
}

Endpoint LoopCopier::invariant(const Node& enter) {
  const Endpoint& source = enter.inputs[0];
  if (!enter.attrs.get_or<bool>("is_constant", false))
    map_.problem(&enter, frame_, "is neither constant nor joined by a Merge");
  if (part_ == LoopPart::kAfter) return source;
  if (Node* c = constant_behind(source)) return constant(c);
  return {arg(signature_.invariant(source, enter.output_types[0])), 0};
}

void LoopCopier::copy(const std::vector<Endpoint>& values, const std::vector<Node*>& controls) {
  std::vector<Node*> order = order_from(values, controls);
  for (Node* n : order)
    if (role(*n) == Role::kPlain) copied_.push_back(n);
  // The copies keep the order of the graph, so that effects stay in program order.
  std::sort(copied_.begin(), copied_.end(), [](Node* a, Node* b) { return a->id < b->id; });
  for (Node* n : copied_) {
    if (is_next_iteration(*n))
      map_.problem(n, frame_, "is read by something that is not the Merge of a loop variable");
    Node* c =
        n->op ? into_.add(*n->op, n->name, {}, n->attrs) : into_.add_unknown(n->op_name, n->name, n->attrs);
    c->output_types = n->output_types;
    c->device = n->device;
    copies_[n].node = c;
    if (part_ == LoopPart::kAfter) map_.set_frame(c, frame().parent);
  }
  for (Node* n : order) connect(*n);
}

void LoopCopier::connect(const Node& n) {
  switch (role(n)) {
    case Role::kConstant:
      copies_[&n] = {nullptr, constant(const_cast<Node*>(&n)), true};
      return;
    case Role::kVariable:
      copies_[&n] = {nullptr, {}, part_ != LoopPart::kAfter};
      return;
    case Role::kInvariant:
      copies_[&n] = {nullptr, invariant(n), part_ != LoopPart::kAfter};
      return;
    case Role::kVerdict: {
      if (part_ == LoopPart::kCondition) map_.problem(&n, frame_, "is needed by its own condition");
      Node* c = into_.add_constant(n.name, Tensor::scalar(part_ == LoopPart::kBody));
      if (part_ == LoopPart::kAfter) map_.set_frame(c, frame().parent);
      copies_[&n] = {nullptr, {c, 0}, true};
      return;
    }
    case Role::kGate: {
      Endpoint data = value(n.inputs[0]);
      copies_[&n] = {nullptr, data, is_trivial(data)};
      return;
    }
    case Role::kForeign:
      map_.problem(&n, map_.frame_of(&n),
                   cat("is used inside of frame '", frame().name, "' without an Enter"));
      copies_[&n] = {nullptr, {const_cast<Node*>(&n), 0}, true};
      return;
    case Role::kPlain:
      break;
  }
  Copy& c = copies_.at(&n);
  for (const Endpoint& e : n.inputs) c.node->inputs.push_back(value(e));
  for (const Node* x : n.controls)
    if (Node* to = control(x)) c.node->controls.push_back(to);
  auto& v = c.node->controls;
  std::sort(v.begin(), v.end(), [](Node* a, Node* b) { return a->id < b->id; });
  v.erase(std::unique(v.begin(), v.end()), v.end());
  c.trivial = part_ != LoopPart::kAfter && v.empty() && is_identity(n) && !n.inputs.empty() &&
              is_trivial(c.node->inputs[0]);
}

bool LoopCopier::is_trivial(const Endpoint& e) const {
  if (e.node->is("_Arg") || is_free_constant(*e.node)) return true;
  return is_identity(*e.node) && e.node->controls.empty() && !e.node->inputs.empty() &&
         (e.node->inputs[0].node->is("_Arg") || is_free_constant(*e.node->inputs[0].node));
}

Endpoint LoopCopier::value(const Endpoint& e) {
  const Copy& c = copies_.at(e.node);
  if (c.node) return {c.node, e.index};
  if (auto it = map_.variable_of.find(e.node);
      it != map_.variable_of.end() && role(*e.node) == Role::kVariable) {
    int slot = e.index == 0 ? signature_.variable_slot[size_t(it->second.second)]
                            : signature_.index_slot[size_t(it->second.second)];
    return part_ == LoopPart::kAfter ? Endpoint{loop_, slot} : Endpoint{arg(slot), 0};
  }
  if (role(*e.node) == Role::kGate) {
    bool right = part_ == LoopPart::kBody ? e.index == 1 : part_ == LoopPart::kAfter && e.index == 0;
    if (!right)
      map_.problem(e.node, frame_,
                   part_ == LoopPart::kCondition ? "is needed by the loop's condition, which it depends on"
                   : part_ == LoopPart::kBody    ? "lets its value of the loop's end into the body (output 0)"
                                              : "lets a value out of the loop in every iteration (output 1)");
  }
  return c.alias;
}

Node* LoopCopier::control(const Node* n) const {
  const Copy& c = copies_.at(n);
  if (c.trivial) return nullptr;
  if (c.node) return c.node;
  return c.alias.node ? c.alias.node : loop_;
}

}  // namespace floe::raise
