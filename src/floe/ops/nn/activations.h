// The scalar functions of the activations, shared with fused ops.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

namespace floe {

// Written so that NaN stays NaN, as TensorFlow has it.
struct ReluFn {
  template <class S>
  S operator()(S x) const {
    return x < S(0) ? S(0) : x;
  }
};
struct Relu6Fn {
  template <class S>
  S operator()(S x) const {
    return x < S(0) ? S(0) : x > S(6) ? S(6) : x;
  }
};
struct EluFn {
  template <class S>
  S operator()(S x) const {
    return x < S(0) ? std::expm1(x) : x;
  }
};
inline constexpr double kSeluScale = 1.0507009873554804934193349852946;
inline constexpr double kSeluScaleAlpha = 1.7580993408473768599402175208123;
struct SeluFn {
  template <class S>
  S operator()(S x) const {
    return x < S(0) ? S(kSeluScaleAlpha) * std::expm1(x) : S(kSeluScale) * x;
  }
};
struct LeakyReluFn {
  float alpha = 0.2f;
  template <class S>
  S operator()(S x) const {
    return x > S(0) ? x : S(alpha) * x;
  }
};
struct SoftplusFn {
  template <class S>
  S operator()(S x) const {
    // Beyond this the other term is below half a unit in the last place.
    const S threshold = std::log(std::numeric_limits<S>::epsilon()) + S(2);
    if (x > -threshold) return x;
    if (x < threshold) return std::exp(x);
    return std::log1p(std::exp(x));
  }
};
struct SoftsignFn {
  template <class S>
  S operator()(S x) const {
    return x / (std::abs(x) + S(1));
  }
};

}  // namespace floe
