// Tile and BroadcastTo: repetition.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

FLOE_OP("Tile", op) {
  op.in("input:T, multiples:Tmultiples").out("output:T").attrs("T:type; Tmultiples:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    const Shape &in = c.shape(0), &ms = c.shape(1);
    if (ms.has_rank() && ms.rank() != 1)
      c.fail(cat("Expected multiples to be 1-D, but got shape ", ms.str()));
    int64_t rank = in.has_rank() ? in.rank() : ms.has_rank() ? ms[0] : -1;
    if (rank < 0 || rank > 254) return;
    if (ms.has_rank() && ms[0] >= 0 && ms[0] != rank)
      c.fail(cat("Expected multiples argument to be a vector of length ", rank, " but got length ", ms[0]));
    auto known = known_integers(c, 1);
    Shape m = known ? Shape(*known) : c.shape_value(1);
    Shape out = Shape::unknown_of_rank(int(rank));
    for (int i = 0; i < int(rank) && m.rank() == rank; ++i) {
      if (known && m[i] < 0) c.fail(cat("Expected multiples[", i, "] >= 0, but got ", m[i]));
      int64_t d = in.has_rank() ? in[i] : -1, n;
      if (m[i] < 0 || d < 0) continue;
      if (__builtin_mul_overflow(m[i], d, &n)) c.fail(cat("multiples[", i, "] = ", m[i], " is too large"));
      out.set_dim(i, n);
    }
    c.set_output(0, out);
  });
  op.compute([](KernelContext& c) {
    const Tensor& in = c.input(0);
    Tensor& out = c.output(0);
    std::vector<int64_t> m = integers(c.input(1)), in_strides = element_strides(in.shape()),
                         out_strides = element_strides(out.shape()), dims, from, to;
    for (int i = 0; i < in.rank(); ++i) {
      size_t k = size_t(i);
      if (m[k] < 0 || (in.dim(i) ? out.dim(i) / in.dim(i) != m[k] : out.dim(i) != 0))
        c.fail(cat("Expected multiples[", i, "] >= 0, but got ", m[k]));
      dims.insert(dims.end(), {m[k], in.dim(i)});
      from.insert(from.end(), {0, in_strides[k]});
      to.insert(to.end(), {out_strides[k] * in.dim(i), out_strides[k]});
    }
    copy_strided(c.threads(), in.dtype(), dims, out.mutable_raw(), to, in.raw(), from);
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      // TensorFlow has no kernel for this one.
      if (t != DType::kUint16) s.add({s.random({2, 3}, t), Samples::i32({2, 3})});
    });
    s.add({s.random({2, 1, 3}), Samples::i64({1, 4, 2})});
    s.add({s.random({2, 3}), Samples::i32({1, 1})});
    s.add({s.random({2, 3}), Samples::i32({0, 2})});
    s.add({s.random({0, 3}), Samples::i32({5, 2})});
    s.add({s.random({}), Samples::i32({})});
    s.fails("Expected multiples argument to be a vector of length 2 but got length 1",
            {s.random({2, 3}), Samples::i32({1})});
    s.fails("Expected multiples[1] >= 0, but got -1", {s.random({2, 3}), Samples::i32({1, -1})});
    s.fails("Expected multiples to be 1-D, but got shape []", {s.random({2, 3}), Tensor::scalar<int32_t>(1)});
  });
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(0);
    Tensor shape = grad::shape_of(x), times = grad::cast(g.input(1), DType::kInt32);
    Tensor split = grad::flat(grad::op("Pack", {times, shape}, {{"axis", int64_t(1)}}));
    Tensor axes = grad::op("Range", {grad::int32_scalar(0), grad::size_of(split), grad::int32_scalar(2)});
    g.set(0, grad::reshape_like(grad::sum(grad::reshape(g.grad(), split), axes), x));
  });
}

FLOE_OP("BroadcastTo", op) {
  op.in("input:T, shape:Tidx").out("output:T").attrs("T:type; Tidx:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    const Shape& in = c.shape(0);
    if (c.shape(1).has_rank() && c.shape(1).rank() != 1)
      c.fail(cat("shape must be a vector of {int32,int64}, got shape ", c.shape(1).str()));
    Shape want = requested_shape(c, 1);
    if (!want.has_rank() || !in.has_rank()) return c.set_output(0, want);
    if (in.rank() > want.rank())
      c.fail(cat("Rank of input (", in.rank(), ") must be no greater than rank of output shape (",
                 want.rank(), ")."));
    for (int i = 1; i <= in.rank(); ++i) {
      int64_t d = in.dim(-i), w = want.dim(-i);
      if (d < 0 || d == 1 || d == w) continue;
      if (w >= 0) c.fail(cat("Incompatible shapes: ", in.str(), " vs. ", want.str()));
      want.set_dim(-i, d);
    }
    c.set_output(0, want);
  });
  op.compute([](KernelContext& c) {
    const Tensor& in = c.input(0);
    Tensor& out = c.output(0);
    std::vector<int64_t> in_strides = element_strides(in.shape()), from(size_t(out.rank()), 0);
    for (int i = 1; i <= in.rank(); ++i) {
      if (in.dim(-i) != 1 && in.dim(-i) != out.dim(-i))
        c.fail(cat("Incompatible shapes: ", in.shape().str(), " vs. ", out.shape().str()));
      if (in.dim(-i) != 1) from[from.size() - size_t(i)] = in_strides[in_strides.size() - size_t(i)];
    }
    copy_strided(c.threads(), in.dtype(), out.shape().dims(), out.mutable_raw(), element_strides(out.shape()),
                 in.raw(), from);
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      if (t != DType::kString) s.add({s.random({2, 1}, t), Samples::i32({3, 2, 4})});
    });
    s.add({s.random({}), Samples::i64({2, 2})});
    s.add({s.random({3}), Samples::i32({3})});
    s.add({s.random({1, 3}), Samples::i32({0, 3})});
    s.add({s.random({}), Samples::i32({})});
    s.fails("Rank of input (2) must be no greater than rank of output shape (1).",
            {s.random({2, 3}), Samples::i32({3})});
    s.fails("Incompatible shapes: [2,3] vs. [2,4]", {s.random({2, 3}), Samples::i32({2, 4})});
    s.fails("Dimension -2 must be >= 0", {s.random({1, 3}), Samples::i32({-2, 3})});
    s.fails("shape must be a vector of {int32,int64}, got shape []",
            {s.random({1, 3}), Tensor::scalar<int32_t>(3)});
  });
  op.gradient([](GradientContext& g) { g.set_sum(0, g.grad()); });
}

}  // namespace
}  // namespace floe
