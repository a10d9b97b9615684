// Dilation2D: grey-scale morphological dilation, the maximum of input plus filter over a window.
#include <limits>
#include <vector>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/conv_geometry.h"
#include "floe/op/samples.h"
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

AttrMap dilation_sample_attrs(std::vector<int64_t> strides, std::vector<int64_t> rates, const char* padding) {
  return {{"strides", std::move(strides)}, {"rates", std::move(rates)}, {"padding", std::string(padding)}};
}

FLOE_OP("Dilation2D", op) {
  op.in("input:T, filter:T")
      .out("output:T")
      .attrs(
          "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}; "
          "strides:list(int)>=4; "
          "rates:list(int)>=4; padding:{'SAME','VALID'}");
  op.infer([](InferContext& c) {
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
    c.set_output(0, window_shape(a, input[0], out, depth));
  });
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
}

}  // namespace
}  // namespace floe
