// Gradients of bilinear and nearest-neighbour resizing: every output pixel gives its gradient back to its
// sources.
#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/ops/image/resize.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {}  // namespace

void infer_resize_image_grad(InferContext& c) {
  Shape grads = c.with_rank(0, 4), image = c.with_rank(1, 4);
  ResizeMode mode = resize_mode(c.attrs());
  if (mode.align_corners && mode.half_pixel_centers)
    c.fail("If half_pixel_centers is True, align_corners must be False.");
  for (int d : {0, 3})
    if (grads[d] >= 0 && image[d] >= 0 && grads[d] != image[d])
      c.fail(cat("the gradient has shape ", grads.str(), ", the image ", image.str(),
                 ": batch and channels must be equal"));
  for (int d : {1, 2})
    if (grads[d] == 0 || image[d] == 0) c.fail("gradient and image must be of non-zero size");
  c.set_output(0, image);
}

namespace {

template <class T>
void resize_bilinear_grad(KernelContext& c, ResizeMode mode) {
  ImageBatch grads = image_batch(c.input(0).shape()), image = image_batch(c.output(0).shape());
  std::vector<compute_t<T>> sum(static_cast<size_t>(c.output(0).num_elements()));
  if (sum.empty()) return;
  auto ys = linear_taps(image.height, grads.height, mode), xs = linear_taps(image.width, grads.width, mode);
  const float* g = c.in<float>(0);
  for (int64_t b = 0; b < grads.batch; ++b)
    for (const LinearTap& y : ys)
      for (const LinearTap& x : xs)
        for (int64_t ch = 0; ch < grads.channels; ++ch) {
          auto at = [&](int64_t row, int64_t column) -> compute_t<T>& {
            return sum[size_t(b * image.image() + row * image.row() + column * image.channels + ch)];
          };
          float v = *g++;
          at(y.lower, x.lower) += v * (1 - y.weight) * (1 - x.weight);
          at(y.lower, x.upper) += v * (1 - y.weight) * x.weight;
          at(y.upper, x.lower) += v * y.weight * (1 - x.weight);
          at(y.upper, x.upper) += v * y.weight * x.weight;
        }
  T* out = c.out<T>(0);
  for (size_t i = 0; i < sum.size(); ++i) out[i] = T(sum[i]);
}

template <class T>
void resize_nearest_grad(KernelContext& c, ResizeMode mode) {
  using S = std::conditional_t<std::is_integral_v<T>, uint32_t, compute_t<T>>;
  ImageBatch grads = image_batch(c.input(0).shape()), image = image_batch(c.output(0).shape());
  std::vector<S> sum(static_cast<size_t>(c.output(0).num_elements()), S(0));
  if (sum.empty()) return;
  auto ys = nearest_taps(image.height, grads.height, mode), xs = nearest_taps(image.width, grads.width, mode);
  const T* g = c.in<T>(0);
  for (int64_t b = 0; b < grads.batch; ++b)
    for (int64_t y : ys)
      for (int64_t x : xs) {
        S* s = sum.data() + b * image.image() + y * image.row() + x * image.channels;
        for (int64_t ch = 0; ch < grads.channels; ++ch) s[ch] += S(*g++);
      }
  T* out = c.out<T>(0);
  for (size_t i = 0; i < sum.size(); ++i) out[i] = T(sum[i]);
}

FLOE_OP("ResizeBilinearGrad", op) {
  op.in("grads:float, original_image:T").out("output:T");
  op.attrs("T:{float,bfloat16,half,double}; align_corners:bool=false; half_pixel_centers:bool=false");
  op.infer(infer_resize_image_grad);
  op.kernel([](const KernelInit& k) {
    ResizeMode mode = resize_mode(k.attrs);
    KernelFn fn;
    dispatch(FloatTypes{}, k.output_type(0),
             [&]<class T>() { fn = [mode](KernelContext& c) { resize_bilinear_grad<T>(c, mode); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64})
      s.add({s.random({2, 5, 7, 2}), s.random({2, 3, 4, 2}, t)});
    s.add({s.random({1, 5, 7, 2}), s.random({1, 3, 4, 2})}, {{"align_corners", true}});
    s.add({s.random({1, 2, 3, 2}), s.random({1, 5, 4, 2})}, {{"half_pixel_centers", true}});
  });
  op.no_gradient();
}

FLOE_OP("ResizeNearestNeighborGrad", op) {
  op.in("grads:T, size:int32").out("output:T");
  op.attrs(
      "T:{uint8,int8,int32,half,float,double,bfloat16}; align_corners:bool=false; "
      "half_pixel_centers:bool=false");
  op.infer(infer_resize);
  op.kernel([](const KernelInit& k) {
    ResizeMode mode = resize_mode(k.attrs);
    KernelFn fn;
    dispatch(Types<float, double, float16, bfloat16, uint8_t, int8_t, int32_t>{}, k.input_type(0),
             [&]<class T>() { fn = [mode](KernelContext& c) { resize_nearest_grad<T>(c, mode); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({1, 5, 7, 2}, t), Samples::i32({3, 4})}); });
    s.add({s.random({2, 5, 7, 2}), Samples::i32({3, 4})}, {{"align_corners", true}});
    s.add({s.random({1, 2, 3, 2}), Samples::i32({5, 4})}, {{"half_pixel_centers", true}});
  });
  op.gradient([](GradientContext& g) {
    Tensor size = grad::op("Slice", {grad::shape_of(g.input(0)), grad::int32s({1}), grad::int32s({2})});
    g.set(0, grad::same(g, "ResizeNearestNeighbor", {g.grad(), size}));
  });
}

}  // namespace
}  // namespace floe
