// Concat and Pack: several tensors become one.
#include "floe/base/text.h"
#include "floe/op/samples.h"
#include "floe/ops/array/elements.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

// Concatenates values [first, first + n) along the axis that input `axis_input` holds.
void infer_concat(InferContext& c, int first, int n, int axis_input) {
  const Shape& as = c.shape(axis_input);
  if (as.is_fully_defined() && as.num_elements() != 1)
    c.fail(cat(axis_input ? "axis" : "concat_dim", " tensor should be a scalar integer, but got shape ",
               as.str()));
  auto axis_value = known_integers(c, axis_input);
  int rank = -1, with_rank = -1;
  for (int i = first; i < first + n; ++i) {
    if (!c.shape(i).has_rank()) continue;
    if (rank >= 0 && c.shape(i).rank() != rank)
      c.fail(cat("ConcatOp : Ranks of all input tensors should match: shape[", with_rank - first,
                 "] = ", c.shape(with_rank).str(), " vs. shape[", i - first, "] = ", c.shape(i).str()));
    if (rank < 0) {
      rank = c.shape(i).rank();
      with_rank = i;
    }
  }
  if (rank < 0) return;
  if (rank == 0) c.fail("ConcatOp : Can't concatenate scalars (use tf.stack instead)");
  if (!axis_value) {
    c.set_output(0, Shape::unknown_of_rank(rank));
    return;
  }
  int64_t axis = (*axis_value)[0];
  if (axis < -rank || axis >= rank)
    c.fail(cat("ConcatOp : Expected concatenating dimensions in the range [", -rank, ", ", rank,
               "), but got ", axis));
  if (axis < 0) axis += rank;
  Shape out = Shape::unknown_of_rank(rank);
  int64_t sum = 0;
  for (int i = first; i < first + n; ++i) {
    if (!c.shape(i).has_rank()) {
      sum = -1;
      continue;
    }
    for (int d = 0; d < rank; ++d) {
      int64_t v = c.shape(i)[d];
      if (d == axis) {
        if (v < 0) sum = -1;
        if (sum >= 0 && __builtin_add_overflow(sum, v, &sum)) c.fail("the result has too many elements");
      } else if (v >= 0 && out[d] >= 0 && out[d] != v) {
        c.fail(cat("ConcatOp : Dimension ", d, " in both shapes must be equal: shape[0] = ",
                   c.shape(first).str(), " vs. shape[", i - first, "] = ", c.shape(i).str()));
      } else if (v >= 0) {
        out.set_dim(d, v);
      }
    }
  }
  out.set_dim(int(axis), sum);
  c.set_output(0, out);
}

void concat_values(KernelContext& c, int first, int n, int64_t axis) {
  Tensor& out = c.output(0);
  int rank = out.rank();
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) c.fail(cat("the axis is not in [0, ", rank, ")"));
  int64_t outer = dims_product(out.shape(), 0, int(axis)), row = dims_product(out.shape(), int(axis), rank);
  int64_t at = 0;
  for (int i = first; i < first + n; ++i) {
    const Tensor& t = c.input(i);
    int64_t part = dims_product(t.shape(), int(axis), rank);
    if (at + part > row || dims_product(t.shape(), 0, int(axis)) != outer)
      c.fail(cat("ConcatOp : Dimensions of the inputs do not match: shape[", i - first,
                 "] = ", t.shape().str(), ", the result has shape ", out.shape().str()));
    copy_rows(c.threads(), t.dtype(), outer, part, element_at(out, at), row, t.raw(), part);
    at += part;
  }
}

// Inputs first .. first + n - 1 are the parts, `axis` is the input that says where.
void gradient_of_concat(GradientContext& g, int first, int axis) {
  int n = g.num_inputs() - 1;
  std::vector<Tensor> in = {grad::cast(g.input(axis), DType::kInt32)};
  for (int i = 0; i < n; ++i) in.push_back(grad::shape_of(g.input(first + i)));
  std::vector<Tensor> at = call("ConcatOffset", in);
  Tensor dy = g.grad();
  for (int i = 0; i < n; ++i)
    if (g.needs(first + i)) g.set(first + i, grad::op("Slice", {dy, at[size_t(i)], in[size_t(i) + 1]}));
}

FLOE_OP("ConcatV2", op) {
  op.in("values:N*T, axis:Tidx").out("output:T").attrs("N:int>=2; T:type; Tidx:{int32,int64}=int32");
  op.infer([](InferContext& c) { infer_concat(c, 0, c.num_inputs() - 1, c.num_inputs() - 1); });
  op.compute([](KernelContext& c) {
    concat_values(c, 0, c.num_inputs() - 1, integers(c.input(c.num_inputs() - 1)).at(0));
  });
  op.samples([](Samples& s) {
    s.each_type(
        "T", [&](DType t) { s.add({s.random({2, 3}, t), s.random({1, 3}, t), Tensor::scalar<int32_t>(0)}); });
    s.add({s.random({2, 3}), s.random({2, 1}), s.random({2, 4}), Tensor::scalar<int64_t>(-1)});
    s.add({s.random({2, 3, 2}), s.random({2, 1, 2}), s.random({2, 0, 2}), Tensor::scalar<int32_t>(1)});
    s.fails("ConcatOp : Dimension 0 in both shapes must be equal: shape[0] = [2,3] vs. shape[1] = [3,3]",
            {s.random({2, 3}), s.random({3, 3}), Tensor::scalar<int32_t>(1)});
    s.fails("ConcatOp : Ranks of all input tensors should match: shape[0] = [2,3] vs. shape[1] = [3]",
            {s.random({2, 3}), s.random({3}), Tensor::scalar<int32_t>(0)});
    s.fails("ConcatOp : Expected concatenating dimensions in the range [-2, 2), but got 5",
            {s.random({2, 3}), s.random({3, 3}), Tensor::scalar<int32_t>(5)});
    s.fails("Can't concatenate scalars", {s.random({}), s.random({}), Tensor::scalar<int32_t>(0)});
    s.fails("axis tensor should be a scalar integer, but got shape [2]",
            {s.random({2}), s.random({2}), Samples::i32({0, 0})});
  });
  op.gradient([](GradientContext& g) { gradient_of_concat(g, 0, g.num_inputs() - 1); });
}

FLOE_OP("Concat", op) {
  op.in("concat_dim:int32, values:N*T").out("output:T").attrs("N:int>=2; T:type");
  op.infer([](InferContext& c) { infer_concat(c, 1, c.num_inputs() - 1, 0); });
  op.compute([](KernelContext& c) { concat_values(c, 1, c.num_inputs() - 1, integers(c.input(0)).at(0)); });
  op.samples([](Samples& s) {
    s.each_type(
        "T", [&](DType t) { s.add({Tensor::scalar<int32_t>(0), s.random({2, 3}, t), s.random({1, 3}, t)}); });
    s.add({Tensor::scalar<int32_t>(-1), s.random({2, 3}), s.random({2, 1}), s.random({2, 4})});
    s.fails("ConcatOp : Dimension 0 in both shapes must be equal: shape[0] = [2,3] vs. shape[1] = [3,3]",
            {Tensor::scalar<int32_t>(1), s.random({2, 3}), s.random({3, 3})});
  });
  op.gradient([](GradientContext& g) { gradient_of_concat(g, 1, 0); });
}

// Where each shape starts along `axis`.
void concat_offsets(KernelContext& c) {
  int n = c.num_inputs() - 1;
  int64_t axis = c.input(0).item<int32_t>(), rank = c.input(1).num_elements();
  if (axis < -rank || axis >= rank) c.fail(cat("Concat dim is out of range: ", axis, " vs. ", rank));
  if (axis < 0) axis += rank;
  std::vector<int64_t> first = integers(c.input(1));
  int64_t at = 0;
  auto text = [](const std::vector<int64_t>& v) {
    std::string s = "[";
    for (size_t i = 0; i < v.size(); ++i) s += cat(i ? " " : "", v[i]);
    return s + "]";
  };
  for (int i = 0; i < n; ++i) {
    std::vector<int64_t> s = integers(c.input(1 + i));
    for (int64_t d = 0; d < rank; ++d) {
      if (d != axis && s[size_t(d)] != first[size_t(d)])
        c.fail(cat("All dimensions except ", axis, " must match. Input ", i, " has shape ", text(s),
                   " and doesn't match input 0 with shape ", text(first), "."));
      int64_t v = d == axis ? at : 0;
      if (c.output(i).dtype() == DType::kInt32)
        c.out<int32_t>(i)[d] = int32_t(v);
      else
        c.out<int64_t>(i)[d] = v;
    }
    if (__builtin_add_overflow(at, s[size_t(axis)], &at)) c.fail("the sizes along the axis are too large");
  }
}

FLOE_OP("ConcatOffset", op) {
  op.in("concat_dim:int32, shape:N*shape_type")
      .out("offset:N*shape_type")
      .attrs("N:int>=2; shape_type:{int32,int64}=int32");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() != 0)
      c.fail(cat("Concat dim tensor should be a scalar integer, but got shape ", c.shape(0).str()));
    int64_t size = -1;
    for (int i = 1; i < c.num_inputs(); ++i) {
      const Shape& s = c.shape(i);
      if (!s.has_rank()) continue;
      if (s.rank() != 1) c.fail(cat("input ", i - 1, " should be a vector, but got shape ", s.str()));
      if (size >= 0 && s[0] >= 0 && s[0] != size)
        c.fail(cat("input ", i - 1, " should contain ", size, " elements, but got ", s[0]));
      if (s[0] >= 0) size = s[0];
    }
    for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, Shape{size});
  });
  op.compute(concat_offsets).fails_on_values();
  op.samples([](Samples& s) {
    s.add({Tensor::scalar<int32_t>(1), Samples::i32({2, 3, 4}), Samples::i32({2, 5, 4}),
           Samples::i32({2, 1, 4})});
    s.add({Tensor::scalar<int32_t>(-1), Samples::i64({2, 3}), Samples::i64({2, 5})});
    s.fails("Concat dim is out of range: 2 vs. 2",
            {Tensor::scalar<int32_t>(2), Samples::i32({2, 3}), Samples::i32({2, 3})});
    s.fails(
        "All dimensions except 0 must match. Input 1 has shape [2 4] and doesn't match input 0 with shape [2 "
        "3].",
        {Tensor::scalar<int32_t>(0), Samples::i32({2, 3}), Samples::i32({2, 4})});
    s.fails("input 1 should contain 2 elements, but got 1",
            {Tensor::scalar<int32_t>(0), Samples::i32({2, 3}), Samples::i32({2})});
  });
  op.no_gradient();
}

FLOE_OP("Pack", op) {
  op.in("values:N*T").out("output:T").attrs("N:int>=1; T:type; axis:int=0");
  op.infer([](InferContext& c) {
    Shape s = c.shape(0);
    for (int i = 1; i < c.num_inputs(); ++i) {
      if (!s.is_compatible_with(c.shape(i)))
        c.fail(cat("Shapes of all inputs must match: values[0].shape = ", c.shape(0).str(), " != values[", i,
                   "].shape = ", c.shape(i).str()));
      s = merge_shapes(s, c.shape(i));
    }
    if (!s.has_rank()) return;
    int64_t axis = c.attr<int64_t>("axis"), rank = s.rank() + 1;
    if (axis < -rank || axis >= rank) c.fail(cat("axis = ", axis, " not in [", -rank, ", ", rank, ")"));
    if (axis < 0) axis += rank;
    c.set_output(0, s.slice(0, int(axis)).concat(Shape{c.num_inputs()}).concat(s.slice(int(axis))));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t axis = k.attr<int64_t>("axis");
    return [axis](KernelContext& c) {
      Tensor& out = c.output(0);
      int a = int(axis < 0 ? axis + out.rank() : axis), n = c.num_inputs();
      int64_t outer = dims_product(out.shape(), 0, a), part = dims_product(out.shape(), a + 1, out.rank());
      for (int i = 0; i < n; ++i) {
        if (c.input(i).num_elements() != outer * part)
          c.fail(cat("Shapes of all inputs must match: values[0].shape = ", c.input(0).shape().str(),
                     " != values[", i, "].shape = ", c.input(i).shape().str()));
        copy_rows(c.threads(), out.dtype(), outer, part, element_at(out, i * part), n * part,
                  c.input(i).raw(), part);
      }
    };
  });
  op.samples([](Samples& s) {
    s.each_type("T", [&](DType t) { s.add({s.random({2, 3}, t), s.random({2, 3}, t)}); });
    for (int64_t a : {-3, 1, 2}) s.add({s.random({2, 3}), s.random({2, 3}), s.random({2, 3})}, {{"axis", a}});
    s.add({s.random({}), s.random({})});
    s.add({s.random({0, 2}), s.random({0, 2})});
    s.add({s.random({3})}, {{"axis", int64_t(-1)}});
    s.fails("Shapes of all inputs must match: values[0].shape = [2] != values[1].shape = [3]",
            {s.random({2}), s.random({3})});
    s.fails("axis = 3 not in [-2, 2)", {s.random({2}), s.random({2})}, {{"axis", int64_t(3)}});
  });
  op.gradient([](GradientContext& g) {
    AttrMap attrs{{"num", int64_t(g.num_inputs())}, {"axis", g.attr<int64_t>("axis")}};
    std::vector<Tensor> d = call("Unpack", {g.grad()}, attrs);
    for (int i = 0; i < g.num_inputs(); ++i) g.set(i, d[size_t(i)]);
  });
}

FLOE_OP("ParallelConcat", op) {
  op.in("values:N*T").out("output:T").attrs("N:int>=1; T:type; shape:shape");
  op.infer([](InferContext& c) {
    Shape want = c.attr<Shape>("shape");
    if (!want.is_fully_defined()) c.fail(cat("shape attr must be fully defined, found ", want.str()));
    if (want.rank() < 1 || want[0] != c.num_inputs())
      c.fail(cat("shape attr must start with ", c.num_inputs(), ", found ", want.str()));
    Shape each = Shape{1}.concat(want.slice(1));
    for (int i = 0; i < c.num_inputs(); ++i)
      if (!each.is_compatible_with(c.shape(i)))
        c.fail(cat("input ", i, " should have shape ", each.str(), ", but got ", c.shape(i).str()));
    c.set_output(0, want);
  });
  op.compute([](KernelContext& c) {
    Tensor& out = c.output(0);
    int64_t part = out.num_elements() / c.num_inputs();
    for (int i = 0; i < c.num_inputs(); ++i) {
      if (c.input(i).num_elements() != part)
        c.fail(cat("input ", i, " has shape ", c.input(i).shape().str()));
      copy_elements(out.dtype(), element_at(out, i * part), c.input(i).raw(), part);
    }
  });
  op.samples([](Samples& s) { s.add({s.random({1, 2}), s.random({1, 2})}, {{"shape", Shape{2, 2}}}); });
}

}  // namespace
}  // namespace floe
