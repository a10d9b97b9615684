// Variables of TensorFlow 1, whose edges are references. They exist in graphs only, where a pass
// (graph/passes/references.cpp) puts resource variables in their place before anything runs; _FloeVariable is
// the handle.
#include "floe/ops/gradients.h"
#include "floe/ops/state/variable.h"

namespace floe {
namespace {

void define_by_reference(OpBuilder& op) {
  op.stateful().compute([](KernelContext& c) {
    c.fail(Code::kFailedPrecondition,
           "works on a reference to a variable (VariableV2), which exists only inside of a graph; input 0 "
           "must come from one");
  });
}

constexpr const char* kVariableAttrs = "shape:shape; dtype:type; container:string=''; shared_name:string=''";

FLOE_OP("VariableV2", op) {
  op.out("ref:Ref(dtype)").attrs(kVariableAttrs);
  op.infer([](InferContext& c) { c.set_output(0, c.attr<Shape>("shape")); });
  define_by_reference(op);
}
// Its shape attribute may be empty for "unknown".
FLOE_OP("Variable", op) {
  op.out("ref:Ref(dtype)").attrs(kVariableAttrs);
  op.infer([](InferContext& c) {
    const Shape& s = c.attr<Shape>("shape");
    c.set_output(0, s.rank() == 0 ? Shape::unknown() : s);
  });
  define_by_reference(op);
}

FLOE_OP("_FloeVariable", op) {
  op.out("handle:resource").attrs(std::string(kVariableAttrs) + "; old_shape:bool=false");
  op.infer(infer_scalar).stateful().dynamic_outputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    ResourceName where = resource_name(k);
    if (where.name.empty()) k.fail("a variable needs a name: the node's or shared_name");
    DType dtype = k.attr<DType>("dtype");
    Shape shape = k.attr<Shape>("shape");
    if (k.attr<bool>("old_shape") && shape.rank() == 0) shape = Shape::unknown();
    return [=](KernelContext& c) {
      c.set_output(
          0, make_handle(named_variable(c.resources(), where.container, where.name, dtype, shape, true)));
    };
  });
}

FLOE_OP("IsVariableInitialized", op) {
  op.in("ref:Ref(dtype)").out("is_initialized:bool").attrs("dtype:type").infer(infer_scalar);
  define_by_reference(op);
}

FLOE_OP("RefIdentity", op) {
  op.in("input:Ref(T)").out("output:Ref(T)").attrs("T:type").infer(infer_unchanged);
  define_by_reference(op);
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}

FLOE_OP("Assign", op) {
  op.in("ref:Ref(T), value:T").out("output_ref:Ref(T)");
  op.attrs("T:type; validate_shape:bool=true; use_locking:bool=true");
  op.infer([](InferContext& c) { c.set_output(0, c.shape(1)); });
  define_by_reference(op);
  op.no_gradient();
}

constexpr const char* kNumber =
    "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
    "uint16,complex128,half,uint32,uint64}";
constexpr const char* kOrdered = "T:{half,bfloat16,float,double,int32,int64}";

void define_sum(OpBuilder& op) {
  op.in("ref:Ref(T), value:T").out("output_ref:Ref(T)");
  op.attrs(std::string(kNumber) + "; use_locking:bool=false").infer(infer_unchanged);
  define_by_reference(op);
}
FLOE_OP("AssignAdd", op) {
  define_sum(op);
  op.no_gradient();
}
FLOE_OP("AssignSub", op) {
  define_sum(op);
  op.no_gradient();
}

void define_scatter(OpBuilder& op, const char* type, bool locking, const char* more = "") {
  op.in("ref:Ref(T), indices:Tindices, updates:T").out("output_ref:Ref(T)");
  op.attrs(std::string(type) + "; Tindices:{int32,int64}; use_locking:bool=" + (locking ? "true" : "false") +
           more);
  op.infer(infer_unchanged);
  define_by_reference(op);
}
FLOE_OP("ScatterUpdate", op) { define_scatter(op, "T:type", true); }
FLOE_OP("ScatterAdd", op) {
  define_scatter(op, kNumber, false);
  op.no_gradient();
}
FLOE_OP("ScatterSub", op) {
  define_scatter(op, kNumber, false);
  op.no_gradient();
}
FLOE_OP("ScatterMul", op) {
  define_scatter(op, kNumber, false);
  op.no_gradient();
}
FLOE_OP("ScatterDiv", op) {
  define_scatter(op, kNumber, false);
  op.no_gradient();
}
FLOE_OP("ScatterMin", op) { define_scatter(op, kOrdered, false); }
FLOE_OP("ScatterMax", op) { define_scatter(op, kOrdered, false); }

constexpr const char* kPolicy = "; bad_indices_policy:string=''";
FLOE_OP("ScatterNdUpdate", op) {
  define_scatter(op, "T:type", true, kPolicy);
  op.no_gradient();
}
FLOE_OP("ScatterNdAdd", op) {
  define_scatter(op, kNumber, false, kPolicy);
  op.no_gradient();
}
FLOE_OP("ScatterNdSub", op) {
  define_scatter(op, kNumber, false, kPolicy);
  op.no_gradient();
}
FLOE_OP("ScatterNdMin", op) { define_scatter(op, kNumber, false, kPolicy); }
FLOE_OP("ScatterNdMax", op) { define_scatter(op, kNumber, false, kPolicy); }

}  // namespace
}  // namespace floe
