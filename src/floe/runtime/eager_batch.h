// Ops that wait together, and the plans of those that were seen before.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "floe/runtime/eager_site.h"
#include "floe/runtime/executable.h"

namespace floe {

/// An input of a waiting op: output `index` of node `node`, input `index` of the batch (kInput), or the
/// value that its site knows (kValue).
struct EagerRef {
  static constexpr int kInput = -1, kValue = -2;
  int node, index;
  bool operator==(const EagerRef&) const = default;
};

struct EagerNode {
  std::shared_ptr<const Site> site;
  uint32_t refs, reps;  // the first of its own in the batch
  bool operator==(const EagerNode& o) const { return site == o.site; }
};

struct EagerBatch {
  std::vector<EagerNode> nodes;
  std::vector<EagerRef> refs;
  std::vector<detail::TensorRep*> reps;  // outputs; null: nobody can see it
  std::vector<Tensor> inputs;
  size_t bytes = 0;  // of inputs and outputs
};

/// How to run batches of one structure.
struct EagerPlan {
  std::vector<EagerNode> nodes;
  std::vector<EagerRef> refs;
  std::vector<bool> visible;
  std::unique_ptr<Executable> executable;
  uint64_t used = 0;
};

class EagerPlans {
 public:
  /// The plan for such batches, made when their structure comes the second time; nullptr the first time.
  EagerPlan* find(const EagerBatch& b);
  int64_t made() const { return made_; }

 private:
  std::unordered_set<uint64_t> seen_;
  std::unordered_multimap<uint64_t, std::unique_ptr<EagerPlan>> plans_;
  uint64_t clock_ = 0;
  int64_t made_ = 0;
};

}  // namespace floe
