// Shuffling and draws from given distributions, one part of the stream per output as TensorFlow divides it.
#include <algorithm>
#include <numeric>

#include "floe/ops/random/philox.h"

namespace floe {
namespace {

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
double draw_gamma(double alpha, Stretch& s) {
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
double draw_poisson(double rate, double largest, Stretch& s) {
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

void infer_appended(InferContext& c) {
  Shape s = drawn_shape(c);
  c.set_output(0, s.has_rank() && c.shape(1).has_rank() ? s.concat(c.shape(1)) : Shape::unknown());
}

// draw(parameter index, stretch) for every output; outputs are numbered parameter by parameter.
template <class F>
void each_output(KernelContext& c, RandomState& state, int64_t parameters, F&& draw) {
  int64_t n = c.output(0).num_elements(), per = parameters ? n / parameters : 0;
  Philox g = state.reserve(reserved_blocks(n));
  parallel_for(c.threads(), n, 150, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      Stretch s(g, i);
      draw(i / per, (i % per) * parameters + i / per, s);
    }
  });
}

FLOE_OP("RandomGamma", op) {
  op.in("shape:S, alpha:T")
      .out("output:T")
      .attrs("seed:int=0; seed2:int=0; S:{int32,int64}; T:{half,float,double}");
  op.infer(infer_appended).stateful();
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(Types<float, double, float16>{}, k.output_type(0), [&]<class T>() {
      fn = seeded_kernel(k, [](KernelContext& c, RandomState& state) {
        const T* alpha = c.in<T>(1);
        T* out = c.out<T>(0);
        each_output(c, state, c.input(1).num_elements(), [&](int64_t p, int64_t at, Stretch& s) {
          out[at] = T(draw_gamma(double(compute_t<T>(alpha[p])), s));
        });
      });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    AttrMap seeds = {{"seed", int64_t(3)}, {"seed2", int64_t(8)}};
    s.each_type("T",
                [&](DType t) { s.add({Samples::i32({6}), Samples::numbers({3}, {0.5, 1, 4.5}, t)}, seeds); });
    s.add({Samples::i64({2, 3}), Samples::numbers({}, {2.5})}, seeds);
    s.add({Samples::i32({0}), Samples::numbers({2}, {2.5, 3})}, seeds);
    s.add({Samples::i32({4}), Samples::numbers({0}, {})}, seeds);
  });
}

template <class R, class T>
void poisson(KernelContext& c, RandomState& state) {
  const R* rate = c.in<R>(1);
  T* out = c.out<T>(0);
  double largest = double(std::numeric_limits<T>::max());
  if constexpr (std::is_same_v<T, float16>) largest = 65504;
  each_output(c, state, c.input(1).num_elements(), [&](int64_t p, int64_t at, Stretch& s) {
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

using PoissonTypes = Types<float, double, float16, int32_t, int64_t>;

FLOE_OP("RandomPoissonV2", op) {
  op.in("shape:S, rate:R")
      .out("output:dtype")
      .attrs(
          "seed:int=0; seed2:int=0; S:{int32,int64}; R:{half,float,double,int32,int64}=double; "
          "dtype:{half,float,double,int32,int64}=int64");
  op.infer(infer_appended).stateful();
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(PoissonTypes{}, k.input_type(1), [&]<class R>() {
      dispatch(PoissonTypes{}, k.output_type(0), [&]<class T>() { fn = seeded_kernel(k, poisson<R, T>); });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    AttrMap seeds = {{"seed", int64_t(3)}, {"seed2", int64_t(8)}};
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kInt32, DType::kInt64}) {
      seeds.set("dtype", t);
      s.add({Samples::i32({6}), Samples::numbers({4}, {0.5, 3, 12.5, 100}, DType::kFloat64)}, seeds);
    }
    s.add({Samples::i64({2, 3}), Samples::numbers({}, {25}, DType::kInt32)}, seeds);
  });
}

FLOE_OP("RandomPoisson", op) {
  op.in("shape:S, rate:dtype")
      .out("output:dtype")
      .attrs("seed:int=0; seed2:int=0; S:{int32,int64}; dtype:{half,float,double}");
  op.infer(infer_appended).stateful();
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(Types<float, double, float16>{}, k.output_type(0),
             [&]<class T>() { fn = seeded_kernel(k, poisson<T, T>); });
    return fn;
  });
}

template <class T>
void shuffle_range(T* v, int64_t n, PhiloxWords& words) {
  for (int64_t i = 0; i + 1 < n; ++i) std::swap(v[i], v[i + words() % uint32_t(n - i)]);
}

FLOE_OP("RandomShuffle", op) {
  op.in("value:T").out("output:T").attrs("seed:int=0; seed2:int=0; T:type");
  op.infer(infer_unchanged).stateful();
  op.kernel([](const KernelInit& k) {
    return seeded_kernel(k, [](KernelContext& c, RandomState& state) {
      const Tensor& in = c.input(0);
      int64_t n = in.rank() ? in.dim(0) : 1, row = n ? in.num_elements() / n : 0;
      if (n > int64_t(UINT32_MAX)) c.fail(cat("cannot shuffle more than ", UINT32_MAX, " rows, found ", n));
      std::vector<int64_t> order(size_t(in.num_elements() ? n : 0));
      std::iota(order.begin(), order.end(), 0);
      if (in.num_elements() > 1 && n > 1) {
        PhiloxWords words(state.reserve(uint64_t(n - 1 + 3) / 4));
        shuffle_range(order.data(), n, words);
      }
      dispatch_moves(in.dtype(), [&]<class T>() {
        const T* from = static_cast<const T*>(in.raw());
        T* to = static_cast<T*>(c.output(0).mutable_raw());
        for (size_t i = 0; i < order.size(); ++i)
          std::copy_n(from + order[i] * row, row, to + int64_t(i) * row);
      });
    });
  });
  op.samples([](Samples& s) {
    AttrMap seeds = {{"seed", int64_t(5)}, {"seed2", int64_t(9)}};
    s.each_type("T", [&](DType t) { s.add({s.random({11}, t)}, seeds); });
    s.add({Samples::iota({7, 3})}, seeds);
    s.add({Samples::iota({5, 2, 2}, DType::kInt64)}, seeds);
    s.add({Samples::iota({})}, seeds);
    s.add({Samples::iota({1, 3})}, seeds);
    s.add({Samples::iota({0, 3})}, seeds);
  });
}

template <class T, class O>
void multinomial(KernelContext& c, Philox g, int64_t samples) {
  const Tensor& logits = c.input(0);
  int64_t batch = logits.dim(0), classes = logits.dim(1);
  const T* x = logits.data<T>();
  O* out = c.out<O>(0);
  PhiloxWords words(g);
  std::vector<double> sums(static_cast<size_t>(classes));
  for (int64_t b = 0; b < batch; ++b, x += classes, out += samples) {
    double largest = std::is_integral_v<T> ? double(std::numeric_limits<T>::lowest())
                                           : -std::numeric_limits<double>::infinity();
    for (int64_t j = 0; j < classes; ++j)
      if (double v = double(compute_t<T>(x[j])); std::isfinite(v)) largest = std::max(largest, v);
    double total = 0;
    for (int64_t j = 0; j < classes; ++j) {
      double v = double(compute_t<T>(x[j]));
      if (std::isfinite(v)) total += std::exp(v - largest);
      sums[size_t(j)] = total;
    }
    for (int64_t j = 0; j < samples; ++j) {
      uint32_t hi = words(), lo = words();
      auto found = std::upper_bound(sums.begin(), sums.end(), unit_double(hi, lo) * total);
      out[j] = O(found - sums.begin());
    }
  }
}

void infer_multinomial(InferContext& c) {
  Shape logits = c.with_rank(0, 2);
  c.with_rank(1, 0);
  int64_t samples = -1;
  if (auto v = c.int_value(1)) {
    samples = v->at(0);
    if (samples < 0) c.fail(cat("num_samples should be nonnegative, got ", samples));
  }
  if (logits[1] == 0) c.fail(cat("num_classes should be positive, got ", logits[1]));
  c.set_output(0, {logits[0], samples});
}

template <class Source>
KernelFn multinomial_kernel(const KernelInit& k, Source&& source) {
  KernelFn fn;
  dispatch(RealTypes{}, k.input_type(0), [&]<class T>() {
    dispatch(IndexTypes{}, k.output_type(0), [&]<class O>() {
      fn = source([](KernelContext& c, Philox g) { multinomial<T, O>(c, g, c.output(0).dim(1)); });
    });
  });
  return fn;
}

constexpr const char* kRealTypes =
    "{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}";

FLOE_OP("Multinomial", op) {
  op.in("logits:T, num_samples:int32")
      .out("output:output_dtype")
      .attrs(cat("seed:int=0; seed2:int=0; T:", kRealTypes, "; output_dtype:{int32,int64}=int64"));
  op.infer(infer_multinomial).stateful();
  op.kernel([](const KernelInit& k) {
    return multinomial_kernel(k, [&](void (*draw)(KernelContext&, Philox)) {
      return seeded_kernel(k, [draw](KernelContext& c, RandomState& state) {
        int64_t n = c.output(0).dim(0) * ((c.output(0).dim(1) + 3) / 4 * 4) * 2;
        draw(c, state.reserve(reserved_blocks(n)));
      });
    });
  });
  op.samples([](Samples& s) {
    AttrMap seeds = {{"seed", int64_t(5)}, {"seed2", int64_t(9)}};
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16})
      s.add({s.uniform({1, 5}, 0, 3, t), Tensor::scalar(int32_t(12))}, seeds);
    s.add({Samples::numbers({1, 4}, {-INFINITY, 0, 1, NAN}), Tensor::scalar(int32_t(9))}, seeds);
    s.add({s.random({3, 5}), Tensor::scalar(int32_t(0))}, seeds);
    seeds.set("output_dtype", DType::kInt32);
    s.add({s.random({1, 7}), Tensor::scalar(int32_t(5))}, seeds);
    s.fails("num_samples should be nonnegative", {s.random({1, 7}), Tensor::scalar(int32_t(-5))}, seeds);
    s.fails("num_classes should be positive", {s.random({1, 0}), Tensor::scalar(int32_t(5))}, seeds);
  });
}

FLOE_OP("StatelessMultinomial", op) {
  op.in("logits:T, num_samples:int32, seed:Tseed")
      .out("output:output_dtype")
      .attrs(cat("T:", kRealTypes, "; Tseed:{int32,int64}=int64; output_dtype:{int32,int64}=int64"));
  op.infer([](InferContext& c) {
    Shape seed = c.with_rank(2, 1);
    if (seed[0] >= 0 && seed[0] != 2) c.fail(cat("seed must have shape [2], not ", seed.str()));
    infer_multinomial(c);
  });
  op.kernel([](const KernelInit& k) {
    return multinomial_kernel(k, [&](void (*draw)(KernelContext&, Philox)) -> KernelFn {
      return [draw](KernelContext& c) { draw(c, seeded_philox(c.input(2))); };
    });
  });
  op.samples([](Samples& s) {
    s.add({s.random({1, 5}), Tensor::scalar(int32_t(12)), Samples::i64({3, 4})});
    s.add({s.random({1, 5}, DType::kFloat64), Tensor::scalar(int32_t(7)), Samples::i32({3, 4})},
          {{"output_dtype", DType::kInt32}});
    s.fails("seed must have shape [2]", {s.random({1, 5}), Tensor::scalar(int32_t(12)), Samples::i64({3})});
  });
}

}  // namespace
}  // namespace floe
