#include "floe/kernels/cpu/dnnl_conv.h"

#include "floe/base/text.h"
#include "floe/tensor/allocator.h"
#include "floe/tensor/deferred.h"

namespace floe::cpu {
namespace {

using dnnl::memory;
using Dims = memory::dims;

struct Scratch {
  explicit Scratch(size_t n) : size(n), data(n ? allocate_bytes(n) : nullptr) {}
  ~Scratch() { free_bytes(data, size); }
  size_t size;
  void* data;
};

}  // namespace

std::shared_ptr<DnnlConv> DnnlConv::make(const ConvGeometry& g, const EpilogueSpec& e, int threads) {
  std::shared_ptr<DnnlConv> c(new DnnlConv);
  const WindowDim &h = g.dim[1], &w = g.dim[2];
  auto f32 = memory::data_type::f32;
  Dims src{g.batch, g.in_channels, h.in, w.in}, dst{g.batch, g.out_channels, h.out, w.out};
  Dims weights = g.groups == 1 ? Dims{g.out_channels, g.in_channels, h.kernel, w.kernel}
                               : Dims{g.groups, g.out_per_group(), g.in_per_group(), h.kernel, w.kernel};
  c->src_ = memory::desc(src, f32, memory::format_tag::nhwc);
  c->dst_ = memory::desc(dst, f32, memory::format_tag::nhwc);
  // TensorFlow's filter is [h, w, in / groups, out], output channels of one group side by side.
  int64_t in = g.in_per_group(), out = g.out_channels, og = g.out_per_group();
  Dims strides = g.groups == 1 ? Dims{1, out, w.kernel * in * out, in * out}
                               : Dims{og, 1, out, w.kernel * in * out, in * out};
  c->user_weights_ = memory::desc(weights, f32, strides);
  memory::desc any(weights, f32, memory::format_tag::any);
  c->bias_ = e.bias >= 0 ? memory::desc({g.out_channels}, f32, memory::format_tag::a) : memory::desc();
  // The last row that a window reads decides the trailing padding, which may be less than asked for.
  auto trailing = [](const WindowDim& d) {
    return (d.out - 1) * d.stride + (d.kernel - 1) * d.dilation + 1 - d.in - d.before;
  };
  Dims stride{h.stride, w.stride}, dilation{h.dilation - 1, w.dilation - 1}, left{h.before, w.before},
      right{trailing(h), trailing(w)};
  c->has_residual_ = e.residual >= 0;
  c->residual_ = c->dst_;
  c->threads_ = threads;
  c->activation_ = e.activation;
  c->outputs_ = g.batch * g.out_positions() * g.out_channels;
  ThreadScope scope(threads);
  try {
    for (int in_place = 0; in_place < (c->has_residual_ ? 2 : 1); ++in_place) {
      dnnl::post_ops ops;
      if (c->has_residual_) {
        if (in_place)
          ops.append_sum(1.0f);
        else
          ops.append_binary(dnnl::algorithm::binary_add, c->residual_);
      }
      if (!append_activation(ops, e.activation, e.alpha)) return nullptr;
      dnnl::primitive_attr attr;
      attr.set_post_ops(ops);
      attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
      dnnl::convolution_forward::primitive_desc pd(dnnl_engine(), dnnl::prop_kind::forward_inference,
                                                   dnnl::algorithm::convolution_direct, c->src_, any,
                                                   c->bias_, c->dst_, stride, dilation, left, right, attr);
      c->weights_ = pd.weights_desc();
      if (pd.scratchpad_desc().get_size() > (c->scratch_ ? c->scratch_.get_size() : 0))
        c->scratch_ = pd.scratchpad_desc();
      (in_place ? c->in_place_ : c->primitive_) = dnnl::convolution_forward(pd);
    }
  } catch (const dnnl::error& err) {
    if (err.status == dnnl_unimplemented || err.status == dnnl_invalid_arguments) return nullptr;
    rethrow_dnnl(err, "convolution");
  }
  // The layout's name: what distinguishes packed forms of one filter.
  const_dnnl_memory_desc_t md = c->weights_.get();
  c->key_ = cat("dnnl", g.groups, ":", c->weights_.get_size(), ":");
  for (auto d : c->weights_.get_padded_dims()) c->key_ += cat(d, ",");
  c->key_ += cat("s");
  for (auto d : c->weights_.get_strides()) c->key_ += cat(d, ",");
  for (auto d : c->weights_.get_inner_blks()) c->key_ += cat("b", d);
  for (auto d : c->weights_.get_inner_idxs()) c->key_ += cat("i", d);
  (void)md;
  return c;
}

memory DnnlConv::packed_weights(const Tensor& weights, bool keep) const {
  auto pack = [&] {
    auto p = std::make_shared<PackedMemory>();
    Tensor plain = peek(weights);
    memory from(user_weights_, dnnl_engine(), const_cast<void*>(plain.raw()));
    p->memory = memory(weights_, dnnl_engine());
    dnnl::reorder(from, p->memory).execute(dnnl_stream(), from, p->memory);
    dnnl_stream().wait();
    return p;
  };
  if (user_weights_ == weights_) return memory(weights_, dnnl_engine(), const_cast<void*>(weights.raw()));
  if (!keep) return pack()->memory;
  return static_cast<PackedMemory&>(*get_packed(weights, key_, pack)).memory;
}

void DnnlConv::run(const float* x, const Tensor& weights, bool keep, const float* bias, const float* residual,
                   float* y) const {
  ThreadScope scope(threads_);
  try {
    auto& engine = dnnl_engine();
    auto at = [&](const memory::desc& d, const float* p) { return memory(d, engine, const_cast<float*>(p)); };
    Scratch scratch(scratch_ ? scratch_.get_size() : 0);
    std::unordered_map<int, memory> args{{DNNL_ARG_SRC, at(src_, x)},
                                         {DNNL_ARG_WEIGHTS, packed_weights(weights, keep)},
                                         {DNNL_ARG_DST, at(dst_, y)}};
    if (scratch.data) args.emplace(DNNL_ARG_SCRATCHPAD, memory(scratch_, engine, scratch.data));
    if (bias) args.emplace(DNNL_ARG_BIAS, at(bias_, bias));
    bool in_place = has_residual_ && residual == y;
    if (has_residual_ && !in_place)
      args.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, at(residual_, residual));
    (in_place ? in_place_ : primitive_).execute(dnnl_stream(), args);
    dnnl_stream().wait();
  } catch (const dnnl::error& e) {
    rethrow_dnnl(e, "convolution");
  }
  clamp_results(activation_, y, outputs_, threads_);
}

}  // namespace floe::cpu
