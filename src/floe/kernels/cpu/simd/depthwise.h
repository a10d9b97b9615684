#ifndef FLOE_KERNELS_CPU_SIMD_DEPTHWISE_H_
#define FLOE_KERNELS_CPU_SIMD_DEPTHWISE_H_

#include <cstdint>

#include "floe/kernels/cpu/simd/epilogue.h"

namespace floe::simd {

// One picture of a depthwise convolution (channel multiplier 1), float32, NHWC, one thread.
// Padding is given by pad_top / pad_left and the output size; what lies outside the picture counts as zero.
// Widths 3, 5 and 7 with stride 1 or 2 and no horizontal dilation are fast; everything else is right, too.
struct DepthwiseArgs {
  int64_t height = 0, width = 0, channels = 0;
  int64_t out_height = 0, out_width = 0;
  int kernel_h = 3, kernel_w = 3;
  int stride_h = 1, stride_w = 1;
  int pad_top = 0, pad_left = 0;
  int dilation_h = 1, dilation_w = 1;
  const float* x = nullptr;
  int64_t x_stride = 0;            // floats between neighbouring pixels of a row, >= channels; rows follow
                                   // one another: width * x_stride
  const float* weights = nullptr;  // [kernel_h, kernel_w, channels], as TensorFlow has them
  float* y = nullptr;              // must not overlap x
  int64_t y_stride = 0;
  Epilogue epilogue;
};

// Output rows [row_begin, row_end). Disjoint ranges may run at the same time.
void depthwise(const DepthwiseArgs& args, int64_t row_begin, int64_t row_end);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_DEPTHWISE_H_
