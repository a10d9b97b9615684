#include "floe/runtime/context.h"

#include <algorithm>
#include <atomic>
#include <deque>

#include "floe/base/text.h"
#include "floe/op/kernel.h"
#include "floe/runtime/eager_queue.h"
#include "floe/runtime/recorded_graph.h"

namespace floe {
namespace {

struct Level {
  std::shared_ptr<RecordedGraph> graph;
  std::vector<OpObserver*> observers;
};

struct Defaults {
  std::mutex mutex;
  std::shared_ptr<RecordedGraph> graph;
  std::atomic<uint64_t> version{0};
};
Defaults& defaults() {
  static Defaults* const d = new Defaults;
  return *d;
}

struct ThreadContext {
  // References to a level's graph stay good while others open and close.
  std::deque<Level> levels{1};
  uint64_t version = 0;

  Level& top() {
    if (levels.size() == 1) refresh();
    return levels.back();
  }
  void refresh() {
    Defaults& d = defaults();
    uint64_t now = d.version.load(std::memory_order_acquire);
    if (now == version) return;
    std::lock_guard lock(d.mutex);
    levels[0].graph = d.graph;
    version = now;
  }
};

ThreadContext& thread_context() {
  thread_local ThreadContext c;
  return c;
}

std::atomic<uint64_t> next_id{1};

bool watched(std::span<const Tensor> inputs) {
  for (OpObserver* o : observers())
    if (o->watches(inputs)) return true;
  return false;
}

void tell(OpRecord record) {
  auto shared = std::make_shared<const OpRecord>(std::move(record));
  std::vector<OpObserver*> all(observers().begin(), observers().end());
  for (OpObserver* o : all)
    if (o->watches(shared->inputs)) o->add(shared);
}

}  // namespace

uint64_t tensor_id(const Tensor& t) {
  detail::TensorRep* r = t.rep();
  uint64_t id = r->id.load(std::memory_order_acquire);
  if (id) return id;
  uint64_t mine = t.is_symbolic() ? symbol_id(t) : next_id.fetch_add(1, std::memory_order_relaxed);
  return r->id.compare_exchange_strong(id, mine) ? mine : id;
}

bool has_tensor_id(const Tensor& t) {
  return t.rep()->id.load(std::memory_order_acquire) != 0 || t.is_symbolic();
}

bool is_differentiable(DType t) {
  return is_floating(t) || is_complex(t) || t == DType::kVariant || t == DType::kResource;
}

const std::shared_ptr<RecordedGraph>& current_graph() { return thread_context().top().graph; }

void set_default_graph(std::shared_ptr<RecordedGraph> g) {
  Defaults& d = defaults();
  std::lock_guard lock(d.mutex);
  d.graph = std::move(g);
  d.version.fetch_add(1, std::memory_order_release);
}

void push_graph(std::shared_ptr<RecordedGraph> g) { thread_context().levels.push_back({std::move(g), {}}); }
void pop_graph() {
  auto& levels = thread_context().levels;
  if (levels.size() < 2) throw Internal("a graph was closed that was not opened");
  levels.pop_back();
}
GraphScope::GraphScope(std::shared_ptr<RecordedGraph> g) { push_graph(std::move(g)); }
GraphScope::~GraphScope() { thread_context().levels.pop_back(); }

void push_observer(OpObserver* o) { thread_context().top().observers.push_back(o); }
void remove_observer(OpObserver* o) {
  for (Level& l : thread_context().levels) std::erase(l.observers, o);
}
std::span<OpObserver* const> observers() { return thread_context().top().observers; }

void record_custom(OpRecord record) { tell(std::move(record)); }

void variable_accessed(const Tensor& handle) {
  for (OpObserver* o : observers()) o->variable_accessed(handle);
}

ResourceManager& process_resources() {
  static ResourceManager* const resources = new ResourceManager;
  return *resources;
}

std::vector<Tensor> call_op(const OpDef& op, std::vector<Tensor> inputs, AttrMap attrs,
                            std::string_view name) {
  ThreadContext& c = thread_context();
  const std::shared_ptr<RecordedGraph>& g = c.top().graph;
  bool watch = !c.levels.back().observers.empty() && watched(inputs);
  if (!watch) {
    if (g) return g->record(op, inputs, std::move(attrs), name);
    std::vector<Tensor> waiting = enqueue(op, inputs, attrs);
    return waiting.empty() ? run_op(op, std::move(inputs), std::move(attrs)) : waiting;
  }
  OpRecord record;
  record.op = &op;
  record.name = name.empty() ? op.name : std::string(name);
  record.inputs = inputs;
  if (g) {
    record.outputs = g->record(op, inputs, std::move(attrs), name);
    if (!record.outputs.empty()) record.attrs = symbol_of(record.outputs[0]).endpoint.node->attrs;
  } else {
    record.outputs = enqueue(op, inputs, attrs, &record.attrs);
    if (record.outputs.empty())
      record.outputs = run_op(op, std::move(inputs), std::move(attrs), &record.attrs);
  }
  // Tapes tell tensors apart by their handle's identity: what an op only passed on gets one of its own.
  for (Tensor& t : record.outputs)
    if (t && t.is_concrete() && t.rep()->refs.load() != 1) t = t.alias();
  std::vector<Tensor> outputs = record.outputs;
  tell(std::move(record));
  return outputs;
}

}  // namespace floe
