// Scales and sums per channel after a convolution or a matrix product: one step is left, and the result is
// that of the graph as written.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "floe/base/text.h"
#include "floe/graph/graph.h"
#include "floe/graph/passes/passes.h"
#include "floe/op/kernel.h"
#include "floe/runtime/executable.h"

namespace floe {
namespace {

Tensor random_tensor(const Shape& s, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor t(DType::kFloat32, s);
  for (int64_t i = 0; i < t.num_elements(); ++i) t.mutable_data<float>()[i] = normal(random);
  return t;
}

struct Case {
  const char* op;
  Shape x, w;
  int64_t stride = 1;
  bool transpose = false;
  int scales = 1;
};

std::unique_ptr<Executable> make(const Case& c, bool reference_only) {
  Graph g;
  Endpoint x = g.add("Placeholder", "x", {}, {{"dtype", DType::kFloat32}, {"shape", c.x}})->output();
  bool product = std::string(c.op) == "MatMul";
  bool depthwise = std::string(c.op) == "DepthwiseConv2dNative";
  int64_t channels = depthwise ? c.w.dim(-1) * c.w.dim(-2) : c.transpose ? c.w.dim(0) : c.w.dim(-1);
  AttrMap attrs{{"transpose_b", c.transpose}};
  if (!product)
    attrs = {{"strides", std::vector<int64_t>{1, c.stride, c.stride, 1}}, {"padding", std::string("SAME")}};
  auto constant = [&](const Tensor& t) { return g.add_constant("", t)->output(); };
  Endpoint y = g.add(c.op, "product", {x, constant(random_tensor(c.w, 1))}, attrs)->output();
  y = g.add("BiasAdd", "bias", {y, constant(random_tensor(Shape{channels}, 2))})->output();
  for (int i = 0; i < c.scales; ++i)
    y = g.add("Mul", "", {y, constant(random_tensor(Shape{channels}, 3 + uint32_t(i)))})->output();
  Shape wide = product ? Shape{1, channels} : Shape{1, 1, 1, channels};
  y = g.add("AddV2", "offset", {y, constant(random_tensor(wide, 8))})->output();
  y = g.add("Relu", "", {y})->output();
  Endpoint feeds[] = {x}, fetches[] = {y};
  ExecutableOptions options;
  options.reference_only = reference_only;
  return std::make_unique<Executable>(extract(g, feeds, fetches), std::make_shared<CallableCache>(), options);
}

Tensor run(const Executable& e, const Tensor& x) {
  RunState state;
  std::vector<Tensor> in{x}, out;
  e.run(state, in, out);
  return out[0];
}

std::string difference(const Tensor& have, const Tensor& want) {
  for (int64_t i = 0; i < want.num_elements(); ++i) {
    float a = have.data<float>()[i], b = want.data<float>()[i];
    if (std::isnan(b) ? !std::isnan(a) : !(a == b || std::abs(a - b) <= 1e-3f * (1 + std::abs(b))))
      return cat("element ", i, " is ", a, ", expected ", b);
  }
  return "";
}

void check(const Case& c) {
  SCOPED_TRACE(cat(c.op, " ", c.x.str(), " ", c.w.str()));
  auto tuned = make(c, false), reference = make(c, true);
  auto plan = std::dynamic_pointer_cast<const Plan>(tuned->plan({{c.x}}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps().size(), 1u) << plan->describe();
  Tensor x = random_tensor(c.x, 5);
  EXPECT_EQ(difference(run(*tuned, x), run(*reference, x)), "");
  EXPECT_EQ(difference(run(*tuned, x), run(*reference, x)), "");
  x.mutable_data<float>()[x.num_elements() / 2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(difference(run(*tuned, x), run(*reference, x)), "");
}

TEST(ScaledWeights, Pointwise) { check({"Conv2D", {1, 9, 8, 64}, {1, 1, 64, 80}}); }
TEST(ScaledWeights, SmallPointwise) { check({"Conv2D", {1, 9, 8, 6}, {1, 1, 6, 8}}); }
TEST(ScaledWeights, Winograd) { check({"Conv2D", {1, 28, 28, 64}, {3, 3, 64, 64}}); }
TEST(ScaledWeights, Strided) { check({"Conv2D", {1, 28, 28, 64}, {3, 3, 64, 64}, 2}); }
TEST(ScaledWeights, FirstLayer) { check({"Conv2D", {1, 56, 56, 3}, {7, 7, 3, 64}, 2}); }
TEST(ScaledWeights, Grouped) { check({"Conv2D", {1, 14, 14, 64}, {3, 3, 16, 64}}); }
TEST(ScaledWeights, Depthwise) { check({"DepthwiseConv2dNative", {1, 14, 14, 96}, {3, 3, 96, 1}}); }
TEST(ScaledWeights, Dense) {
  check({"MatMul", {1, 100}, {100, 90}});
  check({"MatMul", {2000, 100}, {100, 600}});
  check({"MatMul", {3, 100}, {90, 100}, 1, true});
}
TEST(ScaledWeights, TwoScales) { check({"Conv2D", {1, 9, 8, 64}, {1, 1, 64, 80}, 1, false, 2}); }

TEST(ScaledWeights, OtherBatchesShareTheGraph) {
  Case c{"Conv2D", Shape{-1, 28, 28, 64}, {3, 3, 64, 64}};
  auto tuned = make(c, false), reference = make(c, true);
  for (int64_t batch : {1, 2, 7}) {
    Tensor x = random_tensor(Shape{batch, 28, 28, 64}, uint32_t(batch));
    EXPECT_EQ(difference(run(*tuned, x), run(*reference, x)), "") << "batch " << batch;
  }
}

}  // namespace
}  // namespace floe
