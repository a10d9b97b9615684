// SparseSparseMaximum and SparseSparseMinimum: element by element; what only one operand has meets a zero.
#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

void check_same_dense_shape(KernelContext& c) {
  check_sparse(c, 0);
  check_sparse(c, 3);
  Shape a = dense_shape(c, 2), b = dense_shape(c, 5);
  if (a.rank() != b.rank())
    c.fail(cat("Operands do not have the same ranks; got shapes: ", a.str(), " and ", b.str()));
  for (int d = 0; d < a.rank(); ++d)
    if (a[d] != b[d])
      c.fail(cat("Operands' shapes do not match: got ", a[d], " and ", b[d], " for dimension ", d));
}

template <class T, bool kMax>
T extreme(T a, T b) {
  using C = compute_t<T>;
  return (kMax ? C(a) < C(b) : C(b) < C(a)) ? b : a;
}

template <class T, bool kMax>
void sparse_extreme(KernelContext& c) {
  check_same_dense_shape(c);
  int64_t rank = c.input(2).dim(0), na = c.input(0).dim(0), nb = c.input(3).dim(0);
  const int64_t *a = c.in<int64_t>(0), *b = c.in<int64_t>(3);
  const T *av = c.in<T>(1), *bv = c.in<T>(4);
  std::vector<const int64_t*> rows;
  std::vector<T> values;
  for (int64_t i = 0, j = 0; i < na || j < nb;) {
    const int64_t *x = a + i * rank, *y = b + j * rank;
    int order = i == na ? 1 : j == nb ? -1 : 0;
    for (int64_t d = 0; !order && i < na && j < nb && d < rank; ++d)
      order = x[d] < y[d] ? -1 : x[d] > y[d] ? 1 : 0;
    rows.push_back(order > 0 ? y : x);
    values.push_back(extreme<T, kMax>(order > 0 ? T(0) : av[i], order < 0 ? T(0) : bv[j]));
    i += order <= 0;
    j += order >= 0;
  }
  int64_t n = int64_t(rows.size());
  int64_t* to = c.allocate(0, DType::kInt64, {n, rank}).mutable_data<int64_t>();
  for (const int64_t* row : rows) to = std::copy_n(row, rank, to);
  std::copy(values.begin(), values.end(), c.allocate(1, c.input(1).dtype(), {n}).template mutable_data<T>());
}

template <bool kMax>
void define_extreme(OpBuilder& op) {
  op.in("a_indices:int64, a_values:T, a_shape:int64, b_indices:int64, b_values:T, b_shape:int64");
  op.out("output_indices:int64, output_values:T");
  op.attrs(kMax
               ? "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}"
               : "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,"
                 "quint16,uint16,complex128,half,uint32,uint64}");
  op.infer([](InferContext& c) {
    Shape a = c.with_rank(0, 2), b = c.with_rank(3, 2);
    for (int i : {1, 2, 4, 5}) c.with_rank(i, 1);
    c.set_output(0, {-1, a.has_rank() && a[1] >= 0 ? a[1] : b.has_rank() ? b[1] : -1});
    c.set_output(1, {-1});
  });
  op.dynamic_outputs().fails_on_values();
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(1), [&]<class T>() { fn = sparse_extreme<T, kMax>; });
    return fn;
  });
  op.samples([](Samples& s) {
    Tensor a = index_matrix({0, 0, 0, 2, 1, 1}, 2), b = index_matrix({0, 1, 0, 2, 1, 1, 1, 2}, 2);
    Tensor shape = Samples::i64({2, 3}), none(DType::kInt64, {0, 2});
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kUint8, DType::kInt16,
                    DType::kInt8, DType::kInt64, DType::kBfloat16, DType::kUint16, DType::kFloat16})
      s.add({a, s.random({3}, t), shape, b, s.random({4}, t), shape});
    s.add({none, s.random({0}), shape, b, s.random({4}), shape});
    s.add({none, s.random({0}), shape, none, s.random({0}), shape});
    s.fails("Operands' shapes do not match: got 3 and 4 for dimension 1",
            {a, s.random({3}), shape, b, s.random({4}), Samples::i64({2, 4})});
  });
}

FLOE_OP("SparseSparseMaximum", op) { define_extreme<true>(op); }
FLOE_OP("SparseSparseMinimum", op) { define_extreme<false>(op); }

}  // namespace
}  // namespace floe
