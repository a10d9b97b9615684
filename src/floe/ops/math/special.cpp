// Special functions: error function and its inverses, gamma and its derivatives, incomplete gamma.
#include <cstdlib>

#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

constexpr double kSqrt2 = 1.4142135623730951, kPi = 3.141592653589793;

// The quantile of the normal distribution: a rational start, then Halley's steps on erfc, which keeps both
// tails.
double normal_quantile(double p) {
  if (!(p > 0 && p < 1)) return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
  bool upper = p > 0.5;
  double q = upper ? 1 - p : p, t = std::sqrt(-2 * std::log(q));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 3; ++i) {
    double error = 0.5 * std::erfc(-x / kSqrt2) - q;
    double step = error * std::sqrt(2 * kPi) * std::exp(x * x / 2);
    x -= step / (1 + x * step / 2);
  }
  return upper ? -x : x;
}

double inverse_erf(double y) {
  if (!(std::abs(y) < 1)) return y == 1 ? INFINITY : y == -1 ? -INFINITY : NAN;
  if (std::abs(y) > 0.5) {
    double x = -normal_quantile((1 - std::abs(y)) / 2) / kSqrt2;
    return y < 0 ? -x : x;
  }
  double x = y * std::sqrt(kPi) / 2;
  for (int i = 0; i < 6; ++i) {
    double step = (std::erf(x) - y) * std::sqrt(kPi) / 2 * std::exp(x * x);
    x -= step / (1 + x * step);
  }
  return x;
}

double log_gamma(double x) {
  if (x == -INFINITY) return INFINITY;
  int sign;
  return ::lgamma_r(x, &sign);
}

double digamma(double x) {
  if (x == INFINITY) return x;
  if (x != x || x == -INFINITY) return NAN;
  double result = 0;
  if (x <= 0) {
    if (x == std::floor(x)) return NAN;
    result = -kPi / std::tan(kPi * (x - std::floor(x)));
    x = 1 - x;
  }
  for (; x < 10; x += 1) result -= 1 / x;
  double z = 1 / (x * x);
  double tail =
      z * (1.0 / 12 -
           z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760))))));
  return result + std::log(x) - 0.5 / x - tail;
}

// Hurwitz's zeta by Euler and Maclaurin's formula.
double hurwitz_zeta(double s, double q) {
  if (s == 1) return INFINITY;
  if (s < 1 || s != s || q != q) return NAN;
  if (q <= 0) {
    if (q == std::floor(q)) return INFINITY;
    if (s != std::floor(s)) return NAN;
  }
  double sum = 0, a = q;
  for (int i = 0; i < 12 || a <= 9; ++i, a += 1) {
    double term = std::pow(a, -s);
    sum += term;
    if (std::abs(term) < 1e-17 * std::abs(sum)) return sum;
    if (i > 100000) return NAN;
  }
  double power = std::pow(a, -s);
  sum += a * power / (s - 1) + 0.5 * power;
  static constexpr double kBernoulli[] = {1.0 / 6,       -1.0 / 30,      1.0 / 42, -1.0 / 30,
                                          5.0 / 66,      -691.0 / 2730,  7.0 / 6,  -3617.0 / 510,
                                          43867.0 / 798, -174611.0 / 330};
  double factor = s * power / a / 2;
  for (int k = 1; k <= 10; ++k) {
    sum += kBernoulli[k - 1] * factor;
    factor *= (s + 2 * k - 1) * (s + 2 * k) / (a * a) / ((2 * k + 1) * (2 * k + 2));
  }
  return sum;
}

double polygamma(double n, double x) {
  if (n != std::floor(n) || n < 0) return NAN;
  if (n == 0) return digamma(x);
  double sign = std::fmod(n, 2) == 1 ? 1 : -1;
  return sign * std::exp(log_gamma(n + 1)) * hurwitz_zeta(n + 1, x);
}

// The lower and upper regularised incomplete gamma functions: a series for small x, a continued fraction
// beyond.
double gamma_series(double a, double x) {
  double term = 1 / a, sum = term;
  for (int i = 1; i < 10000 && term > sum * 1e-17; ++i) sum += term *= x / (a + i);
  return sum * std::exp(a * std::log(x) - x - log_gamma(a));
}
double gamma_fraction(double a, double x) {
  constexpr double tiny = 1e-300;
  double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
  for (int i = 1; i < 10000; ++i) {
    double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < tiny) d = tiny;
    c = b + an / c;
    if (std::abs(c) < tiny) c = tiny;
    d = 1 / d;
    double factor = d * c;
    h *= factor;
    if (std::abs(factor - 1) < 1e-16) break;
  }
  return h * std::exp(a * std::log(x) - x - log_gamma(a));
}
double lower_gamma(double a, double x) {
  if (x == 0 && a > 0) return 0;
  if (!(x >= 0) || !(a > 0)) return NAN;
  if (a == INFINITY) return x == INFINITY ? NAN : 0;
  if (x == INFINITY) return 1;
  return x < a + 1 ? gamma_series(a, x) : 1 - gamma_fraction(a, x);
}
double upper_gamma(double a, double x) {
  if (!(x >= 0) || !(a > 0)) return NAN;
  if (a == INFINITY) return x == INFINITY ? NAN : 1;
  if (x == INFINITY) return 0;
  return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

// The regularised incomplete beta function by its continued fraction.
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::abs(d) < tiny) d = tiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < 10000; ++m) {
    for (int half = 0; half < 2; ++half) {
      double term = half ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                         : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
      d = 1 + term * d;
      if (std::abs(d) < tiny) d = tiny;
      c = 1 + term / c;
      if (std::abs(c) < tiny) c = tiny;
      d = 1 / d;
      h *= d * c;
    }
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return h;
}
double incomplete_beta(double a, double b, double x) {
  if (!(a > 0) || !(b > 0) || !(x >= 0 && x <= 1)) return NAN;
  if (x == 0 || x == 1) return x;
  double front =
      std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                   : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

template <double (*kFn)(double)>
struct InDouble {
  static constexpr double kCost = 60;
  template <class T>
  T operator()(T x) const {
    return T(kFn(double(x)));
  }
};
template <double (*kFn)(double, double)>
struct InDouble2 {
  template <class T>
  T operator()(T a, T b) const {
    return T(kFn(double(a), double(b)));
  }
};
struct ErfFn {
  static constexpr double kCost = 15;
  template <class T>
  T operator()(T x) const {
    return std::erf(x);
  }
};
struct ErfcFn {
  static constexpr double kCost = 15;
  template <class T>
  T operator()(T x) const {
    return std::erfc(x);
  }
};

void some_types_samples(Samples& s, double lo, double hi, std::initializer_list<DType> types) {
  for (DType t : types) s.add({s.uniform({2, 3}, lo, hi, t)});
  s.add({s.uniform({}, lo, hi)});
  s.add({s.uniform({0, 2}, lo, hi)});
}

FLOE_OP("Erf", op) {
  define_unary<ErfFn, FloatTypes>(op, kFloatAttr, -3, 3);
  set_derivative(op, [](const Tensor& x, const Tensor&) {
    return 2 / std::sqrt(M_PI) * grad::op("Exp", {-grad::op("Square", {x})});
  });
}
FLOE_OP("Erfc", op) {
  define_unary<ErfcFn, FloatTypes>(op, kFloatAttr, -3, 3);
  set_derivative(op, [](const Tensor& x, const Tensor&) {
    return -2 / std::sqrt(M_PI) * grad::op("Exp", {-grad::op("Square", {x})});
  });
}

FLOE_OP("Erfinv", op) {
  define_unary<InDouble<inverse_erf>, FloatTypes>(op, kFloatAttr, -0.99, 0.99);
  op.samples([](Samples& s) {
    some_types_samples(s, -0.99, 0.99, {DType::kFloat32, DType::kFloat64});
    s.add({special_values()});
    s.add({Samples::numbers({4}, {1e-10, -1e-5, 0.999999, -0.9999999999}, DType::kFloat64)}).tolerance =
        1e-10;
  });
  set_derivative(op, [](const Tensor&, const Tensor& y) {
    return std::sqrt(M_PI) / 2 * grad::op("Exp", {grad::op("Square", {y})});
  });
}
FLOE_OP("Ndtri", op) {
  define_unary<InDouble<normal_quantile>, FloatTypes>(op, kFloatAttr, 0.01, 0.99);
  op.samples([](Samples& s) {
    some_types_samples(s, 0.01, 0.99, {DType::kFloat32, DType::kFloat64});
    s.add({Samples::numbers({4}, {1e-10, 0, 1, 0.5}, DType::kFloat64)});
  });
  set_derivative(op, [](const Tensor&, const Tensor& y) {
    return std::sqrt(2 * M_PI) * grad::op("Exp", {grad::op("Square", {y}) / 2.0});
  });
}
FLOE_OP("Lgamma", op) {
  define_unary<InDouble<log_gamma>, FloatTypes>(op, kFloatAttr, 0.1, 9);
  op.samples([](Samples& s) {
    some_types_samples(s, 0.1, 9, {DType::kFloat32, DType::kFloat64, DType::kFloat16});
    s.add({Samples::numbers({6}, {-0.5, -1.5, 0, -2, 100, INFINITY})});
  });
  set_derivative(op, [](const Tensor& x, const Tensor&) { return grad::op("Digamma", {x}); });
}
FLOE_OP("Digamma", op) {
  define_unary<InDouble<digamma>, FloatTypes>(op, kFloatAttr, 0.1, 9);
  op.samples([](Samples& s) {
    some_types_samples(s, 0.1, 9, {DType::kFloat32, DType::kFloat64, DType::kFloat16});
    s.add({Samples::numbers({4}, {-0.5, -1.3, 100, 1e6})}).tolerance = 1e-5;
  });
  set_derivative(
      op, [](const Tensor& x, const Tensor&) { return grad::op("Polygamma", {grad::ones_like(x), x}); });
}

FLOE_OP("Zeta", op) {
  op.in("x:T, q:T").out("z:T").attrs("T:{float,double}").infer(infer_broadcast).elementwise();
  op.kernel(binary_kernel<InDouble2<hurwitz_zeta>, Types<float, double>>);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.uniform({2, 3}, 1.5, 5, t), s.uniform({3}, 0.5, 5, t)}).tolerance =
          t == DType::kFloat32 ? 1e-5 : 1e-12;
    });
    s.add({s.random({0}), s.random({})});
    s.fails("Incompatible shapes", {s.random({2}), s.random({3})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor &x = g.input(0), &q = g.input(1);
    if (g.needs(1)) g.set_sum(1, g.grad() * -x * grad::op("Zeta", {x + 1.0, q}));
  });
}
FLOE_OP("Polygamma", op) {
  op.in("a:T, x:T").out("z:T").attrs("T:{float,double}").infer(infer_broadcast).elementwise();
  op.kernel(binary_kernel<InDouble2<polygamma>, Types<float, double>>);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.uniform({2, 1}, 1, 4, t), s.uniform({3}, 0.5, 5, t)});
      s.add({Samples::numbers({3, 1}, {1, 2, 3}, t), s.uniform({3}, 0.5, 5, t)}).tolerance =
          t == DType::kFloat32 ? 2e-5 : 1e-12;
    });
    s.add({s.random({0}), s.random({})});
    s.fails("Incompatible shapes", {s.random({2}), s.random({3})});
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(1)) g.set_sum(1, g.grad() * grad::op("Polygamma", {g.input(0) + 1.0, g.input(1)}));
  });
}

void gamma_samples(Samples& s) {
  s.add({s.uniform({2, 1}, 0.5, 5), s.uniform({4}, 0.1, 9)}).tolerance = 2e-5;
  s.add({s.uniform({2, 1}, 0.5, 5, DType::kFloat64), s.uniform({4}, 0.1, 9, DType::kFloat64)}).tolerance =
      1e-10;
  s.add({Samples::numbers({4}, {1, 0.5, -1, 2}), Samples::numbers({4}, {0, INFINITY, 1, -1})});
  s.add({s.random({0}), s.random({})});
  s.fails("Incompatible shapes", {s.random({2}), s.random({3})});
}
// `sign` is -1 for the upper function.
void gradient_of_gamma(GradientContext& g, double sign) {
  const Tensor &a = g.input(0), &x = g.input(1);
  if (g.needs(0)) g.set_sum(0, sign * g.grad() * grad::op("IgammaGradA", {a, x}));
  if (!g.needs(1)) return;
  Tensor log = (a - 1.0) * grad::op("Log", {x}) - x - grad::op("Lgamma", {a});
  g.set_sum(1, sign * g.grad() * grad::op("Exp", {log}));
}
FLOE_OP("Igamma", op) {
  op.in("a:T, x:T").out("z:T").attrs(kFloatAttr).infer(infer_broadcast).elementwise();
  op.kernel(binary_kernel<InDouble2<lower_gamma>, FloatTypes>).samples(gamma_samples);
  op.gradient([](GradientContext& g) { gradient_of_gamma(g, 1); });
}
FLOE_OP("Igammac", op) {
  op.in("a:T, x:T").out("z:T").attrs(kFloatAttr).infer(infer_broadcast).elementwise();
  op.kernel(binary_kernel<InDouble2<upper_gamma>, FloatTypes>).samples(gamma_samples);
  op.gradient([](GradientContext& g) { gradient_of_gamma(g, -1); });
}

// The derivative of the lower function by a, term by term of its power series.
double lower_gamma_by_a(double a, double x) {
  if (!(a > 0) || !(x >= 0)) return NAN;
  if (x == 0 || std::isinf(x)) return 0;
  constexpr double kSeries = 5000;
  if (a > kSeries || x > kSeries) {
    double h = 1e-5 * a;
    return (lower_gamma(a + h, x) - lower_gamma(a - h, x)) / (2 * h);
  }
  // Terms grow up to exp(x).
  long double term = 1, slope = 0, sum = 1, slopes = 0;
  for (int n = 1; n < 20000; ++n) {
    long double next = a + n;
    slope = (slope - term / next) * x / next;
    term *= x / next;
    sum += term;
    slopes += slope;
    if (next > x && term < 1e-20L * sum && -slope < 1e-20L * -slopes) break;
  }
  long double scale = std::exp(a * std::log((long double)x) - x - std::lgamma((long double)a + 1));
  return double(scale * (sum * (std::log((long double)x) - (long double)digamma(a + 1)) + slopes));
}
// How a sample of the gamma distribution moves with its parameter, the place in the distribution kept.
double gamma_sample_by_a(double a, double x) {
  double log_density = (a - 1) * std::log(x) - x - std::lgamma(a);
  return -lower_gamma_by_a(a, x) / std::exp(log_density);
}

FLOE_OP("RandomGammaGrad", op) {
  op.in("alpha:T, sample:T").out("output:T").attrs("T:{float,double}").infer(infer_broadcast).elementwise();
  op.kernel(binary_kernel<InDouble2<gamma_sample_by_a>, Types<float, double>>);
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64}) {
      double tolerance = t == DType::kFloat32 ? 1e-4 : 1e-8;
      s.add({s.uniform({2, 3}, 0.2, 6, t), s.uniform({2, 3}, 0.1, 6, t)}).tolerance = tolerance;
      s.add({s.uniform({3}, 0.5, 2, t), s.uniform({4, 1}, 0.5, 2, t)}).tolerance = tolerance;
    }
    s.fails("Incompatible shapes", {s.random({2}), s.random({3})});
  });
}

FLOE_OP("IgammaGradA", op) {
  op.in("a:T, x:T").out("z:T").attrs("T:{float,double}").infer(infer_broadcast).elementwise();
  op.kernel(binary_kernel<InDouble2<lower_gamma_by_a>, Types<float, double>>).samples(gamma_samples);
}

FLOE_OP("Betainc", op) {
  op.in("a:T, b:T, x:T").out("z:T").attrs("T:{float,double}").elementwise();
  op.infer([](InferContext& c) {
    Shape out;
    for (int i = 0; i < 3; ++i) {
      if (!c.shape(i).has_rank()) return;
      if (c.shape(i).rank() == 0) continue;
      try {
        out = out.rank() == 0 ? c.shape(i) : merge_shapes(out, c.shape(i));
      } catch (const InvalidArgument&) {
        c.fail(cat("Shapes of a, b and x are inconsistent: ", c.shape(0).str(), ", ", c.shape(1).str(), ", ",
                   c.shape(2).str()));
      }
    }
    c.set_output(0, out);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch(Types<float, double>{}, k.input_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        T* out = c.out<T>(0);
        const T *a = c.in<T>(0), *b = c.in<T>(1), *x = c.in<T>(2);
        int64_t sa = c.input(0).rank() > 0, sb = c.input(1).rank() > 0, sx = c.input(2).rank() > 0;
        for (int64_t i = 0; i < c.output(0).num_elements(); ++i)
          out[i] = T(incomplete_beta(double(a[i * sa]), double(b[i * sb]), double(x[i * sx])));
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.add({s.uniform({4}, 0.5, 5), s.uniform({4}, 0.5, 5), s.uniform({4}, 0, 1)}).tolerance = 2e-5;
    s.add({s.uniform({4}, 0.5, 5, DType::kFloat64), s.uniform({}, 0.5, 5, DType::kFloat64),
           s.uniform({4}, 0, 1, DType::kFloat64)})
        .tolerance = 1e-10;
    s.add({s.uniform({}, 0.5, 5), s.uniform({}, 0.5, 5), s.uniform({}, 0, 1)}).tolerance = 2e-5;
    s.fails("inconsistent", {s.random({2}), s.random({3}), s.random({})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor &a = g.input(0), &b = g.input(1), &x = g.input(2);
    auto log_gamma = [](const Tensor& t) { return grad::op("Lgamma", {t}); };
    Tensor log_beta = log_gamma(a) + log_gamma(b) - log_gamma(a + b);
    Tensor log = grad::op("Xlog1py", {b - 1.0, -x}) + grad::op("Xlogy", {a - 1.0, x}) - log_beta;
    if (g.needs(2)) g.set_sum(2, g.grad() * grad::op("Exp", {log}));
  });
}

struct NextAfterFn {
  template <class T>
  T operator()(T a, T b) const {
    return std::nextafter(a, b);
  }
};
FLOE_OP("NextAfter", op) {
  op.in("x1:T, x2:T").out("output:T").attrs("T:{double,float}=float").infer(infer_broadcast).elementwise();
  op.kernel(binary_kernel<NextAfterFn, Types<float, double>>);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t), s.random({3}, t)}); });
    s.fails("Incompatible shapes", {s.random({2}), s.random({3})});
  });
  op.gradient([](GradientContext& g) {
    if (g.needs(0)) g.set_sum(0, g.grad());
    if (g.needs(1)) g.set_sum(1, grad::zeros_like(g.grad()));
  });
}

}  // namespace
}  // namespace floe
