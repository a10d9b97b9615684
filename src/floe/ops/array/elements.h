// Moving elements: what most array ops come down to.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "floe/op/infer.h"
#include "floe/op/kernel.h"

namespace floe {

/// The integers of a tensor of any integer type.
std::vector<int64_t> integers(const Tensor& t);
/// The integers of input i if its value is known.
std::optional<std::vector<int64_t>> known_integers(const InferContext& c, int i);
/// What input i says about a shape; unlike shape_value, a known negative dimension fails as TensorFlow's
/// kernels do.
Shape requested_shape(const InferContext& c, int i);

/// Row-major strides, in elements.
std::vector<int64_t> element_strides(const Shape& s);
/// Product of the dimensions [from, to).
int64_t dims_product(const Shape& s, int from, int to);

/// Where element i of a tensor of that shape is: "[1,2]", or "" in a scalar.
std::string position_text(const Shape& s, int64_t i);

inline const char* element_at(const Tensor& t, int64_t i) {
  return static_cast<const char*>(t.raw()) + i * int64_t(dtype_size(t.dtype()));
}
inline char* element_at(Tensor& t, int64_t i) {
  return static_cast<char*>(t.mutable_raw()) + i * int64_t(dtype_size(t.dtype()));
}

/// Copies n neighbouring elements.
void copy_elements(DType dtype, void* to, const void* from, int64_t n);
/// Sets n neighbouring elements to *value.
void fill_elements(DType dtype, void* to, const void* value, int64_t n);
/// Sets n neighbouring elements to zero, "" or no object.
void zero_elements(DType dtype, void* to, int64_t n);

/// to[sum(i_d * to_strides_d)] = from[sum(i_d * from_strides_d)] for all indices below `dims`. Strides are in
/// elements; those of `from` may be zero or negative.
void copy_strided(int threads, DType dtype, std::span<const int64_t> dims, void* to,
                  std::span<const int64_t> to_strides, const void* from,
                  std::span<const int64_t> from_strides);

/// Copies rows: to[o][j] = from[o][j] for o < outer, j < n, with rows `to_row` and `from_row` elements apart.
void copy_rows(int threads, DType dtype, int64_t outer, int64_t n, void* to, int64_t to_row, const void* from,
               int64_t from_row);

}  // namespace floe
