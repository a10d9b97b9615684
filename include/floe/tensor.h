// Tensor: a reference-counted, typed, dense array. Copying a Tensor copies a pointer.
#pragma once

#include <atomic>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "floe/dtype.h"
#include "floe/shape.h"

namespace floe {

/// Base of what elements of kResource and kVariant tensors point to (tables, tensor lists, variables).
class Object {
 public:
  virtual ~Object() = default;
  /// For messages: "TensorList", "HashTable", ...
  virtual const char* type_name() const = 0;
};
using ObjectPtr = std::shared_ptr<Object>;

/// The DType of a C++ element type.
template <class T>
struct dtype_of;
#define FLOE_DTYPE_OF(CPP, D)                \
  template <>                                \
  struct dtype_of<CPP> {                     \
    static constexpr DType value = DType::D; \
  }
FLOE_DTYPE_OF(float, kFloat32);
FLOE_DTYPE_OF(double, kFloat64);
FLOE_DTYPE_OF(int8_t, kInt8);
FLOE_DTYPE_OF(int16_t, kInt16);
FLOE_DTYPE_OF(int32_t, kInt32);
FLOE_DTYPE_OF(int64_t, kInt64);
FLOE_DTYPE_OF(uint8_t, kUint8);
FLOE_DTYPE_OF(uint16_t, kUint16);
FLOE_DTYPE_OF(uint32_t, kUint32);
FLOE_DTYPE_OF(uint64_t, kUint64);
FLOE_DTYPE_OF(bool, kBool);
FLOE_DTYPE_OF(float16, kFloat16);
FLOE_DTYPE_OF(bfloat16, kBfloat16);
FLOE_DTYPE_OF(std::complex<float>, kComplex64);
FLOE_DTYPE_OF(std::complex<double>, kComplex128);
FLOE_DTYPE_OF(std::string, kString);
FLOE_DTYPE_OF(ObjectPtr, kVariant);
#undef FLOE_DTYPE_OF
template <class T>
inline constexpr DType dtype_of_v = dtype_of<T>::value;

namespace detail {

/// Something a kernel library derived from a buffer's contents (repacked weights); dropped with the buffer.
struct Packed {
  virtual ~Packed() = default;
  std::string key;
  std::shared_ptr<Packed> next;
};

struct Buffer {
  enum class Kind : uint8_t { kHeap, kExternal, kArena };
  std::atomic<uint32_t> refs{1};
  Kind kind = Kind::kHeap;
  DType objects = DType::kInvalid;  // set when the elements need destructors
  void* data = nullptr;
  size_t size = 0;
  std::shared_ptr<const void> owner;  // kExternal: keeps the memory alive; kArena: unused
  std::shared_ptr<Packed> packed;     // guarded by the packing mutex
};

struct TensorRep;

/// Where a tensor without memory comes from: an op in the eager queue (pending), or a node of a graph that
/// is being recorded (symbolic).
struct Origin {
  virtual ~Origin() = default;
  /// Gives the tensor its memory and makes it concrete, or throws: a symbolic tensor has no value.
  virtual void evaluate(TensorRep& rep) = 0;
};

struct TensorRep {
  enum class State : uint8_t { kConcrete, kPending, kSymbolic };
  std::atomic<uint32_t> refs{1};
  std::atomic<State> state{State::kConcrete};
  DType dtype = DType::kInvalid;
  Buffer* buffer = nullptr;
  void* data = nullptr;
  int64_t elements = 0;  // -1: not known
  Shape shape;
  std::atomic<uint64_t> id{0};  // given when a tape first sees the tensor
  std::shared_ptr<Origin> origin;
};

void release(TensorRep* rep);
void evaluate(TensorRep* rep);
[[noreturn]] void type_mismatch(DType have, DType want);

}  // namespace detail

class Tensor {
  using State = detail::TensorRep::State;

 public:
  /// The empty handle (no tensor).
  Tensor() = default;
  /// Uninitialised elements (strings and objects are default constructed).
  Tensor(DType dtype, const Shape& shape);
  Tensor(const Tensor& o) : rep_(o.rep_) {
    if (rep_) rep_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  Tensor(Tensor&& o) noexcept : rep_(o.rep_) { o.rep_ = nullptr; }
  Tensor& operator=(const Tensor& o) {
    Tensor t(o);
    std::swap(rep_, t.rep_);
    return *this;
  }
  Tensor& operator=(Tensor&& o) noexcept {
    std::swap(rep_, o.rep_);
    return *this;
  }
  ~Tensor() {
    if (rep_ && rep_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) detail::release(rep_);
  }

  /// A rank-0 tensor.
  template <class T>
  static Tensor scalar(const T& v) {
    Tensor t(dtype_of_v<T>, Shape{});
    *t.mutable_data<T>() = v;
    return t;
  }
  static Tensor scalar(const char* v) { return scalar(std::string(v)); }

  /// Copies `values` (row-major) into a tensor of `shape`.
  template <class T>
  static Tensor of(const Shape& shape, const std::vector<T>& values) {
    Tensor t(dtype_of_v<T>, shape);
    t.check_count(values.size());
    T* to = t.mutable_data<T>();
    for (size_t i = 0; i < values.size(); ++i) to[i] = values[i];
    return t;
  }
  /// A rank-1 tensor.
  template <class T>
  static Tensor vec(const std::vector<T>& values) {
    return of<T>(Shape{int64_t(values.size())}, values);
  }

  /// Shares memory that lives as long as `owner`. The memory must be row-major and aligned to the element.
  static Tensor wrap(DType dtype, const Shape& shape, void* data, std::shared_ptr<const void> owner);

  explicit operator bool() const { return rep_ != nullptr; }
  DType dtype() const { return rep_->dtype; }
  const Shape& shape() const { return rep_->shape; }
  int rank() const { return rep_->shape.rank(); }
  int64_t dim(int i) const { return rep_->shape.dim(i); }
  int64_t num_elements() const { return rep_->elements; }
  size_t nbytes() const { return size_t(rep_->elements) * dtype_size(rep_->dtype); }

  /// True when the value is there; false for an output of a queued op and of a node being recorded.
  bool is_concrete() const { return rep_->state.load(std::memory_order_acquire) == State::kConcrete; }
  /// True for an output of a node in a graph: it has a dtype and a shape, as far as known, but no value.
  bool is_symbolic() const { return rep_->state.load(std::memory_order_acquire) == State::kSymbolic; }
  /// Makes a pending tensor concrete. Throws InvalidArgument for a symbolic one, naming it.
  const Tensor& evaluated() const {
    if (!is_concrete()) detail::evaluate(rep_);
    return *this;
  }

  const void* raw() const { return evaluated().rep_->data; }
  void* mutable_raw() { return evaluated().rep_->data; }
  template <class T>
  const T* data() const {
    check_type<T>();
    return static_cast<const T*>(evaluated().rep_->data);
  }
  template <class T>
  T* mutable_data() {
    check_type<T>();
    return static_cast<T*>(evaluated().rep_->data);
  }
  template <class T>
  std::span<const T> flat() const {
    return {data<T>(), size_t(rep_->elements)};
  }
  template <class T>
  std::span<T> mutable_flat() {
    return {mutable_data<T>(), size_t(rep_->elements)};
  }
  /// The one element of a tensor with one element.
  template <class T>
  const T& item() const {
    check_count(1);
    return *data<T>();
  }

  /// The same memory seen with another shape of equally many elements.
  Tensor reshaped(const Shape& shape) const;
  /// The same memory seen as another type of the same size (bit cast).
  Tensor viewed_as(DType dtype) const;
  /// Rows [from, to) of the first dimension, sharing memory.
  Tensor rows(int64_t from, int64_t to) const;
  /// A copy with memory of its own.
  Tensor clone() const;
  /// The tensor itself, or a copy when its memory (a piece of a mapped file) is not aligned to its elements.
  Tensor aligned() const;
  /// True when this handle is the only one that sees the memory.
  bool is_unique() const;
  /// True when both handles see the same memory.
  bool shares_memory(const Tensor& o) const {
    return rep_ && o.rep_ && rep_->buffer && rep_->buffer == o.rep_->buffer;
  }
  /// Another handle of the same value (and the same memory) that tapes tell apart from this one.
  Tensor alias() const;

  /// As TensorFlow prints it: "tf.Tensor([1. 2.], shape=(2,), dtype=float32)".
  std::string str() const;
  /// Values only, NumPy style, at most `max_elements` of them.
  std::string values_str(int64_t max_elements = 1000) const;

  detail::TensorRep* rep() const { return rep_; }
  static Tensor adopt(detail::TensorRep* rep) {
    Tensor t;
    t.rep_ = rep;
    return t;
  }

 private:
  template <class T>
  void check_type() const {
    if (dtype_of_v<T> != rep_->dtype && !same_storage(dtype_of_v<T>, rep_->dtype))
      detail::type_mismatch(rep_->dtype, dtype_of_v<T>);
  }
  static bool same_storage(DType want, DType have);
  void check_count(size_t n) const;

  detail::TensorRep* rep_ = nullptr;
};

}  // namespace floe
