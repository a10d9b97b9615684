// Convolution and matrix product with bias, residual and activation, as the planner's fusion writes them.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/activation.h"
#include "floe/op/conv_geometry.h"
#include "floe/op/infer.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

constexpr const char* kEpilogue =
    "bias:bool=false; residual:bool=false; activation:string=''; alpha:float=0.2";

// What follows the product, whose shape is output 0's, channels last.
void check_epilogue(InferContext& c) {
  const Shape& out = c.output_shape(0);
  int at = 2;
  const int args = int(c.attr<bool>("bias")) + int(c.attr<bool>("residual"));
  if (c.num_inputs() != at + args)
    c.fail(cat("bias and residual stand for ", args, " extra inputs, the node has ", c.num_inputs() - at));
  const auto names = activation_names();
  if (std::find(names.begin(), names.end(), c.attr<std::string>("activation")) == names.end())
    c.fail(cat("there is no activation '", c.attr<std::string>("activation"), "'"));
  if (c.attr<bool>("bias")) {
    Shape bias = c.with_rank(at++, 1);
    if (out.has_rank() && !bias.is_compatible_with({out.dim(-1)}))
      c.fail(cat("the bias has shape ", bias.str(), ", the result ", out.str()));
  }
  if (c.attr<bool>("residual") && !c.shape(at).is_compatible_with(out))
    c.fail(cat("what is added has shape ", c.shape(at).str(), ", the result ", out.str()));
}

template <void (*kInfer)(InferContext&)>
void infer_fused_conv(InferContext& c) {
  if (c.attr<std::string>("data_format") != "NHWC") c.fail("data_format must be NHWC");
  kInfer(c);
  check_epilogue(c);
}

// result -> activation(result + bias + residual), by plain op calls. Extra inputs start at 2.
Tensor finish(KernelContext& c, Tensor y, bool bias, bool residual, const std::string& activation,
              float alpha) {
  int at = 2;
  auto add = [&](const Tensor& x) { y = invoke(get_op("AddV2"), {y, x}, {}, c.state(), {}, true)[0]; };
  if (bias) add(c.input(at++));
  if (residual) add(c.input(at++));
  return apply_activation(activation, alpha, y, c.state());
}

KernelFn composed(const KernelInit& k, const char* base, AttrMap attrs) {
  bool bias = k.attr<bool>("bias"), residual = k.attr<bool>("residual");
  std::string activation = k.attr<std::string>("activation");
  float alpha = k.attr<float>("alpha");
  const OpDef* op = &get_op(base);
  return [=](KernelContext& c) {
    Tensor y = invoke(*op, {c.input(0), c.input(1)}, attrs, c.state(), {}, true)[0];
    c.set_output(0, finish(c, y, bias, residual, activation, alpha));
  };
}

KernelFn composed_conv(const KernelInit& k, const char* base) {
  AttrMap attrs;
  for (const char* name : {"T", "strides", "padding", "explicit_paddings", "data_format", "dilations"})
    attrs.set(name, *k.attrs.find(name));
  return composed(k, base, attrs);
}

void declare_conv(OpBuilder& op) {
  op.in("input:T, filter:T, args:num_args*T")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double}; num_args:int>=0; strides:list(int); "
          "padding:{'SAME','VALID','EXPLICIT'}; explicit_paddings:list(int)=[]; "
          "data_format:{'NHWC','NCHW'}='NHWC'; "
          "dilations:list(int)=[1,1,1,1]");
  op.attrs(kEpilogue);
}

void conv_samples(Samples& s, const Shape& filter, int64_t out_channels) {
  AttrMap base{{"strides", std::vector<int64_t>{1, 1, 1, 1}}, {"padding", std::string("SAME")}};
  Tensor x = s.random({2, 9, 8, 5}), w = s.random(filter), b = s.random({out_channels});
  for (const char* name : activation_names()) {
    AttrMap a = base;
    a.set("bias", true);
    a.set("activation", std::string(name));
    s.add({x, w, b}, a).tolerance = 1e-5;
    a.set("residual", true);
    s.add({x, w, b, s.random({2, 9, 8, out_channels})}, a).tolerance = 1e-5;
  }
}

FLOE_OP("_FloeConv2D", op) {
  declare_conv(op);
  op.infer(infer_fused_conv<infer_conv2d>).kernel([](const KernelInit& k) {
    return composed_conv(k, "Conv2D");
  });
  op.samples([](Samples& s) {
    conv_samples(s, {3, 3, 5, 7}, 7);
    conv_samples(s, {1, 1, 5, 16}, 16);
  });
}

FLOE_OP("_FloeDepthwiseConv2D", op) {
  declare_conv(op);
  op.infer(infer_fused_conv<infer_depthwise_conv2d>).kernel([](const KernelInit& k) {
    return composed_conv(k, "DepthwiseConv2dNative");
  });
  op.samples([](Samples& s) { conv_samples(s, {3, 3, 5, 1}, 5); });
}

FLOE_OP("_FloeMatMul", op) {
  op.in("a:T, b:T, args:num_args*T")
      .out("product:T")
      .attrs(
          "T:{half,bfloat16,float,double}; num_args:int>=0; transpose_a:bool=false; transpose_b:bool=false");
  op.attrs(kEpilogue);
  // `a` may have leading dimensions of its own: they are rows.
  op.infer([](InferContext& c) {
    bool tb = c.attr<bool>("transpose_b");
    Shape a = c.attr<bool>("transpose_a") ? c.with_rank(0, 2) : c.with_rank_at_least(0, 2);
    Shape b = c.with_rank(1, 2);
    if (!a.has_rank()) return check_epilogue(c);
    Shape out = a;
    if (c.attr<bool>("transpose_a")) {
      out = Shape{a[1], a[0]};
      a = out;
    }
    int64_t k = a.dim(-1), kb = b[tb ? 1 : 0];
    if (k >= 0 && kb >= 0 && k != kb)
      c.fail("Matrix size-incompatible: In[0]: " + a.str() + ", In[1]: " + b.str());
    out.set_dim(-1, b[tb ? 0 : 1]);
    c.set_output(0, out);
    check_epilogue(c);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn plain = composed(k, "MatMul",
                              {{"T", k.attr<DType>("T")},
                               {"transpose_a", k.attr<bool>("transpose_a")},
                               {"transpose_b", k.attr<bool>("transpose_b")}});
    bool bias = k.attr<bool>("bias"), residual = k.attr<bool>("residual"), tb = k.attr<bool>("transpose_b");
    std::string activation = k.attr<std::string>("activation");
    float alpha = k.attr<float>("alpha");
    return [=](KernelContext& c) {
      const Tensor& a = c.input(0);
      if (a.rank() == 2) return plain(c);
      int64_t inner = a.dim(-1), rows = inner ? a.num_elements() / inner : 0;
      Tensor y = invoke(get_op("MatMul"), {a.reshaped(Shape{rows, inner}), c.input(1)}, {{"transpose_b", tb}},
                        c.state(), {}, true)[0];
      Shape out = a.shape();
      out.set_dim(-1, y.dim(1));
      c.set_output(0, finish(c, y.reshaped(out), bias, residual, activation, alpha));
    };
  });
  op.samples([](Samples& s) {
    for (const char* name : activation_names()) {
      AttrMap a{{"bias", true}, {"activation", std::string(name)}};
      s.add({s.random({3, 17}), s.random({17, 40}), s.random({40})}, a).tolerance = 1e-5;
      a.set("residual", true);
      s.add({s.random({2, 3, 17}), s.random({17, 5}), s.random({5}), s.random({2, 3, 5})}, a).tolerance =
          1e-5;
    }
    s.add({s.random({17, 3}), s.random({40, 17})}, {{"transpose_a", true}, {"transpose_b", true}});
  });
}

}  // namespace
}  // namespace floe
