// Reshape: the same elements seen with another shape.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

// The shape that `want` (with at most one -1) asks for, as far as it follows from `in`.
Shape resolve_reshape(const InferContext& c, const Shape& in, Shape want) {
  if (!want.has_rank()) return want;
  int free = -1;
  int64_t known = 1;
  for (int i = 0; i < want.rank(); ++i) {
    if (want[i] < 0) {
      if (free >= 0) {
        if (c.value(1)) c.fail(cat("Only one input size may be -1, not both ", free, " and ", i));
        return want;  // several dims are simply unknown
      }
      free = i;
    } else if (__builtin_mul_overflow(known, want[i], &known)) {
      c.fail(cat("shape ", want.str(), " has too many elements"));
    }
  }
  int64_t n = in.num_elements();
  if (n < 0) return want;
  if (free < 0) {
    if (known != n)
      c.fail(cat("Input to reshape is a tensor with ", n, " values, but the requested shape has ", known));
    return want;
  }
  if (known == 0) {
    if (n != 0)
      c.fail(cat("Input to reshape is a tensor with ", n,
                 " values, but the requested shape requires a multiple of 0"));
    want.set_dim(free, 0);
    return want;
  }
  if (n % known)
    c.fail(cat("Input to reshape is a tensor with ", n,
               " values, but the requested shape requires a multiple of ", known));
  want.set_dim(free, n / known);
  return want;
}

FLOE_OP("Reshape", op) {
  op.in("tensor:T, shape:Tshape").out("output:T").attrs("T:type; Tshape:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    if (c.shape(1).has_rank() && c.shape(1).rank() != 1)
      c.fail(cat("sizes input must be 1-D, not ", c.shape(1).str()));
    c.set_output(0, resolve_reshape(c, c.shape(0), c.shape_value(1)));
  });
  op.compute([](KernelContext& c) {
    Shape s = c.output(0).shape();
    c.set_output(0, c.take(0).reshaped(s));
  });
  op.passes_input();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 6}, t), Samples::i32({3, 4})}); });
    s.add({s.random({2, 6}), Samples::i64({3, -1})});
    s.add({s.random({0, 3}), Samples::i32({-1, 3})});
    s.add({s.random({1}), Tensor::vec<int32_t>({})});
    s.fails("requested shape has 5", {s.random({2, 3}), Samples::i32({5})});
    s.fails("requires a multiple of 4", {s.random({2, 3}), Samples::i32({4, -1})});
    s.fails("Only one input size may be -1", {s.random({2, 3}), Samples::i32({-1, -1})});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::reshape_like(g.grad(), g.input(0))); });
}

}  // namespace
}  // namespace floe
