// Draws from given distributions, and shuffling, that follow from a seed (or key and counter).
#include "floe/ops/broadcast.h"
#include "floe/ops/random/sampling.h"

namespace floe {
namespace {

void check_stateless_seed(const InferContext& c, int i) {
  Shape s = c.with_rank(i, 1);
  if (s[0] >= 0 && s[0] != 2) c.fail(cat("seed must have shape [2], not ", s.str()));
}

// The requested shape must end with that of the parameters.
void infer_ending(InferContext& c, int parameters) {
  Shape out = drawn_shape(c), p = c.shape(parameters);
  c.set_output(0, out);
  if (!out.is_fully_defined() || !p.is_fully_defined()) return;
  bool fits = p.rank() <= out.rank();
  for (int i = 0; fits && i < p.rank(); ++i) fits = p[i] == out[out.rank() - p.rank() + i];
  if (!fits)
    c.fail(cat("Shape passed in must end with broadcasted shape. found ", out.str(), " and ", p.str()));
}

using GammaTypes = Types<float, double, float16>;
using CountTypes = Types<float, double, float16, int32_t, int64_t>;

template <class Source>
KernelFn stateless_gamma(const KernelInit& k, int alpha, Source source) {
  KernelFn fn;
  dispatch(GammaTypes{}, k.output_type(0), [&]<class T>() {
    fn = [alpha, source](KernelContext& c) { gamma<T>(c, source(c), c.input(alpha)); };
  });
  return fn;
}

FLOE_OP("StatelessRandomGammaV2", op) {
  op.in("shape:T, seed:Tseed, alpha:dtype")
      .out("output:dtype")
      .attrs("dtype:{half,float,double}; T:{int32,int64}; Tseed:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    check_stateless_seed(c, 1);
    infer_ending(c, 2);
  });
  op.kernel([](const KernelInit& k) {
    return stateless_gamma(k, 2, [](KernelContext& c) { return seeded_philox(c.input(1)); });
  });
  op.samples([](Samples& s) {
    s.each_type("dtype", [&](DType t) {
      s.add({Samples::i32({4, 3}), Samples::i64({3, 8}), Samples::numbers({3}, {0.5, 1, 4.5}, t)});
    });
    s.add({Samples::i64({2, 3}), Samples::i32({3, 8}), Samples::numbers({}, {2.5})});
    s.add({Samples::i32({0, 2}), Samples::i64({3, 8}), Samples::numbers({2}, {2.5, 3})});
    s.fails("Shape passed in must end with broadcasted shape.",
            {Samples::i32({3}), Samples::i64({3, 8}), Samples::numbers({2}, {2.5, 3})});
  });
}

FLOE_OP("StatelessRandomGammaV3", op) {
  op.in("shape:shape_dtype, key:uint64, counter:uint64, alg:int32, alpha:dtype")
      .out("output:dtype")
      .attrs("dtype:{half,float,double}; shape_dtype:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    check_key(c, 1);
    infer_ending(c, 4);
  });
  op.kernel([](const KernelInit& k) {
    return stateless_gamma(k, 4, [](KernelContext& c) { return keyed_philox(c, 1); });
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor key = Tensor::vec<uint64_t>({9}), counter = Tensor::vec<uint64_t>({5, 6});
    Tensor alg = Tensor::scalar(int32_t(1));
    s.each_type("dtype", [&](DType t) {
      s.add({Samples::i32({4, 3}), key, counter, alg, Samples::numbers({3}, {0.5, 1, 4.5}, t)});
    });
    s.add({Samples::i64({5}), key, counter, Tensor::scalar(int32_t(3)), Samples::numbers({}, {2.5})});
  });
}

FLOE_OP("StatelessRandomPoisson", op) {
  op.in("shape:T, seed:Tseed, lam:Rtype")
      .out("output:dtype")
      .attrs(
          "Rtype:{half,float,double,int32,int64}; dtype:{half,float,double,int32,int64}; T:{int32,int64}; "
          "Tseed:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    check_stateless_seed(c, 1);
    infer_ending(c, 2);
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(CountTypes{}, k.input_type(2), [&]<class R>() {
      dispatch(CountTypes{}, k.output_type(0), [&]<class T>() {
        fn = [](KernelContext& c) { poisson<R, T>(c, seeded_philox(c.input(1)), c.input(2)); };
      });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kInt32, DType::kInt64})
      s.add({Samples::i32({5, 4}), Samples::i64({3, 8}),
             Samples::numbers({4}, {0.5, 3, 12.5, 100}, DType::kFloat64)},
            {{"dtype", t}});
    s.add({Samples::i64({2, 3}), Samples::i32({3, 8}), Samples::numbers({}, {25}, DType::kInt32)},
          {{"dtype", DType::kInt64}});
  });
  op.no_gradient();
}

double stirling(double k) {
  static constexpr double kTable[] = {
      0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
      0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287};
  if (k <= 9) return kTable[int(k)];
  double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

// Hormann, "The generation of binomial random variates": by transformed rejection where successes are many,
double draw_many(double count, double p, Stretch& s) {
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
double draw_few(double count, double p, Stretch& s) {
  double tries = 0, found = 0;
  for (;; ++found) {
    tries += std::ceil(std::log(s.uniform()) / std::log1p(-p));
    if (tries > count) return found;
  }
}

double draw_binomial(double count, double p, Stretch& s) {
  if (std::isnan(p) || std::isnan(count) || count < 0 || p < 0 || p > 1) return NAN;
  bool rare = p <= 0.5;
  double q = rare ? p : 1 - p;
  if (count == 0 || q == 0) return rare ? 0 : count;
  double k = count * q >= 10 ? draw_many(count, q, s) : draw_few(count, q, s);
  return rare ? k : count - k;
}

template <class R, class T>
void stateless_binomial(KernelContext& c) {
  Shape shapes[2] = {c.input(2).shape(), c.input(3).shape()};
  BroadcastLoop loop = make_broadcast(broadcast_shapes(shapes[0], shapes[1]), shapes);
  const R *counts = c.in<R>(2), *probs = c.in<R>(3);
  std::vector<std::pair<double, double>> parameters;
  for_rows2(loop, [&](int64_t, int64_t i, int64_t j, int64_t n, int64_t di, int64_t dj) {
    for (int64_t k = 0; k < n; ++k)
      parameters.emplace_back(double(compute_t<R>(counts[i + k * di])),
                              double(compute_t<R>(probs[j + k * dj])));
  });
  T* out = c.out<T>(0);
  each_output(c, seeded_philox(c.input(1)), int64_t(parameters.size()),
              [&](int64_t p, int64_t at, Stretch& s) {
                double k = draw_binomial(parameters[size_t(p)].first, parameters[size_t(p)].second, s);
                if constexpr (std::is_integral_v<T>)
                  out[at] = std::isnan(k) ? T(0) : T(k);
                else
                  out[at] = T(k);
              });
}

FLOE_OP("StatelessRandomBinomial", op) {
  op.in("shape:S, seed:Tseed, counts:T, probs:T")
      .out("output:dtype")
      .attrs(
          "S:{int32,int64}; Tseed:{int32,int64}=int64; T:{half,float,double,int32,int64}=double; "
          "dtype:{half,float,double,int32,int64}=int64");
  op.infer([](InferContext& c) {
    check_stateless_seed(c, 1);
    c.set_output(0, drawn_shape(c));
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(CountTypes{}, k.input_type(2), [&]<class R>() {
      dispatch(CountTypes{}, k.output_type(0), [&]<class T>() { fn = stateless_binomial<R, T>; });
    });
    return fn;
  });
  op.samples([](Samples& s) {
    Tensor counts = Samples::numbers({3}, {50, 40, 100}, DType::kFloat64);
    Tensor probs = Samples::numbers({3}, {0.3, 0.6, 0.4}, DType::kFloat64);
    for (DType t : {DType::kFloat32, DType::kFloat64, DType::kInt32, DType::kInt64})
      s.add({Samples::i32({6, 3}), Samples::i64({3, 8}), counts, probs}, {{"dtype", t}});
    s.add({Samples::i64({2, 2, 3}), Samples::i32({3, 8}), Samples::numbers({2, 1}, {100, 300}),
           Samples::numbers({3}, {0, 0.5, 1})});
    // Where successes are few the numbers are spread as TensorFlow's, but others.
    s.add({Samples::i64({9}), Samples::i32({3, 8}), Samples::numbers({}, {10}), Samples::numbers({}, {0.5})})
        .values_vary = true;
  });
  op.no_gradient();
}

FLOE_OP("StatelessShuffle", op) {
  op.in("value:T, key:uint64, counter:uint64, alg:int32").out("output:T").attrs("T:type");
  op.infer([](InferContext& c) {
    check_key(c, 1);
    c.set_output(0, c.shape(0));
  });
  op.compute([](KernelContext& c) { shuffle_rows(c, keyed_philox(c, 1)); }).fails_on_values();
  op.samples([](Samples& s) {
    Tensor key = Tensor::vec<uint64_t>({9}), counter = Tensor::vec<uint64_t>({5, 6});
    Tensor alg = Tensor::scalar(int32_t(1));
    s.each_type("T", [&](DType t) { s.add({s.random({11}, t), key, counter, alg}); });
    s.add({Samples::iota({7, 3}), key, counter, alg});
    s.add({Samples::iota({0, 3}), key, counter, alg});
    s.add({Samples::iota({}), key, counter, alg});
  });
}

}  // namespace
}  // namespace floe
