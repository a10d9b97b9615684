// Constants whose parts contradict each other, and values that ops cannot work with.
#include "hostile.h"

namespace floe::hostile {
namespace {

Outcome constant(const std::function<void(Message&)>& change) {
  GraphMaker g;
  Message& n = g.constant("c", floats({1, 2, 3, 4}));
  change(n);
  g.plain("y", "Neg", {"c"});
  return run(g);
}
Message& tensor_of(Message& n) { return n.map_message("attr", "value").mutable_message("tensor"); }
Message& dim_of(Message& n) { return tensor_of(n).mutable_message("tensor_shape").mutable_message("dim", 0); }

TEST(HostileConstants, BytesThatDoNotFit) {
  EXPECT_REFUSED(constant([](Message& n) { dim_of(n).set_int("size", 5); }), kInvalidArgument, "hostile.pb",
                 "'c'", "takes 20 bytes, tensor_content has 16");
  EXPECT_REFUSED(constant([](Message& n) { dim_of(n).set_int("size", 3); }), kInvalidArgument, "hostile.pb",
                 "'c'");
  EXPECT_REFUSED(constant([](Message& n) { tensor_of(n).set_string("tensor_content", "123"); }),
                 kInvalidArgument, "hostile.pb", "'c'", "tensor_content has 3");
}

TEST(HostileConstants, NegativeAndHugeDimensions) {
  EXPECT_REFUSED(constant([](Message& n) { dim_of(n).set_int("size", -1); }), kInvalidArgument, "hostile.pb",
                 "'c'");
  EXPECT_REFUSED(constant([](Message& n) { dim_of(n).set_int("size", INT64_MIN); }), kInvalidArgument,
                 "hostile.pb", "'c'");
  EXPECT_REFUSED(constant([](Message& n) { dim_of(n).set_int("size", INT64_MAX); }), kInvalidArgument,
                 "hostile.pb", "'c'");
  EXPECT_REFUSED(
      constant([](Message& n) {
        for (int i = 0; i < 4; ++i)
          tensor_of(n).mutable_message("tensor_shape").add_message("dim").set_int("size", int64_t(1) << 16);
      }),
      kInvalidArgument, "hostile.pb", "'c'");
  EXPECT_REFUSED(constant([](Message& n) {
                   for (int i = 0; i < 300; ++i)
                     tensor_of(n).mutable_message("tensor_shape").add_message("dim").set_int("size", 1);
                 }),
                 kInvalidArgument, "hostile.pb", "'c'", "254");
}

TEST(HostileConstants, OneValueForATerabyte) {
  Outcome o = constant([](Message& n) {
    tensor_of(n).clear("tensor_content");
    tensor_of(n).add_double("float_val", 1);
    dim_of(n).set_int("size", int64_t(1) << 38);
  });
  EXPECT_REFUSED(o, kResourceExhausted, "hostile.pb", "'c'", "1.0 TiB", "only 1 values");
}

TEST(HostileConstants, UnknownRank) {
  EXPECT_REFUSED(constant([](Message& n) {
                   tensor_of(n).mutable_message("tensor_shape").clear();
                   tensor_of(n).mutable_message("tensor_shape").set_bool("unknown_rank", true);
                 }),
                 kInvalidArgument, "hostile.pb", "'c'");
}

TEST(HostileConstants, TypesThatDisagree) {
  EXPECT_REFUSED(constant([](Message& n) { n.map_message("attr", "dtype").set_int("type", int(kInt)); }),
                 kInvalidArgument, "hostile.pb", "'c'", "dtype is int32, but its value holds float32");
  EXPECT_REFUSED(constant([](Message& n) { tensor_of(n).set_int("dtype", 0); }), kUnimplemented, "hostile.pb",
                 "'c'");
  EXPECT_REFUSED(constant([](Message& n) { tensor_of(n).set_int("dtype", int(DType::kResource)); }),
                 kInvalidArgument, "hostile.pb", "'c'");
  EXPECT_REFUSED(constant([](Message& n) { n.map_message("attr", "value").set_int("i", 1); }),
                 kInvalidArgument, "hostile.pb", "'c'", "must be a tensor");
}

TEST(HostileConstants, StringsWhereNumbersAreExpected) {
  GraphMaker g;
  g.constant("c", Tensor::vec<std::string>({"1", "x"}));
  g.plain("y", "Neg", {"c"});
  EXPECT_REFUSED(run(g), kInvalidArgument, "hostile.pb", "Neg 'y'", "was passed string from c:0");
  GraphMaker n;
  n.placeholder("x", DType::kString);
  n.node("y", "StringToNumber", {"x"}, {{"out_type", kFloat}});
  EXPECT_REFUSED(run(n, {Tensor::vec<std::string>({"1", "one"})}), kInvalidArgument, "'y'",
                 "StringToNumberOp could not correctly convert string: one");
}

Outcome binary(const std::string& op, Tensor a, Tensor b) {
  DType t = a.dtype();
  GraphMaker g;
  g.placeholder("a", t);
  g.placeholder("b", t);
  g.plain("y", op, {"a", "b"}, t);
  return run(g, {std::move(a), std::move(b)});
}

TEST(HostileValues, IntegerDivisionByZero) {
  for (std::string op : {"FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "Mod", "Div"}) {
    SCOPED_TRACE(op);
    EXPECT_REFUSED(binary(op, Tensor::vec<int32_t>({1, 2}), Tensor::vec<int32_t>({1, 0})), kInvalidArgument,
                   "'y'", "Integer division by zero");
    EXPECT_REFUSED(binary(op, Tensor::vec<int64_t>({1, 2}), Tensor::vec<int64_t>({1, 0})), kInvalidArgument,
                   "'y'", "Integer division by zero");
  }
  EXPECT_FLOATS(binary("RealDiv", floats({1}), floats({0})), INFINITY);
}

TEST(HostileValues, TheOneQuotientThatDoesNotFit) {
  for (std::string op : {"FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod"}) {
    SCOPED_TRACE(op);
    EXPECT_FALSE(binary(op, Tensor::vec<int32_t>({INT32_MIN}), Tensor::vec<int32_t>({-1})).failed);
    EXPECT_FALSE(binary(op, Tensor::vec<int64_t>({INT64_MIN}), Tensor::vec<int64_t>({-1})).failed);
  }
}

TEST(HostileValues, ConstantDivisionByZeroIsAnErrorOfTheRun) {
  GraphMaker g;
  g.scalar("a", 1);
  g.scalar("b", 0);
  g.plain("y", "FloorDiv", {"a", "b"}, kInt);
  g.placeholder("x");
  g.plain("z", "Neg", {"x"});
  EXPECT_REFUSED(run(g), kInvalidArgument, "'y'", "Integer division by zero");
  EXPECT_FLOATS(run(g, {floats({1})}, {"z"}), -1);
}

Outcome gather(std::vector<int64_t> indices, bool nd = false) {
  GraphMaker g;
  g.placeholder("x", kFloat, Shape{-1});
  g.placeholder("i", kLong);
  g.scalar("axis", 0);
  if (nd)
    g.node("y", "GatherNd", {"x", "i"}, {{"Tparams", kFloat}, {"Tindices", kLong}});
  else
    g.node("y", "GatherV2", {"x", "i", "axis"}, {{"Tparams", kFloat}, {"Tindices", kLong}, {"Taxis", kInt}});
  Tensor i = Tensor::vec<int64_t>(indices);
  return run(g, {floats({1, 2, 3}), i});
}

TEST(HostileValues, GatherIndices) {
  for (int64_t i : {int64_t(3), int64_t(-1), INT64_MAX, INT64_MIN, int64_t(1) << 32}) {
    SCOPED_TRACE(i);
    EXPECT_REFUSED(gather({0, i}), kInvalidArgument, "'y'", std::to_string(i), "is not in [0, 3)");
    EXPECT_REFUSED(gather({i}, true), kInvalidArgument, "'y'", std::to_string(i));
  }
}

TEST(HostileValues, AxisOutOfRange) {
  for (int32_t axis : {2, -3, INT32_MAX, INT32_MIN}) {
    GraphMaker g;
    g.placeholder("x", kFloat, Shape{2, 2});
    g.scalar("axis", axis);
    g.node("y", "ConcatV2", {"x", "x", "axis"}, {{"T", kFloat}, {"Tidx", kInt}, {"N", int64_t(2)}});
    g.node("s", "Sum", {"x", "axis"}, {{"T", kFloat}, {"Tidx", kInt}});
    g.node("e", "ArgMax", {"x", "axis"}, {{"T", kFloat}, {"Tidx", kInt}});
    g.node("c", "Cumsum", {"x", "axis"}, {{"T", kFloat}, {"Tidx", kInt}});
    SCOPED_TRACE(axis);
    Tensor x = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
    for (std::string out : {"y", "s", "e", "c"})
      EXPECT_REFUSED(run(g, {x}, {out}), kInvalidArgument, "'" + out + "'", std::to_string(axis));
  }
}

TEST(HostileValues, SegmentIds) {
  for (int32_t id : {-5, 9, INT32_MAX}) {
    GraphMaker g;
    g.placeholder("x", kFloat, Shape{-1});
    g.placeholder("ids", kInt);
    g.scalar("n", 2);
    g.node("y", "UnsortedSegmentSum", {"x", "ids", "n"},
           {{"T", kFloat}, {"Tindices", kInt}, {"Tnumsegments", kInt}});
    SCOPED_TRACE(id);
    Outcome o = run(g, {floats({1, 2}), Tensor::vec<int32_t>({0, id})});
    if (id >= 0)
      EXPECT_REFUSED(o, kInvalidArgument, "'y'", std::to_string(id));
    else
      EXPECT_FLOATS(o, 1, 0);
  }
}

TEST(HostileValues, ScatterIndices) {
  for (int32_t i : {-1, 4, INT32_MAX, INT32_MIN}) {
    GraphMaker g;
    g.placeholder("i", kInt);
    g.placeholder("u", kFloat);
    g.ints("shape", {4});
    g.node("y", "ScatterNd", {"i", "u", "shape"}, {{"T", kFloat}, {"Tindices", kInt}});
    SCOPED_TRACE(i);
    EXPECT_REFUSED(run(g, {Tensor::of<int32_t>({1, 1}, {i}), floats({1})}), kInvalidArgument, "'y'",
                   std::to_string(i));
  }
}

// The result's shape is known without the axis, which is looked at all the same.
TEST(HostileFedValues, AnAxisOutOfRange) {
  GraphMaker g;
  g.placeholder("x", kFloat, {3});
  g.placeholder("axis", kInt, {1});
  g.node("y", "Sum", {"x", "axis"}, {{"T", kFloat}, {"Tidx", kInt}});
  EXPECT_FLOATS(run(g, {floats({1, 2, 3}), Tensor::vec<int32_t>({-1})}), 6);
  for (int axis : {-2, 1, INT32_MAX, INT32_MIN})
    EXPECT_REFUSED(run(g, {floats({1, 2, 3}), Tensor::vec<int32_t>({axis})}), kInvalidArgument, "Sum 'y'",
                   "Invalid reduction dimension (" + std::to_string(axis));
}

TEST(HostileFedValues, ShapesOtherThanABranchPromises) {
  GraphMaker g;
  g.placeholder("p", DType::kBool, {});
  g.placeholder("x");
  for (const char* name : {"f", "g"})
    g.function(name, "same:output:0", [](NodeMaker& f) { f.plain("same", "Identity", {"a"}); });
  Message& branch = g.branch("b", "p", "x", "f", "g");
  attr_to_proto(std::vector<Shape>{{2}}, branch.map_message("attr", "output_shapes"));
  g.constant("c", floats({1, 2}));
  g.plain("y", "AddV2", {"b", "c"});
  EXPECT_FLOATS(run(g, {Tensor::scalar(true), floats({1, 2})}), 2, 4);
  Outcome o = run(g, {Tensor::scalar(true), floats(std::vector<float>(1000, 1))});
  EXPECT_TRUE(o.failed) << o.str();
}

}  // namespace
}  // namespace floe::hostile
