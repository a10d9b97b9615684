#include "floe/op/attr.h"

#include <algorithm>
#include <cstring>

#include "floe/base/text.h"

namespace floe {
namespace {

bool tensor_equal(const Tensor& a, const Tensor& b) {
  if (!a || !b) return !a && !b;
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return false;
  if (a.dtype() == DType::kString)
    return std::equal(a.data<std::string>(), a.data<std::string>() + a.num_elements(), b.data<std::string>());
  if (!is_pod(a.dtype())) return a.raw() == b.raw();
  return a.raw() == b.raw() || std::memcmp(a.raw(), b.raw(), a.nbytes()) == 0;
}

bool func_equal(const FuncRef& a, const FuncRef& b) {
  static const AttrMap none;
  return a.name == b.name && (a.attrs ? *a.attrs : none) == (b.attrs ? *b.attrs : none);
}

std::string one(int64_t v) { return std::to_string(v); }
std::string one(float v) { return cat(v); }
std::string one(bool v) { return v ? "true" : "false"; }
std::string one(const std::string& v) { return cat("'", v, "'"); }
std::string one(DType v) { return dtype_name(v); }
std::string one(const Shape& v) { return v.str(); }
std::string one(const Tensor& v) {
  if (!v) return "<no tensor>";
  return cat(dtype_name(v.dtype()), " ", v.shape().str(), " ", v.values_str(8));
}
std::string one(const FuncRef& v) { return cat("function '", v.name, "'"); }
template <class T>
std::string one(const std::vector<T>& v) {
  std::string s = "[";
  for (size_t i = 0; i < v.size(); ++i) {
    if (i) s += ", ";
    s += one(T(v[i]));
  }
  return s + "]";
}

}  // namespace

bool attr_equal(const AttrValue& a, const AttrValue& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&]<class T>(const T& x) {
        const T& y = std::get<T>(b);
        if constexpr (std::is_same_v<T, std::monostate>)
          return true;
        else if constexpr (std::is_same_v<T, Tensor>)
          return tensor_equal(x, y);
        else if constexpr (std::is_same_v<T, FuncRef>)
          return func_equal(x, y);
        else if constexpr (std::is_same_v<T, std::vector<Tensor>>)
          return std::equal(x.begin(), x.end(), y.begin(), y.end(), tensor_equal);
        else if constexpr (std::is_same_v<T, std::vector<FuncRef>>)
          return std::equal(x.begin(), x.end(), y.begin(), y.end(), func_equal);
        else if constexpr (std::is_same_v<T, float>)
          return std::memcmp(&x, &y, sizeof x) == 0;
        else
          return x == y;
      },
      a);
}

std::string attr_str(const AttrValue& v) {
  return std::visit(
      []<class T>(const T& x) -> std::string {
        if constexpr (std::is_same_v<T, std::monostate>)
          return "<unset>";
        else
          return one(x);
      },
      v);
}

void AttrMap::set(std::string_view name, AttrValue value) {
  auto it = std::lower_bound(entries_.begin(), entries_.end(), name,
                             [](const Entry& e, std::string_view n) { return e.first < n; });
  if (it != entries_.end() && it->first == name)
    it->second = std::move(value);
  else
    entries_.insert(it, {std::string(name), std::move(value)});
}

void AttrMap::erase(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& e) { return e.first == name; });
}

const AttrValue* AttrMap::find(std::string_view name) const {
  for (const Entry& e : entries_)
    if (e.first == name) return &e.second;
  return nullptr;
}

bool AttrMap::operator==(const AttrMap& o) const {
  return std::equal(
      entries_.begin(), entries_.end(), o.entries_.begin(), o.entries_.end(),
      [](const Entry& a, const Entry& b) { return a.first == b.first && attr_equal(a.second, b.second); });
}

bool AttrMap::is_empty_list(const AttrValue& v) {
  return std::visit(
      []<class T>(const T& x) {
        if constexpr (requires(T t) { t.push_back(t.front()); } && !std::is_same_v<T, std::string>)
          return x.empty();
        else
          return false;
      },
      v);
}

void AttrMap::missing(std::string_view name) {
  throw InvalidArgument(cat("attribute '", name, "' is missing"));
}
void AttrMap::wrong_type(std::string_view name, const AttrValue& v) {
  throw InvalidArgument(cat("attribute '", name, "' has the wrong type: ", attr_str(v)));
}

}  // namespace floe
