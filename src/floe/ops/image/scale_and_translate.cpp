// ScaleAndTranslate: resampling with a filter kernel, optionally widened against aliasing.
#include <cmath>
#include <limits>
#include <numbers>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/ops/image/resize.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

struct FilterKernel {
  float radius;
  float (*weight)(float x, float radius);  // x >= 0
};

float lanczos(float x, float radius) {
  constexpr float pi = std::numbers::pi_v<float>;
  if (x > radius) return 0;
  if (x <= 1e-3f) return 1;
  return radius * std::sin(pi * x) * std::sin(pi * x / radius) / (pi * pi * x * x);
}
float gaussian(float x, float radius) {
  float sigma = radius / 3;
  return x >= radius ? 0 : std::exp(-x * x / (2 * sigma * sigma));
}
float box(float x, float) { return x < 0.5f ? 1.0f : x == 0.5f ? 0.5f : 0.0f; }
float triangle(float x, float) { return x < 1 ? 1 - x : 0; }
float keys_cubic(float x, float) {
  if (x >= 2) return 0;
  return x >= 1 ? ((-0.5f * x + 2.5f) * x - 4.0f) * x + 2.0f : ((1.5f * x - 2.5f) * x) * x + 1.0f;
}
float mitchell_cubic(float x, float) {
  if (x >= 2) return 0;
  return x >= 1 ? (((-7.0f / 18) * x + 2.0f) * x - 10.0f / 3) * x + 16.0f / 9
                : (((7.0f / 6) * x - 2.0f) * x) * x + 8.0f / 9;
}

const FilterKernel* find_filter(const std::string& name) {
  static const std::pair<const char*, FilterKernel> all[] = {{"lanczos1", {1, lanczos}},
                                                             {"lanczos3", {3, lanczos}},
                                                             {"lanczos5", {5, lanczos}},
                                                             {"gaussian", {1.5f, gaussian}},
                                                             {"box", {1, box}},
                                                             {"triangle", {1, triangle}},
                                                             {"keyscubic", {2, keys_cubic}},
                                                             {"mitchellcubic", {2, mitchell_cubic}}};
  for (auto& [n, f] : all)
    if (name == n) return &f;
  return nullptr;
}

/// The input pixels of one output pixel; empty weights where the sample lies outside of the image.
struct Span {
  int64_t start = 0;
  std::vector<float> weight;
};

std::vector<Span> spans_of(const FilterKernel& f, int64_t in, int64_t out, float scale, float translate,
                           bool antialias) {
  std::vector<Span> spans(static_cast<size_t>(out));
  float inverse = 1 / scale, shift = -inverse * translate;
  float widen = antialias ? std::max(inverse, 1.0f) : 1.0f, reach = f.radius * widen;
  for (int64_t i = 0; i < out; ++i) {
    float at = (float(i) + 0.5f) * inverse + shift;
    if (!(at >= 0 && at <= float(in))) continue;
    auto bound = [in](float v) { return int64_t(std::clamp(v, 0.0f, float(in - 1))); };
    Span& s = spans[size_t(i)];
    s.start = bound(std::ceil(at - reach - 0.5f));
    int64_t end = bound(std::floor(at + reach - 0.5f)) + 1;
    float total = 0;
    for (int64_t k = s.start; k < end; ++k) {
      float w = f.weight(std::abs((float(k) + 0.5f - at) / widen), f.radius);
      s.weight.push_back(w);
      total += w;
    }
    if (std::abs(total) >= 1000 * std::numeric_limits<float>::min())
      for (float& w : s.weight) w /= total;
    else
      s.weight.clear();
  }
  return spans;
}

template <class T>
void scale_and_translate(KernelContext& c, const FilterKernel& f, bool antialias) {
  ImageBatch in = image_batch(c.input(0).shape()), out = image_batch(c.output(0).shape());
  const float *scale = c.in<float>(2), *move = c.in<float>(3);
  if (!(scale[0] > 0 && scale[1] > 0)) c.fail("scale must be greater than zero.");
  if (c.output(0).num_elements() == 0) return;
  auto ys = spans_of(f, in.height, out.height, scale[0], move[0], antialias);
  auto xs = spans_of(f, in.width, out.width, scale[1], move[1], antialias);
  const T* from = c.in<T>(0);
  float* to = c.out<float>(0);
  parallel_for(c.threads(), out.batch * out.height, double(out.row()) * 20, [&](int64_t begin, int64_t end) {
    std::vector<float> line(static_cast<size_t>(in.row()));
    for (int64_t r = begin; r < end; ++r) {
      const Span& y = ys[size_t(r % out.height)];
      const T* image = from + r / out.height * in.image();
      std::fill(line.begin(), line.end(), 0.0f);
      for (size_t k = 0; k < y.weight.size(); ++k) {
        const T* row = image + (y.start + int64_t(k)) * in.row();
        for (int64_t i = 0; i < in.row(); ++i) line[size_t(i)] += y.weight[k] * float(row[i]);
      }
      float* o = to + r * out.row();
      for (const Span& x : xs)
        for (int64_t ch = 0; ch < in.channels; ++ch) {
          float s = 0;
          for (size_t k = 0; k < x.weight.size(); ++k)
            s += line[size_t((x.start + int64_t(k)) * in.channels + ch)] * x.weight[k];
          *o++ = s;
        }
    }
  });
}

FLOE_OP("ScaleAndTranslate", op) {
  op.in("images:T, size:int32, scale:float, translation:float").out("resized_images:float");
  op.attrs(
      "T:{int8,uint8,int16,uint16,int32,int64,bfloat16,half,float,double}; kernel_type:string='lanczos3'; "
      "antialias:bool=true");
  op.infer([](InferContext& c) {
    infer_resize(c);
    for (int i : {2, 3})
      if (int64_t n = c.with_rank(i, 1)[0]; n >= 0 && n != 2)
        c.fail(
            cat(i == 2 ? "scale" : "translation", " must have two elements: Dimension must be 2 but is ", n));
    if (!find_filter(c.attr<std::string>("kernel_type")))
      c.fail(cat("Unrecognized kernel type: ", c.attr<std::string>("kernel_type")));
  });
  op.kernel([](const KernelInit& k) {
    const FilterKernel* f = find_filter(k.attr<std::string>("kernel_type"));
    if (!f) k.fail("Unrecognized kernel type");
    bool antialias = k.attr<bool>("antialias");
    KernelFn fn;
    dispatch(Types<float, double, float16, bfloat16, int8_t, uint8_t, int16_t, uint16_t, int32_t, int64_t>{},
             k.input_type(0),
             [&]<class T>() { fn = [=](KernelContext& c) { scale_and_translate<T>(c, *f, antialias); }; });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    auto pair = [](float a, float b) { return Tensor::vec<float>({a, b}); };
    s.each_type("T", [&](DType t) {
      if (t != DType::kFloat16)
        s.add({s.random({1, 4, 5, 2}, t), Samples::i32({6, 3}), pair(1.5f, 0.6f), pair(0, 0)});
    });
    for (const char* kind :
         {"lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"}) {
      AttrMap m{{"kernel_type", std::string(kind)}};
      s.add({s.random({1, 6, 7, 1}), Samples::i32({5, 9}), pair(0.7f, 1.3f), pair(0.5f, -1)}, m);
      m.set("antialias", false);
      s.add({s.random({1, 6, 7, 1}), Samples::i32({3, 4}), pair(0.5f, 0.5f), pair(0, 0)}, m);
    }
    s.add({s.random({1, 3, 3, 1}), Samples::i32({4, 4}), pair(1, 1), pair(10, 0)});
    s.fails("scale must be greater than zero",
            {s.random({1, 3, 3, 1}), Samples::i32({4, 4}), pair(0, 1), pair(0, 0)});
    s.fails("Unrecognized kernel type",
            {s.random({1, 3, 3, 1}), Samples::i32({4, 4}), pair(1, 1), pair(0, 0)},
            {{"kernel_type", std::string("sinc")}});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "ScaleAndTranslateGrad", {g.grad(), g.input(0), g.input(2), g.input(3)}));
  });
}

void scale_and_translate_grad(KernelContext& c, const FilterKernel& f, bool antialias) {
  ImageBatch grads = image_batch(c.input(0).shape()), image = image_batch(c.output(0).shape());
  const float *scale = c.in<float>(2), *move = c.in<float>(3), *g = c.in<float>(0);
  if (!(scale[0] > 0 && scale[1] > 0)) c.fail("scale must be greater than zero.");
  float* to = c.out<float>(0);
  std::fill_n(to, c.output(0).num_elements(), 0.0f);
  if (c.output(0).num_elements() == 0) return;
  auto ys = spans_of(f, image.height, grads.height, scale[0], move[0], antialias);
  auto xs = spans_of(f, image.width, grads.width, scale[1], move[1], antialias);
  for (int64_t b = 0; b < grads.batch; ++b)
    for (const Span& y : ys)
      for (const Span& x : xs)
        for (int64_t ch = 0; ch < grads.channels; ++ch, ++g)
          for (size_t i = 0; i < y.weight.size(); ++i)
            for (size_t j = 0; j < x.weight.size(); ++j)
              to[b * image.image() + (y.start + int64_t(i)) * image.row() +
                 (x.start + int64_t(j)) * image.channels + ch] += *g * y.weight[i] * x.weight[j];
}

FLOE_OP("ScaleAndTranslateGrad", op) {
  op.in("grads:T, original_image:T, scale:float, translation:float").out("output:T");
  op.attrs("T:{float}; kernel_type:string='lanczos3'; antialias:bool=true");
  op.infer([](InferContext& c) {
    infer_resize_image_grad(c);
    for (int i : {2, 3})
      if (int64_t n = c.with_rank(i, 1)[0]; n >= 0 && n != 2)
        c.fail(
            cat(i == 2 ? "scale" : "translation", " must have two elements: Dimension must be 2 but is ", n));
    if (!find_filter(c.attr<std::string>("kernel_type")))
      c.fail(cat("Unrecognized kernel type: ", c.attr<std::string>("kernel_type")));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    const FilterKernel* f = find_filter(k.attr<std::string>("kernel_type"));
    if (!f) k.fail("Unrecognized kernel type");
    bool antialias = k.attr<bool>("antialias");
    return [f, antialias](KernelContext& c) { scale_and_translate_grad(c, *f, antialias); };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    auto pair = [](float a, float b) { return Tensor::vec<float>({a, b}); };
    for (const char* kind : {"lanczos3", "triangle"})
      s.add({s.random({1, 5, 9, 2}), s.random({1, 6, 7, 2}), pair(0.7f, 1.3f), pair(0.5f, -1)},
            {{"kernel_type", std::string(kind)}})
          .tolerance = 1e-5;
    s.fails("scale must be greater than zero",
            {s.random({1, 4, 4, 1}), s.random({1, 3, 3, 1}), pair(0, 1), pair(0, 0)});
  });
}

}  // namespace
}  // namespace floe
