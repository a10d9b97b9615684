// Nodes that call code of the user's.
#include "floe/op/callback.h"

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"

namespace floe {
namespace {

KernelFn callback_kernel(const KernelInit& k) {
  std::string token = k.attr<std::string>("token");
  std::vector<DType> types(k.output_types.begin(), k.output_types.end());
  return [token, types](KernelContext& c) {
    Callback fn = find_callback(token);
    if (!fn)
      c.fail(cat("callback ", token,
                 " is not found: the function that the node calls lived in the program that made the graph"));
    std::vector<Tensor> in;
    for (int i = 0; i < c.num_inputs(); ++i) in.push_back(c.keep(i));
    std::vector<Tensor> out = fn(in);
    if (out.size() != types.size())
      c.fail(cat(token, " returns ", out.size(), " values, but expects to see ", types.size(), " values."));
    for (size_t i = 0; i < out.size(); ++i) {
      if (!out[i] || out[i].dtype() != types[i])
        c.fail(cat(i, "-th value returned by ", token, " is ",
                   out[i] ? dtype_name(out[i].dtype()) : "nothing", ", but expects ", dtype_name(types[i])));
      c.set_output(int(i), out[i].evaluated());
    }
  };
}

FLOE_OP("EagerPyFunc", op) {
  op.in("input:Tin").out("output:Tout");
  op.attrs("token:string; is_async:bool=false; Tin:list(type)>=0; Tout:list(type)>=0");
  op.infer(infer_unknown).kernel(callback_kernel).dynamic_outputs().keeps_inputs().stateful();
}

FLOE_OP("PyFunc", op) {
  op.in("input:Tin").out("output:Tout").attrs("token:string; Tin:list(type)>=0; Tout:list(type)>=0");
  op.infer(infer_unknown).kernel(callback_kernel).dynamic_outputs().keeps_inputs().stateful().no_gradient();
}

FLOE_OP("PyFuncStateless", op) {
  op.in("input:Tin").out("output:Tout").attrs("token:string; Tin:list(type)>=0; Tout:list(type)>=0");
  op.infer(infer_unknown).kernel(callback_kernel).dynamic_outputs().keeps_inputs().no_gradient();
}

}  // namespace
}  // namespace floe
