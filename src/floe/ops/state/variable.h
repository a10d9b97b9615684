// Variables behind resource handles and references.
#pragma once

#include <mutex>

#include "floe/ops/state/resource.h"

namespace floe {

class VariableState : public Object {
 public:
  static constexpr const char* kTypeName = "Variable";
  VariableState(std::string name, DType dtype, Shape shape, bool by_reference = false)
      : name(std::move(name)), dtype(dtype), shape(std::move(shape)), by_reference(by_reference) {}
  const char* type_name() const override { return kTypeName; }

  /// The value; the empty handle before the first assignment. It never changes: assignments put another in
  /// place.
  Tensor read() const {
    std::lock_guard lock(mutex_);
    return value_;
  }
  void assign(Tensor value) {
    std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }
  /// value = f(value), with nobody in between. f may change its argument in place when it is the only owner.
  template <class F>
  void update(F&& f) {
    std::lock_guard lock(mutex_);
    Tensor v = std::move(value_);
    value_ = Tensor();
    try {
      value_ = f(v);
    } catch (...) {
      value_ = std::move(v);
      throw;
    }
  }

  const std::string name;
  const DType dtype;
  const Shape shape;
  const bool by_reference;  // one of TensorFlow 1, which says other things about what is wrong

 private:
  mutable std::mutex mutex_;
  Tensor value_;
};

/// The variable of that container and name, made when it is not there yet. Loaders restore values through it.
std::shared_ptr<VariableState> named_variable(ResourceManager& resources, const std::string& container,
                                              const std::string& name, DType dtype, const Shape& shape,
                                              bool by_reference = false);

/// The value of the variable at input i; fails when it was never assigned.
Tensor variable_value(KernelContext& c, int i);

}  // namespace floe
