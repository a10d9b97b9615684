// OneHot and Where: between indices and places.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

FLOE_OP("OneHot", op) {
  op.in("indices:TI, depth:int32, on_value:T, off_value:T").out("output:T");
  op.attrs("axis:int=-1; T:type; TI:{uint8,int8,int32,int64}=int64");
  op.infer([](InferContext& c) {
    static const char* names[] = {"indices", "depth", "on_value", "off_value"};
    for (int i = 1; i < 4; ++i)
      if (c.shape(i).has_rank() && c.shape(i).rank() != 0)
        c.fail(cat(names[i], " must be a scalar, but got: ", c.shape(i).str()));
    auto depth = known_integers(c, 1);
    if (depth && (*depth)[0] < 0) c.fail(cat("depth must be non-negative, got: ", (*depth)[0]));
    const Shape& in = c.shape(0);
    if (!in.has_rank()) return;
    int64_t axis = c.attr<int64_t>("axis");
    if (axis < -1 || axis > in.rank())
      c.fail(cat("Expected axis to be -1 or between [0, ", in.rank() + 1, ").  But received: ", axis));
    int a = axis == -1 ? in.rank() : int(axis);
    c.set_output(0, in.slice(0, a).concat(Shape{depth ? (*depth)[0] : -1}).concat(in.slice(a)));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t axis = k.attr<int64_t>("axis");
    return [axis](KernelContext& c) {
      Tensor& out = c.output(0);
      int a = axis == -1 ? out.rank() - 1 : int(axis);
      int64_t depth = out.dim(a), suffix = dims_product(out.shape(), a + 1, out.rank());
      fill_elements(out.dtype(), out.mutable_raw(), c.input(3).raw(), out.num_elements());
      if (out.num_elements() == 0) return;
      dispatch(Types<int64_t, int32_t, uint8_t, int8_t>{}, c.input(0).dtype(), [&]<class I>() {
        const I* at = c.in<I>(0);
        int64_t n = c.input(0).num_elements();
        for (int64_t i = 0; i < n; ++i)
          if (int64_t v = int64_t(at[i]); v >= 0 && v < depth)
            copy_elements(out.dtype(), element_at(out, (i / suffix * depth + v) * suffix + i % suffix),
                          c.input(2).raw(), 1);
      });
    };
  });
  op.samples([](Samples& s) {
    auto depth = [](int32_t d) { return Tensor::scalar<int32_t>(d); };
    s.each_type("T", [&](DType t) {
      s.add({Samples::i64({2, -1, 0, 5}), depth(3), s.random({}, t), s.random({}, t)});
    });
    s.each_type("TI",
                [&](DType t) { s.add({s.uniform({2, 3}, 0, 4, t), depth(4), s.random({}), s.random({})}); });
    for (int64_t a : {0, 1, 2, -1})
      s.add({Tensor::of<int32_t>({2, 2}, {0, 1, 2, 7}), depth(3), s.random({}), s.random({})}, {{"axis", a}});
    s.add({Tensor::scalar<int64_t>(1), depth(3), s.random({}), s.random({})});
    s.add({Samples::i64({1}), depth(0), s.random({}), s.random({})});
    s.fails("depth must be non-negative, got: -1",
            {Samples::i64({0}), depth(-1), s.random({}), s.random({})});
    s.fails("depth must be a scalar, but got: [1]",
            {Samples::i64({0}), Samples::i32({2}), s.random({}), s.random({})});
    s.fails("on_value must be a scalar, but got: [1]",
            {Samples::i64({0}), depth(2), s.random({1}), s.random({})});
    s.fails("Expected axis to be -1 or between [0, 2).  But received: 2",
            {Samples::i64({0}), depth(2), s.random({}), s.random({})}, {{"axis", int64_t(2)}});
  });
  op.no_gradient();
}

FLOE_OP("Where", op) {
  op.in("input:T").out("index:int64");
  op.attrs(
      "T:{float,double,int32,uint8,int16,int8,complex64,int64,qint8,quint8,qint32,bfloat16,qint16,quint16,"
      "uint16,"
      "complex128,half,uint32,uint64,bool}=bool");
  op.infer(
      [](InferContext& c) { c.set_output(0, Shape{-1, c.shape(0).has_rank() ? c.shape(0).rank() : -1}); });
  op.compute([](KernelContext& c) {
    const Tensor& in = c.input(0);
    if (in.rank() == 0) c.fail("WhereOp : Unhandled input dimensions: 0");
    std::vector<int64_t> places;
    using All = Types<bool, float, double, float16, bfloat16, int32_t, int64_t, int8_t, int16_t, uint8_t,
                      uint16_t, uint32_t, uint64_t, std::complex<float>, std::complex<double>>;
    dispatch(All{}, in.dtype(), [&]<class T>() {
      const T* x = in.data<T>();
      int64_t n = in.num_elements();
      for (int64_t i = 0; i < n; ++i)
        if (compute_t<T>(x[i]) != compute_t<T>(0)) places.push_back(i);
    });
    int rank = in.rank();
    int64_t* out = c.allocate(0, DType::kInt64, Shape{int64_t(places.size()), rank}).mutable_data<int64_t>();
    std::vector<int64_t> strides = element_strides(in.shape());
    for (int64_t p : places)
      for (int d = 0; d < rank; ++d) {
        *out++ = p / strides[size_t(d)];
        p %= strides[size_t(d)];
      }
  });
  op.dynamic_outputs();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      // TensorFlow has no CPU kernel for half.
      if (t != DType::kFloat16) s.add({s.uniform({3, 4}, t == DType::kBool ? -1 : 0, 1, t)});
    });
    s.add({s.uniform({2, 3, 2}, -1, 1, DType::kBool)});
    s.add({Samples::numbers({5}, {0, -0.0, NAN, 1e-30, 2})});
    s.add({s.random({0, 3})});
    s.add({Samples::filled({3}, 0)});
    s.fails("WhereOp : Unhandled input dimensions: 0", {s.random({}, DType::kBool)});
  });
}

}  // namespace
}  // namespace floe
