// Bits of integers.
#include <bit>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

constexpr const char* kIntAttr = "T:{int8,int16,int32,int64,uint8,uint16,uint32,uint64}";

struct AndFn {
  template <class T>
  T operator()(T a, T b) const {
    return T(a & b);
  }
};
struct OrFn {
  template <class T>
  T operator()(T a, T b) const {
    return T(a | b);
  }
};
struct XorFn {
  template <class T>
  T operator()(T a, T b) const {
    return T(a ^ b);
  }
};
// Shifts by less than nothing shift by nothing, those by too much by all bits but one.
template <class T>
int shift_of(T n) {
  constexpr T most = T(8 * sizeof(T) - 1);
  if constexpr (std::is_signed_v<T>)
    if (n < 0) return 0;
  return int(n > most ? most : n);
}
struct LeftShiftFn {
  template <class T>
  T operator()(T a, T n) const {
    return T(uint64_t(a) << shift_of(n));
  }
};
struct RightShiftFn {
  template <class T>
  T operator()(T a, T n) const {
    return T(a >> shift_of(n));
  }
};
struct InvertFn {
  static constexpr double kCost = 0.3;
  template <class T>
  T operator()(T x) const {
    return T(~x);
  }
};

template <class F>
void define_bitwise(OpBuilder& op, bool shift) {
  op.in("x:T, y:T").out("z:T").attrs(kIntAttr);
  op.infer(infer_broadcast).kernel(binary_kernel<F, IntTypes>).elementwise();
  op.samples([shift](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({5}, t), shift ? s.uniform({2, 1}, 0, 9, t) : s.random({2, 1}, t)});
    });
    s.add({Samples::i32({1, -1, INT32_MIN, 5}), Samples::i32({40, -3, 31, 0})});
    s.add({Samples::i32({}), Samples::i32({1})});
    s.fails("Incompatible shapes: [2] vs. [3]", {Samples::i32({1, 2}), Samples::i32({1, 2, 3})});
  });
}
FLOE_OP("BitwiseAnd", op) {
  define_bitwise<AndFn>(op, false);
  op.commutative();
  op.no_gradient();
}
FLOE_OP("BitwiseOr", op) {
  define_bitwise<OrFn>(op, false);
  op.commutative();
  op.no_gradient();
}
FLOE_OP("BitwiseXor", op) {
  define_bitwise<XorFn>(op, false);
  op.commutative();
  op.no_gradient();
}
FLOE_OP("LeftShift", op) {
  define_bitwise<LeftShiftFn>(op, true);
  op.no_gradient();
}
FLOE_OP("RightShift", op) {
  define_bitwise<RightShiftFn>(op, true);
  op.no_gradient();
}

FLOE_OP("Invert", op) {
  op.in("x:T")
      .out("y:T")
      .attrs(kIntAttr)
      .infer(infer_unchanged)
      .kernel(unary_kernel<InvertFn, IntTypes>)
      .elementwise();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    s.add({s.random({}, DType::kInt32)});
    s.add({s.random({0}, DType::kInt32)});
  });
  op.no_gradient();
}

FLOE_OP("PopulationCount", op) {
  op.in("x:T").out("y:uint8").attrs(kIntAttr).infer(infer_unchanged).elementwise();
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(IntTypes{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        map_unary<T, uint8_t>(c, 0.5, [](T x) { return uint8_t(std::popcount(std::make_unsigned_t<T>(x))); });
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    s.add({s.random({}, DType::kInt32)});
    s.add({s.random({0}, DType::kInt32)});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
