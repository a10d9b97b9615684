#include "floe/ops/random/philox.h"

#include <random>

namespace floe {

RandomState::RandomState(uint64_t seed, uint64_t seed2) {
  if (!seed && !seed2) {
    std::random_device device;
    seed = uint64_t(device()) << 32 | device();
    seed2 = uint64_t(device()) << 32 | device();
  }
  g_ = Philox(seed, seed2);
}

KernelFn seeded_kernel(const KernelInit& k, std::function<void(KernelContext&, RandomState&)> fn) {
  uint64_t seed = uint64_t(k.attr<int64_t>("seed")), seed2 = uint64_t(k.attr<int64_t>("seed2"));
  std::string name = cat(k.def.name, "/", k.node, "/", seed, "/", seed2);
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
