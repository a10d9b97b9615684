// SelfAdjointEigV2: eigenvalues, in ascending order, and eigenvectors of Hermitian matrices.
#include <Eigen/Eigenvalues>

#include "floe/ops/gradients.h"
#include "floe/ops/math/linalg.h"

namespace floe {
namespace {

template <class T>
struct EigKernel {
  explicit EigKernel(const KernelInit& k) : vectors(k.attr<bool>("compute_v")) {}
  void operator()(KernelContext& c) const {
    int64_t n = c.input(0).dim(-1);
    if (!vectors) std::fill_n(c.out<T>(1), c.output(1).num_elements(), T(0));
    if (n == 0) return;
    bool fine = each_matrix(c, [&](int64_t b) {
      Eigen::SelfAdjointEigenSolver<Matrix<T>> eig(
          matrix_in<T>(c.input(0), b), vectors ? Eigen::ComputeEigenvectors : Eigen::EigenvaluesOnly);
      if (eig.info() != Eigen::Success) return false;
      std::copy_n(eig.eigenvalues().data(), n, c.out<T>(0) + b * n);
      if (vectors) matrix_out<T>(c.output(1), b) = eig.eigenvectors();
      return true;
    });
    if (!fine) c.fail("Self-adjoint eigen decomposition was not successful. The input might not be valid.");
  }
  bool vectors;
};

FLOE_OP("SelfAdjointEigV2", op) {
  op.in("input:T").out("e:T, v:T").attrs(cat("compute_v:bool=true; ", kSolverAttr));
  op.infer([](InferContext& c) {
    Shape s = infer_squares(c, 0);
    if (!s.has_rank()) return;
    c.set_output(0, s.slice(0, s.rank() - 1));
    // One number of no meaning where vectors aren't wanted.
    c.set_output(1, c.attr<bool>("compute_v") ? s : Shape{});
  });
  op.fails_on_values().kernel(solver_kernel<EigKernel>);
  op.samples([](Samples& s) {
    for (DType t : kSolverDtypes) {
      s.add({positive_definite(s, {4, 4}, t)}).tolerance = t == DType::kComplex64 ? 1e-5 : 0;
      s.add({positive_definite(s, {4, 4}, t)}, {{"compute_v", false}}).values_vary = true;
    }
    for (const Shape& shape : {Shape{1, 1}, Shape{2, 3, 3, 3}, Shape{0, 0}, Shape{2, 0, 0}, Shape{0, 3, 3}})
      s.add({positive_definite(s, shape, DType::kFloat32)});
    // Only the lower triangle is read.
    s.add({Samples::numbers({2, 2}, {1, 9, 2, 1})});
    s.fails("Self-adjoint eigen decomposition was not successful.", {Samples::filled({3, 3}, NAN)});
    s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3})});
    s.fails("Dimensions must be equal, but are 2 and 3", {s.random({2, 3})});
  });
  op.gradient([](GradientContext& g) {
    bool vectors = g.attr<bool>("compute_v");
    std::vector<Tensor> again;
    if (!vectors) again = call("SelfAdjointEigV2", {g.input(0)}, {{"compute_v", true}});
    const Tensor &e = vectors ? g.output(0) : again[0], &v = vectors ? g.output(1) : again[1];
    Tensor middle = grad::op("MatrixDiag", {g.grad(0)});
    if (vectors && g.has_grad(1)) {
      Tensor apart = grad::expand_dims(e, -2) - grad::expand_dims(e, -1);
      Tensor f = grad::op("MatrixSetDiag",
                          {grad::op("DivNoNan", {grad::ones_like(apart), apart}), grad::zeros_like(e)});
      middle = middle + f * grad::batch_matmul(v, g.grad(1), true);
    }
    Tensor d = grad::batch_matmul(v, grad::batch_matmul(middle, v, false, true));
    // Only the lower triangle is read.
    d = grad::op("MatrixBandPart",
                 {d + grad::adjoint(d), Tensor::scalar(int64_t(-1)), Tensor::scalar(int64_t(0))});
    g.set(0, grad::op("MatrixSetDiag", {d, grad::like(d, 0.5) * grad::op("MatrixDiagPart", {d})}));
  });
}

}  // namespace
}  // namespace floe
