#include "floe/runtime/eager_batch.h"

#include <algorithm>

#include "floe/base/text.h"
#include "floe/graph/graph.h"
#include "floe/runtime/attr_hash.h"
#include "floe/runtime/callable.h"

namespace floe {
namespace {

constexpr size_t kMaxPlans = 256;
constexpr size_t kMaxSeen = 4096;

uint64_t hash(const EagerBatch& b) {
  uint64_t h = b.nodes.size();
  for (const EagerNode& n : b.nodes) h = mix(h, reinterpret_cast<uintptr_t>(n.site.get()));
  for (const EagerRef& r : b.refs) h = mix(h, uint64_t(uint32_t(r.node)) << 32 | uint32_t(r.index));
  uint64_t bits = 1;
  for (const auto* r : b.reps) {
    bits = bits << 1 | (r != nullptr);
    if (bits >> 63) h = mix(h, std::exchange(bits, 1));
  }
  return mix(h, bits);
}

bool same(const EagerPlan& p, const EagerBatch& b) {
  if (p.nodes != b.nodes || p.refs != b.refs || p.visible.size() != b.reps.size()) return false;
  for (size_t i = 0; i < b.reps.size(); ++i)
    if (p.visible[i] != (b.reps[i] != nullptr)) return false;
  return true;
}

// The batch as a function of its inputs.
std::unique_ptr<FunctionBody> body_of(const EagerBatch& batch) {
  auto b = std::make_unique<FunctionBody>();
  b->name = "eager";
  b->graph = std::make_unique<Graph>();
  b->graph->library = std::make_shared<FunctionLibrary>();
  Graph& g = *b->graph;
  std::vector<Node*> inputs, nodes;
  for (const Tensor& t : batch.inputs) {
    Node* a = g.add(get_op("_Arg"), cat("input_", inputs.size()), {},
                    {{"T", t.dtype()}, {"index", int64_t(inputs.size())}});
    a->output_shapes = {t.shape()};
    b->args.push_back(a);
    b->input_names.push_back(a->name);
    inputs.push_back(a);
  }
  for (const EagerNode& e : batch.nodes) {
    const Site& s = *e.site;
    std::vector<Endpoint> in;
    for (size_t i = 0; i < s.types.size(); ++i) {
      const EagerRef& r = batch.refs[e.refs + i];
      if (r.node == EagerRef::kValue)
        in.push_back(g.add_constant(cat(s.op->name, "_value"), s.values[i])->output());
      else if (r.node == EagerRef::kInput)
        in.push_back(inputs[size_t(r.index)]->output());
      else
        in.push_back(nodes[size_t(r.node)]->output(r.index));
    }
    Node* n = g.add(*s.op, s.op->name, std::move(in), s.attrs);
    n->output_shapes = s.out_shapes;
    nodes.push_back(n);
    for (size_t k = 0; k < s.out_types.size(); ++k)
      if (batch.reps[e.reps + k]) {
        b->results.push_back(n->output(int(k)));
        b->output_names.push_back(n->name);
      }
  }
  return b;
}

}  // namespace

EagerPlan* EagerPlans::find(const EagerBatch& b) {
  uint64_t h = hash(b);
  auto [from, to] = plans_.equal_range(h);
  for (auto it = from; it != to; ++it) {
    if (!same(*it->second, b)) continue;
    it->second->used = ++clock_;
    return it->second->executable ? it->second.get() : nullptr;
  }
  if (seen_.size() >= kMaxSeen) seen_.clear();
  if (seen_.insert(h).second) return nullptr;
  auto p = std::make_unique<EagerPlan>();
  p->nodes = b.nodes;
  p->refs = b.refs;
  for (const auto* r : b.reps) p->visible.push_back(r != nullptr);
  try {
    p->executable = std::make_unique<Executable>(body_of(b), std::make_shared<CallableCache>());
  } catch (const Error&) {
    // Such batches run op by op, and the op that is at fault says so.
  }
  p->used = ++clock_;
  ++made_;
  if (plans_.size() >= kMaxPlans)
    plans_.erase(std::min_element(plans_.begin(), plans_.end(), [](const auto& x, const auto& y) {
      return x.second->used < y.second->used;
    }));
  EagerPlan* made = p.get();
  plans_.emplace(h, std::move(p));
  return made->executable ? made : nullptr;
}

}  // namespace floe
