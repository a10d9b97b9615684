// Where values come from: constants, placeholders, function arguments; and ops that pass their input on.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

void pass_inputs(KernelContext& c) {
  for (int i = 0; i < c.num_inputs(); ++i) c.set_output(i, c.take(i));
}

void infer_each(InferContext& c) {
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, c.shape(i));
}

KernelFn not_fed(const KernelInit& k) {
  std::string message = "You must feed a value for placeholder tensor '" + std::string(k.node) + "'";
  return [message](KernelContext&) { throw InvalidArgument(message); };
}

FLOE_OP("Const", op) {
  op.out("output:dtype").attrs("value:tensor; dtype:type");
  op.infer([](InferContext& c) { c.set_output(0, c.attr<Tensor>("value").shape()); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    Tensor value = k.attr<Tensor>("value").aligned();
    return [value](KernelContext& c) { c.set_output(0, value); };
  });
  op.no_gradient();
}

FLOE_OP("Placeholder", op) {
  op.out("output:dtype").attrs("dtype:type; shape:shape=unknown");
  op.infer([](InferContext& c) { c.set_output(0, c.attr<Shape>("shape")); });
  op.kernel(not_fed);
}

FLOE_OP("PlaceholderV2", op) {
  op.out("output:dtype").attrs("dtype:type; shape:shape");
  op.infer([](InferContext& c) { c.set_output(0, c.attr<Shape>("shape")); });
  op.kernel(not_fed);
}

FLOE_OP("PlaceholderWithDefault", op) {
  op.in("input:dtype").out("output:dtype").attrs("dtype:type; shape:shape");
  op.infer([](InferContext& c) { c.set_output(0, c.attr<Shape>("shape")); });
  op.compute(pass_inputs).passes_input();
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}

// An argument of a function body.
FLOE_OP("_Arg", op) {
  op.out("output:T").attrs("T:type; index:int>=0");
  op.infer(infer_unknown);
  op.kernel(not_fed);
}

FLOE_OP("Identity", op) {
  op.in("input:T").out("output:T").attrs("T:type");
  op.infer(infer_unchanged).compute(pass_inputs).passes_input();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    s.add({s.random({})});
    s.add({s.random({0, 4})});
  });
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}

FLOE_OP("IdentityN", op) {
  op.in("input:T").out("output:T").attrs("T:list(type)>=1");
  op.infer(infer_each).compute(pass_inputs).passes_input();
  op.samples([](Samples& s) { s.add({s.random({2, 3}), s.random({4}, DType::kInt32)}); });
  op.gradient([](GradientContext& g) {
    for (int i = 0; i < g.num_outputs(); ++i) g.set(i, g.raw_grad(i));
  });
}

FLOE_OP("StopGradient", op) {
  op.in("input:T").out("output:T").attrs("T:type");
  op.infer(infer_unchanged).compute(pass_inputs).passes_input();
  op.samples([](Samples& s) { s.add({s.random({2, 3})}); });
  op.no_gradient();
}

FLOE_OP("PreventGradient", op) {
  op.in("input:T").out("output:T").attrs("T:type; message:string=''");
  op.infer(infer_unchanged).compute(pass_inputs).passes_input();
  op.samples([](Samples& s) { s.add({s.random({2, 3})}); });
  op.gradient([](GradientContext& g) {
    throw NotFound(cat("Gradient explicitly disabled. Reason: ", g.attr<std::string>("message")));
  });
}

FLOE_OP("Snapshot", op) {
  op.in("input:T").out("output:T").attrs("T:type");
  op.infer(infer_unchanged).compute(pass_inputs).passes_input();
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}

FLOE_OP("NoOp", op) {
  op.infer(infer_unknown).compute([](KernelContext&) {}).stateful();
}

}  // namespace
}  // namespace floe
