// Qr: an orthogonal times an upper triangular matrix.
#include <Eigen/QR>

#include "floe/ops/gradients.h"
#include "floe/ops/math/linalg.h"

namespace floe {
namespace {

template <class T>
struct QrKernel {
  explicit QrKernel(const KernelInit&) {}
  void operator()(KernelContext& c) const {
    bool empty = c.input(0).num_elements() == 0;
    each_matrix(c, [&](int64_t b) {
      auto q = matrix_out<T>(c.output(0), b), r = matrix_out<T>(c.output(1), b);
      if (empty) {
        q.setIdentity();
        r.setZero();
        return true;
      }
      Eigen::HouseholderQR<Matrix<T>> qr(matrix_in<T>(c.input(0), b));
      q = qr.householderQ() * Matrix<T>::Identity(q.rows(), q.cols());
      r = qr.matrixQR().topRows(r.rows()).template triangularView<Eigen::Upper>();
      return true;
    });
  }
};

// x R^-1
Tensor divided_by(const Tensor& x, const Tensor& r) {
  return grad::adjoint(
      grad::op("MatrixTriangularSolve", {r, grad::adjoint(x)}, {{"lower", false}, {"adjoint", false}}));
}

Tensor gradient_of_tall_qr(const Tensor& q, const Tensor& r, const Tensor& dq, const Tensor& dr) {
  Tensor qdq = grad::batch_matmul(q, dq, true), rdr = grad::batch_matmul(r, dr, false, true);
  Tensor skew = (qdq - grad::adjoint(qdq)) + (rdr - grad::adjoint(rdr));
  Tensor low = grad::op("MatrixBandPart", {skew, Tensor::scalar(int64_t(-1)), Tensor::scalar(int64_t(0))});
  Tensor d = grad::batch_matmul(q, dr + divided_by(low, r)) + divided_by(dq - grad::batch_matmul(q, qdq), r);
  if (!is_complex(q.dtype())) return d;
  DType real = q.dtype() == DType::kComplex64 ? DType::kFloat32 : DType::kFloat64;
  Tensor m = grad::op("MatrixDiagPart", {rdr - grad::adjoint(qdq)});
  Tensor imaginary = m - grad::cast(grad::op("Real", {m}, {{"Tout", real}}), m.dtype());
  return d + divided_by(grad::batch_matmul(q, grad::adjoint(grad::op("MatrixDiag", {imaginary}))), r);
}

// Columns [begin, end), or all from `begin` on.
Tensor columns(const Tensor& t, const Tensor& begin, const Tensor* end = nullptr) {
  auto at = [](const Tensor& k) { return grad::concat({grad::int32s({0}), k}, 0); };
  return grad::op("StridedSlice", {t, at(begin), at(end ? *end : begin), grad::int32s({1, 1})},
                  {{"ellipsis_mask", int64_t(1)}, {"end_mask", int64_t(end ? 0 : 2)}});
}

// Of a wide matrix [x, y] = q [u, v] the first part is square.
void gradient_of_qr(GradientContext& g) {
  const Tensor &a = g.input(0), &q = g.output(0), &r = g.output(1);
  Tensor dq = g.grad(0), dr = g.grad(1);
  const Shape& s = a.shape();
  int64_t rows = s.has_rank() ? s.dim(-2) : -1, n = s.has_rank() ? s.dim(-1) : -1;
  bool known = rows >= 0 && n >= 0;
  if (g.attr<bool>("full_matrices") && known && rows > n)
    g.fail("QrGrad not implemented when nrows > ncols and full_matrices is true");
  if (known && rows >= n) return g.set(0, gradient_of_tall_qr(q, r, dq, dr));
  Tensor side = grad::op(
      "Slice",
      {grad::shape_of(q), grad::reshape(grad::rank_of(q) - 1.0, grad::int32s({1})), grad::int32s({1})});
  Tensor zero = grad::int32s({0});
  Tensor y = columns(a, side), u = columns(r, zero, &side);
  Tensor dv = columns(dr, side), du = columns(dr, zero, &side);
  Tensor dx = gradient_of_tall_qr(q, u, dq + grad::batch_matmul(y, dv, false, true), du);
  g.set(0, grad::concat({dx, grad::batch_matmul(q, dv)}, -1));
}

FLOE_OP("Qr", op) {
  op.in("input:T").out("q:T, r:T").attrs(cat("full_matrices:bool=false; ", kSolverAttr));
  op.infer([](InferContext& c) {
    Shape s = infer_matrices(c, 0);
    if (!s.has_rank()) return;
    int64_t m = s.dim(-2), n = s.dim(-1);
    int64_t side = c.attr<bool>("full_matrices") ? m
                   : m == 0 || n == 0            ? 0
                   : m < 0 || n < 0              ? -1
                                                 : std::min(m, n);
    c.set_output(0, batch_of(s).concat({m, side}));
    c.set_output(1, batch_of(s).concat({side, n}));
  });
  op.kernel(solver_kernel<QrKernel>);
  op.samples([](Samples& s) {
    for (bool full : {false, true}) {
      AttrMap attrs = {{"full_matrices", full}};
      for (DType t : kSolverDtypes)
        for (const Shape& shape : {Shape{3, 3}, Shape{5, 3}, Shape{2, 4}}) s.add({s.random(shape, t)}, attrs);
      for (const Shape& shape : {Shape{1, 1}, Shape{2, 2, 4, 3}, Shape{0, 3}, Shape{3, 0}, Shape{0, 3, 3}})
        s.add({s.random(shape)}, attrs);
    }
    s.add({Samples::filled({3, 2}, 0)});
    s.add({s.random({70, 50})});
    s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3})});
  });
  op.gradient(gradient_of_qr);
}

}  // namespace
}  // namespace floe
