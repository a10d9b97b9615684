// What one batch-normalisation step computes, shared by the ops that hold one.
#pragma once

#include <algorithm>
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

/// `count` sums per channel, [count, channels]; add(outer index, sums) adds what one outer index has. The
/// parts that are added on their own do not depend on the number of threads, so neither do the sums.
template <class F>
void channel_sums(int threads, const NormDims& d, int count, std::vector<double>& sums, F&& add) {
  constexpr int64_t kParts = 16;
  size_t n = size_t(d.channels) * size_t(count);
  int64_t parts = std::min(kParts, std::max<int64_t>(d.outer, 1));
  std::vector<double> all(n * size_t(parts), 0);
  double cost = double(d.per_channel() * d.channels) / double(parts);
  parallel_for(threads, parts, cost, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; ++p)
      for (int64_t o = d.outer * p / parts; o < d.outer * (p + 1) / parts; ++o)
        add(o, all.data() + n * size_t(p));
  });
  sums.assign(n, 0);
  for (int64_t p = 0; p < parts; ++p)
    for (size_t i = 0; i < n; ++i) sums[i] += all[n * size_t(p) + i];
}

/// Mean and biased variance of every channel. Sums are kept in double, the variance is taken around the mean.
template <class T>
void channel_moments(int threads, const T* x, const NormDims& d, std::vector<double>& mean,
                     std::vector<double>& variance) {
  auto sum_up = [&](std::vector<double>& sum, auto&& term) {
    channel_sums(threads, d, 1, sum, [&](int64_t o, double* s) {
      const T* p = x + o * d.channels * d.inner;
      for (int64_t c = 0; c < d.channels; ++c)
        for (int64_t i = c * d.inner; i < (c + 1) * d.inner; ++i) s[c] += term(double(compute_t<T>(p[i])), c);
    });
    for (double& s : sum) s /= double(d.per_channel());
  };
  sum_up(mean, [](double v, int64_t) { return v; });
  sum_up(variance, [&](double v, int64_t c) { return (v - mean[size_t(c)]) * (v - mean[size_t(c)]); });
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
