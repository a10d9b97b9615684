// Sums, means and extremes over segments of rows.
#include <algorithm>
#include <optional>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

enum class Fold { kSum, kMean, kProd, kMax, kMin };

Tensor rows_of(const Tensor& t, const Tensor& indices) {
  return grad::op("GatherV2", {t, indices, grad::int32_scalar(0)});
}
// Numbers per row, with ones for the other dimensions of `data`.
Tensor per_row(const Tensor& numbers, const Tensor& data) {
  Tensor rank = grad::rank_of(numbers), extra = grad::rank_of(data) - rank;
  Tensor ones = grad::op("Fill", {grad::reshape(extra, grad::int32s({1})), grad::int32_scalar(1)});
  return grad::reshape(numbers, grad::concat({grad::shape_of(numbers), ones}, 0));
}
// The number of rows of each segment, as numbers that divide `as`.
Tensor sizes_of(const Tensor& ids, const Tensor& segments, const Tensor& as) {
  Tensor ones = grad::op("Fill", {grad::shape_of(ids), grad::like(as, 1)});
  return per_row(grad::op("UnsortedSegmentSum", {ones, ids, segments}), as);
}
Tensor first_dim(const Tensor& t) {
  if (t.shape().has_rank() && t.dim(0) >= 0) return grad::int32_scalar(t.dim(0));
  return grad::op("StridedSlice",
                  {grad::shape_of(t), grad::int32s({0}), grad::int32s({1}), grad::int32s({1})},
                  {{"shrink_axis_mask", int64_t(1)}});
}

// What differs between sorted and unsorted segments.
struct SegmentRule {
  bool sorted;
  const GradientContext& g;
  Tensor ids() const { return g.input(1); }
  // Rows of a result; zeros for those that belong to none.
  Tensor gather(const Tensor& t) const {
    if (sorted) return rows_of(t, ids());
    Tensor none = grad::like(ids(), 0);
    Tensor rows = rows_of(t, grad::op("Maximum", {ids(), none}));
    return grad::where(per_row(ids() >= none, rows), rows, grad::zeros_like(rows));
  }
  Tensor fold(const char* op, const Tensor& rows) const {
    return sorted ? grad::op(cat("Segment", op), {rows, ids()})
                  : grad::op(cat("UnsortedSegment", op), {rows, ids(), g.input(2)});
  }
};

void gradient_of_segment_product(GradientContext& g, bool sorted) {
  SegmentRule r{sorted, g};
  Tensor x = g.input(0), dy = g.grad();
  Tensor is_zero = grad::op("Equal", {x, grad::like(x, 0)});
  Tensor zeros = r.fold("Sum", grad::cast(is_zero, DType::kInt32));
  dy = grad::where(zeros > grad::int32_scalar(1), grad::zeros_like(dy), dy);
  Tensor present = grad::where(is_zero, grad::ones_like(x), x);
  Tensor others = r.gather(r.fold("Prod", present));
  Tensor rest = grad::where(is_zero, others, r.gather(g.output()) / present);
  g.set(0, r.gather(dy) * rest);
}
// Shared equally by the rows that are the extreme.
void gradient_of_segment_extreme(GradientContext& g, bool sorted) {
  SegmentRule r{sorted, g};
  Tensor dy = g.grad();
  Tensor chosen = grad::op("Equal", {g.input(0), r.gather(g.output())});
  if (!sorted) {
    Tensor in_some = r.ids() >= grad::like(r.ids(), 0);
    chosen = grad::op("LogicalAnd", {chosen, per_row(in_some, chosen)});
  }
  Tensor count = r.fold("Sum", grad::cast(chosen, dy.dtype()));
  Tensor share = r.gather(dy / count);
  g.set(0, grad::where(chosen, share, grad::zeros_like(share)));
}

template <class T>
compute_t<T> largest() {
  if constexpr (std::is_same_v<T, float16>) return 65504.0f;
  if constexpr (std::is_same_v<T, bfloat16>) return 0x1.fep127f;
  return std::numeric_limits<compute_t<T>>::max();
}
template <class T>
compute_t<T> lowest() {
  if constexpr (std::is_integral_v<T>)
    return std::numeric_limits<T>::min();
  else
    return -largest<T>();
}
template <Fold kFold, class T>
compute_t<T> fold_start() {
  if constexpr (kFold == Fold::kProd)
    return compute_t<T>(1);
  else if constexpr (kFold == Fold::kMax)
    return lowest<T>();
  else if constexpr (kFold == Fold::kMin)
    return largest<T>();
  else
    return compute_t<T>(0);
}
template <Fold kFold, class A>
A fold(A a, A b) {
  if constexpr (kFold == Fold::kMax) {
    return a < b || b != b ? b : a;
  } else if constexpr (kFold == Fold::kMin) {
    return b < a || b != b ? b : a;
  } else if constexpr (std::is_integral_v<A>) {
    return kFold == Fold::kProd ? A(uint64_t(a) * uint64_t(b)) : A(uint64_t(a) + uint64_t(b));
  } else {
    return kFold == Fold::kProd ? a * b : a + b;
  }
}

int64_t row_size(const Shape& s, int from) {
  int64_t n = 1;
  for (int i = from; i < s.rank(); ++i) n *= s[i];
  return n;
}

// Folds row x into acc.
template <Fold kFold, class T>
void fold_row(compute_t<T>* acc, const T* x, int64_t n) {
  for (int64_t j = 0; j < n; ++j) acc[j] = fold<kFold>(acc[j], compute_t<T>(x[j]));
}

// Sorted segments. What no row belongs to holds 0 (1 for products).
template <Fold kFold, class T>
void segment(KernelContext& c) {
  const Tensor& data = c.input(0);
  std::vector<int64_t> ids = c.ints(1);
  int64_t rows = data.dim(0), width = row_size(data.shape(), 1), segments = c.output(0).dim(0);
  if (int64_t(ids.size()) != rows) c.fail("segment_ids should be the same size as dimension 0 of input.");
  if (!ids.empty() && ids.back() < 0) c.fail("segment ids must be >= 0");
  for (int64_t i = 1; i <= rows; ++i) {
    int64_t id = ids[size_t(i - 1)];
    if (i < rows && ids[size_t(i)] == id) continue;
    if (i < rows && ids[size_t(i)] < id) c.fail("segment ids are not increasing");
    if (id < 0 || id >= segments)
      c.fail(cat("Segment id ", id, " out of range [0, ", segments,
                 "), possibly because 'segment_ids' input is not sorted."));
  }
  T* out = c.out<T>(0);
  std::fill_n(out, segments * width, kFold == Fold::kProd ? T(1) : T(0));
  using A = compute_t<T>;
  std::vector<A> acc(static_cast<size_t>(width));
  for (int64_t i = 0; i < rows;) {
    int64_t id = ids[size_t(i)], from = i;
    std::fill(acc.begin(), acc.end(), fold_start<kFold, T>());
    for (; i < rows && ids[size_t(i)] == id; ++i)
      fold_row<kFold>(acc.data(), data.data<T>() + i * width, width);
    for (int64_t j = 0; j < width; ++j) {
      A v = acc[size_t(j)];
      if constexpr (kFold == Fold::kMean) v = A(v / A(i - from));
      out[id * width + j] = T(v);
    }
  }
}

// What is wrong with the ids' values, the kernel says, when it runs.
void infer_segment(InferContext& c) {
  const Shape &data = c.shape(0), &ids = c.shape(1);
  if (data.has_rank() && data.rank() == 0) c.fail("input must be at least rank 1");
  if (ids.has_rank() && ids.rank() != 1) c.fail("segment_ids should be a vector.");
  if (!data.has_rank()) return;
  Shape out = data;
  out.set_dim(0, -1);
  if (auto v = c.int_value(1)) {
    int64_t last = v->empty() ? -1 : std::max<int64_t>(v->back(), -1);
    if (last == INT64_MAX) c.fail(cat("segment id ", last, " is too large"));
    out.set_dim(0, last + 1);
  }
  c.set_output(0, out);
}

template <Fold kFold, class TypeList>
void define_segment(OpBuilder& op, const std::string& types) {
  op.in("data:T, segment_ids:Tindices").out("output:T").attrs(types + "; Tindices:{int32,int64}");
  op.infer(infer_segment).fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(TypeList{}, k.input_type(0), [&]<class T>() { fn = segment<kFold, T>; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({4, 2}, t), Samples::i32({0, 0, 2, 3})}); });
    s.add({s.random({5}), Samples::i64({0, 1, 1, 1, 4})});
    s.add({s.random({3, 2, 2}), Samples::i32({1, 1, 1})});
    s.add({s.random({0, 2}), Samples::i32({})});
    s.fails("segment ids are not increasing", {s.random({3}), Samples::i32({0, 2, 1})});
    s.fails("Segment id -1 out of range", {s.random({3}), Samples::i32({-1, 0, 1})});
    s.fails("segment_ids should be the same size as dimension 0 of input",
            {s.random({3}), Samples::i32({0, 1})});
    s.fails("segment_ids should be a vector", {s.random({3}), s.random({1, 3}, DType::kInt32)});
  });
}

const std::string kSegmentNumbers =
    "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
    "uint16,"
    "complex128,half,uint32,uint64}";

FLOE_OP("SegmentSum", op) {
  define_segment<Fold::kSum, NumberTypes>(op, kSegmentNumbers);
  op.gradient([](GradientContext& g) { g.set(0, rows_of(g.grad(), g.input(1))); });
}
FLOE_OP("SegmentMean", op) {
  define_segment<Fold::kMean, NumberTypes>(op, kSegmentNumbers);
  op.gradient([](GradientContext& g) {
    Tensor dy = g.grad(), ids = g.input(1);
    g.set(0, rows_of(dy / sizes_of(ids, first_dim(dy), dy), ids));
  });
}
FLOE_OP("SegmentProd", op) {
  define_segment<Fold::kProd, NumberTypes>(op, kSegmentNumbers);
  op.gradient([](GradientContext& g) { gradient_of_segment_product(g, true); });
}
FLOE_OP("SegmentMax", op) {
  define_segment<Fold::kMax, RealTypes>(op, kRealAttr);
  op.gradient([](GradientContext& g) { gradient_of_segment_extreme(g, true); });
}
FLOE_OP("SegmentMin", op) {
  define_segment<Fold::kMin, RealTypes>(op, kRealAttr);
  op.gradient([](GradientContext& g) { gradient_of_segment_extreme(g, true); });
}

std::optional<int64_t> segments_given(InferContext& c, int input) {
  if (c.shape(input).has_rank() && c.shape(input).rank() != 0)
    c.fail(cat("num_segments should be a scalar, not shape ", c.shape(input).str()));
  auto v = c.int_value(input);
  if (!v) return std::nullopt;
  if ((*v)[0] < 0) c.fail(cat("Input num_segments == ", (*v)[0], " must not be negative."));
  return (*v)[0];
}

void infer_unsorted(InferContext& c) {
  const Shape &data = c.shape(0), &ids = c.shape(1);
  int64_t n = segments_given(c, 2).value_or(-1);
  if (!data.has_rank() || !ids.has_rank()) return;
  bool fits = data.rank() >= ids.rank();
  for (int i = 0; fits && i < ids.rank(); ++i) fits = data[i] < 0 || ids[i] < 0 || data[i] == ids[i];
  if (!fits) c.fail(cat("data.shape = ", data.str(), " does not start with segment_ids.shape = ", ids.str()));
  c.set_output(0, Shape{n}.concat(data.slice(ids.rank())));
}

template <Fold kFold, class T>
void unsorted_segment(KernelContext& c) {
  const Tensor &data = c.input(0), &ids = c.input(1);
  int64_t width = row_size(data.shape(), ids.rank()), segments = c.output(0).dim(0), n = ids.num_elements();
  using A = compute_t<T>;
  T* out = c.out<T>(0);
  std::vector<A> wide;
  A* acc;
  if constexpr (std::is_same_v<A, T>) {
    acc = out;
  } else {
    wide.resize(size_t(segments * width));
    acc = wide.data();
  }
  std::fill_n(acc, segments * width, fold_start<kFold, T>());
  dispatch(Types<int16_t, int32_t, int64_t>{}, ids.dtype(), [&]<class I>() {
    const I* id = ids.data<I>();
    for (int64_t i = 0; i < n; ++i) {
      if (id[i] < 0) continue;
      if (int64_t(id[i]) >= segments)
        c.fail(cat("segment_ids[", i, "] = ", id[i], " is out of range [0, ", segments, ")"));
      fold_row<kFold>(acc + int64_t(id[i]) * width, data.data<T>() + i * width, width);
    }
  });
  if constexpr (!std::is_same_v<A, T>)
    for (int64_t i = 0; i < segments * width; ++i) out[i] = T(wide[size_t(i)]);
}

template <Fold kFold, class TypeList>
void define_unsorted(OpBuilder& op, const std::string& types, const char* indices) {
  op.in("data:T, segment_ids:Tindices, num_segments:Tnumsegments")
      .out("output:T")
      .attrs(cat(types, "; Tindices:", indices, "; Tnumsegments:{int32,int64}=int32"));
  op.infer(infer_unsorted).fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(TypeList{}, k.input_type(0), [&]<class T>() { fn = unsorted_segment<kFold, T>; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      if (kFold == Fold::kMax || kFold == Fold::kMin || t != DType::kFloat16)
        s.add({s.random({4, 2}, t), Samples::i32({2, 0, 2, -1}), Tensor::scalar(3)});
      else
        s.add({s.random({4, 2}, t), Samples::i32({1, 0, 1, 2}), Tensor::scalar(3)});
    });
    s.add({s.random({2, 3}), Samples::i64({1, 0}), Tensor::scalar<int64_t>(4)});
    s.add({s.random({2, 2, 3}), Tensor::of<int32_t>({2, 2}, {1, 0, 1, 1}), Tensor::scalar(2)});
    s.add({s.random({}), Tensor::scalar(0), Tensor::scalar(2)});
    s.add({s.random({0, 3}), Samples::i32({}), Tensor::scalar(2)});
    s.add({s.random({2}), Samples::i32({-1, -1}), Tensor::scalar(0)});
    s.fails("segment_ids[2] = 4 is out of range [0, 4)",
            {s.random({3}), Samples::i32({2, 0, 4}), Tensor::scalar(4)});
    s.fails("does not start with segment_ids.shape",
            {s.random({3}), Samples::i32({2, 0}), Tensor::scalar(4)});
    s.fails("must not be negative", {s.random({2}), Samples::i32({0, 0}), Tensor::scalar(-1)});
    s.fails("num_segments should be a scalar", {s.random({2}), Samples::i32({0, 0}), Samples::i32({2})});
  });
}
FLOE_OP("UnsortedSegmentSum", op) {
  define_unsorted<Fold::kSum, NumberTypes>(op, kSegmentNumbers, "{int16,int32,int64}");
  op.gradient([](GradientContext& g) {
    SegmentRule r{false, g};
    g.set(0, r.gather(g.grad()));
  });
}
FLOE_OP("UnsortedSegmentProd", op) {
  define_unsorted<Fold::kProd, NumberTypes>(op, kSegmentNumbers, "{int32,int64}");
  op.gradient([](GradientContext& g) { gradient_of_segment_product(g, false); });
}
FLOE_OP("UnsortedSegmentMax", op) {
  define_unsorted<Fold::kMax, RealTypes>(op, kRealAttr, "{int32,int64}");
  op.gradient([](GradientContext& g) { gradient_of_segment_extreme(g, false); });
}
FLOE_OP("UnsortedSegmentMin", op) {
  define_unsorted<Fold::kMin, RealTypes>(op, kRealAttr, "{int32,int64}");
  op.gradient([](GradientContext& g) { gradient_of_segment_extreme(g, false); });
}

enum class Weight { kSum, kMean, kSqrtN };

template <bool kGiven>
void infer_sparse_segment(InferContext& c) {
  const Shape &data = c.shape(0), &indices = c.shape(1), &ids = c.shape(2);
  if (data.has_rank() && data.rank() == 0) c.fail("Shape must be at least rank 1");
  if (indices.has_rank() && indices.rank() != 1) c.fail("indices should be a vector.");
  if (ids.has_rank() && ids.rank() != 1) c.fail("segment_ids should be a vector.");
  if (indices.has_rank() && ids.has_rank() && indices[0] >= 0 && ids[0] >= 0 && indices[0] != ids[0])
    c.fail("segment_ids and indices should have same size.");
  int64_t n = -1;
  auto v = c.int_value(2);
  if (kGiven) {
    n = segments_given(c, 3).value_or(-1);
  } else if (v) {
    int64_t last = v->empty() ? -1 : v->back();
    if (last < 0 && !v->empty()) c.fail("segment ids must be >= 0");
    if (last == INT64_MAX) c.fail(cat("segment id ", last, " is too large"));
    n = last + 1;
  }
  if (!data.has_rank()) return;
  Shape out = data;
  out.set_dim(0, n);
  c.set_output(0, out);
}

template <Weight kWeight, bool kGiven, class T>
void sparse_segment(KernelContext& c) {
  const Tensor& data = c.input(0);
  std::vector<int64_t> indices = c.ints(1), ids = c.ints(2);
  int64_t rows = data.dim(0), width = row_size(data.shape(), 1), segments = c.output(0).dim(0),
          n = int64_t(ids.size());
  for (int64_t i = 0; i < n; ++i) {
    int64_t id = ids[size_t(i)], at = indices[size_t(i)];
    if (i && id < ids[size_t(i - 1)]) c.fail("segment ids are not increasing");
    if (id < 0)
      c.fail(cat("Segment id ", id, " out of range [0, ", segments,
                 "), possibly because 'segment_ids' input is not sorted."));
    if (id >= segments)
      c.fail(kGiven ? "segment ids must be < num_segments" : "segment ids are not increasing");
    if (at < 0 || at >= rows) c.fail(cat("Bad: indices[", i, "] == ", at, " out of range [0, ", rows, ")"));
  }
  using A = compute_t<T>;
  T* out = c.out<T>(0);
  std::fill_n(out, segments * width, T(0));
  std::vector<A> acc(static_cast<size_t>(width));
  for (int64_t i = 0; i < n;) {
    int64_t id = ids[size_t(i)], from = i;
    std::fill(acc.begin(), acc.end(), A(0));
    for (; i < n && ids[size_t(i)] == id; ++i)
      fold_row<Fold::kSum>(acc.data(), data.data<T>() + indices[size_t(i)] * width, width);
    for (int64_t j = 0; j < width; ++j) {
      A v = acc[size_t(j)];
      if constexpr (kWeight == Weight::kMean) v /= A(i - from);
      if constexpr (kWeight == Weight::kSqrtN) v /= std::sqrt(A(i - from));
      out[id * width + j] = T(v);
    }
  }
}

template <Weight kWeight, bool kGiven>
void define_sparse(OpBuilder& op) {
  constexpr bool sum = kWeight == Weight::kSum;
  std::string attrs = cat(sum ? kRealAttr : kFloatAttr, "; Tidx:{int32,int64}=int32; ",
                          kGiven ? "Tnumsegments:{int32,int64}=int32; " : "",
                          "Tsegmentids:{int32,int64}=int32; sparse_gradient:bool=false");
  op.in(kGiven ? "data:T, indices:Tidx, segment_ids:Tsegmentids, num_segments:Tnumsegments"
               : "data:T, indices:Tidx, segment_ids:Tsegmentids");
  op.out("output:T").attrs(attrs).infer(infer_sparse_segment<kGiven>).fails_on_values();
  op.gradient([](GradientContext& g) {
    Tensor dy = g.grad(), ids = g.input(2);
    if (kWeight != Weight::kSum) {
      Tensor sizes = sizes_of(ids, first_dim(dy), dy);
      dy = dy / (kWeight == Weight::kMean ? sizes : grad::op("Sqrt", {sizes}));
    }
    Tensor rows = rows_of(dy, ids);
    if (g.attr<bool>("sparse_gradient"))
      g.set(0, IndexedSlices{rows, g.input(1), grad::shape_of(g.input(0))});
    else
      g.set(0, grad::op("UnsortedSegmentSum", {rows, g.input(1), first_dim(g.input(0))}));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    using TypeList = std::conditional_t<sum, RealTypes, FloatTypes>;
    dispatch(TypeList{}, k.input_type(0), [&]<class T>() { fn = sparse_segment<kWeight, kGiven, T>; });
    return fn;
  });
  op.samples([](Samples& s) {
    auto args = [&](Tensor data, Tensor indices, Tensor ids, Tensor n) {
      std::vector<Tensor> v{data, indices, ids};
      if (kGiven) v.push_back(n);
      return v;
    };
    Tensor four = Tensor::scalar(4);
    s.each_type("T", [&](DType t) {
      s.add(args(s.random({4, 2}, t), Samples::i32({3, 0, 0}), Samples::i32({0, 0, 2}), four));
    });
    s.add(args(s.random({4}), Samples::i64({3, 0, 0}), Samples::i64({1, 1, 1}), Tensor::scalar<int64_t>(2)));
    s.add(args(s.random({4, 2, 2}), Samples::i32({1}), Samples::i32({0}), four));
    s.add(args(s.random({4, 2}), Samples::i32({}), Samples::i32({}), four));
    s.fails("Bad: indices[1] == 3 out of range [0, 3)",
            args(s.random({3, 2}), Samples::i32({0, 3}), Samples::i32({0, 0}), four));
    s.fails("Bad: indices[1] == -1 out of range [0, 3)",
            args(s.random({3, 2}), Samples::i32({0, -1}), Samples::i32({0, 0}), four));
    s.fails("segment ids are not increasing",
            args(s.random({3, 2}), Samples::i32({0, 1}), Samples::i32({1, 0}), four));
    s.fails("segment_ids and indices should have same size",
            args(s.random({3, 2}), Samples::i32({0, 1}), Samples::i32({1}), four));
    s.fails("indices should be a vector",
            args(s.random({3, 2}), Tensor::of<int32_t>({1, 2}, {0, 1}), Samples::i32({0, 1}), four));
    if (kGiven) {
      s.fails("segment ids must be < num_segments",
              args(s.random({3, 2}), Samples::i32({0, 1}), Samples::i32({0, 4}), four));
      s.fails("num_segments should be a scalar",
              args(s.random({3, 2}), Samples::i32({0, 1}), Samples::i32({0, 1}), Samples::i32({4})));
    }
  });
}
FLOE_OP("SparseSegmentSum", op) { define_sparse<Weight::kSum, false>(op); }
FLOE_OP("SparseSegmentMean", op) { define_sparse<Weight::kMean, false>(op); }
FLOE_OP("SparseSegmentSqrtN", op) { define_sparse<Weight::kSqrtN, false>(op); }
FLOE_OP("SparseSegmentSumWithNumSegments", op) { define_sparse<Weight::kSum, true>(op); }
FLOE_OP("SparseSegmentMeanWithNumSegments", op) { define_sparse<Weight::kMean, true>(op); }
FLOE_OP("SparseSegmentSqrtNWithNumSegments", op) { define_sparse<Weight::kSqrtN, true>(op); }

}  // namespace
}  // namespace floe
