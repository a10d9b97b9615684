// Bias, residual and activation into the convolution or matrix product before them.
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
      if (s->is("Sigmoid") && m->is("Mul") && uses.only(s->output()) == m && s->controls.empty() && m->controls.empty()) {
        c.activation = "Swish";
        c.absorbed.push_back(s);
        c.absorbed.push_back(m);
        c.last = m->output();
        break;
      }
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
