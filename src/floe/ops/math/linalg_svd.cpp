// Svd: singular values, in descending order, and vectors.
#include "floe/ops/gradients.h"
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

Tensor diagonal_matrix(const Tensor& d) { return grad::op("MatrixDiag", {d}); }

// Columns [0, k) of a matrix, and the rest.
std::pair<Tensor, Tensor> split_columns(const Tensor& t, const Tensor& k) {
  auto at = [](const Tensor& n) { return grad::concat({grad::int32s({0}), n}, 0); };
  auto slice = [&](const Tensor& from, const Tensor& to, int64_t open) {
    return grad::op("StridedSlice", {t, at(from), at(to), grad::int32s({1, 1})},
                    {{"ellipsis_mask", int64_t(1)}, {"end_mask", open}});
  };
  return {slice(grad::int32s({0}), k, 0), slice(k, k, 2)};
}

// What the gradient of the vectors x has outside of the space of the first k of them.
Tensor outside(const Tensor& x, const Tensor& dx, const Tensor& k, bool full) {
  if (!full) return dx - grad::batch_matmul(x, grad::batch_matmul(x, dx, true));
  auto [first, rest] = split_columns(x, k);
  auto [dfirst, drest] = split_columns(dx, k);
  return dfirst - grad::batch_matmul(first, grad::batch_matmul(first, dfirst, true)) -
         grad::batch_matmul(rest, grad::batch_matmul(drest, first, true));
}

void gradient_of_svd(GradientContext& g) {
  const Tensor& a = g.input(0);
  Tensor s = g.output(0), u = g.output(1), v = g.output(2), ds = diagonal_matrix(g.grad(0));
  if (!g.attr<bool>("compute_uv")) {
    std::vector<Tensor> r = call("Svd", {a});
    return g.set(0, grad::batch_matmul(r[1], grad::batch_matmul(ds, r[2], false, true)));
  }
  bool full = g.attr<bool>("full_matrices");
  const Shape& shape = a.shape();
  if (full && shape.has_rank() && shape.dim(-1) >= 0 && shape.dim(-2) >= 0 &&
      std::abs(shape.dim(-1) - shape.dim(-2)) > 1)
    g.fail("svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True");
  Tensor k = grad::op("Slice", {grad::shape_of(s), grad::reshape(grad::rank_of(s) - 1.0, grad::int32s({1})),
                                grad::int32s({1})});
  auto reciprocal = [](const Tensor& x) { return grad::op("DivNoNan", {grad::ones_like(x), x}); };
  Tensor squares = grad::op("Square", {s});
  Tensor f = reciprocal(grad::expand_dims(squares, -2) - grad::expand_dims(squares, -1));
  Tensor du = g.grad(1), dv = g.grad(2);
  Tensor u1 = full ? split_columns(u, k).first : u, v1 = full ? split_columns(v, k).first : v;
  Tensor du1 = full ? split_columns(du, k).first : du, dv1 = full ? split_columns(dv, k).first : dv;
  Tensor turned_u = f * grad::batch_matmul(u1, du1, true), turned_v = f * grad::batch_matmul(v1, dv1, true);
  Tensor middle = ds + (turned_u + grad::adjoint(turned_u)) * grad::expand_dims(s, -2) +
                  grad::expand_dims(s, -1) * (turned_v + grad::adjoint(turned_v));
  Tensor inverse = grad::expand_dims(reciprocal(s), -2);
  Tensor d = grad::batch_matmul(u1, grad::batch_matmul(middle, v1, false, true));
  d = d + grad::batch_matmul(outside(u, du, k, full) * inverse, v1, false, true);
  d = d + grad::batch_matmul(u1 * inverse, outside(v, dv, k, full), false, true);
  g.set(0, d);
}

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
  op.gradient(gradient_of_svd);
}

}  // namespace
}  // namespace floe
