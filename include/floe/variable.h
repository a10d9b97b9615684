// A tensor that keeps its value between calls and can be assigned.
#pragma once

#include <string>

#include "floe/tensor.h"

namespace floe {

/// As tf.Variable. Copies of a Variable are the same variable. Reading it gives the value of now, or, while a
/// function is being recorded, a node that reads it when the function runs; tapes watch it when it is
/// trainable:
///
///     Variable w(Tensor::scalar(1.f));
///     GradientTape tape;
///     Tensor loss = w.read() * w.read();
///     w.assign_sub(0.1 * tape.gradient({loss}, {w.handle()})[0].dense());
class Variable {
 public:
  explicit Variable(const Tensor& initial_value, bool trainable = true, std::string name = "Variable");

  Tensor read() const;
  /// Throws InvalidArgument when dtype or shape are others than the initial value's.
  void assign(const Tensor& value) const;
  void assign_add(const Tensor& delta) const;
  void assign_sub(const Tensor& delta) const;

  /// What stands for the variable in op calls and on tapes.
  const Tensor& handle() const { return handle_; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  bool trainable() const { return trainable_; }
  const std::string& name() const { return name_; }

 private:
  Tensor handle_;
  DType dtype_;
  Shape shape_;
  bool trainable_;
  std::string name_;
};

}  // namespace floe
