// Dilation2D: grey-scale morphological dilation, the maximum of input plus filter over a window.
#include <limits>
#include <vector>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/conv_geometry.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

/// strides and rates as a two-dimensional window.
WindowAttrs dilation_attrs(const OpDef& def, const AttrMap& attrs) {
  AttrMap m = attrs;
  m.set("dilations", attrs.get<std::vector<int64_t>>("rates"));
  return window_attrs(def, m, 2);
}

/// A window one step too large for the input gives no output here, where convolutions fail.
WindowDim dilation_dim(const WindowAttrs& a, const Shape& input, const Shape& filter, int i) {
  size_t s = size_t(i);
  int64_t in = input[i + 1], kernel = filter[i];
  if (a.padding == Padding::kValid && in >= 0 && kernel >= 0) {
    int64_t extent = (kernel - 1) * a.dilation[s] + 1;
    if (in < extent && in + a.stride[s] >= extent) {
      WindowDim d{in, kernel, a.stride[s], a.dilation[s], 0, 0, 0};
      return d;
    }
  }
  return window_dim(a.padding, in, kernel, a.stride[s], a.dilation[s], 0, 0);
}

template <class T>
void dilation2d(KernelContext& c, const WindowAttrs& a) {
  using S = compute_t<T>;
  const Shape &in_shape = c.input(0).shape(), &out_shape = c.output(0).shape();
  if (c.output(0).num_elements() == 0) return;
  WindowDim H = dilation_dim(a, in_shape, c.input(1).shape(), 0),
            W = dilation_dim(a, in_shape, c.input(1).shape(), 1);
  int64_t depth = in_shape[3];
  const T *in = c.in<T>(0), *filter = c.in<T>(1);
  T* out = c.out<T>(0);
  double cost = double(W.out * depth * H.kernel * W.kernel);
  parallel_for(c.threads(), out_shape[0] * H.out, cost, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; ++r) {
      int64_t h = r % H.out;
      const T* image = in + r / H.out * H.in * W.in * depth;
      for (int64_t w = 0; w < W.out; ++w)
        for (int64_t d = 0; d < depth; ++d) {
          bool any = false;
          T best{};
          for (int64_t kh = H.first_tap(h); kh < H.end_tap(h); ++kh)
            for (int64_t kw = W.first_tap(w); kw < W.end_tap(w); ++kw) {
              T x = image[((H.start(h) + kh * H.dilation) * W.in + W.start(w) + kw * W.dilation) * depth + d];
              T f = filter[(kh * W.kernel + kw) * depth + d];
              T v;
              if constexpr (std::is_integral_v<T>)
                v = T(uint64_t(x) + uint64_t(f));
              else
                v = T(S(x) + S(f));
              if (!any || S(v) > S(best)) best = v, any = true;
            }
          if constexpr (std::is_integral_v<T>)
            out[(r * W.out + w) * depth + d] = any ? best : std::numeric_limits<T>::lowest();
          else
            out[(r * W.out + w) * depth + d] = any ? best : T(-std::numeric_limits<S>::infinity());
        }
    }
  });
}

// Every output's gradient goes to the place that was the largest, of the input or of the filter.
template <class T>
void dilation2d_grad(KernelContext& c, const WindowAttrs& a, bool by_filter) {
  using S = compute_t<T>;
  const Shape &in_shape = c.input(0).shape(), &filter_shape = c.input(1).shape();
  Tensor& result = c.output(0);
  std::vector<S> sum(static_cast<size_t>(result.num_elements()));
  WindowDim H = dilation_dim(a, in_shape, filter_shape, 0), W = dilation_dim(a, in_shape, filter_shape, 1);
  int64_t depth = in_shape[3];
  const T *in = c.in<T>(0), *filter = c.in<T>(1), *grad = c.in<T>(2);
  for (int64_t n = 0; n < in_shape[0]; ++n)
    for (int64_t h = 0; h < H.out; ++h)
      for (int64_t w = 0; w < W.out; ++w)
        for (int64_t d = 0; d < depth; ++d, ++grad) {
          int64_t best_in = -1, best_filter = -1;
          S best{};
          for (int64_t kh = H.first_tap(h); kh < H.end_tap(h); ++kh)
            for (int64_t kw = W.first_tap(w); kw < W.end_tap(w); ++kw) {
              int64_t y = H.start(h) + kh * H.dilation, x = W.start(w) + kw * W.dilation;
              int64_t i = ((n * H.in + y) * W.in + x) * depth + d, f = (kh * W.kernel + kw) * depth + d;
              S v = S(T(S(in[i]) + S(filter[f])));
              if (best_in < 0 || v > best) best = v, best_in = i, best_filter = f;
            }
          if (best_in >= 0) sum[size_t(by_filter ? best_filter : best_in)] += S(*grad);
        }
  for (size_t i = 0; i < sum.size(); ++i) c.out<T>(0)[i] = T(sum[i]);
}

AttrMap dilation_sample_attrs(std::vector<int64_t> strides, std::vector<int64_t> rates, const char* padding) {
  return {{"strides", std::move(strides)}, {"rates", std::move(rates)}, {"padding", std::string(padding)}};
}

Shape dilation_shape(InferContext& c) {
  Shape input = c.with_rank(0, 4), filter = c.with_rank(1, 3);
  int64_t depth = input[3] >= 0 ? input[3] : filter[2], out[2];
  if (depth >= 0 && filter[2] >= 0 && depth != filter[2])
    c.fail(cat("input and filter must have the same depth: ", depth, " vs ", filter[2]));
  WindowAttrs a;
  try {
    a = dilation_attrs(c.def(), c.attrs());
    for (int i = 0; i < 2; ++i) {
      if (filter[i] == 0) throw InvalidArgument("filter must not have zero elements");
      out[i] = dilation_dim(a, input, filter, i).out;
    }
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
  return window_shape(a, input[0], out, depth);
}

FLOE_OP("Dilation2D", op) {
  op.in("input:T, filter:T")
      .out("output:T")
      .attrs(
          "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}; "
          "strides:list(int)>=4; "
          "rates:list(int)>=4; padding:{'SAME','VALID'}");
  op.infer([](InferContext& c) { c.set_output(0, dilation_shape(c)); });
  op.kernel([](const KernelInit& k) {
    WindowAttrs a = dilation_attrs(k.def, k.attrs);
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(0),
             [&]<class T>() { fn = [a](KernelContext& c) { dilation2d<T>(c, a); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 5, 4, 3}, t), s.random({2, 3, 3}, t)},
            dilation_sample_attrs({1, 1, 1, 1}, {1, 1, 1, 1}, "SAME"));
    });
    s.add({s.random({1, 7, 8, 2}), s.random({3, 2, 2})},
          dilation_sample_attrs({1, 2, 1, 1}, {1, 1, 2, 1}, "VALID"));
    s.add({s.random({1, 7, 8, 2}), s.random({3, 2, 2})},
          dilation_sample_attrs({1, 2, 3, 1}, {1, 2, 2, 1}, "SAME"));
    s.fails("input and filter must have the same depth: 3 vs 2",
            {s.random({1, 4, 4, 3}), s.random({2, 2, 2})},
            dilation_sample_attrs({1, 1, 1, 1}, {1, 1, 1, 1}, "SAME"));
  });
  op.gradient([](GradientContext& g) {
    std::vector<Tensor> in = {g.input(0), g.input(1), g.grad()};
    g.set(0, grad::same(g, "Dilation2DBackpropInput", in));
    g.set(1, grad::same(g, "Dilation2DBackpropFilter", in));
  });
}

void define_dilation_grad(OpBuilder& op, bool by_filter) {
  op.in("input:T, filter:T, out_backprop:T").out(by_filter ? "filter_backprop:T" : "in_backprop:T");
  op.attrs(
      "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}; "
      "strides:list(int)>=4; rates:list(int)>=4; padding:{'SAME','VALID'}");
  op.infer([by_filter](InferContext& c) {
    Shape out = dilation_shape(c);
    if (!out.is_compatible_with(c.with_rank(2, 4)))
      c.fail(cat("out_backprop has incompatible size: expected ", out.str(), ", got ", c.shape(2).str()));
    c.set_output(0, c.shape(by_filter ? 1 : 0));
  });
  op.kernel([by_filter](const KernelInit& k) {
    WindowAttrs a = dilation_attrs(k.def, k.attrs);
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
      fn = [a, by_filter](KernelContext& c) { dilation2d_grad<T>(c, a, by_filter); };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64})
      s.add({s.random({2, 5, 4, 3}, t), s.random({2, 3, 3}, t), s.random({2, 5, 4, 3}, t)},
            dilation_sample_attrs({1, 1, 1, 1}, {1, 1, 1, 1}, "SAME"));
    s.add({s.random({1, 7, 8, 2}), s.random({3, 2, 2}), s.random({1, 4, 3, 2})},
          dilation_sample_attrs({1, 2, 3, 1}, {1, 2, 2, 1}, "SAME"));
    s.fails("out_backprop has incompatible size",
            {s.random({1, 4, 4, 2}), s.random({2, 2, 2}), s.random({1, 4, 3, 2})},
            dilation_sample_attrs({1, 1, 1, 1}, {1, 1, 1, 1}, "SAME"));
  });
}
FLOE_OP("Dilation2DBackpropInput", op) { define_dilation_grad(op, false); }
FLOE_OP("Dilation2DBackpropFilter", op) { define_dilation_grad(op, true); }

}  // namespace
}  // namespace floe
