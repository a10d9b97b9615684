#include "floe/kernels/cpu/simd/recurrent.h"

#include <algorithm>
#include <cstring>

#include "floe/kernels/cpu/simd/gemm.h"
#include "floe/kernels/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "floe/kernels/cpu/simd/recurrent.cpp"
#include "hwy/foreach_target.h"
// foreach_target.h comes before the rest.
#include "floe/kernels/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace floe::simd::HWY_NAMESPACE {

void LstmCell(const LstmGates& layout, int64_t batch, int64_t units, const float* gates, int64_t gates_stride,
              const float* c, int64_t c_stride, float* c_out, int64_t c_out_stride, float* h_out,
              int64_t h_out_stride) {
  const FloatTag d;
  const Vec forget_bias = hn::Set(d, layout.forget_bias);
  for (int64_t b = 0; b < batch; ++b) {
    const float* z = gates + b * gates_stride;
    for (int64_t i = 0; i < units; i += kLanes) {
      const size_t n = size_t(units - i < int64_t(kLanes) ? units - i : int64_t(kLanes));
      const Vec input = Sigmoid(d, LoadN(d, z + layout.input + i, n));
      const Vec forget = Sigmoid(d, hn::Add(LoadN(d, z + layout.forget + i, n), forget_bias));
      const Vec candidate = Tanh(d, LoadN(d, z + layout.candidate + i, n));
      const Vec output = Sigmoid(d, LoadN(d, z + layout.output + i, n));
      const Vec old = LoadN(d, c + b * c_stride + i, n);
      Vec cell = hn::MulAdd(input, candidate, hn::Mul(forget, old));
      if (layout.cell_clip > 0) cell = Clamp(d, cell, -layout.cell_clip, layout.cell_clip);
      StoreN(cell, d, c_out + b * c_out_stride + i, n);
      StoreN(hn::Mul(output, Tanh(d, cell)), d, h_out + b * h_out_stride + i, n);
    }
  }
}

void GruCell(const GruGates& layout, int64_t batch, int64_t units, const float* x_gates, int64_t x_stride,
             const float* h_gates, int64_t h_gates_stride, const float* h, int64_t h_stride, float* h_out,
             int64_t h_out_stride) {
  const FloatTag d;
  for (int64_t b = 0; b < batch; ++b) {
    const float* x = x_gates + b * x_stride;
    const float* r = h_gates + b * h_gates_stride;
    for (int64_t i = 0; i < units; i += kLanes) {
      const size_t n = size_t(units - i < int64_t(kLanes) ? units - i : int64_t(kLanes));
      const auto x_at = [&](int64_t gate) HWY_ATTR { return LoadN(d, x + gate + i, n); };
      const auto h_at = [&](int64_t gate) HWY_ATTR { return LoadN(d, r + gate + i, n); };
      const Vec update = Sigmoid(d, hn::Add(x_at(layout.update), h_at(layout.update)));
      const Vec reset = Sigmoid(d, hn::Add(x_at(layout.reset), h_at(layout.reset)));
      const Vec candidate = Tanh(d, hn::MulAdd(reset, h_at(layout.candidate), x_at(layout.candidate)));
      const Vec old = LoadN(d, h + b * h_stride + i, n);
      StoreN(hn::MulAdd(update, hn::Sub(old, candidate), candidate), d, h_out + b * h_out_stride + i, n);
    }
  }
}

}  // namespace floe::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace floe::simd {
HWY_EXPORT(LstmCell);
HWY_EXPORT(GruCell);

namespace {

void copy_or_zero(const float* from, float* to, int64_t n) {
  if (from) {
    if (from != to) std::memmove(to, from, size_t(n) * sizeof(float));
  } else {
    std::fill_n(to, n, 0.0f);
  }
}

}  // namespace

void lstm_cell(const LstmGates& layout, int64_t batch, int64_t units, const float* gates,
               int64_t gates_stride, const float* c, int64_t c_stride, float* c_out, int64_t c_out_stride,
               float* h_out, int64_t h_out_stride) {
  HWY_DYNAMIC_DISPATCH(LstmCell)
  (layout, batch, units, gates, gates_stride, c, c_stride, c_out, c_out_stride, h_out, h_out_stride);
}

void gru_cell(const GruGates& layout, int64_t batch, int64_t units, const float* x_gates, int64_t x_stride,
              const float* h_gates, int64_t h_gates_stride, const float* h, int64_t h_stride, float* h_out,
              int64_t h_out_stride) {
  HWY_DYNAMIC_DISPATCH(GruCell)
  (layout, batch, units, x_gates, x_stride, h_gates, h_gates_stride, h, h_stride, h_out, h_out_stride);
}

size_t lstm_sequence_workspace_size(int64_t batch, int64_t units) { return size_t(4 * batch * units); }

void lstm_sequence(const LstmSequenceArgs& args, float* workspace) {
  const int64_t units = args.units, width = 4 * units;
  copy_or_zero(args.h0, args.h_last, args.batch * units);
  copy_or_zero(args.c0, args.c_last, args.batch * units);
  GemmArgs product;
  product.m = args.batch, product.n = width, product.k = units;
  product.a = args.h_last, product.lda = units;
  product.packed_b = args.packed_recurrent;
  product.c = workspace, product.ldc = width;
  product.epilogue.residual_stride = args.x_batch_stride;
  for (int64_t step = 0; step < args.steps; ++step) {
    product.epilogue.residual = args.x_gates + step * args.x_step_stride;
    gemm(product);
    lstm_cell(args.layout, args.batch, units, workspace, width, args.c_last, units, args.c_last, units,
              args.h_last, units);
    if (!args.h_sequence) continue;
    float* h = args.h_sequence + step * args.h_step_stride;
    for (int64_t b = 0; b < args.batch; ++b) {
      std::memcpy(h + b * args.h_batch_stride, args.h_last + b * units, size_t(units) * sizeof(float));
    }
  }
}

size_t gru_sequence_workspace_size(int64_t batch, int64_t units) { return size_t(3 * batch * units); }

void gru_sequence(const GruSequenceArgs& args, float* workspace) {
  const int64_t units = args.units, width = 3 * units;
  copy_or_zero(args.h0, args.h_last, args.batch * units);
  GemmArgs product;
  product.m = args.batch, product.n = width, product.k = units;
  product.a = args.h_last, product.lda = units;
  product.packed_b = args.packed_recurrent;
  product.c = workspace, product.ldc = width;
  product.epilogue.bias = args.recurrent_bias;
  for (int64_t step = 0; step < args.steps; ++step) {
    gemm(product);
    gru_cell(args.layout, args.batch, units, args.x_gates + step * args.x_step_stride, args.x_batch_stride,
             workspace, width, args.h_last, units, args.h_last, units);
    if (!args.h_sequence) continue;
    float* h = args.h_sequence + step * args.h_step_stride;
    for (int64_t b = 0; b < args.batch; ++b) {
      std::memcpy(h + b * args.h_batch_stride, args.h_last + b * units, size_t(units) * sizeof(float));
    }
  }
}

}  // namespace floe::simd
#endif  // HWY_ONCE
