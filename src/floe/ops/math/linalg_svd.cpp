// Svd: singular values, in descending order, and vectors.
#include "floe/ops/math/linalg.h"

#include <Eigen/SVD>

namespace floe {
namespace {

template <class T>
struct SvdKernel {
  explicit SvdKernel(const KernelInit& k) : vectors(k.attr<bool>("compute_uv")) {
    if (vectors)
      options = k.attr<bool>("full_matrices") ? Eigen::ComputeFullU | Eigen::ComputeFullV
                                              : Eigen::ComputeThinU | Eigen::ComputeThinV;
  }
  void operator()(KernelContext& c) const {
    int64_t n = c.output(0).dim(-1);
    bool empty = c.input(0).num_elements() == 0;
    if (!vectors)
      for (int i : {1, 2}) std::fill_n(c.out<T>(i), c.output(i).num_elements(), T(0));
    each_matrix(c, [&](int64_t b) {
      T* s = c.out<T>(0) + b * n;
      if (empty) {
        if (vectors)
          for (int i : {1, 2}) matrix_out<T>(c.output(i), b).setIdentity();
        return true;
      }
      Eigen::JacobiSVD<Matrix<T>> svd(matrix_in<T>(c.input(0), b), options);
      if (svd.info() != Eigen::Success) {
        T nan(std::numeric_limits<float>::quiet_NaN());
        std::fill_n(s, n, nan);
        if (vectors)
          for (int i : {1, 2}) matrix_out<T>(c.output(i), b).setConstant(nan);
        return true;
      }
      std::copy_n(svd.singularValues().data(), n, s);
      if (vectors) {
        matrix_out<T>(c.output(1), b) = svd.matrixU();
        matrix_out<T>(c.output(2), b) = svd.matrixV();
      }
      return true;
    });
  }
  bool vectors;
  unsigned options = 0;
};

FLOE_OP("Svd", op) {
  op.in("input:T")
      .out("s:T, u:T, v:T")
      .attrs(cat("compute_uv:bool=true; full_matrices:bool=false; ", kSolverAttr));
  op.infer([](InferContext& c) {
    Shape s = infer_matrices(c, 0);
    if (!s.has_rank()) return;
    int64_t m = s.dim(-2), n = s.dim(-1), least = m == 0 || n == 0 ? 0 : m < 0 || n < 0 ? -1 : std::min(m, n);
    Shape batch = batch_of(s);
    bool vectors = c.attr<bool>("compute_uv"), full = c.attr<bool>("full_matrices");
    c.set_output(0, batch.concat({least}));
    // One number of no meaning where vectors aren't wanted.
    c.set_output(1, vectors ? batch.concat({m, full ? m : least}) : Shape{});
    c.set_output(2, vectors ? batch.concat({n, full ? n : least}) : Shape{});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(Types<float, double>{}, k.input_type(0), [&]<class T>() { fn = SvdKernel<T>(k); });
    return fn;
  });
  op.samples([](Samples& s) {
    for (bool full : {false, true}) {
      AttrMap attrs = {{"full_matrices", full}};
      for (DType t : {DType::kFloat32, DType::kFloat64})
        for (const Shape& shape : {Shape{3, 3}, Shape{4, 3}, Shape{3, 4}}) s.add({s.random(shape, t)}, attrs);
      for (const Shape& shape : {Shape{1, 1}, Shape{2, 2, 4, 3}, Shape{0, 3}, Shape{3, 0}, Shape{0, 3, 3}})
        s.add({s.random(shape)}, attrs);
    }
    s.add({s.random({2, 5, 3})}, {{"compute_uv", false}}).values_vary = true;
    s.add({Samples::filled({2, 3}, NAN)});
    s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3})});
  });
}

}  // namespace
}  // namespace floe
