#include "floe/runtime/concrete_function.h"

#include <atomic>
#include <unordered_map>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/runtime/context.h"
#include "floe/threads.h"

namespace floe {
namespace {

struct Registry {
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<ConcreteFunction>> functions;
  std::atomic<int64_t> next{1};
};
Registry& registry() {
  static Registry* const r = new Registry;
  return *r;
}

std::atomic<ConcreteFunction::Watched> watched_call{nullptr};

const Shape& shape_at(const Endpoint& e) {
  static const Shape unknown = Shape::unknown();
  return size_t(e.index) < e.node->output_shapes.size() ? e.node->output_shapes[size_t(e.index)] : unknown;
}

}  // namespace

std::shared_ptr<ConcreteFunction> ConcreteFunction::make(std::shared_ptr<RecordedGraph> recorded,
                                                         std::vector<Endpoint> inputs,
                                                         std::vector<Endpoint> results,
                                                         const std::string& name) {
  std::vector<RecordedGraph::Capture> captures = recorded->captures();
  return make(std::move(recorded), std::move(inputs), std::move(results), name, std::move(captures));
}

std::shared_ptr<ConcreteFunction> ConcreteFunction::make(std::shared_ptr<RecordedGraph> recorded,
                                                         std::vector<Endpoint> inputs,
                                                         std::vector<Endpoint> results,
                                                         const std::string& name,
                                                         std::vector<RecordedGraph::Capture> captures) {
  std::shared_ptr<ConcreteFunction> f(new ConcreteFunction);
  f->recorded_ = std::move(recorded);
  f->inputs_ = std::move(inputs);
  f->results_ = std::move(results);
  f->captures_ = std::move(captures);
  f->effects_ = f->recorded_->effects();
  Registry& r = registry();
  f->name_ = cat("__inference_", name, "_", r.next.fetch_add(1));
  for (const auto& n : f->recorded_->graph().nodes())
    f->stateful_ = f->stateful_ || (n && n->op && n->op->stateful && !n->is("NoOp"));
  std::lock_guard lock(r.mutex);
  r.functions[f->name_] = f;
  return f;
}

std::shared_ptr<ConcreteFunction> ConcreteFunction::from_body(const FunctionBody& body) {
  auto copy = clone(body);
  std::shared_ptr<Graph> graph = std::move(copy->graph);
  auto recorded = RecordedGraph::adopt(body.name, RecordedGraph::Kind::kFunction, std::move(graph));
  std::vector<Endpoint> inputs;
  for (Node* a : copy->args) inputs.push_back(a->output());
  auto f = make(recorded, std::move(inputs), copy->results, body.name);
  f->effects_ = copy->control_results;
  return f;
}

ConcreteFunction::~ConcreteFunction() {
  callables_->clear();
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  auto it = r.functions.find(name_);
  if (it != r.functions.end() && it->second.expired()) r.functions.erase(it);
}

std::shared_ptr<ConcreteFunction> ConcreteFunction::find(const std::string& name) {
  Registry& r = registry();
  std::lock_guard lock(r.mutex);
  auto it = r.functions.find(name);
  return it == r.functions.end() ? nullptr : it->second.lock();
}

void ConcreteFunction::set_watched_call(Watched call) { watched_call = call; }

std::vector<Endpoint> ConcreteFunction::all_inputs() const {
  std::vector<Endpoint> v = inputs_;
  for (const auto& c : captures_) v.push_back(c.inner);
  return v;
}

std::vector<Tensor> ConcreteFunction::captured() const {
  std::vector<Tensor> v;
  for (const auto& c : captures_) v.push_back(c.outer());
  return v;
}

std::shared_ptr<const FunctionBody> ConcreteFunction::body() {
  std::call_once(body_once_, [&] {
    std::vector<Endpoint> in = all_inputs();
    auto b = extract(recorded_->graph(), in, results_, effects_);
    b->name = name_;
    for (size_t i = 0; i < in.size(); ++i) b->args[i]->output_shapes = {shape_at(in[i])};
    body_ = std::move(b);
  });
  return body_;
}

void ConcreteFunction::add_to(FunctionLibrary& library) {
  if (library.has(name_)) return;
  auto b = body();
  library.add(b);
  if (const auto& inner = b->graph->library; inner && inner.get() != &library)
    for (const std::string& n : inner->names())
      if (!library.has(n)) {
        if (auto f = inner->find({n, nullptr})) library.add(f);
      }
}

Executable& ConcreteFunction::executable() {
  std::call_once(executable_once_, [&] {
    callables_->set_owner(name_);
    executable_ = std::make_unique<Executable>(clone(*body()), callables_);
  });
  return *executable_;
}

std::vector<Tensor> ConcreteFunction::run(std::vector<Tensor> inputs) {
  RunState state;
  state.resources = &process_resources();
  state.threads = num_threads();
  for (const Tensor& t : inputs)
    if (t) t.evaluated();
  std::vector<Tensor> out;
  executable().run(state, inputs, out);
  return out;
}

Node* ConcreteFunction::record_call(std::span<const Tensor> inputs, std::string_view node_name) {
  const auto& g = current_graph();
  add_to(*g->graph().library);
  g->called.push_back(shared_from_this());
  std::vector<DType> in, out;
  for (const Tensor& t : inputs) in.push_back(t.dtype());
  for (const Endpoint& e : results_) out.push_back(e.node->output_types[size_t(e.index)]);
  AttrMap attrs{{"Tin", in}, {"Tout", out}, {"f", ref()}};
  Node* n = g->record_node(get_op(stateful_ ? "StatefulPartitionedCall" : "PartitionedCall"), inputs,
                           std::move(attrs), node_name);
  for (size_t i = 0; i < results_.size(); ++i) n->output_shapes[i] = shape_at(results_[i]);
  return n;
}

void ConcreteFunction::extend_call(Node* n, Graph& graph) {
  add_to(*graph.library);
  n->attrs.set("f", ref());
  n->output_types.clear();
  n->output_shapes.clear();
  for (const Endpoint& e : results_) {
    n->output_types.push_back(e.node->output_types[size_t(e.index)]);
    n->output_shapes.push_back(shape_at(e));
  }
  n->attrs.set("Tout", n->output_types);
}

std::vector<Tensor> ConcreteFunction::call(std::vector<Tensor> args) {
  if (args.size() != inputs_.size())
    throw InvalidArgument(
        cat("Function '", name_, "' takes ", inputs_.size(), " arguments, ", args.size(), " given"));
  for (Tensor& t : captured()) args.push_back(std::move(t));
  return call_flat(std::move(args));
}

std::vector<Tensor> ConcreteFunction::call_flat(std::vector<Tensor> inputs) {
  for (const Tensor& v : variables) variable_accessed(v);
  bool watch = false;
  for (OpObserver* o : observers()) watch = watch || o->watches(inputs);
  Watched told = watched_call.load();
  if (watch && told) return told(*this, std::move(inputs));
  if (const auto& g = current_graph()) return g->symbols(record_call(inputs));
  return run(std::move(inputs));
}

std::string ConcreteFunction::explain(const std::vector<Shape>& shapes) {
  return executable().plan(shapes)->describe();
}

}  // namespace floe
