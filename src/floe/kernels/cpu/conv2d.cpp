// Convolutions of float32 pictures: chooses among depthwise, 1x1 product, Winograd and oneDNN.
#include <mutex>

#include "floe/base/threads.h"
#include "floe/kernels/cpu/dnnl_conv.h"
#include "floe/kernels/cpu/simd/depthwise.h"
#include "floe/kernels/cpu/simd/direct_conv.h"
#include "floe/kernels/cpu/simd/gemm.h"
#include "floe/kernels/cpu/simd/winograd.h"
#include "floe/tensor/allocator.h"
#include "floe/tensor/deferred.h"

namespace floe::cpu {
namespace {

constexpr double kParallelFlops = 6e6;

// Up to so many outputs own kernels are level with oneDNN or a few percent behind; a net that gets by without
// oneDNN starts faster and needs less memory, because its library is never touched.
constexpr int64_t kLevelOutputs = 1'300'000;
constexpr int64_t kLevelDirectOutputs = 900'000;
constexpr int64_t kFewPositions = 64;

struct Conv {
  enum class Way { kDepthwise, kGemm, kWinograd, kDirect, kGathered, kDnnl } way = Way::kDnnl;
  ConvGeometry g;
  EpilogueSpec epilogue;
  bool keep = false;  // the filter never changes
  std::shared_ptr<DnnlConv> dnnl;
  std::shared_ptr<PackedFloats> packed;
};

// Memory for the time of one run. Small requests are rounded up to one size, so that all layers of a net take
// turns with the same blocks.
class Scratch {
 public:
  explicit Scratch(size_t floats)
      : size_(std::max(floats * sizeof(float), kLeast)), data_(static_cast<float*>(allocate_bytes(size_))) {}
  Scratch(const Scratch&) = delete;
  ~Scratch() { free_bytes(data_, size_); }
  float* data() const { return data_; }

 private:
  static constexpr size_t kLeast = 5 << 18;
  size_t size_;
  float* data_;
};

bool is_pointwise(const ConvGeometry& g) {
  for (int d = 1; d < 3; ++d) {
    const WindowDim& w = g.dim[size_t(d)];
    if (w.kernel != 1 || w.stride != 1 || w.before != 0 || w.out != w.in) return false;
  }
  return g.groups == 1;
}

bool is_winograd(const ConvGeometry& g) {
  for (int d = 1; d < 3; ++d) {
    const WindowDim& w = g.dim[size_t(d)];
    if (w.kernel != 3 || w.stride != 1 || w.dilation != 1) return false;
  }
  return g.groups == 1;
}

simd::WinogradArgs winograd_args(const ConvGeometry& g) {
  simd::WinogradArgs a;
  a.batch = g.batch;
  a.height = g.dim[1].in;
  a.width = g.dim[2].in;
  a.channels = g.in_channels;
  a.out_channels = g.out_channels;
  a.out_height = g.dim[1].out;
  a.out_width = g.dim[2].out;
  a.pad_top = int(g.dim[1].before);
  a.pad_left = int(g.dim[2].before);
  a.x_stride = g.in_channels;
  a.y_stride = g.out_channels;
  return a;
}

simd::DirectConvArgs direct_args(const ConvGeometry& g) {
  simd::DirectConvArgs a;
  a.height = g.dim[1].in;
  a.width = g.dim[2].in;
  a.channels = a.x_stride = g.in_channels;
  a.out_channels = a.y_stride = g.out_channels;
  a.out_height = g.dim[1].out;
  a.out_width = g.dim[2].out;
  a.kernel_h = int(g.dim[1].kernel);
  a.kernel_w = int(g.dim[2].kernel);
  a.stride_h = int(g.dim[1].stride);
  a.stride_w = int(g.dim[2].stride);
  a.pad_top = int(g.dim[1].before);
  a.pad_left = int(g.dim[2].before);
  return a;
}

// First layers: few input channels, whole vectors of output channels.
bool is_direct(const ConvGeometry& g) {
  return g.groups == 1 && g.in_channels <= 4 && g.out_channels % 16 == 0 && g.dim[1].dilation == 1 &&
         g.dim[2].dilation == 1;
}

bool is_finite(const Tensor& t) {
  // By the bits, because a sum of floats would not be vectorised.
  const auto* p = static_cast<const uint32_t*>(t.raw());
  uint32_t special = 0;
  for (int64_t i = 0; i < t.num_elements(); ++i)
    special |= ((p[i] & 0x7f800000u) + 0x00800000u) & 0x80000000u;
  return special == 0;
}

// The windows copied side by side, then one product: level with oneDNN where little is copied.
bool is_gathered(const ConvGeometry& g) {
  return g.groups == 1 && g.in_channels >= 16 &&
         (g.taps() == 1 || g.batch * g.out_positions() <= kFewPositions);
}

std::shared_ptr<PackedFloats> packed_b(const Tensor& filter, const std::string& key, int64_t k, int64_t n) {
  return std::static_pointer_cast<PackedFloats>(get_packed(filter, key, [&] {
    auto p = std::make_shared<PackedFloats>(simd::packed_b_size(k, n));
    simd::pack_b(peek(filter).data<float>(), n, 1, k, n, p->data);
    return p;
  }));
}

// Of no floats when the filter is not finite: Winograd's sums would spread that.
std::shared_ptr<PackedFloats> packed_winograd(const Tensor& filter, int64_t in, int64_t out) {
  return std::static_pointer_cast<PackedFloats>(get_packed(filter, "winograd", [&] {
    Tensor w = peek(filter);
    if (!is_finite(w)) return std::make_shared<PackedFloats>(0);
    auto p = std::make_shared<PackedFloats>(simd::winograd_packed_size(in, out));
    simd::winograd_pack(w.data<float>(), in, out, p->data);
    return p;
  }));
}

// Null when no tuned way fits.
std::shared_ptr<Conv> choose(const ConvGeometry& g, const EpilogueSpec& e, const Tensor* filter,
                             int threads) {
  auto c = std::make_shared<Conv>();
  c->g = g;
  c->epilogue = e;
  c->keep = filter != nullptr;
  if (g.channels_first || g.batch == 0 || g.out_positions() == 0 || g.in_channels == 0 || g.out_channels == 0)
    return nullptr;
  if (g.groups == g.in_channels && g.out_channels == g.in_channels && g.groups > 1) {
    c->way = Conv::Way::kDepthwise;
    return c;
  }
  int64_t outputs = g.batch * g.out_positions() * g.out_channels;
  if (filter && is_pointwise(g) &&
      (outputs < kLevelOutputs ||
       simd::gemm_is_preferred(g.batch * g.out_positions(), g.out_channels, g.in_channels))) {
    c->way = Conv::Way::kGemm;
    c->packed = packed_b(*filter, "gemm", g.in_channels, g.out_channels);
    return c;
  }
  if (filter && is_winograd(g) && simd::winograd_is_preferred(winograd_args(g))) {
    c->packed = packed_winograd(*filter, g.in_channels, g.out_channels);
    c->way = Conv::Way::kWinograd;
    if (c->packed->count) return c;
  }
  if (filter && is_direct(g) &&
      (outputs < kLevelDirectOutputs || simd::direct_conv_is_preferred(direct_args(g)))) {
    c->way = Conv::Way::kDirect;
    c->packed = packed_b(*filter, "direct", g.taps() * g.in_channels, g.out_channels);
    return c;
  }
  if (filter && is_gathered(g) && outputs < kLevelOutputs) {
    c->way = Conv::Way::kGathered;
    c->packed = packed_b(*filter, "direct", g.taps() * g.in_channels, g.out_channels);
    return c;
  }
  // Waking a team costs more than a small convolution.
  double flops =
      2.0 * double(g.batch * g.out_positions()) * double(g.out_channels * g.in_per_group() * g.taps());
  c->way = Conv::Way::kDnnl;
  c->dnnl = DnnlConv::make(g, e, flops < kParallelFlops ? 1 : threads);
  if (!c->dnnl) return nullptr;
  if (filter) c->dnnl->pack(*filter);
  return c;
}

void run_depthwise(const Conv& v, KernelContext& c) {
  const ConvGeometry& g = v.g;
  simd::DepthwiseArgs a;
  a.height = g.dim[1].in;
  a.width = g.dim[2].in;
  a.channels = g.in_channels;
  a.out_height = g.dim[1].out;
  a.out_width = g.dim[2].out;
  a.kernel_h = int(g.dim[1].kernel);
  a.kernel_w = int(g.dim[2].kernel);
  a.stride_h = int(g.dim[1].stride);
  a.stride_w = int(g.dim[2].stride);
  a.dilation_h = int(g.dim[1].dilation);
  a.dilation_w = int(g.dim[2].dilation);
  a.pad_top = int(g.dim[1].before);
  a.pad_left = int(g.dim[2].before);
  a.x_stride = a.y_stride = g.in_channels;
  a.weights = c.in<float>(1);
  a.epilogue = v.epilogue.at(c, g.out_channels);
  const float *x = c.in<float>(0), *residual = a.epilogue.residual;
  float* y = c.out<float>(0);
  int64_t rows = a.out_height, in_size = g.in_positions() * g.in_channels,
          out_size = g.out_positions() * g.out_channels;
  double row_cost = double(a.out_width * a.channels) * double(g.taps()) * 0.03;
  parallel_for(c.threads(), g.batch * rows, row_cost, [&](int64_t from, int64_t to) {
    simd::DepthwiseArgs b = a;
    for (int64_t r = from; r < to;) {
      int64_t n = r / rows, begin = r % rows, end = std::min(rows, begin + to - r);
      b.x = x + n * in_size;
      b.y = y + n * out_size;
      if (residual) b.epilogue.residual = residual + n * out_size;
      simd::depthwise(b, begin, end);
      r += end - begin;
    }
  });
}

// a: [positions, k].
void run_product(const Conv& v, KernelContext& c, const float* from, int64_t k) {
  const ConvGeometry& g = v.g;
  simd::GemmArgs a;
  a.m = g.batch * g.out_positions();
  a.n = g.out_channels;
  a.k = k;
  a.a = from;
  a.lda = a.k;
  a.packed_b = v.packed->data;
  a.c = c.out<float>(0);
  a.ldc = a.n;
  a.epilogue = v.epilogue.at(c, a.n);
  int64_t panels = simd::panel_count(a.n);
  // Few rows: the columns are split instead, so that each thread reads its part of the weights only.
  if (a.m <= kFewPositions && panels >= c.threads())
    parallel_for(c.threads(), panels, double(a.k) * double(a.m) * 0.5,
                 [&](int64_t begin, int64_t end) { simd::gemm(a, 0, a.m, begin, end); });
  else
    parallel_for(c.threads(), a.m, double(a.n) * double(a.k) * 0.008,
                 [&](int64_t begin, int64_t end) { simd::gemm(a, begin, end, 0, panels); });
}

void run_gemm(const Conv& v, KernelContext& c) { run_product(v, c, c.in<float>(0), v.g.in_channels); }

void run_gathered(const Conv& v, KernelContext& c) {
  const ConvGeometry& g = v.g;
  const WindowDim &h = g.dim[1], &w = g.dim[2];
  const float* x = c.in<float>(0);
  int64_t channels = g.in_channels, k = g.taps() * channels, positions = g.batch * g.out_positions();
  Scratch rows(size_t(positions * k));
  parallel_for(c.threads(), positions, double(k) * 0.1, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; ++p) {
      int64_t picture = p / (h.out * w.out), top = h.start(p / w.out % h.out), left = w.start(p % w.out);
      float* row = rows.data() + p * k;
      for (int64_t i = 0; i < h.kernel; ++i)
        for (int64_t j = 0; j < w.kernel; ++j, row += channels) {
          int64_t r = top + i * h.dilation, s = left + j * w.dilation;
          if (r < 0 || s < 0 || r >= h.in || s >= w.in)
            std::fill_n(row, channels, 0.0f);
          else
            std::copy_n(x + ((picture * h.in + r) * w.in + s) * channels, channels, row);
        }
    }
  });
  run_product(v, c, rows.data(), k);
}

void run_winograd(const Conv& v, KernelContext& c) {
  simd::WinogradArgs a = winograd_args(v.g);
  a.x = c.in<float>(0);
  a.y = c.out<float>(0);
  a.packed_weights = v.packed->data;
  a.weights = [&c] { return c.in<float>(1); };
  a.epilogue = v.epilogue.at(c, v.g.out_channels);
  size_t floats = simd::winograd_workspace_size(a);
  double tile_cost = double(a.channels * a.out_channels) * 36 * 0.01;
  parallel_for(c.threads(), simd::winograd_tiles(a), tile_cost, [&](int64_t from, int64_t to) {
    Scratch workspace(floats);
    simd::winograd(a, workspace.data(), from, to);
  });
}

void run_direct(const Conv& v, KernelContext& c) {
  const ConvGeometry& g = v.g;
  simd::DirectConvArgs a = direct_args(g);
  a.packed_weights = v.packed->data;
  a.epilogue = v.epilogue.at(c, g.out_channels);
  const float *x = c.in<float>(0), *residual = a.epilogue.residual;
  float* y = c.out<float>(0);
  int64_t rows = a.out_height, in_size = g.in_positions() * g.in_channels,
          out_size = g.out_positions() * g.out_channels;
  size_t floats = simd::direct_conv_workspace_size(a);
  double row_cost = double(a.out_width * g.out_channels) * double(g.taps() * g.in_channels) * 0.01;
  parallel_for(c.threads(), g.batch * rows, row_cost, [&](int64_t from, int64_t to) {
    Scratch workspace(floats);
    simd::DirectConvArgs b = a;
    for (int64_t r = from; r < to;) {
      int64_t n = r / rows, begin = r % rows, end = std::min(rows, begin + to - r);
      b.x = x + n * in_size;
      b.y = y + n * out_size;
      if (residual) b.epilogue.residual = residual + n * out_size;
      simd::direct_conv(b, workspace.data(), begin, end);
      r += end - begin;
    }
  });
}

void run(const Conv& v, KernelContext& c) {
  switch (v.way) {
    case Conv::Way::kDirect:
      return run_direct(v, c);
    case Conv::Way::kDepthwise:
      return run_depthwise(v, c);
    case Conv::Way::kGemm:
      return run_gemm(v, c);
    case Conv::Way::kWinograd:
      return run_winograd(v, c);
    case Conv::Way::kGathered:
      return run_gathered(v, c);
    case Conv::Way::kDnnl: {
      const EpilogueSpec& e = v.epilogue;
      return v.dnnl->run(c.in<float>(0), c.input(1), v.keep, e.bias >= 0 ? c.in<float>(e.bias) : nullptr,
                         e.residual >= 0 ? c.in<float>(e.residual) : nullptr, c.out<float>(0));
    }
  }
}

// Convolutions made while running, for shapes that only then are known.
struct ByShape {
  std::mutex mutex;
  std::vector<std::pair<std::vector<Shape>, std::shared_ptr<Conv>>> made;
};

KernelFn conv_kernel(const KernelInit& k, bool depthwise) {
  if (k.input_type(0) != DType::kFloat32) return {};
  WindowAttrs attrs = window_attrs(k.def, k.attrs, 2);
  if (attrs.channels_first) return {};
  EpilogueSpec e = EpilogueSpec::of(k);
  const Tensor* filter = k.constant(1);
  if (k.static_shapes()) {
    ConvGeometry g =
        conv_geometry(attrs, k.input_shapes[0], k.input_shapes[1], k.output_shapes[0], depthwise);
    std::shared_ptr<Conv> c = choose(g, e, filter, k.threads);
    if (!c) return {};
    return [c](KernelContext& ctx) { run(*c, ctx); };
  }
  KernelFn reference = k.def.kernel(k);
  Tensor kept = filter ? *filter : Tensor();
  auto cache = std::make_shared<ByShape>();
  return [=](KernelContext& ctx) {
    std::shared_ptr<Conv> c;
    std::vector<Shape> key{ctx.input(0).shape(), ctx.input(1).shape()};
    {
      std::lock_guard lock(cache->mutex);
      for (auto& [shapes, conv] : cache->made)
        if (shapes == key) c = conv;
      if (!c) {
        ConvGeometry g = conv_geometry(attrs, key[0], key[1], ctx.output(0).shape(), depthwise);
        c = choose(g, e, kept ? &kept : nullptr, ctx.threads());
        if (c && cache->made.size() < 64) cache->made.emplace_back(key, c);
      }
    }
    if (c)
      run(*c, ctx);
    else
      reference(ctx);
  };
}

FLOE_KERNEL("Conv2D", 10, k) { return conv_kernel(k, false); }
FLOE_KERNEL("_FloeConv2D", 10, k) { return conv_kernel(k, false); }
FLOE_KERNEL("DepthwiseConv2dNative", 10, k) { return conv_kernel(k, true); }
FLOE_KERNEL("_FloeDepthwiseConv2D", 10, k) { return conv_kernel(k, true); }

}  // namespace
}  // namespace floe::cpu
