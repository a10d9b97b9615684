// Tensors between messages (TensorProto) and memory.
#pragma once

#include "floe/format/message.h"
#include "floe/tensor.h"

namespace floe {

/// The value of a TensorProto. Large contents of a mapped file are shared, not copied, even where they do not
/// lie aligned to their element (see Tensor::aligned); such memory must not be written to. A list of values
/// that is shorter than the shape repeats its last value, as in TensorFlow. InvalidArgument on a shape that
/// is negative, too large or does not fit the content; Unimplemented for types without plain values.
Tensor tensor_from_proto(const Message& proto);

/// The message for a value: single and repeated values as a list with one element, strings and bools as
/// lists, everything else as tensor_content, which shares the tensor's memory.
MessagePtr tensor_to_proto(const Tensor& t);

}  // namespace floe
