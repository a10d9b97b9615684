#include "floe/kernels/cpu/simd/winograd.h"

#include <algorithm>
#include <limits>

#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

struct Case {
  int64_t batch, height, width, channels, out_channels;
  int pad_top = 1, pad_left = 1, pad_bottom = 1, pad_right = 1;
  Activation activation = Activation::kNone;
  bool bias = true, residual = false;
  int64_t pad_x = 0, pad_y = 0;
  int64_t split = 0;
  float special = 0;  // the value of one pixel, unless zero
};

void check(const Case& c) {
  SCOPED_TRACE(::testing::Message() << c.batch << "x" << c.height << "x" << c.width << "x" << c.channels
                                    << " -> " << c.out_channels << " pad " << c.pad_top << "," << c.pad_left);
  WinogradArgs args;
  args.batch = c.batch, args.height = c.height, args.width = c.width;
  args.channels = c.channels, args.out_channels = c.out_channels;
  args.out_height = c.height + c.pad_top + c.pad_bottom - 2;
  args.out_width = c.width + c.pad_left + c.pad_right - 2;
  args.pad_top = c.pad_top, args.pad_left = c.pad_left;
  args.x_stride = c.channels + c.pad_x, args.y_stride = c.out_channels + c.pad_y;
  auto x = random_floats(size_t(c.batch * c.height * c.width * args.x_stride), 1);
  if (c.special != 0) x[x.size() / 2 / size_t(args.x_stride) * size_t(args.x_stride)] = c.special;
  const auto w = random_floats(size_t(9 * c.channels * c.out_channels), 2);
  const auto bias = random_floats(size_t(c.out_channels), 3);
  std::vector<float> out =
      random_floats(size_t(c.batch * args.out_height * args.out_width * args.y_stride), 4);
  std::vector<double> expected(out.begin(), out.end());
  for (int64_t n = 0; n < c.batch; ++n) {
    for (int64_t oh = 0; oh < args.out_height; ++oh) {
      for (int64_t ow = 0; ow < args.out_width; ++ow) {
        const int64_t pixel = (n * args.out_height + oh) * args.out_width + ow;
        for (int64_t k = 0; k < c.out_channels; ++k) {
          double sum = c.bias ? bias[size_t(k)] : 0;
          for (int64_t tap = 0; tap < 9; ++tap) {
            const int64_t ih = oh - c.pad_top + tap / 3, iw = ow - c.pad_left + tap % 3;
            if (ih < 0 || iw < 0 || ih >= c.height || iw >= c.width) continue;
            for (int64_t ch = 0; ch < c.channels; ++ch) {
              sum += double(x[size_t(((n * c.height + ih) * c.width + iw) * args.x_stride + ch)]) *
                     w[size_t((tap * c.channels + ch) * c.out_channels + k)];
            }
          }
          const size_t at = size_t(pixel * args.y_stride + k);
          if (c.residual) sum += out[at];
          expected[at] = activate(sum, c.activation, 0.2);
        }
      }
    }
  }
  std::vector<float> packed(winograd_packed_size(c.channels, c.out_channels));
  winograd_pack(w.data(), c.channels, c.out_channels, packed.data());
  std::vector<float> workspace(winograd_workspace_size(args));
  args.x = x.data(), args.packed_weights = packed.data(), args.weights = [&] { return w.data(); },
  args.y = out.data();
  args.epilogue.bias = c.bias ? bias.data() : nullptr;
  args.epilogue.residual = c.residual ? out.data() : nullptr;
  args.epilogue.residual_stride = args.y_stride;
  args.epilogue.activation = c.activation;
  const int64_t tiles = winograd_tiles(args);
  const int64_t split = std::min(c.split, tiles);
  winograd(args, workspace.data(), 0, split);
  winograd(args, workspace.data(), split, tiles);
  double largest = 1;
  for (double e : expected)
    if (std::isfinite(e)) largest = std::max(largest, std::abs(e));
  EXPECT_TRUE(near(out, expected, 1e-5 * largest));
}

TEST(Winograd, Sizes) {
  for_each_target([] {
    for (int64_t size : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 17}) {
      check({1, size, size + 1, 5, 7});
      check({2, size + 2, size, 17, 34});
    }
  });
}

TEST(Winograd, Padding) {
  for_each_target([] {
    check({1, 9, 9, 16, 16, 0, 0, 0, 0});
    check({1, 9, 9, 16, 16, 2, 2, 2, 2});
    check({1, 9, 9, 16, 16, 0, 1, 2, 1});
    check({1, 3, 3, 16, 16, 5, 6, 7, 4});
  });
}

TEST(Winograd, ManyBlocksOfTilesAndSplitting) {
  for_each_target([] {
    Case c{3, 30, 30, 24, 40};
    c.split = 50;
    check(c);
  });
}

TEST(Winograd, EpilogueAndStrides) {
  for_each_target([] {
    for (Activation activation : kAllActivations) {
      Case c{1, 10, 10, 8, 20};
      c.activation = activation;
      check(c);
      c.residual = true, c.pad_x = 3, c.pad_y = 5;
      check(c);
    }
  });
}

TEST(Winograd, NanAndInfinityStayWhereTheyBelong) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for_each_target([] {
    for (float special : {std::numeric_limits<float>::quiet_NaN(), kInf, -kInf}) {
      for (int64_t size : {3, 6, 9, 14}) {
        Case c{2, size, size + 1, 9, 21};
        c.special = special;
        c.activation = Activation::kRelu6;
        check(c);
        c.residual = true, c.activation = Activation::kSwish, c.pad_x = 3, c.pad_y = 5;
        if (special > 0) check(c);
      }
    }
  });
}

TEST(Winograd, ErrorStaysSmall) {
  const int64_t size = 16, channels = 128, out = 32;
  Case c{1, size, size, channels, out};
  c.bias = false;
  for_each_target([&] { check(c); });
}

TEST(Winograd, CostRule) {
  const auto preferred = [](int64_t batch, int64_t size, int64_t channels, int64_t out) {
    WinogradArgs args;
    args.batch = batch, args.height = args.width = args.out_height = args.out_width = size;
    args.channels = channels, args.out_channels = out;
    return winograd_is_preferred(args);
  };
  EXPECT_TRUE(preferred(1, 56, 64, 64));
  EXPECT_TRUE(preferred(1, 14, 256, 256));
  EXPECT_FALSE(preferred(1, 7, 512, 512));
  EXPECT_TRUE(preferred(16, 7, 512, 512));
  EXPECT_FALSE(preferred(1, 2, 512, 512));
  EXPECT_FALSE(preferred(1, 224, 1, 4));
}

}  // namespace
}  // namespace floe::simd::testing
