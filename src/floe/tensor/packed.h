// What kernels derive from a tensor's contents (repacked weights), kept beside the buffer: made once, shared
// by every plan, dropped with the buffer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "floe/tensor.h"

namespace floe {

/// The derived object of that key, made by `make` if there is none yet. The key must say everything the
/// layout depends on; the tensor's place in its buffer and its shape are added here.
std::shared_ptr<detail::Packed> get_packed(const Tensor& t, const std::string& key,
                                           const std::function<std::shared_ptr<detail::Packed>()>& make);

/// A packed array of floats, aligned to a cache line; large ones lie in huge pages where the system has them.
struct PackedFloats : detail::Packed {
  explicit PackedFloats(size_t count);
  ~PackedFloats() override;
  float* data;
  size_t count;
};

}  // namespace floe
