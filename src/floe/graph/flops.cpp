#include "floe/graph/flops.h"

#include <set>

#include "floe/graph/passes/rewrite.h"

namespace floe {
namespace {

int64_t einsum_flops(const Node& n) {
  std::string eq = n.attrs.get<std::string>("equation");
  std::set<char> seen;
  int64_t total = 1;
  size_t at = 0;
  for (const Endpoint& e : n.inputs) {
    const Shape& s = shape_of(e);
    for (int d = 0; at < eq.size() && eq[at] != ',' && eq[at] != '-'; ++at) {
      if (eq[at] == ' ') continue;
      if (eq[at] == '.' || d >= s.rank()) return -1;
      if (seen.insert(eq[at]).second) total *= s[d];
      ++d;
    }
    ++at;
  }
  return 2 * total;
}

}  // namespace

int64_t node_flops(const Node& n) {
  if (n.output_shapes.empty()) return 0;
  if (n.is("Const") || n.is("Placeholder") || n.is("_Arg") || n.is("Identity") || n.is("Reshape") ||
      n.is("Shape"))
    return 0;
  int64_t out = n.output_shapes[0].num_elements();
  bool known = out >= 0;
  for (const Endpoint& e : n.inputs) known = known && shape_of(e).is_fully_defined();
  if (!known) return -1;
  if (n.is("Conv2D") || n.is("Conv3D")) {
    const Shape& w = shape_of(n.inputs[1]);
    return 2 * out * (w.num_elements() / std::max<int64_t>(1, w.dim(-1)));
  }
  if (n.is("DepthwiseConv2dNative")) return 2 * out * shape_of(n.inputs[1])[0] * shape_of(n.inputs[1])[1];
  if (n.is("Conv2DBackpropInput")) {
    const Shape& w = shape_of(n.inputs[1]);
    return 2 * shape_of(n.inputs[2]).num_elements() * w[0] * w[1] * w[2];
  }
  if (n.is("MatMul")) return 2 * out * shape_of(n.inputs[0])[n.attrs.get<bool>("transpose_a") ? 0 : 1];
  if (n.op_name.rfind("BatchMatMul", 0) == 0)
    return 2 * out * shape_of(n.inputs[0]).dim(n.attrs.get<bool>("adj_x") ? -2 : -1);
  if (n.is("Einsum")) return einsum_flops(n);
  if (n.is("MaxPool") || n.is("AvgPool")) {
    int64_t k = 1;
    for (int64_t v : n.attrs.get<std::vector<int64_t>>("ksize")) k *= v;
    return out * k;
  }
  if (n.is("Mean") || n.is("Sum") || n.is("Max") || n.is("Min") || n.is("Prod"))
    return shape_of(n.inputs[0]).num_elements();
  return out;
}

}  // namespace floe
