// Dimensions of one element: put in, taken out.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

void reshape_first(KernelContext& c) {
  Shape s = c.output(0).shape();
  c.set_output(0, c.take(0).reshaped(s));
}

FLOE_OP("ExpandDims", op) {
  op.in("input:T, dim:Tdim").out("output:T").attrs("T:type; Tdim:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    const Shape& in = c.shape(0);
    if (c.shape(1).is_fully_defined() && c.shape(1).num_elements() != 1)
      c.fail("'dim' must be a tensor with a single value");
    auto dim = known_integers(c, 1);
    if (!in.has_rank()) return;
    int rank = in.rank();
    if (!dim) {
      c.set_output(0, rank == 0 ? Shape{1} : Shape::unknown_of_rank(rank + 1));
      return;
    }
    if (dim->size() != 1) c.fail("'dim' must be a tensor with a single value");
    int64_t d = (*dim)[0];
    if (d < -rank - 1 || d > rank)
      c.fail(cat("Tried to expand dim index ", d, " for tensor with ", rank, " dimensions."));
    if (d < 0) d += rank + 1;
    c.set_output(0, in.slice(0, int(d)).concat(Shape{1}).concat(in.slice(int(d))));
  });
  op.compute(reshape_first).passes_input();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t), Tensor::scalar<int32_t>(1)}); });
    for (int64_t d : {-3, -1, 0, 2}) s.add({s.random({2, 3}), Tensor::scalar<int64_t>(d)});
    s.add({s.random({}), Tensor::scalar<int32_t>(0)});
    s.add({s.random({0, 2}), Samples::i32({-1})});
    s.fails("Tried to expand dim index 5 for tensor with 2 dimensions.",
            {s.random({2, 3}), Tensor::scalar<int32_t>(5)});
    s.fails("Tried to expand dim index -4 for", {s.random({2, 3}), Tensor::scalar<int32_t>(-4)});
    s.fails("'dim' must be a tensor with a single value", {s.random({2, 3}), Samples::i32({0, 1})});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::reshape_like(g.grad(), g.input(0))); });
}

FLOE_OP("Squeeze", op) {
  op.in("input:T").out("output:T").attrs("T:type; squeeze_dims:list(int)>=0=[]");
  op.infer([](InferContext& c) {
    const Shape& in = c.shape(0);
    const auto& dims = c.attr<std::vector<int64_t>>("squeeze_dims");
    if (!in.has_rank()) return;
    int rank = in.rank();
    std::vector<char> drop(size_t(rank), 0);
    for (int64_t d : dims) {
      if (d < -rank || d >= rank)
        c.fail(cat("Tried to squeeze dim index ", d, " for tensor with ", rank, " dimensions."));
      if (d < 0) d += rank;
      if (in[int(d)] >= 0 && in[int(d)] != 1)
        c.fail(cat("Can not squeeze dim[", d, "], expected a dimension of 1, got ", in[int(d)]));
      drop[size_t(d)] = 1;
    }
    std::vector<int64_t> out;
    for (int i = 0; i < rank; ++i) {
      if (dims.empty() && in[i] < 0) return;  // may vanish or stay
      if (dims.empty() ? in[i] != 1 : !drop[size_t(i)]) out.push_back(in[i]);
    }
    c.set_output(0, Shape(out));
  });
  op.compute(reshape_first).passes_input();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({1, 2, 1, 3}, t)}); });
    s.add({s.random({1, 2, 1, 3})}, {{"squeeze_dims", std::vector<int64_t>{2}}});
    s.add({s.random({1, 2, 1, 3})}, {{"squeeze_dims", std::vector<int64_t>{-2, 0}}});
    s.add({s.random({1, 3})}, {{"squeeze_dims", std::vector<int64_t>{-2, 0}}});
    s.add({s.random({})});
    s.add({s.random({1, 0})});
    s.add({s.random({1, 1})});
    s.fails("Can not squeeze dim[0], expected a dimension of 1, got 2", {s.random({2, 3})},
            {{"squeeze_dims", std::vector<int64_t>{0}}});
    s.fails("Tried to squeeze dim index 4 for tensor with 2 dimensions.", {s.random({1, 3})},
            {{"squeeze_dims", std::vector<int64_t>{4}}});
    s.fails("Tried to squeeze dim index -3 for tensor with 2 dimensions.", {s.random({1, 3})},
            {{"squeeze_dims", std::vector<int64_t>{-3}}});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::reshape_like(g.grad(), g.input(0))); });
}

}  // namespace
}  // namespace floe
