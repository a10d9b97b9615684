#include "floe/tensor/deferred.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "floe/error.h"
#include "floe/tensor/packed.h"

namespace floe {
namespace {

struct Counted {
  std::atomic<int> fills{0};
  Tensor make(int64_t n) {
    return deferred(DType::kFloat32, Shape{n}, [this, n](void* to) {
      ++fills;
      for (int64_t i = 0; i < n; ++i) static_cast<float*>(to)[i] = float(i);
    });
  }
};

TEST(Deferred, IsMadeOnceAtTheFirstRead) {
  Counted c;
  Tensor t = c.make(1000);
  Tensor other = t;
  EXPECT_FALSE(t.is_concrete());
  EXPECT_EQ(t.nbytes(), 4000u);
  EXPECT_EQ(c.fills, 0);
  EXPECT_EQ(t.data<float>()[999], 999);
  EXPECT_EQ(other.data<float>(), t.data<float>());
  EXPECT_EQ(other.reshaped({10, 100}).rows(9, 10).data<float>()[99], 999);
  EXPECT_EQ(c.fills, 1);
}

TEST(Deferred, ThreadsReadOneValue) {
  Counted c;
  Tensor t = c.make(100000);
  std::vector<std::thread> threads;
  std::vector<const float*> seen(8);
  for (auto& p : seen) threads.emplace_back([&p, t] { p = t.data<float>(); });
  for (auto& x : threads) x.join();
  for (auto* p : seen) EXPECT_EQ(p, seen[0]);
  EXPECT_EQ(seen[0][99999], 99999);
  EXPECT_EQ(c.fills, 1);
}

TEST(Deferred, APeekKeepsNothing) {
  Counted c;
  Tensor t = c.make(10);
  EXPECT_EQ(peek(t).data<float>()[9], 9);
  EXPECT_EQ(peek(t).data<float>()[3], 3);
  EXPECT_FALSE(t.is_concrete());
  EXPECT_EQ(c.fills, 2);
  t.raw();
  EXPECT_TRUE(peek(t).shares_memory(t));
}

TEST(Deferred, APeekAligns) {
  alignas(float) char bytes[9 * sizeof(float)];
  float v[] = {1, 2, 3, 4};
  std::memcpy(bytes + 1, v, sizeof v);
  Tensor t = Tensor::wrap(DType::kFloat32, Shape{4}, bytes + 1, nullptr);
  Tensor p = peek(t);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(p.raw()) % sizeof(float), 0u);
  EXPECT_EQ(p.data<float>()[3], 4);
  Tensor aligned = Tensor::vec(std::vector<float>{1});
  EXPECT_TRUE(peek(aligned).shares_memory(aligned));
}

TEST(Deferred, PackedFormsDoNotMakeIt) {
  Counted c;
  Tensor t = c.make(64);
  auto pack = [&] { return std::make_shared<PackedFloats>(64); };
  auto first = get_packed(t, "key", pack);
  EXPECT_FALSE(t.is_concrete());
  EXPECT_EQ(get_packed(t, "key", pack), first);
  t.raw();
  EXPECT_EQ(get_packed(t, "key", pack), first);
}

TEST(Deferred, AFailureLeavesItUnread) {
  int calls = 0;
  Tensor t = deferred(DType::kFloat32, Shape{2}, [&](void* to) {
    if (++calls == 1) throw ResourceExhausted("not now");
    static_cast<float*>(to)[0] = static_cast<float*>(to)[1] = 7;
  });
  EXPECT_THROW(t.raw(), Error);
  EXPECT_FALSE(t.is_concrete());
  EXPECT_EQ(t.data<float>()[1], 7);
}

}  // namespace
}  // namespace floe
