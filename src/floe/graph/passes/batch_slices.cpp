#include "floe/graph/passes/batch_slices.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"
#include "floe/op/elementwise_code.h"

namespace floe {
namespace {

std::vector<int64_t> int_values(const Endpoint& e) {
  Tensor t = constant_value(e);
  std::vector<int64_t> v;
  if (!t) return v;
  for (int64_t i = 0; i < t.num_elements(); ++i)
    v.push_back(t.dtype() == DType::kInt32 ? t.data<int32_t>()[i] : t.data<int64_t>()[i]);
  return v;
}

class Splitter {
 public:
  explicit Splitter(const FunctionBody& b) : b_(b) {}

  BatchSplit run() {
    if (!find_batch()) return {};
    int convolutions = 0;
    int64_t largest = 0;
    std::vector<Node*> order = execution_order(b_);
    for (Node* n : order) {
      if (n->is("_Arg")) {
        front_.insert(n);
        continue;
      }
      if (n->is("Const") && n->controls.empty()) continue;
      if (!sample_wise(*n)) continue;
      front_.insert(n);
      convolutions += n->is("Conv2D") || n->is("DepthwiseConv2dNative");
      int64_t bytes = 0;
      for (const Endpoint& e : n->inputs)
        if (front_.count(e.node)) bytes += size_of(e);
      largest = std::max(largest, bytes + size_of(n->output()));
    }
    if (convolutions < 3) return {};
    return cut(order, largest / batch_);
  }

 private:
  bool find_batch() {
    if (b_.args.empty() || has_conditional_dataflow(b_)) return false;
    for (Node* a : b_.args) {
      const Shape& s = shape_of(a->output());
      if (s.rank() < 1 || (batch_ >= 0 && s[0] != batch_) || !is_pod(a->output_types[0])) return false;
      batch_ = s[0];
    }
    return batch_ > 1;
  }

  int64_t size_of(const Endpoint& e) {
    return std::max<int64_t>(0, shape_of(e).num_elements()) * int64_t(dtype_size(type_of(e)));
  }

  bool in_front(const Endpoint& e) {
    return front_.count(e.node) && shape_of(e).rank() >= 1 && shape_of(e)[0] == batch_;
  }
  bool is_constant(const Endpoint& e) { return bool(constant_value(e)); }

  // Every sample of the output follows from the same sample of the inputs.
  bool sample_wise(const Node& n) {
    if (!n.controls.empty() || n.inputs.empty() || n.num_outputs() < 1 || !n.op || n.op->stateful)
      return false;
    const Shape& out = shape_of({const_cast<Node*>(&n), 0});
    if (!out.is_fully_defined() || out.rank() < 1 || out[0] != batch_) return false;
    auto rest_constant = [&](size_t from) {
      for (size_t i = from; i < n.inputs.size(); ++i)
        if (!is_constant(n.inputs[i])) return false;
      return true;
    };
    bool first = in_front(n.inputs[0]);
    if (n.is("Conv2D") || n.is("DepthwiseConv2dNative") || n.is("BiasAdd")) return first && rest_constant(1);
    if (n.is("MaxPool") || n.is("AvgPool"))
      return first && n.attrs.get<std::vector<int64_t>>("ksize")[0] == 1;
    if (find_elementwise_op(n.op_name) >= 0 || n.is("Cast") || n.is("Identity")) return elementwise(n, out);
    if (n.is("Pad") || n.is("PadV2")) {
      auto p = int_values(n.inputs[1]);
      return first && rest_constant(1) && p.size() >= 2 && p[0] == 0 && p[1] == 0;
    }
    if (n.is("Mean") || n.is("Max") || n.is("Sum")) {
      auto axes = int_values(n.inputs[1]);
      int rank = shape_of(n.inputs[0]).rank();
      for (int64_t a : axes)
        if (a == 0 || a == -rank) return false;
      return first && !axes.empty();
    }
    if (n.is("ConcatV2")) {
      auto axis = int_values(n.inputs.back());
      if (axis.size() != 1 || axis[0] == 0 || axis[0] == -out.rank()) return false;
      for (size_t i = 0; i + 1 < n.inputs.size(); ++i)
        if (!in_front(n.inputs[i])) return false;
      return true;
    }
    if (n.is("Reshape")) return first && rest_constant(1);
    if (n.is("Squeeze") || n.is("ExpandDims"))
      return first && shape_of(n.inputs[0])[0] == batch_ && out[0] == batch_;
    return false;
  }

  bool elementwise(const Node& n, const Shape& out) {
    bool any = false;
    for (const Endpoint& e : n.inputs) {
      const Shape& s = shape_of(e);
      if (in_front(e) && s.rank() == out.rank()) {
        any = true;
      } else if (!is_constant(e) || (s.rank() == out.rank() && s.rank() > 0 && s[0] != 1)) {
        return false;
      }
    }
    return any;
  }

  // Shapes written into constants are those of the whole batch: the first dimension is left open instead.
  static void open_reshapes(FunctionBody& b) {
    for (auto& n : b.graph->nodes()) {
      if (!n || !n->is("Reshape")) continue;
      const Shape& out = shape_of(n->output());
      Tensor t(DType::kInt64, Shape{out.rank()});
      std::copy(out.begin(), out.end(), t.mutable_data<int64_t>());
      t.mutable_data<int64_t>()[0] = -1;
      Node* c = b.graph->add_constant(n->name + "/open_shape", t);
      n->inputs[1] = c->output();
      n->attrs.set("Tshape", DType::kInt64);
    }
  }

  BatchSplit cut(const std::vector<Node*>& order, int64_t bytes_per_sample) {
    std::vector<Endpoint> frontier;
    auto note = [&](const Endpoint& e) {
      if (front_.count(e.node) && std::find(frontier.begin(), frontier.end(), e) == frontier.end())
        frontier.push_back(e);
    };
    for (Node* n : order)
      if (!front_.count(n))
        for (const Endpoint& e : n->inputs) note(e);
    for (const Endpoint& e : b_.results) note(e);
    // A result of the front that is not sample-wise (a second output) or a raw argument is no good place to
    // cut.
    for (const Endpoint& e : frontier)
      if (e.index != 0 || e.node->is("_Arg") || !is_pod(type_of(e))) return {};
    if (frontier.empty() || !b_.control_results.empty()) return {};
    for (Node* n : order)
      for (Node* c : n->controls)
        if (front_.count(c)) return {};
    BatchSplit s;
    s.bytes_per_sample = bytes_per_sample;
    std::vector<Endpoint> args;
    for (Node* a : b_.args) args.push_back(a->output());
    s.front = extract(*b_.graph, args, frontier);
    open_reshapes(*s.front);
    for (Node* a : s.front->args) {
      Shape open = a->output_shapes[0];
      open.set_dim(0, -1);
      a->output_shapes = {open};
    }
    if (frontier != b_.results) {
      s.rest = extract(*b_.graph, frontier, b_.results);
      for (size_t i = 0; i < frontier.size(); ++i) s.rest->args[i]->output_shapes = {shape_of(frontier[i])};
    }
    return s;
  }

  const FunctionBody& b_;
  int64_t batch_ = -1;
  std::unordered_set<const Node*> front_;
};

}  // namespace

BatchSplit split_batch(const FunctionBody& body) { return Splitter(body).run(); }

}  // namespace floe
