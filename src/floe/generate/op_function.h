// The typed C++ function of one op.
#pragma once

#include <string>

#include "floe/op/op_def.h"

namespace floe::generate {

/// Whether users get a function: the op has a kernel that works outside of a graph, and its name is public.
bool is_public(const OpDef& def);

/// The function with its comment, the struct of its optional attributes and that of its outputs.
std::string op_function(const OpDef& def);

}  // namespace floe::generate
