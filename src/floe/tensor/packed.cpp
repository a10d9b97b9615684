#include "floe/tensor/packed.h"

#include <sys/mman.h>

#include <mutex>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/tensor/allocator.h"

namespace floe {
namespace {
constexpr uintptr_t kHugePage = uintptr_t(2) << 20;
constexpr size_t kMapFrom = size_t(1) << 20;

std::mutex& packing_mutex() {
  static std::mutex* m = new std::mutex;
  return *m;
}
}  // namespace

std::shared_ptr<detail::Packed> get_packed(const Tensor& t, const std::string& key,
                                           const std::function<std::shared_ptr<detail::Packed>()>& make) {
  detail::Buffer* b = t.rep()->buffer;
  // A deferred tensor has a buffer of its own; asking where it lies would make it.
  size_t offset =
      t.is_concrete() ? size_t(static_cast<const char*>(t.raw()) - static_cast<const char*>(b->data)) : 0;
  std::string full = cat(key, "@", offset, t.shape().str());
  std::lock_guard lock(packing_mutex());
  for (auto p = b->packed; p; p = p->next)
    if (p->key == full) return p;
  std::shared_ptr<detail::Packed> made = make();
  made->key = std::move(full);
  made->next = b->packed;
  b->packed = made;
  return made;
}

PackedFloats::PackedFloats(size_t n) : data(nullptr), count(n) {
  size_t size = n * sizeof(float);
  if (size < kMapFrom) {
    data = static_cast<float*>(allocate_bytes(size + 1));
    return;
  }
  // Mapped with room to begin at a huge page, the rest given back.
  size_t whole = size + kHugePage;
  void* p = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    throw ResourceExhausted(cat("Out of memory: cannot allocate ", human_bytes(size), " for packed weights"));
  auto from = reinterpret_cast<uintptr_t>(p), at = (from + kHugePage - 1) & ~(kHugePage - 1);
  size_t end = (at + size + 4095) & ~size_t(4095);
  if (at > from) ::munmap(p, at - from);
  if (from + whole > end) ::munmap(reinterpret_cast<void*>(end), from + whole - end);
  ::madvise(reinterpret_cast<void*>(at), end - at, MADV_HUGEPAGE);
  data = reinterpret_cast<float*>(at);
}
PackedFloats::~PackedFloats() {
  size_t size = count * sizeof(float);
  if (size < kMapFrom)
    free_bytes(data, size + 1);
  else
    ::munmap(data, size);
}

}  // namespace floe
