// Variables of TensorFlow 1. A reference flows as the variable's current value; an assignment finds the
// variable that this value belongs to.
#include "floe/ops/state/variable.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

/// All variables that nodes of this model have made references to.
class RefVariables : public Object {
 public:
  const char* type_name() const override { return "RefVariables"; }
  void add(const std::shared_ptr<Variable>& v) {
    std::lock_guard lock(mutex_);
    for (auto& have : all_)
      if (have == v) return;
    all_.push_back(v);
  }
  std::shared_ptr<Variable> owner_of(const Tensor& value) const {
    std::lock_guard lock(mutex_);
    for (auto& v : all_)
      if (Tensor t = v->read(); t && t.shares_memory(value)) return v;
    return nullptr;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Variable>> all_;
};

std::shared_ptr<RefVariables> ref_variables(KernelContext& c) {
  return std::static_pointer_cast<RefVariables>(
      c.resources().get_or_make("floe/ref_variables", "", [] { return std::make_shared<RefVariables>(); }));
}

std::shared_ptr<Variable> referenced(KernelContext& c) {
  auto v = ref_variables(c)->owner_of(c.input(0));
  if (!v)
    c.fail(Code::kFailedPrecondition,
           "input 0 must be a reference to a variable; it is a plain value, or the variable was assigned "
           "meanwhile");
  return v;
}

KernelFn read_ref(const KernelInit& k) {
  ResourceName where = resource_name(k);
  if (where.name.empty()) k.fail("a variable needs a name: the node's or shared_name");
  DType dtype = k.attr<DType>("dtype");
  Shape shape = k.attr<Shape>("shape");
  return [=](KernelContext& c) {
    auto v = named_variable(c.resources(), where.container, where.name, dtype, shape);
    ref_variables(c)->add(v);
    Tensor value = v->read();
    if (!value) c.fail(Code::kFailedPrecondition, cat("Attempting to use uninitialized value ", where.name));
    c.set_output(0, value);
  };
}

void define_variable(OpBuilder& op) {
  op.out("ref:Ref(dtype)").attrs("shape:shape; dtype:type; container:string=''; shared_name:string=''");
  op.infer([](InferContext& c) { c.set_output(0, c.attr<Shape>("shape")); });
  op.kernel(read_ref).stateful().dynamic_outputs();
}
FLOE_OP("VariableV2", op) { define_variable(op); }
// Its shape attribute may be empty for "unknown".
FLOE_OP("Variable", op) {
  define_variable(op);
  op.infer([](InferContext& c) {
    const Shape& s = c.attr<Shape>("shape");
    c.set_output(0, s.rank() == 0 ? Shape::unknown() : s);
  });
}

FLOE_OP("Assign", op) {
  op.in("ref:Ref(T), value:T")
      .out("output_ref:Ref(T)")
      .attrs("T:type; validate_shape:bool=true; use_locking:bool=true");
  op.infer([](InferContext& c) { c.set_output(0, c.shape(1)); });
  op.stateful().dynamic_outputs().keeps_inputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool validate = k.attr<bool>("validate_shape");
    return [validate](KernelContext& c) {
      auto v = referenced(c);
      if (validate && !(c.input(0).shape() == c.input(1).shape()))
        c.fail(cat("Assign requires shapes of both tensors to match. lhs shape= ", c.input(0).shape().str(),
                   " rhs shape= ", c.input(1).shape().str()));
      Tensor value = c.keep(1);
      v->assign(value);
      c.set_output(0, value);
    };
  });
}

template <bool kAdd>
void assign_by(KernelContext& c) {
  auto v = referenced(c);
  const Tensor& by = c.input(1);
  v->update([&](Tensor& value) {
    if (!(value.shape() == by.shape()))
      c.fail(cat("Cannot update variable with shape ", value.shape().str(), " using a Tensor with shape ",
                 by.shape().str(), ", shapes must be equal."));
    Tensor to = value.clone();
    dispatch(NumberTypes{}, by.dtype(), [&]<class T>() {
      T* x = to.mutable_data<T>();
      const T* y = by.data<T>();
      for (int64_t i = 0, n = by.num_elements(); i < n; ++i) {
        if constexpr (std::is_integral_v<T>)
          x[i] = kAdd ? T(uint64_t(x[i]) + uint64_t(y[i])) : T(uint64_t(x[i]) - uint64_t(y[i]));
        else
          x[i] = T(kAdd ? compute_t<T>(x[i]) + compute_t<T>(y[i]) : compute_t<T>(x[i]) - compute_t<T>(y[i]));
      }
    });
    c.set_output(0, to);
    return to;
  });
}

constexpr const char* kNumberAttrs =
    "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
    "uint16,"
    "complex128,half,uint32,uint64}; use_locking:bool=false";

FLOE_OP("AssignAdd", op) {
  op.in("ref:Ref(T), value:T").out("output_ref:Ref(T)").attrs(kNumberAttrs);
  op.infer(infer_unchanged).compute(assign_by<true>).stateful().dynamic_outputs();
}
FLOE_OP("AssignSub", op) {
  op.in("ref:Ref(T), value:T").out("output_ref:Ref(T)").attrs(kNumberAttrs);
  op.infer(infer_unchanged).compute(assign_by<false>).stateful().dynamic_outputs();
}

// A reference only arrives here when it has a value.
FLOE_OP("IsVariableInitialized", op) {
  op.in("ref:Ref(dtype)").out("is_initialized:bool").attrs("dtype:type");
  op.infer(infer_scalar).stateful();
  op.compute([](KernelContext& c) { *c.out<bool>(0) = true; });
}

}  // namespace
}  // namespace floe
