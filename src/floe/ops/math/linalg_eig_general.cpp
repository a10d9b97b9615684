// Eig: eigenvalues and eigenvectors of any square matrix.
#include <Eigen/Eigenvalues>

#include "floe/ops/math/linalg.h"

namespace floe {
namespace {

template <class T>
struct ComplexEigKernel {
  explicit ComplexEigKernel(const KernelInit& k) : vectors(k.attr<bool>("compute_v")) {}
  void operator()(KernelContext& c) const {
    using C = std::complex<typename Eigen::NumTraits<T>::Real>;
    int64_t n = c.input(0).dim(-1);
    if (!vectors) std::fill_n(c.out<C>(1), c.output(1).num_elements(), C(0));
    if (n == 0) return;
    bool fine = each_matrix(c, [&](int64_t b) {
      auto x = matrix_in<T>(c.input(0), b);
      using Solver = std::conditional_t<is_complex_v<T>, Eigen::ComplexEigenSolver<Matrix<T>>,
                                        Eigen::EigenSolver<Matrix<T>>>;
      if (!x.allFinite()) return false;
      Solver eig(x, vectors);
      if (eig.info() != Eigen::Success) return false;
      std::copy_n(eig.eigenvalues().data(), n, c.out<C>(0) + b * n);
      if (vectors) matrix_out<C>(c.output(1), b) = eig.eigenvectors();
      return true;
    });
    if (!fine) c.fail("Eigen decomposition was not successful. The input might not be valid.");
  }
  bool vectors;
};

FLOE_OP("Eig", op) {
  op.in("input:T").out("e:Tout, v:Tout");
  op.attrs("compute_v:bool=true; T:{float,double,complex64,complex128}; Tout:{complex64,complex128}");
  op.infer([](InferContext& c) {
    Shape s = infer_squares(c, 0);
    if (!s.has_rank()) return;
    c.set_output(0, s.slice(0, s.rank() - 1));
    // One number of no meaning where vectors aren't wanted.
    c.set_output(1, c.attr<bool>("compute_v") ? s : Shape{});
  });
  op.fails_on_values().kernel([](const KernelInit& k) {
    bool twice = k.input_type(0) == DType::kFloat64 || k.input_type(0) == DType::kComplex128;
    if (k.output_type(0) != (twice ? DType::kComplex128 : DType::kComplex64))
      k.fail(cat("Tout of an input of type ", dtype_name(k.input_type(0)), " must be ",
                 twice ? "complex128" : "complex64", ", found ", dtype_name(k.output_type(0))));
    return solver_kernel<ComplexEigKernel>(k);
  });
  op.samples([](Samples& s) {
    for (DType t : kSolverDtypes) {
      bool twice = t == DType::kFloat64 || t == DType::kComplex128;
      AttrMap attrs = {{"Tout", twice ? DType::kComplex128 : DType::kComplex64}};
      s.add({positive_definite(s, {3, 3}, t)}, attrs).tolerance = twice ? 1e-10 : 1e-4;
      attrs.set("compute_v", false);
      s.add({positive_definite(s, {3, 3}, t)}, attrs).values_vary = true;
    }
    s.fails("Dimensions must be equal, but are 2 and 3", {s.random({2, 3})}, {{"Tout", DType::kComplex64}});
  });
}

}  // namespace
}  // namespace floe
