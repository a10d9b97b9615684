#ifndef FLOE_KERNELS_CPU_SIMD_WINOGRAD_H_
#define FLOE_KERNELS_CPU_SIMD_WINOGRAD_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "floe/kernels/cpu/simd/epilogue.h"

namespace floe::simd {

// 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3): 36 products of [tiles, channels] by
// [channels, out_channels] instead of 144, float32, NHWC. The largest error is about ten times that of a
// direct convolution, 3e-6 of the largest output for normally distributed data. Tiles whose input is not
// finite are convolved directly, so that NaN and infinity reach only the outputs that they belong to.
struct WinogradArgs {
  int64_t batch = 1, height = 0, width = 0, channels = 0, out_channels = 0;
  int64_t out_height = 0, out_width = 0;
  int pad_top = 1, pad_left = 1;
  const float* x = nullptr;
  int64_t x_stride = 0;  // floats between neighbouring pixels, >= channels; rows and pictures follow densely
  const float* packed_weights = nullptr;
  // What was packed, asked for only where a tile is not finite; may be called from several threads at once.
  std::function<const float*()> weights;
  float* y = nullptr;  // must not overlap x
  int64_t y_stride = 0;
  Epilogue epilogue;
};

// Floats that winograd_pack writes. Like pack_b's, the layout belongs to the running machine.
size_t winograd_packed_size(int64_t channels, int64_t out_channels);

// weights: [3, 3, channels, out_channels], as TensorFlow has them; all finite.
void winograd_pack(const float* weights, int64_t channels, int64_t out_channels, float* packed);

// Tiles of 4x4 outputs of the whole batch: the unit by which work can be split over threads.
int64_t winograd_tiles(const WinogradArgs& args);

// Floats of scratch memory that each call running at the same time needs, aligned to 64 bytes.
size_t winograd_workspace_size(const WinogradArgs& args);

// Computes the tiles [tile_begin, tile_end).
void winograd(const WinogradArgs& args, float* workspace, int64_t tile_begin, int64_t tile_end);

// Whether this is expected to beat a direct convolution on one thread, from measurements (bench/kernels).
bool winograd_is_preferred(const WinogradArgs& args);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_WINOGRAD_H_
