// Vector mathematics, compiled once per instruction set. Errors against the correctly rounded result are
// stated beside each function and asserted in tests/kernels_simd/math_test.cpp. NaN stays NaN, infinities
// give their limits, denormal arguments and results are kept.
#if defined(FLOE_KERNELS_CPU_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FLOE_KERNELS_CPU_SIMD_MATH_INL_H_
#undef FLOE_KERNELS_CPU_SIMD_MATH_INL_H_
#else
#define FLOE_KERNELS_CPU_SIMD_MATH_INL_H_
#endif

#include <cmath>
#include <cstring>
#include <limits>

#include "floe/kernels/cpu/simd/epilogue.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using Vec = hn::Vec<FloatTag>;
inline constexpr size_t kLanes = hn::MaxLanes(FloatTag());

// The first n lanes of memory, zero elsewhere; never touches memory behind them.
HWY_INLINE Vec LoadN(FloatTag d, const float* p, size_t n) {
#if HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(d, n), d, p);
#else
  HWY_ALIGN float lanes[kLanes] = {};
  std::memcpy(lanes, p, n * sizeof(float));
  return hn::Load(d, lanes);
#endif
}

HWY_INLINE void StoreN(Vec v, FloatTag d, float* p, size_t n) {
#if HWY_TARGET <= HWY_AVX2
  hn::BlendedStore(v, hn::FirstN(d, n), d, p);
#else
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, d, lanes);
  std::memcpy(p, lanes, n * sizeof(float));
#endif
}

// max(x, low) and min(x, high) that keep a NaN in x. The x86 instructions return their second operand when
// either is NaN, so x goes second.
HWY_INLINE Vec AtLeast(Vec x, Vec low) {
#if HWY_TARGET <= HWY_AVX2
  return hn::Max(low, x);
#else
  return hn::IfThenElse(hn::Lt(x, low), low, x);
#endif
}

HWY_INLINE Vec AtMost(Vec x, Vec high) {
#if HWY_TARGET <= HWY_AVX2
  return hn::Min(high, x);
#else
  return hn::IfThenElse(hn::Gt(x, high), high, x);
#endif
}

HWY_INLINE Vec Clamp(FloatTag d, Vec x, float low, float high) {
  return AtMost(AtLeast(x, hn::Set(d, low)), hn::Set(d, high));
}

HWY_INLINE Vec ScaleByPowerOfTwo(FloatTag d, Vec x, Vec exponent) {
#if HWY_TARGET <= HWY_AVX3
  (void)d;
  return Vec{_mm512_scalef_ps(x.raw, exponent.raw)};
#else
  const hn::RebindToSigned<FloatTag> di;
  const auto n = hn::ConvertTo(di, exponent);
  const auto half = hn::ShiftRight<1>(n);
  const auto bias = hn::Set(di, 127);
  const auto first = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(half, bias)));
  const auto second = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::Sub(n, half), bias)));
  return hn::Mul(hn::Mul(x, first), second);
#endif
}

// Splits x = n * ln2 + r; returns exp(r) - 1 - r.
HWY_INLINE Vec ExpTail(FloatTag d, Vec r) {
  const Vec r2 = hn::Mul(r, r);
  const Vec low = hn::MulAdd(hn::Set(d, 1.666651913e-01f), r, hn::Set(d, 4.999999335e-01f));
  const Vec middle = hn::MulAdd(hn::Set(d, 8.368898666e-03f), r, hn::Set(d, 4.166840572e-02f));
  const Vec high = hn::MulAdd(hn::Set(d, 1.381422191e-03f), r2, middle);
  return hn::Mul(r2, hn::MulAdd(high, r2, low));
}

HWY_INLINE Vec SplitByLn2(FloatTag d, Vec x, Vec& n) {
  n = hn::Round(hn::Mul(x, hn::Set(d, 1.442695041f)));
  const Vec r = hn::NegMulAdd(n, hn::Set(d, 0.693145752f), x);
  return hn::NegMulAdd(n, hn::Set(d, 1.42860677e-06f), r);
}

// 1.1 ulp.
HWY_INLINE Vec Exp(FloatTag d, Vec x) {
  Vec n;
  const Vec r = SplitByLn2(d, Clamp(d, x, -105.0f, 90.0f), n);
  const Vec p = hn::Add(hn::Set(d, 1.0f), hn::Add(r, ExpTail(d, r)));
  return ScaleByPowerOfTwo(d, p, n);
}

// 2 ulp.
HWY_INLINE Vec Expm1(FloatTag d, Vec x) {
  Vec n;
  const Vec r = SplitByLn2(d, Clamp(d, x, -30.0f, 89.0f), n);
  const Vec p = hn::Add(r, ExpTail(d, r));
  // Halving keeps 2^128 out of the sum; for |x| below ln2/2 the result is p itself.
  const Vec half = ScaleByPowerOfTwo(d, hn::Set(d, 1.0f), hn::Sub(n, hn::Set(d, 1.0f)));
  const Vec general = hn::MulAdd(half, p, hn::Sub(half, hn::Set(d, 0.5f)));
  const Vec y = hn::Add(general, general);
  const Vec exact = hn::IfThenElse(hn::Eq(n, hn::Zero(d)), p, y);
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, exact);
}

// log(m) for m in [sqrt(1/2), sqrt(2)], plus e * ln2.
HWY_INLINE Vec LogOfParts(FloatTag d, Vec m, Vec e) {
  const Vec f = hn::Sub(m, hn::Set(d, 1.0f));
  Vec p = hn::Set(d, 6.746641047e-02f);
  p = hn::MulAdd(p, f, hn::Set(d, -1.167565196e-01f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.188816210e-01f));
  p = hn::MulAdd(p, f, hn::Set(d, -1.240558888e-01f));
  p = hn::MulAdd(p, f, hn::Set(d, 1.421955238e-01f));
  p = hn::MulAdd(p, f, hn::Set(d, -1.666799586e-01f));
  p = hn::MulAdd(p, f, hn::Set(d, 2.000211866e-01f));
  p = hn::MulAdd(p, f, hn::Set(d, -2.500000960e-01f));
  p = hn::MulAdd(p, f, hn::Set(d, 3.333331260e-01f));
  const Vec f2 = hn::Mul(f, f);
  Vec y = hn::Mul(hn::Mul(f2, f), p);
  y = hn::MulAdd(e, hn::Set(d, 1.42860677e-06f), y);
  y = hn::NegMulAdd(f2, hn::Set(d, 0.5f), y);
  return hn::MulAdd(e, hn::Set(d, 0.693145752f), hn::Add(f, y));
}

// 1.5 ulp. Negative arguments give NaN, zero gives -infinity.
HWY_INLINE Vec Log(FloatTag d, Vec x) {
  const hn::RebindToSigned<FloatTag> di;
  const auto tiny = hn::Lt(x, hn::Set(d, 1.17549435e-38f));
  const Vec scaled = hn::IfThenElse(tiny, hn::Mul(x, hn::Set(d, 33554432.0f)), x);
  const auto bits = hn::BitCast(di, scaled);
  const auto offset = hn::Set(di, 0x3f3504f3);
  const auto exponent = hn::ShiftRight<23>(hn::Sub(bits, offset));
  const Vec m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(exponent)));
  Vec e = hn::ConvertTo(d, exponent);
  e = hn::Sub(e, hn::IfThenElseZero(tiny, hn::Set(d, 25.0f)));
  Vec y = LogOfParts(d, m, e);
  const Vec inf = hn::Set(d, std::numeric_limits<float>::infinity());
  const Vec nan = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
  y = hn::IfThenElse(hn::Lt(x, inf), y, x);
  y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(inf), y);
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), nan, y);
}

// 2 ulp: log(u) * x / (u - 1) with u = 1 + x cancels the rounding of u.
HWY_INLINE Vec Log1p(FloatTag d, Vec x) {
  const Vec one = hn::Set(d, 1.0f);
  const Vec u = hn::Add(x, one);
  const Vec log_u = Log(d, u);
  const Vec corrected = hn::Mul(log_u, hn::Div(x, hn::Sub(u, one)));
  const Vec y = hn::IfThenElse(hn::Eq(u, one), x, corrected);
  const auto huge = hn::Not(hn::Lt(u, hn::Set(d, 1e30f)));
  return hn::IfThenElse(hn::Or(huge, hn::Eq(u, hn::Zero(d))), log_u, y);
}

// 2.5 ulp.
HWY_INLINE Vec Sigmoid(FloatTag d, Vec x) {
  const Vec one = hn::Set(d, 1.0f);
  const Vec e = Exp(d, hn::Neg(hn::Abs(x)));
  const Vec numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::Div(numerator, hn::Add(one, e));
}

// 2.5 ulp: expm1(2x) / (expm1(2x) + 2).
HWY_INLINE Vec Tanh(FloatTag d, Vec x) {
  Vec n;
  const Vec r = SplitByLn2(d, Clamp(d, hn::Add(x, x), -20.0f, 20.0f), n);
  const Vec p = hn::Add(r, ExpTail(d, r));
  const Vec scale = ScaleByPowerOfTwo(d, hn::Set(d, 1.0f), n);
  const Vec e = hn::MulAdd(scale, p, hn::Sub(scale, hn::Set(d, 1.0f)));
  const Vec y = hn::Div(e, hn::Add(e, hn::Set(d, 2.0f)));
  return hn::Or(y, hn::And(hn::SignBit(d), x));
}

// 1.5 ulp.
HWY_INLINE Vec Erf(FloatTag d, Vec x) {
  const Vec t = hn::Abs(x);
  const Vec s = hn::Mul(x, x);
  Vec p = hn::Set(d, -5.953754997e-04f);
  p = hn::MulAdd(p, s, hn::Set(d, 4.985943791e-03f));
  p = hn::MulAdd(p, s, hn::Set(d, -2.676172266e-02f));
  p = hn::MulAdd(p, s, hn::Set(d, 1.128168265e-01f));
  p = hn::MulAdd(p, s, hn::Set(d, -3.761248112e-01f));
  p = hn::MulAdd(p, s, hn::Set(d, 1.283791477e-01f));
  const Vec small = hn::MulAdd(p, x, x);
  const Vec c = AtMost(t, hn::Set(d, 3.95f));
  Vec q = hn::Set(d, 2.139849558e-04f);
  q = hn::MulAdd(q, c, hn::Set(d, -3.214955635e-03f));
  q = hn::MulAdd(q, c, hn::Set(d, 2.288996422e-02f));
  q = hn::MulAdd(q, c, hn::Set(d, -1.052618430e-01f));
  q = hn::MulAdd(q, c, hn::Set(d, -6.357183155e-01f));
  q = hn::MulAdd(q, c, hn::Set(d, -1.128514361e+00f));
  const Vec large = hn::Sub(hn::Set(d, 1.0f), Exp(d, hn::Mul(q, c)));
  return hn::IfThenElse(hn::Lt(t, hn::Set(d, 0.92f)), small, hn::CopySign(large, x));
}

// 3 ulp: max(x, 0) + log1p(exp(-|x|)).
HWY_INLINE Vec Softplus(FloatTag d, Vec x) {
  const Vec tail = Log1p(d, Exp(d, hn::Neg(hn::Abs(x))));
  return hn::Add(AtLeast(x, hn::Zero(d)), tail);
}

// x * sigmoid(x), 3 ulp; below -87, where sigmoid is a denormal, up to 2^-17. -infinity * 0 is NaN, as in
// TensorFlow.
HWY_INLINE Vec Swish(FloatTag d, Vec x) {
  const Vec one = hn::Set(d, 1.0f);
  const Vec e = Exp(d, hn::Neg(hn::Abs(x)));
  const Vec numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, e), x);
  return hn::Div(numerator, hn::Add(one, e));
}

// x / 2 * (1 + erf(x / sqrt(2))) to 1.5e-7 of |x|: one polynomial for log(erfc) serves both signs.
HWY_INLINE Vec Gelu(FloatTag d, Vec x) {
  const Vec half = hn::Mul(x, hn::Set(d, 0.5f));
  const Vec t = hn::Abs(hn::Mul(x, hn::Set(d, 0.70710678118654752f)));
  Vec p = hn::Set(d, -2.154417743e-05f);
  p = hn::MulAdd(p, t, hn::Set(d, 2.356639928e-04f));
  p = hn::MulAdd(p, t, hn::Set(d, -8.210508568e-04f));
  p = hn::MulAdd(p, t, hn::Set(d, -8.417842250e-04f));
  p = hn::MulAdd(p, t, hn::Set(d, 1.981608117e-02f));
  p = hn::MulAdd(p, t, hn::Set(d, -1.030101354e-01f));
  p = hn::MulAdd(p, t, hn::Set(d, -6.365817611e-01f));
  p = hn::MulAdd(p, t, hn::Set(d, -1.128381158e+00f));
  const Vec erfc = hn::IfThenElseZero(hn::Lt(t, hn::Set(d, 5.0f)), Exp(d, hn::Mul(p, t)));
  const Vec positive = hn::Sub(hn::Set(d, 2.0f), erfc);
  return hn::Mul(half, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), erfc, positive));
}

HWY_INLINE Vec GeluTanh(FloatTag d, Vec x) {
  const Vec half = hn::Mul(x, hn::Set(d, 0.5f));
  const Vec x3 = hn::Mul(hn::Mul(x, x), x);
  const Vec inner = hn::Mul(hn::Set(d, 0.79788456080286536f), hn::MulAdd(x3, hn::Set(d, 0.044715f), x));
  return hn::MulAdd(half, Tanh(d, inner), half);
}

HWY_INLINE Vec HardSigmoid(FloatTag d, Vec x) {
  return hn::Mul(Clamp(d, hn::Add(x, hn::Set(d, 3.0f)), 0.0f, 6.0f), hn::Set(d, 1.0f / 6.0f));
}

HWY_INLINE Vec Elu(FloatTag d, Vec x) { return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), Expm1(d, x), x); }

HWY_INLINE Vec Selu(FloatTag d, Vec x) {
  const Vec scale = hn::Set(d, 1.0507009873554805f);
  const Vec negative = hn::Mul(Expm1(d, x), hn::Set(d, 1.6732632423543772f));
  return hn::Mul(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), negative, x), scale);
}

// The C library, lane by lane: for functions too rare to deserve a vector form.
template <class F>
HWY_INLINE Vec MapLanes(FloatTag d, Vec x, F f) {
  HWY_ALIGN float lanes[kLanes];
  hn::Store(x, d, lanes);
  for (float& lane : lanes) lane = f(lane);
  return hn::Load(d, lanes);
}

template <class F>
HWY_INLINE Vec MapLanes(FloatTag d, Vec x, Vec y, F f) {
  HWY_ALIGN float lanes[kLanes], others[kLanes];
  hn::Store(x, d, lanes);
  hn::Store(y, d, others);
  for (size_t i = 0; i < kLanes; ++i) lanes[i] = f(lanes[i], others[i]);
  return hn::Load(d, lanes);
}

#if HWY_TARGET != HWY_SCALAR
using DoubleTag = hn::Repartition<double, FloatTag>;
using DoubleVec = hn::Vec<DoubleTag>;

// Applies f to both halves of x (and y) in double precision.
template <class F>
HWY_INLINE Vec InDouble(FloatTag d, Vec x, Vec y, F f) {
  const hn::Half<FloatTag> half;
  const DoubleTag dd;
  const auto low =
      f(dd, hn::PromoteTo(dd, hn::LowerHalf(half, x)), hn::PromoteTo(dd, hn::LowerHalf(half, y)));
  const auto high =
      f(dd, hn::PromoteTo(dd, hn::UpperHalf(half, x)), hn::PromoteTo(dd, hn::UpperHalf(half, y)));
  return hn::Combine(d, hn::DemoteTo(half, high), hn::DemoteTo(half, low));
}

// log2 of a positive, finite, normal double, good to 1e-13.
HWY_INLINE DoubleVec Log2Double(DoubleTag d, DoubleVec x) {
  const hn::RebindToSigned<DoubleTag> di;
  const auto bits = hn::BitCast(di, x);
  const auto shifted = hn::Sub(bits, hn::Set(di, 0x3fe6a09e667f3bcd));
  // The exponent is small, so it can be read off a double that carries it in its low bits.
  const auto magic = hn::Set(di, 0x4338000000000000);
  const auto exponent = hn::ShiftRight<52>(hn::Add(shifted, hn::Set(di, int64_t(1024) << 52)));
  const DoubleVec e =
      hn::Sub(hn::BitCast(d, hn::Add(exponent, magic)), hn::Set(d, 6755399441055744.0 + 1024.0));
  const DoubleVec m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<52>(hn::Sub(exponent, hn::Set(di, 1024)))));
  const DoubleVec one = hn::Set(d, 1.0);
  const DoubleVec t = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const DoubleVec s = hn::Mul(t, t);
  DoubleVec p = hn::Set(d, 1.0 / 17);
  p = hn::MulAdd(p, s, hn::Set(d, 1.0 / 15));
  p = hn::MulAdd(p, s, hn::Set(d, 1.0 / 13));
  p = hn::MulAdd(p, s, hn::Set(d, 1.0 / 11));
  p = hn::MulAdd(p, s, hn::Set(d, 1.0 / 9));
  p = hn::MulAdd(p, s, hn::Set(d, 1.0 / 7));
  p = hn::MulAdd(p, s, hn::Set(d, 1.0 / 5));
  p = hn::MulAdd(p, s, hn::Set(d, 1.0 / 3));
  p = hn::MulAdd(p, s, one);
  return hn::MulAdd(hn::Mul(t, p), hn::Set(d, 2.8853900817779268), e);
}

// 2^x for |x| below 1000, good to 1e-11.
HWY_INLINE DoubleVec Exp2Double(DoubleTag d, DoubleVec x) {
  const hn::RebindToSigned<DoubleTag> di;
  const DoubleVec magic = hn::Set(d, 6755399441055744.0);
  const DoubleVec shifted = hn::Add(x, magic);
  const DoubleVec r = hn::Mul(hn::Sub(x, hn::Sub(shifted, magic)), hn::Set(d, 0.69314718055994531));
  DoubleVec p = hn::Set(d, 1.0 / 362880);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 40320));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 5040));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 720));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 120));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 24));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 6));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<52>(hn::BitCast(di, shifted))));
}

// 1 ulp.
HWY_INLINE Vec Pow(FloatTag d, Vec x, Vec y) {
  const Vec zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const Vec inf = hn::Set(d, std::numeric_limits<float>::infinity());
  const Vec nan = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
  const Vec ax = hn::Abs(x), ay = hn::Abs(y);
  Vec r = InDouble(d, ax, y, [](DoubleTag dd, DoubleVec a, DoubleVec b) HWY_ATTR {
    const DoubleVec infinity = hn::Set(dd, std::numeric_limits<double>::infinity());
    DoubleVec l = Log2Double(dd, a);
    l = hn::IfThenElse(hn::Eq(a, hn::Zero(dd)), hn::Neg(infinity), l);
    l = hn::IfThenElse(hn::Eq(a, infinity), infinity, l);
    l = hn::IfThenElse(hn::Eq(a, a), l, a);
    const DoubleVec product = hn::Mul(l, b);
    const DoubleVec limited = hn::Min(hn::Max(product, hn::Set(dd, -300.0)), hn::Set(dd, 300.0));
    return hn::IfThenElse(hn::Eq(product, product), Exp2Double(dd, limited), product);
  });
  const Vec half_y = hn::Mul(y, hn::Set(d, 0.5f));
  const auto integer = hn::Eq(hn::Floor(y), y);
  const auto odd = hn::AndNot(hn::Eq(hn::Floor(half_y), half_y), integer);
  const Vec sign = hn::And(hn::SignBit(d), x);
  r = hn::IfThenElse(odd, hn::Or(hn::Abs(r), sign), r);
  const auto no_root = hn::AndNot(integer, hn::And(hn::Lt(x, zero), hn::Lt(ax, inf)));
  r = hn::IfThenElse(no_root, nan, r);
  const auto unit =
      hn::Or(hn::Eq(y, zero), hn::Or(hn::Eq(x, one), hn::And(hn::Eq(ax, one), hn::Eq(ay, inf))));
  return hn::IfThenElse(unit, one, r);
}

// sin(x + quarter * pi / 2), 1 ulp below 1e6; larger arguments go to the C library.
template <int kQuarter>
HWY_INLINE Vec SinShifted(FloatTag d, Vec x) {
  if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Lt(hn::Abs(x), hn::Set(d, 1e6f))))) {
    return MapLanes(d, x, [](float v) { return kQuarter == 0 ? std::sin(v) : std::cos(v); });
  }
  const Vec y = InDouble(d, x, x, [](DoubleTag dd, DoubleVec v, DoubleVec) HWY_ATTR {
    const hn::RebindToSigned<DoubleTag> di;
    const DoubleVec magic = hn::Set(dd, 6755399441055744.0);
    const DoubleVec shifted = hn::MulAdd(v, hn::Set(dd, 0.63661977236758134), magic);
    const DoubleVec n = hn::Sub(shifted, magic);
    DoubleVec r = hn::NegMulAdd(n, hn::Set(dd, 1.5707963267948966), v);
    r = hn::NegMulAdd(n, hn::Set(dd, 6.123233995736766e-17), r);
    const DoubleVec s = hn::Mul(r, r);
    DoubleVec sine = hn::Set(dd, 1.0 / 362880);
    sine = hn::MulAdd(sine, s, hn::Set(dd, -1.0 / 5040));
    sine = hn::MulAdd(sine, s, hn::Set(dd, 1.0 / 120));
    sine = hn::MulAdd(sine, s, hn::Set(dd, -1.0 / 6));
    sine = hn::MulAdd(hn::Mul(sine, s), r, r);
    DoubleVec cosine = hn::Set(dd, -1.0 / 3628800);
    cosine = hn::MulAdd(cosine, s, hn::Set(dd, 1.0 / 40320));
    cosine = hn::MulAdd(cosine, s, hn::Set(dd, -1.0 / 720));
    cosine = hn::MulAdd(cosine, s, hn::Set(dd, 1.0 / 24));
    cosine = hn::MulAdd(cosine, s, hn::Set(dd, -0.5));
    cosine = hn::MulAdd(cosine, s, hn::Set(dd, 1.0));
    const auto quadrant = hn::Add(hn::BitCast(di, shifted), hn::Set(di, kQuarter));
    const auto swap = hn::RebindMask(dd, hn::Ne(hn::And(quadrant, hn::Set(di, 1)), hn::Zero(di)));
    const DoubleVec magnitude = hn::IfThenElse(swap, cosine, sine);
    const auto flip = hn::ShiftLeft<62>(hn::And(quadrant, hn::Set(di, 2)));
    return hn::Xor(magnitude, hn::BitCast(dd, flip));
  });
  return kQuarter == 0 ? hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, y) : y;
}
#else
HWY_INLINE Vec Pow(FloatTag d, Vec x, Vec y) {
  return MapLanes(d, x, y, [](float a, float b) { return std::pow(a, b); });
}

template <int kQuarter>
HWY_INLINE Vec SinShifted(FloatTag d, Vec x) {
  return MapLanes(d, x, [](float v) { return kQuarter == 0 ? std::sin(v) : std::cos(v); });
}
#endif

// Activations that are a clamp are done in registers; the others in a second pass over fresh results.
struct ClampRange {
  float low;
  float high;
};

inline ClampRange RangeOf(Activation activation) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::kRelu:
      return {0.0f, kInf};
    case Activation::kRelu6:
      return {0.0f, 6.0f};
    default:
      return {-kInf, kInf};
  }
}

inline bool IsClamp(Activation activation) {
  return activation == Activation::kNone || activation == Activation::kRelu ||
         activation == Activation::kRelu6;
}

template <class F>
HWY_INLINE void MapRows(float* y, int64_t rows, int64_t stride, int64_t n, F f) {
  const FloatTag d;
  for (int64_t r = 0; r < rows; ++r) {
    float* p = y + r * stride;
    int64_t i = 0;
    for (; i + int64_t(kLanes) <= n; i += kLanes) hn::StoreU(f(d, hn::LoadU(d, p + i)), d, p + i);
    if (i < n) StoreN(f(d, LoadN(d, p + i, size_t(n - i))), d, p + i, size_t(n - i));
  }
}

// y[r, 0..n) = activation(y[r, 0..n)) for activations that are not a clamp.
HWY_NOINLINE inline void ActivateRows(float* y, int64_t rows, int64_t stride, int64_t n,
                                      Activation activation, float alpha) {
  switch (activation) {
    case Activation::kNone:
    case Activation::kRelu:
    case Activation::kRelu6: {
      const ClampRange range = RangeOf(activation);
      return MapRows(y, rows, stride, n,
                     [range](FloatTag d, Vec x) HWY_ATTR { return Clamp(d, x, range.low, range.high); });
    }
    case Activation::kLeakyRelu:
      return MapRows(y, rows, stride, n, [alpha](FloatTag d, Vec x) HWY_ATTR {
        return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(x, hn::Set(d, alpha)), x);
      });
    case Activation::kElu:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return Elu(d, x); });
    case Activation::kSelu:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return Selu(d, x); });
    case Activation::kSwish:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return Swish(d, x); });
    case Activation::kHardSwish:
      return MapRows(y, rows, stride, n,
                     [](FloatTag d, Vec x) HWY_ATTR { return hn::Mul(x, HardSigmoid(d, x)); });
    case Activation::kHardSigmoid:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return HardSigmoid(d, x); });
    case Activation::kSigmoid:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return Sigmoid(d, x); });
    case Activation::kTanh:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return Tanh(d, x); });
    case Activation::kGelu:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return Gelu(d, x); });
    case Activation::kGeluTanh:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return GeluTanh(d, x); });
    case Activation::kSoftplus:
      return MapRows(y, rows, stride, n, [](FloatTag d, Vec x) HWY_ATTR { return Softplus(d, x); });
  }
}

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
