#include "floe/runtime/eager_site.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "floe/op/infer.h"
#include "floe/runtime/attr_hash.h"

namespace floe {
namespace {

constexpr int64_t kMaxStructural = 64;  // elements of an input whose value decides shapes
constexpr size_t kMaxSites = 4096;
constexpr size_t kMaxVariants = 32;

bool plain(DType t) { return is_pod(t) && !is_quantized(t); }

using SitePtr = std::shared_ptr<Site>;
using Sites = std::unordered_multimap<uint64_t, SitePtr>;

Sites& sites() {
  thread_local Sites s;
  return s;
}

bool matches(const Site& s, const OpDef& op, const std::vector<Tensor>& inputs, const AttrMap& attrs) {
  if (s.op != &op || s.types.size() != inputs.size()) return false;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (s.types[i] != inputs[i].dtype() || !(s.shapes[i] == inputs[i].shape())) return false;
  return s.given == attrs;
}

void infer(Site& s) {
  InferContext c(*s.op, s.attrs, s.shapes, s.types, s.values, {});
  if (s.op->infer) s.op->infer(c);
  s.out_types.assign(c.output_types().begin(), c.output_types().end());
  s.out_shapes.assign(c.output_shapes().begin(), c.output_shapes().end());
}

bool known(const Site& s) {
  return std::all_of(s.out_shapes.begin(), s.out_shapes.end(),
                     [](const Shape& shape) { return shape.is_fully_defined(); });
}

void finish(Site& s) {
  s.may_wait = !s.out_types.empty() && known(s) &&
               std::all_of(s.out_types.begin(), s.out_types.end(), plain) &&
               std::all_of(s.types.begin(), s.types.end(), plain);
  if (s.may_wait)
    for (const Shape& shape : s.out_shapes) s.out_elements.push_back(shape.num_elements());
}

bool may_decide(const Tensor& t) {
  return (t.dtype() == DType::kInt32 || t.dtype() == DType::kInt64) && t.is_concrete() &&
         t.num_elements() <= kMaxStructural;
}

bool same_values(const Site& s, const std::vector<Tensor>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (bool(s.values[i]) != may_decide(inputs[i])) return false;
    if (s.values[i] && std::memcmp(s.values[i].raw(), inputs[i].raw(), inputs[i].nbytes())) return false;
  }
  return true;
}

std::shared_ptr<const Site> variant(Site& s, const std::vector<Tensor>& inputs) {
  for (const auto& v : s.variants)
    if (same_values(*v, inputs)) return v;
  auto v = std::make_shared<Site>();
  v->op = s.op;
  v->attrs = s.attrs;
  v->types = s.types;
  v->shapes = s.shapes;
  for (const Tensor& t : inputs) v->values.push_back(may_decide(t) ? t.clone() : Tensor());
  infer(*v);
  finish(*v);
  if (s.variants.size() >= kMaxVariants) s.variants.erase(s.variants.begin());
  s.variants.push_back(v);
  return v;
}

SitePtr make_site(const OpDef& op, const std::vector<Tensor>& inputs, const AttrMap& attrs) {
  auto s = std::make_shared<Site>();
  s->op = &op;
  s->given = attrs;
  for (const Tensor& t : inputs) {
    s->types.push_back(t.dtype());
    s->shapes.push_back(t.shape());
  }
  AttrMap all = attrs;
  infer_type_attrs(op, s->types, all);
  s->attrs = normalize_attrs(op, std::move(all));
  infer(*s);
  s->by_value = !known(*s) && std::any_of(inputs.begin(), inputs.end(), [](const Tensor& t) {
    return t.dtype() == DType::kInt32 || t.dtype() == DType::kInt64;
  });
  finish(*s);
  return s;
}

}  // namespace

std::shared_ptr<const Site> resolve_site(const OpDef& op, const std::vector<Tensor>& inputs,
                                         const AttrMap& attrs) {
  uint64_t h = mix(0, reinterpret_cast<uintptr_t>(&op));
  for (const Tensor& t : inputs) {
    h = mix(h, uint64_t(t.dtype()));
    for (int64_t d : t.shape()) h = mix(h, uint64_t(d));
  }
  SitePtr s;
  if (!hash_attrs(attrs, h)) {
    s = make_site(op, inputs, attrs);
  } else {
    auto [from, to] = sites().equal_range(h);
    for (auto it = from; it != to && !s; ++it)
      if (matches(*it->second, op, inputs, attrs)) s = it->second;
    if (!s) {
      s = make_site(op, inputs, attrs);
      if (sites().size() >= kMaxSites) sites().clear();
      sites().emplace(h, s);
    }
  }
  if (s->by_value) return variant(*s, inputs);
  return s;
}

}  // namespace floe
