#include "floe/runtime/eager_queue.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "floe/base/text.h"
#include "floe/graph/graph.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/runtime/callable.h"
#include "floe/runtime/context.h"
#include "floe/runtime/executable.h"
#include "floe/threads.h"

namespace floe {
namespace {

constexpr int64_t kSmall = 4096;                 // outputs of so many elements are made at once
constexpr size_t kMaxNodes = 4000;               // a loop that never looks
constexpr size_t kMaxBytes = size_t(512) << 20;  // held by inputs and wanted by outputs
constexpr size_t kMaxEntries = 256;
constexpr int64_t kMaxStructural = 64;  // elements of an input whose value decides shapes

std::atomic<int> deferred_choice{-1};

uint64_t mix(uint64_t h, uint64_t v) { return (std::rotl(h, 5) ^ v) * 0x9e3779b97f4a7c15ull; }

struct Ref {
  int node;  // -1: input of the queue
  int index;
  bool operator==(const Ref&) const = default;
};

struct Waiting {
  const OpDef* op = nullptr;
  AttrMap attrs;
  std::vector<Ref> inputs;
  std::vector<detail::TensorRep*> outputs;  // null: nobody can see it
  std::vector<DType> types;
  std::vector<Shape> shapes;
  bool operator==(const Waiting& o) const {
    if (op != o.op || inputs != o.inputs || outputs.size() != o.outputs.size() || !(attrs == o.attrs))
      return false;
    for (size_t i = 0; i < outputs.size(); ++i)
      if ((outputs[i] != nullptr) != (o.outputs[i] != nullptr)) return false;
    return true;
  }
};

struct Input {
  Tensor value;
  bool structural = false;  // its value is part of the structure
};

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         std::string_view(static_cast<const char*>(a.raw()), a.nbytes()) ==
             std::string_view(static_cast<const char*>(b.raw()), b.nbytes());
}

// A queue that was seen, and how to run it.
struct Entry {
  std::vector<Waiting> nodes;
  std::vector<Input> inputs;  // values only of structural ones
  std::vector<DType> types;
  std::vector<Shape> shapes;
  std::shared_ptr<CallableCache> callables;
  std::unique_ptr<Executable> executable;  // made when it is seen again
};

class Queue : public std::enable_shared_from_this<Queue> {
 public:
  std::vector<Tensor> add(const OpDef& op, const std::vector<Tensor>& inputs, const AttrMap& attrs,
                          AttrMap* completed);
  void flush();
  void forget(size_t node, size_t output, uint64_t generation);
  QueueStats stats() const { return stats_; }

 private:
  Ref ref(const Tensor& t, bool structural);
  void run_one_by_one(std::vector<Waiting>& nodes, std::vector<Input>& inputs);
  void run_planned(const Entry& e, std::vector<Waiting>& nodes, std::vector<Input>& inputs);
  static void fulfil(detail::TensorRep* rep, const Tensor& value);
  std::shared_ptr<Entry> look_up(const std::vector<Waiting>& nodes, const std::vector<Input>& inputs);

  std::recursive_mutex mutex_;
  std::vector<Waiting> nodes_;
  std::vector<Input> inputs_;
  std::unordered_map<const detail::TensorRep*, int> input_of_;
  size_t bytes_ = 0;
  uint64_t generation_ = 0;
  QueueStats stats_;
  std::unordered_multimap<uint64_t, std::shared_ptr<Entry>> entries_;
};

// What a pending tensor knows: where in which queue it waits.
struct Pending : detail::Origin {
  std::weak_ptr<Queue> queue;
  size_t node = 0, output = 0;
  uint64_t generation = 0;
  std::string error;  // the op that makes it failed

  ~Pending() override {
    if (auto q = queue.lock()) q->forget(node, output, generation);
  }
  void evaluate(detail::TensorRep& rep) override {
    if (auto q = queue.lock()) q->flush();
    if (rep.state.load(std::memory_order_acquire) == detail::TensorRep::State::kConcrete) return;
    throw InvalidArgument(error.empty() ? "A pending tensor was lost with its thread" : error);
  }
};

Queue& queue() {
  thread_local std::shared_ptr<Queue> q = std::make_shared<Queue>();
  return *q;
}

const Pending* pending(const Tensor& t) {
  if (t.rep()->state.load(std::memory_order_acquire) != detail::TensorRep::State::kPending) return nullptr;
  return static_cast<const Pending*>(t.rep()->origin.get());
}

// Arithmetic fails on integers only (a division by zero).
bool can_fail(const OpDef& op, DType t) {
  return op.fails_on_values && !(op.elementwise && is_floating(t) && op.name.rfind("CheckNumerics", 0) != 0);
}

bool may_wait(const OpDef& op) {
  return !op.stateful && !op.dynamic_outputs && !op.keeps_inputs && !op.accepts_dead &&
         op.group != "strings" && (op.kernel || has_tuned_kernel(op.name));
}

bool plain(DType t) { return is_pod(t) && !is_quantized(t); }

Ref Queue::ref(const Tensor& t, bool structural) {
  if (const Pending* p = pending(t); p && p->queue.lock().get() == this && p->generation == generation_)
    return {int(p->node), int(p->output)};
  t.evaluated();  // another thread's
  auto [it, fresh] = input_of_.try_emplace(t.rep(), int(inputs_.size()));
  if (fresh) {
    inputs_.push_back({t, structural});
    bytes_ += t.nbytes();
  }
  inputs_[size_t(it->second)].structural |= structural;
  return {-1, it->second};
}

std::vector<Tensor> Queue::add(const OpDef& op, const std::vector<Tensor>& inputs, const AttrMap& given,
                               AttrMap* completed) {
  std::vector<DType> types;
  std::vector<Shape> shapes;
  bool waits = false;
  for (const Tensor& t : inputs) {
    if (!plain(t.dtype())) return {};
    types.push_back(t.dtype());
    shapes.push_back(t.shape());
    waits = waits || !t.is_concrete();
  }
  AttrMap attrs = given;
  infer_type_attrs(op, types, attrs);
  attrs = normalize_attrs(op, std::move(attrs));
  std::vector<Tensor> values(inputs.size());
  bool any_value = false;
  for (size_t i = 0; i < inputs.size(); ++i)
    if ((types[i] == DType::kInt32 || types[i] == DType::kInt64) && inputs[i].is_concrete() &&
        inputs[i].num_elements() <= kMaxStructural) {
      values[i] = inputs[i];
      any_value = true;
    }
  auto infer = [&](std::span<const Tensor> known) {
    InferContext c(op, attrs, shapes, types, known, {});
    if (op.infer) op.infer(c);
    return std::pair(std::vector<DType>(c.output_types().begin(), c.output_types().end()),
                     std::vector<Shape>(c.output_shapes().begin(), c.output_shapes().end()));
  };
  auto [out_types, out_shapes] = infer(values);
  int64_t most = 0;
  for (size_t i = 0; i < out_shapes.size(); ++i) {
    if (!out_shapes[i].is_fully_defined() || !plain(out_types[i])) return {};
    most = std::max(most, out_shapes[i].num_elements());
  }
  // Small results of values that are there are made at once; what comes after a waiting one waits too.
  int64_t in_most = 0;
  for (const Tensor& t : inputs) in_most = std::max(in_most, t.num_elements());
  if (!waits && most <= kSmall && in_most <= kSmall) return {};
  bool structural = false;
  if (any_value) {
    std::vector<Shape> without = infer({}).second;
    for (const Shape& s : without) structural = structural || !s.is_fully_defined();
  }
  std::lock_guard lock(mutex_);
  if (nodes_.size() >= kMaxNodes || bytes_ > kMaxBytes) flush();
  Waiting w;
  w.op = &op;
  for (size_t i = 0; i < inputs.size(); ++i) w.inputs.push_back(ref(inputs[i], structural && values[i]));
  if (completed) *completed = attrs;
  w.attrs = std::move(attrs);
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < out_types.size(); ++i) {
    auto* r = new detail::TensorRep;
    r->dtype = out_types[i];
    r->shape = out_shapes[i];
    r->elements = out_shapes[i].num_elements();
    auto origin = std::make_shared<Pending>();
    origin->queue = weak_from_this();
    origin->node = nodes_.size();
    origin->output = i;
    origin->generation = generation_;
    r->origin = std::move(origin);
    r->state.store(detail::TensorRep::State::kPending, std::memory_order_release);
    outputs.push_back(Tensor::adopt(r));
    w.outputs.push_back(r);
    bytes_ += size_t(r->elements) * dtype_size(r->dtype);
  }
  w.types = std::move(out_types);
  w.shapes = std::move(out_shapes);
  nodes_.push_back(std::move(w));
  ++stats_.ops;
  return outputs;
}

void Queue::forget(size_t node, size_t output, uint64_t generation) {
  std::lock_guard lock(mutex_);
  if (generation == generation_ && node < nodes_.size()) nodes_[node].outputs[output] = nullptr;
}

void Queue::fulfil(detail::TensorRep* rep, const Tensor& value) {
  Tensor v = value.evaluated();
  rep->buffer = v.rep()->buffer;
  rep->buffer->refs.fetch_add(1, std::memory_order_relaxed);
  rep->data = v.rep()->data;
  rep->state.store(detail::TensorRep::State::kConcrete, std::memory_order_release);
}

std::shared_ptr<Entry> Queue::look_up(const std::vector<Waiting>& nodes, const std::vector<Input>& inputs) {
  uint64_t h = nodes.size();
  for (const Waiting& w : nodes) {
    h = mix(h, reinterpret_cast<uintptr_t>(w.op));
    for (const Ref& r : w.inputs) h = mix(h, uint64_t(r.node + 1) << 32 | uint64_t(r.index));
    for (auto* o : w.outputs) h = mix(h, o != nullptr);
  }
  for (const Input& i : inputs) {
    h = mix(h, uint64_t(i.value.dtype()) << 1 | uint64_t(i.structural));
    for (int64_t d : i.value.shape()) h = mix(h, uint64_t(d));
    if (i.structural)
      h = mix(h, std::hash<std::string_view>()({static_cast<const char*>(i.value.raw()), i.value.nbytes()}));
  }
  auto [from, to] = entries_.equal_range(h);
  for (auto it = from; it != to; ++it) {
    const Entry& e = *it->second;
    bool same = e.nodes == nodes && e.inputs.size() == inputs.size();
    for (size_t i = 0; same && i < inputs.size(); ++i)
      same = e.types[i] == inputs[i].value.dtype() && e.shapes[i] == inputs[i].value.shape() &&
             e.inputs[i].structural == inputs[i].structural &&
             (!inputs[i].structural || same_bytes(e.inputs[i].value, inputs[i].value));
    if (same) return it->second;
  }
  if (entries_.size() >= kMaxEntries) entries_.clear();
  auto e = std::make_shared<Entry>();
  e->nodes = nodes;
  for (const Input& i : inputs) {
    e->inputs.push_back({i.structural ? i.value.clone() : Tensor(), i.structural});
    e->types.push_back(i.value.dtype());
    e->shapes.push_back(i.value.shape());
  }
  entries_.emplace(h, e);
  return nullptr;
}

// The queue as a function of its inputs.
std::unique_ptr<FunctionBody> body_of(const Entry& e) {
  auto b = std::make_unique<FunctionBody>();
  b->name = "eager";
  b->graph = std::make_unique<Graph>();
  b->graph->library = std::make_shared<FunctionLibrary>();
  Graph& g = *b->graph;
  std::vector<Node*> inputs, nodes;
  for (size_t i = 0; i < e.inputs.size(); ++i) {
    if (e.inputs[i].structural) {
      inputs.push_back(g.add_constant(cat("value_", i), e.inputs[i].value));
      continue;
    }
    Node* a =
        g.add(get_op("_Arg"), cat("input_", i), {}, {{"T", e.types[i]}, {"index", int64_t(b->args.size())}});
    a->output_shapes = {e.shapes[i]};
    b->args.push_back(a);
    b->input_names.push_back(a->name);
    inputs.push_back(a);
  }
  for (const Waiting& w : e.nodes) {
    std::vector<Endpoint> in;
    for (const Ref& r : w.inputs)
      in.push_back(r.node < 0 ? inputs[size_t(r.index)]->output() : nodes[size_t(r.node)]->output(r.index));
    Node* n = g.add(*w.op, w.op->name, std::move(in), w.attrs);
    n->output_shapes = w.shapes;
    nodes.push_back(n);
  }
  for (size_t i = 0; i < e.nodes.size(); ++i)
    for (size_t k = 0; k < e.nodes[i].outputs.size(); ++k)
      if (e.nodes[i].outputs[k]) {
        b->results.push_back(nodes[i]->output(int(k)));
        b->output_names.push_back(nodes[i]->name);
      }
  return b;
}

void Queue::run_planned(const Entry& e, std::vector<Waiting>& nodes, std::vector<Input>& inputs) {
  RunState state;
  state.resources = &process_resources();
  state.threads = num_threads();
  std::vector<Tensor> in, out;
  for (Input& i : inputs)
    if (!i.structural) in.push_back(std::move(i.value));
  e.executable->run(state, in, out);
  size_t at = 0;
  for (Waiting& w : nodes)
    for (auto* rep : w.outputs)
      if (rep) fulfil(rep, out[at++]);
}

void Queue::run_one_by_one(std::vector<Waiting>& nodes, std::vector<Input>& inputs) {
  // When a value was read for the last time.
  std::vector<size_t> last(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const Ref& r : nodes[i].inputs)
      if (r.node >= 0) last[size_t(r.node)] = i;
  std::vector<std::vector<Tensor>> made(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Waiting& w = nodes[i];
    bool wanted = last[i] > i;
    for (auto* rep : w.outputs) wanted = wanted || rep;
    if (!wanted) continue;
    std::vector<Tensor> in;
    bool whole = true;
    for (const Ref& r : w.inputs) {
      if (r.node < 0) {
        in.push_back(inputs[size_t(r.index)].value);
        continue;
      }
      const std::vector<Tensor>& from = made[size_t(r.node)];
      whole = whole && !from.empty();
      in.push_back(from.empty() ? Tensor() : from[size_t(r.index)]);
    }
    if (!whole) {  // what it needs failed
      for (auto* rep : w.outputs)
        if (rep)
          static_cast<Pending*>(rep->origin.get())->error =
              cat(w.op->name, ": an op that it depends on failed");
      continue;
    }
    try {
      made[i] = run_op(*w.op, std::move(in), w.attrs);
    } catch (const Error& e) {
      for (auto* rep : w.outputs)
        if (rep) static_cast<Pending*>(rep->origin.get())->error = e.what();
      continue;
    }
    for (size_t k = 0; k < w.outputs.size(); ++k)
      if (w.outputs[k]) fulfil(w.outputs[k], made[i][k]);
    for (const Ref& r : w.inputs)
      if (r.node >= 0 && last[size_t(r.node)] == i) made[size_t(r.node)].clear();
  }
}

void Queue::flush() {
  std::lock_guard lock(mutex_);
  if (nodes_.empty()) return;
  std::vector<Waiting> nodes = std::move(nodes_);
  std::vector<Input> inputs = std::move(inputs_);
  nodes_.clear();
  inputs_.clear();
  input_of_.clear();
  bytes_ = 0;
  ++generation_;
  // Handles that die while this runs must not: hold on to what is visible.
  std::vector<Tensor> visible;
  for (Waiting& w : nodes)
    for (auto* rep : w.outputs)
      if (rep) {
        rep->refs.fetch_add(1, std::memory_order_relaxed);
        visible.push_back(Tensor::adopt(rep));
      }
  if (visible.empty()) return;
  ++stats_.flushes;
  GraphScope eager(nullptr);
  std::shared_ptr<Entry> e = look_up(nodes, inputs);
  if (!e) return run_one_by_one(nodes, inputs);
  if (!e->executable) {
    e->callables = std::make_shared<CallableCache>();
    e->executable = std::make_unique<Executable>(body_of(*e), e->callables);
    ++stats_.plans;
  }
  ++stats_.planned;
  std::vector<Input> copy = inputs;
  try {
    run_planned(*e, nodes, inputs);
  } catch (const Error&) {
    // Again one by one, so that only what depends on the failure fails, with its own message.
    run_one_by_one(nodes, copy);
  }
}

}  // namespace

bool eager_is_deferred() {
  int choice = deferred_choice.load(std::memory_order_relaxed);
  if (choice >= 0) return choice == 1;
  const char* v = std::getenv("FLOE_EAGER");
  bool on = !v || std::string_view(v) != "sync";
  deferred_choice.store(on, std::memory_order_relaxed);
  return on;
}

void set_eager_deferred(bool on) {
  flush_eager_queue();
  deferred_choice.store(on);
}

std::vector<Tensor> enqueue(const OpDef& op, const std::vector<Tensor>& inputs, const AttrMap& attrs,
                            AttrMap* completed) {
  if (!eager_is_deferred() || inputs.empty() || !may_wait(op)) return {};
  if (inputs[0] && can_fail(op, inputs[0].dtype())) return {};
  int64_t most = 0;
  bool waits = false;
  for (const Tensor& t : inputs) {
    if (!t) return {};
    most = std::max(most, t.num_elements());
    waits = waits || !t.is_concrete();
  }
  if (!waits && most <= kSmall) return {};
  return queue().add(op, inputs, attrs, completed);
}

void flush_eager_queue() { queue().flush(); }
QueueStats eager_queue_stats() { return queue().stats(); }

}  // namespace floe
