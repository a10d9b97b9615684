// Shapes of a graph's tensors as far as the file and the shape rules tell.
#include "floe/python/graph_core.h"

namespace floe::python {
namespace {

class Inference {
 public:
  explicit Inference(Graph& g) : state_(g.nodes().size(), kNew) {}

  // Depth first without recursion: graphs may be deep. An edge back into a loop is not followed.
  void visit(Node* root) {
    std::vector<std::pair<Node*, size_t>> stack;
    push(root, stack);
    while (!stack.empty()) {
      auto& [n, next] = stack.back();
      if (next < n->inputs.size()) {
        Node* in = n->inputs[next++].node;
        push(in, stack);
        continue;
      }
      infer(*n);
      stack.pop_back();
    }
  }

 private:
  enum State : char { kNew, kSeen };

  void push(Node* n, std::vector<std::pair<Node*, size_t>>& stack) {
    if (size_t(n->id) >= state_.size() || state_[size_t(n->id)] != kNew) return;
    state_[size_t(n->id)] = kSeen;
    stack.emplace_back(n, 0);
  }

  static void infer(Node& n) {
    if (!n.op || !n.output_shapes.empty()) return;
    std::vector<Tensor> values;
    for (const Endpoint& e : n.inputs) {
      if (e.node->output_shapes.size() <= size_t(e.index))
        e.node->output_shapes.resize(size_t(e.index) + 1, Shape::unknown());
      values.push_back(constant_value(e));
    }
    try {
      infer_node(n, values);
    } catch (const Error&) {
      n.output_shapes.assign(size_t(n.num_outputs()), Shape::unknown());
    }
  }

  std::vector<char> state_;
};

}  // namespace

void infer_shapes(GraphCore& g) {
  auto nodes = g.graph().nodes();
  if (g.inferred >= nodes.size()) return;
  Inference inference(g.graph());
  for (size_t i = g.inferred; i < nodes.size(); ++i)
    if (nodes[i]) inference.visit(nodes[i].get());
  g.inferred = nodes.size();
}

}  // namespace floe::python
