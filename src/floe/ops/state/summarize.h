// Tensors in short, as Assert and Print show them.
#pragma once

#include <string>

#include "floe/tensor.h"

namespace floe {

/// The first `limit` values (all of them when negative), nested in brackets: "[1 2][3...]...".
std::string summarize(const Tensor& t, int64_t limit);

/// One value: floats with as few digits as are needed to read them back.
std::string value_text(const Tensor& t, int64_t i);

/// A string with special characters written as in C.
std::string c_escape(std::string_view s);

/// "%.6g" where that reads back as the same float, else "%.9g" (doubles: 15 and 17 digits).
std::string short_float(float v);
std::string short_double(double v);

}  // namespace floe
