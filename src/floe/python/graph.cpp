#include <unordered_map>

#include "floe/base/text.h"
#include "floe/format/attr_proto.h"
#include "floe/format/export_graph.h"
#include "floe/format/schema.h"
#include "floe/python/graph_core.h"
#include "floe/python/run.h"
#include "floe/runtime/context.h"

namespace floe::python {
namespace {

nb::object attr_of(const GraphCore& g, size_t i, const std::string& name) {
  const AttrValue* v = g.node(i)->attrs.find(name);
  if (!v)
    throw_python(PyExc_ValueError, cat("Operation '", g.node(i)->name, "' has no attr named '", name, "'."));
  return attr_object(*v);
}

PyObject* deref(PyObject* weak) {
  if (!weak) return nullptr;
  PyObject* o = PyWeakref_GetObject(weak);
  return o && o != Py_None ? o : nullptr;
}

// Recorded graphs to what Python has for them, while it has something.
std::unordered_map<const RecordedGraph*, GraphCore*>& cores() {
  static auto* const m = new std::unordered_map<const RecordedGraph*, GraphCore*>;
  return *m;
}

nb::object node_info(const GraphCore& g, size_t i) {
  const Node* n = g.node(i);
  nb::list inputs, controls;
  for (const Endpoint& e : n->inputs) inputs.append(nb::make_tuple(e.node->id, e.index));
  for (const Node* c : n->controls) controls.append(c->id);
  return nb::make_tuple(str_object(n->name), str_object(n->op_name), inputs, controls, n->num_outputs());
}

nb::list consumers(const GraphCore& g, const Output& o) {
  Endpoint e = endpoint(g, o);
  nb::list l;
  for (auto& n : g.graph().nodes())
    if (n && std::find(n->inputs.begin(), n->inputs.end(), e) != n->inputs.end()) l.append(n->id);
  return l;
}

}  // namespace

Endpoint endpoint(const GraphCore& g, const Output& o) {
  Node* n = g.node(o.first);
  if (!n->op)
    while (n->num_outputs() <= o.second) n->output_types.push_back(DType::kInvalid);
  if (o.second < 0 || o.second >= n->num_outputs())
    throw OutOfRange(cat("Node '", n->name, "' has ", n->num_outputs(), " outputs, not output ", o.second));
  return {n, o.second};
}

std::vector<Endpoint> endpoints(const GraphCore& g, const std::vector<Output>& v) {
  std::vector<Endpoint> e;
  for (const Output& o : v) e.push_back(endpoint(g, o));
  return e;
}

GraphCore::GraphCore(const std::string& name, bool is_function)
    : GraphCore(RecordedGraph::make(
          name, is_function ? RecordedGraph::Kind::kFunction : RecordedGraph::Kind::kProgram)) {}

GraphCore::GraphCore(std::shared_ptr<RecordedGraph> g)
    : recorded(std::move(g)),
      program(std::make_shared<Program::Impl>()),
      library(Message::make(schema::GraphDef)) {
  program->graph = recorded->shared_graph();
  cores()[recorded.get()] = this;
}

GraphCore::~GraphCore() {
  cores().erase(recorded.get());
  Py_XDECREF(owner);
}

Node* GraphCore::node(size_t i) const {
  auto nodes = graph().nodes();
  if (i >= nodes.size() || !nodes[i])
    throw OutOfRange(cat("The graph has ", nodes.size(), " nodes, not node ", i));
  return nodes[i].get();
}

void GraphCore::fill_node_def(const Node& n, Message& node_def) const {
  auto it = originals.find(&n);
  if (it == originals.end()) return node_to_def(n, node_def);
  node_def.copy_from(it->second.first->get_message("node", it->second.second));
}

nb::object graph_object(const std::shared_ptr<RecordedGraph>& g) {
  auto it = cores().find(g.get());
  if (it != cores().end())
    if (PyObject* o = deref(it->second->owner)) return nb::borrow(o);
  auto* core = new GraphCore(g);
  return registered().graph_for(nb::cast(core, nb::rv_policy::take_ownership), g->is_function());
}

void bind_graph(nb::module_& m) {
  nb::class_<GraphCore> c(m, "GraphCore");
  c.def(nb::init<const std::string&, bool>(), nb::arg("name"), nb::arg("is_function"));
  c.def("set_owner", [](GraphCore& g, nb::object owner) {
    Py_XDECREF(g.owner);
    g.owner = PyWeakref_NewRef(owner.ptr(), nullptr);
    if (!g.owner) throw nb::python_error();
  });
  c.def("push", [](const GraphCore& g) { push_graph(g.recorded); });
  c.def("set_default", [](const GraphCore& g) { set_default_graph(g.recorded); });
  c.def_prop_rw(
      "scope", [](const GraphCore& g) { return str_object(g.recorded->scope); },
      [](GraphCore& g, const std::string& s) { g.recorded->scope = s; });
  c.def_prop_rw(
      "device", [](const GraphCore& g) { return str_object(g.recorded->device); },
      [](GraphCore& g, const std::string& s) { g.recorded->device = s; });
  c.def("name", [](const GraphCore& g) { return str_object(g.recorded->name()); });
  c.def("unique_name", [](GraphCore& g, const std::string& name, bool mark) {
    return str_object(g.recorded->unique_name(name, mark));
  });
  c.def("set_controls", [](GraphCore& g, const std::vector<size_t>& ids) {
    g.recorded->controls.clear();
    for (size_t i : ids) g.recorded->controls.push_back(g.node(i));
  });
  c.def("set_extra_attrs", [](GraphCore& g, nb::dict attrs) {
    g.recorded->extra_attrs = AttrMap();
    for (auto [k, v] : attrs)
      g.recorded->extra_attrs.set(nb::cast<std::string>(k), attr_from_proto(unwrap_message(v)));
  });
  c.def(
      "add_input",
      [](GraphCore& g, nb::handle dtype, nb::handle shape, const std::string& name) {
        return wrap(g.recorded->add_input(dtype_from(dtype), shape_from(shape), name));
      },
      nb::arg("dtype"), nb::arg("shape").none(), nb::arg("name"));
  c.def("constant", [](GraphCore& g, nb::handle value, const std::string& name) {
    return wrap(g.recorded->constant(to_tensor(value), name));
  });
  c.def("bring_in", [](GraphCore& g, nb::handle value) {
    Endpoint e = g.recorded->bring_in(to_input(value));
    return wrap(g.recorded->symbol(e));
  });
  c.def("capture", [](GraphCore& g, nb::handle value, const std::string& name) {
    return wrap(g.recorded->capture(*unwrap(value), name));
  });
  c.def("add_capture", [](GraphCore& g, nb::handle outer, nb::handle inner) {
    g.recorded->add_capture(*unwrap(outer), *unwrap(inner));
  });
  c.def("captures", [](const GraphCore& g) {
    nb::list l;
    for (const auto& x : g.recorded->captures())
      l.append(nb::make_tuple(wrap(x.outer()), wrap(g.recorded->symbol(x.inner))));
    return l;
  });
  c.def("outer", [](const GraphCore& g) -> nb::object {
    auto o = g.recorded->outer();
    return o ? graph_object(o) : nb::none();
  });
  c.def("symbol", [](const GraphCore& g, Output o) { return wrap(g.recorded->symbol(endpoint(g, o))); });
  c.def("location", [](const GraphCore& g, size_t i) { return str_object(g.recorded->location(g.node(i))); });
  c.def(
      "set_shape",
      [](GraphCore& g, Output o, nb::handle shape) {
        Endpoint e = endpoint(g, o);
        auto& shapes = e.node->output_shapes;
        if (shapes.size() <= size_t(e.index)) shapes.resize(size_t(e.index) + 1, Shape::unknown());
        shapes[size_t(e.index)] = shape_from(shape);
      },
      nb::arg("output"), nb::arg("shape").none());
  c.def("known_value", [](const GraphCore& g, Output o) -> nb::object {
    Tensor t = g.recorded->known().value(endpoint(g, o));
    return t ? wrap(t) : nb::none();
  });
  c.def("known_elements", [](const GraphCore& g, Output o) {
    return shape_object(g.recorded->known().elements(endpoint(g, o)));
  });
  c.def("set_attr", [](GraphCore& g, size_t i, const std::string& name, nb::handle value) {
    g.originals.erase(g.node(i));
    g.node(i)->attrs.set(name, attr_from_proto(unwrap_message(value)));
  });
  c.def("update_input", [](GraphCore& g, size_t i, size_t k, Output o) {
    Node* n = g.node(i);
    if (k >= n->inputs.size())
      throw OutOfRange(cat("Node '", n->name, "' has ", n->inputs.size(), " inputs"));
    g.originals.erase(n);
    n->inputs[k] = endpoint(g, o);
  });
  c.def("add_control", [](GraphCore& g, size_t i, size_t before) {
    g.originals.erase(g.node(i));
    g.node(i)->controls.push_back(g.node(before));
  });
  c.def("has_effects", [](const GraphCore& g) { return !g.recorded->effects().empty(); });
  m.def("current_graph", []() -> nb::object {
    const auto& g = current_graph();
    return g ? graph_object(g) : nb::none();
  });
  m.def("recording", [] { return bool(current_graph()); });
  m.def("push_eager", [] { push_graph(nullptr); });
  m.def("pop_graph", &pop_graph);
  m.def("clear_default_graph", [] { set_default_graph(nullptr); });
  c.def("__len__", [](const GraphCore& g) { return g.graph().nodes().size(); });
  c.def("find", [](const GraphCore& g, const std::string& name) {
    Node* n = g.graph().find(name);
    return n ? n->id : -1;
  });
  c.def("names", [](const GraphCore& g) {
    nb::list l;
    for (auto& n : g.graph().nodes()) l.append(str_object(n->name));
    return l;
  });
  c.def("node_info", &node_info);
  c.def("node_name", [](const GraphCore& g, size_t i) { return str_object(g.node(i)->name); });
  c.def("node_type", [](const GraphCore& g, size_t i) { return str_object(g.node(i)->op_name); });
  c.def("node_device", [](const GraphCore& g, size_t i) { return str_object(g.node(i)->device); });
  c.def("node_def", [](const GraphCore& g, size_t i) {
    MessagePtr m = Message::make(*schema::find_message("tensorflow.NodeDef"));
    g.fill_node_def(*g.node(i), *m);
    return wrap_message(*m);
  });
  c.def("get_attr", &attr_of);
  c.def("output_dtype", [](const GraphCore& g, Output o) {
    Endpoint e = endpoint(g, o);
    return dtype_object(e.node->output_types[size_t(e.index)]);
  });
  c.def("output_shape", [](GraphCore& g, Output o) {
    Endpoint e = endpoint(g, o);
    infer_shapes(g);
    bool known = size_t(e.index) < e.node->output_shapes.size();
    return shape_object(known ? e.node->output_shapes[size_t(e.index)] : Shape::unknown());
  });
  c.def("consumers", &consumers);
  c.def(
      "graph_def",
      [](GraphCore& g, size_t from, bool shapes) {
        if (shapes) infer_shapes(g);
        MessagePtr def = export_graph(g.graph(), from, shapes, g.library.get());
        for (size_t i = from; !shapes && i < g.graph().nodes().size(); ++i)
          if (g.originals.count(g.node(i)))
            g.fill_node_def(*g.node(i), def->mutable_message("node", i - from));
        return wrap_message(*def);
      },
      nb::arg("from_version") = 0, nb::arg("add_shapes") = false);
  c.def(
      "import_graph_def",
      [](GraphCore& g, nb::handle def, const std::string& prefix, nb::list mapped) {
        std::vector<MappedInput> m;
        for (nb::handle x : mapped)
          m.push_back({nb::cast<std::string>(x[0]), nb::cast<int>(x[1]),
                       endpoint(g, {nb::cast<size_t>(x[2]), nb::cast<int>(x[3])})});
        size_t first = import_into(g, unwrap_message(def), prefix, m);
        infer_shapes(g);
        return first;
      },
      nb::arg("graph_def"), nb::arg("prefix"), nb::arg("mapped"));
  c.def(
      "function",
      [](const GraphCore& g, const std::vector<Output>& feeds, const std::vector<Output>& fetches,
         const std::vector<size_t>& targets) {
        std::vector<Node*> t;
        for (size_t i : targets) t.push_back(g.node(i));
        std::vector<Endpoint> in = endpoints(g, feeds), out = endpoints(g, fetches);
        return make_runner(g.program, in, out, t);
      },
      nb::arg("feeds"), nb::arg("fetches"), nb::arg("targets"));
}

}  // namespace floe::python
