// The grammar of declarations (OpBuilder::in, out, attrs).
#include <algorithm>
#include <cstdlib>

#include "floe/base/text.h"
#include "floe/op/op_def.h"

namespace floe {
namespace {

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\n' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\n' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// Splits at `sep` outside of brackets and quotes.
std::vector<std::string_view> split_top(std::string_view s, char sep) {
  std::vector<std::string_view> out;
  int depth = 0;
  bool quoted = false;
  size_t from = 0;
  for (size_t i = 0; i <= s.size(); ++i) {
    if (i == s.size() || (s[i] == sep && depth == 0 && !quoted)) {
      std::string_view part = trim(s.substr(from, i - from));
      if (!part.empty()) out.push_back(part);
      from = i + 1;
    } else if (s[i] == '\'') {
      quoted = !quoted;
    } else if (!quoted) {
      if (s[i] == '{' || s[i] == '[' || s[i] == '(') ++depth;
      if (s[i] == '}' || s[i] == ']' || s[i] == ')') --depth;
    }
  }
  return out;
}

[[noreturn]] void bad(const OpDef& def, std::string_view spec) {
  throw Internal(cat("Op '", def.name, "' is declared wrongly: '", spec, "'"));
}

std::string_view unquote(std::string_view s) {
  return s.size() >= 2 && s.front() == '\'' && s.back() == '\'' ? s.substr(1, s.size() - 2) : s;
}

DType parse_type(const OpDef& def, std::string_view s) {
  DType t = parse_dtype(trim(s));
  if (t == DType::kInvalid) bad(def, s);
  return t;
}

Shape parse_shape(std::string_view s) {
  s = trim(s);
  if (s == "unknown" || s == "<unknown>") return Shape::unknown();
  Shape shape;
  for (auto d : split_top(s.substr(1, s.size() - 2), ','))
    shape.push_back(d == "?" ? -1 : std::atoll(std::string(d).c_str()));
  return shape;
}

AttrValue parse_value(const OpDef& def, const std::string& type, std::string_view s) {
  s = trim(s);
  if (type.rfind("list(", 0) == 0) {
    std::string element = type.substr(5, type.size() - 6);
    if (s.size() < 2) bad(def, s);
    auto parts = split_top(s.substr(1, s.size() - 2), ',');
    auto fill = [&]<class T>(std::vector<T> v) -> AttrValue {
      for (auto p : parts) v.push_back(std::get<T>(parse_value(def, element, p)));
      return v;
    };
    if (element == "int") return fill(std::vector<int64_t>());
    if (element == "float") return fill(std::vector<float>());
    if (element == "bool") return fill(std::vector<bool>());
    if (element == "string") return fill(std::vector<std::string>());
    if (element == "type") return fill(std::vector<DType>());
    if (element == "shape") return fill(std::vector<Shape>());
    if (element == "func") return std::vector<FuncRef>();
    bad(def, s);
  }
  if (type == "int") return int64_t(std::strtoll(std::string(s).c_str(), nullptr, 10));
  if (type == "float") return std::strtof(std::string(s).c_str(), nullptr);
  if (type == "bool") return s == "true";
  if (type == "string") return std::string(unquote(s));
  if (type == "type") return parse_type(def, s);
  if (type == "shape") return parse_shape(s);
  bad(def, s);
}

std::vector<ArgDef> parse_args(const OpDef& def, std::string_view spec) {
  std::vector<ArgDef> out;
  for (auto part : split_top(spec, ',')) {
    size_t colon = part.find(':');
    if (colon == part.npos) bad(def, part);
    ArgDef a;
    a.name = std::string(trim(part.substr(0, colon)));
    std::string_view type = trim(part.substr(colon + 1));
    if (type.rfind("Ref(", 0) == 0) {
      a.is_ref = true;
      type = type.substr(4, type.size() - 5);
    }
    if (size_t star = type.find('*'); star != type.npos) {
      a.number_attr = std::string(trim(type.substr(0, star)));
      type = trim(type.substr(star + 1));
    }
    a.type = parse_dtype(type);
    if (a.type == DType::kInvalid) a.type_attr = std::string(type);
    out.push_back(std::move(a));
  }
  return out;
}

// Once the attributes are known, a type attribute that is a list makes its argument a list.
void resolve_lists(const OpDef& def, std::vector<ArgDef>& args) {
  for (ArgDef& a : args) {
    const AttrDef* t = def.find_attr(a.type_attr);
    if (t && t->type == "list(type)") {
      a.type_list_attr = a.type_attr;
      a.type_attr.clear();
    }
  }
}

}  // namespace

const AttrDef* OpDef::find_attr(std::string_view n) const {
  for (const AttrDef& a : attrs)
    if (a.name == n) return &a;
  return nullptr;
}

OpBuilder& OpBuilder::in(std::string_view spec) {
  def_.inputs = parse_args(def_, spec);
  resolve_lists(def_, def_.inputs);
  return *this;
}

OpBuilder& OpBuilder::out(std::string_view spec) {
  def_.outputs = parse_args(def_, spec);
  resolve_lists(def_, def_.outputs);
  return *this;
}

OpBuilder& OpBuilder::attrs(std::string_view spec) {
  for (auto part : split_top(spec, ';')) {
    size_t colon = part.find(':');
    if (colon == part.npos) bad(def_, part);
    AttrDef a;
    a.name = std::string(trim(part.substr(0, colon)));
    std::string_view rest = trim(part.substr(colon + 1));
    // The type ends at '=' or '>=' outside of brackets.
    size_t end = rest.size();
    int depth = 0;
    for (size_t i = 0; i < rest.size(); ++i) {
      if (rest[i] == '{' || rest[i] == '(') ++depth;
      if (rest[i] == '}' || rest[i] == ')') --depth;
      if (depth == 0 && (rest[i] == '=' || rest[i] == '>')) {
        end = i;
        break;
      }
    }
    std::string_view type = trim(rest.substr(0, end));
    bool list = type.rfind("list(", 0) == 0;
    std::string_view element = list ? trim(type.substr(5, type.size() - 6)) : type;
    if (!element.empty() && element.front() == '{') {
      bool strings = false;
      for (auto v : split_top(element.substr(1, element.size() - 2), ',')) {
        if (v.front() == '\'') {
          strings = true;
          a.allowed_strings.emplace_back(unquote(v));
        } else {
          a.allowed_types.push_back(parse_type(def_, v));
        }
      }
      a.type = strings ? "string" : "type";
      if (list) a.type = cat("list(", a.type, ")");
    } else {
      a.type = std::string(type);
    }
    rest = trim(rest.substr(end));
    if (rest.rfind(">=", 0) == 0) {
      size_t eq = rest.find('=', 2);
      a.has_minimum = true;
      a.minimum = std::atoll(std::string(trim(rest.substr(2, eq == rest.npos ? rest.npos : eq - 2))).c_str());
      rest = eq == rest.npos ? std::string_view() : rest.substr(eq);
    }
    if (!rest.empty()) {
      if (rest.front() != '=') bad(def_, part);
      a.has_default = true;
      a.default_value = parse_value(def_, a.type, rest.substr(1));
    }
    def_.attrs.push_back(std::move(a));
  }
  resolve_lists(def_, def_.inputs);
  resolve_lists(def_, def_.outputs);
  return *this;
}

OpBuilder& OpBuilder::infer(InferFn fn) {
  def_.infer = std::move(fn);
  return *this;
}
OpBuilder& OpBuilder::kernel(KernelFactory fn) {
  def_.kernel = std::move(fn);
  return *this;
}
OpBuilder& OpBuilder::compute(KernelFn fn) {
  def_.kernel = [fn = std::move(fn)](const KernelInit&) { return fn; };
  return *this;
}
OpBuilder& OpBuilder::samples(std::function<void(Samples&)> fn) {
  def_.samples = std::move(fn);
  return *this;
}

std::string op_signature(const OpDef& def) {
  auto args = [](const std::vector<ArgDef>& v) {
    std::string s;
    for (const ArgDef& a : v) {
      if (!s.empty()) s += ", ";
      std::string t = !a.type_list_attr.empty() ? a.type_list_attr
                      : !a.type_attr.empty()    ? a.type_attr
                                                : dtype_name(a.type);
      if (!a.number_attr.empty()) t = cat(a.number_attr, "*", t);
      s += cat(a.name, ": ", a.is_ref ? cat("Ref(", t, ")") : t);
    }
    return s;
  };
  std::string s = cat(def.name, "(", args(def.inputs), ") -> (", args(def.outputs), ")");
  for (const AttrDef& a : def.attrs) {
    std::string t = a.type;
    std::string set;
    for (DType d : a.allowed_types) set += cat(set.empty() ? "" : ",", dtype_name(d));
    for (const std::string& v : a.allowed_strings) set += cat(set.empty() ? "" : ",", "'", v, "'");
    if (!set.empty()) t = a.type.rfind("list", 0) == 0 ? cat("list({", set, "})") : cat("{", set, "}");
    s += cat("  ", a.name, ": ", t);
    if (a.has_minimum) s += cat(" >= ", a.minimum);
    if (a.has_default) s += cat(" = ", attr_str(a.default_value));
  }
  return s;
}

}  // namespace floe
