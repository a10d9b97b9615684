// What is known about integer tensors of a graph while it is being recorded: enough to give shapes to
// tf.reshape(x, [tf.shape(x)[0], -1]).
#pragma once

#include <unordered_map>
#include <vector>

#include "floe/graph/graph.h"

namespace floe {

class KnownValues {
 public:
  /// The value of a small constant expression, or the empty handle.
  Tensor value(const Endpoint& e) const;
  /// The elements of an integer vector, -1 where unknown; of unknown rank when nothing is known.
  Shape elements(const Endpoint& e) const;

 private:
  Tensor compute(const Endpoint& e, int depth) const;
  Shape compute_elements(const Endpoint& e, int depth) const;
  mutable std::unordered_map<const Node*, std::vector<Tensor>> values_;
};

}  // namespace floe
