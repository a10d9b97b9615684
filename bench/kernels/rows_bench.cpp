// Softmax, layer norm, reductions and pooling against oneDNN, one thread.
#include <cstdio>
#include <cstdlib>

#include "bench/kernels/onednn_peers.h"
#include "bench/kernels/timing.h"
#include "floe/kernels/cpu/simd/pool.h"
#include "floe/kernels/cpu/simd/rows.h"

using namespace floe;

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.1;
  std::printf("%-28s %9s %9s %6s\n", "", "floe us", "oneDNN", "ratio");
  const auto report = [](const char* name, int64_t a, int64_t b, const std::vector<double>& us) {
    std::printf("%-14s %6ld x %5ld %9.2f %9.2f %6.2f\n", name, long(a), long(b), us[0], us[1], us[0] / us[1]);
  };
  for (const auto& [rows, n] :
       {std::pair<int64_t, int64_t>{1, 1000}, {32, 1000}, {1024, 128}, {128, 768}, {128, 256}, {4096, 10}}) {
    bench::Buffer x = bench::random_buffer(size_t(rows * n), -5, 5),
                  y = bench::random_buffer(size_t(rows * n));
    bench::Buffer gamma = bench::random_buffer(size_t(n)), beta = bench::random_buffer(size_t(n));
    report("softmax", rows, n,
           bench::interleaved_minimum(
               seconds, [&, rows = rows, n = n] { simd::softmax_rows(x.get(), rows, n, n, y.get(), n); },
               bench::OneDnn::softmax(rows, n, x.get(), y.get())));
    simd::LayerNormArgs args;
    args.n = n, args.x = x.get(), args.x_stride = n, args.gamma = gamma.get(), args.beta = beta.get();
    args.y = y.get(), args.y_stride = n;
    report("layer norm", rows, n,
           bench::interleaved_minimum(
               seconds, [&, rows = rows] { simd::layer_norm_rows(args, 0, rows); },
               bench::OneDnn::layer_norm(rows, n, x.get(), gamma.get(), beta.get(), y.get())));
  }
  struct Shape {
    bool largest;
    int64_t size, channels, kernel, stride, pad, out;
  };
  for (const Shape& s : {Shape{true, 112, 64, 3, 2, 1, 56}, Shape{true, 224, 64, 2, 2, 0, 112},
                         Shape{true, 14, 512, 2, 2, 0, 7}, Shape{false, 35, 192, 3, 1, 1, 35},
                         Shape{false, 56, 128, 2, 2, 0, 28}, Shape{false, 7, 1280, 7, 1, 0, 1}}) {
    bench::Buffer x = bench::random_buffer(size_t(s.size * s.size * s.channels));
    bench::Buffer y = bench::random_buffer(size_t(s.out * s.out * s.channels));
    simd::PoolArgs args;
    args.height = args.width = s.size, args.channels = s.channels, args.out_height = args.out_width = s.out;
    args.kernel_h = args.kernel_w = int(s.kernel), args.stride_h = args.stride_w = int(s.stride);
    args.pad_top = args.pad_left = int(s.pad);
    args.x = x.get(), args.x_stride = s.channels, args.y = y.get(), args.y_stride = s.channels;
    report(
        s.largest ? "max pool" : "average pool", s.size, s.channels,
        bench::interleaved_minimum(
            seconds, [&] { s.largest ? simd::max_pool(args, 0, s.out) : simd::average_pool(args, 0, s.out); },
            bench::OneDnn::pool(s.largest, s.size, s.channels, s.kernel, s.stride, s.pad, s.out, x.get(),
                                y.get())));
    if (s.out == 1) {
      report("column mean", s.size, s.channels,
             bench::interleaved_minimum(
                 seconds,
                 [&] {
                   simd::reduce_columns(simd::Reduction::kMean, x.get(), s.size * s.size, s.channels,
                                        s.channels, y.get());
                 },
                 bench::OneDnn::pool(false, s.size, s.channels, s.kernel, s.stride, s.pad, s.out, x.get(),
                                     y.get())));
    }
  }
}
