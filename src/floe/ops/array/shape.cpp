// Ops that tell about a tensor's shape or check it.
#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

void put_integer(KernelContext& c, int output, int64_t at, int64_t v) {
  if (c.output(output).dtype() == DType::kInt32)
    c.out<int32_t>(output)[at] = int32_t(v);
  else
    c.out<int64_t>(output)[at] = v;
}

void check_fits(KernelContext& c, int output, int64_t v) {
  if (c.output(output).dtype() == DType::kInt32 && v > INT32_MAX)
    c.fail(cat("output type int32 is too small for ", v, "; use out_type int64"));
}

void compute_shapes(KernelContext& c) {
  for (int i = 0; i < c.num_inputs(); ++i) {
    const Shape& s = c.input(i).shape();
    for (int d = 0; d < s.rank(); ++d) {
      check_fits(c, i, s[d]);
      put_integer(c, i, d, s[d]);
    }
  }
}

void infer_shapes(InferContext& c) {
  for (int i = 0; i < c.num_outputs(); ++i)
    c.set_output(i, Shape{c.shape(i).has_rank() ? c.shape(i).rank() : Shape::kUnknownDim});
}

FLOE_OP("Shape", op) {
  op.in("input:T").out("output:out_type").attrs("T:type; out_type:{int32,int64}=int32");
  op.infer(infer_shapes).compute(compute_shapes);
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    s.add({s.random({2, 0, 3})}, {{"out_type", DType::kInt64}});
    s.add({s.random({})});
  });
  op.no_gradient();
}

FLOE_OP("ShapeN", op) {
  op.in("input:N*T").out("output:N*out_type").attrs("N:int>=1; T:type; out_type:{int32,int64}=int32");
  op.infer(infer_shapes).compute(compute_shapes);
  op.samples([](Samples& s) {
    s.add({s.random({2, 3}), s.random({}), s.random({4, 1, 0})});
    s.add({s.random({2, 3}, DType::kString)}, {{"out_type", DType::kInt64}});
  });
  op.no_gradient();
}

FLOE_OP("Size", op) {
  op.in("input:T").out("output:out_type").attrs("T:type; out_type:{int32,int64}=int32");
  op.infer(infer_scalar).compute([](KernelContext& c) {
    int64_t n = c.input(0).num_elements();
    check_fits(c, 0, n);
    put_integer(c, 0, 0, n);
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    s.add({s.random({2, 0, 3})}, {{"out_type", DType::kInt64}});
    s.add({s.random({})});
  });
  op.no_gradient();
}

FLOE_OP("Rank", op) {
  op.in("input:T").out("output:int32").attrs("T:type");
  op.infer(infer_scalar).compute([](KernelContext& c) { put_integer(c, 0, 0, c.input(0).rank()); });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); });
    s.add({s.random({})});
  });
  op.no_gradient();
}

FLOE_OP("EnsureShape", op) {
  op.in("input:T").out("output:T").attrs("shape:shape; T:type");
  op.infer([](InferContext& c) {
    const Shape& want = c.attr<Shape>("shape");
    if (!want.is_compatible_with(c.shape(0)))
      c.fail(cat("Shape of tensor input ", c.shape(0).str(), " is not compatible with expected shape ",
                 want.str(), "."));
    c.set_output(0, merge_shapes(c.shape(0), want));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    Shape want = k.attr<Shape>("shape");
    return [want](KernelContext& c) {
      if (!want.is_compatible_with(c.input(0).shape()))
        c.fail(cat("Shape of tensor input ", c.input(0).shape().str(),
                   " is not compatible with expected shape ", want.str(), "."));
      c.set_output(0, c.take(0));
    };
  });
  op.passes_input().fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}, {{"shape", Shape{2, -1}}}); });
    s.add({s.random({})}, {{"shape", Shape{}}});
    s.fails("is not compatible with expected shape [2,4].", {s.random({2, 3})}, {{"shape", Shape{2, 4}}});
    s.fails("is not compatible with expected shape [2].", {s.random({2, 3})}, {{"shape", Shape{2}}});
  });
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}

void pass_first(KernelContext& c) { c.set_output(0, c.take(0)); }

FLOE_OP("GuaranteeConst", op) {
  op.in("input:T").out("output:T").attrs("T:type");
  op.infer(infer_unchanged).compute(pass_first).passes_input().stateful();
  op.samples([](Samples& s) { s.add({s.random({2, 3})}); });
}

FLOE_OP("Copy", op) {
  op.in("input:T").out("output:T").attrs("T:type; tensor_name:string=''; debug_ops_spec:list(string)=[]");
  op.infer(infer_unchanged).compute(pass_first).passes_input();
}

FLOE_OP("CopyHost", op) {
  op.in("input:T").out("output:T").attrs("T:type; tensor_name:string=''; debug_ops_spec:list(string)=[]");
  op.infer(infer_unchanged).compute(pass_first).passes_input();
}

FLOE_OP("DeepCopy", op) {
  op.in("x:T").out("y:T").attrs("T:type");
  op.infer(infer_unchanged).stateful();
  op.compute([](KernelContext& c) {
    copy_elements(c.input(0).dtype(), c.output(0).mutable_raw(), c.input(0).raw(), c.input(0).num_elements());
  });
  op.samples([](Samples& s) { s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t)}); }); });
}

}  // namespace
}  // namespace floe
