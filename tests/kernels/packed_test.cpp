#include "floe/tensor/packed.h"

#include <gtest/gtest.h>

#include <vector>

namespace floe {
namespace {

// Small arrays come from the pool, large ones are mapped.
TEST(PackedFloats, EverySizeIsAlignedAndItsOwn) {
  std::vector<std::unique_ptr<PackedFloats>> all;
  const size_t limit = size_t(1) << 18;
  for (size_t n : {size_t(0), size_t(1), size_t(1000), limit - 1, limit, limit + 1, 3 * limit + 5, 9 * limit})
    all.push_back(std::make_unique<PackedFloats>(n));
  for (size_t k = 0; k < all.size(); ++k) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(all[k]->data) % 64, 0u) << all[k]->count;
    std::fill_n(all[k]->data, all[k]->count, float(k));
  }
  all.erase(all.begin() + 5);
  for (auto& p : all) {
    if (!p->count) continue;
    EXPECT_EQ(p->data[0], p->data[p->count - 1]) << p->count;
    EXPECT_EQ(p->data[p->count / 2], p->data[0]) << p->count;
  }
}

}  // namespace
}  // namespace floe
