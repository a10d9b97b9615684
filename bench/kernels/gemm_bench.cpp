// Own matrix product against oneDNN's matmul and 1x1 convolution, one thread, packed weights, bias + ReLU.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bench/kernels/onednn_peers.h"
#include "bench/kernels/timing.h"
#include "floe/kernels/cpu/simd/gemm.h"

using namespace floe;

struct Shape {
  int64_t m, k, n;
  int times;  // how often the network has it
};

static double run(const char* title, const std::vector<Shape>& shapes, double seconds) {
  std::printf("%s\n%8s %6s %6s %5s | %9s %9s %9s | %7s %6s\n", title, "m", "k", "n", "times", "floe us",
              "matmul", "conv1x1", "GFLOP/s", "ratio");
  double own_sum = 0, peer_sum = 0, best_sum = 0;
  for (const Shape& s : shapes) {
    bench::Buffer a = bench::random_buffer(size_t(s.m * s.k)), b = bench::random_buffer(size_t(s.k * s.n));
    bench::Buffer c = bench::random_buffer(size_t(s.m * s.n)), c2 = bench::random_buffer(size_t(s.m * s.n));
    bench::Buffer c3 = bench::random_buffer(size_t(s.m * s.n)), bias = bench::random_buffer(size_t(s.n));
    bench::Buffer packed = hwy::AllocateAligned<float>(simd::packed_b_size(s.k, s.n));
    simd::pack_b(b.get(), s.n, 1, s.k, s.n, packed.get());
    simd::GemmArgs args;
    args.m = s.m, args.n = s.n, args.k = s.k;
    args.a = a.get(), args.lda = s.k, args.packed_b = packed.get(), args.c = c.get(), args.ldc = s.n;
    args.epilogue.bias = bias.get();
    args.epilogue.activation = simd::Activation::kRelu;
    auto matmul = bench::OneDnn::matmul(s.m, s.n, s.k, a.get(), b.get(), bias.get(), c2.get(), true);
    auto conv = bench::OneDnn::convolution(1, s.m, 1, s.k, s.n, 1, 1, 0, false, a.get(), b.get(), bias.get(),
                                           c3.get(), s.m, 1, true);
    const auto us = bench::interleaved_minimum(seconds, [&] { simd::gemm(args); }, matmul, conv);
    for (int64_t i = 0; i < s.m * s.n; ++i) {
      if (std::abs(c[size_t(i)] - c2[size_t(i)]) > 1e-3f * (1 + std::abs(c2[size_t(i)]))) {
        std::printf("wrong at %ld: %g %g\n", long(i), c[size_t(i)], c2[size_t(i)]);
        break;
      }
    }
    const double peer = std::min(us[1], us[2]);
    std::printf("%8ld %6ld %6ld %5d | %9.2f %9.2f %9.2f | %7.1f %6.2f\n", long(s.m), long(s.k), long(s.n),
                s.times, us[0], us[1], us[2], 2e-3 * double(s.m * s.n * s.k) / us[0], us[0] / peer);
    own_sum += s.times * us[0], peer_sum += s.times * peer, best_sum += s.times * std::min(us[0], peer);
  }
  std::printf("sum: floe %.0f us, oneDNN (better of two) %.0f us, best of all %.0f us\n\n", own_sum, peer_sum,
              best_sum);
  return own_sum;
}

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
  run("MobileNetV2, batch 1, 1x1 convolutions",
      {{12544, 32, 16, 1}, {12544, 16, 96, 1}, {3136, 96, 24, 1}, {3136, 24, 144, 2}, {3136, 144, 24, 1},
       {784, 144, 32, 1},  {784, 32, 192, 3},  {784, 192, 32, 2}, {196, 192, 64, 1},  {196, 64, 384, 4},
       {196, 384, 64, 3},  {196, 384, 96, 1},  {196, 96, 576, 3}, {196, 576, 96, 2},  {49, 576, 160, 1},
       {49, 160, 960, 3},  {49, 960, 160, 2},  {49, 960, 320, 1}, {49, 320, 1280, 1}, {1, 1280, 1000, 1}},
      seconds);
  run("ResNet50, batch 1, 1x1 convolutions",
      {{3136, 64, 64, 1},
       {3136, 64, 256, 4},
       {3136, 256, 64, 2},
       {3136, 256, 128, 1},
       {784, 128, 512, 4},
       {784, 256, 512, 1},
       {784, 512, 128, 3},
       {784, 512, 256, 1},
       {196, 256, 1024, 6},
       {196, 512, 1024, 1},
       {196, 1024, 256, 5},
       {196, 1024, 512, 1},
       {49, 512, 2048, 3},
       {49, 1024, 2048, 1},
       {49, 2048, 512, 2},
       {1, 2048, 1000, 1}},
      seconds);
  run("dense layers",
      {{1, 784, 512, 1},
       {1, 512, 512, 1},
       {1, 256, 1024, 1},
       {1, 4096, 4096, 1},
       {2, 512, 512, 1},
       {4, 512, 512, 1},
       {32, 512, 512, 1},
       {128, 256, 256, 1},
       {128, 256, 1024, 1},
       {128, 1024, 256, 1},
       {4096, 256, 1024, 1},
       {512, 512, 512, 1}},
      seconds);
}
