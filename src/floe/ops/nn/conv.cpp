// Convolutions: Conv2D, Conv3D, DepthwiseConv2dNative.
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/ops/nn/conv_kernels.h"

namespace floe {
namespace {

template <class TypeList>
KernelFn conv_kernel(const KernelInit& k, int spatial, bool depthwise) {
  WindowAttrs a = window_attrs(k.def, k.attrs, spatial);
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(0), [&]<class T>() {
    fn = [a, depthwise](KernelContext& c) {
      if (c.output(0).num_elements() == 0) return;
      ConvGeometry g =
          conv_geometry(a, c.input(0).shape(), c.input(1).shape(), c.output(0).shape(), depthwise);
      conv_forward<T>(g, c.threads(), c.in<T>(0), c.in<T>(1), c.out<T>(0));
    };
  });
  return fn;
}

using Ints = std::vector<int64_t>;

AttrMap conv_attrs(Ints strides, const char* padding, Ints dilations = {}, const char* format = nullptr,
                   Ints explicit_paddings = {}) {
  AttrMap m{{"strides", std::move(strides)}, {"padding", std::string(padding)}};
  if (!dilations.empty()) m.set("dilations", std::move(dilations));
  if (format) m.set("data_format", std::string(format));
  if (!explicit_paddings.empty()) m.set("explicit_paddings", std::move(explicit_paddings));
  return m;
}

FLOE_OP("Conv2D", op) {
  op.in("input:T, filter:T")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double,int32}; strides:list(int); use_cudnn_on_gpu:bool=true; "
          "padding:{'SAME','VALID','EXPLICIT'}; explicit_paddings:list(int)=[]; "
          "data_format:{'NHWC','NCHW'}='NHWC'; "
          "dilations:list(int)=[1,1,1,1]");
  op.infer(infer_conv2d);
  op.kernel([](const KernelInit& k) {
    return conv_kernel<Types<float, double, float16, bfloat16, int32_t>>(k, 2, false);
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 5, 6, 3}, t), s.random({3, 3, 3, 4}, t)}, conv_attrs({1, 1, 1, 1}, "SAME"));
    });
    s.add({s.random({1, 7, 8, 2}), s.random({3, 2, 2, 5})}, conv_attrs({1, 2, 3, 1}, "VALID"));
    s.add({s.random({1, 7, 8, 2}), s.random({3, 2, 2, 5})}, conv_attrs({1, 2, 2, 1}, "SAME"));
    s.add({s.random({1, 9, 8, 2}), s.random({3, 2, 2, 3})}, conv_attrs({1, 1, 1, 1}, "SAME", {1, 2, 3, 1}));
    s.add({s.random({1, 9, 8, 2}), s.random({3, 2, 2, 3})}, conv_attrs({1, 2, 1, 1}, "VALID", {1, 2, 3, 1}));
    s.add({s.random({1, 5, 4, 3}), s.random({2, 3, 3, 2})},
          conv_attrs({1, 1, 2, 1}, "EXPLICIT", {}, nullptr, {0, 0, 2, 1, 0, 3, 0, 0}));
    s.add({s.random({1, 3, 5, 4}), s.random({2, 3, 3, 2})}, conv_attrs({1, 1, 1, 2}, "SAME", {}, "NCHW"));
    s.add({s.random({2, 3, 5, 4}), s.random({2, 3, 3, 2})},
          conv_attrs({1, 1, 1, 1}, "EXPLICIT", {1, 1, 1, 1}, "NCHW", {0, 0, 0, 0, 1, 0, 2, 1}));
    s.add({s.random({1, 5, 5, 6}), s.random({3, 3, 2, 9})}, conv_attrs({1, 1, 1, 1}, "SAME"));
    s.add({s.random({1, 4, 4, 8}), s.random({1, 1, 8, 4})}, conv_attrs({1, 1, 1, 1}, "VALID"));
    s.add({s.random({1, 2, 2, 1}), s.random({5, 5, 1, 1})}, conv_attrs({1, 1, 1, 1}, "SAME"));
    s.fails("input depth must be evenly divisible by filter depth: 3 vs 2",
            {s.random({1, 4, 4, 3}), s.random({2, 2, 2, 4})}, conv_attrs({1, 1, 1, 1}, "SAME"));
    s.fails("Shape must be rank 4 but is rank 3", {s.random({4, 4, 3}), s.random({2, 2, 3, 4})},
            conv_attrs({1, 1, 1, 1}, "SAME"));
    s.fails("requires the stride attribute to contain 4 values, but got: 3",
            {s.random({1, 4, 4, 3}), s.random({2, 2, 3, 4})}, conv_attrs({1, 1, 1}, "SAME"));
    s.fails("Stride must be > 0, but got 0", {s.random({1, 4, 4, 3}), s.random({2, 2, 3, 4})},
            conv_attrs({1, 0, 1, 1}, "SAME"));
    s.fails("does not yet support strides in the batch and depth dimensions",
            {s.random({1, 4, 4, 3}), s.random({2, 2, 3, 4})}, conv_attrs({2, 1, 1, 1}, "SAME"));
    s.fails("Negative dimension size caused by subtracting 5 from 4",
            {s.random({1, 4, 4, 3}), s.random({5, 5, 3, 4})}, conv_attrs({1, 1, 1, 1}, "VALID"));
    s.fails("explicit_paddings attribute must contain 8 values, but got: 3",
            {s.random({1, 4, 4, 3}), s.random({2, 2, 3, 4})},
            conv_attrs({1, 1, 1, 1}, "EXPLICIT", {}, nullptr, {0, 0, 1}));
    s.fails("Depth of filter must not be 0", {s.random({1, 4, 4, 0}), s.random({2, 2, 0, 3})},
            conv_attrs({1, 1, 1, 1}, "SAME"));
    s.fails("is not a multiple of the number of groups (2)", {s.random({1, 4, 4, 4}), s.random({2, 2, 2, 3})},
            conv_attrs({1, 1, 1, 1}, "SAME"));
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0))
      g.set(0, grad::same(g, "Conv2DBackpropInput", {grad::shape_of(g.input(0)), g.input(1), g.grad()}));
    if (g.needs(1))
      g.set(1, grad::same(g, "Conv2DBackpropFilter", {g.input(0), grad::shape_of(g.input(1)), g.grad()}));
  });
}

FLOE_OP("Conv3D", op) {
  op.in("input:T, filter:T")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double}; strides:list(int)>=5; padding:{'SAME','VALID'}; "
          "data_format:{'NDHWC','NCDHW'}='NDHWC'; dilations:list(int)=[1,1,1,1,1]");
  op.infer(infer_conv3d);
  op.kernel([](const KernelInit& k) { return conv_kernel<FloatTypes>(k, 3, false); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({1, 4, 5, 3, 2}, t), s.random({2, 3, 2, 2, 3}, t)},
            conv_attrs({1, 1, 1, 1, 1}, "SAME"));
    });
    s.add({s.random({2, 5, 4, 6, 2}), s.random({2, 2, 3, 2, 3})}, conv_attrs({1, 2, 1, 2, 1}, "VALID"));
    s.add({s.random({1, 5, 4, 6, 2}), s.random({2, 2, 3, 2, 3})},
          conv_attrs({1, 1, 1, 1, 1}, "SAME", {1, 2, 1, 2, 1}));
    s.add({s.random({1, 2, 5, 4, 6}), s.random({2, 2, 3, 2, 3})},
          conv_attrs({1, 1, 1, 1, 1}, "SAME", {1, 1, 1, 1, 1}, "NCDHW"));
    s.fails("is not a multiple of input depth of filter",
            {s.random({1, 4, 4, 4, 3}), s.random({2, 2, 2, 2, 4})}, conv_attrs({1, 1, 1, 1, 1}, "SAME"));
    s.fails("Negative dimension size", {s.random({1, 2, 4, 4, 3}), s.random({3, 2, 2, 3, 4})},
            conv_attrs({1, 1, 1, 1, 1}, "VALID"));
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0))
      g.set(0, grad::same(g, "Conv3DBackpropInputV2", {grad::shape_of(g.input(0)), g.input(1), g.grad()}));
    if (g.needs(1))
      g.set(1, grad::same(g, "Conv3DBackpropFilterV2", {g.input(0), grad::shape_of(g.input(1)), g.grad()}));
  });
}

FLOE_OP("DepthwiseConv2dNative", op) {
  op.in("input:T, filter:T")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double}; strides:list(int); padding:{'SAME','VALID','EXPLICIT'}; "
          "explicit_paddings:list(int)=[]; data_format:{'NHWC','NCHW'}='NHWC'; "
          "dilations:list(int)=[1,1,1,1]");
  op.infer(infer_depthwise_conv2d);
  op.kernel([](const KernelInit& k) { return conv_kernel<FloatTypes>(k, 2, true); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 5, 6, 3}, t), s.random({3, 3, 3, 1}, t)}, conv_attrs({1, 1, 1, 1}, "SAME"));
    });
    s.add({s.random({1, 7, 8, 3}), s.random({3, 2, 3, 2})}, conv_attrs({1, 2, 2, 1}, "VALID"));
    s.add({s.random({1, 7, 8, 3}), s.random({3, 3, 3, 1})}, conv_attrs({1, 2, 2, 1}, "SAME"));
    s.add({s.random({1, 9, 8, 2}), s.random({3, 3, 2, 2})}, conv_attrs({1, 1, 1, 1}, "SAME", {1, 2, 2, 1}));
    s.add({s.random({1, 3, 5, 4}), s.random({2, 3, 3, 2})}, conv_attrs({1, 1, 1, 1}, "SAME", {}, "NCHW"));
    s.add({s.random({1, 5, 4, 3}), s.random({2, 3, 3, 2})},
          conv_attrs({1, 1, 1, 1}, "EXPLICIT", {}, nullptr, {0, 0, 2, 1, 0, 3, 0, 0}));
    s.add({s.random({0, 4, 4, 3}), s.random({2, 2, 3, 1})}, conv_attrs({1, 1, 1, 1}, "SAME"));
    s.fails("Dimensions must be equal, but are 3 and 2", {s.random({1, 4, 4, 3}), s.random({2, 2, 2, 2})},
            conv_attrs({1, 1, 1, 1}, "SAME"));
    s.fails("Shape must be rank 4 but is rank 3", {s.random({4, 4, 3}), s.random({2, 2, 3, 2})},
            conv_attrs({1, 1, 1, 1}, "SAME"));
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0))
      g.set(0, grad::same(g, "DepthwiseConv2dNativeBackpropInput",
                          {grad::shape_of(g.input(0)), g.input(1), g.grad()}));
    if (g.needs(1))
      g.set(1, grad::same(g, "DepthwiseConv2dNativeBackpropFilter",
                          {g.input(0), grad::shape_of(g.input(1)), g.grad()}));
  });
}

}  // namespace
}  // namespace floe
