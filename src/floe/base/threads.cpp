#include "floe/base/threads.h"

#include <sched.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>

namespace floe {
namespace {
std::atomic<int> chosen{0};
}

int default_threads() {
  static const int n = [] {
    for (const char* name : {"FLOE_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"})
      if (const char* v = std::getenv(name))
        if (int k = std::atoi(v); k > 0) return k;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
    return 1;
  }();
  return n;
}

int num_threads() {
  int n = chosen.load(std::memory_order_relaxed);
  return n > 0 ? n : default_threads();
}
void set_num_threads(int n) { chosen.store(n, std::memory_order_relaxed); }

namespace threads_internal {
void run_parallel(int parts, void (*fn)(void*, int), void* arg) {
  std::exception_ptr error;
  std::mutex mutex;
#pragma omp parallel for num_threads(parts) schedule(static, 1)
  for (int i = 0; i < parts; ++i) {
    try {
      fn(arg, i);
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}
}  // namespace threads_internal

}  // namespace floe
