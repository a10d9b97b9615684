// What ops on sparse tensors share: a sparse tensor is indices [n, rank], values [n] and a dense shape
// [rank].
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {

/// Checks that inputs `at`, `at` + 1 and `at` + 2 have the shapes of one sparse tensor.
inline void check_sparse(KernelContext& c, int indices_at, int values_at, int shape_at) {
  const Tensor &indices = c.input(indices_at), &values = c.input(values_at), &shape = c.input(shape_at);
  if (indices.rank() != 2)
    c.fail(cat("Input indices should be a matrix but received shape: ", indices.shape().str()));
  if (values.rank() != 1)
    c.fail(cat("Input values should be a vector but received shape: ", values.shape().str()));
  if (shape.rank() != 1)
    c.fail(cat("Input dense_shape should be a vector but received shape: ", shape.shape().str()));
  if (indices.dim(0) != values.dim(0))
    c.fail(cat("The length of `values` (", values.dim(0), ") must match the first dimension of `indices` (",
               indices.dim(0), "): indices and values rows (indexing dimension) must match."));
  if (indices.dim(1) != shape.dim(0))
    c.fail(cat("The length of `dense_shape` (", shape.dim(0),
               ") must match the second dimension of `indices` (", indices.dim(1), ")."));
}
inline void check_sparse(KernelContext& c, int at) { check_sparse(c, at, at + 1, at + 2); }

/// The dense shape at input `at`; fails when it is negative or has too many elements.
inline Shape dense_shape(KernelContext& c, int at) {
  std::vector<int64_t> dims = c.ints(at);
  if (dims.size() > 254) c.fail(cat("a dense shape has at most 254 dimensions, not ", dims.size()));
  for (int64_t d : dims)
    if (d < 0) c.fail(cat("Expected shape dimensions to be non-negative, got ", d));
  Shape shape(dims);
  try {
    shape.num_elements();
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
  return shape;
}

/// Rows of `indices` (an [n, rank] matrix) in the order of their elements `keys`, equal ones as they come.
inline std::vector<int64_t> sorted_rows(const int64_t* indices, int64_t n, int64_t rank,
                                        const std::vector<int64_t>& keys) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    for (int64_t k : keys)
      if (indices[a * rank + k] != indices[b * rank + k])
        return indices[a * rank + k] < indices[b * rank + k];
    return false;
  });
  return order;
}

/// "[3, 4]" for one row of indices.
inline std::string index_text(const int64_t* row, int64_t rank) {
  std::string s = "[";
  for (int64_t d = 0; d < rank; ++d) s += cat(d ? ", " : "", row[d]);
  return s + "]";
}

/// A matrix of indices, for samples.
inline Tensor index_matrix(std::vector<int64_t> v, int64_t columns) {
  int64_t rows = int64_t(v.size()) / columns;
  return Tensor::vec(v).reshaped({rows, columns});
}

}  // namespace floe
