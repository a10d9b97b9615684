// Layer normalization over the last dimension, as the planner's fusion writes it.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

FLOE_OP("_FloeLayerNorm", op) {
  op.in("x:T, gamma:T, beta:T").out("y:T").attrs("T:{float}; epsilon:float=0.001");
  op.infer([](InferContext& c) {
    Shape x = c.with_rank_at_least(0, 1);
    for (int i : {1, 2})
      if (Shape s = c.with_rank(i, 1); x.has_rank() && !s.is_compatible_with({x.dim(-1)}))
        c.fail(cat("gamma and beta must have as many elements as the last dimension of ", x.str(), ", found ",
                   s.str()));
    c.set_output(0, x);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    float epsilon = k.attr<float>("epsilon");
    return [epsilon](KernelContext& c) {
      auto call = [&](const char* n, std::vector<Tensor> in, AttrMap a = {}) {
        return invoke(get_op(n), std::move(in), std::move(a), c.state(), {}, true)[0];
      };
      const Tensor& x = c.input(0);
      Tensor axis = Tensor::vec<int32_t>({-1});
      AttrMap keep{{"keep_dims", true}};
      Tensor mean = call("Mean", {x, axis}, keep);
      Tensor variance = call("Mean", {call("SquaredDifference", {x, mean}), axis}, keep);
      Tensor scale = call("Rsqrt", {call("AddV2", {variance, Tensor::scalar(epsilon)})});
      Tensor y = call("Mul", {call("Mul", {call("Sub", {x, mean}), scale}), c.input(1)});
      c.set_output(0, call("AddV2", {y, c.input(2)}));
    };
  });
  op.samples([](Samples& s) {
    s.add({s.random({3, 5, 37}), s.random({37}), s.random({37})}).tolerance = 1e-5;
    s.add({s.random({2, 64}), s.random({64}), s.random({64})}, {{"epsilon", 1e-6f}}).tolerance = 1e-5;
  });
}

}  // namespace
}  // namespace floe
