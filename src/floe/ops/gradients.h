// What gradient rules of several rooms share.
#pragma once

#include "floe/op/gradient.h"

namespace floe::grad {

/// The op's attributes that `op` declares as well; types follow from the inputs.
inline AttrMap attrs_for(const GradientContext& g, std::string_view op) {
  AttrMap attrs;
  for (const AttrDef& a : get_op(op).attrs)
    if (a.type != "type" && g.attrs().find(a.name)) attrs.set(a.name, *g.attrs().find(a.name));
  return attrs;
}

/// `op` with the attributes that it shares with the op whose gradient this is.
inline Tensor same(const GradientContext& g, std::string_view name, std::vector<Tensor> inputs) {
  return op(name, std::move(inputs), attrs_for(g, name));
}

inline Tensor flat(const Tensor& t) { return reshape(t, int32s({-1})); }
inline Tensor sum_all(const Tensor& t) { return sum(flat(t), int32_scalar(0)); }
inline Tensor range(const Tensor& from, const Tensor& to) { return op("Range", {from, to, int32_scalar(1)}); }
/// Entries [from, to) of a vector of int32.
inline Tensor part(const Tensor& v, const Tensor& from, const Tensor& to) {
  return op("Slice", {v, reshape(from, int32s({1})), reshape(to - from, int32s({1}))});
}
inline Tensor entry(const Tensor& v, const Tensor& at) { return op("GatherV2", {v, at, int32_scalar(0)}); }
inline Tensor product(const Tensor& v) { return op("Prod", {v, int32_scalar(0)}); }
inline Tensor batch_matmul(const Tensor& a, const Tensor& b, bool adj_a = false, bool adj_b = false) {
  return op("BatchMatMulV2", {a, b}, {{"adj_x", adj_a}, {"adj_y", adj_b}});
}
/// The last two dimensions swapped, and conjugated.
inline Tensor adjoint(const Tensor& t) {
  Tensor rank = rank_of(t), two = int32_scalar(2), one = int32_scalar(1);
  Tensor perm = concat({range(int32_scalar(0), rank - two), reshape(rank - one, int32s({1})),
                        reshape(rank - two, int32s({1}))},
                       0);
  return is_complex(t.dtype()) ? op("ConjugateTranspose", {t, perm}) : transpose(t, perm);
}

/// The gradient of a gather of `indices` along `axis` (a scalar, not negative) of a tensor of shape
/// `params_shape`, of whose dimensions the first `batch` are shared with indices.
inline Tensor gather_gradient(const Tensor& dy, const Tensor& indices, const Tensor& params_shape,
                              const Tensor& axis, const Tensor& batch) {
  Tensor zero = int32_scalar(0), one = int32_scalar(1), rank = size_of(params_shape);
  Tensor own = rank_of(indices) - batch, end = axis + own;
  Tensor rows = transpose(dy, concat({range(zero, batch), range(axis, end), range(batch, axis),
                                      range(end, end + rank - axis - one)},
                                     0));
  Tensor batch_shape = part(params_shape, zero, batch), outer = part(params_shape, batch, axis),
         inner = part(params_shape, axis + one, rank), dim = entry(params_shape, axis);
  auto vec = [](const Tensor& t) { return reshape(t, int32s({1})); };
  Tensor batches = product(batch_shape), each = product(part(shape_of(indices), batch, rank_of(indices)));
  Tensor ids = reshape(cast(indices, DType::kInt64), concat({vec(batches), vec(each)}, 0)) +
               cast(expand_dims(range(zero, batches) * dim, 1), DType::kInt64);
  Tensor values = reshape(rows, concat({vec(size_of(indices)), vec(product(outer) * product(inner))}, 0));
  Tensor sums = op("UnsortedSegmentSum", {values, flat(ids), batches * dim});
  Tensor front = reshape(sums, concat({batch_shape, vec(dim), outer, inner}, 0));
  return transpose(
      front,
      concat({range(zero, batch), range(batch + one, axis + one), vec(batch), range(axis + one, rank)}, 0));
}

/// The rows of a gather along the first dimension, as slices.
inline IndexedSlices gathered_slices(const Tensor& dy, const Tensor& indices, const Tensor& params_shape) {
  Tensor row = op("Slice", {params_shape, int32s({1}), int32s({-1})});
  Tensor values = reshape(dy, concat({reshape(size_of(indices), int32s({1})), row}, 0));
  return {values, flat(indices), params_shape};
}

}  // namespace floe::grad
