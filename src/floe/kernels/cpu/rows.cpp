// Softmax, reductions along rows or columns, and pooling of float32.
#include "floe/kernels/cpu/simd/rows.h"
#include "floe/base/threads.h"
#include "floe/kernels/cpu/simd/pool.h"
#include "floe/op/conv_geometry.h"
#include "floe/op/kernel.h"

namespace floe::cpu {
namespace {

KernelFn softmax_kernel(const KernelInit& k, bool logarithm) {
  if (k.input_type(0) != DType::kFloat32) return {};
  return [logarithm](KernelContext& c) {
    const Tensor& x = c.input(0);
    if (x.num_elements() == 0) return;
    int64_t n = x.dim(-1);
    const float* from = x.data<float>();
    float* to = c.out<float>(0);
    parallel_for(c.threads(), x.num_elements() / n, double(n) * 0.4, [&](int64_t a, int64_t b) {
      simd::softmax_rows(from + a * n, b - a, n, n, to + a * n, n, logarithm);
    });
  };
}

FLOE_KERNEL("Softmax", 10, k) { return softmax_kernel(k, false); }
FLOE_KERNEL("LogSoftmax", 10, k) { return softmax_kernel(k, true); }

// Reduced dimensions side by side split a shape into [outer, reduced, inner].
struct Split {
  int64_t outer = 1, reduced = 1, inner = 1;
  bool ok = false;
};

Split split_axes(const Shape& s, std::vector<int64_t> axes) {
  Split r;
  std::vector<char> cut(size_t(s.rank()), 0);
  for (int64_t a : axes) {
    if (a < -s.rank() || a >= s.rank()) return r;
    cut[size_t(a < 0 ? a + s.rank() : a)] = 1;
  }
  int d = 0;
  for (; d < s.rank() && (!cut[size_t(d)] || s[d] == 1); ++d) r.outer *= s[d];
  for (; d < s.rank() && (cut[size_t(d)] || s[d] == 1); ++d) r.reduced *= s[d];
  for (; d < s.rank() && (!cut[size_t(d)] || s[d] == 1); ++d) r.inner *= s[d];
  r.ok = d == s.rank() && !axes.empty();
  return r;
}

KernelFn reduce_kernel(const KernelInit& k, simd::Reduction op) {
  if (k.input_type(0) != DType::kFloat32 || !k.constant(1) || !k.static_shapes()) return {};
  const Tensor& t = *k.constant(1);
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < t.num_elements(); ++i)
    axes.push_back(t.dtype() == DType::kInt32 ? t.data<int32_t>()[i] : t.data<int64_t>()[i]);
  Split s = split_axes(k.input_shapes[0], axes);
  if (!s.ok || s.reduced == 0 || s.outer * s.inner == 0) return {};
  // A mean over very long columns would need the reference kernel's pairwise care.
  if (s.inner > 1 && s.reduced > (1 << 16)) return {};
  return [s, op](KernelContext& c) {
    const float* x = c.in<float>(0);
    float* y = c.out<float>(0);
    double cost = double(s.reduced) * double(s.inner) * 0.08;
    parallel_for(c.threads(), s.outer, cost, [&](int64_t from, int64_t to) {
      if (s.inner == 1)
        return simd::reduce_rows(op, x + from * s.reduced, to - from, s.reduced, s.reduced, y + from);
      for (int64_t i = from; i < to; ++i)
        simd::reduce_columns(op, x + i * s.reduced * s.inner, s.reduced, s.inner, s.inner, y + i * s.inner);
    });
  };
}

FLOE_KERNEL("Mean", 10, k) { return reduce_kernel(k, simd::Reduction::kMean); }
FLOE_KERNEL("Sum", 10, k) { return reduce_kernel(k, simd::Reduction::kSum); }
FLOE_KERNEL("Max", 10, k) { return reduce_kernel(k, simd::Reduction::kMax); }
FLOE_KERNEL("Min", 10, k) { return reduce_kernel(k, simd::Reduction::kMin); }

KernelFn pool_kernel(const KernelInit& k, bool max) {
  if (k.input_type(0) != DType::kFloat32 || !k.static_shapes()) return {};
  auto size = k.attr<std::vector<int64_t>>("ksize");
  if (k.attrs.get_or<std::string>("data_format", "NHWC") != "NHWC" || size[0] != 1 || size[3] != 1) return {};
  WindowAttrs attrs = window_attrs(k.def, k.attrs, 2);
  const Shape &in = k.input_shapes[0], &out = k.output_shapes[0];
  if (in.num_elements() == 0 || out.num_elements() == 0) return {};
  simd::PoolArgs a;
  a.batch = in[0];
  a.height = in[1];
  a.width = in[2];
  a.channels = a.x_stride = a.y_stride = in[3];
  a.out_height = out[1];
  a.out_width = out[2];
  WindowDim d[2];
  for (int i = 0; i < 2; ++i) {
    d[i] = window_dim(attrs.padding, in[i + 1], size[size_t(i + 1)], attrs.stride[size_t(i)], 1,
                      attrs.before[size_t(i)], attrs.after[size_t(i)]);
    // Windows that lie in the padding altogether are left to the reference kernel.
    if (d[i].before >= d[i].kernel || d[i].start(d[i].out - 1) >= d[i].in) return {};
  }
  a.kernel_h = int(d[0].kernel);
  a.kernel_w = int(d[1].kernel);
  a.stride_h = int(d[0].stride);
  a.stride_w = int(d[1].stride);
  a.pad_top = int(d[0].before);
  a.pad_left = int(d[1].before);
  return [a, max](KernelContext& c) {
    simd::PoolArgs b = a;
    b.x = c.in<float>(0);
    b.y = c.out<float>(0);
    double cost = double(a.out_width * a.channels) * double(a.kernel_h * a.kernel_w) * 0.05;
    parallel_for(c.threads(), a.batch * a.out_height, cost,
                 [&](int64_t from, int64_t to) { (max ? simd::max_pool : simd::average_pool)(b, from, to); });
  };
}

FLOE_KERNEL("MaxPool", 10, k) { return pool_kernel(k, true); }
FLOE_KERNEL("AvgPool", 10, k) { return pool_kernel(k, false); }

}  // namespace
}  // namespace floe::cpu
