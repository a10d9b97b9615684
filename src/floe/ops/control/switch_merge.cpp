// TensorFlow 1's conditions: a Switch sends its input one way, the other output is dead (an empty handle);
// what a dead tensor feeds is dead; a Merge passes on the first input that is alive.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"

namespace floe {
namespace {

void infer_switch(InferContext& c) {
  c.with_rank(1, 0);
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, c.shape(0));
}

void run_switch(KernelContext& c) {
  const Tensor& pred = c.input(1);
  if (pred.rank() != 0)
    c.fail(cat("The second input must be a scalar, but it has shape ", pred.shape().str()));
  int taken = *pred.data<bool>() ? 1 : 0;
  c.set_output(1 - taken, Tensor());
  c.set_output(taken, c.take(0));
}

void run_switch_n(KernelContext& c) {
  const Tensor& index = c.input(1);
  if (index.rank() != 0)
    c.fail(cat("The second input must be a scalar, but it has shape ", index.shape().str()));
  int64_t n = c.num_outputs(), i = *index.data<int32_t>();
  if (i < 0 || i >= n) i = n - 1;
  for (int k = 0; k < n; ++k) c.set_output(k, Tensor());
  c.set_output(int(i), c.take(0));
}

void infer_merge(InferContext& c) {
  c.set_output(1, Shape{});
  Shape s = c.shape(0);
  for (int i = 1; i < c.num_inputs(); ++i) {
    const Shape& o = c.shape(i);
    if (s.rank() != o.rank()) s = Shape::unknown();
    for (int d = 0; d < s.rank(); ++d)
      if (s[d] != o[d]) s.set_dim(d, Shape::kUnknownDim);
  }
  c.set_output(0, s);
}

void run_merge(KernelContext& c) {
  for (int i = 0; i < c.num_inputs(); ++i) {
    if (c.is_dead(i)) continue;
    c.set_output(0, c.take(i));
    *c.allocate(1, DType::kInt32, Shape{}).mutable_data<int32_t>() = i;
    return;
  }
  c.set_output(0, Tensor());
  c.set_output(1, Tensor());
}

FLOE_OP("Switch", op) {
  op.in("data:T, pred:bool").out("output_false:T, output_true:T").attrs("T:type");
  op.infer(infer_switch).compute(run_switch).dynamic_outputs().keeps_inputs();
}

FLOE_OP("RefSwitch", op) {
  op.in("data:Ref(T), pred:bool").out("output_false:Ref(T), output_true:Ref(T)").attrs("T:type");
  op.infer(infer_switch).compute(run_switch).dynamic_outputs().keeps_inputs();
}

FLOE_OP("_SwitchN", op) {
  op.in("data:T, output_index:int32").out("outputs:num_outs*T").attrs("num_outs:int>=1; T:type");
  op.infer(infer_switch).compute(run_switch_n).dynamic_outputs().keeps_inputs();
}

FLOE_OP("Merge", op) {
  op.in("inputs:N*T").out("output:T, value_index:int32").attrs("T:type; N:int>=1");
  op.infer(infer_merge).compute(run_merge).dynamic_outputs().keeps_inputs().accepts_dead();
}

FLOE_OP("RefMerge", op) {
  op.in("inputs:Ref(N*T)").out("output:Ref(T), value_index:int32").attrs("T:type; N:int>=1");
  op.infer(infer_merge).compute(run_merge).dynamic_outputs().keeps_inputs().accepts_dead();
}

// Waits for its control inputs, dead or alive.
FLOE_OP("ControlTrigger", op) {
  op.infer(infer_unknown).compute([](KernelContext&) {}).accepts_dead();
}

FLOE_OP("Abort", op) {
  op.attrs("error_msg:string=''; exit_without_error:bool=false");
  op.infer(infer_unknown).stateful().fails_on_values();
  // TensorFlow ends the process here; a library must not.
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string text = k.attr<std::string>("error_msg");
    return [text](KernelContext& c) { c.fail(Code::kAborted, cat("Abort_op intentional failure; ", text)); };
  });
}

}  // namespace
}  // namespace floe
