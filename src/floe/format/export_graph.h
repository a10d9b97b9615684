// Graphs into GraphDef messages.
#pragma once

#include "floe/format/message.h"
#include "floe/graph/graph.h"

namespace floe {

/// The NodeDef of a node of a graph (not of a function body).
void node_to_def(const Node& n, Message& node_def);
/// Nodes [from, ...) with the whole function library. Functions that `known` (a GraphDef) defines are copied
/// from there.
MessagePtr export_graph(const Graph& g, size_t from = 0, bool with_shapes = false,
                        const Message* known = nullptr);
/// The FunctionDef of a body.
void function_to_def(const FunctionBody& body, Message& function_def);

}  // namespace floe
