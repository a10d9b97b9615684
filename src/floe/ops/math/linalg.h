// What the decompositions and solvers of small matrices share: shape rules, and matrices seen through Eigen.
#pragma once

// A run already spreads the matrices of a batch over its threads.
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>
#include <atomic>

#include "floe/ops/math/elementwise.h"

namespace floe {

using SolverTypes = Types<float, double, std::complex<float>, std::complex<double>>;
inline constexpr const char* kSolverAttr = "T:{double,float,half,complex64,complex128}";
inline const DType kSolverDtypes[] = {DType::kFloat32, DType::kFloat64, DType::kComplex64,
                                      DType::kComplex128};

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using MatrixIn = Eigen::Map<const Matrix<T>>;
template <class T>
using MatrixOut = Eigen::Map<Matrix<T>>;

/// Input i: a batch of matrices of any size.
inline Shape infer_matrices(const InferContext& c, int i) { return c.with_rank_at_least(i, 2); }

/// Input i: a batch of square matrices; what is known of one side holds for the other.
inline Shape infer_squares(const InferContext& c, int i) {
  Shape s = infer_matrices(c, i);
  if (!s.has_rank()) return s;
  int64_t rows = s.dim(-2), columns = s.dim(-1);
  if (rows >= 0 && columns >= 0 && rows != columns)
    c.fail(cat("Input matrix must be square. Dimensions must be equal, but are ", rows, " and ", columns));
  int64_t side = rows >= 0 ? rows : columns;
  s.set_dim(-2, side);
  s.set_dim(-1, side);
  return s;
}

/// Everything but the matrices themselves.
inline Shape batch_of(const Shape& s) { return s.has_rank() ? s.slice(0, s.rank() - 2) : s; }

inline int64_t matrix_count(const Shape& s) {
  int64_t n = 1;
  for (int i = 0; i + 2 < s.rank(); ++i) n *= s[i];
  return n;
}

/// Matrix b of a batch.
template <class T>
MatrixIn<T> matrix_in(const Tensor& t, int64_t b) {
  int64_t rows = t.dim(-2), columns = t.dim(-1);
  return {t.data<T>() + b * rows * columns, rows, columns};
}
template <class T>
MatrixOut<T> matrix_out(Tensor& t, int64_t b) {
  int64_t rows = t.dim(-2), columns = t.dim(-1);
  return {t.mutable_data<T>() + b * rows * columns, rows, columns};
}

/// Calls fn(b) for each matrix of input 0, on the threads of the run; false when a call returned false.
template <class F>
bool each_matrix(KernelContext& c, F fn) {
  const Shape& s = c.input(0).shape();
  double rows = double(s.dim(-2)), columns = double(s.dim(-1));
  std::atomic<bool> fine = true;
  parallel_for(c.threads(), matrix_count(s), rows * columns * std::min(rows, columns),
               [&](int64_t from, int64_t to) {
                 for (int64_t b = from; b < to; ++b)
                   if (!fn(b)) fine = false;
               });
  return fine;
}

/// A kernel for each type that the solvers know.
template <template <class> class Op>
KernelFn solver_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(SolverTypes{}, k.input_type(0), [&]<class T>() { fn = Op<T>(k); });
  return fn;
}

/// x * adjoint(x) + n * 1 for a random x: Hermitian and positive definite.
Tensor positive_definite(Samples& s, const Shape& shape, DType dtype);
/// Random with a heavy diagonal: invertible.
Tensor invertible(Samples& s, const Shape& shape, DType dtype);

}  // namespace floe
