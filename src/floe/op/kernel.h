// What a kernel sees when it is prepared and when it runs.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "floe/op/op_def.h"

namespace floe {

/// Named state that outlives a run: hash tables, variables, random generators. One per loaded model.
class ResourceManager {
 public:
  /// The object of that container and name; made by `make` when it does not exist.
  ObjectPtr get_or_make(const std::string& container, const std::string& name,
                        const std::function<ObjectPtr()>& make);
  ObjectPtr find(const std::string& container, const std::string& name) const;
  void set(const std::string& container, const std::string& name, ObjectPtr object);

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, ObjectPtr> objects_;
};

/// What one run (of a plan and of all plans it calls) shares.
struct RunState {
  ResourceManager* resources = nullptr;
  int threads = 1;
  /// Set from another thread to end the run with Cancelled.
  const std::atomic<bool>* cancelled = nullptr;
  int depth = 0;  // nesting of function calls
};

/// A function that a node names (a branch, a loop body); provided by the runtime.
class Callable {
 public:
  virtual ~Callable() = default;
  /// Consumes `inputs`; fills `outputs`.
  virtual void call(RunState& state, std::vector<Tensor>& inputs, std::vector<Tensor>& outputs) const = 0;
  virtual int num_inputs() const = 0;
  virtual int num_outputs() const = 0;
  /// Output shapes for these input shapes, as far as known.
  virtual std::vector<Shape> infer(std::span<const Shape> inputs) const = 0;
};

/// What is known when a kernel is prepared for a node.
class KernelInit {
 public:
  KernelInit(const OpDef& def, const AttrMap& attrs, std::string_view node)
      : def(def), attrs(attrs), node(node) {}

  const OpDef& def;
  const AttrMap& attrs;
  std::string_view node;
  std::span<const DType> input_types, output_types;
  /// Fully defined when the plan knows them; otherwise look at the tensors at run time.
  std::span<const Shape> input_shapes, output_shapes;
  /// Inputs that never change (weights): may be packed now. Empty handles elsewhere.
  std::span<const Tensor> constants;
  int threads = 1;
  /// Finds functions named by attributes; null outside graphs.
  std::function<std::shared_ptr<Callable>(const FuncRef&)> function;

  template <class T>
  const T& attr(std::string_view name) const {
    return attrs.get<T>(name);
  }
  DType input_type(int i) const { return input_types[size_t(i)]; }
  DType output_type(int i) const { return output_types[size_t(i)]; }
  int num_inputs() const { return int(input_types.size()); }
  int num_outputs() const { return int(output_types.size()); }
  bool static_shapes() const;
  const Tensor* constant(int i) const {
    return i < int(constants.size()) && constants[size_t(i)] ? &constants[size_t(i)] : nullptr;
  }
  [[noreturn]] void fail(const std::string& message) const;
};

/// What a kernel sees when it runs.
class KernelContext {
 public:
  KernelContext(RunState& state, Tensor* slots, const int* inputs, int num_inputs, const int* outputs,
                int num_outputs, const OpDef* def, const std::string* node)
      : state_(state),
        slots_(slots),
        inputs_(inputs),
        outputs_(outputs),
        num_inputs_(num_inputs),
        num_outputs_(num_outputs),
        def_(def),
        node_(node) {}

  int num_inputs() const { return num_inputs_; }
  int num_outputs() const { return num_outputs_; }
  const Tensor& input(int i) const { return slots_[inputs_[i]]; }
  template <class T>
  const T* in(int i) const {
    return input(i).data<T>();
  }
  template <class T>
  T scalar(int i) const {
    return input(i).item<T>();
  }
  /// An int32 or int64 input as a list of integers.
  std::vector<int64_t> ints(int i) const;
  /// Only for Merge-like ops: whether the input arrived at all.
  bool is_dead(int i) const { return !slots_[inputs_[i]]; }

  /// Allocated before the kernel runs, unless the op has dynamic outputs.
  Tensor& output(int i) { return slots_[outputs_[i]]; }
  template <class T>
  T* out(int i) {
    return output(i).mutable_data<T>();
  }
  /// For dynamic outputs.
  Tensor& allocate(int i, DType dtype, const Shape& shape) {
    slots_[outputs_[i]] = Tensor(dtype, shape);
    return slots_[outputs_[i]];
  }
  /// Hands a tensor over as output i (ops that pass an input on, lists, branches).
  void set_output(int i, Tensor t) { slots_[outputs_[i]] = std::move(t); }
  /// Input i as something that may be kept after the run: a copy when its memory belongs to the plan.
  Tensor keep(int i) const;
  /// Takes input i out of its slot when nobody reads it later, so that it can be changed in place if unique.
  Tensor take(int i) { return i < 64 && ((take_mask_ >> i) & 1) ? std::move(slots_[inputs_[i]]) : keep(i); }

  RunState& state() { return state_; }
  ResourceManager& resources() { return *state_.resources; }
  int threads() const { return state_.threads; }
  const OpDef& def() const { return *def_; }
  std::string_view node() const { return node_ ? std::string_view(*node_) : std::string_view(); }
  /// Throws InvalidArgument: "<Op> '<node>': " + message.
  [[noreturn]] void fail(const std::string& message) const;
  [[noreturn]] void fail(Code code, const std::string& message) const;

  void set_take_mask(uint64_t m) { take_mask_ = m; }

 private:
  RunState& state_;
  Tensor* slots_;
  const int* inputs_;
  const int* outputs_;
  int num_inputs_, num_outputs_;
  uint64_t take_mask_ = 0;
  const OpDef* def_;
  const std::string* node_;
};

/// "Conv2D 'block1/conv1': " or "Conv2D: ".
std::string op_prefix(std::string_view op, std::string_view node);

/// Runs one op now: infers, allocates, computes. The way in for eager calls and tests.
std::vector<Tensor> invoke(const OpDef& def, std::vector<Tensor> inputs, AttrMap attrs, RunState& state,
                           std::string_view node = {}, bool reference_only = false);

}  // namespace floe
