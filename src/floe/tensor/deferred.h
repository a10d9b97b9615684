// Large constants that are made when they are read, and looks at constants that keep nothing behind. A kernel
// that packs its weights needs their plain form only while it packs them.
#pragma once

#include <functional>

#include "floe/tensor.h"

namespace floe {

/// A tensor whose elements `fill` writes at its first read.
Tensor deferred(DType dtype, const Shape& shape, std::function<void(void* to)> fill);

/// The value, aligned to its elements. A deferred tensor that nobody has read yet, and one that lies
/// unaligned in a mapped file, come as a copy whose memory goes back to the system with the handle; `t` stays
/// as it is.
Tensor peek(const Tensor& t);

}  // namespace floe
