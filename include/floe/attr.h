// Attribute values of ops and nodes: what TensorFlow calls AttrValue.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "floe/dtype.h"
#include "floe/error.h"
#include "floe/shape.h"
#include "floe/tensor.h"

namespace floe {

class AttrMap;

/// A function named by an attribute ("func"), with its own attributes.
struct FuncRef {
  std::string name;
  std::shared_ptr<const AttrMap> attrs;
};

/// Values of the types TensorFlow's attributes have. Lists hold one type; an empty list may be of any.
using AttrValue =
    std::variant<std::monostate, int64_t, float, bool, std::string, DType, Shape, Tensor, FuncRef,
                 std::vector<int64_t>, std::vector<float>, std::vector<bool>, std::vector<std::string>,
                 std::vector<DType>, std::vector<Shape>, std::vector<Tensor>, std::vector<FuncRef>>;

bool attr_equal(const AttrValue& a, const AttrValue& b);
/// For messages and `floe explain`: 3, "SAME", float32, [1, 2].
std::string attr_str(const AttrValue& v);

/// A small map kept sorted by name.
class AttrMap {
 public:
  using Entry = std::pair<std::string, AttrValue>;
  AttrMap() = default;
  AttrMap(std::initializer_list<Entry> entries) {
    for (const Entry& e : entries) set(e.first, e.second);
  }

  void set(std::string_view name, AttrValue value);
  void erase(std::string_view name);
  const AttrValue* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

  /// The value as T; throws InvalidArgument naming the attribute when it is missing or of another type.
  /// An empty list of any type reads as an empty list of T.
  template <class T>
  const T& get(std::string_view name) const {
    const AttrValue* v = find(name);
    if (!v) missing(name);
    if (const T* p = std::get_if<T>(v)) return *p;
    if (const T* e = empty_list<T>(*v)) return *e;
    wrong_type(name, *v);
  }
  template <class T>
  T get_or(std::string_view name, T fallback) const {
    const AttrValue* v = find(name);
    const T* p = v ? std::get_if<T>(v) : nullptr;
    return p ? *p : fallback;
  }

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  size_t size() const { return entries_.size(); }
  bool operator==(const AttrMap& o) const;

 private:
  [[noreturn]] static void missing(std::string_view name);
  [[noreturn]] static void wrong_type(std::string_view name, const AttrValue& v);
  static bool is_empty_list(const AttrValue& v);
  template <class T>
  static const T* empty_list(const AttrValue& v) {
    if constexpr (requires(T t) { t.push_back(t.front()); } && !std::is_same_v<T, std::string>) {
      static const T none;
      if (is_empty_list(v)) return &none;
    }
    return nullptr;
  }

  std::vector<Entry> entries_;
};

}  // namespace floe
