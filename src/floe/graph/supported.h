// What Floe cannot run, said at once.
#pragma once

#include <span>
#include <string_view>

#include "floe/graph/graph.h"

namespace floe {

/// Throws Unimplemented listing every op among `nodes` that Floe cannot run, with counts and node names.
void check_supported(std::span<Node* const> nodes, std::string_view where = {});
/// The same for all nodes of a body.
void check_supported(const FunctionBody& body, std::string_view where = {});

}  // namespace floe
