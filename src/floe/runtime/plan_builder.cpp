// From a specialised body to steps, slots and arena offsets.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/op/infer.h"
#include "floe/op/owner.h"
#include "floe/runtime/callable.h"
#include "floe/runtime/plan.h"
#include "floe/tensor/allocator.h"

namespace floe {
namespace {

// Axes, sizes, indices: the values that shape rules look at are few.
constexpr int64_t kMostLookedAt = 4096;

size_t align_up(size_t n) { return (n + kAlignment - 1) & ~(kAlignment - 1); }

bool elided_when_static(const Node& n) {
  return n.is("Identity") || n.is("Reshape") || n.is("ExpandDims") || n.is("Squeeze") ||
         n.is("StopGradient") || n.is("PreventGradient") || n.is("Snapshot");
}

// Integers that no axis, size or index can be.
template <class T>
Tensor senseless(const Shape& shape, bool large) {
  Tensor t(dtype_of_v<T>, shape);
  std::fill_n(t.mutable_data<T>(), t.num_elements(),
              large ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min());
  return t;
}

// Kernels that look at all their values themselves, in ops whose values are often known late.
bool kernel_checks_values(const Node& n) { return n.is("Slice") || n.is("StridedSlice"); }

bool calls_functions(const OpDef& op) {
  return std::any_of(op.attrs.begin(), op.attrs.end(),
                     [](const AttrDef& a) { return a.type == "func" || a.type == "list(func)"; });
}

}  // namespace

struct Plan::Builder {
  Plan& p;
  const FunctionBody& body;
  std::shared_ptr<CallableCache> callables;
  int threads;
  bool reference_only;

  std::vector<Node*> order;
  std::unordered_map<const Node*, std::vector<int>> slot_of;
  std::unordered_map<const Node*, int> step_of;
  std::unordered_map<const Node*, char> conditional;  // may be dead in a run
  std::vector<int> group;                             // slot -> the slot whose memory it shares
  std::vector<int> first, last;                       // by group: live range in steps
  std::vector<char> pinned;                           // by group: leaves the arena (result, kept by a kernel)

  int slot(const Endpoint& e) { return slot_of.at(e.node)[size_t(e.index)]; }
  int root(int s) {
    while (group[size_t(s)] != s) s = group[size_t(s)];
    return s;
  }
  Slot& at(int s) { return p.slots_[size_t(s)]; }

  void build() {
    order = execution_order(body);
    p.conditional_ = has_conditional_dataflow(body);
    if (p.conditional_) find_conditional();
    for (Node* n : order) make_slots(*n);
    for (Node* n : order) make_step(*n);
    for (Node* a : body.args) p.feeds_.push_back(slot_of.at(a)[0]);
    for (size_t i = 0; i < body.results.size(); ++i) {
      p.fetches_.push_back(slot(body.results[i]));
      p.fetch_names_.push_back(i < body.output_names.size() ? body.output_names[i]
                                                            : endpoint_name(body.results[i]));
    }
    plan_memory();
    plan_releases();
  }

  // Nodes that a Switch can kill: everything after one.
  void find_conditional() {
    for (Node* n : order) {
      bool c = n->is("Switch") || n->is("RefSwitch") || n->is("_SwitchN");
      for (const Endpoint& e : n->inputs) c = c || conditional[e.node];
      for (Node* x : n->controls) c = c || conditional[x];
      conditional[n] = c;
    }
  }

  void make_slots(const Node& n) {
    auto& v = slot_of[&n];
    for (int i = 0; i < n.num_outputs(); ++i) {
      v.push_back(int(p.slots_.size()));
      Slot s;
      s.dtype = n.output_types[size_t(i)];
      s.shape = size_t(i) < n.output_shapes.size() ? n.output_shapes[size_t(i)] : Shape::unknown();
      s.name = n.name;
      s.kind = Slot::Kind::kRun;
      if (n.is("Const") && n.controls.empty()) {
        s.kind = Slot::Kind::kConstant;
        s.constant = n.attrs.get<Tensor>("value");
      }
      p.slots_.push_back(std::move(s));
    }
  }

  bool is_static(const Node& n) {
    if (n.op->dynamic_outputs || conditional[&n] || !n.op->infer || is_checked_at_run_time(n)) return false;
    for (int i = 0; i < n.num_outputs(); ++i)
      if (!n.output_shapes[size_t(i)].is_fully_defined() || !is_pod(n.output_types[size_t(i)])) return false;
    return true;
  }

  void make_step(const Node& n) {
    if (n.is("_Arg") || (n.is("Const") && n.controls.empty())) return;
    step_of[&n] = int(p.steps_.size());
    Step s;
    s.op = n.op;
    s.name = n.name;
    s.accepts_dead = n.op->accepts_dead;
    for (const Endpoint& e : n.inputs) s.inputs.push_back(slot(e));
    s.outputs = slot_of.at(&n);
    s.output_shapes = n.output_shapes;
    s.output_types = n.output_types;
    if (is_static(n))
      s.mode = Step::Mode::kStatic;
    else if (n.op->dynamic_outputs || n.op->passes_input || n.is("Const"))
      s.mode = n.op->passes_input && !n.op->dynamic_outputs && needs_infer(n) ? Step::Mode::kInfer
                                                                              : Step::Mode::kDynamic;
    else
      s.mode = Step::Mode::kInfer;
    s.checks = s.mode != Step::Mode::kInfer && checks_at_run_time(n, s);
    if (s.mode == Step::Mode::kInfer || s.checks) s.attrs = n.attrs;
    if (p.conditional_)
      for (Node* c : n.controls)
        if (conditional[c] && step_of.count(c)) s.controls.push_back(step_of[c]);
    if (s.mode == Step::Mode::kDynamic)
      for (int o : s.outputs)
        if (at(o).shape.has_rank()) s.promised.push_back(o);
    s.kernel = prepare(n, s);
    p.steps_.push_back(std::move(s));
  }

  // Ops that pass their input on need inference only for their new shape.
  static bool needs_infer(const Node& n) {
    return !(n.is("Identity") || n.is("IdentityN") || n.is("StopGradient") || n.is("PreventGradient") ||
             n.is("Snapshot") || n.is("PlaceholderWithDefault"));
  }

  // Whether the shape rule has more to say at run time than now: it has not seen all shapes, or it looks at
  // values that are not known yet, which senseless ones in their place bring out.
  bool checks_at_run_time(const Node& n, const Step& s) {
    if (!n.op->infer || n.op->accepts_dead || n.op->passes_input || calls_functions(*n.op)) return false;
    if (auto* rule = n.op->infer.target<void (*)(InferContext&)>(); rule && *rule == infer_unknown)
      return false;
    std::vector<Shape> shapes;
    std::vector<DType> types;
    std::vector<Tensor> values;
    std::vector<size_t> unknown;
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      const Slot& in = at(s.inputs[i]);
      shapes.push_back(in.shape);
      types.push_back(in.dtype);
      values.push_back(in.constant);
      if (in.dtype == DType::kResource || in.dtype == DType::kVariant) continue;
      if (!in.shape.is_fully_defined()) return true;
      if ((in.dtype == DType::kInt32 || in.dtype == DType::kInt64) && !in.constant &&
          in.shape.num_elements() <= kMostLookedAt && !kernel_checks_values(n))
        unknown.push_back(i);
    }
    for (bool large : {true, false}) {
      if (unknown.empty()) break;
      for (size_t i : unknown)
        values[i] = types[i] == DType::kInt32 ? senseless<int32_t>(shapes[i], large)
                                              : senseless<int64_t>(shapes[i], large);
      try {
        InferContext c(*n.op, n.attrs, shapes, types, values, n.name);
        n.op->infer(c);
      } catch (const std::exception&) {
        return true;
      }
    }
    return false;
  }

  KernelFn prepare(const Node& n, const Step& s) {
    KernelInit k(*n.op, n.attrs, n.name);
    std::vector<DType> in_types;
    std::vector<Shape> in_shapes, out_shapes(n.output_shapes);
    std::vector<Tensor> constants;
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      const Slot& slot = at(s.inputs[i]);
      in_types.push_back(slot.dtype);
      in_shapes.push_back(slot.shape);
      constants.push_back(slot.constant);
    }
    k.input_types = in_types;
    k.input_shapes = in_shapes;
    k.output_types = n.output_types;
    k.output_shapes = out_shapes;
    k.constants = constants;
    k.threads = threads;
    auto library = body.graph->library;
    k.function = [cache = callables, library](const FuncRef& f) { return cache->get(f, library); };
    KernelOwner owner(callables ? std::string_view(callables->owner()) : std::string_view());
    return make_kernel(k, reference_only);
  }

  void plan_memory() {
    size_t n = p.slots_.size();
    group.resize(n);
    for (size_t i = 0; i < n; ++i) group[i] = int(i);
    std::vector<int> def(n, -1), use(n, -1);
    for (size_t i = 0; i < p.steps_.size(); ++i) {
      for (int o : p.steps_[i].outputs)
        def[size_t(o)] = int(i), use[size_t(o)] = std::max(use[size_t(o)], int(i));
      for (int s : p.steps_[i].inputs) use[size_t(s)] = int(i);
    }
    for (int f : p.fetches_) use[size_t(f)] = int(p.steps_.size());
    pinned.assign(n, 0);
    for (int f : p.fetches_) pinned[size_t(f)] = 1;
    for (const Step& s : p.steps_)
      if (s.op->keeps_inputs || s.mode == Step::Mode::kDynamic)
        for (int i : s.inputs) pinned[size_t(i)] = 1;
    // Candidates for the arena: outputs of static steps.
    for (Step& s : p.steps_)
      if (s.mode == Step::Mode::kStatic)
        for (int o : s.outputs) at(o).kind = Slot::Kind::kArena;
    // Views and in-place outputs join the group of the input they share.
    std::vector<char> gone(p.steps_.size(), 0);
    for (size_t i = 0; i < p.steps_.size(); ++i) {
      Step& s = p.steps_[i];
      if (s.mode != Step::Mode::kStatic || s.inputs.empty() || s.outputs.empty()) continue;
      const Slot& in = at(s.inputs[0]);
      Node probe;
      probe.op_name = s.op->name;
      bool shares = elided_when_static(probe);
      if (shares && (in.kind == Slot::Kind::kArena || in.kind == Slot::Kind::kView)) {
        join(s.outputs[0], s.inputs[0]);
        at(s.outputs[0]).kind = Slot::Kind::kView;
        gone[i] = 1;
      } else if (shares && in.kind == Slot::Kind::kConstant) {
        Slot& o = at(s.outputs[0]);
        o.constant = in.constant.reshaped(o.shape);
        o.kind = Slot::Kind::kConstant;
        gone[i] = 1;
      } else if (s.op->passes_input) {
        for (int o : s.outputs) at(o).kind = Slot::Kind::kRun;  // handed over at run time
      }
    }
    // A group that must leave the arena: its views are made at run time again.
    for (size_t i = 0; i < n; ++i)
      if (pinned[i]) pinned[size_t(root(int(i)))] = 1;
    for (size_t i = 0; i < p.steps_.size(); ++i) {
      Step& s = p.steps_[i];
      if (!gone[i]) continue;
      int o = s.outputs[0];
      if (at(o).kind == Slot::Kind::kView && pinned[size_t(root(o))]) {
        gone[i] = 0;
        at(o).kind = Slot::Kind::kRun;
      }
    }
    for (size_t i = 0; i < n; ++i) {
      Slot& s = p.slots_[i];
      if (s.kind == Slot::Kind::kArena && pinned[size_t(root(int(i)))]) s.kind = Slot::Kind::kFresh;
      if (s.kind != Slot::Kind::kArena && s.kind != Slot::Kind::kView) group[i] = int(i);
    }
    drop_steps(gone, def, use);
    share_in_place(def, use);
    assign_offsets(def, use);
    for (Step& s : p.steps_) {
      if (s.mode != Step::Mode::kStatic) continue;
      for (int o : s.outputs) {
        if (at(o).kind == Slot::Kind::kFresh) s.fresh.push_back(o);
        if (at(o).kind == Slot::Kind::kRun) s.shaped.push_back(o);
      }
    }
  }

  void join(int slot, int with) { group[size_t(slot)] = root(with); }

  void drop_steps(const std::vector<char>& gone, std::vector<int>& def, std::vector<int>& use) {
    std::vector<int> moved(p.steps_.size() + 1, 0);
    size_t to = 0;
    for (size_t i = 0; i < p.steps_.size(); ++i) {
      moved[i] = int(to);
      if (!gone[i]) {
        if (to != i) p.steps_[to] = std::move(p.steps_[i]);
        ++to;
      }
    }
    moved[p.steps_.size()] = int(to);
    p.steps_.resize(to);
    for (Step& s : p.steps_)
      for (int& c : s.controls) c = moved[size_t(c)];
    for (int& d : def)
      if (d >= 0) d = moved[size_t(d)];
    for (int& u : use)
      if (u >= 0) u = moved[size_t(u)];
  }

  void ranges(const std::vector<int>& def, const std::vector<int>& use) {
    first.assign(p.slots_.size(), INT32_MAX);
    last.assign(p.slots_.size(), -1);
    for (size_t i = 0; i < p.slots_.size(); ++i) {
      if (p.slots_[i].kind != Slot::Kind::kArena && p.slots_[i].kind != Slot::Kind::kView) continue;
      int r = root(int(i));
      if (def[i] >= 0) first[size_t(r)] = std::min(first[size_t(r)], def[i]);
      last[size_t(r)] = std::max(last[size_t(r)], use[i]);
    }
  }

  size_t bytes(int s) { return size_t(at(s).shape.num_elements()) * dtype_size(at(s).dtype); }

  // An elementwise step may write over an input of the same size that nobody reads later.
  void share_in_place(const std::vector<int>& def, const std::vector<int>& use) {
    ranges(def, use);
    for (size_t i = 0; i < p.steps_.size(); ++i) {
      Step& s = p.steps_[i];
      if (!s.op->elementwise || s.mode != Step::Mode::kStatic || s.outputs.size() != 1) continue;
      int o = s.outputs[0];
      if (at(o).kind != Slot::Kind::kArena) continue;
      for (int in : s.inputs) {
        Slot& from = at(in);
        if (from.kind != Slot::Kind::kArena && from.kind != Slot::Kind::kView) continue;
        int r = root(in);
        if (last[size_t(r)] != int(i) || bytes(in) != bytes(o) || from.dtype != at(o).dtype || !bytes(o))
          continue;
        if (!(from.shape == at(o).shape)) continue;
        last[size_t(r)] = std::max(last[size_t(r)], last[size_t(root(o))]);
        join(o, in);
        break;
      }
    }
  }

  void assign_offsets(const std::vector<int>& def, const std::vector<int>& use) {
    ranges(def, use);
    struct Block {
      int root;
      size_t size, offset;
      int first, last;
    };
    std::vector<Block> blocks;
    for (size_t i = 0; i < p.slots_.size(); ++i)
      if (p.slots_[i].kind == Slot::Kind::kArena && root(int(i)) == int(i))
        blocks.push_back(
            {int(i), std::max<size_t>(align_up(bytes(int(i))), kAlignment), 0, first[i], last[i]});
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Block& a, const Block& b) { return a.size > b.size; });
    std::vector<Block*> placed;
    for (Block& b : blocks) {
      // The lowest gap among the blocks that live at the same time.
      std::vector<Block*> near;
      for (Block* q : placed)
        if (q->first <= b.last && b.first <= q->last) near.push_back(q);
      std::sort(near.begin(), near.end(), [](Block* x, Block* y) { return x->offset < y->offset; });
      size_t best = SIZE_MAX, best_gap = SIZE_MAX, end = 0;
      for (Block* q : near) {
        if (q->offset > end && q->offset - end >= b.size && q->offset - end < best_gap) {
          best = end;
          best_gap = q->offset - end;
        }
        end = std::max(end, q->offset + q->size);
      }
      b.offset = best == SIZE_MAX ? end : best;
      p.arena_bytes_ = std::max(p.arena_bytes_, b.offset + b.size);
      placed.push_back(&b);
      p.slots_[size_t(b.root)].offset = b.offset;
    }
    for (size_t i = 0; i < p.slots_.size(); ++i)
      if (p.slots_[i].kind == Slot::Kind::kArena || p.slots_[i].kind == Slot::Kind::kView)
        p.slots_[i].offset = p.slots_[size_t(root(int(i)))].offset;
  }

  // Heap tensors are let go after their last reader, which may take them over.
  void plan_releases() {
    std::vector<int> last_use(p.slots_.size(), -1);
    for (size_t i = 0; i < p.steps_.size(); ++i) {
      for (int s : p.steps_[i].inputs) last_use[size_t(s)] = int(i);
      for (int s : p.steps_[i].outputs) last_use[size_t(s)] = std::max(last_use[size_t(s)], int(i));
    }
    for (int f : p.fetches_) last_use[size_t(f)] = INT32_MAX;
    for (size_t i = 0; i < p.slots_.size(); ++i) {
      Slot::Kind k = p.slots_[i].kind;
      if ((k != Slot::Kind::kRun && k != Slot::Kind::kFresh) || last_use[i] < 0 || last_use[i] == INT32_MAX)
        continue;
      p.steps_[size_t(last_use[i])].release.push_back(int(i));
    }
    for (Step& s : p.steps_)
      for (size_t k = 0; k < s.inputs.size() && k < 64; ++k) {
        bool mine = std::find(s.release.begin(), s.release.end(), s.inputs[k]) != s.release.end();
        bool twice = std::count(s.inputs.begin(), s.inputs.end(), s.inputs[k]) > 1;
        if (mine && !twice) s.take_mask |= uint64_t(1) << k;
      }
  }
};

Plan::Plan(const FunctionBody& body, std::shared_ptr<CallableCache> callables, int threads,
           bool reference_only) {
  Builder{*this, body, std::move(callables), threads, reference_only, {}, {}, {}, {}, {}, {}, {}, {}}.build();
}

}  // namespace floe
