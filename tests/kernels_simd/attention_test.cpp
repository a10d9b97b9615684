#include "floe/kernels/cpu/simd/attention.h"

#include <algorithm>

#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

enum class Mask { kNone, kPerBatch, kFull };

void check(int64_t batch, int64_t heads, int64_t queries, int64_t keys, int64_t size, int64_t value_size,
           Mask mask_kind) {
  SCOPED_TRACE(::testing::Message() << batch << "x" << heads << " " << queries << "x" << keys << " size "
                                    << size << "," << value_size << " mask " << int(mask_kind));
  const auto q = random_floats(size_t(batch * queries * heads * size), 1, -3, 3);
  const auto k = random_floats(size_t(batch * keys * heads * size), 2);
  const auto v = random_floats(size_t(batch * keys * heads * value_size), 3);
  auto mask = random_floats(size_t(batch * queries * keys), 4);
  for (size_t i = 0; i < mask.size(); i += 3) mask[i] = -1e9f;
  std::vector<float> y(size_t(batch * queries * heads * value_size));
  AttentionArgs args;
  args.batch = batch, args.heads = heads, args.queries = queries, args.keys = keys;
  args.size = size, args.value_size = value_size, args.scale = 0.3f;
  args.q = {q.data(), queries * heads * size, heads * size, size};
  args.k = {k.data(), keys * heads * size, heads * size, size};
  args.v = {v.data(), keys * heads * value_size, heads * value_size, value_size};
  if (mask_kind == Mask::kPerBatch) args.mask = {mask.data(), keys, 0, 0};
  if (mask_kind == Mask::kFull) args.mask = {mask.data(), queries * keys, keys, 0};
  args.y = y.data(), args.y_batch_stride = queries * heads * value_size;
  args.y_row_stride = heads * value_size, args.y_head_stride = value_size;
  std::vector<double> expected(y.size());
  for (int64_t unit = 0; unit < batch * heads; ++unit) {
    const int64_t b = unit / heads, h = unit % heads;
    for (int64_t i = 0; i < queries; ++i) {
      std::vector<double> scores;
      for (int64_t j = 0; j < keys; ++j) {
        double sum = 0;
        for (int64_t e = 0; e < size; ++e) {
          sum += double(q[size_t(((b * queries + i) * heads + h) * size + e)]) *
                 k[size_t(((b * keys + j) * heads + h) * size + e)];
        }
        sum *= double(args.scale);
        if (args.mask.data) sum += args.mask.data[b * args.mask.batch_stride + i * args.mask.row_stride + j];
        scores.push_back(sum);
      }
      const double largest = *std::max_element(scores.begin(), scores.end());
      double total = 0;
      for (double& s : scores) total += s = std::exp(s - largest);
      for (int64_t e = 0; e < value_size; ++e) {
        double sum = 0;
        for (int64_t j = 0; j < keys; ++j) {
          sum += scores[size_t(j)] / total * v[size_t(((b * keys + j) * heads + h) * value_size + e)];
        }
        expected[size_t(((b * queries + i) * heads + h) * value_size + e)] = sum;
      }
    }
  }
  std::vector<float> workspace(attention_workspace_size(args));
  attention(args, workspace.data(), 0, 1);
  attention(args, workspace.data(), 1, batch * heads);
  EXPECT_TRUE(near(y, expected, 3e-6));
}

TEST(Attention, Sizes) {
  for_each_target([] {
    for (int64_t length : {1, 2, 7, 15, 16, 17, 28, 33, 64, 100, 128}) {
      check(2, 3, length, length, 32, 32, Mask::kNone);
      check(1, 2, length, length + 3, 20, 13, Mask::kNone);
      check(1, 1, 5, length, 8, 40, Mask::kPerBatch);
    }
  });
}

TEST(Attention, Masks) {
  for_each_target([] {
    for (Mask mask : {Mask::kPerBatch, Mask::kFull}) {
      check(2, 2, 31, 50, 16, 16, mask);
      check(2, 4, 64, 48, 64, 64, mask);
    }
  });
}

}  // namespace
}  // namespace floe::simd::testing
