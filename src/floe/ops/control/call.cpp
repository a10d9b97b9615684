// Calls of one function.
#include "floe/ops/control/functional.h"

namespace floe {
namespace {

KernelFn call_kernel(const KernelInit& k) {
  auto f = load_function(k, k.attr<FuncRef>("f"));
  return [f](KernelContext& c) { call_with_inputs(c, *f, 0); };
}

constexpr const char* kCallAttrs =
    "Tin:list(type)>=0; Tout:list(type)>=0; f:func; config:string=''; config_proto:string=''; "
    "executor_type:string=''";

FLOE_OP("PartitionedCall", op) {
  op.in("args:Tin").out("output:Tout").attrs(kCallAttrs);
  op.infer(infer_unknown).kernel(call_kernel).dynamic_outputs().keeps_inputs();
}

FLOE_OP("StatefulPartitionedCall", op) {
  op.in("args:Tin").out("output:Tout").attrs(kCallAttrs);
  op.infer(infer_unknown).kernel(call_kernel).dynamic_outputs().keeps_inputs().stateful();
}

// Stands for a value that the taken branch of an If does not make.
FLOE_OP("FakeParam", op) {
  op.out("output:dtype").attrs("dtype:type; shape:shape");
  op.infer([](InferContext& c) { c.set_output(0, c.attr<Shape>("shape")); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("dtype");
    return [dtype](KernelContext& c) { c.allocate(0, dtype, Shape{0}); };
  });
  op.dynamic_outputs();
}

}  // namespace
}  // namespace floe
