// SerializeTensor and ParseTensor: TensorProto messages as strings.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/ops/strings/tensor_message.h"

namespace floe {
namespace {

FLOE_OP("SerializeTensor", op) {
  op.in("tensor:T").out("serialized:string").attrs("T:type").infer(infer_scalar);
  op.compute([](KernelContext& c) {
    const Tensor& t = c.input(0);
    if (!is_pod(t.dtype()) && t.dtype() != DType::kString)
      c.fail(Code::kUnimplemented, cat("a ", dtype_name(t.dtype()), " tensor cannot be serialized"));
    *c.out<std::string>(0) = write_tensor_message(t);
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2}, t)}); });
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{2, 0}, Shape{2, 1, 300}})
      s.add({Samples::filled(shape, 1)});
    s.add({Tensor(DType::kString, {0})});
  });
  op.no_gradient();
}

FLOE_OP("ParseTensor", op) {
  op.in("serialized:string").out("output:out_type").attrs("out_type:type");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank())
      c.fail(cat("Expected `serialized` to be a scalar, got shape: ", c.shape(0).str()));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType type = k.output_type(0);
    return [type](KernelContext& c) {
      if (c.input(0).rank())
        c.fail(cat("Expected `serialized` to be a scalar, got shape: ", c.input(0).shape().str()));
      const std::string& bytes = c.scalar<std::string>(0);
      TensorMessageError error;
      Tensor t = read_tensor_message(bytes, error);
      if (error.kind == TensorMessageError::kNotAMessage)
        c.fail(cat("Could not parse `serialized` as TensorProto: its ", bytes.size(),
                   " bytes are no such message"));
      if (error.kind == TensorMessageError::kNotATensor)
        c.fail(cat("Cannot parse tensor from proto: ", error.what));
      if (t.dtype() != type)
        c.fail(cat("Type mismatch between parsed tensor (", dtype_name(t.dtype()), ") and dtype (",
                   dtype_name(type), ")"));
      c.set_output(0, std::move(t));
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    auto text = [](const Tensor& t) { return Tensor::scalar(write_tensor_message(t)); };
    auto bytes = [](std::initializer_list<int> v) { return Tensor::scalar(std::string(v.begin(), v.end())); };
    auto of = [](DType t) { return AttrMap{{"out_type", t}}; };
    for (DType t :
         {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBfloat16, DType::kInt8, DType::kInt64,
          DType::kUint16, DType::kBool, DType::kString, DType::kComplex64, DType::kComplex128})
      s.add({text(s.random({2, 3}, t))}, of(t));
    s.add({text(s.random({}))}, of(DType::kFloat32));
    s.add({text(s.random({2, 0}))}, of(DType::kFloat32));
    s.add({bytes({8, 1, 18, 4, 18, 2, 8, 3, 42, 8, 0, 0, 128, 63, 0, 0, 0, 64})},
          of(DType::kFloat32));  // the last one is repeated
    s.add({bytes({8, 6, 18, 4, 18, 2, 8, 2, 58, 3, 3, 172, 2})}, of(DType::kInt8));
    s.add({bytes({8, 9, 18, 4, 18, 2, 8, 2, 80, 5})}, of(DType::kInt64));
    s.add({bytes({8, 10, 18, 4, 18, 2, 8, 2, 88, 1})}, of(DType::kBool));
    s.add({bytes({8, 19, 18, 4, 18, 2, 8, 2, 104, 128, 120})}, of(DType::kFloat16));
    s.add({bytes({8, 8, 18, 4, 18, 2, 8, 1, 74, 8, 0, 0, 128, 63, 0, 0, 0, 64})}, of(DType::kComplex64));
    s.add({bytes({8, 7, 18, 4, 18, 2, 8, 2, 66, 1, 'a'})}, of(DType::kString));
    s.add({bytes({8, 7, 18, 4, 18, 2, 8, 2, 34, 5, 1, 2, 'a', 'b', 'c'})}, of(DType::kString));
    s.add({bytes({8, 7, 18, 4, 18, 2, 8, 2})}, of(DType::kString));
    s.fails("Type mismatch between parsed tensor (float32) and dtype (int32)", {text(s.random({2}))},
            of(DType::kInt32));
    s.fails("Could not parse `serialized` as TensorProto", {bytes({255, 255})}, of(DType::kFloat32));
    s.fails("Cannot parse tensor from proto", {bytes({})}, of(DType::kFloat32));
    s.fails("Cannot parse tensor from proto", {bytes({8, 1, 18, 4, 18, 2, 8, 2, 34, 4, 1, 2, 3, 4})},
            of(DType::kFloat32));
    s.fails("Cannot parse tensor from proto", {bytes({8, 10, 18, 4, 18, 2, 8, 2, 34, 2, 2, 0})},
            of(DType::kBool));
    s.fails("Expected `serialized` to be a scalar, got shape: [1]", {Tensor::vec<std::string>({"a"})},
            of(DType::kFloat32));
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
