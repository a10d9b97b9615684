#ifndef FLOE_KERNELS_CPU_SIMD_GEMM_H_
#define FLOE_KERNELS_CPU_SIMD_GEMM_H_

#include <cstddef>
#include <cstdint>

#include "floe/kernels/cpu/simd/epilogue.h"

namespace floe::simd {

// C[m, n] = activation(A[m, k] * B[k, n] + bias[n] + residual[m, n]), float32, row-major, one thread.
//
// B is packed once into panels of a few vectors of columns. The packed layout belongs to the running
// machine's instruction set: never write it to a file.

// Floats that pack_b writes; the buffer should be aligned to 64 bytes (any alignment works).
size_t packed_b_size(int64_t k, int64_t n);

// B[i, j] = b[i * row_stride + j * column_stride]; a transposed matrix is packed by swapping the strides.
void pack_b(const float* b, int64_t row_stride, int64_t column_stride, int64_t k, int64_t n, float* packed);

// Panels that n columns make: the unit by which the columns can be split over threads.
int64_t panel_count(int64_t n);

struct GemmArgs {
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t lda = 0;  // floats between rows of A, >= k
  const float* packed_b = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;  // floats between rows of C, >= n: C may be a slice of a wider buffer
  Epilogue epilogue;
  bool prefetch_after = false;  // what follows packed_b in memory is used next: fetch it meanwhile
};

// Computes rows [row_begin, row_end) of the panels [panel_begin, panel_end). Disjoint ranges may run at the
// same time. k = 0 gives activation(bias + residual). C must not overlap A.
void gemm(const GemmArgs& args, int64_t row_begin, int64_t row_end, int64_t panel_begin, int64_t panel_end);

// The whole matrix.
void gemm(const GemmArgs& args);

// Whether this kernel is expected to beat oneDNN's for the shape, from measurements (bench/kernels).
bool gemm_is_preferred(int64_t m, int64_t n, int64_t k);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_GEMM_H_
