// LSTM over a sequence, input product included, against oneDNN's LSTM, one thread.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "bench/kernels/onednn_peers.h"
#include "bench/kernels/timing.h"
#include "floe/kernels/cpu/simd/gemm.h"
#include "floe/kernels/cpu/simd/recurrent.h"

using namespace floe;

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.2;
  std::printf("%5s %5s %5s %5s | %9s %9s | %6s\n", "steps", "batch", "in", "units", "floe us", "oneDNN",
              "ratio");
  struct Shape {
    int64_t steps, batch, in, units;
  };
  for (const Shape& s : {Shape{100, 1, 64, 128}, Shape{100, 32, 64, 128}, Shape{64, 32, 128, 256},
                         Shape{50, 1, 256, 256}, Shape{50, 1, 512, 512}, Shape{100, 4, 64, 128}}) {
    const int64_t width = 4 * s.units, rows = s.steps * s.batch;
    bench::Buffer x = bench::random_buffer(size_t(rows * s.in)),
                  wx = bench::random_buffer(size_t(s.in * width), -0.1f, 0.1f);
    bench::Buffer wh = bench::random_buffer(size_t(s.units * width), -0.1f, 0.1f),
                  bias = bench::random_buffer(size_t(width));
    bench::Buffer y = bench::random_buffer(size_t(rows * s.units)),
                  y2 = bench::random_buffer(size_t(rows * s.units));
    bench::Buffer gates = bench::random_buffer(size_t(rows * width));
    bench::Buffer h = bench::random_buffer(size_t(s.batch * s.units)),
                  c = bench::random_buffer(size_t(s.batch * s.units));
    bench::Buffer packed_x = hwy::AllocateAligned<float>(simd::packed_b_size(s.in, width));
    bench::Buffer packed_h = hwy::AllocateAligned<float>(simd::packed_b_size(s.units, width));
    simd::pack_b(wx.get(), width, 1, s.in, width, packed_x.get());
    simd::pack_b(wh.get(), width, 1, s.units, width, packed_h.get());
    simd::GemmArgs input;
    input.m = rows, input.n = width, input.k = s.in, input.a = x.get(), input.lda = s.in;
    input.packed_b = packed_x.get(), input.c = gates.get(), input.ldc = width;
    input.epilogue.bias = bias.get();
    simd::LstmSequenceArgs args;
    args.steps = s.steps, args.batch = s.batch, args.units = s.units;
    args.layout.forget = s.units, args.layout.candidate = 2 * s.units, args.layout.output = 3 * s.units;
    args.x_gates = gates.get(), args.x_step_stride = s.batch * width, args.x_batch_stride = width;
    args.packed_recurrent = packed_h.get();
    args.h_sequence = y.get(), args.h_step_stride = s.batch * s.units, args.h_batch_stride = s.units;
    args.h_last = h.get(), args.c_last = c.get();
    bench::Buffer workspace =
        hwy::AllocateAligned<float>(simd::lstm_sequence_workspace_size(s.batch, s.units));
    auto peer = bench::OneDnn::lstm(s.steps, s.batch, s.in, s.units, x.get(), wx.get(), wh.get(), bias.get(),
                                    y2.get());
    const auto us = bench::interleaved_minimum(
        seconds, [&] { simd::gemm(input), simd::lstm_sequence(args, workspace.get()); }, peer);
    for (int64_t i = 0; i < rows * s.units; ++i) {
      if (std::abs(y[size_t(i)] - y2[size_t(i)]) > 1e-4f) {
        std::printf("wrong at %ld: %g %g\n", long(i), y[size_t(i)], y2[size_t(i)]);
        break;
      }
    }
    std::printf("%5ld %5ld %5ld %5ld | %9.1f %9.1f | %6.2f\n", long(s.steps), long(s.batch), long(s.in),
                long(s.units), us[0], us[1], us[0] / us[1]);
  }
}
