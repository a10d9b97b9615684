// What the TensorList ops share.
#pragma once

#include <string>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/ops/control/tensor_list.h"

namespace floe::list_ops {

/// The list in input i.
std::shared_ptr<TensorList> input_list(const KernelContext& c, int i);
/// The list in input i to be changed: the very one when nobody else holds it, else a copy.
std::shared_ptr<TensorList> take_list(KernelContext& c, int i);

/// TensorFlow's short names: "float", "half", ...
std::string type_text(DType t);
void check_type(const KernelContext& c, const TensorList& list, DType want);

/// The shape in input i: -1 for an unknown rank, else a vector with -1 for unknown dimensions.
Shape shape_input(const KernelContext& c, int i);
/// For inference: what input i says, unknown when nothing is known.
Shape infer_shape_input(const InferContext& c, int i);

/// Both at once; fails as TensorFlow does when they contradict each other.
Shape merge(const KernelContext& c, const Shape& a, const Shape& b);
/// The list's element shape, what the op says, and the shapes of all elements together.
Shape merged_with_elements(const KernelContext& c, const TensorList& list, const Shape& asked);

/// Element i as a tensor, zeros of that shape when it was never set.
Tensor element_or_zeros(const TensorList& list, int64_t i, const Shape& shape);
Tensor zeros(DType dtype, const Shape& shape);

inline int64_t scalar_int(const KernelContext& c, int i) { return c.input(i).item<int32_t>(); }
void check_scalar(const InferContext& c, int i, const char* what);

}  // namespace floe::list_ops
