#include "floe/graph/raise.h"

#include "floe/base/text.h"

namespace floe {

void raise_control_flow(FunctionBody& body) {
  for (auto& n : body.graph->nodes())
    if (n && n->is("LoopCond")) throw Unimplemented(cat("LoopCond '", n->name, "': loops of TensorFlow 1 are not raised"));
}

}  // namespace floe
