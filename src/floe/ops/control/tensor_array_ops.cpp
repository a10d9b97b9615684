// TensorArrays: make, write, read, size, gradient. Flow values only order the ops, as in TensorFlow.
#include "floe/op/infer.h"
#include "floe/ops/control/objects.h"
#include "floe/ops/control/tensor_array.h"

namespace floe {
namespace {

std::shared_ptr<TensorArray> array_of(const KernelContext& c) {
  return object_of<TensorArray>(c, 0, "TensorArray");
}

int64_t index_of(const KernelContext& c, int i) {
  const Tensor& t = c.input(i);
  if (t.rank() != 0) c.fail(cat("TensorArray index must be scalar, but had shape: ", t.shape().str()));
  return *t.data<int32_t>();
}

void check_dtype(const TensorArray& a, DType want) {
  if (a.dtype() != want)
    throw InvalidArgument(cat("TensorArray dtype is ", dtype_name(a.dtype()), " but Op requested dtype ",
                              dtype_name(want), "."));
}

void infer_array(InferContext& c) {
  c.with_rank(0, 0);
  c.set_output(0, Shape{});
  c.set_output(1, Shape{});
}

KernelFn array_kernel(const KernelInit& k) {
  TensorArrayOptions o;
  o.name = k.attr<std::string>("tensor_array_name");
  if (o.name.empty()) o.name = std::string(k.node);
  o.dtype = k.attr<DType>("dtype");
  o.element_shape = k.attr<Shape>("element_shape");
  o.dynamic_size = k.attr<bool>("dynamic_size");
  o.clear_after_read = k.attr<bool>("clear_after_read");
  o.identical_shapes = k.attr<bool>("identical_element_shapes");
  return [o](KernelContext& c) {
    const Tensor& size = c.input(0);
    if (size.rank() != 0) c.fail(cat("TensorArray size must be scalar, but had shape: ", size.shape().str()));
    c.set_output(0, handle_of(std::make_shared<TensorArray>(o, *size.data<int32_t>())));
    c.set_output(1, Tensor::scalar(0.0f));
  };
}

FLOE_OP("TensorArrayV3", op) {
  op.in("size:int32").out("handle:resource, flow:float");
  op.attrs(
      "dtype:type; element_shape:shape=unknown; dynamic_size:bool=false; clear_after_read:bool=true; "
      "identical_element_shapes:bool=false; tensor_array_name:string=''");
  op.infer(infer_array).kernel(array_kernel).dynamic_outputs().stateful().fails_on_values();
}

FLOE_OP("TensorArrayWriteV3", op) {
  op.in("handle:resource, index:int32, value:T, flow_in:float").out("flow_out:float").attrs("T:type");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    c.with_rank(3, 0);
    c.set_output(0, Shape{});
  });
  op.compute([](KernelContext& c) {
    auto a = array_of(c);
    a->write(index_of(c, 1), c.take(2));
    c.set_output(0, c.take(3));
  });
  op.dynamic_outputs().keeps_inputs().stateful().fails_on_values();
}

FLOE_OP("TensorArrayReadV3", op) {
  op.in("handle:resource, index:int32, flow_in:float").out("value:dtype").attrs("dtype:type");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    c.with_rank(2, 0);
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("dtype");
    return [dtype](KernelContext& c) {
      auto a = array_of(c);
      check_dtype(*a, dtype);
      c.set_output(0, a->read(index_of(c, 1)));
    };
  });
  op.dynamic_outputs().stateful().fails_on_values();
}

FLOE_OP("TensorArraySizeV3", op) {
  op.in("handle:resource, flow_in:float").out("size:int32");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    c.set_output(0, Shape{});
  });
  op.compute([](KernelContext& c) {
    auto a = array_of(c);
    a->check_open();
    *c.out<int32_t>(0) = int32_t(a->size());
  });
  op.stateful();
}

FLOE_OP("TensorArrayCloseV3", op) {
  op.in("handle:resource")
      .infer(infer_unknown)
      .compute([](KernelContext& c) { array_of(c)->close(); })
      .stateful();
}

void infer_gradient(InferContext& c) {
  c.with_rank(1, 0);
  c.set_output(0, Shape{});
  c.set_output(1, Shape{});
}

FLOE_OP("TensorArrayGradV3", op) {
  op.in("handle:resource, flow_in:float").out("grad_handle:resource, flow_out:float").attrs("source:string");
  op.infer(infer_gradient);
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string source = k.attr<std::string>("source");
    return [source](KernelContext& c) {
      c.set_output(0, handle_of(array_of(c)->gradient(source, Shape{})));
      c.set_output(1, c.take(1));
    };
  });
  op.dynamic_outputs().keeps_inputs().stateful();
}

FLOE_OP("TensorArrayGradWithShape", op) {
  op.in("handle:resource, flow_in:float, shape_to_prepend:int32").out("grad_handle:resource, flow_out:float");
  op.attrs("source:string").infer(infer_gradient);
  op.kernel([](const KernelInit& k) -> KernelFn {
    std::string source = k.attr<std::string>("source");
    return [source](KernelContext& c) {
      Shape prepended(c.ints(2));
      for (int64_t d : prepended)
        if (d < 0) c.fail(cat("shape_to_prepend must be fully defined, found ", prepended.str()));
      c.set_output(0, handle_of(array_of(c)->gradient(source, prepended)));
      c.set_output(1, c.take(1));
    };
  });
  op.dynamic_outputs().keeps_inputs().stateful().fails_on_values();
}

}  // namespace
}  // namespace floe
