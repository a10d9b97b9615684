#include "floe/ops/random/philox.h"

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
  std::string name = cat(k.def.name, "/", k.node, "/", seed, "/", seed2, "/", dtype_name(k.output_types[0]));
  return [=](KernelContext& c) {
    ObjectPtr o = c.resources().get_or_make("floe/random", name,
                                            [&] { return std::make_shared<RandomState>(seed, seed2); });
    fn(c, static_cast<RandomState&>(*o));
  };
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
