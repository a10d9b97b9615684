#include "floe/tensor/packed.h"

#include <mutex>

#include "floe/base/text.h"
#include "floe/tensor/allocator.h"

namespace floe {
namespace {
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

PackedFloats::PackedFloats(size_t n)
    : data(static_cast<float*>(allocate_bytes(n * sizeof(float) + 1))), count(n) {}
PackedFloats::~PackedFloats() { free_bytes(data, count * sizeof(float) + 1); }

}  // namespace floe
