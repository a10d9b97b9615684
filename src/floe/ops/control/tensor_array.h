// TensorArray: the object behind TensorFlow 1's array handles (docs/decisions/0003-tensor-array-objects.md).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "floe/tensor.h"

namespace floe {

struct TensorArrayOptions {
  std::string name;
  DType dtype = DType::kInvalid;
  Shape element_shape = Shape::unknown();
  bool dynamic_size = false;
  bool clear_after_read = true;
  /// The first element fixes the shape of all.
  bool identical_shapes = false;
  /// Writes to the same element add up (gradients).
  bool aggregate = false;
};

/// Elements are written once and read by index. All errors are TensorFlow's.
class TensorArray : public Object {
 public:
  TensorArray(TensorArrayOptions options, int64_t size);

  const char* type_name() const override { return "TensorArray"; }
  const std::string& name() const { return options_.name; }
  DType dtype() const { return options_.dtype; }
  const Shape& element_shape() const { return options_.element_shape; }
  bool dynamic_size() const { return options_.dynamic_size; }
  int64_t size() const { return size_; }

  void write(int64_t index, Tensor value);
  /// An element that was never written reads as zeros when its shape is known.
  Tensor read(int64_t index);
  /// What is known about the elements' shape from elsewhere; throws when it contradicts.
  void refine_element_shape(const Shape& shape);
  /// Makes room for `size` elements; only for arrays of dynamic size.
  void grow(int64_t size);
  void close();
  void check_open() const;
  /// The array of gradients that belongs to `source`, made at its first use. It has the size and shapes this
  /// array has then, with the dimensions `prepended` before them, and fixes this array's size.
  std::shared_ptr<TensorArray> gradient(const std::string& source, const Shape& prepended);

 private:
  struct Element {
    Tensor value;
    std::unique_ptr<Shape> shape;
    bool written = false, read = false, cleared = false;
  };
  Element& element(int64_t index);
  Tensor zeros(const Shape& shape);
  void aggregate(int64_t index, Element& e, const Tensor& value) const;
  [[noreturn]] void fail(const std::string& message) const;

  TensorArrayOptions options_;
  int64_t size_;
  bool closed_ = false;
  std::vector<Element> elements_;  // as far as they were touched
  Tensor zeros_;
  std::map<std::string, std::shared_ptr<TensorArray>> gradients_;
};

}  // namespace floe
