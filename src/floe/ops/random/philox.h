// Philox 4x32-10 and the distributions drawn from it, with TensorFlow's streams: equal seeds give equal
// numbers.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <mutex>
#include <tuple>
#include <utility>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {

/// A counter based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3").
class Philox {
 public:
  using Block = std::array<uint32_t, 4>;
  Philox() = default;
  Philox(uint64_t key, uint64_t counter_high) : key_{uint32_t(key), uint32_t(key >> 32)} {
    counter_[2] = uint32_t(counter_high);
    counter_[3] = uint32_t(counter_high >> 32);
  }
  Philox(const Block& counter, uint64_t key) : counter_(counter), key_{uint32_t(key), uint32_t(key >> 32)} {}

  /// Moves on by `n` blocks of 128 bits.
  void skip(uint64_t n) {
    uint64_t lo = (uint64_t(counter_[1]) << 32 | counter_[0]) + n;
    counter_[0] = uint32_t(lo);
    counter_[1] = uint32_t(lo >> 32);
    if (lo < n && ++counter_[2] == 0) ++counter_[3];
  }

  Block operator()() {
    Block c = counter_;
    uint32_t k0 = key_[0], k1 = key_[1];
    for (int i = 0; i < 10; ++i) {
      uint64_t p0 = uint64_t(0xD2511F53u) * c[0], p1 = uint64_t(0xCD9E8D57u) * c[2];
      c = {uint32_t(p1 >> 32) ^ c[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ k1, uint32_t(p0)};
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    skip(1);
    return c;
  }

  const Block& counter() const { return counter_; }

 private:
  Block counter_{};
  std::array<uint32_t, 2> key_{};
};

/// The same stream, 32 bits at a time.
class PhiloxWords {
 public:
  explicit PhiloxWords(const Philox& g) : g_(g) {}
  uint32_t operator()() {
    if (at_ == 4) {
      block_ = g_();
      at_ = 0;
    }
    return block_[at_++];
  }

 private:
  Philox g_;
  Philox::Block block_{};
  size_t at_ = 4;
};

inline float unit_float(uint32_t x) { return std::bit_cast<float>(0x3f800000u | (x & 0x7fffffu)) - 1.0f; }
inline double unit_double(uint32_t hi, uint32_t lo) {
  return std::bit_cast<double>(uint64_t(1023) << 52 | uint64_t(hi & 0xfffffu) << 32 | lo) - 1.0;
}

inline std::pair<float, float> box_muller(uint32_t a, uint32_t b) {
  float u = unit_float(a);
  if (u < 1.0e-7f) u = 1.0e-7f;
  float v = 2.0f * float(M_PI) * unit_float(b), r = std::sqrt(-2.0f * std::log(u));
  return {std::sin(v) * r, std::cos(v) * r};
}
inline std::pair<double, double> box_muller(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  double u = unit_double(a, b);
  if (u < 1.0e-7) u = 1.0e-7;
  double v = 2 * M_PI * unit_double(c, d), r = std::sqrt(-2.0 * std::log(u));
  return {std::sin(v) * r, std::cos(v) * r};
}

/// Numbers that one block of 128 bits gives.
template <class T>
inline constexpr int kPerBlock = sizeof(T) == 8 ? 2 : 4;

struct UniformDraw {
  template <class T>
  static void draw(const Philox::Block& r, T* out) {
    if constexpr (std::is_same_v<T, double>) {
      for (size_t i = 0; i < 2; ++i) out[i] = unit_double(r[2 * i], r[2 * i + 1]);
    } else if constexpr (std::is_same_v<T, float>) {
      for (size_t i = 0; i < 4; ++i) out[i] = unit_float(r[i]);
    } else if constexpr (std::is_same_v<T, float16>) {
      for (size_t i = 0; i < 4; ++i) out[i] = float16(float(r[i] & 0x3ffu) / 1024.0f);
    } else {
      for (size_t i = 0; i < 4; ++i) out[i] = bfloat16(float(r[i] & 0x7fu) / 128.0f);
    }
  }
};

struct NormalDraw {
  template <class T>
  static void draw(const Philox::Block& r, T* out) {
    if constexpr (std::is_same_v<T, double>) {
      std::tie(out[0], out[1]) = box_muller(r[0], r[1], r[2], r[3]);
    } else {
      for (size_t i = 0; i < 4; i += 2) {
        auto [a, b] = box_muller(r[i], r[i + 1]);
        out[i] = T(a);
        out[i + 1] = T(b);
      }
    }
  }
};

template <class T>
void draw_bits(const Philox::Block& r, T* out) {
  if constexpr (sizeof(T) == 8)
    for (size_t i = 0; i < 2; ++i) out[i] = T(uint64_t(r[2 * i]) | uint64_t(r[2 * i + 1]) << 32);
  else
    for (size_t i = 0; i < 4; ++i) out[i] = T(r[i]);
}

/// Fills `out` block by block; `draw(block, T*)` makes kPerBlock<T> numbers.
template <class T, class F>
void fill_blocks(int threads, const Philox& start, T* out, int64_t n, double cost, F draw) {
  constexpr int64_t k = kPerBlock<T>;
  parallel_for(threads, (n + k - 1) / k, cost, [&](int64_t from, int64_t to) {
    Philox g = start;
    g.skip(uint64_t(from));
    for (int64_t i = from; i < to; ++i) {
      T block[k];
      draw(g(), block);
      for (int64_t j = 0; j < k && i * k + j < n; ++j) out[i * k + j] = block[j];
    }
  });
}

/// Normal numbers within two standard deviations. Every group has 256 words of the stream per number.
template <class T>
void fill_truncated_normal(int threads, const Philox& start, T* out, int64_t n) {
  constexpr int64_t k = kPerBlock<T>;
  parallel_for(threads, (n + k - 1) / k, 200, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      Philox g = start;
      g.skip(uint64_t(i) * uint64_t(k) * 64);
      PhiloxWords words(g);
      int64_t end = std::min(n, (i + 1) * k);
      for (int64_t at = i * k; at < end;) {
        auto put = [&](auto v) {
          if (std::abs(v) < 2 && at < end) out[at++] = T(v);
        };
        uint32_t a = words(), b = words();
        if constexpr (std::is_same_v<T, double>) {
          uint32_t c = words(), d = words();
          auto [x, y] = box_muller(a, b, c, d);
          put(x), put(y);
        } else {
          auto [x, y] = box_muller(a, b);
          put(x), put(y);
        }
      }
    }
  });
}

/// The generator of one stateful node. It goes on where the last run stopped, or begins anew after
/// restart_random_numbers().
class RandomState : public Object {
 public:
  RandomState(uint64_t seed, uint64_t seed2);
  const char* type_name() const override { return "RandomState"; }
  /// The stream from here; later callers start `blocks` blocks further.
  Philox reserve(uint64_t blocks);

 private:
  void begin();

  uint64_t seed_, seed2_, generation_;
  std::mutex mutex_;
  Philox g_;
};

/// Every stateful op starts its numbers again from its seeds, as after tf.random.set_seed.
void restart_random_numbers();

/// A kernel that draws from its node's own generator: fn(context, state).
KernelFn seeded_kernel(const KernelInit& k, std::function<void(KernelContext&, RandomState&)> fn);

/// Blocks that TensorFlow sets aside for `n` numbers of a stateful op.
inline uint64_t reserved_blocks(int64_t n) { return uint64_t(n) * 256; }

constexpr int32_t kPhiloxAlgorithm = 1;

/// The generator of a stateless op with key, counter and algorithm at the inputs i, i + 1 and i + 2.
Philox keyed_philox(KernelContext& c, int i);
void check_key(const InferContext& c, int i);

/// The generator of a stateless op: `seed` holds two integers.
Philox seeded_philox(const Tensor& seed);

/// A shape that input i holds; when it is known, all of it must be.
Shape drawn_shape(const InferContext& c, int i = 0);

}  // namespace floe
