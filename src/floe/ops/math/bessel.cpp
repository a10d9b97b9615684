// Bessel functions of order 0 and 1. I and K by a series for small and an asymptotic one for large arguments.
#include <cmath>
#include <limits>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

constexpr double kPiForBessel = 3.141592653589793;
// From here on the asymptotic series reaches the last bit before its terms grow again.
constexpr double kAsymptoticFrom = 30;

// sum a_k(order) (sign / x)^k with a_k = (4 order^2 - 1) (4 order^2 - 9) ... / (k! 8^k).
double asymptotic(int order, double x, double sign) {
  double term = 1, sum = 1;
  for (int k = 1; k < 60 && std::abs(term) > 1e-17; ++k) {
    double odd = 2 * k - 1;
    double next = term * sign * (4.0 * order * order - odd * odd) / (8 * k * x);
    if (std::abs(next) > std::abs(term)) break;
    sum += term = next;
  }
  return sum;
}

double scaled_i(int order, double x) {
  double a = std::abs(x), value;
  if (a <= kAsymptoticFrom) {
    double term = order ? a / 2 : 1, sum = term;
    for (int k = 1; k < 200 && term > sum * 1e-17; ++k) sum += term *= a * a / 4 / (double(k) * (k + order));
    value = sum * std::exp(-a);
  } else {
    value = asymptotic(order, a, -1) / std::sqrt(2 * kPiForBessel * a);
  }
  return order && x < 0 ? -value : value;
}

double scaled_k(int order, double x) {
  if (x <= 0) return std::numeric_limits<double>::infinity();
  if (x != x) return x;
  if (x <= kAsymptoticFrom) return std::cyl_bessel_k(double(order), x) * std::exp(x);
  return asymptotic(order, x, 1) * std::sqrt(kPiForBessel / (2 * x));
}

template <int kOrder>
double bessel_ie(double x) {
  return scaled_i(kOrder, x);
}
template <int kOrder>
double bessel_i(double x) {
  return scaled_i(kOrder, x) * std::exp(std::abs(x));
}
template <int kOrder>
double bessel_ke(double x) {
  return scaled_k(kOrder, x);
}
template <int kOrder>
double bessel_k(double x) {
  return x <= 0 ? scaled_k(kOrder, x) : scaled_k(kOrder, x) * std::exp(-x);
}
template <int kOrder>
double bessel_j(double x) {
  return std::isinf(x) ? NAN : kOrder ? ::j1(x) : ::j0(x);
}
template <int kOrder>
double bessel_y(double x) {
  if (x <= 0) return -std::numeric_limits<double>::infinity();
  return std::isinf(x) ? NAN : kOrder ? ::y1(x) : ::y0(x);
}

template <double (*kFn)(double)>
struct BesselFn {
  static constexpr double kCost = 60;
  template <class T>
  T operator()(T x) const {
    return T(kFn(double(x)));
  }
};

template <double (*kFn)(double)>
void define_bessel(OpBuilder& op, double lo) {
  define_unary<BesselFn<kFn>, FloatTypes>(op, kFloatAttr, lo, 9);
  op.samples([lo](Samples& s) {
    s.add({s.uniform({3, 4}, lo, 9)});
    s.add({s.uniform({3, 4}, lo, 9, DType::kFloat64)}).tolerance = 1e-12;
    s.add({s.uniform({4}, lo, 5, DType::kFloat16)});
    s.add({Samples::numbers({3}, {20, 31, 60}, DType::kFloat64)}).tolerance = 1e-12;
    s.add({Samples::numbers({2}, {1e-3, NAN})});
    s.add({Samples::numbers({2}, {0, lo}, DType::kFloat64)});
    s.add({s.uniform({}, 1, 2)});
    s.add({s.uniform({0, 2}, 1, 2)});
  });
}

Tensor fn(const char* name, const Tensor& x) { return grad::op(name, {x}); }
// f, or `limit` at 0, where f is 0/0.
Tensor with_limit(double limit, const Tensor& x, const Tensor& f) {
  return grad::where(grad::op("Equal", {x, grad::like(x, 0)}), grad::like(x, limit), f);
}

FLOE_OP("BesselI0", op) {
  define_bessel<bessel_i<0>>(op, -9);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return fn("BesselI1", x); });
}
// 1 at 0 is TensorFlow's; the limit is 1/2.
FLOE_OP("BesselI1", op) {
  define_bessel<bessel_i<1>>(op, -9);
  set_derivative(
      op, [](const Tensor& x, const Tensor& y) { return with_limit(1, x, fn("BesselI0", x) - y / x); });
}
FLOE_OP("BesselI0e", op) {
  define_bessel<bessel_ie<0>>(op, -9);
  set_derivative(op, [](const Tensor& x, const Tensor& y) { return fn("BesselI1e", x) - fn("Sign", x) * y; });
}
FLOE_OP("BesselI1e", op) {
  define_bessel<bessel_ie<1>>(op, -9);
  set_derivative(op, [](const Tensor& x, const Tensor& y) {
    return with_limit(0.5, x, fn("BesselI0e", x) - y * (fn("Sign", x) + fn("Reciprocal", x)));
  });
}
FLOE_OP("BesselK0", op) {
  define_bessel<bessel_k<0>>(op, 0.1);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return -fn("BesselK1", x); });
}
FLOE_OP("BesselK1", op) {
  define_bessel<bessel_k<1>>(op, 0.1);
  set_derivative(op, [](const Tensor& x, const Tensor& y) { return -fn("BesselK0", x) - y / x; });
}
FLOE_OP("BesselK0e", op) {
  define_bessel<bessel_ke<0>>(op, 0.1);
  set_derivative(op, [](const Tensor& x, const Tensor& y) { return y - fn("BesselK1e", x); });
}
FLOE_OP("BesselK1e", op) {
  define_bessel<bessel_ke<1>>(op, 0.1);
  set_derivative(op, [](const Tensor& x, const Tensor& y) {
    return y * (1.0 - fn("Reciprocal", x)) - fn("BesselK0e", x);
  });
}
FLOE_OP("BesselJ0", op) {
  define_bessel<bessel_j<0>>(op, -9);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return -fn("BesselJ1", x); });
}
FLOE_OP("BesselJ1", op) {
  define_bessel<bessel_j<1>>(op, -9);
  set_derivative(
      op, [](const Tensor& x, const Tensor& y) { return with_limit(0.5, x, fn("BesselJ0", x) - y / x); });
}
FLOE_OP("BesselY0", op) {
  define_bessel<bessel_y<0>>(op, 0.1);
  set_derivative(op, [](const Tensor& x, const Tensor&) { return -fn("BesselY1", x); });
}
FLOE_OP("BesselY1", op) {
  define_bessel<bessel_y<1>>(op, 0.1);
  set_derivative(op, [](const Tensor& x, const Tensor& y) { return fn("BesselY0", x) - y / x; });
}

}  // namespace
}  // namespace floe
