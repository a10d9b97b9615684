// References of TensorFlow 1: an edge from a variable carries the variable itself, and who reads it sees the
// value of that moment. Here such an edge becomes the handle of a resource variable, and each reader gets a
// read of its own, after everything else that it waits for.
#include <unordered_set>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"

namespace floe {
namespace {

bool is_variable(const Node& n) { return n.is("VariableV2") || n.is("Variable"); }

struct Renaming {
  const char *from, *to;
};

// Ops that pass a reference on, and what does the same with a handle.
constexpr Renaming kPassing[] = {{"RefIdentity", "Identity"}, {"RefSwitch", "Switch"},
                                 {"RefMerge", "Merge"},       {"RefEnter", "Enter"},
                                 {"RefExit", "Exit"},         {"RefNextIteration", "NextIteration"}};

// Ops that change the variable at input 0 and hand its reference on.
constexpr Renaming kChanging[] = {{"Assign", "AssignVariableOp"},
                                  {"AssignAdd", "AssignAddVariableOp"},
                                  {"AssignSub", "AssignSubVariableOp"},
                                  {"ScatterUpdate", "ResourceScatterUpdate"},
                                  {"ScatterAdd", "ResourceScatterAdd"},
                                  {"ScatterSub", "ResourceScatterSub"},
                                  {"ScatterMul", "ResourceScatterMul"},
                                  {"ScatterDiv", "ResourceScatterDiv"},
                                  {"ScatterMin", "ResourceScatterMin"},
                                  {"ScatterMax", "ResourceScatterMax"},
                                  {"ScatterNdUpdate", "ResourceScatterNdUpdate"},
                                  {"ScatterNdAdd", "ResourceScatterNdAdd"},
                                  {"ScatterNdSub", "ResourceScatterNdSub"},
                                  {"ScatterNdMin", "ResourceScatterNdMin"},
                                  {"ScatterNdMax", "ResourceScatterNdMax"}};

template <size_t N>
const char* renamed(const Renaming (&table)[N], const Node& n) {
  for (const Renaming& r : table)
    if (n.is(r.from)) return r.to;
  return nullptr;
}

class Lowering {
 public:
  explicit Lowering(FunctionBody& body) : body_(body), graph_(*body.graph) {}

  void run() {
    for (auto& n : graph_.nodes())
      if (n && is_variable(*n)) carriers_.insert(n.get());
    if (carriers_.empty()) return;
    find_carriers();
    std::vector<Node*> before;
    for (auto& n : graph_.nodes())
      if (n) before.push_back(n.get());
    for (Node* n : before) find_users(*n);
    for (size_t i = 0; i < body_.results.size(); ++i)
      if (is_reference(body_.results[i])) body_.results[i] = read(body_.results[i], "", {});
    for (const auto& [user, input] : readers_) read_before(*user, input);
    for (const auto& [user, input] : holders_) hold(*user, input);
    for (Node* n : before) become_resource_op(*n);
  }

 private:
  // Output 0 of a carrier is a reference (of RefSwitch: both outputs).
  bool is_reference(const Endpoint& e) const {
    return carriers_.count(e.node) && (e.index == 0 || e.node->is("RefSwitch"));
  }

  void find_carriers() {
    for (size_t before = 0; before != carriers_.size();) {
      before = carriers_.size();
      for (auto& n : graph_.nodes())
        if (n && !n->inputs.empty() && is_reference(n->inputs[0]) &&
            (renamed(kPassing, *n) || renamed(kChanging, *n)))
          carriers_.insert(n.get());
    }
  }

  void find_users(Node& n) {
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      if (!is_reference(n.inputs[i])) continue;
      bool holds =
          renamed(kPassing, n) || (i == 0 && (renamed(kChanging, n) || n.is("IsVariableInitialized")));
      (holds ? holders_ : readers_).push_back({&n, i});
    }
  }

  // The handle that a reference stands for, and the change that must have happened.
  Endpoint handle(Endpoint e, std::vector<Node*>& after) const {
    while (renamed(kChanging, *e.node)) {
      after.push_back(e.node);
      e = e.node->inputs[0];
    }
    return e;
  }

  Endpoint read(const Endpoint& e, std::string_view user, std::vector<Node*> after) {
    DType type = e.node->output_types[size_t(e.index)];
    Endpoint from = handle(e, after);
    return graph_
        .add(get_op("ReadVariableOp"),
             cat(user.empty() ? endpoint_name(e) : std::string(user), "/ReadReference"), {from},
             {{"dtype", type}}, std::move(after))
        ->output();
  }

  void read_before(Node& user, size_t input) {
    std::vector<Node*> after = user.controls;
    if (!user.op || !user.op->accepts_dead)
      for (const Endpoint& e : user.inputs)
        if (!is_reference(e)) after.push_back(e.node);
    user.inputs[input] = read(user.inputs[input], user.name, std::move(after));
  }

  void hold(Node& user, size_t input) {
    std::vector<Node*> after;
    held_.push_back({&user, input, handle(user.inputs[input], after)});
    user.controls.insert(user.controls.end(), after.begin(), after.end());
  }

  void rename(Node& n, const char* op, AttrMap attrs) {
    n.op = &get_op(op);
    n.op_name = op;
    n.attrs = normalize_attrs(*n.op, std::move(attrs), n.name);
    n.output_types = arg_types(*n.op, n.op->outputs, n.attrs, n.name);
    n.output_shapes.clear();
  }

  void become_resource_op(Node& n) {
    for (auto it = held_.begin(); it != held_.end(); ++it)
      if (it->user == &n) n.inputs[it->input] = it->handle;
    if (n.is("IsVariableInitialized") && carriers_.count(n.inputs[0].node))
      return rename(n, "VarIsInitializedOp", {});
    if (!carriers_.count(&n)) return;
    if (is_variable(n)) {
      AttrMap attrs = n.attrs;
      attrs.set("old_shape", n.is("Variable"));
      return rename(n, "_FloeVariable", std::move(attrs));
    }
    if (const char* op = renamed(kPassing, n)) {
      n.attrs.set("T", DType::kResource);
      return rename(n, op, std::move(n.attrs));
    }
    const char* op = renamed(kChanging, n);
    AttrMap attrs;
    const OpDef& def = get_op(op);
    for (const auto& [name, value] : n.attrs)
      if (def.find_attr(name)) attrs.set(name, value);
    if (def.find_attr("dtype")) attrs.set("dtype", n.attrs.get<DType>("T"));
    rename(n, op, std::move(attrs));
  }

  struct Use {
    Node* user;
    size_t input;
  };
  struct Held {
    Node* user;
    size_t input;
    Endpoint handle;
  };
  FunctionBody& body_;
  Graph& graph_;
  std::unordered_set<const Node*> carriers_;
  std::vector<Use> readers_, holders_;
  std::vector<Held> held_;
};

}  // namespace

void lower_references(FunctionBody& body) { Lowering(body).run(); }

}  // namespace floe
