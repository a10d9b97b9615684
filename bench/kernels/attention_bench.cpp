// Fused attention against oneDNN's matmul, softmax, matmul over the same [length, heads, size] layout.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bench/kernels/onednn_peers.h"
#include "bench/kernels/timing.h"
#include "floe/kernels/cpu/simd/attention.h"

using namespace floe;

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
  std::printf("%5s %6s %5s | %9s %9s %9s | %6s\n", "heads", "length", "size", "floe us", "oneDNN", "product",
              "ratio");
  struct Shape {
    int64_t heads, length, size;
  };
  for (const Shape& s : {Shape{8, 128, 32}, Shape{4, 128, 64}, Shape{12, 128, 64}, Shape{12, 384, 64},
                         Shape{8, 1024, 64}, Shape{8, 16, 32}}) {
    const int64_t width = s.heads * s.size;
    const size_t n = size_t(s.length * width);
    bench::Buffer q = bench::random_buffer(n), k = bench::random_buffer(n), v = bench::random_buffer(n);
    bench::Buffer y = bench::random_buffer(n), y2 = bench::random_buffer(n);
    bench::Buffer scores = bench::random_buffer(size_t(s.heads * s.length * s.length));
    simd::AttentionArgs args;
    args.heads = s.heads, args.queries = args.keys = s.length, args.size = args.value_size = s.size;
    args.q = {q.get(), 0, width, s.size}, args.k = {k.get(), 0, width, s.size},
    args.v = {v.get(), 0, width, s.size};
    args.y = y.get(), args.y_row_stride = width, args.y_head_stride = s.size;
    bench::Buffer workspace = hwy::AllocateAligned<float>(simd::attention_workspace_size(args));
    const int64_t l = s.length, h = s.heads;
    auto first =
        bench::OneDnn::batched_matmul({h, l, s.size}, {s.size, width, 1}, {h, s.size, l}, {s.size, 1, width},
                                      {h, l, l}, {l * l, l, 1}, q.get(), k.get(), scores.get());
    auto softmax = bench::OneDnn::softmax(h * l, l, scores.get(), scores.get());
    auto second =
        bench::OneDnn::batched_matmul({h, l, l}, {l * l, l, 1}, {h, l, s.size}, {s.size, width, 1},
                                      {h, l, s.size}, {s.size, width, 1}, scores.get(), v.get(), y2.get());
    const auto us = bench::interleaved_minimum(
        seconds, [&] { simd::attention(args, workspace.get(), 0, h); },
        [&] { first(), softmax(), second(); });
    for (size_t i = 0; i < n; ++i) {
      if (std::abs(y[i] - y2[i]) > 1e-4f) {
        std::printf("wrong at %zu: %g %g\n", i, y[i], y2[i]);
        break;
      }
    }
    const double limit = 4e-3 * double(h * l * l * s.size) / 265;
    std::printf("%5ld %6ld %5ld | %9.1f %9.1f %9.1f | %6.2f\n", long(h), long(l), long(s.size), us[0], us[1],
                limit, us[0] / us[1]);
  }
}
