// What a derivative looks like: a tensor, or a few rows of one.
#pragma once

#include "floe/tensor.h"

namespace floe {

/// Some rows of a larger tensor: row `indices[i]` of a tensor of shape `dense_shape` gets `values[i]`; rows
/// named twice are added. What the gradient of a gather is (tf.IndexedSlices).
struct IndexedSlices {
  Tensor values;
  Tensor indices;
  Tensor dense_shape;  // may be the empty handle
};

/// The derivative of a scalar by a tensor: none (not connected), a tensor, or slices.
class Gradient {
 public:
  Gradient() = default;
  Gradient(Tensor dense) : dense_(std::move(dense)) {}
  Gradient(IndexedSlices slices) : slices_(std::move(slices)) {}

  explicit operator bool() const { return bool(dense_) || is_slices(); }
  bool is_slices() const { return bool(slices_.values); }
  /// The tensor; slices are added up into one (by ops, so that it works while a graph is recorded).
  Tensor dense() const;
  const IndexedSlices& slices() const { return slices_; }

 private:
  Tensor dense_;
  IndexedSlices slices_;
};

/// a + b, either of which may be none.
Gradient add(const Gradient& a, const Gradient& b);

}  // namespace floe
