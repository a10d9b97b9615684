#include "floe/variable.h"

#include "floe/base/text.h"
#include "floe/op/gradient.h"
#include "floe/runtime/context.h"

namespace floe {
namespace {

void update(const Variable& v, const char* op, const Tensor& value) {
  if (!value) throw InvalidArgument(cat("Variable '", v.name(), "': the value is missing"));
  if (value.dtype() != v.dtype() || !v.shape().is_compatible_with(value.shape()))
    throw InvalidArgument(cat("Variable '", v.name(), "' is ", dtype_name(v.dtype()), " ", v.shape().str(),
                              ", the value is ", dtype_name(value.dtype()), " ", value.shape().str()));
  call(op, {v.handle(), value}, {{"dtype", v.dtype()}});
}

}  // namespace

Variable::Variable(const Tensor& initial_value, bool trainable, std::string name)
    : dtype_(initial_value.dtype()),
      shape_(initial_value.shape()),
      trainable_(trainable),
      name_(std::move(name)) {
  if (initial_value.is_symbolic())
    throw InvalidArgument(
        cat("Variable '", name_,
            "': the initial value is a tensor of a graph that is being recorded. Make the variable "
            "outside of the function, from a value"));
  // Made outside of every function, so that it outlives the recording.
  GraphScope eager(nullptr);
  handle_ = grad::op("VarHandleOp", {}, {{"dtype", dtype_}, {"shape", shape_}});
  assign(initial_value);
}

Tensor Variable::read() const {
  if (trainable_) variable_accessed(handle_);
  return grad::op("ReadVariableOp", {handle_}, {{"dtype", dtype_}});
}

void Variable::assign(const Tensor& value) const { update(*this, "AssignVariableOp", value); }
void Variable::assign_add(const Tensor& delta) const { update(*this, "AssignAddVariableOp", delta); }
void Variable::assign_sub(const Tensor& delta) const { update(*this, "AssignSubVariableOp", delta); }

}  // namespace floe
