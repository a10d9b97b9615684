// Sessions: a graph run with state of its own.
#include "floe/format/session_impl.h"
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

Runner make(const SessionCore& s, const GraphCore& g, const std::vector<Output>& feeds,
            const std::vector<Output>& fetches, const std::vector<size_t>& targets) {
  std::vector<Node*> t;
  for (size_t i : targets) t.push_back(g.node(i));
  std::vector<Endpoint> in = endpoints(g, feeds), out = endpoints(g, fetches);
  require_feeds(*g.recorded, in, out, t);
  return make_runner(s.program, in, out, t);
}

}  // namespace

void bind_session(nb::module_& m) {
  nb::class_<SessionCore> c(m, "SessionCore");
  c.def(nb::init<const GraphCore&>(), nb::arg("graph"));
  c.def("function", &make, nb::arg("graph"), nb::arg("feeds"), nb::arg("fetches"), nb::arg("targets"));
}

}  // namespace floe::python
