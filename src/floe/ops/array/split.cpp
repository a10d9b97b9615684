// Split and Unpack: one tensor becomes several.
#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

// Hands out neighbouring parts along `axis`, output i being sizes[i] wide.
void split_along(KernelContext& c, const Tensor& in, int axis) {
  int rank = in.rank();
  int64_t outer = dims_product(in.shape(), 0, axis), row = dims_product(in.shape(), axis, rank);
  int64_t at = 0;
  for (int i = 0; i < c.num_outputs(); ++i) {
    Tensor& out = c.output(i);
    int64_t part = outer ? out.num_elements() / outer : 0;
    if (at + part > row || part * outer != out.num_elements())
      c.fail(cat("the sizes do not add up to the ", in.shape().dim(axis), " of dimension ", axis));
    copy_rows(c.threads(), in.dtype(), outer, part, out.mutable_raw(), part, element_at(in, at), row);
    at += part;
  }
}

int read_split_dim(const InferContext& c, int64_t d, int rank) {
  if (d < -rank || d >= rank)
    c.fail(cat("-input rank(-", rank, ") <= split_dim < input rank (", rank, "), but got ", d));
  return int(d < 0 ? d + rank : d);
}

int run_split_dim(KernelContext& c, int input, int rank) {
  int64_t d = c.input(input).item<int32_t>();
  if (d < -rank || d >= rank)
    c.fail(cat("-input rank(-", rank, ") <= split_dim < input rank (", rank, "), but got ", d));
  return int(d < 0 ? d + rank : d);
}

void set_all(InferContext& c, const Shape& s) {
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, s);
}

Tensor joined(GradientContext& g, const Tensor& axis) {
  std::vector<Tensor> parts;
  for (int i = 0; i < g.num_outputs(); ++i) parts.push_back(g.grad(i));
  if (parts.size() == 1) return parts[0];
  parts.push_back(axis);
  return grad::op("ConcatV2", parts);
}

FLOE_OP("Split", op) {
  op.in("split_dim:int32, value:T").out("output:num_split*T").attrs("num_split:int>=1; T:type");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() != 0)
      c.fail(cat("split_dim must be a scalar but has rank ", c.shape(0).rank()));
    Shape s = c.shape(1);
    auto dim = known_integers(c, 0);
    if (!s.has_rank()) return;
    if (!dim) return set_all(c, Shape::unknown_of_rank(s.rank()));
    int d = read_split_dim(c, (*dim)[0], s.rank());
    int64_t n = c.num_outputs();
    if (s[d] >= 0) {
      if (s[d] % n)
        c.fail(cat("Number of ways to split should evenly divide the split dimension, but got split_dim ", d,
                   " (size = ", s[d], ") and num_split ", n));
      s.set_dim(d, s[d] / n);
    }
    set_all(c, s);
  });
  op.compute([](KernelContext& c) { split_along(c, c.input(1), run_split_dim(c, 0, c.input(1).rank())); });
  op.samples([](Samples& s) {
    AttrMap two{{"num_split", int64_t(2)}};
    s.each_type("T", [&](DType t) { s.add({Tensor::scalar<int32_t>(0), s.random({4, 3}, t)}, two); });
    s.add({Tensor::scalar<int32_t>(-1), s.random({2, 6})}, {{"num_split", int64_t(3)}});
    s.add({Tensor::scalar<int32_t>(1), s.random({2, 4, 3})}, two);
    s.add({Tensor::scalar<int32_t>(1), s.random({2, 3})}, {{"num_split", int64_t(1)}});
    s.add({Tensor::scalar<int32_t>(0), s.random({0, 3})}, two);
    s.fails("-input rank(-2) <= split_dim < input rank (2), but got 5",
            {Tensor::scalar<int32_t>(5), s.random({4, 3})}, two);
    s.fails("evenly divide the split dimension, but got split_dim 0 (size = 3) and num_split 2",
            {Tensor::scalar<int32_t>(0), s.random({3, 4})}, two);
    s.fails("split_dim must be a scalar but has rank 1", {Samples::i32({0}), s.random({4, 3})}, two);
    s.fails("-input rank(-0) <= split_dim < input rank (0), but got 0",
            {Tensor::scalar<int32_t>(0), s.random({})}, two);
  });
  op.gradient([](GradientContext& g) { g.set(1, joined(g, g.input(0))); });
}

FLOE_OP("SplitV", op) {
  op.in("value:T, size_splits:Tlen, split_dim:int32").out("output:num_split*T");
  op.attrs("num_split:int>=1; T:type; Tlen:{int8,int32,int64}=int64");
  op.infer([](InferContext& c) {
    const Shape &s = c.shape(0), &ss = c.shape(1);
    int64_t n = c.num_outputs();
    if (ss.has_rank() && (ss.rank() != 1 || (ss[0] >= 0 && ss[0] != n)))
      c.fail(cat("size of the split_tensor must be 1-D and have the same elements as outputs got ", ss.rank(),
                 " -D and ", ss.is_fully_defined() ? ss.num_elements() : -1, " elements"));
    if (c.shape(2).is_fully_defined() && c.shape(2).num_elements() != 1)
      c.fail("split_dim_tensor must have exactly one element.");
    auto dim = known_integers(c, 2);
    auto sizes = known_integers(c, 1);
    if (!s.has_rank()) return;
    if (!dim) return set_all(c, Shape::unknown_of_rank(s.rank()));
    int d = read_split_dim(c, (*dim)[0], s.rank());
    Shape part = s;
    if (!sizes) {
      part.set_dim(d, n == 1 ? s[d] : -1);
      return set_all(c, part);
    }
    int64_t sum = 0, free = -1;
    if (n == 1 && s[d] >= 0 && (*sizes)[0] != s[d])
      c.fail(cat("If there is only one output, it must have the same size as the input. Input size: ", s[d],
                 " output size: ", (*sizes)[0]));
    for (int64_t i = 0; i < n; ++i) {
      int64_t v = (*sizes)[size_t(i)];
      if (v == -1) {
        if (free >= 0) c.fail("There can only be one -1 in the input.");
        free = i;
      } else if (v < 0) {
        c.fail(cat("Split size at index ", i, " must be >= 0. Got: ", v));
      } else if (__builtin_add_overflow(sum, v, &sum)) {
        c.fail("the sizes are too large");
      }
    }
    if (s[d] >= 0 && (free < 0 ? sum != s[d] : sum > s[d]))
      c.fail(cat(
          "Determined shape must either match input shape along split_dim exactly if fully specified, or be "
          "less than the size of the input along split_dim if not fully specified.  Got: ",
          sum));
    for (int64_t i = 0; i < n; ++i) {
      part.set_dim(d, i == free ? (s[d] < 0 ? -1 : s[d] - sum) : (*sizes)[size_t(i)]);
      c.set_output(int(i), part);
    }
  });
  op.compute([](KernelContext& c) { split_along(c, c.input(0), run_split_dim(c, 2, c.input(0).rank())); });
  op.samples([](Samples& s) {
    AttrMap two{{"num_split", int64_t(2)}};
    auto dim = [](int32_t d) { return Tensor::scalar<int32_t>(d); };
    s.each_type("T", [&](DType t) { s.add({s.random({4, 3}, t), Samples::i64({1, 3}), dim(0)}, two); });
    s.add({s.random({2, 6}), Samples::i32({1, -1, 3}), dim(-1)}, {{"num_split", int64_t(3)}});
    s.add({s.random({2, 6}), Samples::i32({0, 6}), dim(1)}, two);
    s.add({s.random({2, 6}), Samples::i32({6}), dim(1)}, {{"num_split", int64_t(1)}});
    s.fails("less than the size of the input along split_dim if not fully specified.  Got: 2",
            {s.random({3, 4}), Samples::i32({1, 1}), dim(0)}, two);
    s.fails("There can only be one -1 in the input.", {s.random({3, 4}), Samples::i32({-1, -1}), dim(0)},
            two);
    s.fails("-input rank(-2) <= split_dim < input rank (2), but got 3",
            {s.random({3, 4}), Samples::i32({2, 1}), dim(3)}, two);
    s.fails("size of the split_tensor must be 1-D and have the same elements as outputs",
            {s.random({3, 4}), Samples::i32({2, 1}), dim(0)}, {{"num_split", int64_t(3)}});
    s.fails("Split size at index 1 must be >= 0. Got: -2", {s.random({3, 4}), Samples::i32({5, -2}), dim(0)},
            two);
    s.fails(
        "If there is only one output, it must have the same size as the input. Input size: 3 output size: 4",
        {s.random({3, 4}), Samples::i32({4}), dim(0)}, {{"num_split", int64_t(1)}});
  });
  op.gradient([](GradientContext& g) { g.set(0, joined(g, g.input(2))); });
}

FLOE_OP("Unpack", op) {
  op.in("value:T").out("output:num*T").attrs("num:int>=0; T:type; axis:int=0");
  op.infer([](InferContext& c) {
    const Shape& s = c.shape(0);
    if (!s.has_rank()) return;
    int64_t axis = c.attr<int64_t>("axis"), n = c.num_outputs();
    int rank = s.rank();
    if (axis < -rank || axis >= rank) c.fail(cat("axis = ", axis, " not in [", -rank, ", ", rank, ")"));
    int a = int(axis < 0 ? axis + rank : axis);
    if (s[a] >= 0 && s[a] != n)
      c.fail(cat("Input shape axis ", a, " must equal ", n, ", got shape ", s.str()));
    set_all(c, s.slice(0, a).concat(s.slice(a + 1)));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t axis = k.attr<int64_t>("axis");
    return [axis](KernelContext& c) {
      int a = int(axis < 0 ? axis + c.input(0).rank() : axis);
      if (c.input(0).dim(a) != c.num_outputs())
        c.fail(cat("Input shape axis ", a, " must equal ", c.num_outputs(), ", got shape ",
                   c.input(0).shape().str()));
      split_along(c, c.input(0), a);
    };
  });
  op.samples([](Samples& s) {
    AttrMap two{{"num", int64_t(2)}};
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}, two); });
    s.add({s.random({2, 3})}, {{"num", int64_t(3)}, {"axis", int64_t(-1)}});
    s.add({s.random({3, 2, 4})}, {{"num", int64_t(2)}, {"axis", int64_t(1)}});
    s.add({s.random({2})}, two);
    s.add({s.random({2, 0})}, two);
    s.fails("Input shape axis 0 must equal 3, got shape [2]", {s.random({2})}, {{"num", int64_t(3)}});
    s.fails("axis = 3 not in [-1, 1)", {s.random({2})}, {{"num", int64_t(2)}, {"axis", int64_t(3)}});
    s.fails("axis = 0 not in [0, 0)", {s.random({})}, two);
  });
  op.gradient([](GradientContext& g) {
    std::vector<Tensor> parts;
    for (int i = 0; i < g.num_outputs(); ++i) parts.push_back(g.grad(i));
    if (parts.empty()) return g.set(0, grad::zeros_like(g.input(0)));
    g.set(0, grad::op("Pack", parts, {{"axis", g.attr<int64_t>("axis")}}));
  });
}

}  // namespace
}  // namespace floe
