// Activations: Relu, Relu6, Elu, Selu, LeakyRelu, Softplus, Softsign.
#include <cmath>

#include "floe/op/gradient.h"
#include "floe/op/samples.h"
#include "floe/ops/nn/activations.h"
#include "floe/ops/nn/elementwise.h"

namespace floe {
namespace {

void activation_samples(Samples& s) {
  s.each_type("T", [&](DType t) { s.add({s.random({2, 5}, t)}); });
  s.add({s.random({})});
  s.add({s.random({0, 3})});
  s.add({Samples::numbers({9}, {NAN, INFINITY, -INFINITY, 0, -0.0, 6, 7, -30, 30})});
}

FLOE_OP("Relu", op) {
  op.in("features:T")
      .out("activations:T")
      .attrs("T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64,qint8}");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) { return unary_kernel<ReluFn, RealTypes>(k); });
  op.samples(activation_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("ReluGrad", {g.grad(), g.output()})); });
}

FLOE_OP("Relu6", op) {
  op.in("features:T")
      .out("activations:T")
      .attrs("T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) { return unary_kernel<Relu6Fn, RealTypes>(k); });
  op.samples(activation_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("Relu6Grad", {g.grad(), g.output()})); });
}

FLOE_OP("Elu", op) {
  op.in("features:T").out("activations:T").attrs("T:{half,bfloat16,float,double}");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) { return unary_kernel<EluFn, FloatTypes>(k, {}, 10); });
  op.samples(activation_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("EluGrad", {g.grad(), g.output()})); });
}

FLOE_OP("Selu", op) {
  op.in("features:T").out("activations:T").attrs("T:{half,bfloat16,float,double}");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) { return unary_kernel<SeluFn, FloatTypes>(k, {}, 10); });
  op.samples(activation_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("SeluGrad", {g.grad(), g.output()})); });
}

FLOE_OP("LeakyRelu", op) {
  op.in("features:T").out("activations:T").attrs("alpha:float=0.2; T:{half,bfloat16,float,double}=float");
  op.infer(infer_unchanged).elementwise();
  op.kernel(
      [](const KernelInit& k) { return unary_kernel<LeakyReluFn, FloatTypes>(k, {k.attr<float>("alpha")}); });
  op.samples([](Samples& s) {
    activation_samples(s);
    s.add({s.random({2, 5})}, {{"alpha", 2.0f}});
    s.add({s.random({2, 5})}, {{"alpha", -0.5f}});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("LeakyReluGrad", {g.grad(), g.input(0)}, {{"alpha", g.attr<float>("alpha")}}));
  });
}

FLOE_OP("Softplus", op) {
  op.in("features:T").out("activations:T").attrs("T:{half,bfloat16,float,double}");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) { return unary_kernel<SoftplusFn, FloatTypes>(k, {}, 15); });
  op.samples(activation_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("SoftplusGrad", {g.grad(), g.input(0)})); });
}

FLOE_OP("Softsign", op) {
  op.in("features:T").out("activations:T").attrs("T:{half,bfloat16,float,double}");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) { return unary_kernel<SoftsignFn, FloatTypes>(k); });
  op.samples(activation_samples);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("SoftsignGrad", {g.grad(), g.input(0)})); });
}

}  // namespace
}  // namespace floe
