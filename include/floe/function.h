// Functions recorded as graphs, and control flow on tensors.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "floe/tensor.h"

namespace floe {

using Tensors = std::vector<Tensor>;

/// A C++ function over tensors that is recorded once per signature (dtypes and shapes of its arguments) and
/// then runs as one planned graph (tf.function):
///
///     auto f = floe::function([](const Tensors& x) { return Tensors{x[0] * x[0] + x[1]}; });
///     Tensor y = f({a, b})[0];
///
/// Called while another function is being recorded, it becomes a call in that graph. Gradients go through it.
class TracedFunction {
 public:
  TracedFunction(std::function<Tensors(const Tensors&)> fn, std::string name);
  Tensors operator()(const Tensors& args) const;
  /// How often it was recorded so far.
  int traces() const;
  /// The plan for arguments of these dtypes and shapes.
  std::string explain(const Tensors& args) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};
TracedFunction function(std::function<Tensors(const Tensors&)> fn, std::string name = "function");

/// then_fn() or else_fn(), by the value of a boolean scalar. While a graph is being recorded both are, and
/// must give tensors of the same dtypes (tf.cond).
Tensors cond(const Tensor& pred, const std::function<Tensors()>& then_fn,
             const std::function<Tensors()>& else_fn);

/// branches[index](); the last one when the index is out of range (tf.switch_case).
Tensors switch_case(const Tensor& index, const std::vector<std::function<Tensors()>>& branches);

/// Repeats vars = body(vars) while cond(vars) is true (tf.while_loop). Shapes must stay what they are, unless
/// `shape_invariants` says less about them.
Tensors while_loop(const std::function<Tensor(const Tensors&)>& cond,
                   const std::function<Tensors(const Tensors&)>& body, const Tensors& vars,
                   const std::vector<Shape>& shape_invariants = {});

/// fn over the rows of each tensor; results are stacked (tf.map_fn).
Tensors map_fn(const std::function<Tensors(const Tensors&)>& fn, const Tensors& elems,
               const std::vector<DType>& result_types);

/// The partial results of state = fn(state, row), stacked (tf.scan).
Tensors scan(const std::function<Tensors(const Tensors& state, const Tensors& row)>& fn, const Tensors& elems,
             const Tensors& initial);

/// Calls C++ code on values in the middle of a graph (tf.py_function); eagerly, it is just called.
Tensors callback(std::function<Tensors(const Tensors&)> fn, const Tensors& inputs,
                 const std::vector<DType>& result_types, const std::vector<Shape>& result_shapes = {});

}  // namespace floe
