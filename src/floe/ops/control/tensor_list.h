// TensorList: the list behind TensorFlow 2's TensorArray and the loops of Keras' recurrent layers.
#pragma once

#include <memory>
#include <vector>

#include "floe/op/kernel.h"
#include "floe/tensor.h"

namespace floe {

/// A list of tensors of one dtype. Elements that were never set are empty handles and read as zeros.
/// Lists are values: who holds one that others hold too copies it before changing it.
class TensorList : public Object {
 public:
  TensorList(DType element_dtype, Shape element_shape)
      : element_dtype(element_dtype), element_shape(element_shape) {}
  TensorList(const TensorList&) = default;
  ~TensorList() override;
  const char* type_name() const override { return "TensorList"; }

  int64_t size() const { return size_; }
  /// The element, or the empty handle where none was set.
  const Tensor& at(int64_t i) const { return i < int64_t(elements_.size()) ? elements_[size_t(i)] : none(); }
  /// No element from here on was ever set.
  int64_t set_end() const { return int64_t(elements_.size()); }
  void set(int64_t i, Tensor t);
  void resize(int64_t n) {
    size_ = n;
    if (n < int64_t(elements_.size())) elements_.resize(size_t(n));
  }
  void push_back(Tensor t) {
    set(size_, std::move(t));
    ++size_;
  }

  DType element_dtype;
  Shape element_shape;  // as far as it is known
  int64_t max_num_elements = -1;

 private:
  static const Tensor& none() {
    static const Tensor t;
    return t;
  }
  std::vector<Tensor> elements_;  // as far as they were set
  int64_t size_ = 0;
};

/// A scalar variant tensor that holds the list.
Tensor list_handle(std::shared_ptr<TensorList> list);
/// The list in a variant element, or nullptr when it is something else.
std::shared_ptr<TensorList> as_list(const ObjectPtr& object);
/// Each element's zeros, as ZerosLike makes them.
std::shared_ptr<TensorList> zeros_like(const TensorList& list);
/// Each element's sum, as AddN makes them; an element that was never set counts as zeros.
std::shared_ptr<TensorList> add(const TensorList& a, const TensorList& b);

}  // namespace floe
