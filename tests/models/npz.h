#pragma once

#include <map>
#include <string>

#include "floe/tensor.h"

namespace floe {

/// The arrays of a .npz archive by name.
std::map<std::string, Tensor> read_npz(const std::string& path);

}  // namespace floe
