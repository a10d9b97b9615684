// Select, SelectV2: elements of one tensor or another.
#include "floe/ops/math/elementwise.h"

namespace floe {
namespace {

// The condition has the shape of the values, is a scalar, or picks rows.
void infer_select(InferContext& c) {
  const Shape &cond = c.shape(0), &a = c.shape(1), &b = c.shape(2);
  Shape out;
  try {
    out = merge_shapes(a, b);
  } catch (const InvalidArgument&) {
    c.fail(cat("'then' and 'else' must have the same size.  but received: ", a.str(), " vs. ", b.str()));
  }
  c.set_output(0, out);
  if (!cond.has_rank() || cond.rank() == 0 || !out.has_rank()) return;
  if (cond.rank() == 1 && out.rank() != 1) {
    if (out.rank() == 0) c.fail(cat("'then' must be at least a vector, but saw shape: ", out.str()));
    if (cond[0] >= 0 && out[0] >= 0 && cond[0] != out[0])
      c.fail(
          cat("Number of batches of 'then' must match size of 'cond', but saw: ", out[0], " vs. ", cond[0]));
    return;
  }
  try {
    c.set_output(0, merge_shapes(out, cond));
  } catch (const InvalidArgument&) {
    c.fail(cat("Inputs to operation Select of type Select must have the same size and shape.  Input 0: ",
               cond.str(), " != input 1: ", out.str()));
  }
}

template <class T>
void select_rows(KernelContext& c) {
  const bool* cond = c.in<bool>(0);
  const T* from[2] = {static_cast<const T*>(c.input(2).raw()), static_cast<const T*>(c.input(1).raw())};
  T* to = static_cast<T*>(c.output(0).mutable_raw());
  int64_t n = c.output(0).num_elements(), k = c.input(0).num_elements();
  if (n == 0) return;
  if (k == n) {
    parallel_for(c.threads(), n, 0.5, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = from[cond[i]][i];
    });
    return;
  }
  int64_t row = n / k;
  for (int64_t i = 0; i < k; ++i) std::copy_n(from[cond[i]] + i * row, row, to + i * row);
}

template <class T>
void select_broadcast(KernelContext& c) {
  const Shape& out = c.output(0).shape();
  Shape shapes[3] = {c.input(0).shape(), c.input(1).shape(), c.input(2).shape()};
  if (shapes[0] == out && shapes[1] == out && shapes[2] == out) return select_rows<T>(c);
  BroadcastLoop b = make_broadcast(out, shapes);
  if (b.total == 0) return;
  const bool* cond = c.in<bool>(0);
  const T* then = static_cast<const T*>(c.input(1).raw());
  const T* other = static_cast<const T*>(c.input(2).raw());
  T* to = static_cast<T*>(c.output(0).mutable_raw());
  size_t rank = b.dims.size();
  int64_t n = rank ? b.dims[rank - 1] : 1;
  int64_t step[3] = {};
  for (size_t k = 0; k < 3 && rank; ++k) step[k] = b.strides[k][rank - 1];
  std::vector<int64_t> index(rank ? rank - 1 : 0, 0);
  int64_t at[3] = {};
  for (int64_t r = 0; r < b.total / n; ++r, to += n) {
    if (step[0] == 0) {
      const T* x = cond[at[0]] ? then + at[1] : other + at[2];
      int64_t s = cond[at[0]] ? step[1] : step[2];
      for (int64_t i = 0; i < n; ++i) to[i] = x[i * s];
    } else {
      for (int64_t i = 0; i < n; ++i)
        to[i] = cond[at[0] + i * step[0]] ? then[at[1] + i * step[1]] : other[at[2] + i * step[2]];
    }
    for (size_t d = index.size(); d-- > 0;) {
      for (size_t k = 0; k < 3; ++k) at[k] += b.strides[k][d];
      if (++index[d] < b.dims[d]) break;
      for (size_t k = 0; k < 3; ++k) at[k] -= b.strides[k][d] * b.dims[d];
      index[d] = 0;
    }
  }
}

template <class Pick>
void gradient_of_select(GradientContext& g, Pick pick) {
  Tensor dz = g.grad(), zero = grad::zeros_like(dz);
  if (g.needs(1)) g.set_sum(1, pick(g.input(0), dz, zero));
  if (g.needs(2)) g.set_sum(2, pick(g.input(0), zero, dz));
}

FLOE_OP("Select", op) {
  op.in("condition:bool, t:T, e:T").out("output:T").attrs("T:type");
  op.infer(infer_select);
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch_moves(k.input_type(1), [&]<class T>() { fn = select_rows<T>; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T",
                [&](DType t) { s.add({s.random({4}, DType::kBool), s.random({4}, t), s.random({4}, t)}); });
    s.add({s.random({2}, DType::kBool), s.random({2, 3}), s.random({2, 3})});
    s.add({Tensor::scalar(true), s.random({2, 3}), s.random({2, 3})});
    s.add({Tensor::scalar(false), s.random({}), s.random({})});
    s.add({s.random({2, 2}, DType::kBool), s.random({2, 2}), s.random({2, 2})});
    s.add({s.random({0}, DType::kBool), s.random({0, 2}), s.random({0, 2})});
    s.fails("must have the same size", {s.random({2}, DType::kBool), s.random({2, 2}), s.random({1, 2})});
    s.fails("Number of batches of 'then' must match",
            {s.random({3}, DType::kBool), s.random({2, 2}), s.random({2, 2})});
    s.fails("must have the same size and shape",
            {s.random({1, 2}, DType::kBool), s.random({2, 2}), s.random({2, 2})});
  });
  op.gradient([](GradientContext& g) {
    gradient_of_select(
        g, [](const Tensor& c, const Tensor& a, const Tensor& b) { return grad::op("Select", {c, a, b}); });
  });
}

FLOE_OP("SelectV2", op) {
  op.in("condition:bool, t:T, e:T").out("output:T").attrs("T:type").elementwise();
  op.infer([](InferContext& c) {
    try {
      c.set_output(0, broadcast_shapes(broadcast_shapes(c.shape(0), c.shape(1)), c.shape(2)));
    } catch (const InvalidArgument&) {
      c.fail(cat("condition ", c.shape(0).str(), ", then ", c.shape(1).str(), ", and else ", c.shape(2).str(),
                 " must be broadcastable"));
    }
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    KernelFn fn;
    dispatch_moves(k.input_type(1), [&]<class T>() { fn = select_broadcast<T>; });
    return fn;
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      s.add({s.random({4}, DType::kBool), s.random({4}, t), s.random({4}, t)});
      s.add({s.random({2, 1}, DType::kBool), s.random({3}, t), s.random({}, t)});
    });
    s.add({s.random({2, 3}, DType::kBool), s.random({4, 1, 1}), s.random({2, 1})});
    s.add({s.random({}, DType::kBool), s.random({2, 3}), s.random({2, 3})});
    s.add({s.random({}, DType::kBool), s.random({}), s.random({})});
    s.add({s.random({0, 1}, DType::kBool), s.random({1, 2}), s.random({})});
    s.fails("must be broadcastable", {s.random({3}, DType::kBool), s.random({2, 2}), s.random({2, 2})});
  });
  op.gradient([](GradientContext& g) { gradient_of_select(g, grad::where); });
}

}  // namespace
}  // namespace floe
