// A NaN must come out of the tuned kernels wherever the reference kernels give one: it is how people see that
// a network broke. Geometries are chosen so that each of the kernels has its turn.
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

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

enum class Place { kInput, kWeights, kBias };

struct Case {
  const char* op;
  Shape x, w;
  int64_t stride = 1;
  std::string padding = "SAME";
  int64_t dilation = 1;
};

Tensor random_tensor(const Shape& s, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor t(DType::kFloat32, s);
  for (int64_t i = 0; i < t.num_elements(); ++i) t.mutable_data<float>()[i] = normal(random);
  return t;
}

Endpoint activate(Graph& g, const std::string& name, Endpoint y) {
  auto number = [&](float v) { return g.add_constant("", Tensor::scalar(v))->output(); };
  if (name.empty()) return y;
  if (name == "Clip") {
    Endpoint low = g.add("Maximum", "", {y, number(-0.5f)})->output();
    return g.add("Minimum", "", {low, number(0.5f)})->output();
  }
  if (name == "Swish") return g.add("Mul", "", {y, g.add("Sigmoid", "", {y})->output()})->output();
  return g.add(name, "", {y})->output();
}

std::unique_ptr<FunctionBody> make_body(const Case& c, const std::string& activation, const Tensor& w,
                                        const Tensor& bias, bool residual) {
  Graph g;
  Endpoint x = g.add("Placeholder", "x", {}, {{"dtype", DType::kFloat32}, {"shape", c.x}})->output();
  AttrMap attrs;
  if (std::string(c.op) != "MatMul")
    attrs = {{"strides", std::vector<int64_t>{1, c.stride, c.stride, 1}},
             {"padding", c.padding},
             {"dilations", std::vector<int64_t>{1, c.dilation, c.dilation, 1}}};
  Endpoint y = g.add(c.op, "product", {x, g.add_constant("w", w)->output()}, attrs)->output();
  y = g.add("BiasAdd", "sum", {y, g.add_constant("bias", bias)->output()})->output();
  if (residual) {
    Endpoint r = g.add("Neg", "", {x})->output();
    y = g.add("AddV2", "", {y, r})->output();
  }
  y = activate(g, activation, y);
  Endpoint feeds[] = {x}, fetches[] = {y};
  return extract(g, feeds, fetches);
}

Tensor run(const Case& c, const std::string& activation, const Tensor& x, const Tensor& w, const Tensor& bias,
           bool residual, bool reference_only) {
  ExecutableOptions options;
  options.reference_only = reference_only;
  Executable e(make_body(c, activation, w, bias, residual), std::make_shared<CallableCache>(), options);
  RunState state;
  std::vector<Tensor> in{x}, out;
  e.run(state, in, out);
  return out[0];
}

std::string difference(const Tensor& have, const Tensor& want) {
  if (!(have.shape() == want.shape())) return "shapes differ";
  double largest = 1;
  for (int64_t i = 0; i < want.num_elements(); ++i)
    if (std::isfinite(want.data<float>()[i]))
      largest = std::max(largest, std::abs(double(want.data<float>()[i])));
  int64_t lost = 0, made = 0;
  for (int64_t i = 0; i < want.num_elements(); ++i) {
    float a = have.data<float>()[i], b = want.data<float>()[i];
    lost += std::isnan(b) && !std::isnan(a);
    made += std::isnan(a) && !std::isnan(b);
    if (std::isnan(a) || std::isnan(b)) continue;
    if (std::isinf(b) ? a != b : std::abs(double(a) - double(b)) > 1e-4 * largest)
      return cat("element ", i, " is ", a, ", expected ", b);
  }
  if (!lost && !made) return "";
  return cat(lost, " NaN lost, ", made, " too many, of ", want.num_elements(), " values");
}

const char* const kActivations[] = {"",    "Relu", "Relu6",   "LeakyRelu", "Clip",
                                    "Elu", "Tanh", "Sigmoid", "Swish",     "Softplus"};

void check(const Case& c, float special, std::initializer_list<Place> places, bool residual = false) {
  bool depthwise = std::string(c.op) == "DepthwiseConv2dNative";
  int64_t channels = depthwise ? c.w.dim(-1) * c.w.dim(-2) : c.w.dim(-1);
  for (const char* activation : kActivations)
    for (Place place : places) {
      Tensor x = random_tensor(c.x, 1), w = random_tensor(c.w, 2), b = random_tensor(Shape{channels}, 3);
      Tensor& broken = place == Place::kInput ? x : place == Place::kWeights ? w : b;
      broken.mutable_data<float>()[broken.num_elements() / 2] = special;
      Tensor want = run(c, activation, x, w, b, residual, true);
      EXPECT_EQ(difference(run(c, activation, x, w, b, residual, false), want), "")
          << c.op << " " << c.x.str() << " " << c.w.str() << " stride " << c.stride << " " << activation
          << " with " << special << " in the "
          << (place == Place::kInput     ? "input"
              : place == Place::kWeights ? "weights"
                                         : "bias");
    }
}

constexpr auto kEverywhere = {Place::kInput, Place::kWeights, Place::kBias};

TEST(Nan, Pointwise) { check({"Conv2D", {1, 9, 8, 24}, {1, 1, 24, 40}}, kNan, kEverywhere); }
TEST(Nan, LargePointwise) { check({"Conv2D", {2, 96, 96, 8}, {1, 1, 8, 80}}, kNan, kEverywhere); }
TEST(Nan, Winograd) {
  check({"Conv2D", {1, 29, 30, 64}, {3, 3, 64, 64}}, kNan, kEverywhere);
  check({"Conv2D", {2, 28, 28, 48}, {3, 3, 48, 50}, 1, "VALID"}, kNan, kEverywhere);
}
TEST(Nan, WinogradWithResidual) {
  check({"Conv2D", {1, 28, 28, 64}, {3, 3, 64, 64}}, kNan, kEverywhere, true);
}
TEST(Nan, FirstLayer) {
  check({"Conv2D", {1, 40, 40, 3}, {3, 3, 3, 32}, 2}, kNan, kEverywhere);
  check({"Conv2D", {1, 224, 224, 3}, {7, 7, 3, 64}, 2}, kNan, kEverywhere);
}
TEST(Nan, Strided) {
  check({"Conv2D", {1, 28, 28, 64}, {3, 3, 64, 32}, 2}, kNan, kEverywhere);
  check({"Conv2D", {1, 28, 28, 64}, {1, 1, 64, 32}, 2}, kNan, kEverywhere);
}
TEST(Nan, FewPositions) {
  check({"Conv2D", {1, 7, 7, 64}, {3, 3, 64, 48}}, kNan, kEverywhere);
  check({"Conv2D", {3, 5, 6, 32}, {3, 5, 32, 20}, 2}, kNan, kEverywhere);
  check({"Conv2D", {1, 12, 12, 16}, {3, 3, 16, 16}, 1, "VALID", 3}, kNan, kEverywhere);
  check({"Conv2D", {1, 6, 6, 48}, {3, 3, 48, 48}}, kNan, kEverywhere, true);
}
TEST(Nan, Dilated) { check({"Conv2D", {1, 20, 20, 16}, {3, 3, 16, 16}, 1, "SAME", 2}, kNan, kEverywhere); }
TEST(Nan, Grouped) { check({"Conv2D", {1, 14, 14, 32}, {3, 3, 8, 32}}, kNan, kEverywhere); }
TEST(Nan, OtherSizes) { check({"Conv2D", {1, 17, 17, 24}, {1, 7, 24, 24}}, kNan, kEverywhere, true); }
TEST(Nan, Depthwise) {
  check({"DepthwiseConv2dNative", {1, 21, 23, 37}, {3, 3, 37, 1}}, kNan, kEverywhere);
  check({"DepthwiseConv2dNative", {2, 14, 14, 48}, {5, 5, 48, 1}}, kNan, kEverywhere);
  check({"DepthwiseConv2dNative", {1, 21, 23, 37}, {3, 3, 37, 1}, 2}, kNan, kEverywhere);
  check({"DepthwiseConv2dNative", {1, 21, 23, 37}, {3, 3, 37, 1}, 1, "SAME", 2}, kNan, kEverywhere);
  check({"DepthwiseConv2dNative", {1, 11, 13, 8}, {3, 3, 8, 2}}, kNan, kEverywhere);
}
TEST(Nan, Dense) {
  for (int64_t rows : {1, 3, 33}) check({"MatMul", {rows, 70}, {70, 50}}, kNan, kEverywhere);
}
TEST(Nan, LargeDense) { check({"MatMul", {1500, 32}, {32, 600}}, kNan, kEverywhere); }

// Sums of infinities of one sign are infinite, with Winograd's differences too.
TEST(Infinity, Winograd) {
  check({"Conv2D", {1, 28, 28, 64}, {3, 3, 64, 64}}, kInf, kEverywhere);
  check({"Conv2D", {1, 28, 28, 64}, {3, 3, 64, 64}}, -kInf, kEverywhere, true);
}
TEST(Infinity, Others) {
  check({"Conv2D", {1, 9, 8, 24}, {1, 1, 24, 40}}, -kInf, kEverywhere);
  check({"Conv2D", {1, 28, 28, 64}, {3, 3, 64, 32}, 2}, -kInf, kEverywhere);
  check({"DepthwiseConv2dNative", {1, 21, 23, 37}, {3, 3, 37, 1}}, -kInf, kEverywhere);
  check({"MatMul", {3, 70}, {70, 50}}, -kInf, kEverywhere);
}

}  // namespace
}  // namespace floe
