// Comparisons and logic.
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

using ComparableTypes =
    Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t, uint16_t, uint32_t,
          uint64_t, bool, std::string, std::complex<float>, std::complex<double>>;

struct EqualFn {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};
struct NotEqualFn {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a != b;
  }
};
struct LessFn {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a < b;
  }
};
struct LessEqualFn {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a <= b;
  }
};
struct GreaterFn {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a > b;
  }
};
struct GreaterEqualFn {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a >= b;
  }
};

template <class F, class TypeList>
KernelFn compare_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(TypeList{}, k.input_type(0), [&]<class T>() {
    fn = [](KernelContext& c) {
      broadcast_binary<T, bool>(c, [](const T& a, const T& b) {
        if constexpr (std::is_same_v<compute_t<T>, T>)
          return F{}(a, b);
        else
          return F{}(compute_t<T>(a), compute_t<T>(b));
      });
    };
  });
  return fn;
}

bool may_broadcast(const Shape& a, const Shape& b) {
  for (int i = 1; i <= std::min(a.rank(), b.rank()); ++i)
    if (a.dim(-i) != b.dim(-i) && a.dim(-i) > 1 && b.dim(-i) > 1)
      return false;
    else if ((a.dim(-i) == 0 && b.dim(-i) > 1) || (b.dim(-i) == 0 && a.dim(-i) > 1))
      return false;
  return true;
}

// Without incompatible_shape_error, tensors of different shapes are simply not equal.
void infer_equality(InferContext& c) {
  if (c.attr<bool>("incompatible_shape_error")) return infer_broadcast(c);
  const Shape &a = c.shape(0), &b = c.shape(1);
  if (!a.has_rank() || !b.has_rank()) return;
  if (!may_broadcast(a, b)) return c.set_output(0, Shape{});
  bool known = true;
  for (int i = 1; i <= std::min(a.rank(), b.rank()); ++i)
    if (a.dim(-i) != 1 && b.dim(-i) != 1 && (a.dim(-i) < 0 || b.dim(-i) < 0)) known = false;
  if (known) infer_broadcast(c);
}

template <class F>
KernelFn equality_kernel(const KernelInit& k) {
  KernelFn fn = compare_kernel<F, ComparableTypes>(k);
  if (k.attr<bool>("incompatible_shape_error")) return fn;
  return [fn](KernelContext& c) {
    if (may_broadcast(c.input(0).shape(), c.input(1).shape())) return fn(c);
    *c.out<bool>(0) = F{}(0, 1);
  };
}

void equality_samples(Samples& s) {
  s.each_type("T", [&](DType t) { s.add({s.random({4, 1}, t), s.random({5}, t)}); });
  s.add({s.random({}), s.random({0, 2})});
  s.add({Samples::i32({1, 2, 3}), Samples::i32({1, 5, 3})});
  special_pairs(s);
  s.add({Samples::i32({1, 2}), Samples::i32({1, 2, 3})}, {{"incompatible_shape_error", false}});
  s.add({Samples::i32({1, 2}), Samples::i32({1, 2})}, {{"incompatible_shape_error", false}});
  s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}), s.random({3})});
}

void order_samples(Samples& s) {
  s.each_type("T", [&](DType t) { s.add({s.random({4, 1}, t), s.random({5}, t)}); });
  s.add({s.random({}), s.random({0, 2})});
  s.add({Samples::i64({1, 2, 3}), Samples::i64({1, 5, -3})});
  special_pairs(s);
  s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}), s.random({3})});
}

FLOE_OP("Equal", op) {
  op.in("x:T, y:T").out("z:bool").attrs("T:type; incompatible_shape_error:bool=true");
  op.infer(infer_equality).kernel(equality_kernel<EqualFn>).elementwise().commutative();
  op.samples(equality_samples);
  op.no_gradient();
}

FLOE_OP("NotEqual", op) {
  op.in("x:T, y:T").out("z:bool").attrs("T:type; incompatible_shape_error:bool=true");
  op.infer(infer_equality).kernel(equality_kernel<NotEqualFn>).elementwise().commutative();
  op.samples(equality_samples);
  op.no_gradient();
}

FLOE_OP("Less", op) {
  op.in("x:T, y:T").out("z:bool").attrs(kRealAttr);
  op.infer(infer_broadcast).kernel(compare_kernel<LessFn, RealTypes>).elementwise();
  op.samples(order_samples);
  op.no_gradient();
}

FLOE_OP("LessEqual", op) {
  op.in("x:T, y:T").out("z:bool").attrs(kRealAttr);
  op.infer(infer_broadcast).kernel(compare_kernel<LessEqualFn, RealTypes>).elementwise();
  op.samples(order_samples);
  op.no_gradient();
}

FLOE_OP("Greater", op) {
  op.in("x:T, y:T").out("z:bool").attrs(kRealAttr);
  op.infer(infer_broadcast).kernel(compare_kernel<GreaterFn, RealTypes>).elementwise();
  op.samples(order_samples);
  op.no_gradient();
}

FLOE_OP("GreaterEqual", op) {
  op.in("x:T, y:T").out("z:bool").attrs(kRealAttr);
  op.infer(infer_broadcast).kernel(compare_kernel<GreaterEqualFn, RealTypes>).elementwise();
  op.samples(order_samples);
  op.no_gradient();
}

FLOE_OP("ApproximateEqual", op) {
  op.in("x:T, y:T")
      .out("z:bool")
      .attrs(
          "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,"
          "quint16,uint16,"
          "complex128,half,uint32,uint64}; tolerance:float=1e-05");
  op.infer([](InferContext& c) {
    try {
      c.set_output(0, merge_shapes(c.shape(0), c.shape(1)));
    } catch (const InvalidArgument&) {
      c.fail(cat("x and y must be of the same shape. x shape: ", c.shape(0).str(),
                 ". y shape: ", c.shape(1).str()));
    }
  });
  op.elementwise().commutative();
  op.kernel([](const KernelInit& k) -> KernelFn {
    float tolerance = k.attr<float>("tolerance");
    KernelFn fn;
    dispatch(NumberTypes{}, k.input_type(0), [&]<class T>() {
      fn = [tolerance](KernelContext& c) {
        broadcast_binary<T, bool>(c, [tolerance](T a, T b) {
          if constexpr (is_complex_v<T>)
            return std::abs(a - b) < typename T::value_type(tolerance);
          else if constexpr (std::is_integral_v<T>)
            return (a > b ? double(uint64_t(a) - uint64_t(b)) : double(uint64_t(b) - uint64_t(a))) <
                   double(tolerance);
          else
            return std::abs(compute_t<T>(a) - compute_t<T>(b)) < compute_t<T>(tolerance);
        });
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.add({Samples::numbers({4}, {1, 2, NAN, 3}), Samples::numbers({4}, {1.000001, 2.1, NAN, 3})});
    s.add({s.random({2, 2}, DType::kFloat64), s.random({2, 2}, DType::kFloat64)});
    s.add({Samples::numbers({2}, {1, 2}), Samples::numbers({2}, {1.5, 2.1})}, {{"tolerance", 0.2f}});
    s.fails("must be of the same shape", {s.random({2}), s.random({3})});
  });
  op.no_gradient();
}

FLOE_OP("LogicalAnd", op) {
  op.in("x:bool, y:bool").out("z:bool").infer(infer_broadcast).elementwise().commutative();
  op.compute(
      [](KernelContext& c) { broadcast_binary<bool, bool>(c, [](bool a, bool b) { return a && b; }); });
  op.samples([](Samples& s) {
    s.add({s.random({4, 1}, DType::kBool), s.random({5}, DType::kBool)});
    s.add({s.random({}, DType::kBool), s.random({0}, DType::kBool)});
    s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}, DType::kBool), s.random({3}, DType::kBool)});
  });
  op.no_gradient();
}

FLOE_OP("LogicalOr", op) {
  op.in("x:bool, y:bool").out("z:bool").infer(infer_broadcast).elementwise().commutative();
  op.compute(
      [](KernelContext& c) { broadcast_binary<bool, bool>(c, [](bool a, bool b) { return a || b; }); });
  op.samples([](Samples& s) {
    s.add({s.random({4, 1}, DType::kBool), s.random({5}, DType::kBool)});
    s.add({s.random({}, DType::kBool), s.random({0}, DType::kBool)});
    s.fails("Incompatible shapes: [2] vs. [3]", {s.random({2}, DType::kBool), s.random({3}, DType::kBool)});
  });
  op.no_gradient();
}

FLOE_OP("LogicalNot", op) {
  op.in("x:bool").out("y:bool").infer(infer_unchanged).elementwise();
  op.compute([](KernelContext& c) { map_unary<bool, bool>(c, 0.3, [](bool x) { return !x; }); });
  op.samples([](Samples& s) {
    s.add({s.random({3, 2}, DType::kBool)});
    s.add({s.random({0}, DType::kBool)});
    s.add({s.random({}, DType::kBool)});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
