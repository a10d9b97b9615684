// Shuffling and draws from given distributions, one part of the stream per output as TensorFlow divides it.
#include "floe/ops/random/sampling.h"

#include "floe/ops/gradients.h"

namespace floe {
namespace {

void infer_appended(InferContext& c) {
  Shape s = drawn_shape(c);
  c.set_output(0, s.has_rank() && c.shape(1).has_rank() ? s.concat(c.shape(1)) : Shape::unknown());
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
        gamma<T>(c, state.reserve(reserved_blocks(c.output(0).num_elements())), c.input(1));
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
  op.gradient([](GradientContext& g) {
    g.set_sum(1, g.grad() * grad::op("RandomGammaGrad", {g.input(1), g.output()}));
  });
}

template <class R, class T>
void stateful_poisson(KernelContext& c, RandomState& state) {
  poisson<R, T>(c, state.reserve(reserved_blocks(c.output(0).num_elements())), c.input(1));
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
      dispatch(PoissonTypes{}, k.output_type(0),
               [&]<class T>() { fn = seeded_kernel(k, stateful_poisson<R, T>); });
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
             [&]<class T>() { fn = seeded_kernel(k, stateful_poisson<T, T>); });
    return fn;
  });
}

FLOE_OP("RandomShuffle", op) {
  op.in("value:T").out("output:T").attrs("seed:int=0; seed2:int=0; T:type");
  op.infer(infer_unchanged).stateful();
  op.kernel([](const KernelInit& k) {
    return seeded_kernel(k, [](KernelContext& c, RandomState& state) {
      int64_t n = c.input(0).rank() ? c.input(0).dim(0) : 1;
      bool moves = c.input(0).num_elements() > 1 && n > 1;
      shuffle_rows(c, moves ? state.reserve(uint64_t(n - 1 + 3) / 4) : Philox());
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
  op.no_gradient();
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
  op.no_gradient();
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
  op.no_gradient();
}

}  // namespace
}  // namespace floe
