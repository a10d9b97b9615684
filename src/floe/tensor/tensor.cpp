#include "floe/tensor.h"

#include <algorithm>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/tensor/allocator.h"

namespace floe {
namespace {

template <class T>
void construct_all(void* data, int64_t n) {
  T* p = static_cast<T*>(data);
  for (int64_t i = 0; i < n; ++i) new (p + i) T();
}
template <class T>
void destroy_all(void* data, size_t bytes) {
  T* p = static_cast<T*>(data);
  for (size_t i = 0; i < bytes / sizeof(T); ++i) p[i].~T();
}

detail::Buffer* new_buffer(DType dtype, int64_t elements) {
  size_t bytes;
  if (__builtin_mul_overflow(size_t(elements), dtype_size(dtype), &bytes))
    throw ResourceExhausted(cat("Out of memory: a tensor of ", elements, " elements was asked for"));
  auto* b = new detail::Buffer;
  b->size = bytes;
  try {
    b->data = allocate_bytes(std::max<size_t>(bytes, 1));
  } catch (...) {
    delete b;
    throw;
  }
  if (dtype == DType::kString) {
    construct_all<std::string>(b->data, elements);
    b->objects = dtype;
  } else if (dtype == DType::kResource || dtype == DType::kVariant) {
    construct_all<ObjectPtr>(b->data, elements);
    b->objects = dtype;
  }
  return b;
}

void release_buffer(detail::Buffer* b) {
  if (!b || b->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (b->objects == DType::kString)
    destroy_all<std::string>(b->data, b->size);
  else if (b->objects != DType::kInvalid)
    destroy_all<ObjectPtr>(b->data, b->size);
  if (b->kind == detail::Buffer::Kind::kHeap) free_bytes(b->data, std::max<size_t>(b->size, 1));
  delete b;
}

Tensor view(const Tensor& t, DType dtype, const Shape& shape, const void* data, int64_t elements) {
  auto* r = new detail::TensorRep;
  r->dtype = dtype;
  r->shape = shape;
  r->elements = elements;
  r->buffer = t.rep()->buffer;
  r->buffer->refs.fetch_add(1, std::memory_order_relaxed);
  r->data = const_cast<void*>(data);
  return Tensor::adopt(r);
}

}  // namespace

namespace detail {
void release(TensorRep* rep) {
  release_buffer(rep->buffer);
  delete rep;
}
void evaluate(TensorRep* rep) {
  if (!rep->origin) throw Internal("a tensor has neither memory nor an origin");
  rep->origin->evaluate(*rep);
}
void type_mismatch(DType have, DType want) {
  throw Internal(cat("A ", dtype_name(have), " tensor was read as ", dtype_name(want)));
}
}  // namespace detail

bool Tensor::same_storage(DType want, DType have) {
  switch (have) {
    case DType::kQint8:
      return want == DType::kInt8;
    case DType::kQuint8:
      return want == DType::kUint8;
    case DType::kQint16:
      return want == DType::kInt16;
    case DType::kQuint16:
      return want == DType::kUint16;
    case DType::kQint32:
      return want == DType::kInt32;
    case DType::kResource:
      return want == DType::kVariant;
    default:
      return false;
  }
}

void Tensor::check_count(size_t n) const {
  if (size_t(num_elements()) != n)
    throw InvalidArgument(
        cat("A tensor of shape ", shape().str(), " has ", num_elements(), " elements, not ", n));
}

Tensor::Tensor(DType dtype, const Shape& shape) {
  if (dtype_size(dtype) == 0) throw InvalidArgument("A tensor needs a known dtype");
  int64_t n = shape.num_elements();
  if (n < 0) throw InvalidArgument(cat("A tensor needs a fully defined shape, not ", shape.str()));
  auto* b = new_buffer(dtype, n);
  rep_ = new detail::TensorRep;
  rep_->dtype = dtype;
  rep_->shape = shape;
  rep_->elements = n;
  rep_->buffer = b;
  rep_->data = b->data;
}

Tensor Tensor::wrap(DType dtype, const Shape& shape, void* data, std::shared_ptr<const void> owner) {
  auto* r = new detail::TensorRep;
  r->dtype = dtype;
  r->shape = shape;
  r->elements = shape.num_elements();
  r->buffer = new detail::Buffer;
  r->buffer->kind = detail::Buffer::Kind::kExternal;
  r->buffer->data = data;
  r->buffer->size = size_t(r->elements) * dtype_size(dtype);
  r->buffer->owner = std::move(owner);
  r->data = data;
  return adopt(r);
}

Tensor Tensor::reshaped(const Shape& shape) const {
  int64_t n = shape.num_elements();
  if (n != num_elements())
    throw InvalidArgument(cat("Cannot see shape ", this->shape().str(), " as ", shape.str()));
  return view(*this, dtype(), shape, raw(), n);
}

Tensor Tensor::viewed_as(DType t) const {
  if (dtype_size(t) != dtype_size(dtype()) || !is_pod(t) != !is_pod(dtype()))
    throw InvalidArgument(cat("Cannot see ", dtype_name(dtype()), " as ", dtype_name(t)));
  return view(*this, t, shape(), raw(), num_elements());
}

Tensor Tensor::rows(int64_t from, int64_t to) const {
  int64_t row = dim(0) ? num_elements() / dim(0) : 0;
  Shape s = shape();
  s.set_dim(0, to - from);
  const char* p = static_cast<const char*>(raw()) + size_t(from * row) * dtype_size(dtype());
  return view(*this, dtype(), s, p, row * (to - from));
}

Tensor Tensor::clone() const {
  Tensor t(dtype(), shape());
  if (dtype() == DType::kString)
    std::copy_n(data<std::string>(), num_elements(), t.mutable_data<std::string>());
  else if (!is_pod(dtype()))
    std::copy_n(data<ObjectPtr>(), num_elements(), t.mutable_data<ObjectPtr>());
  else if (nbytes())
    std::memcpy(t.mutable_raw(), raw(), nbytes());
  return t;
}

Tensor Tensor::aligned() const {
  size_t unit = is_complex(dtype()) ? dtype_size(dtype()) / 2 : dtype_size(dtype());
  if (!is_pod(dtype()) || reinterpret_cast<uintptr_t>(raw()) % unit == 0) return *this;
  return clone();
}

Tensor Tensor::alias() const { return view(*this, dtype(), shape(), raw(), num_elements()); }

bool Tensor::is_unique() const {
  return is_concrete() && rep_->refs.load(std::memory_order_acquire) == 1 &&
         rep_->buffer->refs.load(std::memory_order_acquire) == 1 &&
         rep_->buffer->kind == detail::Buffer::Kind::kHeap;
}

}  // namespace floe
