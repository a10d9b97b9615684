// The first layer of networks against oneDNN, one thread, bias + ReLU.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bench/kernels/onednn_peers.h"
#include "bench/kernels/timing.h"
#include "floe/kernels/cpu/simd/direct_conv.h"
#include "floe/kernels/cpu/simd/gemm.h"

using namespace floe;

struct Shape {
  const char* name;
  int64_t size, in, out;
  int kernel, stride, pad;
  int64_t out_size;
};

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
  std::printf("%-16s %5s %4s %5s %7s | %9s %9s | %7s %6s\n", "", "size", "in", "out", "kernel", "floe us",
              "oneDNN", "GFLOP/s", "ratio");
  for (const Shape& s :
       {Shape{"MobileNetV2", 224, 3, 32, 3, 2, 0, 112}, Shape{"ResNet50", 224, 3, 64, 7, 2, 3, 112},
        Shape{"VGG16", 224, 3, 64, 3, 1, 1, 224}, Shape{"InceptionV3", 299, 3, 32, 3, 2, 0, 149},
        Shape{"MobileNetV1 .25", 224, 3, 8, 3, 2, 0, 112}, Shape{"digits", 28, 1, 32, 3, 1, 1, 28},
        Shape{"cifar", 32, 3, 32, 3, 1, 1, 32}, Shape{"", 56, 16, 32, 3, 2, 0, 28},
        Shape{"", 28, 64, 64, 5, 1, 2, 28}, Shape{"", 35, 48, 64, 5, 1, 2, 35},
        Shape{"", 56, 128, 128, 3, 2, 0, 28}, Shape{"", 147, 32, 64, 3, 2, 0, 73},
        Shape{"", 56, 64, 64, 3, 1, 1, 56}}) {
    bench::Buffer x = bench::random_buffer(size_t(s.size * s.size * s.in));
    const int64_t k = s.kernel * s.kernel * s.in;
    bench::Buffer w = bench::random_buffer(size_t(k * s.out)), bias = bench::random_buffer(size_t(s.out));
    const size_t outputs = size_t(s.out_size * s.out_size * s.out);
    bench::Buffer y = bench::random_buffer(outputs), y2 = bench::random_buffer(outputs);
    bench::Buffer packed = hwy::AllocateAligned<float>(simd::packed_b_size(k, s.out));
    simd::pack_b(w.get(), s.out, 1, k, s.out, packed.get());
    simd::DirectConvArgs args;
    args.height = args.width = s.size, args.channels = s.in, args.out_channels = s.out;
    args.out_height = args.out_width = s.out_size, args.kernel_h = args.kernel_w = s.kernel;
    args.stride_h = args.stride_w = s.stride, args.pad_top = args.pad_left = s.pad;
    args.x = x.get(), args.x_stride = s.in, args.packed_weights = packed.get();
    args.y = y.get(), args.y_stride = s.out;
    args.epilogue.bias = bias.get();
    args.epilogue.activation = simd::Activation::kRelu;
    bench::Buffer workspace = hwy::AllocateAligned<float>(simd::direct_conv_workspace_size(args));
    auto peer =
        bench::OneDnn::convolution(1, s.size, s.size, s.in, s.out, s.kernel, s.stride, s.pad, false, x.get(),
                                   w.get(), bias.get(), y2.get(), s.out_size, s.out_size, true);
    const auto us = bench::interleaved_minimum(
        seconds, [&] { simd::direct_conv(args, workspace.get(), 0, s.out_size); }, peer);
    for (size_t i = 0; i < outputs; ++i) {
      if (std::abs(y[i] - y2[i]) > 1e-3f) {
        std::printf("wrong at %zu: %g %g\n", i, y[i], y2[i]);
        break;
      }
    }
    std::printf("%-16s %5ld %4ld %5ld %4d/%d  | %9.1f %9.1f | %7.1f %6.2f\n", s.name, long(s.size),
                long(s.in), long(s.out), s.kernel, s.stride, us[0], us[1],
                2e-3 * double(outputs) * double(k) / us[0], us[0] / us[1]);
  }
}
