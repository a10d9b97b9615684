// Sparse tensors as indices, values and shape.
#include <algorithm>
#include <numeric>

#include "floe/ops/gradients.h"
#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

FLOE_OP("SparseFillEmptyRows", op) {
  op.in("indices:int64, values:T, dense_shape:int64, default_value:T");
  op.out("output_indices:int64, output_values:T, empty_row_indicator:bool, reverse_index_map:int64")
      .attrs("T:type");
  op.infer([](InferContext& c) {
    Shape indices = c.with_rank(0, 2), values = c.with_rank(1, 1), shape = c.with_rank(2, 1);
    c.with_rank(3, 0);
    int64_t rank = indices[1] >= 0 ? indices[1] : shape[0];
    auto dims = c.int_value(2);
    c.set_output(0, {-1, rank});
    c.set_output(1, {-1});
    c.set_output(2, {dims && !dims->empty() && dims->at(0) >= 0 ? dims->at(0) : -1});
    c.set_output(3, {indices[0] >= 0 ? indices[0] : values[0]});
  });
  op.compute([](KernelContext& c) {
    check_sparse(c, 0);
    if (c.input(3).num_elements() != 1)
      c.fail(cat("default_value must be a scalar, saw: ", c.input(3).shape().str()));
    int64_t n = c.input(0).dim(0), rank = c.input(0).dim(1);
    if (rank < 1) c.fail("Dense shape cannot be empty.");
    const int64_t* at = c.in<int64_t>(0);
    int64_t rows = c.in<int64_t>(2)[0];
    if (rows < 0) c.fail(cat("dense_shape[0] must be >= 0, saw ", rows));
    if (rows == 0 && n)
      c.fail(cat("Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = ", n));
    bool* empty = c.allocate(2, DType::kBool, {rows}).mutable_data<bool>();
    int64_t* map = c.allocate(3, DType::kInt64, {n}).mutable_data<int64_t>();
    std::vector<int64_t> next(size_t(rows), 0);
    for (int64_t i = 0; i < n; ++i) {
      int64_t row = at[i * rank];
      if (row < 0 || row >= rows) c.fail(cat("indices(", i, ", 0) is invalid: ", row, " >= ", rows));
      ++next[size_t(row)];
    }
    int64_t total = 0;
    for (int64_t r = 0; r < rows; ++r) {
      empty[r] = next[size_t(r)] == 0;
      int64_t count = std::max<int64_t>(next[size_t(r)], 1);
      next[size_t(r)] = total;
      total += count;
    }
    int64_t* to = c.allocate(0, DType::kInt64, {total, rank}).mutable_data<int64_t>();
    Tensor& values = c.allocate(1, c.input(1).dtype(), {total});
    dispatch_moves(values.dtype(), [&]<class T>() {
      T* out = static_cast<T*>(values.mutable_raw());
      const T *in = static_cast<const T*>(c.input(1).raw()), *fill = static_cast<const T*>(c.input(3).raw());
      for (int64_t r = 0; r < rows; ++r) {
        if (!empty[r]) continue;
        std::fill_n(to + next[size_t(r)] * rank, rank, int64_t(0));
        to[next[size_t(r)] * rank] = r;
        out[next[size_t(r)]] = *fill;
      }
      for (int64_t i = 0; i < n; ++i) {
        int64_t place = next[size_t(at[i * rank])]++;
        map[i] = place;
        std::copy_n(at + i * rank, rank, to + place * rank);
        out[place] = in[i];
      }
    });
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3}, 2), shape = Samples::i64({5, 6});
    s.each_type("T", [&](DType t) { s.add({at, s.random({3}, t), shape, s.random({}, t)}); });
    s.add({index_matrix({2, 0, 0, 1, 2, 3}, 2), s.random({3}), shape, s.random({})});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), shape, s.random({})});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), Samples::i64({0, 6}), s.random({})});
    s.fails("is invalid: 7 >= 5", {index_matrix({7, 1}, 2), s.random({1}), shape, s.random({})});
    s.fails("rank 0", {at, s.random({3}), shape, s.random({1})});
    s.fails("Received SparseTensor with dense_shape[0] = 0",
            {index_matrix({0, 1}, 2), s.random({1}), Samples::i64({0, 6}), s.random({})});
  });
  op.gradient([](GradientContext& g) {
    // Every value stands once in the output; the rest are the default.
    Tensor dy = g.grad(1), d = grad::op("GatherV2", {dy, g.output(3), grad::int32_scalar(0)});
    g.set(1, d);
    g.set(3, grad::sum_all(dy) - grad::sum_all(d));
  });
}

FLOE_OP("SparseReshape", op) {
  op.in("input_indices:int64, input_shape:int64, new_shape:int64")
      .out("output_indices:int64, output_shape:int64");
  op.infer([](InferContext& c) {
    Shape indices = c.with_rank(0, 2), to = c.with_rank(2, 1);
    c.with_rank(1, 1);
    c.set_output(0, {indices[0], to[0]});
    c.set_output(1, {to[0]});
  });
  op.compute([](KernelContext& c) {
    const Tensor& indices = c.input(0);
    if (indices.rank() != 2 || c.input(1).rank() != 1 || c.input(2).rank() != 1)
      c.fail(cat("Input indices must be a matrix, the shapes vectors; received ", indices.shape().str(), ", ",
                 c.input(1).shape().str(), ", ", c.input(2).shape().str()));
    std::vector<int64_t> from = c.ints(1), to = c.ints(2);
    if (indices.dim(1) != int64_t(from.size()))
      c.fail(
          cat("Input tensor rank must match input shape length, got ", indices.dim(1), " and ", from.size()));
    int64_t dense = 1, known = 1, free = -1;
    for (int64_t d : from)
      if (d < 0 || __builtin_mul_overflow(dense, d, &dense))
        c.fail("Input shape must be non-negative and not too large");
    for (size_t i = 0; i < to.size(); ++i) {
      if (to[i] == -1) {
        if (free >= 0) c.fail(cat("only one output dimension may be -1, not both ", free, " and ", i));
        free = int64_t(i);
      } else if (to[i] < 0 || __builtin_mul_overflow(known, to[i], &known)) {
        c.fail(cat("size ", i, " must be non-negative, not ", to[i]));
      }
    }
    if (free >= 0) {
      if (known <= 0)
        c.fail(
            "reshape cannot infer the missing input size for an empty tensor unless all specified input "
            "sizes are non-zero");
      if (dense % known)
        c.fail(cat("Input to reshape is a SparseTensor with ", dense,
                   " dense values, but the requested shape requires a multiple of ", known));
      to[size_t(free)] = dense / known;
      known = dense;
    }
    if (known != dense)
      c.fail(cat("Input to reshape is a tensor with ", dense, " dense values, but the requested shape has ",
                 known));
    int64_t n = indices.dim(0), rank_in = int64_t(from.size()), rank_out = int64_t(to.size());
    int64_t* out = c.allocate(0, DType::kInt64, {n, rank_out}).mutable_data<int64_t>();
    const int64_t* in = indices.data<int64_t>();
    for (int64_t i = 0; i < n; ++i) {
      int64_t at = 0;
      for (int64_t d = 0; d < rank_in; ++d) {
        int64_t x = in[i * rank_in + d];
        if (x < 0 || x >= from[size_t(d)])
          c.fail(cat("index ", x, " of entry ", i, " is out of bounds: dimension ", d, " has size ",
                     from[size_t(d)]));
        at = at * from[size_t(d)] + x;
      }
      for (int64_t d = rank_out; d-- > 0;) {
        out[i * rank_out + d] = at % to[size_t(d)];
        at /= to[size_t(d)];
      }
    }
    std::copy(to.begin(), to.end(), c.allocate(1, DType::kInt64, {rank_out}).mutable_data<int64_t>());
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 2, 3}, 3);
    s.add({at, Samples::i64({2, 3, 6}), Samples::i64({9, -1})});
    s.add({at, Samples::i64({2, 3, 6}), Samples::i64({36})});
    s.add({Tensor(DType::kInt64, {0, 2}), Samples::i64({0, 6}), Samples::i64({0, 2, 3})});
    s.fails("requires a multiple of 5", {at, Samples::i64({2, 3, 6}), Samples::i64({5, -1})});
    s.fails("36 dense values, but the requested shape has 10",
            {at, Samples::i64({2, 3, 6}), Samples::i64({5, 2})});
    s.fails("only one output dimension may be -1", {at, Samples::i64({2, 3, 6}), Samples::i64({-1, -1})});
  });
}

FLOE_OP("SparseReorder", op) {
  op.in("input_indices:int64, input_values:T, input_shape:int64")
      .out("output_indices:int64, output_values:T")
      .attrs("T:type");
  op.infer([](InferContext& c) {
    c.set_output(0, c.with_rank(0, 2));
    c.set_output(1, c.with_rank(1, 1));
    c.with_rank(2, 1);
  });
  op.compute([](KernelContext& c) {
    check_sparse(c, 0);
    const int64_t* at = c.in<int64_t>(0);
    int64_t n = c.input(0).dim(0), rank = c.input(0).dim(1);
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return std::lexicographical_compare(at + a * rank, at + (a + 1) * rank, at + b * rank,
                                          at + (b + 1) * rank);
    });
    int64_t* to = c.out<int64_t>(0);
    dispatch_moves(c.input(1).dtype(), [&]<class T>() {
      const T* in = static_cast<const T*>(c.input(1).raw());
      T* out = static_cast<T*>(c.output(1).mutable_raw());
      for (int64_t i = 0; i < n; ++i) {
        std::copy_n(at + order[size_t(i)] * rank, rank, to + i * rank);
        out[i] = in[order[size_t(i)]];
      }
    });
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({index_matrix({2, 0, 0, 1, 2, 3, 0, 0}, 2), s.random({4}, t), Samples::i64({5, 6})});
    });
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), Samples::i64({5, 6})});
  });
  op.gradient([](GradientContext& g) {
    // The rows in their new order, carried along as values.
    const Tensor &at = g.input(0), &shape = g.input(2);
    Tensor number = grad::range(grad::int32_scalar(0), grad::size_of(g.input(1)));
    Tensor order = call("SparseReorder", {at, number, shape})[1];
    g.set(1,
          grad::op("GatherV2", {g.grad(1), grad::op("InvertPermutation", {order}), grad::int32_scalar(0)}));
  });
}

template <class T, class I>
void sparse_matmul(KernelContext& c, bool adjoint_a, bool adjoint_b) {
  check_sparse(c, 0);
  const Tensor &indices = c.input(0), &b = c.input(3);
  if (indices.dim(1) != 2) c.fail(cat("Tensor 'a_shape' must have 2 elements, found ", indices.dim(1)));
  const int64_t* shape = c.in<int64_t>(2);
  int64_t rows = shape[adjoint_a ? 1 : 0], inner = shape[adjoint_a ? 0 : 1];
  if (b.rank() != 2) c.fail(cat("Tensor 'b' is not a matrix: ", b.shape().str()));
  int64_t b_inner = b.dim(adjoint_b ? 1 : 0), columns = b.dim(adjoint_b ? 0 : 1);
  if (rows < 0 || inner != b_inner)
    c.fail(cat("Cannot multiply A and B because inner dimension does not match: ", inner, " vs. ", b_inner,
               ".  Did you forget a transpose?  Dimensions of A: [", shape[0], ", ", shape[1],
               ").  Dimensions of B: ", b.shape().str()));
  Tensor& product = c.allocate(0, b.dtype(), {rows, columns});
  T* out = product.mutable_data<T>();
  using C = compute_t<T>;
  std::vector<C> sum(size_t(rows * columns), C(0));
  const I* at = indices.data<I>();
  const T *v = c.in<T>(1), *y = b.data<T>();
  auto conj_if = [](bool yes, C x) {
    if constexpr (requires { x.imag(); }) return yes ? std::conj(x) : x;
    return x;
  };
  for (int64_t i = 0, n = indices.dim(0); i < n; ++i) {
    int64_t m = int64_t(at[2 * i + (adjoint_a ? 1 : 0)]), k = int64_t(at[2 * i + (adjoint_a ? 0 : 1)]);
    if (m < 0 || m >= rows)
      c.fail(cat("m (", m, ") from index[", i, ",", adjoint_a ? 1 : 0, "] out of bounds (>=", rows, ")"));
    if (k < 0 || k >= inner)
      c.fail(cat("k (", k, ") from index[", i, ",", adjoint_a ? 0 : 1, "] out of bounds (>=", inner, ")"));
    C x = conj_if(adjoint_a, C(v[i]));
    for (int64_t j = 0; j < columns; ++j)
      sum[size_t(m * columns + j)] +=
          x * conj_if(adjoint_b, C(adjoint_b ? y[j * inner + k] : y[k * columns + j]));
  }
  for (size_t i = 0; i < sum.size(); ++i) out[i] = T(sum[i]);
}

FLOE_OP("SparseTensorDenseMatMul", op) {
  op.in("a_indices:Tindices, a_values:T, a_shape:int64, b:T")
      .out("product:T")
      .attrs("T:type; Tindices:{int32,int64}=int64; adjoint_a:bool=false; adjoint_b:bool=false");
  op.infer([](InferContext& c) {
    c.with_rank(0, 2);
    c.with_rank(1, 1);
    Shape b = c.with_rank(3, 2);
    auto a = c.int_value(2);
    bool ta = c.attr<bool>("adjoint_a"), tb = c.attr<bool>("adjoint_b");
    c.set_output(0, {a && a->size() == 2 && a->at(ta) >= 0 ? a->at(ta) : -1, b[tb ? 0 : 1]});
  });
  op.kernel([](const KernelInit& k) {
    bool ta = k.attr<bool>("adjoint_a"), tb = k.attr<bool>("adjoint_b");
    KernelFn fn;
    dispatch(Types<float, double, int32_t, std::complex<float>, std::complex<double>, float16, bfloat16>{},
             k.input_type(1), [&]<class T>() {
               dispatch(IndexTypes{}, k.input_type(0),
                        [&]<class I>() { fn = [=](KernelContext& c) { sparse_matmul<T, I>(c, ta, tb); }; });
             });
    return fn;
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3}, 2), shape = Samples::i64({3, 4});
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kComplex64, DType::kComplex128})
      s.add({at, s.random({3}, t), shape, s.random({4, 2}, t)});
    s.add({at, s.random({3}, DType::kComplex64), shape, s.random({2, 3}, DType::kComplex64)},
          {{"adjoint_a", true}, {"adjoint_b", true}});
    s.add({at, s.random({3}), shape, s.random({2, 4})}, {{"adjoint_b", true}});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), shape, s.random({4, 2})});
    s.fails("inner dimension does not match: 4 vs. 5", {at, s.random({3}), shape, s.random({5, 2})});
    s.fails("out of bounds", {index_matrix({0, 9}, 2), s.random({1}), shape, s.random({4, 2})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor &at = g.input(0), &values = g.input(1), &b = g.input(3);
    bool adj_a = g.attr<bool>("adjoint_a"), adj_b = g.attr<bool>("adjoint_b");
    Tensor dy = g.grad();
    if (g.needs(3)) {
      Tensor db = grad::op("SparseTensorDenseMatMul", {at, values, g.input(2), dy},
                           {{"adjoint_a", !adj_a}, {"adjoint_b", false}});
      g.set(3, adj_b ? grad::adjoint(db) : db);
    }
    if (!g.needs(1)) return;
    Tensor two = grad::int32s({0, 1});
    auto column = [&](int64_t i) {
      return grad::op("GatherV2", {at, grad::int32_scalar(i), grad::int32_scalar(1)});
    };
    auto rows = [](const Tensor& t, const Tensor& i) {
      return grad::op("GatherV2", {t, i, grad::int32_scalar(0)});
    };
    Tensor from = rows(dy, column(adj_a ? 1 : 0)),
           by = rows(adj_b ? grad::adjoint(b) : b, column(adj_a ? 0 : 1));
    Tensor d = adj_a ? grad::conj(from) * by : from * grad::conj(by);
    g.set(1, grad::sum(d, grad::int32s({-1})));
  });
}

}  // namespace
}  // namespace floe
