// TensorFlow 1's loops. They have no kernels: before a graph is planned, each loop becomes one While
// (graph/raise.h).
#include "floe/op/infer.h"

namespace floe {
namespace {

constexpr const char* kEnterAttrs =
    "T:type; frame_name:string; is_constant:bool=false; parallel_iterations:int=10";

// A loop variable may have other sizes later on.
void infer_enter(InferContext& c) {
  if (c.attr<bool>("is_constant")) c.set_output(0, c.shape(0));
}

FLOE_OP("Enter", op) { op.in("data:T").out("output:T").attrs(kEnterAttrs).infer(infer_enter); }
FLOE_OP("RefEnter", op) { op.in("data:Ref(T)").out("output:Ref(T)").attrs(kEnterAttrs).infer(infer_enter); }
FLOE_OP("Exit", op) { op.in("data:T").out("output:T").attrs("T:type").infer(infer_unchanged); }
FLOE_OP("RefExit", op) { op.in("data:Ref(T)").out("output:Ref(T)").attrs("T:type").infer(infer_unchanged); }
FLOE_OP("NextIteration", op) { op.in("data:T").out("output:T").attrs("T:type").infer(infer_unchanged); }
FLOE_OP("RefNextIteration", op) {
  op.in("data:Ref(T)").out("output:Ref(T)").attrs("T:type").infer(infer_unchanged);
}
FLOE_OP("LoopCond", op) {
  op.in("input:bool").out("output:bool");
  op.infer([](InferContext& c) { c.set_output(0, c.with_rank(0, 0)); });
}

}  // namespace
}  // namespace floe
