// Handles of objects that live as long as somebody holds them.
#pragma once

#include <memory>

#include "floe/base/text.h"
#include "floe/op/kernel.h"

namespace floe {

/// The object behind input i, a handle; fails when it is another kind of thing.
template <class T>
std::shared_ptr<T> object_of(const KernelContext& c, int i, const char* kind) {
  const Tensor& t = c.input(i);
  if (t.dtype() != DType::kResource || t.num_elements() != 1)
    c.fail(cat("input ", i, " must be the handle of a ", kind, ", found ", dtype_name(t.dtype()), " ",
               t.shape().str()));
  auto object = std::dynamic_pointer_cast<T>(t.item<ObjectPtr>());
  if (!object) {
    const ObjectPtr& o = t.item<ObjectPtr>();
    c.fail(cat("input ", i, " must be the handle of a ", kind, ", found ",
               o ? o->type_name() : "an empty handle"));
  }
  return object;
}

inline Tensor handle_of(ObjectPtr object) {
  Tensor t(DType::kResource, Shape{});
  *t.mutable_data<ObjectPtr>() = std::move(object);
  return t;
}

}  // namespace floe
