// Shapes of broadcasts as tensors.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

void infer_vectors(InferContext& c) {
  for (int i = 0; i < 2; ++i)
    if (c.shape(i).has_rank() && c.shape(i).rank() != 1)
      c.fail(cat("In[", i, "] must be a vector.", c.shape(i).str()));
}

std::string shape_text(const std::vector<int64_t>& v) {
  std::string s = "[";
  for (size_t i = 0; i < v.size(); ++i) s += cat(i ? "," : "", v[i]);
  return s + "]";
}

// Dimension i of the broadcast counted from the back; 1 where a shape has none.
int64_t dim_from_back(const std::vector<int64_t>& v, size_t i) {
  return i < v.size() ? v[v.size() - 1 - i] : 1;
}

std::vector<int64_t> broadcast_of(KernelContext& c, const std::vector<int64_t>& a,
                                  const std::vector<int64_t>& b) {
  size_t n = std::max(a.size(), b.size());
  std::vector<int64_t> out(n);
  for (size_t i = 0; i < n; ++i) {
    int64_t x = dim_from_back(a, i), y = dim_from_back(b, i);
    if (x != y && x != 1 && y != 1)
      c.fail(cat("Incompatible shapes: ", shape_text(a), " vs. ", shape_text(b)));
    out[n - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

void put_vector(KernelContext& c, int output, DType dtype, const std::vector<int64_t>& v) {
  Tensor& t = c.allocate(output, dtype, Shape{int64_t(v.size())});
  dispatch(IndexTypes{}, dtype, [&]<class I>() {
    for (size_t i = 0; i < v.size(); ++i) t.mutable_data<I>()[i] = I(v[i]);
  });
}

FLOE_OP("BroadcastArgs", op) {
  op.in("s0:T, s1:T").out("r0:T").attrs("T:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    infer_vectors(c);
    bool known = c.shape(0).is_fully_defined() && c.shape(1).is_fully_defined();
    c.set_output(0, Shape{known ? std::max(c.shape(0)[0], c.shape(1)[0]) : -1});
  });
  op.compute([](KernelContext& c) {
    put_vector(c, 0, c.input(0).dtype(), broadcast_of(c, integers(c.input(0)), integers(c.input(1))));
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    s.add({Samples::i32({2, 1, 3}), Samples::i32({4, 1})});
    s.add({Samples::i64({}), Samples::i64({4, 1})});
    s.add({Samples::i32({1, 0}), Samples::i32({3, 1})});
    s.fails("Incompatible shapes: [2,3] vs. [4]", {Samples::i32({2, 3}), Samples::i32({4})});
    s.fails("In[0] must be a vector.[]", {Tensor::scalar<int32_t>(2), Samples::i32({4})});
  });
}

FLOE_OP("BroadcastGradientArgs", op) {
  op.in("s0:T, s1:T").out("r0:T, r1:T").attrs("T:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    infer_vectors(c);
    c.set_output(0, Shape{-1});
    c.set_output(1, Shape{-1});
  });
  op.compute([](KernelContext& c) {
    std::vector<int64_t> a = integers(c.input(0)), b = integers(c.input(1));
    std::vector<int64_t> out = broadcast_of(c, a, b), ra, rb;
    for (size_t i = 0; i < out.size() && a != b; ++i) {
      int64_t x = dim_from_back(a, out.size() - 1 - i), y = dim_from_back(b, out.size() - 1 - i);
      if (x == 1) ra.push_back(int64_t(i));
      if (y == 1) rb.push_back(int64_t(i));
    }
    put_vector(c, 0, c.input(0).dtype(), ra);
    put_vector(c, 1, c.input(0).dtype(), rb);
  });
  op.dynamic_outputs().fails_on_values();
  op.samples([](Samples& s) {
    s.add({Samples::i32({2, 1, 3}), Samples::i32({4, 1})});
    s.add({Samples::i32({2, 3}), Samples::i32({2, 3})});
    s.add({Samples::i32({1, 3}), Samples::i32({1, 3})});
    s.add({Samples::i32({1, 3}), Samples::i32({1, 1})});
    s.add({Samples::i64({}), Samples::i64({4, 1})});
    s.add({Samples::i64({5, 1, 2}), Samples::i64({1, 2})});
    s.fails("Incompatible shapes: [2,3] vs. [4]", {Samples::i32({2, 3}), Samples::i32({4})});
  });
  op.no_gradient();
}

}  // namespace
}  // namespace floe
