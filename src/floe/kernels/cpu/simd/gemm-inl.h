// The register-tile kernel behind gemm, Winograd and attention, compiled once per instruction set.
#if defined(FLOE_KERNELS_CPU_SIMD_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FLOE_KERNELS_CPU_SIMD_GEMM_INL_H_
#undef FLOE_KERNELS_CPU_SIMD_GEMM_INL_H_
#else
#define FLOE_KERNELS_CPU_SIMD_GEMM_INL_H_
#endif

#include <utility>

#include "floe/kernels/cpu/simd/gemm_panels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

struct TileArgs {
  const float* a;
  int64_t lda;
  const float* b;  // packed panel, at its first k of this block
  int64_t k;
  float* c;
  int64_t ldc;
  const float* bias;      // null: none
  const float* residual;  // null: none; equals c when a k-block continues a sum
  int64_t residual_stride;
  ClampRange range;
  int64_t tail;           // lanes of the last vector to store, kLanes when it is full
  int64_t blocks;         // this many tiles, one below the other
  const float* prefetch;  // lines to bring into L2 while this tile runs
  int prefetch_lines;     // per 4 steps of k
};

template <int kRows>
HWY_INLINE const float* RowAt(const float* const (&base)[(kRows + 2) / 3], int64_t lda, int row) {
  return base[row / 3] + lda * (row % 3);
}

#if HWY_TARGET <= HWY_AVX3
// 7 x 4 accumulators, three columns of B and one value of A fill the 32 registers, so the fourth column of
// B must stay in memory; the compiler would spill instead.
HWY_INLINE void FmaFromMemory(__m512& acc, __m512 a, const float* b) {
  asm("vfmadd231ps %2, %1, %0" : "+v"(acc) : "v"(a), "m"(*reinterpret_cast<const __m512*>(b)));
}
#endif

template <int kRows, int kVectors>
HWY_INLINE void TileStep(FloatTag d, const float* const (&base)[(kRows + 2) / 3], int64_t lda, int offset,
                         const float* b, Vec (&acc)[kRows][kVectors]) {
  constexpr int kInRegisters = kVectors == 4 && kRows == 7 ? 3 : kVectors;
  Vec column[kInRegisters];
#pragma GCC unroll 16
  for (int j = 0; j < kInRegisters; ++j) column[j] = hn::LoadU(d, b + j * kLanes);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
    const Vec a = hn::Set(d, RowAt<kRows>(base, lda, i)[offset]);
#pragma GCC unroll 16
    for (int j = 0; j < kInRegisters; ++j) acc[i][j] = hn::MulAdd(a, column[j], acc[i][j]);
#if HWY_TARGET <= HWY_AVX3
    if constexpr (kInRegisters < kVectors) FmaFromMemory(acc[i][3].raw, a.raw, b + 3 * kLanes);
#endif
  }
}

template <int kRows, int kVectors>
HWY_INLINE void AddRows(FloatTag d, const float* p, int64_t stride, bool full, int64_t tail,
                        Vec (&acc)[kRows][kVectors]) {
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) {
      const float* q = p + i * stride + j * kLanes;
      const Vec v = j + 1 < kVectors || full ? hn::LoadU(d, q) : LoadN(d, q, size_t(tail));
      acc[i][j] = hn::Add(acc[i][j], v);
    }
  }
}

template <int kRows, int kVectors>
HWY_NOINLINE void Tile(const TileArgs& t) {
  const FloatTag d;
  constexpr int64_t kStep = kVectors * int64_t(kLanes);
  constexpr int kGroups = (kRows + 2) / 3;
  const int64_t lda = t.lda, tail = t.tail;
  const bool full = tail == int64_t(kLanes);
  const float* a = t.a;
  const float* residual = t.residual;
  const float* prefetch = t.prefetch;
  float* c = t.c;
  for (int64_t block = 0; block < t.blocks; ++block) {
    Vec acc[kRows][kVectors];
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) {
      Vec v = hn::Zero(d);
      if (t.bias) {
        const float* p = t.bias + j * kLanes;
        v = j + 1 < kVectors || full ? hn::LoadU(d, p) : LoadN(d, p, size_t(tail));
      }
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) acc[i][j] = v;
    }
    if (residual) AddRows<kRows, kVectors>(d, residual, t.residual_stride, full, tail, acc);

    const float* base[kGroups];
#pragma GCC unroll 16
    for (int g = 0; g < kGroups; ++g) base[g] = a + 3 * g * lda;
    const float* b = t.b;
    int64_t k = t.k;
    for (; k >= 4; k -= 4) {
      TileStep<kRows, kVectors>(d, base, lda, 0, b, acc);
      TileStep<kRows, kVectors>(d, base, lda, 1, b + kStep, acc);
      TileStep<kRows, kVectors>(d, base, lda, 2, b + 2 * kStep, acc);
      TileStep<kRows, kVectors>(d, base, lda, 3, b + 3 * kStep, acc);
      for (int line = 0; line < t.prefetch_lines; ++line) {
        __builtin_prefetch(prefetch, 0, 2);
        prefetch += 16;
      }
#pragma GCC unroll 16
      for (int g = 0; g < kGroups; ++g) base[g] += 4;
      b += 4 * kStep;
    }
    for (; k > 0; --k) {
      TileStep<kRows, kVectors>(d, base, lda, 0, b, acc);
#pragma GCC unroll 16
      for (int g = 0; g < kGroups; ++g) base[g] += 1;
      b += kStep;
    }

    constexpr float kInf = std::numeric_limits<float>::infinity();
    if (t.range.low > -kInf) {
      const Vec low = hn::Set(d, t.range.low);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
        for (int j = 0; j < kVectors; ++j) acc[i][j] = AtLeast(acc[i][j], low);
      }
    }
    if (t.range.high < kInf) {
      const Vec high = hn::Set(d, t.range.high);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
        for (int j = 0; j < kVectors; ++j) acc[i][j] = AtMost(acc[i][j], high);
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
      for (int j = 0; j < kVectors; ++j) {
        float* p = c + i * t.ldc + j * kLanes;
        const Vec v = acc[i][j];
        if (j + 1 < kVectors || full) {
          hn::StoreU(v, d, p);
        } else {
          StoreN(v, d, p, size_t(tail));
        }
      }
    }
    a += kRows * lda;
    c += kRows * t.ldc;
    if (residual) residual += kRows * t.residual_stride;
  }
}

// Few rows: bound by reading B, so every row uses each vector of B while it passes. With one row, two sums
// per output hide the latency of the multiply-add.
inline constexpr int kMaxThinRows = 4;
inline constexpr int64_t kThinPrefetch = 2048;  // floats ahead

template <int kRows, int kVectors>
HWY_NOINLINE void ThinTile(const TileArgs& t) {
  const FloatTag d;
  constexpr int64_t kStep = kVectors * int64_t(kLanes);
  constexpr int kSums = kRows == 1 ? 2 : 1;
  Vec acc[kSums][kRows][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
    for (int s = 0; s < kSums * kVectors; ++s) acc[s / kVectors][i][s % kVectors] = hn::Zero(d);
  }
  const float* b = t.b;
  const float* a[kRows];
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) a[i] = t.a + i * t.lda;
  const auto step = [&](int64_t k, const float* column, Vec(&sum)[kRows][kVectors]) HWY_ATTR {
#pragma GCC unroll 16
    for (int j = 0; j < kVectors; ++j) {
      const Vec v = hn::LoadU(d, column + j * kLanes);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) sum[i][j] = hn::MulAdd(hn::Set(d, a[i][k]), v, sum[i][j]);
    }
  };
  int64_t k = 0;
  for (; k + 2 <= t.k; k += 2, b += 2 * kStep) {
#pragma GCC unroll 16
    for (int64_t line = 0; line < 2 * kStep; line += 16) __builtin_prefetch(b + kThinPrefetch + line, 0, 3);
    step(k, b, acc[0]);
    step(k + 1, b + kStep, acc[kSums - 1]);
  }
  if (k < t.k) step(k, b, acc[0]);
#pragma GCC unroll 16
  for (int j = 0; j < kVectors; ++j) {
    const size_t lanes = j + 1 < kVectors ? kLanes : size_t(t.tail);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      Vec v = kSums == 2 ? hn::Add(acc[0][i][j], acc[1][i][j]) : acc[0][i][j];
      if (t.bias) v = hn::Add(v, LoadN(d, t.bias + j * kLanes, lanes));
      if (t.residual) v = hn::Add(v, LoadN(d, t.residual + i * t.residual_stride + j * kLanes, lanes));
      StoreN(Clamp(d, v, t.range.low, t.range.high), d, t.c + i * t.ldc + j * kLanes, lanes);
    }
  }
}

using TileFunction = void (*)(const TileArgs&);
inline constexpr int kMaxRows = 14;

template <int kVectors, int... kRow>
constexpr void FillRows(TileFunction* table, std::integer_sequence<int, kRow...>) {
  ((table[kRow + 1] = Tile<kRow + 1, kVectors>), ...);
}

struct TileTable {
  constexpr TileTable() {
    FillRows<1>(f[1], std::make_integer_sequence<int, MaxTileRows(1)>());
    FillRows<2>(f[2], std::make_integer_sequence<int, MaxTileRows(2)>());
#if HWY_TARGET <= HWY_AVX3
    FillRows<3>(f[3], std::make_integer_sequence<int, MaxTileRows(3)>());
    FillRows<4>(f[4], std::make_integer_sequence<int, MaxTileRows(4)>());
#endif
  }
  TileFunction f[kMaxPanelVectors + 1][kMaxRows + 1] = {};
};

struct ThinTileTable {
  constexpr ThinTileTable() {
    Fill<1>(f[1]);
    Fill<2>(f[2]);
#if HWY_TARGET <= HWY_AVX3
    Fill<3>(f[3]);
    Fill<4>(f[4]);
#endif
  }
  template <int kVectors>
  static constexpr void Fill(TileFunction* table) {
    table[1] = ThinTile<1, kVectors>;
    table[2] = ThinTile<2, kVectors>;
    table[3] = ThinTile<3, kVectors>;
    table[4] = ThinTile<4, kVectors>;
  }
  TileFunction f[kMaxPanelVectors + 1][kMaxThinRows + 1] = {};
};
inline constexpr TileTable kTiles;
inline constexpr ThinTileTable kThinTiles;

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
