// Bands and diagonals of matrices.
#include <algorithm>

#include "floe/ops/gradients.h"
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

void need_matrix(const InferContext& c, int i) {
  if (c.shape(i).has_rank() && c.shape(i).rank() < 2)
    c.fail(cat("input must be at least 2-dim, received shape: ", c.shape(i).str()));
}

int64_t one_int(const Tensor& t) {
  return dispatch(IndexTypes{}, t.dtype(), [&]<class I>() { return int64_t(t.item<I>()); });
}

void infer_band(InferContext& c) {
  need_matrix(c, 0);
  static const char* names[] = {"", "num_lower", "num_upper"};
  const Shape& x = c.shape(0);
  for (int i = 1; i < 3; ++i) {
    if (c.shape(i).has_rank() && c.shape(i).rank() != 0)
      c.fail(cat(names[i], " must be scalar, got shape ", c.shape(i).str()));
    auto v = c.int_value(i);
    int64_t size = x.has_rank() ? x.dim(i == 1 ? -2 : -1) : -1;
    if (v && size >= 0 && (*v)[0] > size)
      c.fail(cat(names[i], " must be negative or less or equal to number of ", i == 1 ? "rows" : "columns",
                 " (", size, ") got: ", (*v)[0]));
  }
  c.set_output(0, x);
}

template <class T>
void band(KernelContext& c) {
  int64_t rows = c.input(0).dim(-2), columns = c.input(0).dim(-1), lower = one_int(c.input(1)),
          upper = one_int(c.input(2));
  const T* x = static_cast<const T*>(c.input(0).raw());
  T* y = static_cast<T*>(c.output(0).mutable_raw());
  if (c.output(0).num_elements() == 0) return;
  int64_t all_rows = c.output(0).num_elements() / columns;
  for (int64_t r = 0; r < all_rows; ++r, x += columns, y += columns) {
    int64_t i = r % rows;
    int64_t from = lower < 0 ? 0 : std::min(columns, std::max<int64_t>(0, i - lower));
    int64_t to = upper < 0 ? columns : std::min(columns, i + upper + 1);
    std::fill_n(y, from, T{});
    std::copy(x + from, x + std::max(from, to), y + from);
    std::fill(y + std::max(from, to), y + columns, T{});
  }
}

KernelFn band_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch_moves(k.input_type(0), [&]<class T>() { fn = band<T>; });
  return fn;
}
FLOE_OP("MatrixBandPart", op) {
  op.in("input:T, num_lower:Tindex, num_upper:Tindex")
      .out("band:T")
      .attrs("T:type; Tindex:{int32,int64}=int64");
  op.infer(infer_band).kernel(band_kernel).fails_on_values();
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt32,
                    DType::kInt64, DType::kInt8, DType::kBool, DType::kComplex64, DType::kComplex128})
      s.add({s.random({3, 4}, t), Tensor::scalar(1), Tensor::scalar(0)});
    auto n = [](int64_t v) { return Tensor::scalar(v); };
    for (int64_t lower : {-1, 0, 2})
      for (int64_t upper : {-1, 0, 3}) s.add({s.random({2, 4, 3}), n(lower), n(upper)});
    s.add({s.random({0, 3}), n(0), n(0)});
    s.fails("input must be at least 2-dim, received shape: [3]", {s.random({3}), n(0), n(0)});
    s.fails("num_lower must be negative or less or equal to number of rows (3) got: 4",
            {s.random({3, 4}), n(4), n(0)});
  });
  op.gradient(
      [](GradientContext& g) { g.set(0, grad::op("MatrixBandPart", {g.grad(), g.input(1), g.input(2)})); });
}

// Where diagonal d of a matrix lies: its length, and how far it is shifted inside a padded row of diagonals.
struct Align {
  bool upper_left = false,
       lower_left = true;  // RIGHT_LEFT: superdiagonals to the right, subdiagonals to the left
};
Align align_of(const std::string& s) {
  return {s.rfind("LEFT", 0) == 0, s.find("_LEFT") != std::string::npos};
}

struct Diagonals {
  int64_t lower = 0, upper = 0, rows = 0, columns = 0;
  int64_t count() const { return upper - lower + 1; }
  int64_t length(int64_t d) const {
    return std::min(rows + std::min<int64_t>(0, d), columns - std::max<int64_t>(0, d));
  }
  int64_t longest() const {
    return std::min(rows + std::min<int64_t>(0, upper), columns - std::max<int64_t>(0, lower));
  }
  int64_t shift(int64_t d, Align a) const {
    bool left = d > 0 ? a.upper_left : d < 0 ? a.lower_left : a.upper_left && a.lower_left;
    return left ? 0 : longest() - length(d);
  }
};

// The range of diagonals, as far as it is known.
struct KRange {
  bool known = false;
  int64_t lower = 0, upper = 0;
};

KRange read_k(const InferContext& c, int input) {
  const Shape& s = c.shape(input);
  if (s.has_rank() && s.rank() > 1)
    c.fail(cat("diag_index must be a scalar or vector, received shape: ", s.str()));
  if (s.rank() == 1 && s[0] >= 0 && (s[0] == 0 || s[0] > 2))
    c.fail(cat("diag_index must have only one or two elements, received ", s[0], " elements."));
  auto v = c.int_value(input);
  if (!v) return {};
  int64_t lower = v->front(), upper = v->back();
  if (lower > upper)
    c.fail(cat("lower_diag_index must not be larger than upper_diag_index: ", lower, " > ", upper));
  return {true, lower, upper};
}
void check_k(const InferContext& c, const Diagonals& d) {
  auto inside = [&](int64_t k) { return (-d.rows < k && k < d.columns) || k == 0; };
  if (!inside(d.lower))
    c.fail(cat("lower_diag_index is out of bound: ", d.lower, ". It must be between ", -d.rows, " and ",
               d.columns));
  if (!inside(d.upper))
    c.fail(cat("upper_diag_index is out of bound: ", d.upper, ". It must be between ", -d.rows, " and ",
               d.columns));
}

// Calls fn(position in the packed diagonals, position in the matrix or -1 where there is only padding).
template <class F>
void each_diagonal(const Diagonals& g, Align a, F&& fn) {
  int64_t width = g.longest();
  for (int64_t m = 0; m < g.count(); ++m) {
    int64_t d = g.upper - m, length = g.length(d), shift = g.shift(d, a);
    int64_t row = std::max<int64_t>(0, -d), column = std::max<int64_t>(0, d);
    for (int64_t i = 0; i < width; ++i) {
      int64_t at = i - shift;
      fn(m * width + i, at < 0 || at >= length ? int64_t(-1) : (row + at) * g.columns + column + at);
    }
  }
}

Diagonals diagonals_of(KernelContext& c, int k_input, int64_t rows, int64_t columns) {
  if (k_input < 0) return {0, 0, rows, columns};
  std::vector<int64_t> k = c.ints(k_input);
  return {k.front(), k.back(), rows, columns};
}

template <class T>
const T* raw_in(KernelContext& c, int i) {
  return static_cast<const T*>(c.input(i).raw());
}

// MatrixDiagPart: k_input is -1 in the first version, which has the main diagonal only.
void infer_diag_part(InferContext& c, bool versioned) {
  need_matrix(c, 0);
  const Shape& x = c.shape(0);
  KRange k{true};
  if (versioned) {
    k = read_k(c, 1);
    if (c.shape(2).has_rank() && c.shape(2).num_elements() > 1)
      c.fail(cat("padding_value must be a scalar, received shape: ", c.shape(2).str()));
  }
  if (!x.has_rank() || !k.known) return;
  Shape out = x.slice(0, x.rank() - 2);
  Diagonals d{k.lower, k.upper, x.dim(-2), x.dim(-1)};
  if (d.lower != d.upper) out.push_back(d.count());
  bool known = d.rows >= 0 && d.columns >= 0;
  if (known) check_k(c, d);
  out.push_back(known ? d.longest() : -1);
  c.set_output(0, out);
}

template <class T>
void diag_part(KernelContext& c, bool versioned, Align a) {
  Diagonals g = diagonals_of(c, versioned ? 1 : -1, c.input(0).dim(-2), c.input(0).dim(-1));
  int64_t each = g.rows * g.columns, packed = g.count() * g.longest();
  if (c.output(0).num_elements() == 0) return;
  T pad = versioned && c.input(2).num_elements() ? *raw_in<T>(c, 2) : T{};
  T* y = static_cast<T*>(c.output(0).mutable_raw());
  for (int64_t b = 0; b < c.output(0).num_elements() / packed; ++b) {
    const T* x = raw_in<T>(c, 0) + b * each;
    each_diagonal(g, a, [&](int64_t i, int64_t at) { y[b * packed + i] = at < 0 ? pad : x[at]; });
  }
}

// MatrixSetDiag: a copy with some diagonals replaced.
void infer_set_diag(InferContext& c, bool versioned) {
  need_matrix(c, 0);
  const Shape &x = c.shape(0), &v = c.shape(1);
  KRange k{true};
  if (versioned) k = read_k(c, 2);
  c.set_output(0, x);
  if (v.has_rank() && v.rank() < 1) c.fail(cat("diagonal must be at least 1-dim, received shape: ", v.str()));
  if (!x.has_rank() || !k.known || x.dim(-2) < 0 || x.dim(-1) < 0) return;
  Diagonals d{k.lower, k.upper, x.dim(-2), x.dim(-1)};
  check_k(c, d);
  Shape want = x.slice(0, x.rank() - 2);
  if (d.lower != d.upper) want.push_back(d.count());
  want.push_back(d.longest());
  if (!v.is_compatible_with(want))
    c.fail(
        cat("Either first dimensions of diagonal don't match input.shape[:-2], or diagonal.shape[:-1] is not "
            "equal to "
            "the longests diagonal in range [lower_diag_index:upper_diag_index].\nInput shape: ",
            x.str(), "\nDiagonal shape: ", v.str(), "\nExpected diagonal shape: ", want.str()));
}

template <class T>
void set_diag(KernelContext& c, bool versioned, Align a) {
  Diagonals g = diagonals_of(c, versioned ? 2 : -1, c.input(0).dim(-2), c.input(0).dim(-1));
  int64_t each = g.rows * g.columns, packed = g.count() * g.longest(), n = c.output(0).num_elements();
  T* y = static_cast<T*>(c.output(0).mutable_raw());
  std::copy_n(raw_in<T>(c, 0), n, y);
  if (n == 0) return;
  for (int64_t b = 0; b < n / each; ++b) {
    const T* v = raw_in<T>(c, 1) + b * packed;
    each_diagonal(g, a, [&](int64_t i, int64_t at) {
      if (at >= 0) y[b * each + at] = v[i];
    });
  }
}

// MatrixDiag: diagonals in a matrix of padding.
struct DiagSizes {
  int64_t rows, columns;
};
// The smallest matrix that holds the diagonals, or the given size.
DiagSizes matrix_size(int64_t lower, int64_t upper, int64_t longest, int64_t rows, int64_t columns) {
  int64_t min_rows = longest - std::min<int64_t>(upper, 0),
          min_columns = longest + std::max<int64_t>(lower, 0);
  if (rows == -1 && columns == -1) {
    rows = columns = std::max(min_rows, min_columns);
  } else if (rows == -1) {
    rows = min_rows;
  } else if (columns == -1) {
    columns = min_columns;
  }
  return {rows, columns};
}

void infer_diag(InferContext& c, bool versioned) {
  const Shape& v = c.shape(0);
  if (v.has_rank() && v.rank() < 1) c.fail(cat("diagonal must be at least 1-dim, received shape: ", v.str()));
  if (!versioned) {
    if (v.has_rank()) c.set_output(0, v.concat({v.dim(-1)}));
    return;
  }
  auto k = read_k(c, 1);
  auto rows = c.int_value(2), columns = c.int_value(3);
  static const char* names[] = {"", "", "num_rows", "num_cols", "padding_value"};
  for (int i = 2; i < 5; ++i)
    if (c.shape(i).has_rank() && c.shape(i).num_elements() > 1)
      c.fail(cat(names[i], " must be a scalar, received shape: ", c.shape(i).str()));
  if (!v.has_rank() || !k.known) return;
  int64_t lower = k.lower, upper = k.upper;
  bool several = lower != upper;
  if (several && v.rank() < 2) c.fail(cat("diagonal must be at least 2-dim, received shape: ", v.str()));
  if (several && v.dim(-2) >= 0 && v.dim(-2) != upper - lower + 1)
    c.fail(
        cat("The number of diagonals provided in the input does not match the lower_diag_index and "
            "upper_diag_index "
            "range: ",
            v.dim(-2), " diagonals for [", lower, ", ", upper, "]"));
  Shape out = v.slice(0, v.rank() - (several ? 2 : 1));
  int64_t r = -1, q = -1;
  if (rows && columns && v.dim(-1) >= 0) {
    int64_t longest = v.dim(-1), given_rows = rows->empty() ? -1 : (*rows)[0],
            given_columns = columns->empty() ? -1 : (*columns)[0];
    DiagSizes s = matrix_size(lower, upper, longest, given_rows, given_columns);
    r = s.rows, q = s.columns;
    int64_t min_rows = longest - std::min<int64_t>(upper, 0),
            min_columns = longest + std::max<int64_t>(lower, 0);
    if (r < min_rows) c.fail(cat("The number of rows is too small: ", r, ", at least ", min_rows));
    if (q < min_columns) c.fail(cat("The number of columns is too small: ", q, ", at least ", min_columns));
    if (r != min_rows && q != min_columns)
      c.fail(
          cat("The number of rows or columns is not consistent with the specified d_lower, d_upper, and "
              "diagonal: ",
              r, " x ", q));
  }
  out.push_back(r);
  out.push_back(q);
  c.set_output(0, out);
}

template <class T>
void make_diag(KernelContext& c, bool versioned, Align a) {
  Diagonals g = diagonals_of(c, versioned ? 1 : -1, c.output(0).dim(-2), c.output(0).dim(-1));
  int64_t each = g.rows * g.columns, n = c.output(0).num_elements(), width = c.input(0).dim(-1);
  if (n == 0) return;
  T* y = static_cast<T*>(c.output(0).mutable_raw());
  std::fill_n(y, n, versioned && c.input(4).num_elements() ? *raw_in<T>(c, 4) : T{});
  int64_t packed = g.count() * g.longest();
  if (g.longest() != width)
    c.fail(cat("diagonals of length ", width, " do not fit: the longest has ", g.longest()));
  for (int64_t b = 0; b < n / each; ++b) {
    const T* v = raw_in<T>(c, 0) + b * packed;
    each_diagonal(g, a, [&](int64_t i, int64_t at) {
      if (at >= 0) y[b * each + at] = v[i];
    });
  }
}

enum class Kind { kPart, kSet, kMake };
template <Kind kKind>
void define_diag(OpBuilder& op, int version) {
  bool versioned = version > 1;
  op.infer([versioned](InferContext& c) {
    (kKind == Kind::kPart  ? infer_diag_part
     : kKind == Kind::kSet ? infer_set_diag
                           : infer_diag)(c, versioned);
  });
  if (versioned) op.fails_on_values();
  op.kernel([version, versioned](const KernelInit& k) -> KernelFn {
    Align a = version == 3 ? align_of(k.attr<std::string>("align")) : Align{true, true};
    KernelFn fn;
    dispatch_moves(k.input_type(0), [&]<class T>() {
      fn = [=](KernelContext& c) {
        (kKind == Kind::kPart  ? diag_part<T>
         : kKind == Kind::kSet ? set_diag<T>
                               : make_diag<T>)(c, versioned, a);
      };
    });
    return fn;
  });
  op.samples([version](Samples& s) {
    std::vector<AttrMap> aligns{{}};
    if (version == 3) {
      aligns.clear();
      for (const char* a : {"LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"})
        aligns.push_back({{"align", std::string(a)}});
    }
    auto i32 = [](int v) { return Tensor::scalar(v); };
    Tensor pad = Tensor::scalar(9.f);
    if (version == 1) {
      for (DType t : {DType::kFloat32, DType::kInt32, DType::kFloat64, DType::kBool, DType::kComplex64}) {
        if (kKind == Kind::kPart) s.add({s.random({2, 3, 4}, t)});
        if (kKind == Kind::kSet) s.add({s.random({2, 4, 3}, t), s.random({2, 3}, t)});
        if (kKind == Kind::kMake) s.add({s.random({2, 3}, t)});
      }
      if (kKind == Kind::kPart) s.fails("input must be at least 2-dim", {s.random({3})});
      if (kKind == Kind::kMake) s.fails("must be at least 1-dim", {s.random({})});
      return;
    }
    for (const AttrMap& a : aligns) {
      if (kKind == Kind::kPart) {
        s.add({s.random({2, 4, 3}), i32(0), pad}, a);
        s.add({s.random({3, 4}), Samples::i32({-2, 2}), pad}, a);
        s.add({s.random({4, 3}), Samples::i32({1}), pad}, a);
        s.add({s.random({2, 3, 4}), Samples::i32({-1, 1}), pad}, a);
        s.add({s.random({2, 3, 4}), Samples::i32({1, 3}), pad}, a);
      } else if (kKind == Kind::kSet) {
        s.add({s.random({2, 4, 3}), s.random({2, 3}), i32(0)}, a);
        s.add({s.random({3, 4}), s.random({4, 3}), Samples::i32({-1, 2})}, a);
        s.add({s.random({3, 4}), s.random({2}), i32(-1)}, a);
      } else {
        s.add({s.random({2, 3}), i32(0), i32(-1), i32(-1), pad}, a);
        s.add({s.random({3}), i32(1), i32(-1), i32(-1), pad}, a);
        s.add({s.random({2, 3, 4}), Samples::i32({-1, 1}), i32(-1), i32(-1), pad}, a);
        s.add({s.random({3}), i32(-1), i32(-1), i32(5), pad}, a);
        s.add({s.random({3, 3}), Samples::i32({0, 2}), i32(3), i32(4), pad}, a);
      }
    }
    if (kKind == Kind::kPart) s.fails("out of bound", {s.random({3, 4}), i32(7), pad});
    if (kKind == Kind::kSet)
      s.fails("don't match input.shape[:-2]", {s.random({3, 4}), s.random({2}), i32(0)});
    if (kKind == Kind::kMake)
      s.fails("The number of rows is too small", {s.random({3}), i32(0), i32(2), i32(3), pad});
  });
}

// TensorFlow's rules of the second version read and write diagonals as the third version's default does.
Tensor part_of_v2(const Tensor& matrix, const Tensor& k) {
  return grad::op("MatrixDiagPartV3", {matrix, k, grad::like(matrix, 0)});
}
Tensor set_of_v2(const Tensor& matrix, const Tensor& diagonal, const Tensor& k) {
  return grad::op("MatrixSetDiagV3", {matrix, diagonal, k});
}

constexpr const char* kAlignAttr =
    "T:type; align:{'LEFT_RIGHT','RIGHT_LEFT','LEFT_LEFT','RIGHT_RIGHT'}='RIGHT_LEFT'";
FLOE_OP("MatrixDiagPart", op) {
  op.in("input:T").out("diagonal:T").attrs("T:type");
  define_diag<Kind::kPart>(op, 1);
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("MatrixSetDiag", {grad::zeros_like(g.input(0)), g.grad()}));
  });
}
FLOE_OP("MatrixDiagPartV2", op) {
  op.in("input:T, k:int32, padding_value:T").out("diagonal:T").attrs("T:type");
  define_diag<Kind::kPart>(op, 2);
  op.gradient(
      [](GradientContext& g) { g.set(0, set_of_v2(grad::zeros_like(g.input(0)), g.grad(), g.input(1))); });
}
FLOE_OP("MatrixDiagPartV3", op) {
  op.in("input:T, k:int32, padding_value:T").out("diagonal:T").attrs(kAlignAttr);
  define_diag<Kind::kPart>(op, 3);
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "MatrixSetDiagV3", {grad::zeros_like(g.input(0)), g.grad(), g.input(1)}));
  });
}
FLOE_OP("MatrixSetDiag", op) {
  op.in("input:T, diagonal:T").out("output:T").attrs("T:type");
  define_diag<Kind::kSet>(op, 1);
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("MatrixSetDiag", {g.grad(), grad::zeros_like(g.input(1))}));
    g.set(1, grad::op("MatrixDiagPart", {g.grad()}));
  });
}
FLOE_OP("MatrixSetDiagV2", op) {
  op.in("input:T, diagonal:T, k:int32").out("output:T").attrs("T:type");
  define_diag<Kind::kSet>(op, 2);
  op.gradient([](GradientContext& g) {
    g.set(0, set_of_v2(g.grad(), grad::zeros_like(g.input(1)), g.input(2)));
    g.set(1, part_of_v2(g.grad(), g.input(2)));
  });
}
FLOE_OP("MatrixSetDiagV3", op) {
  op.in("input:T, diagonal:T, k:int32").out("output:T").attrs(kAlignAttr);
  define_diag<Kind::kSet>(op, 3);
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "MatrixSetDiagV3", {g.grad(), grad::zeros_like(g.input(1)), g.input(2)}));
    g.set(1, grad::same(g, "MatrixDiagPartV3", {g.grad(), g.input(2), grad::like(g.grad(), 0)}));
  });
}
FLOE_OP("MatrixDiag", op) {
  op.in("diagonal:T").out("output:T").attrs("T:type");
  define_diag<Kind::kMake>(op, 1);
  op.gradient([](GradientContext& g) { g.set(0, grad::op("MatrixDiagPart", {g.grad()})); });
}
FLOE_OP("MatrixDiagV2", op) {
  op.in("diagonal:T, k:int32, num_rows:int32, num_cols:int32, padding_value:T")
      .out("output:T")
      .attrs("T:type");
  define_diag<Kind::kMake>(op, 2);
  op.gradient([](GradientContext& g) { g.set(0, part_of_v2(g.grad(), g.input(1))); });
}
FLOE_OP("MatrixDiagV3", op) {
  op.in("diagonal:T, k:int32, num_rows:int32, num_cols:int32, padding_value:T")
      .out("output:T")
      .attrs(kAlignAttr);
  define_diag<Kind::kMake>(op, 3);
  op.gradient([](GradientContext& g) {
    g.set(0, grad::same(g, "MatrixDiagPartV3", {g.grad(), g.input(1), grad::like(g.grad(), 0)}));
  });
}

constexpr const char* kDiagAttr = "T:{bfloat16,half,float,double,int32,int64,complex64,complex128}";
FLOE_OP("Diag", op) {
  op.in("diagonal:T").out("output:T").attrs(kDiagAttr);
  op.infer([](InferContext& c) {
    const Shape& s = c.shape(0);
    if (!s.has_rank()) return;
    if (s.rank() < 1) c.fail("Input must be at least rank 1, got 0");
    c.set_output(0, s.concat(s));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch_moves(k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        int64_t n = c.input(0).num_elements();
        T* y = static_cast<T*>(c.output(0).mutable_raw());
        std::fill_n(y, c.output(0).num_elements(), T{});
        for (int64_t i = 0; i < n; ++i) y[i * (n + 1)] = raw_in<T>(c, 0)[i];
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kInt32, DType::kInt64,
                    DType::kComplex64, DType::kComplex128})
      s.add({s.random({3}, t)});
    s.add({s.random({2, 2})});
    s.fails("Input must be at least rank 1", {s.random({})});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::op("DiagPart", {g.grad()})); });
}
FLOE_OP("DiagPart", op) {
  op.in("input:T").out("diagonal:T").attrs(kDiagAttr);
  op.infer([](InferContext& c) {
    const Shape& s = c.shape(0);
    if (!s.has_rank()) return;
    if (s.rank() % 2 || s.rank() == 0)
      c.fail(cat("Input must have even and non-zero rank, input rank is ", s.rank()));
    Shape out;
    for (int i = 0, half = s.rank() / 2; i < half; ++i) {
      if (s[i] >= 0 && s[i + half] >= 0 && s[i] != s[i + half])
        c.fail(cat("Dimensions must be equal, but are ", s[i], " and ", s[i + half]));
      out.push_back(s[i] >= 0 ? s[i] : s[i + half]);
    }
    c.set_output(0, out);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch_moves(k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        int64_t n = c.output(0).num_elements();
        T* y = static_cast<T*>(c.output(0).mutable_raw());
        for (int64_t i = 0; i < n; ++i) y[i] = raw_in<T>(c, 0)[i * (n + 1)];
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kInt32, DType::kInt64,
                    DType::kComplex64, DType::kComplex128})
      s.add({s.random({3, 3}, t)});
    s.add({s.random({2, 3, 2, 3})});
    s.fails("Dimensions must be equal, but are 2 and 3", {s.random({2, 3})});
    s.fails("even and non-zero rank", {s.random({2})});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::op("Diag", {g.grad()})); });
}

}  // namespace
}  // namespace floe
