// Networks with channels first: the result is that of the reference kernels, and no convolution is left to
// them.
#include "floe/graph/passes/channels_last.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "floe/base/text.h"
#include "floe/graph/passes/passes.h"
#include "floe/op/kernel.h"
#include "floe/runtime/executable.h"

namespace floe {
namespace {

using Ints = std::vector<int64_t>;

Tensor random_tensor(const Shape& s, uint32_t seed, float offset = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.3f);
  Tensor t(DType::kFloat32, s);
  for (int64_t i = 0; i < t.num_elements(); ++i) t.mutable_data<float>()[i] = offset + normal(random);
  return t;
}

class Net {
 public:
  explicit Net(const Shape& x) : shape_(x) {
    input_ = g_.add("Placeholder", "x", {}, {{"dtype", DType::kFloat32}, {"shape", x}})->output();
  }
  Endpoint x() const { return input_; }
  Endpoint call(const char* op, std::vector<Endpoint> in, AttrMap attrs = {}) {
    return g_.add(op, "", std::move(in), std::move(attrs))->output();
  }
  Endpoint weights(const Shape& s, float offset = 0) {
    return g_.add_constant("", random_tensor(s, ++seed_, offset))->output();
  }
  Endpoint ints(const std::vector<int32_t>& v) { return g_.add_constant("", Tensor::vec(v))->output(); }
  Endpoint number(int32_t v) { return g_.add_constant("", Tensor::scalar(v))->output(); }
  Endpoint conv(Endpoint in, const Shape& w, int64_t stride = 1, const char* padding = "SAME",
                const char* op = "Conv2D", Ints explicit_paddings = {}) {
    return call(op, {in, weights(w)},
                {{"strides", Ints{1, 1, stride, stride}},
                 {"padding", std::string(padding)},
                 {"explicit_paddings", explicit_paddings},
                 {"data_format", std::string("NCHW")}});
  }
  Endpoint bias(Endpoint in, int64_t c) {
    return call("BiasAdd", {in, weights({c})}, {{"data_format", std::string("NCHW")}});
  }
  Endpoint norm(Endpoint in, int64_t c) {
    return call("FusedBatchNormV3", {in, weights({c}), weights({c}), weights({c}), weights({c}, 2)},
                {{"data_format", std::string("NCHW")}, {"is_training", false}});
  }
  Endpoint pool(const char* op, Endpoint in, int64_t size) {
    return call(op, {in},
                {{"ksize", Ints{1, 1, size, size}},
                 {"strides", Ints{1, 1, 2, 2}},
                 {"padding", std::string("SAME")},
                 {"data_format", std::string("NCHW")}});
  }

  // `transpositions` are left in the plan.
  void check(std::vector<Endpoint> results, int transpositions) {
    auto make = [&](bool reference_only) {
      Endpoint feeds[] = {input_};
      ExecutableOptions options;
      options.reference_only = reference_only;
      return std::make_unique<Executable>(extract(g_, feeds, results), std::make_shared<CallableCache>(),
                                          options);
    };
    auto tuned = make(false), reference = make(true);
    auto plan = std::dynamic_pointer_cast<const Plan>(tuned->plan({{shape_}}));
    ASSERT_TRUE(plan);
    int found = 0;
    for (const Step& s : plan->steps()) found += s.op->name == "Transpose";
    EXPECT_EQ(found, transpositions) << plan->describe();
    Tensor x = random_tensor(shape_, 77);
    std::vector<Tensor> have = run(*tuned, x), want = run(*reference, x);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(difference(have[i], want[i]), "") << "result " << i;
  }

 private:
  static std::vector<Tensor> run(const Executable& e, const Tensor& x) {
    RunState state;
    std::vector<Tensor> in{x}, out;
    e.run(state, in, out);
    return out;
  }
  static std::string difference(const Tensor& have, const Tensor& want) {
    if (!(have.shape() == want.shape())) return cat(have.shape().str(), " instead of ", want.shape().str());
    for (int64_t i = 0; i < want.num_elements(); ++i) {
      float a = have.data<float>()[i], b = want.data<float>()[i];
      if (!(std::abs(a - b) <= 1e-4f * (1 + std::abs(b))))
        return cat("element ", i, " is ", a, ", expected ", b);
    }
    return "";
  }

  Graph g_;
  Shape shape_;
  Endpoint input_;
  uint32_t seed_ = 0;
};

TEST(ChannelsLast, ResidualNetwork) {
  Net n({2, 3, 20, 24});
  Endpoint y = n.call("Relu", {n.norm(n.conv(n.x(), {3, 3, 3, 16}, 2), 16)});
  y = n.pool("MaxPool", y, 3);
  Endpoint z = n.call("Relu", {n.bias(n.conv(y, {3, 3, 16, 16}), 16)});
  z = n.norm(n.conv(z, {1, 1, 16, 16}), 16);
  y = n.call("Relu", {n.call("AddV2", {z, y})});
  y = n.call("Mean", {y, n.ints({2, 3})}, {{"keep_dims", false}});
  n.check({y}, 1);
}

TEST(ChannelsLast, DepthwiseAndSqueezeAndExcite) {
  Net n({1, 8, 15, 14});
  Endpoint y = n.conv(n.x(), {3, 3, 8, 1}, 1, "SAME", "DepthwiseConv2dNative");
  y = n.call("Relu6", {n.norm(y, 8)});
  Endpoint s = n.call("Mean", {y, n.ints({-1, -2})}, {{"keep_dims", true}});
  s = n.call("Sigmoid", {n.bias(n.conv(s, {1, 1, 8, 8}), 8)});
  y = n.conv(n.call("Mul", {y, s}), {1, 1, 8, 20});
  n.check({y}, 2);
}

TEST(ChannelsLast, PaddingConcatenationAndConstants) {
  Net n({1, 5, 9, 11});
  Endpoint y = n.conv(n.x(), {3, 3, 5, 6}, 2, "EXPLICIT", "Conv2D", {0, 0, 0, 0, 2, 1, 0, 3});
  Endpoint padded = n.call(
      "Pad",
      {y, n.call("Identity", {n.call("Reshape", {n.ints({0, 0, 0, 1, 2, 0, 1, 1}), n.ints({4, 2})})})});
  y = n.conv(padded, {2, 3, 7, 6}, 1, "VALID");
  Endpoint scaled = n.call("AddV2", {n.call("Mul", {y, n.weights({6, 1, 1})}), n.weights({1, 6, 1, 1})});
  Endpoint plain = n.call("Maximum", {n.weights({}), y});
  y = n.call("ConcatV2", {scaled, plain, y, n.number(-3)});
  y = n.pool("AvgPool", n.conv(y, {3, 3, 18, 4}), 2);
  n.check({y}, 2);
}

TEST(ChannelsLast, ResultsInBothLayouts) {
  Net n({1, 4, 8, 8});
  Endpoint y = n.conv(n.x(), {3, 3, 4, 8});
  Endpoint turned = n.call("Transpose", {y, n.ints({0, 2, 3, 1})});
  Endpoint rows = n.call("Reshape", {y, n.ints({8, 64})});
  Endpoint widths = n.call("BiasAdd", {y, n.weights({8})});  // along the last axis as written
  Endpoint heights = n.call("Sum", {y, n.ints({2})}, {{"keep_dims", false}});
  n.check({y, turned, rows, widths, heights}, 2);
}

TEST(ChannelsLast, AGraphThatTurnsItsPictures) {
  Net n({1, 8, 8, 4});
  Endpoint y = n.call("Transpose", {n.x(), n.ints({0, 3, 1, 2})});
  y = n.call("LeakyRelu", {n.conv(y, {3, 3, 4, 8})});
  n.check({n.call("Transpose", {y, n.ints({0, 2, 3, 1})})}, 0);
}

TEST(ChannelsLast, LeavesOtherGraphsAlone) {
  Graph g;
  Node* x = g.add("Placeholder", "x", {}, {{"dtype", DType::kFloat32}, {"shape", Shape{1, 4, 8, 8}}});
  Node* w = g.add_constant("w", random_tensor({3, 3, 8, 8}, 1));
  Node* y = g.add("Conv2D", "y", {x->output(), w->output()},
                  {{"strides", Ints{1, 1, 1, 1}}, {"padding", std::string("SAME")}});
  Endpoint feeds[] = {x->output()}, fetches[] = {y->output()};
  auto body = extract(g, feeds, fetches);
  size_t nodes = body->graph->size();
  EXPECT_FALSE(channels_last(*body));
  EXPECT_EQ(body->graph->size(), nodes);
}

}  // namespace
}  // namespace floe
