// Slice: a box cut out of a tensor.
#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

FLOE_OP("Slice", op) {
  op.in("input:T, begin:Index, size:Index").out("output:T").attrs("T:type; Index:{int32,int64}");
  op.infer([](InferContext& c) {
    const Shape &in = c.shape(0), &bs = c.shape(1), &ss = c.shape(2);
    int64_t rank = in.rank();
    for (int i = 1; i < 3; ++i)
      if (rank < 0 && c.shape(i).rank() == 1 && c.shape(i)[0] <= 254) rank = c.shape(i)[0];
    if (rank < 0) return;
    for (const Shape* s : {&bs, &ss})
      if (s->has_rank() && (s->rank() != 1 || ((*s)[0] >= 0 && (*s)[0] != rank)))
        c.fail(cat("Expected begin and size arguments to be 1-D tensors of size ", rank, ", but got shapes ",
                   bs.str(), " and ", ss.str(), " instead."));
    auto begin = known_integers(c, 1), size = known_integers(c, 2);
    Shape out = Shape::unknown_of_rank(int(rank));
    if (!size && c.shape(2).rank() == 1) {
      // A size that is partly known: -1 may be an unknown as well as "all that is left".
      Shape partial = c.shape_value(2);
      if (partial.rank() == int(rank)) out = partial;
    }
    for (int i = 0; i < int(rank); ++i) {
      int64_t d = in.has_rank() ? in[i] : -1;
      if (begin && ((*begin)[size_t(i)] < 0 || (d >= 0 && (*begin)[size_t(i)] > d)))
        c.fail(cat("Expected begin[", i, "] in [0, ", d, "], but got ", (*begin)[size_t(i)]));
      if (!size) continue;
      int64_t s = (*size)[size_t(i)];
      if (s == -1) {
        if (begin && d >= 0) out.set_dim(i, d - (*begin)[size_t(i)]);
        continue;
      }
      int64_t most = d < 0 ? -1 : d - (begin ? (*begin)[size_t(i)] : 0);
      if (s < 0 || (most >= 0 && s > most))
        c.fail(cat("Expected size[", i, "] in [0, ", most, "], but got ", s));
      out.set_dim(i, s);
    }
    c.set_output(0, out);
  });
  op.compute([](KernelContext& c) {
    const Tensor& in = c.input(0);
    Tensor& out = c.output(0);
    std::vector<int64_t> begin = integers(c.input(1)), from = element_strides(in.shape()),
                         to = element_strides(out.shape());
    int64_t start = 0;
    for (int i = 0; i < in.rank(); ++i) {
      int64_t b = begin[size_t(i)];
      if (b < 0 || b > in.dim(i)) c.fail(cat("Expected begin[", i, "] in [0, ", in.dim(i), "], but got ", b));
      if (out.dim(i) > in.dim(i) - b)
        c.fail(cat("Expected size[", i, "] in [0, ", in.dim(i) - b, "], but got ", out.dim(i)));
      start += b * from[size_t(i)];
    }
    if (out.num_elements() == 0) return;
    copy_strided(c.threads(), in.dtype(), out.shape().dims(), out.mutable_raw(), to, element_at(in, start),
                 from);
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T",
                [&](DType t) { s.add({s.random({3, 4}, t), Samples::i32({1, 1}), Samples::i32({2, 2})}); });
    s.add({s.random({3, 4, 2}), Samples::i64({0, 1, 0}), Samples::i64({-1, 2, -1})});
    s.add({s.random({3, 4}), Samples::i32({3, 0}), Samples::i32({0, 4})});
    s.add({s.random({}), Samples::i32({}), Samples::i32({})});
    s.add({s.random({0, 4}), Samples::i32({0, 2}), Samples::i32({-1, 1})});
    s.fails("Expected begin[0] in [0, 2], but got 3",
            {s.random({2, 3}), Samples::i32({3, 0}), Samples::i32({1, 1})});
    s.fails("Expected begin[0] in [0, 2], but got -1",
            {s.random({2, 3}), Samples::i32({-1, 0}), Samples::i32({-1, 1})});
    s.fails("Expected size[0] in [0, 1], but got 2",
            {s.random({2, 3}), Samples::i32({1, 0}), Samples::i32({2, 1})});
    s.fails("Expected size[0] in [0, 2], but got -2",
            {s.random({2, 3}), Samples::i32({0, 0}), Samples::i32({-2, 1})});
    s.fails(
        "Expected begin and size arguments to be 1-D tensors of size 2, but got shapes [1] and [1] instead.",
        {s.random({2, 3}), Samples::i32({1}), Samples::i32({2})});
  });
  op.gradient([](GradientContext& g) {
    Tensor dy = g.grad(), begin = g.input(1);
    DType t = begin.dtype();
    Tensor after =
        grad::cast(grad::shape_of(g.input(0)), t) - grad::cast(grad::shape_of(g.output()), t) - begin;
    g.set(0, grad::op("Pad", {dy, grad::op("Pack", {begin, after}, {{"axis", int64_t(1)}})}));
  });
}

}  // namespace
}  // namespace floe
