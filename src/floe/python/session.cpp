// Sessions: a graph run with state of its own.
#include <algorithm>
#include <cctype>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/python/graph_core.h"
#include "floe/python/run.h"

namespace floe::python {
namespace {

struct SessionCore {
  explicit SessionCore(const GraphCore& g) : program(std::make_shared<Program::Impl>()) {
    program->graph = g.recorded->shared_graph();
  }
  std::shared_ptr<Program::Impl> program;
};

// Nodes that the fetches and targets need, besides what is fed; in no order.
std::vector<Node*> needed(std::span<const Endpoint> feeds, std::span<const Endpoint> fetches,
                          std::span<Node* const> targets) {
  std::vector<Node*> found, waiting;
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
    found.push_back(n);
    for (const Endpoint& e : n->inputs) read(e);
    for (Node* c : n->controls) look(c);
  }
  return found;
}

// "float", "int32", "bool": what TensorFlow's messages call a type.
std::string type_text(DType t) {
  std::string s = std::string(dtype_enum_name(t)).substr(3);
  for (char& c : s) c = char(std::tolower(c));
  return s;
}

[[noreturn]] void not_fed(const GraphCore& g, const Node& n) {
  const Shape& shape = n.output_shapes.empty() ? Shape::unknown() : n.output_shapes[0];
  std::string where = g.recorded->location(&n);
  throw InvalidArgument(
      cat("You must feed a value for placeholder tensor '", n.name, "' with dtype ",
          type_text(n.output_types[0]), shape.has_rank() ? cat(" and shape ", shape.str()) : std::string(),
          where.empty() ? "" : cat(". It was made at ", where, "."), "\n\t [[{{node ", n.name, "}}]]"));
}

Runner make(const SessionCore& s, const GraphCore& g, const std::vector<Output>& feeds,
            const std::vector<Output>& fetches, const std::vector<size_t>& targets) {
  std::vector<Node*> t;
  for (size_t i : targets) t.push_back(g.node(i));
  std::vector<Endpoint> in = endpoints(g, feeds), out = endpoints(g, fetches);
  for (Node* n : needed(in, out, t)) {
    bool fed = std::any_of(in.begin(), in.end(), [&](const Endpoint& e) { return e.node == n; });
    if (!fed && (n->is("Placeholder") || n->is("PlaceholderV2"))) not_fed(g, *n);
  }
  return make_runner(s.program, in, out, t);
}

}  // namespace

void bind_session(nb::module_& m) {
  nb::class_<SessionCore> c(m, "SessionCore");
  c.def(nb::init<const GraphCore&>(), nb::arg("graph"));
  c.def("function", &make, nb::arg("graph"), nb::arg("feeds"), nb::arg("fetches"), nb::arg("targets"));
}

}  // namespace floe::python
