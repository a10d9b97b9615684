// Multiply-adds of a graph with known shapes.
#pragma once

#include "floe/graph/graph.h"

namespace floe {

/// Floating-point operations of one node (a multiply-add counts as two), from the shapes that inference left
/// in it; -1 when they are not known. Ops other than products, convolutions and pools count one per output
/// element.
int64_t node_flops(const Node& n);

}  // namespace floe
