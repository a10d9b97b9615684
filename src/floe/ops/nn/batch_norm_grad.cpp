// Gradients of FusedBatchNorm (three versions), with rules of their own made of plain ops.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/ops/nn/batch_norm.h"

namespace floe {
namespace {

void infer_batch_norm_grad(InferContext& c) {
  std::string format = c.attr<std::string>("data_format");
  int rank = int(format.size()), axis = format.substr(0, 2) == "NC" ? 1 : rank - 1;
  Shape dy = c.with_rank(0, rank), x = c.with_rank(1, rank);
  if (!dy.is_compatible_with(x))
    c.fail(cat("x and y_backprop must have same shape, but x has shape ", x.str(),
               " and y_backprop has shape ", dy.str()));
  x = merge_shapes(x, dy);
  int64_t channels = x[axis];
  for (int i = 2; i < 5; ++i) {
    int64_t n = c.with_rank(i, 1)[0];
    if (n >= 0 && channels >= 0 && n != channels)
      c.fail(cat("Dimensions must be equal, but are ", channels, " and ", n));
    if (channels < 0) channels = n;
  }
  x.set_dim(axis, channels);
  c.set_output(0, x);
  c.set_output(1, Shape{channels});
  c.set_output(2, Shape{channels});
  c.set_output(3, Shape{0});
  c.set_output(4, Shape{0});
}

template <class T>
void batch_norm_grad(KernelContext& c, const BatchNormAttrs& a) {
  NormDims d = norm_dims(c.input(1).shape(), a.channels_first);
  const T *dy = c.in<T>(0), *x = c.in<T>(1);
  const float *scale = c.in<float>(2), *mean = c.in<float>(3), *variance = c.in<float>(4);
  T* dx = c.out<T>(0);
  float *dscale = c.out<float>(1), *doffset = c.out<float>(2);
  // Of dy, and of dy * (x - mean).
  std::vector<double> sums = channel_sums<2>(c.threads(), d, [=](int64_t i, int64_t ch) {
    float g = float(compute_t<T>(dy[i]));
    return std::array<float, 2>{g, g * (float(compute_t<T>(x[i])) - mean[ch])};
  });
  const double *total = sums.data(), *moved = total + d.channels;
  double n = double(d.per_channel());
  size_t channels = size_t(d.channels);
  std::vector<float> factor(channels), slope(channels), shift(channels);
  for (size_t i = 0; i < channels; ++i) {
    double root = 1 / std::sqrt(double(variance[i]) + a.epsilon);
    dscale[i] = float(moved[i] * root);
    doffset[i] = float(total[i]);
    factor[i] = float(scale[i] * root);
    if (a.training && n > 0) {
      slope[i] = float(moved[i] * root * root / n);
      shift[i] = float(total[i] / n);
    }
  }
  parallel_for(c.threads(), d.outer, double(d.channels * d.inner), [&](int64_t from, int64_t to) {
    auto at_once = [&](const T* __restrict g, const T* __restrict v, T* __restrict out) {
      const float *f = factor.data(), *k = slope.data(), *s = shift.data();
      for (int64_t ch = 0; ch < d.channels; ++ch)
        out[ch] = T(f[ch] * (compute_t<T>(g[ch]) - s[ch] - (compute_t<T>(v[ch]) - mean[ch]) * k[ch]));
    };
    for (int64_t o = from; o < to && d.inner == 1; ++o)
      at_once(dy + o * d.channels, x + o * d.channels, dx + o * d.channels);
    for (int64_t o = from; o < to && d.inner != 1; ++o)
      for (int64_t ch = 0; ch < d.channels; ++ch) {
        int64_t at = (o * d.channels + ch) * d.inner;
        float f = factor[size_t(ch)], k = slope[size_t(ch)], s = shift[size_t(ch)], m = mean[ch];
        for (int64_t i = at; i < at + d.inner; ++i)
          dx[i] = T(f * (compute_t<T>(dy[i]) - s - (compute_t<T>(x[i]) - m) * k));
      }
  });
}

KernelFn batch_norm_grad_kernel(const KernelInit& k) {
  BatchNormAttrs a = batch_norm_attrs(k.attrs);
  KernelFn fn;
  dispatch(Types<float, float16, bfloat16>{}, k.input_type(1),
           [&]<class T>() { fn = [a](KernelContext& c) { batch_norm_grad<T>(c, a); }; });
  return fn;
}

// The same sums written with ops; their rules give the second derivative.
void gradient_of_batch_norm_grad(GradientContext& g) {
  std::string format = g.attr<std::string>("data_format");
  bool first = format.substr(0, 2) == "NC", training = g.attr<bool>("is_training");
  int rank = int(format.size());
  std::vector<int64_t> over, wide(size_t(rank), 1);
  for (int i = 0; i < rank; ++i)
    if (i != (first ? 1 : rank - 1)) over.push_back(i);
  wide[first ? 1 : size_t(rank - 1)] = -1;
  Tensor axes = grad::int32s(over), shape = grad::int32s(wide);
  auto f32 = [](const Tensor& t) { return grad::cast(t, DType::kFloat32); };
  auto spread = [&](const Tensor& t) { return grad::reshape(t, shape); };
  auto total = [&](const Tensor& t) { return grad::sum(t, axes); };
  DType t = g.input(1).dtype();
  Tensor dy = f32(g.input(0)), x = f32(g.input(1)), scale = g.input(2), ddx = f32(g.grad(0));
  double epsilon = g.attr<float>("epsilon");
  Tensor n =
      grad::cast(grad::size_of(x), DType::kFloat32) / grad::cast(grad::size_of(scale), DType::kFloat32);
  auto mean = [&](const Tensor& v) { return spread(total(v) / n); };
  Tensor moved_x = x - (training ? mean(x) : spread(g.input(3)));
  Tensor variance = training ? mean(moved_x * moved_x) : spread(g.input(4));
  Tensor r = grad::op("Rsqrt", {variance + epsilon}), xhat = moved_x * r;
  Tensor ddscale = spread(g.grad(1)), ddoffset = spread(g.grad(2)), gamma = spread(scale);
  if (!training) {
    // dx = dy gamma r, dscale = sum(dy xhat), doffset = sum(dy), with mean and variance given.
    Tensor moved = ddscale * dy * r;
    g.set(0, grad::cast(ddx * gamma * r + ddscale * xhat + ddoffset, t));
    g.set(1, grad::cast(moved, t));
    g.set(2, total(ddx * dy * r));
    return;
  }
  auto centred = [&](const Tensor& v) { return v - mean(v) - xhat * mean(v * xhat); };
  Tensor dy0 = centred(dy), dd0 = centred(ddx);
  g.set(0, grad::cast(gamma * r * dd0 + ddscale * xhat + ddoffset, t));
  // By x: through r, and through xhat in the two sums.
  Tensor through = -gamma * r * r * (dd0 * mean(dy * xhat) + dy0 * mean(ddx * xhat) + xhat * mean(ddx * dy0));
  g.set(1, grad::cast(through + ddscale * r * dy0, t));
  g.set(2, total(ddx * dy0 * r));
}

std::vector<Tensor> norm_grad_inputs(Samples& s, const Shape& x, int64_t channels, DType t, bool reserve) {
  std::vector<Tensor> in = {s.random(x, t), s.random(x, t), s.random({channels}), s.random({channels}),
                            s.uniform({channels}, 0.1, 3)};
  if (reserve) in.push_back(s.random({0}));
  return in;
}

AttrMap norm_grad_attrs(bool training, const char* format = "NHWC") {
  return {{"is_training", training}, {"data_format", std::string(format)}, {"epsilon", 0.001f}};
}

void batch_norm_grad_samples(Samples& s, bool reserve, bool halves) {
  for (bool training : {true, false}) {
    s.add(norm_grad_inputs(s, {2, 3, 2, 3}, 3, DType::kFloat32, reserve), norm_grad_attrs(training));
    if (training)  // TensorFlow has no CPU kernel for the other
      s.add(norm_grad_inputs(s, {2, 3, 2, 4}, 3, DType::kFloat32, reserve), norm_grad_attrs(true, "NCHW"));
  }
  if (halves)
    s.add(norm_grad_inputs(s, {2, 3, 2, 3}, 3, DType::kBfloat16, reserve), norm_grad_attrs(true)).tolerance =
        2e-2;
  s.fails("Shape must be rank 4 but is rank 3", norm_grad_inputs(s, {3, 2, 3}, 3, DType::kFloat32, reserve),
          norm_grad_attrs(true));
  s.fails("Dimensions must be equal, but are 3 and 2",
          norm_grad_inputs(s, {1, 3, 2, 3}, 2, DType::kFloat32, reserve), norm_grad_attrs(true));
}

FLOE_OP("FusedBatchNormGrad", op) {
  op.in("y_backprop:T, x:T, scale:T, reserve_space_1:T, reserve_space_2:T");
  op.out("x_backprop:T, scale_backprop:T, offset_backprop:T, reserve_space_3:T, reserve_space_4:T");
  op.attrs("T:{float}; epsilon:float=0.0001; data_format:{'NHWC','NCHW'}='NHWC'; is_training:bool=true");
  op.infer(infer_batch_norm_grad).kernel(batch_norm_grad_kernel).gradient(gradient_of_batch_norm_grad);
  op.samples([](Samples& s) { batch_norm_grad_samples(s, false, false); });
}

FLOE_OP("FusedBatchNormGradV2", op) {
  op.in("y_backprop:T, x:T, scale:float, reserve_space_1:U, reserve_space_2:U");
  op.out("x_backprop:T, scale_backprop:U, offset_backprop:U, reserve_space_3:U, reserve_space_4:U");
  op.attrs(
      "T:{half,bfloat16,float}; U:{float}; epsilon:float=0.0001; data_format:{'NHWC','NCHW'}='NHWC'; "
      "is_training:bool=true");
  op.infer(infer_batch_norm_grad).kernel(batch_norm_grad_kernel).gradient(gradient_of_batch_norm_grad);
  op.samples([](Samples& s) { batch_norm_grad_samples(s, false, true); });
}

FLOE_OP("FusedBatchNormGradV3", op) {
  op.in("y_backprop:T, x:T, scale:float, reserve_space_1:U, reserve_space_2:U, reserve_space_3:U");
  op.out("x_backprop:T, scale_backprop:U, offset_backprop:U, reserve_space_4:U, reserve_space_5:U");
  op.attrs(
      "T:{half,bfloat16,float}; U:{float}; epsilon:float=0.0001; "
      "data_format:{'NHWC','NCHW','NDHWC','NCDHW'}='NHWC'; is_training:bool=true");
  op.infer(infer_batch_norm_grad).kernel(batch_norm_grad_kernel).gradient(gradient_of_batch_norm_grad);
  op.samples([](Samples& s) { batch_norm_grad_samples(s, true, true); });
}

}  // namespace
}  // namespace floe
