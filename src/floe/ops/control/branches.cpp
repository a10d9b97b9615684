// If and Case: one of several functions is called.
#include "floe/base/text.h"
#include "floe/ops/control/functional.h"

namespace floe {
namespace {

void infer_if(InferContext& c) { infer_from_output_shapes(c); }

KernelFn if_kernel(const KernelInit& k) {
  auto yes = load_function(k, k.attr<FuncRef>("then_branch"));
  auto no = load_function(k, k.attr<FuncRef>("else_branch"));
  return [yes, no](KernelContext& c) { call_with_inputs(c, truth_of(c.input(0)) ? *yes : *no, 1); };
}

void infer_case(InferContext& c) {
  c.with_rank(0, 0);
  infer_from_output_shapes(c);
}

KernelFn case_kernel(const KernelInit& k) {
  std::vector<std::shared_ptr<Callable>> branches;
  for (const FuncRef& f : k.attr<std::vector<FuncRef>>("branches")) branches.push_back(load_function(k, f));
  return [branches](KernelContext& c) {
    // An index out of range takes the last branch, as TensorFlow has it.
    int64_t i = c.scalar<int32_t>(0), n = int64_t(branches.size());
    call_with_inputs(c, *branches[size_t(i < 0 || i >= n ? n - 1 : i)], 1);
  };
}

constexpr const char* kIfAttrs =
    "Tcond:type; Tin:list(type)>=0; Tout:list(type)>=0; then_branch:func; else_branch:func; "
    "output_shapes:list(shape)=[]";
constexpr const char* kCaseAttrs =
    "Tin:list(type)>=0; Tout:list(type)>=0; branches:list(func)>=1; output_shapes:list(shape)=[]";

FLOE_OP("If", op) {
  op.in("cond:Tcond, input:Tin").out("output:Tout").attrs(kIfAttrs);
  op.infer(infer_if).kernel(if_kernel).dynamic_outputs().keeps_inputs().stateful();
}

FLOE_OP("StatelessIf", op) {
  op.in("cond:Tcond, input:Tin").out("output:Tout").attrs(kIfAttrs);
  op.infer(infer_if).kernel(if_kernel).dynamic_outputs().keeps_inputs();
}

FLOE_OP("Case", op) {
  op.in("branch_index:int32, input:Tin").out("output:Tout").attrs(kCaseAttrs);
  op.infer(infer_case).kernel(case_kernel).dynamic_outputs().keeps_inputs().stateful();
}

FLOE_OP("StatelessCase", op) {
  op.in("branch_index:int32, input:Tin").out("output:Tout").attrs(kCaseAttrs);
  op.infer(infer_case).kernel(case_kernel).dynamic_outputs().keeps_inputs();
}

}  // namespace
}  // namespace floe
