// Many elements of a TensorArray at once: gather and scatter by index, concatenate and split.
#include <algorithm>
#include <cstring>

#include "floe/op/infer.h"
#include "floe/ops/control/objects.h"
#include "floe/ops/control/tensor_array.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

std::shared_ptr<TensorArray> packed_array(const KernelContext& c) {
  return object_of<TensorArray>(c, 0, "TensorArray");
}

void check_requested(const TensorArray& a, DType want) {
  a.check_open();
  if (a.dtype() != want)
    throw InvalidArgument(cat("TensorArray dtype is ", dtype_name(a.dtype()), " but Op requested dtype ",
                              dtype_name(want), "."));
}

// Copies the parts one after the other.
void join_parts(const std::vector<Tensor>& parts, Tensor& to) {
  int64_t at = 0;
  if (is_pod(to.dtype())) {
    char* p = static_cast<char*>(to.mutable_raw());
    for (const Tensor& t : parts) {
      if (t.nbytes()) std::memcpy(p + at, t.raw(), t.nbytes());
      at += int64_t(t.nbytes());
    }
    return;
  }
  dispatch(Types<std::string, ObjectPtr>{}, to.dtype(), [&]<class T>() {
    for (const Tensor& t : parts) {
      std::copy_n(t.data<T>(), t.num_elements(), to.mutable_data<T>() + at);
      at += t.num_elements();
    }
  });
}

Shape with_front(int64_t n, const Shape& rest) { return Shape{n}.concat(rest); }

std::vector<Tensor> read_all(KernelContext& c, TensorArray& a, const Tensor& indices, const Shape& want) {
  std::vector<Tensor> parts;
  for (int32_t i : indices.flat<int32_t>()) {
    parts.push_back(a.read(i));
    const Shape& s = parts.back().shape();
    if (!want.is_compatible_with(s))
      c.fail(cat("TensorArray was passed element_shape ", want.str(),
                 " which does not match the Tensor at index ", parts.size() - 1, ": ", s.str()));
    if (!(s == parts[0].shape()))
      c.fail(cat("TensorArray has inconsistent shapes.  Index 0 has shape: ", parts[0].shape().str(),
                 " but index ", parts.size() - 1, " has shape: ", s.str()));
  }
  return parts;
}

KernelFn gather_kernel(const KernelInit& k) {
  DType dtype = k.attr<DType>("dtype");
  Shape element = k.attr<Shape>("element_shape");
  return [dtype, element](KernelContext& c) {
    auto a = packed_array(c);
    check_requested(*a, dtype);
    const Tensor& indices = c.input(1);
    if (indices.rank() != 1)
      c.fail(cat("Expected indices to be a vector, but received shape: ", indices.shape().str()));
    a->refine_element_shape(element);
    std::vector<Tensor> parts = read_all(c, *a, indices, element);
    if (parts.empty() && !a->element_shape().is_fully_defined())
      c.fail(Code::kUnimplemented,
             cat("TensorArray has size zero, but element shape ", a->element_shape().str(),
                 " is not fully defined. Currently only static shapes are supported when packing "
                 "zero-size TensorArrays."));
    Shape shape = with_front(int64_t(parts.size()), parts.empty() ? a->element_shape() : parts[0].shape());
    join_parts(parts, c.allocate(0, dtype, shape));
  };
}

FLOE_OP("TensorArrayGatherV3", op) {
  op.in("handle:resource, indices:int32, flow_in:float").out("value:dtype");
  op.attrs("dtype:type; element_shape:shape=unknown");
  op.infer([](InferContext& c) {
    Shape indices = c.with_rank(1, 1);
    c.with_rank(2, 0);
    const Shape& element = c.attr<Shape>("element_shape");
    if (element.has_rank()) c.set_output(0, with_front(indices[0], element));
  });
  op.kernel(gather_kernel).dynamic_outputs().stateful().fails_on_values();
}

void write_rows(TensorArray& a, std::span<const int32_t> indices, const Tensor& value) {
  Shape element = value.shape().slice(1);
  for (size_t i = 0; i < indices.size(); ++i)
    a.write(indices[i], value.rows(int64_t(i), int64_t(i) + 1).reshaped(element));
}

void run_scatter(KernelContext& c) {
  auto a = packed_array(c);
  a->check_open();
  Tensor indices = c.input(1);
  if (indices.rank() != 1)
    c.fail(cat("Expected indices to be a vector, but received shape: ", indices.shape().str()));
  Tensor value = c.take(2);
  if (value.rank() < 1)
    c.fail(cat("Input value for unpack must be at least a vector but received shape: ", value.shape().str()));
  if (value.dim(0) != indices.num_elements())
    c.fail(cat("Expected len(indices) == values.shape[0], but saw: ", indices.num_elements(), " vs. ",
               value.dim(0)));
  auto flat = indices.flat<int32_t>();
  if (!flat.empty()) {
    int64_t largest = *std::max_element(flat.begin(), flat.end());
    if (a->dynamic_size())
      a->grow(largest + 1);
    else if (largest >= a->size())
      c.fail(cat("Max scatter index must be < array size (", largest, " vs. ", a->size(), ")"));
  }
  write_rows(*a, flat, value);
  c.set_output(0, c.take(3));
}

FLOE_OP("TensorArrayScatterV3", op) {
  op.in("handle:resource, indices:int32, value:T, flow_in:float").out("flow_out:float").attrs("T:type");
  op.infer([](InferContext& c) {
    c.with_rank(1, 1);
    c.with_rank_at_least(2, 1);
    c.with_rank(3, 0);
    c.set_output(0, Shape{});
  });
  op.compute(run_scatter).dynamic_outputs().keeps_inputs().stateful().fails_on_values();
}

std::vector<Tensor> read_in_order(KernelContext& c, TensorArray& a, const Shape& want) {
  std::vector<Tensor> parts;
  Shape first;
  for (int64_t i = 0; i < a.size(); ++i) {
    parts.push_back(a.read(i));
    if (parts.back().rank() == 0)
      c.fail(cat("Concat saw a scalar shape at index ", i,
                 " but requires at least vectors.  Did you mean to call pack?"));
    Shape rest = parts.back().shape().slice(1);
    if (!want.is_compatible_with(rest))
      c.fail(cat("TensorArray was passed element_shape_except0 ", want.str(), " but index ", i,
                 " has (excepting dimension 0) shape: ", rest.str(), " which does not match."));
    if (i == 0) first = rest;
    if (!(first == rest))
      c.fail(cat("TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: ",
                 first.str(), " but index ", i, " has (excepting dimension 0) shape: ", rest.str()));
  }
  return parts;
}

KernelFn concat_kernel(const KernelInit& k) {
  DType dtype = k.attr<DType>("dtype");
  Shape rest = k.attr<Shape>("element_shape_except0");
  return [dtype, rest](KernelContext& c) {
    auto a = packed_array(c);
    check_requested(*a, dtype);
    std::vector<Tensor> parts = read_in_order(c, *a, rest);
    if (parts.empty() && !rest.is_fully_defined())
      c.fail(Code::kUnimplemented,
             cat("TensorArray has size zero, but element_shape_except0 ", rest.str(),
                 " is not fully defined. Currently only static shapes are supported when "
                 "concatenating zero-size TensorArrays."));
    int64_t* lengths = c.allocate(1, DType::kInt64, Shape{int64_t(parts.size())}).mutable_data<int64_t>();
    int64_t total = 0;
    for (size_t i = 0; i < parts.size(); ++i) total += lengths[i] = parts[i].dim(0);
    join_parts(parts,
               c.allocate(0, dtype, with_front(total, parts.empty() ? rest : parts[0].shape().slice(1))));
  };
}

FLOE_OP("TensorArrayConcatV3", op) {
  op.in("handle:resource, flow_in:float").out("value:dtype, lengths:int64");
  op.attrs("dtype:type; element_shape_except0:shape=unknown");
  op.infer([](InferContext& c) {
    c.with_rank(1, 0);
    const Shape& rest = c.attr<Shape>("element_shape_except0");
    if (rest.has_rank()) c.set_output(0, with_front(Shape::kUnknownDim, rest));
    c.set_output(1, Shape{Shape::kUnknownDim});
  });
  op.kernel(concat_kernel).dynamic_outputs().stateful().fails_on_values();
}

void run_split(KernelContext& c) {
  auto a = packed_array(c);
  a->check_open();
  const Tensor& lengths = c.input(2);
  if (lengths.rank() != 1)
    c.fail(cat("Expected lengths to be a vector, received shape: ", lengths.shape().str()));
  if (c.input(1).rank() < 1)
    c.fail(cat("Expected value to be at least a vector, but received shape: ", c.input(1).shape().str()));
  int64_t n = lengths.num_elements(), total = 0, have = c.input(1).dim(0);
  for (int64_t l : lengths.flat<int64_t>()) {
    if (l < 0 || l > have) c.fail(cat("Expected lengths between 0 and ", have, ", found ", l));
    if (__builtin_add_overflow(total, l, &total)) total = INT64_MAX;
  }
  if (total != have)
    c.fail(cat("Expected sum of lengths to be equal to values.shape[0], but sum of lengths is ", total,
               " and value's shape is: ", c.input(1).shape().str()));
  if (a->dynamic_size()) a->grow(n);
  if (n != a->size())
    c.fail(cat("TensorArray's size is not equal to the size of lengths (", a->size(), " vs. ", n,
               "), and the TensorArray is not marked as dynamically resizeable"));
  Tensor value = c.take(1);
  int64_t at = 0;
  for (int64_t i = 0; i < n; ++i) {
    int64_t l = lengths.data<int64_t>()[i];
    a->write(i, value.rows(at, at + l));
    at += l;
  }
  c.set_output(0, c.take(3));
}

FLOE_OP("TensorArraySplitV3", op) {
  op.in("handle:resource, value:T, lengths:int64, flow_in:float").out("flow_out:float").attrs("T:type");
  op.infer([](InferContext& c) {
    c.with_rank_at_least(1, 1);
    c.with_rank(2, 1);
    c.with_rank(3, 0);
    c.set_output(0, Shape{});
  });
  op.compute(run_split).dynamic_outputs().keeps_inputs().stateful().fails_on_values();
}

}  // namespace
}  // namespace floe
