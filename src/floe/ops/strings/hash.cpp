// Hash buckets and fingerprints.
#include "floe/ops/strings/hash.h"

#include <farmhash.h>

#include <bit>
#include <cstring>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

static_assert(std::endian::native == std::endian::little);

uint64_t load64(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}

// The last bytes, lowest first.
uint64_t load_tail(const char* p, size_t n) {
  uint64_t v = 0;
  std::memcpy(&v, p, n);
  return v;
}

}  // namespace

uint64_t fingerprint64(std::string_view s) {
  return NAMESPACE_FOR_HASH_FUNCTIONS::Fingerprint64(s.data(), s.size());
}

uint64_t hash64(std::string_view s) {
  constexpr uint64_t m = 0xc6a4a7935bd1e995;
  uint64_t h = 0xDECAFCAFFEull ^ (s.size() * m);
  const char* p = s.data();
  size_t n = s.size();
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t k = load64(p) * m;
    k ^= k >> 47;
    k *= m;
    h = (h ^ k) * m;
  }
  if (n) h = (h ^ load_tail(p, n)) * m;
  h ^= h >> 47;
  h *= m;
  return h ^ (h >> 47);
}

uint64_t sip_hash(uint64_t key0, uint64_t key1, std::string_view s) {
  uint64_t v0 = key0 ^ 0x736f6d6570736575ull, v1 = key1 ^ 0x646f72616e646f6dull;
  uint64_t v2 = key0 ^ 0x6c7967656e657261ull, v3 = key1 ^ 0x7465646279746573ull;
  auto round = [&] {
    v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
  };
  auto absorb = [&](uint64_t m) {
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  };
  const char* p = s.data();
  size_t n = s.size();
  for (; n >= 8; p += 8, n -= 8) absorb(load64(p));
  absorb(load_tail(p, n) | uint64_t(s.size()) << 56);
  v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

namespace {

template <class Hash>
KernelFn bucket_kernel(const KernelInit& k, Hash hash) {
  uint64_t buckets = uint64_t(k.attr<int64_t>("num_buckets"));
  return [=](KernelContext& c) {
    const std::string* in = c.in<std::string>(0);
    int64_t* out = c.out<int64_t>(0);
    for (int64_t i = 0, n = c.input(0).num_elements(); i < n; ++i) out[i] = int64_t(hash(in[i]) % buckets);
  };
}

Tensor texts() {
  return Tensor::vec<std::string>({"", "a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "0123456789abcdef0",
                                   "a sentence of more than thirty-two characters", std::string(70, 'x'),
                                   std::string(300, 'y'), std::string("\0\xff\x80", 3)});
}

void bucket_samples(Samples& s, AttrMap attrs) {
  attrs.set("num_buckets", int64_t(1000));
  s.add({texts()}, attrs);
  s.add({Tensor::scalar("floe")}, attrs);
  s.add({s.random({0, 2}, DType::kString)}, attrs);
  attrs.set("num_buckets", INT64_MAX);
  s.add({texts()}, attrs);
  attrs.set("num_buckets", int64_t(0));
  s.fails("must be at least minimum 1", {texts()}, attrs);
}

FLOE_OP("StringToHashBucketFast", op) {
  op.in("input:string").out("output:int64").attrs("num_buckets:int>=1");
  op.infer(infer_unchanged).samples([](Samples& s) { bucket_samples(s, {}); });
  op.kernel([](const KernelInit& k) { return bucket_kernel(k, fingerprint64); });
  op.no_gradient();
}

FLOE_OP("StringToHashBucket", op) {
  op.in("string_tensor:string").out("output:int64").attrs("num_buckets:int>=1");
  op.infer(infer_unchanged).samples([](Samples& s) { bucket_samples(s, {}); });
  op.kernel([](const KernelInit& k) { return bucket_kernel(k, hash64); });
  op.no_gradient();
}

FLOE_OP("StringToHashBucketStrong", op) {
  op.in("input:string").out("output:int64").attrs("num_buckets:int>=1; key:list(int)");
  op.infer(infer_unchanged);
  op.kernel([](const KernelInit& k) {
    const auto& key = k.attr<std::vector<int64_t>>("key");
    if (key.size() != 2) k.fail(cat("Key must have 2 elements, found ", key.size()));
    return bucket_kernel(
        k, [a = uint64_t(key[0]), b = uint64_t(key[1])](std::string_view s) { return sip_hash(a, b, s); });
  });
  op.samples([](Samples& s) {
    bucket_samples(s, {{"key", std::vector<int64_t>{123456789, -5}}});
    s.fails("Key must have 2 elements", {texts()},
            {{"num_buckets", int64_t(5)}, {"key", std::vector<int64_t>{1}}});
  });
  op.no_gradient();
}

FLOE_OP("Fingerprint", op) {
  op.in("data:T, method:string").out("fingerprint:uint8").attrs("T:type");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    Shape s = c.with_rank_at_least(0, 1);
    c.set_output(0, {s.has_rank() ? s[0] : -1, 8});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    if (!is_pod(k.input_type(0)) && k.input_type(0) != DType::kString)
      k.fail(cat("cannot fingerprint ", dtype_name(k.input_type(0))));
    return [](KernelContext& c) {
      if (c.scalar<std::string>(1) != "farmhash64")
        c.fail(cat("Unsupported fingerprint method: ", c.scalar<std::string>(1)));
      const Tensor& in = c.input(0);
      int64_t rows = in.dim(0), width = rows ? in.num_elements() / rows : 0;
      char* out = static_cast<char*>(c.output(0).mutable_raw());
      auto put = [&](int64_t row, uint64_t h) { std::memcpy(out + row * 8, &h, 8); };
      if (in.dtype() != DType::kString) {
        size_t n = size_t(width) * dtype_size(in.dtype());
        for (int64_t i = 0; i < rows; ++i)
          put(i, fingerprint64({static_cast<const char*>(in.raw()) + size_t(i) * n, n}));
        return;
      }
      const std::string* s = in.data<std::string>();
      std::vector<uint64_t> hashes(static_cast<size_t>(width));
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < width; ++j) hashes[size_t(j)] = fingerprint64(s[i * width + j]);
        if (width == 1)
          put(i, hashes[0]);
        else
          put(i, fingerprint64({reinterpret_cast<const char*>(hashes.data()), hashes.size() * 8}));
      }
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    Tensor method = Tensor::scalar("farmhash64");
    s.add({texts(), method});
    s.add({s.random({3, 2}, DType::kString), method});
    s.add({s.random({3, 2, 2}), method});
    s.add({s.random({4}, DType::kInt64), method});
    s.fails("Unsupported fingerprint method", {s.random({4}), Tensor::scalar("md5")});
    s.fails("at least rank 1", {s.random({}), method});
  });
}

}  // namespace
}  // namespace floe
