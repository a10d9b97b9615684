#include "floe/operators.h"

#include "floe/op/gradient.h"
#include "floe/runtime/context.h"

namespace floe {
namespace {

// Looked up once per operator.
#define FLOE_BINARY(NAME, A, B)              \
  static const OpDef& op_def = get_op(NAME); \
  return call_binary(op_def, A, B)

Tensor real_quotient(const Tensor& a, const Tensor& b) { FLOE_BINARY("RealDiv", a, b); }
Tensor old_quotient(const Tensor& a, const Tensor& b) { FLOE_BINARY("Div", a, b); }

Tensor quotient(const Tensor& a, const Tensor& b) {
  return is_floating(a.dtype()) || is_complex(a.dtype()) ? real_quotient(a, b) : old_quotient(a, b);
}

}  // namespace

Tensor operator+(const Tensor& a, const Tensor& b) { FLOE_BINARY("AddV2", a, b); }
Tensor operator-(const Tensor& a, const Tensor& b) { FLOE_BINARY("Sub", a, b); }
Tensor operator*(const Tensor& a, const Tensor& b) { FLOE_BINARY("Mul", a, b); }
Tensor operator/(const Tensor& a, const Tensor& b) { return quotient(a, b); }
Tensor operator-(const Tensor& a) { return grad::op("Neg", {a}); }

Tensor operator+(const Tensor& a, double b) { return a + grad::like(a, b); }
Tensor operator-(const Tensor& a, double b) { return a - grad::like(a, b); }
Tensor operator*(const Tensor& a, double b) { return a * grad::like(a, b); }
Tensor operator/(const Tensor& a, double b) { return a / grad::like(a, b); }
Tensor operator+(double a, const Tensor& b) { return grad::like(b, a) + b; }
Tensor operator-(double a, const Tensor& b) { return grad::like(b, a) - b; }
Tensor operator*(double a, const Tensor& b) { return grad::like(b, a) * b; }
Tensor operator/(double a, const Tensor& b) { return grad::like(b, a) / b; }

Tensor operator<(const Tensor& a, const Tensor& b) { FLOE_BINARY("Less", a, b); }
Tensor operator<=(const Tensor& a, const Tensor& b) { FLOE_BINARY("LessEqual", a, b); }
Tensor operator>(const Tensor& a, const Tensor& b) { FLOE_BINARY("Greater", a, b); }
Tensor operator>=(const Tensor& a, const Tensor& b) { FLOE_BINARY("GreaterEqual", a, b); }

#undef FLOE_BINARY

}  // namespace floe
