// Bitcast and ExtractImagePatches: the bytes stay, their meaning or order changes.
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

FLOE_OP("Bitcast", op) {
  const std::string types =
      "{bfloat16,half,float,double,int64,int32,uint8,uint16,uint32,uint64,int8,int16,complex64,complex128,"
      "qint8,"
      "quint8,qint16,quint16,qint32}";
  op.in("input:T").out("output:type").attrs(cat("T:", types, "; type:", types));
  op.infer([](InferContext& c) {
    const Shape& in = c.shape(0);
    int64_t from = int64_t(dtype_size(c.dtype(0))), to = int64_t(dtype_size(c.attr<DType>("type")));
    if (from == to) return c.set_output(0, in);
    if (!in.has_rank()) return;
    if (from > to) return c.set_output(0, in.concat(Shape{from / to}));
    if (in.rank() == 0 || (in.dim(-1) >= 0 && in.dim(-1) != to / from))
      c.fail(cat("Cannot bitcast from ", int(c.dtype(0)), " to ", int(c.attr<DType>("type")),
                 ": the last dimension must be ", to / from, ", found shape ", in.str()));
    c.set_output(0, in.slice(0, in.rank() - 1));
  });
  op.compute([](KernelContext& c) {
    if (c.output(0).nbytes() != c.input(0).nbytes())
      c.fail(cat("Cannot bitcast from ", int(c.input(0).dtype()), " to ", int(c.output(0).dtype())));
    if (c.input(0).nbytes()) std::memcpy(c.output(0).mutable_raw(), c.input(0).raw(), c.input(0).nbytes());
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      for (DType to : {DType::kUint8, DType::kInt16, DType::kFloat32, DType::kInt64})
        if (dtype_size(t) >= dtype_size(to) && !is_floating(to)) s.add({s.random({2, 3}, t)}, {{"type", to}});
    });
    s.add({s.random({3, 4}, DType::kUint8)}, {{"type", DType::kInt32}});
    s.add({s.random({}, DType::kInt32)}, {{"type", DType::kUint32}});
    s.fails("Cannot bitcast from 1 to 2", {s.random({2, 3})}, {{"type", DType::kFloat64}});
    s.fails("Cannot bitcast from 4 to 3", {s.random({2, 3}, DType::kUint8)}, {{"type", DType::kInt32}});
  });
}

// One spatial dimension of patches.
struct PatchDim {
  int64_t in = 0, k = 0, stride = 1, rate = 1, out = 0, before = 0;
};

PatchDim patch_dim(int64_t in, int64_t k, int64_t stride, int64_t rate, bool same) {
  PatchDim d{in, k, stride, rate, -1, 0};
  if (in < 0) return d;
  int64_t span = k + (k - 1) * (rate - 1);
  if (same) {
    d.out = (in + stride - 1) / stride;
    d.before = std::max<int64_t>((d.out - 1) * stride + span - in, 0) / 2;
  } else {
    d.out = in < span ? 0 : (in - span) / stride + 1;
  }
  return d;
}

struct PatchAttrs {
  std::vector<int64_t> k, s, r;
  bool same;
  template <class C>
  explicit PatchAttrs(const C& c)
      : k(c.template attr<std::vector<int64_t>>("ksizes")),
        s(c.template attr<std::vector<int64_t>>("strides")),
        r(c.template attr<std::vector<int64_t>>("rates")),
        same(c.template attr<std::string>("padding") == "SAME") {}
};

FLOE_OP("ExtractImagePatches", op) {
  op.in("images:T").out("patches:T");
  op.attrs(
      "ksizes:list(int)>=4; strides:list(int)>=4; rates:list(int)>=4; "
      "T:{bfloat16,half,float,double,int8,int16,int32,"
      "int64,uint8,uint16,uint32,uint64,complex64,complex128,bool}; padding:{'SAME','VALID'}");
  op.infer([](InferContext& c) {
    PatchAttrs a(c);
    auto check = [&](const std::vector<int64_t>& v, const char* name) {
      if (v.size() != 4) c.fail(cat(name, " must have 4 values, found ", v.size()));
      if (v[0] != 1 || v[3] != 1) c.fail(cat("Only support ", name, " across space."));
      for (int64_t x : v)
        if (x < 1 || x > INT32_MAX) c.fail(cat(name, " is out of range."));
    };
    check(a.k, "ksizes");
    check(a.s, "strides");
    check(a.r, "rates");
    const Shape& in = c.shape(0);
    if (!in.has_rank()) return c.set_output(0, Shape::unknown_of_rank(4));
    if (in.rank() != 4) c.fail(cat("input must be 4-dimensional", in.str()));
    PatchDim y = patch_dim(in[1], a.k[1], a.s[1], a.r[1], a.same),
             x = patch_dim(in[2], a.k[2], a.s[2], a.r[2], a.same);
    int64_t depth = in[3];
    if (depth >= 0 && __builtin_mul_overflow(depth, a.k[1] * a.k[2], &depth)) c.fail("ksizes are too large");
    c.set_output(0, Shape{in[0], y.out, x.out, depth});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    PatchAttrs a(k);
    return [a](KernelContext& c) {
      const Tensor& in = c.input(0);
      Tensor& out = c.output(0);
      if (out.num_elements() == 0) return;
      PatchDim y = patch_dim(in.dim(1), a.k[1], a.s[1], a.r[1], a.same);
      PatchDim x = patch_dim(in.dim(2), a.k[2], a.s[2], a.r[2], a.same);
      int64_t depth = in.dim(3), patch = out.dim(3);
      zero_elements(out.dtype(), out.mutable_raw(), out.num_elements());
      parallel_for(c.threads(), in.dim(0) * y.out, double(x.out * patch), [&](int64_t lo, int64_t hi) {
        for (int64_t row = lo; row < hi; ++row)
          for (int64_t i = 0; i < x.out; ++i)
            for (int64_t ky = 0; ky < y.k; ++ky) {
              int64_t iy = row % y.out * y.stride + ky * y.rate - y.before;
              if (iy < 0 || iy >= y.in) continue;
              for (int64_t kx = 0; kx < x.k; ++kx) {
                int64_t ix = i * x.stride + kx * x.rate - x.before;
                if (ix < 0 || ix >= x.in) continue;
                copy_elements(in.dtype(),
                              element_at(out, (row * x.out + i) * patch + (ky * x.k + kx) * depth),
                              element_at(in, ((row / y.out * y.in + iy) * x.in + ix) * depth), depth);
              }
            }
      });
    };
  });
  op.samples([](Samples& s) {
    auto attrs = [](int64_t ky, int64_t kx, int64_t st, int64_t rate, const char* padding) {
      return AttrMap{{"ksizes", std::vector<int64_t>{1, ky, kx, 1}},
                     {"strides", std::vector<int64_t>{1, st, st, 1}},
                     {"rates", std::vector<int64_t>{1, rate, rate, 1}},
                     {"padding", std::string(padding)}};
    };
    s.each_type("T", [&](DType t) {
      // TensorFlow has no CPU kernel for bool and complex.
      if (t != DType::kBool && !is_complex(t)) s.add({s.random({1, 3, 4, 2}, t)}, attrs(2, 2, 1, 1, "SAME"));
    });
    s.add({s.random({2, 5, 4, 1})}, attrs(3, 2, 2, 1, "VALID"));
    s.add({s.random({1, 6, 6, 1})}, attrs(2, 3, 2, 2, "SAME"));
    s.add({s.random({1, 2, 2, 1})}, attrs(3, 3, 1, 1, "VALID"));
    s.fails("input must be 4-dimensional[1,4,4]", {s.random({1, 4, 4})}, attrs(2, 2, 1, 1, "SAME"));
    s.fails("ksizes is out of range.", {s.random({1, 2, 2, 1})}, attrs(0, 3, 1, 1, "VALID"));
  });
  op.gradient([](GradientContext& g) {
    const Tensor& x = g.input(0);
    Tensor shape = grad::shape_of(x), one = grad::int32_scalar(1), zero = grad::int32_scalar(0);
    Tensor image = grad::op("Slice", {shape, grad::int32s({1}), grad::int32s({-1})}),
           pixels = grad::product(image);
    // 0 stands for the padding.
    Tensor number =
        grad::reshape(grad::range(one, pixels + one), grad::concat({grad::int32s({1}), image}, 0));
    Tensor ids = grad::flat(grad::same(g, "ExtractImagePatches", {number}));
    Tensor batch = grad::entry(shape, zero);
    Tensor dy = grad::reshape(g.grad(), grad::op("Pack", {batch, grad::size_of(ids)}));
    Tensor swap = grad::int32s({1, 0});
    Tensor sums = grad::op("UnsortedSegmentSum", {grad::transpose(dy, swap), ids, pixels + one});
    Tensor own = grad::op("Slice", {sums, grad::int32s({1, 0}), grad::int32s({-1, -1})});
    g.set(0, grad::reshape(grad::transpose(own, swap), shape));
  });
}

}  // namespace
}  // namespace floe
