// Reductions over axes: Sum, Mean, Prod, Max, Min, All, Any, EuclideanNorm.
#include <algorithm>

#include "floe/ops/half_sum.h"
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

// Which dimensions are reduced. Axes may be any integer tensor; each may occur once.
std::vector<bool> reduced_axes(const InferContext& c, int rank, const std::vector<int64_t>& axes) {
  std::vector<bool> reduced(size_t(rank), false);
  for (int64_t a : axes) {
    if (a < -rank || a >= rank)
      c.fail(cat("Invalid reduction dimension (", a, " for input with ", rank, " dimension(s)"));
    size_t i = size_t(a < 0 ? a + rank : a);
    if (reduced[i]) c.fail(cat("Invalid reduction arguments: Axes contains duplicate dimension: ", i));
    reduced[i] = true;
  }
  return reduced;
}

void infer_reduction(InferContext& c) {
  const Shape& in = c.shape(0);
  bool keep = c.attr<bool>("keep_dims");
  auto axes = c.int_value(1);
  if (!in.has_rank()) {
    if (axes && axes->empty()) c.set_output(0, in);
    return;
  }
  if (!axes) {
    int64_t n = c.shape(1).num_elements();
    if (keep)
      c.set_output(0, Shape::unknown_of_rank(in.rank()));
    else if (n >= 0 && n <= in.rank())
      c.set_output(0, Shape::unknown_of_rank(in.rank() - int(n)));
    return;
  }
  std::vector<bool> reduced = reduced_axes(c, in.rank(), *axes);
  Shape out;
  for (int i = 0; i < in.rank(); ++i) {
    if (!reduced[size_t(i)])
      out.push_back(in[i]);
    else if (keep)
      out.push_back(1);
  }
  c.set_output(0, out);
}

// Neighbouring dimensions with the same fate, merged; dimensions of one element are dropped.
struct ReduceLoop {
  std::vector<int64_t> kept, kept_stride, reduced, reduced_stride;  // without the innermost dimension
  int64_t inner = 1;
  bool inner_reduced = true;
  int64_t outer_kept = 1, outer_reduced = 1;
};

ReduceLoop make_loop(const Shape& in, const std::vector<int64_t>& axes) {
  std::vector<bool> is_reduced(size_t(in.rank()), false);
  for (int64_t a : axes) is_reduced[size_t(a < 0 ? a + in.rank() : a)] = true;
  std::vector<std::pair<int64_t, bool>> dims;
  for (int i = 0; i < in.rank(); ++i) {
    if (in[i] == 1) continue;
    if (!dims.empty() && dims.back().second == is_reduced[size_t(i)])
      dims.back().first *= in[i];
    else
      dims.push_back({in[i], is_reduced[size_t(i)]});
  }
  ReduceLoop l;
  if (dims.empty()) return l;
  l.inner = dims.back().first;
  l.inner_reduced = dims.back().second;
  int64_t stride = l.inner;
  for (size_t i = dims.size() - 1; i-- > 0;) {
    auto& sizes = dims[i].second ? l.reduced : l.kept;
    auto& strides = dims[i].second ? l.reduced_stride : l.kept_stride;
    sizes.insert(sizes.begin(), dims[i].first);
    strides.insert(strides.begin(), stride);
    (dims[i].second ? l.outer_reduced : l.outer_kept) *= dims[i].first;
    stride *= dims[i].first;
  }
  return l;
}

int64_t offset_of(int64_t i, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides) {
  int64_t offset = 0;
  for (size_t d = sizes.size(); d-- > 0;) {
    offset += i % sizes[d] * strides[d];
    i /= sizes[d];
  }
  return offset;
}

// Calls fn(offset) for every index of the reduced dimensions outside the innermost one.
template <class F>
void each_reduced(const ReduceLoop& l, F&& fn) {
  if (l.reduced.empty()) return fn(int64_t(0));
  if (l.reduced.size() == 1) {
    for (int64_t i = 0; i < l.reduced[0]; ++i) fn(i * l.reduced_stride[0]);
    return;
  }
  for (int64_t i = 0; i < l.outer_reduced; ++i) fn(offset_of(i, l.reduced, l.reduced_stride));
}

// Independent partial results let the compiler use vector registers; halving keeps long float sums exact.
template <class R, class T>
typename R::Acc reduce_row(const T* x, int64_t n) {
  using Acc = typename R::Acc;
  constexpr int64_t kBlock = 4096, kLanes = 16;
  if (n > kBlock) {
    int64_t half = n / 2 / kLanes * kLanes;
    return R::merge(reduce_row<R>(x, half), reduce_row<R>(x + half, n - half));
  }
  Acc acc = R::init();
  int64_t i = 0;
  if (n >= 2 * kLanes) {
    Acc lanes[kLanes];
    for (Acc& a : lanes) a = R::init();
    for (; i + kLanes <= n; i += kLanes)
      for (int64_t k = 0; k < kLanes; ++k) lanes[k] = R::merge(lanes[k], R::map(x[i + k]));
    for (Acc a : lanes) acc = R::merge(acc, a);
  }
  for (; i < n; ++i) acc = R::merge(acc, R::map(x[i]));
  return acc;
}

constexpr int64_t kColumns = 256;

// Sums of columns of halves are rounded after every addition, in TensorFlow's order:
// columns that fill a vector of eight outputs have four partial sums, the others are added up one by one.
template <class R>
void sum_half_columns(const ReduceLoop& l, const float16* x, int64_t first, int64_t n, int64_t outputs,
                      float16* y) {
  constexpr int64_t kVector = 8, kPartial = 4, kFewRows = 16;
  int64_t rows = l.outer_reduced, whole = rows / kPartial * kPartial, row = 0;
  float acc[kPartial][kColumns] = {};
  bool vector[kColumns];
  for (int64_t k = 0; k < n; ++k) {
    int64_t at = (first + k) / kVector * kVector;
    vector[k] = rows >= kFewRows && at + kVector <= outputs && at / l.inner == (at + kVector - 1) / l.inner;
  }
  auto add = [&](int64_t to, int64_t k, float v) { acc[to][k] = float16(acc[to][k] + v); };
  auto join = [&] {
    for (int64_t p = 1; p < kPartial; ++p)
      for (int64_t k = 0; k < n; ++k)
        if (vector[k]) add(0, k, acc[p][k]);
  };
  each_reduced(l, [&](int64_t offset) {
    if (row == whole) join();
    for (int64_t k = 0; k < n; ++k) add(vector[k] && row < whole ? row % kPartial : 0, k, x[offset + k]);
    ++row;
  });
  if (row == whole) join();
  for (int64_t k = 0; k < n; ++k) y[k] = R::finish(acc[0][k], rows);
}

template <class R, class T>
void reduce(KernelContext& c) {
  using Acc = typename R::Acc;
  const T* in = c.in<T>(0);
  T* out = c.out<T>(0);
  ReduceLoop l = make_loop(c.input(0).shape(), c.ints(1));
  int64_t count = l.outer_reduced * (l.inner_reduced ? l.inner : 1);
  if (l.inner_reduced) {
    parallel_for(c.threads(), l.outer_kept, double(count) * 0.3, [&](int64_t from, int64_t to) {
      for (int64_t o = from; o < to; ++o) {
        const T* x = in + offset_of(o, l.kept, l.kept_stride);
        if constexpr (std::is_same_v<T, float16> && requires { R::kIsSum; }) {
          if (l.reduced.empty()) {
            out[o] = R::finish(sum_halves(x, l.inner), count);
            continue;
          }
        }
        Acc acc = R::init();
        each_reduced(l, [&](int64_t offset) { acc = R::merge(acc, reduce_row<R>(x + offset, l.inner)); });
        out[o] = R::finish(acc, count);
      }
    });
    return;
  }
  int64_t chunks = (l.inner + kColumns - 1) / kColumns;
  parallel_for(
      c.threads(), l.outer_kept * chunks, double(count) * kColumns * 0.3, [&](int64_t from, int64_t to) {
        Acc acc[kColumns];
        for (int64_t i = from; i < to; ++i) {
          int64_t o = i / chunks, begin = i % chunks * kColumns, n = std::min(kColumns, l.inner - begin);
          const T* x = in + offset_of(o, l.kept, l.kept_stride) + begin;
          if constexpr (std::is_same_v<T, float16> && requires { R::kIsSum; }) {
            sum_half_columns<R>(l, x, o * l.inner + begin, n, l.outer_kept * l.inner,
                                out + o * l.inner + begin);
            continue;
          }
          std::fill_n(acc, n, R::init());
          each_reduced(l, [&](int64_t offset) {
            for (int64_t k = 0; k < n; ++k) acc[k] = R::merge(acc[k], R::map(x[offset + k]));
          });
          T* y = out + o * l.inner + begin;
          for (int64_t k = 0; k < n; ++k) y[k] = R::finish(acc[k], count);
        }
      });
}

template <class T>
struct SumOf {
  static constexpr bool kIsSum = true;
  // Integers wrap around.
  using Acc = std::conditional_t<std::is_integral_v<T>,
                                 std::make_unsigned_t<std::conditional_t<std::is_integral_v<T>, T, int>>,
                                 compute_t<T>>;
  static Acc init() { return Acc(0); }
  static Acc map(T x) { return Acc(compute_t<T>(x)); }
  static Acc merge(Acc a, Acc b) { return Acc(a + b); }
  static T finish(Acc a, int64_t) { return T(a); }
};
template <class T>
struct MeanOf {
  static constexpr bool kIsSum = true;
  using Acc = std::conditional_t<std::is_integral_v<T>, int64_t, compute_t<T>>;
  static Acc init() { return Acc(0); }
  static Acc map(T x) { return Acc(compute_t<T>(x)); }
  static Acc merge(Acc a, Acc b) {
    if constexpr (std::is_integral_v<T>)
      return Acc(uint64_t(a) + uint64_t(b));
    else
      return a + b;
  }
  static T finish(Acc a, int64_t n) {
    if constexpr (std::is_same_v<T, uint64_t>)
      return n ? uint64_t(a) / uint64_t(n) : 0;
    else if constexpr (std::is_integral_v<T>)
      return n ? T(a / n) : T(0);
    else if constexpr (is_complex_v<T>)
      return a / typename T::value_type(n);
    else
      return T(a / Acc(n));
  }
};
template <class T>
struct ProdOf {
  using Acc = std::conditional_t<std::is_integral_v<T>, uint64_t, compute_t<T>>;
  static Acc init() { return Acc(1); }
  static Acc map(T x) { return Acc(compute_t<T>(x)); }
  static Acc merge(Acc a, Acc b) { return a * b; }
  static T finish(Acc a, int64_t) { return T(a); }
};
// NaN wins; nothing gives the value that loses against all others.
template <class T>
struct MaxOf {
  using Acc = compute_t<T>;
  static Acc init() {
    return std::is_floating_point_v<Acc> ? -std::numeric_limits<Acc>::infinity()
                                         : std::numeric_limits<Acc>::lowest();
  }
  static Acc map(T x) { return Acc(x); }
  static Acc merge(Acc a, Acc b) { return a < b || b != b ? b : a; }
  static T finish(Acc a, int64_t) { return T(a); }
};
template <class T>
struct MinOf {
  using Acc = compute_t<T>;
  static Acc init() {
    return std::is_floating_point_v<Acc> ? std::numeric_limits<Acc>::infinity()
                                         : std::numeric_limits<Acc>::max();
  }
  static Acc map(T x) { return Acc(x); }
  static Acc merge(Acc a, Acc b) { return b < a || b != b ? b : a; }
  static T finish(Acc a, int64_t) { return T(a); }
};
template <class T>
struct NormOf {
  using Acc = std::conditional_t<std::is_integral_v<T>, uint64_t, compute_t<T>>;
  static Acc init() { return Acc(0); }
  static Acc map(T x) {
    if constexpr (is_complex_v<T>)
      return std::norm(x);
    else
      return Acc(compute_t<T>(x)) * Acc(compute_t<T>(x));
  }
  static Acc merge(Acc a, Acc b) { return a + b; }
  // The sum of squares of integers wraps around in their own type.
  static T finish(Acc a, int64_t) {
    if constexpr (std::is_integral_v<T>)
      return T(a) > 0 ? T(std::sqrt(double(T(a)))) : T(0);
    else
      return T(std::sqrt(a));
  }
};
struct AllOf {
  using Acc = bool;
  static bool init() { return true; }
  static bool map(bool x) { return x; }
  static bool merge(bool a, bool b) { return a & b; }
  static bool finish(bool a, int64_t) { return a; }
};
struct AnyOf {
  using Acc = bool;
  static bool init() { return false; }
  static bool map(bool x) { return x; }
  static bool merge(bool a, bool b) { return a | b; }
  static bool finish(bool a, int64_t) { return a; }
};

template <template <class> class R, class TypeList>
KernelFn reduce_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(0), [&]<class T>() { fn = reduce<R<T>, T>; });
  return fn;
}

void reduction_errors(Samples& s, DType t = DType::kFloat32) {
  s.fails("Invalid reduction dimension (2 for input with 2 dimension(s)",
          {s.random({2, 3}, t), Samples::i32({2})});
  s.fails("duplicate dimension: 0", {s.random({2, 3}, t), Samples::i32({0, -2})});
}
void axis_samples(Samples& s, DType t = DType::kFloat32) {
  AttrMap keep = {{"keep_dims", true}};
  for (auto axes :
       std::vector<std::vector<int32_t>>{{}, {0}, {1}, {2}, {-1}, {0, 1}, {0, 2}, {-1, 1}, {0, 1, 2}}) {
    s.add({s.random({3, 4, 5}, t), Tensor::vec(axes)});
    s.add({s.random({3, 4, 5}, t), Tensor::vec(axes)}, keep);
  }
  s.add({s.random({2, 3, 2, 3, 2}, t), Samples::i64({1, 3})});
  s.add({s.random({2, 3, 2, 3, 2}, t), Samples::i64({0, 2, 4})});
  s.add({s.random({2, 3}, t), Tensor::scalar<int32_t>(1)});
  s.add({s.random({}, t), Tensor::vec<int32_t>({})});
  s.add({s.random({0, 3}, t), Samples::i32({1})});
  s.add({s.random({0, 3}, t), Samples::i32({0})}, keep);
  s.add({s.random({70}, t), Samples::i32({0})});
  s.add({s.random({3, 300}, t), Samples::i32({0})});
  reduction_errors(s, t);
}
void reduction_samples(Samples& s) {
  s.each_type("T", [&](DType t) { s.add({s.random({4, 3}, t), Samples::i32({0})}); });
  axis_samples(s);
}
void special_rows(Samples& s) {
  s.add({Samples::numbers({3, 3}, {1, NAN, 2, NAN, 0, 1, 1, INFINITY, -INFINITY}), Samples::i32({1})});
  s.add({Samples::numbers({3, 3}, {1, NAN, 2, NAN, 0, 1, 1, INFINITY, -INFINITY}), Samples::i32({0})});
}

void half_column_samples(Samples& s) {
  for (auto axes : std::vector<std::vector<int32_t>>{{0}, {1}, {0, 1}})
    s.add({s.uniform({6, 36, 5}, 0, 2, DType::kFloat16), Tensor::vec(axes)}).tolerance = 1e-5;
  s.add({s.uniform({50, 20}, 0, 2, DType::kFloat16), Samples::i32({0})}).tolerance = 1e-5;
  s.add({s.uniform({2, 49, 20}, 0, 2, DType::kFloat16), Samples::i32({1})}).tolerance = 1e-5;
  s.add({s.uniform({2, 4, 5, 24}, 0, 2, DType::kFloat16), Samples::i32({1, 2})}).tolerance = 1e-5;
  for (int64_t n : {5, 21, 44, 100, 1500})
    s.add({s.uniform({2, n}, 0, 1, DType::kFloat16), Samples::i32({1})}).tolerance = 1e-5;
  s.add({s.uniform({35, 300}, 0, 2, DType::kFloat16), Samples::i32({0})}).tolerance = 1e-5;
}

constexpr const char* kReduceAttr =
    "keep_dims:bool=false; "
    "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,"
    "quint16,uint16,complex128,half,uint32,uint64}; Tidx:{int32,int64}=int32";
constexpr const char* kReduceRealAttr =
    "keep_dims:bool=false; "
    "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64,qint8,quint8,"
    "qint32,qint16,quint16}; Tidx:{int32,int64}=int32";

Tensor range(const Tensor& n) { return grad::op("Range", {grad::int32_scalar(0), n, grad::int32_scalar(1)}); }
// The axes, counted from the front.
Tensor axes_of(GradientContext& g) {
  Tensor rank = grad::rank_of(g.input(0));
  Tensor axes = grad::reshape(grad::cast(g.input(1), DType::kInt32), grad::int32s({-1}));
  return grad::op("FloorMod", {axes + rank, rank});
}
// `t`, which has the output's shape, with the reduced dimensions as ones.
Tensor with_kept(GradientContext& g, const Tensor& t) {
  if (g.attr<bool>("keep_dims")) return t;
  const Tensor& x = g.input(0);
  if (x.shape().has_rank() && t.shape().has_rank() && t.rank() == 0)
    return grad::reshape(t, grad::int32s(std::vector<int64_t>(size_t(x.rank()), 1)));
  Tensor axes = axes_of(g), shape = grad::shape_of(x);
  Tensor kept = grad::op("DynamicStitch", {range(grad::rank_of(x)), axes, shape, grad::ones_like(axes)},
                         {{"N", int64_t(2)}});
  return grad::reshape(t, kept);
}
Tensor spread(GradientContext& g) {
  return grad::op("BroadcastTo", {with_kept(g, g.grad()), grad::shape_of(g.input(0))});
}
// Shared equally by the elements that are the extreme.
void gradient_of_extreme(GradientContext& g) {
  Tensor y = with_kept(g, g.output()), dy = with_kept(g, g.grad());
  Tensor chosen = grad::cast(grad::op("Equal", {y, g.input(0)}), dy.dtype());
  Tensor count = grad::sum(chosen, g.input(1), true);
  g.set(0, chosen / count * dy);
}
// The product of all others, without a division by what may be 0: those before times those after.
void gradient_of_product(GradientContext& g) {
  const Tensor& x = g.input(0);
  Tensor dy = spread(g);
  Tensor shape = grad::shape_of(x), axes = axes_of(g);
  Tensor others = call("ListDiff", {range(grad::rank_of(x)), axes})[0];
  Tensor order = grad::concat({axes, others}, 0), first = grad::int32_scalar(0);
  auto size = [&](const Tensor& dims) {
    Tensor sizes = grad::op("GatherV2", {shape, dims, first});
    return grad::op("Prod", {sizes, grad::int32s({0})}, {{"keep_dims", true}});
  };
  Tensor front = grad::transpose(x, order);
  Tensor flat = grad::reshape(front, grad::concat({size(axes), size(others)}, 0));
  auto product = [&](bool reverse) {
    return grad::conj(grad::op("Cumprod", {flat, first}, {{"exclusive", true}, {"reverse", reverse}}));
  };
  Tensor rest = grad::reshape(product(false) * product(true), grad::shape_of(front));
  g.set(0, dy * grad::transpose(rest, grad::op("InvertPermutation", {order})));
}

FLOE_OP("Sum", op) {
  op.in("input:T, reduction_indices:Tidx").out("output:T").attrs(kReduceAttr);
  op.infer(infer_reduction).kernel(reduce_kernel<SumOf, NumberTypes>);
  op.samples([](Samples& s) {
    reduction_samples(s);
    special_rows(s);
    s.add({Samples::filled({5000}, 1, DType::kFloat16), Samples::i32({0})});
    half_column_samples(s);
    s.add({Samples::filled({100, 3}, 100, DType::kInt8), Samples::i32({0})});
  });
  op.gradient([](GradientContext& g) { g.set(0, spread(g)); });
}

FLOE_OP("Mean", op) {
  op.in("input:T, reduction_indices:Tidx").out("output:T").attrs(kReduceAttr);
  op.infer(infer_reduction).kernel(reduce_kernel<MeanOf, NumberTypes>);
  op.samples([](Samples& s) {
    reduction_samples(s);
    special_rows(s);
    s.add({Samples::i32({1, 2, 4, -9}), Samples::i32({0})});
    half_column_samples(s);
    s.add({Samples::filled({3}, 100, DType::kInt8), Samples::i32({0})});
    s.add({Samples::filled({0, 2}, 1, DType::kInt32), Samples::i32({0})});
  });
  op.gradient([](GradientContext& g) {
    Tensor one = grad::int32_scalar(1), results = grad::op("Maximum", {grad::size_of(g.output()), one});
    Tensor count = grad::op("FloorDiv", {grad::size_of(g.input(0)), results});
    g.set(0, spread(g) / grad::cast(count, g.grad().dtype()));
  });
}

FLOE_OP("Prod", op) {
  op.in("input:T, reduction_indices:Tidx").out("output:T").attrs(kReduceAttr);
  op.infer(infer_reduction).kernel(reduce_kernel<ProdOf, NumberTypes>);
  op.samples(reduction_samples);
  op.gradient(gradient_of_product);
}

FLOE_OP("Max", op) {
  op.in("input:T, reduction_indices:Tidx").out("output:T").attrs(kReduceRealAttr);
  op.infer(infer_reduction).kernel(reduce_kernel<MaxOf, RealTypes>);
  op.samples([](Samples& s) {
    reduction_samples(s);
    special_rows(s);
    s.add({s.random({0, 2}, DType::kInt32), Samples::i32({0})});
  });
  op.gradient(gradient_of_extreme);
}

FLOE_OP("Min", op) {
  op.in("input:T, reduction_indices:Tidx").out("output:T").attrs(kReduceRealAttr);
  op.infer(infer_reduction).kernel(reduce_kernel<MinOf, RealTypes>);
  op.samples([](Samples& s) {
    reduction_samples(s);
    special_rows(s);
    s.add({s.random({0, 2}, DType::kUint8), Samples::i32({0})});
  });
  op.gradient(gradient_of_extreme);
}

FLOE_OP("EuclideanNorm", op) {
  op.in("input:T, reduction_indices:Tidx").out("output:T").attrs(kReduceAttr);
  op.infer(infer_reduction).kernel(reduce_kernel<NormOf, NumberTypes>);
  op.samples(reduction_samples);
  op.gradient(
      [](GradientContext& g) { g.set(0, g.input(0) / (with_kept(g, g.output()) / with_kept(g, g.grad()))); });
}

FLOE_OP("All", op) {
  op.in("input:bool, reduction_indices:Tidx")
      .out("output:bool")
      .attrs("keep_dims:bool=false; Tidx:{int32,int64}=int32");
  op.infer(infer_reduction).compute(reduce<AllOf, bool>);
  op.samples([](Samples& s) { axis_samples(s, DType::kBool); });
  op.no_gradient();
}

FLOE_OP("Any", op) {
  op.in("input:bool, reduction_indices:Tidx")
      .out("output:bool")
      .attrs("keep_dims:bool=false; Tidx:{int32,int64}=int32");
  op.infer(infer_reduction).compute(reduce<AnyOf, bool>);
  op.samples([](Samples& s) { axis_samples(s, DType::kBool); });
  op.no_gradient();
}

FLOE_OP("L2Loss", op) {
  op.in("t:T").out("output:T").attrs("T:{half,bfloat16,float,double}").infer(infer_scalar);
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        *c.out<T>(0) = T(reduce_row<NormOf<T>>(c.in<T>(0), c.input(0).num_elements()) / 2);
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({4, 3}, t)}); });
    s.add({s.random({})});
    s.add({s.random({0})});
    s.add({s.random({100})});
  });
  op.gradient([](GradientContext& g) { g.set(0, g.grad() * g.input(0)); });
}

}  // namespace
}  // namespace floe
