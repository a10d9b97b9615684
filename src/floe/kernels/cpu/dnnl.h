// oneDNN, wrapped: engine, stream, primitives with prepacked weights and post-ops.
#pragma once

#include <memory>
#include <string>

#include <dnnl.hpp>

#include "floe/op/kernel.h"
#include "floe/tensor/packed.h"

namespace floe::cpu {

dnnl::engine& dnnl_engine();
/// This thread's stream.
dnnl::stream& dnnl_stream();

/// Runs `make` with OpenMP set to `threads`, the number a primitive is made for.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();

 private:
  int before_;
};

/// Weights reordered into the layout a primitive asked for.
struct PackedMemory : detail::Packed {
  dnnl::memory memory;
};

/// activation(x) as oneDNN's eltwise; false when oneDNN has no exact form of it. Those that it does not do to
/// a NaN as TensorFlow does are left to clamp_results.
bool append_activation(dnnl::post_ops& ops, const std::string& name, float alpha);
/// Applies what append_activation left.
void clamp_results(const std::string& name, float* y, int64_t n, int threads);

/// A message for the user from an exception of oneDNN's.
[[noreturn]] void rethrow_dnnl(const dnnl::error& e, const char* what);

}  // namespace floe::cpu
