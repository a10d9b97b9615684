// Matrix products freed from the reshapes around them, so that bias and activation can join them.
#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"

namespace floe {
namespace {

Tensor shape_tensor(const Shape& s) {
  Tensor t(DType::kInt64, Shape{s.rank()});
  std::copy(s.begin(), s.end(), t.mutable_data<int64_t>());
  return t;
}

Node* add_reshape(Graph& g, Uses& uses, const std::string& name, Endpoint x, const Shape& to) {
  Node* c = g.add_constant(name + "/shape", shape_tensor(to));
  Node* r = g.add("Reshape", name, {x, c->output()});
  r->output_shapes = {to};
  uses.added(r);
  return r;
}

Node* add_product(Graph& g, Uses& uses, const Node& n, Endpoint a, bool transpose_b, const Shape& out) {
  const OpDef& op = get_op("_FloeMatMul");
  AttrMap attrs{{"T", DType::kFloat32}, {"num_args", int64_t(0)}, {"transpose_b", transpose_b}};
  Node* p = g.add(op, n.name + "/product", {a, n.inputs[1]}, normalize_attrs(op, attrs));
  p->output_shapes = {out};
  uses.added(p);
  return p;
}

Shape with_last(Shape s, int64_t last) {
  s.set_dim(-1, last);
  return s;
}

bool is_fixed_reshape(const Node& n) { return n.is("Reshape") && !is_checked_at_run_time(n); }

}  // namespace

void lower_products(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  Uses uses(b);
  Graph& g = *b.graph;
  for (Node* n : execution_order(b)) {
    if (!n->controls.empty() || n->num_outputs() != 1 || type_of(n->output()) != DType::kFloat32) continue;
    const Shape& out = shape_of(n->output());
    if (!out.is_fully_defined() || out.num_elements() == 0) continue;
    if ((n->is("BatchMatMulV2") || n->is("BatchMatMulV3") || n->is("BatchMatMul")) &&
        !n->attrs.get<bool>("adj_x") && shape_of(n->inputs[1]).rank() == 2 &&
        n->inputs[1].node->is("Const") && shape_of(n->inputs[0]).rank() >= 2) {
      Node* p = add_product(g, uses, *n, n->inputs[0], n->attrs.get<bool>("adj_y"), out);
      uses.removed(n);
      uses.replace(n->output(), p->output());
    } else if (n->is("MatMul") && !n->attrs.get<bool>("transpose_a") &&
               is_fixed_reshape(*n->inputs[0].node)) {
      Endpoint x = n->inputs[0].node->inputs[0];
      const Shape& s = shape_of(x);
      int64_t k = shape_of(n->inputs[0]).dim(-1);
      if (!s.is_fully_defined() || s.rank() < 3 || s.dim(-1) != k) continue;
      Shape wide = with_last(s, out[1]);
      Node* p = add_product(g, uses, *n, x, n->attrs.get<bool>("transpose_b"), wide);
      Node* r = add_reshape(g, uses, n->name + "/rows", p->output(), out);
      uses.removed(n);
      uses.replace(n->output(), r->output());
    }
  }
  // reshape(product) + v with v along the product's columns: the sum goes before the reshape. Reshapes of
  // reshapes were made above.
  for (Node* n : execution_order(b)) {
    if (is_fixed_reshape(*n) && is_fixed_reshape(*n->inputs[0].node) &&
        shape_of(n->output()).is_fully_defined()) {
      uses.removed(n);
      n->inputs[0] = n->inputs[0].node->inputs[0];
      uses.added(n);
    }
    if (is_fixed_reshape(*n) && shape_of(n->inputs[0]) == shape_of(n->output()) &&
        shape_of(n->output()).is_fully_defined() && n->controls.empty()) {
      uses.removed(n);
      uses.replace(n->output(), n->inputs[0]);
      continue;
    }
    if (!(n->is("AddV2") || n->is("BiasAdd")) || !n->controls.empty()) continue;
    Node* r = n->inputs[0].node;
    Tensor v = float_constant(n->inputs[1]);
    if (!v || !is_fixed_reshape(*r) || uses.only(r->output()) != n) continue;
    Node* p = r->inputs[0].node;
    if (!p->is("_FloeMatMul") && !p->is("MatMul")) continue;
    const Shape &wide = shape_of(r->output()), &narrow = shape_of(p->output());
    if (!wide.is_fully_defined() || !narrow.is_fully_defined()) continue;
    // v must be a whole row of the product: its dimensions are the trailing ones of the reshaped result.
    int64_t columns = narrow.dim(-1), trailing = 1;
    if (v.num_elements() != columns || v.rank() > wide.rank()) continue;
    int d = 0;
    bool fits = true;
    for (; d < v.rank() && trailing < columns; ++d) {
      int64_t have = v.shape().dim(-1 - d);
      fits = fits && have == wide.dim(-1 - d);
      trailing *= have;
    }
    if (!fits || trailing != columns) continue;
    Node* row = g.add_constant(n->name + "/row", v.reshaped(Shape{columns}));
    Node* sum = g.add("AddV2", n->name + "/rows", {p->output(), row->output()});
    sum->output_shapes = {narrow};
    uses.removed(n);
    uses.removed(r);
    uses.added(sum);
    Node* back = add_reshape(g, uses, n->name + "/back", sum->output(), wide);
    uses.replace(n->output(), back->output());
  }
  prune(b);
}

}  // namespace floe
