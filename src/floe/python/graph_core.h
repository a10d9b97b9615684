// A graph that Python records into: nodes for the runtime and, in step with them, the GraphDef.
#pragma once

#include "floe/format/program_impl.h"
#include "floe/python/py.h"

namespace floe::python {

struct GraphCore {
  GraphCore();
  /// Everything a Function needs; the graph's nodes and graph_def's nodes are parallel.
  std::shared_ptr<Program::Impl> program;
  size_t inferred = 0;  // nodes whose shapes are known as far as they can be

  Graph& graph() const { return *program->graph; }
  Node* node(size_t i) const;
};

/// An outer tensor that stands in for an input of the imported graph.
struct MappedInput {
  std::string name;  // as the imported graph has it, without index
  int index = 0;
  Endpoint to;
};

/// Adds the nodes of a GraphDef under `prefix` ("" or "name/"); taken names get a number. `mapped` inputs are
/// replaced. Returns the position of the first new node.
size_t import_into(GraphCore& g, const Message& graph_def, const std::string& prefix,
                   const std::vector<MappedInput>& mapped);

/// Runs the shape rules over nodes that were added since the last call; what fails stays unknown.
void infer_shapes(GraphCore& g);

}  // namespace floe::python
