// Shape inference: the only place that decides shapes, run at record time, import and planning.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "floe/op/op_def.h"

namespace floe {

class FunctionBody;

class InferContext {
 public:
  InferContext(const OpDef& def, const AttrMap& attrs, std::span<const Shape> shapes,
               std::span<const DType> types, std::span<const Tensor> values, std::string_view node);
  virtual ~InferContext() = default;

  const OpDef& def() const { return def_; }
  int num_inputs() const { return int(shapes_.size()); }
  int num_outputs() const { return int(out_shapes_.size()); }
  const Shape& shape(int i) const { return shapes_[size_t(i)]; }
  DType dtype(int i) const { return types_[size_t(i)]; }
  /// Position of the first tensor of a declared input, for ops with list inputs.
  int input_start(std::string_view arg) const;
  int input_count(std::string_view arg) const;

  /// The value of an input when it is known now, else nullptr.
  const Tensor* value(int i) const {
    return i < int(values_.size()) && values_[size_t(i)] ? &values_[size_t(i)] : nullptr;
  }
  /// A known int32/int64 vector or scalar input as integers.
  std::optional<std::vector<int64_t>> int_value(int i) const;
  /// What input i (a shape vector) says about a shape: exact when its value is known, else of known rank
  /// if its length is, with what `partial_values` tells, else unknown.
  Shape shape_value(int i) const;

  const AttrMap& attrs() const { return attrs_; }
  template <class T>
  const T& attr(std::string_view name) const {
    return attrs_.get<T>(name);
  }
  bool has_attr(std::string_view name) const { return attrs_.has(name); }

  /// Fails unless input i can have this rank; returns the shape (of known rank).
  Shape with_rank(int i, int rank) const;
  Shape with_rank_at_least(int i, int rank) const;
  /// Output dtypes come from the declaration; shapes default to unknown.
  void set_output(int i, Shape shape) { out_shapes_[size_t(i)] = std::move(shape); }
  const Shape& output_shape(int i) const { return out_shapes_[size_t(i)]; }
  DType output_dtype(int i) const { return out_types_[size_t(i)]; }
  std::span<const Shape> output_shapes() const { return out_shapes_; }
  std::span<const DType> output_types() const { return out_types_; }

  /// Throws InvalidArgument: "<Op> '<node>': " + message, with the inputs on the next line.
  [[noreturn]] void fail(const std::string& message) const;
  /// An attribute normalised to a non-negative axis; fails when out of range.
  int axis(int64_t a, int rank, const char* what = "axis") const;
  /// Partial contents of integer inputs (-1 where unknown), set by whoever runs inference.
  std::span<const Shape> partial_values;

 private:
  const OpDef& def_;
  const AttrMap& attrs_;
  std::span<const Shape> shapes_;
  std::span<const DType> types_;
  std::span<const Tensor> values_;
  std::string_view node_;
  std::vector<Shape> out_shapes_;
  std::vector<DType> out_types_;
};

// Ready-made rules.
void infer_unchanged(InferContext& c);    // output 0 (and every other) has input 0's shape
void infer_broadcast(InferContext& c);    // two inputs, NumPy's rule
void infer_broadcast_n(InferContext& c);  // any number of inputs
void infer_scalar(InferContext& c);       // all outputs are scalars
void infer_unknown(InferContext& c);      // nothing is known

}  // namespace floe
