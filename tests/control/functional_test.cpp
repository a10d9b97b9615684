// If, Case, While and calls on functions of a library.
#include <atomic>

#include "loop_testing.h"

namespace floe {
namespace {

/// A function of float and int arguments made by `fill`, which returns the results.
void add_function(FunctionLibrary& library, const std::string& name, const std::vector<DType>& args,
                  const std::function<std::vector<Endpoint>(Graph&, const std::vector<Endpoint>&)>& fill) {
  auto f = std::make_shared<FunctionBody>();
  f->name = name;
  f->graph = std::make_unique<Graph>();
  std::vector<Endpoint> values;
  for (size_t i = 0; i < args.size(); ++i) {
    Node* a = f->graph->add(get_op("_Arg"), "a", {}, {{"T", args[i]}, {"index", int64_t(i)}});
    a->output_shapes = {Shape::unknown()};
    f->args.push_back(a);
    f->input_names.push_back(a->name);
    values.push_back({a, 0});
  }
  f->results = fill(*f->graph, values);
  for (const Endpoint& e : f->results) f->output_names.push_back(endpoint_name(e));
  library.add(f);
}

FuncRef ref(const std::string& name) { return {name, nullptr}; }

class Functional : public ::testing::Test {
 protected:
  using Values = std::vector<Endpoint>;
  Functional() {
    g.library = std::make_shared<FunctionLibrary>();
    add_function(*g.library, "twice", {DType::kFloat32},
                 [](Graph& b, const Values& a) -> Values { return {call(b, "AddV2", {a[0], a[0]})}; });
    add_function(*g.library, "negative", {DType::kFloat32},
                 [](Graph& b, const Values& a) -> Values { return {call(b, "Neg", {a[0]})}; });
    add_function(*g.library, "same", {DType::kFloat32},
                 [](Graph&, const Values& a) -> Values { return {a[0]}; });
    x = placeholder(g, "x");
  }
  AttrMap signature() const {
    return {{"Tout", std::vector<DType>{DType::kFloat32}}, {"Tin", std::vector<DType>{DType::kFloat32}}};
  }
  Endpoint make_if(const Endpoint& p, const std::string& op = "StatelessIf") {
    AttrMap attrs = signature();
    attrs.set("then_branch", ref("twice"));
    attrs.set("else_branch", ref("negative"));
    return call(g, op, {p, x}, "if", attrs);
  }
  float run_if(const Tensor& p) {
    Endpoint pred = placeholder(g, "p", p.dtype());
    return run_graph(g, {pred, x}, {make_if(pred)}, {p, f32(3)})[0].item<float>();
  }

  Graph g;
  Endpoint x;
};

TEST_F(Functional, IfTakesWhatIsTrue) {
  EXPECT_EQ(run_if(Tensor::scalar(true)), 6);
  EXPECT_EQ(run_if(Tensor::scalar(false)), -3);
  EXPECT_EQ(run_if(i32(-2)), 6);
  EXPECT_EQ(run_if(f32(0)), -3);
  EXPECT_EQ(run_if(Tensor::scalar("")), -3);
  EXPECT_EQ(run_if(Tensor::scalar("no")), 6);
  EXPECT_EQ(run_if(Tensor::vec<float>({0, 0})), 6);
  EXPECT_EQ(run_if(Tensor::vec<float>({})), -3);
}

TEST_F(Functional, CaseTakesTheLastForOtherIndices) {
  AttrMap attrs = signature();
  attrs.set("branches", std::vector<FuncRef>{ref("same"), ref("twice"), ref("negative")});
  Endpoint i = placeholder(g, "i", DType::kInt32), y = call(g, "StatelessCase", {i, x}, "case", attrs);
  for (auto [index, want] : std::vector<std::pair<int, float>>{{0, 3}, {1, 6}, {2, -3}, {3, -3}, {-1, -3}})
    EXPECT_EQ(run_graph(g, {i, x}, {y}, {i32(index), f32(3)})[0].item<float>(), want);
}

TEST_F(Functional, CallsPassAndNest) {
  AttrMap attrs = signature();
  attrs.set("f", ref("twice"));
  add_function(*g.library, "four_times", {DType::kFloat32}, [&](Graph& b, const Values& a) -> Values {
    return {call(b, "PartitionedCall", {call(b, "PartitionedCall", {a[0]}, "", attrs)}, "", attrs)};
  });
  for (auto& f : {"twice", "negative", "same"}) (void)g.library->find(ref(f));
  const_cast<FunctionBody&>(*g.library->find(ref("four_times"))).graph->library = g.library;
  attrs.set("f", ref("four_times"));
  EXPECT_EQ(
      run_graph(g, {x}, {call(g, "StatefulPartitionedCall", {x}, "", attrs)}, {f32(3)})[0].item<float>(), 12);
  const_cast<FunctionBody&>(*g.library->find(ref("four_times"))).graph->library = nullptr;
}

TEST_F(Functional, MissingFunctionIsNamed) {
  AttrMap attrs = signature();
  attrs.set("then_branch", ref("twize"));
  attrs.set("else_branch", ref("negative"));
  Endpoint p = placeholder(g, "p", DType::kBool), y = call(g, "If", {p, x}, "if", attrs);
  std::string e = error_of([&] { run_graph(g, {p, x}, {y}, {Tensor::scalar(true), f32(3)}); });
  EXPECT_CONTAINS(e, "twize");
  EXPECT_CONTAINS(e, "twice");
}

TEST_F(Functional, BranchWithOtherArgumentsIsRefused) {
  add_function(*g.library, "two", {DType::kFloat32, DType::kFloat32},
               [](Graph& b, const Values& a) -> Values { return {call(b, "AddV2", {a[0], a[1]})}; });
  AttrMap attrs = signature();
  attrs.set("then_branch", ref("two"));
  attrs.set("else_branch", ref("negative"));
  Endpoint p = placeholder(g, "p", DType::kBool), y = call(g, "If", {p, x}, "if", attrs);
  EXPECT_CONTAINS(error_of([&] { run_graph(g, {p, x}, {y}, {Tensor::scalar(true), f32(3)}); }),
                  "the function takes 2 inputs and gives 1 outputs, the node has 1 and 1");
}

class WhileLoop : public Functional {
 protected:
  WhileLoop() {
    add_function(*g.library, "go_on", {DType::kFloat32}, [](Graph& b, const Values& a) -> Values {
      return {call(b, "Less", {a[0], constant(b, "c", f32(100))})};
    });
    add_function(*g.library, "for_ever", {DType::kFloat32},
                 [](Graph& b, const Values&) -> Values { return {constant(b, "c", Tensor::scalar(true))}; });
    add_function(*g.library, "two_results", {DType::kFloat32},
                 [](Graph&, const Values& a) -> Values { return {a[0], a[0]}; });
  }
  Endpoint loop(const std::string& cond, const std::string& body) {
    return call(g, "While", {x}, "loop", {{"cond", ref(cond)}, {"body", ref(body)}});
  }
};

TEST_F(WhileLoop, RunsUntilTheConditionFails) {
  EXPECT_EQ(run_graph(g, {x}, {loop("go_on", "twice")}, {f32(3)})[0].item<float>(), 192);
  EXPECT_EQ(run_graph(g, {x}, {loop("go_on", "twice")}, {f32(300)})[0].item<float>(), 300);
}

TEST_F(WhileLoop, ConditionHasOneResult) {
  EXPECT_CONTAINS(error_of([&] { run_graph(g, {x}, {loop("two_results", "twice")}, {f32(3)}); }),
                  "Expected a single scalar return value from WhileOp cond, got 2 tensors.");
}

TEST_F(WhileLoop, BodyKeepsTheNumberOfVariables) {
  EXPECT_CONTAINS(error_of([&] { run_graph(g, {x}, {loop("go_on", "two_results")}, {f32(3)}); }),
                  "body: the function takes 1 inputs and gives 2 outputs, the node has 1 and 1");
}

TEST_F(WhileLoop, CanBeCancelled) {
  auto body = extract(g, std::vector<Endpoint>{x}, std::vector<Endpoint>{loop("for_ever", "twice")});
  auto cache = std::make_shared<CallableCache>();
  Executable executable(std::move(body), cache);
  std::atomic<bool> cancelled{true};
  ResourceManager resources;
  RunState state;
  state.resources = &resources;
  state.cancelled = &cancelled;
  std::vector<Tensor> in = {f32(1)}, out;
  EXPECT_THROW(executable.run(state, in, out), Cancelled);
}

}  // namespace
}  // namespace floe
