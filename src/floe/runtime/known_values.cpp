#include "floe/runtime/known_values.h"

#include "floe/op/kernel.h"

namespace floe {
namespace {

constexpr int kMaxDepth = 40;
constexpr int64_t kMaxElements = 1024;

const Shape& shape_at(const Endpoint& e) {
  static const Shape unknown = Shape::unknown();
  return size_t(e.index) < e.node->output_shapes.size() ? e.node->output_shapes[size_t(e.index)] : unknown;
}

Tensor integers(DType t, const Shape& shape, std::span<const int64_t> v) {
  Tensor r(t, shape);
  for (size_t i = 0; i < v.size(); ++i)
    if (t == DType::kInt32)
      r.mutable_data<int32_t>()[i] = int32_t(v[i]);
    else
      r.mutable_data<int64_t>()[i] = v[i];
  return r;
}

std::vector<int64_t> as_integers(const Tensor& t) {
  std::vector<int64_t> v;
  if (t.dtype() == DType::kInt32)
    for (int32_t x : t.flat<int32_t>()) v.push_back(x);
  else if (t.dtype() == DType::kInt64)
    for (int64_t x : t.flat<int64_t>()) v.push_back(x);
  return v;
}

bool may_evaluate(const Node& n) {
  if (!n.op || n.op->stateful || n.op->accepts_dead || !n.op->kernel || n.inputs.empty()) return false;
  for (DType t : n.output_types)
    if (!is_integer(t) && t != DType::kBool) return false;
  for (const Shape& s : n.output_shapes)
    if (!s.is_fully_defined() || s.num_elements() > kMaxElements) return false;
  for (const Endpoint& e : n.inputs)
    if (!shape_at(e).is_fully_defined() || shape_at(e).num_elements() > kMaxElements) return false;
  for (const AttrDef& a : n.op->attrs)
    if (a.type == "func" || a.type == "list(func)") return false;
  return true;
}

}  // namespace

Tensor KnownValues::value(const Endpoint& e) const { return compute(e, 0); }

Tensor KnownValues::compute(const Endpoint& e, int depth) const {
  const Node& n = *e.node;
  if (n.is("Const")) return constant_value(e);
  if (n.is("Shape") || n.is("ShapeN")) {
    const Shape& s = shape_at(n.inputs[size_t(e.index)]);
    return s.is_fully_defined() ? integers(n.output_types[0], {s.rank()}, s.dims()) : Tensor();
  }
  if (n.is("Size") && shape_at(n.inputs[0]).is_fully_defined()) {
    int64_t v = shape_at(n.inputs[0]).num_elements();
    return integers(n.output_types[0], {}, {&v, 1});
  }
  if (n.is("Rank") && shape_at(n.inputs[0]).has_rank())
    return Tensor::scalar(int32_t(shape_at(n.inputs[0]).rank()));
  if (depth > kMaxDepth || !may_evaluate(n)) return {};
  if (auto it = values_.find(&n); it != values_.end())
    return it->second.empty() ? Tensor() : it->second[size_t(e.index)];
  std::vector<Tensor> inputs;
  values_[&n];  // tried
  for (const Endpoint& i : n.inputs) {
    inputs.push_back(compute(i, depth + 1));
    if (!inputs.back()) return {};
  }
  RunState state;
  try {
    values_[&n] = invoke(*n.op, inputs, n.attrs, state, n.name);
  } catch (const Error&) {
    return {};  // belongs to the run
  }
  return values_[&n].empty() ? Tensor() : values_[&n][size_t(e.index)];
}

Shape KnownValues::elements(const Endpoint& e) const { return compute_elements(e, 0); }

Shape KnownValues::compute_elements(const Endpoint& e, int depth) const {
  DType t = e.node->output_types[size_t(e.index)];
  if ((t != DType::kInt32 && t != DType::kInt64) || depth > kMaxDepth) return Shape::unknown();
  if (shape_at(e).has_rank() && shape_at(e).rank() > 1) return Shape::unknown();
  if (Tensor v = compute(e, 0)) {
    Shape s;
    for (int64_t d : as_integers(v)) s.push_back(d < -1 ? -1 : d);
    return s;
  }
  const Node& n = *e.node;
  auto in = [&](size_t i) { return compute_elements(n.inputs[i], depth + 1); };
  if (n.is("Shape")) return shape_at(n.inputs[0]);
  if (n.is("Identity") || n.is("Cast") || n.is("StopGradient")) return in(0);
  Shape out;
  auto append = [&](const Shape& part, const Endpoint& from) {
    if (part.has_rank()) {
      for (int64_t d : part) out.push_back(d);
      return true;
    }
    const Shape& s = shape_at(from);
    if (s.rank() > 1 || !s.is_fully_defined()) return false;
    for (int64_t i = 0, k = s.num_elements(); i < k; ++i) out.push_back(-1);
    return true;
  };
  if (n.is("Pack") && n.attrs.get_or<int64_t>("axis", 0) == 0) {
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      if (shape_at(n.inputs[i]).rank() != 0 || !append(in(i), n.inputs[i])) return Shape::unknown();
    }
    return out;
  }
  if (n.is("ConcatV2")) {
    for (size_t i = 0; i + 1 < n.inputs.size(); ++i)
      if (!append(in(i), n.inputs[i])) return Shape::unknown();
    return out;
  }
  if (n.is("StridedSlice")) {
    Shape v = in(0);
    Tensor begin = compute(n.inputs[1], 0), end = compute(n.inputs[2], 0), stride = compute(n.inputs[3], 0);
    if (!v.has_rank() || !begin || !end || !stride || begin.num_elements() != 1) return Shape::unknown();
    int64_t size = v.rank(), b = as_integers(begin)[0], s = as_integers(stride)[0], f = as_integers(end)[0];
    auto mask = [&](const char* name) { return n.attrs.get_or<int64_t>(name, 0) & 1; };
    if (s <= 0 || mask("ellipsis_mask") || mask("new_axis_mask")) return Shape::unknown();
    if (b < 0) b += size;
    if (mask("begin_mask")) b = 0;
    if (mask("shrink_axis_mask")) {
      if (b < 0 || b >= size) return Shape::unknown();
      out.push_back(v[int(b)]);
      return out;
    }
    if (f < 0) f += size;
    if (mask("end_mask") || f > size) f = size;
    for (int64_t i = std::max<int64_t>(b, 0); i < f; i += s) out.push_back(v[int(i)]);
    return out;
  }
  return Shape::unknown();
}

}  // namespace floe
