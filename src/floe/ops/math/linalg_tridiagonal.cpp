// Products with and solutions of matrices with three diagonals.
#include "floe/ops/gradients.h"
#include "floe/ops/math/linalg.h"

namespace floe {
namespace {

Shape check_tridiagonal_rhs(const InferContext& c, int i, const Shape& diagonals) {
  Shape rhs = infer_matrices(c, i);
  if (rhs.has_rank() && diagonals.has_rank() && diagonals.dim(-1) >= 0 && rhs.dim(-2) >= 0 &&
      rhs.dim(-2) != diagonals.dim(-1))
    c.fail(
        cat("The number of rows of rhs must be the length of the diagonals. Dimensions must be equal, but "
            "are ",
            rhs.dim(-2), " and ", diagonals.dim(-1)));
  if (rhs.has_rank() && diagonals.has_rank() && !batch_of(rhs).is_compatible_with(batch_of(diagonals)))
    c.fail(cat("All input tensors must have the same outer dimensions, but are ", batch_of(rhs).str(),
               " and ", batch_of(diagonals).str()));
  return rhs;
}

template <class T>
struct TridiagonalSolver {
  explicit TridiagonalSolver(const KernelInit& k)
      : pivoting(k.attr<bool>("partial_pivoting")), perturb(k.attr<bool>("perturb_singular")) {}

  void operator()(KernelContext& c) const {
    if (c.output(0).num_elements() == 0) return;
    bool fine = each_matrix(c, [&](int64_t b) {
      auto d = matrix_in<T>(c.input(0), b);
      Matrix<T> x = matrix_in<T>(c.input(1), b);
      if (!(pivoting ? with_pivots(d, x) : without_pivots(d, x))) return false;
      matrix_out<T>(c.output(0), b) = x;
      return true;
    });
    if (!fine)
      c.fail(pivoting ? "The matrix is not invertible."
                      : "The matrix is either not invertible, or requires pivoting. Try setting "
                        "partial_pivoting = True.");
  }

  bool without_pivots(const MatrixIn<T>& d, Matrix<T>& x) const {
    int64_t n = d.cols();
    Eigen::Matrix<T, Eigen::Dynamic, 1> u(n);
    T pivot = d(1, 0);
    for (int64_t i = 0;; ++i) {
      if (pivot == T(0)) return false;
      x.row(i) /= pivot;
      if (i + 1 == n) break;
      u[i] = d(0, i) / pivot;
      pivot = d(1, i + 1) - d(2, i + 1) * u[i];
      x.row(i + 1) -= d(2, i + 1) * x.row(i);
    }
    for (int64_t i = n - 2; i >= 0; --i) x.row(i) -= u[i] * x.row(i + 1);
    return true;
  }

  // Gaussian elimination; exchanging rows i and i + 1 fills a second diagonal above.
  bool with_pivots(const MatrixIn<T>& d, Matrix<T>& x) const {
    int64_t n = d.cols();
    Matrix<T> u(3, n);
    u.setZero();
    u(0, 0) = d(1, 0);
    if (n > 1) u(1, 0) = d(0, 0);
    for (int64_t i = 0; i + 1 < n; ++i) {
      T below = d(2, i + 1), main = d(1, i + 1), above = i + 2 < n ? d(0, i + 1) : T(0);
      if (std::abs(u(0, i)) >= std::abs(below)) {
        if (u(0, i) == T(0) && !mend(u(0, i), d)) return false;
        T factor = below / u(0, i);
        u(0, i + 1) = main - factor * u(1, i);
        u(1, i + 1) = above;
        x.row(i + 1) -= factor * x.row(i);
      } else {
        T factor = u(0, i) / below;
        x.row(i).swap(x.row(i + 1));
        x.row(i + 1) -= factor * x.row(i);
        T right = u(1, i);
        u(0, i) = below;
        u(1, i) = main;
        u(2, i) = above;
        u(0, i + 1) = right - factor * main;
        u(1, i + 1) = -factor * above;
      }
    }
    if (u(0, n - 1) == T(0) && !mend(u(0, n - 1), d)) return false;
    for (int64_t i = n - 1; i >= 0; --i) {
      if (i + 1 < n) x.row(i) -= u(1, i) * x.row(i + 1);
      if (i + 2 < n) x.row(i) -= u(2, i) * x.row(i + 2);
      x.row(i) /= u(0, i);
    }
    return true;
  }

  bool mend(T& pivot, const MatrixIn<T>& d) const {
    using R = typename Eigen::NumTraits<T>::Real;
    if (!perturb) return false;
    R size = d.cwiseAbs().maxCoeff();
    pivot = T(std::numeric_limits<R>::epsilon() * (size > R(0) ? size : R(1)));
    return true;
  }

  bool pivoting, perturb;
};

// Moved by one place along a dimension counted from the end, 0 coming in: up brings element 1 to place 0.
Tensor shifted(const Tensor& t, bool up, bool rows) {
  auto part = [&](int64_t begin, int64_t end, bool open_begin, bool open_end) {
    std::vector<int64_t> b = {0, begin}, e = {0, end}, one = {1, 1};
    int64_t mask = 2;
    if (rows) {
      for (auto* v : {&b, &e}) v->push_back(0);
      one.push_back(1);
    }
    int64_t inner = rows ? 4 : 0;
    return grad::op("StridedSlice", {t, grad::int32s(b), grad::int32s(e), grad::int32s(one)},
                    {{"ellipsis_mask", int64_t(1)},
                     {"begin_mask", inner + (open_begin ? mask : 0)},
                     {"end_mask", inner + (open_end ? mask : 0)}});
  };
  int64_t axis = rows ? -2 : -1;
  if (up) return grad::concat({part(1, 0, false, true), grad::zeros_like(part(0, 1, true, false))}, axis);
  return grad::concat({grad::zeros_like(part(0, 1, true, false)), part(0, -1, true, false)}, axis);
}

// Sums of products of rows, one per row of the matrix, as a matrix of one row.
Tensor row_products(const Tensor& x, const Tensor& y) {
  return grad::expand_dims(grad::sum(x * y, grad::int32s({-1})), -2);
}

FLOE_OP("TridiagonalSolve", op) {
  op.in("diagonals:T, rhs:T").out("output:T");
  op.attrs("partial_pivoting:bool=true; perturb_singular:bool=false; T:{double,float,complex64,complex128}");
  op.infer([](InferContext& c) {
    Shape d = infer_matrices(c, 0);
    if (d.has_rank() && d.dim(-2) >= 0 && d.dim(-2) != 3)
      c.fail(cat("Expected diagonals to have 3 rows. Dimension must be 3 but is ", d.dim(-2)));
    c.set_output(0, check_tridiagonal_rhs(c, 1, d));
  });
  op.fails_on_values().kernel(solver_kernel<TridiagonalSolver>);
  op.samples([](Samples& s) {
    for (DType t : kSolverDtypes) {
      double tolerance = t == DType::kFloat32 || t == DType::kComplex64 ? 1e-3 : 1e-9;
      s.add({s.random({3, 6}, t), s.random({6, 2}, t)}).tolerance = tolerance;
      Tensor d = s.random({2, 3, 5}, t);
      dispatch(SolverTypes{}, t, [&]<class T>() {
        for (int64_t b = 0; b < 2; ++b) matrix_out<T>(d, b).row(1).array() += T(4);
      });
      s.add({d, s.random({2, 5, 1}, t)}, {{"partial_pivoting", false}}).tolerance = tolerance;
    }
    s.add({Samples::numbers({3, 3}, {1, 2, 0, 0, 3, 1, 0, 1, 4}), s.random({3, 2})}).tolerance = 1e-4;
    s.add({s.random({3, 1}), s.random({1, 2})}).tolerance = 1e-4;
    s.fails("The matrix is not invertible.", {Samples::filled({3, 3}, 0), s.random({3, 1})});
    s.fails("requires pivoting", {Samples::filled({3, 3}, 0), s.random({3, 1})},
            {{"partial_pivoting", false}});
    s.fails("Dimension must be 3 but is 2", {s.random({2, 3}), s.random({3, 1})});
    s.fails("Dimensions must be equal, but are 4 and 3", {s.random({3, 3}), s.random({4, 1})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.output();
    std::vector<Tensor> d = call("Split", {grad::int32_scalar(-2), g.input(0)}, {{"num_split", int64_t(3)}});
    Tensor turned = grad::concat({shifted(d[2], true, false), d[1], shifted(d[0], false, false)}, -2);
    Tensor by_rhs = grad::same(g, "TridiagonalSolve", {turned, g.grad()});
    g.set(0, -grad::concat({row_products(by_rhs, shifted(x, true, true)), row_products(by_rhs, x),
                            row_products(by_rhs, shifted(x, false, true))},
                           -2));
    g.set(1, by_rhs);
  });
}

template <class T>
struct TridiagonalProduct {
  explicit TridiagonalProduct(const KernelInit&) {}
  void operator()(KernelContext& c) const {
    int64_t n = c.input(3).dim(-2);
    if (c.output(0).num_elements() == 0) return;
    each_matrix(c, [&](int64_t b) {
      auto above = matrix_in<T>(c.input(0), b), main = matrix_in<T>(c.input(1), b);
      auto below = matrix_in<T>(c.input(2), b), x = matrix_in<T>(c.input(3), b);
      auto y = matrix_out<T>(c.output(0), b);
      for (int64_t i = 0; i < n; ++i) {
        y.row(i) = main(0, i) * x.row(i);
        if (i + 1 < n) y.row(i) += above(0, i) * x.row(i + 1);
        if (i > 0) y.row(i) += below(0, i) * x.row(i - 1);
      }
      return true;
    });
  }
};

FLOE_OP("TridiagonalMatMul", op) {
  op.in("superdiag:T, maindiag:T, subdiag:T, rhs:T").out("output:T");
  op.attrs("T:{double,float,complex64,complex128}");
  op.infer([](InferContext& c) {
    for (int i = 0; i < 3; ++i) {
      Shape d = infer_matrices(c, i);
      if (d.has_rank() && d.dim(-2) >= 0 && d.dim(-2) != 1)
        c.fail(cat("Dimension must be 1 but is ", d.dim(-2), " for a diagonal"));
      if (!d.is_compatible_with(c.shape(1)))
        c.fail(cat("All diagonals must have one shape, but are ", d.str(), " and ", c.shape(1).str()));
    }
    c.set_output(0, check_tridiagonal_rhs(c, 3, c.shape(1)));
  });
  op.kernel(solver_kernel<TridiagonalProduct>);
  op.samples([](Samples& s) {
    for (DType t : kSolverDtypes)
      s.add({s.random({2, 1, 5}, t), s.random({2, 1, 5}, t), s.random({2, 1, 5}, t), s.random({2, 5, 3}, t)});
    s.add({s.random({1, 1}), s.random({1, 1}), s.random({1, 1}), s.random({1, 4})});
    s.fails("Dimensions must be equal, but are 4 and 3",
            {s.random({1, 3}), s.random({1, 3}), s.random({1, 3}), s.random({4, 4})});
  });
  op.gradient([](GradientContext& g) {
    Tensor x = grad::conj(g.input(3)), dy = g.grad();
    auto column = [&](int i) { return grad::adjoint(g.input(i)); };
    g.set(0, row_products(shifted(x, true, true), dy));
    g.set(1, row_products(x, dy));
    g.set(2, row_products(shifted(x, false, true), dy));
    g.set(3, shifted(column(0) * dy, false, true) + column(1) * dy + shifted(column(2) * dy, true, true));
  });
}

}  // namespace
}  // namespace floe
