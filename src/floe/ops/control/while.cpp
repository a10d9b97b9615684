// While: calls `body` as long as `cond` is true. Loop variables move from one call into the next, so that a
// body can change them in place.
#include "floe/base/text.h"
#include "floe/ops/control/functional.h"

namespace floe {
namespace {

void check_signature(const KernelContext& c, const Callable& cond, const Callable& body) {
  const int n = c.num_inputs();
  for (auto [f, role] : {std::pair{&cond, "cond"}, std::pair{&body, "body"}})
    if (f->num_inputs() != n)
      c.fail(cat("the function '", role, "' takes ", f->num_inputs(), " inputs, the loop has ", n,
                 " variables"));
  if (cond.num_outputs() != 1)
    c.fail(cat("Expected a single scalar return value from WhileOp cond, got ", cond.num_outputs(),
               " tensors."));
  if (body.num_outputs() != n)
    c.fail(cat("the function 'body' gives ", body.num_outputs(), " values, the loop has ", n, " variables"));
}

bool goes_on(KernelContext& c, const Callable& cond, const std::vector<Tensor>& variables,
             std::vector<Tensor>& in, std::vector<Tensor>& out) {
  check_cancelled(c);
  in.assign(variables.begin(), variables.end());
  out.clear();
  cond.call(c.state(), in, out);
  in.clear();
  return truth_of(out[0]);
}

void run_while(KernelContext& c, const Callable& cond, const Callable& body) {
  const int n = c.num_inputs();
  check_signature(c, cond, body);
  std::vector<Tensor> variables, next, in, verdict;
  variables.reserve(size_t(n));
  for (int i = 0; i < n; ++i) variables.push_back(c.take(i));
  while (goes_on(c, cond, variables, in, verdict)) {
    next.clear();
    body.call(c.state(), variables, next);
    variables.swap(next);
  }
  for (int i = 0; i < n; ++i) c.set_output(i, std::move(variables[size_t(i)]));
}

KernelFn while_kernel(const KernelInit& k) {
  auto cond = load_function(k, k.attr<FuncRef>("cond"));
  auto body = load_function(k, k.attr<FuncRef>("body"));
  return [cond, body](KernelContext& c) { run_while(c, *cond, *body); };
}

constexpr const char* kWhileAttrs =
    "T:list(type)>=0; cond:func; body:func; output_shapes:list(shape)=[]; parallel_iterations:int=10";

FLOE_OP("While", op) {
  op.in("input:T").out("output:T").attrs(kWhileAttrs);
  op.infer(infer_from_output_shapes).kernel(while_kernel).dynamic_outputs().keeps_inputs().stateful();
}

FLOE_OP("StatelessWhile", op) {
  op.in("input:T").out("output:T").attrs(kWhileAttrs);
  op.infer(infer_from_output_shapes).kernel(while_kernel).dynamic_outputs().keeps_inputs();
}

}  // namespace
}  // namespace floe
