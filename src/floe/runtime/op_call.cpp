#include "floe/op_call.h"

#include "floe/base/text.h"
#include "floe/op/kernel.h"
#include "floe/runtime/context.h"

namespace floe {
namespace {

void check_attr_names(const OpDef& def, const AttrMap& attrs) {
  for (const auto& [name, value] : attrs) {
    if (def.find_attr(name)) continue;
    std::vector<std::string> known;
    for (const AttrDef& a : def.attrs) known.push_back(a.name);
    throw InvalidArgument(cat(op_prefix(def.name, {}), "has no attribute '", name, "'.",
                              did_you_mean(name, known), " It is declared as ", op_signature(def)));
  }
}

}  // namespace

std::vector<Tensor> call(std::string_view op, std::vector<Tensor> inputs, AttrMap attrs) {
  const OpDef& def = get_op(op);
  check_attr_names(def, attrs);
  return call_op(def, std::move(inputs), std::move(attrs));
}

namespace ops::detail {

Tensor only(std::vector<Tensor> outputs) { return Outputs(std::move(outputs)).one(); }

std::vector<DType> types(const std::vector<Tensor>& tensors) {
  std::vector<DType> v;
  for (const Tensor& t : tensors) v.push_back(t ? t.dtype() : DType::kInvalid);
  return v;
}

Tensor Outputs::one() {
  if (at_ >= tensors_.size())
    throw Internal(cat("an op gave ", tensors_.size(), " outputs, more were declared"));
  return std::move(tensors_[at_++]);
}

std::vector<Tensor> Outputs::many(size_t n) {
  std::vector<Tensor> v;
  for (size_t i = 0; i < n; ++i) v.push_back(one());
  return v;
}

}  // namespace ops::detail
}  // namespace floe
