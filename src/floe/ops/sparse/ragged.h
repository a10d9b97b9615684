// What ops on ragged tensors share: a ragged tensor is row splits, outermost first, and the values they
// divide.
#pragma once

#include <vector>

#include "floe/ops/sparse/sparse.h"

namespace floe {

using RowSplits = std::vector<int64_t>;

/// Row splits as a tensor of type `t`.
inline Tensor splits_tensor(const RowSplits& v, DType t) {
  Tensor out(t, Shape{int64_t(v.size())});
  dispatch(IndexTypes{}, t, [&]<class I>() {
    I* to = out.mutable_data<I>();
    for (size_t i = 0; i < v.size(); ++i) to[i] = I(v[i]);
  });
  return out;
}

/// Ranges [first, second) of `values`, one after the other.
inline Tensor gather_ranges(const Tensor& values, const std::vector<std::pair<int64_t, int64_t>>& ranges) {
  int64_t n = 0, inner = values.shape().slice(1).num_elements();
  for (auto& [from, to] : ranges) n += to - from;
  Tensor out(values.dtype(), Shape{n}.concat(values.shape().slice(1)));
  dispatch_moves(values.dtype(), [&]<class T>() {
    const T* data = static_cast<const T*>(values.raw());
    T* at = static_cast<T*>(out.mutable_raw());
    for (auto& [from, to] : ranges) at = std::copy_n(data + from * inner, (to - from) * inner, at);
  });
  return out;
}

}  // namespace floe
