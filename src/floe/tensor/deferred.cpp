#include "floe/tensor/deferred.h"

#include <sys/mman.h>

#include <mutex>

#include "floe/base/file.h"
#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/tensor/allocator.h"

namespace floe {
namespace {

struct Deferred : detail::Origin {
  explicit Deferred(std::function<void(void*)> f) : fill(std::move(f)) {}

  void evaluate(detail::TensorRep& rep) override {
    std::lock_guard lock(mutex);
    if (rep.state.load(std::memory_order_acquire) == detail::TensorRep::State::kConcrete) return;
    void* data = allocate_bytes(std::max<size_t>(rep.buffer->size, 1));
    try {
      fill(data);
    } catch (...) {
      free_bytes(data, std::max<size_t>(rep.buffer->size, 1));
      throw;
    }
    rep.buffer->data = rep.data = data;
    rep.state.store(detail::TensorRep::State::kConcrete, std::memory_order_release);
  }

  std::function<void(void*)> fill;
  std::mutex mutex;
};

// Straight from the system and back to it: recycled blocks would stay resident.
std::shared_ptr<void> map_pages(size_t size) {
  void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    throw ResourceExhausted(cat("Out of memory: cannot allocate ", human_bytes(size), " for weights"));
  return {p, [size](void* q) { ::munmap(q, size); }};
}

}  // namespace

Tensor deferred(DType dtype, const Shape& shape, std::function<void(void* to)> fill) {
  auto* rep = new detail::TensorRep;
  rep->state = detail::TensorRep::State::kPending;
  rep->dtype = dtype;
  rep->shape = shape;
  rep->elements = shape.num_elements();
  rep->buffer = new detail::Buffer;
  rep->buffer->size = size_t(rep->elements) * dtype_size(dtype);
  rep->origin = std::make_shared<Deferred>(std::move(fill));
  return Tensor::adopt(rep);
}

Tensor peek(const Tensor& t) {
  auto* unread = t.is_concrete() ? nullptr : dynamic_cast<Deferred*>(t.rep()->origin.get());
  size_t unit = is_complex(t.dtype()) ? dtype_size(t.dtype()) / 2 : dtype_size(t.dtype());
  if (!unread && reinterpret_cast<uintptr_t>(t.raw()) % unit == 0) return t;
  std::shared_ptr<void> pages = map_pages(std::max<size_t>(t.nbytes(), 1));
  if (unread) {
    unread->fill(pages.get());
  } else {
    std::memcpy(pages.get(), t.raw(), t.nbytes());
    drop_mapped_pages(t.raw(), t.nbytes());
  }
  return Tensor::wrap(t.dtype(), t.shape(), pages.get(), pages);
}

}  // namespace floe
