// Gradients of conditionals and loops.
#include "floe/autodiff/backpropagate.h"
#include "floe/autodiff/function_gradient.h"
#include "floe/base/text.h"
#include "floe/op/gradient.h"

namespace floe {
namespace {

DType type_of(const Endpoint& e) { return e.node->output_types[size_t(e.index)]; }

// Zeros like a tensor, or like the value of the variable whose handle it is.
Tensor zeros_for(const Tensor& t) {
  if (t.dtype() != DType::kResource) return grad::zeros_like(t);
  DType dtype = variable_info(t).dtype;
  if (dtype == DType::kInvalid)
    throw InvalidArgument(
        "The gradient of a resource goes through a branch or a loop, and it is not known which variable it "
        "is. "
        "Differentiate by a variable that is read inside of the branches");
  return grad::zeros_like(grad::op("ReadVariableOp", {t}, {{"dtype", dtype}}));
}

std::vector<std::shared_ptr<ConcreteFunction>> branches_of(const Node& n, const RecordedGraph& g) {
  std::vector<std::shared_ptr<ConcreteFunction>> v;
  if (n.is("Case") || n.is("StatelessCase")) {
    for (const FuncRef& f : n.attrs.get<std::vector<FuncRef>>("branches")) v.push_back(function_of(f, g));
  } else {
    v.push_back(function_of(n.attrs.get<FuncRef>("then_branch"), g));
    v.push_back(function_of(n.attrs.get<FuncRef>("else_branch"), g));
  }
  return v;
}

AttrMap branch_attrs(const Node& n, const std::vector<std::shared_ptr<ConcreteFunction>>& f) {
  if (n.is("If") || n.is("StatelessIf")) return {{"then_branch", f[0]->ref()}, {"else_branch", f[1]->ref()}};
  std::vector<FuncRef> refs;
  for (auto& b : f) refs.push_back(b->ref());
  return {{"branches", refs}};
}

void call_by(Node& n, RecordedGraph& g, const std::vector<std::shared_ptr<ConcreteFunction>>& branches,
             std::vector<DType> types, std::vector<Shape> shapes) {
  for (auto& f : branches) {
    f->add_to(*g.graph().library);
    g.called.push_back(f);
  }
  for (auto& [k, v] : branch_attrs(n, branches)) n.attrs.set(k, v);
  n.attrs.set("Tout", types);
  n.attrs.set("output_shapes", shapes);
  n.output_types = std::move(types);
  n.output_shapes = std::move(shapes);
}

// The branches of a conditional, each giving every branch's intermediate values: its own, and stand-ins.
void extend_branches(Node& n, RecordedGraph& g, const std::vector<std::shared_ptr<const Differentiated>>& d) {
  std::vector<DType> types = n.output_types;
  std::vector<Shape> shapes = n.output_shapes;
  std::vector<std::vector<DType>> extra;
  for (auto& b : d) {
    std::vector<DType> t;
    for (size_t i = b->results; i < b->forward->results().size(); ++i)
      t.push_back(type_of(b->forward->results()[i]));
    types.insert(types.end(), t.begin(), t.end());
    shapes.insert(shapes.end(), t.size(), Shape::unknown());
    extra.push_back(std::move(t));
  }
  std::vector<std::shared_ptr<ConcreteFunction>> extended;
  for (size_t i = 0; i < d.size(); ++i) {
    const ConcreteFunction& f = *d[i]->forward;
    GraphScope scope(f.recorded());
    std::vector<Endpoint> results(f.results().begin(), f.results().begin() + long(d[i]->results));
    for (size_t k = 0; k < d.size(); ++k) {
      if (k == i) {
        results.insert(results.end(), f.results().begin() + long(d[i]->results), f.results().end());
        continue;
      }
      for (DType t : extra[k])
        results.push_back(
            f.recorded()->bring_in(grad::op("FakeParam", {}, {{"dtype", t}, {"shape", Shape::unknown()}})));
    }
    extended.push_back(
        ConcreteFunction::make(f.recorded(), f.all_inputs(), std::move(results), cat("branch_", i), {}));
  }
  call_by(n, g, extended, std::move(types), std::move(shapes));
}

using GradientFunction = std::vector<Gradient> (*)(const OpRecord&, std::span<const Gradient>,
                                                   const std::vector<bool>&);
std::vector<Gradient> gradient_of_branches(const OpRecord&, std::span<const Gradient>,
                                           const std::vector<bool>&);
std::vector<Gradient> gradient_of_loop(const OpRecord&, std::span<const Gradient>, const std::vector<bool>&);

// Tapes that are still open see the outputs from `before` on, which a gradient has just given the node.
void tell_grown(const OpRecord& r, RecordedGraph& g, Node* n, size_t before, GradientFunction rule) {
  if (observers().empty()) return;
  OpRecord whole = r;
  whole.attrs = n->attrs;
  whole.outputs = g.symbols(n);
  for (size_t i = r.inputs.size(); i < n->inputs.size(); ++i) whole.inputs.push_back(g.symbol(n->inputs[i]));
  OpRecord grown;
  grown.name = r.name;
  grown.inputs = whole.inputs;
  grown.outputs.assign(whole.outputs.begin() + long(before), whole.outputs.end());
  grown.backward = [whole, before, rule](std::span<const Gradient> grads, const std::vector<bool>& needed) {
    std::vector<Gradient> all(whole.outputs.size());
    std::copy(grads.begin(), grads.end(), all.begin() + long(before));
    return rule(whole, all, needed);
  };
  record_custom(std::move(grown));
}

std::vector<Gradient> gradient_of_branches(const OpRecord& r, std::span<const Gradient> grads,
                                           const std::vector<bool>& needed) {
  const Symbol& s = symbol_of(r.outputs[0]);
  Node* n = s.endpoint.node;
  RecordedGraph& g = *s.graph;
  auto branches = branches_of(*n, g);
  std::vector<std::shared_ptr<const Differentiated>> d;
  for (auto& b : branches) d.push_back(differentiated(*b, 1));
  size_t base = size_t(n->num_outputs());
  extend_branches(*n, g, d);
  std::vector<Tensor> outputs = g.symbols(n);

  // The gradient is a conditional of its own. Its inputs: gradients, the node's inputs, intermediates.
  std::vector<int> wanted;
  for (size_t i = 1; i < r.inputs.size(); ++i) {
    bool some = false;
    for (auto& b : d)
      for (auto& o : b->outputs) some = some || o.input + 1 == int(i);
    if (needed[i] && some) wanted.push_back(int(i));
  }
  std::vector<Gradient> result(r.inputs.size());
  if (wanted.empty()) return result;
  std::vector<Tensor> in;
  std::vector<int> graded;
  for (size_t i = 0; i < base; ++i) {
    if (!is_differentiable(outputs[i].dtype()) || outputs[i].dtype() == DType::kResource) continue;
    graded.push_back(int(i));
    in.push_back(grads[i] ? grads[i].dense() : grad::zeros_like(outputs[i]));
  }
  size_t first_input = in.size();
  for (int i : wanted) in.push_back(r.inputs[size_t(i)]);
  size_t first_extra = in.size();
  for (size_t i = base; i < outputs.size(); ++i) in.push_back(outputs[i]);

  std::vector<std::shared_ptr<ConcreteFunction>> back;
  size_t extra_at = first_extra;
  for (size_t k = 0; k < d.size(); ++k) {
    auto b = RecordedGraph::make(cat("gradient_", n->name, "_", k), RecordedGraph::Kind::kFunction);
    GraphScope scope(b);
    std::vector<Tensor> args;
    std::vector<Endpoint> arg_endpoints, results;
    for (size_t i = 0; i < in.size(); ++i) {
      args.push_back(b->add_input_like(in[i], cat("arg_", i)));
      arg_endpoints.push_back(symbol_of(args.back()).endpoint);
    }
    std::vector<Gradient> given(base);
    for (size_t i = 0; i < graded.size(); ++i) given[size_t(graded[i])] = args[i];
    std::vector<Tensor> own(base);
    for (size_t i = 0; i < graded.size(); ++i) own[size_t(graded[i])] = args[i];
    size_t count = d[k]->forward->results().size() - d[k]->results;
    own.insert(own.end(), args.begin() + long(extra_at), args.begin() + long(extra_at + count));
    extra_at += count;
    std::vector<Gradient> out = d[k]->call(given, own, r.inputs.size() - 1);
    for (size_t i = 0; i < wanted.size(); ++i) {
      const Gradient& o = out[size_t(wanted[i] - 1)];
      Tensor zero_like = args[first_input + i];
      Tensor t;
      if (o) {
        t = o.dense();
      } else {
        t = zeros_for(zero_like);
      }
      results.push_back(b->bring_in(t));
    }
    if (!b->captures().empty()) throw Internal(cat("the gradient of ", n->name, " uses tensors of outside"));
    back.push_back(ConcreteFunction::make(b, arg_endpoints, results, cat("gradient_", n->name), {}));
  }
  std::vector<DType> tin, tout;
  std::vector<Shape> shapes;
  for (const Tensor& t : in) tin.push_back(t.dtype());
  for (const Endpoint& e : back[0]->results()) {
    tout.push_back(type_of(e));
    shapes.push_back(Shape::unknown());
  }
  for (size_t i = 0; i < wanted.size(); ++i)
    if (r.inputs[size_t(wanted[i])].dtype() != DType::kResource)
      shapes[i] = r.inputs[size_t(wanted[i])].shape();
  AttrMap attrs = branch_attrs(*n, back);
  attrs.set("Tin", tin);
  attrs.set("Tout", tout);
  attrs.set("output_shapes", shapes);
  const auto& now = current_graph();
  for (auto& f : back) {
    f->add_to(*now->graph().library);
    now->called.push_back(f);
  }
  std::vector<Tensor> all{r.inputs[0]};
  all.insert(all.end(), in.begin(), in.end());
  std::vector<Tensor> out = call_op(get_op(n->op_name), std::move(all), std::move(attrs), {});
  for (size_t i = 0; i < wanted.size(); ++i) result[size_t(wanted[i])] = out[i];
  return result;
}

Tensor empty_list(DType element) {
  return grad::op("EmptyTensorList", {grad::int32_scalar(-1), grad::int32_scalar(-1)},
                  {{"element_dtype", element}});
}

struct Loop {
  Node* node;
  std::shared_ptr<RecordedGraph> graph;
  std::shared_ptr<ConcreteFunction> cond, body;
  std::shared_ptr<const Differentiated> d;
  size_t vars = 0;
  // Per intermediate: the loop variable it is when the loop never changes that, else -1.
  std::vector<int> invariant;
  std::vector<DType> extra_types;
  std::vector<int> list_output;  // node output that holds the list of an intermediate, or -1
  int counter_output = 0;
};

// Adds a counter and, per intermediate that changes, a list of its values to the loop.
void extend_loop(Loop& l) {
  Node& n = *l.node;
  RecordedGraph& g = *l.graph;
  std::vector<Endpoint> body_args = l.body->all_inputs();
  const auto& results = l.d->forward->results();
  for (size_t i = l.d->results; i < results.size(); ++i) {
    int var = -1;
    for (size_t v = 0; v < l.vars; ++v)
      if (results[i] == body_args[v] && l.body->results()[v] == body_args[v]) var = int(v);
    l.invariant.push_back(var);
    l.extra_types.push_back(type_of(results[i]));
  }
  std::vector<Tensor> initial;
  {
    GraphScope scope(l.graph);
    initial.push_back(g.constant(Tensor::scalar(int32_t(0)), "counter"));
    for (size_t i = 0; i < l.invariant.size(); ++i)
      if (l.invariant[i] < 0) initial.push_back(empty_list(l.extra_types[i]));
  }
  auto body = RecordedGraph::make("accumulating_body", RecordedGraph::Kind::kFunction);
  std::vector<Endpoint> args, outs;
  {
    GraphScope scope(body);
    std::vector<Tensor> vars;
    for (size_t i = 0; i < l.vars; ++i)
      vars.push_back(type_of(body_args[i]) == DType::kResource
                         ? body->add_input_like(l.graph->symbol(n.inputs[i]), cat("var_", i))
                         : body->add_input(type_of(body_args[i]),
                                           l.graph->symbol(n.inputs[i]).shape().has_rank()
                                               ? l.body->recorded()->symbol(body_args[i]).shape()
                                               : Shape::unknown(),
                                           cat("var_", i)));
    Tensor counter = body->add_input(DType::kInt32, Shape{}, "counter");
    std::vector<Tensor> lists;
    for (size_t i = 1; i < initial.size(); ++i)
      lists.push_back(body->add_input(DType::kVariant, Shape{}, cat("list_", i)));
    std::vector<Tensor> out = body->symbols(l.d->forward->record_call(vars));
    for (size_t i = 0; i < l.vars; ++i) outs.push_back(body->bring_in(out[i]));
    outs.push_back(body->bring_in(counter + 1.0));
    size_t at = 0;
    for (size_t i = 0; i < l.invariant.size(); ++i)
      if (l.invariant[i] < 0)
        outs.push_back(body->bring_in(grad::op("TensorListPushBack", {lists[at++], out[l.d->results + i]},
                                               {{"element_dtype", l.extra_types[i]}})));
    for (const Tensor& t : vars) args.push_back(symbol_of(t).endpoint);
    args.push_back(symbol_of(counter).endpoint);
    for (const Tensor& t : lists) args.push_back(symbol_of(t).endpoint);
  }
  auto body_f = ConcreteFunction::make(body, args, outs, "accumulating_body", {});
  auto cond = RecordedGraph::make("accumulating_cond", RecordedGraph::Kind::kFunction);
  std::vector<Endpoint> cond_args, cond_outs;
  {
    GraphScope scope(cond);
    std::vector<Tensor> vars;
    for (const Endpoint& e : args) {
      Tensor t = cond->add_input(type_of(e), body->symbol(e).shape(), "var");
      cond_args.push_back(symbol_of(t).endpoint);
      if (vars.size() < l.vars) vars.push_back(t);
    }
    cond_outs.push_back(Endpoint{l.cond->record_call(vars), 0});
  }
  auto cond_f = ConcreteFunction::make(cond, cond_args, cond_outs, "accumulating_cond", {});

  std::vector<DType> types = n.output_types;
  std::vector<Shape> shapes = n.output_shapes;
  l.counter_output = int(l.vars);
  int next = l.counter_output + 1;
  for (size_t i = 0; i < l.invariant.size(); ++i) l.list_output.push_back(l.invariant[i] < 0 ? next++ : -1);
  for (const Tensor& t : initial) {
    n.inputs.push_back(symbol_of(t).endpoint);
    types.push_back(t.dtype());
    shapes.push_back(Shape{});
  }
  for (auto& f : {body_f, cond_f}) {
    f->add_to(*g.graph().library);
    g.called.push_back(f);
  }
  n.attrs.set("body", body_f->ref());
  n.attrs.set("cond", cond_f->ref());
  n.attrs.set("T", types);
  n.attrs.set("output_shapes", shapes);
  n.output_types = std::move(types);
  n.output_shapes = std::move(shapes);
}

std::vector<Gradient> gradient_of_loop(const OpRecord& r, std::span<const Gradient> grads,
                                       const std::vector<bool>& needed) {
  const Symbol& s = symbol_of(r.outputs[0]);
  Loop l;
  l.node = s.endpoint.node;
  l.graph = s.graph;
  l.cond = function_of(l.node->attrs.get<FuncRef>("cond"), *s.graph);
  l.body = function_of(l.node->attrs.get<FuncRef>("body"), *s.graph);
  l.d = differentiated(*l.body, 1);
  l.vars = r.outputs.size();
  extend_loop(l);
  std::vector<Tensor> outputs = l.graph->symbols(l.node);

  // Variables of the backward loop: counter, gradients, sums for variables' handles, lists, invariants.
  std::vector<Tensor> initial{outputs[size_t(l.counter_output)]};
  std::vector<int> graded;
  for (int i : l.d->graded) {
    graded.push_back(i);
    initial.push_back(grads[size_t(i)] ? grads[size_t(i)].dense() : grad::zeros_like(outputs[size_t(i)]));
  }
  std::vector<int> handles;
  size_t first_handle = initial.size();
  std::vector<Endpoint> body_args = l.body->all_inputs();
  for (auto& o : l.d->outputs)
    if (type_of(body_args[size_t(o.input)]) == DType::kResource && needed[size_t(o.input)]) {
      handles.push_back(o.input);
      initial.push_back(zeros_for(r.inputs[size_t(o.input)]));
    }
  size_t first_list = initial.size();
  for (int o : l.list_output)
    if (o >= 0) initial.push_back(outputs[size_t(o)]);
  size_t first_invariant = initial.size();
  std::vector<int> invariant_var;
  for (int v : l.invariant)
    if (v >= 0) {
      invariant_var.push_back(v);
      initial.push_back(r.inputs[size_t(v)]);
    }

  auto body = RecordedGraph::make(cat("gradient_", l.node->name), RecordedGraph::Kind::kFunction);
  std::vector<Endpoint> args, outs;
  {
    GraphScope scope(body);
    std::vector<Tensor> in;
    for (size_t i = 0; i < initial.size(); ++i) {
      // Gradients may change their shape from turn to turn with the variable.
      Shape shape = initial[i].dtype() == DType::kResource || i == 0 ? initial[i].shape() : Shape::unknown();
      in.push_back(initial[i].dtype() == DType::kResource
                       ? body->add_input_like(initial[i], cat("arg_", i))
                       : body->add_input(initial[i].dtype(), shape, cat("arg_", i)));
      args.push_back(symbol_of(in.back()).endpoint);
    }
    std::vector<Tensor> own(l.vars);
    std::vector<Gradient> given(l.vars);
    for (size_t i = 0; i < graded.size(); ++i) own[size_t(graded[i])] = in[1 + i];
    for (size_t i = 0; i < graded.size(); ++i) given[size_t(graded[i])] = in[1 + i];
    std::vector<Tensor> lists;
    size_t at = 0, inv = 0;
    for (size_t i = 0; i < l.invariant.size(); ++i) {
      if (l.invariant[i] >= 0) {
        own.push_back(in[first_invariant + inv++]);
        continue;
      }
      std::vector<Tensor> popped =
          floe::call("TensorListPopBack", {in[first_list + at++], grad::int32_scalar(-1)},
                     {{"element_dtype", l.extra_types[i]}});
      lists.push_back(popped[0]);
      const Endpoint& e = l.d->forward->results()[l.d->results + i];
      Tensor value = popped[1];
      Shape known = l.body->recorded()->symbol(e).shape();
      if (value.is_symbolic() && known.has_rank()) {
        Endpoint v = symbol_of(value).endpoint;
        v.node->output_shapes[size_t(v.index)] = known;
        value = body->symbol(v);
      }
      own.push_back(value);
    }
    std::vector<Gradient> out = l.d->call(given, own, l.vars);
    outs.push_back(body->bring_in(in[0] - 1.0));
    for (size_t i = 0; i < graded.size(); ++i) {
      const Gradient& o = out[size_t(graded[i])];
      outs.push_back(body->bring_in(o ? o.dense() : grad::zeros_like(in[1 + i])));
    }
    for (size_t i = 0; i < handles.size(); ++i) {
      const Gradient& o = out[size_t(handles[i])];
      outs.push_back(body->bring_in(o ? in[first_handle + i] + o.dense() : in[first_handle + i]));
    }
    for (const Tensor& t : lists) outs.push_back(body->bring_in(t));
    for (size_t i = first_invariant; i < in.size(); ++i) outs.push_back(symbol_of(in[i]).endpoint);
    if (!body->captures().empty())
      throw Internal(cat("the gradient of ", l.node->name, " uses tensors of outside"));
  }
  auto cond = RecordedGraph::make("gradient_cond", RecordedGraph::Kind::kFunction);
  std::vector<Endpoint> cond_args, cond_outs;
  {
    GraphScope scope(cond);
    for (const Endpoint& e : args) {
      Tensor t = cond->add_input(type_of(e), body->symbol(e).shape(), "arg");
      cond_args.push_back(symbol_of(t).endpoint);
    }
    cond_outs.push_back(cond->bring_in(cond->symbol(cond_args[0]) > grad::int32_scalar(0)));
  }
  auto body_f = ConcreteFunction::make(body, args, outs, cat("gradient_", l.node->name), {});
  auto cond_f = ConcreteFunction::make(cond, cond_args, cond_outs, "gradient_cond", {});
  std::vector<DType> types;
  std::vector<Shape> shapes;
  for (const Tensor& t : initial) {
    types.push_back(t.dtype());
    shapes.push_back(Shape::unknown());
  }
  for (size_t i = 0; i < graded.size(); ++i) shapes[1 + i] = r.inputs[size_t(graded[i])].shape();
  const auto& now = current_graph();
  for (auto& f : {body_f, cond_f}) {
    f->add_to(*now->graph().library);
    now->called.push_back(f);
  }
  AttrMap attrs{{"T", types}, {"body", body_f->ref()}, {"cond", cond_f->ref()}, {"output_shapes", shapes}};
  std::vector<Tensor> out = call_op(get_op(l.node->op_name), initial, std::move(attrs), {});
  std::vector<Gradient> result(r.inputs.size());
  for (size_t i = 0; i < graded.size(); ++i) result[size_t(graded[i])] = out[1 + i];
  for (size_t i = 0; i < handles.size(); ++i) result[size_t(handles[i])] = out[first_handle + i];
  return result;
}

}  // namespace

void init_control_gradients();
void init_control_gradients() {
  for (const char* op : {"If", "StatelessIf", "Case", "StatelessCase"})
    set_gradient(op, gradient_of_branches);
  for (const char* op : {"While", "StatelessWhile"}) set_gradient(op, gradient_of_loop);
}

}  // namespace floe
