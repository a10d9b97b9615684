// Lu and LogMatrixDeterminant: decomposition into triangles with rows exchanged.
#include <Eigen/LU>

#include "floe/ops/gradients.h"
#include "floe/ops/math/linalg.h"

namespace floe {
namespace {

template <class T>
struct LuKernel {
  explicit LuKernel(const KernelInit& k) : wide(k.output_type(1) == DType::kInt64) {}
  void operator()(KernelContext& c) const {
    int64_t n = c.input(0).dim(-1);
    if (n == 0) return;
    bool fine = each_matrix(c, [&](int64_t b) {
      Eigen::PartialPivLU<Matrix<T>> lu(matrix_in<T>(c.input(0), b));
      matrix_out<T>(c.output(0), b) = lu.matrixLU();
      const auto& place = lu.permutationP().indices();
      for (int64_t i = 0; i < n; ++i)
        if (wide)
          c.out<int64_t>(1)[b * n + place[i]] = i;
        else
          c.out<int32_t>(1)[b * n + place[i]] = int32_t(i);
      return lu.matrixLU().diagonal().cwiseAbs().minCoeff() > 0;
    });
    if (!fine) c.fail("Input is not invertible.");
  }
  bool wide;
};

FLOE_OP("Lu", op) {
  op.in("input:T").out("lu:T, p:output_idx_type");
  op.attrs(cat("output_idx_type:{int32,int64}=int32; ", kSolverAttr));
  op.infer([](InferContext& c) {
    Shape s = infer_squares(c, 0);
    c.set_output(0, s);
    if (s.has_rank()) c.set_output(1, s.slice(0, s.rank() - 1));
  });
  op.fails_on_values().kernel(solver_kernel<LuKernel>);
  op.samples([](Samples& s) {
    for (DType t : kSolverDtypes) s.add({s.random({4, 4}, t)});
    for (const Shape& shape : {Shape{1, 1}, Shape{2, 3, 3, 3}, Shape{0, 0}, Shape{2, 0, 0}, Shape{0, 3, 3}})
      s.add({s.random(shape)}, {{"output_idx_type", DType::kInt64}});
    s.fails("Input is not invertible.", {Samples::filled({2, 2}, 0)});
    s.fails("Dimensions must be equal, but are 2 and 3", {s.random({2, 3})});
  });
}

template <class T>
struct LogDeterminantKernel {
  explicit LogDeterminantKernel(const KernelInit&) {}
  void operator()(KernelContext& c) const {
    T *sign = c.out<T>(0), *log_abs = c.out<T>(1);
    bool empty = c.input(0).dim(-1) == 0;
    each_matrix(c, [&](int64_t b) {
      sign[b] = T(1);
      log_abs[b] = T(0);
      if (empty) return true;
      using R = typename Eigen::NumTraits<T>::Real;
      Eigen::PartialPivLU<Matrix<T>> lu(matrix_in<T>(c.input(0), b));
      auto d = lu.matrixLU().diagonal().eval();
      T s = T(R(lu.permutationP().determinant()));
      R sum = 0;
      for (int64_t i = 0; i < d.size(); ++i) {
        R size = std::abs(d[i]);
        s *= d[i] / size;
        sum += std::log(size);
      }
      bool finite = std::isfinite(sum);
      sign[b] = finite ? s : T(0);
      log_abs[b] = T(finite ? sum : sum > 0 ? R(INFINITY) : R(-INFINITY));
      return true;
    });
  }
};

FLOE_OP("LogMatrixDeterminant", op) {
  op.in("input:T").out("sign:T, log_abs_determinant:T").attrs("T:{half,float,double,complex64,complex128}");
  op.infer([](InferContext& c) {
    Shape batch = batch_of(infer_squares(c, 0));
    c.set_output(0, batch);
    c.set_output(1, batch);
  });
  op.kernel(solver_kernel<LogDeterminantKernel>);
  op.samples([](Samples& s) {
    for (DType t : kSolverDtypes) s.add({s.random({4, 4}, t)});
    for (const Shape& shape : {Shape{1, 1}, Shape{2, 3, 3, 3}, Shape{0, 0}, Shape{2, 0, 0}, Shape{0, 3, 3}})
      s.add({s.random(shape)});
    s.add({Samples::numbers({2, 2}, {1, 2, 2, 4})});
    s.add({Samples::filled({3, 3}, 0)});
    s.fails("Dimensions must be equal, but are 2 and 3", {s.random({2, 3})});
  });
  op.gradient([](GradientContext& g) {
    Tensor inverse = grad::op("MatrixInverse", {g.input(0)}, {{"adjoint", true}});
    g.set(0, grad::expand_dims(grad::expand_dims(g.grad(1), -1), -1) * inverse);
  });
}

}  // namespace
}  // namespace floe
