// Factors, determinants and inverses of square matrices.
#include "floe/ops/math/linalg.h"
#include "floe/ops/gradients.h"

#include <Eigen/Cholesky>
#include <Eigen/LU>

namespace floe {

Tensor positive_definite(Samples& s, const Shape& shape, DType dtype) {
  Tensor x = s.random(shape, dtype), y(dtype, shape);
  dispatch(SolverTypes{}, dtype, [&]<class T>() {
    for (int64_t b = 0; b < matrix_count(shape); ++b) {
      auto m = matrix_in<T>(x, b);
      matrix_out<T>(y, b) = m * m.adjoint() + Matrix<T>::Identity(m.rows(), m.rows());
    }
  });
  return y;
}

Tensor invertible(Samples& s, const Shape& shape, DType dtype) {
  Tensor x = s.random(shape, dtype);
  dispatch(SolverTypes{}, dtype, [&]<class T>() {
    for (int64_t b = 0; b < matrix_count(shape); ++b) matrix_out<T>(x, b).diagonal().array() += T(4);
  });
  return x;
}

namespace {

template <class T>
struct CholeskyKernel {
  explicit CholeskyKernel(const KernelInit&) {}
  void operator()(KernelContext& c) const {
    each_matrix(c, [&](int64_t b) {
      auto y = matrix_out<T>(c.output(0), b);
      Eigen::LLT<Matrix<T>> llt(matrix_in<T>(c.input(0), b));
      if (llt.info() == Eigen::Success)
        y = llt.matrixL();
      else
        y = Matrix<T>::Constant(y.rows(), y.cols(), T(std::numeric_limits<float>::quiet_NaN()))
                .template triangularView<Eigen::Lower>();
      return true;
    });
  }
};

template <class T>
struct DeterminantKernel {
  explicit DeterminantKernel(const KernelInit&) {}
  void operator()(KernelContext& c) const {
    T* y = c.out<T>(0);
    bool empty = c.input(0).dim(-1) == 0;
    each_matrix(c, [&](int64_t b) {
      y[b] = empty ? T(1) : Eigen::PartialPivLU<Matrix<T>>(matrix_in<T>(c.input(0), b)).determinant();
      return true;
    });
  }
};

// NaN on the diagonal is as bad as 0.
template <class T>
bool is_regular(const Eigen::PartialPivLU<Matrix<T>>& lu) {
  auto d = lu.matrixLU().diagonal().cwiseAbs().eval();
  for (int64_t i = 0; i < d.size(); ++i)
    if (!(d[i] > 0)) return false;
  return true;
}

template <class T>
Eigen::PartialPivLU<Matrix<T>> lu_of(const MatrixIn<T>& x, bool adjoint) {
  return adjoint ? Eigen::PartialPivLU<Matrix<T>>(x.adjoint()) : Eigen::PartialPivLU<Matrix<T>>(x);
}

template <class T>
struct InverseKernel {
  explicit InverseKernel(const KernelInit& k) : adjoint(k.attr<bool>("adjoint")) {}
  void operator()(KernelContext& c) const {
    if (c.output(0).num_elements() == 0) return;
    bool fine = each_matrix(c, [&](int64_t b) {
      auto lu = lu_of<T>(matrix_in<T>(c.input(0), b), adjoint);
      if (!is_regular<T>(lu)) return false;
      matrix_out<T>(c.output(0), b) = lu.inverse();
      return true;
    });
    if (!fine) c.fail("Input is not invertible.");
  }
  bool adjoint;
};

template <class T>
struct SolveKernel {
  explicit SolveKernel(const KernelInit& k) : adjoint(k.attr<bool>("adjoint")) {}
  void operator()(KernelContext& c) const {
    if (c.output(0).num_elements() == 0) return;
    bool fine = each_matrix(c, [&](int64_t b) {
      auto lu = lu_of<T>(matrix_in<T>(c.input(0), b), adjoint);
      if (!is_regular<T>(lu)) return false;
      matrix_out<T>(c.output(0), b) = lu.solve(matrix_in<T>(c.input(1), b));
      return true;
    });
    if (!fine) c.fail("Input matrix is not invertible.");
  }
  bool adjoint;
};

void infer_square(InferContext& c) { c.set_output(0, infer_squares(c, 0)); }

void infer_solve(InferContext& c) {
  Shape a = infer_squares(c, 0), b = infer_matrices(c, 1);
  if (!a.has_rank() && !b.has_rank()) return;
  if (a.has_rank() && b.has_rank()) {
    if (a.rank() != b.rank())
      c.fail(cat("All input tensors must have the same rank. Shapes must be equal rank, but are ",
                 a.rank() - 2, " and ", b.rank() - 2));
    for (int i = 0; i + 2 < a.rank(); ++i)
      if (a[i] >= 0 && b[i] >= 0 && a[i] != b[i])
        c.fail(cat("All input tensors must have the same outer dimensions. Dimension ", i,
                   " in both shapes must be equal, but are ", a[i], " and ", b[i]));
    if (a.dim(-1) >= 0 && b.dim(-2) >= 0 && a.dim(-1) != b.dim(-2))
      c.fail(cat("Input matrix and rhs are incompatible. Dimensions must be equal, but are ", a.dim(-1),
                 " and ", b.dim(-2)));
  }
  const Shape& known = a.has_rank() ? a : b;
  Shape out = known;
  for (int i = 0; i + 2 < known.rank(); ++i)
    if (out[i] < 0 && b.has_rank()) out.set_dim(i, b[i]);
  int64_t rows = a.has_rank() && a.dim(-1) >= 0 ? a.dim(-1) : b.has_rank() ? b.dim(-2) : -1;
  out.set_dim(-2, rows);
  out.set_dim(-1, b.has_rank() ? b.dim(-1) : -1);
  c.set_output(0, out);
}

void square_failures(Samples& s) {
  s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3})});
  s.fails("Dimensions must be equal, but are 2 and 3", {s.random({2, 3})});
}

void square_samples(Samples& s, const std::function<Tensor(const Shape&, DType)>& make,
                    const AttrMap& attrs = {}) {
  for (DType t : kSolverDtypes) s.add({make({4, 4}, t)}, attrs);
  for (const Shape& shape :
       {Shape{1, 1}, Shape{2, 3, 3, 3}, Shape{20, 20}, Shape{0, 0}, Shape{2, 0, 0}, Shape{0, 3, 3}})
    s.add({make(shape, DType::kFloat32)}, attrs);
}

Tensor lower_part(const Tensor& t) {
  return grad::op("MatrixBandPart", {t, Tensor::scalar(int64_t(-1)), Tensor::scalar(int64_t(0))});
}

FLOE_OP("Cholesky", op) {
  op.in("input:T")
      .out("output:T")
      .attrs(kSolverAttr)
      .infer(infer_square)
      .kernel(solver_kernel<CholeskyKernel>);
  op.samples([](Samples& s) {
    square_samples(s, [&](const Shape& shape, DType t) { return positive_definite(s, shape, t); });
    // Only the lower triangle is read.
    s.add({Samples::numbers({2, 2}, {4, 9, 2, 3})});
    s.add({Samples::numbers({1, 1}, {-1})});
    square_failures(s);
  });
  op.gradient([](GradientContext& g) {
    const Tensor& l = g.output();
    Tensor half = grad::like(l, 0.5), middle = grad::batch_matmul(l, g.grad(), true);
    middle = grad::op("MatrixSetDiag", {middle, half * grad::op("MatrixDiagPart", {middle})});
    middle = lower_part(middle);
    // inverse(L)^H middle inverse(L), by two solves.
    AttrMap up{{"lower", true}, {"adjoint", true}};
    Tensor left = grad::op("MatrixTriangularSolve", {l, middle}, up);
    Tensor d = grad::adjoint(grad::op("MatrixTriangularSolve", {l, grad::adjoint(left)}, up));
    g.set(0, half * (d + grad::adjoint(d)));
  });
}

FLOE_OP("MatrixDeterminant", op) {
  op.in("input:T").out("output:T").attrs("T:{half,float,double,complex64,complex128}");
  op.infer([](InferContext& c) { c.set_output(0, batch_of(infer_squares(c, 0))); });
  op.kernel(solver_kernel<DeterminantKernel>);
  op.samples([](Samples& s) {
    for (DType t : kSolverDtypes) s.add({s.random({4, 4}, t)});
    for (const Shape& shape : {Shape{1, 1}, Shape{2, 3, 3, 3}, Shape{0, 0}, Shape{2, 0, 0}, Shape{0, 3, 3}})
      s.add({s.random(shape)});
    // TensorFlow adds up logarithms, which costs it digits in large determinants.
    s.add({s.random({20, 20})}).tolerance = 2e-5;
    s.add({Samples::numbers({2, 2}, {1, 2, 2, 4})});
    s.add({Samples::filled({3, 3}, NAN)});
    square_failures(s);
  });
  op.gradient([](GradientContext& g) {
    Tensor inverse = grad::op("MatrixInverse", {g.input(0)}, {{"adjoint", true}});
    Tensor d = g.grad() * g.output();
    g.set(0, grad::expand_dims(grad::expand_dims(d, -1), -1) * inverse);
  });
}

FLOE_OP("MatrixInverse", op) {
  op.in("input:T").out("output:T").attrs(cat("adjoint:bool=false; ", kSolverAttr));
  op.infer(infer_square).fails_on_values().kernel(solver_kernel<InverseKernel>);
  op.samples([](Samples& s) {
    auto make = [&](const Shape& shape, DType t) { return invertible(s, shape, t); };
    square_samples(s, make);
    square_samples(s, make, {{"adjoint", true}});
    s.fails("Input is not invertible.", {Samples::filled({2, 2}, 0)});
    s.fails("Input is not invertible.", {Samples::filled({2, 2, 2}, NAN)});
    square_failures(s);
  });
  op.gradient([](GradientContext& g) {
    const Tensor& y = g.output();
    bool adj = g.attr<bool>("adjoint");
    g.set(0, -grad::batch_matmul(y, grad::batch_matmul(g.grad(), y, adj, !adj), !adj));
  });
}

FLOE_OP("MatrixSolve", op) {
  op.in("matrix:T, rhs:T").out("output:T").attrs(cat("adjoint:bool=false; ", kSolverAttr));
  op.infer(infer_solve).fails_on_values().kernel(solver_kernel<SolveKernel>);
  op.samples([](Samples& s) {
    for (bool adjoint : {false, true}) {
      AttrMap attrs = {{"adjoint", adjoint}};
      for (DType t : kSolverDtypes) s.add({invertible(s, {4, 4}, t), s.random({4, 3}, t)}, attrs);
      s.add({invertible(s, {2, 3, 3, 3}, DType::kFloat32), s.random({2, 3, 3, 1})}, attrs);
    }
    s.add({s.random({0, 0}), s.random({0, 3})});
    s.add({invertible(s, {2, 2}, DType::kFloat32), s.random({2, 0})});
    s.add({s.random({0, 2, 2}), s.random({0, 2, 1})});
    Tensor a = invertible(s, {2, 2}, DType::kFloat32);
    s.fails("Input matrix is not invertible.", {Samples::filled({2, 2}, 1), s.random({2, 1})});
    s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3}), s.random({3})});
    s.fails("Shape must be at least rank 2 but is rank 1", {a, s.random({2})});
    s.fails("Dimensions must be equal, but are 2 and 3", {s.random({2, 3}), s.random({2, 1})});
    s.fails("Dimensions must be equal, but are 2 and 3", {a, s.random({3, 1})});
    s.fails("Shapes must be equal rank, but are 0 and 1", {a, s.random({1, 2, 1})});
    s.fails("must be equal, but are 3 and 2", {s.random({3, 2, 2}), s.random({2, 2, 1})});
  });
  op.gradient([](GradientContext& g) {
    bool adj = g.attr<bool>("adjoint");
    const Tensor &a = g.input(0), &c = g.output();
    Tensor db = grad::op("MatrixSolve", {a, g.grad()}, {{"adjoint", !adj}});
    g.set(0, adj ? -grad::batch_matmul(c, db, false, true) : -grad::batch_matmul(db, c, false, true));
    g.set(1, db);
  });
}

}  // namespace
}  // namespace floe
