// Shape inference over a body, evaluating what is constant on the way.
#include <algorithm>
#include <new>
#include <unordered_map>

#include "floe/base/text.h"
#include "floe/graph/flops.h"
#include "floe/graph/passes/passes.h"
#include "floe/op/kernel.h"

namespace floe {
namespace {

// What folding may take, so that a small file cannot make loading large or long: bytes of one value that is
// larger than what it is made from, and of all values, bytes looked at and operations done in one pass, each
// on top of what the graph's own constants come to.
constexpr double kMaxFoldedBytes = 10 << 20;
constexpr double kMaxFoldedTotal = 256 << 20;
constexpr double kMaxWork = 1e9;
constexpr double kMaxOperations = 4e9;
constexpr double kPerConstantByte = 4;

class FoldingBudget {
 public:
  explicit FoldingBudget(const FunctionBody& b) {
    double constants = 0;
    for (auto& n : b.graph->nodes())
      if (n && n->is("Const")) constants += double(content_bytes(n->attrs.get<Tensor>("value")));
    bytes_ = kMaxFoldedTotal + kPerConstantByte * constants;
    work_ = kMaxWork + kPerConstantByte * constants;
    operations_ = kMaxOperations + kPerConstantByte * constants;
  }

  /// Takes what evaluating `n` costs as far as its shapes tell it; false when it is not to be evaluated.
  bool take(const Node& n, const std::vector<Tensor>& inputs) {
    double in = 0, out = 0;  // may be more than an int64_t holds
    for (const Tensor& t : inputs) in += double(content_bytes(t));
    for (size_t i = 0; i < n.output_shapes.size(); ++i)
      if (n.output_shapes[i].is_fully_defined())
        out += double(n.output_shapes[i].num_elements()) * double(dtype_size(n.output_types[i]));
    const bool text = std::any_of(inputs.begin(), inputs.end(),
                                  [](const Tensor& t) { return t.dtype() == DType::kString; });
    // What grows is better made when it is needed; how far strings grow is not known before.
    if (out > kMaxFoldedBytes && out > 2 * in) return false;
    if (text && in > kMaxFoldedBytes) return false;
    const double operations = double(std::max<int64_t>(0, node_flops(n)));
    if (out > bytes_ || in + out > work_ || operations > operations_) return false;
    work_ -= in + out;
    operations_ -= operations;
    return true;
  }
  /// Takes the memory of what came out.
  void keep(const std::vector<Tensor>& values) {
    for (const Tensor& t : values)
      if (t) bytes_ -= double(content_bytes(t));
  }

 private:
  static int64_t content_bytes(const Tensor& t) {
    if (!t) return 0;
    int64_t bytes = int64_t(t.nbytes());
    if (t.dtype() == DType::kString)
      for (const std::string& s : t.flat<std::string>()) bytes += int64_t(s.size());
    return bytes;
  }

  double bytes_, work_, operations_;
};

Tensor int_tensor(DType t, const Shape& shape, std::span<const int64_t> v) {
  Tensor r(t, shape);
  for (size_t i = 0; i < v.size(); ++i)
    if (t == DType::kInt32)
      r.mutable_data<int32_t>()[i] = int32_t(v[i]);
    else
      r.mutable_data<int64_t>()[i] = v[i];
  return r;
}

// Ops whose value follows from shapes alone.
std::vector<Tensor> value_from_shapes(const Node& n) {
  auto shape_of = [&](size_t i) -> const Shape& {
    const Endpoint& e = n.inputs[i];
    static const Shape unknown = Shape::unknown();
    return size_t(e.index) < e.node->output_shapes.size() ? e.node->output_shapes[size_t(e.index)] : unknown;
  };
  std::vector<Tensor> out;
  if (n.is("Shape") || n.is("ShapeN")) {
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      const Shape& s = shape_of(i);
      if (!s.is_fully_defined()) return {};
      out.push_back(int_tensor(n.attrs.get<DType>("out_type"), Shape{s.rank()}, s.dims()));
    }
  } else if (n.is("Size")) {
    if (!shape_of(0).is_fully_defined()) return {};
    int64_t v = shape_of(0).num_elements();
    out.push_back(int_tensor(n.attrs.get<DType>("out_type"), Shape{}, {&v, 1}));
  } else if (n.is("Rank")) {
    if (!shape_of(0).has_rank()) return {};
    int64_t v = shape_of(0).rank();
    out.push_back(int_tensor(DType::kInt32, Shape{}, {&v, 1}));
  }
  return out;
}

bool may_fold(const Node& n) {
  if (!n.op || n.op->stateful || n.op->accepts_dead || n.is("Const") || n.is("_Arg") || !n.op->kernel)
    return false;
  for (DType t : n.output_types)
    if (t == DType::kResource || t == DType::kVariant) return false;
  for (const AttrDef& a : n.op->attrs)
    if (a.type == "func" || a.type == "list(func)") return false;
  return !n.inputs.empty() && n.controls.empty();
}

// The value of a constant as it lies in memory, aligned or not: good for looking at small ones.
Tensor stored_value(const Endpoint& e) {
  return e.node->is("Const") ? e.node->attrs.get<Tensor>("value") : Tensor();
}

std::vector<Tensor> evaluate(const Node& n, const std::vector<Tensor>& inputs, FoldingBudget& budget) {
  if (!budget.take(n, inputs)) return {};
  ResourceManager none;
  RunState state;
  state.resources = &none;
  try {
    auto values = invoke(*n.op, inputs, n.attrs, state, n.name);
    budget.keep(values);
    return values;
  } catch (const Error&) {
    return {};  // the error belongs to the run, where its line is reached or not
  } catch (const std::bad_alloc&) {
    return {};
  }
}

}  // namespace

void specialize(FunctionBody& b, std::span<const Shape> arg_shapes) {
  for (size_t i = 0; i < arg_shapes.size(); ++i) b.args[i]->output_shapes = {arg_shapes[i]};
  bool conditional = has_conditional_dataflow(b);
  FoldingBudget budget(b);
  Graph& g = *b.graph;
  std::unordered_map<const Node*, std::vector<Endpoint>> replaced;
  auto resolve = [&](Endpoint& e) {
    if (auto it = replaced.find(e.node); it != replaced.end()) e = it->second[size_t(e.index)];
  };
  for (Node* n : execution_order(b)) {
    if (n->is("_Arg")) continue;
    for (Endpoint& e : n->inputs) resolve(e);
    std::vector<Tensor> values(n->inputs.size());
    bool constant = may_fold(*n);
    for (size_t i = 0; i < n->inputs.size(); ++i) {
      values[i] = stored_value(n->inputs[i]);
      constant = constant && values[i];
    }
    infer_node(*n, values);
    if (constant && !conditional && n->is("Identity")) {
      replaced[n] = n->inputs;
      continue;
    }
    if (constant)
      for (Tensor& t : values) t = t.aligned();
    std::vector<Tensor> folded;
    if (n->op && !n->inputs.empty() && n->controls.empty() && !conditional) folded = value_from_shapes(*n);
    if (folded.empty() && constant && !conditional) folded = evaluate(*n, values, budget);
    if (folded.empty()) continue;
    std::vector<Endpoint> to;
    for (size_t i = 0; i < folded.size(); ++i) {
      if (!folded[i]) break;
      to.push_back(g.add_constant(cat(n->name, "/folded", i ? cat("_", i) : ""), folded[i])->output());
    }
    if (to.size() == folded.size()) replaced[n] = to;
  }
  for (Endpoint& e : b.results) resolve(e);
  prune(b);
}

void simplify_controls(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  // For every node, the effects it stands for when somebody waits for it.
  std::unordered_map<const Node*, std::vector<Node*>> effects;
  auto add = [](std::vector<Node*>& v, Node* n) {
    for (Node* x : v)
      if (x == n) return;
    v.push_back(n);
  };
  for (Node* n : execution_order(b)) {
    std::vector<Node*> controls;
    for (Node* c : n->controls)
      for (Node* e : effects[c]) add(controls, e);
    n->controls = controls;
    auto& mine = effects[n];
    bool effect = !n->op || (n->op->stateful && !n->is("NoOp")) || n->op->fails_on_values;
    if (effect) {
      mine = {n};
      continue;
    }
    for (Node* c : controls) add(mine, c);
    for (const Endpoint& e : n->inputs)
      if (!n->is("NoOp"))
        for (Node* x : effects[e.node]) add(mine, x);
    if (mine.size() > 64) mine = {n};  // keep the edge itself rather than a crowd of them
  }
  std::vector<Node*> targets;
  for (Node* t : b.control_results)
    for (Node* e : effects[t]) add(targets, e);
  b.control_results = targets;
  prune(b);
}

}  // namespace floe
