// Gradients of pooling. In two dimensions the first maximum of a window takes its whole gradient; in three,
// every element that equals the output does, as TensorFlow has it.
#include <vector>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/ops/nn/pool_geometry.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

using Ints = std::vector<int64_t>;

void check_pool_grad_shapes(InferContext& c, const PoolAttrs& a, const Shape& input, int first, int last) {
  if (a.depth != 1) c.fail("the gradient of depthwise max pooling is not supported");
  Shape want = pool_shape(c, a, input);
  static const char* names[] = {"orig_input", "orig_output", "grad"};
  for (int i = first; i <= last; ++i)
    if (!want.is_compatible_with(c.with_rank(i, a.window.rank())))
      c.fail(cat("Expected ", first == last ? "grad" : names[i], " shape to be ", want.str(), ", but got ",
                 c.shape(i).str()));
}

// Channels last, where the search for the first maximum runs over all channels at once.
template <class T>
void max_pool_grad_of_rows(int threads, const ConvGeometry& g, const T* in, const T* grad, T* out) {
  using S = compute_t<T>;
  int64_t channels = g.in_channels, image = g.in_positions() * channels,
          out_image = g.out_positions() * channels;
  parallel_for(threads, g.batch, double(out_image * g.taps()) * 0.5, [&](int64_t from, int64_t to) {
    std::vector<S> sum(static_cast<size_t>(image)), most(static_cast<size_t>(channels));
    std::vector<int32_t> tap_of(static_cast<size_t>(channels));
    std::vector<int64_t> places;
    for (int64_t n = from; n < to; ++n) {
      std::fill(sum.begin(), sum.end(), S(0));
      const T* x = in + n * image;
      for (int64_t p = 0; p < g.out_positions(); ++p) {
        S* __restrict best = most.data();
        int32_t* __restrict tap = tap_of.data();
        places.clear();
        for_window(g, p, [&](int64_t at) {
          const T* v = x + at * channels;
          int32_t t = int32_t(places.size());
          places.push_back(at * channels);
          if (t == 0) {
            for (int64_t ch = 0; ch < channels; ++ch) best[ch] = S(v[ch]), tap[ch] = 0;
            return;
          }
          for (int64_t ch = 0; ch < channels; ++ch) {
            S y = S(v[ch]);
            bool more = y > best[ch];
            best[ch] = more ? y : best[ch];
            tap[ch] = more ? t : tap[ch];
          }
        });
        if (places.empty()) continue;
        const T* d = grad + n * out_image + p * channels;
        for (int64_t ch = 0; ch < channels; ++ch) sum[size_t(places[size_t(tap[ch])] + ch)] += S(d[ch]);
      }
      for (int64_t i = 0; i < image; ++i) out[n * image + i] = T(sum[size_t(i)]);
    }
  });
}

template <class T>
void max_pool_grad(KernelContext& c, const PoolAttrs& a) {
  using S = std::conditional_t<std::is_integral_v<T>, uint64_t, compute_t<T>>;
  if (c.output(0).num_elements() == 0) return;
  ConvGeometry g = pool_geometry(a, c.input(0).shape(), c.input(2).shape());
  const T *in = c.in<T>(0), *maxima = c.in<T>(1), *grad = c.in<T>(2);
  if (a.window.spatial == 2 && g.in_channel_step() == 1 && g.out_channel_step() == 1)
    return max_pool_grad_of_rows(c.threads(), g, in, grad, c.out<T>(0));
  bool every_match = a.window.spatial == 3;
  T* out = c.out<T>(0);
  int64_t channels = g.in_channels, image = g.in_positions() * channels,
          out_image = g.out_positions() * channels;
  int64_t step = g.in_step(), channel_step = g.in_channel_step();
  parallel_for(c.threads(), g.batch, double(out_image * g.taps()), [&](int64_t from, int64_t to) {
    std::vector<S> sum(static_cast<size_t>(image));
    std::vector<int64_t> best(static_cast<size_t>(channels));
    for (int64_t n = from; n < to; ++n) {
      std::fill(sum.begin(), sum.end(), S(0));
      const T* x = in + n * image;
      for (int64_t p = 0; p < g.out_positions(); ++p) {
        std::fill(best.begin(), best.end(), -1);
        for_window(g, p, [&](int64_t at) {
          if (every_match) {
            for (int64_t ch = 0; ch < channels; ++ch) {
              int64_t i = at * step + ch * channel_step,
                      o = n * out_image + p * g.out_step() + ch * g.out_channel_step();
              if (compute_t<T>(x[i]) == compute_t<T>(maxima[o])) sum[size_t(i)] += S(grad[o]);
            }
            return;
          }
          for (int64_t ch = 0; ch < channels; ++ch) {
            int64_t i = at * step + ch * channel_step;
            int64_t& b = best[size_t(ch)];
            if (b < 0 || compute_t<T>(x[i]) > compute_t<T>(x[b])) b = i;
          }
        });
        const T* d = grad + n * out_image + p * g.out_step();
        for (int64_t ch = 0; ch < channels; ++ch)
          if (best[size_t(ch)] >= 0) sum[size_t(best[size_t(ch)])] += S(d[ch * g.out_channel_step()]);
      }
      for (int64_t i = 0; i < image; ++i) out[n * image + i] = T(sum[size_t(i)]);
    }
  });
}

template <class T>
void average_pool_grad(KernelContext& c, const PoolAttrs& a) {
  using S = compute_t<T>;
  if (c.output(0).num_elements() == 0) return;
  ConvGeometry g = pool_geometry(a, c.output(0).shape(), c.input(1).shape());
  const T* grad = c.in<T>(1);
  T* out = c.out<T>(0);
  int64_t channels = g.in_channels, image = g.in_positions() * channels,
          out_image = g.out_positions() * channels;
  parallel_for(c.threads(), g.batch, double(out_image * g.taps()), [&](int64_t from, int64_t to) {
    std::vector<S> sum(static_cast<size_t>(image));
    for (int64_t n = from; n < to; ++n) {
      std::fill(sum.begin(), sum.end(), S(0));
      for (int64_t p = 0; p < g.out_positions(); ++p) {
        S share = S(1) / S(window_count(g, p));
        const T* d = grad + n * out_image + p * g.out_step();
        for_window(g, p, [&](int64_t at) {
          for (int64_t ch = 0; ch < channels; ++ch)
            sum[size_t(at * g.in_step() + ch * g.in_channel_step())] +=
                S(d[ch * g.out_channel_step()]) * share;
        });
      }
      for (int64_t i = 0; i < image; ++i) out[n * image + i] = T(sum[size_t(i)]);
    }
  });
}

void infer_max_pool_grad(InferContext& c, int spatial) {
  PoolAttrs a = pool_attrs(c, spatial);
  Shape input = c.with_rank(0, a.window.rank());
  check_pool_grad_shapes(c, a, input, 1, 2);
  c.set_output(0, input);
}

void infer_average_pool_grad(InferContext& c, int spatial) {
  PoolAttrs a = pool_attrs(c, spatial);
  Shape input = c.shape_value(0);
  if (c.value(0) && !input.is_fully_defined())
    c.fail(cat("orig_input_shape must be a vector of sizes that are >= 0, got ", c.value(0)->values_str(8)));
  if (!input.has_rank()) input = Shape::unknown_of_rank(a.window.rank());
  if (input.rank() != a.window.rank())
    c.fail(cat("Shape must be rank ", a.window.rank(), " but is rank ", input.rank(), " for input 0"));
  check_pool_grad_shapes(c, a, input, 1, 1);
  c.set_output(0, input);
}

template <class TypeList>
KernelFn max_pool_grad_kernel(const KernelInit& k, int spatial) {
  PoolAttrs a = pool_attrs(k.def, k.attrs, spatial);
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(0),
           [&]<class T>() { fn = [a](KernelContext& c) { max_pool_grad<T>(c, a); }; });
  return fn;
}

KernelFn average_pool_grad_kernel(const KernelInit& k, int spatial) {
  PoolAttrs a = pool_attrs(k.def, k.attrs, spatial);
  KernelFn fn;
  dispatch(FloatTypes{}, k.input_type(1),
           [&]<class T>() { fn = [a](KernelContext& c) { average_pool_grad<T>(c, a); }; });
  return fn;
}

AttrMap pool_grad_attrs(Ints ksize, Ints strides, const char* padding) {
  return {{"ksize", std::move(ksize)}, {"strides", std::move(strides)}, {"padding", std::string(padding)}};
}

// What the gradient of max pooling's gradient asks for: of every window the element of `grad` that lies where
// the first input that equals the output is.
template <class T>
void max_pool_grad_grad(KernelContext& c, const PoolAttrs& a) {
  if (c.output(0).num_elements() == 0) return;
  ConvGeometry g = pool_geometry(a, c.input(0).shape(), c.output(0).shape());
  const T *in = c.in<T>(0), *maxima = c.in<T>(1), *grad = c.in<T>(2);
  T* out = c.out<T>(0);
  int64_t channels = g.in_channels, image = g.in_positions() * channels,
          out_image = g.out_positions() * channels;
  parallel_for(c.threads(), g.batch, double(out_image * g.taps()), [&](int64_t from, int64_t to) {
    std::vector<int64_t> best(static_cast<size_t>(channels));
    for (int64_t n = from; n < to; ++n) {
      const T* x = in + n * image;
      for (int64_t p = 0; p < g.out_positions(); ++p) {
        const T* m = maxima + n * out_image + p * g.out_step();
        std::fill(best.begin(), best.end(), -1);
        for_window(g, p, [&](int64_t at) {
          for (int64_t ch = 0; ch < channels; ++ch) {
            int64_t i = at * g.in_step() + ch * g.in_channel_step();
            int64_t& b = best[size_t(ch)];
            if (b < 0 && compute_t<T>(x[i]) == compute_t<T>(m[ch * g.out_channel_step()])) b = i;
          }
        });
        T* o = out + n * out_image + p * g.out_step();
        for (int64_t ch = 0; ch < channels; ++ch) {
          int64_t b = best[size_t(ch)];
          o[ch * g.out_channel_step()] = b < 0 ? T(0) : grad[n * image + b];
        }
      }
    }
  });
}

void infer_max_pool_grad_grad(InferContext& c, int spatial) {
  PoolAttrs a = pool_attrs(c, spatial);
  Shape input = c.with_rank(0, a.window.rank());
  check_pool_grad_shapes(c, a, input, 1, 1);
  if (!input.is_compatible_with(c.with_rank(2, a.window.rank())))
    c.fail(cat("Expected grad shape to be ", input.str(), ", but got ", c.shape(2).str()));
  c.set_output(0, merge_shapes(pool_shape(c, a, input), c.shape(1)));
}

KernelFn max_pool_grad_grad_kernel(const KernelInit& k, int spatial) {
  PoolAttrs a = pool_attrs(k.def, k.attrs, spatial);
  KernelFn fn;
  dispatch(RealTypes{}, k.input_type(0),
           [&]<class T>() { fn = [a](KernelContext& c) { max_pool_grad_grad<T>(c, a); }; });
  return fn;
}

void gradient_of_grad_grad(GradientContext& g, const char* name) {
  g.set(0, grad::zeros_like(g.input(0)));
  g.set(1, grad::zeros_like(g.input(1)));
  if (g.needs(2)) g.set(2, grad::same(g, name, {g.input(0), g.input(1), g.grad()}));
}

FLOE_OP("MaxPoolGrad", op) {
  op.in("orig_input:T, orig_output:T, grad:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=4; strides:list(int)>=4; padding:{'SAME','VALID','EXPLICIT'}; "
          "explicit_paddings:list(int)=[]; "
          "data_format:{'NHWC','NCHW'}='NHWC'; "
          "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}=float");
  op.infer([](InferContext& c) { infer_max_pool_grad(c, 2); });
  op.kernel([](const KernelInit& k) { return max_pool_grad_kernel<RealTypes>(k, 2); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 5, 6, 3}, t), s.random({2, 3, 3, 3}, t), s.random({2, 3, 3, 3}, t)},
            pool_grad_attrs({1, 2, 3, 1}, {1, 2, 2, 1}, "SAME"));
    });
    s.add({Samples::filled({1, 4, 4, 2}, 1), Samples::filled({1, 3, 3, 2}, 1), s.random({1, 3, 3, 2})},
          pool_grad_attrs({1, 2, 2, 1}, {1, 1, 1, 1}, "VALID"));
    s.fails("Expected grad shape to be [1,1,2,1], but got [1,1,3,1]",
            {s.random({1, 2, 3, 1}), s.random({1, 1, 2, 1}), s.random({1, 1, 3, 1})},
            pool_grad_attrs({1, 2, 2, 1}, {1, 2, 1, 1}, "VALID"));
    s.fails("Expected orig_output shape to be [1,1,2,1], but got [1,1,3,1]",
            {s.random({1, 2, 3, 1}), s.random({1, 1, 3, 1}), s.random({1, 1, 2, 1})},
            pool_grad_attrs({1, 2, 2, 1}, {1, 2, 1, 1}, "VALID"));
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::zeros_like(g.input(0)));
    g.set(1, grad::zeros_like(g.input(1)));
    if (g.needs(2)) g.set(2, grad::same(g, "MaxPoolGradGrad", {g.input(0), g.input(1), g.grad()}));
  });
}

FLOE_OP("MaxPool3DGrad", op) {
  op.in("orig_input:TInput, orig_output:TInput, grad:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=5; strides:list(int)>=5; padding:{'SAME','VALID'}; "
          "data_format:{'NDHWC','NCDHW'}='NDHWC'; "
          "T:{half,bfloat16,float}=float; TInput:{half,bfloat16,float}=float");
  op.infer([](InferContext& c) {
    if (c.dtype(0) != c.dtype(2)) c.fail("input and gradient must have the same type");
    infer_max_pool_grad(c, 3);
  });
  op.kernel([](const KernelInit& k) { return max_pool_grad_kernel<Types<float, float16, bfloat16>>(k, 3); });
  op.samples([](Samples& s) {
    s.add(
        {Samples::filled({1, 4, 5, 6, 2}, 1), Samples::filled({1, 2, 5, 3, 2}, 1), s.random({1, 2, 5, 3, 2})},
        pool_grad_attrs({1, 2, 2, 3, 1}, {1, 2, 1, 2, 1}, "SAME"));
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::zeros_like(g.input(0)));
    g.set(1, grad::zeros_like(g.input(1)));
    if (g.needs(2)) g.set(2, grad::same(g, "MaxPool3DGradGrad", {g.input(0), g.input(1), g.grad()}));
  });
}

FLOE_OP("AvgPoolGrad", op) {
  op.in("orig_input_shape:int32, grad:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=4; strides:list(int)>=4; padding:{'SAME','VALID'}; "
          "data_format:{'NHWC','NCHW'}='NHWC'; "
          "T:{half,bfloat16,float,double}");
  op.infer([](InferContext& c) { infer_average_pool_grad(c, 2); });
  op.kernel([](const KernelInit& k) { return average_pool_grad_kernel(k, 2); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({Samples::i32({2, 5, 6, 3}), s.random({2, 3, 3, 3}, t)},
            pool_grad_attrs({1, 2, 3, 1}, {1, 2, 2, 1}, "SAME"));
    });
    s.add({Samples::i32({1, 4, 4, 2}), s.random({1, 3, 3, 2})},
          pool_grad_attrs({1, 2, 2, 1}, {1, 1, 1, 1}, "VALID"));
    s.fails("Shape must be rank 4 but is rank 3", {Samples::i32({1, 2, 3}), s.random({1, 1, 2, 1})},
            pool_grad_attrs({1, 2, 2, 1}, {1, 2, 1, 1}, "VALID"));
    s.fails("Expected grad shape to be [1,1,2,1], but got [1,1,5,1]",
            {Samples::i32({1, 2, 3, 1}), s.random({1, 1, 5, 1})},
            pool_grad_attrs({1, 2, 2, 1}, {1, 2, 1, 1}, "VALID"));
  });
  op.gradient([](GradientContext& g) { g.set(1, grad::same(g, "AvgPool", {g.grad()})); });
}

FLOE_OP("AvgPool3DGrad", op) {
  op.in("orig_input_shape:int32, grad:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=5; strides:list(int)>=5; padding:{'SAME','VALID'}; "
          "data_format:{'NDHWC','NCDHW'}='NDHWC'; "
          "T:{half,bfloat16,float,double}");
  op.infer([](InferContext& c) { infer_average_pool_grad(c, 3); });
  op.kernel([](const KernelInit& k) { return average_pool_grad_kernel(k, 3); });
  op.samples([](Samples& s) {
    s.add({Samples::i32({1, 4, 5, 6, 2}), s.random({1, 2, 5, 3, 2})},
          pool_grad_attrs({1, 2, 2, 3, 1}, {1, 2, 1, 2, 1}, "SAME"));
  });
  op.gradient([](GradientContext& g) { g.set(1, grad::same(g, "AvgPool3D", {g.grad()})); });
}

FLOE_OP("MaxPoolGradGrad", op) {
  op.in("orig_input:T, orig_output:T, grad:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=4; strides:list(int)>=4; padding:{'SAME','VALID'}; "
          "data_format:{'NHWC','NCHW'}='NHWC'; "
          "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}");
  op.infer([](InferContext& c) { infer_max_pool_grad_grad(c, 2); });
  op.kernel([](const KernelInit& k) { return max_pool_grad_grad_kernel(k, 2); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 5, 6, 3}, t), s.random({2, 3, 3, 3}, t), s.random({2, 5, 6, 3}, t)},
            pool_grad_attrs({1, 2, 3, 1}, {1, 2, 2, 1}, "SAME"));
    });
    s.fails("Expected grad shape to be [1,2,3,1], but got [1,1,3,1]",
            {s.random({1, 2, 3, 1}), s.random({1, 1, 2, 1}), s.random({1, 1, 3, 1})},
            pool_grad_attrs({1, 2, 2, 1}, {1, 2, 1, 1}, "VALID"));
  });
  op.gradient([](GradientContext& g) { gradient_of_grad_grad(g, "MaxPoolGrad"); });
}

FLOE_OP("MaxPool3DGradGrad", op) {
  op.in("orig_input:T, orig_output:T, grad:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=5; strides:list(int)>=5; padding:{'SAME','VALID'}; "
          "data_format:{'NDHWC','NCDHW'}='NDHWC'; "
          "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}");
  op.infer([](InferContext& c) { infer_max_pool_grad_grad(c, 3); });
  op.kernel([](const KernelInit& k) { return max_pool_grad_grad_kernel(k, 3); });
  op.samples([](Samples& s) {
    for (const char* padding : {"SAME", "VALID"})
      s.add({Samples::filled({1, 4, 5, 6, 2}, 1), Samples::filled({1, 2, 5, 3, 2}, 1),
             s.random({1, 4, 5, 6, 2})},
            pool_grad_attrs({1, 2, 1, 2, 1}, {1, 2, 1, 2, 1}, padding));
  });
  op.gradient([](GradientContext& g) { gradient_of_grad_grad(g, "MaxPool3DGrad"); });
}

// As MaxPoolGrad, with window and strides as inputs.
FLOE_OP("MaxPoolGradV2", op) {
  op.in("orig_input:T, orig_output:T, grad:T, ksize:int32, strides:int32")
      .out("output:T")
      .attrs(
          "padding:{'SAME','VALID'}; data_format:{'NHWC','NCHW'}='NHWC'; "
          "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}=float");
  op.infer([](InferContext& c) {
    Shape input = c.with_rank(0, 4);
    for (int i : {3, 4})
      if (int64_t n = c.with_rank(i, 1)[0]; n >= 0 && n != 4)
        c.fail(cat("Sliding window ", i == 3 ? "ksize" : "strides",
                   " field must specify 4 dimensions: Dimension must be 4 but is ", n));
    auto ksize = c.int_value(3), strides = c.int_value(4);
    if (ksize && strides) {
      try {
        check_pool_grad_shapes(c, pool_attrs(c.def(), c.attrs(), 2, *ksize, *strides), input, 1, 2);
      } catch (const InvalidArgument& e) {
        std::string what = e.what();
        if (what.rfind(c.def().name, 0) == 0) throw;
        c.fail(what);
      }
    }
    c.set_output(0, input);
  });
  op.fails_on_values();
  op.kernel([](const KernelInit& k) {
    const OpDef* def = &k.def;
    AttrMap attrs = k.attrs;
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
      fn = [def, attrs](KernelContext& c) {
        max_pool_grad<T>(c, pool_attrs(*def, attrs, 2, c.ints(3), c.ints(4)));
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt32})
      s.add({s.random({2, 5, 6, 3}, t), s.random({2, 3, 3, 3}, t), s.random({2, 3, 3, 3}, t),
             Samples::i32({1, 2, 3, 1}), Samples::i32({1, 2, 2, 1})},
            {{"padding", std::string("SAME")}});
    s.fails("Sliding window ksize field must specify 4 dimensions",
            {s.random({1, 4, 4, 1}), s.random({1, 2, 2, 1}), s.random({1, 2, 2, 1}), Samples::i32({2, 2}),
             Samples::i32({1, 2, 2, 1})},
            {{"padding", std::string("VALID")}});
  });
}

}  // namespace
}  // namespace floe
