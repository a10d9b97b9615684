#include "floe/kernels/cpu/simd/elementwise.h"

#include "floe/kernels/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "floe/kernels/cpu/simd/elementwise.cpp"
#include "hwy/foreach_target.h"
// foreach_target.h comes before the rest.
#include "floe/kernels/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

inline constexpr int64_t kTile = 1024;

// An operand of one operation: consecutive values, or one vector that is read again and again.
struct Span {
  const float* data;
  bool dense;
};

using OpFunction = void (*)(float* dst, Span a, Span b, Span c, int64_t n);

template <class F>
HWY_INLINE void Loop1(float* dst, Span a, int64_t n, F f) {
  const FloatTag d;
  if (!a.dense) {
    const Vec v = f(d, hn::LoadU(d, a.data));
    int64_t i = 0;
    for (; i + int64_t(kLanes) <= n; i += kLanes) hn::StoreU(v, d, dst + i);
    if (i < n) StoreN(v, d, dst + i, size_t(n - i));
    return;
  }
  int64_t i = 0;
  for (; i + int64_t(kLanes) <= n; i += kLanes) hn::StoreU(f(d, hn::LoadU(d, a.data + i)), d, dst + i);
  if (i < n) StoreN(f(d, LoadN(d, a.data + i, size_t(n - i))), d, dst + i, size_t(n - i));
}

template <class F>
HWY_INLINE void Loop2(float* dst, Span a, Span b, int64_t n, F f) {
  const FloatTag d;
  const int64_t step_a = a.dense ? 1 : 0, step_b = b.dense ? 1 : 0;
  int64_t i = 0;
  for (; i + int64_t(kLanes) <= n; i += kLanes) {
    hn::StoreU(f(d, hn::LoadU(d, a.data + i * step_a), hn::LoadU(d, b.data + i * step_b)), d, dst + i);
  }
  if (i < n) {
    const size_t left = size_t(n - i);
    const Vec va = LoadN(d, a.data + i * step_a, left), vb = LoadN(d, b.data + i * step_b, left);
    StoreN(f(d, va, vb), d, dst + i, left);
  }
}

template <class F>
HWY_INLINE void Loop3(float* dst, Span a, Span b, Span c, int64_t n, F f) {
  const FloatTag d;
  const int64_t step_a = a.dense ? 1 : 0, step_b = b.dense ? 1 : 0, step_c = c.dense ? 1 : 0;
  int64_t i = 0;
  for (; i + int64_t(kLanes) <= n; i += kLanes) {
    hn::StoreU(f(d, hn::LoadU(d, a.data + i * step_a), hn::LoadU(d, b.data + i * step_b),
                 hn::LoadU(d, c.data + i * step_c)),
               d, dst + i);
  }
  if (i < n) {
    const size_t left = size_t(n - i);
    const Vec va = LoadN(d, a.data + i * step_a, left), vb = LoadN(d, b.data + i * step_b, left);
    StoreN(f(d, va, vb, LoadN(d, c.data + i * step_c, left)), d, dst + i, left);
  }
}

#define FLOE_EW1(name, expression)                            \
  void Run##name(float* dst, Span a, Span, Span, int64_t n) { \
    Loop1(dst, a, n, [](FloatTag d, Vec x) HWY_ATTR -> Vec {  \
      (void)d;                                                \
      return expression;                                      \
    });                                                       \
  }
#define FLOE_EW2(name, expression)                                     \
  void Run##name(float* dst, Span a, Span b, Span, int64_t n) {        \
    Loop2(dst, a, b, n, [](FloatTag d, Vec x, Vec y) HWY_ATTR -> Vec { \
      (void)d;                                                         \
      return expression;                                               \
    });                                                                \
  }
#define FLOE_EW3(name, expression)                                               \
  void Run##name(float* dst, Span a, Span b, Span c, int64_t n) {                \
    Loop3(dst, a, b, c, n, [](FloatTag d, Vec x, Vec y, Vec z) HWY_ATTR -> Vec { \
      (void)d;                                                                   \
      return expression;                                                         \
    });                                                                          \
  }

HWY_INLINE Vec One(FloatTag d) { return hn::Set(d, 1.0f); }
HWY_INLINE Vec Inf(FloatTag d) { return hn::Set(d, std::numeric_limits<float>::infinity()); }
template <class M>
HWY_INLINE Vec Truth(FloatTag d, M mask) {
  return hn::IfThenElseZero(mask, One(d));
}
HWY_INLINE auto IsTrue(FloatTag d, Vec x) { return hn::Not(hn::Eq(x, hn::Zero(d))); }

HWY_INLINE Vec SignOf(FloatTag d, Vec x) {
  const Vec unit = hn::CopySign(One(d), x);
  const auto nonzero = hn::Or(hn::Lt(x, hn::Zero(d)), hn::Gt(x, hn::Zero(d)));
  return hn::IfThenElse(nonzero, unit, x);
}

// erfc loses everything to cancellation in 1 - erf for large x, so it goes to the C library.
FLOE_EW1(Copy, x)
FLOE_EW1(Abs, hn::Abs(x))
FLOE_EW1(Neg, hn::Neg(x))
FLOE_EW1(Sign, SignOf(d, x))
FLOE_EW1(Square, hn::Mul(x, x))
FLOE_EW1(Sqrt, hn::Sqrt(x))
FLOE_EW1(Rsqrt, hn::Div(One(d), hn::Sqrt(x)))
FLOE_EW1(Reciprocal, hn::Div(One(d), x))
FLOE_EW1(Exp, Exp(d, x))
FLOE_EW1(Expm1, Expm1(d, x))
FLOE_EW1(Log, Log(d, x))
FLOE_EW1(Log1p, Log1p(d, x))
FLOE_EW1(Sin, SinShifted<0>(d, x))
FLOE_EW1(Cos, SinShifted<1>(d, x))
FLOE_EW1(Tan, MapLanes(d, x, [](float v) { return std::tan(v); }))
FLOE_EW1(Asin, MapLanes(d, x, [](float v) { return std::asin(v); }))
FLOE_EW1(Acos, MapLanes(d, x, [](float v) { return std::acos(v); }))
FLOE_EW1(Atan, MapLanes(d, x, [](float v) { return std::atan(v); }))
FLOE_EW1(Sinh, MapLanes(d, x, [](float v) { return std::sinh(v); }))
FLOE_EW1(Cosh, MapLanes(d, x, [](float v) { return std::cosh(v); }))
FLOE_EW1(Tanh, Tanh(d, x))
FLOE_EW1(Asinh, MapLanes(d, x, [](float v) { return std::asinh(v); }))
FLOE_EW1(Acosh, MapLanes(d, x, [](float v) { return std::acosh(v); }))
FLOE_EW1(Atanh, MapLanes(d, x, [](float v) { return std::atanh(v); }))
FLOE_EW1(Erf, Erf(d, x))
FLOE_EW1(Erfc, MapLanes(d, x, [](float v) { return std::erfc(v); }))
FLOE_EW1(Sigmoid, Sigmoid(d, x))
FLOE_EW1(Floor, hn::Floor(x))
FLOE_EW1(Ceil, hn::Ceil(x))
FLOE_EW1(Round, hn::CopySign(hn::Round(x), x))
FLOE_EW1(Trunc, hn::Trunc(x))
FLOE_EW1(Relu, AtLeast(x, hn::Zero(d)))
FLOE_EW1(Relu6, Clamp(d, x, 0.0f, 6.0f))
FLOE_EW1(Elu, Elu(d, x))
FLOE_EW1(Selu, Selu(d, x))
FLOE_EW1(Softplus, Softplus(d, x))
FLOE_EW1(Softsign, hn::Div(x, hn::Add(One(d), hn::Abs(x))))
FLOE_EW1(Swish, Swish(d, x))
FLOE_EW1(HardSwish, hn::Mul(x, HardSigmoid(d, x)))
FLOE_EW1(HardSigmoid, HardSigmoid(d, x))
FLOE_EW1(Gelu, Gelu(d, x))
FLOE_EW1(GeluTanh, GeluTanh(d, x))
FLOE_EW1(IsNan, Truth(d, hn::Not(hn::Eq(x, x))))
FLOE_EW1(IsInf, Truth(d, hn::Eq(hn::Abs(x), Inf(d))))
FLOE_EW1(IsFinite, Truth(d, hn::Lt(hn::Abs(x), Inf(d))))
FLOE_EW1(LogicalNot, Truth(d, hn::Eq(x, hn::Zero(d))))
FLOE_EW2(Add, hn::Add(x, y))
FLOE_EW2(Sub, hn::Sub(x, y))
FLOE_EW2(Mul, hn::Mul(x, y))
FLOE_EW2(Div, hn::Div(x, y))
FLOE_EW2(DivNoNan, hn::IfThenElseZero(IsTrue(d, y), hn::Div(x, y)))
FLOE_EW2(Maximum, hn::IfThenElse(hn::Eq(y, y), AtLeast(x, y), y))
FLOE_EW2(Minimum, hn::IfThenElse(hn::Eq(y, y), AtMost(x, y), y))
FLOE_EW2(Pow, Pow(d, x, y))
FLOE_EW2(SquaredDifference, hn::Mul(hn::Sub(x, y), hn::Sub(x, y)))
FLOE_EW2(FloorDiv, hn::Floor(hn::Div(x, y)))
FLOE_EW2(FloorMod, MapLanes(d, x, y, [](float a, float b) {
           const float r = std::fmod(a, b);
           return r != 0 && (r < 0) != (b < 0) ? r + b : r;
         }))
FLOE_EW2(TruncateMod, MapLanes(d, x, y, [](float a, float b) { return std::fmod(a, b); }))
FLOE_EW2(Atan2, MapLanes(d, x, y, [](float a, float b) { return std::atan2(a, b); }))
FLOE_EW2(LeakyRelu, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, y), x))
FLOE_EW2(Less, Truth(d, hn::Lt(x, y)))
FLOE_EW2(LessEqual, Truth(d, hn::Le(x, y)))
FLOE_EW2(Greater, Truth(d, hn::Gt(x, y)))
FLOE_EW2(GreaterEqual, Truth(d, hn::Ge(x, y)))
FLOE_EW2(Equal, Truth(d, hn::Eq(x, y)))
FLOE_EW2(NotEqual, Truth(d, hn::Not(hn::Eq(x, y))))
FLOE_EW2(LogicalAnd, Truth(d, hn::And(IsTrue(d, x), IsTrue(d, y))))
FLOE_EW2(LogicalOr, Truth(d, hn::Or(IsTrue(d, x), IsTrue(d, y))))
FLOE_EW3(MulAdd, hn::MulAdd(x, y, z))
FLOE_EW3(Select, hn::IfThenElse(IsTrue(d, x), y, z))
FLOE_EW3(Clip, AtMost(AtLeast(x, y), z))

#undef FLOE_EW1
#undef FLOE_EW2
#undef FLOE_EW3

// In the order of EwOp.
constexpr OpFunction kOps[] = {
    RunCopy,       RunAbs,        RunNeg,         RunSign,         RunSquare,
    RunSqrt,       RunRsqrt,      RunReciprocal,  RunExp,          RunExpm1,
    RunLog,        RunLog1p,      RunSin,         RunCos,          RunTan,
    RunAsin,       RunAcos,       RunAtan,        RunSinh,         RunCosh,
    RunTanh,       RunAsinh,      RunAcosh,       RunAtanh,        RunErf,
    RunErfc,       RunSigmoid,    RunFloor,       RunCeil,         RunRound,
    RunTrunc,      RunRelu,       RunRelu6,       RunElu,          RunSelu,
    RunSoftplus,   RunSoftsign,   RunSwish,       RunHardSwish,    RunHardSigmoid,
    RunGelu,       RunGeluTanh,   RunIsNan,       RunIsInf,        RunIsFinite,
    RunLogicalNot, RunAdd,        RunSub,         RunMul,          RunDiv,
    RunDivNoNan,   RunMaximum,    RunMinimum,     RunPow,          RunSquaredDifference,
    RunFloorDiv,   RunFloorMod,   RunTruncateMod, RunAtan2,        RunLeakyRelu,
    RunLess,       RunLessEqual,  RunGreater,     RunGreaterEqual, RunEqual,
    RunNotEqual,   RunLogicalAnd, RunLogicalOr,   RunMulAdd,       RunSelect,
    RunClip};
static_assert(sizeof(kOps) / sizeof(kOps[0]) == size_t(EwOp::kClip) + 1);

// Broadcast rows up to this length are copied out into a tile that holds several of them.
inline constexpr int64_t kShortRow = kTile / 2;

// A broadcast operand of the running tile.
class Broadcast {
 public:
  // Values of elements [i, i + n); n does not pass the end of a long row.
  Span Resolve(const EwOperand& operand, int64_t i, int64_t n, float* buffer) {
    const int64_t length = operand.length;
    const bool one_row = i % length + n <= length;
    if (operand.kind == EwKind::kColumn) {
      if (one_row) return Splat(operand.data[i / length], buffer);
      FillColumns(operand, i, n, buffer);
      return {buffer, true};
    }
    if (one_row) return {operand.data + VectorStart(operand, i) + i % length, true};
    const bool same = operand.repeat == 0 && filled_ >= n && phase_ == i % length;
    if (!same) FillRows(operand, i, n, buffer);
    return {buffer, true};
  }

  static Span Splat(float value, float* buffer) {
    const FloatTag d;
    hn::StoreU(hn::Set(d, value), d, buffer);
    return {buffer, false};
  }

 private:
  static int64_t VectorStart(const EwOperand& operand, int64_t i) {
    return operand.repeat == 0 ? 0 : i / (operand.length * operand.repeat) * operand.length;
  }

  void FillRows(const EwOperand& operand, int64_t i, int64_t n, float* buffer) {
    phase_ = i % operand.length;
    filled_ = n;
    for (int64_t at = 0; at < n;) {
      const int64_t offset = (i + at) % operand.length;
      const int64_t left = operand.length - offset < n - at ? operand.length - offset : n - at;
      std::memcpy(buffer + at, operand.data + VectorStart(operand, i + at) + offset,
                  size_t(left) * sizeof(float));
      at += left;
    }
  }

  static void FillColumns(const EwOperand& operand, int64_t i, int64_t n, float* buffer) {
    for (int64_t at = 0; at < n;) {
      const int64_t row = (i + at) / operand.length;
      const int64_t end = (row + 1) * operand.length - i;
      const float value = operand.data[row];
      for (const int64_t stop = end < n ? end : n; at < stop; ++at) buffer[at] = value;
    }
  }

  int64_t phase_ = -1, filled_ = 0;
};

// Tile ends at the first boundary of a long row; whole short rows where possible, so that a copied-out row
// serves every tile.
int64_t TileLength(const EwProgram& program, const EwOperand* operands, int64_t i, int64_t end) {
  int64_t n = kTile;
  for (int k = 0; k < program.inputs; ++k) {
    const EwOperand& operand = operands[k];
    if (operand.kind != EwKind::kRow && operand.kind != EwKind::kColumn) continue;
    const int64_t length = operand.length;
    if (length > kShortRow) {
      const int64_t left = length - i % length;
      if (left < n) n = left;
    } else if (n == kTile) {
      n = kTile / length * length;
    }
  }
  return n < end - i ? n : end - i;
}

void RunElementwise(const EwProgram& program, const EwOperand* operands, int64_t begin, int64_t end) {
  const int arguments = program.inputs + program.outputs;
  const int slots = arguments + program.temporaries;
  // One tile a slot: broadcast inputs and temporaries use theirs.
  HWY_ALIGN float buffers[kMaxSlots][kTile];
  Broadcast broadcasts[kMaxSlots];
  Span spans[kMaxSlots];
  float* targets[kMaxSlots] = {};
  for (int k = 0; k < program.inputs; ++k) {
    if (operands[k].kind == EwKind::kScalar) spans[k] = Broadcast::Splat(operands[k].data[0], buffers[k]);
  }
  for (int k = arguments; k < slots; ++k) {
    targets[k] = buffers[k];
    spans[k] = {buffers[k], true};
  }
  for (int64_t i = begin; i < end;) {
    const int64_t n = TileLength(program, operands, i, end);
    for (int k = 0; k < program.inputs; ++k) {
      const EwOperand& operand = operands[k];
      if (operand.kind == EwKind::kDense) {
        spans[k] = {operand.data + i, true};
      } else if (operand.kind != EwKind::kScalar) {
        spans[k] = broadcasts[k].Resolve(operand, i, n, buffers[k]);
      }
    }
    for (int k = program.inputs; k < arguments; ++k) {
      targets[k] = operands[k].data + i;
      spans[k] = {targets[k], true};
    }
    for (const EwInstr& instr : program.code) {
      kOps[size_t(instr.op)](targets[instr.dst], spans[instr.a], spans[instr.b], spans[instr.c], n);
    }
    i += n;
  }
}

void RunOne(EwOp op, float* dst, EwArgument a, EwArgument b, EwArgument c, int64_t n) {
  if (n <= 0) return;
  HWY_ALIGN float buffers[3][kLanes];
  const EwArgument arguments[3] = {a, b, c};
  Span spans[3];
  for (int k = 0; k < 3; ++k) {
    spans[k] = {arguments[k].data, true};
    if (arguments[k].data && arguments[k].scalar) {
      spans[k] = Broadcast::Splat(arguments[k].data[0], buffers[k]);
    }
  }
  kOps[size_t(op)](dst, spans[0], spans[1], spans[2], n);
}

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace floe::simd {
HWY_EXPORT(RunElementwise);
HWY_EXPORT(RunOne);

int operand_count(EwOp op) { return op < EwOp::kAdd ? 1 : op < EwOp::kMulAdd ? 2 : 3; }

void run_elementwise(const EwProgram& program, const EwOperand* operands, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(RunElementwise)(program, operands, begin, end);
}

void run_elementwise_op(EwOp op, float* dst, EwArgument a, EwArgument b, EwArgument c, int64_t n) {
  HWY_DYNAMIC_DISPATCH(RunOne)(op, dst, a, b, c, n);
}

}  // namespace floe::simd
#endif  // HWY_ONCE
