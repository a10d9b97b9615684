#include "floe/runtime/control_flow.h"

#include <unordered_map>

#include "floe/base/text.h"
#include "floe/runtime/context.h"

namespace floe {
namespace {

// What several parts capture, each tensor once, in order.
class Union {
 public:
  void add(const RecordedGraph& g) {
    for (const auto& c : g.captures()) {
      Tensor t = c.outer();
      if (index_.emplace(tensor_id(t), tensors_.size()).second) tensors_.push_back(t);
    }
  }
  const std::vector<Tensor>& tensors() const { return tensors_; }
  /// The tensors as a part has them; what it does not use it gets too.
  std::vector<Endpoint> inside(RecordedGraph& g) const {
    std::vector<Endpoint> v;
    for (const Tensor& t : tensors_) v.push_back(symbol_of(g.capture(t)).endpoint);
    return v;
  }

 private:
  std::vector<Tensor> tensors_;
  std::unordered_map<uint64_t, size_t> index_;
};

void keep(const std::shared_ptr<ConcreteFunction>& f) {
  const auto& g = current_graph();
  f->add_to(*g->graph().library);
  g->called.push_back(f);
}

std::vector<Endpoint> endpoints(RecordedGraph& g, const std::vector<Tensor>& tensors) {
  GraphScope scope(g.shared_from_this());
  std::vector<Endpoint> v;
  for (const Tensor& t : tensors) v.push_back(g.bring_in(t));
  return v;
}

Shape merged(const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank() || a.rank() != b.rank()) return Shape::unknown();
  Shape s = a;
  for (int i = 0; i < a.rank(); ++i)
    if (a[i] != b[i]) s.set_dim(i, -1);
  return s;
}

std::vector<DType> types_of(const std::vector<Tensor>& v) {
  std::vector<DType> t;
  for (const Tensor& x : v) t.push_back(x.dtype());
  return t;
}

// A node for the current graph that its tapes see, as they see op calls.
Node* recorded(std::string_view op, const std::vector<Tensor>& inputs, AttrMap attrs, std::string_view name) {
  const auto& g = current_graph();
  Node* n = g->record_node(get_op(op), inputs, std::move(attrs), name);
  if (observers().empty() || !n->num_outputs()) return n;
  OpRecord r;
  r.op = n->op;
  r.name = n->name;
  r.attrs = n->attrs;
  r.inputs = inputs;
  r.outputs = g->symbols(n);
  record_custom(std::move(r));
  return n;
}

}  // namespace

Node* record_branches(const Tensor& selector, const std::vector<Branch>& branches, bool is_case,
                      std::string_view name) {
  std::vector<std::vector<Endpoint>> results;
  for (const Branch& b : branches) results.push_back(endpoints(*b.graph, b.results));
  Union captured;
  for (const Branch& b : branches) captured.add(*b.graph);
  std::vector<FuncRef> refs;
  bool stateful = false;
  std::vector<DType> types = types_of(branches[0].results);
  std::vector<Shape> shapes;
  for (const Endpoint& e : results[0]) shapes.push_back(branches[0].graph->symbol(e).shape());
  for (size_t i = 0; i < branches.size(); ++i) {
    if (types_of(branches[i].results) != types) throw Internal("branches of a conditional disagree");
    for (size_t k = 0; k < results[i].size(); ++k)
      shapes[k] = merged(shapes[k], branches[i].graph->symbol(results[i][k]).shape());
    auto f = ConcreteFunction::make(branches[i].graph, captured.inside(*branches[i].graph), results[i],
                                    branches[i].graph->name(), {});
    stateful = stateful || f->stateful();
    keep(f);
    refs.push_back(f->ref());
  }
  std::vector<Tensor> inputs{selector};
  inputs.insert(inputs.end(), captured.tensors().begin(), captured.tensors().end());
  AttrMap attrs{{"Tin", types_of(captured.tensors())}, {"Tout", types}, {"output_shapes", shapes}};
  if (is_case) {
    attrs.set("branches", refs);
  } else {
    attrs.set("then_branch", refs[0]);
    attrs.set("else_branch", refs[1]);
  }
  std::string op = cat(stateful ? "" : "Stateless", is_case ? "Case" : "If");
  return recorded(op, inputs, std::move(attrs), name);
}

Node* record_loop(const LoopPart& cond, const LoopPart& body, const std::vector<Tensor>& initial,
                  const std::vector<Shape>& shapes, int64_t parallel_iterations, std::string_view name) {
  std::vector<Endpoint> cond_result = endpoints(*cond.graph, cond.results);
  std::vector<Endpoint> body_result = endpoints(*body.graph, body.results);
  Union captured;
  captured.add(*cond.graph);
  captured.add(*body.graph);
  auto function = [&](const LoopPart& p, std::vector<Endpoint> results, bool pass) {
    std::vector<Endpoint> inputs = endpoints(*p.graph, p.args), extra = captured.inside(*p.graph);
    inputs.insert(inputs.end(), extra.begin(), extra.end());
    if (pass) results.insert(results.end(), extra.begin(), extra.end());
    auto f = ConcreteFunction::make(p.graph, std::move(inputs), std::move(results), p.graph->name(), {});
    keep(f);
    return f;
  };
  auto cond_f = function(cond, cond_result, false), body_f = function(body, body_result, true);
  std::vector<Tensor> inputs = initial;
  std::vector<Shape> all_shapes = shapes;
  for (const Tensor& t : captured.tensors()) {
    inputs.push_back(t);
    all_shapes.push_back(t.shape());
  }
  AttrMap attrs{{"T", types_of(inputs)},
                {"cond", cond_f->ref()},
                {"body", body_f->ref()},
                {"output_shapes", all_shapes},
                {"parallel_iterations", parallel_iterations}};
  bool stateful = cond_f->stateful() || body_f->stateful();
  return recorded(stateful ? "While" : "StatelessWhile", inputs, std::move(attrs), name);
}

}  // namespace floe
