// A recorded graph as Python holds it.
#pragma once

#include <unordered_map>

#include "floe/format/program_impl.h"
#include "floe/python/py.h"
#include "floe/runtime/recorded_graph.h"

namespace floe::python {

struct GraphCore {
  GraphCore(const std::string& name, bool is_function);
  explicit GraphCore(std::shared_ptr<RecordedGraph> g);
  ~GraphCore();
  GraphCore(const GraphCore&) = delete;
  GraphCore& operator=(const GraphCore&) = delete;

  std::shared_ptr<RecordedGraph> recorded;
  /// For running pieces of the graph: state and compiled functions.
  std::shared_ptr<Program::Impl> program;
  MessagePtr library;  // a GraphDef that holds the functions of imported graphs
  /// NodeDefs of imported nodes as their file had them: message and position.
  std::unordered_map<const Node*, std::pair<MessagePtr, size_t>> originals;
  PyObject* owner = nullptr;  // weak reference to the Python Graph
  size_t inferred = 0;        // nodes whose shapes are known as far as they can be

  Graph& graph() const { return recorded->graph(); }
  void fill_node_def(const Node& n, Message& node_def) const;
  Node* node(size_t i) const;
};

/// Outputs as Python names them: node, index.
using Output = std::pair<size_t, int>;
Endpoint endpoint(const GraphCore& g, const Output& o);
std::vector<Endpoint> endpoints(const GraphCore& g, const std::vector<Output>& v);

/// The Python Graph of a recorded graph, made when there is none.
nb::object graph_object(const std::shared_ptr<RecordedGraph>& g);

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
