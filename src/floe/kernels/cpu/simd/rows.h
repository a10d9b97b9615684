#ifndef FLOE_KERNELS_CPU_SIMD_ROWS_H_
#define FLOE_KERNELS_CPU_SIMD_ROWS_H_

#include <cstdint>

namespace floe::simd {

// Operations along the last dimension of a float32 matrix [rows, n], or down its columns. Strides are in
// floats between rows and at least n. Ranges of rows are independent: a caller splits them over threads by
// moving the pointers.

enum class Reduction : uint8_t { kSum, kMean, kMax, kMin, kProd, kSumOfSquares };

// y[r] = reduction of x[r, 0..n). n = 0 gives the neutral element (mean: NaN). Max and min keep NaN.
void reduce_rows(Reduction op, const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y);

// y[j] = reduction of x[0..rows, j]: global average pooling of one NHWC picture is kMean with
// rows = height * width, n = channels.
void reduce_columns(Reduction op, const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y);

// y may be x. logarithm: log_softmax instead.
void softmax_rows(const float* x, int64_t rows, int64_t n, int64_t x_stride, float* y, int64_t y_stride,
                  bool logarithm = false);

// y = (v - mean(v)) / sqrt(variance(v) + epsilon) * gamma + beta with v = x, or x + residual where one is
// given; gamma and beta may be null. y may be x or the residual.
struct LayerNormArgs {
  int64_t n = 0;
  const float* x = nullptr;
  int64_t x_stride = 0;
  const float* residual = nullptr;
  int64_t residual_stride = 0;
  const float* gamma = nullptr;
  const float* beta = nullptr;
  float epsilon = 1e-3f;
  float* y = nullptr;
  int64_t y_stride = 0;
};
void layer_norm_rows(const LayerNormArgs& args, int64_t row_begin, int64_t row_end);

// y[r] = index of the first largest (smallest) value of the row; NaN is passed over unless all are.
void arg_max_rows(const float* x, int64_t rows, int64_t n, int64_t x_stride, bool smallest, int64_t* y);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_ROWS_H_
