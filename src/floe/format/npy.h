// NumPy arrays from memory.
#pragma once

#include <string>
#include <string_view>

#include "floe/tensor.h"

namespace floe {

/// As read_npy, from the bytes of a file; `name` stands for it in messages. Fixed-width byte strings (|S)
/// become a string tensor without their trailing zeros.
Tensor parse_npy(std::string_view bytes, const std::string& name);

}  // namespace floe
