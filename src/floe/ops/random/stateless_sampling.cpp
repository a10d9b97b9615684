// Draws from given distributions, and shuffling, that follow from a seed (or key and counter).
#include "floe/ops/random/sampling.h"

#include "floe/ops/gradients.h"

namespace floe {
namespace {

void check_stateless_seed(const InferContext& c, int i) {
  Shape s = c.with_rank(i, 1);
  if (s[0] >= 0 && s[0] != 2) c.fail(cat("seed must have shape [2], not ", s.str()));
}

void infer_ending(InferContext& c, int parameters) { set_ending(c, drawn_shape(c), c.shape(parameters)); }

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
  op.gradient([](GradientContext& g) {
    g.set_sum(2, g.grad() * grad::op("RandomGammaGrad", {g.input(2), g.output()}));
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
  op.gradient([](GradientContext& g) {
    g.set_sum(4, g.grad() * grad::op("RandomGammaGrad", {g.input(4), g.output()}));
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

FLOE_OP("StatelessRandomBinomial", op) {
  op.in("shape:S, seed:Tseed, counts:T, probs:T")
      .out("output:dtype")
      .attrs(
          "S:{int32,int64}; Tseed:{int32,int64}=int64; T:{half,float,double,int32,int64}=double; "
          "dtype:{half,float,double,int32,int64}=int64");
  op.infer([](InferContext& c) {
    check_stateless_seed(c, 1);
    set_ending(c, drawn_shape(c), broadcast_shapes(c.shape(2), c.shape(3)));
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(CountTypes{}, k.input_type(2), [&]<class R>() {
      dispatch(CountTypes{}, k.output_type(0), [&]<class T>() {
        fn = [](KernelContext& c) { binomial<R, T>(c, seeded_philox(c.input(1)), 2); };
      });
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
