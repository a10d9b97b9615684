#include "floe/kernels/cpu/simd/rows.h"

#include "floe/kernels/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "floe/kernels/cpu/simd/rows.cpp"
#include "hwy/foreach_target.h"
// foreach_target.h comes before the rest.
#include "floe/kernels/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

// A reduction: its neutral element, how a value joins a running one, how two running ones join.
struct Sum {
  static constexpr float kNeutral = 0.0f;
  static HWY_INLINE Vec Join(Vec acc, Vec v) { return hn::Add(acc, v); }
  static HWY_INLINE Vec Merge(Vec a, Vec b) { return hn::Add(a, b); }
};
struct SumOfSquares {
  static constexpr float kNeutral = 0.0f;
  static HWY_INLINE Vec Join(Vec acc, Vec v) { return hn::MulAdd(v, v, acc); }
  static HWY_INLINE Vec Merge(Vec a, Vec b) { return hn::Add(a, b); }
};
struct Prod {
  static constexpr float kNeutral = 1.0f;
  static HWY_INLINE Vec Join(Vec acc, Vec v) { return hn::Mul(acc, v); }
  static HWY_INLINE Vec Merge(Vec a, Vec b) { return hn::Mul(a, b); }
};
struct Max {
  static constexpr float kNeutral = -std::numeric_limits<float>::infinity();
  static HWY_INLINE Vec Join(Vec acc, Vec v) { return hn::IfThenElse(hn::Eq(v, v), AtLeast(acc, v), v); }
  static HWY_INLINE Vec Merge(Vec a, Vec b) { return Join(a, b); }
};
struct Min {
  static constexpr float kNeutral = std::numeric_limits<float>::infinity();
  static HWY_INLINE Vec Join(Vec acc, Vec v) { return hn::IfThenElse(hn::Eq(v, v), AtMost(acc, v), v); }
  static HWY_INLINE Vec Merge(Vec a, Vec b) { return Join(a, b); }
};

HWY_INLINE Vec LoadNOr(FloatTag d, const float* p, size_t n, float other) {
  return hn::IfThenElse(hn::FirstN(d, n), LoadN(d, p, n), hn::Set(d, other));
}

// Merges the lanes of v into all lanes. Shuffles beat a trip through memory, which rows of a few vectors
// would spend most of their time in.
template <class Op>
HWY_INLINE Vec MergeLanes(FloatTag d, Vec v) {
#if HWY_TARGET == HWY_SCALAR
  (void)d;
#else
  v = Op::Merge(v, hn::Shuffle2301(v));
  v = Op::Merge(v, hn::Shuffle1032(v));
#if HWY_TARGET <= HWY_AVX3
  v = Op::Merge(v, Vec{_mm512_shuffle_f32x4(v.raw, v.raw, _MM_SHUFFLE(2, 3, 0, 1))});
  v = Op::Merge(v, Vec{_mm512_shuffle_f32x4(v.raw, v.raw, _MM_SHUFFLE(1, 0, 3, 2))});
#else
  if constexpr (kLanes == 8) v = Op::Merge(v, hn::ConcatLowerUpper(d, v, v));
#endif
#endif
  return v;
}

// The reduction of map(x) in all lanes.
template <class Op, class Map>
HWY_INLINE Vec ReduceSpan(const float* x, int64_t n, Map map) {
  const FloatTag d;
  constexpr int64_t kStep = kLanes;
  Vec a0 = hn::Set(d, Op::kNeutral), a1 = a0, a2 = a0, a3 = a0;
  int64_t i = 0;
  for (; i + 4 * kStep <= n; i += 4 * kStep) {
    a0 = Op::Join(a0, map(hn::LoadU(d, x + i)));
    a1 = Op::Join(a1, map(hn::LoadU(d, x + i + kStep)));
    a2 = Op::Join(a2, map(hn::LoadU(d, x + i + 2 * kStep)));
    a3 = Op::Join(a3, map(hn::LoadU(d, x + i + 3 * kStep)));
  }
  for (; i + kStep <= n; i += kStep) a0 = Op::Join(a0, map(hn::LoadU(d, x + i)));
  if (i < n) {
    const auto mask = hn::FirstN(d, size_t(n - i));
    const Vec v = map(LoadN(d, x + i, size_t(n - i)));
    a1 = Op::Join(a1, hn::IfThenElse(mask, v, hn::Set(d, Op::kNeutral)));
  }
  return MergeLanes<Op>(d, Op::Merge(Op::Merge(a0, a1), Op::Merge(a2, a3)));
}

template <class Op>
void ReduceRowsBy(const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y) {
  for (int64_t r = 0; r < rows; ++r) {
    y[r] = hn::GetLane(ReduceSpan<Op>(x + r * x_stride, n, [](Vec v) HWY_ATTR { return v; }));
  }
}

template <class Op, int kVectors, bool kTail>
HWY_INLINE void ReduceColumnBlock(const float* x, int64_t rows, int64_t x_stride, float* y, size_t lanes) {
  const FloatTag d;
  Vec acc[kVectors];
#pragma GCC unroll 8
  for (int j = 0; j < kVectors; ++j) acc[j] = hn::Set(d, Op::kNeutral);
  for (int64_t r = 0; r < rows; ++r, x += x_stride) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      acc[j] = Op::Join(acc[j], kTail ? LoadN(d, x, lanes) : hn::LoadU(d, x + j * kLanes));
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < kVectors; ++j) {
    if constexpr (kTail) {
      StoreN(acc[j], d, y, lanes);
    } else {
      hn::StoreU(acc[j], d, y + j * kLanes);
    }
  }
}

template <class Op>
void ReduceColumnsBy(const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y) {
  constexpr int64_t kStep = kLanes;
  int64_t j = 0;
  for (; j + 4 * kStep <= n; j += 4 * kStep) {
    ReduceColumnBlock<Op, 4, false>(x + j, rows, x_stride, y + j, kLanes);
  }
  for (; j + kStep <= n; j += kStep) ReduceColumnBlock<Op, 1, false>(x + j, rows, x_stride, y + j, kLanes);
  if (j < n) ReduceColumnBlock<Op, 1, true>(x + j, rows, x_stride, y + j, size_t(n - j));
}

void DivideAll(float* y, int64_t n, float divisor) {
  MapRows(y, 1, 0, n, [divisor](FloatTag d, Vec v) HWY_ATTR { return hn::Div(v, hn::Set(d, divisor)); });
}

void ReduceRows(Reduction op, const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y) {
  switch (op) {
    case Reduction::kSum:
      return ReduceRowsBy<Sum>(x, rows, n, x_stride, y);
    case Reduction::kMean:
      ReduceRowsBy<Sum>(x, rows, n, x_stride, y);
      return DivideAll(y, rows, float(n));
    case Reduction::kMax:
      return ReduceRowsBy<Max>(x, rows, n, x_stride, y);
    case Reduction::kMin:
      return ReduceRowsBy<Min>(x, rows, n, x_stride, y);
    case Reduction::kProd:
      return ReduceRowsBy<Prod>(x, rows, n, x_stride, y);
    case Reduction::kSumOfSquares:
      return ReduceRowsBy<SumOfSquares>(x, rows, n, x_stride, y);
  }
}

void ReduceColumns(Reduction op, const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y) {
  switch (op) {
    case Reduction::kSum:
      return ReduceColumnsBy<Sum>(x, rows, n, x_stride, y);
    case Reduction::kMean:
      ReduceColumnsBy<Sum>(x, rows, n, x_stride, y);
      return DivideAll(y, n, float(rows));
    case Reduction::kMax:
      return ReduceColumnsBy<Max>(x, rows, n, x_stride, y);
    case Reduction::kMin:
      return ReduceColumnsBy<Min>(x, rows, n, x_stride, y);
    case Reduction::kProd:
      return ReduceColumnsBy<Prod>(x, rows, n, x_stride, y);
    case Reduction::kSumOfSquares:
      return ReduceColumnsBy<SumOfSquares>(x, rows, n, x_stride, y);
  }
}

// y = exp(x - s); returns the sum in all lanes.
HWY_INLINE Vec ExpSpan(const float* x, int64_t n, Vec s, float* y) {
  const FloatTag d;
  Vec a0 = hn::Zero(d), a1 = a0;
  int64_t i = 0;
  constexpr int64_t kStep = kLanes;
  for (; i + 2 * kStep <= n; i += 2 * kStep) {
    const Vec e0 = Exp(d, hn::Sub(hn::LoadU(d, x + i), s));
    const Vec e1 = Exp(d, hn::Sub(hn::LoadU(d, x + i + kStep), s));
    hn::StoreU(e0, d, y + i);
    hn::StoreU(e1, d, y + i + kStep);
    a0 = hn::Add(a0, e0);
    a1 = hn::Add(a1, e1);
  }
  for (; i < n; i += kStep) {
    const size_t left = size_t(n - i < kStep ? n - i : kStep);
    const Vec e = Exp(d, hn::Sub(LoadN(d, x + i, left), s));
    StoreN(e, d, y + i, left);
    a0 = hn::Add(a0, hn::IfThenElseZero(hn::FirstN(d, left), e));
  }
  return MergeLanes<Sum>(d, hn::Add(a0, a1));
}

// Rows of at most one vector stay in a register.
void ShortSoftmaxRows(const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y, int64_t y_stride) {
  const FloatTag d;
  const auto mask = hn::FirstN(d, size_t(n));
  for (int64_t r = 0; r < rows; ++r) {
    const Vec v = hn::IfThenElse(mask, LoadN(d, x + r * x_stride, size_t(n)), hn::Set(d, Max::kNeutral));
    const Vec e = hn::IfThenElseZero(mask, Exp(d, hn::Sub(v, MergeLanes<Max>(d, v))));
    const Vec scale = hn::Div(hn::Set(d, 1.0f), MergeLanes<Sum>(d, e));
    StoreN(hn::Mul(e, scale), d, y + r * y_stride, size_t(n));
  }
}

void SoftmaxRows(const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y, int64_t y_stride,
                 bool logarithm) {
  const FloatTag d;
  if (!logarithm && n <= int64_t(kLanes)) return ShortSoftmaxRows(x, rows, n, x_stride, y, y_stride);
  for (int64_t r = 0; r < rows; ++r, x += x_stride, y += y_stride) {
    const Vec shift = ReduceSpan<Max>(x, n, [](Vec v) HWY_ATTR { return v; });
    if (logarithm) {
      const Vec sum = ReduceSpan<Sum>(x, n, [&](Vec v) HWY_ATTR { return Exp(d, hn::Sub(v, shift)); });
      const Vec log_sum = Log(d, sum);
      int64_t i = 0;
      for (; i + int64_t(kLanes) <= n; i += kLanes) {
        hn::StoreU(hn::Sub(hn::Sub(hn::LoadU(d, x + i), shift), log_sum), d, y + i);
      }
      if (i < n) {
        const size_t left = size_t(n - i);
        StoreN(hn::Sub(hn::Sub(LoadN(d, x + i, left), shift), log_sum), d, y + i, left);
      }
    } else {
      const Vec scale = hn::Div(hn::Set(d, 1.0f), ExpSpan(x, n, shift, y));
      MapRows(y, 1, 0, n, [scale](FloatTag, Vec v) HWY_ATTR { return hn::Mul(v, scale); });
    }
  }
}

void LayerNormRows(const LayerNormArgs& g, int64_t row_begin, int64_t row_end) {
  const FloatTag d;
  const int64_t n = g.n;
  constexpr int64_t kStep = kLanes;
  const Vec inverse_n = hn::Set(d, 1.0f / float(n)), epsilon = hn::Set(d, g.epsilon);
  for (int64_t r = row_begin; r < row_end; ++r) {
    const float* x = g.x + r * g.x_stride;
    float* y = g.y + r * g.y_stride;
    if (g.residual) {
      const float* residual = g.residual + r * g.residual_stride;
      for (int64_t i = 0; i < n; i += kStep) {
        const size_t left = size_t(n - i < kStep ? n - i : kStep);
        StoreN(hn::Add(LoadN(d, x + i, left), LoadN(d, residual + i, left)), d, y + i, left);
      }
      x = y;
    }
    const Vec m = hn::Mul(ReduceSpan<Sum>(x, n, [](Vec v) HWY_ATTR { return v; }), inverse_n);
    const Vec squares = ReduceSpan<SumOfSquares>(x, n, [m](Vec v) HWY_ATTR { return hn::Sub(v, m); });
    const Vec scale = hn::Div(hn::Set(d, 1.0f), hn::Sqrt(hn::MulAdd(squares, inverse_n, epsilon)));
    int64_t i = 0;
    for (; i + kStep <= n; i += kStep) {
      Vec v = hn::Mul(hn::Sub(hn::LoadU(d, x + i), m), scale);
      if (g.gamma) v = hn::Mul(v, hn::LoadU(d, g.gamma + i));
      if (g.beta) v = hn::Add(v, hn::LoadU(d, g.beta + i));
      hn::StoreU(v, d, y + i);
    }
    if (i < n) {
      const size_t left = size_t(n - i);
      Vec v = hn::Mul(hn::Sub(LoadN(d, x + i, left), m), scale);
      if (g.gamma) v = hn::Mul(v, LoadN(d, g.gamma + i, left));
      if (g.beta) v = hn::Add(v, LoadN(d, g.beta + i, left));
      StoreN(v, d, y + i, left);
    }
  }
}

void ArgMaxRows(const float* x, int64_t rows, int64_t n, int64_t x_stride, bool smallest, int64_t* y) {
  const FloatTag d;
  for (int64_t r = 0; r < rows; ++r) {
    const float* row = x + r * x_stride;
    const float sign = smallest ? -1.0f : 1.0f;
    const Vec s = hn::Set(d, sign);
    const float best = hn::GetLane(ReduceSpan<Max>(row, n, [s, d](Vec v) HWY_ATTR {
      const Vec w = hn::Mul(v, s);
      return hn::IfThenElse(hn::Eq(w, w), w, hn::Set(d, Max::kNeutral));
    }));
    int64_t i = 0;
    while (i < n && !(row[i] * sign == best)) ++i;
    y[r] = i < n ? i : 0;
  }
}

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace floe::simd {
HWY_EXPORT(ReduceRows);
HWY_EXPORT(ReduceColumns);
HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(LayerNormRows);
HWY_EXPORT(ArgMaxRows);

void reduce_rows(Reduction op, const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y) {
  HWY_DYNAMIC_DISPATCH(ReduceRows)(op, x, rows, n, x_stride, y);
}

void reduce_columns(Reduction op, const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y) {
  HWY_DYNAMIC_DISPATCH(ReduceColumns)(op, x, rows, n, x_stride, y);
}

void softmax_rows(const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y, int64_t y_stride,
                  bool logarithm) {
  HWY_DYNAMIC_DISPATCH(SoftmaxRows)(x, rows, n, x_stride, y, y_stride, logarithm);
}

void layer_norm_rows(const LayerNormArgs& args, int64_t row_begin, int64_t row_end) {
  HWY_DYNAMIC_DISPATCH(LayerNormRows)(args, row_begin, row_end);
}

void arg_max_rows(const float* x, int64_t rows, int64_t n, int64_t x_stride, bool smallest, int64_t* y) {
  HWY_DYNAMIC_DISPATCH(ArgMaxRows)(x, rows, n, x_stride, smallest, y);
}

}  // namespace floe::simd
#endif  // HWY_ONCE
