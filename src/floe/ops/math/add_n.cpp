// AddN, AccumulateNV2, ClipByValue, gradients of simple functions and complex numbers.
#include "floe/ops/control/tensor_list.h"
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

void infer_add_n(InferContext& c) {
  Shape s = c.shape(0);
  for (int i = 1; i < c.num_inputs(); ++i) {
    try {
      s = merge_shapes(s, c.shape(i));
    } catch (const InvalidArgument&) {
      c.fail(cat("Inputs to operation ", c.def().name, " of type ", c.def().name,
                 " must have the same size and shape.  Input 0: ", c.shape(0).str(), " != input ", i, ": ",
                 c.shape(i).str()));
    }
  }
  c.set_output(0, s);
}

void add_lists(KernelContext& c) {
  for (int64_t i = 0; i < c.output(0).num_elements(); ++i) {
    ObjectPtr sum = c.in<ObjectPtr>(0)[i];
    for (int k = 1; k < c.num_inputs(); ++k) {
      const ObjectPtr& term = c.in<ObjectPtr>(k)[i];
      if (!term) continue;
      auto a = as_list(sum), b = as_list(term);
      if (sum && (!a || !b)) c.fail(cat("only lists can be added, got a ", (a ? term : sum)->type_name()));
      sum = sum ? ObjectPtr(add(*a, *b)) : term;
    }
    c.output(0).mutable_data<ObjectPtr>()[i] = sum;
  }
}

KernelFn add_n_kernel(const KernelInit& k) {
  if (k.input_type(0) == DType::kVariant) return add_lists;
  KernelFn fn;
  dispatch(NumberTypes{}, k.input_type(0), [&]<class T>() {
    fn = [](KernelContext& c) {
      int count = c.num_inputs();
      T* out = c.out<T>(0);
      std::vector<const T*> in;
      for (int i = 0; i < count; ++i) in.push_back(c.in<T>(i));
      parallel_for(c.threads(), c.output(0).num_elements(), 0.3 * count, [&](int64_t from, int64_t to) {
        constexpr int64_t kChunk = 256;
        compute_t<T> sum[kChunk];
        for (int64_t at = from; at < to; at += kChunk) {
          int64_t n = std::min(kChunk, to - at);
          for (int64_t i = 0; i < n; ++i) sum[i] = compute_t<T>(in[0][at + i]);
          for (int k = 1; k < count; ++k)
            for (int64_t i = 0; i < n; ++i) {
              if constexpr (std::is_integral_v<T>)
                sum[i] = T(uint64_t(sum[i]) + uint64_t(in[size_t(k)][at + i]));
              else
                sum[i] += compute_t<T>(in[size_t(k)][at + i]);
            }
          for (int64_t i = 0; i < n; ++i) out[at + i] = T(sum[i]);
        }
      });
    };
  });
  return fn;
}

void gradient_of_terms(GradientContext& g) {
  for (int i = 0; i < g.num_inputs(); ++i)
    if (g.needs(i)) g.set(i, g.raw_grad());
}

FLOE_OP("AddN", op) {
  op.in("inputs:N*T")
      .out("sum:T")
      .attrs(
          "N:int>=1; "
          "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,"
          "quint16,"
          "uint16,complex128,half,uint32,uint64,variant}");
  op.infer(infer_add_n).kernel(add_n_kernel).elementwise().commutative();
  op.samples([](Samples& s) {
    s.each_type("T",
                [&](DType t) { s.add({s.random({2, 3}, t), s.random({2, 3}, t), s.random({2, 3}, t)}); });
    s.add({s.random({300})});
    s.add({s.random({}), s.random({})});
    s.add({s.random({0, 2}), s.random({0, 2})});
    s.fails("must have the same size and shape.  Input 0: [2] != input 1: [3]",
            {s.random({2}), s.random({3})});
  });
  op.gradient(gradient_of_terms);
}

FLOE_OP("AccumulateNV2", op) {
  op.in("inputs:N*T")
      .out("sum:T")
      .attrs(
          "N:int>=1; "
          "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,"
          "quint16,"
          "uint16,complex128,half,uint32,uint64}; shape:shape");
  op.infer(infer_add_n).kernel(add_n_kernel).elementwise().commutative();
  op.samples([](Samples& s) {
    s.add({s.random({2, 3}), s.random({2, 3}), s.random({2, 3})}, {{"shape", Shape{2, 3}}});
    s.add({s.random({2}, DType::kFloat64), s.random({2}, DType::kFloat64)}, {{"shape", Shape{2}}});
    s.fails("must have the same size and shape", {s.random({2}), s.random({3})}, {{"shape", Shape{2}}});
  });
  op.gradient(gradient_of_terms);
}

FLOE_OP("ClipByValue", op) {
  op.in("t:T, clip_value_min:T, clip_value_max:T")
      .out("output:T")
      .attrs(
          "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,"
          "quint16,uint16,"
          "complex128,half,uint32,uint64}");
  op.infer([](InferContext& c) {
    const Shape &x = c.shape(0), &lo = c.shape(1), &hi = c.shape(2);
    for (const Shape* s : {&lo, &hi})
      if (x.has_rank() && s->has_rank() && s->rank() != 0 && !x.is_compatible_with(*s))
        c.fail(
            cat("clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. "
                "input shape: ",
                x.str(), " clip_value_min shape: ", lo.str(), " clip_value_max shape: ", hi.str()));
    c.set_output(0, x);
  });
  op.elementwise();
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        const T *x = c.in<T>(0), *lo = c.in<T>(1), *hi = c.in<T>(2);
        T* y = c.out<T>(0);
        int64_t lo_step = c.input(1).rank() > 0, hi_step = c.input(2).rank() > 0;
        parallel_for(c.threads(), c.output(0).num_elements(), 0.5, [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) {
            T v = x[i], l = lo[i * lo_step], h = hi[i * hi_step];
            v = h < v ? h : v;
            y[i] = v < l ? l : v;
          }
        });
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt8,
                    DType::kInt16, DType::kInt32, DType::kInt64, DType::kUint8, DType::kUint16})
      s.add({s.random({8}, t), Samples::numbers({}, {1}, t), Samples::numbers({}, {3}, t)});
    s.add({s.random({2, 3}), s.random({2, 3}), Tensor::scalar(0.5f)});
    s.add({s.random({2, 3}), Tensor::scalar(-0.5f), s.random({2, 3})});
    s.add({s.random({2, 3}), s.random({2, 3}), s.random({2, 3})});
    s.add({special_values(), Tensor::scalar(-0.5f), Tensor::scalar(0.5f)});
    s.add({s.random({}), Tensor::scalar(-0.5f), Tensor::scalar(0.5f)});
    s.add({s.random({0}), Tensor::scalar(-0.5f), Tensor::scalar(0.5f)});
    s.fails("must be either of the same shape as input, or a scalar",
            {s.random({3}), s.random({2}), s.random({})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor &x = g.input(0), &lo = g.input(1), &hi = g.input(2);
    Tensor dy = g.grad(), zero = grad::like(dy, 0), below = x<lo, above = x> hi;
    if (g.needs(0)) g.set(0, grad::where(grad::op("LogicalOr", {below, above}), zero, dy));
    if (g.needs(1)) g.set_sum(1, grad::where(below, dy, zero));
    if (g.needs(2)) g.set_sum(2, grad::where(above, dy, zero));
  });
}

struct TanhGradFn {
  template <class T>
  T operator()(T y, T dy) const {
    return dy * (T(1) - y * y);
  }
};
struct SigmoidGradFn {
  template <class T>
  T operator()(T y, T dy) const {
    return dy * y * (T(1) - y);
  }
};
struct SqrtGradFn {
  template <class T>
  T operator()(T y, T dy) const {
    if constexpr (is_complex_v<T>) y = std::conj(y);
    return y == T(0) && dy == T(0) ? T(0) : T(0.5) * dy / y;
  }
};
struct RsqrtGradFn {
  template <class T>
  T operator()(T y, T dy) const {
    if constexpr (is_complex_v<T>) y = std::conj(y);
    return T(-0.5) * dy * y * y * y;
  }
};
struct ReciprocalGradFn {
  template <class T>
  T operator()(T y, T dy) const {
    if constexpr (is_complex_v<T>) y = std::conj(y);
    return -dy * y * y;
  }
};

template <class F>
void define_grad(OpBuilder& op) {
  op.in("y:T, dy:T").out("z:T").attrs(kFloatComplexAttr);
  op.infer(infer_broadcast).kernel(binary_kernel<F, FloatComplexTypes>).elementwise();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.uniform({2, 3}, 0.1, 0.9, t), s.random({2, 3}, t)}); });
    s.add({s.uniform({}, 0.1, 0.9), s.random({})});
    s.add({s.random({0}), s.random({0})});
    s.add({special_values(), special_values()});
  });
}
FLOE_OP("TanhGrad", op) {
  define_grad<TanhGradFn>(op);
  op.gradient([](GradientContext& g) {
    Tensor y = grad::conj(g.input(0)), dy = grad::conj(g.input(1)), dz = g.grad();
    if (g.needs(0)) g.set(0, -2.0 * dz * dy * y);
    if (g.needs(1)) g.set(1, grad::op("TanhGrad", {y, dz}));
  });
}
FLOE_OP("SigmoidGrad", op) {
  define_grad<SigmoidGradFn>(op);
  op.gradient([](GradientContext& g) {
    Tensor y = grad::conj(g.input(0)), dz = g.grad();
    Tensor d = dz * grad::conj(g.input(1));
    if (g.needs(0)) g.set(0, d - 2.0 * d * y);
    if (g.needs(1)) g.set(1, grad::op("SigmoidGrad", {y, dz}));
  });
}
FLOE_OP("SqrtGrad", op) {
  define_grad<SqrtGradFn>(op);
  op.gradient([](GradientContext& g) {
    Tensor d = g.grad() / g.input(0);
    if (g.needs(0)) g.set(0, -grad::conj(d) * g.output());
    if (g.needs(1)) g.set(1, 0.5 * d);
  });
}
FLOE_OP("RsqrtGrad", op) {
  define_grad<RsqrtGradFn>(op);
  op.gradient([](GradientContext& g) {
    Tensor y = grad::conj(g.input(0)), dz = g.grad();
    if (g.needs(0)) g.set(0, -1.5 * grad::conj(dz) * g.input(1) * grad::op("Square", {y}));
    if (g.needs(1)) g.set(1, grad::op("RsqrtGrad", {y, dz}));
  });
}
void gradient_of_reciprocal_grad(GradientContext& g, const char* name) {
  Tensor y = grad::conj(g.input(0)), dz = g.grad();
  if (g.needs(0)) g.set(0, -2.0 * grad::conj(dz) * g.input(1) * y);
  if (g.needs(1)) g.set(1, grad::op(name, {y, dz}));
}
FLOE_OP("ReciprocalGrad", op) {
  define_grad<ReciprocalGradFn>(op);
  op.gradient([](GradientContext& g) { gradient_of_reciprocal_grad(g, "ReciprocalGrad"); });
}
FLOE_OP("InvGrad", op) {
  define_grad<ReciprocalGradFn>(op);
  op.gradient([](GradientContext& g) { gradient_of_reciprocal_grad(g, "InvGrad"); });
}

// A part of a complex number: F maps std::complex<R> to R.
template <class F>
void define_part(OpBuilder& op, std::string_view in, std::string_view out, F f) {
  op.in(in).out(out).attrs("T:{complex64,complex128}=complex64; Tout:{float,double}=float");
  op.infer(infer_unchanged).elementwise();
  op.kernel([f](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(ComplexTypes{}, k.input_type(0), [&]<class T>() {
      dispatch(Types<float, double>{}, k.output_type(0), [&]<class Out>() {
        fn = [f](KernelContext& c) { map_unary<T, Out>(c, 2, [f](T x) { return Out(f(x)); }); };
      });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.add({s.random({2, 3}, DType::kComplex64)});
    s.add({s.random({2, 3}, DType::kComplex128)}, {{"Tout", DType::kFloat64}});
    s.add({s.random({}, DType::kComplex64)});
    s.add({s.random({0}, DType::kComplex64)});
  });
}
Tensor complex_of(const Tensor& real, const Tensor& imaginary, DType t) {
  return grad::op("Complex", {real, imaginary}, {{"Tout", t}});
}
Tensor part_of(const char* part, const Tensor& t, DType real) {
  return grad::op(part, {t}, {{"Tout", real}});
}

FLOE_OP("Real", op) {
  define_part(op, "input:T", "output:Tout", [](auto x) { return x.real(); });
  op.gradient([](GradientContext& g) {
    g.set(0, complex_of(g.grad(), grad::like(g.grad(), 0), g.input(0).dtype()));
  });
}
FLOE_OP("Imag", op) {
  define_part(op, "input:T", "output:Tout", [](auto x) { return x.imag(); });
  op.gradient([](GradientContext& g) {
    g.set(0, complex_of(grad::like(g.grad(), 0), g.grad(), g.input(0).dtype()));
  });
}
FLOE_OP("Angle", op) {
  define_part(op, "input:T", "output:Tout", [](auto x) { return std::arg(x); });
  op.gradient([](GradientContext& g) {
    DType real = g.output().dtype(), t = g.input(0).dtype();
    Tensor re = part_of("Real", g.input(0), real), im = part_of("Imag", g.input(0), real);
    Tensor turned = grad::op("Reciprocal", {complex_of(im, re, t)});
    g.set(0, -complex_of(g.grad(), grad::like(g.grad(), 0), t) * turned);
  });
}
FLOE_OP("ComplexAbs", op) {
  define_part(op, "x:T", "y:Tout", [](auto x) { return std::abs(x); });
  op.gradient([](GradientContext& g) {
    DType t = g.input(0).dtype();
    Tensor zero = grad::like(g.grad(), 0);
    Tensor scaled = complex_of(g.grad(), zero, t) * g.input(0);
    g.set(0, grad::op("DivNoNan", {scaled, complex_of(g.output(), zero, t)}));
  });
}

FLOE_OP("Complex", op) {
  op.in("real:T, imag:T")
      .out("out:Tout")
      .attrs("T:{float,double}=float; Tout:{complex64,complex128}=complex64");
  op.infer(infer_broadcast).elementwise();
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(Types<float, double>{}, k.input_type(0), [&]<class T>() {
      dispatch(ComplexTypes{}, k.output_type(0), [&]<class Out>() {
        using R = typename Out::value_type;
        fn = [](KernelContext& c) { broadcast_binary<T, Out>(c, [](T a, T b) { return Out(R(a), R(b)); }); };
      });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.add({s.random({2, 3}), s.random({2, 3})});
    s.add({s.random({2, 1}), s.random({3})});
    s.add({s.random({2}, DType::kFloat64), s.random({}, DType::kFloat64)}, {{"Tout", DType::kComplex128}});
    s.add({s.random({0}), s.random({})});
    s.fails("Incompatible shapes", {s.random({2}), s.random({3})});
  });
  op.gradient([](GradientContext& g) {
    const char* parts[] = {"Real", "Imag"};
    for (int i : {0, 1})
      if (g.needs(i)) g.set_sum(i, part_of(parts[i], g.grad(), g.input(i).dtype()));
  });
}

FLOE_OP("Conj", op) {
  op.in("input:T").out("output:T").attrs("T:{complex64,complex128,variant}=complex64");
  op.infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(ComplexTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) { map_unary<T, T>(c, 0.5, [](T x) { return std::conj(x); }); };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.add({s.random({2, 3}, DType::kComplex64)});
    s.add({s.random({2, 3}, DType::kComplex128)});
    s.add({s.random({}, DType::kComplex64)});
    s.add({s.random({0}, DType::kComplex64)});
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::conj(g.grad())); });
}

}  // namespace
}  // namespace floe
