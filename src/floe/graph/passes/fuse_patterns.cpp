// Layer normalization and attention recognised in their written-out forms.
#include <cctype>

#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"

namespace floe {
namespace {

bool reduces_last(const Node& mean) {
  if (!mean.is("Mean") || !mean.attrs.get<bool>("keep_dims")) return false;
  Tensor axes = constant_value(mean.inputs[1]);
  if (!axes || axes.num_elements() != 1) return false;
  int64_t a = axes.dtype() == DType::kInt32 ? axes.data<int32_t>()[0] : axes.data<int64_t>()[0];
  int rank = shape_of(mean.inputs[0]).rank();
  return rank > 0 && (a == -1 || a == rank - 1);
}

// The other operand of a commutative pair, when one is `e`.
Endpoint other(const Node& n, const Endpoint& e) {
  if (n.inputs.size() != 2) return {};
  if (n.inputs[0] == e) return n.inputs[1];
  if (n.inputs[1] == e) return n.inputs[0];
  return {};
}

Endpoint source(Endpoint e) {
  while (e.node->is("StopGradient") || e.node->is("Identity")) e = e.node->inputs[0];
  return e;
}

// Keras and tf.nn.batch_normalization write: inv = rsqrt(var + eps) * gamma; y = x * inv + (beta - mean *
// inv).
struct LayerNorm {
  Endpoint x, gamma, beta;
  float epsilon = 0;
};

bool match_layer_norm(const Node& last, LayerNorm& m) {
  if (!last.is("AddV2")) return false;
  for (int swap = 0; swap < 2; ++swap) {
    Endpoint product = last.inputs[size_t(swap)], shift = last.inputs[size_t(1 - swap)];
    if (!product.node->is("Mul")) continue;
    for (int k = 0; k < 2; ++k) {
      m.x = product.node->inputs[size_t(k)];
      Endpoint inv = product.node->inputs[size_t(1 - k)];
      if (!inv.node->is("Mul")) continue;
      for (int j = 0; j < 2; ++j) {
        Endpoint rsqrt = inv.node->inputs[size_t(j)];
        m.gamma = inv.node->inputs[size_t(1 - j)];
        if (!rsqrt.node->is("Rsqrt")) continue;
        const Node& sum = *rsqrt.node->inputs[0].node;
        if (!sum.is("AddV2")) continue;
        Tensor eps = float_constant(sum.inputs[1]);
        Endpoint variance = sum.inputs[0];
        if (!eps) eps = float_constant(sum.inputs[0]), variance = sum.inputs[1];
        if (!eps || eps.num_elements() != 1 || !reduces_last(*variance.node)) continue;
        m.epsilon = eps.data<float>()[0];
        const Node& squares = *source(variance.node->inputs[0]).node;
        if (!squares.is("SquaredDifference")) continue;
        Endpoint mean = source(squares.inputs[1]), of = squares.inputs[0];
        if (!(of == m.x)) mean = source(squares.inputs[0]), of = squares.inputs[1];
        if (!(of == m.x) || !reduces_last(*mean.node) || !(mean.node->inputs[0] == m.x)) continue;
        // beta - mean * inv, or (-mean) * inv + beta
        const Node& s = *shift.node;
        auto is_mean = [&](Endpoint e) { return source(e) == mean; };
        auto is_negative_mean = [&](Endpoint e) { return e.node->is("Neg") && is_mean(e.node->inputs[0]); };
        if (s.is("Sub") && s.inputs[1].node->is("Mul")) {
          Endpoint o = other(*s.inputs[1].node, inv);
          m.beta = s.inputs[0];
          if (o && is_mean(o)) return true;
        }
        if (s.is("AddV2"))
          for (int i = 0; i < 2; ++i) {
            Endpoint t = s.inputs[size_t(i)];
            m.beta = s.inputs[size_t(1 - i)];
            if (!t.node->is("Mul")) continue;
            Endpoint o = other(*t.node, inv);
            if (o && is_negative_mean(o)) return true;
          }
      }
    }
  }
  return false;
}

bool is_row_constant(const Endpoint& e, int64_t n) {
  Tensor t = float_constant(e);
  return t && t.num_elements() == n && (t.rank() == 0 || t.dim(-1) == n || n == 1);
}

std::string equation(const Node& n) { return n.attrs.get<std::string>("equation"); }

// "BTNH,BSNH->BNTS" up to names of labels; `swapped` when the operands come the other way round.
bool is_equation(const std::string& have, const std::string& want) {
  if (have.size() != want.size()) return false;
  char to[256] = {}, from[256] = {};
  for (size_t i = 0; i < want.size(); ++i) {
    unsigned char h = (unsigned char)have[i], w = (unsigned char)want[i];
    bool label = std::isalpha(w);
    if (label != bool(std::isalpha(h)) || (!label && h != w)) return false;
    if (!label) continue;
    if (to[w] && to[w] != char(h)) return false;
    if (from[h] && from[h] != char(w)) return false;
    to[w] = char(h);
    from[h] = char(w);
  }
  return true;
}

struct Attention {
  Endpoint q, k, v, mask;
  float scale = 1;
};

bool match_attention(const Uses& uses, const Node& last, Attention& m) {
  if (!last.is("Einsum") || last.inputs.size() != 2) return false;
  Endpoint p;
  if (is_equation(equation(last), "BNTS,BSNH->BTNH"))
    p = last.inputs[0], m.v = last.inputs[1];
  else if (is_equation(equation(last), "BSNH,BNTS->BTNH"))
    p = last.inputs[1], m.v = last.inputs[0];
  else
    return false;
  if (!p.node->is("Softmax") || !uses.only(p)) return false;
  Endpoint scores = p.node->inputs[0];
  m.mask = {};
  m.scale = 1;
  if (scores.node->is("AddV2") && uses.only(scores)) {
    for (int i = 0; i < 2; ++i) {
      Endpoint s = scores.node->inputs[size_t(i)];
      if (s.node->is("Einsum") || s.node->is("Mul") || s.node->is("RealDiv")) {
        m.mask = scores.node->inputs[size_t(1 - i)];
        scores = s;
        break;
      }
    }
    const Shape& mask = m.mask ? shape_of(m.mask) : Shape::unknown();
    if (!m.mask || !mask.is_fully_defined() || mask.rank() > 4 || mask.rank() < 1 ||
        mask.dim(-1) != shape_of(p).dim(-1) || type_of(m.mask) != DType::kFloat32)
      return false;
  }
  auto take_scale = [&](Endpoint& e) {
    const Node& n = *e.node;
    if (!(n.is("Mul") || n.is("RealDiv")) || !uses.only(e)) return;
    for (int i = n.is("RealDiv") ? 1 : 0; i < 2; ++i) {
      Tensor t = float_constant(n.inputs[size_t(i)]);
      if (!t || t.num_elements() != 1) continue;
      m.scale *= n.is("RealDiv") ? 1 / t.data<float>()[0] : t.data<float>()[0];
      e = n.inputs[size_t(1 - i)];
      return;
    }
  };
  take_scale(scores);
  const Node& product = *scores.node;
  if (!product.is("Einsum") || product.inputs.size() != 2 || !uses.only(scores)) return false;
  if (is_equation(equation(product), "BTNH,BSNH->BNTS"))
    m.q = product.inputs[0], m.k = product.inputs[1];
  else if (is_equation(equation(product), "BSNH,BTNH->BNTS"))
    m.q = product.inputs[1], m.k = product.inputs[0];
  else
    return false;
  take_scale(m.q);
  for (Endpoint e : {m.q, m.k, m.v})
    if (!shape_of(e).is_fully_defined() || shape_of(e).rank() != 4) return false;
  return true;
}

}  // namespace

void fuse_patterns(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  Uses uses(b);
  Graph& g = *b.graph;
  for (Node* n : execution_order(b)) {
    if (!n->controls.empty() || n->num_outputs() != 1 || type_of(n->output()) != DType::kFloat32) continue;
    const Shape& out = shape_of(n->output());
    if (!out.is_fully_defined()) continue;
    LayerNorm ln;
    Attention at;
    Node* fused = nullptr;
    if (match_layer_norm(*n, ln) && shape_of(ln.x) == out && is_row_constant(ln.gamma, out.dim(-1)) &&
        is_row_constant(ln.beta, out.dim(-1))) {
      Shape row{out.dim(-1)};
      Node* gamma = g.add_constant(n->name + "/gamma", float_constant(ln.gamma).reshaped(row));
      Node* beta = g.add_constant(n->name + "/beta", float_constant(ln.beta).reshaped(row));
      fused = g.add("_FloeLayerNorm", n->name + "/layer_norm", {ln.x, gamma->output(), beta->output()},
                    {{"epsilon", ln.epsilon}});
    } else if (match_attention(uses, *n, at)) {
      std::vector<Endpoint> in{at.q, at.k, at.v};
      if (at.mask) in.push_back(at.mask);
      fused = g.add("_FloeAttention", n->name + "/attention", in,
                    {{"scale", at.scale}, {"num_masks", int64_t(at.mask ? 1 : 0)}});
    }
    if (!fused) continue;
    fused->output_shapes = {out};
    uses.removed(n);
    uses.added(fused);
    uses.replace(n->output(), fused->output());
  }
  prune(b);
}

}  // namespace floe
