// ResourceStridedSliceAssign: v[begin:end:strides] = value on a resource variable.
#include "floe/ops/array/elements.h"
#include "floe/ops/array/strided_slice.h"
#include "floe/ops/state/variable.h"

namespace floe {
namespace {

// The value spread over the slice, by NumPy's rules.
Tensor spread(KernelContext& c, const Tensor& value, const Shape& shape) {
  if (value.shape() == shape) return value;
  try {
    if (broadcast_shapes(value.shape(), shape) == shape)
      return invoke(get_op("BroadcastTo"),
                    {value, Tensor::vec(std::vector<int64_t>(shape.begin(), shape.end()))}, {}, c.state())[0];
  } catch (const InvalidArgument&) {
  }
  c.fail(cat("Cannot assign a tensor of shape ", value.shape().str(), " to a slice of shape ", shape.str()));
}

FLOE_OP("ResourceStridedSliceAssign", op) {
  op.in("ref:resource, begin:Index, end:Index, strides:Index, value:T");
  op.attrs(
      "T:type; Index:{int32,int64}; begin_mask:int=0; end_mask:int=0; ellipsis_mask:int=0; "
      "new_axis_mask:int=0; shrink_axis_mask:int=0");
  op.stateful().fails_on_values();
  op.infer([](InferContext&) {});
  op.kernel([](const KernelInit& k) -> KernelFn {
    SliceMasks m = slice_masks(k);
    return [m](KernelContext& c) {
      auto v = resource_of<VariableState>(c, 0);
      variable_value(c, 0);
      if (c.input(4).dtype() != v->dtype)
        c.fail(cat("variable ", v->name, " is ", dtype_name(v->dtype), ", the value is ",
                   dtype_name(c.input(4).dtype())));
      v->update([&](Tensor& value) {
        StridedSlice s =
            resolve_slice(value.shape(), c.input(1).num_elements(), c.ints(1), c.ints(2), c.ints(3), m);
        if (!s.problem.empty()) c.fail(s.problem);
        Tensor from = spread(c, c.input(4), s.shape);
        Tensor to = value.is_unique() ? value : value.clone();
        if (from.num_elements() == 0) return to;
        std::vector<int64_t> strides = element_strides(to.shape()), steps;
        int64_t start = 0;
        for (int d = 0; d < to.rank(); ++d) {
          start += s.begin[size_t(d)] * strides[size_t(d)];
          steps.push_back(s.stride[size_t(d)] * strides[size_t(d)]);
        }
        copy_strided(c.threads(), to.dtype(), s.box.dims(), element_at(to, start), steps, from.raw(),
                     element_strides(s.box));
        return to;
      });
    };
  });
}

}  // namespace
}  // namespace floe
