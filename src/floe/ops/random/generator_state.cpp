// Random numbers from a generator whose state is a variable: the counter (two integers) and the key.
#include "floe/ops/random/sampling.h"
#include "floe/ops/state/variable.h"

namespace floe {
namespace {

constexpr int64_t kStateSize = 3;
constexpr uint64_t kCountersPerNumber = 256;

void check_algorithm(KernelContext& c, int64_t alg) {
  constexpr int64_t kAuto = 3;
  if (alg != kPhiloxAlgorithm && alg != kAuto)
    c.fail(Code::kUnimplemented, cat("Unsupported algorithm id: ", alg, "; this device has Philox (1 or 3)"));
}

/// Moves the generator on by `n` numbers; the state from before is returned.
std::array<uint64_t, 3> take_numbers(KernelContext& c, uint64_t n) {
  std::array<uint64_t, 3> before{};
  resource_of<VariableState>(c, 0)->update([&](Tensor& value) {
    if (!value) c.fail("The generator's state was never assigned");
    if (value.dtype() != DType::kInt64 || value.rank() != 1 || value.num_elements() < kStateSize)
      c.fail(cat("The size of the state must be at least ", kStateSize, "; found ", dtype_name(value.dtype()),
                 " ", value.shape().str()));
    for (size_t i = 0; i < 3; ++i) before[i] = uint64_t(value.data<int64_t>()[i]);
    Tensor next(DType::kInt64, value.shape());
    std::copy_n(value.data<int64_t>(), value.num_elements(), next.mutable_data<int64_t>());
    uint64_t low = before[0] + n * kCountersPerNumber;
    next.mutable_data<int64_t>()[0] = int64_t(low);
    next.mutable_data<int64_t>()[1] = int64_t(before[1] + (low < before[0]));
    return next;
  });
  return before;
}

Philox generator_of(KernelContext& c, int64_t numbers) {
  check_algorithm(c, c.scalar<int64_t>(1));
  auto s = take_numbers(c, uint64_t(numbers));
  return Philox({uint32_t(s[0]), uint32_t(s[0] >> 32), uint32_t(s[1]), uint32_t(s[1] >> 32)}, s[2]);
}

Philox generator_of(KernelContext& c) { return generator_of(c, c.output(0).num_elements()); }

void infer_generated(InferContext& c) {
  c.with_rank(1, 0);
  c.set_output(0, drawn_shape(c, 2));
}

template <class Draw>
KernelFn generated(const KernelInit& k) {
  KernelFn fn;
  dispatch(FloatTypes{}, k.output_type(0), [&]<class T>() {
    fn = [](KernelContext& c) {
      fill_blocks(c.threads(), generator_of(c), c.out<T>(0), c.output(0).num_elements(), 20,
                  [](const Philox::Block& r, T* out) { Draw::draw(r, out); });
    };
  });
  return fn;
}

KernelFn generated_truncated(const KernelInit& k) {
  KernelFn fn;
  dispatch(FloatTypes{}, k.output_type(0), [&]<class T>() {
    fn = [](KernelContext& c) {
      fill_truncated_normal(c.threads(), generator_of(c), c.out<T>(0), c.output(0).num_elements());
    };
  });
  return fn;
}

using GeneratedInts = Types<int32_t, int64_t, uint32_t, uint64_t>;

KernelFn generated_ints(const KernelInit& k) {
  KernelFn fn;
  dispatch(GeneratedInts{}, k.output_type(0), [&]<class T>() {
    using U = std::make_unsigned_t<T>;
    fn = [](KernelContext& c) {
      T low = c.scalar<T>(3), high = c.scalar<T>(4);
      if (low >= high) c.fail(cat("Need minval < maxval, got ", low, " >= ", high));
      U range = U(high) - U(low);
      fill_blocks(c.threads(), generator_of(c), c.out<T>(0), c.output(0).num_elements(), 20,
                  [low, range](const Philox::Block& r, T* out) {
                    U bits[kPerBlock<T>];
                    draw_bits(r, bits);
                    for (int i = 0; i < kPerBlock<T>; ++i) out[i] = T(U(low) + bits[i] % range);
                  });
    };
  });
  return fn;
}

KernelFn generated_bits(const KernelInit& k) {
  KernelFn fn;
  dispatch(GeneratedInts{}, k.output_type(0), [&]<class T>() {
    fn = [](KernelContext& c) {
      fill_blocks(c.threads(), generator_of(c), c.out<T>(0), c.output(0).num_elements(), 20,
                  [](const Philox::Block& r, T* out) { draw_bits(r, out); });
    };
  });
  return fn;
}

OpBuilder& define_generated(OpBuilder& op, const char* type) {
  op.in("resource:resource, algorithm:int64, shape:shape_dtype").out("output:dtype");
  op.attrs(cat("dtype:type=", type, "; shape_dtype:type=int64"));
  return op.infer(infer_generated).stateful().fails_on_values();
}

FLOE_OP("StatefulUniform", op) { define_generated(op, "float").kernel(generated<UniformDraw>); }
FLOE_OP("StatefulStandardNormalV2", op) { define_generated(op, "float").kernel(generated<NormalDraw>); }
FLOE_OP("StatefulTruncatedNormal", op) { define_generated(op, "float").kernel(generated_truncated); }
FLOE_OP("StatefulUniformFullInt", op) { define_generated(op, "uint64").kernel(generated_bits); }

FLOE_OP("StatefulUniformInt", op) {
  op.in("resource:resource, algorithm:int64, shape:shape_dtype, minval:dtype, maxval:dtype")
      .out("output:dtype");
  op.attrs("dtype:type=int64; shape_dtype:type=int64");
  op.infer([](InferContext& c) {
    c.with_rank(3, 0);
    c.with_rank(4, 0);
    infer_generated(c);
  });
  op.kernel(generated_ints).stateful().fails_on_values();
}

FLOE_OP("StatefulRandomBinomial", op) {
  op.in("resource:resource, algorithm:int64, shape:S, counts:T, probs:T").out("output:dtype");
  op.attrs(
      "S:{int32,int64}; T:{half,float,double,int32,int64}=double; "
      "dtype:{half,float,double,int32,int64}=int64");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    set_ending(c, drawn_shape(c, 2), broadcast_shapes(c.shape(3), c.shape(4)));
  });
  op.stateful().fails_on_values();
  op.kernel([](const KernelInit& k) {
    using CountTypes = Types<float, double, float16, int32_t, int64_t>;
    KernelFn fn;
    dispatch(CountTypes{}, k.input_type(3), [&]<class R>() {
      dispatch(CountTypes{}, k.output_type(0), [&]<class T>() {
        fn = [](KernelContext& c) {
          int64_t draws = c.output(0).num_elements();
          int64_t batches = broadcast_shapes(c.input(3).shape(), c.input(4).shape()).num_elements();
          int64_t each = batches ? draws / batches : 0;
          binomial<R, T>(c, generator_of(c, batches * 2 * 100 * (each + 3) / 4), 3);
        };
      });
    });
    return fn;
  });
}

FLOE_OP("RngSkip", op) {
  op.in("resource:resource, algorithm:int64, delta:int64").stateful().fails_on_values();
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    c.with_rank(2, 0);
  });
  op.compute([](KernelContext& c) {
    check_algorithm(c, c.scalar<int64_t>(1));
    take_numbers(c, uint64_t(c.scalar<int64_t>(2)));
  });
}

FLOE_OP("RngReadAndSkip", op) {
  op.in("resource:resource, alg:int32, delta:uint64").out("value:int64").stateful().fails_on_values();
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    c.with_rank(2, 0);
    c.set_output(0, {kStateSize});
  });
  op.compute([](KernelContext& c) {
    check_algorithm(c, c.scalar<int32_t>(1));
    auto before = take_numbers(c, c.scalar<uint64_t>(2));
    for (size_t i = 0; i < 3; ++i) c.out<int64_t>(0)[i] = int64_t(before[i]);
  });
}

FLOE_OP("NonDeterministicInts", op) {
  op.in("shape:shape_dtype").out("output:dtype").attrs("dtype:type=int64; shape_dtype:type=int64").stateful();
  op.infer([](InferContext& c) { c.set_output(0, drawn_shape(c)); });
  op.kernel([](const KernelInit& k) {
    KernelFn fn;
    dispatch(GeneratedInts{}, k.output_type(0), [&]<class T>() {
      fn = [](KernelContext& c) {
        RandomState entropy(0, 0);
        fill_blocks(c.threads(), entropy.reserve(0), c.out<T>(0), c.output(0).num_elements(), 20,
                    [](const Philox::Block& r, T* out) { draw_bits(r, out); });
      };
    });
    return fn;
  });
  op.samples([](Samples& s) { s.add({Samples::i64({3, 2})}).values_vary = true; });
}

}  // namespace
}  // namespace floe
