#include "floe/operators.h"

#include "floe/op/gradient.h"

namespace floe {
namespace {

Tensor quotient(const Tensor& a, const Tensor& b) {
  return grad::op(is_floating(a.dtype()) || is_complex(a.dtype()) ? "RealDiv" : "Div", {a, b});
}

}  // namespace

Tensor operator+(const Tensor& a, const Tensor& b) { return grad::op("AddV2", {a, b}); }
Tensor operator-(const Tensor& a, const Tensor& b) { return grad::op("Sub", {a, b}); }
Tensor operator*(const Tensor& a, const Tensor& b) { return grad::op("Mul", {a, b}); }
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

Tensor operator<(const Tensor& a, const Tensor& b) { return grad::op("Less", {a, b}); }
Tensor operator<=(const Tensor& a, const Tensor& b) { return grad::op("LessEqual", {a, b}); }
Tensor operator>(const Tensor& a, const Tensor& b) { return grad::op("Greater", {a, b}); }
Tensor operator>=(const Tensor& a, const Tensor& b) { return grad::op("GreaterEqual", {a, b}); }

}  // namespace floe
