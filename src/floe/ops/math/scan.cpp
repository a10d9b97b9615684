// Running results along an axis: Cumsum, Cumprod, CumulativeLogsumexp; and ArgMax, ArgMin.
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

// The dimensions before, at and after an axis.
struct AxisView {
  int64_t outer = 1, size = 1, inner = 1;
};
AxisView view_axis(const Shape& s, int64_t axis) {
  AxisView v;
  if (axis < 0) axis += s.rank();
  for (int i = 0; i < s.rank(); ++i) (i < axis ? v.outer : i == axis ? v.size : v.inner) *= s[i];
  return v;
}

void infer_scan(InferContext& c) {
  const Shape& axis = c.shape(1);
  if (axis.has_rank() && axis.rank() != 0 && axis.num_elements() != 1)
    c.fail(cat("ScanOp: axis must be a scalar, not ", axis.str()));
  const Shape& x = c.shape(0);
  auto v = c.int_value(1);
  if (v && x.has_rank() && ((*v)[0] < -x.rank() || (*v)[0] >= x.rank()))
    c.fail(
        cat("ScanOp: Expected scan axis in the range [", -x.rank(), ", ", x.rank(), "), but got ", (*v)[0]));
  c.set_output(0, x);
}

struct SumScan {
  template <class A>
  static A start() {
    return A(0);
  }
  template <class A>
  static A merge(A a, A b) {
    if constexpr (std::is_integral_v<A>)
      return A(uint64_t(a) + uint64_t(b));
    else
      return a + b;
  }
};
struct ProdScan {
  template <class A>
  static A start() {
    return A(1);
  }
  template <class A>
  static A merge(A a, A b) {
    if constexpr (std::is_integral_v<A>)
      return A(uint64_t(a) * uint64_t(b));
    else
      return a * b;
  }
};
struct LogSumExpScan {
  template <class A>
  static A start() {
    return -std::numeric_limits<A>::infinity();
  }
  template <class A>
  static A merge(A a, A b) {
    A hi = std::fmax(a, b), lo = std::fmin(a, b);
    return hi == start<A>() ? hi : A(hi + std::log1p(std::exp(lo - hi)));
  }
};

template <class S, class T>
void scan(KernelContext& c, bool exclusive, bool reverse) {
  using A = compute_t<T>;
  AxisView v = view_axis(c.input(0).shape(), c.ints(1)[0]);
  const T* x = c.in<T>(0);
  T* y = c.out<T>(0);
  if (c.output(0).num_elements() == 0) return;
  constexpr int64_t kChunk = 64;
  int64_t chunks = (v.inner + kChunk - 1) / kChunk;
  parallel_for(c.threads(), v.outer * chunks, double(v.size) * double(std::min(v.inner, kChunk)),
               [&](int64_t from, int64_t to) {
                 A acc[kChunk];
                 for (int64_t p = from; p < to; ++p) {
                   int64_t begin = p % chunks * kChunk, n = std::min(kChunk, v.inner - begin);
                   int64_t base = p / chunks * v.size * v.inner + begin;
                   std::fill_n(acc, n, S::template start<A>());
                   for (int64_t k = 0; k < v.size; ++k) {
                     int64_t at = base + (reverse ? v.size - 1 - k : k) * v.inner;
                     for (int64_t j = 0; j < n; ++j) {
                       A next = S::merge(acc[j], A(x[at + j]));
                       y[at + j] = T(exclusive ? acc[j] : next);
                       acc[j] = next;
                     }
                   }
                 }
               });
}

template <class S, class TypeList>
void define_scan(OpBuilder& op, const std::string& types) {
  op.in("x:T, axis:Tidx")
      .out("out:T")
      .attrs(cat("exclusive:bool=false; reverse:bool=false; ", types, "; Tidx:{int32,int64}=int32"));
  op.infer(infer_scan).fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool exclusive = k.attr<bool>("exclusive"), reverse = k.attr<bool>("reverse");
    KernelFn fn;
    dispatch(TypeList{}, k.input_type(0),
             [&]<class T>() { fn = [=](KernelContext& c) { scan<S, T>(c, exclusive, reverse); }; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 4}, t), Tensor::scalar(1)}); });
    for (int axis : {0, 1, -1, -3})
      for (bool exclusive : {false, true})
        for (bool reverse : {false, true})
          s.add({s.random({3, 4, 2}), Tensor::scalar(axis)},
                {{"exclusive", exclusive}, {"reverse", reverse}});
    s.add({s.random({5}), Tensor::scalar<int64_t>(0)});
    s.add({s.random({2, 0}), Tensor::scalar(0)});
    s.add({s.random({3, 70}), Tensor::scalar(0)});
    s.add({Samples::numbers({6}, {1, -INFINITY, 2, INFINITY, 3, NAN}), Tensor::scalar(0)});
    s.fails("ScanOp: Expected scan axis in the range [-2, 2), but got 2",
            {s.random({2, 3}), Tensor::scalar(2)});
    s.fails("ScanOp: Expected scan axis in the range", {s.random({}), Tensor::scalar(0)});
  });
}

// The running sum the other way round.
Tensor scan_back(GradientContext& g, const char* name, const Tensor& t) {
  return grad::op(name, {t, g.input(1)},
                  {{"exclusive", g.attr<bool>("exclusive")}, {"reverse", !g.attr<bool>("reverse")}});
}
void gradient_of_log_scan(GradientContext& g) {
  const Tensor &x = g.input(0), &y = g.output();
  Tensor dy = g.grad(), zero = grad::like(dy, 0);
  double lowest = dy.dtype() == DType::kFloat64    ? std::numeric_limits<double>::lowest()
                  : dy.dtype() == DType::kFloat16  ? -65504.0
                  : dy.dtype() == DType::kBfloat16 ? -0x1.fep127
                                                   : double(std::numeric_limits<float>::lowest());
  auto part = [&](const Tensor& d) {
    Tensor log = grad::where(d > zero, grad::op("Log", {d}), grad::like(d, lowest));
    return grad::op("Exp", {scan_back(g, "CumulativeLogsumexp", log - y) + x});
  };
  g.set(0, part(dy) - part(-dy));
}

const std::string kScanNumbers =
    "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
    "uint16,"
    "complex128,half,uint32,uint64}";
FLOE_OP("Cumsum", op) {
  define_scan<SumScan, NumberTypes>(op, kScanNumbers);
  op.gradient([](GradientContext& g) { g.set(0, scan_back(g, "Cumsum", g.grad())); });
}
FLOE_OP("Cumprod", op) {
  define_scan<ProdScan, NumberTypes>(op, kScanNumbers);
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("DivNoNan", {scan_back(g, "Cumsum", g.output() * g.grad()), g.input(0)}));
  });
}
FLOE_OP("CumulativeLogsumexp", op) {
  define_scan<LogSumExpScan, FloatTypes>(op, kFloatAttr);
  op.gradient(gradient_of_log_scan);
}

void infer_arg(InferContext& c) {
  const Shape &x = c.shape(0), &d = c.shape(1);
  if (d.has_rank() && d.rank() != 0)
    c.fail(cat("dim must be a scalar, but received tensor of shape: ", d.str()));
  if (!x.has_rank()) return;
  const Tensor* t = c.value(1);
  if (!t) {
    if (x.rank() > 0) c.set_output(0, Shape::unknown_of_rank(x.rank() - 1));
    return;
  }
  int64_t dim = dispatch(Types<int16_t, int32_t, int64_t>{}, t->dtype(),
                         [&]<class I>() { return int64_t(t->item<I>()); });
  if (dim < -x.rank() || dim >= x.rank())
    c.fail(cat("Expected dimension in the range [", -x.rank(), ", ", x.rank(), "), but got ", dim));
  if (dim < 0) dim += x.rank();
  if (x[int(dim)] == 0) c.fail(cat("Reduction axis ", dim, " is empty in shape ", x.str()));
  c.set_output(0, x.slice(0, int(dim)).concat(x.slice(int(dim) + 1)));
}

// The first of equals wins; NaN never does.
template <bool kMax, class T, class Out>
void arg_extreme(KernelContext& c) {
  using A = compute_t<T>;
  const Tensor& d = c.input(1);
  int64_t dim = dispatch(Types<int16_t, int32_t, int64_t>{}, d.dtype(),
                         [&]<class I>() { return int64_t(d.item<I>()); });
  AxisView v = view_axis(c.input(0).shape(), dim);
  const T* x = c.in<T>(0);
  Out* y = c.out<Out>(0);
  if (c.output(0).num_elements() == 0) return;
  constexpr int64_t kChunk = 64;
  int64_t chunks = (v.inner + kChunk - 1) / kChunk;
  parallel_for(c.threads(), v.outer * chunks, double(v.size) * double(std::min(v.inner, kChunk)),
               [&](int64_t from, int64_t to) {
                 A best[kChunk];
                 for (int64_t p = from; p < to; ++p) {
                   int64_t begin = p % chunks * kChunk, n = std::min(kChunk, v.inner - begin);
                   const T* row = x + p / chunks * v.size * v.inner + begin;
                   Out* out = y + p / chunks * v.inner + begin;
                   for (int64_t j = 0; j < n; ++j) {
                     best[j] = kMax ? std::numeric_limits<A>::lowest() : std::numeric_limits<A>::max();
                     out[j] = 0;
                   }
                   for (int64_t k = 0; k < v.size; ++k, row += v.inner)
                     for (int64_t j = 0; j < n; ++j) {
                       A value = A(row[j]);
                       if (kMax ? value > best[j] : value < best[j]) {
                         best[j] = value;
                         out[j] = Out(k);
                       }
                     }
                 }
               });
}

template <bool kMax>
void define_arg(OpBuilder& op) {
  op.in("input:T, dimension:Tidx")
      .out("output:output_type")
      .attrs(cat("T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64,qint8,"
                 "quint8,qint32,qint16,"
                 "quint16,bool}; ",
                 kMax ? "Tidx:{int16,int32,int64}=int32; output_type:{int16,uint16,int32,int64}=int64"
                      : "Tidx:{int32,int64}=int32; output_type:{int32,int64}=int64"));
  op.infer(infer_arg).fails_on_values();
  op.kernel([](const KernelInit& k) -> KernelFn {
    using In = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t, uint16_t,
                     uint32_t, uint64_t, bool>;
    using Out = std::conditional_t<kMax, Types<int16_t, uint16_t, int32_t, int64_t>, Types<int32_t, int64_t>>;
    KernelFn fn;
    dispatch(In{}, k.input_type(0), [&]<class T>() {
      dispatch(Out{}, k.output_type(0), [&]<class O>() { fn = arg_extreme<kMax, T, O>; });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({3, 4}, t), Tensor::scalar(1)}); });
    for (int axis : {0, 1, -1, -3}) s.add({s.random({3, 4, 2}), Tensor::scalar(axis)});
    s.add({s.random({3, 70}), Tensor::scalar<int64_t>(0)}, {{"output_type", DType::kInt32}});
    if (kMax) {
      s.add({s.random({3, 5}), Tensor::scalar<int64_t>(0)}, {{"output_type", DType::kInt16}});
      s.add({s.random({3, 5}), Tensor::scalar<int64_t>(0)}, {{"output_type", DType::kUint16}});
    }
    s.add({Samples::numbers({4}, {NAN, 1, NAN, 3}), Tensor::scalar(0)});
    s.add({Samples::numbers({2}, {NAN, NAN}), Tensor::scalar(0)});
    s.add({Samples::i32({1, 3, 3, 1, 1}), Tensor::scalar(0)});
    s.add({s.random({0, 2}), Tensor::scalar(1)});
    s.fails("Reduction axis 0 is empty in shape [0,2]", {s.random({0, 2}), Tensor::scalar(0)});
    s.fails("Expected dimension in the range [-2, 2), but got 2", {s.random({1, 2}), Tensor::scalar(2)});
    s.fails("Expected dimension in the range [0, 0), but got 0", {s.random({}), Tensor::scalar(0)});
    s.fails("dim must be a scalar", {s.random({1, 2}), Samples::i32({1})});
  });
}
FLOE_OP("ArgMax", op) {
  define_arg<true>(op);
  op.no_gradient();
}
FLOE_OP("ArgMin", op) {
  define_arg<false>(op);
  op.no_gradient();
}

}  // namespace
}  // namespace floe
