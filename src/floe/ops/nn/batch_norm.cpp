// FusedBatchNorm (three versions) and the old BatchNormWithGlobalNormalization.
#include "floe/ops/nn/batch_norm.h"

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"

namespace floe {

BatchNormAttrs batch_norm_attrs(const AttrMap& attrs) {
  BatchNormAttrs a;
  a.epsilon = attrs.get<float>("epsilon");
  a.average_factor = attrs.get_or<float>("exponential_avg_factor", 1.0f);
  a.training = attrs.get<bool>("is_training");
  a.channels_first = attrs.get<std::string>("data_format").substr(0, 2) == "NC";
  return a;
}

void infer_fused_batch_norm(InferContext& c) {
  BatchNormAttrs a = batch_norm_attrs(c.attrs());
  int rank = c.attr<std::string>("data_format").size() == 5 ? 5 : 4;
  Shape x = c.with_rank(0, rank);
  int axis = a.channels_first ? 1 : rank - 1;
  static const char* names[] = {"x", "scale", "offset", "mean", "variance"};
  int used = !a.training || a.average_factor != 1 ? 5 : 3;
  int64_t channels = x[axis];
  for (int i = 1; i < used; ++i) {
    int64_t n = c.with_rank(i, 1)[0];
    if (n >= 0 && channels >= 0 && n != channels)
      c.fail(cat(names[i], " must have the same number of elements as the channels of x, got ", n, " and ",
                 channels, ": Dimensions must be equal, but are ", channels, " and ", n));
    if (channels < 0) channels = n;
  }
  x.set_dim(axis, channels);
  c.set_output(0, x);
  for (int i = 1; i < 5 && i < c.num_outputs(); ++i) c.set_output(i, Shape{channels});
  if (c.num_outputs() > 5) c.set_output(5, c.dtype(0) == DType::kFloat16 || rank == 5 ? Shape{} : Shape{0});
}

template <class T>
void fused_batch_norm(KernelContext& c, const BatchNormAttrs& a) {
  const Tensor& x = c.input(0);
  NormDims d = norm_dims(x.shape(), a.channels_first);
  size_t channels = size_t(d.channels);
  float *out_mean = c.out<float>(1), *out_variance = c.out<float>(2);
  float *saved_mean = c.out<float>(3), *saved_variance = c.out<float>(4);
  if (c.num_outputs() > 5)
    for (float& r : c.output(5).mutable_flat<float>()) r = 0;
  if (x.num_elements() == 0) {
    std::fill_n(out_mean, channels, std::numeric_limits<float>::quiet_NaN());
    std::fill_n(out_variance, channels, std::numeric_limits<float>::quiet_NaN());
    std::fill_n(saved_mean, channels, 0.0f);
    std::fill_n(saved_variance, channels, 0.0f);
    return;
  }
  const float *scale = c.in<float>(1), *offset = c.in<float>(2);
  if (a.training) {
    std::vector<double> mean, variance;
    channel_moments(c.threads(), c.in<T>(0), d, mean, variance);
    double n = double(d.per_channel()), unbiased = n / std::max(n - 1, 1.0);
    for (size_t i = 0; i < channels; ++i) {
      saved_mean[i] = float(mean[i]);
      saved_variance[i] = float(variance[i]);
      float batch_variance = float(variance[i] * unbiased);
      if (a.average_factor == 1) {
        out_mean[i] = saved_mean[i];
        out_variance[i] = batch_variance;
      } else {
        float f = a.average_factor;
        out_mean[i] = (1 - f) * c.in<float>(3)[i] + f * saved_mean[i];
        out_variance[i] = (1 - f) * c.in<float>(4)[i] + f * batch_variance;
      }
    }
  } else {
    for (int i = 0; i < 2; ++i)
      for (int out : {1 + i, 3 + i}) std::copy_n(c.in<float>(3 + i), channels, c.out<float>(out));
  }
  std::vector<float> factor(channels);
  for (size_t i = 0; i < channels; ++i) factor[i] = scale[i] / std::sqrt(saved_variance[i] + a.epsilon);
  normalize_channels(c.threads(), c.in<T>(0), c.out<T>(0), d, saved_mean, factor.data(), offset);
}
template void fused_batch_norm<float>(KernelContext&, const BatchNormAttrs&);
template void fused_batch_norm<float16>(KernelContext&, const BatchNormAttrs&);
template void fused_batch_norm<bfloat16>(KernelContext&, const BatchNormAttrs&);

namespace {

KernelFn batch_norm_kernel(const KernelInit& k) {
  BatchNormAttrs a = batch_norm_attrs(k.attrs);
  if (k.input_type(1) != DType::kFloat32)
    k.fail("scale, offset, mean and variance must be float32 on the CPU");
  KernelFn fn;
  dispatch(Types<float, float16, bfloat16>{}, k.input_type(0),
           [&]<class T>() { fn = [a](KernelContext& c) { fused_batch_norm<T>(c, a); }; });
  return fn;
}

std::vector<Tensor> norm_inputs(Samples& s, const Shape& x, int64_t channels, bool statistics, DType t) {
  int64_t n = statistics ? channels : 0;
  return {s.random(x, t), s.random({channels}), s.random({channels}), s.random({n}), s.uniform({n}, 0.1, 3)};
}

AttrMap norm_attrs(bool training, float factor = 1, const char* format = "NHWC") {
  return {{"is_training", training},
          {"exponential_avg_factor", factor},
          {"data_format", std::string(format)},
          {"epsilon", 0.001f}};
}

void batch_norm_samples(Samples& s) {
  DType f = DType::kFloat32;
  s.each_type("T", [&](DType t) {
    s.add(norm_inputs(s, {2, 3, 2, 3}, 3, false, t), norm_attrs(true));
    // In half precision TensorFlow leaves the saved statistics of inference uninitialised.
    if (t != DType::kFloat16) s.add(norm_inputs(s, {2, 3, 2, 3}, 3, true, t), norm_attrs(false));
  });
  s.add(norm_inputs(s, {2, 3, 2, 3}, 3, true, f), norm_attrs(true, 0.3f));
  s.add(norm_inputs(s, {2, 3, 2, 4}, 3, false, f), norm_attrs(true, 1, "NCHW"));
  s.add(norm_inputs(s, {2, 3, 2, 4}, 3, true, f), norm_attrs(false, 1, "NCHW"));
  s.add(norm_inputs(s, {1, 1, 1, 2}, 2, false, f), norm_attrs(true));
  s.add(norm_inputs(s, {1, 1, 1, 2}, 2, true, f), {{"is_training", false}});
  s.fails("Shape must be rank 4 but is rank 3", norm_inputs(s, {3, 2, 3}, 3, true, f), norm_attrs(false));
  s.fails("scale must have the same number of elements as the channels of x, got 2 and 3",
          norm_inputs(s, {1, 3, 2, 3}, 2, true, f), norm_attrs(false));
  s.fails("mean must have the same number of elements as the channels of x, got 0 and 3",
          norm_inputs(s, {1, 3, 2, 3}, 3, false, f), norm_attrs(false));
}

void fused_batch_norm_gradient(GradientContext& g, const char* name) {
  bool training = g.attr<bool>("is_training");
  std::vector<Tensor> in = {g.grad(), g.input(0), g.input(1), training ? g.output(3) : g.input(3),
                            training ? g.output(4) : g.input(4)};
  if (g.num_outputs() > 5) in.push_back(g.output(5));
  std::vector<Tensor> d = call(name, in, grad::attrs_for(g, name));
  for (int i = 0; i < 3; ++i) g.set(i, d[size_t(i)]);
}

FLOE_OP("FusedBatchNorm", op) {
  op.in("x:T, scale:T, offset:T, mean:T, variance:T");
  op.out("y:T, batch_mean:T, batch_variance:T, reserve_space_1:T, reserve_space_2:T");
  op.attrs(
      "T:{float}; epsilon:float=0.0001; exponential_avg_factor:float=1.0; "
      "data_format:{'NHWC','NCHW'}='NHWC'; "
      "is_training:bool=true");
  op.infer(infer_fused_batch_norm).kernel(batch_norm_kernel).samples(batch_norm_samples);
  op.gradient([](GradientContext& g) { fused_batch_norm_gradient(g, "FusedBatchNormGrad"); });
}

FLOE_OP("FusedBatchNormV2", op) {
  op.in("x:T, scale:U, offset:U, mean:U, variance:U");
  op.out("y:T, batch_mean:U, batch_variance:U, reserve_space_1:U, reserve_space_2:U");
  op.attrs(
      "T:{half,bfloat16,float}; U:{float}; epsilon:float=0.0001; exponential_avg_factor:float=1.0; "
      "data_format:{'NHWC','NCHW'}='NHWC'; is_training:bool=true");
  op.infer(infer_fused_batch_norm).kernel(batch_norm_kernel).samples(batch_norm_samples);
  op.gradient([](GradientContext& g) { fused_batch_norm_gradient(g, "FusedBatchNormGradV2"); });
}

FLOE_OP("FusedBatchNormV3", op) {
  op.in("x:T, scale:U, offset:U, mean:U, variance:U");
  op.out("y:T, batch_mean:U, batch_variance:U, reserve_space_1:U, reserve_space_2:U, reserve_space_3:U");
  op.attrs(
      "T:{half,bfloat16,float}; U:{bfloat16,float}; epsilon:float=0.0001; exponential_avg_factor:float=1.0; "
      "data_format:{'NHWC','NCHW','NDHWC','NCDHW'}='NHWC'; is_training:bool=true");
  op.infer(infer_fused_batch_norm).kernel(batch_norm_kernel);
  op.samples([](Samples& s) {
    batch_norm_samples(s);
    s.add(norm_inputs(s, {2, 3, 1, 2, 3}, 3, false, DType::kFloat32), norm_attrs(true, 1, "NDHWC"));
    s.add(norm_inputs(s, {2, 3, 1, 2, 3}, 3, false, DType::kFloat32), norm_attrs(true, 1, "NCDHW"));
  });
  op.gradient([](GradientContext& g) { fused_batch_norm_gradient(g, "FusedBatchNormGradV3"); });
}

FLOE_OP("BatchNormWithGlobalNormalization", op) {
  op.in("t:T, m:T, v:T, beta:T, gamma:T")
      .out("result:T")
      .attrs(
          "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,"
          "quint16,uint16,"
          "complex128,half,uint32,uint64}; variance_epsilon:float; scale_after_normalization:bool");
  op.infer([](InferContext& c) {
    Shape t = c.with_rank(0, 4);
    for (int i = 1; i < 5; ++i) {
      int64_t n = c.with_rank(i, 1)[0];
      if (n >= 0 && t[3] >= 0 && n != t[3])
        c.fail(cat("Dimensions must be equal, but are ", t[3], " and ", n));
      if (t[3] < 0) t.set_dim(3, n);
    }
    c.set_output(0, t);
  });
  op.kernel([](const KernelInit& k) {
    double epsilon = k.attr<float>("variance_epsilon");
    bool scaled = k.attr<bool>("scale_after_normalization");
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = [=](KernelContext& c) {
        using S = compute_t<T>;
        const T *x = c.in<T>(0), *m = c.in<T>(1), *v = c.in<T>(2), *beta = c.in<T>(3), *gamma = c.in<T>(4);
        T* y = c.out<T>(0);
        NormDims d = norm_dims(c.input(0).shape(), false);
        for (int64_t o = 0; o < d.outer; ++o)
          for (int64_t i = 0; i < d.channels; ++i) {
            S factor = S(1) / std::sqrt(S(v[i]) + S(epsilon)) * (scaled ? S(gamma[i]) : S(1));
            y[o * d.channels + i] = T((S(x[o * d.channels + i]) - S(m[i])) * factor + S(beta[i]));
          }
      };
    });
    return fn;
  });
  op.gradient([](GradientContext& g) {
    const Tensor &x = g.input(0), &gamma = g.input(4), dy = g.grad();
    bool scaled = g.attr<bool>("scale_after_normalization");
    Tensor root = grad::op("Rsqrt", {g.input(2) + double(g.attr<float>("variance_epsilon"))});
    Tensor factor = scaled ? root * gamma : root, axes = grad::int32s({0, 1, 2});
    Tensor total = grad::sum(dy, axes), moved = grad::sum(dy * (x - g.input(1)), axes);
    g.set(0, dy * factor);
    g.set(1, -total * factor);
    g.set(2, -0.5 * moved * factor * root * root);
    g.set(3, total);
    g.set(4, scaled ? moved * root : grad::zeros_like(gamma));
  });
}

}  // namespace
}  // namespace floe
