#include "floe/ops/control/tensor_array.h"

#include <cstring>

#include "floe/base/text.h"
#include "floe/error.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

// A size is a claim of the graph; no memory is reserved for it, but there is an end.
constexpr int64_t kMaxSize = int64_t(1) << 25;

void check_size(const std::string& name, int64_t size) {
  if (size > kMaxSize)
    throw ResourceExhausted(cat("TensorArray ", name, ": ", size, " elements were asked for, at most ",
                                kMaxSize, " are possible"));
}

}  // namespace

TensorArray::TensorArray(TensorArrayOptions options, int64_t size)
    : options_(std::move(options)), size_(size) {
  if (size < 0) throw InvalidArgument("Size should be >= 0.");
  check_size(options_.name, size);
}

void TensorArray::fail(const std::string& message) const {
  throw InvalidArgument(cat("TensorArray ", options_.name, ": ", message));
}

void TensorArray::check_open() const {
  if (closed_) throw InvalidArgument(cat("TensorArray ", options_.name, " has already been closed."));
}

void TensorArray::close() {
  elements_.clear();
  zeros_ = Tensor();
  closed_ = true;
}

TensorArray::Element& TensorArray::element(int64_t index) {
  if (size_t(index) >= elements_.size()) {
    if (size_t(index) >= elements_.capacity())
      elements_.reserve(std::max<size_t>(size_t(index) + 1, 2 * elements_.size()));
    elements_.resize(size_t(index) + 1);
  }
  return elements_[size_t(index)];
}

void TensorArray::grow(int64_t size) {
  if (size <= size_) return;
  check_size(options_.name, size);
  size_ = size;
}

void TensorArray::write(int64_t index, Tensor value) {
  check_open();
  if (index >= 0 && index >= size_ && options_.dynamic_size) grow(index + 1);
  if (index < 0 || index >= size_)
    fail(cat("Tried to write to index ", index, " but array is not resizeable and size is: ", size_));
  if (value.dtype() != options_.dtype)
    throw InvalidArgument(cat("TensorArray dtype is ", dtype_name(options_.dtype),
                              " but Op is trying to write dtype ", dtype_name(value.dtype()), "."));
  if (!options_.element_shape.is_compatible_with(value.shape()))
    fail(cat("Could not write to TensorArray index ", index, " because the value shape is ",
             value.shape().str(), " which is incompatible with the TensorArray's inferred element shape: ",
             options_.element_shape.str(), " (consider setting infer_shape=False)."));
  if (options_.identical_shapes && !options_.element_shape.is_fully_defined())
    options_.element_shape = value.shape();
  Element& e = element(index);
  if (e.read) fail(cat("Could not write to TensorArray index ", index, " because it has already been read."));
  if (e.written && !options_.aggregate)
    fail(cat("Could not write to TensorArray index ", index, " because it has already been written to."));
  if (e.written) {
    aggregate(index, e, value);
  } else {
    e.value = std::move(value);
    e.written = true;
  }
}

void TensorArray::aggregate(int64_t index, Element& e, const Tensor& value) const {
  if (!(e.value.shape() == value.shape()))
    fail(cat("Could not aggregate to TensorArray index ", index, " because the existing shape is ",
             e.value.shape().str(), " but the new input shape is ", value.shape().str(), "."));
  Tensor sum(value.dtype(), value.shape());
  dispatch(NumberTypes{}, value.dtype(), [&]<class T>() {
    const T* a = e.value.data<T>();
    const T* b = value.data<T>();
    T* to = sum.mutable_data<T>();
    for (int64_t i = 0; i < sum.num_elements(); ++i) {
      if constexpr (std::is_integral_v<T>)
        to[i] = T(uint64_t(a[i]) + uint64_t(b[i]));
      else
        to[i] = T(compute_t<T>(a[i]) + compute_t<T>(b[i]));
    }
  });
  e.value = std::move(sum);
}

Tensor TensorArray::zeros(const Shape& shape) {
  if (!zeros_ || !(zeros_.shape() == shape)) {
    zeros_ = Tensor(options_.dtype, shape);
    if (is_pod(options_.dtype)) std::memset(zeros_.mutable_raw(), 0, zeros_.nbytes());
  }
  return zeros_;
}

Tensor TensorArray::read(int64_t index) {
  check_open();
  if (index < 0 || index >= size_)
    throw InvalidArgument(cat("Tried to read from index ", index, " but array size is: ", size_));
  Element& e = element(index);
  if (e.cleared)
    fail(cat("Could not read index ", index,
             " twice because it was cleared after a previous read (perhaps try setting clear_after_read = "
             "false?)."));
  if (!e.written) {
    const Shape& shape = e.shape ? *e.shape : options_.element_shape;
    if (!shape.is_fully_defined())
      fail(cat("Could not read from TensorArray index ", index,
               ".  Furthermore, the element shape is not fully defined: ", options_.element_shape.str(),
               ".  It is possible you are working with a resizeable TensorArray and stop_gradients is not "
               "allowing the "
               "gradients to be written.  If you set the full element_shape property on the forward "
               "TensorArray, the "
               "proper all-zeros tensor will be returned instead of incurring this error."));
    e.value = zeros(shape);
    e.written = true;
  }
  e.read = true;
  if (!options_.clear_after_read) return e.value;
  e.cleared = true;
  if (!e.shape) e.shape = std::make_unique<Shape>(e.value.shape());
  return std::move(e.value);
}

void TensorArray::refine_element_shape(const Shape& shape) {
  check_open();
  try {
    options_.element_shape = merge_shapes(options_.element_shape, shape);
  } catch (const InvalidArgument&) {
    throw InvalidArgument(cat("PartialTensorShape: Incompatible shapes during merge: ",
                              options_.element_shape.str(), " vs. ", shape.str()));
  }
}

std::shared_ptr<TensorArray> TensorArray::gradient(const std::string& source, const Shape& prepended) {
  check_open();
  std::shared_ptr<TensorArray>& g = gradients_[source];
  if (g) return g;
  options_.dynamic_size = false;
  TensorArrayOptions o = options_;
  o.name = cat(options_.name, "@", source);
  o.clear_after_read = true;
  o.aggregate = true;
  o.element_shape =
      options_.element_shape.has_rank() ? prepended.concat(options_.element_shape) : Shape::unknown();
  g = std::make_shared<TensorArray>(std::move(o), size_);
  for (size_t i = 0; i < elements_.size(); ++i) {
    const Element& e = elements_[i];
    if (e.value || e.shape)
      g->element(int64_t(i)).shape =
          std::make_unique<Shape>(prepended.concat(e.value ? e.value.shape() : *e.shape));
  }
  return g;
}

}  // namespace floe
