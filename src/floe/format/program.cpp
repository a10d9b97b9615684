#include "floe/program.h"

#include <charconv>
#include <map>
#include <new>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/format/graph_file.h"
#include "floe/format/import_graph.h"
#include "floe/format/program_impl.h"
#include "floe/graph/passes/passes.h"
#include "floe/graph/raise.h"
#include "floe/graph/supported.h"

namespace floe {

std::string tensor_name(const Endpoint& e) { return cat(e.node->name, ":", e.index); }

namespace {

// Runs `f`; its errors name the file.
template <class F>
auto naming_file(const std::string& file, F&& f) {
  try {
    return f();
  } catch (const Error& e) {
    std::string what = e.what();
    if (file.empty() || what.rfind(file, 0) == 0) throw;
    throw_error(e.code(), cat(file, ": ", what));
  } catch (const std::bad_alloc&) {
    throw ResourceExhausted(cat(file, file.empty() ? "" : ": ", "out of memory"));
  }
}

}  // namespace

std::shared_ptr<Program::Impl> make_program(MessagePtr graph_def, std::string file) {
  auto impl = std::make_shared<Program::Impl>();
  impl->file = std::move(file);
  impl->graph_def = std::move(graph_def);
  naming_file(impl->file, [&] { impl->graph = import_graph(impl->graph_def); });
  return impl;
}

Endpoint find_endpoint(const Graph& g, std::string_view name, std::string_view file, const char* what) {
  std::string prefix = file.empty() ? "" : cat(file, ": ");
  std::string_view node = name;
  int index = 0;
  if (size_t colon = name.rfind(':'); colon != name.npos) {
    node = name.substr(0, colon);
    std::string_view digits = name.substr(colon + 1);
    auto r = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (r.ec != std::errc() || r.ptr != digits.data() + digits.size() || index < 0)
      throw InvalidArgument(
          cat(prefix, what, " '", name, "' is not a tensor name; expected 'node' or 'node:index'"));
  }
  Node* n = g.find(node);
  if (!n) {
    std::vector<std::string> names;
    for (auto& x : g.nodes())
      if (x) names.push_back(x->name);
    auto near = nearest_names(node, names, 3);
    if (node.empty())
      throw NotFound(cat(prefix, what, " '", name,
                         "' is no name. `floe inspect` lists the graph's inputs and outputs."));
    throw NotFound(cat(prefix, what, " '", name, "' is not in the graph of ", g.size(), " nodes.",
                       near.empty()
                           ? " `floe inspect` lists its names."
                           : cat(near.size() == 1 ? " The nearest name is '" : " The nearest names are '",
                                 join(near, "', '"), "'.")));
  }
  if (!n->op)
    while (n->num_outputs() <= index && index < 1024) n->output_types.push_back(DType::kInvalid);
  if (index >= n->num_outputs())
    throw InvalidArgument(cat(prefix, what, " '", name, "': node '", n->name, "' (", n->op_name, ") has ",
                              n->num_outputs(), " output(s)",
                              n->num_outputs() ? "" : "; it is run for its effect only"));
  return {n, index};
}

namespace {

bool is_table_initializer(const Node& n) {
  return n.op_name.rfind("InitializeTable", 0) == 0 || n.op_name.rfind("LookupTableImport", 0) == 0;
}

// Where a table handle comes from, through identities.
const Node* source_of(const Node* n) {
  while (n && (n->is("Identity") || n->is("Enter") || n->is("RefIdentity")) && !n->inputs.empty())
    n = n->inputs[0].node;
  return n;
}

std::vector<Node*> initializers_of(const Graph& g, const FunctionBody& body) {
  std::unordered_set<std::string> tables;
  for (auto& n : body.graph->nodes())
    if (n && n->op_name.find("HashTable") != std::string::npos) tables.insert(n->name);
  std::vector<Node*> found;
  if (tables.empty()) return found;
  for (auto& n : g.nodes())
    if (n && is_table_initializer(*n) && !n->inputs.empty())
      if (const Node* table = source_of(n->inputs[0].node); table && tables.count(table->name))
        found.push_back(n.get());
  return found;
}

std::unique_ptr<FunctionBody> extract_body(const Program::Impl& p, std::span<const Endpoint> feeds,
                                           std::span<const Endpoint> fetches,
                                           std::span<Node* const> targets) {
  auto body = extract(*p.graph, feeds, fetches, targets);
  lower_references(*body);
  raise_control_flow(*body);
  check_supported(*body, p.file);
  return body;
}

std::vector<TensorSpec> result_specs(const FunctionBody& body, std::span<const Endpoint> fetches) {
  std::vector<TensorSpec> v;
  for (size_t i = 0; i < fetches.size(); ++i) {
    const Endpoint& e = body.results[i];
    v.push_back({tensor_name(fetches[i]), e.node->output_types[size_t(e.index)],
                 size_t(e.index) < e.node->output_shapes.size() ? e.node->output_shapes[size_t(e.index)]
                                                                : Shape::unknown()});
  }
  return v;
}

void require_fed(const Program::Impl& p, const FunctionBody& body) {
  std::string missing;
  for (Node* n : execution_order(body))
    if (n->is("Placeholder") || n->is("PlaceholderV2"))
      missing += cat(missing.empty() ? "" : ", ", "'", n->name, "'");
  if (!missing.empty())
    throw InvalidArgument(
        cat(p.file, p.file.empty() ? "" : ": ", "the outputs depend on ", missing,
            ", which is not among the inputs. Add it to inputs, or leave inputs out to have it found"));
}

}  // namespace

std::shared_ptr<Function::Impl> make_function(const std::shared_ptr<Program::Impl>& p,
                                              std::span<const Endpoint> feeds,
                                              std::span<const Endpoint> fetches,
                                              std::span<Node* const> targets, ExecutableOptions options) {
  auto f = std::make_shared<Function::Impl>();
  f->program = p;
  for (const Endpoint& e : feeds) {
    Shape s = e.node->attrs.get_or<Shape>("shape", Shape::unknown());
    if (s.rank() == 0 && e.node->is("Placeholder")) s = Shape::unknown();
    f->inputs.push_back({tensor_name(e), e.node->output_types[size_t(e.index)], s});
  }
  naming_file(p->file, [&] {
    auto body = extract_body(*p, feeds, fetches, targets);
    require_fed(*p, *body);
    f->executable = std::make_unique<Executable>(std::move(body), p->callables, options);
    f->outputs = result_specs(f->executable->body(), fetches);
  });
  return f;
}

std::vector<Tensor> Function::Impl::call(std::vector<Tensor> in, const std::atomic<bool>* cancelled) const {
  RunState state;
  state.resources = &program->resources;
  state.threads = num_threads();
  state.cancelled = cancelled;
  std::vector<Tensor> out;
  try {
    if (initializers) std::call_once(initialized, [&] { initializers->run(state, {}, out); });
    executable->run(state, in, out);
  } catch (const ResourceExhausted&) {
    naming_file(program->file, [] { throw; });
  } catch (const std::bad_alloc&) {
    naming_file(program->file, [] { throw; });
  }
  return out;
}

std::vector<Tensor> Function::operator()(std::vector<Tensor> in) const { return impl_->call(std::move(in)); }

Tensor Function::operator()(const Tensor& input) const {
  if (impl_->outputs.size() != 1)
    throw InvalidArgument(
        cat("The function has ", impl_->outputs.size(), " outputs; call it with a vector of inputs"));
  return impl_->call({input})[0];
}

const std::vector<TensorSpec>& Function::inputs() const { return impl_->inputs; }
const std::vector<TensorSpec>& Function::outputs() const { return impl_->outputs; }

std::string Function::explain(const std::vector<Shape>& shapes) const {
  if (shapes.size() != impl_->inputs.size())
    throw InvalidArgument(cat("explain: the function has ", impl_->inputs.size(), " inputs, ", shapes.size(),
                              " shapes were given"));
  return impl_->executable->plan(shapes)->describe();
}

Program Program::open(const std::string& path) {
  Program p;
  p.impl_ = make_program(read_graph(path), path);
  return p;
}

Program Program::from_memory(std::string_view bytes, const std::string& name) {
  Program p;
  p.impl_ = make_program(read_graph(own_bytes(std::string(bytes)), name), name);
  return p;
}

void Program::save(const std::string& path) const { write_graph(*impl_->graph_def, path); }

std::vector<Operation> Program::operations() const {
  std::vector<Operation> v;
  for (auto& n : impl_->graph->nodes()) {
    if (!n) continue;
    Operation o;
    o.name = n->name;
    o.type = n->op_name;
    for (const Endpoint& e : n->inputs) o.inputs.push_back(tensor_name(e));
    for (const Node* c : n->controls) o.inputs.push_back("^" + c->name);
    for (int i = 0; i < n->num_outputs(); ++i)
      o.outputs.push_back(
          {tensor_name({n.get(), i}), n->output_types[size_t(i)],
           size_t(i) < n->output_shapes.size() ? n->output_shapes[size_t(i)] : Shape::unknown()});
    o.supported = n->op && (n->op->kernel || has_tuned_kernel(n->op_name));
    v.push_back(std::move(o));
  }
  return v;
}

std::vector<std::string> Program::default_inputs() const {
  std::vector<std::string> v;
  for (auto& n : impl_->graph->nodes())
    if (n && (n->is("Placeholder") || n->is("PlaceholderV2"))) v.push_back(tensor_name(n->output()));
  return v;
}

std::vector<std::string> Program::default_outputs() const {
  std::unordered_set<const Node*> read;
  for (auto& n : impl_->graph->nodes())
    if (n) {
      for (const Endpoint& e : n->inputs) read.insert(e.node);
      read.insert(n->controls.begin(), n->controls.end());
    }
  // What a loop counted with is an output only where there is nothing else.
  std::vector<std::string> v, left_loops;
  for (auto& n : impl_->graph->nodes()) {
    if (!n || read.count(n.get()) || (n->op && n->num_outputs() == 0)) continue;
    bool reference = n->op && n->op->outputs[0].is_ref;  // variables and what fills them
    if (n->is("Const") || n->is("Placeholder") || n->is("PlaceholderV2") || n->is("VarHandleOp") ||
        reference || n->op_name.find("HashTable") != std::string::npos)
      continue;
    for (int i = 0; i < std::max(1, n->num_outputs()); ++i)
      (n->is("Exit") || n->is("RefExit") ? left_loops : v).push_back(tensor_name({n.get(), i}));
  }
  return v.empty() ? left_loops : v;
}

namespace {

std::string why_no_output(const Graph& g) {
  std::map<std::string, int> ops;
  bool unread = false;
  std::unordered_set<const Node*> read;
  for (auto& n : g.nodes())
    if (n) {
      ++ops[n->op_name];
      for (const Endpoint& e : n->inputs) read.insert(e.node);
      read.insert(n->controls.begin(), n->controls.end());
    }
  for (auto& n : g.nodes()) unread = unread || (n && !read.count(n.get()));
  if (ops.empty()) return "the graph has no nodes";
  if (!unread) return "no output was found: every tensor is read by some node. Name the outputs";
  std::string list;
  size_t shown = 0;
  for (auto& [op, n] : ops)
    if (++shown <= 5) list += cat(list.empty() ? "" : ", ", n, " ", op);
  return cat("no output was found: only inputs and constants are left unread (", g.size(),
             g.size() == 1 ? " node: " : " nodes: ", list, ops.size() > 5 ? ", ..." : "",
             "). Name the outputs");
}

void require_distinct(const std::vector<Endpoint>& feeds, const std::vector<std::string>& names,
                      const std::string& file) {
  for (size_t i = 0; i < feeds.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (feeds[i] == feeds[k])
        throw InvalidArgument(cat(file, file.empty() ? "" : ": ", "input '", names[i], "' is named twice"));
}

}  // namespace

Function Program::function(std::vector<std::string> inputs, std::vector<std::string> outputs) const {
  std::vector<Endpoint> feeds, fetches;
  bool find_inputs = inputs.empty();
  if (outputs.empty()) {
    outputs = default_outputs();
    if (outputs.empty())
      throw InvalidArgument(cat(impl_->file, impl_->file.empty() ? "" : ": ", why_no_output(*impl_->graph)));
  }
  for (const std::string& s : outputs)
    fetches.push_back(find_endpoint(*impl_->graph, s, impl_->file, "output"));
  if (find_inputs) {
    // Only the placeholders that the outputs need.
    auto body = extract(*impl_->graph, {}, fetches);
    for (auto& n : impl_->graph->nodes())
      if (n && (n->is("Placeholder") || n->is("PlaceholderV2")) && body->graph->find(n->name))
        feeds.push_back(n->output());
  }
  for (const std::string& s : inputs) feeds.push_back(find_endpoint(*impl_->graph, s, impl_->file, "input"));
  if (!find_inputs) require_distinct(feeds, inputs, impl_->file);
  auto f = make_function(impl_, feeds, fetches);
  std::vector<Node*> init = initializers_of(*impl_->graph, f->executable->body());
  if (!init.empty())
    f->initializers = std::make_unique<Executable>(extract_body(*impl_, {}, {}, init), impl_->callables);
  return Function(f);
}

Function load(const std::string& path, const LoadOptions& options) {
  return Program::open(path).function(options.inputs, options.outputs);
}

}  // namespace floe
