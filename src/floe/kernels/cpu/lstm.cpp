// A whole LSTM: one product for the inputs of all steps, then the recurrence.
#include "floe/base/threads.h"
#include "floe/kernels/cpu/simd/gemm.h"
#include "floe/kernels/cpu/simd/recurrent.h"
#include "floe/op/kernel.h"
#include "floe/tensor/allocator.h"
#include "floe/tensor/packed.h"

namespace floe::cpu {
namespace {

struct Memory {
  explicit Memory(size_t floats)
      : size(floats * sizeof(float)), data(static_cast<float*>(allocate_bytes(size + 1))) {}
  ~Memory() { free_bytes(data, size + 1); }
  size_t size;
  float* data;
};

std::shared_ptr<PackedFloats> pack(const Tensor& w) {
  auto make = [&] {
    auto p = std::make_shared<PackedFloats>(simd::packed_b_size(w.dim(0), w.dim(1)));
    simd::pack_b(w.data<float>(), w.dim(1), 1, w.dim(0), w.dim(1), p->data);
    return p;
  };
  return std::static_pointer_cast<PackedFloats>(get_packed(w, "gemm", make));
}

FLOE_KERNEL("_FloeLSTM", 10, k) {
  if (!k.constant(1) || !k.constant(2)) return {};
  auto kernel = pack(*k.constant(1)), recurrent = pack(*k.constant(2));
  auto order = k.attr<std::vector<int64_t>>("gates");
  float forget_bias = k.attr<float>("forget_bias");
  return [=](KernelContext& c) {
    const Tensor& x = c.input(0);
    int64_t steps = x.dim(0), batch = x.dim(1), features = x.dim(2), units = c.input(2).dim(0),
            width = 4 * units;
    if (batch == 0 || units == 0) return;
    Memory x_gates(size_t(steps * batch * width));
    simd::GemmArgs g;
    g.m = steps * batch;
    g.n = width;
    g.k = features;
    g.a = x.data<float>();
    g.lda = features;
    g.packed_b = kernel->data;
    g.c = x_gates.data;
    g.ldc = width;
    g.epilogue.bias = c.in<float>(3);
    int64_t panels = simd::panel_count(width);
    parallel_for(c.threads(), g.m, double(width * features) * 0.008,
                 [&](int64_t from, int64_t to) { simd::gemm(g, from, to, 0, panels); });
    // Batch entries are independent of each other.
    double cost = double(steps * width * units) * 0.01;
    parallel_for(c.threads(), batch, cost, [&](int64_t from, int64_t to) {
      simd::LstmSequenceArgs a;
      a.steps = steps;
      a.batch = to - from;
      a.units = units;
      a.layout = {order[0] * units, order[1] * units, order[2] * units, order[3] * units, forget_bias, 0};
      a.x_gates = x_gates.data + from * width;
      a.x_step_stride = batch * width;
      a.x_batch_stride = width;
      a.packed_recurrent = recurrent->data;
      a.h0 = c.in<float>(4) + from * units;
      a.c0 = c.in<float>(5) + from * units;
      a.h_sequence = c.out<float>(0) + from * units;
      a.h_step_stride = batch * units;
      a.h_batch_stride = units;
      a.h_last = c.out<float>(1) + from * units;
      a.c_last = c.out<float>(2) + from * units;
      Memory workspace(simd::lstm_sequence_workspace_size(a.batch, units));
      simd::lstm_sequence(a, workspace.data);
    });
  };
}

}  // namespace
}  // namespace floe::cpu
