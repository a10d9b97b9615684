// TensorFlow 1 dataflow loops (Enter, Exit, NextIteration, LoopCond) raised to functional While nodes.
#pragma once

#include "floe/graph/graph.h"

namespace floe {

/// Replaces every loop frame of the body by a While node whose condition and body are functions in the graph's
/// library. Works on a pruned body, in place. Unimplemented lists what cannot be raised, by node and frame.
void raise_control_flow(FunctionBody& body);

}  // namespace floe
