// Ops that files hold for training, saving or input pipelines and that no signature runs: declared, so that
// such files load. Running one fails with a message that names it.
#include "floe/op/infer.h"

namespace floe {
namespace {

#define FLOE_NUMBERS                                                                                    \
  "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16," \
  "uint16,"                                                                                             \
  "complex128,half,uint32,uint64}; use_locking:bool=false"

void define_ref_update(OpBuilder& op, const char* in, const char* more = "") {
  op.in(in).out("out:Ref(T)").attrs(std::string(FLOE_NUMBERS) + more).infer(infer_unchanged);
}
constexpr const char* kNesterov = "; use_nesterov:bool=false";

FLOE_OP("ApplyGradientDescent", op) { define_ref_update(op, "var:Ref(T), alpha:T, delta:T"); }
FLOE_OP("ApplyMomentum", op) {
  define_ref_update(op, "var:Ref(T), accum:Ref(T), lr:T, grad:T, momentum:T", kNesterov);
}
FLOE_OP("ApplyAdam", op) {
  define_ref_update(
      op,
      "var:Ref(T), m:Ref(T), v:Ref(T), beta1_power:T, beta2_power:T, lr:T, beta1:T, beta2:T, epsilon:T, "
      "grad:T",
      kNesterov);
}
FLOE_OP("ApplyRMSProp", op) {
  define_ref_update(op, "var:Ref(T), ms:Ref(T), mom:Ref(T), lr:T, rho:T, momentum:T, epsilon:T, grad:T");
}
FLOE_OP("ApplyAdagrad", op) {
  define_ref_update(op, "var:Ref(T), accum:Ref(T), lr:T, grad:T", "; update_slots:bool=true");
}
FLOE_OP("ApplyAdadelta", op) {
  define_ref_update(op, "var:Ref(T), accum:Ref(T), accum_update:Ref(T), lr:T, rho:T, epsilon:T, grad:T");
}
FLOE_OP("ApplyFtrl", op) {
  define_ref_update(op, "var:Ref(T), accum:Ref(T), linear:Ref(T), grad:T, lr:T, l1:T, l2:T, lr_power:T",
                    "; multiply_linear_by_lr:bool=false");
}
constexpr const char* kCudnnAttrs =
    "T:{bfloat16,half,float,double}; rnn_mode:{'rnn_relu','rnn_tanh','lstm','gru'}='lstm'; "
    "input_mode:{'linear_input','skip_input','auto_select'}='linear_input'; "
    "direction:{'unidirectional','bidirectional'}='unidirectional'; dropout:float=0; seed:int=0; seed2:int=0";
FLOE_OP("CudnnRNN", op) {
  op.in("input:T, input_h:T, input_c:T, params:T").out("output:T, output_h:T, output_c:T, reserve_space:T");
  op.attrs(std::string(kCudnnAttrs) + "; is_training:bool=true").infer(infer_unknown).stateful();
}
FLOE_OP("CudnnRNNBackprop", op) {
  op.in(
      "input:T, input_h:T, input_c:T, params:T, output:T, output_h:T, output_c:T, output_backprop:T, "
      "output_h_backprop:T, output_c_backprop:T, reserve_space:T");
  op.out("input_backprop:T, input_h_backprop:T, input_c_backprop:T, params_backprop:T");
  op.attrs(kCudnnAttrs).infer(infer_unknown).stateful();
}

FLOE_OP("SaveV2", op) {
  op.in("prefix:string, tensor_names:string, shape_and_slices:string, tensors:dtypes")
      .attrs("dtypes:list(type)>=1");
  op.infer(infer_unknown).stateful();
}
FLOE_OP("RestoreV2", op) {
  op.in("prefix:string, tensor_names:string, shape_and_slices:string")
      .out("tensors:dtypes")
      .attrs("dtypes:list(type)>=1");
  op.infer(infer_unknown).stateful();
}
FLOE_OP("MergeV2Checkpoints", op) {
  op.in("checkpoint_prefixes:string, destination_prefix:string");
  op.attrs("delete_old_dirs:bool=true; allow_missing_files:bool=false").infer(infer_unknown).stateful();
}

FLOE_OP("IteratorFromStringHandle", op) {
  op.in("string_handle:string").out("resource_handle:resource");
  op.attrs("output_types:list(type)>=0=[]; output_shapes:list(shape)>=0=[]").infer(infer_scalar).stateful();
}
FLOE_OP("IteratorGetNext", op) {
  op.in("iterator:resource").out("components:output_types");
  op.attrs("output_types:list(type)>=1; output_shapes:list(shape)>=1").stateful();
  op.infer([](InferContext& c) {
    const auto& shapes = c.attr<std::vector<Shape>>("output_shapes");
    for (int i = 0; i < c.num_outputs() && i < int(shapes.size()); ++i) c.set_output(i, shapes[size_t(i)]);
  });
}
FLOE_OP("OptionalFromValue", op) {
  op.in("components:Toutput_types")
      .out("optional:variant")
      .attrs("Toutput_types:list(type)>=1")
      .infer(infer_scalar);
}
FLOE_OP("OptionalNone", op) { op.out("optional:variant").infer(infer_scalar); }

constexpr const char* kRealTypes =
    "T:{float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64}";
FLOE_OP("ScalarSummary", op) {
  op.in("tags:string, values:T").out("summary:string").attrs(kRealTypes).infer(infer_scalar);
  op.no_gradient();
}
FLOE_OP("HistogramSummary", op) {
  op.in("tag:string, values:T")
      .out("summary:string")
      .attrs(std::string(kRealTypes) + "=float")
      .infer(infer_scalar);
  op.no_gradient();
}
FLOE_OP("MergeSummary", op) {
  op.in("inputs:N*string").out("summary:string").attrs("N:int>=1").infer(infer_scalar);
  op.no_gradient();
}
FLOE_OP("ImageSummary", op) {
  op.in("tag:string, tensor:T").out("summary:string").infer(infer_scalar);
  op.attrs("max_images:int>=1=3; T:{uint8,float,half,double}=float; bad_color:tensor");
  AttrDef& bad_color = op.def().attrs.back();
  bad_color.has_default = true;
  bad_color.default_value = Tensor::vec<uint8_t>({255, 0, 0, 255});
  op.no_gradient();
}

#undef FLOE_NUMBERS

}  // namespace
}  // namespace floe
