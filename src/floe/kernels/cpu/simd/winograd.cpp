#include "floe/kernels/cpu/simd/winograd.h"

#include <algorithm>
#include <vector>

#include "floe/kernels/cpu/simd/gemm.h"
#include "floe/kernels/cpu/simd/targets.h"

#ifndef FLOE_KERNELS_CPU_SIMD_WINOGRAD_POINTS_
#define FLOE_KERNELS_CPU_SIMD_WINOGRAD_POINTS_
namespace floe::simd {
// Interpolation points 0, +-a, +-b, infinity. The customary a = 1, b = 2 has four times the rounding error;
// these are exact in binary and so are their products.
inline constexpr double kA = 5.0 / 8, kB = 3.0 / 2;
}  // namespace floe::simd
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "floe/kernels/cpu/simd/winograd.cpp"
#include "hwy/foreach_target.h"
// foreach_target.h comes before the rest.
#include "floe/kernels/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

struct Place {
  const float* x;  // picture
  float* y;
  const float* residual;
  int64_t in_row, in_column, out_row, out_column;
};

Place PlaceOf(const WinogradArgs& g, int64_t tile) {
  const int64_t across = (g.out_width + 3) / 4, down = (g.out_height + 3) / 4;
  const int64_t picture = tile / (across * down), rest = tile % (across * down);
  Place p;
  p.out_row = rest / across * 4;
  p.out_column = rest % across * 4;
  p.in_row = p.out_row - g.pad_top;
  p.in_column = p.out_column - g.pad_left;
  p.x = g.x + picture * g.height * g.width * g.x_stride;
  const int64_t pixel = (picture * g.out_height + p.out_row) * g.out_width + p.out_column;
  p.y = g.y + pixel * g.y_stride;
  p.residual = g.epilogue.residual ? g.epilogue.residual + pixel * g.epilogue.residual_stride : nullptr;
  return p;
}

// B^T of the points 0, +-a, +-b and infinity.
HWY_INLINE void InputLine(FloatTag d, const Vec (&v)[6], Vec (&out)[6]) {
  const Vec a = hn::Set(d, float(kA)), b = hn::Set(d, float(kB));
  const Vec a2 = hn::Set(d, float(kA * kA)), b2 = hn::Set(d, float(kB * kB));
  const Vec product = hn::Set(d, float(kA * kA * kB * kB)), sum = hn::Set(d, float(kA * kA + kB * kB));
  const Vec even_a = hn::NegMulAdd(b2, v[2], v[4]);
  const Vec odd_a = hn::NegMulAdd(b2, v[1], v[3]);
  const Vec even_b = hn::NegMulAdd(a2, v[2], v[4]);
  const Vec odd_b = hn::NegMulAdd(a2, v[1], v[3]);
  out[0] = hn::MulAdd(product, v[0], hn::NegMulAdd(sum, v[2], v[4]));
  out[1] = hn::MulAdd(a, odd_a, even_a);
  out[2] = hn::NegMulAdd(a, odd_a, even_a);
  out[3] = hn::MulAdd(b, odd_b, even_b);
  out[4] = hn::NegMulAdd(b, odd_b, even_b);
  out[5] = hn::MulAdd(product, v[1], hn::NegMulAdd(sum, v[3], v[5]));
}

// A^T of the same points.
HWY_INLINE void OutputLine(FloatTag d, const Vec (&v)[6], Vec (&out)[4]) {
  const Vec a = hn::Set(d, float(kA)), b = hn::Set(d, float(kB));
  const Vec a2 = hn::Set(d, float(kA * kA)), b2 = hn::Set(d, float(kB * kB));
  const Vec a3 = hn::Set(d, float(kA * kA * kA)), b3 = hn::Set(d, float(kB * kB * kB));
  const Vec sum_a = hn::Add(v[1], v[2]), difference_a = hn::Sub(v[1], v[2]);
  const Vec sum_b = hn::Add(v[3], v[4]), difference_b = hn::Sub(v[3], v[4]);
  out[0] = hn::Add(hn::Add(v[0], sum_a), sum_b);
  out[1] = hn::MulAdd(b, difference_b, hn::Mul(a, difference_a));
  out[2] = hn::MulAdd(b2, sum_b, hn::Mul(a2, sum_a));
  out[3] = hn::MulAdd(b3, difference_b, hn::MulAdd(a3, difference_a, v[5]));
}

// One tile of one vector of channels: v[point] at v + point * step. `check` becomes NaN when the input is not
// finite: the four corner points depend on every pixel.
template <bool kInside, bool kTail>
HWY_INLINE void InputTile(const WinogradArgs& g, const Place& p, int64_t channel, size_t lanes, float* v,
                          int64_t step, Vec& check) {
  const FloatTag d;
  const int64_t row_step = g.width * g.x_stride;
  const float* x = p.x + p.in_row * row_step + p.in_column * g.x_stride + channel;
  Vec columns[6][6];
#pragma GCC unroll 8
  for (int j = 0; j < 6; ++j) {
    Vec in[6];
    const bool column_valid = kInside || (p.in_column + j >= 0 && p.in_column + j < g.width);
#pragma GCC unroll 8
    for (int i = 0; i < 6; ++i) {
      in[i] = hn::Zero(d);
      if (kInside || (column_valid && p.in_row + i >= 0 && p.in_row + i < g.height)) {
        const float* q = x + i * row_step + j * g.x_stride;
        in[i] = kTail ? LoadN(d, q, lanes) : hn::LoadU(d, q);
      }
    }
    InputLine(d, in, columns[j]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 6; ++i) {
    const Vec in[6] = {columns[0][i], columns[1][i], columns[2][i],
                       columns[3][i], columns[4][i], columns[5][i]};
    Vec out[6];
    InputLine(d, in, out);
#pragma GCC unroll 8
    for (int j = 0; j < 6; ++j) {
      float* q = v + (i * 6 + j) * step;
      if constexpr (kTail) {
        StoreN(out[j], d, q, lanes);
      } else {
        hn::StoreU(out[j], d, q);
      }
    }
    if (i == 0 || i == 5) check = hn::MulAdd(hn::Add(out[0], out[5]), hn::Zero(d), check);
  }
}

// Whether the tile is finite.
template <bool kInside>
HWY_NOINLINE bool InputTileAllChannels(const WinogradArgs& g, const Place& p, float* v, int64_t step) {
  const FloatTag d;
  Vec check = hn::Zero(d);
  int64_t c = 0;
  for (; c + int64_t(kLanes) <= g.channels; c += kLanes) {
    InputTile<kInside, false>(g, p, c, kLanes, v + c, step, check);
  }
  if (c < g.channels) InputTile<kInside, true>(g, p, c, size_t(g.channels - c), v + c, step, check);
  return hn::AllTrue(d, hn::Eq(check, check));
}

template <bool kTail>
HWY_INLINE void OutputTile(const WinogradArgs& g, const Place& p, const float* m, int64_t step, int64_t rows,
                           int64_t columns, int64_t channel, size_t lanes, ClampRange range) {
  const FloatTag d;
  Vec lines[6][4];
#pragma GCC unroll 8
  for (int j = 0; j < 6; ++j) {
    Vec in[6];
#pragma GCC unroll 8
    for (int i = 0; i < 6; ++i) {
      const float* q = m + (i * 6 + j) * step;
      in[i] = kTail ? LoadN(d, q, lanes) : hn::LoadU(d, q);
    }
    OutputLine(d, in, lines[j]);
  }
  Vec bias = hn::Zero(d);
  if (g.epilogue.bias) {
    bias = kTail ? LoadN(d, g.epilogue.bias + channel, lanes) : hn::LoadU(d, g.epilogue.bias + channel);
  }
  const Vec low = hn::Set(d, range.low), high = hn::Set(d, range.high);
#pragma GCC unroll 8
  for (int i = 0; i < 4; ++i) {
    const Vec in[6] = {lines[0][i], lines[1][i], lines[2][i], lines[3][i], lines[4][i], lines[5][i]};
    Vec out[4];
    OutputLine(d, in, out);
    if (i >= rows) continue;
#pragma GCC unroll 8
    for (int j = 0; j < 4; ++j) {
      if (j >= columns) continue;
      Vec v = hn::Add(out[j], bias);
      const int64_t pixel = i * g.out_width + j;
      if (p.residual) {
        const float* r = p.residual + pixel * g.epilogue.residual_stride + channel;
        v = hn::Add(v, kTail ? LoadN(d, r, lanes) : hn::LoadU(d, r));
      }
      v = AtMost(AtLeast(v, low), high);
      float* y = p.y + pixel * g.y_stride + channel;
      if constexpr (kTail) {
        StoreN(v, d, y, lanes);
      } else {
        hn::StoreU(v, d, y);
      }
    }
  }
}

HWY_NOINLINE void OutputTileAllChannels(const WinogradArgs& g, const Place& p, const float* m, int64_t step) {
  const Epilogue& e = g.epilogue;
  const int64_t rows = g.out_height - p.out_row < 4 ? g.out_height - p.out_row : 4;
  const int64_t columns = g.out_width - p.out_column < 4 ? g.out_width - p.out_column : 4;
  const ClampRange range = RangeOf(e.activation);
  int64_t c = 0;
  for (; c + int64_t(kLanes) <= g.out_channels; c += kLanes) {
    OutputTile<false>(g, p, m + c, step, rows, columns, c, kLanes, range);
  }
  if (c < g.out_channels) {
    OutputTile<true>(g, p, m + c, step, rows, columns, c, size_t(g.out_channels - c), range);
  }
  if (!IsClamp(e.activation)) {
    for (int64_t i = 0; i < rows; ++i) {
      ActivateRows(p.y + i * g.out_width * g.y_stride, columns, g.y_stride, g.out_channels, e.activation,
                   e.alpha);
    }
  }
}

// One vector of channels of one output pixel, by the definition.
template <bool kTail>
HWY_INLINE void DirectPixel(const WinogradArgs& g, const float* weights, const Place& p, int64_t i, int64_t j,
                            int64_t channel, size_t lanes, ClampRange range) {
  const FloatTag d;
  const auto load = [&](const float* q) HWY_ATTR { return kTail ? LoadN(d, q, lanes) : hn::LoadU(d, q); };
  Vec v = g.epilogue.bias ? load(g.epilogue.bias + channel) : hn::Zero(d);
  for (int64_t tap = 0; tap < 9; ++tap) {
    const int64_t row = p.in_row + i + tap / 3, column = p.in_column + j + tap % 3;
    if (row < 0 || column < 0 || row >= g.height || column >= g.width) continue;
    const float* x = p.x + (row * g.width + column) * g.x_stride;
    const float* w = weights + tap * g.channels * g.out_channels + channel;
    for (int64_t c = 0; c < g.channels; ++c) {
      v = hn::MulAdd(hn::Set(d, x[c]), load(w + c * g.out_channels), v);
    }
  }
  const int64_t pixel = i * g.out_width + j;
  if (p.residual) v = hn::Add(v, load(p.residual + pixel * g.epilogue.residual_stride + channel));
  v = AtMost(AtLeast(v, hn::Set(d, range.low)), hn::Set(d, range.high));
  float* y = p.y + pixel * g.y_stride + channel;
  if constexpr (kTail) {
    StoreN(v, d, y, lanes);
  } else {
    hn::StoreU(v, d, y);
  }
}

HWY_NOINLINE void DirectTile(const WinogradArgs& g, const Place& p) {
  const Epilogue& e = g.epilogue;
  const ClampRange range = RangeOf(e.activation);
  const float* weights = g.weights();
  for (int64_t i = 0; i < 4 && p.out_row + i < g.out_height; ++i) {
    for (int64_t j = 0; j < 4 && p.out_column + j < g.out_width; ++j) {
      int64_t c = 0;
      for (; c + int64_t(kLanes) <= g.out_channels; c += kLanes) {
        DirectPixel<false>(g, weights, p, i, j, c, kLanes, range);
      }
      if (c < g.out_channels) DirectPixel<true>(g, weights, p, i, j, c, size_t(g.out_channels - c), range);
      if (IsClamp(e.activation)) continue;
      ActivateRows(p.y + (i * g.out_width + j) * g.y_stride, 1, g.y_stride, g.out_channels, e.activation,
                   e.alpha);
    }
  }
}

// v[point][tile][channel] for `tiles` tiles from `first` on, and which of them are finite.
void InputTransform(const WinogradArgs& g, int64_t first, int64_t tiles, float* v, int64_t stride,
                    bool* finite) {
  for (int64_t t = 0; t < tiles; ++t) {
    const Place p = PlaceOf(g, first + t);
    if (p.in_row >= 0 && p.in_column >= 0 && p.in_row + 6 <= g.height && p.in_column + 6 <= g.width) {
      finite[t] = InputTileAllChannels<true>(g, p, v + t * stride, tiles * stride);
    } else {
      finite[t] = InputTileAllChannels<false>(g, p, v + t * stride, tiles * stride);
    }
  }
}

void OutputTransform(const WinogradArgs& g, int64_t first, int64_t tiles, const float* m, int64_t stride,
                     const bool* finite) {
  for (int64_t t = 0; t < tiles; ++t) {
    const Place p = PlaceOf(g, first + t);
    if (finite[t]) {
      OutputTileAllChannels(g, p, m + t * stride, tiles * stride);
    } else {
      DirectTile(g, p);
    }
  }
}

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace floe::simd {
HWY_EXPORT(InputTransform);
HWY_EXPORT(OutputTransform);

namespace {

int64_t padded(int64_t channels) { return (channels + 15) / 16 * 16; }

// Tiles that go through the three stages together: their data should stay in the second-level cache, but
// large weights, which come from memory, must not be read too often.
int64_t block_tiles(const WinogradArgs& g) {
  const int64_t weights = 144 * g.channels * g.out_channels;
  const int64_t fitting = (256 << 10) / (144 * (padded(g.channels) + padded(g.out_channels)) + 1);
  const int64_t least = weights > (16 << 20) ? 112 : weights > (4 << 20) ? 28 : 14;
  const int64_t limit = std::max(least, fitting / 7 * 7);
  const int64_t tiles = std::max<int64_t>(1, winograd_tiles(g));
  return std::min(limit, tiles);
}

// Outputs that a 3x3 filter over `in` pixels really multiplies: the taps inside the picture.
double taps_inside(int64_t out, int64_t in, int pad) {
  double taps = 0;
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t i = o - pad; i < o - pad + 3; ++i) taps += i >= 0 && i < in ? 1 : 0;
  }
  return taps;
}

}  // namespace

size_t winograd_packed_size(int64_t channels, int64_t out_channels) {
  return 36 * packed_b_size(channels, out_channels);
}

void winograd_pack(const float* weights, int64_t channels, int64_t out_channels, float* packed) {
  constexpr double kNa = 2 * kA * kA * (kA * kA - kB * kB), kNb = 2 * kB * kB * (kB * kB - kA * kA);
  constexpr double kG[6][3] = {{1 / (kA * kA * kB * kB), 0, 0},     {1 / kNa, kA / kNa, kA * kA / kNa},
                               {1 / kNa, -kA / kNa, kA * kA / kNa}, {1 / kNb, kB / kNb, kB * kB / kNb},
                               {1 / kNb, -kB / kNb, kB * kB / kNb}, {0, 0, 1}};
  const int64_t plane = channels * out_channels;
  std::vector<float> point(static_cast<size_t>(plane));
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 6; ++j) {
      double factor[9];
      for (int r = 0; r < 3; ++r) {
        for (int s = 0; s < 3; ++s) factor[r * 3 + s] = kG[i][r] * kG[j][s];
      }
      for (int64_t at = 0; at < plane; ++at) {
        double sum = 0;
        for (int f = 0; f < 9; ++f) sum += factor[f] * weights[f * plane + at];
        point[static_cast<size_t>(at)] = static_cast<float>(sum);
      }
      pack_b(point.data(), out_channels, 1, channels, out_channels, packed);
      packed += packed_b_size(channels, out_channels);
    }
  }
}

int64_t winograd_tiles(const WinogradArgs& args) {
  return args.batch * ((args.out_height + 3) / 4) * ((args.out_width + 3) / 4);
}

size_t winograd_workspace_size(const WinogradArgs& args) {
  // The flags of the tiles follow the transformed inputs and the products.
  const int64_t block = block_tiles(args);
  return size_t(36 * block * (padded(args.channels) + padded(args.out_channels)) + block);
}

void winograd(const WinogradArgs& args, float* workspace, int64_t tile_begin, int64_t tile_end) {
  const int64_t block = block_tiles(args);
  const int64_t ldv = padded(args.channels), ldm = padded(args.out_channels);
  float* const v = workspace;
  float* const m = workspace + 36 * block * ldv;
  bool* const finite = reinterpret_cast<bool*>(m + 36 * block * ldm);
  const size_t point_size = packed_b_size(args.channels, args.out_channels);
  const int64_t panels = panel_count(args.out_channels);
  for (int64_t first = tile_begin; first < tile_end; first += block) {
    const int64_t tiles = std::min(block, tile_end - first);
    HWY_DYNAMIC_DISPATCH(InputTransform)(args, first, tiles, v, ldv, finite);
    GemmArgs gemm_args;
    gemm_args.m = tiles, gemm_args.n = args.out_channels, gemm_args.k = args.channels;
    gemm_args.lda = ldv, gemm_args.ldc = ldm;
    gemm_args.prefetch_after = true;
    for (int point = 0; point < 36; ++point) {
      gemm_args.a = v + point * tiles * ldv;
      gemm_args.packed_b = args.packed_weights + size_t(point) * point_size;
      gemm_args.c = m + point * tiles * ldm;
      gemm(gemm_args, 0, tiles, 0, panels);
    }
    HWY_DYNAMIC_DISPATCH(OutputTransform)(args, first, tiles, m, ldm, finite);
  }
}

bool winograd_is_preferred(const WinogradArgs& args) {
  // Times in microseconds on one core at 255 GFLOP/s; weights that outgrow the cache arrive at 35 GB/s, a
  // tile's transforms take 2.8 ns a channel.
  constexpr double kFlops = 255e3, kBytes = 35e3, kTransform = 2.8e-3;
  const double filters = double(args.channels) * double(args.out_channels);
  const double direct = 2 * double(args.batch) * filters *
                        taps_inside(args.out_height, args.height, args.pad_top) *
                        taps_inside(args.out_width, args.width, args.pad_left) / kFlops;
  const double tiles = double(winograd_tiles(args));
  const double products = 72 * tiles * filters / kFlops;
  const double weights = 144 * filters > (4 << 20) ? 144 * filters / kBytes : 0;
  const double transforms = tiles * double(args.channels + args.out_channels) * kTransform;
  return std::max(products, weights) + transforms < 0.9 * direct;
}

}  // namespace floe::simd
#endif  // HWY_ONCE
