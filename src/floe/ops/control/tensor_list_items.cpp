// TensorLists element by element.
#include "floe/ops/control/tensor_list_ops.h"
#include "floe/ops/gradients.h"

namespace floe {
namespace {

using namespace list_ops;

FLOE_OP("EmptyTensorList", op) {
  op.in("element_shape:shape_type, max_num_elements:int32").out("handle:variant");
  op.attrs("element_dtype:type; shape_type:{int32,int64}");
  op.infer([](InferContext& c) {
    check_scalar(c, 1, "max_num_elements expected to be a scalar but got shape: ");
    c.set_output(0, Shape{});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return [dtype](KernelContext& c) {
      auto list = std::make_shared<TensorList>(dtype, shape_input(c, 0));
      list->max_num_elements = scalar_int(c, 1);
      c.set_output(0, list_handle(std::move(list)));
    };
  });
  op.dynamic_outputs().fails_on_values();
}

FLOE_OP("TensorListReserve", op) {
  op.in("element_shape:shape_type, num_elements:int32").out("handle:variant");
  op.attrs("element_dtype:type; shape_type:{int32,int64}");
  op.infer([](InferContext& c) {
    check_scalar(c, 1, "The num_elements to reserve must be a tensor size 1, but got ");
    c.set_output(0, Shape{});
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return [dtype](KernelContext& c) {
      int64_t n = scalar_int(c, 1);
      if (n < 0) c.fail(cat("The num_elements to reserve must be a non negative number, but got ", n));
      auto list = std::make_shared<TensorList>(dtype, shape_input(c, 0));
      list->resize(n);
      c.set_output(0, list_handle(std::move(list)));
    };
  });
  op.dynamic_outputs().fails_on_values();
}

FLOE_OP("TensorListLength", op) {
  op.in("input_handle:variant").out("length:int32");
  op.infer(infer_scalar).compute([](KernelContext& c) {
    *c.out<int32_t>(0) = int32_t(input_list(c, 0)->size());
  });
  op.no_gradient();
}

FLOE_OP("TensorListElementShape", op) {
  op.in("input_handle:variant").out("element_shape:shape_type").attrs("shape_type:{int32,int64}");
  op.infer([](InferContext&) {});
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("shape_type");
    return [dtype](KernelContext& c) {
      const Shape s = input_list(c, 0)->element_shape;
      Tensor& out = c.allocate(0, dtype, s.has_rank() ? Shape{s.rank()} : Shape{});
      for (int64_t i = 0; i < out.num_elements(); ++i) {
        int64_t d = s.has_rank() ? s[int(i)] : -1;
        if (dtype == DType::kInt32)
          out.mutable_data<int32_t>()[i] = int32_t(d);
        else
          out.mutable_data<int64_t>()[i] = d;
      }
    };
  });
  op.dynamic_outputs();
  op.no_gradient();
}

FLOE_OP("TensorListResize", op) {
  op.in("input_handle:variant, size:int32").out("output_handle:variant");
  op.infer([](InferContext& c) {
    if (c.shape(1).has_rank() && c.shape(1).rank() != 0) c.fail("size must be a scalar");
    c.set_output(0, Shape{});
  });
  op.compute([](KernelContext& c) {
    int64_t n = scalar_int(c, 1);
    if (n < 0) c.fail(cat("TensorListSlice expects size to be non-negative. Got: ", n));
    auto list = take_list(c, 0);
    list->resize(n);
    c.set_output(0, list_handle(std::move(list)));
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("TensorListResize", {g.grad(), grad::op("TensorListLength", {g.input(0)})}));
  });
}

FLOE_OP("TensorListGetItem", op) {
  op.in("input_handle:variant, index:int32, element_shape:Tshape").out("item:element_dtype");
  op.attrs("element_dtype:type; Tshape:{int32,int64}=int32");
  op.infer([](InferContext& c) { c.set_output(0, infer_shape_input(c, 2)); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return [dtype](KernelContext& c) {
      auto list = input_list(c, 0);
      check_type(c, *list, dtype);
      int64_t i = scalar_int(c, 1);
      if (i < 0 || i >= list->size())
        c.fail(cat("Trying to access element ", i, " in a list with ", list->size(), " elements."));
      if (list->at(i)) return c.set_output(0, list->at(i));
      Shape s = merged_with_elements(c, *list, shape_input(c, 2));
      if (!s.is_fully_defined())
        c.fail(cat("Trying to read an uninitialized tensor but element_shape is not fully defined: ", s.str(),
                   " and no list element is set."));
      c.set_output(0, zeros(dtype, s));
    };
  });
  op.dynamic_outputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    const Tensor& item = g.output();
    Tensor empty =
        grad::op("TensorListReserve", {grad::shape_of(item), grad::op("TensorListLength", {g.input(0)})},
                 {{"element_dtype", item.dtype()}});
    g.set(0, grad::op("TensorListSetItem", {empty, g.input(1), g.grad()}));
  });
}

FLOE_OP("TensorListSetItem", op) {
  op.in("input_handle:variant, index:int32, item:element_dtype").out("output_handle:variant");
  op.attrs("element_dtype:type; resize_if_index_out_of_bounds:bool=false");
  op.infer([](InferContext& c) { c.set_output(0, Shape{}); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    bool grow = k.attr<bool>("resize_if_index_out_of_bounds");
    return [dtype, grow](KernelContext& c) {
      int64_t i = scalar_int(c, 1);
      {
        auto list = input_list(c, 0);
        check_type(c, *list, dtype);
        if (i < 0 || (i >= list->size() && !grow))
          c.fail(cat("Trying to modify element ", i, " in a list with ", list->size(), " elements."));
        if (!list->element_shape.is_compatible_with(c.input(2).shape()))
          c.fail(cat("Tried to set a tensor with incompatible shape at a list index. Item element shape: ",
                     c.input(2).shape().str(), " list shape: ", list->element_shape.str()));
      }
      auto list = take_list(c, 0);
      if (i >= list->size()) list->resize(i + 1);
      list->set(i, c.take(2));
      c.set_output(0, list_handle(std::move(list)));
    };
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    const Tensor& item = g.input(2);
    g.set(0, grad::op("TensorListSetItem", {g.grad(), g.input(1), grad::zeros_like(item)}));
    g.set(2, grad::op("TensorListGetItem", {g.grad(), g.input(1), grad::shape_of(item)},
                      {{"element_dtype", item.dtype()}}));
  });
}

FLOE_OP("TensorListPushBack", op) {
  op.in("input_handle:variant, tensor:element_dtype")
      .out("output_handle:variant")
      .attrs("element_dtype:type");
  op.infer([](InferContext& c) { c.set_output(0, Shape{}); });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return [dtype](KernelContext& c) {
      {
        auto list = input_list(c, 0);
        check_type(c, *list, dtype);
        if (!list->element_shape.is_compatible_with(c.input(1).shape()))
          c.fail(cat("Tried to append a tensor with incompatible shape to a list. Op element shape: ",
                     c.input(1).shape().str(), " list shape: ", list->element_shape.str()));
        if (list->max_num_elements >= 0 && list->size() >= list->max_num_elements)
          c.fail(cat("Tried to push item into a full list list size: ", list->size(),
                     " max_num_elements: ", list->max_num_elements));
      }
      auto list = take_list(c, 0);
      list->push_back(c.take(1));
      c.set_output(0, list_handle(std::move(list)));
    };
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    const Tensor& item = g.input(1);
    std::vector<Tensor> d =
        call("TensorListPopBack", {g.grad(), grad::shape_of(item)}, {{"element_dtype", item.dtype()}});
    g.set(0, d[0]);
    g.set(1, d[1]);
  });
}

FLOE_OP("TensorListPopBack", op) {
  op.in("input_handle:variant, element_shape:int32").out("output_handle:variant, tensor:element_dtype");
  op.attrs("element_dtype:type");
  op.infer([](InferContext& c) {
    c.set_output(0, Shape{});
    c.set_output(1, infer_shape_input(c, 1));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return [dtype](KernelContext& c) {
      Tensor last;
      {
        auto list = input_list(c, 0);
        check_type(c, *list, dtype);
        if (list->size() == 0) c.fail("Trying to pop from an empty list.");
        last = list->at(list->size() - 1);
        if (!last) {
          Shape s = merge(c, shape_input(c, 1), list->element_shape);
          if (!s.is_fully_defined())
            c.fail(cat("Trying to read an uninitialized tensor but element_shape is not fully defined.",
                       s.str()));
          last = zeros(dtype, s);
        }
      }
      auto list = take_list(c, 0);
      list->resize(list->size() - 1);
      c.set_output(0, list_handle(std::move(list)));
      c.set_output(1, std::move(last));
    };
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.gradient([](GradientContext& g) {
    g.set(0, grad::op("TensorListPushBack",
                      {g.has_grad(0) ? g.grad(0) : grad::zeros_like(g.output(0)), g.grad(1)}));
  });
}

FLOE_OP("TensorListPushBackBatch", op) {
  op.in("input_handles:variant, tensor:element_dtype")
      .out("output_handles:variant")
      .attrs("element_dtype:type");
  op.infer([](InferContext& c) {
    if (c.shape(0).has_rank() && c.shape(0).rank() != 1)
      c.fail(cat("Expected input_handles to be a vector, but saw shape: ", c.shape(0).str()));
    if (c.shape(1).rank() == 0)
      c.fail(cat("Expected tensor to be at least a vector, but saw shape: ", c.shape(1).str()));
    c.set_output(0, c.shape(0));
  });
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.attr<DType>("element_dtype");
    return [dtype](KernelContext& c) {
      const Tensor &handles = c.input(0), &t = c.input(1);
      if (handles.rank() != 1)
        c.fail(cat("Expected input_handles to be a vector, but saw shape: ", handles.shape().str()));
      if (t.rank() < 1)
        c.fail(cat("Expected tensor to be at least a vector, but saw shape: ", t.shape().str()));
      int64_t n = handles.num_elements();
      if (t.dim(0) != n)
        c.fail(cat("Expected tensor.shape[0] == input_handles.size, but saw ", t.dim(0), " vs. ", n));
      Shape row = t.shape().slice(1);
      Tensor out(DType::kVariant, handles.shape());
      Tensor kept = c.keep(1);
      for (int64_t i = 0; i < n; ++i) {
        auto list = as_list(handles.data<ObjectPtr>()[i]);
        if (!list) c.fail(cat("Input handle at index ", i, " is not a list."));
        if (list->element_dtype != dtype)
          c.fail(cat("Invalid data type at index ", i, "; op elements ", type_text(dtype),
                     " but list elements ", type_text(list->element_dtype)));
        if (!list->element_shape.is_compatible_with(row))
          c.fail(cat("Tried to append a tensor with incompatible shape to a list at index ", i,
                     ". Op element shape: ", row.str(), " list shape: ", list->element_shape.str()));
        if (list->max_num_elements >= 0 && list->size() >= list->max_num_elements)
          c.fail(cat("Tried to push item into a full list list size: ", list->size(),
                     " max_num_elements: ", list->max_num_elements));
        auto copy = std::make_shared<TensorList>(*list);
        copy->push_back(kept.rows(i, i + 1).reshaped(row));
        out.mutable_data<ObjectPtr>()[i] = std::move(copy);
      }
      c.set_output(0, std::move(out));
    };
  });
  op.dynamic_outputs().keeps_inputs().fails_on_values();
  op.no_gradient();
}

}  // namespace
}  // namespace floe
