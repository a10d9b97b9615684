// The plain matrix product that MatMul, BatchMatMul and Einsum share.
#pragma once

#include <algorithm>
#include <complex>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "floe/base/threads.h"
#include "floe/tensor/dispatch.h"

namespace floe {

/// One operand: element (i, j) is at data[i * row + j * column].
template <class T>
struct MatrixView {
  const T* data;
  int64_t row, column;
  bool conjugate = false;
};

namespace gemm_internal {

// Integers are multiplied unsigned: they wrap around.
template <class T>
struct accumulator {
  using type = compute_t<T>;
};
template <class T>
  requires std::is_integral_v<T>
struct accumulator<T> {
  using type = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
};
template <class T>
using accumulator_t = typename accumulator<T>::type;

// Copies rows [r0, r0+rows) x columns [c0, c0+columns) in order, as accumulators.
template <class Acc, class T>
void pack(const MatrixView<T>& m, int64_t r0, int64_t rows, int64_t c0, int64_t columns, Acc* to) {
  auto value = [&](const T& x) {
    if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>)
      return m.conjugate ? std::conj(x) : x;
    else
      return Acc(compute_t<T>(x));
  };
  const T* from = m.data + r0 * m.row + c0 * m.column;
  if (m.column == 1) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) to[i * columns + j] = value(from[i * m.row + j]);
  } else {
    for (int64_t j = 0; j < columns; ++j)
      for (int64_t i = 0; i < rows; ++i) to[i * columns + j] = value(from[i * m.row + j * m.column]);
  }
}

// c[4][width] += a[4][depth] * b[depth][columns], `width` columns at a time in registers.
template <int kRows, int kWidth, class Acc>
void tile(const Acc* a, int64_t a_stride, const Acc* b, int64_t b_stride, int64_t depth, Acc* c,
          int64_t c_stride) {
  Acc sum[kRows][kWidth];
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < kWidth; ++j) sum[i][j] = c[i * c_stride + j];
  for (int64_t k = 0; k < depth; ++k)
    for (int i = 0; i < kRows; ++i)
      for (int j = 0; j < kWidth; ++j) sum[i][j] += a[i * a_stride + k] * b[k * b_stride + j];
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < kWidth; ++j) c[i * c_stride + j] = sum[i][j];
}

template <class Acc>
void panel(const Acc* a, int64_t rows, const Acc* b, int64_t columns, int64_t depth, Acc* c) {
  constexpr int kWidth = sizeof(Acc) <= 4 ? 8 : 4;
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    int64_t j = 0;
    for (; j + kWidth <= columns; j += kWidth)
      tile<4, kWidth>(a + i * depth, depth, b + j, columns, depth, c + i * columns + j, columns);
    for (; j < columns; ++j)
      tile<4, 1>(a + i * depth, depth, b + j, columns, depth, c + i * columns + j, columns);
  }
  for (; i < rows; ++i) {
    int64_t j = 0;
    for (; j + kWidth <= columns; j += kWidth)
      tile<1, kWidth>(a + i * depth, depth, b + j, columns, depth, c + i * columns + j, columns);
    for (; j < columns; ++j)
      tile<1, 1>(a + i * depth, depth, b + j, columns, depth, c + i * columns + j, columns);
  }
}

}  // namespace gemm_internal

/// out[m][n] (rows contiguous) = a[m][k] * b[k][n], on this thread.
template <class TA, class TB, class Out>
void gemm(const MatrixView<TA>& a, const MatrixView<TB>& b, int64_t m, int64_t n, int64_t k, Out* out) {
  using namespace gemm_internal;
  using Acc = accumulator_t<Out>;
  constexpr int64_t kM = 64, kN = 128, kK = 256;
  std::vector<Acc> pa(size_t(std::min(m, kM) * std::min(k, kK))),
      pb(size_t(std::min(n, kN) * std::min(k, kK))), pc(size_t(std::min(m, kM) * std::min(n, kN)));
  for (int64_t j = 0; j < n; j += kN) {
    int64_t columns = std::min(kN, n - j);
    for (int64_t i = 0; i < m; i += kM) {
      int64_t rows = std::min(kM, m - i);
      std::fill(pc.begin(), pc.end(), Acc(0));
      for (int64_t p = 0; p < k; p += kK) {
        int64_t depth = std::min(kK, k - p);
        pack(a, i, rows, p, depth, pa.data());
        pack(b, p, depth, j, columns, pb.data());
        panel(pa.data(), rows, pb.data(), columns, depth, pc.data());
      }
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t q = 0; q < columns; ++q) out[(i + r) * n + j + q] = Out(pc[size_t(r * columns + q)]);
    }
  }
}

/// The same for many products; `at(b, &a, &b)` sets the operands of product b. Work is split over threads.
template <class TA, class TB, class Out, class F>
void batched_gemm(int threads, int64_t batch, int64_t m, int64_t n, int64_t k, Out* out, F&& at) {
  constexpr int64_t kRows = 64;
  int64_t pieces = (m + kRows - 1) / kRows;
  double cost = double(std::min(m, kRows)) * double(n) * double(std::max<int64_t>(k, 1)) * 0.15;
  parallel_for(threads, batch * pieces, cost, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      MatrixView<TA> a;
      MatrixView<TB> b;
      at(i / pieces, a, b);
      int64_t row = i % pieces * kRows;
      a.data += row * a.row;
      gemm(a, b, std::min(kRows, m - row), n, k, out + (i / pieces * m + row) * n);
    }
  });
}

}  // namespace floe
