// GraphDef messages into graphs.
#pragma once

#include <memory>

#include "floe/format/message.h"
#include "floe/graph/graph.h"

namespace floe {

/// Builds a graph from a GraphDef. Nodes whose op Floe does not know are kept (see unsupported_nodes);
/// everything else that is wrong (missing inputs, duplicate names, wrong types or attributes) is an
/// InvalidArgument that names the nodes. Function bodies are built at their first use and keep `graph_def`
/// alive.
std::unique_ptr<Graph> import_graph(const MessagePtr& graph_def);

}  // namespace floe
