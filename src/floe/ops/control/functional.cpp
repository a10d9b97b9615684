#include "floe/ops/control/functional.h"

#include "floe/base/text.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

using TruthTypes = Types<float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t,
                         uint16_t, uint32_t, uint64_t, bool, std::string>;

}  // namespace

std::shared_ptr<Callable> load_function(const KernelInit& k, const FuncRef& ref) {
  if (!k.function) k.fail(cat("calls the function '", ref.name, "', which only exists inside a graph"));
  std::shared_ptr<Callable> f = k.function(ref);
  if (!f) throw NotFound(cat(op_prefix(k.def.name, k.node), "Function ", ref.name, " is not defined."));
  return f;
}

bool truth_of(const Tensor& t) {
  if (t.rank() > 0) return t.num_elements() > 0;
  return dispatch(TruthTypes{}, t.dtype(), [&]<class T>() -> bool {
    if constexpr (std::is_same_v<T, std::string>)
      return !t.item<T>().empty();
    else
      return *t.data<T>() != T(0);
  });
}

void check_cancelled(KernelContext& c) {
  const std::atomic<bool>* flag = c.state().cancelled;
  if (flag && flag->load(std::memory_order_relaxed))
    throw Cancelled(cat(op_prefix(c.def().name, c.node()), "the run was cancelled"));
}

void call_with_inputs(KernelContext& c, const Callable& f, int first) {
  int n = c.num_inputs() - first;
  if (f.num_inputs() != n || f.num_outputs() != c.num_outputs())
    c.fail(cat("the function takes ", f.num_inputs(), " inputs and gives ", f.num_outputs(),
               " outputs, the node has ", n, " and ", c.num_outputs()));
  check_cancelled(c);
  std::vector<Tensor> in, out;
  in.reserve(size_t(n));
  for (int i = 0; i < n; ++i) in.push_back(c.take(first + i));
  f.call(c.state(), in, out);
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, std::move(out[size_t(i)]));
}

void infer_from_output_shapes(InferContext& c) {
  if (!c.has_attr("output_shapes")) return;
  const auto& shapes = c.attr<std::vector<Shape>>("output_shapes");
  if (shapes.empty()) return;
  if (int(shapes.size()) != c.num_outputs())
    c.fail(cat("`output_shapes` must be the same length as num outputs (", shapes.size(), " vs. ",
               c.num_outputs(), ")"));
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, shapes[size_t(i)]);
}

}  // namespace floe
