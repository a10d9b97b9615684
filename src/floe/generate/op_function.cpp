#include "floe/generate/op_function.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "floe/base/text.h"
#include "floe/generate/names.h"

namespace floe::generate {
namespace {

constexpr std::string_view kOptions = "attrs";

bool is_list(const std::string& type) { return type.rfind("list(", 0) == 0; }

bool names_function(const AttrDef& a) { return a.type == "func" || a.type == "list(func)"; }

std::string element_type(const std::string& t) {
  if (t == "int") return "int64_t";
  if (t == "float") return "float";
  if (t == "bool") return "bool";
  if (t == "string") return "std::string";
  if (t == "type") return "DType";
  if (t == "shape") return "Shape";
  if (t == "tensor") return "Tensor";
  throw Internal(cat("attribute type '", t, "' has no C++ type"));
}

std::string cpp_type(const AttrDef& a) {
  return is_list(a.type) ? cat("std::vector<", element_type(a.type.substr(5, a.type.size() - 6)), ">")
                         : element_type(a.type);
}

std::string parameter_type(const AttrDef& a) {
  bool by_value = a.type == "int" || a.type == "float" || a.type == "bool" || a.type == "type";
  return by_value ? cpp_type(a) : cat("const ", cpp_type(a), "&");
}

template <class T>
std::string literal(const T&) {
  throw Internal("this default value cannot be written in C++");
}
std::string literal(int64_t v) {
  return v == std::numeric_limits<int64_t>::min() ? "std::numeric_limits<int64_t>::min()" : cat(v);
}
std::string literal(bool v) { return v ? "true" : "false"; }
std::string literal(float v) {
  if (std::isnan(v)) return "std::numeric_limits<float>::quiet_NaN()";
  if (std::isinf(v)) return cat(v < 0 ? "-" : "", "std::numeric_limits<float>::infinity()");
  std::string s = cat(v);
  return s.find_first_of(".e") == s.npos ? cat(s, ".0f") : cat(s, "f");
}
std::string literal(const std::string& v) { return quoted(v); }
std::string literal(DType t) {
  if (t == DType::kInvalid) return "DType::kInvalid";
  std::string name = dtype_name(t);
  name[0] = char(name[0] - 'a' + 'A');
  return cat("DType::k", name);
}
std::string literal(const Shape& s) {
  if (!s.has_rank()) return "Shape::unknown()";
  std::string dims;
  for (int64_t d : s) dims += cat(dims.empty() ? "" : ", ", d);
  return cat("Shape{", dims, "}");
}
template <class T>
std::string literal(const std::vector<T>& list) {
  std::string s;
  for (size_t i = 0; i < list.size(); ++i) s += cat(i ? ", " : "", literal(T(list[i])));
  return cat("{", s, "}");
}

std::string default_text(const AttrDef& a) {
  return std::visit([](const auto& v) { return literal(v); }, a.default_value);
}

// Control characters of a default value (a delimiter) would break the comment.
std::string one_line(const std::string& s) {
  std::string out;
  for (char c : s) out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : std::string(1, c);
  return out;
}

class Writer {
 public:
  explicit Writer(const OpDef& def) : def_(def), name_(function_name(def.name)) {
    for (const AttrDef& a : def_.attrs)
      if (!follows_from_inputs(a.name)) (a.has_default ? optional_ : required_).push_back(&a);
    check_names();
  }

  std::string text() const {
    return cat(options_struct(), outputs_struct(), "/// ", one_line(op_signature(def_)), "\ninline ",
               result_type(), " ", name_, "(", parameters(), ") {\n", body(), "}\n");
  }

 private:
  bool follows_from_inputs(const std::string& attr) const {
    return std::any_of(def_.inputs.begin(), def_.inputs.end(), [&](const ArgDef& a) {
      return a.type_attr == attr || a.type_list_attr == attr || a.number_attr == attr;
    });
  }

  // Parameters share one scope; the struct of options has a scope of its own.
  void check_names() const {
    std::vector<std::string> names{std::string(kOptions)};
    for (const ArgDef& a : def_.inputs) names.push_back(safe_name(a.name));
    for (const AttrDef* a : required_) names.push_back(safe_name(a->name));
    std::sort(names.begin(), names.end());
    auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) throw Internal(cat("Op '", def_.name, "' has two parameters '", *twice, "'"));
  }

  std::string options_struct() const {
    if (optional_.empty()) return "";
    std::string s = cat("/// What ", name_, " does unless told otherwise.\nstruct ", def_.name, "Attrs {\n");
    for (const AttrDef* a : optional_)
      s += cat("  ", cpp_type(*a), " ", safe_name(a->name), " = ", default_text(*a), ";\n");
    return s + "};\n\n";
  }

  static std::string output_type(const ArgDef& a) { return a.is_list() ? "std::vector<Tensor>" : "Tensor"; }

  std::string outputs_struct() const {
    if (def_.outputs.size() < 2) return "";
    std::string s = cat("/// What ", name_, " gives.\nstruct ", def_.name, "Outputs {\n");
    for (const ArgDef& a : def_.outputs) s += cat("  ", output_type(a), " ", safe_name(a.name), ";\n");
    return s + "};\n\n";
  }

  std::string result_type() const {
    if (def_.outputs.empty()) return "void";
    return def_.outputs.size() == 1 ? output_type(def_.outputs[0]) : cat(def_.name, "Outputs");
  }

  std::string parameters() const {
    std::string s;
    auto add = [&](const std::string& type, std::string_view name) {
      s += cat(s.empty() ? "" : ", ", type, " ", name);
    };
    for (const ArgDef& a : def_.inputs)
      add(a.is_list() ? "const std::vector<Tensor>&" : "const Tensor&", safe_name(a.name));
    for (const AttrDef* a : required_) add(parameter_type(*a), safe_name(a->name));
    if (!optional_.empty()) add(cat("const ", def_.name, "Attrs&"), cat(kOptions, " = {}"));
    return s;
  }

  std::string inputs() const {
    std::string s;
    bool lists = false;
    for (const ArgDef& a : def_.inputs) {
      s += cat(s.empty() ? "" : ", ", safe_name(a.name));
      lists |= a.is_list();
    }
    return lists ? cat("detail::join(", s, ")") : cat("{", s, "}");
  }

  // Lengths and types of lists are given, since several lists laid out flat could be told apart in several
  // ways.
  std::string attributes() const {
    std::string s;
    std::vector<std::string> given;
    auto add = [&](const std::string& name, const std::string& value) {
      if (std::find(given.begin(), given.end(), name) != given.end()) return;
      given.push_back(name);
      s += cat(s.empty() ? "" : ", ", "{", quoted(name), ", ", value, "}");
    };
    for (const ArgDef& a : def_.inputs) {
      if (!a.number_attr.empty()) add(a.number_attr, cat("int64_t(", safe_name(a.name), ".size())"));
      if (!a.type_list_attr.empty()) add(a.type_list_attr, cat("detail::types(", safe_name(a.name), ")"));
    }
    for (const AttrDef* a : required_) add(a->name, safe_name(a->name));
    for (const AttrDef* a : optional_) add(a->name, cat(kOptions, ".", safe_name(a->name)));
    return s;
  }

  // How many tensors a list output has.
  std::string count(const ArgDef& output) const {
    const std::string& attr = output.number_attr.empty() ? output.type_list_attr : output.number_attr;
    for (const ArgDef& a : def_.inputs)
      if (a.number_attr == attr || a.type_list_attr == attr) return cat(safe_name(a.name), ".size()");
    bool option =
        std::any_of(optional_.begin(), optional_.end(), [&](const AttrDef* a) { return a->name == attr; });
    std::string value = option ? cat(kOptions, ".", safe_name(attr)) : safe_name(attr);
    return output.number_attr.empty() ? cat(value, ".size()") : cat("size_t(", value, ")");
  }

  std::string body() const {
    std::string attrs = attributes();
    std::string call = cat("floe::call(", quoted(def_.name), ", ", inputs(),
                           attrs.empty() ? "" : cat(", {", attrs, "}"), ")");
    if (def_.outputs.empty()) return cat("  ", call, ";\n");
    if (def_.outputs.size() == 1)
      return def_.outputs[0].is_list() ? cat("  return ", call, ";\n")
                                       : cat("  return detail::only(", call, ");\n");
    std::string s = cat("  detail::Outputs outputs_(", call, ");\n  return {");
    for (size_t i = 0; i < def_.outputs.size(); ++i) {
      const ArgDef& a = def_.outputs[i];
      s += cat(i ? ", " : "", "outputs_.", a.is_list() ? cat("many(", count(a), ")") : std::string("one()"));
    }
    return s + "};\n";
  }

  const OpDef& def_;
  std::string name_;
  std::vector<const AttrDef*> required_, optional_;
};

}  // namespace

bool is_public(const OpDef& def) {
  auto is_ref = [](const ArgDef& a) { return a.is_ref; };
  return def.name[0] != '_' && (def.kernel || has_tuned_kernel(def.name)) && !def.accepts_dead &&
         std::none_of(def.inputs.begin(), def.inputs.end(), is_ref) &&
         std::none_of(def.outputs.begin(), def.outputs.end(), is_ref) &&
         std::none_of(def.attrs.begin(), def.attrs.end(), names_function);
}

std::string op_function(const OpDef& def) { return Writer(def).text(); }

}  // namespace floe::generate
