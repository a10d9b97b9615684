// Eager ops on large tensors wait until somebody looks at a value; then all that wait are planned and run
// together, and the plan is kept by the structure of the queue.
#pragma once

#include <vector>

#include "floe/op/op_def.h"
#include "floe/tensor.h"

namespace floe {

/// Ops on tensors of at most so many elements run at once.
inline constexpr int64_t kEagerSmall = 4096;

/// The outputs as pending tensors, or nothing where the op has to run now. `completed` gets the attributes
/// with defaults and types.
std::vector<Tensor> enqueue(const OpDef& op, const std::vector<Tensor>& inputs, const AttrMap& attrs,
                            AttrMap* completed = nullptr);

/// Runs what waits in this thread.
void flush_eager_queue();

/// False with FLOE_EAGER=sync: every op runs when it is called.
bool eager_is_deferred();
void set_eager_deferred(bool on);

/// Of this thread so far: queues run, those of them by a plan, plans made, ops that waited.
struct QueueStats {
  int64_t flushes = 0, planned = 0, plans = 0, ops = 0;
};
QueueStats eager_queue_stats();

}  // namespace floe
