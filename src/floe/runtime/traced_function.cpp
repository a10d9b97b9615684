#include <mutex>

#include "floe/base/text.h"
#include "floe/function.h"
#include "floe/op/callback.h"
#include "floe/op/gradient.h"
#include "floe/runtime/context.h"
#include "floe/runtime/control_flow.h"

namespace floe {
namespace {

std::vector<Endpoint> endpoints(RecordedGraph& g, const Tensors& tensors) {
  std::vector<Endpoint> v;
  for (const Tensor& t : tensors) v.push_back(g.bring_in(t));
  return v;
}

Branch record_branch(const char* name, const std::function<Tensors()>& fn) {
  Branch b{RecordedGraph::make(name, RecordedGraph::Kind::kFunction), {}};
  GraphScope scope(b.graph);
  b.results = fn();
  return b;
}

std::string describe(const Tensors& v) {
  std::string s;
  for (const Tensor& t : v) s += cat(s.empty() ? "" : ", ", dtype_name(t.dtype()), " ", t.shape().str());
  return cat("(", s, ")");
}

void check_agree(const char* what, const Tensors& a, const Tensors& b) {
  bool same = a.size() == b.size();
  for (size_t i = 0; same && i < a.size(); ++i) same = a[i].dtype() == b[i].dtype();
  if (!same)
    throw InvalidArgument(
        cat(what, ": the branches must return tensors of the same number and dtypes; the first gives ",
            describe(a), ", another ", describe(b), ". Cast one of them"));
}

bool truth(const Tensor& t) {
  if (t.dtype() != DType::kBool || t.num_elements() != 1)
    throw InvalidArgument(
        cat("pred must be a boolean scalar, found ", dtype_name(t.dtype()), " ", t.shape().str()));
  return t.item<bool>();
}

Tensor slice_row(const Tensor& t, const Tensor& i) {
  return grad::op("GatherV2", {t, i, grad::int32_scalar(0)});
}

Tensors stacked(std::vector<Tensors>& rows, size_t n) {
  Tensors out;
  for (size_t k = 0; k < n; ++k) {
    Tensors column;
    for (Tensors& r : rows) column.push_back(r[k]);
    out.push_back(grad::op("Pack", column));
  }
  return out;
}

Tensor list_of(const Tensor& count, DType type) {
  return grad::op("TensorListReserve", {grad::int32_scalar(-1), count}, {{"element_dtype", type}});
}

Tensor stack_list(const Tensor& list, DType type) {
  return grad::op("TensorListStack", {list, grad::int32_scalar(-1)}, {{"element_dtype", type}});
}

Tensor set_item(const Tensor& list, const Tensor& i, const Tensor& value) {
  return grad::op("TensorListSetItem", {list, i, value}, {{"element_dtype", value.dtype()}});
}

Tensor row_count(const Tensor& t) {
  if (t.shape().has_rank() && t.rank() > 0 && t.dim(0) >= 0) return grad::int32_scalar(t.dim(0));
  return grad::op("StridedSlice",
                  {grad::shape_of(t), grad::int32s({0}), grad::int32s({1}), grad::int32s({1})},
                  {{"shrink_axis_mask", int64_t(1)}});
}

}  // namespace

struct TracedFunction::Impl {
  std::function<Tensors(const Tensors&)> fn;
  std::string name;
  std::recursive_mutex mutex;
  struct Trace {
    std::vector<DType> types;
    std::vector<Shape> shapes;
    std::shared_ptr<ConcreteFunction> function;
  };
  std::vector<Trace> traces;
  int count = 0;

  std::shared_ptr<ConcreteFunction> concrete(const Tensors& args) {
    std::lock_guard lock(mutex);
    for (const Trace& t : traces) {
      bool same = t.types.size() == args.size();
      for (size_t i = 0; same && i < args.size(); ++i)
        same = t.types[i] == args[i].dtype() && t.shapes[i] == args[i].shape();
      if (same) return t.function;
    }
    auto g = RecordedGraph::make(name, RecordedGraph::Kind::kFunction);
    Trace t;
    {
      GraphScope scope(g);
      Tensors in;
      for (size_t i = 0; i < args.size(); ++i) {
        t.types.push_back(args[i].dtype());
        t.shapes.push_back(args[i].shape());
        in.push_back(g->add_input(args[i].dtype(), args[i].shape(), cat("arg_", i)));
      }
      ++count;
      Tensors out = fn(in);
      std::vector<Endpoint> inputs = endpoints(*g, in), results = endpoints(*g, out);
      t.function = ConcreteFunction::make(g, std::move(inputs), std::move(results), name);
    }
    traces.push_back(t);
    return t.function;
  }
};

TracedFunction::TracedFunction(std::function<Tensors(const Tensors&)> fn, std::string name)
    : impl_(std::make_shared<Impl>()) {
  impl_->fn = std::move(fn);
  impl_->name = std::move(name);
}

Tensors TracedFunction::operator()(const Tensors& args) const {
  for (const Tensor& t : args)
    if (!t) throw InvalidArgument(cat("Function '", impl_->name, "': an argument is missing"));
  return impl_->concrete(args)->call(args);
}

int TracedFunction::traces() const { return impl_->count; }

std::string TracedFunction::explain(const Tensors& args) const {
  auto f = impl_->concrete(args);
  std::vector<Shape> shapes;
  for (const Tensor& t : args) shapes.push_back(t.shape());
  for (const Tensor& t : f->captured()) shapes.push_back(t.shape());
  return f->explain(shapes);
}

TracedFunction function(std::function<Tensors(const Tensors&)> fn, std::string name) {
  return TracedFunction(std::move(fn), std::move(name));
}

Tensors cond(const Tensor& pred, const std::function<Tensors()>& then_fn,
             const std::function<Tensors()>& else_fn) {
  const auto& g = current_graph();
  if (!g) return truth(pred) ? then_fn() : else_fn();
  Branch a = record_branch("cond_true", then_fn), b = record_branch("cond_false", else_fn);
  check_agree("cond", a.results, b.results);
  return g->symbols(record_branches(pred, {a, b}, false, "cond"));
}

Tensors switch_case(const Tensor& index, const std::vector<std::function<Tensors()>>& branches) {
  if (branches.empty()) throw InvalidArgument("switch_case: there are no branches");
  const auto& g = current_graph();
  if (!g) {
    int64_t i = index.dtype() == DType::kInt64 ? index.item<int64_t>() : index.item<int32_t>();
    return branches[i < 0 || i >= int64_t(branches.size()) ? branches.size() - 1 : size_t(i)]();
  }
  std::vector<Branch> recorded;
  for (auto& fn : branches) {
    recorded.push_back(record_branch("case_branch", fn));
    check_agree("switch_case", recorded[0].results, recorded.back().results);
  }
  return g->symbols(record_branches(grad::cast(index, DType::kInt32), recorded, true, "switch_case"));
}

Tensors while_loop(const std::function<Tensor(const Tensors&)>& cond_fn,
                   const std::function<Tensors(const Tensors&)>& body_fn, const Tensors& vars,
                   const std::vector<Shape>& shape_invariants) {
  const auto& g = current_graph();
  if (!g) {
    Tensors now = vars;
    while (truth(cond_fn(now))) {
      now = body_fn(now);
      if (now.size() != vars.size())
        throw InvalidArgument(
            cat("while_loop: the body takes ", vars.size(), " variables and gives ", now.size()));
    }
    return now;
  }
  std::vector<Shape> shapes;
  for (size_t i = 0; i < vars.size(); ++i)
    shapes.push_back(i < shape_invariants.size() ? shape_invariants[i] : vars[i].shape());
  auto part = [&](const char* name, auto&& run) {
    LoopPart p;
    p.graph = RecordedGraph::make(name, RecordedGraph::Kind::kFunction);
    GraphScope scope(p.graph);
    for (size_t i = 0; i < vars.size(); ++i)
      p.args.push_back(p.graph->add_input(vars[i].dtype(), shapes[i], cat("var_", i)));
    p.results = run(p.args);
    return p;
  };
  LoopPart c = part("while_cond", [&](const Tensors& v) { return Tensors{cond_fn(v)}; });
  LoopPart b = part("while_body", [&](const Tensors& v) { return body_fn(v); });
  check_agree("while_loop", vars, b.results);
  for (size_t i = 0; i < vars.size(); ++i)
    if (!shapes[i].is_compatible_with(b.results[i].shape()))
      throw InvalidArgument(cat("while_loop: variable ", i, " enters with shape ", shapes[i].str(),
                                " and has shape ", b.results[i].shape().str(),
                                " after one iteration. Give a shape invariant that holds for both"));
  Tensors out = g->symbols(record_loop(c, b, vars, shapes, 10, "while"));
  out.resize(vars.size());
  return out;
}

Tensors map_fn(const std::function<Tensors(const Tensors&)>& fn, const Tensors& elems,
               const std::vector<DType>& result_types) {
  if (elems.empty()) throw InvalidArgument("map_fn: there are no elements");
  Tensor count = row_count(elems[0]);
  if (executing_eagerly()) {
    std::vector<Tensors> rows;
    for (int32_t i = 0, n = count.item<int32_t>(); i < n; ++i) {
      Tensors row;
      for (const Tensor& t : elems) row.push_back(slice_row(t, Tensor::scalar(i)));
      rows.push_back(fn(row));
    }
    return stacked(rows, result_types.size());
  }
  Tensors vars{grad::int32_scalar(0)};
  for (DType t : result_types) vars.push_back(list_of(count, t));
  Tensors out = while_loop([&](const Tensors& v) { return v[0] < count; },
                           [&](const Tensors& v) {
                             Tensors row, next{v[0] + 1.0};
                             for (const Tensor& t : elems) row.push_back(slice_row(t, v[0]));
                             Tensors r = fn(row);
                             for (size_t k = 0; k < r.size(); ++k)
                               next.push_back(set_item(v[k + 1], v[0], r[k]));
                             return next;
                           },
                           vars);
  Tensors result;
  for (size_t k = 0; k < result_types.size(); ++k) result.push_back(stack_list(out[k + 1], result_types[k]));
  return result;
}

Tensors scan(const std::function<Tensors(const Tensors&, const Tensors&)>& fn, const Tensors& elems,
             const Tensors& initial) {
  if (elems.empty()) throw InvalidArgument("scan: there are no elements");
  Tensor count = row_count(elems[0]);
  if (executing_eagerly()) {
    std::vector<Tensors> rows;
    Tensors state = initial;
    for (int32_t i = 0, n = count.item<int32_t>(); i < n; ++i) {
      Tensors row;
      for (const Tensor& t : elems) row.push_back(slice_row(t, Tensor::scalar(i)));
      state = fn(state, row);
      rows.push_back(state);
    }
    return stacked(rows, initial.size());
  }
  size_t n = initial.size();
  Tensors vars{grad::int32_scalar(0)};
  vars.insert(vars.end(), initial.begin(), initial.end());
  for (const Tensor& t : initial) vars.push_back(list_of(count, t.dtype()));
  Tensors out = while_loop([&](const Tensors& v) { return v[0] < count; },
                           [&](const Tensors& v) {
                             Tensors row, next{v[0] + 1.0};
                             for (const Tensor& t : elems) row.push_back(slice_row(t, v[0]));
                             Tensors state = fn(Tensors(v.begin() + 1, v.begin() + 1 + long(n)), row);
                             next.insert(next.end(), state.begin(), state.end());
                             for (size_t k = 0; k < n; ++k)
                               next.push_back(set_item(v[1 + n + k], v[0], state[k]));
                             return next;
                           },
                           vars);
  Tensors result;
  for (size_t k = 0; k < n; ++k) result.push_back(stack_list(out[1 + n + k], initial[k].dtype()));
  return result;
}

Tensors callback(std::function<Tensors(const Tensors&)> fn, const Tensors& inputs,
                 const std::vector<DType>& result_types, const std::vector<Shape>& result_shapes) {
  const auto& g = current_graph();
  if (!g) return fn(inputs);
  auto held = std::make_shared<RegisteredCallback>([fn = std::move(fn)](const Tensors& in) {
    GraphScope eager(nullptr);
    return fn(in);
  });
  g->called.push_back(held);
  std::vector<DType> in;
  for (const Tensor& t : inputs) in.push_back(t.dtype());
  Node* n = g->record_node(get_op("EagerPyFunc"), inputs,
                           {{"token", held->token}, {"Tin", in}, {"Tout", result_types}}, "callback");
  for (size_t i = 0; i < result_shapes.size() && i < n->output_shapes.size(); ++i)
    n->output_shapes[i] = result_shapes[i];
  return g->symbols(n);
}

}  // namespace floe
