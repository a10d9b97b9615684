#include "floe/kernels/cpu/simd/pool.h"

#include <algorithm>

#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

void check(int64_t height, int64_t width, int64_t channels, int kernel_h, int kernel_w, int stride,
           int pad_low, int pad_high, bool largest) {
  SCOPED_TRACE(::testing::Message() << height << "x" << width << "x" << channels << " kernel " << kernel_h
                                    << "x" << kernel_w << " stride " << stride << " pad " << pad_low << ","
                                    << pad_high);
  PoolArgs args;
  args.batch = 2, args.height = height, args.width = width, args.channels = channels;
  args.out_height = (height + pad_low + pad_high - kernel_h) / stride + 1;
  args.out_width = (width + pad_low + pad_high - kernel_w) / stride + 1;
  args.kernel_h = kernel_h, args.kernel_w = kernel_w, args.stride_h = args.stride_w = stride;
  args.pad_top = args.pad_left = pad_low;
  args.x_stride = channels + 3, args.y_stride = channels + 1;
  const auto x = random_floats(size_t(2 * height * width * args.x_stride), 1);
  std::vector<float> y(size_t(2 * args.out_height * args.out_width * args.y_stride), 55.0f);
  std::vector<double> expected(y.begin(), y.end());
  for (int64_t row = 0; row < 2 * args.out_height; ++row) {
    for (int64_t ow = 0; ow < args.out_width; ++ow) {
      for (int64_t c = 0; c < channels; ++c) {
        double best = -1e30, sum = 0;
        int count = 0;
        for (int i = 0; i < kernel_h * kernel_w; ++i) {
          const int64_t ih = row % args.out_height * stride - pad_low + i / kernel_w;
          const int64_t iw = ow * stride - pad_low + i % kernel_w;
          if (ih < 0 || iw < 0 || ih >= height || iw >= width) continue;
          const double v =
              x[size_t(((row / args.out_height * height + ih) * width + iw) * args.x_stride + c)];
          best = std::max(best, v), sum += v, ++count;
        }
        expected[size_t((row * args.out_width + ow) * args.y_stride + c)] = largest ? best : sum / count;
      }
    }
  }
  args.x = x.data(), args.y = y.data();
  const int64_t rows = 2 * args.out_height;
  const auto pool = largest ? max_pool : average_pool;
  pool(args, 0, rows / 3);
  pool(args, rows / 3, rows);
  EXPECT_TRUE(near(y, expected, 1e-6));
}

TEST(Pool, WindowsAndChannels) {
  for_each_target([] {
    for (const bool largest : {true, false}) {
      for (int64_t channels : {1, 5, 16, 17, 64, 83}) {
        check(9, 11, channels, 2, 2, 2, 0, 0, largest);
        check(9, 11, channels, 2, 2, 2, 0, 1, largest);
        check(9, 11, channels, 3, 3, 2, 1, 1, largest);
        check(9, 11, channels, 3, 3, 1, 1, 1, largest);
        check(9, 11, channels, 5, 2, 3, 1, 0, largest);
        check(7, 7, channels, 7, 7, 1, 0, 0, largest);
        check(1, 1, channels, 1, 1, 1, 0, 0, largest);
      }
    }
  });
}

TEST(Pool, MaximumSkipsNanAndStartsAtLowest) {
  for_each_target([] {
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    const std::vector<float> x = {1.0f, nan, 3.0f, 2.0f, -inf, -inf, -inf, -inf};
    std::vector<float> y(2);
    PoolArgs args;
    args.batch = 2, args.height = args.width = 2, args.channels = 1, args.out_height = args.out_width = 1;
    args.x = x.data(), args.x_stride = 1, args.y = y.data(), args.y_stride = 1;
    max_pool(args, 0, 2);
    EXPECT_EQ(y[0], 3.0f);
    EXPECT_EQ(y[1], std::numeric_limits<float>::lowest());
  });
}

}  // namespace
}  // namespace floe::simd::testing
