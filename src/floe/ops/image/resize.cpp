// ResizeBilinear, ResizeNearestNeighbor, ResizeBicubic, ResizeArea.
#include "floe/ops/image/resize.h"

#include <algorithm>
#include <array>
#include <limits>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {

ResizeMode resize_mode(const AttrMap& attrs) {
  return {attrs.get_or<bool>("align_corners", false), attrs.get_or<bool>("half_pixel_centers", false)};
}

std::vector<LinearTap> linear_taps(int64_t in, int64_t out, ResizeMode mode) {
  std::vector<LinearTap> taps(static_cast<size_t>(out));
  float scale = resize_scale(in, out, mode.align_corners);
  for (int64_t i = 0; i < out; ++i) {
    float x = resize_coordinate(i, scale, mode.half_pixel_centers), floor = std::floor(x);
    LinearTap& t = taps[size_t(i)];
    t.lower = std::clamp<int64_t>(int64_t(floor), 0, in - 1);
    t.upper = std::clamp<int64_t>(int64_t(std::ceil(x)), 0, in - 1);
    t.weight = x - floor;
  }
  return taps;
}

std::vector<int64_t> nearest_taps(int64_t in, int64_t out, ResizeMode mode) {
  std::vector<int64_t> taps(static_cast<size_t>(out));
  float scale = resize_scale(in, out, mode.align_corners);
  for (int64_t i = 0; i < out; ++i) {
    float x = mode.half_pixel_centers ? (float(i) + 0.5f) * scale : float(i) * scale;
    taps[size_t(i)] =
        std::clamp<int64_t>(int64_t(mode.align_corners ? std::round(x) : std::floor(x)), 0, in - 1);
  }
  return taps;
}

void infer_resize(InferContext& c) {
  Shape images = c.with_rank(0, 4);
  ResizeMode mode = resize_mode(c.attrs());
  if (mode.align_corners && mode.half_pixel_centers)
    c.fail("If half_pixel_centers is True, align_corners must be False.");
  int64_t n = c.with_rank(1, 1)[0];
  if (n >= 0 && n != 2) c.fail(cat("shape_t must have two elements: Dimension must be 2 but is ", n));
  Shape out{images[0], -1, -1, images[3]};
  if (auto size = c.int_value(1)) {
    for (int64_t s : *size)
      if (s <= 0) c.fail(cat("output dimensions must be positive, found ", (*size)[0], " x ", (*size)[1]));
    out.set_dim(1, (*size)[0]);
    out.set_dim(2, (*size)[1]);
  }
  for (int d : {1, 2, 3})
    if (images[d] == 0) c.fail(cat("input image must be of non-zero size, found shape ", images.str()));
  c.set_output(0, out);
}

namespace {

using ImageTypes =
    Types<float, double, float16, bfloat16, int8_t, uint8_t, int16_t, uint16_t, int32_t, int64_t>;

/// One kernel per type and resize method: M<T>(mode)(context).
template <template <class> class M>
KernelFn resize_kernel(const KernelInit& k) {
  ResizeMode mode = resize_mode(k.attrs);
  KernelFn fn;
  dispatch(ImageTypes{}, k.input_type(0), [&]<class T>() {
    fn = [mode](KernelContext& c) {
      if (c.output(0).num_elements() == 0) return;
      ImageBatch in = image_batch(c.input(0).shape()), out = image_batch(c.output(0).shape());
      M<T>{}(c, in, out, mode);
    };
  });
  return fn;
}

template <class T>
struct Bilinear {
  void operator()(KernelContext& c, const ImageBatch& in, const ImageBatch& out, ResizeMode mode) const {
    std::vector<LinearTap> ys = linear_taps(in.height, out.height, mode),
                           xs = linear_taps(in.width, out.width, mode);
    const T* from = c.in<T>(0);
    float* to = c.out<float>(0);
    int64_t channels = in.channels;
    parallel_for(c.threads(), out.batch * out.height, double(out.row()) * 3, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const LinearTap& y = ys[size_t(r % out.height)];
        const T* image = from + r / out.height * in.image();
        const T *top = image + y.lower * in.row(), *bottom = image + y.upper * in.row();
        float* o = to + r * out.row();
        for (const LinearTap& x : xs)
          for (int64_t ch = 0; ch < channels; ++ch) {
            float a = float(top[x.lower * channels + ch]), b = float(top[x.upper * channels + ch]);
            float d = float(bottom[x.lower * channels + ch]), e = float(bottom[x.upper * channels + ch]);
            float t = a + (b - a) * x.weight, u = d + (e - d) * x.weight;
            *o++ = t + (u - t) * y.weight;
          }
      }
    });
  }
};

template <class T>
struct Nearest {
  void operator()(KernelContext& c, const ImageBatch& in, const ImageBatch& out, ResizeMode mode) const {
    std::vector<int64_t> ys = nearest_taps(in.height, out.height, mode),
                         xs = nearest_taps(in.width, out.width, mode);
    const T* from = c.in<T>(0);
    T* to = c.out<T>(0);
    parallel_for(c.threads(), out.batch * out.height, double(out.row()), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* row = from + r / out.height * in.image() + ys[size_t(r % out.height)] * in.row();
        T* o = to + r * out.row();
        for (int64_t x : xs) o = std::copy_n(row + x * in.channels, in.channels, o);
      }
    });
  }
};

/// Four neighbours and their weights.
struct CubicTap {
  std::array<int64_t, 4> index;
  std::array<float, 4> weight;
};

// TensorFlow reads the weights from a table of 1024 steps per pixel; rounding the offset is part of the
// result.
std::vector<CubicTap> cubic_taps(int64_t in, int64_t out, ResizeMode mode) {
  constexpr int64_t kSteps = 1024;
  // Keys' constant with half pixel centers, the older -0.75 without.
  const double a = mode.half_pixel_centers ? -0.5 : -0.75;
  auto near_weight = [a](double x) { return float(((a + 2) * x - (a + 3)) * x * x + 1); };
  auto far_weight = [a](double x) { return float(((a * x - 5 * a) * x + 8 * a) * x - 4 * a); };
  std::vector<CubicTap> taps(static_cast<size_t>(out));
  float scale = resize_scale(in, out, mode.align_corners);
  for (int64_t i = 0; i < out; ++i) {
    float x = resize_coordinate(i, scale, mode.half_pixel_centers), floor = std::floor(x);
    double t = double(std::lrint((x - floor) * kSteps)) / kSteps;
    CubicTap& tap = taps[size_t(i)];
    tap.weight = {far_weight(1 + t), near_weight(t), near_weight(1 - t), far_weight(2 - t)};
    float sum = 0;
    for (size_t k = 0; k < 4; ++k) {
      int64_t at = int64_t(floor) - 1 + int64_t(k);
      tap.index[k] = std::clamp<int64_t>(at, 0, in - 1);
      if (mode.half_pixel_centers && tap.index[k] != at) tap.weight[k] = 0;
      sum += tap.weight[k];
    }
    if (mode.half_pixel_centers && std::abs(sum) >= 1000 * std::numeric_limits<float>::min())
      for (float& w : tap.weight) w /= sum;
  }
  return taps;
}

template <class T>
struct Bicubic {
  void operator()(KernelContext& c, const ImageBatch& in, const ImageBatch& out, ResizeMode mode) const {
    std::vector<CubicTap> ys = cubic_taps(in.height, out.height, mode),
                          xs = cubic_taps(in.width, out.width, mode);
    const T* from = c.in<T>(0);
    float* to = c.out<float>(0);
    parallel_for(c.threads(), out.batch * out.height, double(out.row()) * 16,
                 [&](int64_t begin, int64_t end) {
                   std::vector<float> line(static_cast<size_t>(in.row()));
                   for (int64_t r = begin; r < end; ++r) {
                     const CubicTap& y = ys[size_t(r % out.height)];
                     const T* image = from + r / out.height * in.image();
                     for (int64_t i = 0; i < in.row(); ++i) {
                       float s = 0;
                       for (size_t k = 0; k < 4; ++k)
                         s += float(image[y.index[k] * in.row() + i]) * y.weight[k];
                       line[size_t(i)] = s;
                     }
                     float* o = to + r * out.row();
                     for (const CubicTap& x : xs)
                       for (int64_t ch = 0; ch < in.channels; ++ch) {
                         float s = 0;
                         for (size_t k = 0; k < 4; ++k)
                           s += line[size_t(x.index[k] * in.channels + ch)] * x.weight[k];
                         *o++ = s;
                       }
                   }
                 });
  }
};

/// Every input pixel that an output pixel covers, with the covered part.
struct AreaTap {
  int64_t start = 0;
  std::vector<float> weight;
};
// A single pixel stretched with aligned corners has scale 0: every output pixel is that pixel.
float area_scale(int64_t in, int64_t out, ResizeMode mode) {
  float scale = resize_scale(in, out, mode.align_corners);
  return scale > 0 ? scale : 1;
}

std::vector<AreaTap> area_taps(int64_t in, int64_t out, ResizeMode mode) {
  std::vector<AreaTap> taps(static_cast<size_t>(out));
  float scale = area_scale(in, out, mode);
  for (int64_t i = 0; i < out; ++i) {
    float from = float(i) * scale, to = float(i + 1) * scale;
    AreaTap& t = taps[size_t(i)];
    t.start = int64_t(std::floor(from));
    for (int64_t k = t.start; float(k) < to; ++k) {
      float w = float(k) < from ? (float(k + 1) > to ? scale : float(k + 1) - from)
                                : (float(k + 1) > to ? to - float(k) : 1.0f);
      t.weight.push_back(w);
    }
  }
  return taps;
}

template <class T>
struct Area {
  void operator()(KernelContext& c, const ImageBatch& in, const ImageBatch& out, ResizeMode mode) const {
    std::vector<AreaTap> ys = area_taps(in.height, out.height, mode),
                         xs = area_taps(in.width, out.width, mode);
    float norm = 1 / (area_scale(in.height, out.height, mode) * area_scale(in.width, out.width, mode));
    const T* from = c.in<T>(0);
    float* to = c.out<float>(0);
    double cost = double(in.image()) / double(out.height) * 2 + double(out.row());
    parallel_for(c.threads(), out.batch * out.height, cost, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const AreaTap& y = ys[size_t(r % out.height)];
        const T* image = from + r / out.height * in.image();
        float* o = to + r * out.row();
        for (const AreaTap& x : xs)
          for (int64_t ch = 0; ch < in.channels; ++ch) {
            float sum = 0;
            for (size_t i = 0; i < y.weight.size(); ++i) {
              const T* row =
                  image + std::clamp<int64_t>(y.start + int64_t(i), 0, in.height - 1) * in.row() + ch;
              float line = 0;
              for (size_t j = 0; j < x.weight.size(); ++j)
                line += float(row[std::clamp<int64_t>(x.start + int64_t(j), 0, in.width - 1) * in.channels]) *
                        x.weight[j];
              sum += line * y.weight[i];
            }
            *o++ = sum * norm;
          }
      }
    });
  }
};

void resize_samples(Samples& s) {
  std::vector<AttrMap> modes{{}, {{"align_corners", true}}};
  s.each_type("T", [&](DType t) { s.add({s.random({2, 3, 4, 2}, t), Samples::i32({5, 7})}); });
  for (const AttrMap& m : modes) {
    s.add({s.random({1, 5, 7, 3}), Samples::i32({3, 4})}, m);
    s.add({s.random({1, 4, 3, 1}), Samples::i32({8, 9})}, m);
    s.add({s.random({1, 4, 5, 1}), Samples::i32({4, 5})}, m);
    s.add({s.random({1, 4, 5, 2}), Samples::i32({1, 1})}, m);
    s.add({s.random({1, 1, 1, 2}), Samples::i32({3, 2})}, m);
  }
  s.fails("Shape must be rank 4 but is rank 3", {s.random({4, 5, 2}), Samples::i32({1, 1})});
  s.fails("output dimensions must be positive", {s.random({1, 4, 5, 2}), Samples::i32({0, 1})});
  s.fails("shape_t must have two elements", {s.random({1, 4, 5, 2}), Samples::i32({1, 1, 1})});
  s.fails("input image must be of non-zero size", {s.random({1, 0, 5, 2}), Samples::i32({1, 1})});
}

void resize_center_samples(Samples& s) {
  AttrMap m{{"half_pixel_centers", true}};
  resize_samples(s);
  s.add({s.random({1, 5, 7, 3}), Samples::i32({3, 4})}, m);
  s.add({s.random({2, 4, 3, 1}), Samples::i32({8, 9})}, m);
  s.add({s.random({1, 4, 5, 2}), Samples::i32({1, 1})}, m);
  s.add({s.random({1, 1, 1, 2}), Samples::i32({3, 2})}, m);
  s.add({s.random({1, 4, 5, 2}, DType::kUint8), Samples::i32({6, 3})}, m);
  s.fails("align_corners must be False", {s.random({1, 4, 5, 2}), Samples::i32({6, 3})},
          {{"half_pixel_centers", true}, {"align_corners", true}});
}

const char kResizeAttrs[] =
    "T:{int8,uint8,int16,uint16,int32,int64,half,float,double,bfloat16}; align_corners:bool=false; "
    "half_pixel_centers:bool=false";

FLOE_OP("ResizeBilinear", op) {
  op.in("images:T, size:int32").out("resized_images:float").attrs(kResizeAttrs);
  op.infer(infer_resize).kernel(resize_kernel<Bilinear>).samples(resize_center_samples);
  op.gradient(
      [](GradientContext& g) { g.set(0, grad::same(g, "ResizeBilinearGrad", {g.grad(), g.input(0)})); });
}

FLOE_OP("ResizeNearestNeighbor", op) {
  op.in("images:T, size:int32").out("resized_images:T").attrs(kResizeAttrs);
  op.infer(infer_resize).kernel(resize_kernel<Nearest>).samples(resize_center_samples);
  op.gradient([](GradientContext& g) {
    Tensor size = grad::op("Slice", {grad::shape_of(g.input(0)), grad::int32s({1}), grad::int32s({2})});
    g.set(0, grad::same(g, "ResizeNearestNeighborGrad", {g.grad(), size}));
  });
}

FLOE_OP("ResizeBicubic", op) {
  op.in("images:T, size:int32").out("resized_images:float").attrs(kResizeAttrs);
  op.infer(infer_resize).kernel(resize_kernel<Bicubic>).samples(resize_center_samples);
  op.gradient(
      [](GradientContext& g) { g.set(0, grad::same(g, "ResizeBicubicGrad", {g.grad(), g.input(0)})); });
}

FLOE_OP("ResizeArea", op) {
  op.in("images:T, size:int32").out("resized_images:float");
  op.attrs("T:{int8,uint8,int16,uint16,int32,int64,half,float,double,bfloat16}; align_corners:bool=false");
  op.infer(infer_resize).kernel(resize_kernel<Area>).samples(resize_samples);
}

template <class T>
void resize_bicubic_grad(KernelContext& c, ResizeMode mode) {
  ImageBatch grads = image_batch(c.input(0).shape()), image = image_batch(c.output(0).shape());
  std::vector<CubicTap> ys = cubic_taps(image.height, grads.height, mode),
                        xs = cubic_taps(image.width, grads.width, mode);
  const float* from = c.in<float>(0);
  T* to = c.out<T>(0);
  std::fill_n(to, c.output(0).num_elements(), T(0));
  double cost = double(grads.image()) * 32;
  parallel_for(c.threads(), grads.batch, cost, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const float* g = from + b * grads.image();
      for (const CubicTap& y : ys)
        for (const CubicTap& x : xs)
          for (int64_t ch = 0; ch < grads.channels; ++ch, ++g)
            for (size_t i = 0; i < 4; ++i)
              for (size_t j = 0; j < 4; ++j)
                to[b * image.image() + y.index[i] * image.row() + x.index[j] * image.channels + ch] +=
                    T(*g * y.weight[i] * x.weight[j]);
    }
  });
}

FLOE_OP("ResizeBicubicGrad", op) {
  op.in("grads:float, original_image:T").out("output:T");
  op.attrs("T:{float,double}; align_corners:bool=false; half_pixel_centers:bool=false");
  op.infer(infer_resize_image_grad);
  op.kernel([](const KernelInit& k) {
    ResizeMode mode = resize_mode(k.attrs);
    KernelFn fn;
    dispatch(Types<float, double>{}, k.output_type(0), [&]<class T>() {
      fn = [mode](KernelContext& c) {
        if (c.output(0).num_elements()) resize_bicubic_grad<T>(c, mode);
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64})
      s.add({s.random({2, 5, 7, 2}), s.random({2, 3, 4, 2}, t)}).tolerance = 1e-6;
    s.add({s.random({1, 5, 7, 2}), s.random({1, 3, 4, 2})}, {{"align_corners", true}});
    s.add({s.random({1, 2, 3, 2}), s.random({1, 5, 4, 2})}, {{"half_pixel_centers", true}});
  });
}

}  // namespace
}  // namespace floe
