#include "floe/kernels/cpu/simd/pool.h"

#include "floe/kernels/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "floe/kernels/cpu/simd/pool.cpp"
#include "hwy/foreach_target.h"
// foreach_target.h comes before the rest.
#include "floe/kernels/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

struct Largest {
  static HWY_INLINE Vec Start(FloatTag d) { return hn::Set(d, std::numeric_limits<float>::lowest()); }
  // Keeps the running value where v is NaN.
  static HWY_INLINE Vec Join(Vec acc, Vec v) { return AtLeast(acc, v); }
  static HWY_INLINE Vec Finish(FloatTag, Vec acc, int64_t) { return acc; }
};

struct Average {
  static HWY_INLINE Vec Start(FloatTag d) { return hn::Zero(d); }
  static HWY_INLINE Vec Join(Vec acc, Vec v) { return hn::Add(acc, v); }
  static HWY_INLINE Vec Finish(FloatTag d, Vec acc, int64_t count) {
    return hn::Mul(acc, hn::Set(d, 1.0f / float(count)));
  }
};

// One window: rows x columns pixels from x on.
template <class Op, int kVectors, bool kTail>
HWY_INLINE void Window(const float* x, int64_t rows, int64_t columns, int64_t row_step, int64_t pixel_step,
                       float* y, size_t lanes) {
  const FloatTag d;
  Vec acc[kVectors];
#pragma GCC unroll 8
  for (int j = 0; j < kVectors; ++j) acc[j] = Op::Start(d);
  for (int64_t r = 0; r < rows; ++r) {
    const float* p = x + r * row_step;
    for (int64_t c = 0; c < columns; ++c, p += pixel_step) {
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; ++j) {
        acc[j] = Op::Join(acc[j], kTail ? LoadN(d, p, lanes) : hn::LoadU(d, p + j * kLanes));
      }
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < kVectors; ++j) {
    const Vec v = Op::Finish(d, acc[j], rows * columns);
    if constexpr (kTail) {
      StoreN(v, d, y, lanes);
    } else {
      hn::StoreU(v, d, y + j * kLanes);
    }
  }
}

template <class Op>
void Pool(const PoolArgs& g, int64_t row_begin, int64_t row_end) {
  constexpr int64_t kStep = kLanes;
  const int64_t row_step = g.width * g.x_stride;
  for (int64_t row = row_begin; row < row_end; ++row) {
    const int64_t picture = row / g.out_height, oh = row % g.out_height;
    int64_t top = oh * g.stride_h - g.pad_top;
    const int64_t bottom = top + g.kernel_h < g.height ? top + g.kernel_h : g.height;
    if (top < 0) top = 0;
    const float* line = g.x + (picture * g.height + top) * row_step;
    for (int64_t ow = 0; ow < g.out_width; ++ow) {
      int64_t left = ow * g.stride_w - g.pad_left;
      const int64_t right = left + g.kernel_w < g.width ? left + g.kernel_w : g.width;
      if (left < 0) left = 0;
      const float* x = line + left * g.x_stride;
      float* y = g.y + (row * g.out_width + ow) * g.y_stride;
      const int64_t rows = bottom - top, columns = right - left;
      int64_t c = 0;
      for (; c + 4 * kStep <= g.channels; c += 4 * kStep) {
        Window<Op, 4, false>(x + c, rows, columns, row_step, g.x_stride, y + c, kLanes);
      }
      for (; c + kStep <= g.channels; c += kStep) {
        Window<Op, 1, false>(x + c, rows, columns, row_step, g.x_stride, y + c, kLanes);
      }
      if (c < g.channels) {
        Window<Op, 1, true>(x + c, rows, columns, row_step, g.x_stride, y + c, size_t(g.channels - c));
      }
    }
  }
}

void MaxPool(const PoolArgs& g, int64_t row_begin, int64_t row_end) { Pool<Largest>(g, row_begin, row_end); }
void AveragePool(const PoolArgs& g, int64_t row_begin, int64_t row_end) {
  Pool<Average>(g, row_begin, row_end);
}

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace floe::simd {
HWY_EXPORT(MaxPool);
HWY_EXPORT(AveragePool);

void max_pool(const PoolArgs& args, int64_t row_begin, int64_t row_end) {
  HWY_DYNAMIC_DISPATCH(MaxPool)(args, row_begin, row_end);
}

void average_pool(const PoolArgs& args, int64_t row_begin, int64_t row_end) {
  HWY_DYNAMIC_DISPATCH(AveragePool)(args, row_begin, row_end);
}

}  // namespace floe::simd
#endif  // HWY_ONCE
