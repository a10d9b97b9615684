#ifndef FLOE_KERNELS_CPU_SIMD_ELEMENTWISE_H_
#define FLOE_KERNELS_CPU_SIMD_ELEMENTWISE_H_

#include <cstdint>
#include <vector>

namespace floe::simd {

// Float32 elementwise operations. Comparisons and logic give 0 or 1; a condition is true when it is not 0.
// NaN, infinities and signed zeros behave as in TensorFlow; denormals are kept. Errors in units of the last
// place: exp, pow 1, log, erf 2, tanh, expm1, log1p, sigmoid, swish, softplus 3 (math_test.cpp).
enum class EwOp : uint8_t {
  // one operand: a
  kCopy,
  kAbs,
  kNeg,
  kSign,
  kSquare,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kTanh,
  kAsinh,
  kAcosh,
  kAtanh,
  kErf,
  kErfc,
  kSigmoid,
  kFloor,
  kCeil,
  kRound,  // half to even
  kTrunc,
  kRelu,
  kRelu6,
  kElu,
  kSelu,
  kSoftplus,
  kSoftsign,
  kSwish,
  kHardSwish,
  kHardSigmoid,
  kGelu,
  kGeluTanh,
  kIsNan,
  kIsInf,
  kIsFinite,
  kLogicalNot,
  // two operands: a, b
  kAdd,
  kSub,
  kMul,
  kDiv,
  kDivNoNan,  // 0 where b is 0
  kMaximum,   // NaN if either is
  kMinimum,
  kPow,
  kSquaredDifference,
  kFloorDiv,
  kFloorMod,
  kTruncateMod,
  kAtan2,
  kLeakyRelu,  // a, or a * b where a is below zero
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kLogicalAnd,
  kLogicalOr,
  // three operands: a, b, c
  kMulAdd,  // a * b + c
  kSelect,  // a ? b : c
  kClip,    // min(max(a, b), c)
};

int operand_count(EwOp op);

// dst = op(a, b, c). The fields are slots: first the program's inputs, then its outputs, then temporaries.
struct EwInstr {
  EwOp op;
  uint8_t dst = 0, a = 0, b = 0, c = 0;
};

// Every output slot must be written; an instruction may read what an earlier one wrote, including outputs,
// and may write over its own operand.
struct EwProgram {
  std::vector<EwInstr> code;
  uint8_t inputs = 0, outputs = 0, temporaries = 0;  // at most kMaxSlots together
};

inline constexpr int kMaxSlots = 48;

// How element i of the range finds its value.
enum class EwKind : uint8_t {
  kDense,   // data[i]
  kScalar,  // data[0]
  kRow,     // data[(i / (length * repeat)) * length + i % length]; repeat 0: data[i % length]
  kColumn,  // data[i / length]
};

// A bias over channels is kRow with length = channels; a squeeze-and-excite scale [n, 1, 1, c] against
// [n, h, w, c] is kRow with length = c, repeat = h * w; a row maximum [n, 1] against [n, m] is kColumn with
// length = m. Outputs are dense and written only; one may be the same memory as a dense input.
struct EwOperand {
  float* data = nullptr;  // only read for inputs
  EwKind kind = EwKind::kDense;
  int64_t length = 1, repeat = 0;

  static EwOperand dense(const float* p) { return {const_cast<float*>(p), EwKind::kDense, 1, 0}; }
  static EwOperand scalar(const float* p) { return {const_cast<float*>(p), EwKind::kScalar, 1, 0}; }
  static EwOperand row(const float* p, int64_t length, int64_t repeat = 0) {
    return {const_cast<float*>(p), EwKind::kRow, length, repeat};
  }
  static EwOperand column(const float* p, int64_t length) {
    return {const_cast<float*>(p), EwKind::kColumn, length, 0};
  }
};

// Runs the program over elements [begin, end), a tile of about 4 KB at a time. `operands` holds inputs, then
// outputs. Disjoint ranges may run at the same time.
void run_elementwise(const EwProgram& program, const EwOperand* operands, int64_t begin, int64_t end);

// One operation over n elements; an operand is dense, or a single value where its flag says so. Unused
// operands may be null. dst may be the same memory as a dense operand.
struct EwArgument {
  const float* data = nullptr;
  bool scalar = false;
};
void run_elementwise_op(EwOp op, float* dst, EwArgument a, EwArgument b, EwArgument c, int64_t n);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_ELEMENTWISE_H_
