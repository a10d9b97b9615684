// What one batch-normalisation step computes, shared by the ops that hold one.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "floe/base/threads.h"
#include "floe/op/kernel.h"
#include "floe/tensor/dispatch.h"

namespace floe {

/// x seen as [outer, channels, inner]: inner is 1 when channels come last.
struct NormDims {
  int64_t outer = 1, channels = 1, inner = 1;
  int64_t per_channel() const { return outer * inner; }
};

inline NormDims norm_dims(const Shape& s, bool channels_first) {
  NormDims d;
  int axis = channels_first ? 1 : s.rank() - 1;
  for (int i = 0; i < s.rank(); ++i) (i < axis ? d.outer : i == axis ? d.channels : d.inner) *= s[i];
  return d;
}

/// N sums per channel, [N, channels]; term(element, channel) gives what one element adds to each. The parts
/// that are added on their own do not depend on the number of threads, so neither do the sums.
template <int N, class F>
std::vector<double> channel_sums(int threads, const NormDims& d, F&& term) {
  constexpr int64_t kParts = 16, kRows = 32;
  size_t n = size_t(d.channels) * N;
  int64_t parts = std::min(kParts, std::max<int64_t>(d.outer, 1));
  std::vector<double> all(n * size_t(parts), 0), sums(n, 0);
  double cost = double(d.per_channel() * d.channels) / double(parts);
  parallel_for(threads, parts, cost, [&](int64_t from, int64_t to) {
    std::vector<float> some(d.inner == 1 ? n : 0);
    for (int64_t p = from; p < to; ++p) {
      double* out = all.data() + n * size_t(p);
      int64_t end = d.outer * (p + 1) / parts;
      for (int64_t o = d.outer * p / parts; o < end && d.inner > 1; ++o)
        for (int64_t c = 0; c < d.channels; ++c)
          for (int64_t i = 0, at = (o * d.channels + c) * d.inner; i < d.inner; ++i) {
            std::array<float, N> v = term(at + i, c);
            for (int k = 0; k < N; ++k) out[k * d.channels + c] += double(v[size_t(k)]);
          }
      // Sums of a few rows stay precise in float, which is twice as fast.
      for (int64_t o = d.outer * p / parts; o < end && d.inner == 1; o += kRows) {
        std::fill(some.begin(), some.end(), 0.0f);
        float* __restrict s = some.data();
        for (int64_t r = o; r < std::min(end, o + kRows); ++r)
          for (int64_t c = 0; c < d.channels; ++c) {
            std::array<float, N> v = term(r * d.channels + c, c);
            for (int k = 0; k < N; ++k) s[k * d.channels + c] += v[size_t(k)];
          }
        for (size_t i = 0; i < n; ++i) out[i] += double(s[i]);
      }
    }
  });
  for (int64_t p = 0; p < parts; ++p)
    for (size_t i = 0; i < n; ++i) sums[i] += all[n * size_t(p) + i];
  return sums;
}

/// Mean and biased variance of every channel; the variance is taken around the mean.
template <class T>
void channel_moments(int threads, const T* x, const NormDims& d, std::vector<double>& mean,
                     std::vector<double>& variance) {
  mean = channel_sums<1>(threads, d,
                         [x](int64_t i, int64_t) { return std::array<float, 1>{float(compute_t<T>(x[i]))}; });
  for (double& m : mean) m /= double(d.per_channel());
  std::vector<float> centre(mean.begin(), mean.end());
  const float* m = centre.data();
  std::vector<double> sums = channel_sums<2>(threads, d, [x, m](int64_t i, int64_t c) {
    float v = float(compute_t<T>(x[i])) - m[c];
    return std::array<float, 2>{v * v, v};
  });
  variance.resize(mean.size());
  for (size_t c = 0; c < mean.size(); ++c) {
    // What the centre lost in precision is taken back.
    double off = sums[mean.size() + c] / double(d.per_channel());
    variance[c] = std::max(0.0, sums[c] / double(d.per_channel()) - off * off);
  }
}

/// y = (x - mean) * factor + offset for every channel.
template <class T>
void normalize_channels(int threads, const T* x, T* y, const NormDims& d, const float* mean,
                        const float* factor, const float* offset) {
  parallel_for(threads, d.outer, double(d.channels * d.inner), [&](int64_t from, int64_t to) {
    for (int64_t o = from; o < to; ++o) {
      const T* px = x + o * d.channels * d.inner;
      T* py = y + o * d.channels * d.inner;
      if (d.inner == 1)
        for (int64_t c = 0; c < d.channels; ++c)
          py[c] = T((compute_t<T>(px[c]) - mean[c]) * factor[c] + offset[c]);
      else
        for (int64_t c = 0; c < d.channels; ++c)
          for (int64_t i = 0; i < d.inner; ++i)
            py[c * d.inner + i] = T((compute_t<T>(px[c * d.inner + i]) - mean[c]) * factor[c] + offset[c]);
    }
  });
}

/// What FusedBatchNorm's attributes say.
struct BatchNormAttrs {
  float epsilon = 1e-4f, average_factor = 1;
  bool training = true, channels_first = false;
};
BatchNormAttrs batch_norm_attrs(const AttrMap& attrs);

/// Shape rule of inputs 0..4 (x, scale, offset, mean, variance) and outputs 0..4; output 5 where there is
/// one.
void infer_fused_batch_norm(InferContext& c);

/// Runs on inputs 0..4 and fills all outputs; T is x's type, the statistics are float.
template <class T>
void fused_batch_norm(KernelContext& c, const BatchNormAttrs& a);
extern template void fused_batch_norm<float>(KernelContext&, const BatchNormAttrs&);
extern template void fused_batch_norm<float16>(KernelContext&, const BatchNormAttrs&);
extern template void fused_batch_norm<bfloat16>(KernelContext&, const BatchNormAttrs&);

}  // namespace floe
