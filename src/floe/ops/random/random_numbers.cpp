// Random numbers of a given shape from the node's own generator.
#include "floe/ops/random/philox.h"

namespace floe {
namespace {

void infer_requested(InferContext& c) { c.set_output(0, drawn_shape(c)); }

template <class Draw>
KernelFn stateful_draw(const KernelInit& k) {
  KernelFn fn;
  dispatch(FloatTypes{}, k.output_type(0), [&]<class T>() {
    fn = seeded_kernel(k, [](KernelContext& c, RandomState& state) {
      int64_t n = c.output(0).num_elements();
      fill_blocks(c.threads(), state.reserve(reserved_blocks(n)), c.out<T>(0), n, 20,
                  [](const Philox::Block& r, T* out) { Draw::draw(r, out); });
    });
  });
  return fn;
}

AttrMap seeds(int64_t a, int64_t b) { return {{"seed", a}, {"seed2", b}}; }

void stateful_samples(Samples& s) {
  s.each_type("dtype", [&](DType t) {
    AttrMap a = seeds(7, 11);
    a.set("dtype", t);
    s.add({Samples::i32({3, 5})}, a);
    s.add({Samples::i64({1031})}, a);
  });
  AttrMap a = seeds(87654321, int64_t(1) << 40);
  a.set("dtype", DType::kFloat32);
  s.add({Samples::i32({7})}, a);
  s.add({Tensor::vec<int32_t>({})}, a);
  s.add({Samples::i32({0, 4})}, a);
  s.fails("must be >= 0", {Samples::i32({-1, 4})}, a);
  s.fails("must be a vector", {Samples::i32({2, 4}).reshaped({1, 2})}, a);
  AttrMap free = seeds(0, 0);
  free.set("dtype", DType::kFloat32);
  s.add({Samples::i32({5})}, free).values_vary = true;
}

FLOE_OP("RandomUniform", op) {
  op.in("shape:T")
      .out("output:dtype")
      .attrs("seed:int=0; seed2:int=0; dtype:{half,bfloat16,float,double}; T:{int32,int64}");
  op.infer(infer_requested).kernel(stateful_draw<UniformDraw>).stateful().samples(stateful_samples);
  op.no_gradient();
}

FLOE_OP("RandomStandardNormal", op) {
  op.in("shape:T")
      .out("output:dtype")
      .attrs("seed:int=0; seed2:int=0; dtype:{half,bfloat16,float,double}; T:{int32,int64}");
  op.infer(infer_requested).kernel(stateful_draw<NormalDraw>).stateful().samples(stateful_samples);
  op.no_gradient();
}

FLOE_OP("TruncatedNormal", op) {
  op.in("shape:T")
      .out("output:dtype")
      .attrs("seed:int=0; seed2:int=0; dtype:{half,bfloat16,float,double}; T:{int32,int64}");
  op.infer(infer_requested).stateful().samples(stateful_samples);
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(FloatTypes{}, k.output_type(0), [&]<class T>() {
      fn = seeded_kernel(k, [](KernelContext& c, RandomState& state) {
        int64_t n = c.output(0).num_elements();
        fill_truncated_normal(c.threads(), state.reserve(reserved_blocks(n)), c.out<T>(0), n);
      });
    });
    return fn;
  });
  op.no_gradient();
}

FLOE_OP("RandomUniformInt", op) {
  op.in("shape:T, minval:Tout, maxval:Tout")
      .out("output:Tout")
      .attrs("seed:int=0; seed2:int=0; Tout:{int32,int64}; T:{int32,int64}");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    c.with_rank(2, 0);
    infer_requested(c);
  });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(IndexTypes{}, k.output_type(0), [&]<class T>() {
      using U = std::make_unsigned_t<T>;
      fn = seeded_kernel(k, [](KernelContext& c, RandomState& state) {
        int64_t n = c.output(0).num_elements();
        T lo = c.scalar<T>(1), hi = c.scalar<T>(2);
        if (n == 0) return;
        if (lo >= hi) c.fail(cat("Need minval < maxval, got ", lo, " >= ", hi));
        U range = U(hi) - U(lo);
        fill_blocks(c.threads(), state.reserve(reserved_blocks(n)), c.out<T>(0), n, 20,
                    [lo, range](const Philox::Block& r, T* out) {
                      U bits[kPerBlock<T>];
                      draw_bits(r, bits);
                      for (int i = 0; i < kPerBlock<T>; ++i) out[i] = T(U(lo) + bits[i] % range);
                    });
      });
    });
    return fn;
  });
  op.stateful().fails_on_values();
  op.samples([](Samples& s) {
    s.add({Samples::i32({3, 5}), Tensor::scalar(int32_t(-3)), Tensor::scalar(int32_t(100))}, seeds(3, 4));
    s.add({Samples::i64({9}), Tensor::scalar(int64_t(-3)), Tensor::scalar(int64_t(1) << 50)}, seeds(3, 4));
    s.add({Samples::i64({9}), Tensor::scalar(INT64_MIN), Tensor::scalar(INT64_MAX)}, seeds(3, 4));
    s.add({Samples::i32({9}), Tensor::scalar(INT32_MIN), Tensor::scalar(INT32_MAX)}, seeds(0, 4));
    s.fails("Need minval < maxval, got 3 >= 3",
            {Samples::i32({2}), Tensor::scalar(int32_t(3)), Tensor::scalar(int32_t(3))});
  });
}

}  // namespace
}  // namespace floe
