#ifndef FLOE_TESTS_KERNELS_SIMD_SIMD_TESTING_H_
#define FLOE_TESTS_KERNELS_SIMD_SIMD_TESTING_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "floe/kernels/cpu/simd/epilogue.h"
#include "floe/kernels/cpu/simd/targets.h"
#include "hwy/targets.h"

namespace floe::simd::testing {

// Runs the body once for every instruction set that was compiled and that this machine has.
template <class F>
void for_each_target(F body) {
  for (const int64_t enabled : {int64_t(HWY_AVX3), int64_t(HWY_AVX2), int64_t(0)}) {
    hwy::SetSupportedTargetsForTest(0);
    const int64_t all = hwy::SupportedTargets();
    if (enabled != 0 && (all & enabled) == 0) continue;
    // A smaller bit is a better target; keep this one and the worse ones.
    const int64_t worse = enabled == 0 ? int64_t(HWY_SCALAR) : ~(enabled - 1);
    hwy::SetSupportedTargetsForTest(all & worse);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(enabled == 0 ? "baseline" : hwy::TargetName(enabled));
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

inline std::vector<float> random_floats(size_t n, unsigned seed, float low = -1.0f, float high = 1.0f) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> values(low, high);
  std::vector<float> result(n);
  for (float& v : result) v = values(generator);
  return result;
}

inline double activate(double x, Activation activation, double alpha) {
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  const auto relu6 = [](double v) { return std::min(6.0, std::max(0.0, v)); };
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x < 0 ? 0 : x;
    case Activation::kRelu6:
      return x != x ? x : relu6(x);
    case Activation::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case Activation::kElu:
      return x < 0 ? std::expm1(x) : x;
    case Activation::kSelu:
      return 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * std::expm1(x) : x);
    case Activation::kSwish:
      return x * sigmoid(x);
    case Activation::kHardSwish:
      return x * relu6(x + 3) / 6;
    case Activation::kHardSigmoid:
      return relu6(x + 3) / 6;
    case Activation::kSigmoid:
      return sigmoid(x);
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kGelu:
      return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
    case Activation::kSoftplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  }
  return std::numeric_limits<double>::quiet_NaN();
}

inline constexpr Activation kAllActivations[] = {
    Activation::kNone,        Activation::kRelu,    Activation::kRelu6, Activation::kLeakyRelu,
    Activation::kElu,         Activation::kSelu,    Activation::kSwish, Activation::kHardSwish,
    Activation::kHardSigmoid, Activation::kSigmoid, Activation::kTanh,  Activation::kGelu,
    Activation::kGeluTanh,    Activation::kSoftplus};

// |actual - expected| <= tolerance * (1 + |expected|), with the place of the first offender.
inline ::testing::AssertionResult near(const std::vector<float>& actual, const std::vector<double>& expected,
                                       double tolerance) {
  if (actual.size() != expected.size()) return ::testing::AssertionFailure() << "sizes differ";
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i], e = expected[i];
    const bool same = (std::isnan(a) && std::isnan(e)) || a == e;
    if (!same && !(std::abs(a - e) <= tolerance * (1 + std::abs(e)))) {
      return ::testing::AssertionFailure() << "at " << i << ": got " << a << ", expected " << e;
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace floe::simd::testing

#endif  // FLOE_TESTS_KERNELS_SIMD_SIMD_TESTING_H_
