#include "floe/kernels/cpu/simd/attention.h"

#include <algorithm>

#include "floe/kernels/cpu/simd/gemm.h"
#include "floe/kernels/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "floe/kernels/cpu/simd/attention.cpp"
#include "hwy/foreach_target.h"
// foreach_target.h comes before the rest.
#include "floe/kernels/cpu/simd/gemm_panels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

#if HWY_TARGET <= HWY_AVX3
// 16 rows of 16 floats become 16 columns.
HWY_INLINE void Transpose16(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  __m512 r[16], t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) r[i] = _mm512_loadu_ps(from + i * from_stride);
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    const __m512d a = _mm512_castps_pd(t[i]), b = _mm512_castps_pd(t[i + 1]);
    const __m512d c = _mm512_castps_pd(t[i + 2]), e = _mm512_castps_pd(t[i + 3]);
    r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, e));
    r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, e));
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; ++i) {
    const __m512 low = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88),
                 high = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    const __m512 low2 = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    const __m512 high2 = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    _mm512_storeu_ps(to + i * to_stride, _mm512_shuffle_f32x4(low, low2, 0x88));
    _mm512_storeu_ps(to + (i + 4) * to_stride, _mm512_shuffle_f32x4(high, high2, 0x88));
    _mm512_storeu_ps(to + (i + 8) * to_stride, _mm512_shuffle_f32x4(low, low2, 0xdd));
    _mm512_storeu_ps(to + (i + 12) * to_stride, _mm512_shuffle_f32x4(high, high2, 0xdd));
  }
}
#endif

// pack_b of the transposed keys: panels whose columns are keys.
void PackKeys(const float* keys, int64_t row_stride, int64_t size, int64_t count, float* packed) {
#if HWY_TARGET <= HWY_AVX3
  const PanelSplit split(count);
  for (int64_t panel = 0; panel < split.panels; ++panel) {
    const int64_t width = split.Width(panel) * int64_t(kLanes);
    const int64_t first = split.FirstVector(panel) * int64_t(kLanes);
    for (int64_t j = 0; j < width; j += 16) {
      const float* from = keys + (first + j) * row_stride;
      float* to = packed + j;
      const int64_t real = std::clamp<int64_t>(count - first - j, 0, 16);
      int64_t i = 0;
      if (real == 16) {
        for (; i + 16 <= size; i += 16) Transpose16(from + i, row_stride, to + i * width, width);
      }
      for (; i < size; ++i) {
        for (int64_t c = 0; c < 16; ++c) to[i * width + c] = c < real ? from[c * row_stride + i] : 0.0f;
      }
    }
    packed += width * size;
  }
#else
  pack_b(keys, 1, row_stride, size, count, packed);
#endif
}

// scores = exp(scores * scale + mask - largest); returns the sum.
HWY_INLINE float ExpRow(float* scores, const float* mask, int64_t n, float scale) {
  const FloatTag d;
  constexpr int64_t kStep = kLanes;
  const Vec s = hn::Set(d, scale), lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  Vec largest = lowest, other = lowest;
  const auto scaled = [&](int64_t i, size_t lanes) HWY_ATTR {
    Vec v = hn::Mul(LoadN(d, scores + i, lanes), s);
    if (mask) v = hn::Add(v, LoadN(d, mask + i, lanes));
    StoreN(v, d, scores + i, lanes);
    return hn::IfThenElse(hn::FirstN(d, lanes), v, lowest);
  };
  int64_t i = 0;
  if (mask) {
    for (; i + kStep <= n; i += kStep) {
      const Vec v = hn::MulAdd(hn::LoadU(d, scores + i), s, hn::LoadU(d, mask + i));
      hn::StoreU(v, d, scores + i);
      largest = AtLeast(largest, v);
    }
  } else {
    for (; i + 2 * kStep <= n; i += 2 * kStep) {
      const Vec v = hn::Mul(hn::LoadU(d, scores + i), s), w = hn::Mul(hn::LoadU(d, scores + i + kStep), s);
      hn::StoreU(v, d, scores + i);
      hn::StoreU(w, d, scores + i + kStep);
      largest = AtLeast(largest, v);
      other = AtLeast(other, w);
    }
    for (; i + kStep <= n; i += kStep) largest = AtLeast(largest, scaled(i, kLanes));
  }
  if (i < n) other = AtLeast(other, scaled(i, size_t(n - i)));
  const Vec shift = hn::MaxOfLanes(d, AtLeast(largest, other));
  Vec sum = hn::Zero(d), sum2 = sum;
  for (i = 0; i + 2 * kStep <= n; i += 2 * kStep) {
    const Vec e = Exp(d, hn::Sub(hn::LoadU(d, scores + i), shift));
    const Vec f = Exp(d, hn::Sub(hn::LoadU(d, scores + i + kStep), shift));
    hn::StoreU(e, d, scores + i);
    hn::StoreU(f, d, scores + i + kStep);
    sum = hn::Add(sum, e);
    sum2 = hn::Add(sum2, f);
  }
  for (; i < n; i += kStep) {
    const size_t lanes = size_t(n - i < kStep ? n - i : kStep);
    const Vec e = Exp(d, hn::Sub(LoadN(d, scores + i, lanes), shift));
    StoreN(e, d, scores + i, lanes);
    sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, lanes), e));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum, sum2)));
}

void ExpRows(float* scores, const float* mask, int64_t mask_stride, int64_t rows, int64_t n, float scale,
             float* sums) {
  for (int64_t r = 0; r < rows; ++r) {
    sums[r] = ExpRow(scores + r * n, mask ? mask + r * mask_stride : nullptr, n, scale);
  }
}

void DivideRows(float* y, int64_t stride, int64_t rows, int64_t n, const float* divisors) {
  for (int64_t r = 0; r < rows; ++r) {
    const float factor = 1.0f / divisors[r];
    MapRows(y + r * stride, 1, 0, n,
            [factor](FloatTag d, Vec v) HWY_ATTR { return hn::Mul(v, hn::Set(d, factor)); });
  }
}

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace floe::simd {
HWY_EXPORT(PackKeys);
HWY_EXPORT(ExpRows);
HWY_EXPORT(DivideRows);

namespace {

// Queries that go through the three stages together, a multiple of the register tile's rows.
constexpr int64_t kQueryBlock = 28;

const float* head_of(const AttentionArgs::Matrix& m, int64_t batch, int64_t head) {
  return m.data + batch * m.batch_stride + head * m.head_stride;
}

size_t rounded(size_t n) { return (n + 15) / 16 * 16; }

}  // namespace

size_t attention_workspace_size(const AttentionArgs& args) {
  return rounded(packed_b_size(args.size, args.keys)) + rounded(packed_b_size(args.keys, args.value_size)) +
         rounded(size_t(kQueryBlock * args.keys)) + size_t(kQueryBlock);
}

void attention(const AttentionArgs& args, float* workspace, int64_t unit_begin, int64_t unit_end) {
  float* const packed_k = workspace;
  float* const packed_v = packed_k + rounded(packed_b_size(args.size, args.keys));
  float* const scores = packed_v + rounded(packed_b_size(args.keys, args.value_size));
  float* const sums = scores + rounded(size_t(kQueryBlock * args.keys));
  for (int64_t unit = unit_begin; unit < unit_end; ++unit) {
    const int64_t batch = unit / args.heads, head = unit % args.heads;
    const float* q = head_of(args.q, batch, head);
    const float* mask = args.mask.data ? head_of(args.mask, batch, head) : nullptr;
    float* y = args.y + batch * args.y_batch_stride + head * args.y_head_stride;
    HWY_DYNAMIC_DISPATCH(PackKeys)
    (head_of(args.k, batch, head), args.k.row_stride, args.size, args.keys, packed_k);
    pack_b(head_of(args.v, batch, head), args.v.row_stride, 1, args.keys, args.value_size, packed_v);
    for (int64_t row = 0; row < args.queries; row += kQueryBlock) {
      const int64_t rows = std::min(kQueryBlock, args.queries - row);
      GemmArgs product;
      product.m = rows, product.n = args.keys, product.k = args.size;
      product.a = q + row * args.q.row_stride, product.lda = args.q.row_stride;
      product.packed_b = packed_k, product.c = scores, product.ldc = args.keys;
      gemm(product);
      HWY_DYNAMIC_DISPATCH(ExpRows)
      (scores, mask ? mask + row * args.mask.row_stride : nullptr, args.mask.row_stride, rows, args.keys,
       args.scale, sums);
      product.n = args.value_size, product.k = args.keys;
      product.a = scores, product.lda = args.keys, product.packed_b = packed_v;
      product.c = y + row * args.y_row_stride, product.ldc = args.y_row_stride;
      gemm(product);
      HWY_DYNAMIC_DISPATCH(DivideRows)(product.c, args.y_row_stride, rows, args.value_size, sums);
    }
  }
}

}  // namespace floe::simd
#endif  // HWY_ONCE
