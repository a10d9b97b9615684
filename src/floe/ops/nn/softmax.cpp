// Softmax and LogSoftmax over the last dimension.
#include <cmath>

#include "floe/base/threads.h"
#include "floe/op/gradient.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/half_sum.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

template <class S, class T>
S row_maximum(const T* x, int64_t n) {
  S m = S(x[0]);
  for (int64_t i = 1; i < n; ++i) {
    S v = S(x[i]);
    m = v > m ? v : m;
  }
  return m;
}

template <class T>
void softmax_row(const T* x, T* y, int64_t n, std::vector<compute_t<T>>& e) {
  using S = compute_t<T>;
  S m = row_maximum<S>(x, n), sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += e[size_t(i)] = std::exp(S(x[i]) - m);
  S inverse = S(1) / sum;
  for (int64_t i = 0; i < n; ++i) y[i] = T(e[size_t(i)] * inverse);
}

// In halves every step is rounded, as in TensorFlow.
void softmax_half_row(const float16* x, float16* y, int64_t n) {
  float m = row_maximum<float>(x, n);
  for (int64_t i = 0; i < n; ++i) y[i] = std::exp(float(float16(float(x[i]) - m)));
  float inverse = float16(1 / float(sum_halves(y, n)));
  for (int64_t i = 0; i < n; ++i) y[i] = float(y[i]) * inverse;
}

template <class T>
void log_softmax_row(const T* x, T* y, int64_t n) {
  using S = compute_t<T>;
  S m = row_maximum<S>(x, n), sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(S(x[i]) - m);
  S l = std::log(sum);
  for (int64_t i = 0; i < n; ++i) y[i] = T(S(x[i]) - m - l);
}

KernelFn softmax_kernel(const KernelInit& k, bool log) {
  KernelFn fn;
  dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
    fn = [log](KernelContext& c) {
      int64_t n = c.input(0).dim(-1), total = c.input(0).num_elements();
      if (total == 0) return;
      const T* x = c.in<T>(0);
      T* y = c.out<T>(0);
      if constexpr (std::is_same_v<T, float16>) {
        if (!log)
          return parallel_for(c.threads(), total / n, double(n) * 10, [&](int64_t from, int64_t to) {
            for (int64_t r = from; r < to; ++r) softmax_half_row(x + r * n, y + r * n, n);
          });
      }
      parallel_for(c.threads(), total / n, double(n) * 10, [&](int64_t from, int64_t to) {
        std::vector<compute_t<T>> e(static_cast<size_t>(log ? 0 : n));
        for (int64_t r = from; r < to; ++r)
          log ? log_softmax_row(x + r * n, y + r * n, n) : softmax_row(x + r * n, y + r * n, n, e);
      });
    };
  });
  return fn;
}

void infer_softmax(InferContext& c) { c.set_output(0, c.with_rank_at_least(0, 1)); }

void softmax_samples(Samples& s) {
  s.each_type("T", [&](DType t) { s.add({s.random({3, 5}, t)}); });
  s.add({s.random({4})});
  s.add({s.random({2, 3, 2, 4})});
  s.add({s.random({2, 0})});
  s.add({s.random({0, 3})});
  s.add({Samples::numbers({2, 3}, {1000, -1000, 999, -INFINITY, 0, 1})});
  s.fails("Shape must be at least rank 1 but is rank 0", {s.random({})});
}

FLOE_OP("Softmax", op) {
  op.in("logits:T").out("softmax:T").attrs("T:{half,bfloat16,float,double}");
  op.infer(infer_softmax);
  op.kernel([](const KernelInit& k) { return softmax_kernel(k, false); });
  op.samples([](Samples& s) {
    softmax_samples(s);
    for (int64_t n : {4, 10, 37, 100, 1000}) s.add({s.random({2, n}, DType::kFloat16)}).tolerance = 1e-5;
  });
  op.gradient([](GradientContext& g) {
    const Tensor& y = g.output();
    g.set(0, (g.grad() - grad::sum(g.grad() * y, grad::int32s({-1}), true)) * y);
  });
}

FLOE_OP("LogSoftmax", op) {
  op.in("logits:T").out("logsoftmax:T").attrs("T:{half,bfloat16,float,double}");
  op.infer(infer_softmax);
  op.kernel([](const KernelInit& k) { return softmax_kernel(k, true); });
  op.samples(softmax_samples);
  op.gradient([](GradientContext& g) {
    g.set(0, g.grad() - grad::sum(g.grad(), grad::int32s({-1}), true) * grad::op("Exp", {g.output()}));
  });
}

}  // namespace
}  // namespace floe
