// DynamicPartition, DynamicStitch, SparseToDense: rows sorted into places.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

bool starts_with(const Shape& s, const Shape& prefix) {
  return s.rank() >= prefix.rank() && s.slice(0, prefix.rank()).is_compatible_with(prefix);
}

void gradient_of_stitch(GradientContext& g) {
  int n = g.num_inputs() / 2;
  for (int i = 0; i < n; ++i)
    if (g.needs(n + i)) g.set(n + i, grad::op("GatherV2", {g.grad(), g.input(i), grad::int32_scalar(0)}));
}

FLOE_OP("DynamicPartition", op) {
  op.in("data:T, partitions:int32").out("outputs:num_partitions*T").attrs("num_partitions:int>=1; T:type");
  op.infer([](InferContext& c) {
    const Shape &data = c.shape(0), &parts = c.shape(1);
    if (!data.has_rank() || !parts.has_rank()) return;
    if (!starts_with(data, parts))
      c.fail(cat("data.shape must start with partitions.shape, got data.shape = ", data.str(),
                 ", partitions.shape = ", parts.str()));
    for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, Shape{-1}.concat(data.slice(parts.rank())));
  });
  op.compute([](KernelContext& c) {
    const Tensor &data = c.input(0), &parts = c.input(1);
    if (!starts_with(data.shape(), parts.shape()))
      c.fail(cat("data.shape must start with partitions.shape, got data.shape = ", data.shape().str(),
                 ", partitions.shape = ", parts.shape().str()));
    int n = c.num_outputs();
    std::vector<int64_t> count(size_t(n), 0), at(size_t(n), 0);
    auto p = parts.flat<int32_t>();
    for (size_t i = 0; i < p.size(); ++i) {
      if (p[i] < 0 || p[i] >= n)
        c.fail(cat("partitions", position_text(parts.shape(), int64_t(i)), " = ", p[i], " is not in [0, ", n,
                   ")"));
      ++count[size_t(p[i])];
    }
    Shape row = data.shape().slice(parts.rank());
    int64_t part = row.num_elements();
    std::vector<Tensor> out;
    for (int i = 0; i < n; ++i)
      out.push_back(c.allocate(i, data.dtype(), Shape{count[size_t(i)]}.concat(row)));
    for (size_t i = 0; i < p.size(); ++i) {
      size_t k = size_t(p[i]);
      copy_elements(data.dtype(), element_at(out[k], at[k]++ * part), element_at(data, int64_t(i) * part),
                    part);
    }
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    AttrMap two{{"num_partitions", int64_t(2)}};
    s.each_type("T", [&](DType t) { s.add({s.random({4, 2}, t), Samples::i32({1, 0, 1, 1})}, two); });
    s.add({s.random({2, 2, 3}), Tensor::of<int32_t>({2, 2}, {2, 0, 2, 2})}, {{"num_partitions", int64_t(3)}});
    s.add({s.random({2}), Tensor::scalar<int32_t>(1)}, two);
    s.add({s.random({0, 2}), Samples::i32({})}, two);
    s.fails("partitions[2] = 5 is not in [0, 2)", {s.random({3, 2}), Samples::i32({0, 1, 5})}, two);
    s.fails("data.shape must start with partitions.shape, got data.shape = [3,2], partitions.shape = [2]",
            {s.random({3, 2}), Samples::i32({0, 1})}, two);
  });
  op.gradient([](GradientContext& g) {
    const Tensor& parts = g.input(1);
    Tensor each =
        grad::reshape(grad::range(grad::int32_scalar(0), grad::size_of(parts)), grad::shape_of(parts));
    std::vector<Tensor> in = call("DynamicPartition", {each, parts}, grad::attrs_for(g, "DynamicPartition"));
    for (int i = 0; i < g.num_outputs(); ++i) in.push_back(g.grad(i));
    g.set(0, grad::reshape_like(grad::op("ParallelDynamicStitch", in, {{"N", int64_t(g.num_outputs())}}),
                                g.input(0)));
  });
}

template <class Fail>
void check_stitch(const Shape& i0, const Shape& d0, const Shape& ik, const Shape& dk, int k, Fail fail) {
  if (!starts_with(dk, ik))
    fail(cat("data[", k, "].shape = ", dk.str(), " does not start with indices[", k, "].shape = ", ik.str()));
  if (!d0.slice(i0.rank()).is_compatible_with(dk.slice(ik.rank())))
    fail(cat("Need data[0].shape[", i0.rank(), ":] = data[", k, "].shape[", ik.rank(),
             ":], got data[0].shape = ", d0.str(), ", data[", k, "].shape = ", dk.str(),
             ", indices[0].shape = ", i0.str(), ", indices[", k, "].shape = ", ik.str()));
}

void infer_stitch(InferContext& c) {
  int n = c.num_inputs() / 2;
  int64_t rows = 0;
  Shape row = Shape::unknown();
  int first = -1;
  for (int k = 0; k < n; ++k) {
    if (auto v = known_integers(c, k); v && rows >= 0)
      for (int64_t i : *v) rows = std::max(rows, i + 1);
    else
      rows = -1;
    if (!c.shape(k).has_rank() || !c.shape(n + k).has_rank()) continue;
    if (first < 0) first = k;
    check_stitch(c.shape(first), c.shape(n + first), c.shape(k), c.shape(n + k), k,
                 [&](const std::string& m) { c.fail(m); });
    row = merge_shapes(row, c.shape(n + k).slice(c.shape(k).rank()));
  }
  if (row.has_rank()) c.set_output(0, Shape{rows}.concat(row));
}

void compute_stitch(KernelContext& c) {
  int n = c.num_inputs() / 2;
  int64_t rows = 0;
  for (int k = 0; k < n; ++k) {
    check_stitch(c.input(0).shape(), c.input(n).shape(), c.input(k).shape(), c.input(n + k).shape(), k,
                 [&](const std::string& m) { c.fail(m); });
    auto at = c.input(k).flat<int32_t>();
    for (size_t i = 0; i < at.size(); ++i) {
      if (at[i] < 0)
        c.fail(cat("indices", position_text(c.input(k).shape(), int64_t(i)), " is out of range"));
      rows = std::max<int64_t>(rows, int64_t(at[i]) + 1);
    }
  }
  Shape row = c.input(n).shape().slice(c.input(0).rank());
  int64_t part = row.num_elements();
  Tensor& out = c.allocate(0, c.input(n).dtype(), Shape{rows}.concat(row));
  zero_elements(out.dtype(), out.mutable_raw(), out.num_elements());
  for (int k = 0; k < n; ++k) {
    auto at = c.input(k).flat<int32_t>();
    for (size_t i = 0; i < at.size(); ++i)
      copy_elements(out.dtype(), element_at(out, at[i] * part), element_at(c.input(n + k), int64_t(i) * part),
                    part);
  }
}

void declare_stitch(OpBuilder& op) {
  op.in("indices:N*int32, data:N*T").out("merged:T").attrs("N:int>=1; T:type");
  op.infer(infer_stitch).compute(compute_stitch).dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    AttrMap one{{"N", int64_t(1)}}, two{{"N", int64_t(2)}};
    s.each_type("T", [&](DType t) {
      s.add({Samples::i32({2, 0}), Samples::i32({1}), s.random({2, 3}, t), s.random({1, 3}, t)}, two);
    });
    s.add({Tensor::scalar<int32_t>(1), Tensor::of<int32_t>({2, 2}, {0, 3, 1, 2}), s.random({2}),
           s.random({2, 2, 2})},
          two);
    s.add({Samples::i32({}), s.random({0, 2})}, one);
    s.fails("indices[1] is out of range", {Samples::i32({0, -1}), s.random({2})}, one);
    s.fails("data[0].shape = [3] does not start with indices[0].shape = [2]",
            {Samples::i32({0, 1}), s.random({3})}, one);
    s.fails(
        "Need data[0].shape[1:] = data[1].shape[1:], got data[0].shape = [1,2], data[1].shape = [1,3], "
        "indices[0].shape = [1], indices[1].shape = [1]",
        {Samples::i32({0}), Samples::i32({1}), s.random({1, 2}), s.random({1, 3})}, two);
  });
}

FLOE_OP("DynamicStitch", op) {
  declare_stitch(op);
  op.gradient(gradient_of_stitch);
}
FLOE_OP("ParallelDynamicStitch", op) {
  declare_stitch(op);
  op.gradient(gradient_of_stitch);
}

FLOE_OP("SparseToDense", op) {
  op.in("sparse_indices:Tindices, output_shape:Tindices, sparse_values:T, default_value:T").out("dense:T");
  op.attrs("validate_indices:bool=true; T:type; Tindices:{int32,int64}");
  op.infer([](InferContext& c) {
    if (c.shape(1).has_rank() && c.shape(1).rank() != 1) c.fail("output_shape should be a vector.");
    if (c.shape(3).has_rank() && c.shape(3).rank() != 0) c.fail("default_value should be a scalar.");
    c.set_output(0, requested_shape(c, 1));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool validate = k.attr<bool>("validate_indices");
    return [validate](KernelContext& c) {
      const Tensor &indices = c.input(0), &values = c.input(2);
      Tensor& out = c.output(0);
      if (indices.rank() > 2)
        c.fail(
            cat("sparse_indices should be a scalar, vector, or matrix, got shape ", indices.shape().str()));
      int64_t n = indices.rank() > 0 ? indices.dim(0) : 1, dims = indices.rank() > 1 ? indices.dim(1) : 1;
      if (out.rank() != dims)
        c.fail(cat("output_shape has incorrect number of elements: ", out.rank(), " should be: ", dims));
      if (values.rank() > 1 || (values.rank() == 1 && values.dim(0) != n))
        c.fail(
            cat("sparse_values has incorrect shape ", values.shape().str(), ", should be [] or [", n, "]"));
      if (c.input(3).rank() != 0) c.fail("default_value should be a scalar.");
      fill_elements(out.dtype(), out.mutable_raw(), c.input(3).raw(), out.num_elements());
      std::vector<int64_t> at = integers(indices), strides = element_strides(out.shape());
      auto text = [&](int64_t i) {
        std::string s = "[";
        for (int64_t d = 0; d < dims; ++d) s += cat(d ? "," : "", at[size_t(i * dims + d)]);
        return s + "]";
      };
      for (int64_t i = 0; i < n; ++i) {
        const int64_t* row = at.data() + i * dims;
        int64_t place = 0;
        for (int64_t d = 0; d < dims; ++d) {
          if (row[d] < 0 || row[d] >= out.dim(int(d))) {
            if (validate)
              c.fail(cat("indices[", i, "] = ", text(i), " is out of bounds: need 0 <= index < ",
                         out.shape().str()));
            c.fail(cat("Indices are not valid (out of bounds).  Shape: ", out.shape().str()));
          }
          place += row[d] * strides[size_t(d)];
        }
        if (validate && i > 0) {
          if (std::lexicographical_compare(row, row + dims, row - dims, row))
            c.fail(cat("indices[", i, "] = ", text(i),
                       " is out of order. Many sparse ops require sorted indices.\n"
                       "    Use `tf.sparse.reorder` to create a correctly ordered copy.\n\n"));
          if (std::equal(row, row + dims, row - dims))
            c.fail(cat("indices[", i, "] = ", text(i), " is repeated"));
        }
        copy_elements(out.dtype(), element_at(out, place), element_at(values, values.rank() ? i : 0), 1);
      }
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      if (!is_complex(t)) s.add({Samples::i64({1, 3}), Samples::i64({5}), s.random({2}, t), s.random({}, t)});
    });
    s.add({Tensor::of<int32_t>({2, 2}, {0, 1, 2, 0}), Samples::i32({3, 2}), s.random({}), s.random({})});
    s.add({Tensor::scalar<int32_t>(2), Samples::i32({3}), s.random({}), s.random({})});
    s.add({Samples::i64({3, 1}), Samples::i64({5}), s.random({2}), s.random({})},
          {{"validate_indices", false}});
    s.add({Tensor(DType::kInt64, Shape{0, 2}), Samples::i64({2, 2}), s.random({0}), s.random({})});
    auto bad = [&](const char* text, std::vector<int64_t> at, std::vector<int64_t> shape,
                   const Shape& values) {
      s.fails(text, {Tensor::vec(at), Tensor::vec(shape), s.random(values), s.random({})});
    };
    bad("indices[1] = [1] is out of order. Many sparse ops require sorted indices.", {3, 1}, {5}, {2});
    bad("indices[1] = [7] is out of bounds: need 0 <= index < [5]", {1, 7}, {5}, {2});
    bad("indices[1] = [1] is repeated", {1, 1}, {5}, {2});
    bad("sparse_values has incorrect shape [3], should be [] or [2]", {1, 2}, {5}, {3});
    bad("output_shape has incorrect number of elements: 2 should be: 1", {1, 2}, {5, 2}, {2});
    s.fails("Indices are not valid (out of bounds).  Shape: [5]",
            {Samples::i64({1, 7}), Samples::i64({5}), s.random({2}), s.random({})},
            {{"validate_indices", false}});
    s.fails("default_value should be a scalar.",
            {Samples::i64({1}), Samples::i64({5}), s.random({1}), s.random({1})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor& at = g.input(0);
    Tensor depth = grad::reshape(grad::rank_of(g.output()), grad::int32s({1}));
    Tensor rows = grad::reshape(at, grad::concat({grad::int32s({-1}), depth}, 0));
    Tensor values = grad::op("GatherNd", {g.grad(), rows});
    g.set_sum(2, values);
    g.set(3, grad::sum_all(g.grad()) - grad::sum_all(values));
  });
}

}  // namespace
}  // namespace floe
