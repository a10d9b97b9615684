// Gradients: a tape that watches ops as they are called, and gradients of a recorded graph.
#pragma once

#include <memory>
#include <vector>

#include "floe/gradient.h"
#include "floe/tensor.h"

namespace floe {

enum class Unconnected { kNone, kZero };

/// Remembers the ops called while it is open, and differentiates them (tf.GradientTape):
///
///     GradientTape tape;
///     tape.watch(x);
///     Tensor y = x * x;
///     Tensor dy = tape.gradient({y}, {x})[0].dense();   // 2 x
///
/// Trainable variables are watched when they are read. A tape belongs to the thread that made it.
class GradientTape {
 public:
  /// A `persistent` tape can be asked more than once.
  explicit GradientTape(bool persistent = false, bool watch_accessed_variables = true);
  ~GradientTape();
  GradientTape(const GradientTape&) = delete;
  GradientTape& operator=(const GradientTape&) = delete;

  /// Gradients flow to this tensor from now on. For a variable, its handle.
  void watch(const Tensor& t);
  /// Handles of the variables that were read, in order.
  const std::vector<Tensor>& watched_variables() const;
  /// Stops watching; start() goes on.
  void stop();
  void start();
  bool is_open() const;
  /// Forgets all.
  void reset();

  /// The derivative of the sum of the targets by each source; weights of targets' elements in
  /// `output_gradients` (an empty handle: ones). Not connected: an empty gradient, or zeros.
  std::vector<Gradient> gradient(const std::vector<Tensor>& targets, const std::vector<Tensor>& sources,
                                 const std::vector<Tensor>& output_gradients = {},
                                 Unconnected unconnected = Unconnected::kNone);

  /// As gradient(), but the tape can be asked again (for the rows of a jacobian).
  std::vector<Gradient> gradient_again(const std::vector<Tensor>& targets, const std::vector<Tensor>& sources,
                                       const std::vector<Tensor>& output_gradients = {});

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// The derivative of the sum of `ys` by each of `xs` by adding nodes to the graph being recorded
/// (tf.gradients). `stop` tensors count as constants.
std::vector<Gradient> gradients(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                                const std::vector<Tensor>& output_gradients = {},
                                Unconnected unconnected = Unconnected::kNone,
                                const std::vector<Tensor>& stop = {});

}  // namespace floe
