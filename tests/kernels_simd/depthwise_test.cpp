#include "floe/kernels/cpu/simd/depthwise.h"

#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

struct Case {
  int64_t height, width, channels;
  int kernel_h = 3, kernel_w = 3, stride_h = 1, stride_w = 1;
  int pad_top = 1, pad_left = 1, pad_bottom = 1, pad_right = 1;
  int dilation_h = 1, dilation_w = 1;
  Activation activation = Activation::kNone;
  bool bias = true, residual = false;
  int64_t pad_x = 0, pad_y = 0;
};

void check(const Case& c) {
  SCOPED_TRACE(::testing::Message() << c.height << "x" << c.width << "x" << c.channels << " kernel "
                                    << c.kernel_h << "x" << c.kernel_w << " stride " << c.stride_h << "x"
                                    << c.stride_w << " pad " << c.pad_top << "," << c.pad_left);
  const int64_t span_h = int64_t(c.kernel_h - 1) * c.dilation_h + 1;
  const int64_t span_w = int64_t(c.kernel_w - 1) * c.dilation_w + 1;
  DepthwiseArgs args;
  args.height = c.height, args.width = c.width, args.channels = c.channels;
  args.out_height = (c.height + c.pad_top + c.pad_bottom - span_h) / c.stride_h + 1;
  args.out_width = (c.width + c.pad_left + c.pad_right - span_w) / c.stride_w + 1;
  ASSERT_GT(args.out_height, 0);
  ASSERT_GT(args.out_width, 0);
  args.kernel_h = c.kernel_h, args.kernel_w = c.kernel_w;
  args.stride_h = c.stride_h, args.stride_w = c.stride_w;
  args.pad_top = c.pad_top, args.pad_left = c.pad_left;
  args.dilation_h = c.dilation_h, args.dilation_w = c.dilation_w;
  args.x_stride = c.channels + c.pad_x, args.y_stride = c.channels + c.pad_y;
  const auto x = random_floats(size_t(c.height * c.width * args.x_stride), 1);
  const auto w = random_floats(size_t(c.kernel_h * c.kernel_w * c.channels), 2);
  const auto bias = random_floats(size_t(c.channels), 3);
  std::vector<float> out = random_floats(size_t(args.out_height * args.out_width * args.y_stride), 4);
  std::vector<double> expected(out.begin(), out.end());
  for (int64_t oh = 0; oh < args.out_height; ++oh) {
    for (int64_t ow = 0; ow < args.out_width; ++ow) {
      for (int64_t ch = 0; ch < c.channels; ++ch) {
        double sum = c.bias ? bias[size_t(ch)] : 0;
        for (int64_t kh = 0; kh < c.kernel_h; ++kh) {
          for (int64_t kw = 0; kw < c.kernel_w; ++kw) {
            const int64_t ih = oh * c.stride_h - c.pad_top + kh * c.dilation_h;
            const int64_t iw = ow * c.stride_w - c.pad_left + kw * c.dilation_w;
            if (ih < 0 || iw < 0 || ih >= c.height || iw >= c.width) continue;
            sum += double(x[size_t((ih * c.width + iw) * args.x_stride + ch)]) *
                   w[size_t((kh * c.kernel_w + kw) * c.channels + ch)];
          }
        }
        const size_t at = size_t((oh * args.out_width + ow) * args.y_stride + ch);
        if (c.residual) sum += out[at];
        expected[at] = activate(sum, c.activation, 0.2);
      }
    }
  }
  args.x = x.data(), args.weights = w.data(), args.y = out.data();
  args.epilogue.bias = c.bias ? bias.data() : nullptr;
  args.epilogue.residual = c.residual ? out.data() : nullptr;
  args.epilogue.residual_stride = args.y_stride;
  args.epilogue.activation = c.activation;
  const int64_t middle = args.out_height / 3;
  depthwise(args, 0, middle);
  depthwise(args, middle, args.out_height);
  EXPECT_TRUE(near(out, expected, 1e-5));
}

TEST(Depthwise, SizesAndChannels) {
  for_each_target([] {
    for (int kernel : {3, 5, 7}) {
      for (int stride : {1, 2}) {
        for (int64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 13, 14, 15, 16, 17, 29}) {
          for (int64_t channels : {1, 16, 19, 35}) {
            const int pad = kernel / 2;
            check({size + 1, size, channels, kernel, kernel, stride, stride, pad, pad, pad, pad});
          }
        }
      }
    }
  });
}

TEST(Depthwise, AsymmetricPadding) {
  for_each_target([] {
    for (int stride : {1, 2}) {
      check({14, 14, 20, 3, 3, stride, stride, 0, 0, 1, 1});
      check({14, 14, 20, 5, 5, stride, stride, 1, 1, 2, 2});
      check({15, 17, 20, 3, 3, stride, stride, 0, 0, 0, 0});
      check({9, 9, 20, 3, 3, stride, stride, 4, 5, 6, 7});
      check({2, 30, 20, 5, 5, stride, stride, 6, 6, 6, 6});
    }
  });
}

TEST(Depthwise, UnusualFiltersStridesAndDilations) {
  for_each_target([] {
    check({12, 12, 70, 2, 4, 1, 1, 0, 1, 1, 2});
    check({12, 12, 70, 3, 5, 2, 1, 1, 2, 1, 2});
    check({12, 12, 17, 1, 3, 1, 2, 0, 1, 0, 1});
    check({20, 21, 33, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2});
    check({20, 21, 33, 3, 3, 1, 1, 2, 1, 2, 1, 2, 1});
    check({20, 21, 33, 3, 3, 3, 4, 1, 1, 1, 1});
    check({10, 10, 5, 9, 9, 1, 1, 4, 4, 4, 4});
  });
}

TEST(Depthwise, EpilogueAndStrides) {
  for_each_target([] {
    for (Activation activation : kAllActivations) {
      Case c{11, 15, 21};
      c.activation = activation;
      check(c);
      c.residual = true, c.pad_x = 3, c.pad_y = 6;
      check(c);
      c.bias = false;
      c.kernel_h = 4;
      check(c);
    }
  });
}

TEST(Depthwise, NanStaysNan) {
  for_each_target([] {
    std::vector<float> x(25 * 16, 1.0f), w(9 * 16, 1.0f), y(25 * 16);
    x[12 * 16] = std::numeric_limits<float>::quiet_NaN();
    DepthwiseArgs args;
    args.height = args.width = args.out_height = args.out_width = 5, args.channels = 16;
    args.pad_top = args.pad_left = 1;
    args.x = x.data(), args.x_stride = 16, args.weights = w.data(), args.y = y.data(), args.y_stride = 16;
    args.epilogue.activation = Activation::kRelu6;
    depthwise(args, 0, 5);
    EXPECT_TRUE(std::isnan(y[12 * 16]));
    EXPECT_EQ(y[12 * 16 + 1], 6.0f);
    EXPECT_EQ(y[0], 4.0f);
  });
}

}  // namespace
}  // namespace floe::simd::testing
