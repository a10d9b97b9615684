#include "floe/kernels/cpu/simd/recurrent.h"

#include <algorithm>

#include "floe/kernels/cpu/simd/gemm.h"
#include "simd_testing.h"

namespace floe::simd::testing {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

void check_lstm(int64_t steps, int64_t batch, int64_t units, bool backwards, bool initial, float clip) {
  SCOPED_TRACE(::testing::Message() << steps << " steps, batch " << batch << ", units " << units);
  const int64_t width = 4 * units;
  const auto x = random_floats(size_t(steps * batch * width), 1),
             u = random_floats(size_t(units * width), 2, -0.3f, 0.3f);
  const auto h0 = random_floats(size_t(batch * units), 3), c0 = random_floats(size_t(batch * units), 4);
  std::vector<float> packed(packed_b_size(units, width));
  pack_b(u.data(), width, 1, units, width, packed.data());
  LstmSequenceArgs args;
  args.steps = steps, args.batch = batch, args.units = units;
  args.layout.input = 0, args.layout.candidate = units, args.layout.forget = 2 * units,
  args.layout.output = 3 * units;
  args.layout.forget_bias = 0.7f, args.layout.cell_clip = clip;
  // x is [batch, steps, 4 * units].
  args.x_batch_stride = steps * width;
  args.x_step_stride = backwards ? -width : width;
  args.x_gates = backwards ? x.data() + (steps - 1) * width : x.data();
  args.packed_recurrent = packed.data();
  if (initial) args.h0 = h0.data(), args.c0 = c0.data();
  std::vector<float> sequence(size_t(steps * batch * units)), h(size_t(batch * units)), c(h.size());
  args.h_sequence = sequence.data(), args.h_step_stride = units, args.h_batch_stride = steps * units;
  args.h_last = h.data(), args.c_last = c.data();
  std::vector<float> workspace(lstm_sequence_workspace_size(batch, units));
  lstm_sequence(args, workspace.data());

  std::vector<double> eh(h.size(), 0.0), ec(h.size(), 0.0), es(sequence.size());
  if (initial) eh.assign(h0.begin(), h0.end()), ec.assign(c0.begin(), c0.end());
  for (int64_t t = 0; t < steps; ++t) {
    std::vector<double> z(size_t(batch * width));
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t j = 0; j < width; ++j) {
        double sum = x[size_t((b * steps + (backwards ? steps - 1 - t : t)) * width + j)];
        for (int64_t k = 0; k < units; ++k) sum += eh[size_t(b * units + k)] * u[size_t(k * width + j)];
        z[size_t(b * width + j)] = sum;
      }
    }
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t k = 0; k < units; ++k) {
        const double* g = &z[size_t(b * width + k)];
        const size_t at = size_t(b * units + k);
        ec[at] = sigmoid(g[2 * units] + double(0.7f)) * ec[at] + sigmoid(g[0]) * std::tanh(g[units]);
        if (clip > 0) ec[at] = std::clamp(ec[at], -double(clip), double(clip));
        eh[at] = sigmoid(g[3 * units]) * std::tanh(ec[at]);
        es[size_t((b * steps + t) * units + k)] = eh[at];
      }
    }
  }
  EXPECT_TRUE(near(h, eh, 1e-5));
  EXPECT_TRUE(near(c, ec, 1e-5));
  EXPECT_TRUE(near(sequence, es, 1e-5));
}

TEST(Recurrent, Lstm) {
  for_each_target([] {
    for (int64_t units : {1, 5, 16, 33, 64}) {
      check_lstm(5, 1, units, false, false, 0);
      check_lstm(4, 3, units, true, true, 0);
      check_lstm(4, 9, units, false, true, 0.25f);
    }
    check_lstm(0, 2, 8, false, true, 0);
  });
}

void check_gru(int64_t steps, int64_t batch, int64_t units) {
  SCOPED_TRACE(::testing::Message() << steps << " steps, batch " << batch << ", units " << units);
  const int64_t width = 3 * units;
  const auto x = random_floats(size_t(steps * batch * width), 1),
             u = random_floats(size_t(units * width), 2, -0.3f, 0.3f);
  const auto bias = random_floats(size_t(width), 3), h0 = random_floats(size_t(batch * units), 4);
  std::vector<float> packed(packed_b_size(units, width));
  pack_b(u.data(), width, 1, units, width, packed.data());
  GruSequenceArgs args;
  args.steps = steps, args.batch = batch, args.units = units;
  args.layout = {0, units, 2 * units};
  args.x_gates = x.data(), args.x_step_stride = batch * width, args.x_batch_stride = width;
  args.packed_recurrent = packed.data(), args.recurrent_bias = bias.data(), args.h0 = h0.data();
  std::vector<float> sequence(size_t(steps * batch * units)), h(size_t(batch * units));
  args.h_sequence = sequence.data(), args.h_step_stride = batch * units, args.h_batch_stride = units;
  args.h_last = h.data();
  std::vector<float> workspace(gru_sequence_workspace_size(batch, units));
  gru_sequence(args, workspace.data());

  std::vector<double> eh(h0.begin(), h0.end()), es;
  for (int64_t t = 0; t < steps; ++t) {
    const std::vector<double> old = eh;
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t j = 0; j < units; ++j) {
        double gate[3], in[3];
        for (int64_t g = 0; g < 3; ++g) {
          in[g] = x[size_t((t * batch + b) * width + g * units + j)];
          gate[g] = bias[size_t(g * units + j)];
          for (int64_t k = 0; k < units; ++k)
            gate[g] += old[size_t(b * units + k)] * u[size_t(k * width + g * units + j)];
        }
        const double z = sigmoid(in[0] + gate[0]), r = sigmoid(in[1] + gate[1]);
        const double n = std::tanh(in[2] + r * gate[2]);
        const size_t at = size_t(b * units + j);
        eh[at] = z * old[at] + (1 - z) * n;
      }
    }
    es.insert(es.end(), eh.begin(), eh.end());
  }
  EXPECT_TRUE(near(h, eh, 1e-5));
  EXPECT_TRUE(near(sequence, es, 1e-5));
}

TEST(Recurrent, Gru) {
  for_each_target([] {
    for (int64_t units : {1, 5, 16, 33, 64}) {
      check_gru(5, 1, units);
      check_gru(4, 6, units);
    }
  });
}

}  // namespace
}  // namespace floe::simd::testing
