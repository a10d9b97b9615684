#include "floe/op/infer.h"

#include "floe/base/text.h"
#include "floe/op/kernel.h"

namespace floe {

InferContext::InferContext(const OpDef& def, const AttrMap& attrs, std::span<const Shape> shapes,
                           std::span<const DType> types, std::span<const Tensor> values,
                           std::string_view node)
    : def_(def), attrs_(attrs), shapes_(shapes), types_(types), values_(values), node_(node) {
  out_types_ = arg_types(def, def.outputs, attrs, node);
  out_shapes_.assign(out_types_.size(), Shape::unknown());
}

namespace {
int count_of(const ArgDef& a, const AttrMap& attrs) {
  if (!a.type_list_attr.empty()) return int(attrs.get<std::vector<DType>>(a.type_list_attr).size());
  return a.number_attr.empty() ? 1 : int(attrs.get<int64_t>(a.number_attr));
}
}  // namespace

int InferContext::input_start(std::string_view arg) const {
  int at = 0;
  for (const ArgDef& a : def_.inputs) {
    if (a.name == arg) return at;
    at += count_of(a, attrs_);
  }
  throw Internal(cat("Op '", def_.name, "' has no input '", arg, "'"));
}

int InferContext::input_count(std::string_view arg) const {
  for (const ArgDef& a : def_.inputs)
    if (a.name == arg) return count_of(a, attrs_);
  throw Internal(cat("Op '", def_.name, "' has no input '", arg, "'"));
}

std::optional<std::vector<int64_t>> InferContext::int_value(int i) const {
  const Tensor* t = value(i);
  if (!t) return std::nullopt;
  std::vector<int64_t> v;
  if (t->dtype() == DType::kInt32)
    for (int32_t x : t->flat<int32_t>()) v.push_back(x);
  else if (t->dtype() == DType::kInt64)
    for (int64_t x : t->flat<int64_t>()) v.push_back(x);
  else
    return std::nullopt;
  return v;
}

Shape InferContext::shape_value(int i) const {
  if (auto v = int_value(i)) {
    if (v->size() == 1 && (*v)[0] == -1 && shape(i).rank() == 0) return Shape::unknown();
    for (int64_t d : *v)
      if (d < -1) fail(cat("dimension ", d, " in a shape must be >= 0"));
    return Shape(*v);
  }
  if (i < int(partial_values.size()) && partial_values[size_t(i)].has_rank() && shape(i).rank() == 1)
    return partial_values[size_t(i)];
  if (shape(i).rank() == 1 && shape(i)[0] >= 0 && shape(i)[0] <= 254)
    return Shape::unknown_of_rank(int(shape(i)[0]));
  return Shape::unknown();
}

Shape InferContext::with_rank(int i, int rank) const {
  if (!shape(i).has_rank()) return Shape::unknown_of_rank(rank);
  if (shape(i).rank() != rank)
    fail(cat("Shape must be rank ", rank, " but is rank ", shape(i).rank(), " for input ", i));
  return shape(i);
}

Shape InferContext::with_rank_at_least(int i, int rank) const {
  if (shape(i).has_rank() && shape(i).rank() < rank)
    fail(cat("Shape must be at least rank ", rank, " but is rank ", shape(i).rank(), " for input ", i));
  return shape(i);
}

int InferContext::axis(int64_t a, int rank, const char* what) const {
  if (a < -rank || a >= rank) fail(cat(what, " ", a, " is out of range [", -rank, ", ", rank, ")"));
  return int(a < 0 ? a + rank : a);
}

void InferContext::fail(const std::string& message) const {
  std::string s = cat(op_prefix(def_.name, node_), message);
  if (!shapes_.empty()) {
    s += "\n  inputs ";
    for (size_t i = 0; i < shapes_.size(); ++i) {
      if (i) s += ", ";
      s += cat(dtype_name(types_[i]), " ", shapes_[i].str());
      if (i == 15 && shapes_.size() > 16) {
        s += ", ...";
        break;
      }
    }
  }
  throw InvalidArgument(s);
}

void infer_unchanged(InferContext& c) {
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, c.shape(0));
}

namespace {
Shape broadcast_all(InferContext& c) {
  Shape s = c.shape(0);
  try {
    for (int i = 1; i < c.num_inputs(); ++i) s = broadcast_shapes(s, c.shape(i));
  } catch (const InvalidArgument& e) {
    c.fail(e.what());
  }
  return s;
}
}  // namespace

void infer_broadcast(InferContext& c) { c.set_output(0, broadcast_all(c)); }
void infer_broadcast_n(InferContext& c) { c.set_output(0, broadcast_all(c)); }
void infer_scalar(InferContext& c) {
  for (int i = 0; i < c.num_outputs(); ++i) c.set_output(i, Shape{});
}
void infer_unknown(InferContext&) {}

}  // namespace floe
