// TensorLists from whole tensors and back.
#include <algorithm>

#include "floe/ops/array/elements.h"
#include "floe/ops/control/tensor_list_ops.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

using namespace list_ops;

void infer_handle(InferContext& c) { c.set_output(0, Shape{}); }

Shape with_first(int64_t n, const Shape& s) { return s.has_rank() ? Shape{n}.concat(s) : Shape::unknown(); }

// Elements `index(0)`, `index(1)`, ... below each other in output 0.
template <class F>
void stack_elements(KernelContext& c, const TensorList& list, int64_t n, const Shape& shape, F index) {
  Tensor& out = c.allocate(0, list.element_dtype, with_first(n, shape));
  int64_t part = shape.num_elements();
  for (int64_t i = 0; i < n; ++i) {
    const Tensor& t = list.at(index(i));
    if (!t) {
      zero_elements(out.dtype(), element_at(out, i * part), part);
      continue;
    }
    if (!(t.shape() == shape))
      c.fail(cat("Tried to stack list with tensors of different shapes: ", shape.str(), " vs. ",
                 t.shape().str()));
    copy_elements(out.dtype(), element_at(out, i * part), t.raw(), part);
  }
}

// The shape of what stands in a list that `t` packs.
Tensor element_shape_of(const Tensor& t) {
  return grad::op("Slice", {grad::shape_of(t), grad::int32s({1}), grad::int32s({-1})});
}
Tensor scattered(GradientContext& g, const Tensor& t, const Tensor& indices) {
  return grad::op("TensorListGather", {g.grad(), indices, element_shape_of(t)},
                  {{"element_dtype", t.dtype()}});
}

FLOE_OP("TensorListStack", op) {
  op.in("input_handle:variant, element_shape:int32").out("tensor:element_dtype");
  op.attrs("element_dtype:type; num_elements:int=-1");
  op.infer([](InferContext& c) {
    int64_t n = c.attr<int64_t>("num_elements");
    c.set_output(0, with_first(n >= 0 ? n : -1, infer_shape_input(c, 1)));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    int64_t n = k.attr<int64_t>("num_elements");
    return [dtype, n](KernelContext& c) {
      auto list = input_list(c, 0);
      check_type(c, *list, dtype);
      if (n != -1 && list->size() != n)
        c.fail(cat("Operation expected a list with ", n, " elements but got a list with ", list->size(),
                   " elements."));
      Shape s = merged_with_elements(c, *list, shape_input(c, 1));
      if (!s.is_fully_defined() && list->size() == 0)
        c.fail(
            cat("Tried to stack elements of an empty list with non-fully-defined element_shape: ", s.str()));
      if (!s.is_fully_defined())
        c.fail(
            cat("Tried to stack list which only contains uninitialized tensors and has a non-fully-defined "
                "element_shape: ",
                s.str()));
      stack_elements(c, *list, list->size(), s, [](int64_t i) { return i; });
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("TensorListFromTensor", {g.grad(), element_shape_of(g.output())}));
  });
}

FLOE_OP("TensorListGather", op) {
  op.in("input_handle:variant, indices:int32, element_shape:int32").out("values:element_dtype");
  op.attrs("element_dtype:type");
  op.infer([](InferContext& c) {
    Shape element = infer_shape_input(c, 2);
    if (c.shape(1).has_rank() && element.has_rank()) {
      int64_t n = c.shape(1).is_fully_defined() ? c.shape(1).num_elements() : -1;
      c.set_output(0, with_first(n, element));
    }
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return [dtype](KernelContext& c) {
      auto list = input_list(c, 0);
      check_type(c, *list, dtype);
      Shape s = merge(c, shape_input(c, 2), list->element_shape);
      auto indices = c.input(1).flat<int32_t>();
      for (int32_t i : indices) {
        if (i < 0 || i >= list->size())
          c.fail(cat("Index ", i, " out o range; list only has ", list->size(), " elements."));
        if (!s.is_fully_defined() && list->at(i)) s = merge(c, s, list->at(i).shape());
      }
      if (!s.is_fully_defined() && indices.empty())
        c.fail(cat("Tried to gather 0-elements from a list with non-fully-defined shape: ", s.str()));
      if (!s.is_fully_defined())
        c.fail(cat("Tried to gather uninitialized tensors from a list with non-fully-defined element_shape: ",
                   s.str()));
      stack_elements(c, *list, int64_t(indices.size()), s,
                     [&](int64_t i) { return int64_t(indices[size_t(i)]); });
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("TensorListScatterV2", {g.grad(), g.input(1), element_shape_of(g.output()),
                                              grad::op("TensorListLength", {g.input(0)})}));
  });
}

void check_rows(const KernelContext& c, const Tensor& t) {
  if (t.rank() < 1) c.fail(cat("Tensor must be at least a vector, but saw shape: ", t.shape().str()));
}

void check_element_shape(const KernelContext& c, const Shape& list, const Shape& row) {
  if (!list.is_compatible_with(row))
    c.fail(cat("Specified a list with shape ", list.str(), " from a tensor with shape ", row.str()));
}

// Row i of a kept tensor, sharing its memory.
Tensor row_of(const Tensor& t, int64_t i, const Shape& row) { return t.rows(i, i + 1).reshaped(row); }

FLOE_OP("TensorListFromTensor", op) {
  op.in("tensor:element_dtype, element_shape:shape_type").out("output_handle:variant");
  op.attrs("element_dtype:type; shape_type:{int32,int64}");
  op.infer(infer_handle);
  op.compute([](KernelContext& c) {
    check_rows(c, c.input(0));
    Shape want = shape_input(c, 1), row = c.input(0).shape().slice(1);
    check_element_shape(c, want, row);
    Tensor t = c.keep(0);
    auto list = std::make_shared<TensorList>(t.dtype(), want);
    for (int64_t i = 0; i < t.dim(0); ++i) list->push_back(row_of(t, i, row));
    c.set_output(0, list_handle(std::move(list)));
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    const Tensor& t = g.input(0);
    int64_t n = t.shape().has_rank() ? t.shape()[0] : -1;
    g.set(0, grad::op("TensorListStack", {g.grad(), element_shape_of(t)},
                      {{"element_dtype", t.dtype()}, {"num_elements", n}}));
  });
}

// Puts the rows of input `tensor` at the indices in input `indices`; a list without a fixed size grows.
void scatter_rows(KernelContext& c, TensorList& list, int tensor, int indices, bool fixed_size) {
  Tensor t = c.keep(tensor);
  check_rows(c, t);
  auto at = c.input(indices).flat<int32_t>();
  Shape row = t.shape().slice(1);
  if (int64_t(at.size()) != t.dim(0))
    c.fail(cat("Invalid number of rows in input tensor. Expected: ", at.size(), " Actual: ", t.dim(0)));
  int64_t highest = -1;
  for (int32_t i : at) {
    if (i < 0) c.fail("Indices in TensorListScatter must all be non-negative.");
    highest = std::max<int64_t>(highest, i);
  }
  if (highest >= list.size()) {
    if (fixed_size)
      c.fail(
          cat("TensorListScatter: Trying to scatter at index ", highest, " in list with size ", list.size()));
    list.resize(highest + 1);
  }
  for (size_t i = 0; i < at.size(); ++i) list.set(at[i], row_of(t, int64_t(i), row));
}

void scatter(KernelContext& c, int64_t n) {
  if (n < -1) c.fail(cat("TensorListScatter expects num_elements >= -1, found: ", n));
  check_rows(c, c.input(0));
  Shape want = shape_input(c, 2);
  check_element_shape(c, want, c.input(0).shape().slice(1));
  auto list = std::make_shared<TensorList>(c.input(0).dtype(), want);
  if (n >= 0) list->resize(n);
  scatter_rows(c, *list, 0, 1, n >= 0);
  c.set_output(0, list_handle(std::move(list)));
}

FLOE_OP("TensorListScatter", op) {
  op.in("tensor:element_dtype, indices:int32, element_shape:shape_type").out("output_handle:variant");
  op.attrs("element_dtype:type; shape_type:{int32,int64}");
  op.infer(infer_handle).compute([](KernelContext& c) { scatter(c, -1); });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) { g.set(0, scattered(g, g.input(0), g.input(1))); });
}

FLOE_OP("TensorListScatterV2", op) {
  op.in("tensor:element_dtype, indices:int32, element_shape:shape_type, num_elements:int32")
      .out("output_handle:variant");
  op.attrs("element_dtype:type; shape_type:{int32,int64}");
  op.infer(infer_handle).compute([](KernelContext& c) { scatter(c, scalar_int(c, 3)); });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) { g.set(0, scattered(g, g.input(0), g.input(1))); });
}

FLOE_OP("TensorListScatterIntoExistingList", op) {
  op.in("input_handle:variant, tensor:element_dtype, indices:int32").out("output_handle:variant");
  op.attrs("element_dtype:type");
  op.infer(infer_handle);
  op.compute([](KernelContext& c) {
    check_type(c, *input_list(c, 0), c.input(1).dtype());
    auto list = take_list(c, 0);
    scatter_rows(c, *list, 1, 2, false);
    c.set_output(0, list_handle(std::move(list)));
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    const Tensor& t = g.input(1);
    g.set(0, grad::op("TensorListScatterIntoExistingList", {g.grad(), grad::zeros_like(t), g.input(2)}));
    g.set(1, scattered(g, t, g.input(2)));
  });
}

FLOE_OP("TensorListSplit", op) {
  op.in("tensor:element_dtype, element_shape:shape_type, lengths:int64").out("output_handle:variant");
  op.attrs("element_dtype:type; shape_type:{int32,int64}");
  op.infer(infer_handle);
  op.compute([](KernelContext& c) {
    Tensor t = c.keep(0);
    check_rows(c, t);
    if (c.input(2).rank() != 1)
      c.fail(cat("Expected lengths to be a vector, received shape: ", c.input(2).shape().str()));
    Shape want = shape_input(c, 1);
    Shape loose = want;
    if (loose.rank() > 0) loose.set_dim(0, -1);
    if (!loose.is_compatible_with(t.shape()))
      c.fail(cat("tensor shape ", t.shape().str(), " is not compatible with element_shape ", loose.str()));
    auto list = std::make_shared<TensorList>(t.dtype(), want);
    int64_t at = 0;
    for (int64_t n : c.input(2).flat<int64_t>()) {
      if (n < 0) c.fail(cat("Invalid value in lengths: ", n));
      if (n > t.dim(0) - at)
        c.fail(cat("Attempting to slice [", at, ", ", at + n, "] from tensor with length ", t.dim(0)));
      list->push_back(t.rows(at, at + n));
      at += n;
    }
    if (at != t.dim(0))
      c.fail(cat("Unused values in tensor. Length of tensor: ", t.dim(0), " Values used: ", at));
    c.set_output(0, list_handle(std::move(list)));
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    DType t = g.input(0).dtype();
    const Shape& s = g.input(0).shape();
    Shape element = s.has_rank() ? Shape{-1}.concat(s.slice(1)) : Shape::unknown();
    g.set(0, call("TensorListConcat", {g.grad()}, {{"element_dtype", t}, {"element_shape", element}})[0]);
  });
}

// The length of every element along the first dimension.
std::vector<int64_t> concat_lengths(KernelContext& c, const TensorList& list, int64_t first_dim,
                                    std::span<const int64_t> leading) {
  std::vector<int64_t> lengths;
  int64_t common = -1;
  bool differ = false;
  for (int64_t i = 0; i < list.set_end(); ++i) {
    if (!list.at(i)) continue;
    int64_t n = list.at(i).dim(0);
    if (first_dim >= 0 && n != first_dim)
      c.fail(cat("First entry of element_shape input does not match the first dim of list element at index: ",
                 i, " Expected: ", first_dim, " Actual: ", n));
    differ = differ || (common >= 0 && common != n);
    common = n;
  }
  if (first_dim >= 0)
    common = first_dim;
  else if (differ)
    common = -1;
  for (int64_t i = 0; i < list.size(); ++i) {
    int64_t n = common;
    if (list.at(i))
      n = list.at(i).dim(0);
    else if (i < int64_t(leading.size()))
      n = leading[size_t(i)];
    if (n < 0)
      c.fail(cat("List contains uninitialized tensor at index ", i, " but leading_dims has only ",
                 leading.size(), " elements."));
    lengths.push_back(n);
  }
  return lengths;
}

void concat_list(KernelContext& c, DType dtype, const Shape& asked, std::span<const int64_t> leading) {
  auto list = input_list(c, 0);
  check_type(c, *list, dtype);
  if (asked.rank() == 0 || list->element_shape.rank() == 0)
    c.fail("Concat requires elements to be at least vectors, found scalars instead.");
  int64_t first_dim = asked.has_rank() ? asked[0] : -1;
  if (first_dim < 0 && list->element_shape.has_rank()) first_dim = list->element_shape[0];
  Shape row = merge(c, asked.slice(1), list->element_shape.slice(1));
  if (list->size() == 0 && !row.is_fully_defined())
    c.fail(
        cat("All except the first dimension must be fully defined when concating an empty tensor list. "
            "element_shape: ",
            row.str()));
  for (int64_t i = 0; i < list->set_end(); ++i) {
    const Tensor& t = list->at(i);
    if (!t) continue;
    if (t.rank() == 0)
      c.fail(cat("Concat saw a scalar shape at index ", i, " but requires at least vectors."));
    row = merge(c, row, t.shape().slice(1));
  }
  std::vector<int64_t> lengths = concat_lengths(c, *list, first_dim, leading);
  if (!row.is_fully_defined())
    c.fail(
        cat("Tried to concat list which only contains uninitialized tensors and has a non-fully-defined "
            "element_shape: ",
            row.str()));
  int64_t total = 0;
  for (int64_t n : lengths)
    if (__builtin_add_overflow(total, n, &total)) c.fail("the leading dimensions are too large");
  Tensor& out = c.allocate(0, dtype, with_first(total, row));
  int64_t part = row.num_elements(), at = 0;
  for (int64_t i = 0; i < list->size(); ++i) {
    int64_t n = lengths[size_t(i)] * part;
    if (list->at(i))
      copy_elements(dtype, element_at(out, at), list->at(i).raw(), n);
    else
      zero_elements(dtype, element_at(out, at), n);
    at += n;
  }
  c.set_output(1, Tensor::vec(lengths));
}

void infer_concat_list(InferContext& c, const Shape& element) {
  c.set_output(0, element.rank() > 0 ? with_first(-1, element.slice(1)) : Shape::unknown());
  c.set_output(1, Shape{-1});
}

// Elements may differ in their first dimension only.
void gradient_of_concat_list(GradientContext& g) {
  Tensor shape = grad::concat({grad::int32s({-1}), element_shape_of(g.output())}, 0);
  g.set(0, grad::op("TensorListSplit", {g.grad(), shape, g.output(1)}));
}

FLOE_OP("TensorListConcat", op) {
  op.in("input_handle:variant").out("tensor:element_dtype, lengths:int64");
  op.attrs("element_dtype:type; element_shape:shape=unknown");
  op.infer([](InferContext& c) { infer_concat_list(c, c.attr<Shape>("element_shape")); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    Shape shape = k.attr<Shape>("element_shape");
    return [dtype, shape](KernelContext& c) { concat_list(c, dtype, shape, {}); };
  });
  op.dynamic_outputs().fails_on_values();
  op.gradient(gradient_of_concat_list);
}

FLOE_OP("TensorListConcatV2", op) {
  op.in("input_handle:variant, element_shape:shape_type, leading_dims:int64")
      .out("tensor:element_dtype, lengths:int64");
  op.attrs("element_dtype:type; shape_type:{int32,int64}");
  op.infer([](InferContext& c) { infer_concat_list(c, infer_shape_input(c, 1)); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return
        [dtype](KernelContext& c) { concat_list(c, dtype, shape_input(c, 1), c.input(2).flat<int64_t>()); };
  });
  op.dynamic_outputs().fails_on_values();
  op.gradient(gradient_of_concat_list);
}

FLOE_OP("TensorListConcatLists", op) {
  op.in("input_a:variant, input_b:variant").out("output:variant").attrs("element_dtype:type");
  op.infer(infer_unchanged);
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return [dtype](KernelContext& c) {
      const Tensor &a = c.input(0), &b = c.input(1);
      if (!(a.shape() == b.shape()))
        c.fail(cat("input_a.shape != input_b.shape.  Saw: ", a.shape().str(), " vs. ", b.shape().str()));
      Tensor out(DType::kVariant, a.shape());
      for (int64_t i = 0; i < a.num_elements(); ++i) {
        auto x = as_list(a.data<ObjectPtr>()[i]), y = as_list(b.data<ObjectPtr>()[i]);
        if (!x) c.fail(cat("input_a[", i, "] is not a TensorList."));
        if (!y) c.fail(cat("input_b[", i, "] is not a TensorList."));
        if (x->element_dtype != dtype)
          c.fail(cat("input_a[", i, "].dtype != element_dtype.  Saw: ", type_text(x->element_dtype), " vs. ",
                     type_text(dtype)));
        if (y->element_dtype != dtype)
          c.fail(cat("input_b[", i, "].dtype != element_dtype.  Saw: ", type_text(y->element_dtype), " vs. ",
                     type_text(dtype)));
        if (!(x->element_shape == y->element_shape))
          c.fail(cat("input_a and input_b TensorList element shapes are not identical at index ", i,
                     ".  Saw ", x->element_shape.str(), " vs. ", y->element_shape.str()));
        auto joined = std::make_shared<TensorList>(*x);
        for (int64_t j = 0; j < y->set_end(); ++j)
          if (y->at(j)) joined->set(x->size() + j, y->at(j));
        joined->resize(x->size() + y->size());
        out.mutable_data<ObjectPtr>()[i] = std::move(joined);
      }
      c.set_output(0, std::move(out));
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.no_gradient();
}

}  // namespace
}  // namespace floe
