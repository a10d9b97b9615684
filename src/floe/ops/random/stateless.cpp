// Random numbers that follow from a seed (or key and counter) given as an input.
#include "floe/ops/random/philox.h"

namespace floe {
namespace {

void check_seed(const InferContext& c, int i) {
  Shape s = c.with_rank(i, 1);
  if (s[0] >= 0 && s[0] != 2) c.fail(cat("seed must have shape [2], not ", s.str()));
}

Philox philox_of(KernelContext& c) { return keyed_philox(c, 1); }

void infer_seeded(InferContext& c) {
  check_seed(c, 1);
  c.set_output(0, drawn_shape(c));
}

void infer_keyed(InferContext& c) {
  check_key(c, 1);
  c.set_output(0, drawn_shape(c));
}

Philox by_seed(KernelContext& c) { return seeded_philox(c.input(1)); }

struct TruncatedDraw {};

template <class Draw, Philox (*Source)(KernelContext&)>
KernelFn draw_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(FloatTypes{}, k.output_type(0), [&]<class T>() {
    fn = [](KernelContext& c) {
      int64_t n = c.output(0).num_elements();
      if constexpr (std::is_same_v<Draw, TruncatedDraw>)
        fill_truncated_normal(c.threads(), Source(c), c.out<T>(0), n);
      else
        fill_blocks(c.threads(), Source(c), c.out<T>(0), n, 20,
                    [](const Philox::Block& r, T* out) { Draw::draw(r, out); });
    };
  });
  return fn;
}

using WordTypes = Types<int32_t, int64_t, uint32_t, uint64_t>;

template <Philox (*Source)(KernelContext&), int kMin>
KernelFn int_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(WordTypes{}, k.output_type(0), [&]<class T>() {
    using U = std::make_unsigned_t<T>;
    fn = [](KernelContext& c) {
      int64_t n = c.output(0).num_elements();
      T lo = c.scalar<T>(kMin), hi = c.scalar<T>(kMin + 1);
      if (n == 0) return;
      if (lo >= hi) c.fail(cat("Need minval < maxval, got ", lo, " >= ", hi));
      U range = U(hi) - U(lo);
      fill_blocks(c.threads(), Source(c), c.out<T>(0), n, 20, [lo, range](const Philox::Block& r, T* out) {
        U bits[kPerBlock<T>];
        draw_bits(r, bits);
        for (int i = 0; i < kPerBlock<T>; ++i) out[i] = T(U(lo) + bits[i] % range);
      });
    };
  });
  return fn;
}

template <Philox (*Source)(KernelContext&)>
KernelFn bits_kernel(const KernelInit& k) {
  KernelFn fn;
  dispatch(WordTypes{}, k.output_type(0), [&]<class T>() {
    fn = [](KernelContext& c) {
      fill_blocks(c.threads(), Source(c), c.out<T>(0), c.output(0).num_elements(), 20,
                  [](const Philox::Block& r, T* out) { draw_bits(r, out); });
    };
  });
  return fn;
}

Tensor u64(const std::vector<uint64_t>& v) { return Tensor::vec(v); }

void seeded_samples(Samples& s) {
  s.each_type("dtype", [&](DType t) {
    s.add({Samples::i32({3, 5}), Samples::i64({7, -11})}, {{"dtype", t}});
    s.add({Samples::i64({517}), Samples::i32({7, -11})}, {{"dtype", t}});
  });
  s.add({Samples::i32({0, 2}), Samples::i64({1, 2})});
  s.add({Tensor::vec<int32_t>({}), Samples::i64({1, int64_t(1) << 40})});
  s.fails("seed must have shape [2]", {Samples::i32({2}), Samples::i64({1})});
  s.fails("must be >= 0", {Samples::i32({-2}), Samples::i64({1, 2})});
}

void keyed_samples(Samples& s) {
  Tensor alg = Tensor::scalar(int32_t(1));
  s.each_type("dtype", [&](DType t) {
    s.add({Samples::i32({3, 5}), u64({0x123456789abcdefull}), u64({~0ull, ~0ull >> 1}), alg}, {{"dtype", t}});
    s.add({Samples::i64({33}), u64({1}), u64({5, 6, 7}), Tensor::scalar(int32_t(3))}, {{"dtype", t}});
  });
  s.add({Samples::i32({0, 2}), u64({1}), u64({5, 6}), alg});
  s.fails("key must have shape [1]", {Samples::i32({2}), u64({1, 2}), u64({5, 6}), alg});
  s.fails("counter must", {Samples::i32({2}), u64({1}), u64({5}), alg});
  s.fails("Unsupported algorithm id: 77",
          {Samples::i32({2}), u64({1}), u64({5, 6}), Tensor::scalar(int32_t(77))});
}

constexpr const char* kSeededAttrs =
    "dtype:{half,bfloat16,float,double}=float; T:{int32,int64}=int32; Tseed:{int32,int64}=int64";
constexpr const char* kKeyedAttrs = "dtype:{half,bfloat16,float,double}=float; Tshape:{int32,int64}=int32";

template <class Draw>
void define_seeded(OpBuilder& op) {
  op.in("shape:T, seed:Tseed").out("output:dtype").attrs(kSeededAttrs);
  op.infer(infer_seeded).kernel(draw_kernel<Draw, by_seed>).samples(seeded_samples);
}

template <class Draw>
void define_keyed(OpBuilder& op) {
  op.in("shape:Tshape, key:uint64, counter:uint64, alg:int32").out("output:dtype").attrs(kKeyedAttrs);
  op.infer(infer_keyed).kernel(draw_kernel<Draw, philox_of>).samples(keyed_samples).fails_on_values();
}

FLOE_OP("StatelessRandomUniform", op) {
  define_seeded<UniformDraw>(op);
  op.no_gradient();
}
FLOE_OP("StatelessRandomNormal", op) {
  define_seeded<NormalDraw>(op);
  op.no_gradient();
}
FLOE_OP("StatelessTruncatedNormal", op) {
  define_seeded<TruncatedDraw>(op);
  op.no_gradient();
}
FLOE_OP("StatelessRandomUniformV2", op) {
  define_keyed<UniformDraw>(op);
  op.no_gradient();
}
FLOE_OP("StatelessRandomNormalV2", op) {
  define_keyed<NormalDraw>(op);
  op.no_gradient();
}
FLOE_OP("StatelessTruncatedNormalV2", op) {
  define_keyed<TruncatedDraw>(op);
  op.no_gradient();
}

FLOE_OP("StatelessRandomUniformInt", op) {
  op.in("shape:T, seed:Tseed, minval:dtype, maxval:dtype")
      .out("output:dtype")
      .attrs("dtype:{int32,int64}; T:{int32,int64}; Tseed:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    c.with_rank(2, 0);
    c.with_rank(3, 0);
    infer_seeded(c);
  });
  op.kernel(int_kernel<by_seed, 2>).fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("dtype", [&](DType t) {
      s.add({Samples::i32({3, 5}), Samples::i64({7, 11}), Samples::filled({}, -4, t),
             Samples::filled({}, 1000, t)});
    });
    s.fails("Need minval < maxval, got 4 >= 3", {Samples::i32({2}), Samples::i64({7, 11}),
                                                 Tensor::scalar(int32_t(4)), Tensor::scalar(int32_t(3))});
  });
  op.no_gradient();
}

FLOE_OP("StatelessRandomUniformFullInt", op) {
  op.in("shape:T, seed:Tseed")
      .out("output:dtype")
      .attrs(
          "dtype:{int32,int64,uint32,uint64}=uint64; T:{int32,int64}=int32; "
          "Tseed:{int32,int64,uint32,uint64}=int64");
  op.infer(infer_seeded);
  op.kernel([](const KernelInit& k) {
    if (k.input_type(1) != DType::kInt32 && k.input_type(1) != DType::kInt64)
      k.fail(cat("seed must be int32 or int64, found ", dtype_name(k.input_type(1))));
    return bits_kernel<by_seed>(k);
  });
  op.samples([](Samples& s) {
    s.each_type("dtype",
                [&](DType t) { s.add({Samples::i32({3, 5}), Samples::i64({7, 11})}, {{"dtype", t}}); });
  });
  op.no_gradient();
}

FLOE_OP("StatelessRandomUniformIntV2", op) {
  op.in("shape:Tshape, key:uint64, counter:uint64, alg:int32, minval:dtype, maxval:dtype")
      .out("output:dtype")
      .attrs("dtype:{int32,int64,uint32,uint64}; Tshape:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    c.with_rank(4, 0);
    c.with_rank(5, 0);
    infer_keyed(c);
  });
  op.kernel(int_kernel<philox_of, 4>).fails_on_values();
  op.samples([](Samples& s) {
    Tensor alg = Tensor::scalar(int32_t(1));
    for (DType t : {DType::kInt32, DType::kInt64})
      s.add({Samples::i32({3, 5}), u64({9}), u64({5, 6}), alg, Samples::filled({}, 4, t),
             Samples::filled({}, 1000, t)});
    s.fails("Need minval < maxval, got 4 >= 3", {Samples::i32({2}), u64({9}), u64({5, 6}), alg,
                                                 Tensor::scalar(int32_t(4)), Tensor::scalar(int32_t(3))});
  });
  op.no_gradient();
}

FLOE_OP("StatelessRandomUniformFullIntV2", op) {
  op.in("shape:Tshape, key:uint64, counter:uint64, alg:int32")
      .out("output:dtype")
      .attrs("dtype:{int32,int64,uint32,uint64}=uint64; Tshape:{int32,int64}=int32");
  op.infer(infer_keyed).kernel(bits_kernel<philox_of>).fails_on_values();
  op.samples([](Samples& s) {
    Tensor alg = Tensor::scalar(int32_t(1));
    s.each_type("dtype",
                [&](DType t) { s.add({Samples::i32({3, 5}), u64({9}), u64({5, 6}), alg}, {{"dtype", t}}); });
  });
  op.no_gradient();
}

void write_key_counter(KernelContext& c) {
  // The scrambled generator: its key and the upper half of its counter.
  uint64_t s[2];
  std::vector<int64_t> v = c.ints(0);
  for (size_t i = 0; i < 2; ++i) s[i] = uint64_t(v[i]);
  Philox scramble({uint32_t(s[0]), uint32_t(s[0] >> 32), uint32_t(s[1]), uint32_t(s[1] >> 32)},
                  0x02461e293ec8f720ull);
  Philox::Block mix = scramble();
  *c.out<uint64_t>(0) = uint64_t(mix[1]) << 32 | mix[0];
  c.out<uint64_t>(1)[0] = 0;
  c.out<uint64_t>(1)[1] = uint64_t(mix[3]) << 32 | mix[2];
}

void infer_key_counter(InferContext& c) {
  check_seed(c, 0);
  c.set_output(0, {1});
  c.set_output(1, {2});
}

FLOE_OP("StatelessRandomGetKeyCounter", op) {
  op.in("seed:Tseed").out("key:uint64, counter:uint64").attrs("Tseed:{int32,int64}=int64");
  op.infer(infer_key_counter).compute(write_key_counter);
  op.samples([](Samples& s) {
    s.add({Samples::i64({1, 2})});
    s.add({Samples::i32({-1, 2})});
    s.fails("seed must have shape [2]", {Samples::i32({1, 2, 3})});
  });
}

FLOE_OP("StatelessRandomGetKeyCounterAlg", op) {
  op.in("seed:Tseed").out("key:uint64, counter:uint64, alg:int32").attrs("Tseed:{int32,int64}=int64");
  op.infer([](InferContext& c) {
    infer_key_counter(c);
    c.set_output(2, {});
  });
  op.compute([](KernelContext& c) {
    write_key_counter(c);
    *c.out<int32_t>(2) = kPhiloxAlgorithm;
  });
  op.samples([](Samples& s) { s.add({Samples::i64({1, 2})}); });
}

FLOE_OP("StatelessRandomGetAlg", op) {
  op.out("alg:int32").infer(infer_scalar).stateful();
  op.compute([](KernelContext& c) { *c.out<int32_t>(0) = kPhiloxAlgorithm; });
  op.samples([](Samples& s) { s.add({}); });
}

}  // namespace
}  // namespace floe
