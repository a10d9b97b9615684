#ifndef FLOE_BENCH_KERNELS_TIMING_H_
#define FLOE_BENCH_KERNELS_TIMING_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include "hwy/aligned_allocator.h"

namespace floe::bench {

using Buffer = hwy::AlignedFreeUniquePtr<float[]>;

inline Buffer random_buffer(size_t n, float low = -1.0f, float high = 1.0f) {
  Buffer buffer = hwy::AllocateAligned<float>(n + 64);
  std::minstd_rand generator(unsigned(n) + 17);
  std::uniform_real_distribution<float> values(low, high);
  for (size_t i = 0; i < n + 64; ++i) buffer[i] = values(generator);
  return buffer;
}

// Contenders take turns in short batches, so that a change of clock or a busy neighbour meets all of them;
// the least time per call is reported, in microseconds.
template <class... F>
std::vector<double> interleaved_minimum(double seconds, F&&... contenders) {
  using clock = std::chrono::steady_clock;
  const auto microseconds = [](auto&& f, int calls) {
    const auto start = clock::now();
    for (int i = 0; i < calls; ++i) f();
    return std::chrono::duration<double, std::micro>(clock::now() - start).count() / calls;
  };
  std::vector<double> best;
  std::vector<int> calls;
  const auto warm_up = [&](auto&& f) {
    f();
    const double once = microseconds(f, 3);
    best.push_back(once);
    calls.push_back(std::max(1, int(200.0 / std::max(once, 0.01))));
  };
  (warm_up(contenders), ...);
  const auto deadline = clock::now() + std::chrono::duration<double>(seconds);
  while (clock::now() < deadline) {
    size_t i = 0;
    ((best[i] = std::min(best[i], microseconds(contenders, calls[i])), ++i), ...);
  }
  return best;
}

}  // namespace floe::bench

#endif  // FLOE_BENCH_KERNELS_TIMING_H_
