// A whole LSTM over time, as the planner's fusion makes it from a loop.
#include <cmath>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

// out[m, n] += a[m, k] * b[k, n]
void add_product(const float* a, const float* b, int64_t m, int64_t k, int64_t n, float* out) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < k; ++j)
      for (int64_t c = 0; c < n; ++c) out[i * n + c] += a[i * k + j] * b[j * n + c];
}

FLOE_OP("_FloeLSTM", op) {
  op.in("x:T, kernel:T, recurrent:T, bias:T, h0:T, c0:T").out("h_sequence:T, h_last:T, c_last:T");
  // Position of the input, forget, candidate and output gate among the four.
  op.attrs("T:{float}; gates:list(int)>=4=[0,1,2,3]; forget_bias:float=0.0");
  op.infer([](InferContext& c) {
    Shape x = c.with_rank(0, 3), h = c.with_rank(4, 2), k = c.with_rank(1, 2), r = c.with_rank(2, 2);
    if (x[2] >= 0 && k[0] >= 0 && x[2] != k[0])
      c.fail(cat("the kernel expects ", k[0], " features, found ", x[2]));
    int64_t units = r[0];
    if (k[1] >= 0 && units >= 0 && k[1] != 4 * units)
      c.fail(cat("the kernel has ", k[1], " columns, expected ", 4 * units));
    if (!r.is_compatible_with({-1, 4 * units}) && units >= 0)
      c.fail(cat("the recurrent kernel has ", r[1], " columns, expected ", 4 * units));
    int64_t biases = c.shape(3).num_elements();
    if (biases >= 0 && units >= 0 && biases != 4 * units)
      c.fail(cat("there are ", biases, " biases, expected ", 4 * units));
    for (int i : {4, 5})
      if (!c.with_rank(i, 2).is_compatible_with({x[1], units}))
        c.fail(cat("a state has shape ", c.shape(i).str(), ", expected ", Shape{x[1], units}.str()));
    for (int64_t gate : c.attr<std::vector<int64_t>>("gates"))
      if (gate < 0 || gate > 3) c.fail(cat("gates are counted from 0 to 3, got ", gate));
    c.set_output(0, Shape{x[0], x[1], units});
    c.set_output(1, Shape{x[1], units});
    c.set_output(2, Shape{x[1], units});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    auto order = k.attr<std::vector<int64_t>>("gates");
    float forget_bias = k.attr<float>("forget_bias");
    return [order, forget_bias](KernelContext& c) {
      const Tensor& x = c.input(0);
      int64_t steps = x.dim(0), batch = x.dim(1), features = x.dim(2), units = c.input(2).dim(0);
      Tensor h = c.input(4).clone(), cell = c.input(5).clone();
      Tensor gates(DType::kFloat32, Shape{batch, 4 * units});
      for (int64_t t = 0; t < steps; ++t) {
        float* g = gates.mutable_data<float>();
        for (int64_t b = 0; b < batch; ++b) std::copy_n(c.in<float>(3), 4 * units, g + b * 4 * units);
        add_product(x.data<float>() + t * batch * features, c.in<float>(1), batch, features, 4 * units, g);
        add_product(h.data<float>(), c.in<float>(2), batch, units, 4 * units, g);
        for (int64_t b = 0; b < batch; ++b)
          for (int64_t u = 0; u < units; ++u) {
            auto gate = [&](size_t i) { return g[b * 4 * units + order[i] * units + u]; };
            float& s = cell.mutable_data<float>()[b * units + u];
            s = sigmoid(gate(1) + forget_bias) * s + sigmoid(gate(0)) * std::tanh(gate(2));
            h.mutable_data<float>()[b * units + u] = sigmoid(gate(3)) * std::tanh(s);
          }
        std::copy_n(h.data<float>(), batch * units, c.out<float>(0) + t * batch * units);
      }
      std::copy_n(h.data<float>(), batch * units, c.out<float>(1));
      std::copy_n(cell.data<float>(), batch * units, c.out<float>(2));
    };
  });
  op.samples([](Samples& s) {
    for (int64_t batch : {1, 3})
      s.add({s.random({5, batch, 6}), s.random({6, 28}), s.random({7, 28}), s.random({28}),
             s.random({batch, 7}), s.random({batch, 7})})
          .tolerance = 1e-5;
    s.add({s.random({2, 2, 3}), s.random({3, 16}), s.random({4, 16}), s.random({16}), s.random({2, 4}),
           s.random({2, 4})},
          {{"gates", std::vector<int64_t>{0, 2, 1, 3}}, {"forget_bias", 1.0f}})
        .tolerance = 1e-5;
  });
}

}  // namespace
}  // namespace floe
