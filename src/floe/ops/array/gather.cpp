// Gather: slices of a tensor chosen by indices along one axis.
#include <algorithm>
#include <cstring>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

using GatherIndexTypes = Types<int32_t, int64_t, int16_t>;

// out[b, o, j, :] = params[b, o, indices[b, j], :], the last dimension being `slice` bytes or objects.
template <class I>
void gather_slices(KernelContext& c, int64_t batch, int64_t outer, int64_t limit, int64_t slice,
                   int64_t per_batch) {
  const Tensor &params = c.input(0), &indices = c.input(1);
  Tensor& out = c.output(0);
  const I* at = indices.data<I>();
  int64_t n = indices.num_elements();
  for (int64_t i = 0; i < n; ++i)
    if (int64_t(at[i]) < 0 || int64_t(at[i]) >= limit)
      c.fail(cat("indices", position_text(indices.shape(), i), " = ", int64_t(at[i]), " is not in [0, ",
                 limit, ")"));
  if (out.num_elements() == 0) return;
  if (out.num_elements() != batch * outer * per_batch * slice)
    c.fail(cat("the result has shape ", out.shape().str(), ", which does not fit the inputs"));
  bool pod = is_pod(params.dtype());
  size_t bytes = size_t(slice) * dtype_size(params.dtype());
  parallel_for(c.threads(), batch * outer * per_batch, 3 + double(bytes) * 0.05, [&](int64_t lo, int64_t hi) {
    int64_t row = lo / per_batch, j = lo % per_batch;
    while (lo < hi) {
      int64_t stop = std::min(per_batch, j + hi - lo);
      const I* index = at + (row / outer) * per_batch;
      const char* from = element_at(params, row * limit * slice);
      char* to = element_at(out, (row * per_batch + j) * slice);
      lo += stop - j;
      if (!pod) {
        for (; j < stop; ++j, to += bytes)
          copy_elements(params.dtype(), to, from + size_t(index[j]) * bytes, slice);
      } else if (bytes == 4) {
        for (; j < stop; ++j, to += 4) std::memcpy(to, from + size_t(index[j]) * 4, 4);
      } else if (bytes == 8) {
        for (; j < stop; ++j, to += 8) std::memcpy(to, from + size_t(index[j]) * 8, 8);
      } else {
        for (; j < stop; ++j, to += bytes) std::memcpy(to, from + size_t(index[j]) * bytes, bytes);
      }
      j = 0;
      ++row;
    }
  });
}

void run_gather(KernelContext& c, int64_t axis, int64_t batch_dims) {
  const Shape &p = c.input(0).shape(), &i = c.input(1).shape();
  if (axis < 0) axis += p.rank();
  if (batch_dims < 0) batch_dims += i.rank();
  if (axis < 0 || axis >= p.rank() || batch_dims < 0 || batch_dims > axis || batch_dims > i.rank())
    c.fail(cat("axis ", axis, " with batch_dims ", batch_dims, " does not fit params of shape ", p.str(),
               " and indices of shape ", i.str()));
  for (int d = 0; d < batch_dims; ++d)
    if (p[d] != i[d])
      c.fail(cat("params.shape[", d, "]: ", p[d], " should be equal to indices.shape[", d, "]: ", i[d]));
  int b = int(batch_dims), a = int(axis);
  dispatch(GatherIndexTypes{}, c.input(1).dtype(), [&]<class I>() {
    gather_slices<I>(c, dims_product(p, 0, b), dims_product(p, b, a), p[a], dims_product(p, a + 1, p.rank()),
                     dims_product(i, b, i.rank()));
  });
}

// A value that checks itself where values are not fixed: `axis` < rank is all that inference needs.
void infer_gather(InferContext& c, const std::optional<int64_t>& axis_value, int64_t batch_dims) {
  const Shape &p = c.shape(0), &i = c.shape(1);
  if (p.has_rank() && p.rank() == 0) c.fail("params must be at least 1 dimensional");
  if (!i.has_rank()) return;
  if (batch_dims < -i.rank() || batch_dims > i.rank())
    c.fail(cat("Expected batch_dims in the range [", -i.rank(), ", ", i.rank(), "], but got ", batch_dims));
  if (batch_dims < 0) batch_dims += i.rank();
  if (!axis_value) {
    if (p.has_rank()) c.set_output(0, Shape::unknown_of_rank(int(p.rank() - 1 + i.rank() - batch_dims)));
    return;
  }
  int64_t axis = *axis_value;
  if (!p.has_rank()) return;
  if (axis < -p.rank() || axis >= p.rank())
    c.fail(cat("Shape must be at least rank ", axis < 0 ? -axis : axis + 1, " but is rank ", p.rank()));
  if (axis < 0) axis += p.rank();
  if (batch_dims > axis)
    c.fail(cat("batch_dims (", batch_dims, ") must be less than or equal to axis (", axis, ")."));
  for (int d = 0; d < batch_dims; ++d)
    if (p[d] >= 0 && i[d] >= 0 && p[d] != i[d])
      c.fail(cat("params.shape[", d, "]: ", p[d], " should be equal to indices.shape[", d, "]: ", i[d]));
  Shape out = p.slice(0, int(axis)).concat(i.slice(int(batch_dims))).concat(p.slice(int(axis) + 1));
  for (int d = 0; d < batch_dims; ++d)
    if (out[d] < 0) out.set_dim(d, i[d]);
  c.set_output(0, out);
}

bool first_axis(const Tensor& axis, const Shape& params) {
  int64_t at = axis.dtype() == DType::kInt32 ? axis.item<int32_t>() : axis.item<int64_t>();
  return at == 0 || (params.has_rank() && at == -params.rank());
}

FLOE_OP("GatherV2", op) {
  op.in("params:Tparams, indices:Tindices, axis:Taxis").out("output:Tparams");
  op.attrs("batch_dims:int=0; Tparams:type; Tindices:{int16,int32,int64}; Taxis:{int32,int64}");
  op.infer([](InferContext& c) {
    if (c.shape(2).has_rank() && c.shape(2).rank() != 0) c.fail("axis must be scalar");
    std::optional<int64_t> axis;
    if (auto v = known_integers(c, 2)) axis = (*v)[0];
    infer_gather(c, axis, c.attr<int64_t>("batch_dims"));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t batch_dims = k.attr<int64_t>("batch_dims");
    return [batch_dims](KernelContext& c) { run_gather(c, integers(c.input(2)).at(0), batch_dims); };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    auto axis = [](int32_t a) { return Tensor::scalar<int32_t>(a); };
    s.each_type("Tparams", [&](DType t) { s.add({s.random({4, 3}, t), Samples::i32({3, 0, 3}), axis(0)}); });
    for (int32_t a : {-1, 1, 2}) s.add({s.random({2, 3, 4}), Samples::i64({2, 0, 1, 1}), axis(a)});
    s.add({s.random({4, 3}), Tensor::vec<int16_t>({2, 0}), Tensor::scalar<int64_t>(-1)});
    s.add({s.random({4, 3}), Tensor::scalar<int32_t>(2), axis(0)});
    s.add({s.random({5}), Tensor::of<int32_t>({2, 2}, {4, 0, 1, 1}), axis(0)});
    s.add({s.random({4, 3, 2}), Tensor::of<int32_t>({2, 2}, {3, 0, 1, 1}), axis(0)});
    s.add({s.random({3, 4, 2}), Tensor::of<int32_t>({3, 2}, {3, 0, 1, 1, 2, 2}), axis(1)},
          {{"batch_dims", int64_t(1)}});
    s.add({s.random({2, 3, 4, 2}), Tensor::of<int32_t>({2, 2}, {3, 0, 1, 1}), axis(2)},
          {{"batch_dims", int64_t(1)}});
    s.add({s.random({2, 3}), Tensor::of<int32_t>({2}, {2, 1}), axis(1)}, {{"batch_dims", int64_t(-1)}});
    s.add({s.random({2, 3}), Tensor::of<int32_t>({2}, {2, 1}), axis(1)}, {{"batch_dims", int64_t(1)}});
    s.add({s.random({0, 2}), Samples::i32({}), axis(0)});
    s.add({s.random({3, 0}), Samples::i32({1}), axis(0)});
    s.fails("indices[0] = 5 is not in [0, 3)", {s.random({3, 2}), Samples::i32({5}), axis(0)});
    s.fails("indices = -1 is not in [0, 3)", {s.random({3, 2}), Tensor::scalar<int32_t>(-1), axis(0)});
    s.fails("indices[1,1] = 7 is not in [0, 3)",
            {s.random({3, 2}), Tensor::of<int32_t>({3, 2}, {0, 1, 0, 7, 0, 0}), axis(0)});
    s.fails("Shape must be at least rank 4 but is rank 2", {s.random({3, 2}), Samples::i32({0}), axis(3)});
    s.fails("params must be at least 1 dimensional", {s.random({}), Samples::i32({0}), axis(0)});
    s.fails("params.shape[0]: 3 should be equal to indices.shape[0]: 2",
            {s.random({3, 2}), Tensor::of<int32_t>({2, 2}, {0, 1, 0, 1}), axis(1)},
            {{"batch_dims", int64_t(1)}});
    s.fails("batch_dims (1) must be less than or equal to axis (0).",
            {s.random({3, 2}), Tensor::of<int32_t>({3, 1}, {0, 1, 0}), axis(0)},
            {{"batch_dims", int64_t(1)}});
    s.fails("Expected batch_dims in the range [-1, 1], but got 2",
            {s.random({3, 2}), Samples::i32({0, 1}), axis(1)}, {{"batch_dims", int64_t(2)}});
    s.fails("axis must be scalar", {s.random({3, 2}), Samples::i32({0, 1}), Samples::i32({0})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor &params = g.input(0), &indices = g.input(1), &axis = g.input(2);
    int64_t batch = g.attr<int64_t>("batch_dims");
    Tensor shape = grad::shape_of(params);
    if (batch == 0 && !axis.is_symbolic() && first_axis(axis, params.shape()))
      return g.set(0, grad::gathered_slices(g.grad(), indices, shape));
    Tensor zero = grad::int32_scalar(0), rank = grad::rank_of(params);
    Tensor at = grad::op("FloorMod", {grad::cast(axis, DType::kInt32) + rank, rank});
    Tensor shared = batch < 0 ? grad::rank_of(indices) + double(batch) : grad::int32_scalar(batch);
    g.set(0, grad::gather_gradient(g.grad(), indices, shape, at, shared));
  });
}

FLOE_OP("Gather", op) {
  op.in("params:Tparams, indices:Tindices").out("output:Tparams");
  op.attrs("validate_indices:bool=true; Tparams:type; Tindices:{int32,int64}");
  op.infer([](InferContext& c) { infer_gather(c, 0, 0); });
  op.compute([](KernelContext& c) { run_gather(c, 0, 0); }).fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("Tparams", [&](DType t) { s.add({s.random({4, 3}, t), Samples::i32({3, 0, 3})}); });
    s.add({s.random({4, 3}), Tensor::of<int64_t>({1, 2}, {3, 0})});
    s.fails("indices[0] = 5 is not in [0, 3)", {s.random({3, 2}), Samples::i32({5})});
    s.fails("params must be at least 1 dimensional", {s.random({}), Samples::i32({0})});
  });
  op.gradient([](GradientContext& g) {
    g.set(0, grad::gathered_slices(g.grad(), g.input(1), grad::shape_of(g.input(0))));
  });
}

}  // namespace
}  // namespace floe
