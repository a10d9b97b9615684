// A random part of an image that shows enough of one of its boxes.
#include <algorithm>
#include <cmath>

#include "floe/ops/random/philox.h"

namespace floe {
namespace {

constexpr float kMostPixels = 2147483520.0f;  // the largest float that is an int

struct PixelBox {
  int top, left, bottom, right;
  int64_t area() const { return int64_t(bottom - top) * (right - left); }
  bool empty() const { return bottom <= top || right <= left; }
  PixelBox meet(const PixelBox& o) const {
    PixelBox b{std::max(top, o.top), std::max(left, o.left), std::min(bottom, o.bottom),
               std::min(right, o.right)};
    return b.empty() ? PixelBox{0, 0, 0, 0} : b;
  }
};

struct DistortOptions {
  float least_aspect, most_aspect, least_area, most_area;
  int64_t attempts;
  bool whole_image;
};

DistortOptions distort_options(const KernelInit& k) {
  auto aspect = k.attr<std::vector<float>>("aspect_ratio_range");
  auto area = k.attr<std::vector<float>>("area_range");
  if (aspect.size() != 2) k.fail("Aspect ratio range field must specify 2 dimensions");
  if (area.size() != 2) k.fail("Area range field must specify 2 dimensions");
  if (!(aspect[0] > 0 && aspect[1] > 0))
    k.fail(cat("Aspect ratio range must be non-negative: [", aspect[0], ", ", aspect[1], "]"));
  if (!(area[0] > 0 && area[1] > 0))
    k.fail(cat("Area range must be non-negative: [", area[0], ", ", area[1], "]"));
  if (!(area[0] <= 1 && area[1] <= 1))
    k.fail(cat("Area range must be less then or equal to 1.0: [", area[0], ", ", area[1], "]"));
  int64_t attempts = k.attr<int64_t>("max_attempts");
  if (attempts <= 0) k.fail(cat("Max attempts must be non-negative: ", attempts));
  return {aspect[0], aspect[1], area[0], area[1], attempts, k.attr<bool>("use_image_if_no_bounding_boxes")};
}

/// Random numbers for one sample.
class Choices {
 public:
  explicit Choices(const Philox& g) : words_(g) {}
  float unit() { return unit_float(words_()); }
  int below(int n) { return int(words_() % uint32_t(n)); }

 private:
  PhiloxWords words_;
};

/// A box of the aspect with a random area in the range, anywhere in the image; false when none fits.
bool random_box(int width, int height, float aspect, const DistortOptions& o, Choices& choose,
                PixelBox& box) {
  if (width <= 0 || height <= 0 || o.least_area > o.most_area) return false;
  float least = o.least_area * float(width) * float(height);
  float most = o.most_area * float(width) * float(height);
  auto rounded = [](float v) { return int(std::lrintf(std::min(v, kMostPixels))); };
  int h = rounded(std::sqrt(least / aspect)), highest = rounded(std::sqrt(most / aspect));
  if (rounded(float(highest) * aspect) > width) {
    highest = int(std::min((float(width) + 0.5f - 0.0000001f) / aspect, kMostPixels));
    if (rounded(float(highest) * aspect) > width) --highest;
  }
  highest = std::min(highest, height);
  h = std::min(h, highest);
  if (h < highest) h += choose.below(highest - h + 1);
  int w = rounded(float(h) * aspect);
  auto area = [&] { return float(int64_t(w) * h); };
  auto change_height = [&](int by) {
    h += by;
    w = rounded(float(h) * aspect);
  };
  if (area() < least) change_height(1);
  if (area() > most) change_height(-1);
  if (area() < least || area() > most || w > width || h > height || w <= 0 || h <= 0) return false;
  int y = h < height ? choose.below(height - h) : 0;
  int x = w < width ? choose.below(width - w) : 0;
  box = {y, x, y + h, x + w};
  return true;
}

bool covers(const PixelBox& crop, const std::vector<PixelBox>& boxes, float share) {
  if (crop.area() < 1) return false;
  for (const PixelBox& b : boxes)
    if (!b.empty() && float(crop.meet(b).area()) / float(b.area()) >= share) return true;
  return false;
}

std::vector<PixelBox> boxes_in_pixels(KernelContext& c, int width, int height, bool whole_image) {
  std::vector<PixelBox> boxes;
  std::span<const float> all = c.input(1).flat<float>();
  for (size_t i = 0; i + 3 < all.size(); i += 4) {
    for (size_t k = 0; k < 4; ++k)
      if (!(all[i + k] >= 0 && all[i + k] <= 1))
        c.fail(cat("All bounding box coordinates must be in [0.0, 1.0]: ", all[i + k]));
    auto pixel = [&](size_t k, int size) { return int(std::min(all[i + k] * float(size), kMostPixels)); };
    boxes.push_back({pixel(0, height), pixel(1, width), pixel(2, height), pixel(3, width)});
  }
  if (boxes.empty() && !whole_image)
    c.fail(
        "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if you wish to "
        "not "
        "provide any bounding boxes.");
  if (boxes.empty()) boxes.push_back({0, 0, height, width});
  return boxes;
}

template <class T>
void sample_box(KernelContext& c, const DistortOptions& o, const Philox& g) {
  const T* size = c.in<T>(0);
  int64_t height = int64_t(size[0]), width = int64_t(size[1]);
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  if (height < 0 || height >= kMost) c.fail("image height cannot be >= int32 max");
  if (width < 0 || width >= kMost) c.fail("image width cannot be >= int32 max");
  float share = c.scalar<float>(2);
  if (!(share >= 0)) c.fail(cat("Min object covered must be non-negative: ", share));
  std::vector<PixelBox> boxes = boxes_in_pixels(c, int(width), int(height), o.whole_image);
  Choices choose(g);
  PixelBox crop{0, 0, int(height), int(width)};
  for (int64_t i = 0; i < o.attempts; ++i) {
    PixelBox tried;
    float aspect = choose.unit() * (o.most_aspect - o.least_aspect) + o.least_aspect;
    if (!random_box(int(width), int(height), aspect, o, choose, tried) || !covers(tried, boxes, share))
      continue;
    crop = tried;
    break;
  }
  T *begin = c.out<T>(0), *extent = c.out<T>(1);
  begin[0] = T(crop.top);
  begin[1] = T(crop.left);
  begin[2] = T(0);
  extent[0] = T(crop.bottom - crop.top);
  extent[1] = T(crop.right - crop.left);
  extent[2] = T(-1);
  float* box = c.out<float>(2);
  box[0] = float(crop.top) / float(height);
  box[1] = float(crop.left) / float(width);
  box[2] = float(crop.bottom) / float(height);
  box[3] = float(crop.right) / float(width);
}

void infer_distorted(InferContext& c) {
  if (c.shape(0).has_rank() && c.shape(0).rank() != 1)
    c.fail(cat("image_size must be 1-dimensional", c.shape(0).str()));
  int64_t n = c.with_rank(0, 1)[0];
  if (n >= 0 && n != 3) c.fail(cat("image_size must contain 3 elements", c.shape(0).str()));
  if (c.shape(1).has_rank() && c.shape(1).rank() != 3)
    c.fail(cat("input boxes must be 3-dimensional [batch, num_boxes, coords]: ", c.shape(1).str()));
  int64_t corners = c.with_rank(1, 3)[2];
  if (corners >= 0 && corners != 4)
    c.fail(cat("bounding boxes must have shape [4] or [*, 4], got ", c.shape(1).str()));
  c.with_rank(2, 0);
  c.set_output(0, Shape{3});
  c.set_output(1, Shape{3});
  c.set_output(2, Shape{1, 1, 4});
}

constexpr const char* kDistortAttrs =
    "aspect_ratio_range:list(float)=[0.75,1.33]; area_range:list(float)=[0.05,1]; max_attempts:int=100; "
    "use_image_if_no_bounding_boxes:bool=false";
using SizeTypes = Types<uint8_t, int8_t, int16_t, int32_t, int64_t>;

std::vector<Tensor> distort_inputs(DType t, double share) {
  Tensor box = Samples::numbers({1, 2, 4}, {0.1, 0.2, 0.6, 0.7, 0.3, 0.1, 0.5, 0.4});
  return {Samples::numbers({3}, {20, 30, 3}, t), box, Samples::filled({}, share), Samples::i32({1, 2})};
}

FLOE_OP("StatelessSampleDistortedBoundingBox", op) {
  op.in("image_size:T, bounding_boxes:float, min_object_covered:float, seed:Tseed");
  op.out("begin:T, size:T, bboxes:float");
  op.attrs(cat("T:{uint8,int8,int16,int32,int64}; Tseed:{int32,int64}; ", kDistortAttrs));
  op.infer([](InferContext& c) {
    infer_distorted(c);
    if (c.shape(3).has_rank() && !c.shape(3).is_compatible_with(Shape{2}))
      c.fail(cat("seed must have shape [2], not ", c.shape(3).str()));
  });
  op.kernel([](const KernelInit& k) {
    DistortOptions o = distort_options(k);
    KernelFn fn;
    dispatch(SizeTypes{}, k.input_type(0), [&]<class T>() {
      fn = [o](KernelContext& c) { sample_box<T>(c, o, seeded_philox(c.input(3))); };
    });
    return fn;
  });
  op.fails_on_values().no_gradient();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add(distort_inputs(t, 0.1)); });
    s.add(distort_inputs(DType::kInt32, 0.9), {{"max_attempts", int64_t(3)}});
    s.add(distort_inputs(DType::kInt32, 2.0));
    s.add(distort_inputs(DType::kInt32, 0.5), {{"area_range", std::vector<float>{0.3f, 0.5f}}});
    s.add(distort_inputs(DType::kInt32, 0.5), {{"aspect_ratio_range", std::vector<float>{2.0f, 3.0f}}});
    std::vector<Tensor> none = distort_inputs(DType::kInt32, 0.1);
    none[1] = Samples::numbers({1, 0, 4}, {});
    s.add(none, {{"use_image_if_no_bounding_boxes", true}});
    s.fails("No bounding boxes provided as input.", none);
    s.fails("Min object covered must be non-negative: -1", distort_inputs(DType::kInt32, -1));
    s.fails("Max attempts must be non-negative: 0", distort_inputs(DType::kInt32, 0.1),
            {{"max_attempts", int64_t(0)}});
    s.fails("Area range must be less then or equal to 1.0", distort_inputs(DType::kInt32, 0.1),
            {{"area_range", std::vector<float>{0.5f, 1.5f}}});
    std::vector<Tensor> outside = distort_inputs(DType::kInt32, 0.1);
    outside[1] = Samples::numbers({1, 1, 4}, {0, 0, 0.5, 1.5});
    s.fails("All bounding box coordinates must be in [0.0, 1.0]: 1.5", outside);
  });
}

FLOE_OP("SampleDistortedBoundingBoxV2", op) {
  op.in("image_size:T, bounding_boxes:float, min_object_covered:float").out("begin:T, size:T, bboxes:float");
  op.attrs(cat("T:{uint8,int8,int16,int32,int64}; seed:int=0; seed2:int=0; ", kDistortAttrs));
  op.infer(infer_distorted);
  op.kernel([](const KernelInit& k) {
    DistortOptions o = distort_options(k);
    KernelFn fn;
    dispatch(SizeTypes{}, k.input_type(0), [&]<class T>() {
      fn = seeded_kernel(k, [o](KernelContext& c, RandomState& state) {
        sample_box<T>(c, o, state.reserve(uint64_t(o.attempts)));
      });
    });
    return fn;
  });
  op.stateful().fails_on_values().no_gradient();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      std::vector<Tensor> in = distort_inputs(t, 0.1);
      in.pop_back();
      s.add(in, {{"seed", int64_t(7)}, {"seed2", int64_t(11)}});
    });
  });
}

}  // namespace
}  // namespace floe
