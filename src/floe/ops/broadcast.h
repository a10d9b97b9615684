// Broadcasting loops shared by elementwise kernels.
#pragma once

#include <vector>

#include "floe/op/kernel.h"

namespace floe {

/// Dimensions of a broadcast, with neighbours that behave alike merged. Strides are in elements, 0 where an
/// operand is repeated.
struct BroadcastLoop {
  std::vector<int64_t> dims;
  std::vector<std::vector<int64_t>> strides;  // per operand
  int64_t total = 1;
};
BroadcastLoop make_broadcast(const Shape& out, std::span<const Shape> operands);

/// Calls inner(out_offset, operand offsets[2], n, strides[2]) for every innermost row.
template <class F>
void for_rows2(const BroadcastLoop& b, F&& inner) {
  int rank = int(b.dims.size());
  if (b.total == 0) return;
  int64_t n = rank ? b.dims[size_t(rank - 1)] : 1;
  int64_t sa = rank ? b.strides[0][size_t(rank - 1)] : 0, sb = rank ? b.strides[1][size_t(rank - 1)] : 0;
  int64_t rows = b.total / n, oa = 0, ob = 0;
  std::vector<int64_t> index(size_t(rank > 0 ? rank - 1 : 0), 0);
  for (int64_t r = 0; r < rows; ++r) {
    inner(r * n, oa, ob, n, sa, sb);
    for (int d = rank - 2; d >= 0; --d) {
      oa += b.strides[0][size_t(d)];
      ob += b.strides[1][size_t(d)];
      if (++index[size_t(d)] < b.dims[size_t(d)]) break;
      oa -= b.strides[0][size_t(d)] * b.dims[size_t(d)];
      ob -= b.strides[1][size_t(d)] * b.dims[size_t(d)];
      index[size_t(d)] = 0;
    }
  }
}

/// out[i] = f(a[i], b[i]) with NumPy's broadcasting; the output is allocated already.
template <class In, class Out, class F>
void broadcast_binary(KernelContext& c, F f) {
  const Tensor &a = c.input(0), &b = c.input(1);
  const In *pa = a.data<In>(), *pb = b.data<In>();
  Out* po = c.out<Out>(0);
  int64_t n = c.output(0).num_elements();
  auto row = [&](int64_t o, int64_t oa, int64_t ob, int64_t k, int64_t sa, int64_t sb) {
    const In *x = pa + oa, *y = pb + ob;
    Out* z = po + o;
    if (sa == 1 && sb == 1)
      for (int64_t i = 0; i < k; ++i) z[i] = f(x[i], y[i]);
    else if (sa == 1)
      for (int64_t i = 0; i < k; ++i) z[i] = f(x[i], *y);
    else if (sb == 1)
      for (int64_t i = 0; i < k; ++i) z[i] = f(*x, y[i]);
    else
      for (int64_t i = 0; i < k; ++i) z[i] = f(*x, *y);
  };
  if (a.num_elements() == n && b.num_elements() == n) return n ? row(0, 0, 0, n, 1, 1) : void();
  if (b.num_elements() == 1) return n ? row(0, 0, 0, n, 1, 0) : void();
  if (a.num_elements() == 1) return n ? row(0, 0, 0, n, 0, 1) : void();
  Shape shapes[2] = {a.shape(), b.shape()};
  for_rows2(make_broadcast(c.output(0).shape(), shapes), row);
}

}  // namespace floe
