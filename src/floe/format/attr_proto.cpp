#include "floe/format/attr_proto.h"

#include "floe/base/text.h"
#include "floe/format/schema.h"
#include "floe/format/tensor_proto.h"

namespace floe {
namespace {

DType type_from_number(int64_t v) {
  if (v > 100) v -= 100;  // reference types
  if (v == 0) return DType::kInvalid;
  if (!is_known_dtype(int(v)) || v > 127)
    throw InvalidArgument(cat("type number ", v, " is not known to Floe"));
  return DType(v);
}

FuncRef func_from_proto(const Message& f, const AttrMap* bindings) {
  return {std::string(f.get_string("name")),
          std::make_shared<AttrMap>(attrs_from_proto(f, "attr", bindings))};
}

AttrValue list_from_proto(const Message& l, const AttrMap* bindings) {
  auto collect = [&]<class T>(const char* field, auto&& get) -> std::vector<T> {
    std::vector<T> v;
    size_t n = l.size(field);
    v.reserve(n);
    for (size_t i = 0; i < n; ++i) v.push_back(get(i));
    return v;
  };
  if (l.size("s"))
    return collect.template operator()<std::string>(
        "s", [&](size_t i) { return std::string(l.get_string("s", i)); });
  if (l.size("i"))
    return collect.template operator()<int64_t>("i", [&](size_t i) { return l.get_int("i", i); });
  if (l.size("f"))
    return collect.template operator()<float>("f", [&](size_t i) { return float(l.get_double("f", i)); });
  if (l.size("b"))
    return collect.template operator()<bool>("b", [&](size_t i) { return l.get_int("b", i) != 0; });
  if (l.size("type"))
    return collect.template operator()<DType>(
        "type", [&](size_t i) { return type_from_number(l.get_int("type", i)); });
  if (l.size("shape"))
    return collect.template operator()<Shape>(
        "shape", [&](size_t i) { return shape_from_proto(l.get_message("shape", i)); });
  if (l.size("tensor"))
    return collect.template operator()<Tensor>(
        "tensor", [&](size_t i) { return tensor_from_proto(l.get_message("tensor", i)); });
  if (l.size("func"))
    return collect.template operator()<FuncRef>(
        "func", [&](size_t i) { return func_from_proto(l.get_message("func", i), bindings); });
  return std::vector<int64_t>();
}

}  // namespace

Shape shape_from_proto(const Message& p) {
  if (p.get_bool("unknown_rank")) return Shape::unknown();
  size_t n = p.size("dim");
  if (n > 254) throw InvalidArgument(cat("a shape of ", n, " dimensions: at most 254 are allowed"));
  std::vector<int64_t> dims;
  for (size_t i = 0; i < n; ++i) {
    int64_t d = p.get_message("dim", i).get_int("size");
    if (d < -1)
      throw InvalidArgument(cat("dimension ", i, " of a shape is ", d, ", expected -1 (unknown) or more"));
    dims.push_back(d);
  }
  return Shape(dims);
}

void shape_to_proto(const Shape& s, Message& p) {
  p.clear();
  if (!s.has_rank()) return p.set_bool("unknown_rank", true);
  for (int64_t d : s) p.add_message("dim").set_int("size", d);
}

AttrValue attr_from_proto(const Message& a, const AttrMap* bindings) {
  const FieldType* f = a.which_oneof("value");
  if (!f) return {};
  std::string_view k = f->name;
  if (k == "s") return std::string(a.get_string("s"));
  if (k == "i") return a.get_int("i");
  if (k == "f") return float(a.get_double("f"));
  if (k == "b") return a.get_bool("b");
  if (k == "type") return type_from_number(a.get_int("type"));
  if (k == "shape") return shape_from_proto(a.get_message("shape"));
  if (k == "tensor") return tensor_from_proto(a.get_message("tensor"));
  if (k == "func") return func_from_proto(a.get_message("func"), bindings);
  if (k == "list") return list_from_proto(a.get_message("list"), bindings);
  if (k == "placeholder") {
    std::string_view name = a.get_string("placeholder");
    const AttrValue* v = bindings ? bindings->find(name) : nullptr;
    if (!v) throw InvalidArgument(cat("placeholder '", name, "' has no value"));
    return *v;
  }
  return {};
}

AttrMap attrs_from_proto(const Message& holder, const char* field, const AttrMap* bindings) {
  AttrMap m;
  size_t n = holder.size(field);
  for (size_t i = 0; i < n; ++i) {
    std::string_view name = holder.map_key(field, i).text();
    try {
      m.set(name, attr_from_proto(holder.map_message_at(field, i), bindings));
    } catch (const Error& e) {
      throw_error(e.code(), cat("attribute '", name, "': ", e.what()));
    }
  }
  return m;
}

namespace {

void put(Message& list, int64_t v) { list.add_int("i", v); }
void put(Message& list, float v) { list.add_double("f", v); }
void put(Message& list, bool v) { list.add_int("b", v); }
void put(Message& list, const std::string& v) { list.add_string("s", v); }
void put(Message& list, DType v) { list.add_int("type", int(v)); }
void put(Message& list, const Shape& v) { shape_to_proto(v, list.add_message("shape")); }
void put(Message& list, const Tensor& v) { list.add_message("tensor").copy_from(*tensor_to_proto(v)); }
void put_func(Message& to, const FuncRef& f) {
  to.set_string("name", f.name);
  if (f.attrs)
    for (auto& [k, v] : *f.attrs) attr_to_proto(v, to.map_message("attr", k));
}
void put(Message& list, const FuncRef& v) { put_func(list.add_message("func"), v); }

}  // namespace

void attr_to_proto(const AttrValue& value, Message& a) {
  std::visit(
      [&]<class T>(const T& v) {
        if constexpr (std::is_same_v<T, std::monostate>)
          a.clear();
        else if constexpr (std::is_same_v<T, int64_t>)
          a.set_int("i", v);
        else if constexpr (std::is_same_v<T, float>)
          a.set_double("f", v);
        else if constexpr (std::is_same_v<T, bool>)
          a.set_bool("b", v);
        else if constexpr (std::is_same_v<T, std::string>)
          a.set_string("s", v);
        else if constexpr (std::is_same_v<T, DType>)
          a.set_int("type", int(v));
        else if constexpr (std::is_same_v<T, Shape>)
          shape_to_proto(v, a.mutable_message("shape"));
        else if constexpr (std::is_same_v<T, Tensor>)
          a.mutable_message("tensor").copy_from(*tensor_to_proto(v));
        else if constexpr (std::is_same_v<T, FuncRef>)
          put_func(a.mutable_message("func"), v);
        else {
          Message& list = a.mutable_message("list");
          for (size_t i = 0; i < v.size(); ++i) put(list, typename T::value_type(v[i]));
        }
      },
      value);
}

}  // namespace floe
