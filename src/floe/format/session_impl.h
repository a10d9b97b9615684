// What sessions of C++ and of Python share.
#pragma once

#include <span>

#include "floe/runtime/recorded_graph.h"

namespace floe {

/// Throws InvalidArgument for a placeholder that the fetches or targets need and nobody feeds, with the line
/// that made it.
void require_feeds(const RecordedGraph& g, std::span<const Endpoint> feeds, std::span<const Endpoint> fetches,
                   std::span<Node* const> targets);

}  // namespace floe
