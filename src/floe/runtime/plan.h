// A plan: one function body made ready to run for fixed input shapes. A flat list of steps with resolved
// kernels, one arena with planned offsets, constants in place. Running does no look-up and, where shapes are
// known, no allocation but for the results.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "floe/graph/graph.h"
#include "floe/op/kernel.h"

namespace floe {

class CallableCache;
class InferContext;

struct Step {
  enum class Mode : uint8_t {
    kStatic,   // outputs lie in the arena or are made fresh before the step
    kInfer,    // shapes are inferred from the actual inputs, then outputs are allocated
    kDynamic,  // the kernel makes its outputs
  };
  KernelFn kernel;
  const OpDef* op = nullptr;
  std::string name;
  AttrMap attrs;  // for kInfer and checks
  std::vector<int> inputs, outputs;
  std::vector<int> fresh;     // outputs to allocate before the kernel runs (kStatic)
  std::vector<int> promised;  // outputs whose shape others rely on, though the kernel makes it (kDynamic)
  std::vector<int> shaped;    // outputs that the kernel hands over: only their shape is set before (kStatic)
  std::vector<int> release;   // slots nobody reads after this step
  std::vector<int> controls;  // steps whose deadness kills this one (conditional dataflow only)
  uint64_t take_mask = 0;
  Mode mode = Mode::kStatic;
  bool accepts_dead = false;
  bool checks = false;  // the shape rule is asked before the kernel runs, for what it says about values
  // For `floe explain`.
  std::vector<Shape> output_shapes;
  std::vector<DType> output_types;
};

/// Something made ready to run for fixed input shapes.
class Runner {
 public:
  virtual ~Runner() = default;
  /// `inputs` are consumed.
  virtual void run(RunState& state, std::span<Tensor> inputs, std::vector<Tensor>& outputs) const = 0;
  virtual std::string describe() const = 0;
};

class Plan : public Runner {
 public:
  /// Takes the body (already specialised to its argument shapes) apart. `reference_only` avoids tuned
  /// kernels.
  Plan(const FunctionBody& body, std::shared_ptr<CallableCache> callables, int threads,
       bool reference_only = false);

  void run(RunState& state, std::span<Tensor> inputs, std::vector<Tensor>& outputs) const override;

  std::span<const Step> steps() const { return steps_; }
  size_t arena_bytes() const { return arena_bytes_; }
  /// Offset in the arena of a slot, or -1.
  int64_t arena_offset(int slot) const;
  std::string describe() const override;

 private:
  struct Slot {
    enum class Kind : uint8_t { kEmpty, kConstant, kArena, kView, kFresh, kRun } kind = Kind::kEmpty;
    DType dtype = DType::kInvalid;
    Shape shape;
    size_t offset = 0;  // kArena, kView
    Tensor constant;
    std::string name;
  };
  struct Frame {
    std::vector<Tensor> slots;
    std::vector<char> dead;  // by step
    void* arena = nullptr;
    size_t arena_size = 0;
    ~Frame();
  };
  struct FramePool {
    std::mutex mutex;
    std::vector<std::unique_ptr<Frame>> free;
  };

  struct Builder;
  std::unique_ptr<Frame> take_frame() const;
  void* allocate_arena() const;
  static Tensor arena_tensor(const Slot& s, const Frame& f);
  void keep_in_arena(const Step& s, Frame& f) const;
  void check_step(const Step& s, const InferContext& c) const;
  void check_promises(const Step& s, const Tensor* slots) const;
  void run_step(const Step& s, size_t index, Frame& f, RunState& state) const;

  std::vector<Slot> slots_;
  std::vector<Step> steps_;
  std::vector<int> feeds_, fetches_;
  std::vector<std::string> fetch_names_;
  size_t arena_bytes_ = 0;
  bool conditional_ = false;
  std::unique_ptr<FramePool> pool_ = std::make_unique<FramePool>();
};

}  // namespace floe
