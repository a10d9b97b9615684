#include "floe/base/text.h"
#include "floe/format/attr_proto.h"
#include "floe/python/graph_core.h"
#include "floe/python/run.h"

namespace floe::python {
namespace {

using Output = std::pair<size_t, int>;  // node, index

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

nb::object attr_of(const GraphCore& g, size_t i, const std::string& name) {
  const Message& nd = g.program->graph_def->get_message("node", i);
  const Message* a = nd.find_map_message("attr", name);
  if (!a) {
    // Defaults that the file left out.
    const AttrValue* v = g.node(i)->attrs.find(name);
    if (!v)
      throw_python(PyExc_ValueError,
                   cat("Operation '", g.node(i)->name, "' has no attr named '", name, "'."));
    return attr_object(*v);
  }
  if (a->has("shape")) return wrap_message(const_cast<Message&>(a->get_message("shape")));
  if (a->has("tensor")) return wrap_message(const_cast<Message&>(a->get_message("tensor")));
  if (a->has("func")) return wrap_message(const_cast<Message&>(a->get_message("func")));
  return attr_object(attr_from_proto(*a));
}

size_t add_node(GraphCore& g, const std::string& op_name, const std::string& name,
                const std::vector<Output>& inputs, nb::dict attrs, const std::vector<size_t>& controls) {
  const OpDef& op = get_op(op_name);
  Graph& graph = g.graph();
  AttrMap a = attrs_from(op, attrs);
  std::vector<Endpoint> in = endpoints(g, inputs);
  std::vector<DType> types;
  for (const Endpoint& e : in) types.push_back(e.node->output_types[size_t(e.index)]);
  infer_type_attrs(op, types, a, name);
  a = normalize_attrs(op, std::move(a), name);
  std::vector<Node*> waits;
  for (size_t c : controls) waits.push_back(g.node(c));
  infer_shapes(g);
  size_t at = graph.nodes().size();
  Node* n = graph.add(op, graph.unique_name(name), in, a, waits);
  std::vector<Tensor> values;
  for (const Endpoint& e : n->inputs) values.push_back(constant_value(e));
  try {
    infer_node(*n, values);
  } catch (const Error&) {
    graph.remove(n);
    graph.compact();
    throw;
  }
  Message& nd = g.program->graph_def->add_message("node");
  nd.set_string("name", n->name);
  nd.set_string("op", op.name);
  for (const Endpoint& e : n->inputs) nd.add_string("input", endpoint_name(e));
  for (const Node* c : n->controls) nd.add_string("input", "^" + c->name);
  for (auto& [k, v] : n->attrs) attr_to_proto(v, nd.map_message("attr", k));
  g.inferred = graph.nodes().size();
  return at;
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

void bind_graph(nb::module_& m) {
  nb::class_<GraphCore> c(m, "GraphCore");
  c.def(nb::init<>());
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
    return wrap_message(*g.program->graph_def->get_message("node", i).clone());
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
  c.def("graph_def", [](const GraphCore& g) { return wrap_message(*g.program->graph_def->clone()); });
  c.def(
      "import_graph_def",
      [](GraphCore& g, nb::handle def, const std::string& prefix, nb::list mapped) {
        std::vector<MappedInput> m;
        for (nb::handle x : mapped)
          m.push_back({nb::cast<std::string>(x[0]), nb::cast<int>(x[1]),
                       endpoint(g, {nb::cast<size_t>(x[2]), nb::cast<int>(x[3])})});
        return import_into(g, unwrap_message(def), prefix, m);
      },
      nb::arg("graph_def"), nb::arg("prefix"), nb::arg("mapped"));
  c.def("add_node", &add_node, nb::arg("op"), nb::arg("name"), nb::arg("inputs"), nb::arg("attrs"),
        nb::arg("controls"));
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
