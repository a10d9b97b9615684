// Equations whose matrix is a triangle.
#include "floe/ops/gradients.h"
#include "floe/ops/math/linalg.h"

namespace floe {
namespace {

template <class T>
void triangular_solve(KernelContext& c, bool lower, bool adjoint) {
  Tensor& out = c.output(0);
  if (out.num_elements() == 0) return;
  const Tensor &a = c.input(0), &b = c.input(1);
  auto solve = [&](int64_t to, int64_t from_a, int64_t from_b) {
    auto x = matrix_in<T>(a, from_a);
    auto y = matrix_out<T>(out, to);
    y = matrix_in<T>(b, from_b);
    if (adjoint && lower)
      x.template triangularView<Eigen::Lower>().adjoint().solveInPlace(y);
    else if (adjoint)
      x.template triangularView<Eigen::Upper>().adjoint().solveInPlace(y);
    else if (lower)
      x.template triangularView<Eigen::Lower>().solveInPlace(y);
    else
      x.template triangularView<Eigen::Upper>().solveInPlace(y);
  };
  Shape batches[2] = {batch_of(a.shape()), batch_of(b.shape())};
  for_rows2(make_broadcast(batch_of(out.shape()), batches),
            [&](int64_t to, int64_t oa, int64_t ob, int64_t count, int64_t sa, int64_t sb) {
              for (int64_t i = 0; i < count; ++i) solve(to + i, oa + i * sa, ob + i * sb);
            });
}

void infer_triangular(InferContext& c) {
  Shape a = infer_squares(c, 0), b = infer_matrices(c, 1);
  if (!a.has_rank() || !b.has_rank()) return;
  if (a.dim(-1) >= 0 && b.dim(-2) >= 0 && a.dim(-1) != b.dim(-2))
    c.fail(cat("Dimensions must be equal, but are ", a.dim(-1), " and ", b.dim(-2)));
  int64_t rows = a.dim(-1) >= 0 ? a.dim(-1) : b.dim(-2);
  try {
    c.set_output(0, broadcast_shapes(batch_of(a), batch_of(b)).concat({rows, b.dim(-1)}));
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
}

FLOE_OP("MatrixTriangularSolve", op) {
  op.in("matrix:T, rhs:T")
      .out("output:T")
      .attrs("lower:bool=true; adjoint:bool=false; T:{bfloat16,double,float,half,complex64,complex128}");
  op.infer(infer_triangular);
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool lower = k.attr<bool>("lower"), adjoint = k.attr<bool>("adjoint");
    KernelFn fn;
    dispatch(SolverTypes{}, k.input_type(0),
             [&]<class T>() { fn = [=](KernelContext& c) { triangular_solve<T>(c, lower, adjoint); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    for (bool lower : {false, true})
      for (bool adjoint : {false, true})
        for (DType t : kSolverDtypes)
          s.add({invertible(s, {4, 4}, t), s.random({4, 3}, t)}, {{"lower", lower}, {"adjoint", adjoint}});
    s.add({invertible(s, {3, 2, 2}, DType::kFloat32), s.random({3, 2, 1})});
    s.add({invertible(s, {3, 1, 2, 2}, DType::kFloat32), s.random({4, 2, 5})});
    s.add({invertible(s, {2, 2}, DType::kFloat32), s.random({2, 2, 2, 3})});
    s.add({invertible(s, {3, 2, 2}, DType::kFloat32), s.random({2, 3})});
    s.add({s.random({0, 0}), s.random({0, 3})});
    s.add({s.random({2, 2}), s.random({2, 0})});
    s.add({s.random({0, 2, 2}), s.random({1, 2, 3})});
    Tensor a = s.random({2, 2});
    s.fails("Shape must be at least rank 2 but is rank 1", {s.random({3}), s.random({3})});
    s.fails("Shape must be at least rank 2 but is rank 1", {a, s.random({2})});
    s.fails("Dimensions must be equal, but are 2 and 3", {s.random({2, 3}), s.random({2, 1})});
    s.fails("Dimensions must be equal, but are 2 and 3", {a, s.random({3, 1})});
    s.fails("ncompatible shapes", {s.random({3, 2, 2}), s.random({2, 2, 1})});
  });
  op.gradient([](GradientContext& g) {
    bool adj = g.attr<bool>("adjoint"), lower = g.attr<bool>("lower");
    const Tensor &a = g.input(0), &c = g.output();
    Tensor db = grad::op("MatrixTriangularSolve", {a, g.grad()}, {{"lower", lower}, {"adjoint", !adj}});
    if (g.needs(1)) g.set_sum(1, db);
    if (!g.needs(0)) return;
    Tensor da = adj ? -grad::batch_matmul(c, db, false, true) : -grad::batch_matmul(db, c, false, true);
    Tensor all = Tensor::scalar(int64_t(-1)), none = Tensor::scalar(int64_t(0));
    g.set_sum(0, grad::op("MatrixBandPart", {da, lower ? all : none, lower ? none : all}));
  });
}

}  // namespace
}  // namespace floe
