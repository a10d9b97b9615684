#include "floe/runtime/recorded_graph.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/ops/state/variable.h"
#include "floe/runtime/context.h"

namespace floe {
namespace {

// Larger values, and those that a tape has seen, are given to a function at each call.
constexpr int64_t kMaxConstant = 128;

std::atomic<std::string (*)()> locator{nullptr};

bool only_reads(const OpDef& op) {
  static const std::unordered_set<std::string_view> names = {
      "ReadVariableOp",    "ResourceGather",       "ResourceGatherNd",  "VarIsInitializedOp",
      "VariableShape",     "LookupTableFindV2",    "LookupTableSizeV2", "LookupTableExportV2",
      "DisableCopyOnRead", "IsVariableInitialized"};
  return names.count(op.name) > 0;
}

bool has_effect(const OpDef& op) {
  if (!op.stateful || op.group == "random") return false;
  static const std::unordered_set<std::string_view> makers = {"VarHandleOp",
                                                              "VariableV2",
                                                              "Variable",
                                                              "HashTableV2",
                                                              "MutableHashTableV2",
                                                              "AnonymousHashTable",
                                                              "NoOp",
                                                              "MutableDenseHashTableV2",
                                                              "AnonymousMutableHashTable",
                                                              "TensorArrayV3",
                                                              "PlaceholderWithDefault",
                                                              "MutableHashTableOfTensorsV2"};
  return !makers.count(op.name);
}

std::string lower(std::string s) {
  for (char& c : s) c = char(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

VariableInfo variable_info(const Endpoint& handle) {
  const AttrMap& a = handle.node->attrs;
  bool maker = handle.node->is("VarHandleOp");
  return {a.get_or<DType>(maker ? "dtype" : "_variable_dtype", DType::kInvalid),
          a.get_or<Shape>(maker ? "shape" : "_variable_shape", Shape::unknown())};
}

void note_variable(const VariableInfo& v, AttrMap& attrs) {
  if (v.dtype != DType::kInvalid) attrs.set("_variable_dtype", v.dtype);
  if (v.shape.has_rank()) attrs.set("_variable_shape", v.shape);
}

std::string describe(const Tensor& t) {
  return cat("<tf.Tensor '", tensor_name(t), "' shape=", t.shape().tuple_str(),
             " dtype=", dtype_name(t.dtype()), ">");
}

}  // namespace

std::shared_ptr<RecordedGraph> RecordedGraph::make(std::string name, Kind kind) {
  auto graph = std::make_shared<Graph>();
  graph->library = std::make_shared<FunctionLibrary>();
  return adopt(std::move(name), kind, std::move(graph));
}

std::shared_ptr<RecordedGraph> RecordedGraph::adopt(std::string name, Kind kind,
                                                    std::shared_ptr<Graph> graph) {
  std::shared_ptr<RecordedGraph> g(new RecordedGraph(std::move(name), kind));
  g->graph_ = std::move(graph);
  if (!g->graph_->library) g->graph_->library = std::make_shared<FunctionLibrary>();
  for (auto& n : g->graph_->nodes())
    if (n) g->unique_name(n->name);
  if (kind == Kind::kFunction) g->outer_ = current_graph();
  return g;
}

RecordedGraph::~RecordedGraph() = default;

std::string RecordedGraph::unique_name(std::string_view base, bool mark) {
  std::string name(base), key = lower(name);
  auto it = names_.find(key);
  int i = it == names_.end() ? 0 : it->second;
  if (mark) names_[key] = i + 1;
  if (i == 0) return name;
  std::string candidate = key;
  while (names_.count(candidate)) candidate = cat(key, "_", i++);
  if (mark) names_[candidate] = 1;
  return cat(name, "_", i - 1);
}

void RecordedGraph::set_locator(std::string (*locate)()) { locator = locate; }

std::string RecordedGraph::location(const Node* n) const {
  auto it = locations_.find(n);
  return it == locations_.end() ? std::string() : it->second;
}

bool RecordedGraph::owns(const Tensor& t) const {
  return t.is_symbolic() && symbol_of(t).graph.get() == this;
}

Tensor RecordedGraph::symbol(const Endpoint& e) {
  auto* r = new detail::TensorRep;
  r->state = detail::TensorRep::State::kSymbolic;
  r->dtype = e.node->output_types[size_t(e.index)];
  r->shape = size_t(e.index) < e.node->output_shapes.size() ? e.node->output_shapes[size_t(e.index)]
                                                            : Shape::unknown();
  r->elements = r->shape.is_fully_defined() ? r->shape.num_elements() : -1;
  auto origin = std::make_shared<Symbol>();
  origin->graph = shared_from_this();
  origin->endpoint = e;
  r->origin = std::move(origin);
  return Tensor::adopt(r);
}

std::vector<Tensor> RecordedGraph::symbols(Node* n) {
  std::vector<Tensor> v;
  for (int i = 0; i < n->num_outputs(); ++i) v.push_back(symbol({n, i}));
  return v;
}

Tensor RecordedGraph::constant(const Tensor& value, std::string_view name) {
  std::string full = unique_name(scope + std::string(name.empty() ? "Const" : name));
  Node* n = graph_->add_constant(full, value.evaluated());
  n->controls = controls;
  if (!device.empty()) n->device = device;
  if (auto* locate = locator.load()) locations_[n] = locate();
  return symbol(n->output());
}

Tensor RecordedGraph::add_input(DType dtype, const Shape& shape, std::string_view name) {
  AttrMap attrs{{"dtype", dtype}, {"shape", shape}};
  Node* n = graph_->add(get_op("Placeholder"), unique_name(scope + std::string(name)), {}, std::move(attrs));
  n->output_shapes = {shape};
  if (!device.empty()) n->device = device;
  if (auto* locate = locator.load()) locations_[n] = locate();
  return symbol(n->output());
}

Tensor RecordedGraph::add_input_like(const Tensor& t, std::string_view name) {
  Tensor input = add_input(t.dtype(), t.shape(), name);
  if (t.dtype() == DType::kResource) note_variable(variable_info(t), symbol_of(input).endpoint.node->attrs);
  return input;
}

Tensor RecordedGraph::capture(const Tensor& outer, std::string_view name) {
  uint64_t id = tensor_id(outer);
  if (auto it = capture_of_.find(id); it != capture_of_.end()) return symbol(captures_[it->second].inner);
  std::string base = name.empty() ? outer.is_symbolic() ? symbol_of(outer).endpoint.node->name : "captured"
                                  : std::string(name);
  std::replace(base.begin(), base.end(), '/', '_');
  // The shape as it is by now: set_shape may have told more of it since the tensor was made.
  Shape shape =
      outer.is_symbolic() ? symbol_of(outer).graph->symbol(symbol_of(outer).endpoint).shape() : outer.shape();
  AttrMap attrs{{"dtype", outer.dtype()}, {"shape", shape}};
  if (outer.dtype() == DType::kResource && outer.shape().rank() == 0)
    note_variable(variable_info(outer), attrs);
  Node* n = graph_->add(get_op("Placeholder"), unique_name(base), {}, std::move(attrs));
  n->output_shapes = {shape};
  put_capture(outer, n->output());
  return symbol(n->output());
}

void RecordedGraph::add_capture(const Tensor& outer, const Tensor& inner) {
  put_capture(outer, symbol_of(inner).endpoint);
}

void RecordedGraph::put_capture(const Tensor& outer, const Endpoint& inner) {
  capture_of_[tensor_id(outer)] = captures_.size();
  Capture c;
  c.inner = inner;
  if (outer.is_symbolic()) {
    c.graph = symbol_of(outer).graph;
    c.endpoint = symbol_of(outer).endpoint;
  } else {
    c.value = outer;
  }
  captures_.push_back(std::move(c));
}

Tensor RecordedGraph::Capture::outer() const {
  if (value) return value;
  auto g = graph.lock();
  if (!g)
    throw OutOfScope(cat("A tensor that a function uses ('", inner.node->name,
                         "') belongs to a function that is no longer there"));
  return g->symbol(endpoint);
}

Endpoint RecordedGraph::bring_in(const Tensor& t) {
  if (!t) throw InvalidArgument("an input is missing");
  if (owns(t)) return symbol_of(t).endpoint;
  if (!t.is_symbolic()) {
    if (capture_of_.count(t.rep()->id.load())) return symbol_of(capture(t)).endpoint;
    bool handle = t.dtype() == DType::kResource || t.dtype() == DType::kVariant;
    if (is_function() && (handle || has_tensor_id(t) || t.num_elements() > kMaxConstant))
      return symbol_of(capture(t)).endpoint;
    if (handle)
      throw InvalidArgument(
          cat("A ", dtype_name(t.dtype()),
              " made in eager mode cannot be used in a graph of its own: make the variable or "
              "table inside of the graph"));
    return symbol_of(constant(t, {})).endpoint;
  }
  const RecordedGraph* from = symbol_of(t).graph.get();
  std::shared_ptr<RecordedGraph> around = outer();
  for (auto g = around; g; g = g->outer())
    if (g.get() == from) {
      // A constant that may tell of shapes is one inside too. Others may be what a gradient is asked for:
      // like all tensors they are handed through by the functions in between.
      if (!is_floating(t.dtype()) && !is_complex(t.dtype()))
        if (Tensor value = constant_value(symbol_of(t).endpoint))
          return symbol_of(constant(value, {})).endpoint;
      Tensor outer = g == around ? t : around->symbol(around->bring_in(t));
      return symbol_of(capture(outer)).endpoint;
    }
  if (!is_function() && !from->is_function())
    throw InvalidArgument(cat("Tensor(\"", tensor_name(t), "\", shape=", t.shape().tuple_str(),
                              ", dtype=", dtype_name(t.dtype()), ") must be from the same graph as the op."));
  throw OutOfScope(
      cat(describe(t),
          " is out of scope and cannot be used here. Use return values, explicit Python locals or "
          "TensorFlow collections to access it.\nPlease see "
          "https://www.tensorflow.org/guide/function#all_outputs_of_a_tffunction_must_be_return_values"
          " for more information.\n\n",
          describe(t), " was defined here: ", from->location(symbol_of(t).endpoint.node), "\n\nThe tensor ",
          describe(t), " cannot be accessed from ", is_function() ? "FuncGraph" : "Graph", "(name=", name_,
          "), because it was defined in FuncGraph(name=", from->name(), "), which is out of scope."));
}

void RecordedGraph::infer(Node* n) {
  std::vector<Tensor> values;
  std::vector<Shape> partial;
  for (const Endpoint& e : n->inputs) {
    values.push_back(known_.value(e));
    partial.push_back(known_.elements(e));
  }
  infer_node(*n, values, partial);
}

Node* RecordedGraph::record_node(const OpDef& op, std::span<const Tensor> inputs, AttrMap attrs,
                                 std::string_view name) {
  std::vector<Endpoint> in;
  std::vector<DType> types;
  for (const Tensor& t : inputs) {
    in.push_back(bring_in(t));
    types.push_back(t.dtype());
  }
  infer_type_attrs(op, types, attrs, name);
  attrs = normalize_attrs(op, std::move(attrs), name);
  for (const auto& [k, v] : extra_attrs)
    if (!attrs.has(k)) attrs.set(k, v);
  if (op.name == "ReadVariableOp")
    if (VariableInfo v = variable_info(in[0]); v.shape.has_rank()) attrs.set("_variable_shape", v.shape);
  bool full = !name.empty() && name.back() == '/';
  std::string wanted = full ? std::string(name.substr(0, name.size() - 1))
                            : scope + (name.empty() ? op.name : std::string(name));
  // A node whose inputs do not fit must not stay, nor take the name.
  Node* n = graph_->add(op, full ? wanted : unique_name(wanted, false), std::move(in), std::move(attrs));
  try {
    infer(n);
  } catch (...) {
    graph_->remove(n);
    graph_->compact();
    throw;
  }
  unique_name(wanted);
  n->controls = controls;
  if (!device.empty()) n->device = device;
  if (auto* locate = locator.load()) locations_[n] = locate();
  if (is_function()) order_effects(n);
  return n;
}

std::vector<Tensor> RecordedGraph::record(const OpDef& op, std::span<const Tensor> inputs, AttrMap attrs,
                                          std::string_view name) {
  return symbols(record_node(op, inputs, std::move(attrs), name));
}

void RecordedGraph::order_effects(Node* n) {
  if (!has_effect(*n->op)) return;
  bool reads = only_reads(*n->op);
  auto wait = [&](Node* before) {
    if (before && before != n &&
        std::find(n->controls.begin(), n->controls.end(), before) == n->controls.end())
      n->controls.push_back(before);
  };
  auto follow = [&](Node* resource, int index) {
    Chain& c = chains_[{resource, index}];
    wait(c.writer);
    if (reads) return c.readers.push_back(n);
    for (Node* r : c.readers) wait(r);
    c.readers.clear();
    c.writer = n;
  };
  bool any = false;
  for (const Endpoint& e : n->inputs)
    if (e.node->output_types[size_t(e.index)] == DType::kResource) {
      follow(e.node, e.index);
      any = true;
    }
  if (!any || n->is("StatefulPartitionedCall") || n->is("If") || n->is("While") || n->is("Case"))
    follow(nullptr, 0);
  if (!reads) effects_.push_back(n);
}

VariableInfo variable_info(const Tensor& handle) {
  if (handle.is_symbolic()) return variable_info(symbol_of(handle).endpoint);
  if (handle.num_elements() != 1) return {};
  auto v = std::dynamic_pointer_cast<VariableState>(handle.item<ObjectPtr>());
  return v ? VariableInfo{v->dtype, v->shape} : VariableInfo{};
}

void Symbol::evaluate(detail::TensorRep&) {
  const Node* n = endpoint.node;
  std::string where = graph->location(n);
  throw Unimplemented(cat(
      "Tensor '", n->name, ":", endpoint.index, "' (", dtype_name(n->output_types[size_t(endpoint.index)]),
      ") has no value: it is the output of the op ", n->op_name, where.empty() ? "" : " recorded at ", where,
      " in graph mode, and gets one when the graph runs. Use py_function to run code on values "
      "inside of a graph, run_functions_eagerly(True) to run functions without graphs, or return "
      "the tensor and look at the result."));
}

const Symbol& symbol_of(const Tensor& t) { return static_cast<const Symbol&>(*t.rep()->origin); }

uint64_t symbol_id(const Tensor& t) {
  const Endpoint& e = symbol_of(t).endpoint;
  return (uint64_t(1) << 63) | ((reinterpret_cast<uintptr_t>(e.node) << 12) ^ uint64_t(e.index));
}

std::string tensor_name(const Tensor& t) {
  const Endpoint& e = symbol_of(t).endpoint;
  return cat(e.node->name, ":", e.index);
}

}  // namespace floe
