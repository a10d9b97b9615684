// Draws from given distributions, one part of the stream per output as TensorFlow divides it.
#pragma once

#include <algorithm>
#include <numeric>

#include "floe/ops/broadcast.h"
#include "floe/ops/random/philox.h"

namespace floe {

/// The output of an op that draws for parameters: the requested shape must end with theirs.
inline void set_ending(InferContext& c, const Shape& out, const Shape& parameters) {
  c.set_output(0, out);
  if (!out.is_fully_defined() || !parameters.is_fully_defined()) return;
  int skipped = out.rank() - parameters.rank();
  bool fits = skipped >= 0;
  for (int i = 0; fits && i < parameters.rank(); ++i) fits = parameters[i] == out[skipped + i];
  if (!fits)
    c.fail(
        cat("Shape passed in must end with broadcasted shape. found ", out.str(), " and ", parameters.str()));
}

// Doubles and normal numbers of one output's stretch of the stream.
class Stretch {
 public:
  Stretch(Philox g, int64_t output) : g_(g) { g_.skip(uint64_t(output) * 256); }
  double uniform() {
    if (uniforms_left_ == 0) UniformDraw::draw(g_(), uniforms_), uniforms_left_ = 2;
    return uniforms_[--uniforms_left_];
  }
  double normal() {
    if (normals_left_ == 0) NormalDraw::draw(g_(), normals_), normals_left_ = 2;
    return normals_[--normals_left_];
  }

 private:
  Philox g_;
  double uniforms_[2], normals_[2];
  int uniforms_left_ = 0, normals_left_ = 0;
};

// Marsaglia and Tsang, "A simple method for generating gamma variables".
inline double draw_gamma(double alpha, Stretch& s) {
  if (alpha == 1) return -std::log1p(-s.uniform());
  bool below = alpha < 1;
  double d = alpha + (below ? 2.0 / 3 : -1.0 / 3), c = 1.0 / 3 / std::sqrt(d);
  if (!(d > 0) || !std::isfinite(d)) return NAN;
  for (;;) {
    double x = s.normal(), v = 1 + c * x;
    if (v <= 0) continue;
    v = v * v * v;
    double u = s.uniform();
    if (u < 1 - 0.0331 * (x * x) * (x * x) || std::log(u) < 0.5 * x * x + d * (1 - v + std::log(v))) {
      double r = d * v;
      return below ? r * std::pow(s.uniform(), 1 / alpha) : r;
    }
  }
}

// Knuth's product of uniforms for small rates, Hormann's transformed rejection above.
inline double draw_poisson(double rate, double largest, Stretch& s) {
  if (rate < 10) {
    double limit = std::exp(-rate), product = 1;
    for (double x = 0;; ++x) {
      product *= s.uniform();
      if (product <= limit && x <= largest) return x;
    }
  }
  if (rate >= largest) return largest;
  double log_rate = std::log(rate), b = 0.931 + 2.53 * std::sqrt(rate), a = -0.059 + 0.02483 * b;
  double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  for (;;) {
    double u = s.uniform() - 0.5, v = s.uniform(), shifted = 0.5 - std::abs(u);
    double k = std::floor((2 * a / shifted + b) * u + rate + 0.43);
    if (k > largest) continue;
    if (shifted >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return k;
    if (k < 0 || (shifted < 0.013 && v > shifted)) continue;
    double left = std::log(v * inverse_alpha / (a / (shifted * shifted) + b));
    if (left <= -rate + k * log_rate - std::lgamma(k + 1)) return k;
  }
}

/// draw(parameter index, place in the output, stretch); outputs are numbered parameter by parameter.
template <class F>
void each_output(KernelContext& c, const Philox& g, int64_t parameters, F&& draw) {
  int64_t n = c.output(0).num_elements(), per = parameters ? n / parameters : 0;
  parallel_for(c.threads(), n, 150, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      Stretch s(g, i);
      draw(i / per, (i % per) * parameters + i / per, s);
    }
  });
}

template <class T>
void gamma(KernelContext& c, const Philox& g, const Tensor& alphas) {
  const T* alpha = alphas.data<T>();
  T* out = c.out<T>(0);
  each_output(c, g, alphas.num_elements(), [&](int64_t p, int64_t at, Stretch& s) {
    out[at] = T(draw_gamma(double(compute_t<T>(alpha[p])), s));
  });
}

template <class R, class T>
void poisson(KernelContext& c, const Philox& g, const Tensor& rates) {
  const R* rate = rates.data<R>();
  T* out = c.out<T>(0);
  double largest = double(std::numeric_limits<T>::max());
  if constexpr (std::is_same_v<T, float16>) largest = 65504;
  each_output(c, g, rates.num_elements(), [&](int64_t p, int64_t at, Stretch& s) {
    double r = double(compute_t<R>(rate[p]));
    if (!std::isfinite(r) || r < 0) {
      if constexpr (std::is_integral_v<T>)
        out[at] = 0;
      else
        out[at] = T(NAN);
      return;
    }
    out[at] = T(draw_poisson(r, largest, s));
  });
}

inline double stirling(double k) {
  static constexpr double kTable[] = {
      0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
      0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287};
  if (k <= 9) return kTable[int(k)];
  double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

// Hormann, "The generation of binomial random variates": by transformed rejection where successes are many,
inline double draw_many(double count, double p, Stretch& s) {
  double deviation = std::sqrt(count * p * (1 - p)), b = 1.15 + 2.53 * deviation;
  double a = -0.0873 + 0.0248 * b + 0.01 * p, c = count * p + 0.5, accepted = 0.92 - 4.2 / b;
  double r = p / (1 - p), alpha = (2.83 + 5.1 / b) * deviation, m = std::floor((count + 1) * p);
  for (;;) {
    double u = s.uniform() - 0.5, v = s.uniform(), us = 0.5 - std::abs(u);
    double k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= accepted) return k;
    if (k < 0 || k > count) continue;
    v = std::log(v * alpha / (a / (us * us) + b));
    double bound = (m + 0.5) * std::log((m + 1) / (r * (count - m + 1))) +
                   (count + 1) * std::log((count - m + 1) / (count - k + 1)) +
                   (k + 0.5) * std::log(r * (count - k + 1) / (k + 1)) + stirling(m) + stirling(count - m) -
                   stirling(k) - stirling(count - k);
    if (v <= bound) return k;
  }
}

// and by the waiting times between them where they are few.
inline double draw_few(double count, double p, Stretch& s) {
  double tries = 0, found = 0;
  for (;; ++found) {
    tries += std::ceil(std::log(s.uniform()) / std::log1p(-p));
    if (tries > count) return found;
  }
}

inline double draw_binomial(double count, double p, Stretch& s) {
  if (std::isnan(p) || std::isnan(count) || count < 0 || p < 0 || p > 1) return NAN;
  bool rare = p <= 0.5;
  double q = rare ? p : 1 - p;
  if (count == 0 || q == 0) return rare ? 0 : count;
  double k = count * q >= 10 ? draw_many(count, q, s) : draw_few(count, q, s);
  return rare ? k : count - k;
}

/// Counts and probabilities, which broadcast, are the inputs i and i + 1.
template <class R, class T>
void binomial(KernelContext& c, const Philox& g, int i) {
  Shape shapes[2] = {c.input(i).shape(), c.input(i + 1).shape()};
  BroadcastLoop loop = make_broadcast(broadcast_shapes(shapes[0], shapes[1]), shapes);
  const R *counts = c.in<R>(i), *probs = c.in<R>(i + 1);
  std::vector<std::pair<double, double>> parameters;
  for_rows2(loop, [&](int64_t, int64_t x, int64_t y, int64_t n, int64_t dx, int64_t dy) {
    for (int64_t k = 0; k < n; ++k)
      parameters.emplace_back(double(compute_t<R>(counts[x + k * dx])),
                              double(compute_t<R>(probs[y + k * dy])));
  });
  T* out = c.out<T>(0);
  each_output(c, g, int64_t(parameters.size()), [&](int64_t p, int64_t at, Stretch& s) {
    double k = draw_binomial(parameters[size_t(p)].first, parameters[size_t(p)].second, s);
    if constexpr (std::is_integral_v<T>)
      out[at] = std::isnan(k) ? T(0) : T(k);
    else
      out[at] = T(k);
  });
}

template <class T>
void shuffle_range(T* v, int64_t n, PhiloxWords& words) {
  for (int64_t i = 0; i + 1 < n; ++i) std::swap(v[i], v[i + words() % uint32_t(n - i)]);
}

/// Writes the rows of input 0 to output 0 in an order that follows from `g`.
inline void shuffle_rows(KernelContext& c, const Philox& g) {
  const Tensor& in = c.input(0);
  int64_t n = in.rank() ? in.dim(0) : 1, row = n ? in.num_elements() / n : 0;
  if (n > int64_t(UINT32_MAX)) c.fail(cat("cannot shuffle more than ", UINT32_MAX, " rows, found ", n));
  std::vector<int64_t> order(size_t(in.num_elements() ? n : 0));
  std::iota(order.begin(), order.end(), 0);
  PhiloxWords words(g);
  if (order.size() > 1) shuffle_range(order.data(), n, words);
  dispatch_moves(in.dtype(), [&]<class T>() {
    const T* from = static_cast<const T*>(in.raw());
    T* to = static_cast<T*>(c.output(0).mutable_raw());
    for (size_t i = 0; i < order.size(); ++i) std::copy_n(from + order[i] * row, row, to + int64_t(i) * row);
  });
}

}  // namespace floe
