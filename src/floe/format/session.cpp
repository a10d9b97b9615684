#include "floe/session.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <mutex>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/format/program_impl.h"
#include "floe/format/session_impl.h"
#include "floe/runtime/context.h"

namespace floe {
namespace {

// "float", "int32", "bool": what TensorFlow's messages call a type.
std::string type_text(DType t) {
  std::string s = std::string(dtype_enum_name(t)).substr(3);
  for (char& c : s) c = char(std::tolower(c));
  return s;
}

[[noreturn]] void fail_unfed(const RecordedGraph& g, const Node& n) {
  const Shape& shape = n.output_shapes.empty() ? Shape::unknown() : n.output_shapes[0];
  std::string where = g.location(&n);
  throw InvalidArgument(
      cat("You must feed a value for placeholder tensor '", n.name, "' with dtype ",
          type_text(n.output_types[0]), shape.has_rank() ? cat(" and shape ", shape.str()) : std::string(),
          where.empty() ? "" : cat(". It was made at ", where, "."), "\n\t [[{{node ", n.name, "}}]]"));
}

}  // namespace

void require_feeds(const RecordedGraph& g, std::span<const Endpoint> feeds, std::span<const Endpoint> fetches,
                   std::span<Node* const> targets) {
  std::vector<Node*> waiting;
  std::unordered_set<Node*> seen;
  auto look = [&](Node* n) {
    if (seen.insert(n).second) waiting.push_back(n);
  };
  auto read = [&](const Endpoint& e) {
    if (std::find(feeds.begin(), feeds.end(), e) == feeds.end()) look(e.node);
  };
  for (const Endpoint& e : fetches) read(e);
  for (Node* n : targets) look(n);
  while (!waiting.empty()) {
    Node* n = waiting.back();
    waiting.pop_back();
    bool fed = std::any_of(feeds.begin(), feeds.end(), [&](const Endpoint& e) { return e.node == n; });
    if (!fed && (n->is("Placeholder") || n->is("PlaceholderV2"))) fail_unfed(g, *n);
    for (const Endpoint& e : n->inputs) read(e);
    for (Node* c : n->controls) look(c);
  }
}

Tensor StaticVariable::read() const {
  GraphScope scope(graph_);
  return call_op(get_op("ReadVariableOp"), {handle_}, {{"dtype", dtype_}})[0];
}

// The read waits for the change, and for it alone.
Tensor StaticVariable::changed(const char* op, const Tensor& value) const {
  GraphScope scope(graph_);
  Tensor inputs[] = {handle_, value};
  Node* change = graph_->record_node(get_op(op), inputs, {}, op);
  std::vector<Node*> before = std::exchange(graph_->controls, {change});
  Tensor after = read();
  graph_->controls = std::move(before);
  return after;
}

Tensor StaticVariable::assign(const Tensor& value) const { return changed("AssignVariableOp", value); }
Tensor StaticVariable::assign_add(const Tensor& value) const { return changed("AssignAddVariableOp", value); }
Tensor StaticVariable::assign_sub(const Tensor& value) const { return changed("AssignSubVariableOp", value); }

StaticGraph::StaticGraph() : recorded_(RecordedGraph::make("", RecordedGraph::Kind::kProgram)) {}

StaticGraph::Scope::Scope(const StaticGraph& g) { push_graph(g.recorded_); }
StaticGraph::Scope::~Scope() { pop_graph(); }

Tensor StaticGraph::placeholder(DType dtype, const Shape& shape, std::string_view name) {
  return recorded_->add_input(dtype, shape, name);
}

StaticVariable StaticGraph::variable(const Tensor& initial_value, std::string_view name) {
  GraphScope scope(recorded_);
  StaticVariable v;
  v.graph_ = recorded_;
  v.dtype_ = initial_value.dtype();
  std::string full = recorded_->unique_name(recorded_->scope + std::string(name), false);
  std::string outer = std::exchange(recorded_->scope, "");
  AttrMap attrs{{"dtype", v.dtype_}, {"shape", initial_value.shape()}, {"shared_name", full}};
  v.handle_ = recorded_->record(get_op("VarHandleOp"), {}, std::move(attrs), full)[0];
  recorded_->scope = full + "/";
  v.initializer_ = v.assign(initial_value);
  recorded_->scope = outer;
  return v;
}

Tensor StaticGraph::tensor(std::string_view name) const {
  return recorded_->symbol(find_endpoint(recorded_->graph(), name, "", "tensor"));
}

struct Session::Impl {
  std::shared_ptr<RecordedGraph> graph;
  std::shared_ptr<Program::Impl> program = std::make_shared<Program::Impl>();
  std::mutex mutex;
  using Key = std::pair<std::vector<std::pair<int, int>>, std::vector<std::pair<int, int>>>;
  std::map<Key, std::shared_ptr<Function::Impl>> functions;

  Endpoint endpoint(const Tensor& t, const char* what) const {
    if (!t) throw InvalidArgument(cat("A ", what, " is an empty handle"));
    if (!graph->owns(t))
      throw InvalidArgument(cat("A ", what, " is not an element of this graph: ",
                                t.is_symbolic() ? cat("tensor '", floe::tensor_name(t), "' of another one")
                                                : std::string("a tensor with a value")));
    return symbol_of(t).endpoint;
  }

  std::shared_ptr<Function::Impl> function(std::span<const Endpoint> feeds,
                                           std::span<const Endpoint> fetches) {
    Key key;
    for (const Endpoint& e : feeds) key.first.emplace_back(int(e.node->id), e.index);
    for (const Endpoint& e : fetches) key.second.emplace_back(int(e.node->id), e.index);
    std::lock_guard lock(mutex);
    std::shared_ptr<Function::Impl>& f = functions[key];
    if (!f) {
      require_feeds(*graph, feeds, fetches, {});
      f = make_function(program, feeds, fetches);
    }
    return f;
  }

  std::vector<Tensor> run(std::span<const Endpoint> fetches, std::span<const Endpoint> feeds,
                          std::vector<Tensor> values) {
    for (size_t i = 0; i < feeds.size(); ++i)
      for (size_t k = 0; k < i; ++k)
        if (feeds[i] == feeds[k])
          throw InvalidArgument(cat("Tensor '", floe::tensor_name(feeds[i]), "' is fed twice"));
    return function(feeds, fetches)->call(std::move(values));
  }
};

Session::Session(const StaticGraph& graph) : impl_(std::make_shared<Impl>()) {
  impl_->graph = graph.recorded();
  impl_->program->graph = graph.recorded()->shared_graph();
}

std::vector<Tensor> Session::run(const std::vector<Tensor>& fetches,
                                 const std::vector<std::pair<Tensor, Tensor>>& feeds) {
  std::vector<Endpoint> in, out;
  std::vector<Tensor> values;
  for (const Tensor& t : fetches) out.push_back(impl_->endpoint(t, "fetch"));
  for (const auto& [t, value] : feeds) {
    in.push_back(impl_->endpoint(t, "feed"));
    values.push_back(value);
  }
  return impl_->run(out, in, std::move(values));
}

std::vector<Tensor> Session::run(const std::vector<std::string>& fetches,
                                 const std::vector<std::pair<std::string, Tensor>>& feeds) {
  std::vector<Endpoint> in, out;
  std::vector<Tensor> values;
  for (const std::string& s : fetches) out.push_back(find_endpoint(impl_->graph->graph(), s, "", "fetch"));
  for (const auto& [s, value] : feeds) {
    in.push_back(find_endpoint(impl_->graph->graph(), s, "", "feed"));
    values.push_back(value);
  }
  return impl_->run(out, in, std::move(values));
}

}  // namespace floe
