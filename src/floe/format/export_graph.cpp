#include "floe/format/export_graph.h"

#include <unordered_map>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/format/attr_proto.h"
#include "floe/format/schema.h"

namespace floe {
namespace {

// Inside of functions an input is "node:output_arg:index_in_arg".
std::string function_input(const Endpoint& e, const std::unordered_set<const Node*>& args) {
  if (args.count(e.node)) return e.node->name;
  const Node& n = *e.node;
  if (!n.op) return cat(n.name, ":output:", e.index);
  int at = e.index;
  for (const ArgDef& a : n.op->outputs) {
    int count = 1;
    if (!a.number_attr.empty())
      count = int(n.attrs.get<int64_t>(a.number_attr));
    else if (!a.type_list_attr.empty())
      count = int(n.attrs.get<std::vector<DType>>(a.type_list_attr).size());
    if (at < count) return cat(n.name, ":", a.name, ":", at);
    at -= count;
  }
  throw Internal(cat("Node '", n.name, "' has no output ", e.index));
}

template <class F>
void fill_node(const Node& n, Message& d, F&& input_name) {
  d.set_string("name", n.name);
  d.set_string("op", n.op_name);
  for (const Endpoint& e : n.inputs) d.add_string("input", input_name(e));
  for (const Node* c : n.controls) d.add_string("input", "^" + c->name);
  if (!n.device.empty()) d.set_string("device", n.device);
  for (auto& [k, v] : n.attrs)
    if (!std::holds_alternative<std::monostate>(v)) attr_to_proto(v, d.map_message("attr", k));
}

// Names of arguments and results are small letters, digits and underscores.
class ArgNames {
 public:
  std::string make(const std::string& from) {
    std::string s;
    for (char c : from) s += std::isalnum(static_cast<unsigned char>(c)) ? char(std::tolower(c)) : '_';
    if (s.empty() || !std::isalpha(static_cast<unsigned char>(s[0]))) s = "arg_" + s;
    std::string name = s;
    for (int i = 0; !used_.insert(name).second; ++i) name = cat(s, "_", i);
    return name;
  }

 private:
  std::unordered_set<std::string> used_;
};

}  // namespace

void node_to_def(const Node& n, Message& d) {
  fill_node(n, d, [](const Endpoint& e) { return endpoint_name(e); });
}

void function_to_def(const FunctionBody& b, Message& d) {
  Message& sig = d.mutable_message("signature");
  sig.set_string("name", b.name);
  ArgNames names;
  std::unordered_set<const Node*> args(b.args.begin(), b.args.end());
  std::unordered_map<const Node*, std::string> arg_name;
  for (size_t i = 0; i < b.args.size(); ++i) {
    const Node* a = b.args[i];
    arg_name[a] = names.make(i < b.input_names.size() ? b.input_names[i] : a->name);
    Message& m = sig.add_message("input_arg");
    m.set_string("name", arg_name[a]);
    m.set_int("type", int64_t(a->output_types[0]));
    if (!a->output_shapes.empty() && a->output_shapes[0].has_rank())
      attr_to_proto(std::vector<Shape>{a->output_shapes[0]},
                    d.map_message("arg_attr", int64_t(i)).map_message("attr", "_output_shapes"));
  }
  auto input = [&](const Endpoint& e) {
    return args.count(e.node) ? arg_name[e.node] : function_input(e, args);
  };
  bool stateful = false;
  for (auto& n : b.graph->nodes()) {
    if (!n || args.count(n.get())) continue;
    fill_node(*n, d.add_message("node_def"), input);
    stateful = stateful || (n->op && n->op->stateful);
  }
  if (stateful) sig.set_bool("is_stateful", true);
  ArgNames result_names;
  for (size_t i = 0; i < b.results.size(); ++i) {
    const Endpoint& e = b.results[i];
    std::string name = result_names.make(i < b.output_names.size() ? b.output_names[i] : cat("output_", i));
    Message& m = sig.add_message("output_arg");
    m.set_string("name", name);
    m.set_int("type", int64_t(e.node->output_types[size_t(e.index)]));
    d.map_set("ret", name, std::string_view(input(e)));
  }
  for (const Node* n : b.control_results) {
    sig.add_string("control_output", n->name);
    d.map_set("control_ret", n->name, std::string_view(n->name));
  }
}

MessagePtr export_graph(const Graph& g, size_t from, bool with_shapes, const Message* known) {
  MessagePtr def = Message::make(schema::GraphDef);
  auto nodes = g.nodes();
  for (size_t i = from; i < nodes.size(); ++i) {
    if (!nodes[i]) continue;
    Message& d = def->add_message("node");
    node_to_def(*nodes[i], d);
    if (with_shapes && nodes[i]->num_outputs()) {
      std::vector<Shape> shapes = nodes[i]->output_shapes;
      shapes.resize(size_t(nodes[i]->num_outputs()), Shape::unknown());
      attr_to_proto(shapes, d.map_message("attr", "_output_shapes"));
    }
  }
  std::unordered_set<std::string> copied;
  if (known) {
    const Message& library = known->get_message("library");
    for (size_t i = 0, n = library.size("function"); i < n; ++i) {
      const Message& f = library.get_message("function", i);
      copied.emplace(f.get_message("signature").get_string("name"));
      def->mutable_message("library").add_message("function").copy_from(f);
    }
  }
  if (g.library)
    for (const std::string& name : g.library->names())
      if (copied.count(name))
        continue;
      else if (auto body = g.library->find({name, nullptr}))
        function_to_def(*body, def->mutable_message("library").add_message("function"));
  return def;
}

}  // namespace floe
