// BiasAdd, BiasAddV1 (channels last only) and BiasAddGrad.
#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

bool bias_channels_first(const AttrMap& attrs) {
  return attrs.get_or<std::string>("data_format", "NHWC") == "NCHW";
}

/// Everything before the channel dimension, the channels, and everything after.
struct BiasDims {
  int64_t outer = 1, channels = 1, inner = 1;
};
BiasDims bias_dims(const Shape& s, bool channels_first) {
  BiasDims d;
  int axis = channels_first ? 1 : s.rank() - 1;
  for (int i = 0; i < s.rank(); ++i) (i < axis ? d.outer : i == axis ? d.channels : d.inner) *= s[i];
  return d;
}

void infer_bias_add(InferContext& c) {
  Shape value = c.with_rank_at_least(0, 2);
  int64_t bias = c.with_rank(1, 1)[0];
  if (value.has_rank()) {
    int axis = bias_channels_first(c.attrs()) ? 1 : value.rank() - 1;
    int64_t channels = value[axis];
    if (channels >= 0 && bias >= 0 && channels != bias)
      c.fail(cat("Must provide as many biases as the ", axis == 1 && value.rank() > 2 ? "channel" : "last",
                 " dimension of the input tensor: [", bias, "] vs. ", value.str(),
                 ": Dimensions must be equal, but are ", channels, " and ", bias));
    if (channels < 0) value.set_dim(axis, bias);
  }
  c.set_output(0, value);
}

template <class T>
T bias_sum(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return T(uint64_t(a) + uint64_t(b));
  else
    return T(compute_t<T>(a) + compute_t<T>(b));
}

KernelFn bias_add_kernel(const KernelInit& k) {
  bool first = bias_channels_first(k.attrs);
  KernelFn fn;
  dispatch(NumberTypes{}, k.input_type(0), [&]<class T>() {
    fn = [first](KernelContext& c) {
      BiasDims d = bias_dims(c.input(0).shape(), first);
      const T *x = c.in<T>(0), *b = c.in<T>(1);
      T* y = c.out<T>(0);
      int64_t plane = d.channels * d.inner;
      parallel_for(c.threads(), d.outer, double(plane), [&](int64_t from, int64_t to) {
        for (int64_t o = from; o < to; ++o) {
          const T* xo = x + o * plane;
          T* yo = y + o * plane;
          if (d.inner == 1)
            for (int64_t i = 0; i < d.channels; ++i) yo[i] = bias_sum(xo[i], b[i]);
          else
            for (int64_t i = 0; i < d.channels; ++i)
              for (int64_t j = 0; j < d.inner; ++j) yo[i * d.inner + j] = bias_sum(xo[i * d.inner + j], b[i]);
        }
      });
    };
  });
  return fn;
}

template <class T>
void bias_add_grad(KernelContext& c, const BiasDims& d) {
  using S = std::conditional_t<std::is_integral_v<T>, uint64_t, compute_t<T>>;
  std::vector<S> sum(static_cast<size_t>(d.channels), S(0));
  const T* x = c.in<T>(0);
  if (d.inner == 1) {
    // A few rows at a time, so that the sums of many rows stay precise.
    constexpr int64_t kRows = 512;
    std::vector<S> part(static_cast<size_t>(d.channels));
    for (int64_t from = 0; from < d.outer; from += kRows) {
      std::fill(part.begin(), part.end(), S(0));
      S* s = part.data();
      for (int64_t o = from; o < std::min(d.outer, from + kRows); ++o)
        for (int64_t i = 0; i < d.channels; ++i) s[i] += S(x[o * d.channels + i]);
      for (int64_t i = 0; i < d.channels; ++i) sum[size_t(i)] += s[i];
    }
  }
  for (int64_t o = 0; o < d.outer && d.inner != 1; ++o)
    for (int64_t i = 0; i < d.channels; ++i) {
      const T* p = x + (o * d.channels + i) * d.inner;
      S s = sum[size_t(i)];
      for (int64_t j = 0; j < d.inner; ++j) s += S(p[j]);
      sum[size_t(i)] = s;
    }
  T* y = c.out<T>(0);
  for (int64_t i = 0; i < d.channels; ++i) y[i] = T(sum[size_t(i)]);
}

const char kBiasType[] =
    "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
    "uint16,"
    "complex128,half,uint32,uint64}";

FLOE_OP("BiasAdd", op) {
  op.in("value:T, bias:T")
      .out("output:T")
      .attrs(std::string(kBiasType) + "; data_format:{'NHWC','NCHW'}='NHWC'");
  op.infer(infer_bias_add).kernel(bias_add_kernel);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t), s.random({3}, t)}); });
    s.add({s.random({2, 3, 2, 4}), s.random({4})});
    s.add({s.random({2, 3, 2, 4}), s.random({3})}, {{"data_format", std::string("NCHW")}});
    s.add({s.random({2, 3, 2}), s.random({3})}, {{"data_format", std::string("NCHW")}});
    s.add({s.random({1, 2, 3, 2, 2}), s.random({2})});
    s.add({s.random({1, 2, 3, 2, 2}), s.random({2})}, {{"data_format", std::string("NCHW")}});
    s.add({s.random({0, 3}), s.random({3})});
    s.fails("Must provide as many biases as the last dimension of the input tensor: [2] vs. [2,3]",
            {s.random({2, 3}), s.random({2})});
    s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3}), s.random({3})});
    s.fails("Shape must be rank 1 but is rank 2", {s.random({2, 3}), s.random({1, 3})});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, g.grad());
    if (g.needs(1)) g.set(1, grad::same(g, "BiasAddGrad", {g.grad()}));
  });
}

FLOE_OP("BiasAddV1", op) {
  op.in("value:T, bias:T").out("output:T").attrs(kBiasType);
  op.infer(infer_bias_add).kernel(bias_add_kernel);
  op.samples([](Samples& s) { s.add({s.random({2, 3, 4}), s.random({4})}); });
  op.gradient([](GradientContext& g) {
    g.set(0, g.grad());
    if (g.needs(1)) g.set(1, grad::same(g, "BiasAddGrad", {g.grad()}));
  });
}

FLOE_OP("BiasAddGrad", op) {
  op.in("out_backprop:T")
      .out("output:T")
      .attrs(std::string(kBiasType) + "; data_format:{'NHWC','NCHW'}='NHWC'");
  op.infer([](InferContext& c) {
    Shape s = c.with_rank_at_least(0, 2);
    c.set_output(0,
                 s.has_rank() ? Shape{bias_channels_first(c.attrs()) ? s[1] : s[s.rank() - 1]} : Shape{-1});
  });
  op.kernel([](const KernelInit& k) {
    bool first = bias_channels_first(k.attrs);
    KernelFn fn;
    dispatch(NumberTypes{}, k.input_type(0), [&]<class T>() {
      fn = [first](KernelContext& c) { bias_add_grad<T>(c, bias_dims(c.input(0).shape(), first)); };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({4, 3}, t)}); });
    s.add({s.random({2, 3, 2, 4})});
    s.add({s.random({2, 3, 2, 4})}, {{"data_format", std::string("NCHW")}});
    s.add({s.random({0, 3})});
    s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(0);
    Tensor shape = grad::shape_of(x), db = g.grad();
    if (bias_channels_first(g.attrs())) {
      auto ones = [&](int64_t from, int64_t n) {
        return grad::ones_like(grad::op("Slice", {shape, grad::int32s({from}), grad::int32s({n})}));
      };
      db = grad::reshape(db, grad::concat({ones(0, 1), grad::shape_of(db), ones(2, -1)}, 0));
    }
    g.set(0, grad::op("BroadcastTo", {db, shape}));
  });
}

}  // namespace
}  // namespace floe
