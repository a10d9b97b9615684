#include "floe/ops/control/tensor_list.h"

#include "floe/ops/array/elements.h"
#include "floe/ops/control/tensor_list_ops.h"

namespace floe {
namespace {

constexpr int64_t kMaxElements = int64_t(1) << 28;
// Elements of lists that are being destroyed: lists of lists may be nested deeply.
thread_local std::vector<std::vector<Tensor>>* dying = nullptr;

}  // namespace

TensorList::~TensorList() {
  if (element_dtype != DType::kVariant) return;
  if (dying) {
    dying->push_back(std::move(elements_));
    return;
  }
  std::vector<std::vector<Tensor>> work;
  dying = &work;
  work.push_back(std::move(elements_));
  while (!work.empty()) {
    std::vector<Tensor> elements = std::move(work.back());
    work.pop_back();
    elements.clear();
  }
  dying = nullptr;
}

void TensorList::set(int64_t i, Tensor t) {
  if (i >= kMaxElements)
    throw ResourceExhausted(cat("Out of memory: a list with an element ", i, " was asked for"));
  if (i >= int64_t(elements_.size())) elements_.resize(size_t(i) + 1);
  elements_[size_t(i)] = std::move(t);
}

Tensor list_handle(std::shared_ptr<TensorList> list) {
  Tensor t(DType::kVariant, Shape{});
  *t.mutable_data<ObjectPtr>() = std::move(list);
  return t;
}

std::shared_ptr<TensorList> as_list(const ObjectPtr& object) {
  return std::dynamic_pointer_cast<TensorList>(object);
}

std::shared_ptr<TensorList> zeros_like(const TensorList& list) {
  auto z = std::make_shared<TensorList>(list.element_dtype, list.element_shape);
  z->max_num_elements = list.max_num_elements;
  for (int64_t i = 0; i < list.set_end(); ++i)
    if (list.at(i)) z->set(i, list_ops::zeros(list.element_dtype, list.at(i).shape()));
  z->resize(list.size());
  return z;
}

std::shared_ptr<TensorList> add(const TensorList& a, const TensorList& b) {
  if (a.element_dtype != b.element_dtype)
    throw InvalidArgument(cat("Trying to add two lists of tensors of different dtypes. One is ",
                              list_ops::type_text(a.element_dtype), " and the other is ",
                              list_ops::type_text(b.element_dtype)));
  if (a.element_dtype == DType::kVariant)
    throw Unimplemented("lists of lists cannot be added; add the inner lists one by one");
  if (a.size() != b.size())
    throw InvalidArgument(cat("Trying to add two lists of tensors with different lengths. One is ", a.size(),
                              " and the other is ", b.size()));
  auto sum = std::make_shared<TensorList>(a);
  RunState state;
  const OpDef& op = get_op("AddV2");
  for (int64_t i = 0; i < b.set_end(); ++i) {
    if (!b.at(i)) continue;
    if (!a.at(i)) {
      sum->set(i, b.at(i));
      continue;
    }
    if (!(a.at(i).shape() == b.at(i).shape()))
      throw InvalidArgument(cat("Trying to add two lists whose elements ", i, " have the shapes ",
                                a.at(i).shape().str(), " and ", b.at(i).shape().str()));
    sum->set(i, invoke(op, {a.at(i), b.at(i)}, {}, state)[0]);
  }
  return sum;
}

namespace list_ops {

std::shared_ptr<TensorList> input_list(const KernelContext& c, int i) {
  const Tensor& t = c.input(i);
  if (t.num_elements() != 1 || t.rank() != 0)
    c.fail(cat("Input list must be a scalar saw: ", t.shape().str()));
  const ObjectPtr& object = t.item<ObjectPtr>();
  auto list = as_list(object);
  if (!list) c.fail(cat("Input handle is not a list. Saw: '", object ? object->type_name() : "nothing", "'"));
  return list;
}

std::shared_ptr<TensorList> take_list(KernelContext& c, int i) {
  input_list(c, i);
  Tensor t = c.take(i);
  // use_count 1: the tensor's own reference is the only one.
  if (t.is_unique() && t.item<ObjectPtr>().use_count() == 1)
    return std::static_pointer_cast<TensorList>(std::move(*t.mutable_data<ObjectPtr>()));
  return std::make_shared<TensorList>(static_cast<const TensorList&>(*t.item<ObjectPtr>()));
}

std::string type_text(DType t) {
  switch (t) {
    case DType::kFloat32:
      return "float";
    case DType::kFloat64:
      return "double";
    case DType::kFloat16:
      return "half";
    default:
      return dtype_name(t);
  }
}

void check_type(const KernelContext& c, const TensorList& list, DType want) {
  if (list.element_dtype != want)
    c.fail(cat("Invalid data types; op elements ", type_text(want), " but list elements ",
               type_text(list.element_dtype)));
}

Shape shape_input(const KernelContext& c, int i) {
  std::vector<int64_t> dims = c.ints(i);
  if (c.input(i).rank() == 0) {
    if (dims[0] != -1)
      c.fail("The only valid scalar shape tensor is the fully unknown shape specified as -1.");
    return Shape::unknown();
  }
  if (c.input(i).rank() != 1) c.fail(cat("Shape must be at most rank 1 but is rank ", c.input(i).rank()));
  if (dims.size() > 254) c.fail(cat("a shape of ", dims.size(), " dimensions; at most 254 are allowed"));
  for (int64_t d : dims)
    if (d < -1) c.fail(cat("Dimension ", d, " must be >= -1"));
  return Shape(dims);
}

Shape infer_shape_input(const InferContext& c, int i) {
  auto v = c.int_value(i);
  if (!v) return c.shape(i).rank() == 1 ? c.shape_value(i) : Shape::unknown();
  if (c.shape(i).rank() == 0 || v->size() > 254) return Shape::unknown();
  for (int64_t d : *v)
    if (d < -1) c.fail(cat("Dimension ", d, " must be >= -1"));
  return Shape(*v);
}

Shape merge(const KernelContext& c, const Shape& a, const Shape& b) {
  if (!a.is_compatible_with(b))
    c.fail(cat("PartialTensorShape: Incompatible shapes during merge: ", a.str(), " vs. ", b.str()));
  return merge_shapes(a, b);
}

Shape merged_with_elements(const KernelContext& c, const TensorList& list, const Shape& asked) {
  Shape s = merge(c, asked, list.element_shape);
  if (s.is_fully_defined()) return s;
  for (int64_t i = 0; i < list.set_end(); ++i)
    if (list.at(i)) s = merge(c, s, list.at(i).shape());
  return s;
}

Tensor zeros(DType dtype, const Shape& shape) {
  Tensor t(dtype, shape);
  zero_elements(dtype, t.mutable_raw(), t.num_elements());
  return t;
}

Tensor element_or_zeros(const TensorList& list, int64_t i, const Shape& shape) {
  return list.at(i) ? list.at(i) : zeros(list.element_dtype, shape);
}

void check_scalar(const InferContext& c, int i, const char* what) {
  if (c.shape(i).has_rank() && c.shape(i).rank() != 0) c.fail(cat(what, c.shape(i).str()));
}

}  // namespace list_ops
}  // namespace floe
