#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"

namespace floe {
namespace {

bool same_known_shape(const Node& n) {
  return shape_of(n.inputs[0]).is_fully_defined() &&
         shape_of(n.inputs[0]) == shape_of({const_cast<Node*>(&n), 0});
}

bool all_zero_pad(const Endpoint& e) {
  Tensor t = constant_value(e);
  if (!t) return false;
  const char* p = static_cast<const char*>(t.raw());
  for (size_t i = 0; i < t.nbytes(); ++i)
    if (p[i]) return false;
  return true;
}

bool is_identity_permutation(const Endpoint& e) {
  Tensor t = constant_value(e);
  if (!t) return false;
  for (int64_t i = 0; i < t.num_elements(); ++i)
    if ((t.dtype() == DType::kInt32 ? t.data<int32_t>()[i] : t.data<int64_t>()[i]) != i) return false;
  return true;
}

// Which input the first output simply is, or -1.
int passes_through(const Node& n) {
  if (n.is("Identity") || n.is("StopGradient") || n.is("PreventGradient") || n.is("Snapshot") ||
      n.is("PlaceholderWithDefault") || n.is("GuaranteeConst"))
    return 0;
  if (n.is("Cast") && n.attrs.get<DType>("SrcT") == n.attrs.get<DType>("DstT")) return 0;
  if (n.is("Transpose") && is_identity_permutation(n.inputs[1])) return 0;
  if ((n.is("Pad") || n.is("PadV2") || n.is("MirrorPad")) && all_zero_pad(n.inputs[1])) return 0;
  if (n.is("EnsureShape") && same_known_shape(n)) return 0;
  if ((n.is("Reshape") || n.is("BroadcastTo")) && !is_checked_at_run_time(n) && same_known_shape(n)) return 0;
  if (n.is("ConcatV2") && n.inputs.size() == 2) return 0;
  if (n.is("AddN") && n.inputs.size() == 1) return 0;
  bool add = n.is("AddV2") || n.is("Add") || n.is("Sub"), mul = n.is("Mul") || n.is("RealDiv");
  if (add || mul) {
    double neutral = add ? 0 : 1;
    if (shape_of(n.inputs[1]).rank() == 0 && is_constant(n.inputs[1], neutral)) return 0;
    if (!n.is("Sub") && !n.is("RealDiv") && shape_of(n.inputs[0]).rank() == 0 &&
        is_constant(n.inputs[0], neutral))
      return 1;
  }
  return -1;
}

}  // namespace

void simplify(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  Uses uses(b);
  for (Node* n : execution_order(b)) {
    if (!n->controls.empty() || n->inputs.empty()) continue;
    if (n->is("IdentityN")) {
      for (int i = 0; i < n->num_outputs(); ++i) uses.replace(n->output(i), n->inputs[size_t(i)]);
      continue;
    }
    if (int i = passes_through(*n); i >= 0) {
      uses.replace(n->output(), n->inputs[size_t(i)]);
      continue;
    }
    // The inner one of two reshapes does not matter once the outer one's result is known.
    if (n->is("Reshape") && n->inputs[0].node->is("Reshape") && shape_of(n->output()).is_fully_defined() &&
        !is_checked_at_run_time(*n->inputs[0].node))
      n->inputs[0] = n->inputs[0].node->inputs[0];
  }
  prune(b);
}

}  // namespace floe
