// TensorFlow 1's loops made functional.
#pragma once

#include "floe/graph/graph.h"

namespace floe {

/// Replaces every loop written as dataflow (Enter, Merge, Switch, LoopCond, NextIteration, Exit) by one While
/// node whose condition and body are new functions of the graph's library, and prunes. Inner loops end up
/// inside the functions of outer ones. Exit nodes stay, as Identity nodes of the While's outputs, so that
/// what was fetched by their names still is. Conditions (Switch and Merge outside of the loops' own
/// machinery) stay as they are, in the graph and in the functions: the runtime lets dead tensors pass them
/// by.
///
/// Run it on a body that is already pruned to what is asked for: each loop is looked at as far as the results
/// need it, and a result inside a loop is an error, as in TensorFlow. Throws InvalidArgument listing, by node
/// and frame, everything that is not a loop this way.
void raise_control_flow(FunctionBody& body);

/// True when the body holds nodes that only raise_control_flow can make runnable.
bool has_loop_frames(const FunctionBody& body);

}  // namespace floe
