// Batch normalization and per-channel scales folded into the weights before them; padding folded into
// windows.
#include <cmath>
#include <cstring>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"
#include "floe/tensor/deferred.h"

namespace floe {
namespace {

constexpr size_t kDeferredBytes = 16 * 1024;

bool is_weighted(const Node& n) {
  return n.is("Conv2D") || n.is("DepthwiseConv2dNative") || n.is("MatMul") || n.is("Conv3D");
}

bool channels_last(const Node& n) {
  std::string f = n.attrs.get_or<std::string>("data_format", "NHWC");
  return f == "NHWC" || f == "NDHWC";
}

// The filter with output channel c multiplied by scale[c]; empty when it cannot be.
Tensor scaled_filter(const Node& n, const Tensor& w, const Tensor& scale) {
  int64_t channels = w.dim(-1);
  bool depthwise = n.is("DepthwiseConv2dNative");
  if (depthwise) channels *= w.dim(-2);
  if (n.is("MatMul") && n.attrs.get<bool>("transpose_b")) {
    channels = w.dim(0);
    if (scale.num_elements() != 1 && scale.num_elements() != channels) return {};
    Tensor r = w.clone();
    drop_mapped_pages(w.raw(), w.nbytes());
    for (int64_t i = 0; i < channels; ++i)
      for (int64_t j = 0; j < w.dim(1); ++j)
        r.mutable_data<float>()[i * w.dim(1) + j] *= scale.data<float>()[scale.num_elements() == 1 ? 0 : i];
    return r;
  }
  if (scale.num_elements() != 1 && scale.num_elements() != channels) return {};
  auto fill = [w, scale, channels](void* p) {
    const char* from = static_cast<const char*>(w.raw());
    const float* s = scale.data<float>();
    float* to = static_cast<float*>(p);
    int64_t rows = channels ? w.num_elements() / channels : 0;
    bool one = scale.num_elements() == 1;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t c = 0; c < channels; ++c, from += sizeof(float)) {
        float v;
        std::memcpy(&v, from, sizeof v);
        to[i * channels + c] = v * s[one ? 0 : c];
      }
    drop_mapped_pages(w.raw(), w.nbytes());
  };
  // Kernels that pack large filters read them piece by piece.
  if (!depthwise && size_t(w.nbytes()) >= kDeferredBytes) return deferred(w.dtype(), w.shape(), fill);
  Tensor r(w.dtype(), w.shape());
  fill(r.mutable_raw());
  return r;
}

int64_t out_channels(const Node& n, const Tensor& w) {
  if (n.is("DepthwiseConv2dNative")) return w.dim(-1) * w.dim(-2);
  if (n.is("MatMul") && n.attrs.get<bool>("transpose_b")) return w.dim(0);
  return w.dim(-1);
}

bool is_sum(const Node& n) { return n.is("BiasAdd") || n.is("AddV2") || n.is("Add"); }

// A product by something follows, directly or after a sum: a look before large weights are read.
bool may_be_scaled(const Uses& uses, Node& n) {
  Node* next = uses.only(n.output());
  if (next && is_sum(*next)) next = uses.only(next->output());
  return next && (next->is("Mul") || next->is("RealDiv"));
}

}  // namespace

void unfold_batch_norm(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  Uses uses(b);
  Graph& g = *b.graph;
  for (Node* n : execution_order(b)) {
    if (n->op_name.rfind("FusedBatchNorm", 0) != 0 || n->is("FusedBatchNormGradV3")) continue;
    if (!n->attrs.has("is_training") || n->attrs.get<bool>("is_training") || n->inputs.size() != 5) continue;
    if (type_of(n->inputs[0]) != DType::kFloat32) continue;
    bool others = false;
    for (int i = 1; i < n->num_outputs(); ++i) others = others || uses.count(n->output(i));
    Tensor p[4];
    for (int i = 0; i < 4; ++i) p[i] = float_constant(n->inputs[size_t(i + 1)]);
    if (others || !p[0] || !p[1] || !p[2] || !p[3]) continue;
    int64_t c = p[0].num_elements();
    Shape shape{c};
    if (n->attrs.get<std::string>("data_format") == "NCHW") shape = Shape{c, 1, 1};
    Tensor scale(DType::kFloat32, shape), offset(DType::kFloat32, shape);
    double eps = n->attrs.get<float>("epsilon");
    for (int64_t i = 0; i < c; ++i) {
      double s = double(p[0].data<float>()[i]) / std::sqrt(double(p[3].data<float>()[i]) + eps);
      scale.mutable_data<float>()[i] = float(s);
      offset.mutable_data<float>()[i] =
          float(double(p[1].data<float>()[i]) - double(p[2].data<float>()[i]) * s);
    }
    Node* mul = g.add("Mul", n->name + "/scale",
                      {n->inputs[0], g.add_constant(n->name + "/scale_value", scale)->output()});
    Node* add = g.add("AddV2", n->name + "/offset",
                      {mul->output(), g.add_constant(n->name + "/offset_value", offset)->output()});
    mul->output_shapes = {shape_of(n->output())};
    add->output_shapes = {shape_of(n->output())};
    add->controls = n->controls;
    uses.added(mul);
    uses.added(add);
    uses.replace(n->output(), add->output());
  }
  prune(b);
}

void fold_scale(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  Uses uses(b);
  Graph& g = *b.graph;
  for (Node* n : execution_order(b)) {
    if (!is_weighted(*n) || !channels_last(*n) || type_of(n->output()) != DType::kFloat32) continue;
    while (may_be_scaled(uses, *n)) {
      const AttrValue* stored =
          n->inputs[1].node->is("Const") ? n->inputs[1].node->attrs.find("value") : nullptr;
      if (!stored || type_of(n->inputs[1]) != DType::kFloat32) break;
      Tensor w = std::get<Tensor>(*stored);
      Node* sum = uses.only(n->output());
      Node* mul = sum;
      int bias_at = 0;
      if (sum && is_sum(*sum)) {
        bias_at = sum->inputs[0] == n->output() ? 1 : 0;
        if (!float_constant(sum->inputs[size_t(bias_at)]) ||
            !is_channel_vector(shape_of(sum->inputs[size_t(bias_at)]), out_channels(*n, w)))
          break;
        mul = uses.only(sum->output());
      } else {
        sum = nullptr;
      }
      if (!mul || !(mul->is("Mul") || mul->is("RealDiv"))) break;
      Endpoint product = sum ? sum->output() : n->output();
      int scale_at = mul->inputs[0] == product ? 1 : 0;
      if (mul->is("RealDiv") && scale_at == 0) break;
      Tensor scale = float_constant(mul->inputs[size_t(scale_at)]);
      if (!scale || !is_channel_vector(scale.shape(), out_channels(*n, w))) break;
      if (scale.rank() > shape_of(product).rank()) break;
      if (mul->is("RealDiv")) scale = constant_op("RealDiv", Tensor::scalar(1.0f), scale);
      Tensor scaled = scaled_filter(*n, w, scale);
      if (!scaled) break;
      n->inputs[1] = g.add_constant(n->name + "/scaled", scaled)->output();
      if (sum) {
        Tensor bias = constant_op("Mul", float_constant(sum->inputs[size_t(bias_at)]),
                                  scale.reshaped(Shape{scale.num_elements()}));
        sum->inputs[size_t(bias_at)] =
            g.add_constant(sum->name + "/scaled", bias.reshaped(Shape{bias.num_elements()}))->output();
      }
      uses.removed(mul);
      uses.replace(mul->output(), product);
    }
  }
  // Sums of constants after one bias: (x + a) + b.
  for (Node* n : execution_order(b)) {
    if (!n->is("AddV2") && !n->is("BiasAdd")) continue;
    Tensor second = float_constant(n->inputs[1]);
    Node* first = n->inputs[0].node;
    if (!second || !is_sum(*first) || !channels_last(*first) || uses.only(first->output()) != n) continue;
    Tensor a = float_constant(first->inputs[1]);
    Node* product = first->inputs[0].node;
    if (!a || !is_weighted(*product) || a.num_elements() != second.num_elements()) continue;
    int64_t channels = shape_of(product->output()).has_rank() ? shape_of(product->output()).dim(-1) : -1;
    if (a.num_elements() != channels || second.rank() > shape_of(product->output()).rank() ||
        !is_channel_vector(a.shape(), channels) || !is_channel_vector(second.shape(), channels))
      continue;
    Shape flat{channels};
    Tensor sum = constant_op("AddV2", a.reshaped(flat), second.reshaped(flat));
    first->inputs[1] = g.add_constant(first->name + "/sum", sum)->output();
    uses.replace(n->output(), first->output());
  }
  prune(b);
}

void fold_pad(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  for (Node* n : execution_order(b)) {
    bool conv = n->is("Conv2D") || n->is("DepthwiseConv2dNative"), pool = n->is("MaxPool");
    if ((!conv && !pool) || !channels_last(*n) || n->attrs.get<std::string>("padding") != "VALID") continue;
    Node* pad = n->inputs[0].node;
    if (!(pad->is("Pad") || (pad->is("PadV2") && is_constant(pad->inputs[2], 0))) || !pad->controls.empty())
      continue;
    if (type_of(pad->output()) != DType::kFloat32) continue;
    if (pool) {
      // A max pool ignores its own padding; zeros only lose against everything when nothing is negative.
      const Node* from = pad->inputs[0].node;
      if (!from->is("Relu") && !from->is("Relu6")) continue;
      auto k = n->attrs.get<std::vector<int64_t>>("ksize");
      Tensor t = constant_value(pad->inputs[1]);
      bool small = t && t.num_elements() == 8;
      for (int d = 1; small && d <= 2; ++d)
        for (int side = 0; side < 2; ++side) {
          int64_t v =
              t.dtype() == DType::kInt32 ? t.data<int32_t>()[2 * d + side] : t.data<int64_t>()[2 * d + side];
          small = v < k[size_t(d)];
        }
      if (!small) continue;
    }
    Tensor t = constant_value(pad->inputs[1]);
    if (!t || t.num_elements() != 8) continue;
    std::vector<int64_t> p;
    for (int i = 0; i < 8; ++i)
      p.push_back(t.dtype() == DType::kInt32 ? t.data<int32_t>()[i] : t.data<int64_t>()[i]);
    bool fine = !p[0] && !p[1] && !p[6] && !p[7];
    for (int64_t v : p) fine = fine && v >= 0;
    if (!fine) continue;
    n->attrs.set("padding", std::string("EXPLICIT"));
    n->attrs.set("explicit_paddings", p);
    n->inputs[0] = pad->inputs[0];
  }
  prune(b);
}

}  // namespace floe
