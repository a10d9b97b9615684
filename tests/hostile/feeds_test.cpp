// Feeding and fetching what does not fit.
#include "hostile.h"

namespace floe::hostile {
namespace {

GraphMaker negation(const Shape& shape) {
  GraphMaker g;
  g.placeholder("x", kFloat, shape);
  g.plain("y", "Neg", {"x"});
  return g;
}

TEST(HostileFeeds, WrongShape) {
  GraphMaker g = negation(Shape{-1, 3});
  EXPECT_REFUSED(run(g, {floats({1, 2})}), kInvalidArgument,
                 "Cannot feed value of shape (2,) for Tensor 'x', which has shape '(None, 3)'");
}

TEST(HostileFeeds, WrongType) {
  GraphMaker g = negation(Shape{-1});
  EXPECT_REFUSED(run(g, {Tensor::vec<int32_t>({1})}), kInvalidArgument, "Input 'x' must be float32",
                 "found int32");
  EXPECT_REFUSED(run(g, {Tensor::scalar("1")}), kInvalidArgument, "Input 'x' must be float32",
                 "found string");
}

TEST(HostileFeeds, WrongNumber) {
  GraphMaker g = negation(Shape{-1});
  EXPECT_REFUSED(run(g, {}), kInvalidArgument, "takes 1 input(s) (x), 0 were given");
  EXPECT_REFUSED(run(g, {floats({1}), floats({1})}), kInvalidArgument, "takes 1 input(s) (x), 2 were given");
  EXPECT_REFUSED(run(g, {Tensor()}), kInvalidArgument, "Input 'x' is missing");
}

TEST(HostileFeeds, FedAndFetched) {
  GraphMaker g = negation(Shape{-1});
  EXPECT_FLOATS(run(g, {floats({1, 2})}, {"x"}, {"x"}), 1, 2);
  EXPECT_FLOATS(run(g, {floats({1, 2})}, {"y"}, {"y"}), 1, 2);
}

TEST(HostileFeeds, FedTwice) {
  GraphMaker g = negation(Shape{-1});
  Outcome o = run(g, {floats({1}), floats({2})}, {"y"}, {"x", "x:0"});
  EXPECT_REFUSED(o, kInvalidArgument, "hostile.pb", "'x:0'", "twice");
}

TEST(HostileFeeds, FetchedTwice) {
  GraphMaker g = negation(Shape{-1});
  Outcome o = run(g, {floats({1})}, {"y", "y:0"});
  ASSERT_FALSE(o.failed) << o.str();
  EXPECT_EQ(o.values.size(), 2u);
}

TEST(HostileFeeds, NamesThatAreNoTensors) {
  GraphMaker g = negation(Shape{-1});
  EXPECT_REFUSED(run(g, {}, {"y:1"}), kInvalidArgument, "hostile.pb", "output 'y:1'", "1 output(s)");
  EXPECT_REFUSED(run(g, {}, {"y:q"}), kInvalidArgument, "hostile.pb", "'y:q' is not a tensor name");
  EXPECT_REFUSED(run(g, {}, {"y:"}), kInvalidArgument, "hostile.pb", "'y:' is not a tensor name");
  EXPECT_REFUSED(run(g, {}, {""}), kNotFound, "hostile.pb", "output ''");
  EXPECT_REFUSED(run(g, {}, {"y"}, {"xx"}), kNotFound, "hostile.pb", "input 'xx'", "'x'");
  EXPECT_REFUSED(run(g, {}, {"y:99999999999"}), kInvalidArgument, "hostile.pb", "'y:99999999999'");
}

TEST(HostileFeeds, OutputsWithoutTheirInput) {
  GraphMaker g = negation(Shape{-1});
  g.placeholder("z");
  g.plain("w", "AddV2", {"y", "z"});
  EXPECT_REFUSED(run(g, {floats({1})}, {"w"}, {"x"}), kInvalidArgument, "hostile.pb", "'z'",
                 "not among the inputs");
}

TEST(HostileFeeds, InnerTensorOfAnUnknownOp) {
  GraphMaker g;
  g.placeholder("x");
  g.plain("a", "Frobnicate", {"x"});
  g.plain("y", "Neg", {"a"});
  Outcome o = run(g, {floats({1})}, {"y"}, {"a"});
  if (o.failed)
    EXPECT_REFUSED(o, kInvalidArgument, "'a'");
  else
    EXPECT_FLOATS(o, -1);
}

TEST(HostileFeeds, NothingAndNotANumber) {
  GraphMaker g = negation(Shape{-1});
  EXPECT_FLOATS(run(g, {floats({})}));
  Outcome o = run(g, {floats({NAN, INFINITY})});
  ASSERT_FALSE(o.failed);
  EXPECT_TRUE(std::isnan(o.values[0].flat<float>()[0]));
  EXPECT_EQ(o.values[0].flat<float>()[1], -INFINITY);
}

TEST(HostileFeeds, ShapeThatOnlySomeNodesTake) {
  GraphMaker g;
  g.placeholder("x");
  g.constant("w", Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}));
  g.node("y", "MatMul", {"x", "w"}, {{"T", kFloat}});
  EXPECT_REFUSED(run(g, {floats({1, 2})}), kInvalidArgument, "MatMul 'y'", "[2]");
  EXPECT_REFUSED(run(g, {Tensor::of<float>({1, 2}, {1, 2})}), kInvalidArgument, "MatMul 'y'", "[1,2]",
                 "[3,2]");
}

}  // namespace
}  // namespace floe::hostile
