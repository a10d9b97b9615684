#include "floe/ops/state/resource.h"
#include "floe/ops/state/summarize.h"

namespace floe {
namespace {

FLOE_OP("Assert", op) {
  op.in("condition:bool, data:T").attrs("T:list(type)>=1; summarize:int=3");
  op.infer([](InferContext& c) { c.with_rank(0, 0); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t limit = k.attr<int64_t>("summarize");
    return [limit](KernelContext& c) {
      if (c.input(0).num_elements() != 1) c.fail(cat("In[0] should be a scalar: ", c.input(0).shape().str()));
      if (c.scalar<bool>(0)) return;
      std::string message = "assertion failed:";
      for (int i = 1; i < c.num_inputs(); ++i) message += cat(" [", summarize(c.input(i), limit), "]");
      c.fail(message);
    };
  });
  op.stateful().fails_on_values();
  op.samples([](Samples& s) {
    Tensor no = Tensor::scalar(false);
    s.add({Tensor::scalar(true), Tensor::scalar("fine")});
    s.fails("assertion failed: [1 2...] [abc] [[x y]...] [3.5] [[1 2]...]",
            {no, Samples::i32({1, 2, 3, 4, 5}), Tensor::scalar("abc"),
             Tensor::of<std::string>({2, 2}, {"x", "y", "z", "w"}), Tensor::scalar(3.5f),
             Tensor::of<float>({2, 2}, {1, 2, 3, 4})},
            {{"summarize", int64_t(2)}});
    s.fails(
        "assertion failed: [[1.5 2][3...]...] [1] [1 0] [] [?] [0.1] [1e+10] [0.333333343] [3] "
        "[0.0999755859]",
        {no, Tensor::of<float>({3, 2}, {1.5, 2, 3, 4, 5, 6}), Tensor::scalar(true),
         Tensor::vec<bool>({true, false}), Tensor::vec<float>({}), Tensor::scalar(std::complex<float>(1, 2)),
         Tensor::scalar(0.1), Tensor::scalar(1e10f), Tensor::scalar(1 / 3.0f), Tensor::scalar(uint8_t(3)),
         Tensor::scalar(float16(0.1f))});
    s.fails("assertion failed: [[[0 0 0][0 0 0]][[0 0 0][0 0 0]]]",
            {no, Samples::filled({2, 2, 3}, 0, DType::kInt32)}, {{"summarize", int64_t(-1)}});
    s.fails("assertion failed: [a\\n\\\"b]", {no, Tensor::scalar("a\n\"b")});
    s.fails("Shape must be rank 0 but is rank 1", {Tensor::vec<bool>({false}), Tensor::scalar("a")});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
