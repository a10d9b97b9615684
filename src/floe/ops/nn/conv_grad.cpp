// Gradients of convolutions with respect to the input (which is the transposed convolution) and to the
// filter.
#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/ops/nn/conv_kernels.h"

namespace floe {
namespace {

Shape merged_grad_shapes(const InferContext& c, const Shape& a, const Shape& b) {
  try {
    return merge_shapes(a, b);
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
}

/// The shape that input i says: nothing is left open once its value is there.
Shape given_sizes(const InferContext& c, int i) {
  Shape s = c.shape_value(i);
  if (c.value(i) && !s.is_fully_defined())
    c.fail(cat(c.def().inputs[size_t(i)].name, " must be a vector of sizes that are >= 0, got ",
               c.value(i)->values_str(8)));
  return s;
}

/// Output shape of an input gradient: input 0 says it, filter (1) and out_backprop (2) must agree with it.
void infer_backprop_input(InferContext& c, int spatial, bool depthwise) {
  WindowAttrs a = window_attrs(c, spatial);
  Shape filter = c.with_rank(1, a.rank()), out = c.with_rank(2, a.rank());
  if (c.shape(0).has_rank() && c.shape(0).rank() != 1)
    c.fail(cat("input_sizes must be a vector (1-dimensional), found shape ", c.shape(0).str()));
  Shape input = given_sizes(c, 0);
  if (input.has_rank() && input.rank() == spatial && spatial == 2 && !depthwise)
    input = window_shape(a, out[0], input.data(), filter[2]);
  if (!input.has_rank()) input = Shape::unknown_of_rank(a.rank());
  if (input.rank() != a.rank())
    c.fail(cat(c.def().name, " requires input_sizes to contain ", a.rank(), " values",
               spatial == 2 && !depthwise ? " or 2 values" : "", ", but got: ", input.rank()));
  Shape batch_only = Shape::unknown_of_rank(a.rank());
  batch_only.set_dim(0, out[0]);
  if (input[0] >= 0 && out[0] >= 0 && input[0] != out[0])
    c.fail(cat("Dimensions must be equal, but are ", input[0], " and ", out[0],
               ": input and out_backprop must have the same batch size"));
  input = merged_grad_shapes(c, input, batch_only);
  check_conv_backprop(c, a, input, filter, out, depthwise);
  c.set_output(0, input);
}

/// Output shape of a filter gradient: filter_sizes (1) says it.
void infer_backprop_filter(InferContext& c, int spatial, bool depthwise) {
  WindowAttrs a = window_attrs(c, spatial);
  Shape input = c.with_rank(0, a.rank()), out = c.with_rank(2, a.rank());
  Shape filter = given_sizes(c, 1);
  if (!filter.has_rank()) filter = Shape::unknown_of_rank(a.rank());
  if (filter.rank() != a.rank()) c.fail(cat("Shape must be rank ", a.rank(), " but is rank ", filter.rank()));
  check_conv_backprop(c, a, input, filter, out, depthwise);
  c.set_output(0, filter);
}

template <class TypeList>
KernelFn backprop_input_kernel(const KernelInit& k, int spatial, bool depthwise) {
  WindowAttrs a = window_attrs(k.def, k.attrs, spatial);
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(1), [&]<class T>() {
    fn = [a, depthwise](KernelContext& c) {
      if (c.output(0).num_elements() == 0) return;
      ConvGeometry g =
          conv_geometry(a, c.output(0).shape(), c.input(1).shape(), c.input(2).shape(), depthwise);
      conv_backprop_input<T>(g, c.threads(), c.in<T>(2), c.in<T>(1), c.out<T>(0));
    };
  });
  return fn;
}

KernelFn backprop_filter_kernel(const KernelInit& k, int spatial, bool depthwise) {
  WindowAttrs a = window_attrs(k.def, k.attrs, spatial);
  KernelFn fn;
  dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
    fn = [a, depthwise](KernelContext& c) {
      if (c.output(0).num_elements() == 0) return;
      ConvGeometry g =
          conv_geometry(a, c.input(0).shape(), c.output(0).shape(), c.input(2).shape(), depthwise);
      conv_backprop_filter<T>(g, c.threads(), c.in<T>(0), c.in<T>(2), c.out<T>(0));
    };
  });
  return fn;
}

using Ints = std::vector<int64_t>;

AttrMap conv_grad_attrs(Ints strides, const char* padding, Ints dilations = {}, const char* format = nullptr,
                        Ints explicit_paddings = {}) {
  AttrMap m{{"strides", std::move(strides)}, {"padding", std::string(padding)}};
  if (!dilations.empty()) m.set("dilations", std::move(dilations));
  if (format) m.set("data_format", std::string(format));
  if (!explicit_paddings.empty()) m.set("explicit_paddings", std::move(explicit_paddings));
  return m;
}

FLOE_OP("Conv2DBackpropInput", op) {
  op.in("input_sizes:int32, filter:T, out_backprop:T")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double,int32}; strides:list(int); use_cudnn_on_gpu:bool=true; "
          "padding:{'SAME','VALID','EXPLICIT'}; explicit_paddings:list(int)=[]; "
          "data_format:{'NHWC','NCHW'}='NHWC'; "
          "dilations:list(int)=[1,1,1,1]");
  op.infer([](InferContext& c) { infer_backprop_input(c, 2, false); });
  op.kernel([](const KernelInit& k) {
    return backprop_input_kernel<Types<float, double, float16, bfloat16, int32_t>>(k, 2, false);
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({Samples::i32({2, 5, 6, 3}), s.random({3, 3, 3, 4}, t), s.random({2, 3, 3, 4}, t)},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
    });
    s.add({Samples::i32({1, 8, 7, 2}), s.random({3, 2, 2, 5}), s.random({1, 3, 2, 5})},
          conv_grad_attrs({1, 2, 3, 1}, "VALID"));
    s.add({Samples::i32({6, 6}), s.random({3, 3, 2, 5}), s.random({1, 3, 3, 5})},
          conv_grad_attrs({1, 2, 2, 1}, "SAME"));
    s.add({Samples::i32({1, 9, 8, 2}), s.random({3, 2, 2, 3}), s.random({1, 9, 8, 3})},
          conv_grad_attrs({1, 1, 1, 1}, "SAME", {1, 2, 3, 1}));
    s.add({Samples::i32({1, 4, 4, 3}), s.random({2, 2, 3, 4}), s.random({1, 3, 3, 4})},
          conv_grad_attrs({1, 2, 2, 1}, "EXPLICIT", {}, nullptr, {0, 0, 1, 1, 1, 1, 0, 0}));
    s.add({Samples::i32({1, 4, 4, 6}), s.random({2, 2, 3, 4}), s.random({1, 4, 4, 4})},
          conv_grad_attrs({1, 1, 1, 1}, "SAME"));
    s.add({Samples::i32({1, 3, 4, 4}), s.random({2, 2, 3, 4}), s.random({1, 4, 2, 2})},
          conv_grad_attrs({1, 1, 2, 2}, "SAME", {}, "NCHW"));
    s.fails("requires input_sizes to contain 4 values or 2 values, but got: 3",
            {Samples::i32({4, 4, 3}), s.random({2, 2, 3, 4}), s.random({1, 2, 2, 4})},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
    s.fails("Size of out_backprop doesn't match computed: actual = 3, computed = 2",
            {Samples::i32({1, 4, 4, 3}), s.random({2, 2, 3, 4}), s.random({1, 3, 2, 4})},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
    s.fails("Dimensions must be equal, but are 5 and 4",
            {Samples::i32({1, 4, 4, 3}), s.random({2, 2, 3, 4}), s.random({1, 2, 2, 5})},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(1))
      g.set(1, grad::same(g, "Conv2DBackpropFilter", {g.grad(), grad::shape_of(g.input(1)), g.input(2)}));
    if (g.needs(2)) g.set(2, grad::same(g, "Conv2D", {g.grad(), g.input(1)}));
  });
}

FLOE_OP("Conv2DBackpropFilter", op) {
  op.in("input:T, filter_sizes:int32, out_backprop:T")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double}; strides:list(int); use_cudnn_on_gpu:bool=true; "
          "padding:{'SAME','VALID','EXPLICIT'}; explicit_paddings:list(int)=[]; "
          "data_format:{'NHWC','NCHW'}='NHWC'; "
          "dilations:list(int)=[1,1,1,1]");
  op.infer([](InferContext& c) { infer_backprop_filter(c, 2, false); });
  op.kernel([](const KernelInit& k) { return backprop_filter_kernel(k, 2, false); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 5, 6, 3}, t), Samples::i32({3, 3, 3, 4}), s.random({2, 3, 3, 4}, t)},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
    });
    s.add({s.random({1, 9, 8, 2}), Samples::i32({3, 2, 2, 3}), s.random({1, 9, 8, 3})},
          conv_grad_attrs({1, 1, 1, 1}, "SAME", {1, 2, 3, 1}));
    s.add({s.random({1, 4, 4, 6}), Samples::i32({2, 2, 3, 4}), s.random({1, 3, 3, 4})},
          conv_grad_attrs({1, 1, 1, 1}, "VALID"));
    s.fails("Shape must be rank 4 but is rank 3",
            {s.random({1, 4, 4, 3}), Samples::i32({2, 2, 3}), s.random({1, 2, 2, 4})},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
    s.fails("Size of out_backprop doesn't match computed",
            {s.random({1, 4, 4, 3}), Samples::i32({2, 2, 3, 4}), s.random({1, 3, 2, 4})},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0))
      g.set(0, grad::same(g, "Conv2DBackpropInput", {grad::shape_of(g.input(0)), g.grad(), g.input(2)}));
    if (g.needs(2)) g.set(2, grad::same(g, "Conv2D", {g.input(0), g.grad()}));
  });
}

const char kConv3DGradAttrs[] =
    "T:{half,bfloat16,float,double}; strides:list(int)>=5; padding:{'SAME','VALID'}; "
    "data_format:{'NDHWC','NCDHW'}='NDHWC'; dilations:list(int)=[1,1,1,1,1]";

FLOE_OP("Conv3DBackpropInputV2", op) {
  op.in("input_sizes:Tshape, filter:T, out_backprop:T").out("output:T");
  op.attrs(std::string(kConv3DGradAttrs) + "; Tshape:{int32,int64}=int32");
  op.infer([](InferContext& c) { infer_backprop_input(c, 3, false); });
  op.kernel([](const KernelInit& k) { return backprop_input_kernel<FloatTypes>(k, 3, false); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({Samples::i32({1, 4, 5, 4, 2}), s.random({2, 3, 2, 2, 3}, t), s.random({1, 2, 3, 2, 3}, t)},
            conv_grad_attrs({1, 2, 2, 2, 1}, "SAME"));
    });
    s.add({Samples::i64({1, 4, 5, 4, 2}), s.random({2, 3, 2, 2, 3}), s.random({1, 3, 3, 3, 3})},
          conv_grad_attrs({1, 1, 1, 1, 1}, "VALID"));
    s.fails("requires input_sizes to contain 5 values",
            {Samples::i32({1, 4, 5, 4}), s.random({2, 3, 2, 2, 3}), s.random({1, 2, 3, 2, 3})},
            conv_grad_attrs({1, 2, 2, 2, 1}, "SAME"));
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(1))
      g.set(1, grad::same(g, "Conv3DBackpropFilterV2", {g.grad(), grad::shape_of(g.input(1)), g.input(2)}));
    if (g.needs(2)) g.set(2, grad::same(g, "Conv3D", {g.grad(), g.input(1)}));
  });
}

FLOE_OP("Conv3DBackpropFilterV2", op) {
  op.in("input:T, filter_sizes:int32, out_backprop:T").out("output:T").attrs(kConv3DGradAttrs);
  op.infer([](InferContext& c) { infer_backprop_filter(c, 3, false); });
  op.kernel([](const KernelInit& k) { return backprop_filter_kernel(k, 3, false); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({1, 4, 5, 4, 2}, t), Samples::i32({2, 3, 2, 2, 3}), s.random({1, 2, 3, 2, 3}, t)},
            conv_grad_attrs({1, 2, 2, 2, 1}, "SAME"));
    });
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0))
      g.set(0, grad::same(g, "Conv3DBackpropInputV2", {grad::shape_of(g.input(0)), g.grad(), g.input(2)}));
    if (g.needs(2)) g.set(2, grad::same(g, "Conv3D", {g.input(0), g.grad()}));
  });
}

const char kDepthwiseGradAttrs[] =
    "T:{half,bfloat16,float,double}; strides:list(int); padding:{'SAME','VALID','EXPLICIT'}; "
    "explicit_paddings:list(int)=[]; data_format:{'NHWC','NCHW'}='NHWC'; dilations:list(int)=[1,1,1,1]";

FLOE_OP("DepthwiseConv2dNativeBackpropInput", op) {
  op.in("input_sizes:int32, filter:T, out_backprop:T").out("output:T").attrs(kDepthwiseGradAttrs);
  op.infer([](InferContext& c) { infer_backprop_input(c, 2, true); });
  op.kernel([](const KernelInit& k) { return backprop_input_kernel<FloatTypes>(k, 2, true); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({Samples::i32({2, 5, 6, 3}), s.random({3, 3, 3, 2}, t), s.random({2, 3, 3, 6}, t)},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
    });
    s.add({Samples::i32({1, 5, 6, 3}), s.random({3, 3, 3, 1}), s.random({1, 3, 4, 3})},
          conv_grad_attrs({1, 1, 1, 1}, "VALID"));
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(1))
      g.set(1, grad::same(g, "DepthwiseConv2dNativeBackpropFilter",
                          {g.grad(), grad::shape_of(g.input(1)), g.input(2)}));
    if (g.needs(2)) g.set(2, grad::same(g, "DepthwiseConv2dNative", {g.grad(), g.input(1)}));
  });
}

FLOE_OP("DepthwiseConv2dNativeBackpropFilter", op) {
  op.in("input:T, filter_sizes:int32, out_backprop:T").out("output:T").attrs(kDepthwiseGradAttrs);
  op.infer([](InferContext& c) { infer_backprop_filter(c, 2, true); });
  op.kernel([](const KernelInit& k) { return backprop_filter_kernel(k, 2, true); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 5, 6, 3}, t), Samples::i32({3, 3, 3, 2}), s.random({2, 3, 3, 6}, t)},
            conv_grad_attrs({1, 2, 2, 1}, "SAME"));
    });
    s.add({s.random({1, 5, 6, 3}), Samples::i32({3, 3, 3, 1}), s.random({1, 3, 4, 3})},
          conv_grad_attrs({1, 1, 1, 1}, "VALID"));
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0))
      g.set(0, grad::same(g, "DepthwiseConv2dNativeBackpropInput",
                          {grad::shape_of(g.input(0)), g.grad(), g.input(2)}));
    if (g.needs(2)) g.set(2, grad::same(g, "DepthwiseConv2dNative", {g.input(0), g.grad()}));
  });
}

}  // namespace
}  // namespace floe
