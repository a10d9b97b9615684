// A chain of elementwise ops in one step, as the planner's fusion writes it.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/elementwise_code.h"
#include "floe/op/infer.h"
#include "floe/op/samples.h"

namespace floe {
namespace {

// Instructions read what is there and write every output.
void check_code(const InferContext& c) {
  ElementwiseCode code = ElementwiseCode::from_attr(c.attr<std::vector<int64_t>>("code"));
  const int in = c.num_inputs(), out = c.num_outputs();
  if (code.temporaries < 0 || code.temporaries > 255) c.fail("an elementwise program is damaged");
  std::vector<char> written(size_t(in + out + code.temporaries), 0);
  std::fill_n(written.begin(), in, 1);
  for (const auto& i : code.instructions) {
    for (int k = 0; k < i.operands; ++k)
      if (i.args[size_t(k)] < 0 || i.args[size_t(k)] >= int(written.size()) ||
          !written[size_t(i.args[size_t(k)])])
        c.fail(cat("an elementwise program reads slot ", i.args[size_t(k)], ", where nothing is"));
    if (i.dst < in || i.dst >= int(written.size()))
      c.fail(cat("an elementwise program writes to slot ", i.dst, " of ", written.size()));
    written[size_t(i.dst)] = 1;
  }
  for (int i = in; i < in + out; ++i)
    if (!written[size_t(i)]) c.fail(cat("an elementwise program does not write output ", i - in));
}

// The shape all inputs broadcast to; `outputs` outputs have it.
void infer_elementwise(InferContext& c) {
  check_code(c);
  Shape s = c.shape(0);
  for (int i = 1; i < c.num_inputs(); ++i) s = broadcast_shapes(s, c.shape(i));
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, s);
}

FLOE_OP("_FloeElementwise", op) {
  op.in("inputs:N*T").out("outputs:M*T").attrs("T:{float}; N:int>=1; M:int>=1; code:list(int)");
  op.infer(infer_elementwise).elementwise();
  op.kernel([](const KernelInit& k) -> KernelFn {
    ElementwiseCode code = ElementwiseCode::from_attr(k.attr<std::vector<int64_t>>("code"));
    int n = k.num_inputs(), m = k.num_outputs();
    return [=](KernelContext& c) {
      // One plain op call per instruction, every value at full shape where it comes to that.
      std::vector<Tensor> slots(size_t(n + m) + size_t(code.temporaries));
      for (int i = 0; i < n; ++i) slots[size_t(i)] = c.input(i);
      for (const auto& in : code.instructions) {
        std::vector<Tensor> args;
        for (int i = 0; i < in.operands; ++i) args.push_back(slots[size_t(in.args[i])]);
        slots[size_t(in.dst)] = run_elementwise_instruction(in, args, c.state());
      }
      Shape shape = c.output(0).shape();
      Tensor dims(DType::kInt64, Shape{shape.rank()});
      std::copy(shape.begin(), shape.end(), dims.mutable_data<int64_t>());
      for (int i = 0; i < m; ++i) {
        Tensor t = slots[size_t(n + i)];
        if (!(t.shape() == shape)) t = invoke(get_op("BroadcastTo"), {t, dims}, {}, c.state(), {}, true)[0];
        c.set_output(i, t);
      }
    };
  });
  op.samples([](Samples& s) {
    // relu((a + b) * c), with b a row and c a column.
    ElementwiseCode code;
    code.temporaries = 1;
    code.add("AddV2", 4, {0, 1});
    code.add("Mul", 4, {4, 2});
    code.add("Relu", 3, {4});
    s.add({s.random({3, 50}), s.random({50}), s.random({3, 1})},
          {{"code", code.to_attr()}, {"M", int64_t(1)}});
  });
}

}  // namespace
}  // namespace floe
