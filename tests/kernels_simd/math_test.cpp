// Errors of the vector functions over the whole range of float32, in units of the last place.
#include <bit>
#include <functional>

#include "floe/kernels/cpu/simd/elementwise.h"
#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

double ulps(float actual, double exact) {
  const float rounded = static_cast<float>(exact);
  if (std::isnan(exact)) return std::isnan(actual) ? 0 : 1e9;
  if (actual == rounded) return 0;
  if (std::isnan(actual) || std::isinf(actual) || std::isinf(rounded)) {
    // One step past the largest number is an error of one unit.
    const float largest = std::numeric_limits<float>::max();
    if (std::isinf(actual) && std::abs(rounded) == largest) return 1;
    if (std::isinf(rounded) && std::abs(actual) == largest) return 1;
    return 1e9;
  }
  int exponent;
  std::frexp(rounded, &exponent);
  const double unit = std::ldexp(1.0, std::max(exponent - 24, -149));
  return std::abs(double(actual) - exact) / unit;
}

// Every `step`-th float, both signs, and the special values.
std::vector<float> sample(uint32_t step) {
  std::vector<float> values = {0.0f,
                               -0.0f,
                               1.0f,
                               -1.0f,
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::denorm_min(),
                               -std::numeric_limits<float>::denorm_min(),
                               std::numeric_limits<float>::max(),
                               std::numeric_limits<float>::lowest(),
                               0.5f,
                               2.5f,
                               -2.5f,
                               88.72f,
                               88.73f,
                               -87.33f,
                               -103.9f,
                               -104.1f,
                               0.625f,
                               0.92f};
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += step) {
    const float v = std::bit_cast<float>(uint32_t(bits));
    if (!std::isnan(v)) values.push_back(v);
  }
  return values;
}

struct Function {
  EwOp op;
  const char* name;
  double limit;
  std::function<double(double)> exact;
};

TEST(Math, UnaryErrors) {
  const auto sigmoid = [](double x) {
    return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
  };
  const double kNan = std::numeric_limits<double>::quiet_NaN();
  const Function functions[] = {
      {EwOp::kExp, "exp", 1.2, [](double x) { return std::exp(x); }},
      {EwOp::kExpm1, "expm1", 2, [](double x) { return std::expm1(x); }},
      {EwOp::kLog, "log", 1.5, [](double x) { return std::log(x); }},
      {EwOp::kLog1p, "log1p", 2.5, [](double x) { return std::log1p(x); }},
      {EwOp::kTanh, "tanh", 2.5, [](double x) { return std::tanh(x); }},
      {EwOp::kErf, "erf", 2, [](double x) { return std::erf(x); }},
      {EwOp::kErfc, "erfc", 3, [](double x) { return std::erfc(x); }},
      {EwOp::kSigmoid, "sigmoid", 3, sigmoid},
      {EwOp::kSwish, "swish", 3, [=](double x) { return x == -HUGE_VAL ? kNan : x * sigmoid(x); }},
      {EwOp::kSoftplus, "softplus", 3,
       [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))) + (x != x ? x : 0); }},
      {EwOp::kElu, "elu", 2, [](double x) { return x < 0 ? std::expm1(x) : x; }},
      {EwOp::kSqrt, "sqrt", 0.51, [](double x) { return std::sqrt(x); }},
      {EwOp::kRsqrt, "rsqrt", 1.5, [](double x) { return 1 / std::sqrt(x); }},
      {EwOp::kReciprocal, "reciprocal", 0.51, [](double x) { return 1 / x; }},
      {EwOp::kSin, "sin", 1, [](double x) { return std::sin(x); }},
      {EwOp::kCos, "cos", 1, [](double x) { return std::cos(x); }},
      {EwOp::kFloor, "floor", 0, [](double x) { return std::floor(x); }},
      {EwOp::kCeil, "ceil", 0, [](double x) { return std::ceil(x); }},
      {EwOp::kRound, "round", 0, [](double x) { return std::nearbyint(x); }},
      {EwOp::kTrunc, "trunc", 0, [](double x) { return std::trunc(x); }},
      {EwOp::kSign, "sign", 0, [](double x) { return x > 0   ? 1
                                                     : x < 0 ? -1
                                                             : x; }},
      {EwOp::kRelu, "relu", 0, [](double x) { return x < 0 ? 0 : x; }},
      {EwOp::kRelu6, "relu6", 0, [](double x) { return x < 0   ? 0
                                                       : x > 6 ? 6
                                                               : x; }},
      {EwOp::kSoftsign, "softsign", 1.5, [](double x) { return x / (1 + std::abs(x)); }},
  };
  const std::vector<float> x = sample(20011);
  std::vector<float> y(x.size());
  for_each_target([&] {
    for (const Function& f : functions) {
      run_elementwise_op(f.op, y.data(), {x.data()}, {}, {}, int64_t(x.size()));
      double worst = 0;
      float at = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        // float32 has no room for 1 / (largest + 1) beyond rounding of the sum.
        if (f.op == EwOp::kSoftsign && std::abs(x[i]) > 1e38f) continue;
        if (f.op == EwOp::kSwish && std::isfinite(x[i]) && x[i] < -87) {
          EXPECT_NEAR(y[i], f.exact(x[i]), 1e-5 * std::abs(f.exact(x[i])) + 1e-42);
          continue;
        }
        const double error = ulps(y[i], f.exact(x[i]));
        if (error > worst) worst = error, at = x[i];
      }
      EXPECT_LE(worst, f.limit) << f.name << " at " << at;
    }
  });
}

// gelu cancels by its formula, so its error counts against the size of the argument.
TEST(Math, GeluErrors) {
  const std::vector<float> x = sample(20011);
  std::vector<float> y(x.size());
  for_each_target([&] {
    for (EwOp op : {EwOp::kGelu, EwOp::kGeluTanh, EwOp::kSelu, EwOp::kHardSwish, EwOp::kHardSigmoid}) {
      run_elementwise_op(op, y.data(), {x.data()}, {}, {}, int64_t(x.size()));
      for (size_t i = 0; i < x.size(); ++i) {
        if (!(std::abs(x[i]) < 1e10f)) continue;
        const Activation a = op == EwOp::kGelu        ? Activation::kGelu
                             : op == EwOp::kGeluTanh  ? Activation::kGeluTanh
                             : op == EwOp::kSelu      ? Activation::kSelu
                             : op == EwOp::kHardSwish ? Activation::kHardSwish
                                                      : Activation::kHardSigmoid;
        const double exact = activate(x[i], a, 0);
        EXPECT_NEAR(y[i], exact, 2.5e-7 * std::max(std::abs(double(x[i])), std::abs(exact)) + 2e-45)
            << int(op) << " " << x[i];
      }
    }
  });
}

TEST(Math, PowErrorsAndSpecialValues) {
  std::vector<float> x, y;
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (float a : {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 0.5f, inf, -inf, nan, 1e-40f, 3e38f, -8.0f}) {
    for (float b : {0.0f, -0.0f, 1.0f, -1.0f, 2.0f, 3.0f, -3.0f, 0.5f, -0.5f, inf, -inf, nan, 1e10f,
                    16777217.0f, 1e-3f}) {
      x.push_back(a), y.push_back(b);
    }
  }
  const auto bases = random_floats(20000, 1, 0.0f, 20.0f), powers = random_floats(20000, 2, -30.0f, 30.0f);
  x.insert(x.end(), bases.begin(), bases.end());
  y.insert(y.end(), powers.begin(), powers.end());
  std::vector<float> r(x.size());
  for_each_target([&] {
    run_elementwise_op(EwOp::kPow, r.data(), {x.data()}, {y.data()}, {}, int64_t(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_LE(ulps(r[i], std::pow(double(x[i]), double(y[i]))), 1.0)
          << x[i] << " ^ " << y[i] << " = " << r[i];
    }
  });
}

TEST(Math, BinaryAndTernarySpecialValues) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {0.0f, 1.0f, -1.5f, 7.25f, -6.5f, inf, -inf, nan};
  std::vector<float> x, y;
  for (float a : values) {
    for (float b : values) x.push_back(a), y.push_back(b);
  }
  struct Binary {
    EwOp op;
    std::function<float(float, float)> exact;
  };
  const auto keep_nan = [](float a, float b, float v) { return std::isnan(a) ? a : std::isnan(b) ? b : v; };
  const Binary binaries[] = {
      {EwOp::kAdd, [](float a, float b) { return a + b; }},
      {EwOp::kSub, [](float a, float b) { return a - b; }},
      {EwOp::kMul, [](float a, float b) { return a * b; }},
      {EwOp::kDiv, [](float a, float b) { return a / b; }},
      {EwOp::kDivNoNan, [](float a, float b) { return b == 0 ? 0 : a / b; }},
      {EwOp::kMaximum, [=](float a, float b) { return keep_nan(a, b, std::max(a, b)); }},
      {EwOp::kMinimum, [=](float a, float b) { return keep_nan(a, b, std::min(a, b)); }},
      {EwOp::kSquaredDifference, [](float a, float b) { return (a - b) * (a - b); }},
      {EwOp::kFloorDiv, [](float a, float b) { return std::floor(a / b); }},
      {EwOp::kTruncateMod, [](float a, float b) { return std::fmod(a, b); }},
      {EwOp::kAtan2, [](float a, float b) { return std::atan2(a, b); }},
      {EwOp::kLeakyRelu, [](float a, float b) { return a < 0 ? a * b : a; }},
      {EwOp::kLess, [](float a, float b) { return float(a < b); }},
      {EwOp::kLessEqual, [](float a, float b) { return float(a <= b); }},
      {EwOp::kGreater, [](float a, float b) { return float(a > b); }},
      {EwOp::kGreaterEqual, [](float a, float b) { return float(a >= b); }},
      {EwOp::kEqual, [](float a, float b) { return float(a == b); }},
      {EwOp::kNotEqual, [](float a, float b) { return float(a != b); }},
      {EwOp::kLogicalAnd, [](float a, float b) { return float(a != 0 && b != 0); }},
      {EwOp::kLogicalOr, [](float a, float b) { return float(a != 0 || b != 0); }},
  };
  std::vector<float> r(x.size());
  for_each_target([&] {
    for (const Binary& b : binaries) {
      run_elementwise_op(b.op, r.data(), {x.data()}, {y.data()}, {}, int64_t(x.size()));
      for (size_t i = 0; i < x.size(); ++i) {
        const float exact = b.exact(x[i], y[i]);
        if (std::isnan(exact)) {
          EXPECT_TRUE(std::isnan(r[i])) << int(b.op) << ": " << x[i] << ", " << y[i] << " -> " << r[i];
        } else {
          EXPECT_EQ(r[i], exact) << int(b.op) << ": " << x[i] << ", " << y[i];
        }
      }
    }
    const std::vector<float> a = {-5.5f, 5.5f, -5.5f, 5.5f, 6.0f}, m = {3.0f, -3.0f, -3.0f, 3.0f, 3.0f};
    std::vector<float> q(5);
    run_elementwise_op(EwOp::kFloorMod, q.data(), {a.data()}, {m.data()}, {}, 5);
    EXPECT_EQ(q, (std::vector<float>{0.5f, -0.5f, -2.5f, 2.5f, 0.0f}));
    const float low = -1, high = 2;
    run_elementwise_op(EwOp::kClip, q.data(), {a.data()}, {&low, true}, {&high, true}, 5);
    EXPECT_EQ(q, (std::vector<float>{-1.0f, 2.0f, -1.0f, 2.0f, 2.0f}));
    const std::vector<float> condition = {0.0f, 1.0f, nan, -0.0f, 2.0f};
    run_elementwise_op(EwOp::kSelect, q.data(), {condition.data()}, {&low, true}, {a.data()}, 5);
    EXPECT_EQ(q, (std::vector<float>{-5.5f, -1.0f, -1.0f, 5.5f, -1.0f}));
    run_elementwise_op(EwOp::kIsNan, q.data(), {condition.data()}, {}, {}, 5);
    EXPECT_EQ(q, (std::vector<float>{0.0f, 0.0f, 1.0f, 0.0f, 0.0f}));
  });
}

}  // namespace
}  // namespace floe::simd::testing
