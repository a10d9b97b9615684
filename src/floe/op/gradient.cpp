#include "floe/op/gradient.h"

#include "floe/base/text.h"
#include "floe/op/kernel.h"

namespace floe {

Tensor Gradient::dense() const {
  if (!is_slices()) return dense_;
  const IndexedSlices& s = slices_;
  if (!s.dense_shape)
    throw InvalidArgument(
        "IndexedSlices cannot be converted to a dense tensor without dense_shape information");
  Tensor rows = grad::op("StridedSlice",
                         {grad::reshape(s.dense_shape, grad::int32s({-1})), grad::int32s({0}),
                          grad::int32s({1}), grad::int32s({1})},
                         {{"shrink_axis_mask", int64_t(1)}});
  return grad::op("UnsortedSegmentSum", {s.values, s.indices, rows});
}

Gradient add(const Gradient& a, const Gradient& b) {
  if (!a) return b;
  if (!b) return a;
  if (!a.is_slices() || !b.is_slices()) {
    Tensor x = a.dense(), y = b.dense();
    return x.dtype() == DType::kVariant ? grad::op("AddN", {x, y}) : x + y;
  }
  IndexedSlices sum;
  const IndexedSlices &x = a.slices(), &y = b.slices();
  sum.values = grad::concat({x.values, y.values}, 0);
  DType wide = x.indices.dtype() == y.indices.dtype() ? x.indices.dtype() : DType::kInt64;
  sum.indices = grad::concat({grad::cast(x.indices, wide), grad::cast(y.indices, wide)}, 0);
  sum.dense_shape = x.dense_shape ? x.dense_shape : y.dense_shape;
  return sum;
}

Tensor GradientContext::grad(int i) const {
  return has_grad(i) ? grads_[size_t(i)].dense() : grad::zeros_like(output(i));
}

void GradientContext::set_sum(int i, const Tensor& g) { set(i, grad::sum_to(g, input(i))); }

void GradientContext::fail(const std::string& message) const {
  throw InvalidArgument(cat("Gradient of ", def_.name, ": ", message));
}

namespace grad {

Tensor op(std::string_view name, std::vector<Tensor> inputs, AttrMap attrs) {
  return ops::detail::only(call(name, std::move(inputs), std::move(attrs)));
}

Tensor int32s(const std::vector<int64_t>& values) {
  return Tensor::vec(std::vector<int32_t>(values.begin(), values.end()));
}

Tensor int32_scalar(int64_t value) { return Tensor::scalar(int32_t(value)); }

Tensor cast(const Tensor& t, DType to) { return t.dtype() == to ? t : op("Cast", {t}, {{"DstT", to}}); }

Tensor like(const Tensor& t, double value) {
  switch (t.dtype()) {
    case DType::kFloat32:
      return Tensor::scalar(float(value));
    case DType::kFloat64:
      return Tensor::scalar(value);
    case DType::kInt32:
      return Tensor::scalar(int32_t(value));
    case DType::kInt64:
      return Tensor::scalar(int64_t(value));
    default: {
      const OpDef& def = get_op("Cast");
      RunState state;
      return invoke(def, {Tensor::scalar(value)}, {{"DstT", t.dtype()}}, state)[0];
    }
  }
}

Tensor zeros_like(const Tensor& t) { return op("ZerosLike", {t}); }
Tensor ones_like(const Tensor& t) { return op("OnesLike", {t}); }

Tensor shape_of(const Tensor& t) {
  if (!t.shape().is_fully_defined()) return op("Shape", {t});
  return int32s(std::vector<int64_t>(t.shape().begin(), t.shape().end()));
}

Tensor size_of(const Tensor& t) {
  return t.shape().is_fully_defined() ? int32_scalar(t.shape().num_elements()) : op("Size", {t});
}

Tensor rank_of(const Tensor& t) { return t.shape().has_rank() ? int32_scalar(t.rank()) : op("Rank", {t}); }

Tensor reshape(const Tensor& t, const Tensor& shape) { return op("Reshape", {t, shape}); }

Tensor reshape_like(const Tensor& t, const Tensor& as) {
  if (as.shape().is_fully_defined() && t.shape() == as.shape()) return t;
  return reshape(t, shape_of(as));
}

Tensor sum(const Tensor& t, const Tensor& axes, bool keep_dims) {
  return op("Sum", {t, axes}, {{"keep_dims", keep_dims}});
}

Tensor expand_dims(const Tensor& t, int64_t axis) { return op("ExpandDims", {t, int32_scalar(axis)}); }
Tensor transpose(const Tensor& t, const Tensor& perm) { return op("Transpose", {t, perm}); }

Tensor concat(const std::vector<Tensor>& parts, int64_t axis) {
  std::vector<Tensor> in = parts;
  in.push_back(int32_scalar(axis));
  return op("ConcatV2", std::move(in));
}

Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  return op("MatMul", {a, b}, {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}});
}

Tensor conj(const Tensor& t) { return is_complex(t.dtype()) ? op("Conj", {t}) : t; }

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return op("SelectV2", {condition, a, b});
}

Tensor sum_to(const Tensor& g, const Tensor& as) {
  const Shape &from = g.shape(), &to = as.shape();
  if (from.is_fully_defined() && to.is_fully_defined()) {
    if (from == to) return g;
    std::vector<int64_t> axes;
    int extra = from.rank() - to.rank();
    for (int i = 0; i < from.rank(); ++i)
      if (i < extra || (to[i - extra] == 1 && from[i] != 1)) axes.push_back(i);
    Tensor s = axes.empty() ? g : sum(g, int32s(axes));
    return s.shape() == to ? s : reshape(s, shape_of(as));
  }
  Tensor shape = shape_of(as);
  Tensor axes = call("BroadcastGradientArgs", {shape, shape_of(g)})[0];
  return reshape(sum(g, axes), shape);
}

}  // namespace grad
}  // namespace floe
