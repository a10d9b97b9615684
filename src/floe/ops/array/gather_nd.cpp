// GatherNd, ScatterNd and TensorScatter*: slices addressed by rows of indices.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

// Rows of indices into the first `depth` dimensions of a shape.
struct IndexRows {
  std::vector<int64_t> values;
  int64_t rows = 0;
  int depth = 0;
  std::vector<int64_t> strides;  // in slices

  IndexRows(const Tensor& indices, const Shape& into)
      : values(integers(indices)), depth(int(indices.dim(-1))) {
    rows = dims_product(indices.shape(), 0, indices.rank() - 1);
    strides.assign(size_t(depth), 1);
    for (int d = depth - 2; d >= 0; --d) strides[size_t(d)] = strides[size_t(d) + 1] * into[d + 1];
  }
  /// Number of the slice that row r addresses, -1 when it lies outside.
  int64_t slice(int64_t r, const Shape& into) const {
    int64_t s = 0;
    for (int d = 0; d < depth; ++d) {
      int64_t v = values[size_t(r * depth + d)];
      if (v < 0 || v >= into[d]) return -1;
      s += v * strides[size_t(d)];
    }
    return s;
  }
  std::string row_text(int64_t r) const {
    std::string s = "[";
    for (int d = 0; d < depth; ++d) s += cat(d ? "," : "", values[size_t(r * depth + d)]);
    return s + "]";
  }
};

bool ignores_bad_indices(const KernelInit& k) {
  const std::string& policy = k.attr<std::string>("bad_indices_policy");
  if (policy != "" && policy != "DEFAULT" && policy != "ERROR" && policy != "IGNORE")
    k.fail(cat("bad_indices_policy must be '', 'DEFAULT', 'ERROR' or 'IGNORE', found '", policy, "'"));
  return policy == "IGNORE";
}

std::string position_of_row(const Tensor& indices, int64_t r) {
  return position_text(indices.shape().slice(0, indices.rank() - 1), r);
}

Tensor wide_index(const Tensor& t) { return t.dtype() == DType::kInt16 ? grad::cast(t, DType::kInt32) : t; }
Tensor index_shape(const Tensor& t, const Tensor& indices) {
  return grad::cast(grad::shape_of(t), wide_index(indices).dtype());
}

// Shared equally by everything that is the extreme.
void gradient_of_extreme_scatter(GradientContext& g) {
  const Tensor &x = g.input(0), &at = g.input(1), &y = g.output();
  Tensor dy = g.grad();
  Tensor kept = grad::cast(grad::op("Equal", {x, y}), dy.dtype());
  Tensor chosen = grad::cast(grad::op("Equal", {g.input(2), grad::same(g, "GatherNd", {y, at})}), dy.dtype());
  Tensor count = kept + grad::same(g, "ScatterNd", {wide_index(at), chosen, index_shape(x, at)});
  g.set(0, dy * kept / count);
  g.set(2, grad::same(g, "GatherNd", {dy / count, at}) * chosen);
}

FLOE_OP("GatherNd", op) {
  op.in("params:Tparams, indices:Tindices").out("output:Tparams");
  op.attrs("Tparams:type; Tindices:{int16,int32,int64}; bad_indices_policy:string=''");
  op.infer([](InferContext& c) {
    const Shape &p = c.shape(0), &i = c.shape(1);
    if (p.rank() == 0) c.fail("params must be at least a vector");
    if (i.rank() == 0) c.fail("indices must be at least a vector");
    if (!i.has_rank() || i.dim(-1) < 0) return;
    int64_t depth = i.dim(-1);
    if (p.has_rank() && depth > p.rank())
      c.fail(cat("index innermost dimension length must be <= params rank; saw: ", depth, " vs. ", p.rank()));
    if (p.has_rank()) c.set_output(0, i.slice(0, i.rank() - 1).concat(p.slice(int(depth))));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool ignore = ignores_bad_indices(k);
    return [ignore](KernelContext& c) {
      const Tensor &params = c.input(0), &indices = c.input(1);
      Tensor& out = c.output(0);
      if (indices.rank() < 1 || indices.dim(-1) > params.rank()) c.fail("indices do not fit params");
      if (out.num_elements() == 0 && indices.num_elements() == 0) return;
      if (params.num_elements() == 0 && indices.num_elements() != 0)
        c.fail(
            cat("Requested more than 0 entries, but params is empty.  Params shape: ", params.shape().str()));
      IndexRows rows(indices, params.shape());
      int64_t part = dims_product(params.shape(), rows.depth, params.rank());
      for (int64_t r = 0; r < rows.rows; ++r) {
        int64_t s = rows.slice(r, params.shape());
        if (s >= 0)
          copy_elements(out.dtype(), element_at(out, r * part), element_at(params, s * part), part);
        else if (ignore)
          zero_elements(out.dtype(), element_at(out, r * part), part);
        else
          c.fail(cat("indices", position_of_row(indices, r), " = ", rows.row_text(r),
                     " does not index into param shape ", params.shape().str()));
      }
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    auto at = [](const Shape& sh, std::vector<int32_t> v) { return Tensor::of<int32_t>(sh, v); };
    s.each_type("Tparams", [&](DType t) { s.add({s.random({4, 3}, t), at({2, 1}, {3, 0})}); });
    s.add({s.random({4, 3}), at({3, 2}, {3, 0, 1, 2, 0, 0})});
    s.add({s.random({4, 3, 2}), Tensor::of<int64_t>({2, 2, 2}, {3, 0, 1, 2, 0, 0, 1, 1})});
    s.add({s.random({4, 3}), Tensor::vec<int16_t>({2})});
    s.add({s.random({2, 3}), Tensor(DType::kInt32, Shape{2, 0})});
    s.add({s.random({4, 3}), Tensor(DType::kInt32, Shape{0, 1})});
    s.add({s.random({4, 3}), at({2, 2}, {3, 0, 1, -1})}, {{"bad_indices_policy", std::string("IGNORE")}});
    s.fails("indices[1] = [5] does not index into param shape [3,2]", {s.random({3, 2}), at({2, 1}, {0, 5})});
    s.fails("index innermost dimension length must be <= params rank; saw: 3 vs. 2",
            {s.random({3, 2}), at({1, 3}, {0, 0, 0})});
    s.fails("indices must be at least a vector", {s.random({3, 2}), at({}, {0})});
    s.fails("params must be at least a vector", {s.random({}), at({1}, {0})});
    s.fails("Requested more than 0 entries, but params is empty.  Params shape: [0,2]",
            {s.random({0, 2}), at({1, 1}, {0})});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "ScatterNd",
                        {wide_index(g.input(1)), g.grad(), index_shape(g.input(0), g.input(1))}));
  });
}

enum class ScatterOp { kUpdate, kAdd, kSub, kMin, kMax };

template <class T>
void scatter_slice(ScatterOp op, T* to, const T* from, int64_t n) {
  using C = compute_t<T>;
  switch (op) {
    case ScatterOp::kUpdate:
      std::copy_n(from, n, to);
      break;
    case ScatterOp::kAdd:
      for (int64_t i = 0; i < n; ++i)
        if constexpr (std::is_same_v<T, bool>)
          to[i] = to[i] || from[i];
        else if constexpr (std::is_same_v<T, std::string>)
          to[i] += from[i];
        else if constexpr (std::is_integral_v<T>)
          to[i] = T(uint64_t(to[i]) + uint64_t(from[i]));
        else
          to[i] = T(C(to[i]) + C(from[i]));
      break;
    case ScatterOp::kSub:
      for (int64_t i = 0; i < n; ++i)
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
          to[i] = T(uint64_t(to[i]) - uint64_t(from[i]));
        else if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, std::string>)
          to[i] = T(C(to[i]) - C(from[i]));
      break;
    default:
      if constexpr (std::is_arithmetic_v<T> || std::is_same_v<C, float>) {
        for (int64_t i = 0; i < n; ++i) {
          C a = C(to[i]), b = C(from[i]);
          to[i] = T(op == ScatterOp::kMin ? (b < a ? b : a) : (a < b ? b : a));
        }
      }
  }
}

void scatter_into(KernelContext& c, ScatterOp op, Tensor& out, const Tensor& indices, const Tensor& updates,
                  bool ignore) {
  if (indices.num_elements() == 0 && updates.num_elements() == 0) return;
  IndexRows rows(indices, out.shape());
  int64_t part = dims_product(out.shape(), rows.depth, out.rank());
  auto each = [&](auto&& apply) {
    for (int64_t r = 0; r < rows.rows; ++r) {
      int64_t s = rows.slice(r, out.shape());
      if (s < 0 && !ignore)
        c.fail(cat("indices", position_of_row(indices, r), " = ", rows.row_text(r),
                   " does not index into shape ", out.shape().str()));
      if (s >= 0) apply(s * part, r * part);
    }
  };
  if (op == ScatterOp::kUpdate)
    return each([&](int64_t to, int64_t from) {
      copy_elements(out.dtype(), element_at(out, to), element_at(updates, from), part);
    });
  using All = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t, uint16_t,
                    uint32_t, uint64_t, std::complex<float>, std::complex<double>, bool, std::string>;
  dispatch(All{}, out.dtype(), [&]<class T>() {
    T* to = out.mutable_data<T>();
    const T* from = updates.data<T>();
    each([&](int64_t t, int64_t f) { scatter_slice(op, to + t, from + f, part); });
  });
}

// Whether indices and updates fit an output of that shape; all shapes known.
std::string scatter_nd_problem(const Shape& out, const Shape& i, const Shape& u) {
  if (i.rank() < 1) return cat("Indices shape must have rank at least one. Found:", i.str());
  if (out.num_elements() == 0 && (i.num_elements() > 0 || u.num_elements() > 0))
    return cat("Indices and updates specified for empty output.  indices shape: ", i.str());
  int outer = i.rank() - 1;
  int64_t depth = i.dim(-1);
  auto range = [](int64_t a, int64_t b) { return cat("Dimensions [", a, ",", b, ") of "); };
  std::string outer_text = cat(range(0, outer), "indices[shape=", i.str(), "] must match dimensions [0,",
                               outer, ") of updates[shape=", u.str(), "]");
  if (u.rank() < outer) return outer_text;
  for (int d = 0; d < outer; ++d)
    if (u[d] != i[d]) return outer_text;
  std::string inner_text =
      cat(range(depth, out.rank()), "input[shape=", out.str(), "] must match dimensions [", outer, ",",
          u.rank(), ") of updates[shape=", u.str(), "]");
  if (depth > out.rank() || out.rank() - depth != u.rank() - outer) return inner_text;
  for (int d = 0; d + depth < out.rank(); ++d)
    if (out[int(d + depth)] != u[outer + d]) return inner_text;
  return "";
}

FLOE_OP("ScatterNd", op) {
  op.in("indices:Tindices, updates:T, shape:Tindices").out("output:T");
  op.attrs("T:type; Tindices:{int16,int32,int64}; bad_indices_policy:string=''");
  op.infer([](InferContext& c) {
    if (c.shape(2).has_rank() && c.shape(2).rank() != 1) c.fail("Shape must be a vector");
    Shape out = requested_shape(c, 2);
    if (out.is_fully_defined() && c.shape(0).is_fully_defined() && c.shape(1).is_fully_defined())
      if (std::string p = scatter_nd_problem(out, c.shape(0), c.shape(1)); !p.empty()) c.fail(p);
    c.set_output(0, out);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool ignore = ignores_bad_indices(k);
    return [ignore](KernelContext& c) {
      Tensor& out = c.output(0);
      if (std::string p = scatter_nd_problem(out.shape(), c.input(0).shape(), c.input(1).shape()); !p.empty())
        c.fail(p);
      zero_elements(out.dtype(), out.mutable_raw(), out.num_elements());
      scatter_into(c, ScatterOp::kAdd, out, c.input(0), c.input(1), ignore);
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    auto at = [](const Shape& sh, std::vector<int32_t> v) { return Tensor::of<int32_t>(sh, v); };
    s.each_type("T",
                [&](DType t) { s.add({at({3, 1}, {3, 0, 3}), s.random({3, 2}, t), Samples::i32({4, 2})}); });
    s.add({at({3, 2}, {3, 0, 1, 1, 0, 0}), s.random({3}), Samples::i32({4, 2})});
    s.add({Tensor::of<int64_t>({2, 2, 1}, {3, 0, 1, 1}), s.random({2, 2, 2}), Samples::i64({4, 2})});
    s.add({Tensor(DType::kInt32, Shape{0, 1}), s.random({0, 3}), Samples::i32({0, 3})});
    s.add({at({1, 1}, {5}), s.random({1}), Samples::i32({3})},
          {{"bad_indices_policy", std::string("IGNORE")}});
    s.fails("indices[0] = [5] does not index into shape [3]",
            {at({1, 1}, {5}), s.random({1}), Samples::i32({3})});
    s.fails("Dimensions [0,1) of indices[shape=[1,1]] must match dimensions [0,1) of updates[shape=[2]]",
            {at({1, 1}, {0}), s.random({2}), Samples::i32({3})});
    s.fails("Dimensions [1,2) of input[shape=[3,2]] must match dimensions [1,2) of updates[shape=[1,3]]",
            {at({1, 1}, {0}), s.random({1, 3}), Samples::i32({3, 2})});
    s.fails("Dimension -3 must be >= 0", {at({1, 1}, {0}), s.random({1}), Samples::i32({-3})});
    s.fails("Indices and updates specified for empty output.  indices shape: [1,1]",
            {at({1, 1}, {0}), s.random({1, 3}), Samples::i32({0, 3})});
    s.fails("Shape must be a vector", {at({1, 1}, {0}), s.random({1}), at({}, {3})});
    s.fails("Indices shape must have rank at least one. Found:[]",
            {at({}, {0}), s.random({3}), Samples::i32({3})});
  });
  op.gradient([](GradientContext& g) { g.set(1, grad::same(g, "GatherNd", {g.grad(), g.input(0)})); });
}

std::string tensor_scatter_problem(const Shape& out, const Shape& i, const Shape& u) {
  if (i.rank() < 1) return cat("Indices shape must have rank at least one. Found:", i.str());
  int outer = i.rank() - 1;
  int64_t depth = i.dim(-1);
  if (u.rank() < outer || !(u.slice(0, outer) == i.slice(0, outer)))
    return cat("Outer dimensions of indices and update must match. Indices shape: ", i.str(),
               ", updates shape:", u.str());
  if (depth > out.rank() || !(out.slice(int(depth)) == u.slice(outer)))
    return cat("Inner dimensions of output shape must match inner dimensions of updates shape. Output: ",
               out.str(), " updates: ", u.str());
  return "";
}

void infer_tensor_scatter(InferContext& c) {
  if (c.shape(0).is_fully_defined() && c.shape(1).is_fully_defined() && c.shape(2).is_fully_defined())
    if (std::string p = tensor_scatter_problem(c.shape(0), c.shape(1), c.shape(2)); !p.empty()) c.fail(p);
  c.set_output(0, c.shape(0));
}

template <ScatterOp kOp>
KernelFn tensor_scatter_kernel(const KernelInit& k) {
  bool ignore = ignores_bad_indices(k);
  return [ignore](KernelContext& c) {
    Tensor& out = c.output(0);
    std::string p = tensor_scatter_problem(out.shape(), c.input(1).shape(), c.input(2).shape());
    if (!p.empty()) c.fail(p);
    copy_elements(out.dtype(), out.mutable_raw(), c.input(0).raw(), out.num_elements());
    scatter_into(c, kOp, out, c.input(1), c.input(2), ignore);
  };
}

void tensor_scatter_samples_for(Samples& s, bool ordered, bool update) {
  auto at = [](const Shape& sh, std::vector<int32_t> v) { return Tensor::of<int32_t>(sh, v); };
  s.each_type("T", [&](DType t) {
    if (ordered && (is_complex(t) || t == DType::kBool)) return;
    if (!update && (t == DType::kString || t == DType::kBool)) return;
    s.add({s.random({4, 2}, t), at({3, 1}, {3, 0, 3}), s.random({3, 2}, t)});
  });
  s.add({s.random({4, 2}), at({2, 2}, {3, 0, 1, 1}), s.random({2})});
  s.add({s.random({4, 2}), Tensor::of<int64_t>({1, 1}, {2}), s.random({1, 2})});
  s.add({s.random({4}), at({2, 1}, {7, 1}), s.random({2})}, {{"bad_indices_policy", std::string("IGNORE")}});
  s.fails("indices[0] = [5] does not index into shape [3]", {s.random({3}), at({1, 1}, {5}), s.random({1})});
  s.fails("Outer dimensions of indices and update must match. Indices shape: [1,1], updates shape:[2]",
          {s.random({3}), at({1, 1}, {0}), s.random({2})});
  s.fails(
      "Inner dimensions of output shape must match inner dimensions of updates shape. Output: [3] updates: "
      "[1]",
      {s.random({3}), at({1, 2}, {0, 0}), s.random({1})});
  s.fails("Indices shape must have rank at least one. Found:[]", {s.random({3}), at({}, {0}), s.random({1})});
}

template <ScatterOp kOp>
void declare_tensor_scatter(OpBuilder& op, const char* index_types) {
  op.in("tensor:T, indices:Tindices, updates:T").out("output:T");
  op.attrs(cat("T:type; Tindices:", index_types, "; bad_indices_policy:string=''"));
  op.infer(infer_tensor_scatter).kernel(tensor_scatter_kernel<kOp>).fails_on_values();
  op.samples([](Samples& s) {
    tensor_scatter_samples_for(s, kOp == ScatterOp::kMin || kOp == ScatterOp::kMax,
                               kOp == ScatterOp::kUpdate);
  });
}

FLOE_OP("TensorScatterUpdate", op) {
  declare_tensor_scatter<ScatterOp::kUpdate>(op, "{int16,int32,int64,uint16}");
  op.gradient([](GradientContext& g) {
    const Tensor& at = g.input(1);
    g.set(0, grad::same(g, "TensorScatterUpdate", {g.grad(), at, grad::zeros_like(g.input(2))}));
    g.set(2, grad::same(g, "GatherNd", {g.grad(), at}));
  });
}
FLOE_OP("TensorScatterAdd", op) {
  declare_tensor_scatter<ScatterOp::kAdd>(op, "{int32,int64}");
  op.gradient([](GradientContext& g) {
    g.set(0, g.grad());
    g.set(2, grad::same(g, "GatherNd", {g.grad(), g.input(1)}));
  });
}
FLOE_OP("TensorScatterSub", op) {
  declare_tensor_scatter<ScatterOp::kSub>(op, "{int32,int64}");
  op.gradient([](GradientContext& g) {
    g.set(0, g.grad());
    g.set(2, -grad::same(g, "GatherNd", {g.grad(), g.input(1)}));
  });
}
FLOE_OP("TensorScatterMin", op) {
  declare_tensor_scatter<ScatterOp::kMin>(op, "{int32,int64}");
  op.gradient(gradient_of_extreme_scatter);
}
FLOE_OP("TensorScatterMax", op) {
  declare_tensor_scatter<ScatterOp::kMax>(op, "{int32,int64}");
  op.gradient(gradient_of_extreme_scatter);
}

}  // namespace
}  // namespace floe
