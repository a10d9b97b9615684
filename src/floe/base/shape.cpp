#include "floe/shape.h"

#include <algorithm>

#include "floe/base/text.h"
#include "floe/error.h"

namespace floe {

void Shape::assign(const int64_t* d, size_t n) {
  rank_ = int32_t(n);
  int64_t* to = inline_;
  if (rank_ > kInline) to = heap_ = new int64_t[n];
  std::copy(d, d + n, to);
}

Shape::Shape(const Shape& o) {
  if (o.rank_ < 0)
    rank_ = -1;
  else
    assign(o.data(), size_t(o.rank_));
}

Shape::Shape(Shape&& o) noexcept {
  rank_ = o.rank_;
  if (rank_ > kInline) {
    heap_ = o.heap_;
    o.rank_ = 0;
  } else {
    std::copy(o.inline_, o.inline_ + kInline, inline_);
  }
}

Shape& Shape::operator=(const Shape& o) {
  if (this != &o) {
    this->~Shape();
    new (this) Shape(o);
  }
  return *this;
}

Shape& Shape::operator=(Shape&& o) noexcept {
  if (this != &o) {
    this->~Shape();
    new (this) Shape(std::move(o));
  }
  return *this;
}

Shape Shape::unknown_of_rank(int rank) { return Shape(std::vector<int64_t>(size_t(rank), kUnknownDim)); }

bool Shape::is_fully_defined() const {
  return rank_ >= 0 && std::all_of(begin(), end(), [](int64_t d) { return d >= 0; });
}

int64_t Shape::num_elements() const {
  if (!is_fully_defined()) return -1;
  int64_t n = 1;
  bool zero = std::find(begin(), end(), 0) != end();
  if (zero) return 0;
  for (int64_t d : *this)
    if (__builtin_mul_overflow(n, d, &n))
      throw InvalidArgument(cat("Shape ", str(), " has more than 2^63 - 1 elements"));
  return n;
}

bool Shape::is_compatible_with(const Shape& o) const {
  if (!has_rank() || !o.has_rank()) return true;
  if (rank_ != o.rank_) return false;
  for (int i = 0; i < rank_; ++i)
    if ((*this)[i] >= 0 && o[i] >= 0 && (*this)[i] != o[i]) return false;
  return true;
}

bool Shape::operator==(const Shape& o) const {
  return rank_ == o.rank_ && std::equal(begin(), end(), o.begin(), o.end());
}

void Shape::push_back(int64_t d) {
  std::vector<int64_t> v(begin(), end());
  v.push_back(d);
  *this = Shape(v);
}

Shape Shape::concat(const Shape& o) const {
  if (!has_rank() || !o.has_rank()) return unknown();
  std::vector<int64_t> v(begin(), end());
  v.insert(v.end(), o.begin(), o.end());
  return Shape(v);
}

Shape Shape::slice(int from, int to) const {
  if (!has_rank()) return unknown();
  if (from < 0) from += rank_;
  if (to < 0) to += rank_;
  from = std::clamp(from, 0, rank_);
  to = std::clamp(to, from, rank_);
  return Shape(std::span<const int64_t>(begin() + from, begin() + to));
}

namespace {
std::string dims_text(const Shape& s, const char* open, const char* close, const char* unknown_dim,
                      bool tuple, const char* sep) {
  if (!s.has_rank()) return "<unknown>";
  std::string t = open;
  for (int i = 0; i < s.rank(); ++i) {
    if (i) t += sep;
    t += s[i] < 0 ? std::string(unknown_dim) : std::to_string(s[i]);
  }
  if (tuple && s.rank() == 1) t += ",";
  return t + close;
}
}  // namespace

std::string Shape::str() const { return dims_text(*this, "[", "]", "?", false, ","); }
std::string Shape::tuple_str() const { return dims_text(*this, "(", ")", "None", true, ", "); }

Shape merge_shapes(const Shape& a, const Shape& b) {
  if (!a.has_rank()) return b;
  if (!b.has_rank()) return a;
  if (!a.is_compatible_with(b))
    throw InvalidArgument(cat("Shapes ", a.str(), " and ", b.str(), " are not compatible"));
  Shape r = a;
  for (int i = 0; i < a.rank(); ++i)
    if (a[i] < 0) r.set_dim(i, b[i]);
  return r;
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank()) return Shape::unknown();
  int rank = std::max(a.rank(), b.rank());
  Shape r = Shape::unknown_of_rank(rank);
  for (int i = 0; i < rank; ++i) {
    int ia = i - (rank - a.rank()), ib = i - (rank - b.rank());
    int64_t x = ia < 0 ? 1 : a[ia], y = ib < 0 ? 1 : b[ib], z;
    if (x == y)
      z = x;
    else if (x == 1)
      z = y;
    else if (y == 1)
      z = x;
    else if (x < 0)
      z = y;
    else if (y < 0)
      z = x;
    else
      throw InvalidArgument(cat("Incompatible shapes: ", a.str(), " vs. ", b.str()));
    r.set_dim(i, z);
  }
  return r;
}

}  // namespace floe
