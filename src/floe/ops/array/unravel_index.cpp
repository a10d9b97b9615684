// UnravelIndex: flat positions to coordinates.
#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

FLOE_OP("UnravelIndex", op) {
  op.in("indices:Tidx, dims:Tidx").out("output:Tidx").attrs("Tidx:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    Shape dims = c.with_rank(1, 1);
    const Shape& indices = c.shape(0);
    if (!indices.has_rank()) return;
    if (indices.rank() > 1)
      c.fail(cat("The indices can only be scalar or vector, got \"", indices.str(), "\""));
    c.set_output(0, Shape{dims[0]}.concat(indices));
  });
  op.compute([](KernelContext& c) {
    if (!c.input(0).num_elements()) c.fail(cat("received empty tensor indices: ", c.input(0).shape().str()));
    std::vector<int64_t> dims = c.ints(1);
    int64_t total = 1;
    for (int64_t d : dims) {
      if (d == 0) c.fail("dims cannot contain a dim of zero");
      if (d < 0) c.fail(cat("dims cannot be negative, found ", d));
      if (__builtin_mul_overflow(total, d, &total)) c.fail("Input dims product is causing integer overflow");
    }
    dispatch(IndexTypes{}, c.input(0).dtype(), [&]<class T>() {
      int64_t n = c.input(0).num_elements();
      T* out = c.out<T>(0);
      for (int64_t i = 0; i < n; ++i) {
        int64_t at = c.in<T>(0)[i];
        if (at < 0 || at >= total) c.fail(cat("index is out of bound as with dims: ", at, " of ", total));
        for (int64_t d = int64_t(dims.size()); d-- > 0; at /= dims[size_t(d)])
          out[d * n + i] = T(at % dims[size_t(d)]);
      }
    });
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("Tidx", [&](DType t) {
      s.add({Samples::numbers({3}, {22, 41, 37}, t), Samples::numbers({2}, {7, 6}, t)});
      s.add({Samples::numbers({}, {1621}, t), Samples::numbers({4}, {6, 7, 8, 9}, t)});
    });
    s.fails("received empty tensor indices", {Tensor(DType::kInt32, {0}), Samples::i32({2, 3})});
    s.fails("index is out of bound as with dims", {Samples::i32({6}), Samples::i32({2, 3})});
    s.fails("dims cannot contain a dim of zero", {Samples::i32({0}), Samples::i32({2, 0})});
  });
}

}  // namespace
}  // namespace floe
