// Gradients of float32 convolutions, by oneDNN.
#include <mutex>

#include "floe/kernels/cpu/dnnl.h"
#include "floe/op/conv_geometry.h"
#include "floe/tensor/allocator.h"

namespace floe::cpu {
namespace {

using dnnl::memory;
using Dims = memory::dims;

constexpr double kParallelFlops = 6e6;

enum class Wanted { kInput, kFilter };

struct Scratch {
  explicit Scratch(size_t n) : size(n), data(n ? allocate_bytes(n) : nullptr) {}
  Scratch(const Scratch&) = delete;
  ~Scratch() { free_bytes(data, size); }
  size_t size;
  void* data;
};

// One tensor in TensorFlow's layout and in the one that the primitive wants.
struct Side {
  memory::desc user, own;
  bool same() const { return user == own; }
};

class ConvBackward {
 public:
  // Null when oneDNN has no fast kernel for it.
  static std::shared_ptr<ConvBackward> make(const ConvGeometry& g, int spatial, Wanted wanted, int threads) {
    std::shared_ptr<ConvBackward> c(new ConvBackward);
    c->wanted_ = wanted;
    double flops =
        2.0 * double(g.batch * g.out_positions()) * double(g.out_channels * g.in_per_group() * g.taps());
    c->threads_ = flops < kParallelFlops ? 1 : threads;
    ThreadScope scope(c->threads_);
    try {
      return c->describe(g, spatial) ? c : nullptr;
    } catch (const dnnl::error& e) {
      if (e.status == dnnl_unimplemented || e.status == dnnl_invalid_arguments) return nullptr;
      rethrow_dnnl(e, "gradient of a convolution");
    }
  }

  // `first` is the input or the filter, whichever is not wanted.
  void run(const float* first, const float* out_grad, float* result) const {
    ThreadScope scope(threads_);
    try {
      bool filter = wanted_ == Wanted::kFilter;
      const Side &given = filter ? in_ : filter_, &made = filter ? filter_ : in_;
      Scratch a(given.same() ? 0 : given.own.get_size()), b(out_.same() ? 0 : out_.own.get_size()),
          r(made.same() ? 0 : made.own.get_size()), s(scratch_ ? scratch_.get_size() : 0);
      memory target(made.own, dnnl_engine(), made.same() ? result : r.data);
      std::unordered_map<int, memory> args{
          {filter ? DNNL_ARG_SRC : DNNL_ARG_WEIGHTS, reordered(given, first, a.data)},
          {DNNL_ARG_DIFF_DST, reordered(out_, out_grad, b.data)},
          {filter ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_DIFF_SRC, target}};
      if (s.data) args.emplace(DNNL_ARG_SCRATCHPAD, memory(scratch_, dnnl_engine(), s.data));
      primitive_.execute(dnnl_stream(), args);
      if (!made.same()) {
        memory user(made.user, dnnl_engine(), result);
        dnnl::reorder(target, user).execute(dnnl_stream(), target, user);
      }
      dnnl_stream().wait();
    } catch (const dnnl::error& e) {
      rethrow_dnnl(e, "gradient of a convolution");
    }
  }

 private:
  ConvBackward() = default;

  bool describe(const ConvGeometry& g, int spatial) {
    auto f32 = memory::data_type::f32;
    Dims in{g.batch, g.in_channels}, out{g.batch, g.out_channels}, stride, dilation, left, right;
    Dims filter = g.groups == 1 ? Dims{g.out_channels, g.in_channels}
                                : Dims{g.groups, g.out_per_group(), g.in_per_group()};
    int64_t ic = g.in_per_group(), oc = g.out_channels;
    // TensorFlow's filter is [spatial..., in / groups, out], output channels of one group side by side.
    Dims steps = g.groups == 1 ? Dims{1, oc} : Dims{g.out_per_group(), 1, oc};
    int64_t step = g.taps() * ic * oc;
    for (int i = 3 - spatial; i < 3; ++i) {
      const WindowDim& d = g.dim[size_t(i)];
      in.push_back(d.in);
      out.push_back(d.out);
      filter.push_back(d.kernel);
      stride.push_back(d.stride);
      dilation.push_back(d.dilation - 1);
      left.push_back(d.before);
      // Rows at the end that no window reads are no padding.
      right.push_back(
          std::max<int64_t>(0, (d.out - 1) * d.stride + (d.kernel - 1) * d.dilation + 1 - d.in - d.before));
      step /= d.kernel;
      steps.push_back(step);
    }
    using Tag = memory::format_tag;
    Tag tag = spatial == 2 ? (g.channels_first ? Tag::nchw : Tag::nhwc)
                           : (g.channels_first ? Tag::ncdhw : Tag::ndhwc);
    in_.user = memory::desc(in, f32, tag);
    out_.user = memory::desc(out, f32, tag);
    filter_.user = memory::desc(filter, f32, steps);
    auto any = [&](const Dims& d) { return memory::desc(d, f32, Tag::any); };
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    auto alg = dnnl::algorithm::convolution_direct;
    auto fits = [&](const memory::desc& x, const memory::desc& y) {
      dnnl::convolution_forward::primitive_desc forward(dnnl_engine(), dnnl::prop_kind::forward_training, alg,
                                                        x, any(filter), y, stride, dilation, left, right,
                                                        attr);
      if (wanted_ == Wanted::kFilter)
        return accept(dnnl::convolution_backward_weights::primitive_desc(
            dnnl_engine(), alg, x, any(filter), y, stride, dilation, left, right, forward, attr));
      return accept(dnnl::convolution_backward_data::primitive_desc(
          dnnl_engine(), alg, x, any(filter), y, stride, dilation, left, right, forward, attr));
    };
    return fits(in_.user, out_.user) || fits(any(in), any(out));
  }

  // Not oneDNN's own reference kernels.
  template <class Pd>
  bool accept(const Pd& pd) {
    if (std::string_view(pd.impl_info_str()).substr(0, 3) == "ref") return false;
    if constexpr (std::is_same_v<Pd, dnnl::convolution_backward_weights::primitive_desc>) {
      in_.own = pd.src_desc();
      filter_.own = pd.diff_weights_desc();
      primitive_ = dnnl::convolution_backward_weights(pd);
    } else {
      in_.own = pd.diff_src_desc();
      filter_.own = pd.weights_desc();
      primitive_ = dnnl::convolution_backward_data(pd);
    }
    out_.own = pd.diff_dst_desc();
    scratch_ = pd.scratchpad_desc();
    return true;
  }

  static memory reordered(const Side& side, const float* from, void* into) {
    memory user(side.user, dnnl_engine(), const_cast<float*>(from));
    if (side.same()) return user;
    memory own(side.own, dnnl_engine(), into);
    dnnl::reorder(user, own).execute(dnnl_stream(), user, own);
    return own;
  }

  Wanted wanted_ = Wanted::kInput;
  int threads_ = 1;
  Side in_, filter_, out_;
  memory::desc scratch_;
  dnnl::primitive primitive_;
};

struct ByShape {
  std::mutex mutex;
  std::vector<std::pair<std::vector<Shape>, std::shared_ptr<ConvBackward>>> made;
};

bool is_empty(const ConvGeometry& g) {
  return g.batch == 0 || g.in_channels == 0 || g.out_channels == 0 || g.in_positions() == 0 ||
         g.out_positions() == 0 || g.taps() == 0;
}

KernelFn backward_kernel(const KernelInit& k, int spatial, bool depthwise, Wanted wanted) {
  if (k.output_type(0) != DType::kFloat32) return {};
  WindowAttrs attrs = window_attrs(k.def, k.attrs, spatial);
  KernelFn reference = k.def.kernel(k);
  auto cache = std::make_shared<ByShape>();
  return [=](KernelContext& c) {
    bool filter = wanted == Wanted::kFilter;
    int given = filter ? 0 : 1;
    std::vector<Shape> key{c.input(given).shape(), c.input(2).shape(), c.output(0).shape()};
    std::shared_ptr<ConvBackward> conv;
    {
      std::lock_guard lock(cache->mutex);
      bool known = false;
      for (auto& [shapes, made] : cache->made)
        if (shapes == key) conv = made, known = true;
      if (!known) {
        ConvGeometry g = conv_geometry(attrs, key[filter ? 0 : 2], key[filter ? 2 : 0], key[1], depthwise);
        if (!is_empty(g)) conv = ConvBackward::make(g, spatial, wanted, c.threads());
        if (cache->made.size() < 64) cache->made.emplace_back(key, conv);
      }
    }
    if (conv)
      conv->run(c.in<float>(given), c.in<float>(2), c.out<float>(0));
    else
      reference(c);
  };
}

FLOE_KERNEL("Conv2DBackpropInput", 10, k) { return backward_kernel(k, 2, false, Wanted::kInput); }
FLOE_KERNEL("Conv2DBackpropFilter", 10, k) { return backward_kernel(k, 2, false, Wanted::kFilter); }
FLOE_KERNEL("Conv3DBackpropInputV2", 10, k) { return backward_kernel(k, 3, false, Wanted::kInput); }
FLOE_KERNEL("Conv3DBackpropFilterV2", 10, k) { return backward_kernel(k, 3, false, Wanted::kFilter); }
FLOE_KERNEL("DepthwiseConv2dNativeBackpropInput", 10, k) {
  return backward_kernel(k, 2, true, Wanted::kInput);
}
FLOE_KERNEL("DepthwiseConv2dNativeBackpropFilter", 10, k) {
  return backward_kernel(k, 2, true, Wanted::kFilter);
}

}  // namespace
}  // namespace floe::cpu
