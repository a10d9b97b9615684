// Sparse and dense tensors together: SparseTensorDenseAdd and SparseDenseCwiseAdd, -Mul, -Div.
#include "floe/ops/gradients.h"
#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

constexpr const char* kSparseNumbers =
    "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
    "uint16,"
    "complex128,half,uint32,uint64}";

void check_dense_rank(KernelContext& c, int64_t rank) {
  if (rank < 1 || rank > 5)
    c.fail(cat("Only tensors with ranks between 1 and 5 are currently supported.  Tensor rank: ", rank));
}

template <class T>
T plus(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return T(uint64_t(a) + uint64_t(b));
  else
    return T(a + b);
}

template <class T, class I>
void sparse_dense_add(KernelContext& c) {
  const Tensor &indices = c.input(0), &values = c.input(1), &shape = c.input(2), &dense = c.input(3);
  if (indices.rank() != 2)
    c.fail(cat("Input a_indices should be a matrix but received shape: ", indices.shape().str()));
  if (values.rank() != 1 || shape.rank() != 1)
    c.fail(cat("Inputs a_values and a_shape should be vectors but received shapes: ", values.shape().str(),
               " and ", shape.shape().str()));
  if (indices.dim(0) != values.dim(0))
    c.fail(cat("Dimensions ", indices.dim(0), " and ", values.dim(0), " are not compatible"));
  if (indices.dim(1) != shape.dim(0))
    c.fail(cat("Dimensions ", indices.dim(1), " and ", shape.dim(0), " are not compatible"));
  int64_t rank = shape.dim(0);
  if (rank != dense.rank())
    c.fail(cat("Two operands have different ranks; received: ", rank, " and ", dense.rank()));
  check_dense_rank(c, rank);
  for (int d = 0; d < rank; ++d)
    if (int64_t size = shape.data<I>()[d]; size != dense.dim(d))
      c.fail(cat("Dimension ", d, " does not equal (no broadcasting is supported): sparse side ", size,
                 " vs dense side ", dense.dim(d)));
  std::copy_n(dense.data<T>(), dense.num_elements(), c.out<T>(0));
  T* out = c.out<T>(0);
  const I* at = indices.data<I>();
  for (int64_t i = 0; i < indices.dim(0); ++i) {
    int64_t place = 0;
    for (int d = 0; d < rank; ++d) {
      int64_t x = at[i * rank + d];
      if (x < 0 || x >= dense.dim(d))
        c.fail(cat("Sparse tensor has an invalid index on dimension ", d, ": a_indices(", i, ",", d,
                   ") = ", x, ", dense tensor shape: ", dense.shape().str()));
      place = place * dense.dim(d) + x;
    }
    out[place] = plus(out[place], values.data<T>()[i]);
  }
}

FLOE_OP("SparseTensorDenseAdd", op) {
  op.in("a_indices:Tindices, a_values:T, a_shape:Tindices, b:T").out("output:T");
  op.attrs(std::string(kSparseNumbers) + "; Tindices:{int32,int64}");
  op.infer([](InferContext& c) { c.set_output(0, c.shape(3)); });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(NumberTypes{}, k.input_type(1), [&]<class T>() {
      dispatch(IndexTypes{}, k.input_type(0), [&]<class I>() { fn = sparse_dense_add<T, I>; });
    });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3, 2, 0}, 2), shape = Samples::i64({3, 4});
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64, DType::kComplex64,
                    DType::kComplex128})
      s.add({at, s.random({4}, t), shape, s.random({3, 4}, t)});
    s.add({Samples::iota({2, 1}, DType::kInt32), s.random({2}), Samples::i32({3}), s.random({3})});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), shape, s.random({3, 4})});
    s.fails("Dimension 0 does not equal (no broadcasting is supported): sparse side 3 vs dense side 2",
            {at, s.random({4}), shape, s.random({2, 4})});
    s.fails("Two operands have different ranks; received: 2 and 1",
            {at, s.random({4}), shape, s.random({4})});
    s.fails("Sparse tensor has an invalid index on dimension 0: a_indices(0,0) = 9",
            {index_matrix({9, 0}, 2), s.random({1}), shape, s.random({3, 4})});
    s.fails("Dimensions 4 and 3 are not compatible", {at, s.random({3}), shape, s.random({3, 4})});
  });
  op.gradient([](GradientContext& g) {
    g.set(1, grad::op("GatherNd", {g.grad(), g.input(0)}));
    g.set(3, g.grad());
  });
}

enum class Cwise { kAdd, kMul, kDiv };

template <class T, Cwise kOp>
void sparse_dense_cwise(KernelContext& c) {
  const Tensor &indices = c.input(0), &values = c.input(1), &dense = c.input(3);
  if (indices.rank() != 2)
    c.fail(cat("Input sp_indices should be a matrix but received shape: ", indices.shape().str()));
  if (values.rank() != 1 || c.input(2).rank() != 1)
    c.fail(cat("Inputs sp_values and sp_shape should be vectors but received shapes: ", values.shape().str(),
               " and ", c.input(2).shape().str()));
  if (c.input(2).dim(0) < 1) c.fail("The shape argument requires at least one element.");
  if (indices.dim(0) != values.dim(0))
    c.fail(cat("The first dimension of values and indices should match. (", values.dim(0), " vs. ",
               indices.dim(0), ")"));
  Shape shape = dense_shape(c, 2);
  int64_t rank = shape.rank();
  if (indices.dim(1) != rank)
    c.fail(cat("Number of dimensions must match second dimension of indices. Got ", rank,
               " dimensions, indices shape: ", indices.shape().str()));
  int skip = int(rank) - dense.rank();
  bool fits = skip >= 0;
  for (int d = 0; fits && d < dense.rank(); ++d) fits = dense.dim(d) == shape[skip + d] || dense.dim(d) == 1;
  if (!fits)
    c.fail(cat("SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: ",
               shape.str(), " vs. ", dense.shape().str()));
  check_dense_rank(c, rank);
  const int64_t* at = indices.data<int64_t>();
  const T *x = values.data<T>(), *y = dense.data<T>();
  T* out = c.out<T>(0);
  using C = compute_t<T>;
  for (int64_t i = 0; i < values.dim(0); ++i) {
    int64_t place = 0;
    for (int d = 0; d < rank; ++d) {
      int64_t v = at[i * rank + d];
      if (v < 0 || v >= shape[d])
        c.fail("Provided indices are out-of-bounds w.r.t. dense side with broadcasted shape");
      if (d >= skip) place = place * dense.dim(d - skip) + (dense.dim(d - skip) == 1 ? 0 : v);
    }
    C a = C(x[i]), b = C(y[place]);
    if constexpr (kOp == Cwise::kAdd) {
      out[i] = plus(x[i], y[place]);
    } else if constexpr (kOp == Cwise::kMul) {
      if constexpr (std::is_integral_v<T>)
        out[i] = T(uint64_t(a) * uint64_t(b));
      else
        out[i] = T(a * b);
    } else {
      if (b == C(0))
        c.fail("SparseDenseCwiseDiv cannot divide by zero,but input dense tensor contains zero ");
      if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
        out[i] = b == -1 ? T(0 - uint64_t(a)) : T(a / b);
      else
        out[i] = T(a / b);
    }
  }
}

template <Cwise kOp>
void define_sparse_cwise(OpBuilder& op) {
  op.in("sp_indices:int64, sp_values:T, sp_shape:int64, dense:T").out("output:T").attrs(kSparseNumbers);
  op.infer([](InferContext& c) {
    Shape indices = c.with_rank(0, 2), values = c.with_rank(1, 1);
    c.with_rank(2, 1);
    c.set_output(0, {indices[0] >= 0 ? indices[0] : values[0]});
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(NumberTypes{}, k.input_type(1), [&]<class T>() { fn = sparse_dense_cwise<T, kOp>; });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3}, 2), shape = Samples::i64({3, 4});
    for (DType t :
         {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt32, DType::kInt64,
          DType::kInt8, DType::kInt16, DType::kUint8, DType::kUint16, DType::kUint32, DType::kUint64})
      s.add({at, s.random({3}, t), shape, s.uniform({3, 4}, 1, 5, t)});
    for (const Shape& d : {Shape{4}, Shape{}, Shape{3, 1}, Shape{1, 1}})
      s.add({at, s.random({3}), shape, s.uniform(d, 1, 3)});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), shape, s.uniform({3, 4}, 1, 2)});
    s.fails(
        "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: [3,4] vs. [2,4]",
        {at, s.random({3}), shape, s.random({2, 4})});
    s.fails("Provided indices are out-of-bounds w.r.t. dense side with broadcasted shape",
            {index_matrix({9, 0}, 2), s.random({1}), shape, s.uniform({3, 4}, 1, 2)});
    s.fails("The first dimension of values and indices should match. (2 vs. 3)",
            {at, s.random({2}), shape, s.random({3, 4})});
    if (kOp == Cwise::kDiv)
      s.fails("cannot divide by zero", {at, s.random({3}), shape, Samples::filled({3, 4}, 0)});
  });
}

// Every value meets the dense element at its index, or at 0 where the dense side is broadcast.
void gradient_of_sparse_cwise(GradientContext& g, bool product) {
  const Tensor &at = g.input(0), &x = g.input(1), &shape = g.input(2), &dense = g.input(3);
  Tensor dense_shape = grad::cast(grad::shape_of(dense), DType::kInt64);
  Tensor added = grad::reshape(grad::size_of(shape) - grad::size_of(dense_shape), grad::int32s({1}));
  Tensor ones = grad::op("Fill", {added, Tensor::scalar(int64_t(1))});
  Tensor scale = grad::op("FloorDiv", {shape, grad::concat({ones, dense_shape}, 0)});
  scale = grad::op("Maximum", {scale, grad::like(scale, 1)});
  Tensor begin = grad::concat({grad::int32s({0}), added}, 0);
  Tensor place = grad::op("Slice", {grad::op("FloorDiv", {at, scale}), begin, grad::int32s({-1, -1})});
  Tensor y = grad::op("GatherNd", {dense, place}), dy = g.grad();
  g.set(1, product ? dy * y : dy / y);
  Tensor d = product ? dy * x : -(dy * x / (y * y));
  g.set(3, grad::op("ScatterNd", {place, d, dense_shape}));
}

FLOE_OP("SparseDenseCwiseAdd", op) {
  define_sparse_cwise<Cwise::kAdd>(op);
  op.gradient([](GradientContext& g) {
    g.fail("Gradient for SparseDenseCwiseAdd is not implemented; SparseTensorDenseAdd has one");
  });
}
FLOE_OP("SparseDenseCwiseMul", op) {
  define_sparse_cwise<Cwise::kMul>(op);
  op.gradient([](GradientContext& g) { gradient_of_sparse_cwise(g, true); });
}
FLOE_OP("SparseDenseCwiseDiv", op) {
  define_sparse_cwise<Cwise::kDiv>(op);
  op.gradient([](GradientContext& g) { gradient_of_sparse_cwise(g, false); });
}

}  // namespace
}  // namespace floe
