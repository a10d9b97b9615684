// MaxPool, MaxPoolV2, MaxPool3D, AvgPool, AvgPool3D, MaxPoolWithArgmax.
#include <limits>
#include <vector>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/samples.h"
#include "floe/ops/gradients.h"
#include "floe/ops/nn/pool_geometry.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

using PoolTypes =
    Types<float, double, float16, bfloat16, int32_t, int64_t, uint8_t, int16_t, int8_t, uint16_t>;
using Ints = std::vector<int64_t>;

/// Runs row(image in, image out, output position, scratch of one value per channel) for all output positions.
template <class T, class S, class Row>
void for_pool_rows(KernelContext& c, const ConvGeometry& g, Row&& row) {
  const T* in = c.in<T>(0);
  T* out = c.out<T>(0);
  int64_t positions = g.out_positions();
  double cost = double(g.taps()) * double(g.in_channels);
  parallel_for(c.threads(), g.batch * positions, cost, [&](int64_t from, int64_t to) {
    std::vector<S> acc(static_cast<size_t>(g.out_channels));
    for (int64_t i = from; i < to; ++i) {
      int64_t n = i / positions, p = i % positions;
      row(in + n * g.in_positions() * g.in_channels, p, acc.data());
      T* o = out + n * positions * g.out_channels + p * g.out_step();
      for (int64_t ch = 0; ch < g.out_channels; ++ch) o[ch * g.out_channel_step()] = T(acc[size_t(ch)]);
    }
  });
}

// NaN never wins: a window of NaN gives the lowest finite number, as TensorFlow's CPU kernels have it.
template <class T>
compute_t<T> pool_lowest() {
  if constexpr (std::is_same_v<T, float16>)
    return -65504.0f;
  else if constexpr (std::is_same_v<T, bfloat16>)
    return float(std::bit_cast<bfloat16>(uint16_t(0xff7f)));
  else
    return std::numeric_limits<T>::lowest();
}

template <class T>
void max_pool(KernelContext& c, const PoolAttrs& a) {
  using S = compute_t<T>;
  if (c.output(0).num_elements() == 0) return;
  ConvGeometry g = pool_geometry(a, c.input(0).shape(), c.output(0).shape());
  int64_t step = g.in_step(), channel_step = g.in_channel_step(), channels = g.out_channels, depth = a.depth;
  for_pool_rows<T, S>(c, g, [&](const T* image, int64_t p, S* acc) {
    std::fill_n(acc, channels, pool_lowest<T>());
    for_window(g, p, [&](int64_t at) {
      const T* x = image + at * step;
      if (depth == 1) {
        for (int64_t ch = 0; ch < channels; ++ch) {
          S v = S(x[ch * channel_step]);
          acc[ch] = v > acc[ch] ? v : acc[ch];
        }
        return;
      }
      for (int64_t ch = 0; ch < g.in_channels; ++ch) {
        S v = S(x[ch * channel_step]);
        S& m = acc[ch / depth];
        m = v > m ? v : m;
      }
    });
  });
}

template <class T>
void average_pool(KernelContext& c, const PoolAttrs& a) {
  using S = compute_t<T>;
  if (c.output(0).num_elements() == 0) return;
  ConvGeometry g = pool_geometry(a, c.input(0).shape(), c.output(0).shape());
  int64_t step = g.in_step(), channel_step = g.in_channel_step(), channels = g.out_channels;
  for_pool_rows<T, S>(c, g, [&](const T* image, int64_t p, S* acc) {
    std::fill_n(acc, channels, S(0));
    for_window(g, p, [&](int64_t at) {
      const T* x = image + at * step;
      for (int64_t ch = 0; ch < channels; ++ch) acc[ch] += S(x[ch * channel_step]);
    });
    S count = S(window_count(g, p));
    for (int64_t ch = 0; ch < channels; ++ch) acc[ch] /= count;
  });
}

KernelFn max_pool_kernel(const KernelInit& k, int spatial) {
  PoolAttrs a = pool_attrs(k.def, k.attrs, spatial);
  KernelFn fn;
  dispatch(PoolTypes{}, k.input_type(0),
           [&]<class T>() { fn = [a](KernelContext& c) { max_pool<T>(c, a); }; });
  return fn;
}

KernelFn average_pool_kernel(const KernelInit& k, int spatial) {
  PoolAttrs a = pool_attrs(k.def, k.attrs, spatial);
  KernelFn fn;
  dispatch(FloatTypes{}, k.input_type(0),
           [&]<class T>() { fn = [a](KernelContext& c) { average_pool<T>(c, a); }; });
  return fn;
}

AttrMap pool_sample_attrs(Ints ksize, Ints strides, const char* padding, const char* format = nullptr) {
  AttrMap m{{"ksize", std::move(ksize)}, {"strides", std::move(strides)}, {"padding", std::string(padding)}};
  if (format) m.set("data_format", std::string(format));
  return m;
}

void pool2d_samples(Samples& s) {
  s.each_type("T", [&](DType t) {
    s.add({s.random({2, 5, 6, 3}, t)}, pool_sample_attrs({1, 2, 3, 1}, {1, 2, 2, 1}, "SAME"));
  });
  s.add({s.random({1, 5, 6, 3})}, pool_sample_attrs({1, 3, 2, 1}, {1, 1, 2, 1}, "VALID"));
  s.add({s.random({1, 4, 4, 2})}, pool_sample_attrs({1, 4, 4, 1}, {1, 1, 1, 1}, "VALID"));
  s.add({s.random({1, 5, 5, 2})}, pool_sample_attrs({1, 1, 1, 1}, {1, 2, 2, 1}, "SAME"));
  s.add({s.random({1, 3, 5, 4})}, pool_sample_attrs({1, 1, 2, 3}, {1, 1, 2, 1}, "SAME", "NCHW"));
  s.add({s.random({0, 4, 4, 3})}, pool_sample_attrs({1, 2, 2, 1}, {1, 2, 2, 1}, "SAME"));
  s.fails("Negative dimension size caused by subtracting 5 from 4", {s.random({1, 4, 4, 3})},
          pool_sample_attrs({1, 5, 5, 1}, {1, 1, 1, 1}, "VALID"));
  s.fails("Shape must be rank 4 but is rank 3", {s.random({4, 4, 3})},
          pool_sample_attrs({1, 2, 2, 1}, {1, 1, 1, 1}, "VALID"));
  s.fails("Stride must be > 0, but got 0", {s.random({1, 4, 4, 3})},
          pool_sample_attrs({1, 2, 2, 1}, {1, 0, 1, 1}, "VALID"));
  s.fails("Pooling is not yet supported on the batch dimension", {s.random({2, 4, 4, 3})},
          pool_sample_attrs({2, 2, 2, 1}, {1, 1, 1, 1}, "VALID"));
}

FLOE_OP("MaxPool", op) {
  op.in("input:T")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double,int32,int64,uint8,int16,int8,uint16,qint8}=float; "
          "ksize:list(int)>=4; "
          "strides:list(int)>=4; padding:{'SAME','VALID','EXPLICIT'}; explicit_paddings:list(int)=[]; "
          "data_format:{'NHWC','NCHW','NCHW_VECT_C'}='NHWC'");
  op.infer(infer_pool2d);
  op.kernel([](const KernelInit& k) { return max_pool_kernel(k, 2); });
  op.samples([](Samples& s) {
    pool2d_samples(s);
    s.add({s.random({1, 2, 3, 6})}, pool_sample_attrs({1, 1, 1, 3}, {1, 1, 1, 3}, "SAME"));
    s.add({Samples::numbers({1, 1, 6, 1}, {1, NAN, 3, NAN, NAN, -INFINITY})},
          pool_sample_attrs({1, 1, 2, 1}, {1, 1, 1, 1}, "SAME"));
    AttrMap padded = pool_sample_attrs({1, 2, 2, 1}, {1, 2, 2, 1}, "EXPLICIT");
    padded.set("explicit_paddings", Ints{0, 0, 1, 1, 0, 1, 0, 0});
    s.add({s.random({1, 4, 4, 2})}, padded);
    s.fails("evenly divide the input depth", {s.random({1, 2, 3, 4})},
            pool_sample_attrs({1, 1, 1, 3}, {1, 1, 1, 3}, "SAME"));
    s.fails("exactly one of pooling across depth", {s.random({1, 2, 3, 4})},
            pool_sample_attrs({1, 2, 1, 2}, {1, 1, 1, 2}, "SAME"));
  });
  op.gradient(
      [](GradientContext& g) { g.set(0, grad::same(g, "MaxPoolGrad", {g.input(0), g.output(), g.grad()})); });
}

FLOE_OP("MaxPoolV2", op) {
  op.in("input:T, ksize:int32, strides:int32")
      .out("output:T")
      .attrs(
          "T:{half,bfloat16,float,double,int32,int64,uint8,int16,int8,uint16,qint8}=float; "
          "padding:{'SAME','VALID'}; "
          "data_format:{'NHWC','NCHW','NCHW_VECT_C'}='NHWC'");
  op.infer([](InferContext& c) {
    Shape input = c.with_rank(0, 4);
    for (int i : {1, 2})
      if (int64_t n = c.with_rank(i, 1)[0]; n >= 0 && n != 4)
        c.fail(cat("Sliding window ", i == 1 ? "ksize" : "strides",
                   " field must specify 4 dimensions: Dimension must be 4 but is ", n));
    auto ksize = c.int_value(1), strides = c.int_value(2);
    Shape out = Shape::unknown_of_rank(4);
    out.set_dim(0, input[0]);
    if (ksize && strides) {
      try {
        out = pool_shape(c, pool_attrs(c.def(), c.attrs(), 2, *ksize, *strides), input);
      } catch (const InvalidArgument& e) {
        std::string what = e.what();
        if (what.rfind(c.def().name, 0) == 0) throw;
        c.fail(what);
      }
    }
    c.set_output(0, out);
  });
  op.kernel([](const KernelInit& k) {
    const OpDef* def = &k.def;
    AttrMap attrs = k.attrs;
    KernelFn fn;
    dispatch(PoolTypes{}, k.input_type(0), [&]<class T>() {
      fn = [def, attrs](KernelContext& c) {
        max_pool<T>(c, pool_attrs(*def, attrs, 2, c.ints(1), c.ints(2)));
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 5, 6, 3}, t), Samples::i32({1, 2, 3, 1}), Samples::i32({1, 2, 2, 1})},
            {{"padding", std::string("SAME")}});
    });
    s.add({s.random({1, 5, 6, 2}), Samples::i32({1, 3, 2, 1}), Samples::i32({1, 1, 2, 1})},
          {{"padding", std::string("VALID")}});
    s.fails("Sliding window ksize field must specify 4 dimensions",
            {s.random({1, 5, 6, 2}), Samples::i32({1, 3, 2}), Samples::i32({1, 1, 2, 1})},
            {{"padding", std::string("VALID")}});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "MaxPoolGradV2", {g.input(0), g.output(), g.grad(), g.input(1), g.input(2)}));
  });
}

FLOE_OP("MaxPool3D", op) {
  op.in("input:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=5; strides:list(int)>=5; padding:{'SAME','VALID'}; "
          "data_format:{'NDHWC','NCDHW'}='NDHWC'; "
          "T:{half,bfloat16,float}");
  op.infer(infer_pool3d);
  op.kernel([](const KernelInit& k) { return max_pool_kernel(k, 3); });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kBfloat16})
      s.add({s.random({1, 4, 5, 6, 2}, t)}, pool_sample_attrs({1, 2, 2, 3, 1}, {1, 2, 1, 2, 1}, "SAME"));
    s.add({s.random({1, 4, 5, 6, 2})}, pool_sample_attrs({1, 2, 3, 2, 1}, {1, 1, 2, 2, 1}, "VALID"));
    s.add({s.random({1, 2, 4, 5, 3})}, pool_sample_attrs({1, 1, 2, 3, 2}, {1, 1, 2, 2, 2}, "SAME", "NCDHW"));
    s.fails("Negative dimension size", {s.random({1, 4, 5, 6, 2})},
            pool_sample_attrs({1, 5, 3, 2, 1}, {1, 1, 2, 2, 1}, "VALID"));
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "MaxPool3DGrad", {g.input(0), g.output(), g.grad()}));
  });
}

FLOE_OP("AvgPool", op) {
  op.in("value:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=4; strides:list(int)>=4; padding:{'SAME','VALID'}; "
          "data_format:{'NHWC','NCHW'}='NHWC'; "
          "T:{half,bfloat16,float,double}");
  op.infer(infer_pool2d);
  op.kernel([](const KernelInit& k) { return average_pool_kernel(k, 2); });
  op.samples([](Samples& s) {
    pool2d_samples(s);
    s.fails("Non-spatial pooling is not yet supported", {s.random({1, 2, 3, 4})},
            pool_sample_attrs({1, 1, 1, 2}, {1, 1, 1, 2}, "SAME"));
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "AvgPoolGrad", {grad::shape_of(g.input(0)), g.grad()}));
  });
}

FLOE_OP("AvgPool3D", op) {
  op.in("input:T")
      .out("output:T")
      .attrs(
          "ksize:list(int)>=5; strides:list(int)>=5; padding:{'SAME','VALID'}; "
          "data_format:{'NDHWC','NCDHW'}='NDHWC'; "
          "T:{half,bfloat16,float,double}");
  op.infer(infer_pool3d);
  op.kernel([](const KernelInit& k) { return average_pool_kernel(k, 3); });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kBfloat16})
      s.add({s.random({1, 4, 5, 6, 2}, t)}, pool_sample_attrs({1, 2, 2, 3, 1}, {1, 2, 1, 2, 1}, "SAME"));
    s.add({s.random({1, 4, 5, 6, 2})}, pool_sample_attrs({1, 2, 3, 2, 1}, {1, 1, 2, 2, 1}, "VALID"));
    s.add({s.random({1, 2, 4, 5, 3})}, pool_sample_attrs({1, 1, 2, 3, 2}, {1, 1, 2, 2, 2}, "SAME", "NCDHW"));
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "AvgPool3DGrad", {grad::shape_of(g.input(0)), g.grad()}));
  });
}

template <class T, class I>
void max_pool_with_argmax(KernelContext& c, const PoolAttrs& a, bool with_batch) {
  ConvGeometry g = pool_geometry(a, c.input(0).shape(), c.output(0).shape());
  const T* in = c.in<T>(0);
  T* out = c.out<T>(0);
  I* arg = c.out<I>(1);
  int64_t channels = g.in_channels, image = g.in_positions() * channels;
  parallel_for(c.threads(), g.batch * g.out_positions(), double(g.taps() * channels),
               [&](int64_t from, int64_t to) {
                 std::vector<int64_t> best(static_cast<size_t>(channels));
                 for (int64_t i = from; i < to; ++i) {
                   int64_t n = i / g.out_positions(), p = i % g.out_positions();
                   const T* x = in + n * image;
                   std::fill(best.begin(), best.end(), -1);
                   for_window(g, p, [&](int64_t at) {
                     for (int64_t ch = 0; ch < channels; ++ch) {
                       int64_t& b = best[size_t(ch)];
                       if (b < 0 || compute_t<T>(x[at * channels + ch]) > compute_t<T>(x[b]))
                         b = at * channels + ch;
                     }
                   });
                   for (int64_t ch = 0; ch < channels; ++ch) {
                     out[i * channels + ch] = x[best[size_t(ch)]];
                     arg[i * channels + ch] = I(best[size_t(ch)] + (with_batch ? n * image : 0));
                   }
                 }
               });
}

FLOE_OP("MaxPoolWithArgmax", op) {
  op.in("input:T")
      .out("output:T, argmax:Targmax")
      .attrs(
          "ksize:list(int)>=4; strides:list(int)>=4; Targmax:{int32,int64}=int64; padding:{'SAME','VALID'}; "
          "include_batch_in_index:bool=false; "
          "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}");
  op.infer([](InferContext& c) {
    infer_pool2d(c);
    if (pool_attrs(c, 2).depth != 1) c.fail("Depthwise max pooling with argmax is not supported");
    c.set_output(1, c.output_shape(0));
  });
  op.kernel([](const KernelInit& k) {
    PoolAttrs a = pool_attrs(k.def, k.attrs, 2);
    bool with_batch = k.attr<bool>("include_batch_in_index"), narrow = k.output_type(1) == DType::kInt32;
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
      fn = [=](KernelContext& c) {
        if (c.output(0).num_elements() == 0) return;
        narrow ? max_pool_with_argmax<T, int32_t>(c, a, with_batch)
               : max_pool_with_argmax<T, int64_t>(c, a, with_batch);
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    AttrMap same = pool_sample_attrs({1, 2, 3, 1}, {1, 2, 2, 1}, "SAME");
    s.each_type("T", [&](DType t) { s.add({s.random({2, 4, 5, 2}, t)}, same); });
    same.set("include_batch_in_index", true);
    s.add({s.random({2, 4, 5, 2})}, same);
    same.set("Targmax", DType::kInt32);
    s.add({s.random({2, 4, 5, 2})}, same);
    s.add({Samples::filled({1, 4, 4, 2}, 0)}, pool_sample_attrs({1, 2, 2, 1}, {1, 2, 2, 1}, "VALID"));
  });
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(0);
    Tensor at = grad::cast(g.output(1), DType::kInt64), shape = grad::shape_of(x);
    if (!g.attr<bool>("include_batch_in_index")) {
      Tensor batch = grad::entry(shape, grad::int32_scalar(0));
      Tensor first = grad::range(grad::int32_scalar(0), batch) *
                     grad::product(grad::op("Slice", {shape, grad::int32s({1}), grad::int32s({-1})}));
      at = at + grad::cast(grad::reshape(first, grad::int32s({-1, 1, 1, 1})), DType::kInt64);
    }
    g.set(0, grad::reshape(
                 grad::op("UnsortedSegmentSum", {grad::flat(g.grad()), grad::flat(at), grad::size_of(x)}),
                 shape));
  });
}

}  // namespace
}  // namespace floe
