#include "floe/ops/array/elements.h"

#include <algorithm>
#include <cstring>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/tensor/dispatch.h"

namespace floe {

std::vector<int64_t> integers(const Tensor& t) {
  std::vector<int64_t> v;
  dispatch(IntTypes{}, t.dtype(), [&]<class T>() {
    for (T x : t.flat<T>()) v.push_back(int64_t(x));
  });
  return v;
}

std::optional<std::vector<int64_t>> known_integers(const InferContext& c, int i) {
  const Tensor* t = c.value(i);
  if (!t) return std::nullopt;
  return integers(*t);
}

Shape requested_shape(const InferContext& c, int i) {
  if (auto v = known_integers(c, i)) {
    for (int64_t d : *v)
      if (d < 0) c.fail(cat("Dimension ", d, " must be >= 0"));
    Shape s(*v);
    try {
      s.num_elements();
    } catch (const InvalidArgument& e) {
      c.fail(e.what());
    }
    return s;
  }
  return c.shape_value(i);
}

std::vector<int64_t> element_strides(const Shape& s) {
  std::vector<int64_t> v(size_t(s.rank()));
  int64_t n = 1;
  for (int i = s.rank() - 1; i >= 0; --i) {
    v[size_t(i)] = n;
    n = int64_t(uint64_t(n) * uint64_t(s[i]));  // may wrap beside a dimension of 0
  }
  return v;
}

int64_t dims_product(const Shape& s, int from, int to) {
  int64_t n = 1;
  for (int i = from; i < to; ++i) n = int64_t(uint64_t(n) * uint64_t(s[i]));
  return n;
}

std::string position_text(const Shape& s, int64_t i) {
  if (s.rank() == 0) return "";
  std::vector<int64_t> strides = element_strides(s);
  std::string t = "[";
  for (size_t d = 0; d < strides.size(); ++d) {
    t += cat(d ? "," : "", i / strides[d]);
    i %= strides[d];
  }
  return t + "]";
}

void copy_elements(DType dtype, void* to, const void* from, int64_t n) {
  if (n <= 0) return;
  if (is_pod(dtype)) {
    std::memcpy(to, from, size_t(n) * dtype_size(dtype));
  } else {
    dispatch_moves(dtype,
                   [&]<class T>() { std::copy_n(static_cast<const T*>(from), n, static_cast<T*>(to)); });
  }
}

void fill_elements(DType dtype, void* to, const void* value, int64_t n) {
  dispatch_moves(dtype,
                 [&]<class T>() { std::fill_n(static_cast<T*>(to), n, *static_cast<const T*>(value)); });
}

void zero_elements(DType dtype, void* to, int64_t n) {
  if (n <= 0) return;
  if (is_pod(dtype))
    std::memset(to, 0, size_t(n) * dtype_size(dtype));
  else
    dispatch_moves(dtype, [&]<class T>() { std::fill_n(static_cast<T*>(to), n, T{}); });
}

namespace {

struct StridedDim {
  int64_t n, to, from;
};

// Leaves out dimensions of one element and merges neighbours that continue each other in both operands.
std::vector<StridedDim> merge_dims(std::span<const int64_t> dims, std::span<const int64_t> to,
                                   std::span<const int64_t> from) {
  std::vector<StridedDim> v;
  for (size_t i = 0; i < dims.size(); ++i) {
    StridedDim d{dims[i], to[i], from[i]};
    if (d.n == 1) continue;
    if (!v.empty() && v.back().to == d.to * d.n && v.back().from == d.from * d.n)
      v.back() = {v.back().n * d.n, d.to, d.from};
    else
      v.push_back(d);
  }
  return v;
}

// Steps through all indices of some dimensions and keeps the two offsets.
class StridedWalk {
 public:
  StridedWalk(std::span<const StridedDim> dims, int64_t start) : dims_(dims), index_(dims.size()) {
    for (size_t d = dims.size(); d-- > 0;) {
      index_[d] = start % dims[d].n;
      start /= dims[d].n;
      to += index_[d] * dims[d].to;
      from += index_[d] * dims[d].from;
    }
  }
  void next() {
    for (size_t d = dims_.size(); d-- > 0;) {
      to += dims_[d].to;
      from += dims_[d].from;
      if (++index_[d] < dims_[d].n) return;
      to -= dims_[d].n * dims_[d].to;
      from -= dims_[d].n * dims_[d].from;
      index_[d] = 0;
    }
  }
  int64_t to = 0, from = 0;

 private:
  std::span<const StridedDim> dims_;
  std::vector<int64_t> index_;
};

template <class T>
void copy_run(T* to, const T* from, int64_t n) {
  if (std::is_trivially_copyable_v<T> && n > 16)
    std::memcpy(static_cast<void*>(to), from, size_t(n) * sizeof(T));
  else
    for (int64_t i = 0; i < n; ++i) to[i] = from[i];
}

// One row of n elements.
template <class T>
void copy_row(T* to, int64_t st, const T* from, int64_t sf, int64_t n) {
  if (st == 1 && sf == 1)
    copy_run(to, from, n);
  else if (st == 1 && sf == 0)
    std::fill_n(to, n, *from);
  else if (st == 1)
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * sf];
  else
    for (int64_t i = 0; i < n; ++i) to[i * st] = from[i * sf];
}

constexpr int64_t kTile = 32;

// A matrix whose rows lie along `a` (contiguous in `from`) and columns along `b` (contiguous in `to`).
template <class T>
void transpose_tiles(T* to, const T* from, const StridedDim& a, const StridedDim& b, int64_t a0, int64_t a1) {
  for (int64_t j0 = 0; j0 < b.n; j0 += kTile) {
    int64_t j1 = std::min(b.n, j0 + kTile);
    for (int64_t i0 = a0; i0 < a1; i0 += kTile) {
      int64_t i1 = std::min(a1, i0 + kTile);
      for (int64_t i = i0; i < i1; ++i) {
        T* t = to + i * a.to;
        const T* f = from + i * a.from;
        for (int64_t j = j0; j < j1; ++j) t[j] = f[j * b.from];
      }
    }
  }
}

template <class T>
void copy_strided_typed(int threads, std::vector<StridedDim> dims, T* to, const T* from) {
  double cost = std::is_trivially_copyable_v<T> ? 0.1 + 0.1 * double(sizeof(T)) : 20;
  if (dims.empty()) {
    *to = *from;
    return;
  }
  if (dims.size() == 1) {
    StridedDim d = dims[0];
    parallel_for(threads, d.n, cost, [&](int64_t lo, int64_t hi) {
      copy_row(to + lo * d.to, d.to, from + lo * d.from, d.from, hi - lo);
    });
    return;
  }
  StridedDim last = dims.back();
  dims.pop_back();
  if (last.to == 1 && last.from != 1 && last.from != 0) {
    for (size_t k = 0; k < dims.size(); ++k) {
      if (dims[k].from != 1) continue;
      StridedDim a = dims[k];
      dims.erase(dims.begin() + long(k));
      int64_t outer = 1, pieces = (a.n + kTile - 1) / kTile;
      for (const StridedDim& d : dims) outer *= d.n;
      if (outer >= threads) pieces = 1;
      parallel_for(threads, outer * pieces, cost * double(last.n) * double(a.n) / double(pieces),
                   [&](int64_t lo, int64_t hi) {
                     StridedWalk w(dims, lo / pieces);
                     for (int64_t i = lo; i < hi; ++i) {
                       int64_t p = i % pieces;
                       transpose_tiles(to + w.to, from + w.from, a, last, a.n * p / pieces,
                                       a.n * (p + 1) / pieces);
                       if (p + 1 == pieces) w.next();
                     }
                   });
      return;
    }
  }
  int64_t rows = 1;
  for (const StridedDim& d : dims) rows *= d.n;
  parallel_for(threads, rows, cost * double(last.n) + 2, [&](int64_t lo, int64_t hi) {
    StridedWalk w(dims, lo);
    for (int64_t i = lo; i < hi; ++i, w.next())
      copy_row(to + w.to, last.to, from + w.from, last.from, last.n);
  });
}

}  // namespace

void copy_strided(int threads, DType dtype, std::span<const int64_t> dims, void* to,
                  std::span<const int64_t> to_strides, const void* from,
                  std::span<const int64_t> from_strides) {
  for (int64_t d : dims)
    if (d <= 0) return;
  std::vector<StridedDim> merged = merge_dims(dims, to_strides, from_strides);
  dispatch_moves(dtype, [&]<class T>() {
    copy_strided_typed(threads, std::move(merged), static_cast<T*>(to), static_cast<const T*>(from));
  });
}

void copy_rows(int threads, DType dtype, int64_t outer, int64_t n, void* to, int64_t to_row, const void* from,
               int64_t from_row) {
  int64_t dims[2] = {outer, n}, st[2] = {to_row, 1}, sf[2] = {from_row, 1};
  copy_strided(threads, dtype, dims, to, st, from, sf);
}

}  // namespace floe
