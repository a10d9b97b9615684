// SparseReduceSum, SparseReduceMax and SparseSoftmax.
#include <cmath>
#include <limits>

#include "floe/ops/gradients.h"
#include "floe/ops/sparse/sparse.h"

namespace floe {
namespace {

// Which dimensions are reduced; fail(message) when one is out of range.
template <class F>
std::vector<bool> reduced_dims(const std::vector<int64_t>& axes, int rank, F&& fail) {
  std::vector<bool> reduced(size_t(rank), false);
  for (int64_t a : axes) {
    if (a < -rank || a >= rank)
      fail(cat("Invalid reduction dimension ", a, ", for input with ", rank, " dimensions."));
    reduced[size_t(a < 0 ? a + rank : a)] = true;
  }
  return reduced;
}

Shape reduced_shape(const Shape& in, const std::vector<bool>& reduced, bool keep) {
  Shape out;
  for (int d = 0; d < in.rank(); ++d) {
    if (!reduced[size_t(d)])
      out.push_back(in[d]);
    else if (keep)
      out.push_back(1);
  }
  return out;
}

struct AddUp {
  template <class T>
  static T join(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return T(uint64_t(a) + uint64_t(b));
    else
      return T(a + b);
  }
};
struct TakeLarger {
  template <class T>
  static T join(T a, T b) {
    if constexpr (std::numeric_limits<T>::has_quiet_NaN) {
      if (a != a) return b;
    } else if constexpr (!std::is_integral_v<T>) {
      if (float(a) != float(a)) return b;
    }
    return a < b ? b : a;
  }
};

template <class T, class Op>
void sparse_reduce(KernelContext& c, bool keep) {
  check_sparse(c, 0);
  if (c.input(3).rank() > 1)
    c.fail(cat("Expected reduction_axes to be a scalar or a vector; got shape: ", c.input(3).shape().str()));
  Shape shape = dense_shape(c, 2);
  int64_t rank = shape.rank(), n = c.input(0).dim(0);
  std::vector<bool> reduced = reduced_dims(c.ints(3), int(rank), [&](const std::string& m) { c.fail(m); });
  Tensor& output = c.allocate(0, c.input(1).dtype(), reduced_shape(shape, reduced, keep));
  T* out = output.mutable_data<T>();
  std::fill_n(out, output.num_elements(), T(0));
  std::vector<int64_t> keys, groups;
  for (int64_t d = 0; d < rank; ++d)
    if (!reduced[size_t(d)]) groups.push_back(d);
  keys = groups;
  for (int64_t d = 0; d < rank; ++d)
    if (reduced[size_t(d)]) keys.push_back(d);
  const int64_t* at = c.in<int64_t>(0);
  const T* values = c.in<T>(1);
  int64_t last = -1;
  for (int64_t row : sorted_rows(at, n, rank, keys)) {
    int64_t place = 0;
    for (int64_t d : groups) {
      int64_t x = at[row * rank + d];
      if (x < 0 || x >= shape[int(d)])
        c.fail(cat("indices[", row, "] = ", index_text(at + row * rank, rank),
                   " is out of bounds: the shape is ", shape.str()));
      place = place * shape[int(d)] + x;
    }
    out[place] = place == last ? Op::join(out[place], values[row]) : values[row];
    last = place;
  }
}

template <class Op, class List>
void define_sparse_reduce(OpBuilder& op, const char* types) {
  op.in("input_indices:int64, input_values:T, input_shape:int64, reduction_axes:int32").out("output:T");
  op.attrs(std::string("keep_dims:bool=false; ") + types);
  op.infer([](InferContext& c) {
    c.with_rank(0, 2);
    c.with_rank(1, 1);
    c.with_rank(2, 1);
    auto dims = c.int_value(2), axes = c.int_value(3);
    if (!dims || !axes) return;
    for (int64_t d : *dims)
      if (d < 0) c.fail(cat("Expected shape dimensions to be non-negative, got ", d));
    Shape shape(*dims);
    auto reduced = reduced_dims(*axes, shape.rank(), [&](const std::string& m) { c.fail(m); });
    c.set_output(0, reduced_shape(shape, reduced, c.attr<bool>("keep_dims")));
  });
  op.kernel([](const KernelInit& k) {
    bool keep = k.attr<bool>("keep_dims");
    KernelFn fn;
    dispatch(List{}, k.input_type(1),
             [&]<class T>() { fn = [keep](KernelContext& c) { sparse_reduce<T, Op>(c, keep); }; });
    return fn;
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3}, 2), shape = Samples::i64({5, 6});
    for (DType t :
         {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt32, DType::kInt64,
          DType::kInt8, DType::kInt16, DType::kUint8, DType::kUint16, DType::kUint32, DType::kUint64})
      s.add({at, s.random({3}, t), shape, Samples::i32({1})});
    for (const std::vector<int32_t>& axes :
         std::vector<std::vector<int32_t>>{{0}, {-1}, {0, 1}, {}, {0, 0}, {-2, 0}}) {
      s.add({at, s.random({3}), shape, Samples::i32(axes)});
      s.add({at, s.random({3}), shape, Samples::i32(axes)}, {{"keep_dims", true}});
    }
    s.add({at, s.random({3}), shape, Tensor::scalar(int32_t(0))});
    s.add({index_matrix({2, 3, 2, 0, 0, 1}, 2), s.random({3}), shape, Samples::i32({1})});
    s.add({index_matrix({1, 1, 1, 1}, 2), s.random({2}), shape, Samples::i32({})});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), shape, Samples::i32({0, 1})});
    s.fails("Invalid reduction dimension 2, for input with 2 dimensions.",
            {at, s.random({3}), shape, Samples::i32({2})});
    s.fails("Expected shape dimensions to be non-negative, got -5",
            {at, s.random({3}), Samples::i64({-5, 6}), Samples::i32({1})});
    s.fails("indices and values rows (indexing dimension) must match",
            {at, s.random({2}), shape, Samples::i32({1})});
  });
}

FLOE_OP("SparseReduceSum", op) {
  define_sparse_reduce<AddUp, NumberTypes>(op,
                                           "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,"
                                           "quint8,qint32,bfloat16,qint16,quint16,uint16,"
                                           "complex128,half,uint32,uint64}");
  op.gradient([](GradientContext& g) {
    const Tensor &at = g.input(0), &shape = g.input(2);
    Tensor axes = grad::op("FloorMod", {grad::flat(g.input(3)), grad::size_of(shape)});
    Tensor ones = grad::cast(grad::ones_like(axes), DType::kInt64);
    Tensor kept = grad::op("TensorScatterUpdate", {shape, grad::expand_dims(axes, 1), ones});
    Tensor scale = grad::op("Maximum", {grad::op("FloorDiv", {shape, kept}), grad::like(shape, 1)});
    g.set(1, grad::op("GatherNd", {grad::reshape(g.grad(), kept), grad::op("FloorDiv", {at, scale})}));
  });
}
FLOE_OP("SparseReduceMax", op) {
  define_sparse_reduce<TakeLarger, RealTypes>(
      op, "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}");
}

template <class T>
void sparse_softmax(KernelContext& c) {
  check_sparse(c, 0);
  int64_t n = c.input(0).dim(0), rank = c.input(0).dim(1);
  if (rank < 2) c.fail(cat("Input should have rank >= 2, but received rank ", rank));
  std::vector<int64_t> keys(static_cast<size_t>(rank));
  std::iota(keys.begin(), keys.end(), 0);
  const int64_t* at = c.in<int64_t>(0);
  const T* in = c.in<T>(1);
  T* out = c.out<T>(0);
  // As in TensorFlow, the values of unsorted indices come out sorted.
  std::vector<int64_t> order = sorted_rows(at, n, rank, keys);
  using C = compute_t<T>;
  for (size_t i = 0, end = 0; i < order.size(); i = end) {
    auto same_row = [&](size_t j) {
      return std::equal(at + order[i] * rank, at + order[i] * rank + rank - 1, at + order[j] * rank);
    };
    C largest = C(in[order[i]]), sum = 0;
    for (end = i; end < order.size() && same_row(end); ++end) largest = std::max(largest, C(in[order[end]]));
    for (size_t j = i; j < end; ++j) sum += std::exp(C(in[order[j]]) - largest);
    for (size_t j = i; j < end; ++j) out[j] = T(std::exp(C(in[order[j]]) - largest) / sum);
  }
}

FLOE_OP("SparseSoftmax", op) {
  op.in("sp_indices:int64, sp_values:T, sp_shape:int64").out("output:T").attrs("T:{half,float,double}");
  op.infer([](InferContext& c) {
    c.with_rank(0, 2);
    c.with_rank(2, 1);
    c.set_output(0, c.with_rank(1, 1));
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(Types<float, double, float16>{}, k.input_type(1), [&]<class T>() { fn = sparse_softmax<T>; });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor at = index_matrix({0, 1, 2, 0, 2, 3}, 2), shape = Samples::i64({5, 6});
    s.each_type("T", [&](DType t) { s.add({at, s.random({3}, t), shape}); });
    s.add({index_matrix({0, 0, 1, 0, 0, 1}, 2), s.random({3}), shape});
    s.add({index_matrix({0, 0, 1, 0, 1, 1, 1, 0, 0}, 3), s.random({3}), Samples::i64({2, 2, 2})});
    s.add({at, Samples::numbers({3}, {1, INFINITY, 2}), shape});
    s.add({Tensor(DType::kInt64, {0, 2}), s.random({0}), shape});
    s.fails("Input should have rank >= 2", {index_matrix({0, 1}, 1), s.random({2}), Samples::i64({5})});
  });
  op.gradient([](GradientContext& g) {
    // Sums over rows, by sparse reduction along the last dimension.
    const Tensor &at = g.input(0), &shape = g.input(2), &y = g.output();
    Tensor product = g.grad() * y;
    Tensor sums =
        grad::op("SparseReduceSum", {at, product, shape, grad::int32s({-1})}, {{"keep_dims", true}});
    Tensor depth = grad::size_of(shape), front = grad::range(grad::int32_scalar(0), depth - 1.0);
    Tensor rows = grad::op("GatherV2", {at, front, grad::int32_scalar(1)});
    Tensor each = grad::op("GatherNd",
                           {grad::op("Squeeze", {sums}, {{"squeeze_dims", std::vector<int64_t>{-1}}}), rows});
    g.set(1, product - each * y);
  });
}

}  // namespace
}  // namespace floe
