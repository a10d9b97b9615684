#include "floe/kernels/cpu/dnnl.h"

#include <omp.h>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/kernels/cpu/simd/elementwise.h"

namespace floe::cpu {
namespace {

// oneDNN makes these with max and min, which turn a NaN into their bound.
simd::EwOp own_clamp(const std::string& name) {
  if (name == "Relu") return simd::EwOp::kRelu;
  if (name == "Relu6") return simd::EwOp::kRelu6;
  if (name == "HardSigmoid") return simd::EwOp::kHardSigmoid;
  return simd::EwOp::kCopy;
}

}  // namespace

dnnl::engine& dnnl_engine() {
  static dnnl::engine* e = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *e;
}

dnnl::stream& dnnl_stream() {
  static thread_local dnnl::stream s(dnnl_engine());
  return s;
}

ThreadScope::ThreadScope(int threads) : before_(omp_get_max_threads()) {
  if (before_ != threads) omp_set_num_threads(threads);
}
ThreadScope::~ThreadScope() {
  if (omp_get_max_threads() != before_) omp_set_num_threads(before_);
}

bool append_activation(dnnl::post_ops& ops, const std::string& name, float alpha) {
  using A = dnnl::algorithm;
  if (name.empty() || own_clamp(name) != simd::EwOp::kCopy) return true;
  if (name == "LeakyRelu") return ops.append_eltwise(A::eltwise_relu, alpha, 0), true;
  if (name == "Elu") return ops.append_eltwise(A::eltwise_elu, 1, 0), true;
  if (name == "Sigmoid") return ops.append_eltwise(A::eltwise_logistic, 0, 0), true;
  if (name == "Tanh") return ops.append_eltwise(A::eltwise_tanh, 0, 0), true;
  if (name == "Swish") return ops.append_eltwise(A::eltwise_swish, 1, 0), true;
  if (name == "HardSwish") return ops.append_eltwise(A::eltwise_hardswish, 1.0f / 6, 0.5f), true;
  if (name == "Gelu") return ops.append_eltwise(A::eltwise_gelu_erf, 0, 0), true;
  if (name == "GeluTanh") return ops.append_eltwise(A::eltwise_gelu_tanh, 0, 0), true;
  return false;
}

void clamp_results(const std::string& name, float* y, int64_t n, int threads) {
  simd::EwOp op = own_clamp(name);
  if (op == simd::EwOp::kCopy) return;
  parallel_for(threads, n, 0.05, [&](int64_t from, int64_t to) {
    simd::run_elementwise_op(op, y + from, {y + from, false}, {}, {}, to - from);
  });
}

void rethrow_dnnl(const dnnl::error& e, const char* what) {
  if (e.status == dnnl_out_of_memory) throw ResourceExhausted(cat(what, ": out of memory"));
  throw Internal(cat(what, ": oneDNN says ", e.what()));
}

}  // namespace floe::cpu
