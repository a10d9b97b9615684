// Conditions as TensorFlow 1's dataflow: dead tensors, Merge and its index.
#include "loop_testing.h"

namespace floe {
namespace {

struct Branches {
  Graph g;
  Endpoint p, x;
  Node* split;
  Branches() {
    p = placeholder(g, "p", DType::kBool);
    x = placeholder(g, "x");
    split = g.add("Switch", "split", {x, p});
  }
  std::vector<Tensor> run(const std::vector<Endpoint>& fetches, bool pred, float v = 3) {
    return run_graph(g, {p, x}, fetches, {Tensor::scalar(pred), f32(v)});
  }
};

TEST(Switch, SendsItsInputOneWay) {
  Branches b;
  EXPECT_EQ(b.run({operand(b.split, 1)}, true)[0].item<float>(), 3);
  EXPECT_EQ(b.run({operand(b.split, 0)}, false)[0].item<float>(), 3);
  EXPECT_CONTAINS(error_of([&] { b.run({operand(b.split, 0)}, true); }), "Retval[0] does not have value");
}

TEST(Switch, WhatDeadTensorsFeedIsDead) {
  Branches b;
  Endpoint after = call(b.g, "Exp", {call(b.g, "Neg", {operand(b.split, 0)})});
  EXPECT_CONTAINS(error_of([&] { b.run({after}, true); }), "Retval[0] does not have value");
}

TEST(Switch, NeedsAScalar) {
  Branches b;
  EXPECT_CONTAINS(error_of([&] {
                    run_graph(b.g, {b.p, b.x}, {operand(b.split, 1)},
                              {Tensor::vec<uint8_t>({1}).viewed_as(DType::kBool), f32(1)});
                  }),
                  "must be");
}

TEST(Merge, TakesTheLiveInputAndItsIndex) {
  Branches b;
  Node* m = b.g.add("Merge", "m",
                    {call(b.g, "Neg", {operand(b.split, 0)}), call(b.g, "Square", {operand(b.split, 1)})});
  auto yes = b.run({operand(m, 0), operand(m, 1)}, true);
  EXPECT_EQ(yes[0].item<float>(), 9);
  EXPECT_EQ(yes[1].item<int32_t>(), 1);
  auto no = b.run({operand(m, 0), operand(m, 1)}, false);
  EXPECT_EQ(no[0].item<float>(), -3);
  EXPECT_EQ(no[1].item<int32_t>(), 0);
}

TEST(Merge, OfDeadInputsIsDead) {
  Branches b;
  Node* m = b.g.add("Merge", "m", {operand(b.split, 0), call(b.g, "Neg", {operand(b.split, 0)})});
  EXPECT_CONTAINS(error_of([&] { b.run({operand(m, 1)}, true); }), "Retval[0] does not have value");
}

TEST(ControlTrigger, RunsThoughWhatItWaitsForIsDead) {
  Branches b;
  Node* trigger = b.g.add("ControlTrigger", "t", {});
  trigger->controls.push_back(call(b.g, "Neg", {operand(b.split, 0)}).node);
  Endpoint y = call(b.g, "Identity", {b.x});
  y.node->controls.push_back(trigger);
  EXPECT_EQ(b.run({y}, true)[0].item<float>(), 3);
}

TEST(SwitchN, TakesTheLastOutputForOtherIndices) {
  Graph g;
  Endpoint i = placeholder(g, "i", DType::kInt32), x = placeholder(g, "x");
  Node* s = g.add("_SwitchN", "s", {x, i}, {{"num_outs", int64_t(3)}});
  Node* m = g.add("Merge", "m", {operand(s, 0), operand(s, 1), operand(s, 2)});
  for (auto [index, want] : std::vector<std::pair<int, int>>{{0, 0}, {1, 1}, {2, 2}, {7, 2}, {-1, 2}})
    EXPECT_EQ(run_graph(g, {i, x}, {operand(m, 1)}, {i32(index), f32(1)})[0].item<int32_t>(), want);
}

TEST(Abort, IsAnErrorNotTheEnd) {
  Graph g;
  Node* a = g.add("Abort", "stop", {}, {{"error_msg", std::string("enough")}});
  Endpoint x = placeholder(g, "x"), y = call(g, "Identity", {x});
  y.node->controls.push_back(a);
  EXPECT_CONTAINS(error_of([&] { run_graph(g, {x}, {y}, {f32(1)}); }), "enough");
}

}  // namespace
}  // namespace floe
