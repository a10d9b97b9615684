// Running single ops at once. What can be resolved for an op, its attributes and its inputs' types is kept,
// so that the next call of the kind goes straight to the kernel.
#include <unordered_map>

#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/runtime/attr_hash.h"
#include "floe/runtime/context.h"
#include "floe/runtime/eager_queue.h"
#include "floe/threads.h"

namespace floe {
namespace {

constexpr size_t kMaxPrepared = 1024;

struct Prepared {
  const OpDef* op = nullptr;
  AttrMap given, attrs;
  std::vector<DType> types, out_types;
  std::vector<Shape> shapes;  // for ops with tuned kernels, which are made for shapes
  int threads = 1;
  KernelFn kernel;
};

class Cache {
 public:
  std::shared_ptr<const Prepared> find(uint64_t hash, const OpDef& op, const AttrMap& attrs,
                                       const std::vector<Tensor>& inputs, bool shaped, int threads) const {
    auto [from, to] = entries_.equal_range(hash);
    for (auto it = from; it != to; ++it)
      if (matches(*it->second, op, attrs, inputs, shaped, threads)) return it->second;
    return nullptr;
  }
  void add(uint64_t hash, std::shared_ptr<const Prepared> p) {
    if (entries_.size() >= kMaxPrepared) entries_.clear();
    entries_.emplace(hash, std::move(p));
  }

 private:
  static bool matches(const Prepared& p, const OpDef& op, const AttrMap& attrs,
                      const std::vector<Tensor>& inputs, bool shaped, int threads) {
    if (p.op != &op || p.types.size() != inputs.size() || p.threads != threads) return false;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (p.types[i] != inputs[i].dtype()) return false;
      if (shaped && !(p.shapes[i] == inputs[i].shape())) return false;
    }
    return p.given == attrs;
  }
  std::unordered_multimap<uint64_t, std::shared_ptr<const Prepared>> entries_;
};

Cache& cache() {
  thread_local Cache c;
  return c;
}

// Kernels of these ops are made for the shapes they are given.
bool made_for_shapes(const OpDef& op) {
  thread_local std::unordered_map<const OpDef*, bool> known;
  auto [it, fresh] = known.try_emplace(&op, false);
  if (fresh) it->second = has_tuned_kernel(op.name);
  return it->second;
}

std::vector<Shape> shapes_of(const std::vector<Tensor>& tensors) {
  std::vector<Shape> v;
  v.reserve(tensors.size());
  for (const Tensor& t : tensors) v.push_back(t.shape());
  return v;
}

std::vector<Shape> infer(const Prepared& p, const std::vector<Tensor>& inputs,
                         std::span<const Shape> shapes) {
  InferContext c(*p.op, p.attrs, shapes, p.types, inputs, {});
  if (p.op->infer) p.op->infer(c);
  return {c.output_shapes().begin(), c.output_shapes().end()};
}

// A variable may hold a value that is still to come.
bool keeps_pending(const OpDef& op) { return op.name == "AssignVariableOp"; }

// variable += delta with a delta that is still to come: the sum waits with it.
bool assign_later(const OpDef& op, const std::vector<Tensor>& inputs, const AttrMap& attrs) {
  bool adds = op.name == "AssignAddVariableOp";
  if ((!adds && op.name != "AssignSubVariableOp") || inputs.size() != 2 || !inputs[1] ||
      inputs[1].is_concrete())
    return false;
  DType type = inputs[1].dtype();
  Tensor value = run_op(get_op("ReadVariableOp"), {inputs[0]}, {{"dtype", type}})[0];
  if (!(value.shape() == inputs[1].shape())) return false;  // the kernel says what is wrong
  std::vector<Tensor> sum = enqueue(get_op(adds ? "AddV2" : "Sub"), {value, inputs[1]}, {});
  if (sum.empty()) return false;
  run_op(get_op("AssignVariableOp"), {inputs[0], sum[0]}, attrs);
  return true;
}

bool same_shapes(const std::vector<Tensor>& inputs) {
  for (size_t i = 1; i < inputs.size(); ++i)
    if (!(inputs[i].shape() == inputs[0].shape())) return false;
  return !inputs.empty();
}

std::vector<Tensor> run(const Prepared& p, std::vector<Tensor> slots, RunState& state,
                        std::vector<Shape> out_shapes) {
  size_t in = slots.size(), out = p.out_types.size();
  slots.resize(in + out);
  int index[32];
  std::vector<int> more;
  int* at = index;
  if (in + out > std::size(index)) {
    more.resize(in + out);
    at = more.data();
  }
  for (size_t i = 0; i < in + out; ++i) at[i] = int(i);
  for (size_t i = 0; i < out && !p.op->dynamic_outputs; ++i) {
    if (out_shapes.empty())
      slots[in + i] = Tensor(p.out_types[i], slots[0].shape());
    else if (!p.op->passes_input || out_shapes[i].is_fully_defined())
      slots[in + i] = Tensor(p.out_types[i], out_shapes[i]);
  }
  KernelContext c(state, slots.data(), at, int(in), at + in, int(out), p.op, nullptr);
  p.kernel(c);
  slots.erase(slots.begin(), slots.begin() + long(in));
  return slots;
}

// Kernels of binary ops by op and type, found without a hash.
struct Binary {
  const OpDef* op = nullptr;
  DType type = DType::kInvalid;
  std::shared_ptr<const Prepared> prepared;
};
constexpr size_t kBinaries = 64;

Binary& binary_slot(const OpDef& op, DType type) {
  thread_local Binary slots[kBinaries];
  return slots[((reinterpret_cast<uintptr_t>(&op) >> 6) ^ size_t(type)) % kBinaries];
}

std::shared_ptr<const Prepared> prepare(const OpDef& op, const std::vector<Tensor>& inputs, AttrMap attrs,
                                        bool shaped, int threads, std::vector<Shape>* out_shapes) {
  auto made = std::make_shared<Prepared>();
  made->op = &op;
  made->given = attrs;
  made->threads = threads;
  for (const Tensor& t : inputs) made->types.push_back(t.dtype());
  infer_type_attrs(op, made->types, attrs);
  made->attrs = normalize_attrs(op, std::move(attrs));
  made->out_types = arg_types(op, op.outputs, made->attrs);
  made->shapes = shapes_of(inputs);
  std::vector<Shape> out = infer(*made, inputs, made->shapes);
  KernelInit init(op, made->attrs, {});
  init.input_types = made->types;
  init.output_types = made->out_types;
  std::vector<Shape> unknown_in(inputs.size(), Shape::unknown()), unknown_out(out.size(), Shape::unknown());
  init.input_shapes = shaped ? std::span<const Shape>(made->shapes) : unknown_in;
  init.output_shapes = shaped ? std::span<const Shape>(out) : unknown_out;
  init.threads = threads;
  made->kernel = make_kernel(init);
  if (out_shapes) *out_shapes = std::move(out);
  return made;
}

}  // namespace

Tensor call_binary(const OpDef& op, const Tensor& x, const Tensor& y, std::string_view name) {
  if (!op.elementwise || !x.is_concrete() || !y.is_concrete() || x.dtype() != y.dtype() ||
      !(x.shape() == y.shape()) || x.num_elements() > kEagerSmall || !observers().empty() || current_graph())
    return call_op(op, {x, y}, {}, name)[0];
  int threads = num_threads();
  Binary& b = binary_slot(op, x.dtype());
  if (b.op != &op || b.type != x.dtype() || b.prepared->threads != threads) {
    b.prepared = prepare(op, {x, y}, {}, false, threads, nullptr);
    b.op = &op;
    b.type = x.dtype();
  }
  RunState state;
  state.resources = &process_resources();
  state.threads = threads;
  Tensor slots[3] = {x, y, Tensor(b.prepared->out_types[0], x.shape())};
  static constexpr int kIndex[3] = {0, 1, 2};
  KernelContext c(state, slots, kIndex, 2, kIndex + 2, 1, &op, nullptr);
  b.prepared->kernel(c);
  return std::move(slots[2]);
}

namespace {

// Without the cache: ops with state, or with attributes too large to be compared at each call.
std::vector<Tensor> run_once(const OpDef& op, std::vector<Tensor> inputs, AttrMap attrs, RunState& state,
                             AttrMap* completed) {
  if (completed) {
    std::vector<DType> types;
    for (const Tensor& t : inputs) types.push_back(t ? t.dtype() : DType::kInvalid);
    infer_type_attrs(op, types, attrs);
    attrs = normalize_attrs(op, std::move(attrs));
    *completed = attrs;
  }
  return invoke(op, std::move(inputs), std::move(attrs), state);
}

}  // namespace

std::vector<Tensor> run_op(const OpDef& op, std::vector<Tensor> inputs, AttrMap attrs, AttrMap* completed) {
  if (op.stateful && assign_later(op, inputs, attrs)) {
    if (completed) *completed = std::move(attrs);
    return {};
  }
  RunState state;
  state.resources = &process_resources();
  state.threads = num_threads();
  uint64_t h = mix(0, reinterpret_cast<uintptr_t>(&op));
  bool whole = true;
  for (const Tensor& t : inputs) {
    whole = whole && t;
    if (!t) continue;
    if (!keeps_pending(op)) t.evaluated();
    h = mix(h, uint64_t(t.dtype()));
  }
  if (!whole || op.stateful || !hash_attrs(attrs, h))
    return run_once(op, std::move(inputs), std::move(attrs), state, completed);
  bool shaped = made_for_shapes(op);
  if (shaped)
    for (const Tensor& t : inputs)
      for (int64_t d : t.shape()) h = mix(h, uint64_t(d));
  std::shared_ptr<const Prepared> p = cache().find(h, op, attrs, inputs, shaped, state.threads);
  std::vector<Shape> out;
  if (!p) {
    p = prepare(op, inputs, std::move(attrs), shaped, state.threads, &out);
    cache().add(h, p);
  } else if (!op.elementwise || !same_shapes(inputs)) {
    std::vector<Shape> shapes = shapes_of(inputs);
    out = infer(*p, inputs, shapes);
  }
  if (completed) *completed = p->attrs;
  return run(*p, std::move(inputs), state, std::move(out));
}

}  // namespace floe
