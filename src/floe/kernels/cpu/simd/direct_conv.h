#ifndef FLOE_KERNELS_CPU_SIMD_DIRECT_CONV_H_
#define FLOE_KERNELS_CPU_SIMD_DIRECT_CONV_H_

#include <cstddef>
#include <cstdint>

#include "floe/kernels/cpu/simd/epilogue.h"

namespace floe::simd {

// One picture of a convolution, float32, NHWC, one thread, meant for few input channels (the first layer of
// a network): the pixels under a row of the filter lie side by side, so that a row of outputs is a matrix
// product whose A is the picture itself, read with overlap. Right for every channel count.
struct DirectConvArgs {
  int64_t height = 0, width = 0, channels = 0, out_channels = 0;
  int64_t out_height = 0, out_width = 0;
  int kernel_h = 3, kernel_w = 3, stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0;
  const float* x = nullptr;
  int64_t x_stride = 0;                   // floats between neighbouring pixels, >= channels
  const float* packed_weights = nullptr;  // pack_b of [kernel_h * kernel_w * channels, out_channels]
  float* y = nullptr;                     // must not overlap x
  int64_t y_stride = 0;
  Epilogue epilogue;
};

// Floats of scratch memory that each call running at the same time needs.
size_t direct_conv_workspace_size(const DirectConvArgs& args);

// Output rows [row_begin, row_end).
void direct_conv(const DirectConvArgs& args, float* workspace, int64_t row_begin, int64_t row_end);

// Whether this is expected to beat oneDNN, from measurements (bench/kernels).
bool direct_conv_is_preferred(const DirectConvArgs& args);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_DIRECT_CONV_H_
