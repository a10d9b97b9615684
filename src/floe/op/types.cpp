// Attributes and argument types of a node against its declaration.
#include <algorithm>

#include "floe/base/text.h"
#include "floe/op/kernel.h"
#include "floe/op/op_def.h"

namespace floe {
namespace {

bool has_attr_type(const std::string& type, const AttrValue& v) {
  if (type == "int") return std::holds_alternative<int64_t>(v);
  if (type == "float") return std::holds_alternative<float>(v);
  if (type == "bool") return std::holds_alternative<bool>(v);
  if (type == "string") return std::holds_alternative<std::string>(v);
  if (type == "type") return std::holds_alternative<DType>(v);
  if (type == "shape") return std::holds_alternative<Shape>(v);
  if (type == "tensor") return std::holds_alternative<Tensor>(v);
  if (type == "func") return std::holds_alternative<FuncRef>(v);
  if (type == "list(int)") return std::holds_alternative<std::vector<int64_t>>(v);
  if (type == "list(float)") return std::holds_alternative<std::vector<float>>(v);
  if (type == "list(bool)") return std::holds_alternative<std::vector<bool>>(v);
  if (type == "list(string)") return std::holds_alternative<std::vector<std::string>>(v);
  if (type == "list(type)") return std::holds_alternative<std::vector<DType>>(v);
  if (type == "list(shape)") return std::holds_alternative<std::vector<Shape>>(v);
  if (type == "list(tensor)") return std::holds_alternative<std::vector<Tensor>>(v);
  if (type == "list(func)") return std::holds_alternative<std::vector<FuncRef>>(v);
  return false;
}

// Numbers given as another kind of number, and empty lists, take the declared type.
void coerce(const std::string& type, AttrValue& v) {
  if (type == "float" && std::holds_alternative<int64_t>(v)) v = float(std::get<int64_t>(v));
  if (type == "int" && std::holds_alternative<bool>(v)) v = int64_t(std::get<bool>(v));
  if (type == "list(float)" && std::holds_alternative<std::vector<int64_t>>(v)) {
    auto& from = std::get<std::vector<int64_t>>(v);
    v = std::vector<float>(from.begin(), from.end());
  }
  if (type.rfind("list(", 0) != 0) return;
  bool empty = std::visit(
      []<class T>(const T& x) {
        if constexpr (requires { x.empty(); })
          return x.empty();
        else
          return false;
      },
      v);
  if (!empty) return;
  if (type == "list(int)") v = std::vector<int64_t>();
  if (type == "list(float)") v = std::vector<float>();
  if (type == "list(bool)") v = std::vector<bool>();
  if (type == "list(string)") v = std::vector<std::string>();
  if (type == "list(type)") v = std::vector<DType>();
  if (type == "list(shape)") v = std::vector<Shape>();
  if (type == "list(tensor)") v = std::vector<Tensor>();
  if (type == "list(func)") v = std::vector<FuncRef>();
}

// The names that TensorFlow's own checks print.
const char* checked_name(DType t) {
  if (t == DType::kFloat32) return "float";
  if (t == DType::kFloat64) return "double";
  return t == DType::kFloat16 ? "half" : dtype_name(t);
}

std::string allowed_types_text(const AttrDef& a) {
  std::string s;
  for (DType t : a.allowed_types) s += cat(s.empty() ? "" : ", ", checked_name(t));
  return s;
}

void check_allowed(const OpDef& def, const AttrDef& a, const AttrValue& v, std::string_view node) {
  auto place = [&] {
    return cat("\n\t; NodeDef: {{node ", node.empty() ? std::string_view(def.name) : node,
               "}}; Op: ", def.name);
  };
  auto check_type = [&](DType t) {
    if (!a.allowed_types.empty() &&
        std::find(a.allowed_types.begin(), a.allowed_types.end(), t) == a.allowed_types.end())
      throw InvalidArgument(cat("Value for attr '", a.name, "' of ", checked_name(t),
                                " is not in the list of allowed values: ", allowed_types_text(a), place()));
  };
  auto check_string = [&](const std::string& s) {
    if (!a.allowed_strings.empty() &&
        std::find(a.allowed_strings.begin(), a.allowed_strings.end(), s) == a.allowed_strings.end())
      throw InvalidArgument(cat("Value for attr '", a.name, "' of \"", s,
                                "\" is not in the list of allowed values: \"",
                                join(a.allowed_strings, "\", \""), "\"", place()));
  };
  if (auto* t = std::get_if<DType>(&v)) check_type(*t);
  if (auto* ts = std::get_if<std::vector<DType>>(&v))
    for (DType t : *ts) check_type(t);
  if (auto* s = std::get_if<std::string>(&v)) check_string(*s);
  if (auto* ss = std::get_if<std::vector<std::string>>(&v))
    for (auto& s : *ss) check_string(s);
  if (!a.has_minimum) return;
  int64_t have = a.minimum;
  if (auto* i = std::get_if<int64_t>(&v)) have = *i;
  std::visit(
      [&]<class T>(const T& x) {
        if constexpr (requires { typename T::value_type; } && !std::is_same_v<T, std::string>)
          have = int64_t(x.size());
      },
      v);
  if (have < a.minimum)
    throw InvalidArgument(
        cat("Value for attr '", a.name, "' of ", have, " must be at least minimum ", a.minimum, place()));
}

}  // namespace

AttrMap normalize_attrs(const OpDef& def, AttrMap attrs, std::string_view node) {
  for (const AttrDef& a : def.attrs) {
    const AttrValue* v = attrs.find(a.name);
    if (!v) {
      if (!a.has_default)
        throw InvalidArgument(
            cat(op_prefix(def.name, node), "attribute '", a.name, "' (", a.type, ") is missing"));
      attrs.set(a.name, a.default_value);
      continue;
    }
    if (!has_attr_type(a.type, *v)) {
      AttrValue c = *v;
      coerce(a.type, c);
      if (!has_attr_type(a.type, c))
        throw InvalidArgument(cat(op_prefix(def.name, node), "attribute '", a.name, "' must be a ", a.type,
                                  ", found ", attr_str(*v)));
      attrs.set(a.name, c);
      v = attrs.find(a.name);
    }
    check_allowed(def, a, *v, node);
  }
  return attrs;
}

std::vector<DType> arg_types(const OpDef& def, const std::vector<ArgDef>& args, const AttrMap& attrs,
                             std::string_view node) {
  std::vector<DType> out;
  for (const ArgDef& a : args) {
    if (!a.type_list_attr.empty()) {
      for (DType t : attrs.get<std::vector<DType>>(a.type_list_attr)) out.push_back(t);
      continue;
    }
    DType t = a.type_attr.empty() ? a.type : attrs.get<DType>(a.type_attr);
    int64_t n = a.number_attr.empty() ? 1 : attrs.get<int64_t>(a.number_attr);
    if (n < 0 || n > (1 << 20))
      throw InvalidArgument(cat(op_prefix(def.name, node), "attribute '", a.number_attr, "' is ", n,
                                ", expected a number of tensors"));
    out.insert(out.end(), size_t(n), t);
  }
  return out;
}

void infer_type_attrs(const OpDef& def, std::span<const DType> types, AttrMap& attrs, std::string_view node) {
  // Of several lists without a length, those with a default length have it.
  auto unresolved = [&](const ArgDef& a) {
    return a.is_list() && !attrs.has(a.number_attr) && !attrs.has(a.type_list_attr);
  };
  if (std::count_if(def.inputs.begin(), def.inputs.end(), unresolved) > 1)
    for (const ArgDef& a : def.inputs)
      if (unresolved(a))
        if (const AttrDef* d = def.find_attr(a.number_attr.empty() ? a.type_list_attr : a.number_attr);
            d && d->has_default)
          attrs.set(d->name, d->default_value);
  // Tensors that belong to fixed arguments; what is left goes to the one list argument without a number yet.
  size_t fixed = 0;
  int lists = 0;
  for (const ArgDef& a : def.inputs)
    if (!a.is_list())
      ++fixed;
    else if (!attrs.has(a.number_attr) && !attrs.has(a.type_list_attr))
      ++lists;
    else
      fixed += a.number_attr.empty() ? attrs.get<std::vector<DType>>(a.type_list_attr).size()
                                     : size_t(attrs.get<int64_t>(a.number_attr));
  auto wrong_count = [&]() {
    throw InvalidArgument(cat(op_prefix(def.name, node), "takes ", lists ? "at least " : "", fixed,
                              " inputs, ", types.size(), " were given: ", op_signature(def)));
  };
  if (types.size() < fixed || (!lists && types.size() != fixed) || lists > 1) wrong_count();
  size_t at = 0;
  for (const ArgDef& a : def.inputs) {
    if (!a.type_list_attr.empty()) {
      const AttrValue* have = attrs.find(a.type_list_attr);
      size_t n = have ? attrs.get<std::vector<DType>>(a.type_list_attr).size() : types.size() - fixed;
      std::vector<DType> list(types.begin() + long(at), types.begin() + long(at + n));
      if (!have) attrs.set(a.type_list_attr, list);
      at += n;
      continue;
    }
    size_t n = 1;
    if (!a.number_attr.empty()) {
      if (!attrs.has(a.number_attr)) attrs.set(a.number_attr, int64_t(types.size() - fixed));
      n = size_t(attrs.get<int64_t>(a.number_attr));
    }
    for (size_t i = 0; i < n; ++i, ++at) {
      DType want = a.type;
      if (!a.type_attr.empty()) {
        if (!attrs.has(a.type_attr)) attrs.set(a.type_attr, types[at]);
        want = attrs.get<DType>(a.type_attr);
      }
      if (types[at] != want)
        throw InvalidArgument(cat(op_prefix(def.name, node), "cannot compute ", def.name, " as input #", at,
                                  "(zero-based) was expected to be a ", dtype_name(want), " tensor but is a ",
                                  dtype_name(types[at]), " tensor [Op:", def.name, "] name: ", a.name));
    }
  }
}

}  // namespace floe
