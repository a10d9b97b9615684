#include "floe/kernels/cpu/simd/depthwise.h"

#include "floe/kernels/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "floe/kernels/cpu/simd/depthwise.cpp"
#include "hwy/foreach_target.h"
// foreach_target.h comes before the rest.
#include "floe/kernels/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

// One output row: the filter rows that meet the picture.
struct Row {
  const float* x;        // input row of the first such filter row
  int64_t x_row_step;    // floats between the input rows of two filter rows
  const float* weights;  // first such filter row
  int filter_rows;
  float* y;
  const float* residual;
  bool clamp_only;
  ClampRange range;
};

template <bool kTail>
HWY_INLINE Vec LoadLanes(FloatTag d, const float* p, size_t lanes) {
  if constexpr (kTail) {
    return LoadN(d, p, lanes);
  } else {
    (void)lanes;
    return hn::LoadU(d, p);
  }
}

Row RowOf(const DepthwiseArgs& g, int64_t oh) {
  const Epilogue& e = g.epilogue;
  const int64_t start = oh * g.stride_h - g.pad_top;
  int first = 0;
  while (first < g.kernel_h && start + int64_t(first) * g.dilation_h < 0) ++first;
  int last = first;
  while (last < g.kernel_h && start + int64_t(last) * g.dilation_h < g.height) ++last;
  Row row;
  row.x = g.x + (start + int64_t(first) * g.dilation_h) * g.width * g.x_stride;
  row.x_row_step = g.dilation_h * g.width * g.x_stride;
  row.weights = g.weights + int64_t(first) * g.kernel_w * g.channels;
  row.filter_rows = last - first;
  row.y = g.y + oh * g.out_width * g.y_stride;
  row.residual = e.residual ? e.residual + oh * g.out_width * e.residual_stride : nullptr;
  row.clamp_only = IsClamp(e.activation);
  row.range = RangeOf(e.activation);
  return row;
}

template <int kColumns, bool kChecked, bool kTail>
HWY_INLINE void FinishTile(const DepthwiseArgs& g, const Row& row, Vec (&acc)[kColumns], int64_t out_column,
                           int stored, int64_t channel, size_t lanes) {
  const FloatTag d;
  if (row.residual) {
    const float* p = row.residual + out_column * g.epilogue.residual_stride + channel;
#pragma GCC unroll 16
    for (int j = 0; j < kColumns; ++j) {
      if (kChecked && j >= stored) continue;
      acc[j] = hn::Add(acc[j], LoadLanes<kTail>(d, p + j * g.epilogue.residual_stride, lanes));
    }
  }
  const Vec low = hn::Set(d, row.range.low), high = hn::Set(d, row.range.high);
  float* out = row.y + out_column * g.y_stride + channel;
#pragma GCC unroll 16
  for (int j = 0; j < kColumns; ++j) {
    if (kChecked && j >= stored) continue;
    const Vec v = AtMost(AtLeast(acc[j], low), high);
    if constexpr (kTail) {
      StoreN(v, d, out + j * g.y_stride, lanes);
    } else {
      hn::StoreU(v, d, out + j * g.y_stride);
    }
  }
}

// kColumns neighbouring outputs of one vector of channels. Every input column is loaded once per filter row
// and used by all the outputs that see it. Columns outside [valid_begin, valid_end) are padding.
template <int kKernel, int kStride, int kColumns, bool kChecked, bool kTail>
HWY_INLINE void Tile(const DepthwiseArgs& g, const Row& row, const float* x, int64_t valid_begin,
                     int64_t valid_end, int64_t out_column, int stored, int64_t channel, size_t lanes) {
  const FloatTag d;
  constexpr int kInputs = (kColumns - 1) * kStride + kKernel;
  Vec acc[kColumns];
  const Vec start = g.epilogue.bias ? LoadLanes<kTail>(d, g.epilogue.bias + channel, lanes) : hn::Zero(d);
#pragma GCC unroll 16
  for (int j = 0; j < kColumns; ++j) acc[j] = start;
  const float* filter = row.weights + channel;
  const float* line = x + channel;
  for (int kh = 0; kh < row.filter_rows; ++kh) {
    Vec w[kKernel];
#pragma GCC unroll 16
    for (int kw = 0; kw < kKernel; ++kw) w[kw] = LoadLanes<kTail>(d, filter + kw * g.channels, lanes);
#pragma GCC unroll 32
    for (int i = 0; i < kInputs; ++i) {
      if (kChecked && (i < valid_begin || i >= valid_end)) continue;
      const Vec v = LoadLanes<kTail>(d, line + i * g.x_stride, lanes);
#pragma GCC unroll 16
      for (int kw = 0; kw < kKernel; ++kw) {
        if (i >= kw && (i - kw) % kStride == 0 && (i - kw) / kStride < kColumns) {
          acc[(i - kw) / kStride] = hn::MulAdd(v, w[kw], acc[(i - kw) / kStride]);
        }
      }
    }
    filter += kKernel * g.channels;
    line += row.x_row_step;
  }
  FinishTile<kColumns, kChecked, kTail>(g, row, acc, out_column, stored, channel, lanes);
}

template <int kKernel, int kStride, int kColumns, bool kChecked>
HWY_NOINLINE void TileAllChannels(const DepthwiseArgs& g, const Row& row, int64_t out_column, int stored) {
  constexpr int kInputs = (kColumns - 1) * kStride + kKernel;
  const int64_t in_column = out_column * kStride - g.pad_left;
  const int64_t valid_begin = in_column < 0 ? -in_column : 0;
  const int64_t valid_end = g.width - in_column < kInputs ? g.width - in_column : kInputs;
  const float* x = row.x + in_column * g.x_stride;
  int64_t c = 0;
  for (; c + int64_t(kLanes) <= g.channels; c += kLanes) {
    Tile<kKernel, kStride, kColumns, kChecked, false>(g, row, x, valid_begin, valid_end, out_column, stored,
                                                      c, kLanes);
  }
  if (c < g.channels) {
    Tile<kKernel, kStride, kColumns, true, true>(g, row, x, valid_begin, valid_end, out_column, stored, c,
                                                 size_t(g.channels - c));
  }
}

template <int kKernel, int kStride, int kColumns>
HWY_INLINE void RunTile(const DepthwiseArgs& g, const Row& row, int64_t out_column, int stored) {
  constexpr int kInputs = (kColumns - 1) * kStride + kKernel;
  const int64_t in_column = out_column * kStride - g.pad_left;
  if (stored == kColumns && in_column >= 0 && in_column + kInputs <= g.width) {
    TileAllChannels<kKernel, kStride, kColumns, false>(g, row, out_column, stored);
  } else {
    TileAllChannels<kKernel, kStride, kColumns, true>(g, row, out_column, stored);
  }
}

// Columns of a row in tiles of nearly equal width.
struct TileSplit {
  TileSplit(int64_t width, int64_t limit)
      : tiles((width + limit - 1) / limit), base(width / tiles), wide(width % tiles) {}
  explicit TileSplit(int64_t width) : TileSplit(width, width > 4 ? 7 : 4) {}
  int Width(int64_t tile) const { return int(base + (tile < wide ? 1 : 0)); }

  int64_t tiles, base, wide;
};

HWY_INLINE void Activate(const DepthwiseArgs& g, const Row& row, int64_t column, int columns) {
  if (row.clamp_only) return;
  ActivateRows(row.y + column * g.y_stride, columns, g.y_stride, g.channels, g.epilogue.activation,
               g.epilogue.alpha);
}

template <int kKernel, int kStride>
void RunRow(const DepthwiseArgs& g, const Row& row) {
  const TileSplit split(g.out_width, g.out_width % 7 == 0 ? 7 : 8);
  for (int64_t tile = 0, column = 0; tile < split.tiles; ++tile) {
    const int stored = split.Width(tile);
    if (stored <= 4) {
      RunTile<kKernel, kStride, 4>(g, row, column, stored);
    } else if (stored <= 7) {
      RunTile<kKernel, kStride, 7>(g, row, column, stored);
    } else {
      RunTile<kKernel, kStride, 8>(g, row, column, stored);
    }
    Activate(g, row, column, stored);
    column += stored;
  }
}

#if HWY_TARGET <= HWY_AVX3
// kOut output rows of a square filter with stride 1: an input row is loaded once for all of them. Worth it
// because reading, not multiplying, is the limit. Needs the registers of AVX-512.
template <int kKernel, int kOut, int kColumns, bool kChecked, bool kTail>
HWY_INLINE void BandTile(const DepthwiseArgs& g, const Row* rows, const float* x, int64_t row_begin,
                         int64_t row_end, int64_t valid_begin, int64_t valid_end, int64_t out_column,
                         int stored, int64_t channel, size_t lanes) {
  const FloatTag d;
  constexpr int kInputs = kColumns - 1 + kKernel;
  Vec acc[kOut][kColumns];
  const Vec start = g.epilogue.bias ? LoadLanes<kTail>(d, g.epilogue.bias + channel, lanes) : hn::Zero(d);
#pragma GCC unroll 16
  for (int o = 0; o < kOut; ++o) {
#pragma GCC unroll 16
    for (int j = 0; j < kColumns; ++j) acc[o][j] = start;
  }
  const float* filter = g.weights + channel;
  const float* line = x + channel;
  Vec w[kOut][kKernel];  // filter row t in slot t % kOut
#pragma GCC unroll 16
  for (int r = 0; r < kKernel + kOut - 1; ++r) {
    if (r < kKernel) {
#pragma GCC unroll 16
      for (int kw = 0; kw < kKernel; ++kw) {
        w[r % kOut][kw] = LoadLanes<kTail>(d, filter + kw * g.channels, lanes);
      }
    }
    if (r >= row_begin && r < row_end) {
#pragma GCC unroll 32
      for (int i = 0; i < kInputs; ++i) {
        if (kChecked && (i < valid_begin || i >= valid_end)) continue;
        const Vec v = LoadLanes<kTail>(d, line + i * g.x_stride, lanes);
#pragma GCC unroll 16
        for (int kw = 0; kw < kKernel; ++kw) {
          if (i < kw || i - kw >= kColumns) continue;
#pragma GCC unroll 16
          for (int o = 0; o < kOut; ++o) {
            if (r < o || r - o >= kKernel) continue;
            acc[o][i - kw] = hn::MulAdd(v, w[(r - o) % kOut][kw], acc[o][i - kw]);
          }
        }
      }
    }
    filter += kKernel * g.channels;
    line += g.width * g.x_stride;
  }
#pragma GCC unroll 16
  for (int o = 0; o < kOut; ++o) {
    FinishTile<kColumns, kChecked, kTail>(g, rows[o], acc[o], out_column, stored, channel, lanes);
  }
}

template <int kKernel, int kOut, int kColumns, bool kChecked>
HWY_NOINLINE void BandTileAllChannels(const DepthwiseArgs& g, const Row* rows, const float* x,
                                      int64_t row_begin, int64_t row_end, int64_t out_column, int stored) {
  constexpr int kInputs = kColumns - 1 + kKernel;
  const int64_t in_column = out_column - g.pad_left;
  const int64_t valid_begin = in_column < 0 ? -in_column : 0;
  const int64_t valid_end = g.width - in_column < kInputs ? g.width - in_column : kInputs;
  x += in_column * g.x_stride;
  int64_t c = 0;
  for (; c + int64_t(kLanes) <= g.channels; c += kLanes) {
    BandTile<kKernel, kOut, kColumns, kChecked, false>(g, rows, x, row_begin, row_end, valid_begin, valid_end,
                                                       out_column, stored, c, kLanes);
  }
  if (c < g.channels) {
    BandTile<kKernel, kOut, kColumns, true, true>(g, rows, x, row_begin, row_end, valid_begin, valid_end,
                                                  out_column, stored, c, size_t(g.channels - c));
  }
}

template <int kKernel, int kOut, int kColumns>
HWY_INLINE void RunBandTile(const DepthwiseArgs& g, const Row* rows, const float* x, int64_t row_begin,
                            int64_t row_end, int64_t out_column, int stored) {
  const int64_t in_column = out_column - g.pad_left;
  if (stored == kColumns && in_column >= 0 && in_column + kColumns - 1 + kKernel <= g.width) {
    BandTileAllChannels<kKernel, kOut, kColumns, false>(g, rows, x, row_begin, row_end, out_column, stored);
  } else {
    BandTileAllChannels<kKernel, kOut, kColumns, true>(g, rows, x, row_begin, row_end, out_column, stored);
  }
}

// Output rows [oh, oh + kOut).
template <int kKernel, int kOut>
void RunBand(const DepthwiseArgs& g, int64_t oh) {
  Row rows[kOut];
  for (int o = 0; o < kOut; ++o) rows[o] = RowOf(g, oh + o);
  constexpr int64_t kInputRows = kKernel + kOut - 1;
  const int64_t start = oh - g.pad_top;
  const int64_t row_begin = start < 0 ? -start : 0;
  const int64_t row_end = g.height - start < kInputRows ? g.height - start : kInputRows;
  const float* x = g.x + start * g.width * g.x_stride;
  const TileSplit split(g.out_width);
  for (int64_t tile = 0, column = 0; tile < split.tiles; ++tile) {
    const int stored = split.Width(tile);
    if (stored <= 4) {
      RunBandTile<kKernel, kOut, 4>(g, rows, x, row_begin, row_end, column, stored);
    } else {
      RunBandTile<kKernel, kOut, 7>(g, rows, x, row_begin, row_end, column, stored);
    }
    for (const Row& row : rows) Activate(g, row, column, stored);
    column += stored;
  }
}

int64_t RunBands(const DepthwiseArgs& g, int64_t oh, int64_t row_end) {
  const bool square = g.kernel_h == g.kernel_w && (g.kernel_w == 3 || g.kernel_w == 5);
  if (!square || g.stride_h != 1 || g.stride_w != 1 || g.dilation_h != 1 || g.dilation_w != 1) return oh;
  const bool three = g.kernel_w == 3;
  while (row_end - oh >= 2) {
    const int64_t left = row_end - oh;
    if (three && left != 2 && left != 4) {
      RunBand<3, 3>(g, oh);
      oh += 3;
    } else {
      three ? RunBand<3, 2>(g, oh) : RunBand<5, 2>(g, oh);
      oh += 2;
    }
  }
  return oh;
}
#endif

// Any filter, stride and dilation: one output pixel, four vectors of channels at a time.
template <int kVectors, bool kTail>
HWY_INLINE void Pixel(const DepthwiseArgs& g, const Row& row, int64_t column, int first, int last,
                      int64_t channel, size_t lanes) {
  const FloatTag d;
  Vec acc[kVectors];
#pragma GCC unroll 16
  for (int j = 0; j < kVectors; ++j) {
    acc[j] =
        g.epilogue.bias ? LoadLanes<kTail>(d, g.epilogue.bias + channel + j * kLanes, lanes) : hn::Zero(d);
  }
  for (int kh = 0; kh < row.filter_rows; ++kh) {
    for (int kw = first; kw < last; ++kw) {
      const int64_t in_column = column * g.stride_w - g.pad_left + int64_t(kw) * g.dilation_w;
      const float* x = row.x + kh * row.x_row_step + in_column * g.x_stride + channel;
      const float* w = row.weights + (int64_t(kh) * g.kernel_w + kw) * g.channels + channel;
#pragma GCC unroll 16
      for (int j = 0; j < kVectors; ++j) {
        acc[j] = hn::MulAdd(LoadLanes<kTail>(d, x + j * kLanes, lanes),
                            LoadLanes<kTail>(d, w + j * kLanes, lanes), acc[j]);
      }
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < kVectors; ++j) {
    Vec v = acc[j];
    const int64_t c = channel + j * int64_t(kLanes);
    if (row.residual) {
      v = hn::Add(v, LoadLanes<kTail>(d, row.residual + column * g.epilogue.residual_stride + c, lanes));
    }
    v = AtMost(AtLeast(v, hn::Set(d, row.range.low)), hn::Set(d, row.range.high));
    float* y = row.y + column * g.y_stride + c;
    if constexpr (kTail) {
      StoreN(v, d, y, lanes);
    } else {
      hn::StoreU(v, d, y);
    }
  }
}

void RunRowGeneric(const DepthwiseArgs& g, const Row& row) {
  constexpr int64_t kStep = 4 * int64_t(kLanes);
  for (int64_t column = 0; column < g.out_width; ++column) {
    const int64_t start = column * g.stride_w - g.pad_left;
    int first = 0, last = 0;
    while (first < g.kernel_w && start + int64_t(first) * g.dilation_w < 0) ++first;
    last = first;
    while (last < g.kernel_w && start + int64_t(last) * g.dilation_w < g.width) ++last;
    int64_t c = 0;
    for (; c + kStep <= g.channels; c += kStep) Pixel<4, false>(g, row, column, first, last, c, kLanes);
    for (; c + int64_t(kLanes) <= g.channels; c += kLanes) {
      Pixel<1, false>(g, row, column, first, last, c, kLanes);
    }
    if (c < g.channels) Pixel<1, true>(g, row, column, first, last, c, size_t(g.channels - c));
  }
  if (!row.clamp_only) {
    ActivateRows(row.y, g.out_width, g.y_stride, g.channels, g.epilogue.activation, g.epilogue.alpha);
  }
}

using RowFunction = void (*)(const DepthwiseArgs&, const Row&);

RowFunction ChooseRow(const DepthwiseArgs& g) {
  if (g.dilation_w != 1 || (g.stride_w != 1 && g.stride_w != 2)) return RunRowGeneric;
  const bool one = g.stride_w == 1;
  switch (g.kernel_w) {
    case 3:
      return one ? RunRow<3, 1> : RunRow<3, 2>;
    case 5:
      return one ? RunRow<5, 1> : RunRow<5, 2>;
    case 7:
      return one ? RunRow<7, 1> : RunRow<7, 2>;
    default:
      return RunRowGeneric;
  }
}

void Depthwise(const DepthwiseArgs& g, int64_t row_begin, int64_t row_end) {
  if (g.out_width <= 0 || g.channels <= 0) return;
  int64_t oh = row_begin;
#if HWY_TARGET <= HWY_AVX3
  oh = RunBands(g, oh, row_end);
#endif
  const RowFunction run = ChooseRow(g);
  for (; oh < row_end; ++oh) run(g, RowOf(g, oh));
}

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace floe::simd {
HWY_EXPORT(Depthwise);

void depthwise(const DepthwiseArgs& args, int64_t row_begin, int64_t row_end) {
  HWY_DYNAMIC_DISPATCH(Depthwise)(args, row_begin, row_end);
}

}  // namespace floe::simd
#endif  // HWY_ONCE
