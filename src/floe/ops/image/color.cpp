// RGBToHSV, HSVToRGB, AdjustContrastv2, AdjustSaturation, AdjustHue.
#include <algorithm>
#include <cmath>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

template <class S>
struct Hsv {
  S h, s, v;
};

/// Hue, saturation and value, all in [0, 1].
template <class S>
Hsv<S> to_hsv(S r, S g, S b) {
  S v = std::max({r, g, b}), range = v - std::min({r, g, b});
  S s = v > 0 ? range / v : S(0), h = 0;
  if (range > 0) {
    S norm = S(1) / (S(6) * range);
    h = r == v ? norm * (g - b) : g == v ? norm * (b - r) + S(2) / S(6) : norm * (r - g) + S(4) / S(6);
    if (h < 0) h += 1;
  }
  return {h, s, v};
}

/// Hue outside [0, 1] wraps for the caller; this is the plain piecewise-linear formula.
template <class S>
void from_hsv(const Hsv<S>& c, S* rgb) {
  S dh = c.h * S(6);
  auto unit = [](S x) { return std::clamp(x, S(0), S(1)); };
  S d[3] = {unit(std::abs(dh - S(3)) - S(1)), unit(S(2) - std::abs(dh - S(2))),
            unit(S(2) - std::abs(dh - S(4)))};
  for (int i = 0; i < 3; ++i) rgb[i] = ((S(1) - c.s) + c.s * d[i]) * c.v;
}

/// Calls f(rgb) for every pixel, which changes three values in place.
template <class T, class F>
void for_pixels(KernelContext& c, F f) {
  using S = compute_t<T>;
  const T* x = c.in<T>(0);
  T* y = c.out<T>(0);
  parallel_for(c.threads(), c.input(0).num_elements() / 3, 20, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      S p[3] = {S(x[i * 3]), S(x[i * 3 + 1]), S(x[i * 3 + 2])};
      f(p);
      for (int k = 0; k < 3; ++k) y[i * 3 + k] = T(p[k]);
    }
  });
}

Shape pixels_shape(const InferContext& c, int rank) {
  Shape s = c.with_rank_at_least(0, rank);
  if (s.has_rank() && s.dim(-1) >= 0 && s.dim(-1) != 3)
    c.fail(cat("input must have 3 channels but instead has ", s.dim(-1),
               " channels: last dimension must be size 3"));
  return s;
}

void infer_pixels(InferContext& c) {
  Shape s = pixels_shape(c, 1);
  if (s.has_rank()) s.set_dim(-1, 3);
  c.set_output(0, s);
}

void infer_adjust(InferContext& c) {
  c.with_rank(1, 0);
  c.set_output(0, pixels_shape(c, 3));
}

// By the components: which one is the largest, the smallest; hue is a fraction of their distance.
void gradient_of_rgb_to_hsv(GradientContext& g) {
  auto parts = [](const Tensor& t) {
    return call("Split", {grad::int32_scalar(-1), t}, {{"num_split", int64_t(3)}});
  };
  std::vector<Tensor> c = parts(g.input(0)), d = parts(g.grad());
  const Tensor &r = c[0], &green = c[1], &b = c[2];
  auto both = [&](const Tensor& x, const Tensor& y) {
    return grad::cast(grad::op("LogicalAnd", {x, y}), r.dtype());
  };
  Tensor most[] = {both(r >= green, r >= b), both(green > r, green >= b), both(b > r, b > green)};
  Tensor least[] = {both(r < green, r < b), both(green <= r, green < b), both(b <= r, b <= green)};
  auto ratio = [](const Tensor& x, const Tensor& y) { return grad::op("DivNoNan", {x, y}); };
  Tensor high = grad::op("Maximum", {r, grad::op("Maximum", {green, b})});
  Tensor low = grad::op("Minimum", {r, grad::op("Minimum", {green, b})}), range = high - low;
  Tensor above = most[0] * (green - b) + most[1] * (b - r) + most[2] * (r - green);
  Tensor slope = ratio(d[0] / 6.0, range), bend = ratio(slope * above, range);
  std::vector<Tensor> out;
  for (size_t i = 0; i < 3; ++i) {
    // The largest component k enters the hue as component k + 1 less component k + 2.
    Tensor sign = most[(i + 2) % 3] - most[(i + 1) % 3];
    Tensor hue = slope * sign - bend * (most[i] - least[i]);
    Tensor saturation = d[1] * (most[i] * ratio(ratio(low, high), high) - ratio(least[i], high));
    out.push_back(hue + saturation + d[2] * most[i]);
  }
  g.set(0, grad::concat(out, -1));
}

FLOE_OP("RGBToHSV", op) {
  op.in("images:T").out("output:T").attrs("T:{half,bfloat16,float,double}=float");
  op.infer(infer_pixels);
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        for_pixels<T>(c, [](auto* p) {
          auto h = to_hsv(p[0], p[1], p[2]);
          p[0] = h.h, p[1] = h.s, p[2] = h.v;
        });
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64}) s.add({s.uniform({2, 3, 4, 3}, 0, 1, t)});
    s.add({Samples::numbers({4, 3}, {0, 0, 0, 1, 1, 1, 0.5, 0.5, 0.2, 0.1, 0.7, 0.7})});
    s.fails("last dimension must be size 3", {s.random({2, 4})});
  });
  op.gradient(gradient_of_rgb_to_hsv);
}

FLOE_OP("HSVToRGB", op) {
  op.in("images:T").out("output:T").attrs("T:{half,bfloat16,float,double}=float");
  op.infer(infer_pixels);
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        for_pixels<T>(c, [](compute_t<T>* p) { from_hsv(Hsv<compute_t<T>>{p[0], p[1], p[2]}, p); });
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64}) s.add({s.uniform({2, 3, 4, 3}, 0, 1, t)});
    s.fails("last dimension must be size 3", {s.random({2, 4})});
  });
  op.no_gradient();
}

template <class T>
void adjust_contrast(KernelContext& c) {
  const Shape& s = c.input(0).shape();
  int64_t channels = s.dim(-1), pixels = s.dim(-2) * s.dim(-3), image = channels * pixels;
  if (c.input(0).num_elements() == 0) return;
  float factor = c.scalar<float>(1);
  const T* x = c.in<T>(0);
  T* y = c.out<T>(0);
  parallel_for(c.threads(), c.input(0).num_elements() / image, double(image) * 2,
               [&](int64_t from, int64_t to) {
                 std::vector<double> mean(static_cast<size_t>(channels));
                 for (int64_t n = from; n < to; ++n) {
                   const T* px = x + n * image;
                   std::fill(mean.begin(), mean.end(), 0);
                   for (int64_t i = 0; i < image; ++i) mean[size_t(i % channels)] += double(float(px[i]));
                   for (double& m : mean) m /= double(pixels);
                   for (int64_t i = 0; i < image; ++i) {
                     float m = float(mean[size_t(i % channels)]);
                     y[n * image + i] = T((float(px[i]) - m) * factor + m);
                   }
                 }
               });
}

FLOE_OP("AdjustContrastv2", op) {
  op.in("images:T, contrast_factor:float").out("output:T").attrs("T:{half,float}=float");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    c.set_output(0, c.with_rank_at_least(0, 3));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    return k.input_type(0) == DType::kFloat32 ? adjust_contrast<float> : adjust_contrast<float16>;
  });
  op.samples([](Samples& s) {
    s.add({s.random({2, 3, 4, 3}), Tensor::scalar(1.5f)});
    s.add({s.random({3, 4, 2}), Tensor::scalar(0.3f)});
    s.fails("Shape must be at least rank 3", {s.random({3, 4}), Tensor::scalar(0.3f)});
  });
}

template <class T>
void adjust_saturation(KernelContext& c) {
  float scale = c.scalar<float>(1);
  for_pixels<T>(c, [scale](float* p) {
    Hsv<float> h = to_hsv(p[0], p[1], p[2]);
    h.s = std::clamp(h.s * scale, 0.0f, 1.0f);
    from_hsv(h, p);
  });
}

template <class T>
void adjust_hue(KernelContext& c) {
  float delta = c.scalar<float>(1);
  for_pixels<T>(c, [delta](float* p) {
    Hsv<float> h = to_hsv(p[0], p[1], p[2]);
    h.h += delta;
    h.h -= std::floor(h.h);
    // Interpolates between the smallest and the largest component, which a change of hue keeps.
    float low = std::min({p[0], p[1], p[2]}), high = h.v, unit[3];
    from_hsv(Hsv<float>{h.h, 1, 1}, unit);
    for (int i = 0; i < 3; ++i) p[i] = low + (high - low) * unit[i];
  });
}

FLOE_OP("AdjustSaturation", op) {
  op.in("images:T, scale:float").out("output:T").attrs("T:{half,float}=float");
  op.infer(infer_adjust);
  op.kernel([](const KernelInit& k) -> KernelFn {
    return k.input_type(0) == DType::kFloat32 ? adjust_saturation<float> : adjust_saturation<float16>;
  });
  op.samples([](Samples& s) {
    for (float f : {0.0f, 0.5f, 3.0f}) s.add({s.uniform({2, 3, 4, 3}, 0, 1), Tensor::scalar(f)});
    s.fails("input must have 3 channels but instead has 4 channels",
            {s.random({3, 4, 4}), Tensor::scalar(0.3f)});
  });
}

FLOE_OP("AdjustHue", op) {
  op.in("images:T, delta:float").out("output:T").attrs("T:{half,float}=float");
  op.infer(infer_adjust);
  op.kernel([](const KernelInit& k) -> KernelFn {
    return k.input_type(0) == DType::kFloat32 ? adjust_hue<float> : adjust_hue<float16>;
  });
  op.samples([](Samples& s) {
    for (float d : {0.0f, 0.3f, -0.6f})
      s.add({s.uniform({2, 3, 4, 3}, 0, 1), Tensor::scalar(d)}).tolerance = 5e-6;
    s.fails("input must have 3 channels but instead has 4 channels",
            {s.random({3, 4, 4}), Tensor::scalar(0.3f)});
  });
}

}  // namespace
}  // namespace floe
