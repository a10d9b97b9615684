// What cannot be read as a loop is named, all of it at once.
#include "loop_testing.h"

namespace floe {
namespace {

struct SmallLoop {
  Graph g;
  LoopBuilder loop{g, "frame"};
  Endpoint add;
  SmallLoop() {
    Endpoint i = loop.variable(constant(g, "zero", i32(0)));
    loop.condition(call(g, "Less", {i, constant(g, "three", i32(3))}, "less"));
    add = call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}, "add");
    loop.next(0, add);
  }
};

TEST(RaiseErrors, FetchInsideALoop) {
  SmallLoop s;
  std::string e = error_of([&] { raised(s.g, {}, {s.add}); });
  EXPECT_CONTAINS(e, "AddV2 'add' in frame 'frame' has been marked as not fetchable");
}

TEST(RaiseErrors, SeveralLoopConds) {
  SmallLoop s;
  Node* second = s.g.add("LoopCond", "other_cond", {{s.loop.loop_cond()->inputs[0]}});
  Node* sw = s.g.add("Switch", "other_switch", {{s.loop.merge(0), 0}, {second, 0}});
  Endpoint other = call(s.g, "Exit", {operand(sw, 0)}, "other_exit");
  std::string e = error_of([&] { raised(s.g, {}, {s.loop.exit(0), other}); });
  EXPECT_CONTAINS(e, "2 LoopCond nodes: 'frame/LoopCond', 'other_cond'");
  EXPECT_CONTAINS(e, "frame 'frame'");
}

TEST(RaiseErrors, NoLoopCond) {
  Graph g;
  LoopBuilder loop(g, "frame");
  Endpoint i = loop.enter(constant(g, "zero", i32(0)), true);
  std::string e = error_of([&] { raised(g, {}, {call(g, "Exit", {i})}); });
  EXPECT_CONTAINS(e, "enters a loop with 0 LoopCond nodes");
}

TEST(RaiseErrors, InputsFromDifferentFrames) {
  SmallLoop s;
  Endpoint x = placeholder(s.g, "x", DType::kInt32);
  s.add.node->inputs[1] = x;
  std::string e = error_of([&] { raised(s.g, {x}, {s.loop.exit(0)}); });
  EXPECT_CONTAINS(e, "AddV2 'add'");
  EXPECT_CONTAINS(e, "has inputs from different frames");
  EXPECT_CONTAINS(e, "frame 'frame'");
}

TEST(RaiseErrors, VariableWithoutNextIteration) {
  Graph g;
  LoopBuilder loop(g, "frame");
  Endpoint i = loop.variable(constant(g, "zero", i32(0)));
  loop.condition(call(g, "Less", {i, constant(g, "three", i32(3))}));
  std::string e = error_of([&] { raised(g, {}, {loop.exit(0)}); });
  EXPECT_CONTAINS(e, "joins 2 Enter and 0 NextIteration of 2 inputs");
}

TEST(RaiseErrors, VariableEnterWithoutMerge) {
  SmallLoop s;
  Endpoint x = placeholder(s.g, "x", DType::kInt32);
  s.add.node->inputs[1] = s.loop.enter(x, false);
  std::string e = error_of([&] { raised(s.g, {x}, {s.loop.exit(0)}); });
  EXPECT_CONTAINS(e, "is neither constant nor joined by a Merge");
}

TEST(RaiseErrors, CycleThatIsNoLoop) {
  Graph g;
  Endpoint x = placeholder(g, "x");
  Endpoint a = call(g, "AddV2", {x, x}, "a"), b = call(g, "Neg", {a}, "b");
  a.node->inputs[1] = b;
  LoopBuilder loop(g, "frame");
  std::string e = error_of([&] { raised(g, {x}, {call(g, "Exit", {loop.enter(b, true)})}); });
  EXPECT_CONTAINS(e, "cycle that is not a loop");
  EXPECT_CONTAINS(e, "a, b");
}

TEST(RaiseErrors, ExitWithoutEnter) {
  Graph g;
  Endpoint x = placeholder(g, "x");
  std::string e = error_of([&] { raised(g, {x}, {call(g, "Exit", {x}, "out")}); });
  EXPECT_CONTAINS(e, "Exit 'out' leaves a loop that was never entered");
}

TEST(RaiseErrors, ValueThatLeavesInEveryTurn) {
  SmallLoop s;
  std::string e = error_of([&] { raised(s.g, {}, {call(s.g, "Exit", {s.add}, "out")}); });
  EXPECT_CONTAINS(e, "lets a value out of the loop in every iteration");
}

TEST(RaiseErrors, EndValueInTheBody) {
  SmallLoop s;
  s.add.node->inputs[1] = s.loop.end_value(0);
  std::string e = error_of([&] { raised(s.g, {}, {s.loop.exit(0)}); });
  EXPECT_CONTAINS(e, "into the body");
}

TEST(RaiseErrors, SharedEffects) {
  Graph g;
  Endpoint stack = call(g, "StackV2", {constant(g, "limit", i32(-1))}, "", {{"elem_type", DType::kInt32}});
  LoopBuilder loop(g, "frame");
  loop.variable(constant(g, "zero", i32(0)));
  Endpoint pop = call(g, "StackPopV2", {loop.invariant(stack)}, "pop", {{"elem_type", DType::kInt32}});
  loop.condition(call(g, "Less", {pop, constant(g, "three", i32(3))}));
  loop.next(0, call(g, "AddV2", {loop.value(0), pop}));
  std::string e = error_of([&] { raised(g, {}, {loop.exit(0)}); });
  EXPECT_CONTAINS(
      e, "StackPopV2 'pop' in frame 'frame' has effects and is used by the condition and by the body");
}

TEST(RaiseErrors, LoopThatNeedsItsOwnResult) {
  SmallLoop s;
  Endpoint out = s.loop.exit(0);
  s.add.node->inputs[1] = s.loop.invariant(out);
  EXPECT_CONTAINS(error_of([&] { raised(s.g, {}, {out}); }), "cycle");
}

TEST(RaiseErrors, EverythingAtOnce) {
  SmallLoop s;
  Endpoint x = placeholder(s.g, "x", DType::kInt32);
  std::vector<Endpoint> fetches = {s.loop.exit(0)};
  for (int i = 0; i < 30; ++i) fetches.push_back(call(s.g, "AddV2", {s.loop.value(0), x}, "mixed"));
  std::string e = error_of([&] { raised(s.g, {x}, fetches); });
  EXPECT_CONTAINS(e, "60 nodes are in the way");
  EXPECT_CONTAINS(e, "'mixed_3'");
  EXPECT_CONTAINS(e, "and 40 more");
}

TEST(RaiseErrors, DeepNesting) {
  Graph g;
  Endpoint v = placeholder(g, "x");
  for (int d = 0; d < 150; ++d) v = LoopBuilder(g, "frame" + std::to_string(d)).enter(v, true);
  for (int d = 0; d < 150; ++d) v = call(g, "Exit", {v});
  EXPECT_CONTAINS(error_of([&] { raised(g, {operand(g.find("x"))}, {v}); }), "nested more than 100 deep");
}

}  // namespace
}  // namespace floe
