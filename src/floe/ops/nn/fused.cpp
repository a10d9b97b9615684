// Fused ops as TensorFlow's graph optimizer writes them into frozen graphs: a convolution or matrix product
// followed by a list of small ops (fused_ops), and FusedBatchNorm with an addition and an activation.
#include <algorithm>
#include <cmath>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/nn/activations.h"
#include "floe/ops/nn/batch_norm.h"
#include "floe/ops/nn/conv_kernels.h"

namespace floe {
namespace {

enum class Fused : uint8_t {
  kBiasAdd,
  kAdd,
  kBatchNorm,
  kRelu,
  kRelu6,
  kElu,
  kLeakyRelu,
  kTanh,
  kSigmoid,
  kGeluTanh,
  kGeluErf
};

struct FusedStep {
  Fused kind;
  int arg = -1;  // first input of the step
};

struct FusedList {
  std::vector<FusedStep> steps;
  float epsilon = 1e-4f, alpha = 0.2f;
};

const std::pair<const char*, Fused> kFusedNames[] = {{"BiasAdd", Fused::kBiasAdd},
                                                     {"Add", Fused::kAdd},
                                                     {"FusedBatchNorm", Fused::kBatchNorm},
                                                     {"Relu", Fused::kRelu},
                                                     {"Relu6", Fused::kRelu6},
                                                     {"Elu", Fused::kElu},
                                                     {"LeakyRelu", Fused::kLeakyRelu},
                                                     {"Tanh", Fused::kTanh},
                                                     {"Sigmoid", Fused::kSigmoid},
                                                     {"GeluApproximate", Fused::kGeluTanh},
                                                     {"GeluExact", Fused::kGeluErf}};

int args_of(Fused f) { return f == Fused::kBatchNorm ? 4 : f == Fused::kBiasAdd || f == Fused::kAdd ? 1 : 0; }

/// Reads fused_ops; `args` is the number of inputs behind the two main ones. Throws InvalidArgument.
FusedList read_fused(const AttrMap& attrs, int args) {
  FusedList list;
  list.epsilon = attrs.get_or<float>("epsilon", list.epsilon);
  list.alpha = attrs.get_or<float>("leakyrelu_alpha", list.alpha);
  int next = 2;
  for (const std::string& name : attrs.get<std::vector<std::string>>("fused_ops")) {
    auto it = std::find_if(std::begin(kFusedNames), std::end(kFusedNames),
                           [&](auto& n) { return name == n.first; });
    if (it == std::end(kFusedNames)) throw InvalidArgument(cat("Fusion is not implemented: [", name, "]"));
    list.steps.push_back({it->second, next});
    next += args_of(it->second);
  }
  if (next != 2 + args)
    throw InvalidArgument(cat("the fused ops need ", next - 2, " extra inputs, the node has ", args));
  return list;
}

/// Checks the shapes of the extra inputs against the output.
void check_fused(InferContext& c, int64_t channels, const Shape& out) {
  FusedList list;
  try {
    list = read_fused(c.attrs(), c.num_inputs() - 2);
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
  for (const FusedStep& s : list.steps)
    for (int i = s.arg; i < s.arg + args_of(s.kind); ++i) {
      if (s.kind == Fused::kAdd) {
        if (!out.is_compatible_with(c.shape(i)))
          c.fail(cat("the added tensor has shape ", c.shape(i).str(), ", the output ", out.str()));
        continue;
      }
      int64_t n = c.with_rank(i, 1)[0];
      if (n >= 0 && channels >= 0 && n != channels)
        c.fail(cat("input ", i, " has ", n, " elements, the output has ", channels, " channels"));
    }
}

float activate(Fused f, float x, float alpha) {
  switch (f) {
    case Fused::kRelu:
      return ReluFn{}(x);
    case Fused::kRelu6:
      return Relu6Fn{}(x);
    case Fused::kElu:
      return EluFn{}(x);
    case Fused::kLeakyRelu:
      return LeakyReluFn{alpha}(x);
    case Fused::kTanh:
      return std::tanh(x);
    case Fused::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Fused::kGeluTanh:
      return 0.5f * x * (1 + std::tanh(0.7978845608028654f * (x + 0.044715f * x * x * x)));
    case Fused::kGeluErf:
      return 0.5f * x * (1 + std::erf(x * 0.7071067811865476f));
    default:
      return x;
  }
}

/// Applies the steps to output 0 in place; elements of one channel are `inner` apart in runs of `inner`.
template <class T>
void apply_fused(KernelContext& c, const FusedList& list, int64_t channels, int64_t inner) {
  T* y = c.out<T>(0);
  int64_t total = c.output(0).num_elements();
  if (total == 0) return;
  for (const FusedStep& s : list.steps) {
    std::vector<float> factor(static_cast<size_t>(channels), 1.0f),
        offset(static_cast<size_t>(channels), 0.0f);
    if (s.kind == Fused::kAdd) {
      const T* other = c.in<T>(s.arg);
      for (int64_t i = 0; i < total; ++i) y[i] = T(compute_t<T>(y[i]) + compute_t<T>(other[i]));
      continue;
    }
    if (args_of(s.kind) == 0) {
      for (int64_t i = 0; i < total; ++i) y[i] = T(activate(s.kind, float(y[i]), list.alpha));
      continue;
    }
    for (int64_t ch = 0; ch < channels; ++ch) {
      size_t k = size_t(ch);
      if (s.kind == Fused::kBiasAdd) {
        offset[k] = float(c.in<T>(s.arg)[ch]);
        continue;
      }
      const T *scale = c.in<T>(s.arg), *shift = c.in<T>(s.arg + 1), *mean = c.in<T>(s.arg + 2),
              *var = c.in<T>(s.arg + 3);
      factor[k] = float(scale[ch]) / std::sqrt(float(var[ch]) + list.epsilon);
      offset[k] = float(shift[ch]) - float(mean[ch]) * factor[k];
    }
    for (int64_t i = 0; i < total; ++i) {
      size_t ch = size_t(i / inner % channels);
      y[i] = T(float(y[i]) * factor[ch] + offset[ch]);
    }
  }
}

using FusedTypes = Types<float, float16, bfloat16, double>;

KernelFn fused_conv_kernel(const KernelInit& k, bool depthwise) {
  AttrMap attrs = k.attrs;
  WindowAttrs a = window_attrs(k.def, attrs, 2);
  FusedList list = read_fused(attrs, k.num_inputs() - 2);
  KernelFn fn;
  dispatch(FusedTypes{}, k.input_type(0), [&]<class T>() {
    fn = [=](KernelContext& c) {
      if (c.output(0).num_elements() == 0) return;
      ConvGeometry g =
          conv_geometry(a, c.input(0).shape(), c.input(1).shape(), c.output(0).shape(), depthwise);
      conv_forward<T>(g, c.threads(), c.in<T>(0), c.in<T>(1), c.out<T>(0));
      apply_fused<T>(c, list, g.out_channels, g.out_channel_step());
    };
  });
  return fn;
}

void infer_fused_conv(InferContext& c, bool depthwise) {
  if (c.has_attr("filter_format") && c.attr<std::string>("filter_format") != "HWIO")
    c.fail("only filter_format HWIO is supported on the CPU");
  WindowAttrs a = window_attrs(c, 2);
  Shape out = conv_shape(c, a, c.with_rank(0, 4), c.with_rank(1, 4), depthwise);
  check_fused(c, out[a.channel_axis()], out);
  c.set_output(0, out);
}

AttrMap fused_conv_attrs(std::vector<std::string> ops, int64_t args, const char* padding = "SAME") {
  return {{"strides", std::vector<int64_t>{1, 1, 1, 1}},
          {"padding", std::string(padding)},
          {"fused_ops", std::move(ops)},
          {"num_args", args},
          {"num_host_args", int64_t(0)},
          {"T", DType::kFloat32},
          {"TArgs", std::vector<DType>(size_t(args), DType::kFloat32)}};
}

FLOE_OP("_FusedConv2D", op) {
  op.in("input:T, filter:T, args:TArgs, host_args:num_host_args*float")
      .out("output:T")
      .attrs(
          "T:{half,float,double,int8,qint8}; TArgs:list(type)>=1; num_args:int>=0; num_host_args:int>=0=0; "
          "strides:list(int); padding:{'SAME','VALID','EXPLICIT'}; explicit_paddings:list(int)=[]; "
          "data_format:{'NHWC','NCHW','NCHW_VECT_C'}='NHWC'; "
          "filter_format:{'HWIO','OIHW','OIHW_VECT_I'}='HWIO'; "
          "dilations:list(int)=[1,1,1,1]; use_cudnn_on_gpu:bool=true; fused_ops:list(string)=[]; "
          "epsilon:float=0.0001; "
          "leakyrelu_alpha:float=0.2");
  op.infer([](InferContext& c) { infer_fused_conv(c, false); });
  op.kernel([](const KernelInit& k) { return fused_conv_kernel(k, false); });
  op.samples([](Samples& s) {
    auto x = [&] { return s.random({1, 4, 5, 3}); };
    auto w = [&] { return s.random({3, 3, 3, 4}); };
    auto v = [&] { return s.random({4}); };
    s.add({x(), w(), v()}, fused_conv_attrs({"BiasAdd"}, 1));
    for (const char* f : {"Relu", "Relu6", "Elu", "LeakyRelu"})
      s.add({x(), w(), v()}, fused_conv_attrs({"BiasAdd", f}, 1));
    s.add({x(), w(), v(), v(), v(), s.uniform({4}, 0.1, 2)}, fused_conv_attrs({"FusedBatchNorm"}, 4));
    s.add({x(), w(), v(), v(), v(), s.uniform({4}, 0.1, 2)}, fused_conv_attrs({"FusedBatchNorm", "Relu"}, 4));
    s.add({x(), w(), v()}, fused_conv_attrs({"BiasAdd", "Relu"}, 1, "VALID"));
    s.fails("Fusion is not implemented", {x(), w(), v()}, fused_conv_attrs({"BiasAdd", "Cosh"}, 1));
    s.fails("the fused ops need 1 extra inputs, the node has 2", {x(), w(), v(), v()},
            fused_conv_attrs({"BiasAdd"}, 2));
  });
}

FLOE_OP("_FusedDepthwiseConv2dNative", op) {
  op.in("input:T, filter:T, args:num_args*T")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double}; num_args:int>=0; strides:list(int); "
          "padding:{'SAME','VALID','EXPLICIT'}; "
          "explicit_paddings:list(int)=[]; data_format:{'NHWC','NCHW'}='NHWC'; "
          "dilations:list(int)=[1,1,1,1]; "
          "fused_ops:list(string)=[]; epsilon:float=0.0001; leakyrelu_alpha:float=0.2");
  op.infer([](InferContext& c) { infer_fused_conv(c, true); });
  op.kernel([](const KernelInit& k) { return fused_conv_kernel(k, true); });
}

template <class T>
void fused_matmul(KernelContext& c, bool ta, bool tb, const FusedList& list) {
  using S = compute_t<T>;
  const Tensor &a = c.input(0), &b = c.input(1);
  int64_t m = c.output(0).dim(0), n = c.output(0).dim(1), k = a.dim(ta ? 0 : 1);
  const T *pa = a.data<T>(), *pb = b.data<T>();
  T* y = c.out<T>(0);
  std::vector<S> row(static_cast<size_t>(n)), right(static_cast<size_t>(k * n));
  for (int64_t i = 0; i < k; ++i)
    for (int64_t j = 0; j < n; ++j) right[size_t(i * n + j)] = S(tb ? pb[j * k + i] : pb[i * n + j]);
  for (int64_t r = 0; r < m; ++r) {
    std::fill(row.begin(), row.end(), S(0));
    for (int64_t i = 0; i < k; ++i) {
      S v = S(ta ? pa[i * m + r] : pa[r * k + i]);
      for (int64_t j = 0; j < n; ++j) row[size_t(j)] += v * right[size_t(i * n + j)];
    }
    for (int64_t j = 0; j < n; ++j) y[r * n + j] = T(row[size_t(j)]);
  }
  apply_fused<T>(c, list, n, 1);
}

FLOE_OP("_FusedMatMul", op) {
  op.in("a:T, b:T, args:num_args*T")
      .out("product:T")
      .attrs(
          "transpose_a:bool=false; transpose_b:bool=false; T:{bfloat16,half,float}; num_args:int>=0; "
          "fused_ops:list(string)=[]; epsilon:float=0.0001; leakyrelu_alpha:float=0.2");
  op.infer([](InferContext& c) {
    Shape a = c.with_rank(0, 2), b = c.with_rank(1, 2);
    bool ta = c.attr<bool>("transpose_a"), tb = c.attr<bool>("transpose_b");
    int64_t ka = a[ta ? 0 : 1], kb = b[tb ? 1 : 0];
    if (ka >= 0 && kb >= 0 && ka != kb)
      c.fail(cat("Matrix size-incompatible: In[0]: ", a.str(), ", In[1]: ", b.str()));
    Shape out{a[ta ? 1 : 0], b[tb ? 0 : 1]};
    check_fused(c, out[1], out);
    c.set_output(0, out);
  });
  op.kernel([](const KernelInit& k) {
    bool ta = k.attr<bool>("transpose_a"), tb = k.attr<bool>("transpose_b");
    FusedList list = read_fused(k.attrs, k.num_inputs() - 2);
    KernelFn fn;
    dispatch(Types<float, float16, bfloat16>{}, k.input_type(0),
             [&]<class T>() { fn = [=](KernelContext& c) { fused_matmul<T>(c, ta, tb, list); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    auto fused = [](std::vector<std::string> ops, bool ta = false, bool tb = false) -> AttrMap {
      return {{"fused_ops", std::move(ops)}, {"transpose_a", ta}, {"transpose_b", tb}};
    };
    s.add({s.random({2, 3}), s.random({3, 4}), s.random({4})}, fused({"BiasAdd"}));
    for (const char* f : {"Relu", "Relu6", "Elu", "LeakyRelu", "Tanh", "Sigmoid"})
      s.add({s.random({2, 3}), s.random({3, 4}), s.random({4})}, fused({"BiasAdd", f}));
    s.add({s.random({3, 2}), s.random({3, 4}), s.random({4})}, fused({"BiasAdd"}, true, false));
    s.add({s.random({2, 3}), s.random({4, 3}), s.random({4})}, fused({"BiasAdd"}, false, true));
    s.fails("Matrix size-incompatible", {s.random({2, 3}), s.random({2, 4}), s.random({4})},
            fused({"BiasAdd"}));
  });
}

FLOE_OP("_FusedBatchNormEx", op) {
  op.in("x:T, scale:U, offset:U, mean:U, variance:U, side_input:num_side_inputs*T");
  op.out("y:T, batch_mean:U, batch_variance:U, reserve_space_1:U, reserve_space_2:U, reserve_space_3:U");
  op.attrs(
      "T:{half,float,bfloat16}; U:{float}; epsilon:float=0.0001; exponential_avg_factor:float=1.0; "
      "num_side_inputs:int>=0=0; activation_mode:string='Identity'; data_format:{'NHWC','NCHW'}='NHWC'; "
      "is_training:bool=true");
  op.infer([](InferContext& c) {
    infer_fused_batch_norm(c);
    for (int i = 5; i < c.num_inputs(); ++i)
      if (!c.output_shape(0).is_compatible_with(c.shape(i)))
        c.fail(cat("side_input has shape ", c.shape(i).str(), ", x has ", c.output_shape(0).str()));
    const std::string& mode = c.attr<std::string>("activation_mode");
    if (mode != "Identity" && mode != "Relu") c.fail(cat("Unsupported activation mode: ", mode));
  });
  op.kernel([](const KernelInit& k) {
    BatchNormAttrs a = batch_norm_attrs(k.attrs);
    bool relu = k.attr<std::string>("activation_mode") == "Relu";
    KernelFn fn;
    dispatch(Types<float, float16, bfloat16>{}, k.input_type(0), [&]<class T>() {
      fn = [=](KernelContext& c) {
        fused_batch_norm<T>(c, a);
        T* y = c.out<T>(0);
        int64_t n = c.output(0).num_elements();
        for (int i = 5; i < c.num_inputs(); ++i)
          for (int64_t j = 0; j < n; ++j) y[j] = T(compute_t<T>(y[j]) + compute_t<T>(c.in<T>(i)[j]));
        if (relu)
          for (int64_t j = 0; j < n; ++j) y[j] = T(ReluFn{}(compute_t<T>(y[j])));
      };
    });
    return fn;
  });
}

}  // namespace
}  // namespace floe
