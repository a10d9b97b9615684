// import_graph_def: a GraphDef joins a graph that may already hold something.
#include <charconv>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/format/attr_proto.h"
#include "floe/format/import_graph.h"
#include "floe/format/schema.h"
#include "floe/python/graph_core.h"

namespace floe::python {
namespace {

// "node:2", "node" or "^node" taken apart.
struct InputName {
  bool control = false;
  std::string_view node;
  int index = 0;
};

InputName split_input(std::string_view s) {
  InputName r;
  if (!s.empty() && s[0] == '^') {
    r.control = true;
    s.remove_prefix(1);
  }
  size_t colon = s.rfind(':');
  r.node = s.substr(0, colon);
  if (colon != s.npos) {
    std::string_view digits = s.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), r.index);
  }
  return r;
}

class Import {
 public:
  Import(GraphCore& g, const Message& def, const std::string& prefix, const std::vector<MappedInput>& mapped)
      : g_(g), from_(def), prefix_(prefix) {
    for (const MappedInput& m : mapped) mapped_[{m.name, m.index}] = m.to;
  }

  size_t run() {
    size_t first = g_.graph().nodes().size();
    MessagePtr renamed = rename();
    size_t count = renamed->size("node");
    add_stand_ins(*renamed);
    std::unique_ptr<Graph> imported = import_graph(renamed);
    merge_library(*imported, *renamed);
    copy_nodes(*imported, renamed, count);
    return first;
  }

 private:
  std::string free_name(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 1; g_.graph().find(name) || !taken_.insert(name).second; ++i) name = cat(wanted, "_", i);
    return name;
  }

  // A copy in which names are final and mapped inputs name their stand-ins.
  MessagePtr rename() {
    MessagePtr def = from_.clone();
    size_t n = def->size("node");
    for (size_t i = 0; i < n; ++i) {
      std::string name(def->get_message("node", i).get_string("name"));
      if (names_.count(name)) throw InvalidArgument(cat("Node '", name, "' is not unique"));
      names_[name] = free_name(prefix_ + name);
    }
    for (size_t i = 0; i < n; ++i) rename_node(def->mutable_message("node", i));
    return def;
  }

  void rename_node(Message& nd) {
    std::string name(nd.get_string("name"));
    nd.set_string("name", names_[name]);
    for (size_t k = 0, m = nd.size("input"); k < m; ++k) {
      std::string text(nd.get_string("input", k));
      InputName in = split_input(text);
      nd.set("input", k, std::string_view(replacement(in, text)));
    }
    // Placement hints name nodes too.
    Message* hints = nd.map_has("attr", "_class") ? &nd.map_message("attr", "_class") : nullptr;
    if (!hints || prefix_.empty()) return;
    Message& list = hints->mutable_message("list");
    for (size_t k = 0, m = list.size("s"); k < m; ++k) {
      std::string s(list.get_string("s", k));
      if (s.rfind("loc:@", 0) == 0 && names_.count(s.substr(5)))
        list.set("s", k, std::string_view("loc:@" + names_[s.substr(5)]));
    }
  }

  std::string replacement(const InputName& in, const std::string& text) {
    if (!in.control) {
      auto m = mapped_.find({std::string(in.node), in.index});
      if (m != mapped_.end()) return stand_in(m->second);
    }
    auto it = names_.find(std::string(in.node));
    if (it == names_.end()) return text;  // reported as missing by the importer
    return cat(in.control ? "^" : "", it->second, in.index ? cat(":", in.index) : std::string());
  }

  std::string stand_in(const Endpoint& e) {
    for (auto& [name, endpoint] : stand_ins_)
      if (endpoint == e) return name;
    stand_ins_.emplace_back(free_name("mapped_input"), e);
    return stand_ins_.back().first;
  }

  void add_stand_ins(Message& def) {
    for (auto& [name, e] : stand_ins_) {
      Message& nd = def.add_message("node");
      nd.set_string("name", name);
      nd.set_string("op", "Placeholder");
      nd.map_message("attr", "dtype").set_int("type", int64_t(e.node->output_types[size_t(e.index)]));
    }
  }

  void merge_library(const Graph& imported, const Message& def) {
    if (!imported.library) return;
    Graph& g = g_.graph();
    for (const std::string& name : imported.library->names())
      if (!g.library->has(name))
        g.library->add_lazy(name,
                            [library = imported.library](const FuncRef& ref) { return library->find(ref); });
    Message& to = g_.library->mutable_message("library");
    std::unordered_set<std::string> have;
    for (size_t i = 0, n = to.size("function"); i < n; ++i)
      have.emplace(to.get_message("function", i).get_message("signature").get_string("name"));
    const Message& from = def.get_message("library");
    for (size_t i = 0, n = from.size("function"); i < n; ++i) {
      const Message& f = from.get_message("function", i);
      if (have.emplace(f.get_message("signature").get_string("name")).second)
        to.add_message("function").copy_from(f);
    }
  }

  Endpoint outer(const Endpoint& e) {
    for (auto& [name, endpoint] : stand_ins_)
      if (e.node->name == name) return endpoint;
    return {copies_.at(e.node), e.index};
  }

  void copy_nodes(const Graph& imported, const MessagePtr& def, size_t count) {
    Graph& g = g_.graph();
    auto nodes = imported.nodes();
    for (size_t i = 0; i < count; ++i) {
      const Node& n = *nodes[i];
      Node* c = n.op ? g.add(*n.op, n.name, {}, n.attrs) : g.add_unknown(n.op_name, n.name, n.attrs);
      c->op_name = n.op_name;
      c->device = n.device;
      c->output_types = n.output_types;
      c->output_shapes = n.output_shapes;
      g_.recorded->unique_name(n.name);
      copies_[&n] = c;
    }
    for (size_t i = 0; i < count; ++i) {
      const Node& n = *nodes[i];
      Node* c = copies_.at(&n);
      for (const Endpoint& e : n.inputs) c->inputs.push_back(outer(e));
      if (stand_ins_.empty()) g_.originals[c] = {def, i};
      for (const Node* p : n.controls) c->controls.push_back(copies_.at(p));
    }
  }

  GraphCore& g_;
  const Message& from_;
  std::string prefix_;
  std::map<std::pair<std::string, int>, Endpoint> mapped_;
  std::unordered_map<std::string, std::string> names_;
  std::unordered_set<std::string> taken_;
  std::vector<std::pair<std::string, Endpoint>> stand_ins_;
  std::unordered_map<const Node*, Node*> copies_;
};

}  // namespace

size_t import_into(GraphCore& g, const Message& graph_def, const std::string& prefix,
                   const std::vector<MappedInput>& mapped) {
  return Import(g, graph_def, prefix, mapped).run();
}

}  // namespace floe::python
