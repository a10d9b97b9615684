#include "floe/ops/random/philox.h"

#include "floe/op/owner.h"

#include <atomic>
#include <random>

namespace floe {

namespace {

std::atomic<uint64_t> generation{0};

}  // namespace

RandomState::RandomState(uint64_t seed, uint64_t seed2) : seed_(seed), seed2_(seed2) { begin(); }

void RandomState::begin() {
  generation_ = generation;
  if (seed_ || seed2_) {
    g_ = Philox(seed_, seed2_);
    return;
  }
  std::random_device device;
  uint64_t a = uint64_t(device()) << 32 | device(), b = uint64_t(device()) << 32 | device();
  g_ = Philox(a, b);
}

Philox RandomState::reserve(uint64_t blocks) {
  std::lock_guard lock(mutex_);
  if (generation_ != generation) begin();
  Philox g = g_;
  g_.skip(blocks);
  return g;
}

void restart_random_numbers() { ++generation; }

KernelFn seeded_kernel(const KernelInit& k, std::function<void(KernelContext&, RandomState&)> fn) {
  uint64_t seed = uint64_t(k.attr<int64_t>("seed")), seed2 = uint64_t(k.attr<int64_t>("seed2"));
  std::string name = cat(KernelOwner::current(), "/", k.def.name, "/", k.node, "/", seed, "/", seed2, "/",
                         dtype_name(k.output_types[0]));
  return [=](KernelContext& c) {
    ObjectPtr o = c.resources().get_or_make("floe/random", name,
                                            [&] { return std::make_shared<RandomState>(seed, seed2); });
    fn(c, static_cast<RandomState&>(*o));
  };
}

Philox keyed_philox(KernelContext& c, int i) {
  constexpr int32_t kAuto = 3;
  int32_t alg = c.scalar<int32_t>(i + 2);
  if (alg != kPhiloxAlgorithm && alg != kAuto)
    c.fail(Code::kUnimplemented, cat("Unsupported algorithm id: ", alg, "; this device has Philox (1 or 3)"));
  const Tensor &key = c.input(i), &counter = c.input(i + 1);
  if (key.num_elements() != 1) c.fail(cat("key must have shape [1], not ", key.shape().str()));
  if (counter.num_elements() < 2)
    c.fail(cat("counter must have at least 2 elements for the Philox algorithm, found shape ",
               counter.shape().str()));
  const uint64_t* n = counter.data<uint64_t>();
  return Philox({uint32_t(n[0]), uint32_t(n[0] >> 32), uint32_t(n[1]), uint32_t(n[1] >> 32)},
                *key.data<uint64_t>());
}

void check_key(const InferContext& c, int i) {
  Shape key = c.with_rank(i, 1), counter = c.with_rank(i + 1, 1);
  c.with_rank(i + 2, 0);
  if (key[0] >= 0 && key[0] != 1) c.fail(cat("key must have shape [1], not ", key.str()));
  if (counter[0] >= 0 && counter[0] < 2)
    c.fail(
        cat("counter must have at least 2 elements for the Philox algorithm, found shape ", counter.str()));
}

Philox seeded_philox(const Tensor& seed) {
  uint64_t s[2];
  for (size_t i = 0; i < 2; ++i)
    s[i] =
        uint64_t(seed.dtype() == DType::kInt32 ? int64_t(seed.data<int32_t>()[i]) : seed.data<int64_t>()[i]);
  Philox scramble({uint32_t(s[0]), uint32_t(s[0] >> 32), uint32_t(s[1]), uint32_t(s[1] >> 32)},
                  0x02461e293ec8f720ull);
  Philox::Block mix = scramble();
  return Philox({0, 0, mix[2], mix[3]}, uint64_t(mix[1]) << 32 | mix[0]);
}

Shape drawn_shape(const InferContext& c, int i) {
  if (c.shape(i).has_rank() && c.shape(i).rank() != 1)
    c.fail(cat("shape must be a vector, found ", c.shape(i).str()));
  if (auto v = c.int_value(i))
    for (int64_t d : *v)
      if (d < 0) c.fail(cat("Dimension ", d, " must be >= 0"));
  return c.shape_value(i);
}

}  // namespace floe
