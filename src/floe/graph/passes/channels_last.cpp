#include "floe/graph/passes/channels_last.h"

#include <array>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"
#include "floe/op/elementwise_code.h"
#include "floe/op/kernel.h"

namespace floe {
namespace {

using Order = std::array<int, 4>;
constexpr Order kToLast{0, 2, 3, 1}, kToFirst{0, 3, 1, 2};

bool is_window_op(const Node& n) {
  return n.is("Conv2D") || n.is("DepthwiseConv2dNative") || n.is("MaxPool") || n.is("AvgPool");
}

bool is_channel_op(const Node& n) {
  return n.is("BiasAdd") || n.is("FusedBatchNorm") || n.is("FusedBatchNormV2") || n.is("FusedBatchNormV3");
}

bool is_channels_first(const Node& n) {
  return n.op && !n.inputs.empty() && n.attrs.has("data_format") &&
         n.attrs.get<std::string>("data_format") == "NCHW" && type_of(n.inputs[0]) == DType::kFloat32;
}

std::vector<int64_t> integers(const Tensor& t) {
  std::vector<int64_t> v;
  for (int64_t i = 0; i < t.num_elements(); ++i)
    v.push_back(t.dtype() == DType::kInt32 ? t.data<int32_t>()[i] : t.data<int64_t>()[i]);
  return v;
}

bool is_transposition(const Node& n, const Order& order) {
  if (!n.is("Transpose") || !n.controls.empty()) return false;
  Tensor t = constant_value(n.inputs[1]);
  return t && integers(t) == std::vector<int64_t>(order.begin(), order.end());
}

class Converter {
 public:
  explicit Converter(FunctionBody& b) : graph_(*b.graph), uses_(b) {}

  void visit(Node* n) {
    if (!n->op || !n->controls.empty() || n->inputs.empty()) return;
    if (is_transposition(*n, kToFirst)) {
      last_[n] = n->inputs[0];
    } else if (is_transposition(*n, kToLast) && last(n->inputs[0])) {
      uses_.replace(n->output(), last(n->inputs[0]));
    } else if (is_channels_first(*n) && is_window_op(*n)) {
      window(n);
    } else if (is_channels_first(*n) && is_channel_op(*n) && last(n->inputs[0])) {
      AttrMap attrs = n->attrs;
      attrs.set("data_format", std::string("NHWC"));
      std::vector<Endpoint> inputs = n->inputs;
      inputs[0] = last(inputs[0]);
      replace(n, std::move(inputs), std::move(attrs));
    } else if (n->op->elementwise && n->num_outputs() == 1 && !is_channel_op(*n)) {
      elementwise(n);
    } else if (n->is("Mean") || n->is("Sum") || n->is("Max") || n->is("Min")) {
      reduction(n);
    } else if (n->is("ConcatV2")) {
      concat(n);
    } else if (n->is("Pad") || n->is("PadV2") || n->is("MirrorPad")) {
      pad(n);
    }
  }

 private:
  // The same value with channels last, where there is one.
  Endpoint last(const Endpoint& e) const {
    auto it = last_.find(e.node);
    return it == last_.end() || e.index != 0 ? Endpoint() : it->second;
  }

  Node* transpose(const Endpoint& e, const Order& order, const std::string& name) {
    Tensor perm = Tensor::vec(std::vector<int32_t>(order.begin(), order.end()));
    Node* n = graph_.add("Transpose", name, {e, graph_.add_constant(name + "/perm", perm)->output()});
    uses_.added(n);
    return n;
  }

  // The node with channels last; the readers of its first output read it transposed back.
  void replace(Node* n, std::vector<Endpoint> inputs, AttrMap attrs) {
    Node* made = graph_.add(*n->op, n->name + "/channels_last", std::move(inputs), std::move(attrs));
    uses_.added(made);
    for (int i = 1; i < n->num_outputs(); ++i) uses_.replace(n->output(i), made->output(i));
    Node* back = transpose(made->output(), kToFirst, n->name + "/channels_first");
    uses_.removed(n);
    uses_.replace(n->output(), back->output());
    last_[back] = made->output();
  }

  void window(Node* n) {
    AttrMap attrs = n->attrs;
    attrs.set("data_format", std::string("NHWC"));
    for (const char* name : {"strides", "dilations", "ksize", "explicit_paddings"}) {
      if (!attrs.has(name)) continue;
      auto v = attrs.get<std::vector<int64_t>>(name);
      if (v.empty()) continue;
      std::vector<int64_t> moved;
      size_t unit = v.size() / 4;
      for (int d : kToLast)
        for (size_t i = 0; i < unit; ++i) moved.push_back(v[size_t(d) * unit + i]);
      attrs.set(name, moved);
    }
    std::vector<Endpoint> inputs = n->inputs;
    Endpoint known = last(inputs[0]);
    inputs[0] = known ? known : transpose(inputs[0], kToLast, n->name + "/input")->output();
    replace(n, std::move(inputs), std::move(attrs));
  }

  void elementwise(Node* n) {
    std::vector<Endpoint> inputs;
    bool any = false;
    for (const Endpoint& e : n->inputs) {
      if (Endpoint x = last(e)) {
        inputs.push_back(x);
        any = true;
        continue;
      }
      const Shape& s = shape_of(e);
      if (s.is_fully_defined() && s.rank() == 0) {
        inputs.push_back(e);
        continue;
      }
      Tensor value = constant_value(e);
      if (!value || value.rank() > 4 || find_elementwise_op(n->op_name) < 0) return;
      Shape wide{1, 1, 1, 1};
      for (int i = 0; i < value.rank(); ++i) wide.set_dim(4 - value.rank() + i, value.dim(i));
      inputs.push_back(
          transpose(graph_.add_constant(n->name + "/wide", value.reshaped(wide))->output(), kToLast, n->name)
              ->output());
    }
    if (any) replace(n, std::move(inputs), n->attrs);
  }

  void reduction(Node* n) {
    Endpoint x = last(n->inputs[0]);
    Tensor axes = constant_value(n->inputs[1]);
    if (!x || !axes) return;
    std::vector<int32_t> moved;
    bool cut[4] = {};
    for (int64_t a : integers(axes)) {
      if (a < -4 || a >= 4) return;
      size_t axis = size_t(a < 0 ? a + 4 : a);
      cut[axis] = true;
      moved.push_back(kToFirst[axis]);
    }
    std::vector<Endpoint> inputs = n->inputs;
    inputs[0] = x;
    inputs[1] = graph_.add_constant(n->name + "/axes", Tensor::vec(moved))->output();
    AttrMap attrs = n->attrs;
    attrs.set("Tidx", DType::kInt32);
    if (n->attrs.get<bool>("keep_dims")) return replace(n, std::move(inputs), std::move(attrs));
    // Without them, only where what is left has the same order.
    if (!cut[1] && !(cut[2] && cut[3])) return;
    Node* made = graph_.add(*n->op, n->name + "/channels_last", std::move(inputs), std::move(attrs));
    uses_.added(made);
    uses_.removed(n);
    uses_.replace(n->output(), made->output());
  }

  void concat(Node* n) {
    std::vector<Endpoint> inputs;
    for (size_t i = 0; i + 1 < n->inputs.size(); ++i) {
      inputs.push_back(last(n->inputs[i]));
      if (!inputs.back()) return;
    }
    Tensor axis = constant_value(n->inputs.back());
    if (!axis || axis.num_elements() != 1) return;
    int64_t a = integers(axis)[0];
    if (a < -4 || a >= 4) return;
    Tensor moved = Tensor::scalar(int32_t(kToFirst[size_t(a < 0 ? a + 4 : a)]));
    inputs.push_back(graph_.add_constant(n->name + "/axis", moved)->output());
    AttrMap attrs = n->attrs;
    attrs.set("Tidx", DType::kInt32);
    replace(n, std::move(inputs), std::move(attrs));
  }

  void pad(Node* n) {
    Endpoint x = last(n->inputs[0]);
    Tensor paddings = constant_value(n->inputs[1]);
    if (!x || !paddings || paddings.num_elements() != 8) return;
    std::vector<int64_t> v = integers(paddings);
    std::vector<int32_t> moved;
    for (int d : kToLast)
      for (size_t i = 0; i < 2; ++i) moved.push_back(int32_t(v[size_t(d) * 2 + i]));
    std::vector<Endpoint> inputs = n->inputs;
    inputs[0] = x;
    inputs[1] = graph_.add_constant(n->name + "/paddings", Tensor::of(Shape{4, 2}, moved))->output();
    AttrMap attrs = n->attrs;
    attrs.set("Tpaddings", DType::kInt32);
    replace(n, std::move(inputs), std::move(attrs));
  }

  Graph& graph_;
  Uses uses_;
  std::unordered_map<const Node*, Endpoint> last_;  // by nodes whose first output has channels first
};

}  // namespace

bool channels_last(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return false;
  std::vector<Node*> order = execution_order(b);
  bool any = false;
  for (const Node* n : order) any = any || (is_channels_first(*n) && is_window_op(*n));
  if (!any) return false;
  Converter converter(b);
  for (Node* n : order) converter.visit(n);
  prune(b);
  return true;
}

}  // namespace floe
