// Counting: Bincount, DenseBincount, HistogramFixedWidth; CheckNumerics; Cross.
#include <algorithm>
#include <cmath>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

using CountTypes = Types<int32_t, int64_t, float, double>;

int64_t size_given(InferContext& c) {
  if (c.shape(1).has_rank() && c.shape(1).rank() != 0)
    c.fail(cat("Shape must be rank 0 but is rank ", c.shape(1).rank()));
  auto v = c.int_value(1);
  if (v && (*v)[0] < 0) c.fail(cat("size (", (*v)[0], ") must be non-negative"));
  return v ? (*v)[0] : -1;
}

template <class T>
void add_to(T& sum, T v) {
  if constexpr (std::is_integral_v<T>)
    sum = T(uint64_t(sum) + uint64_t(v));
  else
    sum += v;
}

// Counts `n` values into bins; values beyond the last bin are ignored.
template <class I, class T>
void count(KernelContext& c, const I* x, const T* weights, int64_t n, T* bins, int64_t size, bool binary) {
  for (int64_t i = 0; i < n; ++i) {
    if (x[i] < 0) c.fail("Input arr must be non-negative!");
    if (int64_t(x[i]) >= size) continue;
    if (binary)
      bins[x[i]] = T(1);
    else
      add_to(bins[x[i]], weights ? weights[i] : T(1));
  }
}

FLOE_OP("Bincount", op) {
  op.in("arr:int32, size:int32, weights:T")
      .out("bins:T")
      .attrs("T:{int32,int64,float,double}")
      .fails_on_values();
  op.infer([](InferContext& c) {
    int64_t size = size_given(c), n = c.shape(0).num_elements(), w = c.shape(2).num_elements();
    if (n >= 0 && w > 0 && n != w) c.fail("Input indices and weights must have the same size.");
    c.set_output(0, Shape{size});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(CountTypes{}, k.output_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        std::span<T> bins = c.output(0).mutable_flat<T>();
        std::fill(bins.begin(), bins.end(), T(0));
        count(c, c.in<int32_t>(0), c.input(2).num_elements() ? c.in<T>(2) : nullptr,
              c.input(0).num_elements(), bins.data(), int64_t(bins.size()), false);
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({Samples::i32({1, 2, 5, 2}), Tensor::scalar(4), s.random({4}, t)});
      s.add({Samples::i32({1, 2, 5, 2}), Tensor::scalar(4), s.random({0}, t)});
    });
    s.add({Samples::i32({}), Tensor::scalar(3), s.random({0})});
    s.add({Samples::i32({1}), Tensor::scalar(0), s.random({0})});
    s.fails("Input arr must be non-negative!", {Samples::i32({1, -2}), Tensor::scalar(4), s.random({0})});
    s.fails("size (-4) must be non-negative", {Samples::i32({1}), Tensor::scalar(-4), s.random({0})});
    s.fails("must have the same size", {Samples::i32({1, 2}), Tensor::scalar(4), s.random({1})});
  });
}

FLOE_OP("DenseBincount", op) {
  op.in("input:Tidx, size:Tidx, weights:T")
      .out("output:T")
      .attrs("Tidx:{int32,int64}; T:{int32,int64,float,double}; binary_output:bool=false");
  op.fails_on_values();
  op.infer([](InferContext& c) {
    const Shape &x = c.shape(0), &w = c.shape(2);
    int64_t size = size_given(c);
    if (x.has_rank() && x.rank() > 2) c.fail(cat("Shape must be at most rank 2 but is rank ", x.rank()));
    if (x.is_fully_defined() && w.is_fully_defined() && w.num_elements() > 0 && !(x == w))
      c.fail(
          cat("`weights` must be the same shape as `arr` or a length-0 `Tensor`, in which case it acts as "
              "all weights "
              "equal to 1. Received ",
              w.str()));
    if (x.has_rank()) c.set_output(0, x.rank() == 2 ? Shape{x[0], size} : Shape{size});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool binary = k.attr<bool>("binary_output");
    KernelFn fn;
    dispatch(IndexTypes{}, k.input_type(0), [&]<class I>() {
      dispatch(CountTypes{}, k.output_type(0), [&]<class T>() {
        fn = [binary](KernelContext& c) {
          std::span<T> bins = c.output(0).mutable_flat<T>();
          std::fill(bins.begin(), bins.end(), T(0));
          int64_t rows = c.input(0).rank() == 2 ? c.input(0).dim(0) : 1, size = c.output(0).dim(-1);
          int64_t n = rows ? c.input(0).num_elements() / rows : 0;
          const T* w = c.input(2).num_elements() ? c.in<T>(2) : nullptr;
          for (int64_t r = 0; r < rows; ++r)
            count(c, c.in<I>(0) + r * n, w ? w + r * n : nullptr, n, bins.data() + r * size, size, binary);
        };
      });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({Samples::i32({1, 2, 5, 2}), Tensor::scalar(4), s.random({4}, t)});
      s.add({Samples::i64({1, 2, 5, 2}), Tensor::scalar<int64_t>(4), s.random({0}, t)});
    });
    Tensor x = Tensor::of<int32_t>({2, 3}, {1, 2, 2, 0, 0, 7});
    s.add({x, Tensor::scalar(4), s.random({2, 3})});
    s.add({x, Tensor::scalar(4), s.random({0})});
    s.add({x, Tensor::scalar(4), s.random({0})}, {{"binary_output", true}});
    s.add({Tensor::scalar(1), Tensor::scalar(4), s.random({0})});
    s.fails("Input arr must be non-negative!", {Samples::i32({1, -2}), Tensor::scalar(4), s.random({0})});
    s.fails("size (-1) must be non-negative", {Samples::i32({1}), Tensor::scalar(-1), s.random({0})});
    s.fails("`weights` must be the same shape as `arr`",
            {Samples::i32({1, 2}), Tensor::scalar(4), s.random({1})});
  });
}

FLOE_OP("HistogramFixedWidth", op) {
  op.in("values:T, value_range:T, nbins:int32")
      .out("out:dtype")
      .attrs("T:{int32,int64,float,double}; dtype:{int32,int64}=int32");
  op.fails_on_values();
  op.infer([](InferContext& c) {
    const Shape &range = c.shape(1), &n = c.shape(2);
    if (range.has_rank() && (range.rank() != 1 || (range[0] >= 0 && range[0] != 2)))
      c.fail("value_range should be a vector of 2 elements.");
    if (n.has_rank() && n.rank() != 0) c.fail("nbins should be a scalar.");
    auto v = c.int_value(2);
    if (v && (*v)[0] <= 0) c.fail(cat("nbins should be a positive number, but got '", (*v)[0], "'"));
    c.set_output(0, Shape{v ? (*v)[0] : -1});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(CountTypes{}, k.input_type(0), [&]<class T>() {
      dispatch(IndexTypes{}, k.output_type(0), [&]<class Out>() {
        fn = [](KernelContext& c) {
          T lo = c.in<T>(1)[0], hi = c.in<T>(1)[1];
          if (!(lo < hi))
            c.fail(cat("value_range should satisfy value_range[0] < value_range[1], but got '[", lo, ", ", hi,
                       "]'"));
          int32_t n = c.scalar<int32_t>(2);
          double step = (double(hi) - double(lo)) / double(n);
          if (!std::isfinite(step)) c.fail(cat("value_range must be finite, but got '[", lo, ", ", hi, "]'"));
          Out* out = c.out<Out>(0);
          std::fill_n(out, n, Out(0));
          for (T v : c.input(0).flat<T>()) {
            if (double(v) != double(v)) c.fail("Histogram values must not contain NaN");
            double at = (double(v) - double(lo)) / step;
            ++out[at >= double(n - 1) ? n - 1 : at > 0 ? int32_t(at) : 0];
          }
        };
      });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({Samples::numbers({6}, {-1, 0, 1.5, 2, 5, 15}, t), Samples::numbers({2}, {0, 5}, t),
             Tensor::scalar(5)});
    });
    s.add({s.random({3, 4}), Samples::numbers({2}, {-1, 1}), Tensor::scalar(3)}, {{"dtype", DType::kInt64}});
    s.add({s.random({0}), Samples::numbers({2}, {-1, 1}), Tensor::scalar(3)});
    Tensor range = Samples::numbers({2}, {0, 5});
    s.fails("must not contain NaN", {Samples::numbers({1}, {NAN}), range, Tensor::scalar(3)});
    s.fails("but got '[5, 5]'", {s.random({1}), Samples::numbers({2}, {5, 5}), Tensor::scalar(3)});
    s.fails("value_range must be finite, but got '[-inf, 5]'",
            {s.random({1}), Samples::numbers({2}, {-INFINITY, 5}), Tensor::scalar(3)});
    s.fails("nbins should be a positive number", {s.random({1}), range, Tensor::scalar(0)});
    s.fails("value_range should be a vector of 2 elements",
            {s.random({1}), s.random({3}), Tensor::scalar(3)});
    s.fails("nbins should be a scalar", {s.random({1}), range, Samples::i32({3})});
  });
}

void define_check_numerics(OpBuilder& op, bool signs) {
  op.in("tensor:T").out("output:T").attrs("T:{bfloat16,half,float,double}; message:string");
  op.infer(infer_unchanged).passes_input().fails_on_values();
  op.kernel([signs](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    std::string message = k.attr<std::string>("message");
    dispatch(FloatTypes{}, k.input_type(0), [&]<class T>() {
      fn = [signs, message](KernelContext& c) {
        bool nan = false, plus = false, minus = false;
        for (T x : c.input(0).flat<T>()) {
          auto v = compute_t<T>(x);
          nan |= v != v;
          plus |= v == std::numeric_limits<compute_t<T>>::infinity();
          minus |= v == -std::numeric_limits<compute_t<T>>::infinity();
        }
        if (nan || plus || minus) {
          std::vector<std::string> what;
          if (signs) {
            if (minus) what.push_back("-Inf");
            if (plus) what.push_back("+Inf");
          } else if (plus || minus) {
            what.push_back("Inf");
          }
          if (nan) what.push_back("NaN");
          std::string list = what[0];
          for (size_t i = 1; i < what.size(); ++i)
            list += cat(what.size() > 2 ? "," : "", i + 1 == what.size() ? " and " : " ", what[i]);
          c.fail(cat(message, " : Tensor had ", list, " values"));
        }
        c.set_output(0, c.take(0));
      };
    });
    return fn;
  });
  op.stateful();
  op.samples([signs](Samples& s) {
    AttrMap m = {{"message", std::string("hey")}};
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}, m); });
    s.add({s.random({0})}, m);
    s.fails("hey : Tensor had NaN values", {Samples::numbers({2}, {1, NAN})}, m);
    s.fails(signs ? "hey : Tensor had -Inf values" : "hey : Tensor had Inf values",
            {Samples::numbers({2}, {1, -INFINITY})}, m);
    s.fails(signs ? "hey : Tensor had -Inf, +Inf, and NaN values" : "hey : Tensor had Inf and NaN values",
            {Samples::numbers({3}, {NAN, -INFINITY, INFINITY})}, m);
  });
}
constexpr const char* kBadGradient = "Not a number (NaN) or infinity (Inf) values detected in gradient.";

FLOE_OP("CheckNumerics", op) {
  define_check_numerics(op, false);
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("CheckNumerics", {g.grad()}, {{"message", std::string(kBadGradient)}}));
  });
}
FLOE_OP("CheckNumericsV2", op) {
  define_check_numerics(op, true);
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("CheckNumericsV2", {g.grad()}, {{"message", std::string(kBadGradient)}}));
  });
}

FLOE_OP("Cross", op) {
  op.in("a:T, b:T").out("product:T").attrs(kRealAttr);
  op.infer([](InferContext& c) {
    const Shape &a = c.shape(0), &b = c.shape(1);
    if (a.has_rank() && a.rank() < 1) c.fail(cat("Input must be at least 1D", a.str()));
    Shape s;
    try {
      s = merge_shapes(a, b);
    } catch (const InvalidArgument&) {
      c.fail(cat("Both inputs must be of same shape: ", a.str(), " vs. ", b.str()));
    }
    if (s.has_rank() && s.dim(-1) >= 0 && s.dim(-1) != 3)
      c.fail("Cross-products are only defined for 3-element vectors.");
    c.set_output(0, s);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        using A = std::conditional_t<std::is_integral_v<T>, uint64_t, compute_t<T>>;
        const T *a = c.in<T>(0), *b = c.in<T>(1);
        T* y = c.out<T>(0);
        for (int64_t i = 0; i < c.output(0).num_elements(); i += 3)
          for (int j = 0; j < 3; ++j) {
            int p = (j + 1) % 3, q = (j + 2) % 3;
            y[i + j] = T(A(a[i + p]) * A(b[i + q]) - A(a[i + q]) * A(b[i + p]));
          }
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({2, 3}, t), s.random({2, 3}, t)}).tolerance = t == DType::kFloat16    ? 4e-3
                                                                    : t == DType::kBfloat16 ? 3e-2
                                                                                            : 0;
    });
    s.add({s.random({3}), s.random({3})});
    s.add({s.random({0, 3}), s.random({0, 3})});
    s.fails("Both inputs must be of same shape: [2,3] vs. [3]", {s.random({2, 3}), s.random({3})});
    s.fails("only defined for 3-element vectors", {s.random({2}), s.random({2})});
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0)) g.set(0, grad::op("Cross", {g.input(1), g.grad()}));
    if (g.needs(1)) g.set(1, grad::op("Cross", {g.grad(), g.input(0)}));
  });
}

}  // namespace
}  // namespace floe
