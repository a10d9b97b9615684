// Threads: OpenMP's, the same team that oneDNN uses.
#pragma once

#include <cstdint>
#include <type_traits>

#include "floe/threads.h"

namespace floe {

/// Threads a run may use: FLOE_NUM_THREADS, TF_NUM_INTRAOP_THREADS or OMP_NUM_THREADS if set, else the cores
/// this process may run on.
int default_threads();

namespace threads_internal {
void run_parallel(int parts, void (*fn)(void*, int), void* arg);
}

/// Calls fn(begin, end) for pieces of [0, n), on up to `threads` threads; small work stays on this one.
/// `cost` is about the number of nanoseconds one item takes.
template <class F>
void parallel_for(int threads, int64_t n, double cost, F&& fn) {
  constexpr double kMinPieceNs = 20000;
  int64_t parts = threads;
  if (threads > 1) {
    double pieces = double(n) * cost / kMinPieceNs;
    if (pieces < double(parts)) parts = int64_t(pieces);
    if (parts > n) parts = n;
  }
  if (parts <= 1) {
    if (n > 0) fn(int64_t(0), n);
    return;
  }
  struct Job {
    std::remove_reference_t<F>* fn;
    int64_t n, parts;
  } job{&fn, n, parts};
  threads_internal::run_parallel(
      int(parts),
      [](void* p, int i) {
        Job& j = *static_cast<Job*>(p);
        (*j.fn)(j.n* i / j.parts, j.n * (i + 1) / j.parts);
      },
      &job);
}

}  // namespace floe
