// Gradients of the activations. Gradients are multiplied by 0 or 1 rather than selected: NaN in them stays
// visible. Only factors are chosen by conditions, which compilers turn into vector code.
#include <cmath>

#include "floe/op/gradient.h"
#include "floe/op/samples.h"
#include "floe/ops/nn/activations.h"
#include "floe/ops/nn/elementwise.h"

namespace floe {
namespace {

struct ReluGradFn {
  template <class S>
  S operator()(S g, S x) const {
    return S(g * (x > S(0) ? S(1) : S(0)));
  }
};
struct Relu6GradFn {
  template <class S>
  S operator()(S g, S x) const {
    return S(g * (x > S(0) ? S(1) : S(0)) * (x < S(6) ? S(1) : S(0)));
  }
};
struct EluGradFn {
  template <class S>
  S operator()(S g, S y) const {
    return g * ((y < S(0) ? y : S(0)) + S(1));
  }
};
struct SeluGradFn {
  template <class S>
  S operator()(S g, S y) const {
    return g * ((y < S(0) ? y : S(0)) + (y < S(0) ? S(kSeluScaleAlpha) : S(kSeluScale)));
  }
};
struct LeakyReluGradFn {
  float alpha = 0.2f;
  template <class S>
  S operator()(S g, S x) const {
    return g * (x > S(0) ? S(1) : S(alpha));
  }
};
struct SoftplusGradFn {
  template <class S>
  S operator()(S g, S x) const {
    return g / (std::exp(-x) + S(1));
  }
};
struct SoftsignGradFn {
  template <class S>
  S operator()(S g, S x) const {
    S d = S(1) + std::abs(x);
    return g / (d * d);
  }
};

void activation_grad_samples(Samples& s) {
  s.each_type("T", [&](DType t) { s.add({s.random({2, 5}, t), s.random({2, 5}, t)}); });
  s.add({s.random({}), s.random({})});
  s.add({s.random({0, 3}), s.random({0, 3})});
  s.add({Samples::numbers({6}, {1, 2, 3, 4, 5, 6}), Samples::numbers({6}, {0, -1, -0.5, 6, 7, INFINITY})});
  s.fails("must have the same size and shape", {s.random({3}), s.random({4})});
}

const char kRealGradType[] =
    "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}";
const char kFloatGradType[] = "T:{half,bfloat16,float,double}";

FLOE_OP("ReluGrad", op) {
  op.in("gradients:T, features:T").out("backprops:T").attrs(kRealGradType);
  op.infer(infer_same_shapes).elementwise();
  op.kernel([](const KernelInit& k) { return gradient_kernel<ReluGradFn, RealTypes>(k); });
  op.samples(activation_grad_samples);
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(1);
    g.set(0, grad::op("ReluGrad", {g.grad(), x}));
    g.set(1, grad::zeros_like(x));
  });
}

FLOE_OP("Relu6Grad", op) {
  op.in("gradients:T, features:T").out("backprops:T").attrs(kRealGradType);
  op.infer(infer_same_shapes).elementwise();
  op.kernel([](const KernelInit& k) { return gradient_kernel<Relu6GradFn, RealTypes>(k); });
  op.samples(activation_grad_samples);
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(1);
    g.set(0, grad::op("Relu6Grad", {g.grad(), x}));
    g.set(1, grad::zeros_like(x));
  });
}

FLOE_OP("EluGrad", op) {
  op.in("gradients:T, outputs:T").out("backprops:T").attrs(kFloatGradType);
  op.infer(infer_same_shapes).elementwise();
  op.kernel([](const KernelInit& k) { return gradient_kernel<EluGradFn, FloatTypes>(k); });
  op.samples(activation_grad_samples);
  op.gradient([](GradientContext& g) {
    const Tensor& y = g.input(1);
    g.set(0, grad::op("EluGrad", {g.grad(), y}));
    g.set(1, grad::where(y < grad::like(y, 0), g.grad() * g.input(0), grad::zeros_like(y)));
  });
}

FLOE_OP("SeluGrad", op) {
  op.in("gradients:T, outputs:T").out("backprops:T").attrs(kFloatGradType);
  op.infer(infer_same_shapes).elementwise();
  op.kernel([](const KernelInit& k) { return gradient_kernel<SeluGradFn, FloatTypes>(k); });
  op.samples(activation_grad_samples);
  op.gradient([](GradientContext& g) {
    const Tensor& y = g.input(1);
    g.set(0, grad::op("SeluGrad", {g.grad(), y}));
    g.set(1, grad::where(y < grad::like(y, 0), g.grad() * g.input(0), grad::zeros_like(y)));
  });
}

FLOE_OP("LeakyReluGrad", op) {
  op.in("gradients:T, features:T")
      .out("backprops:T")
      .attrs("alpha:float=0.2; T:{half,bfloat16,float,double}=float");
  op.infer(infer_same_shapes).elementwise();
  op.kernel([](const KernelInit& k) {
    return gradient_kernel<LeakyReluGradFn, FloatTypes>(k, {k.attr<float>("alpha")});
  });
  op.samples([](Samples& s) {
    activation_grad_samples(s);
    s.add({s.random({2, 5}), s.random({2, 5})}, {{"alpha", 0.3f}});
  });
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(1);
    g.set(0, grad::op("LeakyReluGrad", {g.grad(), x}, {{"alpha", g.attr<float>("alpha")}}));
    g.set(1, grad::zeros_like(x));
  });
}

FLOE_OP("SoftplusGrad", op) {
  op.in("gradients:T, features:T").out("backprops:T").attrs(kFloatGradType);
  op.infer(infer_same_shapes).elementwise();
  op.kernel([](const KernelInit& k) { return gradient_kernel<SoftplusGradFn, FloatTypes>(k, {}, 10); });
  op.samples(activation_grad_samples);
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(1);
    g.set(0, grad::op("SoftplusGrad", {g.grad(), x}));
    g.set(1, g.grad() * g.input(0) / (grad::op("Exp", {-x}) + 2.0 + grad::op("Exp", {x})));
  });
}

FLOE_OP("SoftsignGrad", op) {
  op.in("gradients:T, features:T").out("backprops:T").attrs(kFloatGradType);
  op.infer(infer_same_shapes).elementwise();
  op.kernel([](const KernelInit& k) { return gradient_kernel<SoftsignGradFn, FloatTypes>(k); });
  op.samples(activation_grad_samples);
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(1);
    Tensor d = 1.0 + grad::op("Abs", {x});
    g.set(0, grad::op("SoftsignGrad", {g.grad(), x}));
    g.set(1, -2.0 * g.grad() * g.input(0) * grad::op("Sign", {x}) / (d * d * d));
  });
}

}  // namespace
}  // namespace floe
