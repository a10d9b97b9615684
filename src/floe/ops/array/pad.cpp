// Pad, PadV2, MirrorPad: a border around a tensor.
#include <cstring>

#include "floe/base/text.h"
#include "floe/base/threads.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

std::string no_border_problem(const Shape&, int, int64_t, int64_t) { return ""; }

// Output shape of any padding; `problem` checks one dimension.
void infer_pad_with(InferContext& c, const char* rank_separator, const char* negative,
                    const std::function<std::string(const Shape&, int, int64_t, int64_t)>& problem) {
  const Shape &in = c.shape(0), &ps = c.shape(1);
  if (ps.has_rank() && (ps.rank() != 2 || (ps[1] >= 0 && ps[1] != 2)))
    c.fail(cat("paddings must be a matrix with 2 columns: ", ps.str()));
  int64_t rank = in.has_rank() ? in.rank() : ps.has_rank() ? ps[0] : -1;
  if (rank < 0 || rank > 254) return;
  if (ps.has_rank() && ps[0] >= 0 && ps[0] != rank)
    c.fail(cat("The first dimension of paddings must be the rank of inputs", ps.str(), rank_separator,
               in.str()));
  auto p = known_integers(c, 1);
  if (!p) {
    c.set_output(0, Shape::unknown_of_rank(int(rank)));
    return;
  }
  Shape out = Shape::unknown_of_rank(int(rank));
  for (int i = 0; i < int(rank); ++i) {
    int64_t before = (*p)[size_t(2 * i)], after = (*p)[size_t(2 * i + 1)], d = in.has_rank() ? in[i] : -1;
    if (before < 0 || after < 0) c.fail(cat(negative, " must be non-negative: ", before, " ", after));
    if (d < 0) continue;
    if (std::string s = problem(in, i, before, after); !s.empty()) c.fail(s);
    int64_t sum;
    if (__builtin_add_overflow(before, after, &sum) || __builtin_add_overflow(sum, d, &sum))
      c.fail(cat("paddings ", before, " and ", after, " are too large"));
    out.set_dim(i, sum);
  }
  c.set_output(0, out);
}

void infer_pad(InferContext& c) {
  if (c.num_inputs() > 2 && c.shape(2).has_rank() && c.shape(2).rank() != 0)
    c.fail(cat("constant_values must be a scalar. Found: ", c.shape(2).str()));
  infer_pad_with(c, " ", "Paddings", no_border_problem);
}

// Where the input begins in the output; fails when the paddings are not those of the output's shape.
std::vector<int64_t> pads_before(KernelContext& c) {
  std::vector<int64_t> p = integers(c.input(1)), before;
  for (int i = 0; i < c.input(0).rank(); ++i) {
    int64_t b = p[size_t(2 * i)], a = p[size_t(2 * i + 1)];
    if (b < 0 || a < 0 || b + a != c.output(0).dim(i) - c.input(0).dim(i))
      c.fail(cat("Paddings must be non-negative: ", b, " ", a));
    before.push_back(b);
  }
  return before;
}

void pad_with(KernelContext& c, const void* value) {
  const Tensor& in = c.input(0);
  Tensor& out = c.output(0);
  std::vector<int64_t> before = pads_before(c), to = element_strides(out.shape());
  if (value)
    fill_elements(out.dtype(), out.mutable_raw(), value, out.num_elements());
  else
    zero_elements(out.dtype(), out.mutable_raw(), out.num_elements());
  int64_t start = 0;
  for (size_t i = 0; i < before.size(); ++i) start += before[i] * to[i];
  if (in.num_elements() == 0) return;
  copy_strided(c.threads(), in.dtype(), in.shape().dims(), element_at(out, start), to, in.raw(),
               element_strides(in.shape()));
}

Tensor pads(const std::vector<int32_t>& v) { return Tensor::of<int32_t>({int64_t(v.size() / 2), 2}, v); }

FLOE_OP("Pad", op) {
  op.in("input:T, paddings:Tpaddings").out("output:T").attrs("T:type; Tpaddings:{int32,int64}=int32");
  op.infer(infer_pad).compute([](KernelContext& c) { pad_with(c, nullptr); }).fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) {
      if (t != DType::kString) s.add({s.random({2, 3}, t), pads({1, 2, 0, 1})});
    });
    s.add({s.random({1, 3, 3, 2}), pads({0, 0, 1, 1, 0, 2, 0, 0})});
    s.add({s.random({2, 3}), Tensor::of<int64_t>({2, 2}, {0, 0, 2, 0})});
    s.add({s.random({}), Tensor(DType::kInt32, Shape{0, 2})});
    s.add({s.random({0, 3}), pads({1, 1, 0, 0})});
    s.fails("Paddings must be non-negative: -1 0", {s.random({2, 3}), pads({-1, 0, 0, 0})});
    s.fails("The first dimension of paddings must be the rank of inputs[1,2] [2,3]",
            {s.random({2, 3}), pads({1, 0})});
    s.fails("paddings must be a matrix with 2 columns: [2]", {s.random({2, 3}), Samples::i32({1, 0})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor& pads = g.input(1);
    Tensor before = grad::flat(grad::op("Slice", {pads, grad::cast(grad::int32s({0, 0}), pads.dtype()),
                                                  grad::cast(grad::int32s({-1, 1}), pads.dtype())}));
    g.set(0, grad::op("Slice", {g.grad(), before, grad::cast(grad::shape_of(g.input(0)), pads.dtype())}));
  });
}

FLOE_OP("PadV2", op) {
  op.in("input:T, paddings:Tpaddings, constant_values:T")
      .out("output:T")
      .attrs("T:type; Tpaddings:{int32,int64}=int32");
  op.infer(infer_pad).compute([](KernelContext& c) { pad_with(c, c.input(2).raw()); }).fails_on_values();
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t), pads({1, 2, 0, 1}), s.random({}, t)}); });
    s.add({s.random({2, 3}), Tensor::of<int64_t>({2, 2}, {0, 0, 2, 0}), Tensor::scalar(-INFINITY)});
    s.fails("Paddings must be non-negative: -1 0", {s.random({2, 3}), pads({-1, 0, 0, 0}), s.random({})});
    s.fails("constant_values must be a scalar. Found: [2]",
            {s.random({2, 3}), pads({1, 0, 0, 0}), s.random({2})});
  });
  op.gradient([](GradientContext& g) {
    const Tensor& pads = g.input(1);
    Tensor before = grad::flat(grad::op("Slice", {pads, grad::cast(grad::int32s({0, 0}), pads.dtype()),
                                                  grad::cast(grad::int32s({-1, 1}), pads.dtype())}));
    g.set(0, grad::op("Slice", {g.grad(), before, grad::cast(grad::shape_of(g.input(0)), pads.dtype())}));
  });
}

// Input row or column that output position i shows; `offset` is 1 when the edge itself is not repeated.
int64_t mirrored(int64_t i, int64_t before, int64_t n, int64_t offset) {
  i -= before;
  if (i < 0) return -i - 1 + offset;
  if (i >= n) return 2 * n - 1 - offset - i;
  return i;
}

void mirror_dim(const Tensor& in, Tensor& out, const std::vector<int64_t>& before,
                const std::vector<int64_t>& from, const std::vector<int64_t>& to, int64_t offset, int d,
                int64_t src, int64_t dst) {
  int64_t n = in.dim(d), m = out.dim(d), b = before[size_t(d)];
  if (d + 1 < in.rank()) {
    for (int64_t i = 0; i < m; ++i)
      mirror_dim(in, out, before, from, to, offset, d + 1, src + mirrored(i, b, n, offset) * from[size_t(d)],
                 dst + i * to[size_t(d)]);
    return;
  }
  for (int64_t i = 0; i < b; ++i)
    copy_elements(in.dtype(), element_at(out, dst + i), element_at(in, src + mirrored(i, b, n, offset)), 1);
  copy_elements(in.dtype(), element_at(out, dst + b), element_at(in, src), n);
  for (int64_t i = b + n; i < m; ++i)
    copy_elements(in.dtype(), element_at(out, dst + i), element_at(in, src + mirrored(i, b, n, offset)), 1);
}

FLOE_OP("MirrorPad", op) {
  op.in("input:T, paddings:Tpaddings").out("output:T");
  op.attrs("T:type; Tpaddings:{int32,int64}=int32; mode:{'REFLECT','SYMMETRIC'}");
  op.infer([](InferContext& c) {
    bool reflect = c.attr<std::string>("mode") == "REFLECT";
    infer_pad_with(c, ", ", "paddings",
                   [reflect](const Shape& in, int i, int64_t before, int64_t after) -> std::string {
                     if (reflect && (before >= in[i] || after >= in[i]))
                       return cat("paddings must be less than the dimension size: ", before, ", ", after,
                                  " not less than ", in[i]);
                     if (!reflect && (before > in[i] || after > in[i]))
                       return cat("paddings must be no greater than the dimension size: ", before, ", ",
                                  after, " greater than ", in[i]);
                     return "";
                   });
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t offset = k.attr<std::string>("mode") == "REFLECT";
    return [offset](KernelContext& c) {
      const Tensor& in = c.input(0);
      Tensor& out = c.output(0);
      std::vector<int64_t> before = pads_before(c);
      for (int i = 0; i < in.rank(); ++i) {
        int64_t most = std::max(before[size_t(i)], out.dim(i) - in.dim(i) - before[size_t(i)]);
        if (most > in.dim(i) - offset)
          c.fail(cat("a padding of ", most, " is larger than dimension ", i, " allows"));
      }
      if (out.num_elements() == 0) return;
      if (in.rank() == 0) return copy_elements(in.dtype(), out.mutable_raw(), in.raw(), 1);
      mirror_dim(in, out, before, element_strides(in.shape()), element_strides(out.shape()), offset, 0, 0, 0);
    };
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    AttrMap reflect{{"mode", std::string("REFLECT")}}, symmetric{{"mode", std::string("SYMMETRIC")}};
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t), pads({1, 1, 0, 2})}, reflect); });
    s.add({s.random({2, 3}), pads({1, 2, 3, 1})}, symmetric);
    s.add({s.random({1, 3, 4, 2}), pads({0, 0, 2, 1, 1, 3, 0, 0})}, reflect);
    s.add({s.random({4}), Tensor::of<int64_t>({1, 2}, {4, 4})}, symmetric);
    s.fails("paddings must be less than the dimension size: 2, 0 not less than 2",
            {s.random({2, 3}), pads({2, 0, 0, 0})}, reflect);
    s.fails("paddings must be no greater than the dimension size: 3, 0 greater than 2",
            {s.random({2, 3}), pads({3, 0, 0, 0})}, symmetric);
    s.fails("paddings must be non-negative: -3 0", {s.random({2, 3}), pads({-3, 0, 0, 0})}, symmetric);
    s.fails("The first dimension of paddings must be the rank of inputs[1,2], [2,3]",
            {s.random({2, 3}), pads({1, 0})}, symmetric);
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::same(g, "MirrorPadGrad", {g.grad(), g.input(1)})); });
}

// Adds up what was mirrored, one dimension after the other.
template <class T>
std::vector<T> fold_dim(const std::vector<T>& in, int64_t outer, int64_t m, int64_t n, int64_t inner,
                        int64_t before, int64_t offset) {
  std::vector<T> out(size_t(outer * n * inner), T(0));
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < m; ++i) {
      const T* from = in.data() + (o * m + i) * inner;
      T* to = out.data() + (o * n + mirrored(i, before, n, offset)) * inner;
      for (int64_t j = 0; j < inner; ++j) to[j] = T(to[j] + from[j]);
    }
  return out;
}

template <class T>
void fold_mirrored(KernelContext& c, int64_t offset) {
  const Tensor& in = c.input(0);
  Tensor& out = c.output(0);
  std::vector<int64_t> pads = c.ints(1), before;
  for (int i = 0; i < in.rank(); ++i) before.push_back(pads[size_t(2 * i)]);
  for (int i = 0; i < in.rank(); ++i) {
    int64_t most = std::max(before[size_t(i)], in.dim(i) - out.dim(i) - before[size_t(i)]);
    if (most > out.dim(i) - offset)
      c.fail(cat("a padding of ", most, " is larger than dimension ", i, " allows"));
  }
  if (out.num_elements() == 0) return;
  std::vector<T> v(c.in<T>(0), c.in<T>(0) + in.num_elements());
  int64_t outer = 1, inner = in.num_elements();
  for (int i = 0; i < in.rank(); ++i) {
    inner /= in.dim(i);
    v = fold_dim(v, outer, in.dim(i), out.dim(i), inner, before[size_t(i)], offset);
    outer *= out.dim(i);
  }
  std::copy(v.begin(), v.end(), c.out<T>(0));
}

FLOE_OP("MirrorPadGrad", op) {
  op.in("input:T, paddings:Tpaddings").out("output:T");
  op.attrs("T:type; Tpaddings:{int32,int64}=int32; mode:{'REFLECT','SYMMETRIC'}");
  op.infer([](InferContext& c) {
    Shape in = c.shape(0);
    Shape pads = c.with_rank(1, 2);
    if (in.has_rank() && pads[0] >= 0 && in.rank() != pads[0])
      c.fail(cat("paddings must have as many rows as the input has dimensions, got ", pads.str(), " for ",
                 in.str()));
    if (!in.has_rank())
      return c.set_output(0, pads[0] >= 0 ? Shape::unknown_of_rank(int(pads[0])) : Shape::unknown());
    const Tensor* v = c.value(1);
    Shape out = Shape::unknown_of_rank(in.rank());
    if (v)
      for (int i = 0; i < in.rank(); ++i) {
        auto pad = [&](int k) {
          return v->dtype() == DType::kInt32 ? int64_t(v->data<int32_t>()[2 * i + k])
                                             : v->data<int64_t>()[2 * i + k];
        };
        if (pad(0) < 0 || pad(1) < 0) c.fail(cat("Paddings must be non-negative: ", pad(0), " ", pad(1)));
        if (in[i] < 0) continue;
        if (pad(0) > in[i] || pad(1) > in[i] - pad(0))
          c.fail(
              cat("paddings ", pad(0), " and ", pad(1), " leave nothing of dimension ", i, " of ", in.str()));
        out.set_dim(i, in[i] - pad(0) - pad(1));
      }
    c.set_output(0, out);
  });
  op.kernel([](const KernelInit& k) {
    int64_t offset = k.attr<std::string>("mode") == "REFLECT";
    KernelFn fn;
    dispatch(Types<float, double, float16, bfloat16, int32_t, int64_t, std::complex<float>,
                   std::complex<double>>{},
             k.input_type(0),
             [&]<class T>() { fn = [offset](KernelContext& c) { fold_mirrored<T>(c, offset); }; });
    return fn;
  });
  op.fails_on_values();
  op.samples([](Samples& s) {
    AttrMap reflect{{"mode", std::string("REFLECT")}}, symmetric{{"mode", std::string("SYMMETRIC")}};
    s.add({s.random({4, 5}), pads({1, 1, 0, 2})}, reflect);
    s.add({s.random({4, 5}, DType::kFloat64), pads({1, 1, 0, 2})}, reflect);
    s.add({s.random({5, 7}), pads({1, 2, 3, 1})}, symmetric);
    s.add({s.random({1, 6, 8, 2}), pads({0, 0, 2, 1, 1, 3, 0, 0})}, reflect);
  });
  op.gradient([](GradientContext& g) { g.set(0, grad::same(g, "MirrorPad", {g.grad(), g.input(1)})); });
}

}  // namespace
}  // namespace floe
