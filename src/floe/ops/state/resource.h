// Objects behind resource tensors: how kernels make, name and find them.
#pragma once

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {

/// A scalar resource tensor that holds `object`.
Tensor make_handle(ObjectPtr object);

/// The object a resource tensor holds; throws when there is none.
ObjectPtr object_of(KernelContext& c, int i);

/// The object of that kind at input i; throws when it is another kind of object.
template <class T>
std::shared_ptr<T> resource_of(KernelContext& c, int i) {
  ObjectPtr o = object_of(c, i);
  auto t = std::dynamic_pointer_cast<T>(o);
  if (!t) c.fail(cat("input ", i, " must hold a ", T::kTypeName, ", found a ", o->type_name()));
  return t;
}

/// Where a node keeps its object: container and shared_name, or the node's own name; no name: nowhere.
struct ResourceName {
  std::string container, name;
};
ResourceName resource_name(const KernelInit& k);

}  // namespace floe
