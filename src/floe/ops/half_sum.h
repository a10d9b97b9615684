// The sum of a row of halves, rounded after every addition, in TensorFlow's order.
#pragma once

#include "floe/dtype.h"

namespace floe {

inline float16 sum_halves(const float16* x, int64_t n) {
  constexpr int64_t kVector = 8, kPartial = 4, kLeaf = 1024;
  if (n > kLeaf) {
    int64_t half = kVector * ((n + 2 * kVector - 1) / (2 * kVector));
    return float16(float(sum_halves(x, half)) + float(sum_halves(x + half, n - half)));
  }
  float acc[kPartial][kVector] = {};
  auto add = [&](int64_t p, const float16* v) {
    for (int64_t k = 0; k < kVector; ++k) acc[p][k] = float16(acc[p][k] + float(v[k]));
  };
  int64_t i = 0;
  if (n >= kPartial * kVector) {
    for (; i + kPartial * kVector <= n; i += kPartial * kVector)
      for (int64_t p = 0; p < kPartial; ++p) add(p, x + i + p * kVector);
    for (int64_t p = 1; p < kPartial; ++p)
      for (int64_t k = 0; k < kVector; ++k) acc[0][k] = float16(acc[0][k] + acc[p][k]);
  }
  for (; i + kVector <= n; i += kVector) add(0, x + i);
  float rest = 0, lanes = 0;
  for (; i < n; ++i) rest = float16(rest + float(x[i]));
  for (float v : acc[0]) lanes += v;
  return float16(rest + float(float16(lanes)));
}

}  // namespace floe
