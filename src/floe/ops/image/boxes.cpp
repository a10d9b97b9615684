// CropAndResize, DrawBoundingBoxes, DrawBoundingBoxesV2.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/ops/image/resize.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

/// Where row (or column) i of a crop of `n` lies between box edges a and b of an image of `size`.
float crop_coordinate(float a, float b, int64_t size, int64_t n, int64_t i) {
  float last = float(size - 1);
  if (n <= 1) return 0.5f * (a + b) * last;
  float step = (b - a) * last / float(n - 1);
  return a * last + float(i) * step;
}

template <class T>
void crop_and_resize(KernelContext& c, bool nearest, float outside) {
  ImageBatch image = image_batch(c.input(0).shape()), crop = image_batch(c.output(0).shape());
  const T* from = c.in<T>(0);
  const float* boxes = c.in<float>(1);
  const int32_t* index = c.in<int32_t>(2);
  for (int64_t b = 0; b < crop.batch; ++b)
    if (index[b] < 0 || index[b] >= image.batch)
      c.fail(Code::kOutOfRange, cat("box_index has values outside [0, batch_size): element ", b, " is ",
                                    index[b], ", batch_size is ", image.batch));
  float* to = c.out<float>(0);
  int64_t channels = image.channels;
  parallel_for(
      c.threads(), crop.batch * crop.height, double(crop.row()) * 4, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          int64_t b = r / crop.height;
          const float* box = boxes + b * 4;
          const T* source = from + index[b] * image.image();
          float* o = to + r * crop.row();
          float y = crop_coordinate(box[0], box[2], image.height, crop.height, r % crop.height);
          if (!(y >= 0 && y <= float(image.height - 1))) {
            std::fill_n(o, crop.row(), outside);
            continue;
          }
          for (int64_t i = 0; i < crop.width; ++i, o += channels) {
            float x = crop_coordinate(box[1], box[3], image.width, crop.width, i);
            if (!(x >= 0 && x <= float(image.width - 1))) {
              std::fill_n(o, channels, outside);
              continue;
            }
            if (nearest) {
              const T* p = source + int64_t(std::round(y)) * image.row() + int64_t(std::round(x)) * channels;
              for (int64_t ch = 0; ch < channels; ++ch) o[ch] = float(p[ch]);
              continue;
            }
            const T *top = source + int64_t(std::floor(y)) * image.row(),
                    *bottom = source + int64_t(std::ceil(y)) * image.row();
            int64_t left = int64_t(std::floor(x)) * channels, right = int64_t(std::ceil(x)) * channels;
            float dy = y - std::floor(y), dx = x - std::floor(x);
            for (int64_t ch = 0; ch < channels; ++ch) {
              float tl = float(top[left + ch]), bl = float(bottom[left + ch]);
              float t = tl + (float(top[right + ch]) - tl) * dx,
                    u = bl + (float(bottom[right + ch]) - bl) * dx;
              o[ch] = t + (u - t) * dy;
            }
          }
        }
      });
}

void infer_crop_and_resize(InferContext& c) {
  Shape image = c.with_rank(0, 4), boxes = c.with_rank(1, 2), index = c.with_rank(2, 1);
  if (boxes[1] >= 0 && boxes[1] != 4)
    c.fail(cat("boxes must have 4 columns: Dimension must be 4 but is ", boxes[1]));
  if (boxes[0] >= 0 && index[0] >= 0 && boxes[0] != index[0])
    c.fail(cat("box_index has incompatible shape: Dimensions must be equal, but are ", boxes[0], " and ",
               index[0]));
  int64_t n = c.with_rank(3, 1)[0];
  if (n >= 0 && n != 2) c.fail(cat("crop_size must have two elements: Dimension must be 2 but is ", n));
  for (int d : {1, 2})
    if (image[d] == 0) c.fail("image dimensions must be positive");
  Shape out{boxes[0] >= 0 ? boxes[0] : index[0], -1, -1, image[3]};
  if (auto size = c.int_value(3)) {
    if ((*size)[0] <= 0 || (*size)[1] <= 0) c.fail("crop dimensions must be positive");
    out.set_dim(1, (*size)[0]);
    out.set_dim(2, (*size)[1]);
  }
  c.set_output(0, out);
}

FLOE_OP("CropAndResize", op) {
  op.in("image:T, boxes:float, box_ind:int32, crop_size:int32").out("crops:float");
  op.attrs(
      "T:{uint8,uint16,int8,int16,int32,int64,half,float,double}; method:{'bilinear','nearest'}='bilinear'; "
      "extrapolation_value:float=0.0");
  op.infer(infer_crop_and_resize).fails_on_values();
  op.kernel([](const KernelInit& k) {
    bool nearest = k.attr<std::string>("method") == "nearest";
    float outside = k.attr<float>("extrapolation_value");
    KernelFn fn;
    dispatch(Types<float, double, float16, int8_t, uint8_t, int16_t, uint16_t, int32_t, int64_t>{},
             k.input_type(0),
             [&]<class T>() { fn = [=](KernelContext& c) { crop_and_resize<T>(c, nearest, outside); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    auto boxes = [] {
      return Tensor::of<float>({3, 4}, {0, 0, 1, 1, 0.1f, 0.9f, 0.7f, 0.2f, -0.3f, 0.2f, 0.6f, 1.4f});
    };
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 4, 5, 2}, t), boxes(), Samples::i32({0, 1, 1}), Samples::i32({3, 4})});
    });
    AttrMap m{{"method", std::string("nearest")}, {"extrapolation_value", 7.0f}};
    s.add({s.random({2, 4, 5, 2}), boxes(), Samples::i32({0, 1, 1}), Samples::i32({3, 4})}, m);
    s.add({s.random({2, 4, 5, 2}), boxes(), Samples::i32({0, 1, 1}), Samples::i32({1, 1})});
    s.add({s.random({2, 4, 5, 2}), s.random({0, 4}), Samples::i32({}), Samples::i32({2, 2})});
    s.fails("box_index has values outside [0, batch_size)",
            {s.random({2, 4, 5, 2}), boxes(), Samples::i32({0, 2, 1}), Samples::i32({3, 4})});
    s.fails("crop dimensions must be positive",
            {s.random({2, 4, 5, 2}), boxes(), Samples::i32({0, 1, 1}), Samples::i32({0, 4})});
    s.fails("crop_size must have two elements",
            {s.random({2, 4, 5, 2}), boxes(), Samples::i32({0, 1, 1}), Samples::i32({3})});
    s.fails("boxes must have 4 columns",
            {s.random({2, 4, 5, 2}), s.random({3, 3}), Samples::i32({0, 1, 1}), Samples::i32({3, 4})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor &image = g.input(0), &boxes = g.input(1), &index = g.input(2);
    if (g.needs(0) && is_floating(image.dtype()))
      g.set(0, grad::op("CropAndResizeGradImage", {g.grad(), boxes, index, grad::shape_of(image)},
                        {{"T", image.dtype()}, {"method", g.attr<std::string>("method")}}));
    // TensorFlow takes the boxes of nearest neighbours as bilinear, too.
    if (g.needs(1)) g.set(1, grad::op("CropAndResizeGradBoxes", {g.grad(), image, boxes, index}));
  });
}

// Where row or column i of a crop lies, and how that moves with the edges a and b of its box.
struct CropTap {
  int64_t lower, upper;
  float weight, by_a, by_b;
};
std::vector<std::optional<CropTap>> crop_taps(float a, float b, int64_t size, int64_t n) {
  std::vector<std::optional<CropTap>> taps(static_cast<size_t>(n));
  float last = float(size - 1);
  for (int64_t i = 0; i < n; ++i) {
    float at = crop_coordinate(a, b, size, n, i);
    if (!(at >= 0 && at <= last)) continue;
    float part = n > 1 ? float(i) / float(n - 1) : 0.5f;
    taps[size_t(i)] = {int64_t(std::floor(at)), int64_t(std::ceil(at)), at - std::floor(at),
                       (1 - part) * last, part * last};
  }
  return taps;
}

void check_box_index(KernelContext& c, const int32_t* index, int64_t boxes, int64_t batch) {
  for (int64_t b = 0; b < boxes; ++b)
    if (index[b] < 0 || index[b] >= batch)
      c.fail(Code::kOutOfRange, cat("box_index has values outside [0, batch_size): element ", b, " is ",
                                    index[b], ", batch_size is ", batch));
}

template <class T>
void crop_and_resize_grad_image(KernelContext& c, bool nearest) {
  ImageBatch crop = image_batch(c.input(0).shape()), image = image_batch(c.output(0).shape());
  const float *g = c.in<float>(0), *boxes = c.in<float>(1);
  const int32_t* index = c.in<int32_t>(2);
  check_box_index(c, index, crop.batch, image.batch);
  std::vector<compute_t<T>> sum(static_cast<size_t>(c.output(0).num_elements()));
  int64_t channels = image.channels;
  for (int64_t b = 0; b < crop.batch; ++b) {
    const float* box = boxes + b * 4;
    auto ys = crop_taps(box[0], box[2], image.height, crop.height),
         xs = crop_taps(box[1], box[3], image.width, crop.width);
    auto* to = sum.data() + index[b] * image.image();
    auto give = [&](int64_t y, int64_t x, const float* v, float down, float right) {
      for (int64_t ch = 0; ch < channels; ++ch)
        to[y * image.row() + x * channels + ch] += compute_t<T>(right * (down * v[ch]));
    };
    for (size_t i = 0; i < ys.size(); ++i)
      for (size_t j = 0; j < xs.size(); ++j) {
        const float* v = g + b * crop.image() + int64_t(i) * crop.row() + int64_t(j) * channels;
        if (!ys[i] || !xs[j]) continue;
        const CropTap &y = *ys[i], &x = *xs[j];
        if (nearest) {
          give(y.weight < 0.5f ? y.lower : y.upper, x.weight < 0.5f ? x.lower : x.upper, v, 1, 1);
          continue;
        }
        give(y.lower, x.lower, v, 1 - y.weight, 1 - x.weight);
        give(y.lower, x.upper, v, 1 - y.weight, x.weight);
        give(y.upper, x.lower, v, y.weight, 1 - x.weight);
        give(y.upper, x.upper, v, y.weight, x.weight);
      }
  }
  for (size_t i = 0; i < sum.size(); ++i) c.out<T>(0)[i] = T(sum[i]);
}

template <class T>
void crop_and_resize_grad_boxes(KernelContext& c) {
  ImageBatch crop = image_batch(c.input(0).shape()), image = image_batch(c.input(1).shape());
  const float *g = c.in<float>(0), *boxes = c.in<float>(2);
  const T* pixels = c.in<T>(1);
  const int32_t* index = c.in<int32_t>(3);
  check_box_index(c, index, crop.batch, image.batch);
  parallel_for(c.threads(), crop.batch, double(crop.image()) * 8, [&](int64_t from, int64_t to) {
    for (int64_t b = from; b < to; ++b) {
      const float* box = boxes + b * 4;
      auto ys = crop_taps(box[0], box[2], image.height, crop.height),
           xs = crop_taps(box[1], box[3], image.width, crop.width);
      const T* p = pixels + index[b] * image.image();
      double by[4] = {};
      for (size_t i = 0; i < ys.size(); ++i)
        for (size_t j = 0; j < xs.size(); ++j) {
          if (!ys[i] || !xs[j]) continue;
          const CropTap &y = *ys[i], &x = *xs[j];
          const float* v = g + b * crop.image() + int64_t(i) * crop.row() + int64_t(j) * crop.channels;
          for (int64_t ch = 0; ch < crop.channels; ++ch) {
            auto at = [&](int64_t r, int64_t s) {
              return float(p[r * image.row() + s * image.channels + ch]);
            };
            float tl = at(y.lower, x.lower), tr = at(y.lower, x.upper), bl = at(y.upper, x.lower),
                  br = at(y.upper, x.upper);
            float down = (1 - x.weight) * (bl - tl) + x.weight * (br - tr);
            float right = (1 - y.weight) * (tr - tl) + y.weight * (br - bl);
            by[0] += double(v[ch] * down * y.by_a);
            by[1] += double(v[ch] * right * x.by_a);
            by[2] += double(v[ch] * down * y.by_b);
            by[3] += double(v[ch] * right * x.by_b);
          }
        }
      for (int k = 0; k < 4; ++k) c.out<float>(0)[b * 4 + k] = float(by[k]);
    }
  });
}

void check_crop_grad(InferContext& c, int boxes_at) {
  Shape grads = c.with_rank(0, 4), boxes = c.with_rank(boxes_at, 2), index = c.with_rank(boxes_at + 1, 1);
  if (boxes[1] >= 0 && boxes[1] != 4)
    c.fail(cat("boxes must have 4 columns: Dimension must be 4 but is ", boxes[1]));
  for (int64_t n : {boxes[0], index[0]})
    if (n >= 0 && grads[0] >= 0 && n != grads[0])
      c.fail(cat("boxes and grads have incompatible shape: Dimensions must be equal, but are ", n, " and ",
                 grads[0]));
}

FLOE_OP("CropAndResizeGradImage", op) {
  op.in("grads:float, boxes:float, box_ind:int32, image_size:int32").out("output:T");
  op.attrs("T:{float,half,double}; method:{'bilinear','nearest'}='bilinear'");
  op.infer([](InferContext& c) {
    check_crop_grad(c, 1);
    if (int64_t n = c.with_rank(3, 1)[0]; n >= 0 && n != 4)
      c.fail(cat("image_size must have four elements: Dimension must be 4 but is ", n));
    Shape image = c.shape_value(3), grads = c.shape(0);
    if (c.value(3) && !image.is_fully_defined()) c.fail("image dimensions must be positive");
    if (!image.has_rank()) image = Shape::unknown_of_rank(4);
    for (int d : {1, 2})
      if (image[d] == 0) c.fail("image dimensions must be positive");
    if (grads.has_rank() && grads[3] >= 0 && image[3] >= 0 && grads[3] != image[3])
      c.fail(cat("image_size and grads are incompatible: ", image[3], " and ", grads[3], " channels"));
    c.set_output(0, image);
  });
  op.fails_on_values();
  op.kernel([](const KernelInit& k) {
    bool nearest = k.attr<std::string>("method") == "nearest";
    KernelFn fn;
    dispatch(Types<float, double, float16>{}, k.output_type(0), [&]<class T>() {
      fn = [nearest](KernelContext& c) { crop_and_resize_grad_image<T>(c, nearest); };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    Tensor boxes = Tensor::of<float>({3, 4}, {0, 0, 1, 1, 0.1f, 0.9f, 0.7f, 0.2f, -0.3f, 0.2f, 0.6f, 1.4f});
    for (DType t : {DType::kFloat32, DType::kFloat64})
      for (const char* method : {"bilinear", "nearest"})
        s.add({s.random({3, 3, 4, 2}), boxes, Samples::i32({0, 1, 1}), Samples::i32({2, 4, 5, 2})},
              {{"T", t}, {"method", std::string(method)}})
            .tolerance = 1e-6;
    s.add({s.random({3, 1, 1, 2}), boxes, Samples::i32({0, 1, 1}), Samples::i32({2, 4, 5, 2})},
          {{"T", DType::kFloat32}});
    s.fails("box_index has values outside [0, batch_size)",
            {s.random({3, 3, 4, 2}), boxes, Samples::i32({0, 2, 1}), Samples::i32({2, 4, 5, 2})},
            {{"T", DType::kFloat32}});
  });
}

FLOE_OP("CropAndResizeGradBoxes", op) {
  op.in("grads:float, image:T, boxes:float, box_ind:int32").out("output:float");
  op.attrs("T:{uint8,uint16,int8,int16,int32,int64,half,float,double}; method:{'bilinear'}='bilinear'");
  op.infer([](InferContext& c) {
    check_crop_grad(c, 2);
    Shape image = c.with_rank(1, 4), grads = c.shape(0);
    for (int d : {1, 2})
      if (image[d] == 0) c.fail("image dimensions must be positive");
    if (grads.has_rank() && grads[3] >= 0 && image[3] >= 0 && grads[3] != image[3])
      c.fail(cat("image and grads depth should be equal: ", image[3], " and ", grads[3]));
    c.set_output(0, {c.shape(2).has_rank() ? c.shape(2)[0] : -1, 4});
  });
  op.fails_on_values();
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(Types<float, double, float16, int8_t, uint8_t, int16_t, uint16_t, int32_t, int64_t>{},
             k.input_type(1), [&]<class T>() { fn = crop_and_resize_grad_boxes<T>; });
    return fn;
  });
  op.samples([](Samples& s) {
    Tensor boxes = Tensor::of<float>({3, 4}, {0, 0, 1, 1, 0.1f, 0.9f, 0.7f, 0.2f, -0.3f, 0.2f, 0.6f, 1.4f});
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kUint8})
      s.add({s.random({3, 3, 4, 2}), s.random({2, 4, 5, 2}, t), boxes, Samples::i32({0, 1, 1})}).tolerance =
          1e-5;
    s.add({s.random({3, 1, 1, 2}), s.random({2, 4, 5, 2}), boxes, Samples::i32({0, 1, 1})}).tolerance = 1e-5;
    s.fails("box_index has values outside [0, batch_size)",
            {s.random({3, 3, 4, 2}), s.random({2, 4, 5, 2}), boxes, Samples::i32({0, 2, 1})});
  });
}

using Color = std::array<float, 4>;
const Color kBoxColors[] = {{1, 1, 0, 1},       {0, 0, 1, 1},       {1, 0, 0, 1},    {0, 1, 0, 1},
                            {0.5f, 0, 0.5f, 1}, {0.5f, 0.5f, 0, 1}, {0.5f, 0, 0, 1}, {0, 0, 0.5f, 1},
                            {0, 1, 1, 1},       {1, 0, 1, 1}};

std::vector<Color> box_colors(KernelContext& c, int64_t depth) {
  std::vector<Color> colors(std::begin(kBoxColors), std::end(kBoxColors));
  if (c.num_inputs() == 3 && c.input(2).dim(1) < depth)
    c.fail(
        cat("colors must have equal or more channels than the image provided: ", c.input(2).shape().str()));
  if (c.num_inputs() == 3 && c.input(2).dim(0) > 0) {
    int64_t n = c.input(2).dim(0), wide = c.input(2).dim(1);
    colors.assign(static_cast<size_t>(n), Color{});
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < std::min<int64_t>(wide, 4); ++j)
        colors[size_t(i)][size_t(j)] = c.in<float>(2)[i * wide + j];
  }
  if (depth == 1)
    for (Color& k : colors) k[0] = 1;
  return colors;
}

template <class T>
void draw_boxes(KernelContext& c) {
  ImageBatch image = image_batch(c.input(0).shape());
  T* out = c.out<T>(0);
  std::copy_n(c.in<T>(0), c.input(0).num_elements(), out);
  std::vector<Color> colors = box_colors(c, image.channels);
  int64_t boxes = c.input(1).dim(1), h = image.height, w = image.width;
  // A coordinate far outside of any image stands for infinity, so that the conversion is defined.
  auto pixel = [](float v, int64_t size) {
    float p = v * float(size - 1);
    return p != p ? int64_t(-1) : int64_t(std::clamp(p, -1e9f, 1e9f));
  };
  for (int64_t b = 0; b < image.batch; ++b)
    for (int64_t i = 0; i < boxes; ++i) {
      const float* box = c.in<float>(1) + (b * boxes + i) * 4;
      int64_t y0 = pixel(box[0], h), x0 = pixel(box[1], w), y1 = pixel(box[2], h), x1 = pixel(box[3], w);
      if (y0 > y1 || x0 > x1 || y0 >= h || y1 < 0 || x0 >= w || x1 < 0) continue;
      const Color& color = colors[size_t(i) % colors.size()];
      auto paint = [&](int64_t y, int64_t x) {
        T* p = out + b * image.image() + y * image.row() + x * image.channels;
        for (int64_t ch = 0; ch < image.channels; ++ch) p[ch] = T(color[size_t(ch)]);
      };
      int64_t top = std::max<int64_t>(y0, 0), bottom = std::min(y1, h - 1), left = std::max<int64_t>(x0, 0),
              right = std::min(x1, w - 1);
      for (int64_t x = left; x <= right; ++x) {
        if (y0 >= 0) paint(y0, x);
        if (y1 < h) paint(y1, x);
      }
      for (int64_t y = top; y <= bottom; ++y) {
        if (x0 >= 0) paint(y, x0);
        if (x1 < w) paint(y, x1);
      }
    }
}

void infer_draw_boxes(InferContext& c) {
  Shape images = c.with_rank(0, 4), boxes = c.with_rank(1, 3);
  if (images[3] >= 0 && images[3] != 1 && images[3] != 3 && images[3] != 4)
    c.fail(cat("Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA), found ", images[3]));
  if (boxes[2] >= 0 && boxes[2] != 4)
    c.fail(cat("boxes must have 4 columns: Dimension must be 4 but is ", boxes[2]));
  if (images[0] >= 0 && boxes[0] >= 0 && images[0] != boxes[0])
    c.fail(cat("The batch sizes should be the same: ", images[0], " vs. ", boxes[0]));
  if (c.num_inputs() == 3) c.with_rank(2, 2);
  c.set_output(0, images);
}

KernelFn draw_boxes_kernel(const KernelInit& k) {
  return k.input_type(0) == DType::kFloat32 ? draw_boxes<float> : draw_boxes<float16>;
}

Tensor sample_boxes() {
  return Tensor::of<float>({1, 3, 4}, {0.1f, 0.2f, 0.8f, 0.7f, -0.5f, 0, 0.5f, 2, 0.9f, 0.9f, 0.1f, 0.1f});
}

FLOE_OP("DrawBoundingBoxes", op) {
  op.in("images:T, boxes:float").out("output:T").attrs("T:{float,half}=float");
  op.infer(infer_draw_boxes).kernel(draw_boxes_kernel);
  op.samples([](Samples& s) {
    for (int64_t depth : {1, 3, 4}) s.add({s.random({1, 9, 8, depth}), sample_boxes()});
    s.add({s.random({1, 9, 8, 3}, DType::kFloat16), sample_boxes()});
    s.fails("Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)",
            {s.random({1, 4, 4, 2}), sample_boxes()});
  });
  op.no_gradient();
}

FLOE_OP("DrawBoundingBoxesV2", op) {
  op.in("images:T, boxes:float, colors:float").out("output:T").attrs("T:{float,half}=float");
  op.infer(infer_draw_boxes).kernel(draw_boxes_kernel).fails_on_values();
  op.samples([](Samples& s) {
    s.add({s.random({1, 9, 8, 3}), sample_boxes(), s.uniform({2, 3}, 0, 1)});
    s.add({s.random({1, 9, 8, 4}), sample_boxes(), s.uniform({2, 4}, 0, 1)});
    s.fails("colors must have equal or more channels than the image provided: [0,0]",
            {s.random({1, 9, 8, 3}), sample_boxes(), s.random({0, 0})});
  });
}

}  // namespace
}  // namespace floe
