#include "floe/ops/broadcast.h"

namespace floe {

BroadcastLoop make_broadcast(const Shape& out, std::span<const Shape> operands) {
  BroadcastLoop b;
  size_t n = operands.size();
  b.strides.resize(n);
  b.total = out.num_elements();
  int rank = out.rank();
  std::vector<std::vector<int64_t>> full(n, std::vector<int64_t>(size_t(rank), 0));
  for (size_t k = 0; k < n; ++k) {
    const Shape& s = operands[k];
    int64_t stride = 1;
    for (int d = s.rank() - 1; d >= 0; --d) {
      if (s[d] != 1) full[k][size_t(d + rank - s.rank())] = stride;
      stride *= s[d];
    }
  }
  for (int d = 0; d < rank; ++d) {
    if (out[d] == 1) continue;
    bool merge = !b.dims.empty();
    for (size_t k = 0; k < n && merge; ++k) merge = b.strides[k].back() == full[k][size_t(d)] * out[d];
    if (merge)
      b.dims.back() *= out[d];
    else
      b.dims.push_back(out[d]);
    for (size_t k = 0; k < n; ++k) {
      if (merge)
        b.strides[k].back() = full[k][size_t(d)];
      else
        b.strides[k].push_back(full[k][size_t(d)]);
    }
  }
  return b;
}

}  // namespace floe
