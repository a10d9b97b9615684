#ifndef FLOE_KERNELS_CPU_SIMD_POOL_H_
#define FLOE_KERNELS_CPU_SIMD_POOL_H_

#include <cstdint>

namespace floe::simd {

// Pooling of a batch of NHWC pictures, float32, one thread. Padding does not count: the average divides by
// the pixels inside the picture, the maximum passes over NaN and starts from the lowest finite number, as in
// TensorFlow. Every window must touch the picture.
struct PoolArgs {
  int64_t batch = 1, height = 0, width = 0, channels = 0;
  int64_t out_height = 0, out_width = 0;
  int kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2, pad_top = 0, pad_left = 0;
  const float* x = nullptr;
  int64_t x_stride = 0;  // floats between neighbouring pixels, >= channels; rows and pictures follow densely
  float* y = nullptr;
  int64_t y_stride = 0;
};

// Output rows [row_begin, row_end) counted over the whole batch: row = picture * out_height + row in picture.
void max_pool(const PoolArgs& args, int64_t row_begin, int64_t row_end);
void average_pool(const PoolArgs& args, int64_t row_begin, int64_t row_end);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_POOL_H_
