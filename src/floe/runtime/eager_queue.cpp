#include "floe/runtime/eager_queue.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "floe/base/text.h"
#include "floe/op/kernel.h"
#include "floe/runtime/context.h"
#include "floe/runtime/eager_batch.h"
#include "floe/threads.h"

namespace floe {
namespace {

constexpr size_t kMaxNodes = 4000;               // a loop that never looks
constexpr size_t kMaxBytes = size_t(512) << 20;  // held by inputs and wanted by outputs
// Code whose queues never repeat runs op by op for a while, and then is given some tries more.
constexpr int kMaxMisses = 32, kTries = 4, kBypassed = 512;

std::atomic<int> deferred_choice{-1};

class Queue : public std::enable_shared_from_this<Queue> {
 public:
  std::vector<Tensor> add(std::shared_ptr<const Site> site, const std::vector<Tensor>& inputs);
  void flush();
  void forget(size_t rep, uint64_t generation);
  bool bypasses();
  QueueStats stats() const;
  std::mutex& mutex() { return mutex_; }

 private:
  EagerRef ref(const Tensor& t);
  EagerBatch take();
  bool is_full();
  void run(EagerBatch& b);
  static void run_planned(const EagerPlan& plan, const EagerBatch& b);
  static void run_one_by_one(const EagerBatch& b);

  mutable std::mutex mutex_;  // never held while something is released that may need Python's lock
  EagerBatch batch_;
  std::unordered_map<const detail::TensorRep*, int> input_of_;
  size_t visible_ = 0;  // outputs that somebody can see
  std::atomic<uint64_t> generation_{0};
  EagerPlans plans_;
  int misses_ = 0;
  std::atomic<int> bypass_{0};
  QueueStats stats_;
};

// What a pending tensor knows: where in which queue it waits. It keeps the queue of a thread that has ended.
struct Pending : detail::Origin {
  std::shared_ptr<Queue> queue;
  size_t node = 0, rep = 0;
  int output = 0;
  uint64_t generation = 0;
  std::exception_ptr error;  // why there will be no value

  ~Pending() override { queue->forget(rep, generation); }
  void evaluate(detail::TensorRep& r) override {
    queue->flush();
    if (r.state.load(std::memory_order_acquire) != detail::TensorRep::State::kConcrete) raise();
  }
  [[noreturn]] void raise() const {
    if (error) std::rethrow_exception(error);
    throw Internal("a pending tensor was lost");
  }
};

thread_local Queue* forking = nullptr;
Queue& queue();

// A child starts with nothing of its own waiting, and with its queue unlocked.
void before_fork() {
  forking = &queue();
  forking->flush();
  forking->mutex().lock();
}
void after_fork() { forking->mutex().unlock(); }

Queue& queue() {
  thread_local std::shared_ptr<Queue> q = std::make_shared<Queue>();
  static const int registered = pthread_atfork(before_fork, after_fork, after_fork);
  (void)registered;
  return *q;
}

Pending* pending(const Tensor& t) {
  if (t.rep()->state.load(std::memory_order_acquire) != detail::TensorRep::State::kPending) return nullptr;
  return static_cast<Pending*>(t.rep()->origin.get());
}

// A handle of a tensor that other threads may be letting go of.
Tensor hold(detail::TensorRep* rep) {
  uint32_t refs = rep->refs.load(std::memory_order_relaxed);
  while (refs)
    if (rep->refs.compare_exchange_weak(refs, refs + 1, std::memory_order_acq_rel)) return Tensor::adopt(rep);
  return {};
}

// What decides whether an op may wait, found once per op.
struct Traits {
  const OpDef* op = nullptr;
  bool waits = false;          // it may, unless it can fail
  bool fails = false;          // on values
  bool only_integers = false;  // arithmetic: a division by zero
  bool cuts = false;
};

template <size_t kSize>
bool one_of(std::string_view name, const std::string_view (&names)[kSize]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

Traits make_traits(const OpDef& op) {
  // What these refuse, shape inference refuses too where it knows the values, and it must to let them wait.
  static constexpr std::string_view kChecked[] = {"Pad",          "PadV2", "Slice",
                                                  "StridedSlice", "Tile",  "Transpose"};
  static constexpr std::string_view kCuts[] = {"Slice", "StridedSlice"};
  Traits t;
  t.op = &op;
  t.waits = !op.stateful && !op.dynamic_outputs && !op.keeps_inputs && !op.accepts_dead &&
            op.group != "strings" && (op.kernel || has_tuned_kernel(op.name));
  t.fails = op.fails_on_values && !one_of(op.name, kChecked);
  t.only_integers = op.elementwise && op.name.rfind("CheckNumerics", 0) != 0;
  t.cuts = one_of(op.name, kCuts);
  return t;
}

const Traits& traits(const OpDef& op) {
  constexpr size_t kSlots = 256;
  thread_local Traits slots[kSlots];
  Traits& t = slots[(reinterpret_cast<uintptr_t>(&op) >> 6) % kSlots];
  if (t.op != &op) t = make_traits(op);
  return t;
}

void fulfil(detail::TensorRep* rep, const Tensor& value) {
  const Tensor& v = value.evaluated();
  rep->buffer = v.rep()->buffer;
  rep->buffer->refs.fetch_add(1, std::memory_order_relaxed);
  rep->data = v.rep()->data;
  rep->state.store(detail::TensorRep::State::kConcrete, std::memory_order_release);
}

void fail(detail::TensorRep* rep, const std::exception_ptr& error) {
  static_cast<Pending*>(rep->origin.get())->error = error;
}

// With the op's name in its text, as it surfaces far from the call.
std::exception_ptr current_error(const OpDef& op) {
  try {
    throw;
  } catch (const Error& e) {
    if (std::string_view(e.what()).find(op.name) != std::string_view::npos) return std::current_exception();
    try {
      throw_error(e.code(), cat(e.what(), " [Op:", op.name, "]"));
    } catch (...) {
      return std::current_exception();
    }
  } catch (...) {
    return std::current_exception();
  }
}

EagerRef Queue::ref(const Tensor& t) {
  if (const Pending* p = pending(t)) return {int(p->node), p->output};
  auto [it, fresh] = input_of_.try_emplace(t.rep(), int(batch_.inputs.size()));
  if (fresh) {
    batch_.inputs.push_back(t);
    batch_.bytes += t.nbytes();
  }
  return {EagerRef::kInput, it->second};
}

bool Queue::is_full() {
  std::lock_guard lock(mutex_);
  return batch_.nodes.size() >= kMaxNodes || batch_.bytes > kMaxBytes;
}

std::vector<Tensor> Queue::add(std::shared_ptr<const Site> site, const std::vector<Tensor>& inputs) {
  if (is_full()) flush();
  const Site& s = *site;
  std::vector<Tensor> outputs;
  outputs.reserve(s.out_types.size());
  std::lock_guard lock(mutex_);
  uint64_t generation = generation_.load(std::memory_order_relaxed);
  for (const Tensor& t : inputs)
    if (const Pending* p = pending(t); p && p->generation != generation) p->raise();
  EagerNode node{std::move(site), uint32_t(batch_.refs.size()), uint32_t(batch_.reps.size())};
  for (size_t i = 0; i < inputs.size(); ++i)
    batch_.refs.push_back(i < s.values.size() && s.values[i] ? EagerRef{EagerRef::kValue, int(i)}
                                                             : ref(inputs[i]));
  for (size_t i = 0; i < s.out_types.size(); ++i) {
    auto origin = std::make_shared<Pending>();
    origin->queue = shared_from_this();
    origin->node = batch_.nodes.size();
    origin->rep = batch_.reps.size();
    origin->output = int(i);
    origin->generation = generation;
    auto* r = new detail::TensorRep;
    r->dtype = s.out_types[i];
    r->shape = s.out_shapes[i];
    r->elements = s.out_elements[i];
    r->origin = std::move(origin);
    r->state.store(detail::TensorRep::State::kPending, std::memory_order_release);
    outputs.push_back(Tensor::adopt(r));
    batch_.reps.push_back(r);
    batch_.bytes += size_t(r->elements) * dtype_size(r->dtype);
  }
  visible_ += s.out_types.size();
  batch_.nodes.push_back(std::move(node));
  ++stats_.ops;
  return outputs;
}

EagerBatch Queue::take() {
  EagerBatch b = std::move(batch_);
  batch_ = {};
  input_of_.clear();
  visible_ = 0;
  generation_.fetch_add(1, std::memory_order_release);
  return b;
}

void Queue::forget(size_t rep, uint64_t generation) {
  if (generation != generation_.load(std::memory_order_acquire)) return;
  EagerBatch unseen;
  std::lock_guard lock(mutex_);
  if (generation != generation_.load(std::memory_order_relaxed)) return;
  batch_.reps[rep] = nullptr;
  if (--visible_ == 0) unseen = take();
}

bool Queue::bypasses() {
  int left = bypass_.load(std::memory_order_relaxed);
  if (left > 0) bypass_.store(left - 1, std::memory_order_relaxed);
  return left > 0;
}

QueueStats Queue::stats() const {
  std::lock_guard lock(mutex_);
  QueueStats s = stats_;
  s.plans = plans_.made();
  return s;
}

void Queue::run_planned(const EagerPlan& plan, const EagerBatch& b) {
  RunState state;
  state.resources = &process_resources();
  state.threads = num_threads();
  std::vector<Tensor> in = b.inputs, out;
  plan.executable->run(state, in, out);
  size_t at = 0;
  for (auto* rep : b.reps)
    if (rep) fulfil(rep, out[at++]);
}

void Queue::run_one_by_one(const EagerBatch& b) {
  size_t n = b.nodes.size();
  std::vector<size_t> last(n);  // who reads it last
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < b.nodes[i].site->types.size(); ++k)
      if (const EagerRef& r = b.refs[b.nodes[i].refs + k]; r.node >= 0) last[size_t(r.node)] = i;
  std::vector<std::vector<Tensor>> made(n);
  std::vector<std::exception_ptr> failed(n);
  for (size_t i = 0; i < n; ++i) {
    const EagerNode& node = b.nodes[i];
    const Site& s = *node.site;
    auto* const* reps = b.reps.data() + node.reps;
    if (last[i] <= i && std::none_of(reps, reps + s.out_types.size(), [](auto* r) { return r; })) continue;
    std::vector<Tensor> in;
    for (size_t k = 0; k < s.types.size(); ++k) {
      const EagerRef& r = b.refs[node.refs + k];
      if (r.node == EagerRef::kValue) {
        in.push_back(s.values[k]);
      } else if (r.node == EagerRef::kInput) {
        in.push_back(b.inputs[size_t(r.index)]);
      } else if (failed[size_t(r.node)]) {
        failed[i] = failed[size_t(r.node)];
      } else {
        in.push_back(made[size_t(r.node)][size_t(r.index)]);
      }
    }
    if (!failed[i]) {
      try {
        made[i] = run_op(*s.op, std::move(in), s.attrs);
      } catch (...) {
        failed[i] = current_error(*s.op);
      }
    }
    for (size_t k = 0; k < s.out_types.size(); ++k) {
      if (!reps[k]) continue;
      if (failed[i])
        fail(reps[k], failed[i]);
      else
        fulfil(reps[k], made[i][k]);
    }
    for (size_t k = 0; k < s.types.size(); ++k)
      if (const EagerRef& r = b.refs[node.refs + k]; r.node >= 0 && last[size_t(r.node)] == i)
        made[size_t(r.node)].clear();
  }
}

void Queue::run(EagerBatch& b) {
  ++stats_.flushes;
  GraphScope eager(nullptr);
  try {
    if (EagerPlan* plan = plans_.find(b)) {
      misses_ = 0;
      run_planned(*plan, b);
      ++stats_.planned;
      return;
    }
    if (++misses_ >= kMaxMisses) {
      misses_ -= kTries;
      bypass_.store(kBypassed, std::memory_order_relaxed);
    }
  } catch (const std::exception&) {
    // Op by op, so that only what depends on the failure fails, with its own message.
  }
  run_one_by_one(b);
}

void Queue::flush() {
  EagerBatch batch;
  std::vector<Tensor> held;
  std::lock_guard lock(mutex_);
  if (batch_.nodes.empty()) return;
  held.reserve(batch_.reps.size());
  for (auto*& rep : batch_.reps) {
    if (!rep) continue;
    if (Tensor t = hold(rep))
      held.push_back(std::move(t));
    else
      rep = nullptr;
  }
  batch = take();
  if (!held.empty()) run(batch);
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
  if (!eager_is_deferred() || inputs.empty()) return {};
  int64_t most = 0;
  bool waits = false;
  for (const Tensor& t : inputs) {
    if (!t || t.is_symbolic()) return {};
    most = std::max(most, t.num_elements());
    waits = waits || !t.is_concrete();
  }
  if (!waits && most <= kEagerSmall) return {};
  const Traits& known = traits(op);
  if (!known.waits || (known.fails && !(known.only_integers && is_floating(inputs[0].dtype())))) return {};
  // Pieces of what is there are made at once: their ends change from step to step.
  if (!waits && known.cuts) return {};
  // One row at an index is the cut that inference does not check.
  if (known.cuts && attrs.get_or<int64_t>("shrink_axis_mask", 0)) return {};
  Queue& q = queue();
  if (waits) {
    waits = false;
    for (const Tensor& t : inputs) {
      const Pending* p = pending(t);
      if (p && p->queue.get() != &q) t.evaluated();  // another thread's
      waits = waits || p;
    }
  }
  if (!waits && q.bypasses()) return {};
  std::shared_ptr<const Site> site = resolve_site(op, inputs, attrs);
  if (!site->may_wait) return {};
  if (completed) *completed = site->attrs;
  return q.add(std::move(site), inputs);
}

void flush_eager_queue() { queue().flush(); }
QueueStats eager_queue_stats() { return queue().stats(); }

}  // namespace floe
