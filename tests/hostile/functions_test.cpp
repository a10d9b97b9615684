// Functions that call themselves, each other, too often or with the wrong arguments.
#include "hostile.h"

namespace floe::hostile {
namespace {

void negate(NodeMaker& f) { f.plain("c", "Neg", {"a"}); }

GraphMaker calling(const std::string& function, const std::string& op = "PartitionedCall") {
  GraphMaker g;
  g.placeholder("x");
  g.call("y", function, "x", op);
  return g;
}

TEST(HostileFunctions, CallsItself) {
  for (std::string op : {"PartitionedCall", "StatefulPartitionedCall"}) {
    GraphMaker g = calling("f", op);
    g.function("f", "c:output:0", [&](NodeMaker& f) { f.call("c", "f", "a", op); });
    EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "'y/c'",
                   "function 'f' calls itself without end", "f -> f");
  }
}

TEST(HostileFunctions, CallEachOther) {
  GraphMaker g = calling("f");
  g.function("f", "c:output:0", [](NodeMaker& f) { f.call("c", "g", "a"); });
  g.function("g", "c:output:0", [](NodeMaker& f) { f.call("c", "h", "a"); });
  g.function("h", "c:output:0", [](NodeMaker& f) { f.call("c", "f", "a"); });
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "calls itself without end",
                 "f -> g -> h -> f");
}

TEST(HostileFunctions, CallsItselfByNameOfTheOp) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "f", {"x"});
  g.function("f", "c:r:0", [](NodeMaker& f) { f.node("c", "f", {"a"}); });
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "'f' calls itself");
}

TEST(HostileFunctions, RecursionThatIsNotNeeded) {
  GraphMaker g = calling("f");
  g.function("f", "c:y:0", [](NodeMaker& f) {
    f.call("again", "f", "a");
    negate(f);
  });
  EXPECT_FLOATS(run(g, {floats({1})}), -1);
}

// f(a) = a > 0 ? f(a - 1) : a
void count_down(GraphMaker& g, bool forever = false) {
  g.function("f", "i:output:0", [&](NodeMaker& f) {
    f.constant("zero", Tensor::scalar(forever ? -INFINITY : 0.0f));
    f.constant("one", Tensor::scalar(1.0f));
    f.plain("p", "Greater", {"a", "zero:output:0"});
    f.plain("m", "Sub", {"a", "one:output:0"});
    f.branch("i", "p:z:0", "m:z:0", "f", "g");
  });
  g.function("g", "c:output:0", [](NodeMaker& f) { f.plain("c", "Identity", {"a"}); });
}

TEST(HostileFunctions, RecursionThatItsConditionEnds) {
  GraphMaker g = calling("f");
  count_down(g);
  Outcome o = run(g, {Tensor::scalar(5.0f)});
  EXPECT_FLOATS(o, -1);
  EXPECT_FLOATS(run(g, {Tensor::scalar(200.0f)}), -1);
}

TEST(HostileFunctions, RecursionThatItsConditionDoesNotEnd) {
  GraphMaker g = calling("f");
  count_down(g, true);
  EXPECT_REFUSED(run(g, {Tensor::scalar(5.0f)}), kResourceExhausted, "hostile.pb", "Function 'f'",
                 "nested more than", "deep");
}

TEST(HostileFunctions, RecursionThroughALoop) {
  for (bool in_condition : {false, true}) {
    GraphMaker g = calling("f");
    g.function("f", "w:output:0", [&](NodeMaker& f) {
      f.loop("w", "a", in_condition ? "ask" : "always", in_condition ? "g" : "f");
    });
    g.function("always", {{"a"}}, {{{"r", DType::kBool}, "t:output:0"}},
               [](NodeMaker& f) { f.constant("t", Tensor::scalar(true)); });
    g.function("ask", {{"a"}}, {{{"r", DType::kBool}, "t:z:0"}}, [](NodeMaker& f) {
      f.call("c", "f", "a");
      f.plain("t", "Greater", {"c:output:0", "a"});
    });
    g.function("g", "c:output:0", [](NodeMaker& f) { f.plain("c", "Identity", {"a"}); });
    EXPECT_REFUSED(run(g, {Tensor::scalar(5.0f)}), kResourceExhausted, "hostile.pb", "nested more than",
                   "deep");
  }
}

GraphMaker twice(int levels) {
  GraphMaker g = calling("f" + std::to_string(levels));
  g.function("f0", "c:y:0", negate);
  for (int i = 1; i <= levels; ++i) {
    std::string below = "f" + std::to_string(i - 1);
    g.function("f" + std::to_string(i), "d:output:0", [&](NodeMaker& f) {
      f.call("c", below, "a");
      f.call("d", below, "c:output:0");
    });
  }
  return g;
}

TEST(HostileFunctions, CallingTwiceTenLevelsDeep) { EXPECT_FLOATS(run(twice(10), {floats({1})}), 1); }

TEST(HostileFunctions, CallingTwiceFortyLevelsDeepCanBeInterrupted) {
  GraphMaker g = twice(40);
  Function f = Program::from_memory(g.bytes(), "hostile.pb").function();
  EXPECT_LT(f.impl()->executable->body().graph->size(), 60'000u);
  EXPECT_REFUSED(run_interrupted(g, {floats({1})}), kCancelled, "cancelled");
}

TEST(HostileFunctions, DeepChainOfCalls) {
  GraphMaker g = calling("f400");
  g.function("f0", "c:y:0", negate);
  for (int i = 1; i <= 400; ++i)
    g.function("f" + std::to_string(i), "c:output:0",
               [&](NodeMaker& f) { f.call("c", "f" + std::to_string(i - 1), "a"); });
  EXPECT_FLOATS(run(g, {floats({1})}), -1);
}

TEST(HostileFunctions, MissingFunction) {
  GraphMaker g = calling("ff");
  g.function("f", "c:y:0", negate);
  EXPECT_REFUSED(run(g, {floats({1})}), kNotFound, "hostile.pb", "PartitionedCall 'y'",
                 "Function 'ff' is not in the graph's library", "Did you mean 'f'");
}

TEST(HostileFunctions, DefinedTwice) {
  GraphMaker g = calling("f");
  g.function("f", "c:y:0", negate);
  g.function("f", "c:y:0", negate);
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "Function 'f' is defined twice");
}

TEST(HostileFunctions, WrongNumberOfArguments) {
  GraphMaker g = calling("f");
  g.function("f", {{"a"}, {"b"}}, {{{"r"}, "c:z:0"}},
             [](NodeMaker& f) { f.plain("c", "AddV2", {"a", "b"}); });
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "PartitionedCall 'y'",
                 "the function takes 2 inputs and gives 1 outputs, the node has 1 and 1", "'f'");
}

TEST(HostileFunctions, WrongNumberOfResults) {
  GraphMaker g = calling("f");
  g.function("f", {{"a"}}, {}, negate);
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "PartitionedCall 'y'", "'f'",
                 "gives 0 outputs");
}

TEST(HostileFunctions, WrongTypes) {
  GraphMaker g = calling("f");
  g.function("f", "c:y:0", [](NodeMaker& f) { f.plain("c", "Neg", {"a"}, kInt); }, kInt);
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "PartitionedCall 'y'", "float32",
                 "int32", "'f'");
}

TEST(HostileFunctions, BodiesThatDoNotFitTogether) {
  struct Case {
    std::string result, says;
    std::function<void(NodeMaker&)> nodes;
  };
  for (const Case& c : std::vector<Case>{
           {"gone:y:0", "'gone'", negate},
           {"c:nope:0", "no output 'nope'", negate},
           {"c:y:5", "output", negate},
           {"c", "c", [](NodeMaker& f) { f.plain("c", "Neg", {"gone"}); }},
           {"c:y:0", "is not unique", [](NodeMaker& f) { negate(f), negate(f); }},
           {"c:y:0", "is not unique", [](NodeMaker& f) { negate(f), f.plain("a", "Neg", {"a"}); }},
           {"c:y:0", "cycle",
            [](NodeMaker& f) { f.plain("c", "Neg", {"d:y:0"}), f.plain("d", "Neg", {"c:y:0"}); }},
           {"c:y:0", "do not match 0 inputs", [](NodeMaker& f) { f.plain("c", "Neg", {}); }},
       }) {
    GraphMaker g = calling("f");
    g.function("f", c.result, c.nodes);
    SCOPED_TRACE(c.result + " " + c.says);
    EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", c.says);
  }
}

TEST(HostileFunctions, UnknownOpInside) {
  GraphMaker g = calling("f");
  g.function("f", "c:0", [](NodeMaker& f) { f.plain("c", "Frobnicate", {"a"}); });
  EXPECT_REFUSED(run(g, {floats({1})}), kUnimplemented, "hostile.pb", "Frobnicate", "c");
}

TEST(HostileFunctions, FunctionThatNobodyCallsMayBeWrong) {
  GraphMaker g = calling("f");
  g.function("f", "c:y:0", negate);
  g.function("wrong", "gone:y:0", negate);
  EXPECT_FLOATS(run(g, {floats({1})}), -1);
}

TEST(HostileFunctions, ImpossibleNumberOfTensorsInAnArgument) {
  GraphMaker g = calling("f");
  Message& f = g.function("f", "c:y:0", negate);
  f.mutable_message("signature").mutable_message("input_arg", 0).set_string("number_attr", "N");
  f.map_message("attr", "N").set_int("i", int64_t(1) << 50);
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "Function 'f'");
}

}  // namespace
}  // namespace floe::hostile
