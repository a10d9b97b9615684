// Resource variables.
#include "floe/ops/gradients.h"
#include "floe/ops/state/variable.h"
#include "floe/tensor/dispatch.h"

namespace floe {

std::shared_ptr<VariableState> named_variable(ResourceManager& resources, const std::string& container,
                                              const std::string& name, DType dtype, const Shape& shape,
                                              bool by_reference) {
  ObjectPtr o = resources.get_or_make(
      container, name, [&] { return std::make_shared<VariableState>(name, dtype, shape, by_reference); });
  auto v = std::dynamic_pointer_cast<VariableState>(o);
  if (!v) throw InvalidArgument(cat("'", name, "' is a ", o->type_name(), " already, not a variable"));
  if (v->dtype != dtype)
    throw InvalidArgument(cat("Trying to access variable ", name, " as ", dtype_name(dtype), ", but it is ",
                              dtype_name(v->dtype)));
  return v;
}

Tensor variable_value(KernelContext& c, int i) {
  auto v = resource_of<VariableState>(c, i);
  Tensor t = v->read();
  if (!t && v->by_reference)
    c.fail(Code::kFailedPrecondition,
           cat("Attempting to use uninitialized value ", v->name,
               ". Run the operation that initializes it first, with the same loaded model"));
  if (!t)
    c.fail(Code::kFailedPrecondition,
           cat("Could not find variable ", v->name,
               ". This could mean that the variable has been deleted. In TF1, it "
               "can also mean the variable is uninitialized. Assign it, or load its values, first."));
  return t;
}

namespace {

void check_type(KernelContext& c, const VariableState& v, DType t) {
  if (v.dtype != t)
    c.fail(cat("Trying to read variable with wrong dtype. Expected ", dtype_name(v.dtype), " got ",
               dtype_name(t)));
}

// Assign without validation may change the shape; with it, the one of the present value counts.
void check_reference_shape(KernelContext& c, const VariableState& v, const Shape& given, bool validate) {
  Tensor now = v.read();
  const Shape& have = now ? now.shape() : v.shape;
  if (validate && !have.is_compatible_with(given))
    c.fail(cat("Assign requires shapes of both tensors to match. lhs shape= ", have.str(),
               " rhs shape= ", given.str()));
}

FLOE_OP("VarHandleOp", op) {
  op.out("resource:resource")
      .attrs(
          "container:string=''; shared_name:string=''; debug_name:string=''; dtype:type; shape:shape; "
          "allowed_devices:list(string)=[]");
  op.infer(infer_scalar).stateful().dynamic_outputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    ResourceName where = resource_name(k);
    DType dtype = k.attr<DType>("dtype");
    Shape shape = k.attr<Shape>("shape");
    return [=](KernelContext& c) {
      c.set_output(0, make_handle(where.name.empty() ? std::make_shared<VariableState>("", dtype, shape)
                                                     : named_variable(c.resources(), where.container,
                                                                      where.name, dtype, shape)));
    };
  });
}

FLOE_OP("ReadVariableOp", op) {
  op.in("resource:resource").out("value:dtype").attrs("dtype:type");
  // Whoever records the node knows the variable and notes its shape.
  op.infer([](InferContext& c) {
    if (c.has_attr("_variable_shape")) c.set_output(0, c.attr<Shape>("_variable_shape"));
  });
  op.stateful().dynamic_outputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType dtype = k.output_type(0);
    return [dtype](KernelContext& c) {
      check_type(c, *resource_of<VariableState>(c, 0), dtype);
      c.set_output(0, variable_value(c, 0));
    };
  });
  op.gradient([](GradientContext& g) { g.set(0, g.raw_grad()); });
}

FLOE_OP("AssignVariableOp", op) {
  op.in("resource:resource, value:dtype").attrs("dtype:type; validate_shape:bool=false");
  op.infer(infer_unknown).stateful().keeps_inputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    bool validate = k.attr<bool>("validate_shape");
    return [validate](KernelContext& c) {
      auto v = resource_of<VariableState>(c, 0);
      const Tensor& value = c.input(1);
      check_type(c, *v, value.dtype());
      if (v->by_reference)
        check_reference_shape(c, *v, value.shape(), validate);
      else if (!v->shape.is_compatible_with(value.shape()))
        c.fail(cat("Trying to assign a tensor of shape ", value.shape().str(), " to variable ", v->name,
                   " of shape ", v->shape.str()));
      v->assign(c.keep(1));
    };
  });
}

template <bool kAdd>
void assign_sum(KernelContext& c) {
  auto v = resource_of<VariableState>(c, 0);
  const Tensor& by = c.input(1);
  check_type(c, *v, by.dtype());
  variable_value(c, 0);
  v->update([&](Tensor& value) {
    if (!(value.shape() == by.shape()))
      c.fail(cat("Cannot update variable with shape ", value.shape().str(), " using a Tensor with shape ",
                 by.shape().str(), ", shapes must be equal."));
    Tensor to = value.is_unique() ? value : value.clone();
    dispatch(NumberTypes{}, by.dtype(), [&]<class T>() {
      T* x = to.mutable_data<T>();
      const T* y = by.data<T>();
      for (int64_t i = 0, n = by.num_elements(); i < n; ++i) {
        if constexpr (std::is_integral_v<T>)
          x[i] = kAdd ? T(uint64_t(x[i]) + uint64_t(y[i])) : T(uint64_t(x[i]) - uint64_t(y[i]));
        else
          x[i] = T(kAdd ? compute_t<T>(x[i]) + compute_t<T>(y[i]) : compute_t<T>(x[i]) - compute_t<T>(y[i]));
      }
    });
    return to;
  });
}

FLOE_OP("AssignAddVariableOp", op) {
  op.in("resource:resource, value:dtype").attrs("dtype:type");
  op.infer(infer_unknown).stateful().compute(assign_sum<true>);
}
FLOE_OP("AssignSubVariableOp", op) {
  op.in("resource:resource, value:dtype").attrs("dtype:type");
  op.infer(infer_unknown).stateful().compute(assign_sum<false>);
}

FLOE_OP("VarIsInitializedOp", op) {
  op.in("resource:resource").out("is_initialized:bool").infer(infer_scalar).stateful();
  op.compute([](KernelContext& c) { *c.out<bool>(0) = bool(resource_of<VariableState>(c, 0)->read()); });
  op.no_gradient();
}

FLOE_OP("VariableShape", op) {
  op.in("input:resource").out("output:out_type").attrs("out_type:{int32,int64}=int32");
  op.infer([](InferContext& c) { c.set_output(0, {-1}); }).stateful().dynamic_outputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    DType type = k.output_type(0);
    return [type](KernelContext& c) {
      Tensor value = variable_value(c, 0);
      Tensor& out = c.allocate(0, type, {value.rank()});
      dispatch(IndexTypes{}, type, [&]<class T>() {
        for (int i = 0; i < value.rank(); ++i) out.mutable_data<T>()[i] = T(value.dim(i));
      });
    };
  });
  op.no_gradient();
}

// What is destroyed here is the value: the handle stays good for a new one.
FLOE_OP("DestroyResourceOp", op) {
  op.in("resource:resource").attrs("ignore_lookup_error:bool=true");
  op.infer(infer_unknown).stateful();
  op.compute([](KernelContext& c) {
    if (auto v = std::dynamic_pointer_cast<VariableState>(object_of(c, 0))) v->assign(Tensor());
  });
}

FLOE_OP("DisableCopyOnRead", op) {
  op.in("resource:resource").infer(infer_unknown).stateful();
  op.compute([](KernelContext& c) { resource_of<VariableState>(c, 0); });
}

FLOE_OP("ResourceGather", op) {
  op.in("resource:resource, indices:Tindices")
      .out("output:dtype")
      .attrs("batch_dims:int=0; validate_indices:bool=true; dtype:type; Tindices:{int32,int64}");
  op.infer(infer_unknown).stateful().dynamic_outputs();
  op.kernel([](const KernelInit& k) -> KernelFn {
    int64_t batch_attr = k.attr<int64_t>("batch_dims");
    return [batch_attr](KernelContext& c) {
      Tensor params = variable_value(c, 0);
      check_type(c, *resource_of<VariableState>(c, 0), params.dtype());
      const Tensor& indices = c.input(1);
      int64_t batch_dims = batch_attr < 0 ? batch_attr + indices.rank() : batch_attr;
      if (params.rank() < 1) c.fail("params must be at least 1 dimensional");
      if (batch_dims < 0 || batch_dims > indices.rank() || batch_dims >= params.rank())
        c.fail(cat("batch_dims ", batch_attr, " does not fit params ", params.shape().str(), " and indices ",
                   indices.shape().str()));
      int b = int(batch_dims);
      for (int d = 0; d < b; ++d)
        if (params.dim(d) != indices.dim(d))
          c.fail(cat("params.shape[", d, "]: ", params.dim(d), " should be equal to indices.shape[", d,
                     "]: ", indices.dim(d)));
      Shape out_shape =
          params.shape().slice(0, b).concat(indices.shape().slice(b)).concat(params.shape().slice(b + 1));
      int64_t batches = params.shape().slice(0, b).num_elements(), limit = params.dim(b);
      int64_t inner = params.shape().slice(b + 1).num_elements(),
              per = indices.shape().slice(b).num_elements();
      std::vector<int64_t> at = c.ints(1);
      for (size_t i = 0; i < at.size(); ++i)
        if (at[i] < 0 || at[i] >= limit)
          c.fail(cat("indices[", i, "] = ", at[i], " is not in [0, ", limit, ")"));
      Tensor& out = c.allocate(0, params.dtype(), out_shape);
      dispatch_moves(params.dtype(), [&]<class T>() {
        const T* from = static_cast<const T*>(params.raw());
        T* to = static_cast<T*>(out.mutable_raw());
        for (int64_t n = 0; n < batches; ++n)
          for (int64_t i = 0; i < per; ++i, to += inner)
            std::copy_n(from + (n * limit + at[size_t(n * per + i)]) * inner, inner, to);
      });
    };
  });
  op.gradient([](GradientContext& g) {
    const Tensor &handle = g.input(0), &indices = g.input(1);
    int64_t batch = g.attr<int64_t>("batch_dims");
    Tensor shape = grad::op("VariableShape", {handle});
    if (batch == 0) return g.set(0, grad::gathered_slices(g.grad(), indices, shape));
    Tensor shared = batch < 0 ? grad::rank_of(indices) + double(batch) : grad::int32_scalar(batch);
    g.set(0, grad::gather_gradient(g.grad(), indices, shape, shared, shared));
  });
}

FLOE_OP("ResourceGatherNd", op) {
  op.in("resource:resource, indices:Tindices")
      .out("output:dtype")
      .attrs("dtype:type; Tindices:{int32,int64}");
  op.infer(infer_unknown).stateful().dynamic_outputs();
  op.compute([](KernelContext& c) {
    Tensor params = variable_value(c, 0);
    const Tensor& indices = c.input(1);
    if (indices.rank() < 1) c.fail("indices must be at least a vector");
    int64_t depth = indices.dim(-1);
    if (depth > params.rank())
      c.fail(cat("index innermost dimension length must be <= params rank; saw: ", depth, " vs. ",
                 params.rank()));
    Shape out_shape = indices.shape().slice(0, -1).concat(params.shape().slice(int(depth)));
    int64_t inner = params.shape().slice(int(depth)).num_elements(),
            n = indices.shape().slice(0, -1).num_elements();
    std::vector<int64_t> at = c.ints(1), rows(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t d = 0; d < depth; ++d) {
        int64_t x = at[size_t(i * depth + d)];
        if (x < 0 || x >= params.dim(int(d)))
          c.fail(cat("indices[", i, "] does not index into param shape ", params.shape().str(), ": ", x,
                     " is not in [0, ", params.dim(int(d)), ")"));
        rows[size_t(i)] = rows[size_t(i)] * params.dim(int(d)) + x;
      }
    }
    Tensor& out = c.allocate(0, params.dtype(), out_shape);
    dispatch_moves(params.dtype(), [&]<class T>() {
      const T* from = static_cast<const T*>(params.raw());
      T* to = static_cast<T*>(out.mutable_raw());
      for (int64_t i = 0; i < n; ++i) std::copy_n(from + rows[size_t(i)] * inner, inner, to + i * inner);
    });
  });
  op.gradient([](GradientContext& g) {
    Tensor shape = grad::cast(grad::op("VariableShape", {g.input(0)}), g.input(1).dtype());
    g.set(0, grad::op("ScatterNd", {g.input(1), g.grad(), shape}));
  });
}

}  // namespace
}  // namespace floe
