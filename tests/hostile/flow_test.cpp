// Malformed control flow: loops and branches whose parts do not fit, Switch, Merge, TensorArrays.
#include "hostile.h"

namespace floe::hostile {
namespace {

void add_functions(GraphMaker& g) {
  const DType b = DType::kBool;
  g.function("always", {{"a"}}, {{{"r", b}, "t:output:0"}},
             [](NodeMaker& f) { f.constant("t", Tensor::scalar(true)); });
  g.function("small", {{"a"}}, {{{"r", b}, "t:z:0"}}, [](NodeMaker& f) {
    f.constant("ten", Tensor::scalar(10.0f));
    f.plain("t", "Less", {"a", "ten:output:0"});
  });
  g.function("two", {{"a"}}, {{{"r"}, "a"}, {{"s"}, "a"}}, [](NodeMaker&) {});
  g.function("takes_two", {{"a"}, {"b"}}, {{{"r"}, "a"}}, [](NodeMaker&) {});
  g.function("none", {{"a"}}, {}, [](NodeMaker&) {});
  g.function("double", "c:z:0", [](NodeMaker& f) { f.plain("c", "AddV2", {"a", "a"}); });
  g.function("same", {{"a"}}, {{{"r"}, "a"}}, [](NodeMaker&) {});
  g.function("ints", {{"a"}}, {{{"r", kInt}, "t:output:0"}}, [](NodeMaker& f) { f.scalar("t", 1); });
  g.function("asks_ints", {{"a", kInt}}, {{{"r", b}, "t:output:0"}},
             [](NodeMaker& f) { f.constant("t", Tensor::scalar(true)); });
}

Outcome loop(const std::string& cond, const std::string& body) {
  GraphMaker g;
  add_functions(g);
  g.placeholder("x");
  g.loop("y", "x", cond, body);
  return run(g, {Tensor::scalar(1.0f)});
}

TEST(HostileLoops, Right) { EXPECT_FLOATS(loop("small", "double"), 16); }

TEST(HostileLoops, Signatures) {
  EXPECT_REFUSED(loop("none", "double"), kInvalidArgument, "While 'y'",
                 "Expected a single scalar return value from WhileOp cond, got 0 tensors");
  EXPECT_REFUSED(loop("two", "double"), kInvalidArgument, "While 'y'", "got 2 tensors");
  EXPECT_REFUSED(loop("takes_two", "double"), kInvalidArgument, "While 'y'",
                 "cond: the function takes 2 inputs and gives 1 outputs, the node has 1 and 1",
                 "'takes_two'");
  EXPECT_REFUSED(loop("small", "takes_two"), kInvalidArgument, "While 'y'",
                 "body: the function takes 2 inputs");
  EXPECT_REFUSED(loop("small", "two"), kInvalidArgument, "While 'y'",
                 "body: the function takes 1 inputs and gives 2 outputs");
  EXPECT_REFUSED(loop("small", "none"), kInvalidArgument, "While 'y'",
                 "body: the function takes 1 inputs and gives 0 outputs");
  EXPECT_REFUSED(loop("small", "ints"), kInvalidArgument, "While 'y'", "int32", "float32");
  EXPECT_REFUSED(loop("asks_ints", "double"), kInvalidArgument, "'y'", "int32", "float32");
  EXPECT_REFUSED(loop("smal", "double"), kNotFound, "While 'y'", "Function 'smal'", "Did you mean 'small'");
}

TEST(HostileLoops, WithoutEndCanBeInterrupted) {
  GraphMaker g;
  add_functions(g);
  g.placeholder("x");
  g.loop("y", "x", "always", "double");
  EXPECT_REFUSED(run_interrupted(g, {Tensor::scalar(1.0f)}), kCancelled, "cancelled");
}

TEST(HostileLoops, ThatDoublesItsTensorRunsOutOfMemory) {
  GraphMaker g;
  add_functions(g);
  g.placeholder("x");
  g.function("grow", "c:output:0", [](NodeMaker& f) {
    f.scalar("axis", 0);
    f.node("c", "ConcatV2", {"a", "a", "axis:output:0"}, {{"T", kFloat}, {"N", int64_t(2)}, {"Tidx", kInt}});
  });
  g.loop("y", "x", "always", "grow");
  EXPECT_REFUSED(run(g, {floats(std::vector<float>(1 << 20, 1.0f))}), kResourceExhausted, "hostile.pb",
                 "ConcatV2 'c'", "memory");
}

Outcome branch(const std::string& yes, const std::string& no, bool value = true) {
  GraphMaker g;
  add_functions(g);
  g.placeholder("p", DType::kBool);
  g.placeholder("x");
  g.branch("y", "p", "x", yes, no);
  return run(g, {Tensor::scalar(value), Tensor::scalar(1.0f)});
}

TEST(HostileBranches, Signatures) {
  EXPECT_FLOATS(branch("double", "double"), 2);
  EXPECT_REFUSED(branch("takes_two", "double"), kInvalidArgument, "If 'y'",
                 "then_branch: the function takes 2 inputs");
  EXPECT_REFUSED(branch("two", "double"), kInvalidArgument, "If 'y'", "gives 2 outputs");
  EXPECT_REFUSED(branch("none", "double"), kInvalidArgument, "If 'y'", "gives 0 outputs");
  EXPECT_REFUSED(branch("double", "doubel", false), kNotFound, "If 'y'", "Function 'doubel'",
                 "Did you mean 'double'");
  EXPECT_REFUSED(branch("ints", "double"), kInvalidArgument, "If 'y'", "int32", "float32");
  EXPECT_REFUSED(branch("asks_ints", "double"), kInvalidArgument, "If 'y'", "int32", "float32");
}

// As in TensorFlow: what is no scalar is true when it is not empty.
TEST(HostileBranches, ConditionOfRankOne) {
  GraphMaker g;
  add_functions(g);
  g.placeholder("p", kFloat);
  g.placeholder("x");
  g.branch("y", "p", "x", "double", "same").map_message("attr", "Tcond").set_int("type", int(kFloat));
  EXPECT_FLOATS(run(g, {floats({0, 0}), Tensor::scalar(1.0f)}), 2);
  EXPECT_FLOATS(run(g, {floats({}), Tensor::scalar(1.0f)}), 1);
}

TEST(HostileBranches, CaseWithoutBranches) {
  GraphMaker g;
  g.placeholder("i", kInt);
  g.node("y", "Case", {"i"},
         {{"Tin", std::vector<DType>{}},
          {"Tout", std::vector<DType>{kFloat}},
          {"branches", std::vector<FuncRef>{}}});
  EXPECT_REFUSED(run(g, {Tensor::scalar<int32_t>(0)}), kInvalidArgument, "hostile.pb", "'y' (Case)",
                 "branches");
}

TEST(HostileSwitch, MergeOfNothing) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "Merge", {}, {{"T", kFloat}, {"N", int64_t(0)}});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "'y' (Merge)");
}

TEST(HostileSwitch, ConditionIsNoBool) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("s", "Switch", {"x", "x"});
  g.plain("y", "Identity", {"s"});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Switch 's'", "Input 1 of node s", "expected bool");
}

TEST(HostileSwitch, ConditionIsAVector) {
  GraphMaker g;
  g.placeholder("x");
  g.placeholder("p", DType::kBool);
  g.plain("s", "Switch", {"x", "p"});
  g.node("y", "Merge", {"s", "s:1"}, {{"T", kFloat}, {"N", int64_t(2)}});
  EXPECT_REFUSED(run(g, {floats({1}), Tensor::vec<bool>({true, false})}), kInvalidArgument, "'s'", "[2]");
}

TEST(HostileSwitch, DeadOutput) {
  GraphMaker g;
  g.placeholder("x");
  g.placeholder("p", DType::kBool);
  g.plain("s", "Switch", {"x", "p"});
  g.plain("y", "Neg", {"s"});
  EXPECT_REFUSED(run(g, {floats({1}), Tensor::scalar(true)}), kInvalidArgument,
                 "Retval[0] does not have value", "'y'");
  EXPECT_FLOATS(run(g, {floats({1}), Tensor::scalar(false)}), -1);
}

TEST(HostileSwitch, MergeOfTwoLiveValues) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "Merge", {"x", "x"}, {{"T", kFloat}, {"N", int64_t(2)}});
  Outcome o = run(g, {floats({1})});
  if (o.failed) EXPECT_REFUSED(o, kInvalidArgument, "'y'");
}

TEST(HostileSwitch, LoopPartsAlone) {
  for (std::string op : {"NextIteration", "Exit"}) {
    GraphMaker g;
    g.placeholder("x");
    g.plain("y", op, {"x"});
    EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "'y'");
  }
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "Enter", {"x"}, {{"T", kFloat}, {"frame_name", "f"}});
  EXPECT_TRUE(run(g, {floats({1})}).failed);
  GraphMaker c;
  c.placeholder("x", DType::kBool);
  c.node("y", "LoopCond", {"x"});
  EXPECT_TRUE(run(c, {Tensor::scalar(true)}).failed);
}

TEST(HostileSwitch, LoopThatReadsItsOwnExit) {
  GraphMaker g;
  g.placeholder("x");
  g.node("e", "Enter", {"x"}, {{"T", kFloat}, {"frame_name", "f"}});
  g.node("m", "Merge", {"e", "n"}, {{"T", kFloat}, {"N", int64_t(2)}});
  g.constant("ten", Tensor::scalar(10.0f));
  g.node("te", "Enter", {"ten"}, {{"T", kFloat}, {"frame_name", "f"}, {"is_constant", true}});
  g.plain("l", "Less", {"m", "te"});
  g.node("c", "LoopCond", {"l"});
  g.plain("s", "Switch", {"m", "c"});
  g.plain("n", "NextIteration", {"y"});
  g.plain("y", "Exit", {"s"});
  EXPECT_REFUSED(run(g, {Tensor::scalar(1.0f)}), kInvalidArgument, "hostile.pb");
}

class HostileTensorArrays : public testing::Test {
 protected:
  void SetUp() override {
    g.placeholder("n", kInt);
    g.node("ta", "TensorArrayV3", {"n"}, {{"dtype", kFloat}});
    g.placeholder("i", kInt);
    g.placeholder("v");
    g.plain("w", "TensorArrayWriteV3", {"ta", "i", "v", "ta:1"});
    g.node("y", "TensorArrayReadV3", {"ta", "i", "w"}, {{"dtype", kFloat}});
  }
  Outcome write(int32_t size, int32_t index) {
    return run(g, {Tensor::scalar(size), Tensor::scalar(index), floats({1})}, {"w"}, {"n", "i", "v"});
  }
  GraphMaker g;
};

TEST_F(HostileTensorArrays, Indices) {
  EXPECT_FALSE(write(3, 2).failed);
  for (int32_t i : {3, -1, INT32_MAX, INT32_MIN}) {
    SCOPED_TRACE(i);
    EXPECT_REFUSED(write(3, i), kInvalidArgument, "'w'", std::to_string(i));
  }
}

TEST_F(HostileTensorArrays, Sizes) {
  EXPECT_REFUSED(write(-1, 0), kInvalidArgument, "'ta'", "Size should be >= 0");
  EXPECT_REFUSED(write(INT32_MAX, 0), kResourceExhausted, "'ta'");
}

TEST_F(HostileTensorArrays, ReadOfAnotherType) {
  g.node("r", "TensorArrayReadV3", {"ta", "i", "w"}, {{"dtype", kInt}});
  EXPECT_REFUSED(run(g, {Tensor::scalar(3), Tensor::scalar(1), floats({1})}, {"r"}, {"n", "i", "v"}),
                 kInvalidArgument, "'r'", "float32", "int32");
}

TEST_F(HostileTensorArrays, ReadOfWhatWasNotWritten) {
  g.node("r", "TensorArrayReadV3", {"ta", "i", "ta:1"}, {{"dtype", kFloat}});
  EXPECT_REFUSED(run(g, {Tensor::scalar(3), Tensor::scalar(1)}, {"r"}, {"n", "i"}), kInvalidArgument, "'r'",
                 "1");
}

TEST_F(HostileTensorArrays, HandleThatIsNone) {
  g.placeholder("h", DType::kResource);
  g.node("r", "TensorArrayReadV3", {"h", "i", "v0"}, {{"dtype", kFloat}});
  g.placeholder("v0");
  Outcome o = run(g, {Tensor(DType::kResource, Shape{}), Tensor::scalar(1), Tensor::scalar(1.0f)}, {"r"},
                  {"h", "i", "v0"});
  EXPECT_REFUSED(o, kInvalidArgument, "'r'");
}

TEST(HostileLists, WrongObjectsAndIndices) {
  GraphMaker g;
  g.ints("s", {1});
  g.placeholder("n", kInt);
  g.node("l", "TensorListReserve", {"s", "n"}, {{"element_dtype", kFloat}, {"shape_type", kInt}});
  g.placeholder("i", kInt);
  g.node("y", "TensorListGetItem", {"l", "i", "s"}, {{"element_dtype", kFloat}});
  auto get = [&](int32_t n, int32_t i) { return run(g, {Tensor::scalar(n), Tensor::scalar(i)}); };
  EXPECT_FALSE(get(2, 1).failed);
  for (int32_t i : {2, -1, INT32_MAX, INT32_MIN}) {
    SCOPED_TRACE(i);
    EXPECT_REFUSED(get(2, i), kInvalidArgument, "'y'", std::to_string(i));
  }
  EXPECT_REFUSED(get(-1, 0), kInvalidArgument, "'l'", "-1");
  EXPECT_FALSE(get(INT32_MAX, 0).failed);  // reserved, not filled
  g.placeholder("h", DType::kVariant);
  g.node("z", "TensorListLength", {"h"});
  EXPECT_REFUSED(run(g, {Tensor(DType::kVariant, Shape{})}, {"z"}, {"h"}), kInvalidArgument, "'z'");
}

}  // namespace
}  // namespace floe::hostile
