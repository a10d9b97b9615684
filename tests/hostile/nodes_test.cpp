// Nodes, names, attributes and edges that do not fit together.
#include "hostile.h"

namespace floe::hostile {
namespace {

TEST(HostileNodes, UnknownOp) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("a", "Frobnicate", {"x"});
  g.plain("b", "Frobnicate", {"a"});
  g.plain("y", "Reluu", {"b"});
  EXPECT_REFUSED(run(g, {floats({1})}), kUnimplemented, "hostile.pb", "2 ops are not supported",
                 "Frobnicate (2 nodes: a, b)", "Reluu (1 node: y)", "Did you mean 'Relu'");
}

TEST(HostileNodes, UnknownOpThatIsNotNeeded) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("a", "Frobnicate", {"x"});
  g.plain("y", "Neg", {"x"});
  EXPECT_FLOATS(run(g, {floats({1})}), -1);
}

TEST(HostileNodes, UnknownType) {
  GraphMaker g;
  g.placeholder("x").map_message("attr", "dtype").set_int("type", 77);
  g.plain("y", "Neg", {"x"});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "'x'", "attribute 'dtype'", "77");
}

TEST(HostileNodes, TypeThatTheOpDoesNotTake) {
  GraphMaker g;
  g.placeholder("x", DType::kString);
  g.plain("y", "Neg", {"x"}, DType::kString);
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "'y'",
                 "Value for attr 'T' of string is not in the list of allowed values");
}

TEST(HostileNodes, AttributeOfTheWrongKind) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("y", "Neg", {"x"}).map_message("attr", "T").set_int("i", 1);
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Neg 'y'", "attribute 'T' must be a type");
}

TEST(HostileNodes, MissingAttribute) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "Neg", {"x"});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Neg 'y'", "attribute 'T' (type) is missing");
}

TEST(HostileNodes, AttributeWithoutAValue) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "Neg", {"x"}).map_message("attr", "T").set_in_parent();
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Neg 'y'", "attribute 'T'");
}

TEST(HostileNodes, StringThatIsNotAllowed) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "Conv2D", {"x", "x"},
         {{"T", kFloat}, {"strides", std::vector<int64_t>{1, 1, 1, 1}}, {"padding", "AROUND"}});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "'y' (Conv2D)",
                 "Value for attr 'padding' of \"AROUND\" is not in the list of allowed values");
}

// TensorFlow 2.21 imports and runs these, whether the name starts with "_" or not.
TEST(HostileNodes, AttributesThatTheOpDoesNotHave) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "Neg", {"x"}, {{"T", kFloat}, {"_from_a_tool", "a"}, {"alpha", 0.5f}});
  EXPECT_FLOATS(run(g, {floats({1})}), -1);
}

TEST(HostileNodes, UnusedPlaceholderAttribute) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "Neg", {"x"}).map_message("attr", "T").set_string("placeholder", "T");
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "'y'", "placeholder 'T' has no value");
}

TEST(HostileNodes, MissingNodes) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("layer_1", "Neg", {"x"});
  g.plain("a", "Neg", {"layer_2"});
  g.plain("y", "AddV2", {"a", "far"}).add_string("input", "^layer");
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Node 'a': Unknown input node 'layer_2'",
                 "nodes that it does not hold",
                 "'layer_2', an input of node 'a' (Neg). Did you mean 'layer_1'?",
                 "'far', an input of node 'y' (AddV2)", "'layer', an input of node 'y'");
}

TEST(HostileNodes, DuplicateName) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("y", "Neg", {"x"});
  g.plain("y", "Exp", {"x"});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "'y'", "is not unique", "two nodes");
}

TEST(HostileNodes, NoName) {
  GraphMaker g;
  g.placeholder("");
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Node 0 (op 'Placeholder') has no name");
}

TEST(HostileNodes, NoOp) {
  GraphMaker g;
  g.placeholder("x");
  g.node("y", "", {"x"});
  EXPECT_REFUSED(run(g, {floats({1})}), kUnimplemented, "hostile.pb", "y");
}

TEST(HostileNodes, NamesWithAndWithoutIndex) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("a", "Neg", {"x:0"});
  g.plain("y", "Neg", {"a"});
  for (std::string in : {"x", "x:0"})
    for (std::string out : {"y", "y:0"}) EXPECT_FLOATS(run(g, {floats({1})}, {out}, {in}), 1);
}

TEST(HostileNodes, OutputsThatAreNotThere) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("y", "Neg", {"x:1"});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Node 'y'",
                 "Connecting to invalid output 1 of source node x which has 1 outputs");
}

TEST(HostileNodes, MalformedInputs) {
  for (std::string input :
       {"x:", "x:-1", "x:a", "x:0:0", "x:99999999999999999999", ":0", "", "^", "^x:0", "x:4294967296"}) {
    GraphMaker g;
    g.placeholder("x");
    g.plain("y", "Neg", {input});
    SCOPED_TRACE(input);
    EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "'y'");
  }
}

TEST(HostileNodes, TooManyAndTooFewInputs) {
  for (Names inputs : {Names{}, Names{"x", "x"}}) {
    GraphMaker g;
    g.placeholder("x");
    g.plain("y", "Neg", inputs);
    EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb",
                   "NodeDef expected inputs 'float32' do not match " + std::to_string(inputs.size()) +
                       " inputs specified",
                   "Neg 'y' takes 1");
  }
}

TEST(HostileNodes, InputOfAnotherType) {
  GraphMaker g;
  g.placeholder("x", DType::kInt32);
  g.plain("y", "Neg", {"x"});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Neg 'y'",
                 "Input 0 of node y was passed int32 from x:0 incompatible with expected float32");
}

TEST(HostileNodes, ImpossibleNumberOfInputs) {
  for (int64_t n : {int64_t(-1), int64_t(0), int64_t(1) << 40, INT64_MIN, INT64_MAX}) {
    GraphMaker g;
    g.placeholder("x");
    g.node("y", "AddN", {"x"}, {{"T", kFloat}, {"N", n}});
    SCOPED_TRACE(n);
    EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "AddN", "'y'");
  }
  GraphMaker g;
  g.placeholder("x", kFloat, Shape{4});
  g.scalar("axis", 0);
  g.node("y", "Split", {"axis", "x"}, {{"T", kFloat}, {"num_split", int64_t(1) << 50}});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Split 'y'", "num_split");
}

TEST(HostileNodes, Cycle) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("a", "AddV2", {"x", "c"});
  g.plain("b", "Neg", {"a"});
  g.plain("c", "Neg", {"b"});
  g.plain("y", "Neg", {"c"});
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "cycle", "a", "b", "c");
}

TEST(HostileNodes, NodeThatReadsItself) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("y", "AddV2", {"x", "y"});
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "cycle", "y");
}

TEST(HostileNodes, CyclicControlInputs) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("a", "Neg", {"x", "^b"});
  g.plain("b", "Neg", {"x", "^a"});
  g.plain("y", "AddV2", {"a", "b"});
  EXPECT_REFUSED(run(g, {floats({1})}), kInvalidArgument, "hostile.pb", "cycle", "a", "b");
  GraphMaker self;
  self.placeholder("x");
  self.plain("y", "Neg", {"x", "^y"});
  EXPECT_REFUSED(run(self, {floats({1})}), kInvalidArgument, "hostile.pb", "cycle", "y");
}

TEST(HostileNodes, CycleOfAThousandNodesIsToldBriefly) {
  GraphMaker g;
  for (int i = 0; i < 1000; ++i)
    g.plain("n" + std::to_string(i), "Neg", {"n" + std::to_string((i + 1) % 1000)});
  EXPECT_REFUSED(run(g, {}, {"n0"}), kInvalidArgument, "hostile.pb", "cycle", "n1");
}

TEST(HostileNodes, LongChain) {
  GraphMaker g;
  g.placeholder("x");
  std::string last = "x";
  for (int i = 0; i < 30000; ++i) {
    std::string name = "n" + std::to_string(i);
    g.plain(name, "Neg", {last});
    last = name;
  }
  EXPECT_FLOATS(run(g, {floats({1})}, {last}), 1);
}

TEST(HostileNodes, ControlInputBeforeData) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("a", "Neg", {"x"});
  g.plain("y", "Neg", {"^a", "x"});
  Outcome o = run(g, {floats({1})});
  if (o.failed) EXPECT_REFUSED(o, kInvalidArgument, "hostile.pb", "'y'");
}

TEST(HostileNodes, VeryLongNameIsCut) {
  GraphMaker g;
  g.placeholder("x");
  g.plain(std::string(100000, 'n'), "Neg", {"gone"});
  Outcome o = run(g, {}, {"y"});
  EXPECT_TRUE(o.failed);
}

TEST(HostileNodes, OnlyInputs) {
  GraphMaker g;
  g.placeholder("x");
  g.constant("c", floats({1}));
  EXPECT_REFUSED(run(g, {}, {}), kInvalidArgument, "hostile.pb", "no output was found",
                 "only inputs and constants", "2 nodes: 1 Const, 1 Placeholder");
}

TEST(HostileNodes, EveryTensorIsRead) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("a", "AddV2", {"x", "b"});
  g.plain("b", "Neg", {"a"});
  EXPECT_REFUSED(run(g, {}, {}), kInvalidArgument, "hostile.pb", "no output was found",
                 "every tensor is read");
}

TEST(HostileNodes, NearestNames) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("layer_1", "Neg", {"x"});
  EXPECT_REFUSED(run(g, {}, {"layer_2"}), kNotFound, "The nearest name is 'layer_1'.");
  g.plain("layer_3", "Neg", {"x"});
  EXPECT_REFUSED(run(g, {}, {"layer_2"}), kNotFound, "The nearest names are 'layer_1', 'layer_3'.");
}

}  // namespace
}  // namespace floe::hostile
