// Tensors of one value.
#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/control/tensor_list.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

FLOE_OP("Fill", op) {
  op.in("dims:index_type, value:T").out("output:T").attrs("T:type; index_type:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() > 1)
      c.fail(cat("dims must represent a vector, got shape ", c.shape(0).str()));
    if (c.shape(1).is_fully_defined() && c.shape(1).num_elements() != 1)
      c.fail(cat("value must represent a scalar, got shape ", c.shape(1).str()));
    c.set_output(0, requested_shape(c, 0));
  });
  op.compute([](KernelContext& c) {
    Tensor& out = c.output(0);
    if (c.input(1).num_elements() != 1)
      c.fail(cat("value must represent a scalar, got shape ", c.input(1).shape().str()));
    fill_elements(out.dtype(), out.mutable_raw(), c.input(1).raw(), out.num_elements());
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({Samples::i32({2, 3}), s.random({}, t)}); });
    s.add({Samples::i64({2, 0}), s.random({})});
    s.add({Samples::i32({}), s.random({})});
    s.fails("Dimension -1 must be >= 0", {Samples::i32({-1}), s.random({})});
    s.fails("dims must represent a vector, got shape [1,1]",
            {Tensor::of<int32_t>({1, 1}, {3}), s.random({})});
    s.fails("value must represent a scalar, got shape [2]", {Samples::i32({3}), s.random({2})});
  });
  op.gradient([](GradientContext& g) { g.set(1, grad::sum_all(g.grad())); });
}

FLOE_OP("ZerosLike", op) {
  op.in("x:T").out("y:T").attrs("T:type");
  op.infer(infer_unchanged);
  op.compute([](KernelContext& c) {
    Tensor& out = c.output(0);
    if (out.dtype() == DType::kVariant) {
      for (int64_t i = 0; i < out.num_elements(); ++i)
        if (auto list = as_list(c.in<ObjectPtr>(0)[i])) out.mutable_data<ObjectPtr>()[i] = zeros_like(*list);
    } else {
      zero_elements(out.dtype(), out.mutable_raw(), out.num_elements());
    }
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    s.add({s.random({})});
    s.add({s.random({0, 2})});
  });
  op.no_gradient();
}

FLOE_OP("OnesLike", op) {
  op.in("x:T").out("y:T").attrs(
      "T:{bfloat16,half,float,double,int8,uint8,int16,uint16,int32,uint32,int64,uint64,complex64,complex128,"
      "bool}");
  op.infer(infer_unchanged);
  op.compute([](KernelContext& c) {
    Tensor& out = c.output(0);
    if (out.dtype() == DType::kBool)
      return std::fill_n(out.mutable_data<bool>(), out.num_elements(), true), void();
    dispatch(NumberTypes{}, out.dtype(),
             [&]<class T>() { std::fill_n(out.mutable_data<T>(), out.num_elements(), T(1.0f)); });
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    s.add({s.random({})});
    s.add({s.random({0, 2})});
  });
  op.no_gradient();
}

FLOE_OP("Empty", op) {
  op.in("shape:int32").out("output:dtype").attrs("dtype:type; init:bool=false");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() != 1)
      c.fail(cat("shape must be a vector of int32, got shape ", c.shape(0).str()));
    c.set_output(0, requested_shape(c, 0));
  });
  // Zeros with or without `init`: what old memory holds is nobody's business.
  op.compute([](KernelContext& c) {
    zero_elements(c.output(0).dtype(), c.output(0).mutable_raw(), c.output(0).num_elements());
  });
  op.stateful();
  op.samples([](Samples& s) {
    s.each_type("dtype", [&](DType t) { s.add({Samples::i32({2, 3})}, {{"dtype", t}, {"init", true}}); });
    s.add({Samples::i32({2, 3})}, {{"dtype", DType::kFloat32}}).values_vary = true;
    s.add({Samples::i32({})}, {{"dtype", DType::kFloat32}, {"init", true}});
    s.fails("Dimension -1 must be >= 0", {Samples::i32({-1})}, {{"dtype", DType::kFloat32}});
    s.fails("shape must be a vector of int32, got shape []", {Tensor::scalar<int32_t>(2)},
            {{"dtype", DType::kFloat32}});
  });
}

}  // namespace
}  // namespace floe
