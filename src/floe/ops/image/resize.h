// Coordinates of image resizing, shared by the resize ops and their gradients.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "floe/op/infer.h"
#include "floe/op/kernel.h"

namespace floe {

/// How an output coordinate maps to an input coordinate.
struct ResizeMode {
  bool align_corners = false, half_pixel_centers = false;
};
ResizeMode resize_mode(const AttrMap& attrs);

/// Input pixels per output pixel.
inline float resize_scale(int64_t in, int64_t out, bool align_corners) {
  return align_corners && out > 1 ? float(in - 1) / float(out - 1) : float(in) / float(out);
}
/// The input coordinate of output pixel i.
inline float resize_coordinate(int64_t i, float scale, bool half_pixel_centers) {
  return half_pixel_centers ? (float(i) + 0.5f) * scale - 0.5f : float(i) * scale;
}

/// Two neighbours and the weight of the second.
struct LinearTap {
  int64_t lower = 0, upper = 0;
  float weight = 0;
};
std::vector<LinearTap> linear_taps(int64_t in, int64_t out, ResizeMode mode);

/// The nearest input pixel of every output pixel.
std::vector<int64_t> nearest_taps(int64_t in, int64_t out, ResizeMode mode);

/// images [batch, height, width, channels] and size [2] give [batch, size..., channels].
void infer_resize(InferContext& c);

/// Gradient [batch, size..., channels] and image give the image's shape.
void infer_resize_image_grad(InferContext& c);

/// A batch of images in memory.
struct ImageBatch {
  int64_t batch, height, width, channels;
  int64_t row() const { return width * channels; }
  int64_t image() const { return height * row(); }
};
inline ImageBatch image_batch(const Shape& s) { return {s[0], s[1], s[2], s[3]}; }

}  // namespace floe
