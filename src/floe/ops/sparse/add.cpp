// SparseAdd: the sum of two sparse tensors. Sums of two entries that stay below the threshold are dropped.
#include <cmath>
#include <limits>

#include "floe/ops/gradients.h"
#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

template <class T, class R>
bool reaches(T v, R threshold) {
  if constexpr (requires { v.imag(); })
    return threshold <= R(0) || std::abs(v) >= threshold;
  else if constexpr (std::is_integral_v<T>)
    return (v < 0 ? 0 - uint64_t(int64_t(v)) : uint64_t(v)) >= uint64_t(std::max<R>(threshold, 0));
  else
    return float(threshold) <= 0 || std::abs(compute_t<T>(v)) >= compute_t<R>(threshold);
}

template <class T, class R>
void sparse_add(KernelContext& c) {
  check_sparse(c, 0);
  check_sparse(c, 3);
  if (c.input(6).rank())
    c.fail(cat("The magnitude threshold must be a scalar: got shape ", c.input(6).shape().str()));
  const Tensor &a_shape = c.input(2), &b_shape = c.input(5);
  if (a_shape.dim(0) != b_shape.dim(0))
    c.fail(cat("Operands do not have the same ranks; got shapes: ", a_shape.values_str(), " and ",
               b_shape.values_str()));
  for (int d = 0; d < a_shape.dim(0); ++d)
    if (a_shape.data<int64_t>()[d] != b_shape.data<int64_t>()[d])
      c.fail(cat("Operands' shapes do not match: got ", a_shape.data<int64_t>()[d], " and ",
                 b_shape.data<int64_t>()[d], " for dimension ", d));
  int64_t rank = a_shape.dim(0), na = c.input(0).dim(0), nb = c.input(3).dim(0);
  const int64_t *a = c.in<int64_t>(0), *b = c.in<int64_t>(3);
  const T *av = c.in<T>(1), *bv = c.in<T>(4);
  R threshold = c.scalar<R>(6);
  std::vector<const int64_t*> rows;
  std::vector<T> sums;
  auto keep = [&](const int64_t* row, T v) {
    rows.push_back(row);
    sums.push_back(v);
  };
  for (int64_t i = 0, j = 0; i < na || j < nb;) {
    const int64_t *x = a + i * rank, *y = b + j * rank;
    int order = i == na ? 1 : j == nb ? -1 : 0;
    for (int64_t d = 0; !order && i < na && j < nb && d < rank; ++d)
      order = x[d] < y[d] ? -1 : x[d] > y[d] ? 1 : 0;
    if (order < 0) {
      keep(x, av[i++]);
    } else if (order > 0) {
      keep(y, bv[j++]);
    } else {
      T sum = T(0);
      if constexpr (std::is_integral_v<T>)
        sum = T(uint64_t(av[i]) + uint64_t(bv[j]));
      else
        sum = T(av[i] + bv[j]);
      if (reaches(sum, threshold)) keep(x, sum);
      ++i, ++j;
    }
  }
  int64_t n = int64_t(sums.size());
  int64_t* indices = c.allocate(0, DType::kInt64, {n, rank}).mutable_data<int64_t>();
  for (const int64_t* row : rows) indices = std::copy_n(row, rank, indices);
  std::copy(sums.begin(), sums.end(), c.allocate(1, c.input(1).dtype(), {n}).mutable_data<T>());
  c.set_output(2, c.keep(2));
}

FLOE_OP("SparseAdd", op) {
  op.in(
      "a_indices:int64, a_values:T, a_shape:int64, b_indices:int64, b_values:T, b_shape:int64, thresh:Treal");
  op.out("sum_indices:int64, sum_values:T, sum_shape:int64");
  op.attrs(
      "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
      "uint16,"
      "complex128,half,uint32,uint64}; "
      "Treal:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}");
  op.infer([](InferContext& c) {
    Shape shape = c.with_rank(2, 1);
    c.with_rank(0, 2);
    c.with_rank(3, 2);
    c.with_rank(6, 0);
    c.set_output(0, {-1, shape[0]});
    c.set_output(1, {-1});
    c.set_output(2, shape);
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(
        Types<float, double, int8_t, int16_t, int32_t, int64_t, std::complex<float>, std::complex<double>>{},
        k.input_type(1), [&]<class T>() {
          using R = decltype([] {
            if constexpr (requires(T v) { v.imag(); })
              return typename T::value_type();
            else
              return T();
          }());
          if (k.input_type(6) != dtype_of_v<R>)
            k.fail(cat("thresh must be ", dtype_name(dtype_of_v<R>), " for values of type ",
                       dtype_name(k.input_type(1)), ", not ", dtype_name(k.input_type(6))));
          fn = sparse_add<T, R>;
        });
    return fn;
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor a = index_matrix({0, 1, 2, 0, 2, 3}, 2), b = index_matrix({0, 0, 2, 0, 3, 3}, 2),
           shape = Samples::i64({5, 6});
    auto th = [](double v, DType t = DType::kFloat32) { return Samples::numbers({}, {v}, t); };
    for (DType t :
         {DType::kFloat32, DType::kFloat64, DType::kInt8, DType::kInt16, DType::kInt32, DType::kInt64})
      s.add({a, s.random({3}, t), shape, b, s.random({3}, t), shape, th(1, t)});
    s.add({a, s.random({3}, DType::kComplex64), shape, b, s.random({3}, DType::kComplex64), shape, th(1)});
    s.add({a, s.random({3}, DType::kComplex128), shape, b, s.random({3}, DType::kComplex128), shape,
           th(1, DType::kFloat64)});
    Tensor v = Samples::numbers({3}, {1, 2, 3}), w = Samples::numbers({3}, {-1, -2, -3});
    for (double t : {0.0, 0.1, 2.0, -1.0}) s.add({a, v, shape, b, w, shape, th(t)});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), shape, b, w, shape, th(0)});
    s.fails("Operands' shapes do not match: got 6 and 7 for dimension 1",
            {a, v, shape, b, w, Samples::i64({5, 7}), th(0)});
    s.fails("rank 0", {a, v, shape, b, w, shape, Samples::numbers({1}, {0})});
  });
  op.gradient([](GradientContext& g) {
    if (!g.has_grad(1)) return;
    std::vector<Tensor> d =
        call("SparseAddGrad", {g.grad(1), g.input(0), g.input(3), g.output(0)}, {{"T", g.input(1).dtype()}});
    g.set(1, d[0]);
    g.set(4, d[1]);
  });
}

// The gradient of a value of the sum goes to the values at its index; indices are in order.
template <class T>
void sparse_add_grad(KernelContext& c) {
  const Tensor &grads = c.input(0), &sum = c.input(3);
  for (int i = 1; i < 4; ++i)
    if (c.input(i).rank() != 2)
      c.fail(cat("a_indices, b_indices, and sum_indices should be matrices, received shape ",
                 c.input(i).shape().str()));
  if (grads.rank() != 1 || grads.dim(0) != sum.dim(0))
    c.fail(cat("# elements in backprop_val_grad (", grads.shape().str(), ") and # rows in sum_indices (",
               sum.dim(0), ") should match"));
  int64_t rank = sum.dim(1);
  for (int i = 1; i < 3; ++i)
    if (c.input(i).dim(1) != rank)
      c.fail(cat("Indices' dimensions are not compatible: ", c.input(i).dim(1), " and ", rank));
  const int64_t* at_sum = sum.data<int64_t>();
  for (int i = 0; i < 2; ++i) {
    const int64_t* at = c.in<int64_t>(i + 1);
    T* out = c.out<T>(i);
    int64_t s = 0;
    for (int64_t r = 0; r < c.input(i + 1).dim(0); ++r) {
      const int64_t *row = at + r * rank, *end = row + rank;
      auto place = [&](int64_t k) { return at_sum + k * rank; };
      while (s < sum.dim(0) && std::lexicographical_compare(place(s), place(s) + rank, row, end)) ++s;
      bool found = s < sum.dim(0) && std::equal(row, end, place(s));
      out[r] = found ? grads.data<T>()[s] : T(0);
    }
  }
}

FLOE_OP("SparseAddGrad", op) {
  op.in("backprop_val_grad:T, a_indices:int64, b_indices:int64, sum_indices:int64");
  op.out("a_val_grad:T, b_val_grad:T");
  op.attrs(
      "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
      "uint16,complex128,half,uint32,uint64}");
  op.infer([](InferContext& c) {
    c.with_rank(3, 2);
    c.set_output(0, {c.with_rank(1, 2)[0]});
    c.set_output(1, {c.with_rank(2, 2)[0]});
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(
        Types<float, double, int8_t, int16_t, int32_t, int64_t, std::complex<float>, std::complex<double>>{},
        k.input_type(0), [&]<class T>() { fn = sparse_add_grad<T>; });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor a = index_matrix({0, 1, 2, 0, 2, 3}, 2), b = index_matrix({0, 0, 2, 0, 3, 3}, 2);
    Tensor sum = index_matrix({0, 0, 0, 1, 2, 0, 2, 3, 3, 3}, 2);
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64})
      s.add({s.random({5}, t), a, b, sum});
    s.add({s.random({4}), a, b, index_matrix({0, 0, 0, 1, 2, 3, 3, 3}, 2)});
    s.fails("should match", {s.random({3}), a, b, sum});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
