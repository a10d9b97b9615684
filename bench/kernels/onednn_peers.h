#ifndef FLOE_BENCH_KERNELS_ONEDNN_PEERS_H_
#define FLOE_BENCH_KERNELS_ONEDNN_PEERS_H_

#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

namespace floe::bench {

// One oneDNN primitive with its memory objects made once: what a careful caller gets out of the library.
class OneDnn {
 public:
  using dims = dnnl::memory::dims;
  using tag = dnnl::memory::format_tag;

  static dnnl::engine& engine() {
    static dnnl::engine e(dnnl::engine::kind::cpu, 0);
    return e;
  }
  static dnnl::stream& stream() {
    static dnnl::stream s(engine());
    return s;
  }

  static dnnl::primitive_attr attributes(bool relu, bool residual) {
    dnnl::primitive_attr attr;
    dnnl::post_ops ops;
    if (residual) ops.append_sum(1.0f);
    if (relu) ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attr.set_post_ops(ops);
    return attr;
  }

  // A matmul with B packed as the library likes it.
  static OneDnn matmul(int64_t m, int64_t n, int64_t k, float* a, const float* b, float* bias, float* c,
                       bool relu) {
    const dnnl::memory::desc a_md({m, k}, f32, tag::ab), c_md({m, n}, f32, tag::ab);
    const dnnl::memory::desc bias_md({1, n}, f32, tag::ab);
    const dnnl::matmul::primitive_desc pd(engine(), a_md, dnnl::memory::desc({k, n}, f32, tag::any), bias_md,
                                          c_md, attributes(relu, false));
    OneDnn r;
    r.primitive_ = dnnl::matmul(pd);
    r.args_[DNNL_ARG_SRC] = dnnl::memory(a_md, engine(), a);
    r.args_[DNNL_ARG_BIAS] = dnnl::memory(bias_md, engine(), bias);
    r.args_[DNNL_ARG_DST] = dnnl::memory(c_md, engine(), c);
    r.set_weights(dnnl::memory::desc({k, n}, f32, tag::ab), pd.weights_desc(), b);
    return r;
  }

  // A convolution in NHWC; weights as [KH, KW, C, K], or [KH, KW, C] for depthwise.
  static OneDnn convolution(int64_t batch, int64_t h, int64_t w, int64_t c, int64_t out, int64_t kernel,
                            int64_t stride, int64_t pad_low, bool depthwise, float* x, const float* weights,
                            float* bias, float* y, int64_t oh, int64_t ow, bool relu) {
    const dnnl::memory::desc x_md({batch, c, h, w}, f32, tag::nhwc),
        y_md({batch, out, oh, ow}, f32, tag::nhwc);
    const dnnl::memory::desc bias_md({out}, f32, tag::a);
    const dims w_dims = depthwise ? dims{c, 1, 1, kernel, kernel} : dims{out, c, kernel, kernel};
    const dims high{(oh - 1) * stride + kernel - h - pad_low, (ow - 1) * stride + kernel - w - pad_low};
    const dnnl::convolution_forward::primitive_desc pd(
        engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, x_md,
        dnnl::memory::desc(w_dims, f32, tag::any), bias_md, y_md, {stride, stride}, {pad_low, pad_low}, high,
        attributes(relu, false));
    OneDnn r;
    r.primitive_ = dnnl::convolution_forward(pd);
    r.args_[DNNL_ARG_SRC] = dnnl::memory(x_md, engine(), x);
    r.args_[DNNL_ARG_BIAS] = dnnl::memory(bias_md, engine(), bias);
    r.args_[DNNL_ARG_DST] = dnnl::memory(y_md, engine(), y);
    const dims strides = depthwise ? dims{1, 1, 1, kernel * c, c} : dims{1, out, kernel * c * out, c * out};
    r.set_weights(dnnl::memory::desc(w_dims, f32, strides), pd.weights_desc(), weights);
    return r;
  }

  static OneDnn softmax(int64_t rows, int64_t n, float* x, float* y) {
    const dnnl::memory::desc md({rows, n}, f32, tag::ab);
    const dnnl::softmax_forward::primitive_desc pd(engine(), dnnl::prop_kind::forward_inference,
                                                   dnnl::algorithm::softmax_accurate, md, md, 1);
    OneDnn r;
    r.primitive_ = dnnl::softmax_forward(pd);
    r.args_[DNNL_ARG_SRC] = dnnl::memory(md, engine(), x);
    r.args_[DNNL_ARG_DST] = dnnl::memory(md, engine(), y);
    return r;
  }

  // C[b, m, n] = A[b, m, k] * B[b, k, n] over strided operands.
  static OneDnn batched_matmul(const dims& a_dims, const dims& a_strides, const dims& b_dims,
                               const dims& b_strides, const dims& c_dims, const dims& c_strides, float* a,
                               float* b, float* c) {
    const dnnl::memory::desc a_md(a_dims, f32, a_strides), b_md(b_dims, f32, b_strides),
        c_md(c_dims, f32, c_strides);
    const dnnl::matmul::primitive_desc pd(engine(), a_md, b_md, c_md);
    OneDnn r;
    r.primitive_ = dnnl::matmul(pd);
    r.args_[DNNL_ARG_SRC] = dnnl::memory(a_md, engine(), a);
    r.args_[DNNL_ARG_WEIGHTS] = dnnl::memory(b_md, engine(), b);
    r.args_[DNNL_ARG_DST] = dnnl::memory(c_md, engine(), c);
    return r;
  }

  static OneDnn lstm(int64_t t, int64_t n, int64_t in, int64_t units, float* x, float* wx, float* wh,
                     float* bias, float* y) {
    const dnnl::memory::desc x_md({t, n, in}, f32, tag::tnc), y_md({t, n, units}, f32, tag::tnc);
    const dnnl::memory::desc bias_md({1, 1, 4, units}, f32, tag::ldgo);
    const dnnl::lstm_forward::primitive_desc pd(
        engine(), dnnl::prop_kind::forward_inference, dnnl::rnn_direction::unidirectional_left2right, x_md,
        dnnl::memory::desc(), dnnl::memory::desc(), dnnl::memory::desc({1, 1, in, 4, units}, f32, tag::any),
        dnnl::memory::desc({1, 1, units, 4, units}, f32, tag::any), bias_md, y_md, dnnl::memory::desc(),
        dnnl::memory::desc());
    OneDnn r;
    r.primitive_ = dnnl::lstm_forward(pd);
    r.args_[DNNL_ARG_SRC_LAYER] = dnnl::memory(x_md, engine(), x);
    r.args_[DNNL_ARG_BIAS] = dnnl::memory(bias_md, engine(), bias);
    r.args_[DNNL_ARG_DST_LAYER] = dnnl::memory(y_md, engine(), y);
    const auto pack = [&](int arg, int64_t rows, const dnnl::memory::desc& to, float* data) {
      dnnl::memory source({{1, 1, rows, 4, units}, f32, tag::ldigo}, engine(), data), target(to, engine());
      dnnl::reorder(source, target).execute(stream(), source, target);
      stream().wait();
      r.args_[arg] = target;
    };
    pack(DNNL_ARG_WEIGHTS_LAYER, in, pd.weights_layer_desc(), wx);
    pack(DNNL_ARG_WEIGHTS_ITER, units, pd.weights_iter_desc(), wh);
    return r;
  }

  static OneDnn layer_norm(int64_t rows, int64_t n, float* x, float* gamma, float* beta, float* y) {
    const dnnl::memory::desc md({rows, n}, f32, tag::ab), vector({n}, f32, tag::a);
    const dnnl::layer_normalization_forward::primitive_desc pd(
        engine(), dnnl::prop_kind::forward_inference, md, md, 1e-3f,
        dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift);
    OneDnn r;
    r.primitive_ = dnnl::layer_normalization_forward(pd);
    r.args_[DNNL_ARG_SRC] = dnnl::memory(md, engine(), x);
    r.args_[DNNL_ARG_SCALE] = dnnl::memory(vector, engine(), gamma);
    r.args_[DNNL_ARG_SHIFT] = dnnl::memory(vector, engine(), beta);
    r.args_[DNNL_ARG_DST] = dnnl::memory(md, engine(), y);
    return r;
  }

  static OneDnn pool(bool largest, int64_t h, int64_t c, int64_t kernel, int64_t stride, int64_t pad,
                     int64_t oh, float* x, float* y) {
    const dnnl::memory::desc x_md({1, c, h, h}, f32, tag::nhwc), y_md({1, c, oh, oh}, f32, tag::nhwc);
    const int64_t high = (oh - 1) * stride + kernel - h - pad;
    const dnnl::pooling_forward::primitive_desc pd(
        engine(), dnnl::prop_kind::forward_inference,
        largest ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding, x_md, y_md,
        {stride, stride}, {kernel, kernel}, {0, 0}, {pad, pad}, {high, high});
    OneDnn r;
    r.primitive_ = dnnl::pooling_forward(pd);
    r.args_[DNNL_ARG_SRC] = dnnl::memory(x_md, engine(), x);
    r.args_[DNNL_ARG_DST] = dnnl::memory(y_md, engine(), y);
    return r;
  }

  void operator()() {
    primitive_.execute(stream(), args_);
    stream().wait();
  }

 private:
  static constexpr dnnl::memory::data_type f32 = dnnl::memory::data_type::f32;

  void set_weights(const dnnl::memory::desc& from, const dnnl::memory::desc& to, const float* data) {
    dnnl::memory source(from, engine(), const_cast<float*>(data));
    dnnl::memory target(to, engine());
    dnnl::reorder(source, target).execute(stream(), source, target);
    stream().wait();
    args_[DNNL_ARG_WEIGHTS] = target;
  }

  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> args_;
};

}  // namespace floe::bench

#endif  // FLOE_BENCH_KERNELS_ONEDNN_PEERS_H_
