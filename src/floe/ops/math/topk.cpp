// Order: TopK, InTopK, NthElement, Bucketize, UpperBound, LowerBound.
#include <algorithm>
#include <numeric>
#include <optional>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

int64_t scalar_int(const Tensor& t) {
  return dispatch(Types<int16_t, int32_t, int64_t>{}, t.dtype(),
                  [&]<class I>() { return int64_t(t.item<I>()); });
}

void infer_top_k(InferContext& c, std::optional<int64_t> k) {
  if (k && *k < 0) c.fail(cat("Need k >= 0, got ", *k));
  const Shape& x = c.shape(0);
  if (!x.has_rank()) return;
  if (x.rank() < 1) c.fail(cat("input must be >= 1-D, got shape ", x.str()));
  if (k && x.dim(-1) >= 0 && x.dim(-1) < *k)
    c.fail(cat("input must have at least k columns. Had ", x.dim(-1), ", needed ", *k));
  Shape out = x;
  out.set_dim(-1, k.value_or(-1));
  c.set_output(0, out);
  c.set_output(1, out);
}

// NaN comes last; of equals the one with the lower index comes first.
template <class T, class Index>
void top_k(KernelContext& c) {
  using A = compute_t<T>;
  int64_t n = c.input(0).dim(-1), k = c.output(0).dim(-1);
  if (c.output(0).num_elements() == 0) return;
  const T* in = c.in<T>(0);
  T* values = c.out<T>(0);
  Index* indices = c.out<Index>(1);
  parallel_for(c.threads(), c.output(0).num_elements() / k, double(n) * 4, [&](int64_t from, int64_t to) {
    std::vector<Index> order(static_cast<size_t>(n));
    for (int64_t r = from; r < to; ++r) {
      const T* x = in + r * n;
      auto before = [x](Index i, Index j) {
        A a = A(x[i]), b = A(x[j]);
        bool a_nan = a != a, b_nan = b != b;
        if (a_nan != b_nan) return b_nan;
        if (a > b) return true;
        if (b > a) return false;
        return i < j;
      };
      if (k == 1) {
        Index best = 0;
        for (int64_t i = 1; i < n; ++i)
          if (before(Index(i), best)) best = Index(i);
        order[0] = best;
      } else {
        std::iota(order.begin(), order.end(), Index(0));
        std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
      }
      for (int64_t i = 0; i < k; ++i) {
        indices[r * k + i] = order[size_t(i)];
        values[r * k + i] = x[order[size_t(i)]];
      }
    }
  });
}

KernelFn top_k_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
    dispatch(Types<int16_t, int32_t, int64_t>{}, k.output_type(1), [&]<class I>() {
      fn = [](KernelContext& c) {
        if (c.input(0).dim(-1) > int64_t(std::numeric_limits<I>::max()))
          c.fail(cat("index_type ", dtype_name(dtype_of_v<I>), " cannot count ", c.input(0).dim(-1),
                     " columns"));
        top_k<T, I>(c);
      };
    });
  });
  return fn;
}

// Back to the positions the values came from.
void gradient_of_top_k(GradientContext& g) {
  const Tensor& x = g.input(0);
  DType wide = DType::kInt64;
  Tensor flat = grad::int32s({-1}), zero = Tensor::scalar<int64_t>(0), one = Tensor::scalar<int64_t>(1);
  Tensor size = grad::cast(grad::size_of(x), wide);
  Tensor shape = grad::cast(grad::shape_of(x), wide);
  Tensor columns = grad::op("StridedSlice", {shape, grad::int32s({-1}), grad::int32s({0}), grad::int32s({1})},
                            {{"shrink_axis_mask", int64_t(1)}});
  Tensor starts = grad::op("Range", {zero, size, grad::op("Maximum", {columns, one})});
  Tensor k = grad::op("StridedSlice",
                      {grad::shape_of(g.output(1)), grad::int32s({-1}), grad::int32s({0}), grad::int32s({1})},
                      {{"end_mask", int64_t(1)}});
  Tensor rows = grad::reshape(grad::cast(g.output(1), wide), grad::concat({grad::shape_of(starts), k}, 0));
  Tensor at = grad::reshape(rows + grad::expand_dims(starts, -1), flat);
  Tensor sums = grad::op("UnsortedSegmentSum", {grad::reshape(g.grad(), flat), at, size});
  g.set(0, grad::reshape(sums, grad::shape_of(x)));
}

FLOE_OP("TopKV2", op) {
  op.in("input:T, k:Tk")
      .out("values:T, indices:index_type")
      .attrs(cat("sorted:bool=true; ", kRealAttr,
                 "; Tk:{int16,int32,int64}=int32; index_type:{int16,int32,int64}=int32"));
  op.fails_on_values().kernel(top_k_kernel);
  op.infer([](InferContext& c) {
    if (c.shape(1).has_rank() && c.shape(1).rank() != 0)
      c.fail(cat("k must be scalar, got shape ", c.shape(1).str()));
    infer_top_k(c, c.value(1) ? std::optional<int64_t>(scalar_int(*c.value(1))) : std::nullopt);
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({3, 8}, t), Tensor::scalar(4)}); });
    s.add({s.random({2, 2, 5}), Tensor::scalar<int64_t>(2)}, {{"index_type", DType::kInt64}});
    s.add({s.random({6}), Tensor::scalar<int16_t>(1)}, {{"index_type", DType::kInt16}});
    s.add({Samples::numbers({6}, {1, 5, 3, 5, 5, 1}), Tensor::scalar(6)});
    s.add({s.random({6}), Tensor::scalar(0)});
    s.add({s.random({0, 3}), Tensor::scalar(2)});
    s.add({s.random({3, 300}), Tensor::scalar(20)});
    s.fails("input must have at least k columns. Had 4, needed 5", {s.random({4}), Tensor::scalar(5)});
    s.fails("Need k >= 0, got -1", {s.random({4}), Tensor::scalar(-1)});
    s.fails("input must be >= 1-D, got shape []", {s.random({}), Tensor::scalar(1)});
    s.fails("k must be scalar, got shape [1]", {s.random({4}), Samples::i32({1})});
  });
  op.gradient(gradient_of_top_k);
}

FLOE_OP("TopK", op) {
  op.in("input:T").out("values:T, indices:int32").attrs(cat("k:int>=0; sorted:bool=true; ", kRealAttr));
  op.infer([](InferContext& c) { infer_top_k(c, c.attr<int64_t>("k")); }).kernel(top_k_kernel);
  op.samples([](Samples& s) {
    // TensorFlow no longer runs this op: what it computes is tested with TopKV2, whose kernel it shares.
    s.fails("input must have at least k columns", {s.random({4})}, {{"k", int64_t(5)}});
  });
  op.gradient(gradient_of_top_k);
}

void infer_in_top_k(InferContext& c) {
  const Shape &p = c.shape(0), &t = c.shape(1);
  if (p.has_rank() && p.rank() != 2) c.fail("predictions must be 2-dimensional");
  if (t.has_rank() && t.rank() != 1) c.fail("targets must be 1-dimensional");
  if (p.has_rank() && t.has_rank() && p[0] >= 0 && t[0] >= 0 && p[0] != t[0])
    c.fail(cat("First dimension of predictions ", p[0], " must match length of targets ", t[0]));
  c.set_output(0, Shape{p.has_rank() && p[0] >= 0 ? p[0] : t.has_rank() ? t[0] : -1});
}

void in_top_k(KernelContext& c, int64_t k) {
  std::vector<int64_t> targets = c.ints(1);
  int64_t classes = c.input(0).dim(1);
  bool* out = c.out<bool>(0);
  for (size_t r = 0; r < targets.size(); ++r) {
    const float* row = c.in<float>(0) + int64_t(r) * classes;
    int64_t t = targets[r], larger = 0;
    bool usable = t >= 0 && t < classes && std::isfinite(row[t]);
    for (int64_t i = 0; i < classes && usable; ++i) {
      usable = std::isfinite(row[i]);
      larger += row[i] > row[t];
    }
    out[r] = usable && larger < k;
  }
}

FLOE_OP("InTopK", op) {
  op.in("predictions:float, targets:T").out("precision:bool").attrs("k:int; T:{int32,int64}=int32");
  op.infer(infer_in_top_k);
  op.kernel([](const KernelInit& init) -> KernelFn {
    int64_t k = init.attr<int64_t>("k");
    return [k](KernelContext& c) { in_top_k(c, k); };
  });
  op.samples([](Samples& s) {
    for (int64_t k : {0, 1, 2, 9}) s.add({s.random({4, 5}), Samples::i32({0, 1, 4, 2})}, {{"k", k}});
    s.add({s.random({1, 5}), Samples::i64({3})}, {{"k", int64_t(2)}});
    s.fails("predictions must be 2-dimensional", {s.random({4}), Samples::i32({1})}, {{"k", int64_t(2)}});
  });
}

FLOE_OP("InTopKV2", op) {
  op.in("predictions:float, targets:T, k:T").out("precision:bool").attrs("T:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    if (c.shape(2).has_rank() && c.shape(2).rank() != 0)
      c.fail(cat("k must be 0-D, got shape ", c.shape(2).str()));
    infer_in_top_k(c);
  });
  op.compute([](KernelContext& c) { in_top_k(c, c.ints(2)[0]); });
  op.samples([](Samples& s) {
    s.add({s.random({4, 5}), Samples::i32({0, 1, 4, 2}), Tensor::scalar(2)});
    s.add({s.random({2, 5}), Samples::i64({0, 1}), Tensor::scalar<int64_t>(1)});
    s.add({Samples::numbers({3, 3}, {.1, .5, .5, .2, .3, INFINITY, NAN, 1, 0}), Samples::i32({2, 1, 1}),
           Tensor::scalar(1)});
    s.add({s.random({2, 5}), Samples::i32({5, -1}), Tensor::scalar(3)});
    s.fails("must match length of targets 2", {s.random({1, 5}), Samples::i32({1, 2}), Tensor::scalar(3)});
    s.fails("targets must be 1-dimensional", {s.random({1, 5}), Tensor::scalar(1), Tensor::scalar(3)});
  });
}

FLOE_OP("NthElement", op) {
  op.in("input:T, n:int32").out("values:T").attrs(cat("reverse:bool=false; ", kRealAttr)).fails_on_values();
  op.infer([](InferContext& c) {
    const Shape &x = c.shape(0), &n = c.shape(1);
    if (n.has_rank() && n.rank() != 0) c.fail(cat("N must be scalar but has rank ", n.rank()));
    if (x.has_rank() && x.rank() < 1) c.fail("Input must be at least rank 1 but is rank 0");
    if (auto v = c.int_value(1)) {
      if ((*v)[0] < 0) c.fail(cat("n must be non-negative but is ", (*v)[0]));
      if (x.has_rank() && x.dim(-1) >= 0 && x.dim(-1) <= (*v)[0])
        c.fail(cat("Input must have last dimension > n = ", (*v)[0]));
    }
    if (x.has_rank()) c.set_output(0, x.slice(0, x.rank() - 1));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool reverse = k.attr<bool>("reverse");
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
      fn = [reverse](KernelContext& c) {
        int64_t size = c.input(0).dim(-1), n = c.scalar<int32_t>(1);
        if (reverse) n = size - 1 - n;
        std::vector<T> row(static_cast<size_t>(size));
        for (int64_t r = 0; r < c.output(0).num_elements(); ++r) {
          std::copy_n(c.in<T>(0) + r * size, size, row.begin());
          std::nth_element(row.begin(), row.begin() + n, row.end(), [](const T& a, const T& b) {
            auto x = compute_t<T>(a), y = compute_t<T>(b);
            return x < y || (x == x && y != y);
          });
          c.out<T>(0)[r] = row[size_t(n)];
        }
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({3, 8}, t), Tensor::scalar(4)}); });
    s.add({s.random({2, 2, 5}), Tensor::scalar(1)}, {{"reverse", true}});
    s.add({s.random({5}), Tensor::scalar(0)});
    s.fails("Input must have last dimension > n = 3", {s.random({3}), Tensor::scalar(3)});
    s.fails("n must be non-negative but is -1", {s.random({3}), Tensor::scalar(-1)});
    s.fails("N must be scalar but has rank 1", {s.random({3}), Samples::i32({0})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(0);
    Tensor dy = grad::expand_dims(g.grad(), -1);
    Tensor chosen = grad::cast(grad::op("Equal", {grad::expand_dims(g.output(), -1), x}), dy.dtype());
    g.set(0, chosen / grad::sum(chosen, grad::int32s({-1}), true) * dy);
  });
}

FLOE_OP("Bucketize", op) {
  op.in("input:T").out("output:int32").attrs("T:{int32,int64,float,double}; boundaries:list(float)");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::vector<float> b = k.attr<std::vector<float>>("boundaries");
    if (!std::is_sorted(b.begin(), b.end())) k.fail("Expected sorted boundaries");
    KernelFn fn;
    dispatch(Types<int32_t, int64_t, float, double>{}, k.input_type(0), [&]<class T>() {
      fn = [b](KernelContext& c) {
        map_unary<T, int32_t>(
            c, 5, [&](T x) { return int32_t(std::upper_bound(b.begin(), b.end(), x) - b.begin()); });
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    AttrMap b = {{"boundaries", std::vector<float>{-3, 0, 1, 5}}};
    s.each_type("T", [&](DType t) { s.add({s.random({3, 4}, t)}, b); });
    s.add({Samples::numbers({5}, {-3, 0, 5, NAN, INFINITY})}, b);
    s.add({s.random({})}, b);
    s.add({s.random({3})}, {{"boundaries", std::vector<float>{}}});
    s.fails("Expected sorted boundaries", {s.random({3})}, {{"boundaries", std::vector<float>{3, 1}}});
  });
}

template <bool kUpper>
void define_bound(OpBuilder& op) {
  op.in("sorted_inputs:T, values:T").out("output:out_type").attrs("T:type; out_type:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    static const char* names[] = {"sorted_inputs", "values"};
    for (int i = 0; i < 2; ++i)
      if (c.shape(i).has_rank() && c.shape(i).rank() != 2)
        c.fail(cat("Shape must be rank 2 but is rank ", c.shape(i).rank(), " for `", names[i], "` argument"));
    const Shape &s = c.shape(0), &v = c.shape(1);
    if (s.has_rank() && v.has_rank() && s[0] >= 0 && v[0] >= 0 && s[0] != v[0])
      c.fail("Leading dim_size of both tensors must match.");
    c.set_output(0, v);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
      dispatch(IndexTypes{}, k.output_type(0), [&]<class I>() {
        fn = [](KernelContext& c) {
          int64_t rows = c.input(1).dim(0), n = c.input(0).dim(1), m = c.input(1).dim(1);
          if (n > int64_t(std::numeric_limits<I>::max()))
            c.fail("out_type cannot count the sorted inputs; use int64");
          for (int64_t r = 0; r < rows; ++r) {
            const T *from = c.in<T>(0) + r * n, *to = from + n;
            for (int64_t j = 0; j < m; ++j) {
              T v = c.in<T>(1)[r * m + j];
              c.out<I>(0)[r * m + j] =
                  I((kUpper ? std::upper_bound(from, to, v) : std::lower_bound(from, to, v)) - from);
            }
          }
        };
      });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t :
         {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64, DType::kUint8, DType::kInt8})
      s.add({Samples::numbers({2, 4}, {1, 2, 2, 3, 4, 5, 5, 6}, t),
             Samples::numbers({2, 3}, {2, 0, 3, 5, 9, 4}, t)},
            {{"out_type", t == DType::kInt64 ? DType::kInt64 : DType::kInt32}});
    s.add({s.random({1, 0}), s.random({1, 2})});
    s.add({s.random({0, 3}), s.random({0, 2})});
    s.fails("Leading dim_size of both tensors must match", {s.random({2, 2}), s.random({1, 1})});
    s.fails("Shape must be rank 2 but is rank 1 for `sorted_inputs` argument",
            {s.random({2}), s.random({1, 1})});
  });
}
FLOE_OP("UpperBound", op) { define_bound<true>(op); }
FLOE_OP("LowerBound", op) { define_bound<false>(op); }

}  // namespace
}  // namespace floe
