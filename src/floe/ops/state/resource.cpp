#include "floe/ops/state/resource.h"

namespace floe {

Tensor make_handle(ObjectPtr object) {
  Tensor t(DType::kResource, Shape{});
  *t.mutable_data<ObjectPtr>() = std::move(object);
  return t;
}

ObjectPtr object_of(KernelContext& c, int i) {
  const Tensor& t = c.input(i);
  if (t.num_elements() != 1)
    c.fail(cat("input ", i, " must be a scalar resource, found shape ", t.shape().str()));
  ObjectPtr o = *t.data<ObjectPtr>();
  if (!o) c.fail(Code::kFailedPrecondition, cat("input ", i, " is a resource that holds nothing"));
  return o;
}

ResourceName resource_name(const KernelInit& k) {
  const std::string& shared = k.attr<std::string>("shared_name");
  return {k.attr<std::string>("container"), shared.empty() ? std::string(k.node) : shared};
}

}  // namespace floe
