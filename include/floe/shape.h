// Shapes: known, partly known (-1) or of unknown rank, as tf.TensorShape.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace floe {

/// A list of dimensions. A dimension of -1 is unknown; the rank may be unknown too.
/// The default is the scalar shape [].
class Shape {
 public:
  static constexpr int64_t kUnknownDim = -1;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) { assign(dims.begin(), dims.size()); }
  explicit Shape(std::span<const int64_t> dims) { assign(dims.data(), dims.size()); }
  explicit Shape(const std::vector<int64_t>& dims) { assign(dims.data(), dims.size()); }
  Shape(const Shape& o);
  Shape(Shape&& o) noexcept;
  Shape& operator=(const Shape& o);
  Shape& operator=(Shape&& o) noexcept;
  ~Shape() {
    if (rank_ > kInline) delete[] heap_;
  }

  static Shape unknown() {
    Shape s;
    s.rank_ = -1;
    return s;
  }
  /// `rank` dimensions, all unknown.
  static Shape unknown_of_rank(int rank);

  bool has_rank() const { return rank_ >= 0; }
  /// Number of dimensions, -1 when unknown.
  int rank() const { return rank_; }
  int64_t operator[](int i) const { return data()[i]; }
  int64_t dim(int i) const { return data()[i < 0 ? i + rank_ : i]; }
  void set_dim(int i, int64_t v) { mutable_data()[i < 0 ? i + rank_ : i] = v; }
  const int64_t* data() const { return rank_ > kInline ? heap_ : inline_; }
  const int64_t* begin() const { return data(); }
  const int64_t* end() const { return data() + (rank_ < 0 ? 0 : rank_); }
  std::span<const int64_t> dims() const { return {begin(), end()}; }

  bool is_fully_defined() const;
  /// Product of the dimensions; -1 when not fully defined. Throws InvalidArgument on overflow.
  int64_t num_elements() const;
  /// Same rank and equal wherever both are known.
  bool is_compatible_with(const Shape& o) const;
  /// Exactly the same, unknown parts included.
  bool operator==(const Shape& o) const;

  void push_back(int64_t d);
  Shape concat(const Shape& o) const;
  /// Dimensions [from, to); negative counts from the end as in Python.
  Shape slice(int from, int to) const;
  Shape slice(int from) const { return slice(from, rank_); }

  /// "[2, 3]", "[?, 3]" or "<unknown>".
  std::string str() const;
  /// As Python shows it: "(2, 3)", "(None, 3)", "<unknown>".
  std::string tuple_str() const;

 private:
  static constexpr int kInline = 6;
  void assign(const int64_t* d, size_t n);
  int64_t* mutable_data() { return rank_ > kInline ? heap_ : inline_; }

  int32_t rank_ = 0;
  union {
    int64_t inline_[kInline] = {};
    int64_t* heap_;
  };
};

/// What is known from both; throws InvalidArgument when they contradict each other.
Shape merge_shapes(const Shape& a, const Shape& b);

/// NumPy's broadcasting of two shapes, unknown parts allowed; throws InvalidArgument
/// "Incompatible shapes: [2,3] vs. [4]" (TensorFlow's phrase).
Shape broadcast_shapes(const Shape& a, const Shape& b);

}  // namespace floe
