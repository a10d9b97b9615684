#include "floe/runtime/plan.h"

#include <cstring>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/tensor/allocator.h"

namespace floe {
namespace {

// Tells a kernel that hands its input over which shape the output has.
Tensor shape_only(DType t, const Shape& s) { return Tensor::wrap(t, s, nullptr, nullptr); }

}  // namespace

Plan::Frame::~Frame() {
  slots.clear();
  free_bytes(arena, arena_size);
}

// The largest result is the one to name when there is no memory.
void* Plan::allocate_arena() const {
  try {
    return allocate_bytes(arena_bytes_);
  } catch (const ResourceExhausted& e) {
    const Step* largest = nullptr;
    int64_t most = -1;
    for (const Step& s : steps_)
      for (int o : s.outputs) {
        const Slot& slot = slots_[size_t(o)];
        if (slot.kind != Slot::Kind::kArena && slot.kind != Slot::Kind::kView) continue;
        if (int64_t n = slot.shape.num_elements() * int64_t(dtype_size(slot.dtype)); n > most) {
          most = n;
          largest = &s;
        }
      }
    throw ResourceExhausted(largest ? cat(op_prefix(largest->op->name, largest->name), e.what()) : e.what());
  }
}

std::unique_ptr<Plan::Frame> Plan::take_frame() const {
  {
    std::lock_guard lock(pool_->mutex);
    if (!pool_->free.empty()) {
      auto f = std::move(pool_->free.back());
      pool_->free.pop_back();
      return f;
    }
  }
  auto f = std::make_unique<Frame>();
  f->slots.resize(slots_.size());
  f->dead.assign(conditional_ ? steps_.size() : 0, 0);
  if (arena_bytes_) {
    f->arena = allocate_arena();
    f->arena_size = arena_bytes_;
  }
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& s = slots_[i];
    if (s.kind == Slot::Kind::kConstant) f->slots[i] = s.constant;
    if (s.kind == Slot::Kind::kArena || s.kind == Slot::Kind::kView) f->slots[i] = arena_tensor(s, *f);
  }
  return f;
}

void Plan::run_step(const Step& s, size_t index, Frame& f, RunState& state) const {
  Tensor* slots = f.slots.data();
  if (conditional_) {
    bool dead = false;
    if (!s.accepts_dead) {
      for (int i : s.inputs) dead = dead || !slots[i];
      for (int c : s.controls) dead = dead || f.dead[size_t(c)];
    }
    f.dead[index] = dead;
    if (dead) {
      for (int o : s.outputs) slots[o] = Tensor();
      return;
    }
  }
  if (s.mode == Step::Mode::kStatic) {
    for (int o : s.fresh) slots[o] = Tensor(slots_[size_t(o)].dtype, slots_[size_t(o)].shape);
    for (int o : s.shaped) slots[o] = shape_only(slots_[size_t(o)].dtype, slots_[size_t(o)].shape);
  }
  if (s.mode == Step::Mode::kInfer || s.checks) {
    std::vector<Shape> shapes;
    std::vector<DType> types;
    std::vector<Tensor> values;
    for (int i : s.inputs) {
      shapes.push_back(slots[i].shape());
      types.push_back(slots[i].dtype());
      values.push_back(slots[i]);
    }
    InferContext c(*s.op, s.attrs, shapes, types, values, s.name);
    s.op->infer(c);
    if (s.mode == Step::Mode::kStatic) check_step(s, c);
    for (size_t i = 0; i < s.outputs.size() && s.mode == Step::Mode::kInfer; ++i) {
      DType t = c.output_dtype(int(i));
      const Shape& shape = c.output_shape(int(i));
      slots[s.outputs[i]] = s.op->passes_input ? shape_only(t, shape) : Tensor(t, shape);
    }
  }
  KernelContext ctx(state, slots, s.inputs.data(), int(s.inputs.size()), s.outputs.data(),
                    int(s.outputs.size()), s.op, &s.name);
  ctx.set_take_mask(s.take_mask);
  s.kernel(ctx);
  if (s.mode == Step::Mode::kStatic) keep_in_arena(s, f);
  if (!s.promised.empty()) check_promises(s, slots);
}

// What was planned has its memory already.
void Plan::check_step(const Step& s, const InferContext& c) const {
  for (size_t i = 0; i < s.outputs.size(); ++i) {
    const Shape &planned = s.output_shapes[i], &found = c.output_shape(int(i));
    if (found.is_fully_defined() && !(found == planned))
      c.fail(cat("output ", i, " has shape ", found.str(), " where the graph says ", planned.str()));
  }
}

void Plan::check_promises(const Step& s, const Tensor* slots) const {
  for (int o : s.promised) {
    const Tensor& t = slots[o];
    const Slot& slot = slots_[size_t(o)];
    if (!t || (t.dtype() == slot.dtype && slot.shape.is_compatible_with(t.shape()))) continue;
    throw InvalidArgument(cat(op_prefix(s.op->name, s.name), "gave ", dtype_name(t.dtype()), " ",
                              t.shape().str(), " where the graph says ", dtype_name(slot.dtype), " ",
                              slot.shape.str()));
  }
}

// A kernel may hand over a tensor of its own for an output that has its place in the arena.
void Plan::keep_in_arena(const Step& s, Frame& f) const {
  for (int o : s.outputs) {
    const Slot& slot = slots_[size_t(o)];
    if (slot.kind != Slot::Kind::kArena && slot.kind != Slot::Kind::kView) continue;
    char* place = static_cast<char*>(f.arena) + slot.offset;
    Tensor& t = f.slots[size_t(o)];
    if (t.raw() == place) continue;
    if (!(t.shape() == slot.shape) || t.dtype() != slot.dtype)
      throw Internal(cat("the kernel made ", dtype_name(t.dtype()), " ", t.shape().str(), " where ",
                         dtype_name(slot.dtype), " ", slot.shape.str(), " was planned"));
    if (t.nbytes()) std::memcpy(place, t.raw(), t.nbytes());
    t = arena_tensor(slot, f);
  }
}

Tensor Plan::arena_tensor(const Slot& s, const Frame& f) {
  Tensor t = Tensor::wrap(s.dtype, s.shape, static_cast<char*>(f.arena) + s.offset, nullptr);
  t.rep()->buffer->kind = detail::Buffer::Kind::kArena;
  return t;
}

void Plan::run(RunState& state, std::span<Tensor> inputs, std::vector<Tensor>& outputs) const {
  std::unique_ptr<Frame> f = take_frame();
  for (size_t i = 0; i < feeds_.size(); ++i) f->slots[size_t(feeds_[i])] = std::move(inputs[i]);
  size_t at = 0;
  try {
    for (; at < steps_.size(); ++at) {
      if (state.cancelled && state.cancelled->load(std::memory_order_relaxed))
        throw ErrorOf<Code::kCancelled>("The run was cancelled");
      const Step& s = steps_[at];
      run_step(s, at, *f, state);
      for (int r : s.release) f->slots[size_t(r)] = Tensor();
    }
  } catch (const Error& e) {
    const Step& s = steps_[at];
    std::string what = e.what();
    if (what.find(cat("'", s.name, "'")) != what.npos || e.code() == Code::kCancelled) throw;
    throw_error(e.code(), cat(op_prefix(s.op->name, s.name), what));
  } catch (const std::bad_alloc&) {
    throw ResourceExhausted(cat(op_prefix(steps_[at].op->name, steps_[at].name), "out of memory"));
  }
  outputs.clear();
  outputs.reserve(fetches_.size());
  for (size_t i = 0; i < fetches_.size(); ++i) {
    Tensor& t = f->slots[size_t(fetches_[i])];
    if (!t)
      throw InvalidArgument(cat("Retval[", i, "] does not have value: '", fetch_names_[i],
                                "' lies in a branch that was not taken"));
    outputs.push_back(t.rep()->buffer->kind == detail::Buffer::Kind::kArena ? t.clone() : t);
  }
  for (size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].kind == Slot::Kind::kRun || slots_[i].kind == Slot::Kind::kFresh) f->slots[i] = Tensor();
  std::lock_guard lock(pool_->mutex);
  if (pool_->free.size() < 8) pool_->free.push_back(std::move(f));
}

int64_t Plan::arena_offset(int slot) const {
  const Slot& s = slots_[size_t(slot)];
  return s.kind == Slot::Kind::kArena || s.kind == Slot::Kind::kView ? int64_t(s.offset) : -1;
}

std::string Plan::describe() const {
  std::string text = cat(steps_.size(), " steps, arena ", human_bytes(arena_bytes_), "\n");
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& s = steps_[i];
    text += cat("  ", i, "  ", s.op->name, "  ", s.name, "  ->");
    for (size_t k = 0; k < s.outputs.size(); ++k) {
      const Shape& shape = s.output_shapes[k];
      text += cat(" ", dtype_name(s.output_types[k]), " ", shape.str());
      int64_t offset = arena_offset(s.outputs[k]);
      if (offset >= 0) text += cat(" @", offset);
    }
    if (s.mode != Step::Mode::kStatic) text += "  (sized at run time)";
    text += "\n";
  }
  return text;
}

}  // namespace floe
