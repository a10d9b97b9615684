// Chains of elementwise float32 nodes of one shape into single nodes.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/graph/passes/rewrite.h"
#include "floe/op/elementwise_code.h"

namespace floe {
namespace {

constexpr int kMaxSlots = 40;
constexpr size_t kMaxMembers = 24;

// Float in, float out; comparisons and logic may stand inside a chain only.
bool is_candidate(const Node& n) {
  if (find_elementwise_op(n.op_name) < 0 || n.is("Identity") || !n.controls.empty() || n.num_outputs() != 1)
    return false;
  if (n.is("BiasAdd") && n.attrs.get_or<std::string>("data_format", "NHWC") != "NHWC" &&
      shape_of(n.inputs[0]).rank() > 2)
    return false;
  if (n.is("Equal") || n.is("NotEqual"))
    if (!n.attrs.get_or<bool>("incompatible_shape_error", true)) return false;
  const Shape& out = shape_of({const_cast<Node*>(&n), 0});
  if (!out.is_fully_defined() || out.num_elements() == 0) return false;
  DType t = n.output_types[0];
  if (t != DType::kFloat32 && t != DType::kBool) return false;
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    DType in = type_of(n.inputs[i]);
    bool condition = (n.is("SelectV2") && i == 0) || n.op_name.rfind("Logical", 0) == 0;
    if (in != (condition ? DType::kBool : DType::kFloat32)) return false;
    if (!shape_of(n.inputs[i]).is_fully_defined()) return false;
  }
  return true;
}

struct Group {
  std::vector<Node*> members;  // execution order
  std::vector<Endpoint> inputs, outputs;
};

class Fuser {
 public:
  explicit Fuser(FunctionBody& b) : b_(b), uses_(b), order_(execution_order(b)) {
    for (size_t i = 0; i < order_.size(); ++i) position_[order_[i]] = i;
  }

  void run() {
    // From the end: a node takes in the producers that only it (and its group) reads.
    for (size_t i = order_.size(); i-- > 0;) {
      Node* n = order_[i];
      if (taken_.count(n) || !is_candidate(*n) || n->output_types[0] != DType::kFloat32) continue;
      Group g = grow(n);
      if (!g.members.empty()) emit(g);
    }
    prune(b_);
  }

 private:
  Group grow(Node* root) {
    const Shape& shape = shape_of(root->output());
    std::unordered_set<Node*> in{root};
    std::vector<Node*> members{root};
    for (size_t k = 0; k < members.size() && members.size() < kMaxMembers; ++k)
      for (const Endpoint& e : members[k]->inputs) {
        Node* p = e.node;
        if (in.count(p) || taken_.count(p) || !is_candidate(*p) || !(shape_of(e) == shape)) continue;
        bool inside = uses_.count(e) == int(uses_.of(e).size());
        for (Node* r : uses_.of(e)) inside = inside && in.count(r);
        if (!inside) continue;
        in.insert(p);
        members.push_back(p);
        if (count_slots(members) > kMaxSlots) {
          in.erase(p);
          members.pop_back();
        }
        if (members.size() >= kMaxMembers) break;
      }
    std::sort(members.begin(), members.end(), [&](Node* a, Node* b) { return position_[a] < position_[b]; });
    Group g;
    // Conditions must come from inside.
    for (Node* m : members)
      for (const Endpoint& e : m->inputs) {
        if (in.count(e.node)) continue;
        if (type_of(e) != DType::kFloat32) return {};
        if (std::find(g.inputs.begin(), g.inputs.end(), e) == g.inputs.end()) g.inputs.push_back(e);
      }
    g.members = members;
    g.outputs = {root->output()};
    return g;
  }

  static int count_slots(const std::vector<Node*>& members) {
    size_t n = 2 + members.size();
    for (Node* m : members) n += m->inputs.size();
    return int(n);
  }

  void emit(const Group& g) {
    Graph& graph = *b_.graph;
    Node* root = g.outputs[0].node;
    std::vector<Endpoint> inputs = g.inputs;
    ElementwiseCode code;
    std::unordered_map<Node*, int> slot;
    // Slopes of LeakyRelu are inputs of the program.
    std::unordered_map<Node*, int> slope;
    for (Node* m : g.members)
      if (m->is("LeakyRelu")) {
        slope[m] = int(inputs.size());
        inputs.push_back(
            graph.add_constant(m->name + "/alpha", Tensor::scalar(m->attrs.get<float>("alpha")))->output());
      }
    int n = int(inputs.size());
    // The root's value is broadcast to the output shape by its own instruction; temporaries are recycled.
    std::unordered_map<Node*, size_t> last;
    for (size_t i = 0; i < g.members.size(); ++i)
      for (const Endpoint& e : g.members[i]->inputs) last[e.node] = i;
    std::vector<int> free;
    for (size_t i = 0; i < g.members.size(); ++i) {
      Node* m = g.members[i];
      std::vector<int> args;
      for (const Endpoint& e : m->inputs) {
        auto it = slot.find(e.node);
        args.push_back(it != slot.end() ? it->second
                                        : int(std::find(inputs.begin(), inputs.end(), e) - inputs.begin()));
      }
      if (m->is("LeakyRelu")) args.push_back(slope[m]);
      for (const Endpoint& e : m->inputs)
        if (auto it = slot.find(e.node); it != slot.end() && last[e.node] == i && it->second != n &&
                                         std::find(free.begin(), free.end(), it->second) == free.end())
          free.push_back(it->second);
      int dst = n;
      if (m != root) {
        if (free.empty()) {
          dst = n + 1 + code.temporaries++;
        } else {
          dst = free.back();
          free.pop_back();
        }
      }
      slot[m] = dst;
      ElementwiseInstruction in;
      in.op = find_elementwise_op(m->op_name);
      in.dst = dst;
      in.operands = int(args.size());
      std::copy(args.begin(), args.end(), in.args.begin());
      code.instructions.push_back(in);
      taken_.insert(m);
    }
    const OpDef& op = get_op("_FloeElementwise");
    AttrMap attrs{{"N", int64_t(n)}, {"M", int64_t(1)}, {"T", DType::kFloat32}, {"code", code.to_attr()}};
    Node* fused = graph.add(op, root->name + (g.members.size() > 1 ? "/fused" : "/simd"), inputs,
                            normalize_attrs(op, attrs));
    fused->output_shapes = {shape_of(root->output())};
    for (Node* m : g.members) uses_.removed(m);
    uses_.added(fused);
    uses_.replace(root->output(), fused->output());
  }

  FunctionBody& b_;
  Uses uses_;
  std::vector<Node*> order_;
  std::unordered_map<Node*, size_t> position_;
  std::unordered_set<Node*> taken_;
};

}  // namespace

void fuse_elementwise(FunctionBody& b) {
  if (has_conditional_dataflow(b)) return;
  Fuser(b).run();
}

}  // namespace floe
