#include "floe/kernels/cpu/simd/direct_conv.h"

#include "floe/kernels/cpu/simd/gemm.h"
#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

struct Case {
  int64_t height, width, channels, out_channels;
  int kernel_h = 3, kernel_w = 3, stride = 1;
  int pad_top = 1, pad_left = 1, pad_bottom = 1, pad_right = 1;
  Activation activation = Activation::kNone;
  bool bias = true, residual = false;
  int64_t pad_x = 0, pad_y = 0;
};

void check(const Case& c) {
  SCOPED_TRACE(::testing::Message() << c.height << "x" << c.width << "x" << c.channels << " -> "
                                    << c.out_channels << " kernel " << c.kernel_h << "x" << c.kernel_w
                                    << " stride " << c.stride);
  DirectConvArgs args;
  args.height = c.height, args.width = c.width, args.channels = c.channels,
  args.out_channels = c.out_channels;
  args.out_height = (c.height + c.pad_top + c.pad_bottom - c.kernel_h) / c.stride + 1;
  args.out_width = (c.width + c.pad_left + c.pad_right - c.kernel_w) / c.stride + 1;
  args.kernel_h = c.kernel_h, args.kernel_w = c.kernel_w, args.stride_h = args.stride_w = c.stride;
  args.pad_top = c.pad_top, args.pad_left = c.pad_left;
  args.x_stride = c.channels + c.pad_x, args.y_stride = c.out_channels + c.pad_y;
  const int64_t k = c.kernel_h * c.kernel_w * c.channels;
  const auto x = random_floats(size_t(c.height * c.width * args.x_stride), 1);
  const auto w = random_floats(size_t(k * c.out_channels), 2),
             bias = random_floats(size_t(c.out_channels), 3);
  std::vector<float> out = random_floats(size_t(args.out_height * args.out_width * args.y_stride), 4);
  std::vector<double> expected(out.begin(), out.end());
  for (int64_t pixel = 0; pixel < args.out_height * args.out_width; ++pixel) {
    for (int64_t n = 0; n < c.out_channels; ++n) {
      double sum = c.bias ? bias[size_t(n)] : 0;
      for (int64_t i = 0; i < k; ++i) {
        const int64_t tap = i / c.channels;
        const int64_t ih = pixel / args.out_width * c.stride - c.pad_top + tap / c.kernel_w;
        const int64_t iw = pixel % args.out_width * c.stride - c.pad_left + tap % c.kernel_w;
        if (ih < 0 || iw < 0 || ih >= c.height || iw >= c.width) continue;
        sum += double(x[size_t((ih * c.width + iw) * args.x_stride + i % c.channels)]) *
               w[size_t(i * c.out_channels + n)];
      }
      const size_t at = size_t(pixel * args.y_stride + n);
      if (c.residual) sum += out[at];
      expected[at] = activate(sum, c.activation, 0.2);
    }
  }
  std::vector<float> packed(packed_b_size(k, c.out_channels));
  pack_b(w.data(), c.out_channels, 1, k, c.out_channels, packed.data());
  std::vector<float> workspace(direct_conv_workspace_size(args));
  args.x = x.data(), args.packed_weights = packed.data(), args.y = out.data();
  args.epilogue.bias = c.bias ? bias.data() : nullptr;
  args.epilogue.residual = c.residual ? out.data() : nullptr;
  args.epilogue.residual_stride = args.y_stride;
  args.epilogue.activation = c.activation;
  const int64_t middle = args.out_height / 3;
  direct_conv(args, workspace.data(), 0, middle);
  direct_conv(args, workspace.data(), middle, args.out_height);
  EXPECT_TRUE(near(out, expected, 1e-5));
}

TEST(DirectConv, SizesAndChannels) {
  for_each_target([] {
    for (int64_t size : {1, 2, 5, 8, 13, 30}) {
      for (int64_t out : {1, 8, 16, 20, 33, 48, 64, 70}) {
        check({size, size + 1, 3, out});
        check({size, size, 1, out, 3, 3, 2});
        check({size + 6, size + 6, 4, out, 7, 7, 2, 3, 3, 3, 3});
      }
    }
  });
}

TEST(DirectConv, PaddingFiltersAndStrides) {
  for_each_target([] {
    check({10, 12, 3, 16, 3, 3, 2, 0, 0, 1, 1});
    check({10, 12, 3, 16, 3, 3, 1, 0, 0, 0, 0});
    check({10, 12, 3, 16, 5, 2, 3, 4, 1, 2, 1});
    check({4, 4, 3, 16, 3, 3, 1, 6, 7, 5, 8});
    check({9, 9, 40, 24, 1, 7, 1, 0, 3, 0, 3});
    check({90, 9, 2, 24, 80, 1, 1, 0, 0, 0, 0});
  });
}

TEST(DirectConv, EpilogueAndStrides) {
  for_each_target([] {
    for (Activation activation : kAllActivations) {
      Case c{11, 15, 3, 21};
      c.activation = activation;
      check(c);
      c.residual = true, c.pad_x = 3, c.pad_y = 6;
      check(c);
    }
  });
}

}  // namespace
}  // namespace floe::simd::testing
