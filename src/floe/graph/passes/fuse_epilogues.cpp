// Bias, residual and activation into the convolution or matrix product before them.
#include <algorithm>
#include <cmath>

#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"

namespace floe {
namespace {

const char* fused_name(const Node& n) {
  if (n.is("Conv2D")) return "_FloeConv2D";
  if (n.is("DepthwiseConv2dNative")) return "_FloeDepthwiseConv2D";
  if (n.is("MatMul") || n.is("_FloeMatMul")) return "_FloeMatMul";
  return nullptr;
}

// Activations every kernel behind the fused nodes has.
bool is_fusable_activation(const Node& n) {
  return n.is("Relu") || n.is("Relu6") || n.is("LeakyRelu") || n.is("Elu") || n.is("Sigmoid") || n.is("Tanh");
}

// x/2 * (1 + erf(x / sqrt 2)), however the factors are grouped; x is read by two products.
Node* match_gelu(const Uses& uses, const Endpoint& x, std::vector<Node*>& absorbed) {
  if (uses.count(x) != 2 || uses.of(x).size() != 2) return nullptr;
  auto is_near = [](const Endpoint& e, double v) {
    Tensor t = float_constant(e);
    return t && t.num_elements() == 1 && std::abs(double(t.data<float>()[0]) - v) < 1e-6;
  };
  auto factor = [&](const Node* n, const Endpoint& of, double v) {
    return n->is("Mul") && n->controls.empty() &&
           ((n->inputs[0] == of && is_near(n->inputs[1], v)) ||
            (n->inputs[1] == of && is_near(n->inputs[0], v)));
  };
  for (int i = 0; i < 2; ++i) {
    Node *half = uses.of(x)[size_t(i)], *scaled = uses.of(x)[size_t(1 - i)];
    bool by_sum = half->is("Mul") && !factor(half, x, 0.5);
    bool divided =
        scaled->is("RealDiv") && scaled->inputs[0] == x && is_near(scaled->inputs[1], 1.4142135623730951);
    if (!divided && !factor(scaled, x, 0.7071067811865476)) continue;
    Node* erf = uses.only(scaled->output());
    if (!erf || !erf->is("Erf")) continue;
    Node* sum = uses.only(erf->output());
    if (!sum || !sum->is("AddV2") || !(is_near(sum->inputs[0], 1) || is_near(sum->inputs[1], 1))) continue;
    Node* product = uses.only(sum->output());
    if (!product || !product->is("Mul")) continue;
    Node* last = nullptr;
    if (!by_sum && uses.only(half->output()) == product) {
      last = product;  // (x * 0.5) * sum
    } else if (by_sum && half == product) {
      last = uses.only(product->output());  // (x * sum) * 0.5
      if (!last || !factor(last, product->output(), 0.5)) continue;
    }
    if (!last) continue;
    for (Node* n : {half, scaled, erf, sum, product, last})
      if (std::find(absorbed.begin(), absorbed.end(), n) == absorbed.end()) absorbed.push_back(n);
    return last;
  }
  return nullptr;
}

struct Chain {
  Endpoint bias, residual;
  std::string activation;
  float alpha = 0.2f;
  Endpoint last;
  std::vector<Node*> absorbed;
};

// What follows the product and can join it.
Chain follow(const Uses& uses, Node* n) {
  Chain c;
  c.last = n->output();
  const Shape& shape = shape_of(c.last);
  if (!shape.has_rank()) return c;
  int64_t channels = shape.dim(-1);
  auto joins = [&](Node* user) { return user && user->controls.empty(); };
  Node* user = uses.only(c.last);
  if (joins(user) && (user->is("BiasAdd") || user->is("AddV2") || user->is("Add"))) {
    int at = user->inputs[0] == c.last ? 1 : 0;
    Endpoint v = user->inputs[size_t(at)];
    bool last_axis = !user->is("BiasAdd") || user->attrs.get_or<std::string>("data_format", "NHWC") != "NCHW";
    const Shape& s = shape_of(v);
    if (last_axis && v != c.last && s.is_fully_defined() && s.rank() >= 1 && s.num_elements() == channels &&
        s.dim(-1) == channels && s.rank() <= shape.rank()) {
      c.bias = v;
      c.last = user->output();
      c.absorbed.push_back(user);
      user = uses.only(c.last);
    }
  }
  if (joins(user) && (user->is("AddV2") || user->is("Add"))) {
    int at = user->inputs[0] == c.last ? 1 : 0;
    Endpoint v = user->inputs[size_t(at)];
    if (v != c.last && shape.is_fully_defined() && shape_of(v) == shape && !v.node->is("Const")) {
      c.residual = v;
      c.last = user->output();
      c.absorbed.push_back(user);
      user = uses.only(c.last);
    }
  }
  if (joins(user) && is_fusable_activation(*user)) {
    c.activation = user->op_name;
    c.alpha = user->attrs.get_or<float>("alpha", 0.2f);
    c.last = user->output();
    c.absorbed.push_back(user);
  } else if (!user && uses.count(c.last) == 2 && uses.of(c.last).size() == 2) {
    // x * sigmoid(x)
    const auto& two = uses.of(c.last);
    for (int i = 0; i < 2; ++i) {
      Node *s = two[size_t(i)], *m = two[size_t(1 - i)];
      if (s->is("Sigmoid") && m->is("Mul") && uses.only(s->output()) == m && s->controls.empty() &&
          m->controls.empty()) {
        c.activation = "Swish";
        c.absorbed.push_back(s);
        c.absorbed.push_back(m);
        c.last = m->output();
        break;
      }
    }
    if (c.activation.empty())
      if (Node* last = match_gelu(uses, c.last, c.absorbed)) {
        c.activation = "Gelu";
        c.last = last->output();
      }
  }
  return c;
}

}  // namespace

void fuse_epilogues(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  Uses uses(b);
  Graph& g = *b.graph;
  std::vector<Node*> order = execution_order(b);
  // From the end: of two products that meet in a sum, the later one takes it.
  for (size_t i = order.size(); i-- > 0;) {
    Node* n = order[i];
    const char* name = fused_name(*n);
    if (!name || type_of(n->output()) != DType::kFloat32 || !n->controls.empty()) continue;
    if (n->attrs.get_or<std::string>("data_format", "NHWC") != "NHWC") continue;
    if (n->is("_FloeMatMul") && n->attrs.get<int64_t>("num_args")) continue;
    Chain c = follow(uses, n);
    if (!c.bias && !c.residual && c.activation.empty()) continue;
    std::vector<Endpoint> inputs = n->inputs;
    if (c.bias) {
      if (shape_of(c.bias).rank() != 1) {
        Tensor v = float_constant(c.bias);
        if (!v) continue;
        c.bias = g.add_constant(n->name + "/bias", v.reshaped(Shape{v.num_elements()}))->output();
      }
      inputs.push_back(c.bias);
    }
    if (c.residual) inputs.push_back(c.residual);
    AttrMap attrs = n->attrs;
    for (const char* drop : {"use_cudnn_on_gpu", "grad_a", "grad_b"}) attrs.erase(drop);
    attrs.set("num_args", int64_t(inputs.size() - 2));
    attrs.set("bias", bool(c.bias));
    attrs.set("residual", bool(c.residual));
    attrs.set("activation", c.activation);
    attrs.set("alpha", c.alpha);
    const OpDef& op = get_op(name);
    Node* fused = g.add(op, c.last.node->name + "/fused", inputs, normalize_attrs(op, attrs, n->name));
    fused->output_shapes = {shape_of(c.last)};
    uses.removed(n);
    for (Node* a : c.absorbed) uses.removed(a);
    uses.added(fused);
    uses.replace(c.last, fused->output());
  }
  prune(b);
}

}  // namespace floe
