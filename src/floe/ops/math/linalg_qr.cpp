// Qr: an orthogonal times an upper triangular matrix.
#include <Eigen/QR>

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
      for (const Shape& shape :
           {Shape{1, 1}, Shape{2, 2, 4, 3}, Shape{70, 50}, Shape{0, 3}, Shape{3, 0}, Shape{0, 3, 3}})
        s.add({s.random(shape)}, attrs);
    }
    s.add({Samples::filled({3, 2}, 0)});
    s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3})});
  });
}

}  // namespace
}  // namespace floe
