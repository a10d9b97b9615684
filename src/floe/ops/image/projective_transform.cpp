// ImageProjectiveTransformV2 and V3: every pixel of the result is looked up where a projection says.
#include <cmath>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

enum class Outside { kConstant, kReflect, kWrap, kNearest };
enum class Between { kNearest, kBilinear };

// Where to look instead of a coordinate outside of [0, size - 1].
float mapped(float at, int64_t size, Outside outside) {
  float in = at;
  if (outside == Outside::kReflect) {
    if (in < 0) {
      if (size <= 1) return 0;
      int64_t twice = 2 * size;
      if (in < float(twice)) in = float(twice) * std::trunc(-in / float(twice)) + in;
      in = in < float(-size) ? in + float(twice) : -in - 1;
    } else if (in > float(size - 1)) {
      if (size <= 1) return 0;
      int64_t twice = 2 * size;
      in -= float(twice) * std::trunc(in / float(twice));
      if (in >= float(size)) in = float(twice) - in - 1;
    }
    return std::clamp(in, 0.0f, float(size - 1));
  }
  if (outside == Outside::kWrap) {
    if (in < 0) {
      if (size <= 1) return 0;
      int64_t last = size - 1;
      in += float(size) * (std::trunc(-in / float(last)) + 1);
    } else if (in > float(size - 1)) {
      if (size <= 1) return 0;
      int64_t last = size - 1;
      in -= float(size) * std::trunc(in / float(last));
    }
    return std::clamp(in, 0.0f, float(size - 1));
  }
  if (outside == Outside::kNearest) return std::clamp(in, 0.0f, float(size - 1));
  return at;
}

struct Projection {
  Outside outside;
  Between between;
};

template <class T>
struct Source {
  const T* image;
  int64_t height, width, channels;
  T fill;

  T at(int64_t y, int64_t x, int64_t ch) const {
    return y >= 0 && y < height && x >= 0 && x < width ? image[(y * width + x) * channels + ch] : fill;
  }
  T nearest(float y, float x, int64_t ch) const {
    if (!(std::abs(y) < 1e9f && std::abs(x) < 1e9f)) return fill;
    return at(int64_t(std::round(y)), int64_t(std::round(x)), ch);
  }
  T bilinear(float y, float x, int64_t ch) const {
    float y0 = std::floor(y), x0 = std::floor(x), y1 = y0 + 1, x1 = x0 + 1;
    auto pixel = [&](float py, float px) {
      if (!(std::abs(py) < 1e9f && std::abs(px) < 1e9f)) return fill;
      return at(int64_t(py), int64_t(px), ch);
    };
    using C = compute_t<T>;
    float above = (x1 - x) * float(C(pixel(y0, x0))) + (x - x0) * float(C(pixel(y0, x1)));
    float below = (x1 - x) * float(C(pixel(y1, x0))) + (x - x0) * float(C(pixel(y1, x1)));
    return T((y1 - y) * above + (y - y0) * below);
  }
};

template <class T>
void project(KernelContext& c, Projection p, float fill) {
  const Tensor &images = c.input(0), &transforms = c.input(1);
  Tensor& out = c.output(0);
  if (out.num_elements() == 0) return;
  int64_t rows = out.dim(1), columns = out.dim(2), channels = out.dim(3);
  int64_t in_size = images.dim(1) * images.dim(2) * channels;
  const float* all = transforms.data<float>();
  parallel_for(
      c.threads(), images.dim(0) * rows, double(columns * channels) * 10, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
          int64_t n = i / rows, y = i % rows;
          const float* t = transforms.dim(0) == 1 ? all : all + n * 8;
          Source<T> source{images.data<T>() + n * in_size, images.dim(1), images.dim(2), channels, T(fill)};
          T* to_row = out.mutable_data<T>() + i * columns * channels;
          for (int64_t x = 0; x < columns; ++x, to_row += channels) {
            float scale = t[6] * float(x) + t[7] * float(y) + 1.0f;
            if (scale == 0) {
              std::fill_n(to_row, channels, source.fill);
              continue;
            }
            float in_x = mapped((t[0] * float(x) + t[1] * float(y) + t[2]) / scale, source.width, p.outside);
            float in_y = mapped((t[3] * float(x) + t[4] * float(y) + t[5]) / scale, source.height, p.outside);
            for (int64_t ch = 0; ch < channels; ++ch)
              to_row[ch] = p.between == Between::kNearest ? source.nearest(in_y, in_x, ch)
                                                          : source.bilinear(in_y, in_x, ch);
          }
        }
      });
}

void infer_projection(InferContext& c) {
  const Shape& images = c.shape(0);
  if (images.has_rank() && images.rank() != 4)
    c.fail(cat("Input images must have rank 4, found shape ", images.str()));
  const Shape& t = c.shape(1);
  bool fits =
      !t.has_rank() || (t.rank() == 2 && (t[1] < 0 || t[1] == 8) &&
                        (t[0] < 0 || t[0] == 1 || images.rank() != 4 || images[0] < 0 || t[0] == images[0]));
  if (!fits)
    c.fail(cat("Input transform should be num_images x 8 or 1 x 8, found shape ", t.str(), " for images ",
               images.str()));
  const Shape& size = c.shape(2);
  if (size.has_rank() && (size.rank() != 1 || (size[0] >= 0 && size[0] != 2)))
    c.fail(cat("output shape must have two elements, found shape ", size.str()));
  if (c.num_inputs() > 3 && c.shape(3).has_rank() && c.shape(3).rank() != 0)
    c.fail(cat("fill_value must be a scalar, found shape ", c.shape(3).str()));
  Shape out = Shape::unknown_of_rank(4);
  if (images.rank() == 4) {
    out.set_dim(0, images[0]);
    out.set_dim(3, images[3]);
  }
  if (auto wanted = c.int_value(2)) {
    if ((*wanted)[0] <= 0 || (*wanted)[1] <= 0)
      c.fail(cat("output dimensions must be positive, found [", (*wanted)[0], ", ", (*wanted)[1], "]"));
    out.set_dim(1, (*wanted)[0]);
    out.set_dim(2, (*wanted)[1]);
  }
  c.set_output(0, out);
}

void define_projection(OpBuilder& op, bool has_fill) {
  op.in(has_fill ? "images:dtype, transforms:float, output_shape:int32, fill_value:float"
                 : "images:dtype, transforms:float, output_shape:int32");
  op.out("transformed_images:dtype").infer(infer_projection).fails_on_values();
  op.attrs(
      "dtype:{uint8,int32,int64,half,bfloat16,float,double}; interpolation:string; "
      "fill_mode:string='CONSTANT'");
  op.kernel([has_fill](const KernelInit& k) {
    const std::string &between = k.attr<std::string>("interpolation"),
                      &mode = k.attr<std::string>("fill_mode");
    if (between != "NEAREST" && between != "BILINEAR")
      k.fail(cat("Invalid interpolation ", between, ". Supported types: NEAREST, BILINEAR"));
    if (mode != "CONSTANT" && mode != "REFLECT" && mode != "WRAP" && mode != "NEAREST")
      k.fail(cat("Invalid mode ", mode, ". Supported types: REFLECT, WRAP, CONSTANT, NEAREST"));
    Projection p{mode == "REFLECT"   ? Outside::kReflect
                 : mode == "WRAP"    ? Outside::kWrap
                 : mode == "NEAREST" ? Outside::kNearest
                                     : Outside::kConstant,
                 between == "NEAREST" ? Between::kNearest : Between::kBilinear};
    KernelFn fn;
    dispatch(Types<uint8_t, int32_t, int64_t, float16, bfloat16, float, double>{}, k.input_type(0),
             [&]<class T>() {
               fn = [=](KernelContext& c) { project<T>(c, p, has_fill ? c.scalar<float>(3) : 0.0f); };
             });
    return fn;
  });
  op.samples([has_fill](Samples& s) {
    Tensor image = Samples::iota({1, 4, 5, 1}), size = Samples::i32({4, 4});
    auto matrix = [](std::vector<float> v) {
      int64_t n = int64_t(v.size()) / 8;
      return Tensor::vec(v).reshaped({n, 8});
    };
    auto in = [&](Tensor images, Tensor transforms, Tensor out_size) {
      std::vector<Tensor> v{images, transforms, out_size};
      if (has_fill) v.push_back(Tensor::scalar(-1.5f));
      return v;
    };
    auto how = [](const char* between, const char* mode = "CONSTANT") {
      return AttrMap{{"interpolation", std::string(between)}, {"fill_mode", std::string(mode)}};
    };
    Tensor shift = matrix({1, 0, -1.5f, 0, 1, .5f, 0, 0}), same = matrix({1, 0, 0, 0, 1, 0, 0, 0});
    Tensor turn = matrix({.8f, -.6f, 2.25f, .6f, .8f, -3.25f, 0, 0}),
           far = matrix({3.1f, 0, -7.3f, 0, 2.3f, 5.7f, 0, 0});
    for (const char* between : {"NEAREST", "BILINEAR"})
      for (const char* mode : {"CONSTANT", "REFLECT", "WRAP", "NEAREST"})
        for (const Tensor& t : {shift, turn, far})
          s.add(in(image, t, Samples::i32({5, 4})), how(between, mode));
    s.each_type("dtype", [&](DType t) {
      s.add(in(s.uniform({2, 4, 5, 3}, 0, 100, t),
               matrix({1, 0, -1.25f, 0, 1, .5f, 0, 0, 1, .5f, 0, 0, 1, 0, .1f, 0}), size),
            how("BILINEAR"));
    });
    s.add(in(image, matrix({1, .1f, 0, .2f, 1, 0, .1f, .3f}), size), how("BILINEAR", "WRAP"));
    s.add(in(image, matrix({1, 0, 0, 0, 1, 0, -.5f, 0}), size), how("BILINEAR", "WRAP"));
    s.add(in(Samples::filled({1, 1, 1, 1}, 5), turn, size), how("BILINEAR", "REFLECT"));
    s.add(in(Samples::iota({3, 2, 2, 1}), same, Samples::i32({1, 3})), how("NEAREST"));
    s.add(in(Tensor(DType::kFloat32, {0, 4, 4, 1}), same, size), how("BILINEAR"));
    s.add(in(Tensor(DType::kFloat32, {1, 4, 4, 0}), same, size), how("BILINEAR"));
    s.fails("Input transform should be num_images x 8 or 1 x 8",
            in(image, matrix(std::vector<float>(24, 1.0f)), size), how("BILINEAR"));
    s.fails("Input transform should be num_images x 8 or 1 x 8", in(image, Samples::iota({1, 7}), size),
            how("BILINEAR"));
    s.fails("Input images must have rank 4", in(image.reshaped({4, 5, 1}), same, size), how("BILINEAR"));
    s.fails("output shape must have two elements", in(image, same, Samples::i32({2})), how("BILINEAR"));
    s.fails("output dimensions must be positive", in(image, same, Samples::i32({0, 2})), how("BILINEAR"));
  });
}

FLOE_OP("ImageProjectiveTransformV2", op) { define_projection(op, false); }
FLOE_OP("ImageProjectiveTransformV3", op) { define_projection(op, true); }

}  // namespace
}  // namespace floe
