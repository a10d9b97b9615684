// What there is to know of an op called with inputs of these types and shapes, found once and kept.
#pragma once

#include <memory>
#include <vector>

#include "floe/op/op_def.h"
#include "floe/tensor.h"

namespace floe {

struct Site {
  const OpDef* op = nullptr;
  AttrMap given, attrs;
  std::vector<DType> types, out_types;
  std::vector<Shape> shapes, out_shapes;
  std::vector<int64_t> out_elements;
  bool may_wait = false;       // its outputs can be described without running it
  bool by_value = false;       // shapes depend on values: see resolve()
  std::vector<Tensor> values;  // the inputs that decide the shapes; empty handles elsewhere
  std::vector<std::shared_ptr<const Site>> variants;  // of a site by value, for the values seen
};

/// The site of a call. Sites are compared by address: the same one means the same op, attributes, types,
/// shapes and, where shapes depend on them, values.
std::shared_ptr<const Site> resolve_site(const OpDef& op, const std::vector<Tensor>& inputs,
                                         const AttrMap& attrs);

}  // namespace floe
