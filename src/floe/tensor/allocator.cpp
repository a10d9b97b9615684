#include "floe/tensor/allocator.h"

#include <malloc.h>

#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "floe/base/text.h"
#include "floe/error.h"

namespace floe {
namespace {

// Size classes: four per power of two from 64 bytes up; larger than 64 MiB is not cached.
constexpr int kClasses = 4 * 21;
constexpr size_t kMaxCached = size_t(64) << 20;
constexpr size_t kMaxCachedTotal = size_t(192) << 20;
constexpr int kThreadClasses = 4 * 7;  // up to 8 KiB per thread, without a lock
constexpr size_t kThreadBlocks = 16;

int class_of(size_t size) {
  if (size <= 64) return 0;
  int p = std::bit_width(size - 1) - 1;  // 2^p < size <= 2^(p+1)
  size_t step = size_t(1) << (p - 2);
  int q = int((size - (size_t(1) << p) + step - 1) / step);  // 1..4
  return (p - 6) * 4 + q;
}

size_t class_size(int c) {
  if (c == 0) return 64;
  int p = (c - 1) / 4 + 6, q = (c - 1) % 4 + 1;
  return ((size_t(1) << p) + size_t(q) * (size_t(1) << (p - 2)) + kAlignment - 1) & ~(kAlignment - 1);
}

struct Pool {
  std::mutex mutex;
  std::vector<void*> free[kClasses];
  size_t cached = 0;
};
Pool& pool() {
  static Pool* p = new Pool;  // outlives every static tensor
  return *p;
}

struct ThreadCache {
  std::vector<void*> free[kThreadClasses];
  ~ThreadCache() {
    for (auto& list : free)
      for (void* p : list) std::free(p);
    alive() = false;
  }
  static bool& alive() {
    static thread_local bool a = true;
    return a;
  }
};
thread_local ThreadCache cache;

void* system_allocate(size_t size) {
  void* p = std::aligned_alloc(kAlignment, size);
  if (!p) {
    release_cached_memory();
    p = std::aligned_alloc(kAlignment, size);
  }
  if (!p) throw ResourceExhausted(cat("Out of memory: cannot allocate ", human_bytes(size), " for a tensor"));
  return p;
}

}  // namespace

void* allocate_bytes(size_t size) {
  if (size > kMaxCached) {
    if (size > size_t(1) << 46)
      throw ResourceExhausted(cat("Out of memory: a tensor of ", human_bytes(size), " was asked for"));
    return system_allocate((size + kAlignment - 1) & ~(kAlignment - 1));
  }
  int c = class_of(size);
  if (c < kThreadClasses && ThreadCache::alive()) {
    auto& list = cache.free[c];
    if (!list.empty()) {
      void* p = list.back();
      list.pop_back();
      return p;
    }
  } else {
    Pool& pl = pool();
    std::lock_guard lock(pl.mutex);
    auto& list = pl.free[c];
    if (!list.empty()) {
      void* p = list.back();
      list.pop_back();
      pl.cached -= class_size(c);
      return p;
    }
  }
  return system_allocate(class_size(c));
}

void free_bytes(void* p, size_t size) {
  if (!p) return;
  if (size <= kMaxCached) {
    int c = class_of(size);
    if (c < kThreadClasses && ThreadCache::alive()) {
      auto& list = cache.free[c];
      if (list.size() < kThreadBlocks) {
        list.push_back(p);
        return;
      }
    } else if (c >= kThreadClasses) {
      Pool& pl = pool();
      std::lock_guard lock(pl.mutex);
      if (pl.cached + class_size(c) <= kMaxCachedTotal) {
        pl.free[c].push_back(p);
        pl.cached += class_size(c);
        return;
      }
    }
  }
  std::free(p);
}

void release_cached_memory() {
  Pool& pl = pool();
  std::lock_guard lock(pl.mutex);
  for (auto& list : pl.free) {
    for (void* p : list) std::free(p);
    list.clear();
  }
  pl.cached = 0;
  malloc_trim(0);
}

}  // namespace floe
