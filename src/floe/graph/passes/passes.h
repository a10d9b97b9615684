// Graph transformations. Each works on one function body (arguments, results, graph) and keeps its meaning.
#pragma once

#include <functional>
#include <memory>

#include "floe/graph/graph.h"

namespace floe {

/// A copy of what `fetches` and `targets` need, with the `feeds` replaced by arguments. Tensors are shared.
std::unique_ptr<FunctionBody> extract(const Graph& g, std::span<const Endpoint> feeds, std::span<const Endpoint> fetches,
                                      std::span<Node* const> targets = {});
std::unique_ptr<FunctionBody> clone(const FunctionBody& body);

/// Nodes in execution order.
std::vector<Node*> execution_order(const FunctionBody& body);
/// Removes what the results do not need.
void prune(FunctionBody& body);
/// True when the graph holds conditional dataflow (Switch), where nodes may be dead.
bool has_conditional_dataflow(const FunctionBody& body);

/// Replaces calls of functions by their bodies.
void inline_calls(FunctionBody& body);
/// Control edges that only order pure nodes go; those that keep effects stay.
void simplify_controls(FunctionBody& body);
/// Infers shapes from the arguments' shapes and evaluates what is constant. `arg_shapes` may be empty (as declared).
void specialize(FunctionBody& body, std::span<const Shape> arg_shapes);
/// Identities, no-op reshapes, casts, transpositions and pads, double negations, x*1, x+0, ...
void simplify(FunctionBody& body);
/// One node for equal pure nodes.
void merge_equal_nodes(FunctionBody& body);
/// Loop-invariant constants become constants of the loop's functions.
void sink_loop_constants(FunctionBody& body);

/// How many inputs in the graph (and results) read each output; index by node id, then output.
std::vector<std::vector<int>> count_uses(const FunctionBody& body);

}  // namespace floe
