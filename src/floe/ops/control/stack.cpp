// Stacks: what TensorFlow 1's gradients of loops keep the forward values in.
#include "floe/op/infer.h"
#include "floe/ops/control/objects.h"

namespace floe {
namespace {

class ValueStack : public Object {
 public:
  ValueStack(std::string name, int64_t limit) : name_(std::move(name)), limit_(limit) {}
  const char* type_name() const override { return "Stack"; }

  void push(const KernelContext& c, Tensor value) {
    check_open(c);
    if (limit_ >= 0 && int64_t(values_.size()) > limit_)
      c.fail(cat("Stack[", name_, "] overflowed its max_size (", limit_, ")"));
    values_.push_back(std::move(value));
  }
  Tensor pop(const KernelContext& c, DType want) {
    check_open(c);
    if (values_.empty()) c.fail(cat("Stack[", name_, "] is empty when calling Pop()."));
    Tensor t = std::move(values_.back());
    values_.pop_back();
    if (t.dtype() != want)
      c.fail(
          cat("Stack[", name_, "] holds a ", dtype_name(t.dtype()), " tensor, expected ", dtype_name(want)));
    return t;
  }
  void close() {
    values_.clear();
    closed_ = true;
  }

 private:
  void check_open(const KernelContext& c) const {
    if (closed_) c.fail(cat("Stack[", name_, "] has already been closed."));
  }

  std::string name_;
  int64_t limit_;
  bool closed_ = false;
  std::vector<Tensor> values_;
};

std::shared_ptr<ValueStack> stack_of(const KernelContext& c) { return object_of<ValueStack>(c, 0, "Stack"); }

FLOE_OP("StackV2", op) {
  op.in("max_size:int32").out("handle:resource").attrs("elem_type:type; stack_name:string=''");
  op.infer([](InferContext& c) { c.set_output(0, Shape{}); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string name = k.attr<std::string>("stack_name");
    if (name.empty()) name = std::string(k.node);
    return [name](KernelContext& c) {
      const Tensor& size = c.input(0);
      if (size.rank() != 0) c.fail(cat("Stack size must be a scalar, but had shape: ", size.shape().str()));
      c.set_output(0, handle_of(std::make_shared<ValueStack>(name, *size.data<int32_t>())));
    };
  });
  op.dynamic_outputs().stateful();
}

FLOE_OP("StackPushV2", op) {
  op.in("handle:resource, elem:T").out("output:T").attrs("T:type; swap_memory:bool=false");
  op.infer([](InferContext& c) { c.set_output(0, c.shape(1)); });
  op.compute([](KernelContext& c) {
    Tensor value = c.take(1);
    stack_of(c)->push(c, value);
    c.set_output(0, std::move(value));
  });
  op.dynamic_outputs().keeps_inputs().stateful().fails_on_values();
}

FLOE_OP("StackPopV2", op) {
  op.in("handle:resource").out("elem:elem_type").attrs("elem_type:type").infer(infer_unknown);
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("elem_type");
    return [dtype](KernelContext& c) { c.set_output(0, stack_of(c)->pop(c, dtype)); };
  });
  op.dynamic_outputs().stateful().fails_on_values();
}

FLOE_OP("StackCloseV2", op) {
  op.in("handle:resource")
      .infer(infer_unknown)
      .compute([](KernelContext& c) { stack_of(c)->close(); })
      .stateful();
}

}  // namespace
}  // namespace floe
