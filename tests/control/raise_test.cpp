// Loops in TensorFlow 1's form against what they must compute, and what they become.
#include "floe/graph/raise.h"

#include <chrono>

#include "loop_testing.h"

namespace floe {
namespace {

/// for (i = 0; i < n; ++i) y = y * 2 + x
struct SumLoop {
  Graph g;
  Endpoint n, x, i, y;
  LoopBuilder loop{g, "while/while_context"};

  SumLoop() {
    n = placeholder(g, "n", DType::kInt32);
    x = placeholder(g, "x");
    Endpoint i0 = loop.variable(constant(g, "zero", i32(0)));
    loop.variable(x);
    loop.condition(call(g, "Less", {i0, loop.invariant(n)}, "while/Less"));
    loop.next(0, call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}, "while/add"));
    Endpoint doubled =
        call(g, "Mul", {loop.value(1), loop.invariant(constant(g, "two", f32(2)))}, "while/mul");
    loop.next(1, call(g, "AddV2", {doubled, loop.invariant(x)}, "while/add_1"));
    i = loop.exit(0);
    y = loop.exit(1);
  }
};

TEST(Raise, CountsAndSums) {
  SumLoop s;
  auto out = run_graph(s.g, {s.n, s.x}, {s.i, s.y}, {i32(3), f32(1.5f)});
  EXPECT_EQ(out[0].item<int32_t>(), 3);
  EXPECT_EQ(out[1].item<float>(), 1.5f * 15);
}

TEST(Raise, NeverEntersTheBody) {
  SumLoop s;
  auto out = run_graph(s.g, {s.n, s.x}, {s.i, s.y}, {i32(0), f32(4)});
  EXPECT_EQ(out[0].item<int32_t>(), 0);
  EXPECT_EQ(out[1].item<float>(), 4);
}

TEST(Raise, BecomesOneWhileWithConstantsInside) {
  SumLoop s;
  auto body = raised(s.g, {s.n, s.x}, {s.y});
  Node* loop = only_loop(*body);
  EXPECT_TRUE(loop->is("StatelessWhile"));
  EXPECT_EQ(loop->name, "while");
  // i, y, and the invariants n and x; the constant 2 went into the body.
  EXPECT_EQ(loop->inputs.size(), 4u);
  auto inner = body->graph->library->find(loop->attrs.get<FuncRef>("body"));
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(inner->args.size(), 4u);
  EXPECT_EQ(inner->results.size(), 4u);
  EXPECT_NE(inner->graph->find("two"), nullptr);
  EXPECT_EQ(inner->graph->find("while/Less"), nullptr);
  auto cond = body->graph->library->find(loop->attrs.get<FuncRef>("cond"));
  ASSERT_NE(cond, nullptr);
  EXPECT_EQ(cond->results.size(), 1u);
  EXPECT_NE(cond->graph->find("while/Less"), nullptr);
  EXPECT_EQ(cond->graph->find("while/mul"), nullptr);
}

TEST(Raise, ExitKeepsItsName) {
  SumLoop s;
  auto body = raised(s.g, {s.n, s.x}, {s.y});
  EXPECT_EQ(body->results[0].node->name, s.y.node->name);
  EXPECT_TRUE(body->results[0].node->is("Identity"));
}

TEST(Raise, LeavesOutVariablesNobodyNeeds) {
  SumLoop s;
  auto body = raised(s.g, {s.n}, {s.i});
  EXPECT_EQ(only_loop(*body)->inputs.size(), 2u);
  EXPECT_EQ(run_body(std::move(body), {i32(7)})[0].item<int32_t>(), 7);
}

TEST(Raise, OneGraphServesSeveralCalls) {
  SumLoop s;
  EXPECT_EQ(run_graph(s.g, {s.n}, {s.i}, {i32(2)})[0].item<int32_t>(), 2);
  EXPECT_EQ(run_graph(s.g, {s.n, s.x}, {s.y}, {i32(2), f32(1)})[0].item<float>(), 7);
  EXPECT_EQ(run_graph(s.g, {s.n}, {s.i}, {i32(5)})[0].item<int32_t>(), 5);
}

TEST(Raise, VariablesTradePlaces) {
  Graph g;
  Endpoint a = placeholder(g, "a"), b = placeholder(g, "b");
  LoopBuilder loop(g, "swap");
  Endpoint i = loop.variable(constant(g, "zero", i32(0)));
  loop.variable(a);
  loop.variable(b);
  loop.condition(call(g, "Less", {i, constant(g, "three", i32(3))}));
  loop.next(0, call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}));
  loop.next(1, loop.value(2));
  loop.next(2, loop.value(1));
  auto out = run_graph(g, {a, b}, {loop.exit(1), loop.exit(2)}, {f32(1), f32(2)});
  EXPECT_EQ(out[0].item<float>(), 2);
  EXPECT_EQ(out[1].item<float>(), 1);
}

TEST(Raise, NestedLoops) {
  // total = sum over i < n of sum over j < i of x * j
  Graph g;
  Endpoint n = placeholder(g, "n", DType::kInt32), x = placeholder(g, "x", DType::kInt32);
  Endpoint zero = constant(g, "zero", i32(0)), one = constant(g, "one", i32(1));
  LoopBuilder outer(g, "outer");
  Endpoint i = outer.variable(zero);
  outer.variable(zero);
  outer.condition(call(g, "Less", {i, outer.invariant(n)}));
  Endpoint x_in = outer.invariant(x);
  LoopBuilder inner(g, "outer/inner");
  // A constant inside a loop is tied to it by a control edge.
  Endpoint zero_in = constant(g, "outer/zero", i32(0));
  zero_in.node->controls.push_back(outer.switch_node(0));
  Endpoint j = inner.variable(zero_in);
  inner.variable(outer.value(1));
  inner.condition(call(g, "Less", {j, inner.invariant(outer.value(0))}));
  inner.next(0, call(g, "AddV2", {inner.value(0), one}));
  Endpoint product = call(g, "Mul", {inner.invariant(x_in), inner.value(0)});
  inner.next(1, call(g, "AddV2", {inner.value(1), product}));
  outer.next(0, call(g, "AddV2", {outer.value(0), one}));
  outer.next(1, inner.exit(1));
  Endpoint total = outer.exit(1);

  auto body = raised(g, {n, x}, {total});
  Node* loop = only_loop(*body);
  auto inside = body->graph->library->find(loop->attrs.get<FuncRef>("body"));
  EXPECT_TRUE(has_node(*inside, "StatelessWhile"));
  int32_t want = 0;
  for (int a = 0; a < 5; ++a)
    for (int b = 0; b < a; ++b) want += 3 * b;
  EXPECT_EQ(run_body(std::move(body), {i32(5), i32(3)})[0].item<int32_t>(), want);
}

TEST(Raise, ValueIndexOfALoopMerge) {
  // i counts the iterations in which the Merge took its second input.
  Graph g;
  LoopBuilder loop(g, "index");
  Endpoint i = loop.variable(constant(g, "zero", i32(0)));
  Endpoint sum = loop.variable(constant(g, "zero_1", i32(0)));
  loop.condition(call(g, "Less", {i, constant(g, "four", i32(4))}));
  loop.next(0, call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}));
  loop.next(1, call(g, "AddV2", {loop.value(1), {loop.merge(0), 1}}));
  (void)sum;
  EXPECT_EQ(run_graph(g, {}, {loop.exit(1)}, {})[0].item<int32_t>(), 3);
}

TEST(Raise, ConditionInTheBody) {
  // Collatz: x = x % 2 ? 3x + 1 : x / 2
  Graph g;
  Endpoint x = placeholder(g, "x", DType::kInt32);
  LoopBuilder loop(g, "collatz");
  Endpoint v = loop.variable(x);
  loop.variable(constant(g, "zero", i32(0)));
  loop.condition(call(g, "Greater", {v, constant(g, "one", i32(1))}));
  Endpoint now = loop.value(0);
  Endpoint odd = call(g, "Equal",
                      {call(g, "FloorMod", {now, constant(g, "two", i32(2))}), constant(g, "one_1", i32(1))});
  Node* branch = g.add("Switch", "branch", {now, odd});
  Endpoint half = call(g, "FloorDiv", {operand(branch, 0), constant(g, "two_1", i32(2))});
  Endpoint three = constant(g, "three", i32(3));
  three.node->controls.push_back(call(g, "Identity", {operand(branch, 1)}, "pivot").node);
  Endpoint triple =
      call(g, "AddV2", {call(g, "Mul", {operand(branch, 1), three}), constant(g, "one_2", i32(1))});
  loop.next(0, call(g, "Merge", {half, triple}));
  loop.next(1, call(g, "AddV2", {loop.value(1), constant(g, "one_3", i32(1))}));
  EXPECT_EQ(run_graph(g, {x}, {loop.exit(1)}, {i32(27)})[0].item<int32_t>(), 111);
}

TEST(Raise, LoopInABranch) {
  Graph g;
  Endpoint p = placeholder(g, "p", DType::kBool), x = placeholder(g, "x");
  Node* split = g.add("Switch", "split", {x, p});
  LoopBuilder loop(g, "in_branch");
  Endpoint zero = constant(g, "zero", i32(0));
  zero.node->controls.push_back(call(g, "Identity", {operand(split, 1)}, "pivot_t").node);
  Endpoint i = loop.variable(zero);
  loop.variable(operand(split, 1));
  loop.condition(call(g, "Less", {i, constant(g, "three", i32(3))}));
  loop.next(0, call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}));
  loop.next(1, call(g, "AddV2", {loop.value(1), loop.value(1)}));
  Endpoint merged = call(g, "Merge", {call(g, "Neg", {operand(split, 0)}), loop.exit(1)});
  EXPECT_EQ(run_graph(g, {p, x}, {merged}, {Tensor::scalar(true), f32(3)})[0].item<float>(), 24);
  EXPECT_EQ(run_graph(g, {p, x}, {merged}, {Tensor::scalar(false), f32(3)})[0].item<float>(), -3);
}

TEST(Raise, ConditionAndBodyShareNodes) {
  Graph g;
  Endpoint n = placeholder(g, "n", DType::kInt32);
  LoopBuilder loop(g, "shared");
  Endpoint i = loop.variable(constant(g, "zero", i32(0)));
  loop.variable(constant(g, "zero_1", i32(0)));
  Endpoint square = call(g, "Mul", {i, i}, "square");
  loop.condition(call(g, "Less", {square, loop.invariant(n)}));
  loop.next(0, call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}));
  loop.next(1, call(g, "AddV2", {loop.value(1), square}));
  auto out = run_graph(g, {n}, {loop.exit(0), loop.exit(1)}, {i32(10)});
  EXPECT_EQ(out[0].item<int32_t>(), 4);
  EXPECT_EQ(out[1].item<int32_t>(), 0 + 1 + 4 + 9);
}

TEST(Raise, WorkAtTheEndOfTheLoop) {
  Graph g;
  Endpoint x = placeholder(g, "x", DType::kInt32);
  LoopBuilder loop(g, "tail");
  Endpoint i = loop.variable(constant(g, "zero", i32(0)));
  loop.condition(call(g, "Less", {i, constant(g, "three", i32(3))}));
  loop.next(0, call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}));
  Endpoint last = call(g, "Mul", {loop.end_value(0), loop.invariant(x)});
  Endpoint out = call(g, "Exit", {last}, "tail/Exit");
  EXPECT_EQ(run_graph(g, {x}, {out}, {i32(7)})[0].item<int32_t>(), 21);
}

TEST(Raise, ControlEdgesKeepEffects) {
  // Pushes happen in every turn although only a control edge of the counter asks for them.
  Graph g;
  Endpoint stack =
      call(g, "StackV2", {constant(g, "limit", i32(-1))}, "stack", {{"elem_type", DType::kInt32}});
  LoopBuilder loop(g, "forward");
  Endpoint i = loop.variable(constant(g, "zero", i32(0)));
  loop.condition(call(g, "Less", {i, constant(g, "three", i32(3))}));
  Endpoint push = call(g, "StackPushV2", {loop.invariant(stack), loop.value(0)});
  Endpoint next = call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))});
  push.node->controls.push_back(next.node);
  loop.next(0, next)->controls.push_back(push.node);
  Endpoint end = loop.exit(0);

  LoopBuilder back(g, "backward");
  Endpoint k = back.variable(end);
  back.variable(constant(g, "zero_1", i32(0)));
  back.condition(call(g, "Greater", {k, constant(g, "zero_2", i32(0))}));
  Endpoint pop = call(g, "StackPopV2", {back.invariant(stack)}, "", {{"elem_type", DType::kInt32}});
  Endpoint minus = call(g, "Sub", {back.value(0), constant(g, "one_1", i32(1))});
  pop.node->controls.push_back(minus.node);
  Node* sync = g.add("ControlTrigger", "b_sync", {});
  sync->controls.push_back(pop.node);
  back.next(0, minus)->controls.push_back(sync);
  Endpoint weighted = call(g, "Mul", {pop, back.value(0)});
  back.next(1, call(g, "AddV2", {back.value(1), weighted}));

  auto body = raised(g, {}, {back.exit(1)});
  auto out = run_body(std::move(body), {});
  EXPECT_EQ(out[0].item<int32_t>(), 2 * 3 + 1 * 2 + 0 * 1);
}

TEST(Raise, ControlsOfEntersOrderTheLoop) {
  Graph g;
  Endpoint x = placeholder(g, "x");
  Node* first = g.add("NoOp", "first", {});
  LoopBuilder loop(g, "ordered");
  Endpoint i = loop.variable(constant(g, "zero", i32(0)));
  i.node->inputs[0].node->controls.push_back(first);
  loop.variable(x);
  loop.condition(call(g, "Less", {i, constant(g, "two", i32(2))}));
  loop.next(0, call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}));
  loop.next(1, call(g, "Neg", {loop.value(1)}));
  auto body = raised(g, {x}, {loop.exit(1)});
  ASSERT_EQ(only_loop(*body)->controls.size(), 1u);
  EXPECT_EQ(only_loop(*body)->controls[0]->name, "first");
}

TEST(Raise, LoopsInsideFunctions) {
  SumLoop s;
  Graph g;
  g.library = std::make_shared<FunctionLibrary>();
  auto fn = extract(s.g, std::vector<Endpoint>{s.n, s.x}, std::vector<Endpoint>{s.y});
  fn->name = "sum";
  std::shared_ptr<FunctionBody> shared = std::move(fn);
  shared->graph->library = nullptr;
  g.library->add(shared);
  Endpoint n = placeholder(g, "n", DType::kInt32), x = placeholder(g, "x");
  Endpoint y = call(g, "PartitionedCall", {n, x}, "call",
                    {{"Tout", std::vector<DType>{DType::kFloat32}}, {"f", FuncRef{"sum", nullptr}}});
  EXPECT_EQ(run_graph(g, {n, x}, {y}, {i32(2), f32(1)})[0].item<float>(), 7);
}

TEST(Raise, LargeBodiesTakeLinearTime) {
  Graph g;
  Endpoint x = placeholder(g, "x");
  LoopBuilder loop(g, "large");
  Endpoint i = loop.variable(constant(g, "zero", i32(0)));
  for (int k = 0; k < 2000; ++k) loop.variable(x);
  loop.condition(call(g, "Less", {i, constant(g, "three", i32(3))}));
  loop.next(0, call(g, "AddV2", {loop.value(0), constant(g, "one", i32(1))}));
  Endpoint v = loop.value(1);
  for (int k = 0; k < 20000; ++k) v = call(g, "Neg", {v});
  loop.next(1, v);
  std::vector<Endpoint> exits = {loop.exit(1)};
  for (size_t k = 2; k <= 2000; ++k) {
    loop.next(k, loop.value(k - 1));
    exits.push_back(loop.exit(k));
  }
  auto start = std::chrono::steady_clock::now();
  auto body = raised(g, {x}, exits);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_EQ(only_loop(*body)->inputs.size(), 2001u);
  EXPECT_LT(seconds, 5);
}

}  // namespace
}  // namespace floe
