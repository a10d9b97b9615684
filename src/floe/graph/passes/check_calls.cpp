// Functions named by nodes against what the nodes give them and expect of them.
#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/op/kernel.h"

namespace floe {
namespace {

class CallChecker {
 public:
  explicit CallChecker(const Node& n, const FunctionLibrary* library) : n_(n), library_(library) {}

  void call() { check("", n_.attrs.get<FuncRef>("f"), inputs_from(0), n_.output_types); }
  void branches() {
    if (n_.op->find_attr("branches")) {
      for (const FuncRef& f : n_.attrs.get<std::vector<FuncRef>>("branches"))
        check("branches", f, inputs_from(1), n_.output_types);
      return;
    }
    for (const char* role : {"then_branch", "else_branch"})
      check(role, n_.attrs.get<FuncRef>(role), inputs_from(1), n_.output_types);
  }
  void loop() {
    const FuncRef& cond = n_.attrs.get<FuncRef>("cond");
    size_t verdicts = body_of(cond)->results.size();
    if (verdicts != 1)
      fail(cat("Expected a single scalar return value from WhileOp cond, got ", verdicts, " tensors."), cond);
    check("cond", cond, inputs_from(0), std::vector<DType>{DType::kInvalid});
    check("body", n_.attrs.get<FuncRef>("body"), inputs_from(0), n_.output_types);
  }

 private:
  [[noreturn]] void fail(const std::string& what, const FuncRef& f) const {
    throw InvalidArgument(cat(op_prefix(n_.op_name, n_.name), what, " (function '", f.name, "')"));
  }

  std::vector<DType> inputs_from(size_t first) const {
    std::vector<DType> types;
    for (size_t i = first; i < n_.inputs.size(); ++i)
      types.push_back(n_.inputs[i].node->output_types[size_t(n_.inputs[i].index)]);
    return types;
  }

  std::shared_ptr<const FunctionBody> body_of(const FuncRef& f) const {
    auto body = library_ ? library_->find(f) : nullptr;
    if (!body)
      throw NotFound(cat(op_prefix(n_.op_name, n_.name), "Function '", f.name,
                         "' is not in the graph's library.",
                         did_you_mean(f.name, library_ ? library_->names() : std::vector<std::string>())));
    return body;
  }

  void check(const std::string& role, const FuncRef& f, std::span<const DType> given,
             std::span<const DType> expected) const {
    auto body = body_of(f);
    std::string the_function = role.empty() ? "the function" : cat("the function of '", role, "'");
    if (body->args.size() != given.size() || body->results.size() != expected.size())
      fail(cat(role.empty() ? "" : cat(role, ": "), "the function takes ", body->args.size(),
               " inputs and gives ", body->results.size(), " outputs, the node has ", given.size(), " and ",
               expected.size()),
           f);
    auto differ = [](DType a, DType b) { return a != b && a != DType::kInvalid && b != DType::kInvalid; };
    for (size_t i = 0; i < given.size(); ++i)
      if (DType takes = body->args[i]->output_types[0]; differ(takes, given[i]))
        fail(cat(the_function, " takes ", dtype_name(takes), " as input ", i, ", the node gives ",
                 dtype_name(given[i])),
             f);
    for (size_t i = 0; i < expected.size(); ++i) {
      const Endpoint& e = body->results[i];
      if (DType gives = e.node->output_types[size_t(e.index)]; differ(gives, expected[i]))
        fail(cat(the_function, " gives ", dtype_name(gives), " as output ", i, ", the node has ",
                 dtype_name(expected[i])),
             f);
    }
  }

  const Node& n_;
  const FunctionLibrary* library_;
};

}  // namespace

void check_calls(const FunctionBody& b) {
  for (auto& n : b.graph->nodes()) {
    if (!n || !n->op) continue;
    CallChecker checker(*n, b.graph->library.get());
    if (n->is("PartitionedCall") || n->is("StatefulPartitionedCall"))
      checker.call();
    else if (n->is("If") || n->is("StatelessIf") || n->is("Case") || n->is("StatelessCase"))
      checker.branches();
    else if (n->is("While") || n->is("StatelessWhile"))
      checker.loop();
  }
}

}  // namespace floe
