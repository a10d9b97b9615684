// Softmax cross entropy with dense and with integer labels; both also give the gradient of the logits.
#include <cmath>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/gradient.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

/// x - max(x) into `shifted`; returns log(sum(exp(shifted))).
template <class S, class T>
S shifted_logits(const T* x, int64_t n, S* shifted) {
  S m = S(x[0]), sum = 0;
  for (int64_t i = 1; i < n; ++i) m = S(x[i]) > m ? S(x[i]) : m;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(shifted[i] = S(x[i]) - m);
  return std::log(sum);
}

Shape cross_entropy_shape(const InferContext& c) {
  const Shape &features = c.shape(0), &labels = c.shape(1);
  Shape s;
  try {
    s = broadcast_shapes(features, labels);
  } catch (const InvalidArgument&) {
    c.fail(cat("logits and labels must be broadcastable: logits_size=", features.str(),
               " labels_size=", labels.str()));
  }
  if (s.has_rank() && s.rank() != 2)
    c.fail(cat(
        "logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional: Shape must be "
        "broadcasted with rank 2, but is rank ",
        s.rank()));
  return s.has_rank() ? s : Shape::unknown_of_rank(2);
}

template <class T>
void dense_cross_entropy(KernelContext& c) {
  using S = compute_t<T>;
  const Tensor &features = c.input(0), &labels = c.input(1), &out = c.output(1);
  int64_t rows = out.dim(0), n = out.dim(1);
  auto stride = [](const Tensor& t, int axis) {
    int d = t.rank() - 2 + axis;
    return d < 0 || t.dim(d) == 1 ? int64_t(0) : axis == 1 ? int64_t(1) : t.dim(-1);
  };
  int64_t f0 = stride(features, 0), f1 = stride(features, 1), l0 = stride(labels, 0), l1 = stride(labels, 1);
  const T *pf = features.data<T>(), *pl = labels.data<T>();
  T *loss = c.out<T>(0), *back = c.out<T>(1);
  parallel_for(c.threads(), rows, double(n) * 15, [&](int64_t from, int64_t to) {
    std::vector<T> x(static_cast<size_t>(n));
    std::vector<S> e(static_cast<size_t>(n));
    for (int64_t r = from; r < to; ++r) {
      S sum = 0;
      if (n > 0) {
        for (int64_t i = 0; i < n; ++i) x[size_t(i)] = pf[r * f0 + i * f1];
        S log_sum = shifted_logits(x.data(), n, e.data());
        for (int64_t i = 0; i < n; ++i) {
          S label = S(pl[r * l0 + i * l1]), log_p = e[size_t(i)] - log_sum;
          if (label != S(0)) sum -= label * log_p;
          back[r * n + i] = T(std::exp(log_p) - label);
        }
      }
      loss[r] = T(sum);
    }
  });
}

template <class I>
std::string label_list(const I* labels, int64_t n) {
  std::string s;
  for (int64_t i = 0; i < n && i < 64; ++i) s += cat(" ", labels[i]);
  return n > 64 ? s + " ..." : s;
}

template <class T, class I>
void sparse_cross_entropy(KernelContext& c) {
  using S = compute_t<T>;
  int64_t rows = c.input(0).dim(0), n = c.input(0).dim(1);
  const T* x = c.in<T>(0);
  const I* labels = c.in<I>(1);
  if (rows > 0 && n == 0)
    c.fail(cat("Must have at least one class, but got logits shape ", c.input(0).shape().str()));
  for (int64_t r = 0; r < rows; ++r)
    if (labels[r] < 0 || int64_t(labels[r]) >= n)
      c.fail(cat("Received a label value of ", labels[r], " which is outside the valid range of [0, ", n,
                 ").  Label values:", label_list(labels, rows)));
  T *loss = c.out<T>(0), *back = c.out<T>(1);
  parallel_for(c.threads(), rows, double(n) * 15, [&](int64_t from, int64_t to) {
    std::vector<S> e(static_cast<size_t>(n));
    for (int64_t r = from; r < to; ++r) {
      S log_sum = shifted_logits(x + r * n, n, e.data());
      loss[r] = T(log_sum - e[size_t(labels[r])]);
      for (int64_t i = 0; i < n; ++i)
        back[r * n + i] = T(std::exp(e[size_t(i)] - log_sum) - S(i == labels[r]));
    }
  });
}

// Output 1 is the derivative of the loss; it has one itself.
Tensor logits_gradient(GradientContext& g, const Tensor& loss, const Tensor& logits) {
  Tensor d = loss * g.output(1);
  if (!g.has_grad(1)) return d;
  Tensor p = grad::op("Softmax", {logits}), back = g.grad(1);
  return d + (back - grad::sum(back * p, grad::int32s({-1}), true)) * p;
}

FLOE_OP("SoftmaxCrossEntropyWithLogits", op) {
  op.in("features:T, labels:T").out("loss:T, backprop:T").attrs("T:{half,bfloat16,float,double}");
  op.infer([](InferContext& c) {
    Shape s = cross_entropy_shape(c);
    c.set_output(0, Shape{s[0]});
    c.set_output(1, s);
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() { fn = dense_cross_entropy<T>; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({3, 4}, t), s.uniform({3, 4}, 0, 1, t)}); });
    s.add({s.random({3, 4}), s.uniform({1, 4}, 0, 1)});
    s.add({s.random({3, 1}), s.uniform({3, 4}, 0, 1)});
    s.add({s.random({1, 4}), s.uniform({3, 1}, 0, 1)});
    s.add({s.random({0, 4}), s.random({0, 4})});
    s.add({s.random({2, 0}), s.random({2, 0})});
    s.fails("logits and labels must be broadcastable: logits_size=[2,3] labels_size=[2,4]",
            {s.random({2, 3}), s.random({2, 4})});
    s.fails("broadcasted to be 2-dimensional", {s.random({3}), s.random({3})});
  });
  op.gradient([](GradientContext& g) {
    Tensor loss = grad::expand_dims(g.grad(0), -1);
    Tensor logits = grad::op("BroadcastTo", {g.input(0), grad::shape_of(g.output(1))});
    if (g.needs(0)) g.set_sum(0, logits_gradient(g, loss, logits));
    if (g.needs(1)) g.set_sum(1, loss * -grad::op("LogSoftmax", {logits}));
  });
}

FLOE_OP("SparseSoftmaxCrossEntropyWithLogits", op) {
  op.in("features:T, labels:Tlabels").out("loss:T, backprop:T");
  op.attrs("T:{half,bfloat16,float,double}; Tlabels:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() != 2)
      c.fail(cat("logits must be 2-D, but got shape ", c.shape(0).str()));
    if (c.shape(1).has_rank() && c.shape(1).rank() != 1)
      c.fail(cat("labels must be 1-D, but got shape ", c.shape(1).str()));
    Shape features = c.with_rank(0, 2);
    int64_t rows = c.with_rank(1, 1)[0];
    if (features[0] >= 0 && rows >= 0 && rows != features[0])
      c.fail(cat("logits and labels must have the same first dimension, got logits shape ", features.str(),
                 " and labels shape ", c.shape(1).str()));
    if (features[0] < 0) features.set_dim(0, rows);
    c.set_output(0, Shape{features[0]});
    c.set_output(1, features);
  });
  op.kernel([](const KernelInit& k) {
    bool narrow = k.input_type(1) == DType::kInt32;
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = narrow ? sparse_cross_entropy<T, int32_t> : sparse_cross_entropy<T, int64_t>;
    });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({3, 4}, t), Samples::i32({1, 0, 3})}); });
    s.add({s.random({2, 3}), Samples::i64({2, 2})});
    s.add({s.random({0, 3}), Samples::i64({})});
    s.fails("Received a label value of 3 which is outside the valid range of [0, 3).  Label values: 0 3",
            {s.random({2, 3}), Samples::i32({0, 3})});
    s.fails("Received a label value of -1", {s.random({2, 3}), Samples::i64({-1, 0})});
    s.fails(
        "logits and labels must have the same first dimension, got logits shape [2,3] and labels shape [3]",
        {s.random({2, 3}), Samples::i32({0, 1, 2})});
    s.fails("logits must be 2-D, but got shape [3]", {s.random({3}), Samples::i32({0})});
    s.fails("labels must be 1-D, but got shape []", {s.random({2, 3}), Tensor::scalar<int32_t>(0)});
    s.fails("Must have at least one class", {s.random({1, 0}), Samples::i32({0})});
  });
  op.gradient(
      [](GradientContext& g) { g.set(0, logits_gradient(g, grad::expand_dims(g.grad(0), -1), g.input(0))); });
}

}  // namespace
}  // namespace floe
