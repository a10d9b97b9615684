// Attention over [batch, length, heads, size] without transpositions, as the planner's fusion writes it:
// softmax(query * key^T * scale + mask) * value.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

// A mask spreads over all but the last of the scores' dimensions.
void check_mask(InferContext& c, const Shape& scores) {
  const Shape& mask = c.shape(3);
  if (!mask.has_rank()) return;
  bool fits = mask.rank() >= 1 && mask.rank() <= 4;
  for (int i = 1; fits && i <= mask.rank(); ++i) {
    const int64_t have = mask.dim(-i), want = scores.dim(-i);
    fits = have < 0 || want < 0 || have == want || (have == 1 && i > 1);
  }
  if (!fits) c.fail(cat("a mask of ", mask.str(), " does not fit scores of ", scores.str()));
}

FLOE_OP("_FloeAttention", op) {
  op.in("query:T, key:T, value:T, mask:num_masks*T")
      .out("y:T")
      .attrs("T:{float}; num_masks:int>=0=0; scale:float=1.0");
  op.infer([](InferContext& c) {
    Shape q = c.with_rank(0, 4), k = c.with_rank(1, 4), v = c.with_rank(2, 4);
    if (!k.is_compatible_with({q[0], -1, q[2], q[3]}) || !v.is_compatible_with({q[0], k[1], q[2], -1}))
      c.fail(cat("query, key and value do not fit: ", q.str(), ", ", k.str(), " and ", v.str()));
    if (c.num_inputs() > 4) c.fail(cat("takes one mask at most, found ", c.num_inputs() - 3));
    if (c.num_inputs() == 4) check_mask(c, {q[0], q[2], q[1], k[1]});
    c.set_output(0, Shape{q[0], q[1], q[2], v[3]});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    float scale = k.attr<float>("scale");
    return [scale](KernelContext& c) {
      auto call = [&](const char* n, std::vector<Tensor> in, AttrMap a = {}) {
        return invoke(get_op(n), std::move(in), std::move(a), c.state(), {}, true)[0];
      };
      auto einsum = [&](const char* equation, const Tensor& a, const Tensor& b) {
        return call("Einsum", {a, b}, {{"equation", std::string(equation)}});
      };
      Tensor scores = call("Mul", {einsum("BTNH,BSNH->BNTS", c.input(0), c.input(1)), Tensor::scalar(scale)});
      if (c.num_inputs() > 3) scores = call("AddV2", {scores, c.input(3)});
      c.set_output(0, einsum("BNTS,BSNH->BTNH", call("Softmax", {scores}), c.input(2)));
    };
  });
  op.samples([](Samples& s) {
    Tensor q = s.random({2, 7, 3, 8}), k = s.random({2, 9, 3, 8}), v = s.random({2, 9, 3, 8});
    s.add({q, k, v}, {{"scale", 0.35f}}).tolerance = 1e-5;
    s.add({q, k, v, s.random({2, 1, 7, 9})}, {{"scale", 0.35f}}).tolerance = 1e-5;
    s.add({q, k, v, s.random({1, 1, 7, 9})}, {{"scale", 0.35f}}).tolerance = 1e-5;
    s.add({q, k, v, s.random({2, 1, 1, 9})}, {{"scale", 0.35f}}).tolerance = 1e-5;
  });
}

}  // namespace
}  // namespace floe
