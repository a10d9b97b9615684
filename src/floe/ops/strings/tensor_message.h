// Tensors as the bytes of a TensorProto message, for the ops that have them as values.
#pragma once

#include <string>
#include <string_view>

#include "floe/tensor.h"

namespace floe {

std::string write_tensor_message(const Tensor& t);

/// What read_tensor_message could not make sense of.
struct TensorMessageError {
  enum Kind { kNone, kNotAMessage, kNotATensor } kind = kNone;
  std::string what;
};
/// The tensor; an empty handle and `error` set when there is none.
Tensor read_tensor_message(std::string_view bytes, TensorMessageError& error);

}  // namespace floe
