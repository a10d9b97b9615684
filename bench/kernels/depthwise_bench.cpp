// Own depthwise convolution against oneDNN's in NHWC, one thread, bias + ReLU.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bench/kernels/onednn_peers.h"
#include "bench/kernels/timing.h"
#include "floe/kernels/cpu/simd/depthwise.h"

using namespace floe;

struct Shape {
  int64_t size, channels;
  int kernel, stride, times;
};

static void run(const char* title, const std::vector<Shape>& shapes, double seconds) {
  std::printf("%s\n%5s %5s %6s %6s %5s | %9s %9s | %7s %6s\n", title, "size", "chan", "kernel", "stride",
              "times", "floe us", "oneDNN", "GFLOP/s", "ratio");
  double own_sum = 0, peer_sum = 0;
  for (const Shape& s : shapes) {
    const int64_t out = (s.size + s.stride - 1) / s.stride;
    const int64_t pad = std::max<int64_t>(0, (out - 1) * s.stride + s.kernel - s.size) / 2;
    bench::Buffer x = bench::random_buffer(size_t(s.size * s.size * s.channels));
    bench::Buffer w = bench::random_buffer(size_t(s.kernel * s.kernel * s.channels));
    bench::Buffer bias = bench::random_buffer(size_t(s.channels));
    const size_t outputs = size_t(out * out * s.channels);
    bench::Buffer y = bench::random_buffer(outputs), y2 = bench::random_buffer(outputs);
    simd::DepthwiseArgs args;
    args.height = args.width = s.size, args.channels = s.channels;
    args.out_height = args.out_width = out;
    args.kernel_h = args.kernel_w = s.kernel, args.stride_h = args.stride_w = s.stride;
    args.pad_top = args.pad_left = int(pad);
    args.x = x.get(), args.x_stride = s.channels, args.weights = w.get();
    args.y = y.get(), args.y_stride = s.channels;
    args.epilogue.bias = bias.get();
    args.epilogue.activation = simd::Activation::kRelu;
    auto peer = bench::OneDnn::convolution(1, s.size, s.size, s.channels, s.channels, s.kernel, s.stride, pad,
                                           true, x.get(), w.get(), bias.get(), y2.get(), out, out, true);
    const auto us = bench::interleaved_minimum(seconds, [&] { simd::depthwise(args, 0, out); }, peer);
    for (size_t i = 0; i < outputs; ++i) {
      if (std::abs(y[i] - y2[i]) > 1e-4f) {
        std::printf("wrong at %zu: %g %g\n", i, y[i], y2[i]);
        break;
      }
    }
    std::printf("%5ld %5ld %6d %6d %5d | %9.2f %9.2f | %7.1f %6.2f\n", long(s.size), long(s.channels),
                s.kernel, s.stride, s.times, us[0], us[1],
                2e-3 * double(outputs) * s.kernel * s.kernel / us[0], us[0] / us[1]);
    own_sum += s.times * us[0], peer_sum += s.times * us[1];
  }
  std::printf("sum: floe %.0f us, oneDNN %.0f us\n\n", own_sum, peer_sum);
}

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
  run("MobileNetV2",
      {{112, 32, 3, 1, 1},
       {112, 96, 3, 2, 1},
       {56, 144, 3, 1, 1},
       {56, 144, 3, 2, 1},
       {28, 192, 3, 1, 2},
       {28, 192, 3, 2, 1},
       {14, 384, 3, 1, 4},
       {14, 576, 3, 1, 2},
       {14, 576, 3, 2, 1},
       {7, 960, 3, 1, 3}},
      seconds);
  run("EfficientNetB0",
      {{112, 32, 3, 1, 1},
       {112, 96, 3, 2, 1},
       {56, 144, 3, 1, 1},
       {56, 144, 5, 2, 1},
       {28, 240, 5, 1, 1},
       {28, 240, 3, 2, 1},
       {14, 480, 3, 1, 2},
       {14, 480, 5, 1, 1},
       {14, 672, 5, 1, 2},
       {14, 672, 5, 2, 1},
       {7, 1152, 5, 1, 3},
       {7, 1152, 3, 1, 1}},
      seconds);
  run("other", {{15, 100, 3, 1, 1}, {19, 512, 3, 1, 1}, {56, 96, 7, 1, 1}}, seconds);
}
