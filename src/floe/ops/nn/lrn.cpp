// Local response normalization over neighbouring channels, and its gradient.
#include <algorithm>
#include <cmath>

#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

struct LrnAttrs {
  int64_t radius;
  float bias, alpha, beta;
};
LrnAttrs lrn_attrs(const AttrMap& a) {
  return {std::max<int64_t>(a.get<int64_t>("depth_radius"), 0), a.get<float>("bias"), a.get<float>("alpha"),
          a.get<float>("beta")};
}

/// bias + alpha * (sum of squares of the neighbours) for every channel of one pixel.
template <class T>
void lrn_norms(const LrnAttrs& a, const T* x, int64_t n, float* norm) {
  for (int64_t i = 0; i < n; ++i) {
    int64_t from = a.radius < i ? i - a.radius : 0, to = a.radius < n - 1 - i ? i + a.radius : n - 1;
    float sum = 0;
    for (int64_t k = from; k <= to; ++k) sum += float(x[k]) * float(x[k]);
    norm[i] = a.bias + a.alpha * sum;
  }
}

template <class T>
void lrn(KernelContext& c, const LrnAttrs& a) {
  int64_t n = c.input(0).dim(3), total = c.input(0).num_elements();
  if (total == 0) return;
  const T* x = c.in<T>(0);
  T* y = c.out<T>(0);
  parallel_for(c.threads(), total / n, double(n) * 20, [&](int64_t from, int64_t to) {
    std::vector<float> norm(static_cast<size_t>(n));
    for (int64_t r = from; r < to; ++r) {
      lrn_norms(a, x + r * n, n, norm.data());
      for (int64_t i = 0; i < n; ++i)
        y[r * n + i] = T(float(x[r * n + i]) * std::pow(norm[size_t(i)], -a.beta));
    }
  });
}

template <class T>
void lrn_grad(KernelContext& c, const LrnAttrs& a) {
  int64_t n = c.input(1).dim(3), total = c.input(1).num_elements();
  if (total == 0) return;
  const T *grad = c.in<T>(0), *in = c.in<T>(1), *out = c.in<T>(2);
  T* result = c.out<T>(0);
  parallel_for(c.threads(), total / n, double(n) * 40, [&](int64_t from, int64_t to) {
    std::vector<float> norm(static_cast<size_t>(n)), sum(static_cast<size_t>(n));
    for (int64_t r = from; r < to; ++r) {
      const T *g = grad + r * n, *x = in + r * n, *y = out + r * n;
      lrn_norms(a, x, n, norm.data());
      std::fill(sum.begin(), sum.end(), 0.0f);
      for (int64_t i = 0; i < n; ++i) {
        int64_t first = a.radius < i ? i - a.radius : 0, last = a.radius < n - 1 - i ? i + a.radius : n - 1;
        float common = -2 * a.alpha * a.beta * float(y[i]) / norm[size_t(i)] * float(g[i]);
        for (int64_t k = first; k <= last; ++k) sum[size_t(k)] += common * float(x[k]);
        sum[size_t(i)] += std::pow(norm[size_t(i)], -a.beta) * float(g[i]);
      }
      for (int64_t i = 0; i < n; ++i) result[r * n + i] = T(sum[size_t(i)]);
    }
  });
}

const char kLrnAttrs[] =
    "depth_radius:int=5; bias:float=1.0; alpha:float=1.0; beta:float=0.5; T:{half,bfloat16,float}=float";
using LrnTypes = Types<float, float16, bfloat16>;

FLOE_OP("LRN", op) {
  op.in("input:T").out("output:T").attrs(kLrnAttrs);
  op.infer([](InferContext& c) { c.set_output(0, c.with_rank(0, 4)); });
  op.kernel([](const KernelInit& k) {
    LrnAttrs a = lrn_attrs(k.attrs);
    KernelFn fn;
    dispatch(LrnTypes{}, k.input_type(0), [&]<class T>() { fn = [a](KernelContext& c) { lrn<T>(c, a); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.add({s.random({1, 2, 3, 7})});
    s.add({s.random({1, 2, 3, 7}, DType::kFloat16)}).tolerance = 5e-3;
    for (float beta : {0.5f, 0.75f, 1.0f, 0.3f})
      s.add({s.random({1, 2, 2, 9})},
            {{"depth_radius", int64_t(2)}, {"bias", 2.0f}, {"alpha", 0.3f}, {"beta", beta}});
    s.add({s.random({1, 2, 2, 3})}, {{"depth_radius", int64_t(0)}});
    s.fails("Shape must be rank 4 but is rank 3", {s.random({2, 2, 3})});
  });
  op.gradient(
      [](GradientContext& g) { g.set(0, grad::same(g, "LRNGrad", {g.grad(), g.input(0), g.output()})); });
}

FLOE_OP("LRNGrad", op) {
  op.in("input_grads:T, input_image:T, output_image:T").out("output:T").attrs(kLrnAttrs);
  op.infer([](InferContext& c) {
    Shape s = c.with_rank(0, 4);
    for (int i : {1, 2}) {
      if (!s.is_compatible_with(c.with_rank(i, 4)))
        c.fail("input_grads, input_image, and out_image should have the same shape");
      s = merge_shapes(s, c.with_rank(i, 4));
    }
    c.set_output(0, s);
  });
  op.kernel([](const KernelInit& k) {
    LrnAttrs a = lrn_attrs(k.attrs);
    KernelFn fn;
    dispatch(LrnTypes{}, k.input_type(0),
             [&]<class T>() { fn = [a](KernelContext& c) { lrn_grad<T>(c, a); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.add({s.random({1, 2, 2, 9}), s.random({1, 2, 2, 9}), s.random({1, 2, 2, 9})},
          {{"depth_radius", int64_t(2)}, {"bias", 2.0f}, {"alpha", 0.3f}, {"beta", 0.75f}});
    s.fails("should have the same shape",
            {s.random({1, 2, 2, 9}), s.random({1, 2, 2, 8}), s.random({1, 2, 2, 9})});
  });
}

}  // namespace
}  // namespace floe
