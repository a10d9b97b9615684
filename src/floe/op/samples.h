// Samples of an op: the standard tests run every one of them in every way (value against TensorFlow's golden,
// inferred against actual shape, tuned against reference kernel, dtypes, errors).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "floe/op/op_def.h"

namespace floe {

struct Sample {
  std::vector<Tensor> inputs;
  AttrMap attrs;
  /// Largest allowed difference to TensorFlow, relative to the largest absolute value of the output; 0 = the
  /// dtype's default. Integers, strings and bools must be equal.
  double tolerance = 0;
  /// Expected part of the error message; empty when the sample must work.
  std::string error;
  /// Random ops and the like: only shapes and dtypes are compared.
  bool values_vary = false;
};

class Samples {
 public:
  explicit Samples(const OpDef& def) : def_(def) {}

  /// A sample that works. Attributes that follow from the inputs (T, N) may be left out.
  Sample& add(std::vector<Tensor> inputs, AttrMap attrs = {});
  /// A sample that must fail with a message that contains `text`.
  Sample& fails(const std::string& text, std::vector<Tensor> inputs, AttrMap attrs = {});

  /// Calls `fn` for every type that the type attribute allows and that plain tensors have.
  void each_type(std::string_view attr, const std::function<void(DType)>& fn);

  /// Repeatable pseudo-random tensors. Floating and complex: normal numbers; integers: -9..9 (unsigned 0..9);
  /// bool: both; string: short words.
  Tensor random(const Shape& shape, DType dtype = DType::kFloat32);
  /// Uniform in [lo, hi], rounded for integers.
  Tensor uniform(const Shape& shape, double lo, double hi, DType dtype = DType::kFloat32);
  /// 0, 1, 2, ...
  static Tensor iota(const Shape& shape, DType dtype = DType::kFloat32);
  /// All elements `v`, in any numeric type.
  static Tensor filled(const Shape& shape, double v, DType dtype = DType::kFloat32);
  /// These numbers in any numeric type.
  static Tensor numbers(const Shape& shape, const std::vector<double>& v, DType dtype = DType::kFloat32);
  static Tensor i32(const std::vector<int32_t>& v) { return Tensor::vec(v); }
  static Tensor i64(const std::vector<int64_t>& v) { return Tensor::vec(v); }

  const std::vector<Sample>& all() const { return samples_; }

 private:
  double next();  // uniform in [0, 1)
  const OpDef& def_;
  std::vector<Sample> samples_;
  uint64_t state_ = 0x9e3779b97f4a7c15ull;
};

/// All samples of an op.
std::vector<Sample> samples_of(const OpDef& def);

}  // namespace floe
