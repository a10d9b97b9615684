// Winograd convolution against oneDNN's direct one in NHWC, one thread, bias + ReLU.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bench/kernels/onednn_peers.h"
#include "bench/kernels/timing.h"
#include "floe/kernels/cpu/simd/winograd.h"

using namespace floe;

struct Shape {
  int64_t batch, size, in, out;
};

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
  std::printf("%5s %5s %5s %5s | %9s %9s | %7s %6s\n", "batch", "size", "in", "out", "floe us", "oneDNN",
              "GFLOP/s", "ratio");
  for (const Shape& s :
       {Shape{1, 56, 64, 64}, Shape{1, 28, 128, 128}, Shape{1, 14, 256, 256}, Shape{1, 7, 512, 512},
        Shape{1, 5, 64, 64}, Shape{1, 3, 256, 256}, Shape{1, 35, 96, 96}, Shape{1, 17, 192, 192},
        Shape{1, 28, 128, 32}, Shape{1, 14, 128, 32}, Shape{1, 112, 128, 128}, Shape{1, 56, 128, 32},
        Shape{1, 28, 512, 512}, Shape{8, 14, 256, 256}, Shape{8, 7, 512, 512}, Shape{16, 7, 512, 512},
        Shape{1, 224, 64, 64}, Shape{1, 56, 16, 16}, Shape{1, 112, 32, 32}}) {
    bench::Buffer x = bench::random_buffer(size_t(s.batch * s.size * s.size * s.in));
    bench::Buffer w = bench::random_buffer(size_t(9 * s.in * s.out)),
                  bias = bench::random_buffer(size_t(s.out));
    const size_t outputs = size_t(s.batch * s.size * s.size * s.out);
    bench::Buffer y = bench::random_buffer(outputs), y2 = bench::random_buffer(outputs);
    bench::Buffer packed = hwy::AllocateAligned<float>(simd::winograd_packed_size(s.in, s.out) + 65536);
    simd::winograd_pack(w.get(), s.in, s.out, packed.get());
    simd::WinogradArgs args;
    args.batch = s.batch, args.height = args.width = args.out_height = args.out_width = s.size;
    args.channels = s.in, args.out_channels = s.out;
    args.x = x.get(), args.x_stride = s.in, args.packed_weights = packed.get(),
    args.weights = [&] { return w.get(); };
    args.y = y.get(), args.y_stride = s.out;
    args.epilogue.bias = bias.get();
    args.epilogue.activation = simd::Activation::kRelu;
    bench::Buffer workspace = hwy::AllocateAligned<float>(simd::winograd_workspace_size(args));
    const int64_t tiles = simd::winograd_tiles(args);
    auto peer = bench::OneDnn::convolution(s.batch, s.size, s.size, s.in, s.out, 3, 1, 1, false, x.get(),
                                           w.get(), bias.get(), y2.get(), s.size, s.size, true);
    const auto us =
        bench::interleaved_minimum(seconds, [&] { simd::winograd(args, workspace.get(), 0, tiles); }, peer);
    float largest = 0;
    for (size_t i = 0; i < outputs; ++i) largest = std::max(largest, std::abs(y2[i]));
    for (size_t i = 0; i < outputs; ++i) {
      if (std::abs(y[i] - y2[i]) > 1e-5f * largest) {
        std::printf("wrong at %zu: %g %g\n", i, y[i], y2[i]);
        break;
      }
    }
    std::printf("%5ld %5ld %5ld %5ld | %9.1f %9.1f | %7.1f %6.2f %s\n", long(s.batch), long(s.size),
                long(s.in), long(s.out), us[0], us[1], 18e-3 * double(outputs) * double(s.in) / us[0],
                us[0] / us[1], simd::winograd_is_preferred(args) ? "preferred" : "");
  }
}
