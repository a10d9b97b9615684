// From TensorFlow's names to C++ names.
#pragma once

#include <string>
#include <string_view>

namespace floe::generate {

/// "Conv2DBackpropInput" -> "conv2d_backprop_input", as TensorFlow's Python names are formed; "MatMul" and
/// "ArgMax" count as one word. A name that C++ keeps for itself gets a trailing underscore.
std::string function_name(std::string_view op);

/// The name itself, with a trailing underscore where C++ keeps it for itself.
std::string safe_name(std::string_view name);

/// A string as a C++ literal.
std::string quoted(std::string_view s);

}  // namespace floe::generate
