// Graph transformations. Each works on one function body (arguments, results, graph) and keeps its meaning.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "floe/graph/graph.h"

namespace floe {

/// A copy of what `fetches` and `targets` need, with the `feeds` replaced by arguments. Tensors are shared.
std::unique_ptr<FunctionBody> extract(const Graph& g, std::span<const Endpoint> feeds,
                                      std::span<const Endpoint> fetches, std::span<Node* const> targets = {});
std::unique_ptr<FunctionBody> clone(const FunctionBody& body);

/// Nodes in execution order.
std::vector<Node*> execution_order(const FunctionBody& body);
/// Removes what the results do not need.
void prune(FunctionBody& body);
/// True when the graph holds conditional dataflow (Switch), where nodes may be dead.
bool has_conditional_dataflow(const FunctionBody& body);

/// True when the node asks for a shape that is known at run time only: although its result's shape may follow
/// from its input's, it has to run to find out whether the two agree.
bool is_checked_at_run_time(const Node& n);

// Passes that need no shapes; run once per body.

/// Makes reference variables (VariableV2, Assign, ScatterAdd, ...) resource variables, read where and when
/// their values are used.
void lower_references(FunctionBody& body);
/// Throws unless every function that a node calls, branches to or loops over is in the library and takes and
/// gives what the node does.
void check_calls(const FunctionBody& body);
/// Replaces calls of functions by their bodies. InvalidArgument when a function calls itself without a
/// condition in between, and so without end.
void inline_calls(FunctionBody& body);
/// Control edges that only order pure nodes go; those that keep effects stay.
void simplify_controls(FunctionBody& body);
/// Infers shapes from the arguments' shapes and evaluates what is constant. `arg_shapes` may be empty (as
/// declared).
void specialize(FunctionBody& body, std::span<const Shape> arg_shapes);
/// Nodes that change nothing go: identities, casts to the same type, reshapes of reshapes, identity
/// transpositions, pads by nothing, x + 0, x * 1.
void simplify(FunctionBody& body);
/// Batch normalization with constant statistics becomes a product and a sum per channel.
void unfold_batch_norm(FunctionBody& body);
/// Products by a constant per channel after a convolution or matrix product move into its weights.
void fold_scale(FunctionBody& body);
/// Zero padding before a convolution (or, after a Relu, before a max pool) becomes explicit padding.
void fold_pad(FunctionBody& body);

// Passes that use full shapes; run per plan.

/// Loops that are an LSTM over time become one node. True when there was one: shapes are to be inferred
/// again.
bool fuse_loops(FunctionBody& body);
/// Matrix products of reshaped inputs, and Einsums that are one, take inputs of any rank.
void lower_products(FunctionBody& body);
/// Layer normalization and attention, written out in plain ops, become one node each.
void fuse_patterns(FunctionBody& body);
/// Bias, residual and activation join the convolution or matrix product before them.
void fuse_epilogues(FunctionBody& body);
/// Chains of elementwise float32 nodes of one shape become one node.
void fuse_elementwise(FunctionBody& body);

}  // namespace floe
